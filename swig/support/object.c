/* Handles and structs: the Python objects that stand for C memory.
 *
 * One registry maps a C pointer to its Python object, so that the handle a callback receives is the very object the
 * program made. A collected handle is destroyed by the reaper (reaper.c). */
#include "gl.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <structmember.h>

/* ---- registry ---------------------------------------------------------------------------------------------- */

/* A hash table by pointer; what has the same place is chained by next_known. */
static gl_object *first_table[64], **registry = first_table;
static size_t registry_size = 64, registry_used;     /* the size is a power of two */

static gl_object **place_of(gl_object **table, size_t size, const void *pointer)
{
    uint64_t mixed = (uint64_t)(uintptr_t)pointer * 0x9e3779b97f4a7c15u;
    return &table[mixed >> 32 & (size - 1)];
}

static gl_object *registry_find(const gl_type *type, const void *pointer)
{
    gl_object *object = *place_of(registry, registry_size, pointer);
    while (object && (object->pointer != pointer || object->type != type)) object = object->next_known;
    return object;
}

static void chain(gl_object **table, size_t size, gl_object *object)
{
    gl_object **place = place_of(table, size, object->pointer);
    object->next_known = *place;
    *place = object;
}

/* Without memory for more places it gets slower. */
static void registry_grow(void)
{
    size_t size = registry_size * 4;
    gl_object **table = calloc(size, sizeof *table);
    if (!table) return;
    for (size_t i = 0; i < registry_size; ++i)
        for (gl_object *object = registry[i], *next; object; object = next)
        {
            next = object->next_known;
            chain(table, size, object);
        }
    if (registry != first_table) free(registry);
    registry = table;
    registry_size = size;
}

static void registry_add(gl_object *object)
{
    if (++registry_used > registry_size) registry_grow();
    chain(registry, registry_size, object);
}

static void registry_remove(gl_object *object)
{
    gl_object **link = object->pointer ? place_of(registry, registry_size, object->pointer) : NULL;
    while (link && *link && *link != object) link = &(*link)->next_known;
    if (!link || !*link) return;
    *link = object->next_known;
    --registry_used;
}

/* The object that this one lives and dies with, or NULL. */
static gl_object *owner_of(const gl_object *object)
{
    return object->parent ? object->parent : object->lender;
}

static bool is_alive(const gl_object *object)
{
    while (object && object->pointer) object = owner_of(object);
    return !object;
}

static bool is_claimed(const gl_object *object)
{
    while (object && !object->claimed) object = owner_of(object);
    return object;
}

/* The living object that the pointer belongs to, or NULL. What an object that is just being destroyed was, an output
 * cannot be: the memory was freed, and given out again. Its own callbacks still mean the old object. */
static gl_object *look_up(gl_type *type, void *pointer, bool is_output)
{
    gl_object *known = registry_find(type, pointer);
    if (!known || (is_alive(known) && !(is_output && is_claimed(known)))) return known;
    registry_remove(known);
    if (!known->claimed) gl_object_close(known);      /* else the call that destroys it does that */
    return NULL;
}

/* ---- the Python object ------------------------------------------------------------------------------------------ */

static gl_object *allocate(gl_type *type)
{
    if (gl_type_ready(type) < 0) return NULL;
    PyTypeObject *python_type = (PyTypeObject *)type->python_type;
    gl_object *object = (gl_object *)PyType_GenericAlloc(python_type, 0);
    if (!object) return NULL;
    object->type = type;
    GL_COUNT(objects, 1);
    return object;
}

static gl_object *find_or_make(gl_type *type, void *pointer, bool is_output, bool *made)
{
    gl_object *known = look_up(type, pointer, is_output), *object = NULL;
    if (!known)
    {
        if (!(object = allocate(type))) return NULL;
        known = look_up(type, pointer, is_output);      /* allocating collects garbage, and so lets other threads in */
    }
    *made = !known;
    if (known)
    {
        Py_XDECREF((PyObject *)object);
        return (gl_object *)Py_NewRef((PyObject *)known);
    }
    object->pointer = pointer;
    registry_add(object);
    return object;
}

PyObject *gl_object_new(gl_type *type, void *pointer, bool owned)
{
    if (!pointer) Py_RETURN_NONE;
    bool made;
    gl_object *object = find_or_make(gl_type_of(type), pointer, owned, &made);
    if (object && owned) object->owned = true;
    if (object && made && owned && object->type->is_malloced)
    {
        object->box = true;
        GL_COUNT(boxes, 1);
    }
    return (PyObject *)object;
}

