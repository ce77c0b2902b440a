/* The GSS-API's own kinds of values: buffers are bytes, object identifiers are OID, sets are lists.
 *
 * Where C reads a value it gets the Python object's memory. Where it takes one over (an in-out set, a buffer to release;
 * gl_call.gives) it gets memory of its own from malloc, which the release functions here free as GSS does. */
#include "gl_custom.h"

#include "../extra/gss_option.h"
#include <stdlib.h>
#include <string.h>

static void *memory(gl_call *call, size_t size)
{
    if (!call->gives) return gl_allocate(call, size);
    void *block = calloc(1, size ? size : 1);
    if (!block) PyErr_NoMemory();
    return block;
}

/* ---- gss_buffer_desc: bytes ------------------------------------------------------------------------------------------ */

PyObject *gl_gss_buffer_to_python(const void *address)
{
    const gss_buffer_desc *buffer = address;
    return PyBytes_FromStringAndSize(buffer->value, buffer->value ? (Py_ssize_t)buffer->length : 0);
}

static int own_copy(gl_call *call, gss_buffer_desc *buffer)
{
    void *copy = memory(call, buffer->length);
    if (!copy) return -1;
    buffer->value = memcpy(copy, buffer->value ? buffer->value : "", buffer->length);
    return 0;
}

/* None is an empty buffer. */
int gl_gss_buffer_from_python(gl_call *call, PyObject *object, void *address)
{
    gss_buffer_desc *buffer = address;
    *buffer = (gss_buffer_desc){0};
    if (object == Py_None) return 0;
    gl_pin *pin = PyObject_CheckBuffer(object) ? gl_pin_new(object, false) : NULL;
    if (!pin) return PyErr_Occurred() ? -1 : gl_bad_argument(call, -1, "a bytes-like object or None", object);
    pin->next = call->pins;
    call->pins = pin;
    buffer->value = pin->view.buf;
    buffer->length = (size_t)pin->view.len;
    return call->gives ? own_copy(call, buffer) : 0;
}

void gl_gss_buffer_release(void *address)
{
    gss_buffer_desc *buffer = address;
    if (buffer->length) free(buffer->value);
    *buffer = (gss_buffer_desc){0};
}

/* ---- gss_OID: OID -------------------------------------------------------------------------------------------------------- */

static PyObject *oid_class(void)
{
    static PyObject *class;
    if (!class)
    {
        PyObject *module = PyImport_ImportModule("globus_lowlevel._oid");
        class = module ? PyObject_GetAttrString(module, "OID") : NULL;
        Py_XDECREF(module);
    }
    return class;
}

PyObject *gl_oid_new(const void *elements, size_t length)
{
    PyObject *class = oid_class();
    return class ? PyObject_CallMethod(class, "_from_elements", "y#", elements, (Py_ssize_t)length) : NULL;
}

PyObject *gl_oid_from(PyObject *object)
{
    PyObject *class = oid_class();
    if (!class) return NULL;
    if (PyObject_TypeCheck(object, (PyTypeObject *)class)) return Py_NewRef(object);
    if (PyUnicode_Check(object)) return PyObject_CallFunctionObjArgs(class, object, NULL);
    return PyErr_Format(PyExc_TypeError, "an object identifier is an OID or a dotted string, not %R", (PyObject *)Py_TYPE(object));
}

PyObject *gl_oid_to_python(const void *address)
{
    const gss_OID_desc *oid = *(const gss_OID_desc *const *)address;
    if (!oid || !oid->elements) Py_RETURN_NONE;
    return gl_oid_new(oid->elements, oid->length);
}

/* GSS copies a gss_OID by reference, so each identifier gets one description that lives for ever. */
static gss_OID_desc *interned(PyObject *elements)
{
    static PyObject *known;     /* bytes -> capsule */
    if (!known && !(known = PyDict_New())) return NULL;
    PyObject *capsule = PyDict_GetItemWithError(known, elements);
    if (capsule) return PyCapsule_GetPointer(capsule, "gss_OID");
    if (PyErr_Occurred()) return NULL;
    gss_OID_desc *oid = malloc(sizeof *oid);
    capsule = oid ? PyCapsule_New(oid, "gss_OID", NULL) : NULL;
    char *data;
    Py_ssize_t length;
    if (capsule && PyBytes_AsStringAndSize(elements, &data, &length) == 0 && PyDict_SetItem(known, elements, capsule) == 0)
        *oid = (gss_OID_desc){(OM_uint32)length, data};      /* the dictionary's key keeps the bytes */
    else
    {
        free(oid);
        oid = NULL;
        if (!PyErr_Occurred()) PyErr_NoMemory();
    }
    Py_XDECREF(capsule);
    return oid;
}

