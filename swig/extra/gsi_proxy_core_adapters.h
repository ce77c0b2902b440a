/* gsi_proxy_core: proxies that say all that they are asked to say; and failures that leave the handle as it was. */
#ifndef GSI_PROXY_CORE_ADAPTERS_H
#define GSI_PROXY_CORE_ADAPTERS_H

#include "gsi_adapters.h"

#include <globus_gsi_proxy.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

static inline globus_result_t gl_proxy_refusal(int type, const char *function, const char *reason)
{
    return gl_refusal(GLOBUS_GSI_PROXY_MODULE, type, function, reason);
}

/* ---- what a proxy says: its ProxyCertInfo ---------------------------------------------------------------------------
 *
 * C writes it as a line of text, which has no room for a path length of 0, and none for policies with a comma, a line's
 * end or a NUL byte. So C writes no more than the policy language, and the rest is put in afterwards. */

typedef PROXY_CERT_INFO_EXTENSION gl_info;

static inline gl_info *gl_info_of(globus_gsi_proxy_handle_t handle)
{
    gl_info *info = NULL;
    return gl_is_success(globus_gsi_proxy_handle_get_proxy_cert_info(handle, &info)) ? info : NULL;
}

static inline bool gl_is_plain(const gl_info *info)
{
    return !info->pcPathLengthConstraint && !info->proxyPolicy->policy;
}

/* Whether there is a proxy that says this. */
static inline const char *gl_info_fault(globus_gsi_proxy_handle_t handle, const gl_info *info)
{
    globus_gsi_cert_utils_cert_type_t type = GLOBUS_GSI_CERT_UTILS_TYPE_DEFAULT;
    if (!info) return "The handle has no ProxyCertInfo";
    int language = OBJ_obj2nid(info->proxyPolicy->policyLanguage);
    if (info->proxyPolicy->policy && (language == NID_id_ppl_inheritAll || language == NID_Independent))
        return "A proxy that inherits all rights, or none, has no policy: set the language of the policy";
    if (info->pcPathLengthConstraint && ASN1_INTEGER_get(info->pcPathLengthConstraint) < 0)
        return "The path length is negative";
    globus_gsi_proxy_handle_get_type(handle, &type);
    if (GLOBUS_GSI_CERT_UTILS_IS_GSI_2_PROXY(type) && !gl_is_plain(info))
        return "A legacy proxy has neither a policy nor a path length: set another type";
    return NULL;
}

/* The handle keeps the policy language; answers with all that it had. */
static inline globus_result_t gl_set_aside(globus_gsi_proxy_handle_t handle, gl_info **aside, const char *function)
{
    gl_info *info = gl_info_of(handle);
    const char *fault = gl_info_fault(handle, info);
    globus_result_t result = fault ? gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_PROXYCERTINFO, function, fault) : GLOBUS_SUCCESS;
    if (fault)
    {
        PROXY_CERT_INFO_EXTENSION_free(info);
        return result;
    }
    gl_info *plain = PROXY_CERT_INFO_EXTENSION_new();
    ASN1_OBJECT_free(plain->proxyPolicy->policyLanguage);
    plain->proxyPolicy->policyLanguage = OBJ_dup(info->proxyPolicy->policyLanguage);
    result = globus_gsi_proxy_handle_set_proxy_cert_info(handle, plain);
    PROXY_CERT_INFO_EXTENSION_free(plain);
    *aside = info;
    return result;
}

static inline void gl_put_back(globus_gsi_proxy_handle_t handle, const gl_info *aside)
{
    gl_is_success(globus_gsi_proxy_handle_set_proxy_cert_info(handle, (gl_info *)aside));
}

static inline int gl_old_info(void)
{
    return OBJ_txt2nid("1.3.6.1.4.1.3536.1.222");
}

