/* gsi_proxy_ssl: what C follows without looking, frees twice, or says with a length of its own. */
#ifndef GSI_PROXY_SSL_ADAPTERS_H
#define GSI_PROXY_SSL_ADAPTERS_H

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#include <openssl/asn1.h>
#include <openssl/asn1t.h>
#include <openssl/x509v3.h>
#include <proxypolicy.h>
#include <proxycertinfo.h>
#include <stdlib.h>
#include <string.h>

#ifdef GL_H
PyObject *gl_proxy_ssl_failure(const gl_function *function, long long status);
PyObject *gl_conf_values_to_python(const void *address);                    /* a list of (name, value) */
int       gl_conf_values_from_python(gl_call *call, PyObject *object, void *address);
void      gl_conf_values_release(void *address);
#endif

/* ---- DER ------------------------------------------------------------------------------------------------------------------- */

/* Bytes that are left over are no part of it: refused. */
#define GL_DER_FUNCTIONS(TYPE) \
    static inline TYPE *gl_adapt_d2i_##TYPE(const unsigned char *in, long len) \
    { \
        const unsigned char *end = in; \
        TYPE *made = d2i_##TYPE(NULL, &end, len); \
        if (!made || end == in + len) return made; \
        TYPE##_free(made); \
        return NULL; \
    } \
    static inline int gl_adapt_i2d_##TYPE(TYPE *a, unsigned char **out, int *length) \
    { \
        *out = NULL; \
        *length = i2d_##TYPE(a, out); \
        return *length < 0; \
    }

GL_DER_FUNCTIONS(PROXYCERTINFO)
GL_DER_FUNCTIONS(PROXYPOLICY)

/* ---- policies ---------------------------------------------------------------------------------------------------------------- */

static inline int gl_differ(const void *a, const void *b, int (*compare)(const void *, const void *))
{
    return a && b ? compare(a, b) : a != b;
}

static inline int gl_strings_differ(const void *a, const void *b)
{
    return ASN1_STRING_cmp(a, b) != 0;
}

static inline int gl_adapt_PROXYPOLICY_cmp(const PROXYPOLICY *a, const PROXYPOLICY *b)
{
    return OBJ_cmp(a->policy_language, b->policy_language) != 0 || gl_differ(a->policy, b->policy, gl_strings_differ);
}

static inline int gl_adapt_PROXYPOLICY_set_policy_language(PROXYPOLICY *policy, ASN1_OBJECT *policy_language)
{
    return !PROXYPOLICY_set_policy_language(policy, policy_language);
}

/* C forgets a copy, or what it has freed. */
static inline int gl_adapt_PROXYPOLICY_set_policy(PROXYPOLICY *proxypolicy, const unsigned char *policy, int length)
{
    ASN1_OCTET_STRING *made = policy ? ASN1_OCTET_STRING_new() : NULL;
    if (policy && !(made && ASN1_OCTET_STRING_set(made, policy, length)))
    {
        ASN1_OCTET_STRING_free(made);
        return 1;
    }
    ASN1_OCTET_STRING_free(proxypolicy->policy);
    proxypolicy->policy = made;
    return 0;
}

static inline void gl_adapt_PROXYPOLICY_get_policy(PROXYPOLICY *policy, unsigned char **policy_data, int *length)
{
    *length = 0;
    *policy_data = PROXYPOLICY_get_policy(policy, length);
}

static inline int gl_adapt_PROXYPOLICY_print(BIO *bp, PROXYPOLICY *policy)
{
    return !PROXYPOLICY_print(bp, policy);
}

static inline int gl_adapt_PROXYPOLICY_print_fp(FILE *fp, PROXYPOLICY *policy)
{
    return !PROXYPOLICY_print_fp(fp, policy);
}

/* ---- proxy certificates --------------------------------------------------------------------------------------------------------- */

static inline int gl_policies_differ(const void *a, const void *b)
{
    return gl_adapt_PROXYPOLICY_cmp(a, b);
}

static inline int gl_adapt_PROXYCERTINFO_cmp(const PROXYCERTINFO *a, const PROXYCERTINFO *b)
{
    return gl_differ(a->path_length, b->path_length, gl_strings_differ) || gl_differ(a->policy, b->policy, gl_policies_differ);
}

static inline int gl_adapt_PROXYCERTINFO_set_policy(PROXYCERTINFO *cert_info, PROXYPOLICY *policy)
{
    return !PROXYCERTINFO_set_policy(cert_info, policy);
}

/* A copy: the next PROXYCERTINFO_set_policy() frees the one that the extension has. */
static inline PROXYPOLICY *gl_adapt_PROXYCERTINFO_get_policy(PROXYCERTINFO *cert_info)
{
    PROXYPOLICY *policy = PROXYCERTINFO_get_policy(cert_info);
    return policy ? PROXYPOLICY_dup(policy) : NULL;
}

static inline int gl_adapt_PROXYCERTINFO_set_path_length(PROXYCERTINFO *cert_info, long path_length)
{
    return path_length < -1 || !PROXYCERTINFO_set_path_length(cert_info, path_length);
}

static inline int gl_adapt_PROXYCERTINFO_print(BIO *bp, PROXYCERTINFO *cert_info)
{
    return !PROXYCERTINFO_print(bp, cert_info);
}

static inline int gl_adapt_PROXYCERTINFO_print_fp(FILE *fp, PROXYCERTINFO *cert_info)
{
    return !PROXYCERTINFO_print_fp(fp, cert_info);
}

#endif
