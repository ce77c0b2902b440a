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

static gl_closure *closure_of(const gl_call *call, int index)
{
    const void *code = *(void **)call->where[index];
    for (int i = 0; code && i < call->closure_count; ++i)
        if (gl_closure_code(call->closures[i]) == code) return call->closures[i];
    return NULL;
}

static void keep(PyObject *name, gl_object *owner, gl_closure *closure)
{
    if (name && owner) gl_object_keep(owner, name, (PyObject *)closure);
    else if (name && (homeless || (homeless = PyDict_New()))) PyDict_SetItem(homeless, name, (PyObject *)closure);
    Py_XDECREF(name);
}

static void drop(PyObject *callbacks, PyObject *name)
{
    if (name && PyDict_Contains(callbacks, name) > 0) PyDict_DelItem(callbacks, name);
    Py_XDECREF(name);
}

/* One more, which replaces none. */
static bool adds(const gl_function *function)
{
    return strstr(function->name, "_add");
}

void gl_lasting_keep(gl_call *call, gl_object *owner)
{
    const gl_function *function = call->function;
    for (int i = 0, count = 0; i < function->count; ++i)
    {
        const gl_slot *slot = &function->slots[i];
        if (slot->role != GL_CALL || !(slot->flags & GL_LASTING) || slot->flags & GL_DURING) continue;
        gl_closure *closure = closure_of(call, i);
        if (closure && !owner) keep(name_by_call(call, count++), NULL, closure);
        else if (closure && adds(function)) keep(PyLong_FromVoidPtr(closure), owner, closure);
        else if (closure) keep(PyUnicode_FromFormat("%s/%s", function->name, slot->name), owner, closure);
        else if (owner && owner->keep) drop(owner->keep, PyUnicode_FromFormat("%s/%s", function->name, slot->name));
    }
}

bool gl_lasting_has(const gl_object *owner, const char *function, const char *slot)
{
    PyObject *name = owner->keep ? PyUnicode_FromFormat("%s/%s", function, slot) : NULL;
    bool has = name && PyDict_Contains(owner->keep, name) > 0;
    Py_XDECREF(name);
    return has;
}

void gl_lasting_release(const gl_slot *slot, const void *name)
{
    for (int i = 0; homeless && i < GL_MAX_CLOSURES; ++i) drop(homeless, name_of(gl_type_of(slot->type), name, i));
}