/* What it is to say, where C has chosen the language: a policy in another one is of no use. */
static inline gl_info *gl_completed(const gl_info *chosen, const gl_info *aside)
{
    bool same = chosen && OBJ_cmp(chosen->proxyPolicy->policyLanguage, aside->proxyPolicy->policyLanguage) == 0;
    gl_info *info = PROXY_CERT_INFO_EXTENSION_new();
    ASN1_OBJECT_free(info->proxyPolicy->policyLanguage);
    info->proxyPolicy->policyLanguage = OBJ_dup((chosen ? chosen : aside)->proxyPolicy->policyLanguage);
    if (same && aside->proxyPolicy->policy) info->proxyPolicy->policy = ASN1_OCTET_STRING_dup(aside->proxyPolicy->policy);
    if (aside->pcPathLengthConstraint) info->pcPathLengthConstraint = ASN1_INTEGER_dup(aside->pcPathLengthConstraint);
    return info;
}

/* In a signed certificate, which is signed again. */
static inline bool gl_complete_certificate(X509 *certificate, const gl_info *aside, EVP_PKEY *key)
{
    int digest = NID_undef, critical = 0;
    int identifier = X509_get_ext_by_NID(certificate, NID_proxyCertInfo, -1) >= 0 ? NID_proxyCertInfo : gl_old_info();
    gl_info *chosen = X509_get_ext_d2i(certificate, identifier, &critical, NULL), *info = chosen ? gl_completed(chosen, aside) : NULL;
    bool done = info && X509_add1_ext_i2d(certificate, identifier, info, critical, X509V3_ADD_REPLACE) == 1
        && X509_get_signature_info(certificate, &digest, NULL, NULL, NULL)
        && X509_sign(certificate, key, EVP_get_digestbynid(digest));
    PROXY_CERT_INFO_EXTENSION_free(chosen);
    PROXY_CERT_INFO_EXTENSION_free(info);
    return done;
}

static inline globus_result_t gl_incomplete(const char *function)
{
    return gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_PROXYCERTINFO, function,
                            "The policy or the path length cannot be written into the proxy");
}

/* In the certificate of a credential that `issuer` has signed. */
static inline globus_result_t gl_complete_credential(
    globus_gsi_cred_handle_t credential, const gl_info *aside, globus_gsi_cred_handle_t issuer, const char *function)
{
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    if (gl_is_plain(aside)) return GLOBUS_SUCCESS;
    globus_result_t result = globus_gsi_cred_get_cert(credential, &certificate);
    if (!result) result = globus_gsi_cred_get_key(issuer, &key);
    if (!result && !gl_complete_certificate(certificate, aside, key)) result = gl_incomplete(function);
    if (!result) result = globus_gsi_cred_set_cert(credential, certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return result;
}

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

/* C starts from the request that the handle has; after an unreadable one it has none, and C would free a key twice. */
static inline bool gl_renew_request(globus_gsi_proxy_handle_t handle)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509_REQ *request = X509_REQ_new();
    bool made = key && request && X509_REQ_set_pubkey(request, key) && X509_REQ_sign(request, key, EVP_sha256())
        && gl_is_success(globus_gsi_proxy_handle_set_req(handle, request));
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return made;
}

/* As C does when it has made the key, where a failure would free it twice. */
static inline bool gl_signs(const EVP_MD *digest, int key_bits)
{
    enum { PADDING = 11, IDENTIFIER = 19 };      /* PKCS #1 */
    ERR_set_mark();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool signs = context && EVP_DigestInit_ex(context, digest, NULL) == 1
        && OBJ_find_sigid_by_algs(NULL, EVP_MD_get_type(digest), NID_rsaEncryption)
        && EVP_MD_get_size(digest) + PADDING + IDENTIFIER <= key_bits / 8;
    EVP_MD_CTX_free(context);
    ERR_pop_to_mark();
    return signs;
}

static inline bool gl_has_proxy_key(globus_gsi_proxy_handle_t handle)
{
    EVP_PKEY *key = NULL;
    ERR_set_mark();
    bool found = gl_is_success(globus_gsi_proxy_handle_get_private_key(handle, &key));
    ERR_pop_to_mark();
    EVP_PKEY_free(key);
    return found;
}

