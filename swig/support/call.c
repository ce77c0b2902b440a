/* The frame of one wrapped call: arguments in, outputs out, and what happens to all of it afterwards. */
#include "gl.h"

#include <globus_common.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the frame -------------------------------------------------------------------------------------------------- */

/* Clears the places of its slots. */
static void set_function(gl_call *call, const gl_function *function)
{
    if (call->function == function) return;
    call->function = function;
    for (int i = 0; i < function->count; ++i)
    {
        call->where[i] = NULL;
        call->storage[i] = (gl_storage){.bytes = {0}};
        call->made[i] = NULL;
    }
}

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

/* The callback that holds what C uses until it has run, or NULL. */
static gl_closure *holder(gl_call *call)
{
    return call->closure_count && call->closures[0]->holds ? call->closures[0] : NULL;
}

void *gl_allocate(gl_call *call, size_t size)
{
    gl_closure *closure = holder(call);
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

/* Nobody else may use a handle while C may destroy it. */
static bool claims(const gl_slot *slot, PyObject *input)
{
    bool may_destroy = slot->flags & GL_CONSUMES || (slot->role == GL_INOUT && gl_type_of(slot->type)->kind == GL_HANDLE);
    return may_destroy && input != Py_None && gl_as_object(input);
}

/* An object that C keeps until a callback gives it back. A number is none, but C's own. */
static bool is_gift(const gl_slot *slot, PyObject *input)
{
    return slot->flags & GL_GIVEN && slot->role == GL_IN && input && !PyLong_CheckExact(input);
}

static const char reference[] = "globus_object_t reference";

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
    if (!kept && is_gift(slot, made)) gl_take(made);
    if (!call->committed && object && slot->flags & GL_SHARED) gl_unshare(object->pointer);
    if (!call->called && PyCapsule_IsValid(made, reference)) globus_object_free(PyCapsule_GetPointer(made, reference));
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

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

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
    if (closure != holder(call)) return 0;
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
    gl_closure *closure = holder(call);
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

static size_t element_size(const gl_slot *slot)
{
    const gl_type *type = gl_type_of(slot->type);
    return slot->flags & GL_INLINE ? type->size : gl_value_size(type);
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
    size_t step = element_size(slot);
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

/* The object that `object` is stored in: the first argument, an object like it. NULL where that is still to be made, or is the
 * one of an exception. */
static gl_object *shared_with(const gl_call *call, const gl_object *object)
{
    const gl_slot *first = &call->function->slots[0];
    bool is_owner = gl_type_of(first->type) == object->type && !(first->flags & GL_SHARED) && call->busy_count > 1;
    return is_owner ? call->busy[0] : NULL;
}

static int share(gl_call *call, int index, PyObject *input, void *where)
{
    if (!gl_as_object(input))       /* a GlobusError: C gets a reference to its object, which is taken back if C is not called */
    {
        void *object = *(void **)where;
        if (!(call->made[index] = PyCapsule_New(object, reference, NULL))) return -1;
        globus_object_reference(object);
        return 0;
    }
    if (gl_share(shared_with(call, (gl_object *)input), (gl_object *)input) < 0) return -1;
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
    set_function(call, function);
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
    if (status == 0 && is_gift(slot, input)) status = gl_give(input);      /* before the call: C may pass it on at once */
    return status;
}

/* ---- outputs ------------------------------------------------------------------------------------------------------------ */

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
    set_function(call, function);
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
            return (*(void **)where = gl_allocate_array(call, slot->extent, element_size(slot))) ? 0 : -1;
        default: memset(where, 0, gl_value_size(type)); return 0;
    }
}

static size_t output_length(gl_call *call, const gl_function *function, int index)
{
    return gl_length_at(function->slots[index].type, &call->storage[index]);
}

static void free_output(const gl_slot *slot, void *pointer)
{
    if (slot->flags & (GL_FREE | GL_OPENSSL_FREE)) free(pointer);   /* OPENSSL_free() is free() unless replaced */
}

static PyObject *element_output(const gl_slot *slot, const char *address)
{
    if (!(slot->flags & GL_INLINE)) return gl_to_python(slot, address);
    gl_object *copy = (gl_object *)gl_object_box(slot->type);
    if (copy) memcpy(copy->pointer, address, copy->type->size);
    return (PyObject *)copy;
}

/* How many elements C says there are: at an address, or as a value that was passed. */
static size_t element_count(gl_call *call, const gl_function *function, const gl_slot *slot)
{
    if (slot->partner < 0) return (size_t)slot->extent;
    if (slot->role != GL_OUT_ARRAY) return gl_length_at(function->slots[slot->partner].type, call->where[slot->partner]);
    size_t count = output_length(call, function, slot->partner), room = (size_t)slot->extent;
    return count < room ? count : room;      /* some functions tell how much room they would have wanted */
}

