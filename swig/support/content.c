/* What the fields of a struct in malloc's memory point to: C replaces and frees it, so each struct has copies of its own.
 *
 * A field that is set gets a copy; reading a pointer to other structs gives copies, which Python owns. */
#include "gl.h"

#include <stdlib.h>
#include <string.h>

typedef enum { NOTHING, CONVERTED, INSIDE, BYTES, TEXT, TEXTS, STRUCT, STRUCTS } content;

static content content_of(const gl_field *field)
{
    gl_kind kind = gl_type_of(field->slot->type)->kind;
    if (field->slot->role == GL_READ) return BYTES;
    if (field->slot->role == GL_ARRAY) return STRUCTS;
    if (kind == GL_CUSTOM) return CONVERTED;
    if (kind == GL_BOX) return field->slot->role == GL_BY_VALUE ? INSIDE : STRUCT;
    if (kind == GL_STRING && !field->count) return TEXT;
    return kind == GL_STRINGS ? TEXTS : NOTHING;
}

/* How many bytes the field points to. */
static size_t length_of(const gl_type *owner, const gl_field *field, const char *memory)
{
    const gl_field *counter = &owner->fields[field->slot->partner];
    return gl_length_at(counter->slot->type, memory + counter->offset);
}

/* ---- freeing ------------------------------------------------------------------------------------------------------------ */

/* Passphrases are among them. */
static void free_text(char *text)
{
    if (text) explicit_bzero(text, strlen(text));
    free(text);
}

static void free_texts(char **list)
{
    for (char **text = list; text && *text; ++text) free_text(*text);
    free(list);
}

static void free_struct(const gl_type *type, void *memory)
{
    if (memory) gl_content_free(type, memory);
    free(memory);
}

static void free_structs(const gl_type *type, void **list)
{
    for (void **item = list; item && *item; ++item) free_struct(type, *item);
    free(list);
}

static void free_field(const gl_type *owner, const gl_field *field, char *memory)
{
    const gl_type *type = gl_type_of(field->slot->type);
    void **address = (void **)(memory + field->offset);
    switch (content_of(field))
    {
        case NOTHING: break;
        case CONVERTED: if (type->release) type->release(address); break;
        case INSIDE: gl_content_free(type, address); break;
        case BYTES:
            if (*address) explicit_bzero(*address, length_of(owner, field, memory));
            free(*address);
            break;
        case TEXT: free_text(*address); break;
        case TEXTS: free_texts((char **)*address); break;
        case STRUCT: free_struct(type, *address); break;
        case STRUCTS: free_structs(type, *address); break;
    }
}

void gl_content_free(const gl_type *type, void *memory)
{
    for (const gl_field *field = type->fields; field && field->name; ++field) free_field(type, field, memory);
    explicit_bzero(memory, type->size);
}

/* ---- copying ------------------------------------------------------------------------------------------------------------ */

static bool copy_struct(const gl_type *type, void *to, const void *from);

/* And one NUL more: C reads some bytes as text. */
static void *copy_bytes(const void *from, size_t length)
{
    char *copy = length < PTRDIFF_MAX ? calloc(1, length + 1) : NULL;
    return copy && length ? memcpy(copy, from, length) : copy;
}

static void *copy_texts(char *const *from)
{
    size_t count = 0;
    while (from[count]) ++count;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; ++i)
        if (!(copy[i] = strdup(from[i])))
        {
            free_texts(copy);
            return NULL;
        }
    return copy;
}

static void *copy_of(const gl_type *type, const void *from)
{
    void *copy = calloc(1, type->size);
    if (copy && copy_struct(type, copy, from)) return copy;
    free(copy);
    return NULL;
}

static void *copies_of(const gl_type *type, void *const *from)
{
    size_t count = 0;
    while (from[count]) ++count;
    void **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; ++i)
        if (!(copy[i] = copy_of(type, from[i])))
        {
            free_structs(type, copy);
            return NULL;
        }
    return copy;
}

static bool copy_field(const gl_type *owner, const gl_field *field, char *to, const char *from)
{
    const gl_type *type = gl_type_of(field->slot->type);
    content kind = content_of(field);
    if (kind <= CONVERTED) return true;
    if (kind == INSIDE) return copy_struct(type, to + field->offset, from + field->offset);
    void **copy = (void **)(to + field->offset), *source = *(void *const *)(from + field->offset);
    if (!source) return true;
    switch (kind)
    {
        case BYTES: *copy = copy_bytes(source, length_of(owner, field, from)); break;
        case TEXT: *copy = strdup(source); break;
        case TEXTS: *copy = copy_texts(source); break;
        case STRUCT: *copy = copy_of(type, source); break;
        default: *copy = copies_of(type, source); break;
    }
    return *copy;
}

/* Over memory that holds nothing; what is no pointer is copied as it is. */
static bool copy_struct(const gl_type *type, void *to, const void *from)
{
    bool done = true;
    memcpy(to, from, type->size);
    for (const gl_field *field = type->fields; field && field->name; ++field)
        if (content_of(field) > INSIDE) *(void **)((char *)to + field->offset) = NULL;
    for (const gl_field *field = type->fields; done && field && field->name; ++field) done = copy_field(type, field, to, from);
    if (!done) gl_content_free(type, to);
    return done;
}

