/* xio: data descriptors. To C one is an operation of the handle that it was made with, as long as that is deep; it looks at neither. */
#include "gl.h"

int gl_check_descriptor(const gl_function *function, void *c_handle, void *c_descriptor);

static gl_object *object_of(const char *type_name, void *pointer)
{
    gl_type *type = gl_type_named(type_name);
    PyObject *known = type ? gl_object_known(type, pointer) : NULL;
    gl_object *object = known ? gl_as_object(known) : NULL;
    Py_XDECREF(known);      /* the call has a reference */
    return object;
}

int gl_check_descriptor(const gl_function *function, void *c_handle, void *c_descriptor)
{
    if (!c_descriptor) return 0;
    gl_object *handle = object_of("globus_xio_handle_t", c_handle);
    gl_object *descriptor = object_of("globus_xio_data_descriptor_t", c_descriptor);
    PyObject *key = handle && descriptor ? PyLong_FromVoidPtr(handle) : NULL;
    if (!key) return -1;
    int is_of_it = descriptor->keep ? PyDict_Contains(descriptor->keep, key) : 0;
    Py_DECREF(key);
    if (!is_of_it)
        PyErr_Format(PyExc_ValueError, "%s(): this %s was made with another handle", function->name, descriptor->type->name);
    else if (descriptor->busy > 1)
        PyErr_Format(PyExc_ValueError, "%s(): this %s is in use by another call", function->name, descriptor->type->name);
    return PyErr_Occurred() ? -1 : 0;
}