PyObject *gl_object_known(gl_type *type, void *pointer)
{
    gl_object *known = look_up(gl_type_of(type), pointer, false);
    return Py_NewRef(known ? (PyObject *)known : Py_None);
}

PyObject *gl_object_borrow(gl_type *type, void *pointer, gl_object *from)
{
    if (!pointer) Py_RETURN_NONE;
    bool made;
    gl_object *object = find_or_make(gl_type_of(type), pointer, true, &made);
    if (object && made) object->lender = (gl_object *)Py_NewRef((PyObject *)from);
    return (PyObject *)object;
}

PyObject *gl_object_inside(gl_type *type, void *pointer, gl_object *parent)
{
    bool made;
    gl_object *object = find_or_make(gl_type_of(type), pointer, false, &made);
    if (object && made) object->parent = (gl_object *)Py_NewRef((PyObject *)parent);
    return (PyObject *)object;
}

PyObject *gl_object_lend(gl_type *type, void *pointer)
{
    if (!pointer) Py_RETURN_NONE;
    bool made;
    gl_object *object = find_or_make(gl_type_of(type), pointer, false, &made);
    if (object && made) object->transient = true;
    if (object && object->transient) ++object->lent;
    return (PyObject *)object;
}

void gl_object_give_back(PyObject *lent)
{
    gl_object *object = gl_as_object(lent);
    if (object && object->transient && --object->lent == 0) gl_object_close(object);
}

PyObject *gl_object_box(gl_type *type)
{
    type = gl_type_of(type);
    void *memory = calloc(1, type->size ? type->size : 1);
    if (!memory) return PyErr_NoMemory();
    bool made;
    gl_object *stale = registry_find(type, memory);
    if (stale)      /* it stood for memory of C that C has freed since */
    {
        registry_remove(stale);
        stale->pointer = NULL;
        stale->closed = true;
    }
    gl_object *object = find_or_make(type, memory, false, &made);
    if (!object)
    {
        free(memory);
        return NULL;
    }
    object->box = true;
    object->owned = type->is_malloced;
    GL_COUNT(boxes, 1);
    return (PyObject *)object;
}

/* The memory of a box that C does not use any more. */
static void free_box(gl_object *object)
{
    if (object->type->is_malloced) gl_content_free(object->type, object->pointer);
    free(object->pointer);
}

/* C goes on using the memory of the box. */
void gl_object_leave_box(gl_object *object)
{
    if (object->box) GL_COUNT(boxes, -1);
    object->box = false;
}

void gl_object_close(gl_object *object)
{
    registry_remove(object);
    object->closed = true;
    object->owned = false;
    if (object->box) free_box(object);
    gl_object_leave_box(object);
    object->pointer = NULL;
    Py_CLEAR(object->keep);
}

void gl_object_detach(gl_object *object)
{
    registry_remove(object);
}

void gl_object_attach(gl_object *object)
{
    registry_add(object);
}

/* C has ended what it stood for; the memory of a box may be in use by a call. */
static void abandon(gl_object *object)
{
    registry_remove(object);
    object->closed = true;
    object->owned = false;
    gl_object_leave_box(object);
    object->pointer = NULL;
}

/* Its objects must not reach C any more, even when the module is activated again. */
void gl_objects_abandon(const char *module)
{
    for (size_t i = 0; i < registry_size; ++i)
        for (gl_object *object = registry[i], *next; object; object = next)
        {
            next = object->next_known;
            if (object->owned && object->type->ends_with_module && strcmp(object->type->module, module) == 0) abandon(object);
        }
}

void gl_object_use(gl_object *object, int step)
{
    for (; object; object = owner_of(object)) object->busy += step;
}

int gl_object_keep(gl_object *owner, PyObject *key, PyObject *value)
{
    if (!owner->keep && !(owner->keep = PyDict_New())) return -1;
    return PyDict_SetItem(owner->keep, key, value);
}

static PyObject *base_type;

