/* Handles and structs: the Python objects that stand for C memory.
 *
 * One registry maps a C pointer to its Python object, so that the handle a callback receives is the very object the
 * program made. A collected handle is destroyed by the reaper, a thread of its own: the collector may run anywhere,
 * also inside a callback that holds a lock of the library, and a C destroy function may block. */
#include "gl.h"

#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <structmember.h>

/* ---- registry ---------------------------------------------------------------------------------------------- */

static void *registry;

static int compare(const void *left, const void *right)
{
    const gl_object *a = left, *b = right;
    if (a->pointer != b->pointer) return a->pointer < b->pointer ? -1 : 1;
    return a->type == b->type ? 0 : a->type < b->type ? -1 : 1;
}

static gl_object *registry_find(gl_type *type, void *pointer)
{
    gl_object key = {.type = type, .pointer = pointer};
    gl_object **node = tfind(&key, &registry, compare);
    return node ? *node : NULL;
}

static void registry_remove(gl_object *object)
{
    if (object->pointer && registry_find(object->type, object->pointer) == object) tdelete(object, &registry, compare);
}

/* ---- reaper --------------------------------------------------------------------------------------------------- */

typedef struct gl_corpse
{
    bool            (*destroy)(void *);
    void             *pointer;
    void             *box;
    PyObject         *keep;
    struct gl_corpse *next;
} gl_corpse;

static pthread_mutex_t reaper_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  reaper_work = PTHREAD_COND_INITIALIZER, reaper_idle = PTHREAD_COND_INITIALIZER;
static gl_corpse      *reaper_first, **reaper_last = &reaper_first;
static bool            reaper_started, reaper_busy;

static void bury(gl_corpse *corpse)
{
    if (!corpse->destroy || corpse->destroy(corpse->pointer)) free(corpse->box);
    PyGILState_STATE state;
    if (corpse->keep && gl_callback_begin(&state))
    {
        Py_DECREF(corpse->keep);
        gl_callback_end(state);
    }
    free(corpse);
}

static void *reaper_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&reaper_lock);
    for (;;)
    {
        while (!reaper_first)
        {
            reaper_busy = false;
            pthread_cond_broadcast(&reaper_idle);
            pthread_cond_wait(&reaper_work, &reaper_lock);
        }
        gl_corpse *corpse = reaper_first;
        reaper_first = corpse->next;
        if (!reaper_first) reaper_last = &reaper_first;
        reaper_busy = true;
        pthread_mutex_unlock(&reaper_lock);
        bury(corpse);
        pthread_mutex_lock(&reaper_lock);
    }
    return NULL;
}

static bool reaper_start(void)
{
    sigset_t all, old;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = pthread_create(&thread, NULL, reaper_main, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (started) pthread_detach(thread);
    return started;
}

static void reap(gl_object *object)
{
    gl_corpse *corpse = calloc(1, sizeof *corpse);
    if (!corpse || gl_finalizing || gl_forked)   /* nobody is left to destroy it: the process's end frees it */
    {
        free(corpse);
        return;
    }
    corpse->destroy = object->owned && !object->closed ? object->type->destroy : NULL;
    corpse->pointer = object->pointer;
    corpse->box = object->box ? object->pointer : NULL;
    corpse->keep = object->keep;
    object->keep = NULL;
    pthread_mutex_lock(&reaper_lock);
    if (!reaper_started) reaper_started = reaper_start();
    *reaper_last = corpse;
    reaper_last = &corpse->next;
    reaper_busy = true;
    pthread_cond_signal(&reaper_work);
    pthread_mutex_unlock(&reaper_lock);
}

void gl_reap_wait(void)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&reaper_lock);
    while (reaper_started && (reaper_busy || reaper_first)) pthread_cond_wait(&reaper_idle, &reaper_lock);
    pthread_mutex_unlock(&reaper_lock);
    Py_END_ALLOW_THREADS
}

/* ---- the Python object ------------------------------------------------------------------------------------------ */

