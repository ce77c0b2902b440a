/* The outputs of one wrapped call: what Python gets for what C has stored and returned, or the exception for its failure. */
#include "call.h"

#include <stdlib.h>

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
        PyObject *item = element_output(slot, array + i * gl_element_size(slot));
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

/* The new handle exists: what the call took can be kept by it. */
static PyObject *made_output(gl_call *call, int index, PyObject *result)
{
    if (!result) return NULL;
    PyObject *before = call->made[index];
    call->made[index] = Py_NewRef(result);
    Py_XDECREF(before);
    gl_call_keep(call);
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
    if (gl_is_new_handle(slot)) made_output(call, index, result);
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

/* ---- the return value, or the failure --------------------------------------------------------------------------------------- */

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
    gl_call_set_function(call, function);
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
