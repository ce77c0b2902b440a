/* The headers of a request or a response of the driver http: a dict. */
#ifndef XIO_DRIVERS_ADAPTERS_H
#define XIO_DRIVERS_ADAPTERS_H

#include <globus_xio_http.h>

#ifdef GL_H

static inline PyObject *gl_http_headers_to_python(const void *address)
{
    globus_hashtable_t table = *(const globus_hashtable_t *)address;
    PyObject *dict = PyDict_New();
    if (!table) return dict;
    for (globus_xio_http_header_t *entry = globus_hashtable_first(&table); dict && entry; entry = globus_hashtable_next(&table))
    {
        PyObject *key = gl_string_to_python(entry->name), *value = key ? gl_string_to_python(entry->value) : NULL;
        if (!value || PyDict_SetItem(dict, key, value) < 0) Py_CLEAR(dict);
        Py_XDECREF(value);
        Py_XDECREF(key);
    }
    return dict;
}

/* It belongs to the data descriptor. */
static inline void gl_http_headers_release(void *address)
{
    *(globus_hashtable_t *)address = NULL;
}

/* No command takes one. */
static inline int gl_http_headers_from_python(gl_call *call, PyObject *object, void *address)
{
    *(globus_hashtable_t *)address = NULL;
    return gl_bad_argument(call, -1, "nothing: headers only come out", object);
}
#endif

#endif
