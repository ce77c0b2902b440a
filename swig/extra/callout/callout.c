/* Handles: what is registered, from Python or from a file; and calls. */
#include "gl.h"
#include "gl_types.h"
#include "callout_adapters.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- configuration files ----------------------------------------------------------------------------------------------------- */

enum { LINE = 4096 };

static globus_result_t malformed(const char *filename, int number, const char *what)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_CALLOUT_MODULE, NULL, GLOBUS_CALLOUT_ERROR_PARSING_CONF_FILE, __FILE__, "globus_callout_read_config", __LINE__,
        "%s, line %d: %s", filename, number, what));
}

/* NAME=value or NAME="value", with spaces between, to the end of the line. */
static bool is_environment(const char *text)
{
    while (*text)
    {
        while (isspace((unsigned char)*text)) ++text;
        size_t name = strcspn(text, " \t\n\"=");
        if (!name || text[name] != '=') return false;
        text += name + 1;
        if (*text == '"')
        {
            text = strchr(text + 1, '"');
            if (!text || !isspace((unsigned char)text[1])) return false;
            ++text;
        }
        else
        {
            text += strcspn(text, " \n");
            if (!*text) return false;
        }
        while (isspace((unsigned char)*text)) ++text;
    }
    return true;
}

static const char *fault_of(char *line)
{
    char type[128], library[256], symbol[128];
    if (!strchr(line, '\n')) return "it is too long, or its end is missing";
    char *comment = strchr(line, '#');
    if (comment) *comment = '\0';
    line += strspn(line, "\t ");
    if (!*line || *line == '\n') return NULL;
    if (sscanf(line, "%127s%255s%127s", type, library, symbol) < 3) return "a type, a library and a symbol are wanted";
    char *environment = strstr(line, "ENV:");
    if (!environment || !strchr(environment, '=')) return NULL;
    return is_environment(environment + 4) ? NULL : "after ENV: only NAME=value, or NAME=\"value\", is understood";
}

/* C frees what it has read already when it meets a malformed line, and follows it later. */
static globus_result_t check(const char *filename)
{
    char line[LINE];
    globus_result_t result = GLOBUS_SUCCESS;
    FILE *file = fopen(filename, "r");
    for (int number = 1; file && !result && fgets(line, sizeof line, file); ++number)
    {
        const char *fault = fault_of(line);
        if (fault) result = malformed(filename, number, fault);
    }
    if (file) fclose(file);
    return result;
}

globus_result_t gl_adapt_globus_callout_read_config(globus_callout_handle_t handle, char *filename)
{
    globus_result_t result = check(filename);
    return result ? result : globus_callout_read_config(handle, filename);
}

/* ---- registration ------------------------------------------------------------------------------------------------------------- */

PyObject *py_globus_callout_register(PyObject *handle, PyObject *type, PyObject *library, PyObject *symbol);

static globus_callout_handle_t handle_of(PyObject *object)
{
    gl_object *handle = gl_as_object(object);
    if (!handle || strcmp(handle->type->name, "globus_callout_handle_t") != 0)
        return PyErr_Format(PyExc_TypeError, "a globus_callout_handle_t is wanted, not %R", (PyObject *)Py_TYPE(object)), NULL;
    return gl_object_usable(handle) < 0 ? NULL : handle->pointer;
}

/* The callable lives as long as the handle. */
static PyObject *export_to(PyObject *handle, const char *type, PyObject *callable)
{
    PyObject *bytes = PyBytes_FromString(type), *exported = bytes ? gl_callout_export(bytes, callable) : NULL;
    PyObject *key = exported ? PyLong_FromVoidPtr(exported) : NULL;
    if (key && gl_object_keep((gl_object *)handle, key, exported) < 0) Py_CLEAR(exported);
    Py_XDECREF(key);
    Py_XDECREF(bytes);
    return exported;
}

PyObject *py_globus_callout_register(PyObject *handle, PyObject *type, PyObject *library, PyObject *symbol)
{
    gl_call call = {0};
    const char *type_text, *path = NULL, *name = NULL;
    PyObject *exported = NULL;
    globus_callout_handle_t pointer = handle_of(handle);
    int status = pointer ? gl_string_from_python(&call, -1, type, false, &type_text) : -1;
    if (status == 0 && PyCallable_Check(library))
    {
        exported = export_to(handle, type_text, library);
        status = exported ? 0 : -1;
        path = gl_callout_library();
        name = exported ? gl_callout_symbol(exported) : NULL;
    }
    else if (status == 0)
    {
        status = gl_string_from_python(&call, -1, library, false, &path);
        if (status == 0) status = gl_string_from_python(&call, -1, symbol, false, &name);
    }
    globus_result_t result =
        status == 0 ? globus_callout_register(pointer, (char *)type_text, (char *)path, (char *)name) : GLOBUS_SUCCESS;
    if (result) gl_raise(gl_error_from_result(result));
    Py_XDECREF(exported);
    gl_end(&call);
    return status == 0 && !result ? Py_NewRef(Py_None) : NULL;
}

