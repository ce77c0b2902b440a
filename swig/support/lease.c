/* Leases: a handle that C goes on using cannot be destroyed, neither by the program nor by the collector, while the handle
 * that uses it is alive. */
#include "gl.h"

static void give_back(PyObject *capsule)
{
    gl_object *object = PyCapsule_GetPointer(capsule, "lease");
    --object->busy;
    Py_DECREF((PyObject *)object);
}

static PyObject *lease_one(gl_object *object)
{
    PyObject *capsule = PyCapsule_New(object, "lease", give_back);
    if (!capsule) return NULL;
    Py_INCREF((PyObject *)object);
    ++object->busy;
    return capsule;
}

PyObject *gl_lease(PyObject *object)
{
    gl_object *handle = gl_as_object(object);
    if (handle) return lease_one(handle);
    if (!PyList_Check(object) && !PyTuple_Check(object)) return Py_NewRef(object);
    PyObject *leases = PyList_New(0);
    Py_ssize_t count = PySequence_Size(object);
    for (Py_ssize_t i = 0; leases && i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(object, i), *lease = item ? gl_lease(item) : NULL;
        if (!lease || PyList_Append(leases, lease) < 0) Py_CLEAR(leases);
        Py_XDECREF(lease);
        Py_XDECREF(item);
    }
    return leases;
}
