/* Callbacks: what the files share that run them (closure.c), give C their answer (answer.c) and make the machine code that C
 * calls (thunk.c). */
#ifndef CLOSURE_H
#define CLOSURE_H

#include "gl.h"

#include <ffi.h>

enum { GL_MAX_ARGUMENTS = 20 };

typedef struct gl_thunk
{
    gl_closure      *closure;     /* guarded by the GIL */
    unsigned         generation;  /* how many closures it has belonged to; read without the GIL */
    gl_type         *type;
    ffi_closure     *writable;
    void            *code;
    struct gl_thunk *next;        /* of those in reserve */
    struct gl_thunk *older;       /* of all */
} gl_thunk;

gl_thunk *gl_thunk_new(gl_type *type);
void      gl_thunk_retire(gl_thunk *thunk);                             /* its closure is gone */
gl_thunk *gl_thunk_of(gl_type *type, const void *code);

/* What a thunk calls. */
void gl_closure_invoke(ffi_cif *cif, void *result, void **arguments, void *thunk);

/* What the callable gives C: it is no argument. */
static inline bool gl_is_answer(const gl_slot *slot)
{
    return slot->role == GL_OUT || slot->role == GL_BYTES_OUT || slot->role == GL_CHARS_OUT;
}

static inline bool gl_is_argument(const gl_slot *slot)
{
    return !gl_is_answer(slot) && !(slot->role == GL_LENGTH && slot->flags & GL_BY_ADDRESS);
}

static inline size_t gl_argument_length(const gl_function *signature, int index, void **arguments)
{
    return index < 0 ? 0 : gl_length_at(signature->slots[index].type, arguments[index]);
}

/* Stores what the callable returned where C wants it. 0, or -1 with an exception. */
int  gl_answer_store(const gl_function *signature, PyObject *answer, void **arguments, void *result);
void gl_answer_refuse(const gl_function *signature, void **arguments, void *result, uint32_t failure);    /* without the GIL as well */

#endif
