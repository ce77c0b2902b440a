/* Outputs that C fills when an operation completes: globus_ftp_client_size() and its kin.
 *
 * The call returns a Deferred. Its memory lives as long as it does, and the callback of the operation holds it too, so
 * C always writes into live memory; `value` can be read once the callback has begun. */
#include "gl.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
    PyObject_HEAD
    const gl_slot *slot;
    gl_storage     value;
    size_t         length;
    char          *characters;    /* where C wants a character array */
    void          *large;         /* a value that has no room in `value` */
    bool           complete;
} deferred_object;

static PyObject *deferred_type;

static PyObject *read_value(deferred_object *self)
{
    if (self->characters) return gl_string_to_python(self->characters);
    if (self->slot->partner >= 0)
        return self->value.pointer ? PyBytes_FromStringAndSize(self->value.pointer, (Py_ssize_t)self->length)
                                   : Py_NewRef(Py_None);
    return gl_to_python(self->slot, self->large ? self->large : &self->value);
}

static PyObject *deferred_value(PyObject *self, void *unused)
{
    (void)unused;
    if (((deferred_object *)self)->complete) return read_value((deferred_object *)self);
    PyErr_SetString(PyExc_RuntimeError, "the operation has not completed: read the value in or after its callback");
    return NULL;
}

static PyObject *deferred_done(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((deferred_object *)self)->complete);
}

static void deferred_dealloc(PyObject *self)
{
    deferred_object *deferred = (deferred_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    free(deferred->characters);
    free(deferred->large);
    if (deferred->slot->flags & GL_FREE) free(deferred->value.pointer);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static int make_type(void)
{
    static PyGetSetDef getset[] = {
        {"value", deferred_value, NULL, "What C stored. RuntimeError before the completion callback.", NULL},
        {"done", deferred_done, NULL, "True once the completion callback has begun.", NULL},
        {NULL, NULL, NULL, NULL, NULL}};
    static PyType_Slot slots[] = {{Py_tp_dealloc, deferred_dealloc}, {Py_tp_getset, getset},
                                  {Py_tp_doc, "An output that is filled when the operation completes."}, {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.Deferred", sizeof(deferred_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    deferred_type = PyType_FromSpec(&spec);
    return deferred_type ? 0 : -1;
}

PyObject *gl_deferred_class(void)
{
    return deferred_type || make_type() == 0 ? deferred_type : NULL;
}

PyObject *gl_deferred_new(const gl_slot *slot)
{
    if (!gl_deferred_class()) return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot((PyTypeObject *)deferred_type, Py_tp_alloc);
    deferred_object *self = (deferred_object *)alloc((PyTypeObject *)deferred_type, 0);
    if (!self) return NULL;
    self->slot = slot;
    size_t size = gl_value_size(gl_type_of(slot->type));
    if ((slot->extent > 0 && !(self->characters = calloc(1, (size_t)slot->extent)))
        || (size > sizeof self->value && !(self->large = calloc(1, size))))
    {
        Py_DECREF((PyObject *)self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

void *gl_deferred_value(PyObject *deferred)
{
    deferred_object *self = (deferred_object *)deferred;
    if (self->characters) return self->characters;
    return self->large ? self->large : &self->value;
}

void *gl_deferred_length(PyObject *deferred)
{
    return &((deferred_object *)deferred)->length;
}

void gl_deferred_complete(PyObject *deferred)
{
    ((deferred_object *)deferred)->complete = true;
}
