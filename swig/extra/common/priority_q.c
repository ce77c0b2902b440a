/* globus_priority_q_t: heaps of Python objects. The comparison is a callable of two priorities: > 0 puts the first later. */
#include "common/common.h"

#include <stdlib.h>

typedef struct entry entry;

typedef struct
{
    PyObject *compare;
    entry    *first;
    bool      busy;
    PyObject *type, *value, *traceback;
} queue;

/* What C gets as datum and as priority both. */
struct entry
{
    queue    *owner;
    PyObject *datum, *priority;
    entry    *next, *previous;
};

/* ---- entries ------------------------------------------------------------------------------------------------------ */

static entry *new_entry(queue *owner, PyObject *datum, PyObject *priority)
{
    entry *made = calloc(1, sizeof *made);
    if (!made) return (entry *)PyErr_NoMemory();
    *made = (entry){.owner = owner, .datum = Py_NewRef(datum), .priority = Py_NewRef(priority), .next = owner->first};
    if (owner->first) owner->first->previous = made;
    owner->first = made;
    return made;
}

/* Gives its datum. */
static PyObject *free_entry(entry *old)
{
    PyObject *datum = old->datum, *priority = old->priority;
    if (old->previous) old->previous->next = old->next;
    else old->owner->first = old->next;
    if (old->next) old->next->previous = old->previous;
    free(old);
    Py_DECREF(priority);
    return datum;
}

/* The entry of an equal datum; NULL where there is none, or with an exception. */
static entry *find(queue *owner, PyObject *datum)
{
    entry *found = owner->first;
    int same = 0;
    owner->busy = true;
    while (found && (same = cm_same(Py_NewRef(found->datum), datum)) == 0) found = found->next;
    owner->busy = false;
    return same > 0 ? found : NULL;
}

