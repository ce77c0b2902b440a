/* Control commands: variadic C functions whose arguments depend on the driver and the command.
 *
 * The table of commands comes from extra/xio_commands.h and lives in the module xio_drivers, which is imported when the
 * first command is given. */
#include "gl.h"

#include <dlfcn.h>
#include <ffi.h>
#include <string.h>

static const gl_command *commands;

static const gl_command *load_commands(void)
{
    if (commands) return commands;
    PyObject *module = PyImport_ImportModule("globus_lowlevel.xio_drivers");
    PyObject *capsule = module ? PyObject_GetAttrString(module, "_commands") : NULL;
    if (capsule) commands = PyCapsule_GetPointer(capsule, "gl_command");
    Py_XDECREF(capsule);
    Py_XDECREF(module);
    return commands;
}

/* Two drivers call themselves "file", as a third does: what their struct points to tells the library that they are from. */
static const char *name_by_library(const void *driver)
{
    static const char *const names[] = {"popen", "pipe"}, *const libraries[] = {"libglobus_xio_popen_", "libglobus_xio_pipe_"};
    void *const *members = driver;
    for (int member = 1; member < 16; ++member)
    {
        Dl_info place;
        if (!dladdr(members[member], &place) || !place.dli_fname) continue;
        for (int i = 0; i < 2; ++i)
            if (strstr(place.dli_fname, libraries[i])) return names[i];
    }
    return "file";
}

/* The first member of the driver's own struct is its name; there is no function that tells it. */
const char *gl_driver_name(const void *driver)
{
    if (!driver) return "xio";
    if ((uintptr_t)driver < 4096) return "query";       /* GLOBUS_XIO_QUERY: each driver of a handle in turn */
    const char *name = *(const char *const *)driver;
    return strcmp(name, "file") == 0 ? name_by_library(driver) : name;
}

static bool is_for(const gl_command *command, const char *driver)
{
    bool is_one = strcmp(driver, "xio") != 0 && strcmp(driver, "query") != 0;
    return strcmp(command->driver, driver) == 0 || (is_one && strcmp(command->driver, "any") == 0);
}

static const gl_command *find_command(const char *target, const char *driver, int number)
{
    const gl_command *table = load_commands();
    for (const gl_command *command = table; command && command->driver; ++command)
    {
        if (command->number != number || !is_for(command, driver)) continue;
        const char *found = strstr(command->targets, target);
        size_t length = strlen(target);
        if (found && (found == command->targets || found[-1] == '_') && (found[length] == '_' || !found[length]))
            return command;
    }
    return NULL;
}

typedef struct
{
    void     *function;
    bool      is_adapter;      /* not variadic */
    int       fixed_count;
    ffi_type *types[GL_MAX_SLOTS + 3];
    void     *values[GL_MAX_SLOTS + 3];
    void     *target, *driver;
    int       number;
} invocation;

static int invoke(invocation *call, int total, uint32_t *result)
{
    ffi_cif cif;
    ffi_status status = call->is_adapter
        ? ffi_prep_cif(&cif, FFI_DEFAULT_ABI, (unsigned)total, &ffi_type_uint32, call->types)
        : ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, (unsigned)call->fixed_count, (unsigned)total, &ffi_type_uint32, call->types);
    if (status != FFI_OK)
    {
        PyErr_SetString(PyExc_SystemError, "libffi cannot make this call");
        return -1;
    }
    ffi_arg answer = 0;
    Py_BEGIN_ALLOW_THREADS
    ffi_call(&cif, FFI_FN(call->function), &answer, call->values);
    Py_END_ALLOW_THREADS
    *result = (uint32_t)answer;
    return 0;
}

static void fix_arguments(invocation *call, bool with_driver)
{
    int count = 0;
    call->types[count] = &ffi_type_pointer;
    call->values[count++] = &call->target;
    if (with_driver)
    {
        call->types[count] = &ffi_type_pointer;
        call->values[count++] = &call->driver;
    }
    call->types[count] = &ffi_type_sint;
    call->values[count++] = &call->number;
    call->fixed_count = count;
}

