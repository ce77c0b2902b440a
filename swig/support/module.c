/* The extension module globus_lowlevel._support: starts the run time and shows its counters. */
#include "gl.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>

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

static PyObject *versions(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return Py_BuildValue("{ssssss}", "swig", GL_SWIG_VERSION, "openssl_headers", OPENSSL_VERSION_TEXT, "openssl",
                         OpenSSL_version(OPENSSL_VERSION));
}

static PyMethodDef methods[] = {
    {"live", live, METH_NOARGS,
     "live() -> dict\n\nHow many objects of the binding are alive: handles and structs ('objects', of them with memory of "
     "their own 'boxes'), 'callbacks' and locked 'buffers'; and how often C has 'called' Python."},
    {"reap", reap, METH_NOARGS, "reap()\n\nWaits until the handles that were collected are destroyed."},
    {"drain", drain, METH_O,
     "drain(seconds)\n\nDrops all callbacks from now on and waits until the running ones have ended, at most `seconds`. "
     "Runs at interpreter exit; nothing works afterwards."},
    {"versions", versions, METH_NOARGS,
     "versions() -> dict\n\nOf 'swig', which made the modules; of OpenSSL, the library ('openssl') and its headers at build."},
    {NULL, NULL, 0, NULL}};

static int add(PyObject *module, const char *name, PyObject *object)
{
    return object ? PyModule_AddObjectRef(module, name, object) : -1;
}

static int execute(PyObject *module)
{
    if (add(module, "Arguments", gl_variable_class()) < 0) return -1;
    if (add(module, "CObject", gl_object_class()) < 0 || add(module, "Deferred", gl_deferred_class()) < 0) return -1;
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
