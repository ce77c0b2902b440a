/* Fields of structs, as attributes.
 *
 * A struct that Python made can be filled: what a field points to (strings, arrays, callables, other objects) lives as
 * long as the struct. A struct of the library can only be read, for the library frees what it points to. */
#include "gl.h"

#include <stdlib.h>
#include <string.h>

gl_object *gl_object_root(gl_object *object)
{
    while (object->parent) object = object->parent;
    return object;
}

static char *address_of(const gl_object *object, const gl_field *field)
{
    return (char *)object->pointer + field->offset;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static PyObject *key_of(const void *address)
{
    return PyLong_FromVoidPtr((void *)address);
}

/* What Python stored at an address of this struct, borrowed; or NULL. */
static PyObject *kept(gl_object *object, const void *address)
{
    gl_object *root = gl_object_root(object);
    PyObject *key = root->keep ? key_of(address) : NULL;
    PyObject *known = key ? PyDict_GetItemWithError(root->keep, key) : NULL;
    Py_XDECREF(key);
    return known;
}

static PyObject *data(gl_object *object, const gl_field *field, const char *address)
{
    PyObject *known = kept(object, address);
    if (known && field->slot->flags & GL_GIVEN) known = PyTuple_GetItem(known, 0);
    return known ? Py_NewRef(known) : PyErr_Occurred() ? NULL : gl_given(*(void *const *)address);
}

static PyObject *element(gl_object *object, const gl_field *field, char *address, bool is_inside)
{
    gl_type *type = gl_type_of(field->slot->type);
    if (is_inside) return gl_object_inside(type, address, object);
    if (type->kind == GL_BOX) return gl_object_borrow(type, *(void **)address, object);
    if (type->kind == GL_DATA) return data(object, field, address);
    if (field->fallback && *(void **)address == field->fallback) Py_RETURN_NONE;
    return gl_to_python(field->slot, address);
}

static PyObject *elements(gl_object *object, const gl_field *field, char *address, size_t count, bool is_inside)
{
    const gl_type *type = gl_type_of(field->slot->type);
    size_t step = is_inside ? type->size : gl_value_size(type);
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple && i < count; ++i)
    {
        PyObject *item = element(object, field, address + i * step, is_inside);
        if (!item || PyTuple_SetItem(tuple, (Py_ssize_t)i, item) < 0) Py_CLEAR(tuple);
    }
    return tuple;
}

static const gl_field *counter_of(const gl_object *object, const gl_field *field)
{
    return field->slot->partner >= 0 ? &object->type->fields[field->slot->partner] : NULL;
}

static PyObject *counted(gl_object *object, const gl_field *field, char *address)
{
    PyObject *known = kept(object, address);
    if (known) return Py_XNewRef(PyTuple_GetItem(known, 1));      /* it comes back as it was stored */
    if (PyErr_Occurred()) return NULL;
    char *array = *(char **)address;
    const gl_field *counter = counter_of(object, field);
    size_t count = array ? gl_length_at(counter->slot->type, address_of(object, counter)) : 0;
    if (field->slot->role == GL_READ) return PyBytes_FromStringAndSize(array, (Py_ssize_t)count);
    return elements(object, field, array, count, field->slot->flags & GL_INLINE);
}

static int is_present(const gl_object *object, const gl_field *field)
{
    if (!field->present || field->present(object->pointer)) return 1;
    PyErr_Format(PyExc_AttributeError, "%s.%s is not the member that is set", object->type->name, field->name);
    return 0;
}

