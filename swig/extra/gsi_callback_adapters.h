/* gsi_callback: verifications outside a handshake, and data without a directory of trusted certificates. */
#ifndef GSI_CALLBACK_ADAPTERS_H
#define GSI_CALLBACK_ADAPTERS_H

#include "gsi_callback_data.h"

#include <openssl/ssl.h>

/* A verification as OpenSSL would have it: X509_STORE_CTX, with the callback data where this library looks for it. */
typedef struct
{
    globus_gsi_callback_data_t data;
    X509_STORE                *store;
    X509_STORE_CTX            *context;
    SSL_CTX                   *ssl_context;
    SSL                       *ssl;
} gl_verification;

static inline bool gl_begin(gl_verification *made, X509 *certificate, STACK_OF(X509) *untrusted)
{
    const char *directory = gl_certificate_directory(made->data);
    int index = -1, ssl_index = -1;
    globus_gsi_callback_get_X509_STORE_callback_data_index(&index);
    globus_gsi_callback_get_SSL_callback_data_index(&ssl_index);
    made->store = X509_STORE_new();
    made->context = X509_STORE_CTX_new();
    made->ssl_context = SSL_CTX_new(TLS_method());
    made->ssl = made->ssl_context ? SSL_new(made->ssl_context) : NULL;
    if (!made->store || !made->context || !made->ssl) return false;
    if (directory && *directory && !X509_STORE_load_locations(made->store, NULL, directory)) return false;
    X509_STORE_set_verify_cb(made->store, globus_gsi_callback_create_proxy_callback);
    X509_STORE_set_depth(made->store, GLOBUS_GSI_CALLBACK_VERIFY_DEPTH);
    if (!X509_STORE_CTX_init(made->context, made->store, certificate, untrusted)) return false;
    X509_STORE_CTX_set_current_cert(made->context, certificate);
    return X509_STORE_CTX_set_ex_data(made->context, index, made->data) && SSL_set_ex_data(made->ssl, ssl_index, &made->data)
        && X509_STORE_CTX_set_ex_data(made->context, SSL_get_ex_data_X509_STORE_CTX_idx(), made->ssl);
}

static inline void gl_finish(gl_verification *made)
{
    X509_STORE_CTX_free(made->context);
    X509_STORE_free(made->store);
    SSL_free(made->ssl);
    SSL_CTX_free(made->ssl_context);
}

/* Checks the certificate with the data's directory of trusted certificates. 1: it is good; get_error() tells why not. */
static inline int gl_adapt_globus_gsi_callback_X509_verify_cert(
    X509 *certificate, STACK_OF(X509) *cert_chain, globus_gsi_callback_data_t callback_data, void *arg)
{
    gl_verification made = {.data = callback_data};
    int result = gl_begin(&made, certificate, cert_chain) ? globus_gsi_callback_X509_verify_cert(made.context, arg) : -1;
    gl_finish(&made);
    return result;
}

/* The library's own checks of one certificate: what it does when OpenSSL's were passed, or were not. */
#define GL_VERIFY_CALLBACK(function) \
    static inline int gl_adapt_##function( \
        globus_bool_t preverify_ok, X509 *certificate, STACK_OF(X509) *cert_chain, globus_gsi_callback_data_t callback_data) \
    { \
        gl_verification made = {.data = callback_data}; \
        bool begun = gl_begin(&made, certificate, cert_chain); \
        if (begun && !preverify_ok) X509_STORE_CTX_set_error(made.context, X509_V_ERR_UNSPECIFIED); \
        int result = begun ? function(preverify_ok, made.context) : 0; \
        gl_finish(&made); \
        return result; \
    }

GL_VERIFY_CALLBACK(globus_gsi_callback_create_proxy_callback)
GL_VERIFY_CALLBACK(globus_gsi_callback_handshake_callback)

/* The context has no part in it. */
static inline int gl_adapt_globus_gsi_callback_check_issued(X509 *cert, X509 *issuer)
{
    return globus_gsi_callback_check_issued(NULL, cert, issuer);
}

/* C copies a directory that is not set, and lets both own the same error. */
static inline globus_result_t gl_adapt_globus_gsi_callback_data_copy(
    globus_gsi_callback_data_t source, globus_gsi_callback_data_t *dest)
{
    int number;
    globus_bool_t flag;
    globus_gsi_cert_utils_cert_type_t type;
    STACK_OF(X509) *chain = NULL;
    globus_gsi_extension_callback_t callback;
    void *oids;
    globus_result_t error;
    globus_result_t result = globus_gsi_callback_data_init(dest);
    if (result != GLOBUS_SUCCESS) return result;
    globus_gsi_callback_get_cert_depth(source, &number), globus_gsi_callback_set_cert_depth(*dest, number);
    globus_gsi_callback_get_proxy_depth(source, &number), globus_gsi_callback_set_proxy_depth(*dest, number);
    globus_gsi_callback_get_cert_type(source, &type), globus_gsi_callback_set_cert_type(*dest, type);
    globus_gsi_callback_get_cert_chain(source, &chain), globus_gsi_callback_set_cert_chain(*dest, chain);
    globus_gsi_callback_get_extension_cb(source, &callback), globus_gsi_callback_set_extension_cb(*dest, callback);
    globus_gsi_callback_get_extension_oids(source, &oids), globus_gsi_callback_set_extension_oids(*dest, oids);
    globus_gsi_callback_get_check_policy_for_self_signed_certs(source, &flag);
    globus_gsi_callback_set_check_policy_for_self_signed_certs(*dest, flag);
    globus_gsi_callback_get_allow_missing_signing_policy(source, &flag);
    globus_gsi_callback_set_allow_missing_signing_policy(*dest, flag);
    globus_gsi_callback_get_error(source, &error);
    if (error) globus_gsi_callback_set_error(*dest, globus_error_put(globus_object_copy(globus_error_peek(error))));
    if (gl_certificate_directory(source))
        globus_gsi_callback_set_cert_dir(*dest, (char *)gl_certificate_directory(source));
    sk_X509_pop_free(chain, X509_free);
    return GLOBUS_SUCCESS;
}

static inline globus_result_t gl_adapt_globus_gsi_callback_get_cert_dir(globus_gsi_callback_data_t callback_data, char **cert_dir)
{
    *cert_dir = NULL;
    return gl_certificate_directory(callback_data) ? globus_gsi_callback_get_cert_dir(callback_data, cert_dir) : GLOBUS_SUCCESS;
}

#endif
