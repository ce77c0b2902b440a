/* The machine code that C calls for a callback, made by libffi for each C function type. */
#include "closure.h"

#include <stdlib.h>

enum { THUNKS_IN_RESERVE = 64 };

typedef struct gl_thunks
{
    ffi_cif    cif;
    ffi_type  *arguments[GL_MAX_ARGUMENTS];
    gl_thunk  *first, *last;      /* in reserve */
    int        spare;
    gl_thunk  *newest;
    struct gl_thunks *older;      /* of all types */
} gl_thunks;

static gl_thunks *newest_thunks;

/* ---- C types ------------------------------------------------------------------------------------------------------ */

static ffi_type *integer_type(size_t size, bool is_signed)
{
    switch (size)
    {
        case 1: return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
        case 2: return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
        case 4: return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
        default: return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
    }
}

void *gl_ffi_type(const gl_slot *slot)
{
    const gl_type *type = gl_type_of(slot->type);
    if (slot->role != GL_IN && slot->role != GL_LENGTH) return &ffi_type_pointer;
    switch (type->kind)
    {
        case GL_VOID: return &ffi_type_void;
        case GL_FLOAT: return type->size == 4 ? &ffi_type_float : &ffi_type_double;
        case GL_BOOL: case GL_INTEGER: case GL_ENUM: case GL_STATUS: return integer_type(type->size, type->is_signed);
        case GL_CHAR: return &ffi_type_schar;
        case GL_RESULT: case GL_MAJOR: return &ffi_type_uint32;
        case GL_CUSTOM: return type->size <= 8 && type->is_plain ? integer_type(type->size, true) : &ffi_type_pointer;
        default: return &ffi_type_pointer;
    }
}

/* ---- thunks ------------------------------------------------------------------------------------------------------------- */

static gl_thunks *thunks_of(gl_type *type)
{
    if (type->thunks) return type->thunks;
    gl_thunks *thunks = calloc(1, sizeof *thunks);
    const gl_function *signature = type->signature;
    if (!thunks || signature->count > GL_MAX_ARGUMENTS) return free(thunks), NULL;
    for (int i = 0; i < signature->count; ++i) thunks->arguments[i] = gl_ffi_type(&signature->slots[i]);
    if (ffi_prep_cif(&thunks->cif, FFI_DEFAULT_ABI, (unsigned)signature->count, gl_ffi_type(&signature->result),
                     thunks->arguments) != FFI_OK)
    {
        free(thunks);
        return NULL;
    }
    thunks->older = newest_thunks;
    return type->thunks = newest_thunks = thunks;
}

gl_thunk *gl_thunk_new(gl_type *type)
{
    gl_thunks *thunks = thunks_of(type);
    if (!thunks) return NULL;
    if (thunks->spare > THUNKS_IN_RESERVE)
    {
        gl_thunk *thunk = thunks->first;
        thunks->first = thunk->next;
        --thunks->spare;
        return thunk;
    }
    gl_thunk *thunk = calloc(1, sizeof *thunk);
    if (!thunk) return NULL;
    thunk->type = type;
    thunk->writable = ffi_closure_alloc(sizeof(ffi_closure), &thunk->code);
    if (!thunk->writable
        || ffi_prep_closure_loc(thunk->writable, &thunks->cif, gl_closure_invoke, thunk, thunk->code) != FFI_OK)
    {
        if (thunk->writable) ffi_closure_free(thunk->writable);
        free(thunk);
        return NULL;
    }
    thunk->older = thunks->newest;
    return thunks->newest = thunk;
}

void gl_thunk_retire(gl_thunk *thunk)
{
    gl_thunks *thunks = thunk->type->thunks;
    thunk->closure = NULL;
    __atomic_add_fetch(&thunk->generation, 1, __ATOMIC_RELEASE);
    thunk->next = NULL;
    if (thunks->spare++) thunks->last->next = thunk;
    else thunks->first = thunk;
    thunks->last = thunk;
}

static gl_thunk *thunk_in(const gl_thunks *thunks, const void *code)
{
    gl_thunk *thunk = thunks ? thunks->newest : NULL;
    while (thunk && thunk->code != code) thunk = thunk->older;
    return thunk;
}

gl_thunk *gl_thunk_of(gl_type *type, const void *code)
{
    return thunk_in(gl_type_of(type)->thunks, code);
}

/* What a program reads back: the callable that it gave; of C's own functions the address. */
PyObject *gl_closure_callable(gl_type *type, void *code)
{
    if (!code) Py_RETURN_NONE;
    gl_thunk *thunk = gl_thunk_of(type, code);
    for (gl_thunks *other = newest_thunks; !thunk && other; other = other->older) thunk = thunk_in(other, code);     /* it was cast */
    if (!thunk) return PyLong_FromVoidPtr(code);
    return Py_NewRef(thunk->closure && thunk->closure->callable ? thunk->closure->callable : Py_None);
}