static PyObject *field_get(PyObject *self, void *closure)
{
    gl_object *object = (gl_object *)self;
    const gl_field *field = closure;
    if (gl_object_usable(object) < 0 || !is_present(object, field)) return NULL;
    char *address = address_of(object, field);
    const gl_type *type = gl_type_of(field->slot->type);
    bool is_inside = type->kind == GL_BOX && field->slot->role == GL_BY_VALUE;
    if (object->type->is_malloced && gl_object_root(object)->busy)
        return PyErr_Format(PyExc_ValueError, "%s.%s cannot be read: a call is using it", object->type->name, field->name);
    if (object->type->is_malloced && type->kind == GL_BOX && !is_inside && field->slot->partner < 0)
        return gl_content_get(field, address);
    if (field->slot->partner >= 0) return counted(object, field, address);
    if (!field->count) return element(object, field, address, is_inside);
    if (type->kind == GL_CHAR)
        return PyUnicode_DecodeUTF8(address, (Py_ssize_t)strnlen(address, field->count), "surrogateescape");
    return elements(object, field, address, field->count, is_inside);
}

/* ---- writing -------------------------------------------------------------------------------------------------------- */

static int set_characters(const gl_field *field, char *address, PyObject *value)
{
    const char *text;
    gl_call frame, *call = gl_call_begin(&frame);
    if (gl_string_from_python(call, -1, value, false, &text) < 0) return -1;
    size_t length = strlen(text);
    int status = 0;
    if (length >= field->count)
    {
        PyErr_Format(PyExc_ValueError, "%s holds at most %zu bytes", field->name, field->count - 1);
        status = -1;
    }
    else memcpy(address, text, length + 1);
    gl_end(call);
    return status;
}