static bool is_input(const gl_slot *slot)
{
    return slot->role != GL_OUT && slot->role != GL_LENGTH && slot->role != GL_NOTHING;
}

static PyObject *run(gl_call *call, const gl_command *command, invocation *made, PyObject *args, Py_ssize_t first)
{
    const gl_function *function = command->arguments;
    Py_ssize_t given = PyTuple_Size(args) - first, wanted = 0;
    for (int i = 0; i < function->count; ++i) wanted += is_input(&function->slots[i]);
    if (given != wanted)
        return PyErr_Format(PyExc_TypeError, "%s takes %zd arguments after the command, %zd given", function->name, wanted, given);
    gl_storage locals[GL_MAX_SLOTS] = {{0}};
    for (int i = 0; i < function->count; ++i)
    {
        const gl_slot *slot = &function->slots[i];
        int status = is_input(slot) ? gl_in(call, function, i, PyTuple_GetItem(args, first++), args, &locals[i])
                                    : gl_prepare(call, function, i, &locals[i]);
        if (status < 0) return NULL;
        made->types[made->fixed_count + i] = gl_ffi_type(slot);
        made->values[made->fixed_count + i] = &locals[i];
    }
    uint32_t result;
    call->function = function;
    made->is_adapter = command->adapter;
    if (made->is_adapter) made->function = command->adapter;
    if (gl_recheck(call) < 0 || invoke(made, made->fixed_count + function->count, &result) < 0) return NULL;
    PyObject *output = gl_return(call, function, &result);
    for (int i = 0; output && i < function->count; ++i)
        if (function->slots[i].role == GL_OUT || function->slots[i].role == GL_INOUT)
            output = gl_append_output(call, function, i, output);
    return output;
}

/* A driver written in Python defines its commands itself: its control function gets the objects. */
static bool is_of_python(PyObject *driver)
{
    const gl_function *maker = driver == Py_None ? NULL : ((gl_object *)driver)->maker;
    return maker && strcmp(maker->name, "globus_xio_driver_init") == 0;
}

/* C calls the functions of a driver's attributes, and of its servers, without looking whether it has any. */
static bool has_functions(PyObject *driver, const char *target)
{
    if (!is_of_python(driver)) return true;
    if (strcmp(target, "server") == 0) return gl_lasting_has((gl_object *)driver, "globus_xio_driver_set_server", "server_cntl_func");
    return strcmp(target, "handle") == 0 || gl_lasting_has((gl_object *)driver, "globus_xio_driver_set_attr", "attr_cntl_func");
}

void gl_control_open(gl_object *handle, bool is_open)
{
    PyObject *key = PyUnicode_FromString("open");
    if (key) gl_object_keep(handle, key, is_open ? Py_True : Py_False);
    Py_XDECREF(key);
}

static PyObject *told(const gl_object *handle)
{
    return handle->keep ? PyDict_GetItemString(handle->keep, "open") : NULL;
}

bool gl_control_opened(const gl_object *handle)
{
    return told(handle) == Py_True;
}

/* What a driver has opened, or accepted: else C gives its functions NULL. */
static bool is_open(const gl_object *handle)
{
    if (told(handle)) return gl_control_opened(handle);
    return !handle->maker || strncmp(handle->maker->name, "globus_xio_handle_create", 24) != 0;
}

/* Attributes call their drivers until they are destroyed. Those of the library end them when they are unloaded. */
static int keep_driver(gl_object *object, PyObject *driver)
{
    PyObject *key = PyLong_FromVoidPtr(driver), *lease = key ? gl_lease(driver) : NULL;
    int status = lease ? gl_object_keep(object, key, lease) : -1;
    Py_XDECREF(lease);
    Py_XDECREF(key);
    return status;
}

