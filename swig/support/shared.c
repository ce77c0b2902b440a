/* Objects inside objects: a globus_object_t that C stores in another one, and will free with it.
 *
 * C gets a reference of its own, so that Python's object stays what it is. What is stored where is known here too, since C
 * follows a circle for ever. */
#include "gl.h"

#include <globus_object.h>

/* What `object` contains is added to `found`; for a tuple or dict, what is in there. */
static int collect(PyObject *object, PyObject *found)
{
    if (gl_as_object(object)) return PyList_Append(found, object);
    if (PyTuple_Check(object))
    {
        for (Py_ssize_t i = 0; i < PyTuple_Size(object); ++i)
            if (collect(PyTuple_GetItem(object, i), found) < 0) return -1;
    }
    return 0;
}

static int collect_content(const gl_object *object, PyObject *found)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (object->keep && PyDict_Next(object->keep, &position, &key, &value))
        if (collect(value, found) < 0) return -1;
    return 0;
}

/* 1 if `wanted` is `object`, or inside it; -1 with an exception. */
static int contains(gl_object *object, gl_object *wanted)
{
    PyObject *seen = PySet_New(NULL), *open = PyList_New(0);
    int status = seen && open && PyList_Append(open, (PyObject *)object) == 0 ? 0 : -1;
    while (status == 0 && PyList_Size(open))
    {
        gl_object *next = gl_object_root((gl_object *)PyList_GetItem(open, PyList_Size(open) - 1));
        PyObject *address = PyLong_FromVoidPtr(next);
        int known = address ? PySet_Contains(seen, address) : -1;
        PySequence_DelItem(open, PyList_Size(open) - 1);
        if (next == wanted) status = 1;
        else if (known == 0) status = PySet_Add(seen, address) == 0 ? collect_content(next, open) : -1;
        else if (known < 0) status = -1;
        Py_XDECREF(address);
    }
    Py_XDECREF(seen);
    Py_XDECREF(open);
    return status;
}

int gl_share(gl_object *owner, gl_object *object)
{
    int circle = owner ? contains(object, gl_object_root(owner)) : 0;
    if (circle > 0) PyErr_SetString(PyExc_ValueError, "an object cannot be stored in itself, or in what it contains");
    if (circle) return -1;
    globus_object_reference(object->pointer);
    return 0;
}

void gl_unshare(void *pointer)
{
    globus_object_free(pointer);
}

int gl_shared(gl_object *owner, gl_object *object)
{
    PyObject *key = PyLong_FromVoidPtr(object);
    int status = key ? gl_object_keep(gl_object_root(owner), key, (PyObject *)object) : -1;
    Py_XDECREF(key);
    return status;
}
