/* Control commands: variadic C functions whose arguments depend on the driver and the command.
 *
 * The table of commands comes from extra/xio_commands.h and lives in the module xio_drivers, which is imported when the
 * first command is given. */
#include "gl.h"

#include <ffi.h>
#include <pthread.h>
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

/* Under which names drivers were loaded. They are few, and stay. */
static struct { const void *driver; const char *name; } loaded[64];
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
enum { LOADED = sizeof loaded / sizeof *loaded };

void gl_driver_loaded(const void *driver, const char *name)
{
    pthread_mutex_lock(&loading);
    int i = 0;
    while (i < LOADED && loaded[i].driver && loaded[i].driver != driver) ++i;
    if (i < LOADED && !(loaded[i].name && strcmp(loaded[i].name, name) == 0)) loaded[i].name = strdup(name);
    if (i < LOADED) loaded[i].driver = driver;
    pthread_mutex_unlock(&loading);
}

/* The first member of the driver's own struct is a name, too; there is no function that tells it. */
static const char *driver_name(gl_object *driver)
{
    if ((uintptr_t)driver->pointer < 4096) return "xio";      /* GLOBUS_XIO_QUERY */
    const char *name = *(const char *const *)driver->pointer;
    pthread_mutex_lock(&loading);
    for (int i = 0; i < LOADED && loaded[i].driver; ++i)
        if (loaded[i].driver == driver->pointer && loaded[i].name) name = loaded[i].name;
    pthread_mutex_unlock(&loading);
    return name;
}

static const gl_command *find_command(const char *target, const char *driver, long number)
{
    const gl_command *table = load_commands();
    for (const gl_command *command = table; command && command->driver; ++command)
    {
        bool meant = strcmp(command->driver, driver) == 0 || (strcmp(command->driver, "any") == 0 && strcmp(driver, "xio") != 0);
        if (command->number != number || !meant) continue;
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
    int       fixed_count;
    ffi_type *types[GL_MAX_SLOTS + 3];
    void     *values[GL_MAX_SLOTS + 3];
    void     *target, *driver;
    int       number;
} invocation;

static int invoke(invocation *call, int total, uint32_t *result)
{
    ffi_cif cif;
    if (ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, (unsigned)call->fixed_count, (unsigned)total, &ffi_type_uint32,
                         call->types) != FFI_OK)
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
    PyObject *output = NULL, *driver = with_driver ? PyTuple_GetItem(args, 1) : Py_None;
    long number = PyLong_AsLong(PyTuple_GetItem(args, leading - 1));
    if (!(number == -1 && PyErr_Occurred())
        && gl_from_python(&call, 0, &fixed->slots[0], PyTuple_GetItem(args, 0), &made.target) == 0
        && (!with_driver || gl_from_python(&call, 1, &fixed->slots[1], driver, &made.driver) == 0))
    {
        const char *name = driver == Py_None ? "xio" : driver_name((gl_object *)driver);
        const gl_command *command = find_command(target, name, number);
        made.number = (int)number;
        if (command) output = run(&call, command, &made, args, leading);
        else if (is_of_python(driver)) output = pass_on(&call, &made, args, leading);
        else if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "the driver '%s' has no control command %ld for this kind of object", name, number);
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
    PyObject *rest = PyTuple_GetSlice(args, 3, count), *variable = rest ? gl_variable_of(rest) : NULL;
    PyObject *result = variable ? PyObject_CallFunctionObjArgs(PyTuple_GetItem(args, 0), PyTuple_GetItem(args, 1),
                                                               PyTuple_GetItem(args, 2), variable, NULL) : NULL;
    if (variable) gl_variable_end(variable);
    Py_XDECREF(variable);
    Py_XDECREF(rest);
    return result;
}
