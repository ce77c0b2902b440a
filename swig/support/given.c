/* Python objects that C keeps as a void * for some time of its own: the session of a storage module, a data handle.
 *
 * A reference is counted here for each time the object was given, so a pointer that comes back from C is known to be an
 * object before it is touched; what is none of ours is only an address. */
#include "gl.h"

static PyObject *gifts;     /* address -> (object, how often) */

static PyObject *find(void *pointer)
{
    PyObject *key = gifts ? PyLong_FromVoidPtr(pointer) : NULL;
    PyObject *entry = key ? PyDict_GetItemWithError(gifts, key) : NULL;
    Py_XDECREF(key);
    return entry;
}

static int store(PyObject *object, long count)
{
    PyObject *key = PyLong_FromVoidPtr(object), *entry = Py_BuildValue("(Ol)", object, count);
    int status = key && entry ? PyDict_SetItem(gifts, key, entry) : -1;
    Py_XDECREF(key);
    Py_XDECREF(entry);
    return status;
}

static long count_of(PyObject *entry)
{
    return entry ? PyLong_AsLong(PyTuple_GetItem(entry, 1)) : 0;
}

int gl_give_again(void *pointer)
{
    PyObject *entry = find(pointer);
    return entry ? store(PyTuple_GetItem(entry, 0), count_of(entry) + 1) : 0;
}

int gl_give(PyObject *object)
{
    if (!object || object == Py_None) return 0;
    if (!gifts && !(gifts = PyDict_New())) return -1;
    return store(object, count_of(find(object)) + 1);
}

static void end_gift(PyObject *capsule)
{
    gl_take(PyCapsule_GetPointer(capsule, "gift"));
}

PyObject *gl_gift(PyObject *object)
{
    if (object == Py_None) return Py_NewRef(Py_None);
    PyObject *capsule = gl_give(object) == 0 ? PyCapsule_New(object, "gift", end_gift) : NULL;
    return capsule;
}

void gl_take(void *pointer)
{
    PyObject *entry = pointer ? find(pointer) : NULL;
    if (!entry) return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    long count = count_of(entry) - 1;
    PyObject *object = Py_NewRef(PyTuple_GetItem(entry, 0));
    if (count > 0) store(object, count);
    else
    {
        PyObject *key = PyLong_FromVoidPtr(pointer);
        if (key) PyDict_DelItem(gifts, key);
        Py_XDECREF(key);
    }
    Py_DECREF(object);
    PyErr_Restore(type, value, traceback);
}

PyObject *gl_forever(PyObject *object)
{
    static PyObject *kept;      /* strings by value, so that each is kept once; other objects by address */
    if (!kept && !(kept = PyDict_New())) return NULL;
    PyObject *key = PyBytes_Check(object) ? Py_NewRef(object) : PyLong_FromVoidPtr(object);
    PyObject *known = key ? PyDict_GetItemWithError(kept, key) : NULL;
    if (!known && key && !PyErr_Occurred() && PyDict_SetItem(kept, key, object) == 0) known = object;
    Py_XDECREF(key);
    return known;
}

PyObject *gl_given(void *pointer)
{
    if (!pointer) Py_RETURN_NONE;
    PyObject *entry = find(pointer);
    return entry ? Py_NewRef(PyTuple_GetItem(entry, 0)) : PyLong_FromVoidPtr(pointer);
}
