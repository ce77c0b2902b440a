/* After the call: what C goes on using lives on, and what it consumed is closed. */
#include "call.h"

static gl_object *owner_of(gl_call *call)
{
    for (int i = 0; i < call->function->count; ++i)     /* what the call made owns its callbacks */
    {
        const gl_slot *slot = &call->function->slots[i];
        if (gl_is_new_handle(slot) || slot->role == GL_OUT)
            if (call->made[i] && gl_as_object(call->made[i])) return (gl_object *)call->made[i];
    }
    return call->busy_count ? call->busy[0] : NULL;
}

/* C may have copied what the object holds, callbacks above all: they stay when the object replaces or drops them. */
static PyObject *with_content(PyObject *object)
{
    gl_object *handle = gl_as_object(object);
    if (!handle || !handle->keep) return Py_NewRef(object);
    PyObject *content = PyDict_Copy(handle->keep), *both = content ? PyTuple_Pack(2, object, content) : NULL;
    Py_XDECREF(content);
    return both;
}

/* What must live as long as the owner: a string as C got it, an object with all that it uses itself. */
static PyObject *content_of(gl_call *call, int index, PyObject *object)
{
    if (gl_type_of(call->function->slots[index].type)->kind != GL_STRING) return with_content(object);
    for (int i = 0; i < call->held_count; ++i)
        if (PyBytes_Check(call->held[i]) && PyBytes_AsString(call->held[i]) == *(char **)call->where[index])
            return Py_NewRef(call->held[i]);
    return Py_NewRef(Py_None);
}

/* An object that C never gives back can never be destroyed. */
static void keep_forever(PyObject *object)
{
    if (gl_as_object(object)) ++gl_as_object(object)->busy;
    PyObject *content = with_content(object);
    if (content) gl_forever(content);
    Py_XDECREF(content);
}

static void lease(gl_closure *closure, PyObject *object)
{
    PyObject *lease = gl_lease(object);
    if (!closure->leases) closure->leases = PyList_New(0);
    if (lease && closure->leases) PyList_Append(closure->leases, lease);
    Py_XDECREF(lease);
}

void gl_call_keep(gl_call *call)
{
    const gl_function *function = call->function;
    gl_lasting_keep(call, owner_of(call));
    for (int i = 0; i < function->count; ++i)
    {
        const gl_slot *slot = &function->slots[i];
        PyObject *object = call->made[i];
        bool is_kept = slot->flags & (GL_KEEPS | GL_HOLDS) && object && object != Py_None;
        gl_closure *closure = is_kept && slot->flags & GL_HOLDS ? gl_call_holder(call) : NULL;
        if (closure && closure->once)
        {
            lease(closure, object);
            continue;
        }
        gl_object *owner = is_kept ? owner_of(call) : NULL;
        if (!owner || owner == (gl_object *)object) continue;
        PyObject *key = PyLong_FromVoidPtr(object);
        PyObject *kept = slot->flags & GL_HOLDS ? gl_lease(object) : content_of(call, i, object);
        if (key && kept) gl_object_keep(owner, key, kept);
        Py_XDECREF(kept);
        Py_XDECREF(key);
    }
}

void gl_commit(gl_call *call)
{
    if (call->committed || !call->function) return;
    call->committed = true;
    const gl_function *function = call->function;
    bool later = false;
    int all_flags = 0;
    for (int i = 0; i < function->count; ++i)
    {
        all_flags |= function->slots[i].flags;
        later |= gl_is_new_handle(&function->slots[i]);
    }
    bool takes = all_flags & (GL_CONSUMES | GL_KEEPS | GL_LASTING | GL_RELEASES | GL_SHARED | GL_FOREVER | GL_HOLDS);
    if (!takes && !call->closure_count) return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!later) gl_call_keep(call);
    for (int i = 0; i < function->count; ++i)
    {
        int flags = function->slots[i].flags;
        PyObject *object = call->made[i];
        gl_object *shared = flags & GL_SHARED && object ? gl_as_object(object) : NULL, *owner = shared ? gl_shared_with(call, shared) : NULL;
        if (owner) gl_shared(owner, shared);
        if (flags & GL_FOREVER && object && object != Py_None && !PyUnicode_Check(object)) keep_forever(object);
        if (flags & GL_CONSUMES && object && gl_as_object(object)) gl_object_close((gl_object *)object);
        if (flags & GL_RELEASES) gl_lasting_release(&function->slots[i], call->where[i]);
    }
    PyErr_Restore(type, value, traceback);
}
