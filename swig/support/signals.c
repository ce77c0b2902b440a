/* sigset_t: a Python set of signal numbers. */
#include "gl_custom.h"

#include <signal.h>

PyObject *gl_sigset_to_python(const void *address)
{
    PyObject *set = PySet_New(NULL);
    for (int signum = 1; set && signum <= SIGRTMAX; ++signum)
    {
        if (sigismember(address, signum) != 1) continue;
        PyObject *number = PyLong_FromLong(signum);
        if (!number || PySet_Add(set, number) < 0) Py_CLEAR(set);
        Py_XDECREF(number);
    }
    return set;
}

int gl_sigset_from_python(gl_call *call, PyObject *object, void *address)
{
    PyObject *iterator = PyObject_GetIter(object), *item;
    sigemptyset(address);
    if (!iterator) return PyErr_Clear(), gl_bad_argument(call, -1, "a set of signal numbers", object);
    while ((item = PyIter_Next(iterator)))
    {
        long signum = PyLong_AsLong(item);
        Py_DECREF(item);
        if (signum == -1 && PyErr_Occurred()) break;
        if (signum < 1 || signum > SIGRTMAX || sigaddset(address, (int)signum) < 0)
        {
            PyErr_Format(PyExc_ValueError, "%ld is no signal", signum);
            break;
        }
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? -1 : 0;
}

void gl_sigset_release(void *address)
{
    (void)address;
}
