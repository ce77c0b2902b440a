/* globus_options_*: tables of options, which C keeps. Its callbacks do not tell how many parameters they get: the option's
 * entry does, except for files and the environment, which give one. */
#include "common/common.h"

#include <stdlib.h>
#include <string.h>

typedef struct table table;

typedef struct
{
    PyObject *object;           /* the Python handle, borrowed: it owns this */
    PyObject *unknown, *unknown_argument;
    table    *first;
    bool      one_parameter;    /* a file or the environment is being read */
    bool      busy;
    PyObject *type, *value, *traceback;
} context;

struct table
{
    context                *owner;
    PyObject               *argument;
    globus_options_entry_t *entries;        /* C's: ends with one without a function */
    PyObject              **callables;
    Py_ssize_t              count;
    table                  *next;
};

static void free_table(table *old)
{
    for (Py_ssize_t i = 0; i < old->count; ++i)
    {
        free(old->entries[i].opt_name);
        free(old->entries[i].short_opt);
        free(old->entries[i].env);
        free(old->entries[i].parms_desc);
        free(old->entries[i].description);
        Py_XDECREF(old->callables[i]);
    }
    Py_XDECREF(old->argument);
    free(old->entries);
    free(old->callables);
    free(old);
}

static void free_context(PyObject *capsule)
{
    context *old = PyCapsule_GetPointer(capsule, "cm_options");
    for (table *next; old->first; old->first = next)
    {
        next = old->first->next;
        free_table(old->first);
    }
    Py_XDECREF(old->unknown);
    Py_XDECREF(old->unknown_argument);
    free(old);
}

static globus_options_handle_t handle_of(const char *function, PyObject *object, context **found)
{
    globus_options_handle_t handle = cm_handle(function, "handle", "globus_options_handle_t", object);
    if (!handle) return NULL;
    *found = PyCapsule_GetPointer(PyDict_GetItemString(((gl_object *)object)->keep, "options"), "cm_options");
    if (*found && !(*found)->busy) return handle;
    if (*found) PyErr_Format(PyExc_RuntimeError, "%s(): the options are being processed", function);
    return NULL;
}

/* ---- what C calls -------------------------------------------------------------------------------------------------- */

static globus_result_t failed(context *owner)
{
    PyErr_Fetch(&owner->type, &owner->value, &owner->traceback);
    return globus_error_put(globus_error_construct_string(GLOBUS_COMMON_MODULE, NULL, "%s", "a Python callback failed"));
}