int gl_object_check(PyObject *object, const gl_type *type)
{
    const gl_type *canonical = type->canonical;
    if (canonical && (PyObject *)Py_TYPE(object) == canonical->python_type) return 1;
    return base_type && PyObject_TypeCheck(object, (PyTypeObject *)base_type)
        && ((gl_object *)object)->type == canonical;
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

/* Gives an owned handle to the reaper, with a reference of its own. The collector calls this before it breaks a cycle: the
 * callbacks that the handle keeps may belong to it. */
static void object_finalize(PyObject *self)
{
    gl_object *object = (gl_object *)self;
    bool must_destroy = object->owned && !object->claimed && object->pointer && object->type->destroy;
    if (!must_destroy || gl_finalizing || gl_forked) return;      /* the process's end frees it */
    object->claimed = object;
    Py_INCREF(self);
    gl_reap(object);
}

static void object_dealloc(PyObject *self)
{
    gl_object *object = (gl_object *)self;
    PyTypeObject *python_type = Py_TYPE(self);
    object_finalize(self);
    if (Py_REFCNT(self) > 0) return;      /* the reaper has it now */
    PyObject_GC_UnTrack(self);
    registry_remove(object);      /* before any Python code runs: nobody must find it any more */
    if (object->weak_references) PyObject_ClearWeakRefs(self);
    bool in_use = object->owned && object->type->destroy;      /* by C, since it could not be destroyed */
    if (object->box && !in_use) free_box(object);
    gl_object_leave_box(object);
    Py_CLEAR(object->keep);
    Py_CLEAR(object->parent);
    Py_CLEAR(object->lender);
    GL_COUNT(objects, -1);
    PyObject_GC_Del(self);
    Py_DECREF(python_type);
}

static int object_traverse(PyObject *self, visitproc visit, void *arg)
{
    gl_object *object = (gl_object *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(object->keep);
    Py_VISIT((PyObject *)object->parent);
    Py_VISIT((PyObject *)object->lender);
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

static PyObject *ready_types;      /* Python type -> capsule of its gl_type */

static PyObject *object_make(PyTypeObject *python_type, PyObject *args, PyObject *keywords)
{
    PyObject *capsule = PyDict_GetItemWithError(ready_types, (PyObject *)python_type);
    gl_type *type = capsule ? PyCapsule_GetPointer(capsule, "gl_type") : NULL;
    if (!type) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "%R has no C type", (PyObject *)python_type);
    if (!type->is_plain)
        return PyErr_Format(PyExc_TypeError, "%s cannot be made directly%s%s", type->name,
                            type->made_by ? ": call " : "", type->made_by ? type->made_by : "");
    if (PyTuple_Size(args)) return PyErr_Format(PyExc_TypeError, "%s() takes keyword arguments only", type->name);
    PyObject *object = gl_object_box(type);
    if (object) gl_object_initialize((gl_object *)object);
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
    return gl_object_usable_by(object, NULL);
}

int gl_object_usable_by(const gl_object *object, const void *claimer)
{
    if (!is_alive(object))
    {
        PyErr_Format(PyExc_ValueError, "this %s is closed", object->type->name);
        return -1;
    }
    for (const gl_object *whole = object; whole; whole = owner_of(whole))
        if (whole->claimed && whole->claimed != claimer)
        {
            PyErr_Format(PyExc_ValueError, "this %s is in use by another call", whole->type->name);
            return -1;
        }
    return 0;
}

/* ---- making the Python types ------------------------------------------------------------------------------------------ */

/* Immutable: an object whose class could be set would let the fields of one struct reach beyond the memory of another. */
enum { TYPE_FLAGS = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE };

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(gl_object, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};

static int make_base(void)
{
    static PyGetSetDef getset[] = {
        {"closed", object_closed, NULL, "True once the C object was destroyed.", NULL}, {NULL, NULL, NULL, NULL, NULL}};
    static PyType_Slot slots[] = {{Py_tp_dealloc, object_dealloc}, {Py_tp_traverse, object_traverse},
                                  {Py_tp_finalize, object_finalize}, {Py_tp_repr, object_repr},
                                  {Py_tp_members, members},        {Py_tp_getset, getset},
                                  {Py_tp_doc, "A handle or struct of the C library."},
                                  {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.CObject", sizeof(gl_object), 0,
                               TYPE_FLAGS | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    ready_types = PyDict_New();
    base_type = ready_types ? PyType_FromSpec(&spec) : NULL;
    return base_type ? 0 : -1;
}

PyObject *gl_object_class(void)
{
    return base_type || make_base() == 0 ? base_type : NULL;
}

int gl_type_ready(gl_type *type)
{
    if (type->python_type) return 0;
    if (!gl_object_class()) return -1;
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
    PyType_Spec spec = {name, sizeof(gl_object), 0, TYPE_FLAGS, slots};
    PyObject *python_type = PyType_FromSpecWithBases(&spec, base_type);
    free(name);      /* the type has a copy */
    PyObject *capsule = python_type ? PyCapsule_New(type, "gl_type", NULL) : NULL;
    if (!capsule || PyDict_SetItem(ready_types, python_type, capsule) < 0) Py_CLEAR(python_type);
    Py_XDECREF(capsule);
    type->python_type = python_type;
    return python_type ? 0 : -1;
}
