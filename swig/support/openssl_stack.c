/* STACK_OF(...): Python lists. Certificates may also come as one PEM text with several of them. */
#include "gl_openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static int append(PyObject *list, PyObject *item)
{
    int status = item ? PyList_Append(list, item) : -1;
    Py_XDECREF(item);
    return status;
}

/* ---- in ------------------------------------------------------------------------------------------------------------- */

static int push_all(gl_call *call, PyObject *list, OPENSSL_STACK *stack, const gl_openssl_type *type)
{
    Py_ssize_t count = PySequence_Size(list);
    for (Py_ssize_t i = 0; i < count; ++i)
    {
        PyObject *item = PySequence_GetItem(list, i);
        void *made = item ? gl_openssl_read(call, item, type) : NULL;
        Py_XDECREF(item);
        if (!made) return -1;
        if (!OPENSSL_sk_push(stack, made))
        {
            type->release(made);
            PyErr_NoMemory();
            return -1;
        }
    }
    return count < 0 ? -1 : 0;
}

static int push_bundle(gl_call *call, PyObject *object, OPENSSL_STACK *stack)
{
    const unsigned char *data;
    size_t length;
    if (gl_openssl_bytes(call, object, &gl_openssl_x509, &data, &length) < 0) return -1;
    if (!gl_openssl_is_pem(data, length) || length > INT32_MAX)
    {
        PyErr_SetString(PyExc_ValueError, "certificates are wanted: a list of them, or one PEM text");
        return -1;
    }
    BIO *bio = BIO_new_mem_buf(data, (int)length);
    X509 *certificate;
    while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) OPENSSL_sk_push(stack, certificate);
    BIO_free(bio);
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!at_end) return gl_openssl_bad(&gl_openssl_x509);
    ERR_clear_error();
    return 0;
}

static void free_certificates(void *stack)
{
    sk_X509_pop_free(stack, X509_free);
}

static void free_extensions(void *stack)
{
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}

static int stack_from_python(gl_call *call, PyObject *object, void *address, const gl_openssl_type *type, void (*release)(void *))
{
    OPENSSL_STACK *stack = OPENSSL_sk_new_null();
    *(void **)address = stack;
    if (!stack) return PyErr_NoMemory(), -1;
    if (gl_openssl_hold(call, stack, release) < 0) return -1;
    if (PyObject_CheckBuffer(object) && type == &gl_openssl_x509) return push_bundle(call, object, stack);
    if (PyUnicode_Check(object) || PyObject_CheckBuffer(object) || !PySequence_Check(object))
    {
        PyErr_Format(PyExc_TypeError, "a sequence is wanted, each item %s, not %R", type->what, (PyObject *)Py_TYPE(object));
        return -1;
    }
    return push_all(call, object, stack, type);
}

int gl_x509_stack_from_python(gl_call *call, PyObject *object, void *address)
{
    return stack_from_python(call, object, address, &gl_openssl_x509, free_certificates);
}

int gl_x509_extension_stack_from_python(gl_call *call, PyObject *object, void *address)
{
    return stack_from_python(call, object, address, &gl_openssl_extension, free_extensions);
}

/* ---- out ------------------------------------------------------------------------------------------------------------ */

static PyObject *stack_to_python(const OPENSSL_STACK *stack, const gl_openssl_type *type)
{
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < OPENSSL_sk_num(stack); ++i)
        if (append(list, gl_openssl_write(type, OPENSSL_sk_value(stack, i))) < 0) Py_CLEAR(list);
    return list;
}

PyObject *gl_x509_stack_to_python(const void *address)
{
    return stack_to_python(*(void *const *)address, &gl_openssl_x509);
}

void gl_x509_stack_release(void *address)
{
    free_certificates(*(void **)address);
}

PyObject *gl_x509_extension_stack_to_python(const void *address)
{
    return stack_to_python(*(void *const *)address, &gl_openssl_extension);
}

/* The library gives a new stack of the extensions that it keeps. */
void gl_x509_extension_stack_release(void *address)
{
    sk_X509_EXTENSION_free(*(STACK_OF(X509_EXTENSION) **)address);
}

/* ---- identifiers and strings ---------------------------------------------------------------------------------------- */

PyObject *gl_asn1_object_stack_to_python(const void *address)
{
    const STACK_OF(ASN1_OBJECT) *stack = *(void *const *)address;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < sk_ASN1_OBJECT_num(stack); ++i)
    {
        ASN1_OBJECT *item = sk_ASN1_OBJECT_value(stack, i);
        if (append(list, gl_asn1_object_to_python(&item)) < 0) Py_CLEAR(list);
    }
    return list;
}

int gl_asn1_object_stack_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)address;
    return gl_bad_argument(call, -1, "nothing: no function takes a list of identifiers", object);
}

void gl_asn1_object_stack_release(void *address)
{
    sk_ASN1_OBJECT_pop_free(*(STACK_OF(ASN1_OBJECT) **)address, ASN1_OBJECT_free);
}

PyObject *gl_policy_stack_to_python(const void *address)
{
    const STACK_OF(OPENSSL_STRING) *stack = *(void *const *)address;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < sk_OPENSSL_STRING_num(stack); ++i)
        if (append(list, PyBytes_FromString(sk_OPENSSL_STRING_value(stack, i))) < 0) Py_CLEAR(list);
    return list;
}

int gl_policy_stack_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)address;
    return gl_bad_argument(call, -1, "nothing: no function takes a list of policies", object);
}

static void free_string(char *text)
{
    free(text);
}

void gl_policy_stack_release(void *address)
{
    sk_OPENSSL_STRING_pop_free(*(STACK_OF(OPENSSL_STRING) **)address, free_string);
}