static PyObject *parameters(char *const *parm, int count)
{
    PyObject *list = PyList_New(0);
    for (int i = 0; list && parm && i < count; ++i)
    {
        PyObject *item = gl_string_to_python(parm[i]);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static globus_result_t option(globus_options_handle_t handle, char *cmd, char **parm, void *arg, int *out_parms_used)
{
    table *here = arg;
    context *owner = here->owner;
    Py_ssize_t index = 0;
    (void)handle;
    while (index < here->count && here->entries[index].opt_name != cmd) ++index;
    if (index == here->count) return GLOBUS_SUCCESS;
    int count = owner->one_parameter ? 1 : here->entries[index].arg_count;
    PyObject *list = parameters(parm, count);
    PyObject *answer = list ? PyObject_CallFunction(here->callables[index], "ONOO", owner->object, gl_string_to_python(cmd), list,
                                                    here->argument) : NULL;
    Py_XDECREF(list);
    long used = here->entries[index].arg_count;
    if (answer && answer != Py_None) cm_integer("the option's function", "used", answer, -1, count, &used);
    Py_XDECREF(answer);
    if (PyErr_Occurred()) return failed(owner);
    *out_parms_used = (int)used;
    return GLOBUS_SUCCESS;
}

static globus_result_t unknown(globus_options_handle_t handle, void *unknown_arg, int argc, char **argv)
{
    context *owner = unknown_arg;
    PyObject *list = parameters(argv, argc), *answer = NULL;
    globus_result_t result = GLOBUS_SUCCESS;
    (void)handle;
    if (list) answer = PyObject_CallFunctionObjArgs(owner->unknown, owner->object, owner->unknown_argument, list, NULL);
    if (answer) gl_result_from_python(answer, &result);
    Py_XDECREF(answer);
    Py_XDECREF(list);
    return PyErr_Occurred() ? failed(owner) : result;
}

/* ---- making --------------------------------------------------------------------------------------------------------------- */

PyObject *py_globus_options_init(PyObject *unknown_func, PyObject *unknown_arg)
{
    if (cm_callable("globus_options_init", "unknown_func", unknown_func, true) < 0) return NULL;
    context *made = calloc(1, sizeof *made);
    PyObject *capsule = made ? PyCapsule_New(made, "cm_options", free_context) : PyErr_NoMemory();
    PyObject *key = capsule ? PyUnicode_FromString("options") : NULL, *object = NULL;
    globus_options_handle_t handle;
    if (key)
    {
        made->unknown = Py_NewRef(unknown_func);
        made->unknown_argument = Py_NewRef(unknown_arg);
        globus_options_init(&handle, unknown_func == Py_None ? NULL : unknown, made);
        made->object = object = gl_object_new(gl_type_named("globus_options_handle_t"), handle, true);
        if (object && gl_object_keep((gl_object *)object, key, capsule) < 0) Py_CLEAR(object);
    }
    Py_XDECREF(key);
    Py_XDECREF(capsule);
    return object;
}

/* A string of an entry, copied; NULL for None, or with an exception. */
static char *text_of(PyObject *entry, const char *name)
{
    const char *text = NULL;
    PyObject *value = PyObject_GetAttrString(entry, name);
    PyObject *bytes = value ? cm_text("globus_options_add_table", name, value, true, &text) : NULL;
    char *copy = bytes ? strdup(text) : NULL;
    Py_XDECREF(bytes);
    Py_XDECREF(value);
    return copy;
}

static int read_entry(PyObject *entry, globus_options_entry_t *out, PyObject **callable)
{
    long count = 0;
    out->opt_name = text_of(entry, "opt_name");
    if (!PyErr_Occurred()) out->short_opt = text_of(entry, "short_opt");
    if (!PyErr_Occurred()) out->env = text_of(entry, "env");
    if (!PyErr_Occurred()) out->parms_desc = text_of(entry, "parms_desc");
    if (!PyErr_Occurred()) out->description = text_of(entry, "description");
    PyObject *number = PyErr_Occurred() ? NULL : PyObject_GetAttrString(entry, "arg_count");
    if (number) cm_integer("globus_options_add_table", "arg_count", number, 0, INT16_MAX, &count);
    Py_XDECREF(number);
    if (!PyErr_Occurred()) *callable = PyObject_GetAttrString(entry, "func");
    if (*callable) cm_callable("globus_options_add_table", "func", *callable, false);
    if (!PyErr_Occurred() && !out->opt_name) PyErr_SetString(PyExc_ValueError, "globus_options_add_table(): an entry needs its opt_name");
    out->arg_count = (int)count;
    out->func = option;
    return PyErr_Occurred() ? -1 : 0;
}

static table *read_table(PyObject *sequence)
{
    PyObject *entries = PySequence_Tuple(sequence);
    if (!entries) return NULL;
    table *made = calloc(1, sizeof *made);
    Py_ssize_t count = PyTuple_Size(entries);
    if (made) made->entries = calloc((size_t)count + 1, sizeof *made->entries);
    if (made) made->callables = calloc((size_t)count + 1, sizeof *made->callables);
    if (!made || !made->entries || !made->callables) PyErr_NoMemory();
    for (Py_ssize_t i = 0; !PyErr_Occurred() && i < count; ++i)
    {
        made->count = i + 1;
        read_entry(PyTuple_GetItem(entries, i), &made->entries[i], &made->callables[i]);
    }
    Py_DECREF(entries);
    if (!PyErr_Occurred()) return made;
    if (made) free_table(made);
    return NULL;
}

PyObject *py_globus_options_add_table(PyObject *object, PyObject *sequence, PyObject *user_arg)
{
    context *owner;
    globus_options_handle_t handle = handle_of("globus_options_add_table", object, &owner);
    if (!handle) return NULL;
    if (PyUnicode_Check(sequence) || PyBytes_Check(sequence) || !PySequence_Check(sequence))
        return cm_expected("globus_options_add_table", "table", "a sequence of globus_options_entry_t", sequence), NULL;
    table *made = read_table(sequence);
    if (!made) return NULL;
    made->owner = owner;
    made->argument = Py_NewRef(user_arg);
    made->next = owner->first;
    owner->first = made;
    globus_options_add_table(handle, made->entries, made);
    Py_RETURN_NONE;
}

/* C stops the process for options without a table. */
void cm_options_free(globus_options_handle_t handle)
{
    static globus_options_entry_t none;
    globus_options_add_table(handle, &none, NULL);
    globus_options_destroy(handle);
}

PyObject *py_globus_options_destroy(PyObject *object)
{
    context *owner;
    globus_options_handle_t handle = cm_ending("globus_options_destroy", "handle", "globus_options_handle_t", object);
    if (!handle || !handle_of("globus_options_destroy", object, &owner)) return NULL;
    cm_options_free(handle);
    gl_object_close((gl_object *)object);
    Py_RETURN_NONE;
}

/* ---- processing --------------------------------------------------------------------------------------------------------------- */

static void begin(context *owner, bool one_parameter)
{
    owner->busy = true;
    owner->one_parameter = one_parameter;
}

static PyObject *end(context *owner, globus_result_t result)
{
    owner->busy = false;
    PyObject *error = result == (globus_result_t)GLOBUS_FAILURE ? NULL : gl_error_from_result(result);
    if (owner->type)        /* what a callable raised says more than the library's error about it */
    {
        Py_XDECREF(error);
        PyErr_Restore(owner->type, owner->value, owner->traceback);
        owner->type = owner->value = owner->traceback = NULL;
        return NULL;
    }
    if (result == (globus_result_t)GLOBUS_FAILURE) error = gl_error_from_status("common", -1, "the file could not be parsed");
    if (!result) return error;
    gl_raise(error);
    return NULL;
}

PyObject *py_globus_options_command_line_process(PyObject *object, PyObject *argv)
{
    const char *function = "globus_options_command_line_process";
    if (PyUnicode_Check(argv) || PyBytes_Check(argv) || !PySequence_Check(argv))
        return cm_expected(function, "argv", "a sequence of strings", argv), NULL;
    PyObject *items = PySequence_Tuple(argv), *held = PyList_New(0);
    Py_ssize_t count = items ? PyTuple_Size(items) : 0;
    char **strings = items ? calloc((size_t)count + 1, sizeof *strings) : NULL;
    for (Py_ssize_t i = 0; strings && !PyErr_Occurred() && i < count; ++i)
    {
        PyObject *bytes = cm_text(function, "argv", PyTuple_GetItem(items, i), false, (const char **)&strings[i]);
        if (bytes) PyList_Append(held, bytes);
        Py_XDECREF(bytes);
    }
    PyObject *result = NULL;
    context *owner;
    globus_options_handle_t handle = strings && !PyErr_Occurred() ? handle_of(function, object, &owner) : NULL;
    if (handle)
    {
        begin(owner, false);
        result = end(owner, globus_options_command_line_process(handle, (int)count, strings));
    }
    free(strings);
    Py_XDECREF(held);
    Py_XDECREF(items);
    return result;
}

PyObject *py_globus_options_env_process(PyObject *object)
{
    context *owner;
    globus_options_handle_t handle = handle_of("globus_options_env_process", object, &owner);
    if (!handle) return NULL;
    begin(owner, true);
    return end(owner, globus_options_env_process(handle));
}

PyObject *py_globus_options_file_process(PyObject *object, PyObject *filename)
{
    const char *function = "globus_options_file_process", *path;
    PyObject *bytes = cm_text(function, "filename", filename, false, &path), *result = NULL;
    context *owner;
    globus_options_handle_t handle = bytes ? handle_of(function, object, &owner) : NULL;
    if (handle)
    {
        begin(owner, true);
        result = end(owner, globus_options_file_process(handle, (char *)path));
    }
    Py_XDECREF(bytes);
    return result;
}

PyObject *py_globus_options_xinetd_file_process(PyObject *object, PyObject *filename, PyObject *service_name)
{
    const char *function = "globus_options_xinetd_file_process", *path, *service;
    PyObject *bytes = cm_text(function, "filename", filename, false, &path);
    PyObject *service_bytes = bytes ? cm_text(function, "service_name", service_name, false, &service) : NULL;
    PyObject *result = NULL;
    context *owner;
    globus_options_handle_t handle = service_bytes ? handle_of(function, object, &owner) : NULL;
    if (handle)
    {
        begin(owner, true);
        result = end(owner, globus_options_xinetd_file_process(handle, (char *)path, (char *)service));
    }
    Py_XDECREF(bytes);
    Py_XDECREF(service_bytes);
    return result;
}

PyObject *py_globus_options_help(PyObject *object)
{
    context *owner;
    globus_options_handle_t handle = handle_of("globus_options_help", object, &owner);
    if (!handle) return NULL;
    globus_options_help(handle);
    fflush(stdout);
    Py_RETURN_NONE;
}
