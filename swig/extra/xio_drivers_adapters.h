/* Control commands that drivers carry out without looking at what they have, or get. The arguments of such a command follow
 * its object, its driver and its number. */
#ifndef XIO_DRIVERS_ADAPTERS_H
#define XIO_DRIVERS_ADAPTERS_H

#include <globus_xio.h>
#include <globus_xio_http.h>

globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_SET_ERET(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, const char *eret_alg_str);
globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_GET_ERET(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **eret_alg_str_out);
globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_SET_ESTO(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, const char *esto_alg_str);
globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_GET_ESTO(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **esto_alg_str_out);
globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_GET_DCAU(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, int *dcau, char **subject);
globus_result_t gl_adapt_attr__popen__GLOBUS_XIO_POPEN_SET_PROGRAM(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **value);

/* ---- the headers of a request or a response of the driver http: a dict ------------------------------------------------ */

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
