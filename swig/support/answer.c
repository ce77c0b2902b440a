/* What C gets from a callback: the return value, and what it wants stored at addresses. */
#include "closure.h"

#include <globus_common.h>
#include <stdlib.h>
#include <string.h>

static void store_integer_result(const gl_type *type, void *result, long long value)
{
    if (type->is_signed) *(ffi_sarg *)result = (ffi_sarg)value;
    else *(ffi_arg *)result = (ffi_arg)value;
}

void gl_answer_refuse(const gl_function *signature, void **arguments, void *result, uint32_t failure)
{
    const gl_type *type = gl_type_of(signature->result.type);
    for (int i = 0; i < signature->count; ++i)
    {
        const gl_slot *slot = &signature->slots[i];
        gl_kind kind = gl_type_of(slot->type)->kind;
        void *address = slot->role == GL_OUT ? *(void **)arguments[i] : NULL;
        if (address && kind == GL_RESULT) *(uint32_t *)address = failure;
        else if (address && (kind == GL_INTEGER || kind == GL_DATA)) memset(address, 0, gl_value_size(gl_type_of(slot->type)));
    }
    switch (type->kind)
    {
        case GL_VOID: break;
        case GL_RESULT: *(ffi_arg *)result = failure; break;
        case GL_BOOL: case GL_INTEGER: case GL_ENUM: case GL_STATUS:
            store_integer_result(type, result, signature->refuse);
            break;
        default: *(void **)result = NULL; break;
    }
}

/* C takes over the object that a callback returns. */
static bool is_counted(const gl_type *type)
{
    return type->kind == GL_HANDLE && strcmp(type->name, "globus_object_t") == 0;
}

static int store_answer(const gl_slot *slot, PyObject *answer, void *address, bool widened)
{
    const gl_type *type = gl_type_of(slot->type);
    gl_call frame, *call = gl_call_begin(&frame);
    char *value = gl_allocate(call, gl_value_size(type));
    call->gives = type->kind == GL_CUSTOM;
    int status = value ? gl_from_python(call, -1, slot, answer, value) : -1;
    if (status == 0)
    {
        size_t size = gl_value_size(type);
        if (type->kind == GL_STRING)        /* C frees it */
        {
            char *text = *(char **)value;
            text = text ? strdup(text) : NULL;
            memcpy(address, &text, sizeof text);
        }
        else if (is_counted(type) && widened)
        {
            if (*(void **)value) globus_object_reference(*(globus_object_t **)value);
            memcpy(address, value, size);
        }
        else if (type->kind == GL_DATA)
        {
            if (!(slot->flags & (GL_GIVEN | GL_HOLDS))) Py_INCREF(answer);
            else if (slot->flags & GL_GIVEN && !PyLong_CheckExact(answer)) status = gl_give(answer);
            memcpy(address, value, size);
        }
        else if (widened && size < sizeof(ffi_arg))
        {
            long long number = 0;
            if (type->is_signed && size == 4) number = *(int32_t *)value;
            else memcpy(&number, value, size);
            store_integer_result(type, address, number);
        }
        else memcpy(address, value, size);
    }
    gl_end(call);
    return status;
}

/* Bytes that C will free. */
static int store_bytes(PyObject *answer, void **address, size_t *length)
{
    gl_pin *pin = gl_pin_new(answer, false);
    if (!pin) return -1;
    *address = malloc(pin->view.len ? (size_t)pin->view.len : 1);
    if (*address) memcpy(*address, pin->view.buf, (size_t)pin->view.len);
    else PyErr_NoMemory();
    *length = (size_t)pin->view.len;
    gl_pins_release(pin);
    return *address ? 0 : -1;
}

/* Characters for an array of C's; the result is their number where C wants that. */
static int store_characters(const gl_function *signature, PyObject *answer, char *address, size_t room, void *result)
{
    const char *text;
    gl_call frame, *call = gl_call_begin(&frame);
    int status = gl_string_from_python(call, -1, answer, false, &text);
    size_t length = status == 0 ? strlen(text) : 0;
    if (length > room)
    {
        PyErr_Format(PyExc_ValueError, "%s: C has room for %zu bytes", signature->name, room);
        status = -1;
    }
    else if (status == 0) memcpy(address, text, length);
    if (status == 0 && length < room) address[length] = '\0';
    if (status == 0 && signature->result.role == GL_LENGTH)
        store_integer_result(gl_type_of(signature->result.type), result, (long long)length);
    gl_end(call);
    return status;
}

static int store_output(const gl_function *signature, int index, PyObject *answer, void **arguments, void *result)
{
    const gl_slot *slot = &signature->slots[index];
    void *address = *(void **)arguments[index];
    if (slot->role == GL_BYTES_OUT) return store_bytes(answer, address, *(size_t **)arguments[slot->partner]);
    if (slot->role == GL_CHARS_OUT)
        return store_characters(signature, answer, address, gl_argument_length(signature, slot->partner, arguments), result);
    return store_answer(slot, answer, address, false);
}

/* None is success; a number is the status, without outputs. */
static int store_status(const gl_function *signature, PyObject *answer, int outputs, void *result)
{
    store_integer_result(gl_type_of(signature->result.type), result, 0);
    if (answer == Py_None && !outputs) return 1;
    if (!PyLong_Check(answer)) return 0;
    long status = PyLong_AsLong(answer);
    if (PyErr_Occurred()) return -1;
    store_integer_result(gl_type_of(signature->result.type), result, status);
    return status || !outputs;
}

/* The callable returns the C return value, then what C wants stored at its output addresses. */
int gl_answer_store(const gl_function *signature, PyObject *answer, void **arguments, void *result)
{
    int outputs = 0;
    const gl_type *type = gl_type_of(signature->result.type);
    bool returns = type->kind != GL_VOID && type->kind != GL_RESULT && type->kind != GL_STATUS && signature->result.role == GL_IN;
    for (int i = 0; i < signature->count; ++i) outputs += gl_is_answer(&signature->slots[i]);
    if (type->kind == GL_STATUS)
    {
        int done = store_status(signature, answer, outputs, result);
        if (done || !outputs) return done < 0 ? -1 : done ? 0 : store_answer(&signature->result, answer, result, true);
    }
    if (type->kind == GL_RESULT && !outputs) return store_answer(&signature->result, answer, result, true);
    if (type->kind == GL_RESULT) *(ffi_arg *)result = GLOBUS_SUCCESS;
    if (!outputs) return returns ? store_answer(&signature->result, answer, result, true) : 0;
    int wanted = outputs + returns, next = 0;
    PyObject *tuple = wanted == 1 ? PyTuple_Pack(1, answer) : PySequence_Tuple(answer);
    if (!tuple) return -1;
    int status = 0;
    if (PyTuple_Size(tuple) != wanted)
    {
        PyErr_Format(PyExc_TypeError, "%s must return %d values", signature->name, wanted);
        status = -1;
    }
    if (status == 0 && returns) status = store_answer(&signature->result, PyTuple_GetItem(tuple, next++), result, true);
    for (int i = 0; status == 0 && i < signature->count; ++i)
        if (gl_is_answer(&signature->slots[i]))
            status = store_output(signature, i, PyTuple_GetItem(tuple, next++), arguments, result);
    Py_DECREF(tuple);
    return status;
}