/* ---- for Python ----------------------------------------------------------------------------------------------------------- */

static PyObject *copy_to_python(gl_type *type, void *pointer)
{
    if (!pointer) Py_RETURN_NONE;
    void *copy = copy_of(type, pointer);
    return copy ? gl_object_new(type, copy, true) : PyErr_NoMemory();
}

PyObject *gl_content_get(const gl_field *field, char *address)
{
    gl_type *type = gl_type_of(field->slot->type);
    void *pointer = *(void **)address;
    if (content_of(field) == STRUCT) return copy_to_python(type, pointer);
    PyObject *list = PyList_New(0);
    for (void **item = pointer; list && item && *item; ++item)
    {
        PyObject *object = copy_to_python(type, *item);
        if (!object || PyList_Append(list, object) < 0) Py_CLEAR(list);
        Py_XDECREF(object);
    }
    return list;
}

static const char *counted_by(const gl_type *type, const gl_field *counter)
{
    for (const gl_field *field = type->fields; field->name; ++field)
        if (field->slot->partner >= 0 && &type->fields[field->slot->partner] == counter) return field->name;
    return NULL;
}

static int structs_from_python(const gl_field *field, PyObject *value, void **made)
{
    const gl_type *type = gl_type_of(field->slot->type);
    Py_ssize_t count = PySequence_Size(value);
    if (count < 0) return -1;
    void **list = calloc((size_t)count + 1, sizeof *list);
    for (Py_ssize_t i = 0; list && i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(value, i);
        gl_object *object = item && gl_object_check(item, type) ? (gl_object *)item : NULL;
        if (item && !object) gl_bad_argument(&(gl_call){0}, -1, type->name, item);
        else if (object && gl_object_usable(object) == 0 && !(list[i] = copy_of(type, object->pointer))) PyErr_NoMemory();
        Py_XDECREF(item);
        if (list[i]) continue;
        free_structs(type, list);
        return -1;
    }
    *made = list;
    return list ? 0 : (PyErr_NoMemory(), -1);
}

/* The copy of what an address holds after a conversion. */
static int converted(const gl_field *field, PyObject *value, void **made)
{
    const gl_type *type = gl_type_of(field->slot->type);
    gl_call call = {0};
    void *pointer = NULL;
    int status = gl_from_python(&call, -1, field->slot, value, &pointer);
    content kind = content_of(field);
    if (status == 0 && pointer)
    {
        *made = kind == TEXT ? strdup(pointer) : kind == TEXTS ? copy_texts(pointer) : copy_of(type, pointer);
        if (!*made) status = (PyErr_NoMemory(), -1);
    }
    gl_end(&call);
    return status;
}

/* A value whose conversion gives it memory of its own. */
static int set_converted(const gl_type *owner, const gl_field *field, char *memory, PyObject *value)
{
    gl_call call = {.gives = true};
    gl_storage made = {0};
    int status = gl_from_python(&call, -1, field->slot, value, &made);
    gl_end(&call);
    if (status < 0) return -1;
    free_field(owner, field, memory);
    memcpy(memory + field->offset, &made, gl_type_of(field->slot->type)->size);
    return 0;
}

static int set_bytes(const gl_type *owner, const gl_field *field, char *memory, PyObject *value)
{
    const gl_field *counter = &owner->fields[field->slot->partner];
    Py_buffer view;
    if (PyUnicode_Check(value)) return gl_bad_argument(&(gl_call){0}, -1, "a bytes-like object", value);
    if (PyObject_GetBuffer(value, &view, PyBUF_SIMPLE) < 0) return -1;
    void *copy = copy_bytes(view.buf, (size_t)view.len);
    PyObject *length = copy ? PyLong_FromSsize_t(view.len) : PyErr_NoMemory();
    PyBuffer_Release(&view);
    if (length) free_field(owner, field, memory);
    int status = length ? gl_number_from_python(gl_type_of(counter->slot->type), length, memory + counter->offset) : -1;
    if (length) *(void **)(memory + field->offset) = copy;
    else free(copy);
    Py_XDECREF(length);
    return status;
}

int gl_content_set(gl_object *object, const gl_field *field, char *address, PyObject *value)
{
    char *memory = object->pointer;
    const char *counted = counted_by(object->type, field);
    if (counted)
    {
        PyErr_Format(PyExc_AttributeError, "%s.%s cannot be set: it follows from %s", object->type->name, field->name, counted);
        return -1;
    }
    void *made = NULL;
    int status;
    switch (content_of(field))
    {
        case BYTES: return set_bytes(object->type, field, memory, value);
        case CONVERTED: return set_converted(object->type, field, memory, value);
        case TEXT: case TEXTS: case STRUCT: status = converted(field, value, &made); break;
        case STRUCTS: status = structs_from_python(field, value, &made); break;
        default:
        {
            gl_call call = {0};
            status = gl_from_python(&call, -1, field->slot, value, address);
            gl_end(&call);
            return status;
        }
    }
    if (status < 0) return -1;
    free_field(object->type, field, memory);
    *(void **)address = made;
    return 0;
}