static PyObject *array_output(gl_call *call, const gl_function *function, int index)
{
    const gl_slot *slot = &function->slots[index];
    const char *array = *(void **)call->where[index];
    size_t count = array ? element_count(call, function, slot) : 0;
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple && i < count; ++i)
    {
        PyObject *item = element_output(slot, array + i * element_size(slot));
        if (!item || PyTuple_SetItem(tuple, (Py_ssize_t)i, item) < 0) Py_CLEAR(tuple);
    }
    return tuple;
}

static bool is_end(const gl_slot *slot, const char *element)
{
    const gl_type *type = gl_type_of(slot->type);
    size_t size = gl_value_size(type);
    long value = size == 4 ? *(const int32_t *)element : *(const int64_t *)element;
    return value == slot->extent;
}

static PyObject *allocated_array_output(gl_call *call, const gl_function *function, int index)
{
    const gl_slot *slot = &function->slots[index];
    char *array = *(char **)*(void **)call->where[index];
    size_t step = gl_value_size(gl_type_of(slot->type)), count = slot->partner >= 0 ? output_length(call, function, slot->partner) : SIZE_MAX;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && array && i < count && (slot->partner >= 0 || !is_end(slot, array + i * step)); ++i)
    {
        PyObject *item = gl_to_python(slot, array + i * step);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    free_output(slot, array);
    return list;
}

static PyObject *own(PyObject *object, const gl_slot *slot)
{
    gl_object *made = object && object != Py_None ? gl_as_object(object) : NULL;
    if (made && slot->flags & GL_OWNED) made->owned = true;
    return object;
}

/* An in-out handle: the same object unless C stored another pointer. */
static PyObject *inout_output(gl_call *call, const gl_slot *slot, int index)
{
    PyObject *input = call->made[index];
    void *pointer = *(void **)*(void **)call->where[index];
    gl_object *object = input ? gl_as_object(input) : NULL;
    if (object) object->claimed = NULL;
    if (object && object->pointer == pointer) return Py_NewRef(input);
    if (object) gl_object_close(object);
    return gl_object_new(slot->type, pointer, slot->flags & GL_OWNED);
}

/* What belongs to the first object of the call. */
static bool is_borrowed(const gl_call *call, const gl_slot *slot)
{
    gl_kind kind = gl_type_of(slot->type)->kind;
    return (kind == GL_HANDLE || kind == GL_BOX) && !(slot->flags & GL_OWNED) && call->busy_count;
}

static void keep_all(gl_call *call);

/* The output that is a handle, whose Python object may not exist before the output is converted. */
static bool is_new_handle(const gl_slot *slot)
{
    bool out = (slot->role == GL_OUT || slot->role == GL_INOUT) && slot->flags & GL_OWNED && !(slot->flags & GL_BY_ADDRESS);
    return out && gl_type_of(slot->type)->kind == GL_HANDLE;
}

/* The new handle exists: what the call took can be kept by it. */
static PyObject *made_output(gl_call *call, int index, PyObject *result)
{
    if (!result) return NULL;
    PyObject *before = call->made[index];
    call->made[index] = Py_NewRef(result);
    Py_XDECREF(before);
    keep_all(call);
    return result;
}