static int set_numbers(const gl_field *field, char *address, PyObject *value)
{
    const gl_type *type = gl_type_of(field->slot->type);
    Py_ssize_t size = PySequence_Size(value);
    if (size < 0) return -1;
    if ((size_t)size != field->count)
    {
        PyErr_Format(PyExc_ValueError, "%s takes %zu values", field->name, field->count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < size; ++i)
    {
        PyObject *item = PySequence_GetItem(value, i);
        int status = item ? gl_number_from_python(type, item, address + (size_t)i * type->size) : -1;
        Py_XDECREF(item);
        if (status < 0) return -1;
    }
    return 0;
}

static void free_capsule(PyObject *capsule)
{
    free(PyCapsule_GetPointer(capsule, NULL));
}

/* The C array of `values`. What its elements point to is appended to `held`. */
static PyObject *make_array(const gl_field *field, PyObject *values, PyObject *held)
{
    const gl_type *type = gl_type_of(field->slot->type);
    bool is_inline = field->slot->flags & GL_INLINE;
    size_t step = is_inline ? type->size : gl_value_size(type), count = (size_t)PyTuple_Size(values);
    char *array = calloc(count + 1, step);
    PyObject *capsule = array ? PyCapsule_New(array, NULL, free_capsule) : PyErr_NoMemory();
    if (!capsule) free(array);
    gl_slot slot = *field->slot;
    slot.role = GL_IN;
    slot.partner = -1;
    for (size_t i = 0; capsule && i < count; ++i)
    {
        gl_call frame, *call = gl_call_begin(&frame);
        PyObject *value = PyTuple_GetItem(values, (Py_ssize_t)i);
        int status = is_inline ? gl_object_check(value, type) ? gl_object_copy_into(call, value, array + i * step)
                                                              : gl_bad_argument(call, -1, type->name, value)
                               : gl_from_python(call, -1, &slot, value, array + i * step);
        for (int h = 0; status == 0 && h < call->held_count; ++h) status = PyList_Append(held, call->held[h]);
        gl_end(call);
        if (status < 0) Py_CLEAR(capsule);
    }
    return capsule;
}

static int set_counted(gl_object *object, const gl_field *field, char *address, PyObject *value, PyObject **keep)
{
    const gl_field *counter = counter_of(object, field);
    if (field->slot->role == GL_READ) return gl_bad_argument(&(gl_call){0}, -1, "nothing: it can only be read", value);
    if (PyUnicode_Check(value) || PyBytes_Check(value)) return gl_bad_argument(&(gl_call){0}, -1, "a sequence", value);
    PyObject *values = PySequence_Tuple(value), *held = PyList_New(0);
    PyObject *capsule = values && held ? make_array(field, values, held) : NULL;
    PyObject *count = capsule ? PyLong_FromSsize_t(PyTuple_Size(values)) : NULL;
    int status = count ? gl_number_from_python(gl_type_of(counter->slot->type), count, address_of(object, counter)) : -1;
    if (status == 0)
    {
        *(void **)address = PyTuple_Size(values) ? PyCapsule_GetPointer(capsule, NULL) : NULL;
        *keep = PyTuple_Pack(3, capsule, values, held);
        if (!*keep) status = -1;
    }
    Py_XDECREF(count);
    Py_XDECREF(capsule);
    Py_XDECREF(values);
    Py_XDECREF(held);
    return status;
}

/* An object, and that C may keep it. */
static PyObject *with_gift(PyObject *value)
{
    PyObject *gift = PyLong_CheckExact(value) ? Py_NewRef(Py_None) : gl_gift(value);
    PyObject *pair = gift ? PyTuple_Pack(2, value, gift) : NULL;
    Py_XDECREF(gift);
    return pair;
}

static void free_blocks(PyObject *capsule)
{
    for (void *block = PyCapsule_GetPointer(capsule, "blocks"), *next; block; block = next)
    {
        next = *(void **)block;
        free(block);
    }
}

/* An object, and the memory that was allocated to convert it: the strings of a list. */
static PyObject *with_blocks(gl_call *call, PyObject *value)
{
    PyObject *blocks = PyCapsule_New(call->blocks, "blocks", free_blocks), *pair = blocks ? PyTuple_Pack(2, value, blocks) : NULL;
    if (blocks) call->blocks = NULL;
    Py_XDECREF(blocks);
    return pair;
}

static bool is_number(const gl_type *type)
{
    return type->kind == GL_BOOL || type->kind == GL_INTEGER || type->kind == GL_FLOAT || type->kind == GL_ENUM;
}

/* A value that a pointer or a number holds; what it points to comes back in `keep`. */
static int set_value(const gl_field *field, char *address, PyObject *value, PyObject **keep)
{
    gl_type *type = gl_type_of(field->slot->type);
    gl_call frame, *call = gl_call_begin(&frame);
    int status = 0;
    if (type->kind == GL_CALLBACK && value != Py_None)
    {
        gl_closure *made = gl_closure_new(type, value, false);
        *keep = (PyObject *)made;
        if (made) *(void **)address = gl_closure_code(made);
        return made ? 0 : -1;
    }
    if (type->kind == GL_CALLBACK)
    {
        *(void **)address = field->fallback;
        return 0;
    }
    if (type->kind == GL_STRING && value != Py_None)
    {
        const char *text;
        status = gl_string_from_python(call, -1, value, false, &text);
        if (status == 0 && !(*keep = PyBytes_FromString(text))) status = -1;
        if (status == 0) *(const char **)address = PyBytes_AsString(*keep);
    }
    else
    {
        status = gl_from_python(call, -1, field->slot, value, address);
        if (status == 0 && !is_number(type))
        {
            *keep = call->blocks ? with_blocks(call, value) : field->slot->flags & GL_GIVEN ? with_gift(value) : Py_NewRef(value);
            if (!*keep) status = -1;
        }
    }
    gl_end(call);
    return status;
}

static int is_writable(gl_object *object, const gl_field *field)
{
    const gl_object *root = gl_object_root(object);
    const char *why = NULL;
    if (!root->box || !root->type->is_plain) why = "it belongs to the library";
    else if (root->busy) why = "a call is using it";
    if (!why) return 1;
    PyErr_Format(PyExc_AttributeError, "%s.%s cannot be set: %s", object->type->name, field->name, why);
    return 0;
}

/* What the field points to now, in place of what it pointed to. */
static int keep_in_place(gl_object *root, const void *address, PyObject *keep)
{
    if (!keep && !root->keep) return 0;
    PyObject *key = key_of(address);
    int status = key ? gl_object_keep(root, key, keep ? keep : Py_None) : -1;
    Py_XDECREF(key);
    return status;
}

static int field_set(PyObject *self, PyObject *value, void *closure)
{
    gl_object *object = (gl_object *)self;
    const gl_field *field = closure;
    if (gl_object_usable(object) < 0 || !is_writable(object, field)) return -1;
    if (!value)
    {
        PyErr_Format(PyExc_TypeError, "%s.%s cannot be deleted", object->type->name, field->name);
        return -1;
    }
    char *address = address_of(object, field);
    const gl_type *type = gl_type_of(field->slot->type);
    if (field->count && type->kind == GL_CHAR) return set_characters(field, address, value);
    if (field->count && is_number(type)) return set_numbers(field, address, value);
    if (field->count || (type->kind == GL_BOX && field->slot->role == GL_BY_VALUE))
    {
        PyErr_Format(PyExc_AttributeError, "%s.%s is read-only: set what it contains", object->type->name, field->name);
        return -1;
    }
    if (object->type->is_malloced) return gl_content_set(object, field, address, value);
    PyObject *keep = NULL;
    int status = field->slot->partner >= 0 ? set_counted(object, field, address, value, &keep)
                                           : set_value(field, address, value, &keep);
    if (status == 0) status = keep_in_place(gl_object_root(object), address, keep);
    Py_XDECREF(keep);
    return status;
}

/* ---- whole structs -------------------------------------------------------------------------------------------------------- */

int gl_object_copy_into(gl_call *call, PyObject *object, void *address)
{
    gl_object *from = gl_as_object(object);
    if (gl_object_usable(from) < 0) return -1;
    gl_object *root = gl_object_root(from);
    memcpy(address, from->pointer, from->type->size);
    return root->keep ? gl_hold(call, PyDict_Copy(root->keep)) : 0;
}

static int adopt(gl_object *root, const gl_type *type, char *memory)
{
    for (const gl_field *field = type->fields; field && field->name; ++field)
    {
        gl_type *inner = gl_type_of(field->slot->type);
        char *address = memory + field->offset;
        if (inner->kind == GL_BOX && field->slot->role == GL_BY_VALUE && !field->count)
        {
            if (adopt(root, inner, address) < 0) return -1;
        }
        else if (inner->kind == GL_STRING && !field->count && *(char **)address)
        {
            char *text = *(char **)address;
            PyObject *bytes = PyBytes_FromString(text), *key = key_of(address);
            int status = bytes && key ? gl_object_keep(root, key, bytes) : -1;
            *(char **)address = status == 0 ? PyBytes_AsString(bytes) : NULL;
            free(text);
            Py_XDECREF(bytes);
            Py_XDECREF(key);
            if (status < 0) return -1;
        }
    }
    return 0;
}

int gl_object_adopt(gl_object *object)
{
    return adopt(gl_object_root(object), object->type, object->pointer);
}

void gl_object_initialize(gl_object *object)
{
    for (const gl_field *field = object->type->fields; field && field->name; ++field)
        if (field->fallback) *(void **)address_of(object, field) = field->fallback;
}

/* ---- the attributes of a type ------------------------------------------------------------------------------------------------ */

PyGetSetDef *gl_fields_getset(const gl_field *fields)
{
    size_t count = 0;
    while (fields && fields[count].name) ++count;
    PyGetSetDef *getset = calloc(count + 1, sizeof *getset);   /* lives as long as the type: for ever */
    for (size_t i = 0; getset && i < count; ++i)
    {
        getset[i].name = fields[i].name;
        getset[i].get = field_get;
        getset[i].set = field_set;
        getset[i].closure = (void *)&fields[i];
    }
    return getset;
}
