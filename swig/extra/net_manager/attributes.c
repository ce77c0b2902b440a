/* globus_net_manager_attr_t[]: a list of (scope, name, value). */
#include "gl.h"
#include "net_manager_adapters.h"

#include <stdlib.h>
#include <string.h>

PyObject *gl_net_attrs_to_python(const void *address)
{
    const globus_net_manager_attr_t *array = *(globus_net_manager_attr_t *const *)address;
    PyObject *list = PyList_New(0);
    for (; list && array && array->scope; ++array)
    {
        PyObject *scope = gl_string_to_python(array->scope), *name = gl_string_to_python(array->name);
        PyObject *value = gl_string_to_python(array->value);
        PyObject *item = scope && name && value ? PyTuple_Pack(3, scope, name, value) : NULL;
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
        Py_XDECREF(value);
        Py_XDECREF(name);
        Py_XDECREF(scope);
    }
    return list;
}

static int element(PyObject *item, globus_net_manager_attr_t *attr)
{
    char **texts[] = {&attr->scope, &attr->name, &attr->value};
    int status = PyTuple_Check(item) && PyTuple_Size(item) == 3 ? 0 : -1;
    if (status < 0) PyErr_SetString(PyExc_TypeError, "an attribute is a tuple (scope, name, value) of strings");
    for (int i = 0; status == 0 && i < 3; ++i)
    {
        gl_call call = {0};
        const char *text;
        status = gl_string_from_python(&call, -1, PyTuple_GetItem(item, i), false, &text);
        if (status == 0 && !(*texts[i] = strdup(text))) status = (PyErr_NoMemory(), -1);
        gl_end(&call);
    }
    return status;
}

static void delete_capsule(PyObject *capsule)
{
    globus_net_manager_attr_array_delete(PyCapsule_GetPointer(capsule, NULL));
}

/* Freed when the call ends, unless it gives it to C. */
int gl_net_attrs_from_python(gl_call *call, PyObject *object, void *address)
{
    *(void **)address = NULL;
    if (object == Py_None) return 0;
    if (PyUnicode_Check(object) || !PySequence_Check(object))
        return PyErr_SetString(PyExc_TypeError, "attributes are a sequence of tuples (scope, name, value)"), -1;
    Py_ssize_t count = PySequence_Size(object);
    globus_net_manager_attr_t *array = count < 0 ? NULL : calloc((size_t)count + 1, sizeof *array);
    if (!array) return PyErr_Occurred() ? -1 : (PyErr_NoMemory(), -1);
    int status = 0;
    for (Py_ssize_t i = 0; status == 0 && i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(object, i);
        status = item ? element(item, &array[i]) : -1;
        if (status < 0)      /* the deletion stops at the first without a scope */
        {
            free(array[i].scope), free(array[i].name), free(array[i].value);
            array[i] = (globus_net_manager_attr_t){0};
        }
        Py_XDECREF(item);
    }
    PyObject *capsule = status == 0 && !call->gives ? PyCapsule_New(array, NULL, delete_capsule) : NULL;
    if (status < 0 || (!capsule && !call->gives)) return globus_net_manager_attr_array_delete(array), -1;
    *(void **)address = array;
    return capsule ? gl_hold(call, capsule) : 0;
}

void gl_net_attrs_release(void *address)
{
    globus_net_manager_attr_t *array = *(globus_net_manager_attr_t **)address;
    if (array) globus_net_manager_attr_array_delete(array);
}
