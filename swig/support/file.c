/* FILE *: a Python file object with a descriptor.
 *
 * C gets a stream of its own on a duplicate of the descriptor, unbuffered, so that what it writes is there at once and
 * closing either leaves the other alone. The stream lives as long as the Python file object. */
#include "gl_custom.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static PyObject *streams;      /* WeakKeyDictionary: file object -> capsule of its stream */

static PyObject *get_streams(void)
{
    if (streams) return streams;
    PyObject *module = PyImport_ImportModule("weakref");
    streams = module ? PyObject_CallMethod(module, "WeakKeyDictionary", NULL) : NULL;
    Py_XDECREF(module);
    return streams;
}

static void close_stream(PyObject *capsule)
{
    fclose(PyCapsule_GetPointer(capsule, "FILE"));
}

static FILE *open_stream(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    int copy = flags < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int access = flags & O_ACCMODE;
    FILE *stream = copy < 0 ? NULL : fdopen(copy, access == O_RDONLY ? "r" : access == O_WRONLY ? "w" : "r+");
    if (!stream)
    {
        PyErr_SetFromErrno(PyExc_OSError);
        if (copy >= 0) close(copy);
        return NULL;
    }
    setvbuf(stream, NULL, _IONBF, 0);
    return stream;
}

static FILE *stream_of(PyObject *object)
{
    PyObject *known = PyObject_GetItem(get_streams(), object);
    if (!known)
    {
        if (!PyErr_ExceptionMatches(PyExc_KeyError)) return NULL;
        PyErr_Clear();
        FILE *made = open_stream(PyObject_AsFileDescriptor(object));
        if (made && !(known = PyCapsule_New(made, "FILE", close_stream))) fclose(made);
        if (known && PyObject_SetItem(streams, object, known) < 0) Py_CLEAR(known);
        if (!known) return NULL;
    }
    FILE *stream = PyCapsule_GetPointer(known, "FILE");
    Py_DECREF(known);
    return stream;
}

/* What Python has buffered comes before what C writes. */
static int flush(PyObject *object)
{
    PyObject *done = PyObject_CallMethod(object, "flush", NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

int gl_file_from_python(gl_call *call, PyObject *object, void *address)
{
    *(FILE **)address = NULL;
    if (PyLong_Check(object) || PyObject_AsFileDescriptor(object) < 0)
    {
        PyErr_Clear();
        return gl_bad_argument(call, -1, "an open file object with a descriptor", object);
    }
    if (!get_streams() || flush(object) < 0) return -1;
    return (*(FILE **)address = stream_of(object)) ? 0 : -1;
}

static PyObject *object_of(FILE *stream)
{
    PyObject *pairs = PyObject_CallMethod(streams, "items", NULL);
    PyObject *iterator = pairs ? PyObject_GetIter(pairs) : NULL, *pair, *found = NULL;
    Py_XDECREF(pairs);
    while (iterator && !found && (pair = PyIter_Next(iterator)))
    {
        if (PyCapsule_GetPointer(PyTuple_GetItem(pair, 1), "FILE") == stream) found = Py_NewRef(PyTuple_GetItem(pair, 0));
        Py_DECREF(pair);
    }
    Py_XDECREF(iterator);
    return found;
}

PyObject *gl_file_to_python(const void *address)
{
    FILE *stream = *(FILE *const *)address;
    if (!stream) Py_RETURN_NONE;
    PyObject *known = get_streams() ? object_of(stream) : NULL;
    if (known || PyErr_Occurred()) return known;
    int flags = fcntl(fileno(stream), F_GETFL), copy = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 3);
    if (flags < 0 || copy < 0) return PyErr_SetFromErrno(PyExc_OSError);
    int access = flags & O_ACCMODE;
    return PyFile_FromFd(copy, NULL, access == O_RDONLY ? "rb" : access == O_WRONLY ? "wb" : "r+b", 0, NULL, NULL, NULL, 1);
}

void gl_file_release(void *address)
{
    (void)address;
}
