/* The arguments of one wrapped call: what C gets for each, and what it finds where it will store an output. */
#include "call.h"

#include <globus_common.h>
#include <time.h>

static void *scratch(gl_call *call, int index, size_t size)
{
    return size <= sizeof(gl_storage) ? (void *)&call->storage[index] : gl_allocate(call, size);
}

static int store_length(gl_call *call, const gl_function *function, int index, size_t length)
{
    if (index < 0) return 0;
    const gl_type *type = gl_type_of(function->slots[index].type);
    void *where = call->where[index];
    size_t limit = type->size == 8 ? SIZE_MAX : type->size == 4 ? (size_t)INT32_MAX : (size_t)UINT16_MAX >> type->is_signed;
    if (length > limit)
    {
        PyErr_Format(PyExc_OverflowError, "%s() takes at most %zu bytes or elements", function->name, limit);
        return -1;
    }
    if (function->slots[index].flags & GL_BY_ADDRESS) where = &call->storage[index];
    if (type->size == 8) *(uint64_t *)where = length;
    else if (type->size == 4) *(uint32_t *)where = (uint32_t)length;
    else *(uint16_t *)where = (uint16_t)length;
    return 0;
}

/* It takes over the buffers, memory and deferred outputs of its call, before the call: it may run before that returns. */
static int hand_over(gl_call *call, gl_closure *closure, PyObject *args)
{
    if (closure->once) closure->args = Py_NewRef(args);
    if (closure != gl_call_holder(call)) return 0;
    closure->pins = call->pins;
    closure->blocks = call->blocks;
    call->pins = NULL;
    call->blocks = NULL;
    for (int i = 0; i < call->function->count; ++i)
    {
        if (call->function->slots[i].role != GL_DEFERRED || !call->made[i]) continue;
        if (!closure->deferred) closure->deferred = PyList_New(0);
        if (!closure->deferred || PyList_Append(closure->deferred, call->made[i]) < 0) return -1;
    }
    return 0;
}

static void add_pin(gl_call *call, gl_pin *pin)
{
    gl_closure *closure = gl_call_holder(call);
    gl_pin **list = closure ? &closure->pins : &call->pins;
    pin->next = *list;
    *list = pin;
}

static int buffer_in(gl_call *call, const gl_function *function, int index, PyObject *input, void *where)
{
    const gl_slot *slot = &function->slots[index];
    *(void **)where = NULL;
    if (input == Py_None && slot->flags & GL_NULLABLE) return store_length(call, function, slot->partner, 0);
    gl_pin *pin = gl_pin_new(input, slot->role == GL_WRITE);
    if (!pin)
    {
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
        PyErr_Clear();
        return gl_bad_argument(call, index, slot->role == GL_WRITE ? "a writable buffer" : "a bytes-like object", input);
    }
    add_pin(call, pin);
    *(void **)where = pin->view.buf;
    return store_length(call, function, slot->partner, (size_t)pin->view.len);
}

typedef struct { void *base; size_t length; } vector_element;

static int vector_in(gl_call *call, const gl_function *function, int index, PyObject *input, void *where)
{
    const gl_slot *slot = &function->slots[index];
    if (PyUnicode_Check(input) || PyBytes_Check(input) || !PySequence_Check(input))
        return gl_bad_argument(call, index, "a sequence of buffers", input);
    Py_ssize_t count = PySequence_Size(input);
    if (count < 0) return -1;
    vector_element *vector = gl_allocate_array(call, count, sizeof *vector);
    if (!vector || store_length(call, function, slot->partner, (size_t)count) < 0) return -1;
    for (Py_ssize_t i = 0; i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(input, i);
        gl_pin *pin = item ? gl_pin_new(item, slot->flags & GL_WRITABLE) : NULL;
        Py_XDECREF(item);
        if (!pin) return -1;
        add_pin(call, pin);
        vector[i].base = pin->view.buf;
        vector[i].length = (size_t)pin->view.len;
    }
    *(void **)where = vector;
    return 0;
}

