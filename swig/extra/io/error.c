/* io: the handle of an error, which may be closed, or be none of Python's. */
#include "gl.h"
#include "io_adapters.h"

static PyObject *handle_of(PyObject *error, const char *function, globus_io_handle_t *(*get)(globus_object_t *))
{
    gl_type *type = gl_type_named("globus_object_t");
    if (!type) return NULL;
    if (!gl_object_check(error, type))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'error' must be globus_object_t, not %R", function, (PyObject *)Py_TYPE(error));
    if (gl_object_usable((gl_object *)error) < 0) return NULL;
    return gl_object_known(gl_io_handle_type(), get(((gl_object *)error)->pointer));
}

PyObject *py_globus_io_error_security_failed_get_handle(PyObject *error)
{
    return handle_of(error, "globus_io_error_security_failed_get_handle", globus_io_error_security_failed_get_handle);
}

PyObject *py_globus_io_error_io_failed_get_handle(PyObject *error)
{
    return handle_of(error, "globus_io_error_io_failed_get_handle", globus_io_error_io_failed_get_handle);
}

PyObject *py_globus_io_error_registration_error_get_handle(PyObject *error)
{
    return handle_of(error, "globus_io_error_registration_error_get_handle", globus_io_error_registration_error_get_handle);
}
