/* The frame of one wrapped call: memory and objects that it holds, and what becomes of them when it ends. */
#include "call.h"

#include <globus_common.h>
#include <stdlib.h>

int gl_hold(gl_call *call, PyObject *object)
{
    if (!object) return -1;
    if (call->held_count < GL_MAX_HELD)
    {
        call->held[call->held_count++] = object;
        return 0;
    }
    if (!call->held_more) call->held_more = PyList_New(0);
    int status = call->held_more ? PyList_Append(call->held_more, object) : -1;
    Py_DECREF(object);
    return status;
}

int gl_mark_busy(gl_call *call, gl_object *object)
{
    if (call->busy_count < GL_MAX_SLOTS) call->busy[call->busy_count++] = (gl_object *)Py_NewRef((PyObject *)object);
    else
    {
        if (!call->busy_more) call->busy_more = PyList_New(0);
        if (!call->busy_more || PyList_Append(call->busy_more, (PyObject *)object) < 0) return -1;
    }
    gl_object_use(object, 1);
    return 0;
}

void gl_unhold(gl_call *call)
{
    Py_ssize_t more = call->held_more ? PyList_Size(call->held_more) : 0;
    if (more) PySequence_DelItem(call->held_more, more - 1);
    else if (call->held_count) Py_DECREF(call->held[--call->held_count]);      /* never Py_CLEAR: it evaluates twice */
}

void *gl_allocate(gl_call *call, size_t size)
{
    gl_closure *closure = gl_call_holder(call);
    void **list = closure ? &closure->blocks : &call->blocks;
    void **block = size < PTRDIFF_MAX ? calloc(1, sizeof(max_align_t) + size) : NULL;
    if (!block)
    {
        PyErr_NoMemory();
        return NULL;
    }
    *block = *list;
    *list = block;
    return (char *)block + sizeof(max_align_t);
}

size_t gl_array_size(Py_ssize_t count, size_t size)
{
    size_t whole;
    return __builtin_mul_overflow((size_t)count + 1, size, &whole) ? SIZE_MAX : whole;
}

void *gl_allocate_array(gl_call *call, Py_ssize_t count, size_t size)
{
    return gl_allocate(call, gl_array_size(count, size));
}

int gl_bad_argument(gl_call *call, int index, const char *expected, PyObject *got)
{
    const gl_function *function = call->function;
    if (function && index >= 0)
        PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be %s, not %R", function->name,
                     function->slots[index].name, expected, (PyObject *)Py_TYPE(got));
    else PyErr_Format(PyExc_TypeError, "expected %s, not %R", expected, (PyObject *)Py_TYPE(got));
    return -1;
}

static void free_blocks(void *blocks)
{
    while (blocks)
    {
        void *next = *(void **)blocks;
        free(blocks);
        blocks = next;
    }
}

/* What C takes over when it is called. */
static bool is_result(const gl_slot *slot)
{
    return slot->role == GL_IN && gl_type_of(slot->type)->kind == GL_RESULT;
}

/* What the call took and C did not, or gave back. */
static void release_slot(gl_call *call, int index)
{
    const gl_slot *slot = &call->function->slots[index];
    PyObject *made = call->made[index];
    if (!call->called && is_result(slot) && call->where[index]) gl_result_drop(*(uint32_t *)call->where[index]);
    if (call->filled & 1u << index) gl_type_of(slot->type)->release(*(void **)call->where[index]);
    if (!made) return;
    gl_object *object = gl_as_object(made);
    if (object && object->claimed == call) object->claimed = NULL;
    bool kept = call->committed && !(slot->flags & GL_DURING);
    if (!kept && gl_slot_gives(slot, made)) gl_take(made);
    if (!call->committed && object && slot->flags & GL_SHARED) gl_unshare(object->pointer);
    if (!call->called && PyCapsule_IsValid(made, gl_reference)) globus_object_free(PyCapsule_GetPointer(made, gl_reference));
    call->made[index] = NULL;
    Py_DECREF(made);
}

void gl_call_release(gl_call *call)
{
    call->ended = true;
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    if (PyErr_Occurred()) PyErr_Fetch(&type, &value, &traceback);
    for (int i = 0; i < call->busy_count; ++i)
    {
        gl_object_use(call->busy[i], -1);
        Py_DECREF((PyObject *)call->busy[i]);
    }
    for (Py_ssize_t i = 0; call->busy_more && i < PyList_Size(call->busy_more); ++i)
        gl_object_use((gl_object *)PyList_GetItem(call->busy_more, i), -1);
    Py_CLEAR(call->busy_more);
    for (int i = 0; i < call->closure_count; ++i)
    {
        if (!call->committed) gl_closure_dispose(call->closures[i]);
        gl_closure_end_call(call->closures[i]);
        Py_DECREF((PyObject *)call->closures[i]);
    }
    for (int i = 0; i < call->held_count; ++i) Py_DECREF(call->held[i]);
    Py_CLEAR(call->held_more);
    for (int i = 0; call->function && i < call->function->count; ++i) release_slot(call, i);
    gl_pins_release(call->pins);
    free_blocks(call->blocks);
    PyErr_Restore(type, value, traceback);
}

int gl_call_refuse(const gl_function *function)
{
    if (gl_forked)
    {
        PyErr_Format(PyExc_RuntimeError, "%s() in a forked child: the library's threads do not exist here. Start workers "
                     "with the 'spawn' method, or exec", function->name);
        return -1;
    }
    const gl_module *module = function->module;
    if (!module->descriptor || module->active || function->flags & GL_PREACTIVE) return 0;
    if (!module->types) gl_modules_refresh();      /* a driver that was loaded may have activated it */
    if (module->active) return 0;
    PyErr_Format(PyExc_RuntimeError, "%s() needs its module: call globus_module_activate(%s) first", function->name,
                 module->descriptor_name);
    return -1;
}

int gl_call_recheck(gl_call *call)
{
    for (int i = 0; i < call->busy_count; ++i)
        if (gl_object_usable_by(call->busy[i], call) < 0) return -1;
    for (Py_ssize_t i = 0; call->busy_more && i < PyList_Size(call->busy_more); ++i)
        if (gl_object_usable_by((gl_object *)PyList_GetItem(call->busy_more, i), call) < 0) return -1;
    call->checked = true;
    return 0;
}