static int array_in(gl_call *call, const gl_function *function, int index, PyObject *input, void *where)
{
    const gl_slot *slot = &function->slots[index];
    const gl_type *type = gl_type_of(slot->type);
    *(void **)where = NULL;
    if (input == Py_None && slot->flags & GL_NULLABLE) return store_length(call, function, slot->partner, 0);
    if (PyUnicode_Check(input) || PyBytes_Check(input) || !PySequence_Check(input))
        return gl_bad_argument(call, index, "a sequence", input);
    Py_ssize_t count = PySequence_Size(input);
    if (count < 0) return -1;
    if (slot->extent > 0 && count != slot->extent)
    {
        PyErr_Format(PyExc_ValueError, "%s() argument '%s' takes %ld values", function->name, slot->name, slot->extent);
        return -1;
    }
    size_t step = gl_element_size(slot);
    char *array = gl_allocate_array(call, count, step);
    if (!array || store_length(call, function, slot->partner, (size_t)count) < 0) return -1;
    gl_slot element = *slot;
    element.role = GL_IN;
    for (Py_ssize_t i = 0; i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(input, i);
        char *address = array + (size_t)i * step;
        int status = -1;
        if (item && slot->flags & GL_INLINE)
            status = gl_object_check(item, type) ? gl_object_copy_into(call, item, address)
                                                 : gl_bad_argument(call, index, type->name, item);
        else if (item) status = gl_from_python(call, index, &element, item, address);
        Py_XDECREF(item);
        if (status < 0) return -1;
    }
    *(void **)where = array;
    return 0;
}

static int callback_in(gl_call *call, const gl_function *function, int index, PyObject *input, PyObject *args, void *where)
{
    const gl_slot *slot = &function->slots[index];
    *(void **)where = NULL;
    if (input == Py_None && slot->flags & GL_NULLABLE) return 0;
    if (!PyCallable_Check(input)) return gl_bad_argument(call, index, "callable", input);
    bool once = !(slot->flags & (GL_LASTING | GL_DURING));
    gl_closure *closure = gl_closure_new(slot->type, input, once);
    if (!closure) return -1;
    if (call->closure_count == GL_MAX_CLOSURES)
    {
        gl_closure_dispose(closure);
        Py_DECREF((PyObject *)closure);
        PyErr_SetString(PyExc_SystemError, "too many callbacks in one call");
        return -1;
    }
    call->closures[call->closure_count++] = closure;
    closure->holds = !(slot->flags & GL_DURING);
    closure->in_call = true;
    if (closure->holds && hand_over(call, closure, args) < 0) return -1;
    if (call->callback_arg) closure->argument = Py_NewRef(call->callback_arg);
    *(void **)where = gl_closure_code(closure);
    return 0;
}

static int callback_argument_in(gl_call *call, const gl_slot *slot, PyObject *input, void *where)
{
    if (slot->partner < 0) call->callback_arg = input;      /* borrowed: the call's arguments hold it */
    for (int i = 0; i < call->closure_count; ++i)
    {
        if (slot->partner >= 0 && gl_closure_code(call->closures[i]) != *(void **)call->where[slot->partner]) continue;
        Py_CLEAR(call->closures[i]->argument);
        call->closures[i]->argument = Py_NewRef(input);
    }
    *(void **)where = input;
    return 0;
}

static int by_value_in(gl_call *call, int index, const gl_slot *slot, PyObject *input, void *where)
{
    void *memory;
    if (gl_from_python(call, index, slot, input, &memory) < 0) return -1;
    memcpy(where, memory, gl_type_of(slot->type)->size);
    return 0;
}

/* Nobody else may use a handle while C may destroy it. */
static bool claims(const gl_slot *slot, PyObject *input)
{
    bool may_destroy = slot->flags & GL_CONSUMES || (slot->role == GL_INOUT && gl_type_of(slot->type)->kind == GL_HANDLE);
    return may_destroy && input != Py_None && gl_as_object(input);
}

/* The call that registered the callback which runs in this thread may be about to return. */
static void let_others_return(const gl_object *object)
{
    for (int i = 0; i < 1000 && object->busy > 1 && gl_in_callback(); ++i)
    {
        Py_BEGIN_ALLOW_THREADS
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        Py_END_ALLOW_THREADS
    }
}