static inline globus_result_t gl_prepare_request(globus_gsi_proxy_handle_t handle, const EVP_MD *digest, const char *function)
{
    int bits = 0;
    const EVP_MD *chosen = NULL;
    globus_gsi_proxy_handle_get_keybits(handle, &bits);
    globus_gsi_proxy_handle_get_signing_algorithm(handle, &chosen);
    if (gl_has_proxy_key(handle))
        return gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_PRIVATE_KEY, function, "The handle has a private key already");
    if (!gl_signs(chosen ? chosen : digest, bits))
        return gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_PRIVATE_KEY, function,
                                "No RSA key of that many bits signs with that algorithm: set other key bits, or another algorithm");
    if (!gl_renew_request(handle))
        return gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_X509_REQ, function, "A request cannot be made");
    return GLOBUS_SUCCESS;
}

/* For the key that the handle was given: of any kind, where C makes RSA keys only. It says no more than the key. */
static inline globus_result_t gl_request_for_key(globus_gsi_proxy_handle_t handle, BIO *output_bio)
{
    EVP_PKEY *key = NULL;
    X509_REQ *request = X509_REQ_new();
    const EVP_MD *digest = NULL;
    globus_gsi_proxy_handle_get_signing_algorithm(handle, &digest);
    const unsigned char *name = (const unsigned char *)"NULL SUBJECT NAME ENTRY";      /* as C has it */
    bool made = request && gl_is_success(globus_gsi_proxy_handle_get_private_key(handle, &key))
        && X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName, MBSTRING_ASC, name, -1, -1, 0)
        && X509_REQ_set_pubkey(request, key) && X509_REQ_sign(request, key, digest ? digest : EVP_sha256())
        && gl_is_success(globus_gsi_proxy_handle_set_req(handle, request)) && i2d_X509_REQ_bio(output_bio, request);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return made ? GLOBUS_SUCCESS
                : gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_PRIVATE_KEY, __func__, "The handle's private key signs no request");
}

/* An empty key that C leaves behind would forbid another try. */
static inline globus_result_t gl_after_request(globus_gsi_proxy_handle_t handle, globus_result_t result)
{
    if (result && !gl_has_proxy_key(handle)) gl_is_success(globus_gsi_proxy_handle_set_private_key(handle, NULL));
    return result;
}

static inline bool gl_replace_info(X509_REQ *request, const gl_info *aside)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    int identifier = X509v3_get_ext_by_NID(extensions, NID_proxyCertInfo, -1) >= 0 ? NID_proxyCertInfo : gl_old_info();
    int position = X509v3_get_ext_by_NID(extensions, identifier, -1), attribute = X509_REQ_get_attr_by_NID(request, NID_ext_req, -1);
    int critical = X509_EXTENSION_get_critical(X509v3_get_ext(extensions, position));
    bool done = attribute >= 0
        && X509V3_add1_i2d(&extensions, identifier, (gl_info *)aside, critical, X509V3_ADD_REPLACE) == 1;
    if (done) X509_ATTRIBUTE_free(X509_REQ_delete_attr(request, attribute));
    done = done && X509_REQ_add_extensions(request, extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return done;
}

static inline bool gl_complete_request(globus_gsi_proxy_handle_t handle, X509_REQ *request, const gl_info *aside)
{
    EVP_PKEY *key = NULL;
    const EVP_MD *digest = NULL;
    bool done = gl_is_success(globus_gsi_proxy_handle_get_private_key(handle, &key))
        && gl_is_success(globus_gsi_proxy_handle_get_signing_algorithm(handle, &digest))
        && gl_replace_info(request, aside) && X509_REQ_sign(request, key, digest ? digest : EVP_sha256())
        && gl_is_success(globus_gsi_proxy_handle_set_req(handle, request));
    EVP_PKEY_free(key);
    return done;
}

