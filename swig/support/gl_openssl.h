/* Objects of OpenSSL as bytes: what the files that convert them share. */
#ifndef GL_OPENSSL_H
#define GL_OPENSSL_H

#include "gl_custom.h"

#include <openssl/types.h>

/* How a type of OpenSSL is read and written. */
typedef struct
{
    const char *what;                                       /* for messages: "an X.509 certificate" */
    const char *method;                                     /* by which objects of the package `cryptography` give DER */
    void     *(*from_der)(const unsigned char **data, long length);
    void     *(*from_pem)(BIO *bio);                        /* NULL: has no PEM form */
    int       (*to_der)(const void *object, unsigned char **data);
    void      (*release)(void *object);
} gl_openssl_type;

extern const gl_openssl_type gl_openssl_x509, gl_openssl_extension;

/* The bytes of a bytes-like object, or of an object of `cryptography`; locked until the call ends. 0, or -1. */
int gl_openssl_bytes(gl_call *call, PyObject *object, const gl_openssl_type *type, const unsigned char **data, size_t *length);
bool gl_openssl_is_pem(const unsigned char *data, size_t length);
/* Raises ValueError with OpenSSL's reason and empties its queue of errors. Always -1. */
int gl_openssl_bad(const gl_openssl_type *type);
/* Reads one object; NULL with an exception. The caller owns it. */
void *gl_openssl_read(gl_call *call, PyObject *object, const gl_openssl_type *type);
PyObject *gl_openssl_write(const gl_openssl_type *type, const void *object);
/* The call owns `object` from here on: `release` runs when it ends. 0, or -1 with `object` released. */
GL_API int gl_openssl_hold(gl_call *call, void *object, void (*release)(void *));

#endif