static int claim(gl_call *call, const gl_function *function, int index, PyObject *input)
{
    gl_object *object = (gl_object *)input;
    if (object->lender || (object->type->kind == GL_BOX && !object->owned && !object->box))
    {
        PyErr_Format(PyExc_ValueError, "%s(): this %s belongs to %s", function->name, object->type->name,
                     object->lender ? object->lender->type->name : "the library");
        return -1;
    }
    if (object->box && object->type->is_plain && object->type->destroy && !object->type->is_malloced)
    {
        PyErr_Format(PyExc_ValueError, "%s(): this %s is Python's: there is nothing to free", function->name, object->type->name);
        return -1;
    }
    bool shared = function->slots[index].flags & GL_EXTERNAL;      /* C wakes those who are waiting in it */
    if (object->busy > 1 && !shared) gl_reap_moment();      /* what used it may be about to be destroyed */
    if (object->busy > 1 && !shared) let_others_return(object);
    if (object->busy > 1 && !shared)
    {
        PyErr_Format(PyExc_ValueError, "%s(): this %s is in use, by another call or by a handle made with it", function->name,
                     object->type->name);
        return -1;
    }
    object->claimed = call;
    if (!call->made[index]) call->made[index] = Py_NewRef(input);
    return 0;
}

static int address_in(gl_call *call, const gl_function *function, int index, PyObject *input, void *where)
{
    const gl_slot *slot = &function->slots[index];
    const gl_type *type = gl_type_of(slot->type);
    if (input == Py_None && slot->flags & GL_NULLABLE && type->kind != GL_HANDLE)
    {
        *(void **)where = NULL;
        return 0;
    }
    bool changed = (slot->role == GL_INOUT || slot->flags & GL_CONSUMES) && type->kind == GL_CUSTOM;
    if (changed && slot->flags & GL_BY_ADDRESS) return gl_from_python(call, index, slot, input, where);   /* what it points to */
    void *storage = scratch(call, index, gl_value_size(type));
    if (!storage) return -1;
    *(void **)where = storage;
    call->gives = changed;
    if (changed && type->release) call->filled |= 1u << index;
    int status = gl_from_python(call, index, slot, input, storage);
    call->gives = false;
    return status;
}

static int share(gl_call *call, int index, PyObject *input, void *where)
{
    if (!gl_as_object(input))       /* a GlobusError: C gets a reference to its object, which is taken back if C is not called */
    {
        void *object = *(void **)where;
        if (!(call->made[index] = PyCapsule_New(object, gl_reference, NULL))) return -1;
        globus_object_reference(object);
        return 0;
    }
    if (gl_share(gl_shared_with(call, (gl_object *)input), (gl_object *)input) < 0) return -1;
    call->made[index] = Py_NewRef(input);
    return 0;
}

/* C gets a copy that stays. */
static int string_forever(const char **where)
{
    if (!*where) return 0;
    PyObject *bytes = PyBytes_FromString(*where), *kept = bytes ? gl_forever(bytes) : NULL;
    Py_XDECREF(bytes);
    if (kept) *where = PyBytes_AsString(kept);
    return kept ? 0 : -1;
}

/* Some C functions take a handle for one of their own kind without looking. One that came from a callback was never made here. */
static int made_by(const gl_function *function, const gl_slot *slot, PyObject *input)
{
    const gl_object *object = gl_as_object(input);
    const char *maker = object && object->maker ? object->maker->name : NULL;
    if (!object || (maker ? strcmp(maker, slot->maker) == 0 : slot->flags & GL_LENT)) return 0;
    PyErr_Format(PyExc_ValueError, "%s(): this %s was made by %s(), not by %s()", function->name, object->type->name,
                 maker ? maker : "the library", slot->maker);
    return -1;
}

