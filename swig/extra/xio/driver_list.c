/* Strings that name drivers. */
#include "gl.h"
#include "xio_adapters.h"

#include <globus_error_string.h>
#include <stdlib.h>
#include <string.h>

/* ---- tables ------------------------------------------------------------------------------------------------------------------ */

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

static PyObject *not_of_drivers(const char *function)
{
    return PyErr_Format(PyExc_ValueError, "%s(): the list must come from globus_xio_driver_list_from_string()", function);
}

/* ---- lists: they belong to the library, and only those that it has made hold what its functions look for ------------------- */

static const char drivers[] = "drivers";        /* key and name of the capsule that owns a list's nodes and entries */

static void free_list(globus_list_t *list, bool unload)
{
    for (globus_list_t *node = list; unload && node; node = globus_list_rest(node))
    {
        globus_xio_driver_list_ent_t *entry = globus_list_first(node);
        if (entry->loaded) globus_xio_driver_unload(entry->driver);     /* the others are a safe table's */
    }
    globus_xio_driver_list_destroy(list, GLOBUS_FALSE);
    globus_list_free(list);
}

static void forget(PyObject *capsule)
{
    globus_list_t **list = PyCapsule_GetPointer(capsule, drivers);
    free_list(*list, false);
    free(list);
}

static globus_list_t **content_of(const gl_object *list)
{
    PyObject *capsule = list && list->keep ? PyDict_GetItemString(list->keep, drivers) : NULL;
    return capsule ? PyCapsule_GetPointer(capsule, drivers) : NULL;
}

static PyObject *own(globus_list_t *list)
{
    globus_list_t **owned = malloc(sizeof *owned);
    if (!owned) return free_list(list, true), PyErr_NoMemory();
    *owned = list;
    PyObject *capsule = PyCapsule_New(owned, drivers, forget);
    PyObject *object = capsule ? gl_object_new(gl_type_named("globus_list_t"), list, false) : NULL;
    PyObject *key = object ? PyUnicode_FromString(drivers) : NULL;
    if (!key || gl_object_keep((gl_object *)object, key, capsule) < 0) Py_CLEAR(object);
    Py_XDECREF(key);
    Py_XDECREF(capsule);
    return object;
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
    return PyErr_Occurred() ? NULL : own(list);
}

PyObject *py_globus_xio_driver_list_destroy(PyObject *driver_list, PyObject *unload)
{
    const char *function = "globus_xio_driver_list_destroy";
    int unloads = PyObject_IsTrue(unload);
    gl_type *type = gl_type_named("globus_list_t");
    if (unloads < 0 || !type) return NULL;
    if (!gl_object_check(driver_list, type))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'driver_list' must be globus_list_t, not %R", function,
                            (PyObject *)Py_TYPE(driver_list));
    gl_object *object = (gl_object *)driver_list;
    if (gl_object_usable(object) < 0) return NULL;
    globus_list_t **content = content_of(object);
    if (!content) return not_of_drivers(function);
    if (gl_hand_others(object) > 0)
        return PyErr_Format(PyExc_ValueError, "%s(): this globus_list_t is in use, by another call or by a stack of its drivers", function);
    globus_list_t *list = *content;
    *content = NULL;
    gl_object_close(object);
    Py_BEGIN_ALLOW_THREADS
    free_list(list, unloads);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* A list of drivers, or its rest. */
int gl_check_driver_list(const gl_function *function, globus_list_t *list)
{
    PyObject *object = gl_object_known(gl_type_named("globus_list_t"), list);
    const gl_object *head = gl_as_object(object);
    while (head && head->lender) head = head->lender;
    bool found = content_of(head);
    Py_XDECREF(object);
    return found ? 0 : (not_of_drivers(function->name), -1);
}

/* The stack uses the drivers of the list, which cannot be destroyed meanwhile. */
int gl_lease_driver_list(globus_list_t *list, globus_xio_stack_t stack)
{
    PyObject *source = gl_object_known(gl_type_named("globus_list_t"), list);
    PyObject *user = gl_object_known(gl_type_named("globus_xio_stack_t"), stack);
    PyObject *key = PyLong_FromVoidPtr(list), *lease = source && key ? gl_lease(source) : NULL;
    int status = lease && user && gl_as_object(user) ? gl_object_keep((gl_object *)user, key, lease) : -1;
    Py_XDECREF(lease);
    Py_XDECREF(key);
    Py_XDECREF(user);
    Py_XDECREF(source);
    return status;
}

/* ---- handles by URL ---------------------------------------------------------------------------------------------------------- */

/* Options of a driver follow its name and a colon; in an item without one C reads them at NULL. */
static char *with_colons(const char *param_string)
{
    char *all = malloc(2 * strlen(param_string) + 2), *end = all;
    for (const char *item = param_string; end; item += strcspn(item, ",") + 1)
    {
        size_t length = strcspn(item, ",");
        memcpy(end, item, length);
        end += length;
        if (!memchr(item, ':', length)) *end++ = ':';
        *end++ = item[length];
        if (!item[length]) break;
    }
    return all;
}

globus_result_t gl_adapt_globus_xio_handle_create_from_url(
    globus_xio_handle_t *out_h, const char *scheme, globus_xio_attr_t attr, char *param_string)
{
    char *parameters = with_colons(param_string);
    if (!parameters) return globus_error_put(globus_error_construct_string(GLOBUS_XIO_MODULE, NULL, "no memory"));
    globus_result_t result = globus_xio_handle_create_from_url(out_h, scheme, attr, parameters);
    free(parameters);
    return result;
}
