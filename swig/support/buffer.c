/* Buffers: memory of Python objects that C reads or fills, locked while C may touch it. */
#include "gl.h"

#include <stdlib.h>

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
    GL_COUNT(pins, 1);
    return pin;
}

void gl_pins_release(gl_pin *pins)
{
    while (pins)
    {
        gl_pin *next = pins->next;
        PyBuffer_Release(&pins->view);
        free(pins);
        GL_COUNT(pins, -1);
        pins = next;
    }
}

PyObject *gl_pins_find(gl_pin *pins, const void *address)
{
    for (; pins; pins = pins->next)
        if (pins->view.buf == address) return Py_NewRef(pins->view.obj);
    return NULL;
}