static int check(const gl_function *fixed, const char *target, PyObject *object, PyObject *driver)
{
    if (driver == Py_None) return 0;
    if (is_of_python(driver) && keep_driver((gl_object *)object, driver) < 0) return -1;
    if (!has_functions(driver, target))
        PyErr_Format(PyExc_ValueError, "the driver '%s' has no functions for this kind of object", gl_driver_name(((gl_object *)driver)->pointer));
    else if (strcmp(gl_type_of(fixed->slots[0].type)->name, "globus_xio_handle_t") == 0 && !is_open((gl_object *)object))
        PyErr_Format(PyExc_ValueError, "%s(): this globus_xio_handle_t is not open", fixed->name);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *pass_on(gl_call *call, invocation *made, PyObject *args, Py_ssize_t first)
{
    PyObject *rest = PyTuple_GetSlice(args, first, PyTuple_Size(args)), *output = NULL;
    if (!rest) return NULL;
    gl_pass pass, *pointer = &pass;
    made->types[made->fixed_count] = &ffi_type_pointer;
    made->values[made->fixed_count] = &pointer;
    gl_pass_begin(&pass, rest);
    uint32_t result;
    if (gl_recheck(call) == 0 && invoke(made, made->fixed_count + 1, &result) == 0)
        output = gl_return(call, call->function, &result);
    gl_pass_end(&pass);
    Py_DECREF(rest);
    if (!output || !pass.answer) return Py_XDECREF(pass.answer), output;
    Py_DECREF(output);
    return pass.answer;
}

PyObject *gl_control(const gl_function *fixed, const char *target, void *c_function, bool with_driver, PyObject *args)
{
    Py_ssize_t leading = with_driver ? 3 : 2;
    if (gl_enter(fixed) < 0) return NULL;
    if (PyTuple_Size(args) < leading)
        return PyErr_Format(PyExc_TypeError, "%s() takes at least %zd arguments", fixed->name, leading);
    invocation made = {.function = c_function};
    fix_arguments(&made, with_driver);
    gl_call call = {.function = fixed};
    PyObject *output = NULL, *object = PyTuple_GetItem(args, 0), *driver = with_driver ? PyTuple_GetItem(args, 1) : Py_None;
    int index = (int)leading - 1;
    if (gl_from_python(&call, index, &fixed->slots[index], PyTuple_GetItem(args, index), &made.number) == 0
        && gl_from_python(&call, 0, &fixed->slots[0], object, &made.target) == 0
        && (!with_driver || gl_from_python(&call, 1, &fixed->slots[1], driver, &made.driver) == 0)
        && check(fixed, target, object, driver) == 0)
    {
        const char *name = gl_driver_name(made.driver);
        const gl_command *command = find_command(target, is_of_python(driver) ? "python" : name, made.number);
        if (command) output = run(&call, command, &made, args, leading);
        else if (is_of_python(driver)) output = pass_on(&call, &made, args, leading);
        else if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "the driver '%s' has no control command %d for this kind of object", name, made.number);
    }
    gl_end(&call);
    return output;
}

/* globus_xio_string_cntl_bouncer() hands its variable arguments to a control function. */
PyObject *gl_bounce(const gl_function *fixed, PyObject *args)
{
    if (gl_enter(fixed) < 0) return NULL;
    Py_ssize_t count = PyTuple_Size(args);
    if (count < 3) return PyErr_Format(PyExc_TypeError, "%s() takes at least 3 arguments", fixed->name);
    if (!PyCallable_Check(PyTuple_GetItem(args, 0)))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'cntl_func' must be callable", fixed->name);
    gl_call call = {.function = fixed};
    int number;
    int status = gl_from_python(&call, 2, &fixed->slots[2], PyTuple_GetItem(args, 2), &number);
    gl_end(&call);
    if (status < 0) return NULL;
    PyObject *rest = PyTuple_GetSlice(args, 3, count), *variable = rest ? gl_variable_of(rest) : NULL;
    PyObject *result = variable ? PyObject_CallFunction(PyTuple_GetItem(args, 0), "OiO", PyTuple_GetItem(args, 1), number, variable)
                                : NULL;
    if (variable) gl_variable_end(variable);
    Py_XDECREF(variable);
    Py_XDECREF(rest);
    return result;
}