static PyObject *output(gl_call *call, const gl_function *function, int index)
{
    const gl_slot *slot = &function->slots[index];
    const gl_type *type = gl_type_of(slot->type);
    void *storage = *(void **)call->where[index];
    switch ((gl_role)slot->role)
    {
        case GL_BYTES_OUT:
        {
            void *bytes = *(void **)storage;
            if (!bytes && slot->flags & GL_NULLABLE) Py_RETURN_NONE;
            PyObject *result = PyBytes_FromStringAndSize(
                bytes, bytes ? (Py_ssize_t)output_length(call, function, slot->partner) : 0);
            free_output(slot, bytes);
            return result;
        }
        case GL_DEFERRED: return Py_NewRef(call->made[index]);
        case GL_CHARS_OUT: return gl_string_to_python(storage);
        case GL_LENGTH: return PyLong_FromSize_t(output_length(call, function, index));
        case GL_OUT_ARRAY: case GL_ARRAY: return array_output(call, function, index);
        case GL_ARRAY_OUT: return allocated_array_output(call, function, index);
        case GL_INOUT:
            if (type->kind == GL_HANDLE) return made_output(call, index, inout_output(call, slot, index));
            if (type->kind != GL_CUSTOM) return gl_to_python(slot, storage);
            break;
        default: break;
    }
    if (slot->flags & GL_BY_ADDRESS && type->kind == GL_CUSTOM) return gl_to_python(slot, call->where[index]);
    if (slot->flags & GL_BY_ADDRESS)
    {
        if (slot->flags & GL_FREE && gl_object_adopt((gl_object *)call->made[index]) < 0) return NULL;
        ((gl_object *)call->made[index])->maker = function;
        return own(Py_NewRef(call->made[index]), slot);
    }
    if (type->kind == GL_RESULT && !(slot->flags & GL_OWNED)) return gl_error_peek(*(uint32_t *)storage);
    PyObject *result = is_borrowed(call, slot) ? gl_object_borrow(slot->type, *(void **)storage, call->busy[0])
                                               : gl_to_python(slot, storage);
    if (is_new_handle(slot)) made_output(call, index, result);
    gl_object *made = result && slot->flags & GL_OWNED ? gl_as_object(result) : NULL;
    if (made && !made->maker) made->maker = function;
    if (type->kind == GL_STRING) free_output(slot, *(void **)storage);
    if (type->kind == GL_STRINGS && slot->flags & GL_FREE)
    {
        char **list = *(char ***)storage;
        for (char **item = list; item && *item; ++item) free(*item);
        free(list);
    }
    if (call->filled & 1u << index) type->release(storage);
    call->filled &= ~(1u << index);
    return result;
}

static PyObject *append(gl_call *call, PyObject *result, PyObject *item)
{
    if (!item)
    {
        Py_XDECREF(result);
        return NULL;
    }
    if (call->outputs++ == 0)
    {
        Py_XDECREF(result);
        return item;
    }
    Py_ssize_t size = call->outputs == 2 ? 1 : PyTuple_Size(result);
    PyObject *tuple = PyTuple_New(size + 1);
    for (Py_ssize_t i = 0; tuple && i < size; ++i)
        PyTuple_SetItem(tuple, i, Py_NewRef(call->outputs == 2 ? result : PyTuple_GetItem(result, i)));
    if (tuple) PyTuple_SetItem(tuple, size, item);
    else Py_DECREF(item);
    Py_DECREF(result);
    return tuple;
}

PyObject *gl_append_output(gl_call *call, const gl_function *function, int index, PyObject *result)
{
    gl_commit(call);
    return append(call, result, output(call, function, index));
}

/* ---- after the call ------------------------------------------------------------------------------------------------------- */

