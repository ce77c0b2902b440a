/* Types with conversions of their own: %custom(type, name) in swig/lib/types.swg. */
#ifndef GL_CUSTOM_H
#define GL_CUSTOM_H

#include "gl.h"

#define GL_CUSTOM_TYPE(name) \
    GL_API PyObject *gl_##name##_to_python(const void *address); \
    GL_API int gl_##name##_from_python(gl_call *call, PyObject *object, void *address); \
    GL_API void gl_##name##_release(void *address)

/* time.c: seconds as a float */
GL_CUSTOM_TYPE(reltime);       /* struct timeval */
GL_CUSTOM_TYPE(abstime);       /* struct timespec */
GL_CUSTOM_TYPE(calendar);      /* struct tm: seconds since the epoch, UTC */
GL_CUSTOM_TYPE(struct_time);   /* struct tm: time.struct_time */

/* signals.c */
GL_CUSTOM_TYPE(sigset);        /* sigset_t: a set of signal numbers */

/* address.c */
GL_CUSTOM_TYPE(sockaddr);      /* struct sockaddr_storage: the tuple of Python's socket module */
GL_CUSTOM_TYPE(sockaddr_pointer);

/* file.c: a Python file object */
GL_CUSTOM_TYPE(file);          /* FILE * */

/* gss.c */
GL_CUSTOM_TYPE(gss_buffer);    /* gss_buffer_desc: bytes */
GL_CUSTOM_TYPE(oid);           /* gss_OID: an OID, a dotted string, None */
GL_CUSTOM_TYPE(oid_set);       /* gss_OID_set: a list of OIDs */
GL_CUSTOM_TYPE(buffer_set);    /* gss_buffer_set_t: a list of bytes */
GL_CUSTOM_TYPE(bindings);      /* gss_channel_bindings_t: bytes of the application data */
GL_CUSTOM_TYPE(option_value);  /* gl_option_value: bytes, a list of OIDs, or a list of credentials */
PyObject *gl_oid_new(const void *elements, size_t length);
PyObject *gl_oid_from(PyObject *object);                   /* an OID, or a dotted string; a new reference */

/* openssl.c: DER bytes out, DER or PEM in */
GL_CUSTOM_TYPE(x509);              /* X509 * */
GL_CUSTOM_TYPE(x509_req);          /* X509_REQ * */
GL_CUSTOM_TYPE(x509_name);         /* X509_NAME * */
GL_CUSTOM_TYPE(x509_extension);    /* X509_EXTENSION * */
GL_CUSTOM_TYPE(proxy_cert_info);   /* PROXY_CERT_INFO_EXTENSION * */
GL_CUSTOM_TYPE(evp_pkey);          /* EVP_PKEY *: PKCS#8 */

/* openssl_stack.c: lists */
GL_CUSTOM_TYPE(x509_stack);            /* STACK_OF(X509) *: of DER bytes; in, one PEM text will do */
GL_CUSTOM_TYPE(x509_extension_stack);  /* STACK_OF(X509_EXTENSION) * */
GL_CUSTOM_TYPE(asn1_object_stack);     /* STACK_OF(ASN1_OBJECT) *: of OIDs and None */
GL_CUSTOM_TYPE(policy_stack);          /* STACK_OF(OPENSSL_STRING) * of malloc-ed strings: of bytes */

/* openssl_value.c */
GL_CUSTOM_TYPE(evp_md);        /* const EVP_MD *: the digest's name */
GL_CUSTOM_TYPE(bio);           /* BIO *: bytes to read from; bytes that were written */
GL_CUSTOM_TYPE(asn1_time);     /* ASN1_UTCTIME *: seconds since the epoch */
GL_CUSTOM_TYPE(asn1_object);   /* ASN1_OBJECT *: an OID */
GL_CUSTOM_TYPE(nid);           /* int, a number that OpenSSL gave an identifier: an OID */

#endif
