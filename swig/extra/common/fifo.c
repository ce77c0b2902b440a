/* globus_fifo_t: queues of Python objects, which hold their data until they leave (gl_give). */
#include "common/common.h"

#include <stdlib.h>

static globus_fifo_t *fifo_of(const char *function, PyObject *fifo)
{
    return cm_handle(function, "fifo", "globus_fifo_t", fifo);
}

static PyObject *new_fifo(void)
{
    gl_object *made = (gl_object *)gl_object_box(gl_type_named("globus_fifo_t"));
    if (!made) return NULL;
    if (globus_fifo_init(made->pointer) != 0) return Py_DECREF((PyObject *)made), PyErr_NoMemory();
    made->owned = true;
    return (PyObject *)made;
}

/* The object that has left C. */
static PyObject *leave(void *datum)
{
    PyObject *object = gl_given(datum);
    gl_take(datum);
    return object;
}

/* All data in order, as a Python list; they stay in the fifo. */
static PyObject *data_of(globus_fifo_t *fifo)
{
    PyObject *data = PyList_New(0);
    for (int left = globus_fifo_size(fifo); left; --left)       /* C has no iterator: once around */
    {
        void *datum = globus_fifo_dequeue(fifo);
        globus_fifo_enqueue(fifo, datum);
        PyObject *object = data ? gl_given(datum) : NULL;
        if (data && (!object || PyList_Append(data, object) < 0)) Py_CLEAR(data);
        Py_XDECREF(object);
    }
    return data;
}

static void empty(globus_fifo_t *fifo)
{
    while (!globus_fifo_empty(fifo)) gl_take(globus_fifo_dequeue(fifo));
}

void cm_fifo_free(globus_fifo_t *fifo)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    empty(fifo);
    gl_callback_end(state);
    globus_fifo_destroy(fifo);
}

PyObject *py_globus_fifo_init(void)
{
    return new_fifo();
}

PyObject *py_globus_fifo_destroy(PyObject *object)
{
    globus_fifo_t *fifo = cm_ending("globus_fifo_destroy", "fifo", "globus_fifo_t", object);
    if (!fifo) return NULL;
    empty(fifo);
    globus_fifo_destroy(fifo);
    gl_object_close((gl_object *)object);
    Py_RETURN_NONE;
}

static void ignore(void *datum)
{
    (void)datum;
}

PyObject *py_globus_fifo_destroy_all(PyObject *object, PyObject *datum_free)
{
    if (cm_callable("globus_fifo_destroy_all", "datum_free", datum_free, false) < 0) return NULL;
    globus_fifo_t *fifo = cm_ending("globus_fifo_destroy_all", "fifo", "globus_fifo_t", object);
    PyObject *data = fifo ? data_of(fifo) : NULL;
    if (!data) return NULL;
    globus_fifo_destroy_all(fifo, ignore);
    gl_object_close((gl_object *)object);
    for (Py_ssize_t i = 0; i < PyList_Size(data); ++i)
    {
        PyObject *datum = PyList_GetItem(data, i);
        if (datum != Py_None) cm_dispose(datum_free, datum);
        gl_take(datum);
    }
    Py_DECREF(data);
    Py_RETURN_NONE;
}

PyObject *py_globus_fifo_empty(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_empty", object);
    return fifo ? PyBool_FromLong(globus_fifo_empty(fifo)) : NULL;
}

PyObject *py_globus_fifo_size(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_size", object);
    return fifo ? PyLong_FromLong(globus_fifo_size(fifo)) : NULL;
}

PyObject *py_globus_fifo_enqueue(PyObject *object, PyObject *datum)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_enqueue", object);
    if (!fifo || gl_give(datum) < 0) return NULL;
    globus_fifo_enqueue(fifo, datum == Py_None ? NULL : datum);
    Py_RETURN_NONE;
}

/* C stops the process where there is nothing to look at. */
static PyObject *peek(const char *function, PyObject *object, void *(*look)(globus_fifo_t *))
{
    globus_fifo_t *fifo = fifo_of(function, object);
    if (!fifo) return NULL;
    if (globus_fifo_empty(fifo)) return PyErr_Format(PyExc_IndexError, "%s(): the fifo is empty", function);
    return gl_given(look(fifo));
}

PyObject *py_globus_fifo_peek(PyObject *object)
{
    return peek("globus_fifo_peek", object, globus_fifo_peek);
}

PyObject *py_globus_fifo_tail_peek(PyObject *object)
{
    return peek("globus_fifo_tail_peek", object, globus_fifo_tail_peek);
}

PyObject *py_globus_fifo_dequeue(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_dequeue", object);
    return fifo ? leave(globus_fifo_dequeue(fifo)) : NULL;
}

PyObject *py_globus_fifo_remove(PyObject *object, PyObject *datum)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_remove", object);
    PyObject *data = fifo ? data_of(fifo) : NULL, *found = NULL;
    int same = 0;
    for (Py_ssize_t i = 0; data && same == 0 && i < PyList_Size(data); ++i)
    {
        found = PyList_GetItem(data, i);
        same = cm_same(Py_NewRef(found), datum);
    }
    if (same > 0) fifo = fifo_of("globus_fifo_remove", object);     /* Python's == may have closed it */
    PyObject *left = NULL;
    if (data && same == 0) left = Py_NewRef(Py_None);
    if (data && same > 0 && fifo) left = leave(globus_fifo_remove(fifo, found == Py_None ? NULL : found));
    Py_XDECREF(data);
    return left;
}

/* C's own recurses, and stops the process for an empty one. */
PyObject *py_globus_fifo_copy(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_copy", object);
    PyObject *data = fifo ? data_of(fifo) : NULL, *copy = data ? new_fifo() : NULL;
    for (Py_ssize_t i = 0; copy && i < PyList_Size(data); ++i)
    {
        PyObject *none = py_globus_fifo_enqueue(copy, PyList_GetItem(data, i));
        if (!none) Py_CLEAR(copy);
        Py_XDECREF(none);
    }
    Py_XDECREF(data);
    return copy;
}

PyObject *py_globus_fifo_move(PyObject *source)
{
    globus_fifo_t *from = cm_handle("globus_fifo_move", "fifo_src", "globus_fifo_t", source);
    gl_object *made = from ? (gl_object *)gl_object_box(gl_type_named("globus_fifo_t")) : NULL;
    if (!made) return NULL;
    globus_fifo_move(made->pointer, from);
    made->owned = true;
    return (PyObject *)made;
}

PyObject *py_globus_fifo_convert_to_list(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("globus_fifo_convert_to_list", object);
    return fifo ? cm_relink(globus_fifo_convert_to_list(fifo)) : NULL;
}

static PyObject *iterate(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("iter", object);
    PyObject *data = fifo ? data_of(fifo) : NULL, *iterator = data ? PyObject_GetIter(data) : NULL;
    Py_XDECREF(data);
    return iterator;
}

static Py_ssize_t length(PyObject *object)
{
    globus_fifo_t *fifo = fifo_of("len", object);
    return fifo ? globus_fifo_size(fifo) : -1;
}

const PyType_Slot cm_fifo_slots[] = {{Py_tp_iter, iterate}, {Py_sq_length, length}, {0, NULL}};
