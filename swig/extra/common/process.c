/* What concerns the whole process: its arguments, its end, and its children. */
#include "common/common.h"

#include <stdlib.h>
#include <string.h>

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static int    argument_count;
static char **argument_list;

static void free_strings(char **strings)
{
    for (char **string = strings; string && *string; ++string) free(*string);
    free(strings);
}

static char **copy_strings(const char *function, const char *name, PyObject *sequence)
{
    if (PyUnicode_Check(sequence) || PyBytes_Check(sequence) || !PySequence_Check(sequence))
        return cm_expected(function, name, "a sequence of strings", sequence), NULL;
    Py_ssize_t count = PySequence_Size(sequence);
    char **strings = count < 0 ? NULL : calloc((size_t)count + 1, sizeof *strings);
    for (Py_ssize_t i = 0; strings && i < count; ++i)
    {
        const char *text;
        PyObject *item = PySequence_GetItem(sequence, i);
        PyObject *bytes = item ? cm_text(function, name, item, false, &text) : NULL;
        if (bytes) strings[i] = strdup(text);
        Py_XDECREF(bytes);
        Py_XDECREF(item);
        if (strings[i]) continue;
        free_strings(strings);
        return PyErr_Occurred() ? NULL : (char **)PyErr_NoMemory();
    }
    if (!strings && !PyErr_Occurred()) PyErr_NoMemory();
    return strings;
}

/* C keeps the address of the caller's argc and argv: here, of ours. Older ones stay: somebody may be reading them. */
PyObject *py_globus_module_set_args(PyObject *argv)
{
    char **strings = copy_strings("globus_module_set_args", "argv", argv);
    if (!strings) return NULL;
    argument_list = strings;
    for (argument_count = 0; strings[argument_count]; ++argument_count) {}
    globus_module_set_args(&argument_count, &argument_list);
    Py_RETURN_NONE;
}

PyObject *py_globus_module_get_args(void)
{
    int *count = NULL;
    char ***strings = NULL;
    globus_module_get_args(&count, &strings);
    PyObject *list = PyList_New(0);
    for (int i = 0; list && count && strings && i < *count; ++i)
    {
        PyObject *item = gl_string_to_python((*strings)[i]);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

/* ---- its end: C aborts; here the interpreter ends, after all that wants to be done before -------------------------------- */

static PyObject *end_process(const char *kind, const char *function, const char *name, PyObject *message)
{
    const char *text;
    PyObject *bytes = cm_text(function, name, message, false, &text);
    if (!bytes) return NULL;
    PyObject *line = PyUnicode_FromFormat("%s: %s", kind, text);
    Py_DECREF(bytes);
    if (line) PyErr_SetObject(PyExc_SystemExit, line);
    Py_XDECREF(line);
    return NULL;
}

PyObject *py_globus_fatal(PyObject *msg)
{
    return end_process("Fatal error", "globus_fatal", "msg", msg);
}

PyObject *py_globus_fatal_perror(PyObject *msg)
{
    return end_process("Fatal error", "globus_fatal_perror", "msg", msg);
}

PyObject *py_globus_silent_fatal(void)
{
    PyObject *status = PyLong_FromLong(1);
    if (status) PyErr_SetObject(PyExc_SystemExit, status);
    Py_XDECREF(status);
    return NULL;
}

PyObject *py_globus_panic(PyObject *module, PyObject *result, PyObject *message)
{
    const globus_module_descriptor_t *source = NULL;
    if (module != Py_None && !(source = cm_handle("globus_panic", "module", "globus_module_descriptor_t", module))) return NULL;
    bool failed = PyObject_IsInstance(result, PyExc_BaseException) == 1;
    if (!failed && result != Py_None) return cm_expected("globus_panic", "result", "None or an exception", result), NULL;
    PyObject *text = failed ? PyUnicode_FromFormat("%S\nResult:\n%S", message, result) : PyObject_Str(message);
    PyObject *kind = PyUnicode_FromFormat("PANIC in module %s", source ? source->module_name : "(none)");
    if (text && kind && (PyUnicode_Check(message) || PyBytes_Check(message)))
        end_process(PyUnicode_AsUTF8AndSize(kind, NULL), "globus_panic", "message", text);
    else if (text && kind) cm_expected("globus_panic", "message", "a string", message);
    Py_XDECREF(text);
    Py_XDECREF(kind);
    return NULL;
}

/* ---- children ------------------------------------------------------------------------------------------------------------- */

/* The library's is plain fork(); the interpreter must be told before and after, and os.fork() does. */
PyObject *py_globus_libc_fork(void)
{
    PyObject *os = PyImport_ImportModule("os"), *pid = os ? PyObject_CallMethod(os, "fork", NULL) : NULL;
    Py_XDECREF(os);
    return pid;
}
