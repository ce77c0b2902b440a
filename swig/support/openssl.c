/* Certificates, requests, names, extensions, keys: DER bytes out; DER or PEM in, or the objects of the package
 * `cryptography`, which know their own DER. This package does not import that one.
 *
 * Pointers are not exchanged: Python's own ssl and cryptography may be linked with another copy of OpenSSL. */
#include "gl_openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ---- the types -------------------------------------------------------------------------------------------------- */

#define DER_FUNCTIONS(name, TYPE, FUNCTION) \
    static void *name##_from_der(const unsigned char **data, long length) { return d2i_##FUNCTION(NULL, data, length); } \
    static int name##_to_der(const void *object, unsigned char **data) { return i2d_##FUNCTION((TYPE *)object, data); } \
    static void name##_free(void *object) { FUNCTION##_free(object); }

DER_FUNCTIONS(x509, X509, X509)
DER_FUNCTIONS(x509_req, X509_REQ, X509_REQ)
DER_FUNCTIONS(x509_name, X509_NAME, X509_NAME)
DER_FUNCTIONS(x509_extension, X509_EXTENSION, X509_EXTENSION)
DER_FUNCTIONS(proxy_cert_info, PROXY_CERT_INFO_EXTENSION, PROXY_CERT_INFO_EXTENSION)

static void *x509_from_pem(BIO *bio)
{
    return PEM_read_bio_X509(bio, NULL, NULL, NULL);
}

static void *x509_req_from_pem(BIO *bio)
{
    return PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
}

/* OpenSSL's own would ask at the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *unused)
{
    (void)buffer, (void)size, (void)writing, (void)unused;
    return -1;
}

static void *key_from_pem(BIO *bio)
{
    return PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
}

static void *key_from_der(const unsigned char **data, long length)
{
    return d2i_AutoPrivateKey(NULL, data, length);
}

static int key_to_der(const void *object, unsigned char **data)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(object);
    int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info, data) : -1;
    PKCS8_PRIV_KEY_INFO_free(info);
    return length;
}

static void key_free(void *object)
{
    EVP_PKEY_free(object);
}

const gl_openssl_type gl_openssl_x509 = {
    "an X.509 certificate", "public_bytes", x509_from_der, x509_from_pem, x509_to_der, x509_free};
const gl_openssl_type gl_openssl_extension = {
    "an X.509 extension", "", x509_extension_from_der, NULL, x509_extension_to_der, x509_extension_free};
static const gl_openssl_type x509_req = {
    "a certificate request", "public_bytes", x509_req_from_der, x509_req_from_pem, x509_req_to_der, x509_req_free};
static const gl_openssl_type x509_name = {
    "a distinguished name", "public_bytes", x509_name_from_der, NULL, x509_name_to_der, x509_name_free};
static const gl_openssl_type proxy_cert_info = {
    "a proxyCertInfo extension", "", proxy_cert_info_from_der, NULL, proxy_cert_info_to_der, proxy_cert_info_free};
static const gl_openssl_type key = {
    "an unencrypted private key", "private_bytes", key_from_der, key_from_pem, key_to_der, key_free};

/* ---- errors ----------------------------------------------------------------------------------------------------- */

int gl_openssl_bad(const gl_openssl_type *type)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    PyErr_Format(PyExc_ValueError, "not %s in %s form%s%s", type->what, type->from_pem ? "DER or PEM" : "DER",
                 reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return -1;
}

/* ---- bytes in ----------------------------------------------------------------------------------------------------- */

static PyObject *attribute_of_serialization(const char *outer, const char *inner)
{
    PyObject *module = PyImport_ImportModule("cryptography.hazmat.primitives.serialization");
    PyObject *space = module ? PyObject_GetAttrString(module, outer) : NULL;
    PyObject *value = space ? inner ? PyObject_GetAttrString(space, inner) : PyObject_CallNoArgs(space) : NULL;
    Py_XDECREF(space);
    Py_XDECREF(module);
    return value;
}

/* An object of `cryptography` in DER; that package is loaded if such an object exists. */
static PyObject *ask(PyObject *object, const gl_openssl_type *type)
{
    if (type == &x509_name) return PyObject_CallMethod(object, "public_bytes", NULL);
    PyObject *encoding = attribute_of_serialization("Encoding", "DER"), *bytes = NULL;
    if (type != &key) bytes = encoding ? PyObject_CallMethod(object, type->method, "O", encoding) : NULL;
    else
    {
        PyObject *format = encoding ? attribute_of_serialization("PrivateFormat", "PKCS8") : NULL;
        PyObject *plain = format ? attribute_of_serialization("NoEncryption", NULL) : NULL;
        if (plain) bytes = PyObject_CallMethod(object, type->method, "OOO", encoding, format, plain);
        Py_XDECREF(plain);
        Py_XDECREF(format);
    }
    Py_XDECREF(encoding);
    return bytes;
}