static gl_object *allocate(gl_type *type)
{
    if (gl_type_ready(type) < 0) return NULL;
    PyTypeObject *python_type = (PyTypeObject *)type->python_type;
    allocfunc alloc = (allocfunc)PyType_GetSlot(python_type, Py_tp_alloc);
    gl_object *object = (gl_object *)alloc(python_type, 0);
    if (!object) return NULL;
    object->type = type;
    GL_COUNT(objects, 1);
    return object;
}

PyObject *gl_object_new(gl_type *type, void *pointer, bool owned)
{
    if (!pointer) Py_RETURN_NONE;
    type = gl_type_of(type);
    gl_object *known = registry_find(type, pointer);
    if (known)
    {
        if (owned) known->owned = true;
        known->closed = false;
        return Py_NewRef((PyObject *)known);
    }
    gl_object *object = allocate(type);
    if (!object) return NULL;
    object->pointer = pointer;
    object->owned = owned;
    object->transient = !owned && type->kind == GL_BOX;
    tsearch(object, &registry, compare);
    return (PyObject *)object;
}

PyObject *gl_object_borrow(gl_type *type, void *pointer, gl_object *from)
{
    gl_object *known = pointer ? registry_find(gl_type_of(type), pointer) : NULL;
    gl_object *object = (gl_object *)gl_object_new(type, pointer, false);
    bool stale = known && known->parent && known->parent->closed;
    if (!object || (PyObject *)object == Py_None || object == from || (known && !stale)) return (PyObject *)object;
    Py_CLEAR(object->parent);
    object->parent = (gl_object *)Py_NewRef((PyObject *)from);
    object->transient = false;
    return (PyObject *)object;
}

PyObject *gl_object_box(gl_type *type)
{
    type = gl_type_of(type);
    void *memory = calloc(1, type->size ? type->size : 1);
    if (!memory) return PyErr_NoMemory();
    gl_object *object = allocate(type);
    if (!object)
    {
        free(memory);
        return NULL;
    }
    object->pointer = memory;
    object->box = true;
    GL_COUNT(boxes, 1);
    tsearch(object, &registry, compare);
    return (PyObject *)object;
}

void gl_object_close(gl_object *object)
{
    registry_remove(object);
    object->closed = true;
    object->owned = false;
    if (object->box)
    {
        free(object->pointer);
        object->box = false;
        GL_COUNT(boxes, -1);
    }
    object->pointer = NULL;
    Py_CLEAR(object->keep);
}

int gl_object_keep(gl_object *owner, PyObject *key, PyObject *value)
{
    if (!owner->keep && !(owner->keep = PyDict_New())) return -1;
    return PyDict_SetItem(owner->keep, key, value);
}

static PyObject *base_type;

int gl_object_check(PyObject *object, const gl_type *type)
{
    return base_type && PyObject_TypeCheck(object, (PyTypeObject *)base_type)
        && ((gl_object *)object)->type == type->canonical;
}

gl_object *gl_as_object(PyObject *object)
{
    return base_type && PyObject_TypeCheck(object, (PyTypeObject *)base_type) ? (gl_object *)object : NULL;
}

void *gl_pointer_of(PyObject *object, const char *type)
{
    gl_object *handle = object ? gl_as_object(object) : NULL;
    return handle && !handle->closed && strcmp(handle->type->name, type) == 0 ? handle->pointer : NULL;
}

static void object_dealloc(PyObject *self)
{
    gl_object *object = (gl_object *)self;
    PyTypeObject *python_type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (object->weak_references) PyObject_ClearWeakRefs(self);
    registry_remove(object);
    bool must_destroy = object->owned && !object->closed && object->pointer && object->type->destroy;
    if (object->box) GL_COUNT(boxes, -1);
    if (must_destroy) reap(object);
    else if (object->box) free(object->pointer);
    Py_CLEAR(object->keep);
    Py_CLEAR(object->parent);
    GL_COUNT(objects, -1);
    freefunc release = (freefunc)PyType_GetSlot(python_type, Py_tp_free);
    release(self);
    Py_DECREF(python_type);
}

static int object_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((gl_object *)self)->keep);
    Py_VISIT((PyObject *)((gl_object *)self)->parent);
    return 0;
}

