/* Numbers, enums, characters and strings; and the dispatch of a conversion by its type. */
#include "gl.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbers -------------------------------------------------------------------------------------------------- */

static long long load_integer(const gl_type *type, const void *address)
{
    switch (type->size)
    {
        case 1: return type->is_signed ? *(const int8_t *)address : *(const uint8_t *)address;
        case 2: return type->is_signed ? *(const int16_t *)address : *(const uint16_t *)address;
        case 4: return type->is_signed ? *(const int32_t *)address : (long long)*(const uint32_t *)address;
        default: return *(const int64_t *)address;
    }
}

size_t gl_length_at(const gl_type *type, const void *address)
{
    long long length = load_integer(gl_type_of((gl_type *)type), address);
    return length > 0 ? (size_t)length : 0;
}

static void store_integer(const gl_type *type, void *address, long long value)
{
    switch (type->size)
    {
        case 1: *(int8_t *)address = (int8_t)value; break;
        case 2: *(int16_t *)address = (int16_t)value; break;
        case 4: *(int32_t *)address = (int32_t)value; break;
        default: *(int64_t *)address = value;
    }
}

static bool fits(const gl_type *type, long long value)
{
    if (type->size == 8) return true;
    long long span = 1LL << (8 * type->size);
    long long low = type->is_signed ? -span / 2 : 0, high = type->is_signed ? span / 2 - 1 : span - 1;
    return value >= low && value <= high;
}

static int known_enumerator(const gl_type *type, long long value)
{
    long long all = 0;
    for (const gl_enumerator *e = type->enumerators; e && e->name; ++e)
    {
        if (e->value == value) return 1;
        all |= e->value;
    }
    return type->is_flags && (value & ~all) == 0;
}

PyObject *gl_number_to_python(const gl_type *type, const void *address)
{
    if (type->kind == GL_FLOAT)
        return PyFloat_FromDouble(type->size == 4 ? (double)*(const float *)address : *(const double *)address);
    long long value = load_integer(type, address);
    if (type->kind == GL_BOOL) return PyBool_FromLong(value != 0);
    if (type->kind == GL_ENUM && type->python_type)
    {
        PyObject *member = PyObject_CallFunction(type->python_type, "L", value);
        if (member || !PyErr_ExceptionMatches(PyExc_ValueError)) return member;
        PyErr_Clear();      /* C may use values that its header does not name */
    }
    if (type->size == 8 && !type->is_signed) return PyLong_FromUnsignedLongLong((unsigned long long)value);
    return PyLong_FromLongLong(value);
}

static int bad_number(const gl_type *type, bool too_large, long long value)
{
    PyObject *kind = type->kind == GL_ENUM ? PyExc_ValueError : PyExc_OverflowError;
    const char *fault = type->kind == GL_ENUM ? "is not a value of" : "does not fit in";
    if (too_large) PyErr_Format(kind, "a number of this size %s %s", fault, type->name);
    else PyErr_Format(kind, "%lld %s %s", value, fault, type->name);
    return -1;
}

int gl_number_from_python(const gl_type *type, PyObject *object, void *address)
{
    if (type->kind == GL_FLOAT)
    {
        double value = PyFloat_AsDouble(object);
        if (value == -1.0 && PyErr_Occurred()) return -1;
        if (type->size == 4) *(float *)address = (float)value;
        else *(double *)address = value;
        return 0;
    }
    if (type->kind == GL_BOOL)
    {
        int truth = PyObject_IsTrue(object);
        if (truth < 0) return -1;
        store_integer(type, address, truth);
        return 0;
    }
    PyObject *number = PyNumber_Index(object);
    if (!number) return -1;
    long long value;
    if (type->size == 8 && !type->is_signed) value = (long long)PyLong_AsUnsignedLongLong(number);
    else value = PyLong_AsLongLong(number);
    Py_DECREF(number);
    bool too_large = value == -1 && PyErr_Occurred();
    if (too_large && !PyErr_ExceptionMatches(PyExc_OverflowError)) return -1;
    if (too_large || !fits(type, value) || (type->kind == GL_ENUM && !known_enumerator(type, value)))
        return bad_number(type, too_large, value);
    store_integer(type, address, value);
    return 0;
}

/* ---- strings ------------------------------------------------------------------------------------------------------ */