int gl_openssl_bytes(gl_call *call, PyObject *object, const gl_openssl_type *type, const unsigned char **data, size_t *length)
{
    PyObject *bytes = NULL;
    if (!PyObject_CheckBuffer(object))
    {
        if (!*type->method || !PyObject_HasAttrString(object, type->method))
        {
            PyErr_Format(PyExc_TypeError, "%s is wanted as bytes in %s form, not %R", type->what,
                         type->from_pem ? "DER or PEM" : "DER", (PyObject *)Py_TYPE(object));
            return -1;
        }
        if (!(bytes = ask(object, type))) return -1;
        object = bytes;
    }
    gl_pin *pin = gl_pin_new(object, false);
    Py_XDECREF(bytes);      /* the pin holds it */
    if (!pin) return -1;
    pin->next = call->pins;
    call->pins = pin;
    *data = pin->view.buf;
    *length = (size_t)pin->view.len;
    return 0;
}

bool gl_openssl_is_pem(const unsigned char *data, size_t length)
{
    return memmem(data, length, "-----BEGIN ", 11) != NULL;
}

/* ---- one object ----------------------------------------------------------------------------------------------------- */

static void *read_pem(const unsigned char *data, size_t length, const gl_openssl_type *type)
{
    BIO *bio = BIO_new_mem_buf(data, (int)length);
    void *object = bio ? type->from_pem(bio) : NULL;
    BIO_free(bio);
    return object;
}

static void *read_der(const unsigned char *data, size_t length, const gl_openssl_type *type)
{
    const unsigned char *position = data;
    void *object = type->from_der(&position, (long)length);
    if (object && position != data + length)
    {
        type->release(object);
        return NULL;
    }
    return object;
}

void *gl_openssl_read(gl_call *call, PyObject *object, const gl_openssl_type *type)
{
    const unsigned char *data;
    size_t length;
    if (gl_openssl_bytes(call, object, type, &data, &length) < 0) return NULL;
    bool pem = type->from_pem && gl_openssl_is_pem(data, length);
    void *made = length > INT32_MAX ? NULL : pem ? read_pem(data, length, type) : read_der(data, length, type);
    if (!made) gl_openssl_bad(type);
    return made;
}

PyObject *gl_openssl_write(const gl_openssl_type *type, const void *object)
{
    if (!object) Py_RETURN_NONE;
    unsigned char *der = NULL;
    int length = type->to_der(object, &der);
    if (length < 0)
    {
        gl_openssl_bad(type);
        return NULL;
    }
    PyObject *bytes = PyBytes_FromStringAndSize((char *)der, length);
    OPENSSL_free(der);
    return bytes;
}

static void release_held(PyObject *capsule)
{
    void (*release)(void *) = (void (*)(void *))PyCapsule_GetContext(capsule);
    release(PyCapsule_GetPointer(capsule, "openssl"));
}

int gl_openssl_hold(gl_call *call, void *object, void (*release)(void *))
{
    PyObject *capsule = PyCapsule_New(object, "openssl", NULL);
    if (!capsule || PyCapsule_SetContext(capsule, (void *)release) < 0 || PyCapsule_SetDestructor(capsule, release_held) < 0)
    {
        Py_XDECREF(capsule);
        release(object);
        return -1;
    }
    return gl_hold(call, capsule);
}

static int from_python(gl_call *call, PyObject *object, void *address, const gl_openssl_type *type)
{
    void *made = gl_openssl_read(call, object, type);
    *(void **)address = made;
    return made ? gl_openssl_hold(call, made, type->release) : -1;
}

#define CONVERSIONS(name, type) \
    PyObject *gl_##name##_to_python(const void *address) { return gl_openssl_write(&type, *(void *const *)address); } \
    int gl_##name##_from_python(gl_call *call, PyObject *object, void *address) \
    { \
        return from_python(call, object, address, &type); \
    } \
    void gl_##name##_release(void *address) { type.release(*(void **)address); }

CONVERSIONS(x509, gl_openssl_x509)
CONVERSIONS(x509_req, x509_req)
CONVERSIONS(x509_extension, gl_openssl_extension)
CONVERSIONS(proxy_cert_info, proxy_cert_info)
CONVERSIONS(evp_pkey, key)

PyObject *gl_x509_name_to_python(const void *address)
{
    return gl_openssl_write(&x509_name, *(void *const *)address);
}

/* Without an object: an empty name, for C to fill. */
int gl_x509_name_from_python(gl_call *call, PyObject *object, void *address)
{
    if (object) return from_python(call, object, address, &x509_name);
    X509_NAME *name = X509_NAME_new();
    *(void **)address = name;
    if (!name) return PyErr_NoMemory(), -1;
    return gl_openssl_hold(call, name, x509_name_free);
}

void gl_x509_name_release(void *address)
{
    X509_NAME_free(*(X509_NAME **)address);
}
