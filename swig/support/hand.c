/* Functions that are written by hand: their objects are in use while they run. What converts the other arguments, or is called
 * back, may be the user's own code, which must not destroy them. */
#include "gl.h"

static __thread gl_hand *current;

void gl_hand_begin(gl_hand *hand, PyObject *const *arguments, int count)
{
    *hand = (gl_hand){.count = count, .outer = current};
    for (int i = 0; i < count; ++i)
    {
        gl_object *object = gl_as_object(arguments[i]);
        if (!object) continue;
        hand->objects[i] = (gl_object *)Py_NewRef(arguments[i]);
        gl_object_use(object, 1);
    }
    current = hand;
}

void gl_hand_end(gl_hand *hand)
{
    current = hand->outer;
    for (int i = 0; i < hand->count; ++i)
    {
        if (!hand->objects[i]) continue;
        gl_object_use(hand->objects[i], -1);
        Py_DECREF((PyObject *)hand->objects[i]);
    }
}

int gl_hand_others(const gl_object *object)
{
    int others = object->busy;
    for (int i = 0; current && i < current->count; ++i) others -= current->objects[i] == object;
    return others;
}