PyObject *gl_string_to_python(const char *text)
{
    if (!text) Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "surrogateescape");
}

static PyObject *encode(PyObject *object)
{
    if (PyBytes_Check(object)) return Py_NewRef(object);
    if (PyUnicode_Check(object))
    {
        PyObject *plain = PyUnicode_AsUTF8String(object);       /* the way without a look-up of the codec's name */
        if (plain || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return plain;
        PyErr_Clear();
        return PyUnicode_AsEncodedString(object, "utf-8", "surrogateescape");
    }
    PyObject *path = PyOS_FSPath(object);
    if (!path) return NULL;
    PyObject *bytes = PyBytes_Check(path) ? Py_NewRef(path) : PyUnicode_AsEncodedString(path, "utf-8", "surrogateescape");
    Py_DECREF(path);
    return bytes;
}

int gl_string_from_python(gl_call *call, int index, PyObject *object, bool nullable, const char **text)
{
    *text = NULL;
    if (object == Py_None)
        return nullable ? 0 : gl_bad_argument(call, index, "a string (str, bytes or os.PathLike)", object);
    PyObject *bytes = encode(object);
    if (!bytes)
    {
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
        PyErr_Clear();
        return gl_bad_argument(call, index, "a string (str, bytes or os.PathLike)", object);
    }
    char *start;
    if (PyBytes_AsStringAndSize(bytes, &start, NULL) < 0)     /* raises on an embedded NUL */
    {
        Py_DECREF(bytes);
        return -1;
    }
    *text = start;
    return gl_hold(call, bytes);
}

PyObject *gl_strings_to_python(char *const *list, long count)
{
    PyObject *result = PyList_New(0);
    for (long i = 0; result && list && (count < 0 ? list[i] != NULL : i < count); ++i)
    {
        PyObject *item = gl_string_to_python(list[i]);
        if (!item || PyList_Append(result, item) < 0) Py_CLEAR(result);
        Py_XDECREF(item);
    }
    return result;
}

static int strings_from_python(gl_call *call, int index, const gl_slot *slot, PyObject *object, void *address)
{
    if (object == Py_None && slot->flags & GL_NULLABLE)
    {
        *(char ***)address = NULL;
        return 0;
    }
    if (PyUnicode_Check(object) || PyBytes_Check(object) || !PySequence_Check(object))
        return gl_bad_argument(call, index, "a sequence of strings", object);
    Py_ssize_t count = PySequence_Size(object);
    if (count < 0) return -1;
    const char **list = gl_allocate_array(call, count, sizeof *list);
    if (!list) return -1;
    for (Py_ssize_t i = 0; i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(object, i);
        if (!item) return -1;
        int status = gl_string_from_python(call, index, item, false, &list[i]);
        if (status == 0)      /* a frame holds few objects: copy, so that any number of strings can be passed */
        {
            char *copy = gl_allocate(call, strlen(list[i]) + 1);
            if (copy) list[i] = strcpy(copy, list[i]);
            else status = -1;
        }
        Py_DECREF(item);
        if (status < 0) return -1;
        gl_unhold(call);
    }
    *(const char ***)address = list;
    return 0;
}

/* ---- dispatch --------------------------------------------------------------------------------------------------------- */

size_t gl_value_size(const gl_type *type)
{
    switch (type->kind)
    {
        case GL_VOID: return 0;
        case GL_BOOL: case GL_INTEGER: case GL_FLOAT: case GL_CHAR: case GL_ENUM: case GL_STATUS:
        case GL_RESULT: case GL_MAJOR: case GL_CUSTOM: return type->size;
        default: return sizeof(void *);
    }
}

PyObject *gl_to_python(const gl_slot *slot, const void *address)
{
    gl_type *type = gl_type_of(slot->type);
    void *pointer = NULL;
    switch (type->kind)
    {
        case GL_VOID: Py_RETURN_NONE;
        case GL_BOOL: case GL_INTEGER: case GL_FLOAT: case GL_ENUM: case GL_STATUS: case GL_MAJOR:
            return gl_number_to_python(type, address);
        case GL_CHAR: return PyUnicode_DecodeUTF8(address, 1, "surrogateescape");
        case GL_STRING: return gl_string_to_python(*(char *const *)address);
        case GL_STRINGS: return gl_strings_to_python(*(char **const *)address, slot->extent ? slot->extent : -1);
        case GL_RESULT: return gl_error_from_result(*(const uint32_t *)address);
        case GL_ERROR: return gl_error_from_object(*(void *const *)address);
        case GL_CUSTOM: return type->to_python(address);
        case GL_CALLBACK: return gl_closure_callable(type, *(void *const *)address);
        case GL_DATA:
            pointer = *(void *const *)address;
            if (slot->flags & GL_GIVEN) return gl_given(pointer);
            return Py_NewRef(pointer ? (PyObject *)pointer : Py_None);
        case GL_POINTER:
            pointer = *(void *const *)address;
            return pointer ? PyLong_FromVoidPtr(pointer) : Py_NewRef(Py_None);
        case GL_HANDLE: case GL_BOX:
            return gl_object_new(type, *(void *const *)address, slot->flags & GL_OWNED);
    }
    return PyErr_Format(PyExc_SystemError, "no conversion for %s", type->name);
}

static int object_from_python(gl_call *call, int index, const gl_slot *slot, PyObject *object, void *address)
{
    const gl_type *type = gl_type_of(slot->type);
    if (object == Py_None && slot->flags & GL_NULLABLE)
    {
        *(void **)address = NULL;
        return 0;
    }
    if (!gl_object_check(object, type))
    {
        if (strcmp(type->name, "globus_object_t") == 0 && (*(void **)address = gl_error_object(object))) return 0;
        return gl_bad_argument(call, index, type->name, object);
    }
    gl_object *handle = (gl_object *)object;
    if (gl_object_usable(handle) < 0) return -1;
    if ((uintptr_t)handle->pointer < 4096 && !(slot->flags & GL_NULLABLE))     /* GLOBUS_XIO_QUERY */
    {
        PyErr_Format(PyExc_ValueError, "%s(): this %s is a constant that stands for none in particular",
                     call->function ? call->function->name : "the call", type->name);
        return -1;
    }
    if (type->check && call->function && type->check(handle, call->function) < 0) return -1;
    *(void **)address = handle->pointer;
    return gl_mark_busy(call, handle);
}

static int pointer_from_python(gl_call *call, int index, const gl_slot *slot, PyObject *object, void *address)
{
    *(void **)address = NULL;
    if (object == Py_None) return 0;
    if (!PyLong_Check(object)) return gl_bad_argument(call, index, "an address (int) or None", object);
    *(void **)address = PyLong_AsVoidPtr(object);
    (void)slot;
    return PyErr_Occurred() ? -1 : 0;
}

int gl_from_python(gl_call *call, int index, const gl_slot *slot, PyObject *object, void *address)
{
    gl_type *type = gl_type_of(slot->type);
    switch (type->kind)
    {
        case GL_BOOL: case GL_INTEGER: case GL_FLOAT: case GL_ENUM: case GL_STATUS: case GL_MAJOR:
            if (gl_number_from_python(type, object, address) == 0) return 0;
            if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
            PyErr_Clear();
            return gl_bad_argument(call, index, type->name, object);
        case GL_CHAR:
        {
            const char *text;
            if (gl_string_from_python(call, index, object, false, &text) < 0) return -1;
            if (strlen(text) != 1) return gl_bad_argument(call, index, "a single character", object);
            *(char *)address = *text;
            return 0;
        }
        case GL_STRING:
            return gl_string_from_python(call, index, object, slot->flags & GL_NULLABLE, (const char **)address);
        case GL_STRINGS: return strings_from_python(call, index, slot, object, address);
        case GL_RESULT: return gl_result_from_python(object, address);
        case GL_CUSTOM:
            if (!type->from_python) break;
            if (object == Py_None && slot->flags & GL_NULLABLE) return memset(address, 0, type->size), 0;
            return type->from_python(call, object, address);
        case GL_HANDLE: case GL_BOX: return object_from_python(call, index, slot, object, address);
        case GL_POINTER: return pointer_from_python(call, index, slot, object, address);
        case GL_DATA:
            if (slot->flags & GL_GIVEN && PyLong_CheckExact(object)) return pointer_from_python(call, index, slot, object, address);
            *(void **)address = object == Py_None ? NULL : object;
            return 0;
        default: break;
    }
    PyErr_Format(PyExc_TypeError, "a %s cannot be made in Python", type->name);
    return -1;
}
