/* Lasting callbacks: C may call them until they are unregistered. They live as long as the handle that they were registered
 * with; those that belong to no handle are kept here, by what C takes to unregister them. */
#include "gl.h"

static PyObject *homeless;      /* name -> closure */

/* One function can register several callbacks at once. */
static PyObject *name_of(const gl_type *type, const void *value, int closure)
{
    if (type->kind == GL_INTEGER) return PyUnicode_FromFormat("%d/%d", *(const int *)value, closure);
    if (type->kind == GL_STRING && *(char *const *)value) return PyUnicode_FromFormat("%s/%d", *(char *const *)value, closure);
    return NULL;
}

/* The number or string that C gives out; else the string that the program chose, for this function; else one for the function. */
static PyObject *name_by_call(const gl_call *call, int closure)
{
    const char *function = call->function->name;
    for (int i = 0; i < call->function->count; ++i)
    {
        const gl_slot *slot = &call->function->slots[i];
        const gl_type *type = gl_type_of(slot->type);
        PyObject *given = slot->role == GL_OUT ? name_of(type, *(void **)call->where[i], closure) : NULL;
        if (given || PyErr_Occurred()) return given;
        if (slot->role == GL_IN && type->kind == GL_STRING && *(char **)call->where[i])
            return PyUnicode_FromFormat("%s/%s/%d", function, *(char **)call->where[i], closure);
    }
    return PyUnicode_FromFormat("%s/%d", function, closure);
}

/* C calls it only inside this call. */
static bool is_over(const gl_call *call, const gl_closure *closure)
{
    for (int i = 0; i < call->function->count; ++i)
    {
        const gl_slot *slot = &call->function->slots[i];
        if (slot->role == GL_CALL && slot->flags & GL_DURING && *(void **)call->where[i] == gl_closure_code(closure)) return true;
    }
    return false;
}

void gl_lasting_keep(gl_call *call, gl_object *owner)
{
    bool adds = strstr(call->function->name, "_add");      /* one more, which replaces none */
    if (!owner && !homeless) homeless = PyDict_New();
    for (int i = 0; i < call->closure_count; ++i)
    {
        gl_closure *closure = call->closures[i];
        if (closure->once || closure->with_c || is_over(call, closure)) continue;
        PyObject *key = !owner ? name_by_call(call, i)
                      : adds ? PyLong_FromVoidPtr(closure) : PyUnicode_FromFormat("%s/%d", call->function->name, i);
        if (key && owner) gl_object_keep(owner, key, (PyObject *)closure);
        else if (key && homeless) PyDict_SetItem(homeless, key, (PyObject *)closure);
        Py_XDECREF(key);
    }
}

static void drop(PyObject *callbacks, PyObject *key)
{
    if (key && PyDict_Contains(callbacks, key) > 0) PyDict_DelItem(callbacks, key);
    Py_XDECREF(key);
}

void gl_lasting_forget(const gl_call *call, gl_object *owner)
{
    if (owner && owner->keep) drop(owner->keep, PyUnicode_FromFormat("%s/0", call->function->name));
}

void gl_lasting_release(const gl_slot *slot, const void *name)
{
    for (int i = 0; homeless && i < GL_MAX_CLOSURES; ++i) drop(homeless, name_of(gl_type_of(slot->type), name, i));
}