/* ---- calls ----------------------------------------------------------------------------------------------------------------------- */

typedef struct
{
    void *values[CALLOUT_ARGUMENTS];
    int   count;
    char  identity[1024];
    bool  answers;
} values;

/* A value of its own kind, where the type does not say what is wanted. */
static int plain_value(gl_call *call, PyObject *argument, void **value)
{
    const char *text;
    gl_object *object = gl_as_object(argument);
    *value = NULL;
    if (argument == Py_None) return 0;
    if (object)
    {
        if (gl_object_usable(object) < 0) return -1;
        *value = object->pointer;
        return gl_mark_busy(call, object);
    }
    if (PyLong_Check(argument))
    {
        *value = (void *)(intptr_t)PyLong_AsLong(argument);
        return PyErr_Occurred() ? -1 : 0;
    }
    if (gl_string_from_python(call, -1, argument, false, &text) < 0) return -1;
    *value = (void *)text;
    return 0;
}

static int context_value(gl_call *call, PyObject *argument, void **value)
{
    if (argument != Py_None && !gl_pointer_of(argument, "gss_ctx_id_t"))
        return gl_bad_argument(call, -1, "an open gss_ctx_id_t or None", argument);
    return plain_value(call, argument, value);
}

static int text_value(gl_call *call, PyObject *argument, void **value)
{
    return gl_string_from_python(call, -1, argument, true, (const char **)value);
}

/* Those that C reads, of a type that is known. */
static int known_values(gl_call *call, const char *letters, PyObject *args, values *found)
{
    Py_ssize_t next = 2, count = PyTuple_Size(args);
    int status = 0;
    for (; status == 0 && *letters; ++letters)
    {
        void **value = &found->values[found->count++];
        if (*letters == 'v') continue;
        if (*letters == 'b')
        {
            *value = found->identity;
            found->values[found->count++] = (void *)sizeof found->identity;
            found->answers = true;
        }
        else if (!strchr("csr", *letters))
            return PyErr_SetString(PyExc_TypeError, "callouts of this type are called by the functions of authz"), -1;
        else if (next >= count) return PyErr_SetString(PyExc_TypeError, "an argument of this type is missing"), -1;
        else
        {
            PyObject *argument = PyTuple_GetItem(args, next++);
            status = *letters == 's' ? text_value(call, argument, value)
                   : *letters == 'c' ? context_value(call, argument, value) : plain_value(call, argument, value);
        }
    }
    if (status == 0 && next < count) return PyErr_SetString(PyExc_TypeError, "there are more arguments than this type has"), -1;
    return status;
}

static int other_values(gl_call *call, PyObject *args, values *found)
{
    Py_ssize_t count = PyTuple_Size(args) - 2;
    if (count > CALLOUT_ARGUMENTS)
        return PyErr_Format(PyExc_TypeError, "a callout takes at most %d arguments", CALLOUT_ARGUMENTS), -1;
    for (; found->count < count; ++found->count)
        if (plain_value(call, PyTuple_GetItem(args, found->count + 2), &found->values[found->count]) < 0) return -1;
    return 0;
}

/* Each argument is a word, which is what the callee reads, however many they are. */
static globus_result_t call_type(globus_callout_handle_t handle, const char *type, void *const *v)
{
    return globus_callout_call_type(handle, (char *)type, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
}

static PyObject *call_with(globus_callout_handle_t handle, const char *type, PyObject *passed, values *found)
{
    globus_result_t result;
    PyObject *before = gl_callout_pass(passed);
    Py_BEGIN_ALLOW_THREADS
    result = call_type(handle, type, found->values);
    Py_END_ALLOW_THREADS
    gl_callout_pass(before);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    return found->answers ? gl_string_to_python(found->identity) : Py_NewRef(Py_None);
}

PyObject *py_globus_callout_call_type(PyObject *args)
{
    gl_call call = {0};
    values found = {0};
    const char *type = NULL;
    if (PyTuple_Size(args) < 2)
        return PyErr_SetString(PyExc_TypeError, "globus_callout_call_type() takes a handle, a type and its arguments"), NULL;
    globus_callout_handle_t handle = handle_of(PyTuple_GetItem(args, 0));
    int status = handle ? gl_mark_busy(&call, gl_as_object(PyTuple_GetItem(args, 0))) : -1;
    if (status == 0) status = gl_string_from_python(&call, -1, PyTuple_GetItem(args, 1), false, &type);
    const char *letters = status == 0 ? gl_callout_arguments(type) : NULL;
    if (status == 0) status = letters ? known_values(&call, letters, args, &found) : other_values(&call, args, &found);
    PyObject *rest = status == 0 ? PyTuple_GetSlice(args, 2, PyTuple_Size(args)) : NULL;
    PyObject *result = rest ? call_with(handle, type, rest, &found) : NULL;
    Py_XDECREF(rest);
    gl_end(&call);
    return result;
}
