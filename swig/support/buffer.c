/* Buffers: memory of Python objects that C reads or fills, locked while C may touch it. */
#include "gl.h"

#include <stdlib.h>

static gl_pin *all;     /* guarded by the GIL */

static void remember(gl_pin *pin)
{
    pin->after = all;
    if (all) all->before = pin;
    all = pin;
}

static void forget(gl_pin *pin)
{
    if (pin->before) pin->before->after = pin->after;
    else all = pin->after;
    if (pin->after) pin->after->before = pin->before;
}

gl_pin *gl_pin_new(PyObject *object, bool writable)
{
    gl_pin *pin = calloc(1, sizeof *pin);
    if (!pin)
    {
        PyErr_NoMemory();
        return NULL;
    }
    if (PyObject_GetBuffer(object, &pin->view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0)
    {
        free(pin);
        return NULL;
    }
    pin->object = Py_NewRef(object);      /* an exporter may name another as view.obj */
    remember(pin);
    GL_COUNT(pins, 1);
    return pin;
}

void gl_pins_release(gl_pin *pins)
{
    while (pins)
    {
        gl_pin *next = pins->next;
        forget(pins);
        PyBuffer_Release(&pins->view);
        Py_DECREF(pins->object);
        free(pins);
        GL_COUNT(pins, -1);
        pins = next;
    }
}

static bool holds(const gl_pin *pin, const void *address, size_t length)
{
    const char *start = pin->view.buf, *wanted = address;
    return wanted >= start && wanted + length <= start + pin->view.len;
}

PyObject *gl_pins_find(gl_pin *pins, const void *address)
{
    for (gl_pin *pin = pins; pin; pin = pin->next)
        if (pin->view.buf == address) return Py_NewRef(pin->object);
    for (gl_pin *pin = pins; pin; pin = pin->next)
        if (holds(pin, address, 1)) return Py_NewRef(pin->object);
    return NULL;
}

static PyObject *part(PyObject *object, Py_ssize_t start, Py_ssize_t length, bool writable)
{
    PyObject *whole = PyMemoryView_FromObject(object);
    PyObject *bytes = whole ? PyObject_CallMethod(whole, "cast", "s", "B") : NULL;
    PyObject *slice = bytes ? PySequence_GetSlice(bytes, start, start + length) : NULL;
    PyObject *result = !slice ? NULL : writable ? Py_NewRef(slice) : PyObject_CallMethod(slice, "toreadonly", NULL);
    Py_XDECREF(slice);
    Py_XDECREF(bytes);
    Py_XDECREF(whole);
    return result;
}

PyObject *gl_pinned_view(const void *address, size_t length)
{
    for (gl_pin *pin = all; pin; pin = pin->after)
        if (holds(pin, address, length))
            return part(pin->object, (const char *)address - (const char *)pin->view.buf, (Py_ssize_t)length,
                        false);
    return PyBytes_FromStringAndSize(address, (Py_ssize_t)length);
}

PyObject *gl_writable_view(void *address, size_t length)
{
    for (gl_pin *pin = all; pin; pin = pin->after)
        if (!pin->view.readonly && holds(pin, address, length))
            return part(pin->object, (const char *)address - (const char *)pin->view.buf, (Py_ssize_t)length, true);
    return PyMemoryView_FromMemory(address, (Py_ssize_t)length, PyBUF_WRITE);
}
