/* One wrapped call: what the files share that take its arguments (argument.c), give its outputs (output.c) and see to what C
 * goes on using (commit.c). The frame itself is in call.c. */
#ifndef CALL_H
#define CALL_H

#include "gl.h"

static const char gl_reference[] = "globus_object_t reference";     /* of a capsule that stands among what the call has made */

/* Clears the places of its slots. */
static inline void gl_call_set_function(gl_call *call, const gl_function *function)
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

/* The callback that holds what C uses until it has run, or NULL. */
static inline gl_closure *gl_call_holder(gl_call *call)
{
    return call->closure_count && call->closures[0]->holds ? call->closures[0] : NULL;
}

/* An object that C keeps until a callback gives it back. A number is none, but C's own. */
static inline bool gl_slot_gives(const gl_slot *slot, PyObject *input)
{
    return slot->flags & GL_GIVEN && slot->role == GL_IN && input && !PyLong_CheckExact(input);
}

static inline size_t gl_element_size(const gl_slot *slot)
{
    const gl_type *type = gl_type_of(slot->type);
    return slot->flags & GL_INLINE ? type->size : gl_value_size(type);
}

/* The object that `object` is stored in: the first argument, an object like it. NULL where that is still to be made, or is the
 * one of an exception. */
static inline gl_object *gl_shared_with(const gl_call *call, const gl_object *object)
{
    const gl_slot *first = &call->function->slots[0];
    bool is_owner = gl_type_of(first->type) == object->type && !(first->flags & GL_SHARED) && call->busy_count > 1;
    return is_owner ? call->busy[0] : NULL;
}

/* The output that is a handle, whose Python object may not exist before the output is converted. */
static inline bool gl_is_new_handle(const gl_slot *slot)
{
    bool out = (slot->role == GL_OUT || slot->role == GL_INOUT) && slot->flags & GL_OWNED && !(slot->flags & GL_BY_ADDRESS);
    return out && gl_type_of(slot->type)->kind == GL_HANDLE;
}

/* What the call took, and C goes on using, lives as long as the handle that uses it, or until the callback has run. */
void gl_call_keep(gl_call *call);

#endif
