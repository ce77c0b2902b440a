/* Constants of the headers as attributes of a module. */
#include "gl.h"

static int add(PyObject *module, const char *name, PyObject *value)
{
    int status = value ? PyObject_SetAttrString(module, name, value) : -1;
    Py_XDECREF(value);
    return status;
}

int gl_add_integer(PyObject *module, const char *name, long long value)
{
    return add(module, name, PyLong_FromLongLong(value));
}

int gl_add_float(PyObject *module, const char *name, double value)
{
    return add(module, name, PyFloat_FromDouble(value));
}

int gl_add_string(PyObject *module, const char *name, const char *value)
{
    return add(module, name, gl_string_to_python(value));
}

int gl_add_object(PyObject *module, const char *name, gl_type *type, void *pointer)
{
    return add(module, name, gl_object_new(type, pointer, false));
}

int gl_add_custom(PyObject *module, const char *name, gl_type *type, const void *address)
{
    return add(module, name, address ? gl_type_of(type)->to_python(address) : Py_NewRef(Py_None));
}

int gl_add_alias(PyObject *module, const char *name, const char *function)
{
    return add(module, name, PyObject_GetAttrString(module, function));
}

int gl_add_method(PyObject *module, PyMethodDef *method)
{
    PyObject *name = PyModule_GetNameObject(module);
    int status = name ? add(module, method->ml_name, PyCFunction_NewEx(method, NULL, name)) : -1;
    Py_XDECREF(name);
    return status;
}

int gl_add_capsule(PyObject *module, const char *name, const void *pointer, const char *kind)
{
    return add(module, name, PyCapsule_New((void *)pointer, kind, NULL));
}