static gss_OID_desc *find(PyObject *object)
{
    PyObject *oid = gl_oid_from(object);
    PyObject *elements = oid ? PyObject_GetAttrString(oid, "elements") : NULL;
    gss_OID_desc *found = elements ? interned(elements) : NULL;
    Py_XDECREF(elements);
    Py_XDECREF(oid);
    return found;
}

int gl_oid_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)call;
    return (*(gss_OID_desc **)address = find(object)) ? 0 : -1;
}

void gl_oid_release(void *address)
{
    (void)address;      /* the library's own */
}

/* ---- gss_OID_set: a list of OIDs -------------------------------------------------------------------------------------------- */

PyObject *gl_oid_set_to_python(const void *address)
{
    const gss_OID_set_desc *set = *(const gss_OID_set_desc *const *)address;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && set && i < set->count; ++i)
    {
        PyObject *item = gl_oid_new(set->elements[i].elements, set->elements[i].length);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static Py_ssize_t size_of(gl_call *call, PyObject *object, const char *expected)
{
    if (!PyUnicode_Check(object) && !PyObject_CheckBuffer(object) && PySequence_Check(object)) return PySequence_Size(object);
    return gl_bad_argument(call, -1, expected, object);
}

int gl_oid_set_from_python(gl_call *call, PyObject *object, void *address)
{
    Py_ssize_t count = size_of(call, object, "a sequence of object identifiers");
    gss_OID_set_desc *set = count < 0 ? NULL : memory(call, sizeof *set);
    *(gss_OID_set_desc **)address = set;
    if (!set || !(set->elements = memory(call, gl_array_size(count, sizeof *set->elements)))) return -1;
    for (; set->count < (size_t)count; ++set->count)
    {
        PyObject *item = PySequence_GetItem(object, (Py_ssize_t)set->count);
        gss_OID_desc *oid = item ? find(item) : NULL;
        Py_XDECREF(item);
        if (!oid) return -1;
        set->elements[set->count] = *oid;
    }
    return 0;
}

void gl_oid_set_release(void *address)
{
    gss_OID_set_desc *set = *(gss_OID_set_desc **)address;
    if (set) free(set->elements);
    free(set);
    *(gss_OID_set_desc **)address = NULL;
}

/* ---- gss_buffer_set_t: a list of bytes ------------------------------------------------------------------------------------------ */

PyObject *gl_buffer_set_to_python(const void *address)
{
    const gss_buffer_set_desc *set = *(const gss_buffer_set_desc *const *)address;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && set && i < set->count; ++i)
    {
        PyObject *item = gl_gss_buffer_to_python(&set->elements[i]);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

int gl_buffer_set_from_python(gl_call *call, PyObject *object, void *address)
{
    Py_ssize_t count = size_of(call, object, "a sequence of bytes-like objects");
    gss_buffer_set_desc *set = count < 0 ? NULL : memory(call, sizeof *set);
    *(gss_buffer_set_desc **)address = set;
    if (!set || !(set->elements = memory(call, gl_array_size(count, sizeof *set->elements)))) return -1;
    for (; set->count < (size_t)count; ++set->count)
    {
        PyObject *item = PySequence_GetItem(object, (Py_ssize_t)set->count);
        int status = item ? gl_gss_buffer_from_python(call, item, &set->elements[set->count]) : -1;
        Py_XDECREF(item);
        if (status < 0) return -1;
    }
    return 0;
}

void gl_buffer_set_release(void *address)
{
    gss_buffer_set_desc *set = *(gss_buffer_set_desc **)address;
    for (size_t i = 0; set && i < set->count; ++i) gl_gss_buffer_release(&set->elements[i]);
    if (set) free(set->elements);
    free(set);
    *(gss_buffer_set_desc **)address = NULL;
}

/* ---- gss_channel_bindings_t --------------------------------------------------------------------------------------------------------- */

typedef struct gss_channel_bindings_struct bindings_desc;

PyObject *gl_bindings_to_python(const void *address)
{
    const bindings_desc *bindings = *(const bindings_desc *const *)address;
    if (!bindings) Py_RETURN_NONE;
    return gl_gss_buffer_to_python(&bindings->application_data);
}

static int address_from(gl_call *call, PyObject *parts, Py_ssize_t index, OM_uint32 *kind, gss_buffer_desc *address)
{
    PyObject *number = PySequence_GetItem(parts, index), *bytes = number ? PySequence_GetItem(parts, index + 1) : NULL;
    int status = bytes ? gl_gss_buffer_from_python(call, bytes, address) : -1;
    unsigned long value = status == 0 ? PyLong_AsUnsignedLong(number) : 0;
    if (PyErr_Occurred()) status = -1;
    *kind = (OM_uint32)value;
    Py_XDECREF(number);
    Py_XDECREF(bytes);
    return status;
}

/* The application's data; or (initiator_addrtype, initiator_address, acceptor_addrtype, acceptor_address, data). */
int gl_bindings_from_python(gl_call *call, PyObject *object, void *address)
{
    bindings_desc *bindings = gl_allocate(call, sizeof *bindings);
    *(bindings_desc **)address = bindings;
    if (!bindings) return -1;
    bindings->initiator_addrtype = bindings->acceptor_addrtype = GSS_C_AF_NULLADDR;
    if (PyObject_CheckBuffer(object)) return gl_gss_buffer_from_python(call, object, &bindings->application_data);
    Py_ssize_t count = size_of(call, object, "bytes, or a sequence of five values");
    if (count < 0) return -1;
    if (count != 5)
    {
        PyErr_SetString(PyExc_ValueError, "channel bindings are (initiator_addrtype, initiator_address, acceptor_addrtype, "
                                          "acceptor_address, application_data)");
        return -1;
    }
    if (address_from(call, object, 0, &bindings->initiator_addrtype, &bindings->initiator_address) < 0) return -1;
    if (address_from(call, object, 2, &bindings->acceptor_addrtype, &bindings->acceptor_address) < 0) return -1;
    PyObject *data = PySequence_GetItem(object, 4);
    int status = data ? gl_gss_buffer_from_python(call, data, &bindings->application_data) : -1;
    Py_XDECREF(data);
    return status;
}

void gl_bindings_release(void *address)
{
    (void)address;
}

/* ---- gl_option_value ------------------------------------------------------------------------------------------------------------------- */

PyObject *gl_option_value_to_python(const void *address)
{
    return gl_gss_buffer_to_python(&((const gl_option_value *)address)->buffer);
}

static bool is_credential(PyObject *object)
{
    gl_object *handle = gl_as_object(object);
    return handle && strcmp(handle->type->name, "gss_cred_id_t") == 0;
}

static int credentials_from_python(gl_call *call, PyObject *list, Py_ssize_t count, gss_buffer_desc *buffer)
{
    void **credentials = gl_allocate_array(call, count, sizeof *credentials);
    if (!credentials) return -1;
    for (Py_ssize_t i = 0; i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(list, i);
        int status = !item ? -1 : !is_credential(item) ? gl_bad_argument(call, -1, "a gss_cred_id_t", item)
                                                       : gl_object_usable((gl_object *)item);
        if (status == 0) credentials[i] = ((gl_object *)item)->pointer;
        Py_XDECREF(item);
        if (status < 0) return -1;
    }
    *buffer = (gss_buffer_desc){(size_t)count * sizeof *credentials, credentials};
    return 0;
}

int gl_option_value_from_python(gl_call *call, PyObject *object, void *address)
{
    gl_option_value *value = address;
    *value = (gl_option_value){.kind = GL_OPTION_EMPTY};
    if (object == Py_None) return 0;
    value->kind = GL_OPTION_BYTES;
    if (PyObject_CheckBuffer(object)) return gl_gss_buffer_from_python(call, object, &value->buffer);
    if (!PyList_Check(object) && !PyTuple_Check(object)) return gl_bad_argument(call, -1, "bytes, a list or None", object);
    Py_ssize_t count = PySequence_Size(object);
    PyObject *first = count > 0 ? PySequence_GetItem(object, 0) : NULL;
    if (count < 0 || (count > 0 && !first)) return -1;
    bool credentials = first && is_credential(first);
    Py_XDECREF(first);
    value->kind = credentials ? GL_OPTION_CREDENTIALS : GL_OPTION_OIDS;
    if (credentials) return credentials_from_python(call, object, count, &value->buffer);
    value->buffer.length = sizeof(gss_OID_set_desc);
    return gl_oid_set_from_python(call, object, &value->buffer.value);
}

void gl_option_value_release(void *address)
{
    (void)address;
}