static PyObject *object_repr(PyObject *self)
{
    gl_object *object = (gl_object *)self;
    const char *state = object->closed ? "closed" : object->owned || object->box ? "owned" : "borrowed";
    return PyUnicode_FromFormat("<%s %s at %p>", object->type->name, state, object->pointer);
}

static PyObject *object_closed(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((gl_object *)self)->closed);
}

static PyObject *object_make(PyTypeObject *python_type, PyObject *args, PyObject *keywords)
{
    PyObject *capsule = PyObject_GetAttrString((PyObject *)python_type, "_gl_type");
    if (!capsule) return NULL;
    gl_type *type = PyCapsule_GetPointer(capsule, "gl_type");
    Py_DECREF(capsule);
    if (!type) return NULL;
    if (!type->is_plain)
        return PyErr_Format(PyExc_TypeError, "%s cannot be made directly%s%s", type->name,
                            type->made_by ? ": call " : "", type->made_by ? type->made_by : "");
    if (PyTuple_Size(args)) return PyErr_Format(PyExc_TypeError, "%s() takes keyword arguments only", type->name);
    PyObject *object = gl_object_box(type);
    if (object && keywords)
    {
        PyObject *key, *value;
        Py_ssize_t position = 0;
        while (PyDict_Next(keywords, &position, &key, &value))
            if (PyObject_SetAttr(object, key, value) < 0)
            {
                Py_DECREF(object);
                return NULL;
            }
    }
    return object;
}

int gl_object_usable(gl_object *object)
{
    if (object->claimed)
    {
        PyErr_Format(PyExc_ValueError, "this %s is in use by another call", object->type->name);
        return -1;
    }
    if (object->pointer && !(object->parent && object->parent->closed)) return 0;
    PyErr_Format(PyExc_ValueError, "this %s is closed", object->type->name);
    return -1;
}

/* ---- making the Python types ------------------------------------------------------------------------------------------ */

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(gl_object, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};

static int make_base(void)
{
    static PyGetSetDef getset[] = {
        {"closed", object_closed, NULL, "True once the C object was destroyed.", NULL}, {NULL, NULL, NULL, NULL, NULL}};
    static PyType_Slot slots[] = {{Py_tp_dealloc, object_dealloc}, {Py_tp_traverse, object_traverse},
                                  {Py_tp_repr, object_repr},       {Py_tp_members, members},
                                  {Py_tp_getset, getset},          {Py_tp_doc, "A handle or struct of the C library."},
                                  {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.CObject", sizeof(gl_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC
                                   | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    base_type = PyType_FromSpec(&spec);
    return base_type ? 0 : -1;
}

int gl_type_ready(gl_type *type)
{
    if (type->python_type) return 0;
    if (!base_type && make_base() < 0) return -1;
    PyGetSetDef *getset = gl_fields_getset(type->fields);
    char *name = NULL;
    size_t length = strlen(type->module ? type->module : "") + strlen(type->name) + 32;
    if (!getset || !(name = malloc(length)))
    {
        free(getset);
        PyErr_NoMemory();
        return -1;
    }
    snprintf(name, length, "globus_lowlevel.%s.%s", type->module ? type->module : "_support", type->name);
    PyType_Slot slots[24] = {{Py_tp_new, object_make}, {Py_tp_getset, getset}, {Py_tp_dealloc, object_dealloc},
                             {Py_tp_traverse, object_traverse}};
    for (size_t i = 0; type->slots && type->slots[i].slot; ++i) slots[4 + i] = type->slots[i];
    PyType_Spec spec = {name, sizeof(gl_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
    PyObject *python_type = PyType_FromSpecWithBases(&spec, base_type);
    PyObject *capsule = python_type ? PyCapsule_New(type, "gl_type", NULL) : NULL;
    if (!capsule || PyObject_SetAttrString(python_type, "_gl_type", capsule) < 0) Py_CLEAR(python_type);
    Py_XDECREF(capsule);
    type->python_type = python_type;
    return python_type ? 0 : -1;
}
