/* The gridftp driver: it copies texts that nobody has set, and gives out a subject where there is none. */
#include "gl.h"
#include "xio_drivers_adapters.h"

#include <globus_ftp_control.h>

static gl_object *known(globus_xio_attr_t attr)
{
    gl_type *type = gl_type_named("globus_xio_attr_t");
    PyObject *object = type ? gl_object_known(type, attr) : NULL;
    PyErr_Clear();
    return object ? gl_as_object(object) : NULL;
}

/* In an attribute, or in what it was copied from: commit.c keeps the content of that as it was then. */
static bool contains(PyObject *content, const char *key)
{
    PyObject *name, *value;
    Py_ssize_t position = 0;
    if (!content || !PyDict_Check(content)) return false;
    if (PyDict_GetItemString(content, key)) return true;
    while (PyDict_Next(content, &position, &name, &value))
        if (PyTuple_Check(value) && PyTuple_Size(value) == 2 && contains(PyTuple_GetItem(value, 1), key)) return true;
    return false;
}

static globus_result_t set(globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, const char *text, const char *key)
{
    globus_result_t result = globus_xio_attr_cntl(attr, driver, cmd, text);
    if (result) return result;
    PyGILState_STATE state = PyGILState_Ensure();
    gl_object *object = known(attr);
    PyObject *name = PyUnicode_FromString(key);
    if (object && name) gl_object_keep(object, name, Py_True);
    Py_XDECREF(name);
    Py_XDECREF((PyObject *)object);
    PyGILState_Release(state);
    return result;
}

static globus_result_t get(globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **text, const char *key)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_object *object = known(attr);
    bool is_set = object && contains(object->keep, key);
    Py_XDECREF((PyObject *)object);
    PyGILState_Release(state);
    *text = NULL;
    return is_set ? globus_xio_attr_cntl(attr, driver, cmd, text) : GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_SET_ERET(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, const char *eret_alg_str)
{
    return set(attr, driver, cmd, eret_alg_str, "ERET");
}

globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_GET_ERET(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **eret_alg_str_out)
{
    return get(attr, driver, cmd, eret_alg_str_out, "ERET");
}

globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_SET_ESTO(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, const char *esto_alg_str)
{
    return set(attr, driver, cmd, esto_alg_str, "ESTO");
}

globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_GET_ESTO(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **esto_alg_str_out)
{
    return get(attr, driver, cmd, esto_alg_str_out, "ESTO");
}

globus_result_t gl_adapt_attr__gridftp__GLOBUS_XIO_GRIDFTP_GET_DCAU(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, int *dcau, char **subject)
{
    globus_result_t result = globus_xio_attr_cntl(attr, driver, cmd, dcau, subject);
    if (!result && *dcau != GLOBUS_FTP_CONTROL_DCAU_SUBJECT) *subject = NULL;
    return result;
}
