/* Arguments of the functions that are written by hand, and the callables that C calls during a call. */
#include "common/common.h"

#include <string.h>

int cm_expected(const char *function, const char *name, const char *expected, PyObject *got)
{
    PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be %s, not %R", function, name, expected,
                 (PyObject *)Py_TYPE(got));
    return -1;
}

void *cm_handle(const char *function, const char *name, const char *type, PyObject *object)
{
    const gl_type *wanted = gl_type_named(type);
    if (!wanted) return NULL;
    if (!gl_object_check(object, wanted))
    {
        cm_expected(function, name, type, object);
        return NULL;
    }
    return gl_object_usable((gl_object *)object) < 0 ? NULL : ((gl_object *)object)->pointer;
}

void *cm_ending(const char *function, const char *name, const char *type, PyObject *object)
{
    void *pointer = cm_handle(function, name, type, object);
    if (!pointer) return NULL;
    const gl_object *handle = (gl_object *)object;
    const char *why = gl_hand_others(handle) > 0 ? "is in use by another call" : handle->owned ? NULL : "belongs to the library";
    if (!why) return pointer;
    PyErr_Format(PyExc_ValueError, "%s(): this %s %s", function, type, why);
    return NULL;
}

int cm_callable(const char *function, const char *name, PyObject *object, bool nullable)
{
    if (PyCallable_Check(object) || (nullable && object == Py_None)) return 0;
    return cm_expected(function, name, nullable ? "callable or None" : "callable", object);
}

int cm_integer(const char *function, const char *name, PyObject *object, long low, long high, long *value)
{
    PyObject *number = PyNumber_Index(object);
    if (!number)
    {
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
        PyErr_Clear();
        return cm_expected(function, name, "int", object);
    }
    *value = PyLong_AsLong(number);
    Py_DECREF(number);
    if (*value == -1 && PyErr_Occurred()) return -1;
    if (*value >= low && *value <= high) return 0;
    PyErr_Format(PyExc_ValueError, "%s() argument '%s' must be from %ld to %ld, not %ld", function, name, low, high, *value);
    return -1;
}

PyObject *cm_text(const char *function, const char *name, PyObject *object, bool nullable, const char **text)
{
    *text = NULL;
    if (nullable && object == Py_None) return NULL;
    PyObject *bytes = NULL;
    char *start;
    PyObject *path = PyUnicode_Check(object) || PyBytes_Check(object) ? Py_NewRef(object) : PyOS_FSPath(object);
    if (path) bytes = PyBytes_Check(path) ? Py_NewRef(path) : PyUnicode_AsEncodedString(path, "utf-8", "surrogateescape");
    Py_XDECREF(path);
    if (!bytes && PyErr_ExceptionMatches(PyExc_TypeError))
    {
        PyErr_Clear();
        cm_expected(function, name, "a string (str, bytes or os.PathLike)", object);
    }
    if (bytes && PyBytes_AsStringAndSize(bytes, &start, NULL) < 0) Py_CLEAR(bytes);     /* raises on an embedded NUL */
    if (bytes) *text = start;
    return bytes;
}

PyObject *cm_fail(globus_module_descriptor_t *module, int type, const char *function, const char *message)
{
    gl_raise(gl_error_from_result(
        globus_error_put(globus_error_construct_error(module, NULL, type, __FILE__, function, __LINE__, "%s", message))));
    return NULL;
}

void cm_raise(PyObject *exception, const char *message)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyErr_SetString(exception, message);
    PyGILState_Release(state);
}

/* ---- during a call ------------------------------------------------------------------------------------------------ */

PyObject *cm_call(cm_during *during, PyObject *first, PyObject *second)
{
    PyObject *answer = NULL;
    if (first && !during->type)
        answer = PyObject_CallFunctionObjArgs(during->callable, first, second ? second : during->argument,
                                              second ? during->argument : NULL, NULL);
    Py_XDECREF(first);
    Py_XDECREF(second);
    if (PyErr_Occurred()) PyErr_Fetch(&during->type, &during->value, &during->traceback);
    return answer;
}

int cm_same(PyObject *stored, PyObject *datum)
{
    int same = stored ? PyObject_RichCompareBool(stored, datum, Py_EQ) : -1;
    Py_XDECREF(stored);
    return same;
}

int cm_raised(cm_during *during)
{
    if (!during->type) return 0;
    PyErr_Restore(during->type, during->value, during->traceback);
    return -1;
}

void cm_dispose(PyObject *callable, PyObject *object)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *answer = PyObject_CallFunctionObjArgs(callable, object, NULL);
    if (!answer) PyErr_WriteUnraisable(callable);
    Py_XDECREF(answer);
    PyErr_Restore(type, value, traceback);
}
