/* gsi_credential: C takes for granted that a handle has the certificate and key that a function needs. */
#ifndef GSI_CREDENTIAL_ADAPTERS_H
#define GSI_CREDENTIAL_ADAPTERS_H

#include "gsi_adapters.h"

#include <openssl/x509v3.h>

#define GL_WITHOUT_CERTIFICATE \
    gl_refusal(GLOBUS_GSI_CREDENTIAL_MODULE, GLOBUS_GSI_CRED_ERROR_WITH_CRED_CERT, __func__, "The credential has no certificate")

#define GL_NEEDS_CERTIFICATE(function, output_type, output) \
    static inline globus_result_t gl_adapt_##function(globus_gsi_cred_handle_t handle, output_type output) \
    { \
        return gl_has_certificate(handle) ? function(handle, output) : GL_WITHOUT_CERTIFICATE; \
    }

GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_X509_subject_name, X509_NAME **, subject_name)
GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_X509_issuer_name, X509_NAME **, issuer_name)
GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_X509_identity_name, X509_NAME **, identity_name)
GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_subject_name, char **, subject_name)
GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_issuer_name, char **, issuer_name)
GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_identity_name, char **, identity_name)
GL_NEEDS_CERTIFICATE(globus_gsi_cred_get_cert_type, globus_gsi_cert_utils_cert_type_t *, type)

static inline globus_result_t gl_lacks(globus_gsi_cred_handle_t handle, const char *function)
{
    if (!gl_has_certificate(handle))
        return gl_refusal(GLOBUS_GSI_CREDENTIAL_MODULE, GLOBUS_GSI_CRED_ERROR_WITH_CRED_CERT, function,
                          "The credential has no certificate");
    if (!gl_has_key(handle))
        return gl_refusal(GLOBUS_GSI_CREDENTIAL_MODULE, GLOBUS_GSI_CRED_ERROR_WITH_CRED_PRIVATE_KEY, function,
                          "The credential has no private key");
    return GLOBUS_SUCCESS;
}

static inline globus_result_t gl_adapt_globus_gsi_cred_write(globus_gsi_cred_handle_t handle, BIO *bio)
{
    globus_result_t result = gl_lacks(handle, __func__);
    return result ? result : globus_gsi_cred_write(handle, bio);
}

static inline globus_result_t gl_adapt_globus_gsi_cred_write_proxy(globus_gsi_cred_handle_t handle, const char *proxy_filename)
{
    globus_result_t result = gl_lacks(handle, __func__);
    return result ? result : globus_gsi_cred_write_proxy(handle, proxy_filename);
}

static inline globus_result_t gl_adapt_globus_gsi_cred_verify(globus_gsi_cred_handle_t handle)
{
    return gl_has_certificate(handle) ? globus_gsi_cred_verify(handle) : GL_WITHOUT_CERTIFICATE;
}

/* Without a certificate or a directory of trusted ones C checks nothing and reports success. */
static inline globus_result_t gl_cannot_verify(globus_gsi_cred_handle_t handle, globus_gsi_callback_data_t callback_data)
{
    if (!gl_has_certificate(handle)) return GL_WITHOUT_CERTIFICATE;
    const char *directory = callback_data ? gl_certificate_directory(callback_data) : ".";
    if (directory && *directory) return GLOBUS_SUCCESS;
    return gl_refusal(GLOBUS_GSI_CREDENTIAL_MODULE, GLOBUS_GSI_CRED_ERROR_WITH_CALLBACK_DATA, __func__,
                      "The callback data names no directory of trusted certificates: call globus_gsi_callback_set_cert_dir()");
}

static inline globus_result_t gl_adapt_globus_gsi_cred_verify_cert_chain(
    globus_gsi_cred_handle_t cred_handle, globus_gsi_callback_data_t callback_data)
{
    globus_result_t result = gl_cannot_verify(cred_handle, callback_data);
    return result ? result : globus_gsi_cred_verify_cert_chain(cred_handle, callback_data);
}

static inline globus_result_t gl_adapt_globus_gsi_cred_verify_cert_chain_when(
    globus_gsi_cred_handle_t cred_handle, globus_gsi_callback_data_t callback_data, time_t check_time)
{
    globus_result_t result = gl_cannot_verify(cred_handle, callback_data);
    return result ? result : globus_gsi_cred_verify_cert_chain_when(cred_handle, callback_data, check_time);
}

static inline void gl_free_policy(char *policy)
{
    free(policy);
}

static inline char *gl_policy_of(X509 *certificate)
{
    PROXY_CERT_INFO_EXTENSION *info = X509_get_ext_d2i(certificate, NID_proxyCertInfo, NULL, NULL);
    const ASN1_OCTET_STRING *policy = info && info->proxyPolicy ? info->proxyPolicy->policy : NULL;
    char *text = policy ? strndup((const char *)ASN1_STRING_get0_data(policy), (size_t)ASN1_STRING_length(policy))
                        : strdup(GLOBUS_NULL_POLICY);
    PROXY_CERT_INFO_EXTENSION_free(info);
    return text;
}

/* C reads the policy of a proxy that has none, as most do. */
static inline globus_result_t gl_adapt_globus_gsi_cred_get_policies(
    globus_gsi_cred_handle_t handle, STACK_OF(OPENSSL_STRING) **policies)
{
    STACK_OF(X509) *chain = NULL;
    globus_result_t result = globus_gsi_cred_get_cert_chain(handle, &chain);
    if (result != GLOBUS_SUCCESS) return result;
    *policies = chain ? sk_OPENSSL_STRING_new_null() : NULL;
    for (int i = 0; *policies && i < sk_X509_num(chain); ++i)
        sk_OPENSSL_STRING_push(*policies, gl_policy_of(sk_X509_value(chain, i)));
    sk_X509_pop_free(chain, X509_free);
    if (*policies) return GLOBUS_SUCCESS;
    return gl_refusal(GLOBUS_GSI_CREDENTIAL_MODULE, GLOBUS_GSI_CRED_ERROR_WITH_CRED_CERT_CHAIN, __func__,
                      "The credential has no certificate chain");
}

/* C copies an order of any length into room for five, GLOBUS_SO_END included. */
static inline globus_result_t gl_adapt_globus_gsi_cred_handle_attrs_set_search_order(
    globus_gsi_cred_handle_attrs_t handle_attrs, globus_gsi_cred_type_t *search_order, int count)
{
    globus_gsi_cred_type_t order[5] = {GLOBUS_SO_END, GLOBUS_SO_END, GLOBUS_SO_END, GLOBUS_SO_END, GLOBUS_SO_END};
    int length = 0;
    while (length < count && search_order[length] != GLOBUS_SO_END) ++length;
    if (length > 4)
        return gl_refusal(GLOBUS_GSI_CREDENTIAL_MODULE, GLOBUS_GSI_CRED_ERROR_BAD_PARAMETER, __func__,
                          "A search order names at most four kinds of credentials");
    memcpy(order, search_order, (size_t)length * sizeof *order);
    return globus_gsi_cred_handle_attrs_set_search_order(handle_attrs, order);
}

#endif
