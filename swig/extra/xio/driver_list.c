/* Strings that name drivers. */
#include "gl.h"
#include "xio_adapters.h"

#include <stdlib.h>
#include <string.h>

/* What the library's own tables carry in their Python object: others hold objects of Python. */
static const char safe[] = "safe drivers";

static PyObject *encoded_name(const char *function, PyObject *text)
{
    PyObject *path = PyUnicode_Check(text) || PyBytes_Check(text) ? Py_NewRef(text) : PyOS_FSPath(text);
    PyObject *bytes = path && PyUnicode_Check(path) ? PyUnicode_AsEncodedString(path, "utf-8", "surrogateescape") : Py_XNewRef(path);
    Py_XDECREF(path);
    if (!bytes && PyErr_ExceptionMatches(PyExc_TypeError))
        PyErr_Format(PyExc_TypeError, "%s() argument 'driver_string' must be a string (str, bytes or os.PathLike), not %R", function,
                     (PyObject *)Py_TYPE(text));
    char *start;
    if (bytes && PyBytes_AsStringAndSize(bytes, &start, NULL) < 0) Py_CLEAR(bytes);     /* raises on an embedded NUL */
    return bytes;
}

static bool is_safe_table(PyObject *table)
{
    gl_type *type = gl_type_named("globus_hashtable_t");
    if (!type) return false;
    const char *function = "globus_xio_driver_list_from_string";
    if (!gl_object_check(table, type))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'safe_table' must be globus_hashtable_t or None, not %R", function,
                            (PyObject *)Py_TYPE(table)), false;
    if (gl_object_usable((gl_object *)table) < 0) return false;
    PyObject *keep = ((gl_object *)table)->keep;
    if (keep && PyDict_GetItemString(keep, safe)) return true;
    return PyErr_Format(PyExc_ValueError, "%s(): the table must come from globus_xio_driver_safe_table_from_string()", function), false;
}

PyObject *py_globus_xio_driver_safe_table_from_string(PyObject *driver_string)
{
    PyObject *bytes = encoded_name("globus_xio_driver_safe_table_from_string", driver_string);
    if (!bytes) return NULL;
    gl_object *made = (gl_object *)gl_object_box(gl_type_named("globus_hashtable_t"));
    PyObject *key = made ? PyUnicode_FromString(safe) : NULL;
    globus_result_t result = GLOBUS_SUCCESS;
    if (key && gl_object_keep(made, key, Py_True) == 0
        && globus_hashtable_init(made->pointer, 16, globus_hashtable_string_hash, globus_hashtable_string_keyeq) == 0)
    {
        made->owned = true;
        Py_BEGIN_ALLOW_THREADS
        result = globus_xio_driver_safe_table_from_string((char *)PyBytes_AsString(bytes), made->pointer);
        Py_END_ALLOW_THREADS
    }
    else if (!PyErr_Occurred()) PyErr_NoMemory();
    if (result) gl_raise(gl_error_from_result(result));
    if (PyErr_Occurred()) Py_CLEAR(made);
    Py_XDECREF(key);
    Py_DECREF(bytes);
    return (PyObject *)made;
}

PyObject *py_globus_xio_driver_list_from_string(PyObject *driver_string, PyObject *safe_table)
{
    PyObject *bytes = encoded_name("globus_xio_driver_list_from_string", driver_string);
    globus_hashtable_t *table = NULL;
    if (bytes && safe_table != Py_None && is_safe_table(safe_table)) table = ((gl_object *)safe_table)->pointer;
    globus_list_t *list = NULL;
    globus_result_t result = GLOBUS_SUCCESS;
    if (!PyErr_Occurred())
    {
        Py_BEGIN_ALLOW_THREADS
        result = globus_xio_driver_list_from_string((char *)PyBytes_AsString(bytes), &list, table);
        Py_END_ALLOW_THREADS
        if (result) gl_raise(gl_error_from_result(result));
    }
    Py_XDECREF(bytes);
    return PyErr_Occurred() ? NULL : gl_object_new(gl_type_named("globus_list_t"), list, true);
}

/* Options of a driver follow its name and a colon; without one C reads them at NULL. */
globus_result_t gl_adapt_globus_xio_handle_create_from_url(
    globus_xio_handle_t *out_h, const char *scheme, globus_xio_attr_t attr, char *param_string)
{
    char *with_colon = strchr(param_string, ':') ? NULL : malloc(strlen(param_string) + 2);
    if (with_colon) strcat(strcpy(with_colon, param_string), ":");
    globus_result_t result = globus_xio_handle_create_from_url(out_h, scheme, attr, with_colon ? with_colon : param_string);
    free(with_colon);
    return result;
}
