/* Digests by name, BIOs as bytes, times as seconds, identifiers as OID. */
#include "gl_openssl.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>
#include <time.h>

/* ---- const EVP_MD *: the digest's name ---------------------------------------------------------------------------- */

PyObject *gl_evp_md_to_python(const void *address)
{
    const EVP_MD *digest = *(const EVP_MD *const *)address;
    return gl_string_to_python(digest ? EVP_MD_get0_name(digest) : NULL);
}

int gl_evp_md_from_python(gl_call *call, PyObject *object, void *address)
{
    PyObject *name = PyUnicode_Check(object) ? Py_NewRef(object) : PyObject_GetAttrString(object, "name");
    if (!name)      /* not one of hashlib's or cryptography's either */
    {
        PyErr_Clear();
        return gl_bad_argument(call, -1, "the name of a digest", object);
    }
    const char *text;
    int status = gl_string_from_python(call, -1, name, false, &text);
    const EVP_MD *digest = status == 0 ? EVP_get_digestbyname(text) : NULL;
    *(const EVP_MD **)address = digest;
    if (status == 0 && !digest) PyErr_Format(PyExc_ValueError, "OpenSSL knows no digest %R", name);
    Py_DECREF(name);
    return digest ? 0 : -1;
}

void gl_evp_md_release(void *address)
{
    (void)address;      /* static */
}

/* ---- BIO *: what C reads is bytes, what it has written comes back as bytes ------------------------------------------- */

static const gl_openssl_type bytes_to_read = {.what = "what to read", .method = ""};

static void free_bio(void *bio)
{
    BIO_free(bio);
}

/* Without an object: an empty one, for C to write to. */
int gl_bio_from_python(gl_call *call, PyObject *object, void *address)
{
    const unsigned char *data = NULL;
    size_t length = 0;
    if (object && !PyObject_CheckBuffer(object)) return gl_bad_argument(call, -1, "a bytes-like object", object);
    if (object && gl_openssl_bytes(call, object, &bytes_to_read, &data, &length) < 0) return -1;
    if (length > INT32_MAX)
    {
        PyErr_SetString(PyExc_OverflowError, "a BIO reads at most 2147483647 bytes");
        return -1;
    }
    BIO *bio = length ? BIO_new_mem_buf(data, (int)length) : BIO_new(BIO_s_mem());
    *(BIO **)address = bio;
    if (!bio) return PyErr_NoMemory(), -1;
    return gl_openssl_hold(call, bio, free_bio);
}

PyObject *gl_bio_to_python(const void *address)
{
    char *data = NULL;
    long length = BIO_get_mem_data(*(BIO *const *)address, &data);
    return PyBytes_FromStringAndSize(data, length > 0 ? length : 0);
}

void gl_bio_release(void *address)
{
    BIO_free(*(BIO **)address);
}

/* ---- ASN1_UTCTIME *: seconds since the epoch --------------------------------------------------------------------------- */

PyObject *gl_asn1_time_to_python(const void *address)
{
    struct tm calendar;
    if (ASN1_TIME_to_tm(*(ASN1_TIME *const *)address, &calendar)) return PyLong_FromLongLong((long long)timegm(&calendar));
    ERR_clear_error();
    return PyErr_Format(PyExc_ValueError, "the library gave a malformed ASN.1 time");
}

static void free_time(void *time)
{
    ASN1_TIME_free(time);
}

int gl_asn1_time_from_python(gl_call *call, PyObject *object, void *address)
{
    ASN1_TIME *made = ASN1_TIME_new();
    *(ASN1_TIME **)address = made;
    if (!made) return PyErr_NoMemory(), -1;
    if (gl_openssl_hold(call, made, free_time) < 0) return -1;
    int valid;
    if (PyUnicode_Check(object))
    {
        const char *text;
        if (gl_string_from_python(call, -1, object, false, &text) < 0) return -1;
        valid = ASN1_TIME_set_string(made, text);
    }
    else
    {
        double seconds = PyFloat_AsDouble(object);
        if (seconds == -1.0 && PyErr_Occurred()) return -1;
        valid = seconds > -6.3e10 && seconds < 2.6e11 && ASN1_TIME_set(made, (time_t)seconds);
    }
    if (valid) return 0;
    ERR_clear_error();
    PyErr_Format(PyExc_ValueError, "%R is no ASN.1 time: seconds since the epoch, or a text such as '20260102030405Z'", object);
    return -1;
}

void gl_asn1_time_release(void *address)
{
    ASN1_TIME_free(*(ASN1_TIME **)address);
}

/* ---- ASN1_OBJECT * and numeric identifiers: OID ------------------------------------------------------------------------- */

PyObject *gl_asn1_object_to_python(const void *address)
{
    const ASN1_OBJECT *object = *(const ASN1_OBJECT *const *)address;
    if (!object || !OBJ_length(object)) Py_RETURN_NONE;
    return gl_oid_new(OBJ_get0_data(object), OBJ_length(object));
}

static void free_object(void *object)
{
    ASN1_OBJECT_free(object);
}

static ASN1_OBJECT *object_of(gl_call *call, PyObject *input)
{
    PyObject *oid = gl_oid_from(input);
    PyObject *dotted = oid ? PyObject_Str(oid) : NULL;
    const char *text = NULL;
    ASN1_OBJECT *object = NULL;
    if (dotted && gl_string_from_python(call, -1, dotted, false, &text) == 0 && !(object = OBJ_txt2obj(text, 1)))
    {
        ERR_clear_error();
        PyErr_Format(PyExc_ValueError, "OpenSSL cannot represent the object identifier %U", dotted);
    }
    Py_XDECREF(dotted);
    Py_XDECREF(oid);
    return object;
}

int gl_asn1_object_from_python(gl_call *call, PyObject *object, void *address)
{
    ASN1_OBJECT *made = object_of(call, object);
    *(ASN1_OBJECT **)address = made;
    return made ? gl_openssl_hold(call, made, free_object) : -1;
}

void gl_asn1_object_release(void *address)
{
    ASN1_OBJECT_free(*(ASN1_OBJECT **)address);
}

PyObject *gl_nid_to_python(const void *address)
{
    const ASN1_OBJECT *object = OBJ_nid2obj(*(const int *)address);
    return gl_asn1_object_to_python(&object);
}

/* OpenSSL numbers an identifier that it does not know when it is first used; there are as many as the program has. */
int gl_nid_from_python(gl_call *call, PyObject *object, void *address)
{
    if (PyLong_Check(object))
    {
        long number = PyLong_AsLong(object);
        if (number == -1 && PyErr_Occurred()) return -1;
        if (number > 0 && number < INT32_MAX && OBJ_nid2obj((int)number)) return *(int *)address = (int)number, 0;
        ERR_clear_error();
        PyErr_Format(PyExc_ValueError, "%ld is no numeric identifier of OpenSSL", number);
        return -1;
    }
    ASN1_OBJECT *made = object_of(call, object);
    if (!made) return -1;
    int number = OBJ_obj2nid(made);
    char dotted[256];
    if (number == NID_undef && OBJ_obj2txt(dotted, sizeof dotted, made, 1) < (int)sizeof dotted)
        number = OBJ_create(dotted, dotted, dotted);
    ASN1_OBJECT_free(made);
    *(int *)address = number;
    if (number != NID_undef) return 0;
    ERR_clear_error();
    PyErr_Format(PyExc_ValueError, "OpenSSL cannot number the object identifier %S", object);
    return -1;
}

void gl_nid_release(void *address)
{
    (void)address;
}