static PyObject *not_found(void)
{
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static void free_queue(PyObject *capsule)
{
    queue *owner = PyCapsule_GetPointer(capsule, "cm_queue");
    while (owner->first) Py_DECREF(free_entry(owner->first));
    Py_DECREF(owner->compare);
    free(owner);
}

/* ---- calling back --------------------------------------------------------------------------------------------------- */

static int compare(void *left, void *right)
{
    const entry *a = left, *b = right;
    queue *owner = a->owner;
    if (owner->type) return 0;
    PyObject *answer = PyObject_CallFunctionObjArgs(owner->compare, a->priority, b->priority, NULL);
    long order = 0;
    if (answer) cm_integer("the comparison's result", "order", answer, INT32_MIN, INT32_MAX, &order);
    Py_XDECREF(answer);
    if (PyErr_Occurred()) PyErr_Fetch(&owner->type, &owner->value, &owner->traceback);
    return owner->type ? 0 : order < 0 ? -1 : order > 0;
}

/* -1 with the exception of the comparison, if there was one. */
static int done(queue *owner)
{
    owner->busy = false;
    if (!owner->type) return 0;
    PyErr_Restore(owner->type, owner->value, owner->traceback);
    owner->type = owner->value = owner->traceback = NULL;
    return -1;
}

static globus_priority_q_t *queue_of(const char *function, PyObject *object, queue **owner)
{
    globus_priority_q_t *pointer = cm_handle(function, "priority_q", "globus_priority_q_t", object);
    if (!pointer) return NULL;
    *owner = PyCapsule_GetPointer(PyDict_GetItemString(((gl_object *)object)->keep, "queue"), "cm_queue");
    if (*owner && !(*owner)->busy) return pointer;
    if (*owner) PyErr_Format(PyExc_RuntimeError, "%s(): the queue is in use by a call that has called back", function);
    return NULL;
}

/* ---- the functions ---------------------------------------------------------------------------------------------------- */

PyObject *py_globus_priority_q_init(PyObject *cmp_func)
{
    if (cm_callable("globus_priority_q_init", "cmp_func", cmp_func, false) < 0) return NULL;
    gl_object *made = (gl_object *)gl_object_box(gl_type_named("globus_priority_q_t"));
    queue *owner = made ? calloc(1, sizeof *owner) : NULL;
    PyObject *capsule = owner ? PyCapsule_New(owner, "cm_queue", free_queue) : PyErr_NoMemory();
    PyObject *key = PyUnicode_FromString("queue");
    if (owner) owner->compare = Py_NewRef(cmp_func);
    if (capsule && key && gl_object_keep(made, key, capsule) == 0 && globus_priority_q_init(made->pointer, compare) == 0)
        made->owned = true;
    Py_XDECREF(capsule);
    Py_XDECREF(key);
    if (made && made->owned) return (PyObject *)made;
    Py_XDECREF((PyObject *)made);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

PyObject *py_globus_priority_q_destroy(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = cm_ending("globus_priority_q_destroy", "priority_q", "globus_priority_q_t", object);
    if (!pointer || !queue_of("globus_priority_q_destroy", object, &owner)) return NULL;
    globus_priority_q_destroy(pointer);
    gl_object_close((gl_object *)object);
    Py_RETURN_NONE;
}

PyObject *py_globus_priority_q_empty(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_empty", object, &owner);
    return pointer ? PyBool_FromLong(globus_priority_q_empty(pointer)) : NULL;
}

PyObject *py_globus_priority_q_size(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_size", object, &owner);
    return pointer ? PyLong_FromLong(globus_priority_q_size(pointer)) : NULL;
}

PyObject *py_globus_priority_q_enqueue(PyObject *object, PyObject *datum, PyObject *priority)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_enqueue", object, &owner);
    entry *made = pointer ? new_entry(owner, datum, priority) : NULL;
    if (!made) return NULL;
    owner->busy = true;
    if (globus_priority_q_enqueue(pointer, made, made) != 0) PyErr_NoMemory();
    else if (owner->type) globus_priority_q_remove(pointer, made);
    if (done(owner) == 0 && !PyErr_Occurred()) Py_RETURN_NONE;
    Py_DECREF(free_entry(made));
    return NULL;
}

PyObject *py_globus_priority_q_first(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_first", object, &owner);
    const entry *top = pointer ? globus_priority_q_first(pointer) : NULL;
    return pointer ? Py_NewRef(top ? top->datum : Py_None) : NULL;
}

PyObject *py_globus_priority_q_first_priority(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_first_priority", object, &owner);
    const entry *top = pointer ? globus_priority_q_first_priority(pointer) : NULL;
    return pointer ? Py_NewRef(top ? top->priority : Py_None) : NULL;
}

/* Where the comparison fails the entry goes back: nothing is lost, but the order is no longer sure. */
static PyObject *leave(queue *owner, globus_priority_q_t *pointer, entry *left)
{
    if (left && owner->type) globus_priority_q_enqueue(pointer, left, left);
    if (done(owner) < 0) return NULL;
    return left ? free_entry(left) : Py_NewRef(Py_None);
}

PyObject *py_globus_priority_q_dequeue(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_dequeue", object, &owner);
    if (!pointer) return NULL;
    owner->busy = true;
    return leave(owner, pointer, globus_priority_q_dequeue(pointer));
}

PyObject *py_globus_priority_q_remove(PyObject *object, PyObject *datum)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_remove", object, &owner);
    entry *found = pointer ? find(owner, datum) : NULL;
    if (!found) return not_found();
    owner->busy = true;
    return leave(owner, pointer, globus_priority_q_remove(pointer, found));
}

PyObject *py_globus_priority_q_modify(PyObject *object, PyObject *datum, PyObject *new_priority)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("globus_priority_q_modify", object, &owner);
    entry *found = pointer ? find(owner, datum) : NULL;
    if (!found) return not_found();
    PyObject *old = found->priority;
    found->priority = Py_NewRef(new_priority);
    owner->busy = true;
    globus_priority_q_modify(pointer, found, found);
    if (done(owner) == 0) return old;
    Py_DECREF(old);
    return NULL;
}

static Py_ssize_t length(PyObject *object)
{
    queue *owner;
    globus_priority_q_t *pointer = queue_of("len", object, &owner);
    return pointer ? globus_priority_q_size(pointer) : -1;
}

const PyType_Slot cm_priority_q_slots[] = {{Py_sq_length, length}, {0, NULL}};