static gl_object *owner_of(gl_call *call)
{
    for (int i = 0; i < call->function->count; ++i)     /* what the call made owns its callbacks */
    {
        const gl_slot *slot = &call->function->slots[i];
        if (is_new_handle(slot) || slot->role == GL_OUT)
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

/* What the call took, and C goes on using, lives as long as the handle that uses it, or until the callback has run. */
static void keep_all(gl_call *call)
{
    const gl_function *function = call->function;
    gl_lasting_keep(call, owner_of(call));
    for (int i = 0; i < function->count; ++i)
    {
        const gl_slot *slot = &function->slots[i];
        PyObject *object = call->made[i];
        bool is_kept = slot->flags & (GL_KEEPS | GL_HOLDS) && object && object != Py_None;
        gl_closure *closure = is_kept && slot->flags & GL_HOLDS ? holder(call) : NULL;
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
        later |= is_new_handle(&function->slots[i]);
    }
    bool takes = all_flags & (GL_CONSUMES | GL_KEEPS | GL_LASTING | GL_RELEASES | GL_SHARED | GL_FOREVER | GL_HOLDS);
    if (!takes && !call->closure_count) return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!later) keep_all(call);
    for (int i = 0; i < function->count; ++i)
    {
        int flags = function->slots[i].flags;
        PyObject *object = call->made[i];
        gl_object *shared = flags & GL_SHARED && object ? gl_as_object(object) : NULL, *owner = shared ? shared_with(call, shared) : NULL;
        if (owner) gl_shared(owner, shared);
        if (flags & GL_FOREVER && object && object != Py_None && !PyUnicode_Check(object)) keep_forever(object);
        if (flags & GL_CONSUMES && object && gl_as_object(object)) gl_object_close((gl_object *)object);
        if (flags & GL_RELEASES) gl_lasting_release(&function->slots[i], call->where[i]);
    }
    PyErr_Restore(type, value, traceback);
}

/* A failing GSS call may have made, replaced or deleted a context, and may have a last token for the peer: an alert. */
static void after_failure(gl_call *call, const gl_function *function, PyObject *error)
{
    for (int i = 0; i < function->count; ++i)
    {
        const gl_slot *slot = &function->slots[i];
        gl_type *type = gl_type_of(slot->type);
        if (type->kind == GL_HANDLE && (slot->role == GL_INOUT || slot->role == GL_OUT) && slot->flags & GL_OWNED)
        {
            void *pointer = *(void **)*(void **)call->where[i];
            gl_object *input = slot->role == GL_INOUT && call->made[i] ? gl_as_object(call->made[i]) : NULL;
            if (input && input->pointer == pointer && !(slot->flags & GL_FRAGILE)) continue;
            if (pointer && type->destroy) type->destroy(pointer);
            if (input) gl_object_close(input);
        }
        else if (call->filled & 1u << i && slot->role == GL_OUT && strcmp(type->name, "gss_buffer_desc") == 0)
        {
            PyObject *token = gl_to_python(slot, *(void **)call->where[i]);
            if (token && PyBytes_Size(token)) PyObject_SetAttrString(error, slot->name, token);
            Py_XDECREF(token);
        }
        else if (strcmp(slot->name, "token_status") == 0 && slot->role == GL_OUT)
        {
            PyObject *status = gl_to_python(slot, *(void **)call->where[i]);
            if (status) PyObject_SetAttrString(error, slot->name, status);
            Py_XDECREF(status);
        }
    }
}

/* The minor status is a result of its own, in the first parameter. */
static uint32_t minor_status(gl_call *call, const gl_function *function)
{
    const gl_slot *slot = &function->slots[0];
    bool has_one = function->count && slot->role == GL_OUT && gl_type_of(slot->type)->kind == GL_INTEGER;
    return has_one ? *(uint32_t *)&call->storage[0] : 0;
}

static PyObject *failure(const gl_function *function, int status)
{
    const gl_module *module = function->module;
    return module->failure ? module->failure(function, status) : gl_error_from_status(module->name, status, NULL);
}

static bool is_failure(const gl_type *type, const void *value)
{
    return gl_value_size(type) == sizeof(int) ? *(const int *)value < 0 : !*(void *const *)value;
}

PyObject *gl_return(gl_call *call, const gl_function *function, const void *value)
{
    const gl_slot *slot = &function->result;
    const gl_type *type = gl_type_of(slot->type);
    PyObject *error = NULL;
    set_function(call, function);
    call->called = true;
    if (PyErr_Occurred()) return NULL;      /* an adapter has raised */
    if (type->kind == GL_RESULT)
    {
        uint32_t result = *(const uint32_t *)value;
        if (slot->flags & GL_OWNED)     /* a result as a value */
        {
            gl_commit(call);
            return append(call, NULL, gl_error_from_result(result));
        }
        if (result) error = gl_error_from_result(result);
    }
    else if (type->kind == GL_STATUS && *(const int *)value != 0) error = failure(function, *(const int *)value);
    else if (slot->flags & GL_CHECKED && is_failure(type, value))
        error = failure(function, gl_value_size(type) == sizeof(int) ? *(const int *)value : 0);
    else if (type->kind == GL_MAJOR)
    {
        uint32_t major = *(const uint32_t *)value;
        uint32_t minor = minor_status(call, function);
        bool may_continue = slot->flags & GL_OWNED;
        if (major & 0xffff0000u || (major && !may_continue)) error = gl_error_from_major(major, minor);
        else if (may_continue) { gl_commit(call); return append(call, NULL, PyLong_FromUnsignedLong(major)); }
    }
    if (error)
    {
        if (type->kind == GL_MAJOR) after_failure(call, function, error);
        gl_raise(error);
        return NULL;
    }
    if (PyErr_Occurred()) return NULL;
    gl_commit(call);
    if (type->kind == GL_RESULT || type->kind == GL_STATUS || type->kind == GL_VOID || type->kind == GL_MAJOR)
        Py_RETURN_NONE;
    PyObject *result = is_borrowed(call, slot) ? gl_object_borrow(slot->type, *(void *const *)value, call->busy[0])
                                               : gl_to_python(slot, value);
    bool is_object = result && gl_as_object(result);
    for (int i = 0; is_object && i < function->count; ++i)     /* what was stored in a new object */
        if (function->slots[i].flags & GL_SHARED && call->made[i] && gl_as_object(call->made[i])) gl_shared((gl_object *)result, (gl_object *)call->made[i]);
    if (type->kind == GL_STRING) free_output(slot, *(void *const *)value);
    if (type->kind == GL_STRINGS && slot->flags & GL_FREE) free(*(void *const *)value);
    return append(call, NULL, result);
}
