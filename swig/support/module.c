/* The extension module globus_lowlevel._support: starts the run time and shows its counters. */
#include "gl.h"

static PyObject *live(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return Py_BuildValue("{slslslslsl}", "objects", gl_live.objects, "callbacks", gl_live.closures, "buffers",
                         gl_live.pins, "boxes", gl_live.boxes, "called", gl_live.callbacks);
}

static PyObject *reap(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    if (gl_reap_wait() < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *drain(PyObject *self, PyObject *seconds)
{
    (void)self;
    double limit = PyFloat_AsDouble(seconds);
    if (PyErr_Occurred()) return NULL;
    gl_drain(limit);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"live", live, METH_NOARGS,
     "live() -> dict\n\nHow many objects of the binding are alive: handles and structs ('objects', of them with memory of "
     "their own 'boxes'), 'callbacks' and locked 'buffers'; and how often C has 'called' Python."},
    {"reap", reap, METH_NOARGS, "reap()\n\nWaits until the handles that were collected are destroyed."},
    {"drain", drain, METH_O,
     "drain(seconds)\n\nDrops all callbacks from now on and waits until the running ones have ended, at most `seconds`. "
     "Runs at interpreter exit; nothing works afterwards."},
    {NULL, NULL, 0, NULL}};

static int execute(PyObject *module)
{
    return gl_process_start(module);
}

PyMODINIT_FUNC PyInit__support(void)
{
    static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_support",
                                     "The run time that all modules of globus_lowlevel share.", 0, methods, slots, NULL,
                                     NULL, NULL};
    return PyModuleDef_Init(&definition);
}