static inline globus_result_t gl_adapt_globus_gsi_proxy_create_req(globus_gsi_proxy_handle_t handle, BIO *output_bio)
{
    gl_info *aside = NULL;
    X509_REQ *request = NULL;
    if (gl_has_proxy_key(handle)) return gl_request_for_key(handle, output_bio);
    BIO *draft = BIO_new(BIO_s_mem());
    globus_result_t result = gl_prepare_request(handle, EVP_sha256(), __func__);
    if (!result) result = gl_set_aside(handle, &aside, __func__);
    if (aside)
    {
        if (!result) result = gl_after_request(handle, globus_gsi_proxy_create_req(handle, draft));
        gl_put_back(handle, aside);
    }
    bool done = result || ((request = d2i_X509_REQ_bio(draft, NULL))
                           && (gl_is_plain(aside) || gl_complete_request(handle, request, aside))
                           && i2d_X509_REQ_bio(output_bio, request));
    PROXY_CERT_INFO_EXTENSION_free(aside);
    X509_REQ_free(request);
    BIO_free(draft);
    return done ? result : gl_incomplete(__func__);
}

/* C leaves what it could not read behind as nothing, and follows that later. */
static inline globus_result_t gl_adapt_globus_gsi_proxy_inquire_req(globus_gsi_proxy_handle_t handle, BIO *input_bio)
{
    globus_result_t result = globus_gsi_proxy_inquire_req(handle, input_bio);
    gl_info *info = result ? gl_info_of(handle) : NULL;
    if (result && !info) gl_put_back(handle, NULL);
    PROXY_CERT_INFO_EXTENSION_free(info);
    return result;
}

/* ---- issuers ------------------------------------------------------------------------------------------------------------
 *
 * C signs with the digest of the issuer's own signature, and finds none if that is an ECDSA or EdDSA one: for C, the
 * issuer's certificate is then signed anew with RSA. Only its name, dates and type get into the proxy. */

static inline bool gl_has_digest(X509 *certificate)
{
    return EVP_get_digestbynid(X509_get_signature_nid(certificate)) != NULL;
}

static inline bool gl_sign_anew(X509 *certificate)
{
    int digest = NID_undef;
    X509_get_signature_info(certificate, &digest, NULL, NULL, NULL);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    bool done = key && X509_sign(certificate, key, digest == NID_undef ? EVP_sha256() : EVP_get_digestbynid(digest));
    EVP_PKEY_free(key);
    return done;
}

/* The issuer as C can use it: a copy if need be, which is to be destroyed. */
static inline globus_gsi_cred_handle_t gl_usable_issuer(globus_gsi_cred_handle_t issuer)
{
    X509 *certificate = NULL;
    globus_gsi_cred_handle_t copy = NULL;
    if (gl_is_success(globus_gsi_cred_get_cert(issuer, &certificate)) && !gl_has_digest(certificate)
        && gl_is_success(globus_gsi_cred_handle_copy(issuer, &copy))
        && !(gl_sign_anew(certificate) && gl_is_success(globus_gsi_cred_set_cert(copy, certificate))))
    {
        globus_gsi_cred_handle_destroy(copy);
        copy = NULL;
    }
    X509_free(certificate);
    return copy ? copy : issuer;
}

/* ---- signatures --------------------------------------------------------------------------------------------------------- */

static inline globus_result_t gl_sign_completed(BIO *draft, const gl_info *aside, globus_gsi_cred_handle_t issuer, BIO *output)
{
    EVP_PKEY *key = NULL;
    X509 *certificate = d2i_X509_bio(draft, NULL);
    globus_result_t result = certificate ? globus_gsi_cred_get_key(issuer, &key) : gl_incomplete(__func__);
    if (!result && !((gl_is_plain(aside) || gl_complete_certificate(certificate, aside, key)) && i2d_X509_bio(output, certificate)))
        result = gl_incomplete(__func__);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return result;
}