int gl_in(gl_call *call, const gl_function *function, int index, PyObject *input, PyObject *args, void *where)
{
    gl_call_set_function(call, function);
    call->where[index] = where;
    const gl_slot *slot = &function->slots[index];
    int status;
    switch ((gl_role)slot->role)
    {
        case GL_READ: case GL_WRITE: return buffer_in(call, function, index, input, where);
        case GL_IOVEC: return vector_in(call, function, index, input, where);
        case GL_ARRAY: return array_in(call, function, index, input, where);
        case GL_CALL: return callback_in(call, function, index, input, args, where);
        case GL_CALL_ARG: return callback_argument_in(call, slot, input, where);
        case GL_BY_VALUE: return by_value_in(call, index, slot, input, where);
        case GL_IN_POINTER: case GL_INOUT: status = address_in(call, function, index, input, where); break;
        default: status = gl_from_python(call, index, slot, input, where); break;
    }
    if (status == 0 && slot->maker) status = made_by(function, slot, input);
    if (status == 0 && claims(slot, input)) status = claim(call, function, index, input);
    if (status == 0 && slot->flags & (GL_CONSUMES | GL_KEEPS | GL_HOLDS | GL_GIVEN | GL_FOREVER) && !call->made[index])
        call->made[index] = Py_NewRef(input);
    if (status == 0 && slot->flags & GL_FOREVER && gl_type_of(slot->type)->kind == GL_STRING)
        status = string_forever(where);
    if (status == 0 && slot->flags & GL_SHARED && input != Py_None) status = share(call, index, input, where);
    if (status == 0 && gl_slot_gives(slot, input)) status = gl_give(input);      /* before the call: C may pass it on at once */
    return status;
}

/* ---- parameters that are no Python arguments ------------------------------------------------------------------------------- */

static int deferred_prepare(gl_call *call, const gl_slot *slot, int index, void *where)
{
    PyObject *deferred = gl_deferred_new(slot);
    if (!deferred) return -1;
    call->made[index] = deferred;
    *(void **)where = gl_deferred_value(deferred);
    return 0;
}

int gl_prepare(gl_call *call, const gl_function *function, int index, void *where)
{
    gl_call_set_function(call, function);
    call->where[index] = where;
    const gl_slot *slot = &function->slots[index];
    const gl_type *type = gl_type_of(slot->type);
    switch ((gl_role)slot->role)
    {
        case GL_LENGTH:     /* an output length has storage; an input length is stored with its buffer */
            if (slot->flags & GL_BY_ADDRESS)
            {
                int owner = slot->partner;
                if (owner >= 0 && function->slots[owner].role == GL_DEFERRED && call->made[owner])
                    return (*(void **)where = gl_deferred_length(call->made[owner])) ? 0 : -1;
                bool is_capacity = owner >= 0 && function->slots[owner].role == GL_OUT_ARRAY;
                call->storage[index].integer = is_capacity ? function->slots[owner].extent : 0;
                *(void **)where = &call->storage[index];
            }
            else memset(where, 0, type->size);
            return 0;
        case GL_OUT:
            if (slot->flags & GL_BY_ADDRESS && type->kind == GL_CUSTOM) return type->from_python(call, NULL, where);
            if (slot->flags & GL_BY_ADDRESS)
            {
                if (!(call->made[index] = gl_object_box(slot->type))) return -1;
                *(void **)where = ((gl_object *)call->made[index])->pointer;
                return 0;
            }
            if (type->kind == GL_CUSTOM && type->release && slot->flags & GL_OWNED) call->filled |= 1u << index;
            return (*(void **)where = scratch(call, index, gl_value_size(type))) ? 0 : -1;
        case GL_ARRAY_OUT: case GL_BYTES_OUT: *(void **)where = &call->storage[index]; return 0;
        case GL_DEFERRED: return deferred_prepare(call, slot, index, where);
        case GL_CHARS_OUT: return (*(void **)where = gl_allocate_array(call, slot->extent, 1)) ? 0 : -1;
        case GL_OUT_ARRAY:
            return (*(void **)where = gl_allocate_array(call, slot->extent, gl_element_size(slot))) ? 0 : -1;
        default: memset(where, 0, gl_value_size(type)); return 0;
    }
}