static inline globus_result_t gl_adapt_globus_gsi_proxy_sign_req(
    globus_gsi_proxy_handle_t handle, globus_gsi_cred_handle_t issuer_credential, BIO *output_bio)
{
    gl_info *aside = NULL;
    BIO *draft = BIO_new(BIO_s_mem());
    globus_result_t result = gl_set_aside(handle, &aside, __func__);
    globus_gsi_cred_handle_t issuer = gl_usable_issuer(issuer_credential);
    if (!result) result = globus_gsi_proxy_sign_req(handle, issuer, draft);
    if (issuer != issuer_credential) globus_gsi_cred_handle_destroy(issuer);
    if (aside) gl_put_back(handle, aside);
    if (!result) result = gl_sign_completed(draft, aside, issuer_credential, output_bio);
    PROXY_CERT_INFO_EXTENSION_free(aside);
    BIO_free(draft);
    return result;
}

static inline globus_result_t gl_made_credential(globus_gsi_cred_handle_t *credential, globus_result_t result)
{
    if (result && *credential) globus_gsi_cred_handle_destroy(*credential);
    if (result) *credential = NULL;
    return result;
}

static inline globus_result_t gl_adapt_globus_gsi_proxy_resign_cert(
    globus_gsi_proxy_handle_t handle, globus_gsi_cred_handle_t issuer_credential, globus_gsi_cred_handle_t peer_credential,
    globus_gsi_cred_handle_t *resigned_credential)
{
    gl_info *aside = NULL;
    *resigned_credential = NULL;
    globus_result_t result = gl_set_aside(handle, &aside, __func__);
    if (!result) result = globus_gsi_proxy_resign_cert(handle, issuer_credential, peer_credential, resigned_credential);
    if (aside) gl_put_back(handle, aside);
    if (!result) result = gl_complete_credential(*resigned_credential, aside, issuer_credential, __func__);
    PROXY_CERT_INFO_EXTENSION_free(aside);
    return gl_made_credential(resigned_credential, result);
}

static inline const EVP_MD *gl_digest_of(globus_gsi_cred_handle_t issuer)
{
    X509 *certificate = NULL;
    if (!gl_is_success(globus_gsi_cred_get_cert(issuer, &certificate))) return NULL;
    const EVP_MD *digest = EVP_get_digestbynid(X509_get_signature_nid(certificate));
    X509_free(certificate);
    return digest;
}

static inline globus_result_t gl_adapt_globus_gsi_proxy_create_signed(
    globus_gsi_proxy_handle_t handle, globus_gsi_cred_handle_t issuer, globus_gsi_cred_handle_t *proxy_credential)
{
    gl_info *aside = NULL;
    const EVP_MD *digest = gl_digest_of(issuer);
    *proxy_credential = NULL;
    globus_result_t result = gl_prepare_request(handle, digest ? digest : EVP_sha256(), __func__);
    if (!result) result = gl_set_aside(handle, &aside, __func__);
    if (!result) result = gl_after_request(handle, globus_gsi_proxy_create_signed(handle, issuer, proxy_credential));
    if (result) *proxy_credential = NULL;      /* C has destroyed it */
    if (aside) gl_put_back(handle, aside);
    if (!result) result = gl_complete_credential(*proxy_credential, aside, issuer, __func__);
    PROXY_CERT_INFO_EXTENSION_free(aside);
    return gl_made_credential(proxy_credential, result);
}

static inline globus_result_t gl_adapt_globus_gsi_proxy_assemble_cred(
    globus_gsi_proxy_handle_t handle, globus_gsi_cred_handle_t *proxy_credential, BIO *input_bio)
{
    *proxy_credential = NULL;
    if (!gl_has_proxy_key(handle))
        return gl_proxy_refusal(GLOBUS_GSI_PROXY_ERROR_WITH_PRIVATE_KEY, __func__,
                                "The handle has no private key: make a request with it, or set the key");
    globus_result_t result = globus_gsi_proxy_assemble_cred(handle, proxy_credential, input_bio);
    if (result) *proxy_credential = NULL;      /* C has destroyed it */
    return result;
}

#endif
