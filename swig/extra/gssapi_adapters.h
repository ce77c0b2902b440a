/* gssapi: where C follows what a caller gives it without looking, the call fails instead. */
#ifndef GSSAPI_ADAPTERS_H
#define GSSAPI_ADAPTERS_H

#include "gss_option.h"
#include "gssapi_identifiers.h"

#include <globus_error_generic.h>
#include <globus_gsi_cert_utils.h>
#include <globus_gsi_credential.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline OM_uint32 gl_gss_refuse(OM_uint32 *minor_status, OM_uint32 major, int type, const char *function, const char *reason)
{
    *minor_status = globus_error_put(
        globus_error_construct_error(GLOBUS_GSI_GSSAPI_MODULE, NULL, type, __FILE__, function, __LINE__, "%s", reason));
    return major;
}

/* ---- names: C locks both, one after the other ------------------------------------------------------------------------ */

static inline OM_uint32 gl_adapt_gss_compare_name(OM_uint32 *minor_status, const gss_name_t name1, const gss_name_t name2, int *name_equal)
{
    if (name1 != name2) return gss_compare_name(minor_status, name1, name2, name_equal);
    *minor_status = GLOBUS_SUCCESS;
    *name_equal = GSS_NAMES_EQUAL;
    return GSS_S_COMPLETE;
}

/* ---- messages: C takes for granted that the handshake is over --------------------------------------------------- */

static inline bool gl_is_established(gss_ctx_id_t context)
{
    OM_uint32 minor;
    int open = GSS_CTX_TOKEN_EXPECTED_FROM_PEER;
    gss_inquire_context(&minor, context, NULL, NULL, NULL, NULL, NULL, NULL, &open);
    return open == GSS_CTX_FULLY_ESTABLISHED;
}

static inline OM_uint32 gl_not_established(OM_uint32 *minor_status, const char *function)
{
    return gl_gss_refuse(minor_status, GSS_S_NO_CONTEXT, GLOBUS_GSI_GSSAPI_ERROR_WITH_GSS_CONTEXT, function,
                         "The security context is not established");
}

/* A function of an established context: its other parameters, and they as arguments. */
#define GL_NEEDS_CONTEXT(function, parameters, arguments) \
    static inline OM_uint32 gl_adapt_##function(OM_uint32 *minor_status, const gss_ctx_id_t context_handle, parameters) \
    { \
        if (!gl_is_established(context_handle)) return gl_not_established(minor_status, #function); \
        return function(minor_status, context_handle, arguments); \
    }
#define GL_LIST(...) __VA_ARGS__

GL_NEEDS_CONTEXT(gss_get_mic, GL_LIST(gss_qop_t qop_req, const gss_buffer_t message_buffer, gss_buffer_t message_token),
                 GL_LIST(qop_req, message_buffer, message_token))
GL_NEEDS_CONTEXT(gss_sign, GL_LIST(int qop_req, const gss_buffer_t message_buffer, gss_buffer_t message_token),
                 GL_LIST(qop_req, message_buffer, message_token))
GL_NEEDS_CONTEXT(gss_wrap,
                 GL_LIST(int conf_req_flag, gss_qop_t qop_req, const gss_buffer_t input_message_buffer, int *conf_state,
                         gss_buffer_t output_message_buffer),
                 GL_LIST(conf_req_flag, qop_req, input_message_buffer, conf_state, output_message_buffer))
GL_NEEDS_CONTEXT(gss_seal,
                 GL_LIST(int conf_req_flag, int qop_req, const gss_buffer_t input_message_buffer, int *conf_state,
                         gss_buffer_t output_message_buffer),
                 GL_LIST(conf_req_flag, qop_req, input_message_buffer, conf_state, output_message_buffer))
GL_NEEDS_CONTEXT(gss_wrap_size_limit,
                 GL_LIST(int conf_req_flag, gss_qop_t qop_req, OM_uint32 req_output_size, OM_uint32 *max_input_size),
                 GL_LIST(conf_req_flag, qop_req, req_output_size, max_input_size))
/* C unlocks what it has not locked if there is no token. */
static inline OM_uint32 gl_adapt_gss_verify_mic(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const gss_buffer_t message_buffer,
    const gss_buffer_t token_buffer, gss_qop_t *qop_state)
{
    if (!gl_is_established(context_handle)) return gl_not_established(minor_status, __func__);
    if (!token_buffer->length)
        return gl_gss_refuse(minor_status, GSS_S_DEFECTIVE_TOKEN, GLOBUS_GSI_GSSAPI_ERROR_TOKEN_FAIL, __func__, "The token is empty");
    return gss_verify_mic(minor_status, context_handle, message_buffer, token_buffer, qop_state);
}

static inline OM_uint32 gl_adapt_gss_verify(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const gss_buffer_t message_buffer,
    const gss_buffer_t token_buffer, int *qop_state)
{
    return gl_adapt_gss_verify_mic(minor_status, context_handle, message_buffer, token_buffer, (gss_qop_t *)qop_state);
}

/* A message with a MIC in clear text (GSS_C_QOP_GLOBUS_GSSAPI_OPENSSL_BIG): 26, 3, 0, length of the MIC, MIC, message. */
static inline bool gl_is_signed_message(const gss_buffer_desc *token)
{
    return token->length > 17 && memcmp(token->value, "\x1a\x03\x00", 3) == 0;
}

/* For such a message C waits for a lock that it holds itself. */
static inline OM_uint32 gl_unwrap_signed(
    OM_uint32 *minor_status, gss_ctx_id_t context, const gss_buffer_desc *token, gss_buffer_t message, int *conf_state,
    gss_qop_t *qop_state)
{
    unsigned char *bytes = token->value;
    gss_buffer_desc mic = {(size_t)bytes[3] << 8 | bytes[4], bytes + 5};
    if (token->length < 5 + mic.length)
        return gl_gss_refuse(minor_status, GSS_S_DEFECTIVE_TOKEN, GLOBUS_GSI_GSSAPI_ERROR_TOKEN_FAIL, __func__,
                             "The token is shorter than it says");
    gss_buffer_desc content = {token->length - 5 - mic.length, bytes + 5 + mic.length};
    OM_uint32 major = gl_adapt_gss_verify_mic(minor_status, context, &content, &mic, qop_state);
    *conf_state = GSS_INTEGRITY_ONLY;
    *qop_state = GSS_C_QOP_GLOBUS_GSSAPI_OPENSSL_BIG;
    if (major != GSS_S_COMPLETE || !content.length) return major;
    message->value = malloc(content.length);
    if (!message->value)
        return gl_gss_refuse(minor_status, GSS_S_FAILURE, GLOBUS_GSI_GSSAPI_ERROR_OUT_OF_MEMORY, __func__, "Out of memory");
    memcpy(message->value, content.value, message->length = content.length);
    return major;
}

/* C frees the message if it fails, and leaves its address behind. */
static inline OM_uint32 gl_adapt_gss_unwrap(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const gss_buffer_t input_message_buffer,
    gss_buffer_t output_message_buffer, int *conf_state, gss_qop_t *qop_state)
{
    if (!gl_is_established(context_handle)) return gl_not_established(minor_status, __func__);
    if (gl_is_signed_message(input_message_buffer))
        return gl_unwrap_signed(minor_status, context_handle, input_message_buffer, output_message_buffer, conf_state, qop_state);
    OM_uint32 major = gss_unwrap(minor_status, context_handle, input_message_buffer, output_message_buffer, conf_state, qop_state);
    if (GSS_ERROR(major)) *output_message_buffer = (gss_buffer_desc){0, NULL};
    return major;
}

static inline OM_uint32 gl_adapt_gss_unseal(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const gss_buffer_t input_message_buffer,
    gss_buffer_t output_message_buffer, int *conf_state, int *qop_state)
{
    return gl_adapt_gss_unwrap(minor_status, context_handle, input_message_buffer, output_message_buffer, conf_state,
                               (gss_qop_t *)qop_state);
}

/* ---- delegation: C looks into the certificate of whoever delegates -------------------------------------------------- */

static inline bool gl_is_anonymous(gss_ctx_id_t context)
{
    OM_uint32 minor;
    gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
    gss_buffer_desc text = {0, NULL};
    int initiated = 0;
    gss_inquire_context(&minor, context, &source, &target, NULL, NULL, NULL, &initiated, NULL);
    gss_name_t local = initiated ? source : target;
    if (local) gss_display_name(&minor, local, &text, NULL);
    bool anonymous = !local || !text.value || strcmp(text.value, "<anonymous>") == 0;
    gss_release_buffer(&minor, &text);
    if (source) gss_release_name(&minor, &source);
    if (target) gss_release_name(&minor, &target);
    return anonymous;
}

static inline OM_uint32 gl_adapt_gss_init_delegation(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const gss_cred_id_t cred_handle, const gss_OID desired_mech,
    const gss_OID_set extension_oids, const gss_buffer_set_t extension_buffers, const gss_buffer_t input_token,
    OM_uint32 req_flags, OM_uint32 time_req, gss_buffer_t output_token)
{
    if (!gl_is_established(context_handle)) return gl_not_established(minor_status, __func__);
    if (gl_is_anonymous(context_handle))
        return gl_gss_refuse(minor_status, GSS_S_NO_CRED, GLOBUS_GSI_GSSAPI_ERROR_WITH_DELEGATION, __func__,
                             "An anonymous peer has nothing to delegate");
    return gss_init_delegation(minor_status, context_handle, cred_handle, desired_mech, extension_oids, extension_buffers,
                               input_token, req_flags, time_req, output_token);
}

/* ---- names ------------------------------------------------------------------------------------------------------------ */

static inline bool gl_same_oid(const gss_OID_desc *left, const gss_OID_desc *right)
{
    return left && left->length == right->length && memcmp(left->elements, right->elements, left->length) == 0;
}

/* RFC 2743, section 3.2: 04 01, length of the mechanism's identifier, that, length of the name, name. C checks no length,
 * and makes a name that it cannot display; the name's text serves. */
static inline OM_uint32 gl_import_exported(OM_uint32 *minor_status, const gss_buffer_desc *token, gss_name_t *output_name)
{
    const gss_OID_desc *mechanism = gss_mech_globus_gssapi_openssl;
    size_t start = 6 + mechanism->length + 4;
    const unsigned char *bytes = token->value;
    unsigned char begin[6] = {4, 1, 0, (unsigned char)(mechanism->length + 2), 6, (unsigned char)mechanism->length};
    bool good = token->length > start && memcmp(bytes, begin, 6) == 0
        && memcmp(bytes + 6, mechanism->elements, mechanism->length) == 0;
    const unsigned char *number = bytes + start - 4;
    size_t length = good ? (size_t)number[0] << 24 | (size_t)number[1] << 16 | (size_t)number[2] << 8 | number[3] : 0;
    if (!good || token->length - start != length)
        return gl_gss_refuse(minor_status, GSS_S_BAD_NAME, GLOBUS_GSI_GSSAPI_ERROR_BAD_NAME, __func__,
                             "This is no name exported by this mechanism");
    gss_buffer_desc text = {length, (void *)(bytes + start)};
    return gss_import_name(minor_status, &text, GSS_C_NO_OID, output_name);
}

/* C wants the address of an X509; here it is the certificate itself in DER form. */
static inline OM_uint32 gl_import_certificate(OM_uint32 *minor_status, const gss_buffer_desc *der, gss_name_t *output_name)
{
    const unsigned char *position = der->value;
    X509 *certificate = der->length ? d2i_X509(NULL, &position, (long)der->length) : NULL;
    if (!certificate)
        return gl_gss_refuse(minor_status, GSS_S_BAD_NAME, GLOBUS_GSI_GSSAPI_ERROR_BAD_NAME, __func__,
                             "This is no certificate in DER form");
    gss_buffer_desc pointer = {sizeof certificate, certificate};
    OM_uint32 major = gss_import_name(minor_status, &pointer, gss_nt_x509, output_name);
    X509_free(certificate);
    return major;
}

static inline OM_uint32 gl_adapt_gss_import_name(
    OM_uint32 *minor_status, const gss_buffer_t input_name_buffer, const gss_OID input_name_type, gss_name_t *output_name)
{
    if (gl_same_oid(input_name_type, GSS_C_NT_EXPORT_NAME)) return gl_import_exported(minor_status, input_name_buffer, output_name);
    if (gl_same_oid(input_name_type, gss_nt_x509)) return gl_import_certificate(minor_status, input_name_buffer, output_name);
    return gss_import_name(minor_status, input_name_buffer, input_name_type, output_name);
}

/* ---- credentials -------------------------------------------------------------------------------------------------------- */

static inline bool gl_is_legacy_proxy(X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_ENTRY *last = X509_NAME_get_entry(subject, X509_NAME_entry_count(subject) - 1);
    const ASN1_STRING *value = last ? X509_NAME_ENTRY_get_data(last) : NULL;
    if (!value || OBJ_obj2nid(X509_NAME_ENTRY_get_object(last)) != NID_commonName) return false;
    size_t length = (size_t)ASN1_STRING_length(value);
    const unsigned char *text = ASN1_STRING_get0_data(value);
    return (length == 5 && memcmp(text, "proxy", 5) == 0) || (length == 13 && memcmp(text, "limited proxy", 13) == 0);
}

static inline bool gl_is_proxy(X509 *certificate)
{
    ASN1_OBJECT *draft = OBJ_txt2obj("1.3.6.1.4.1.3536.1.222", 1);
    bool proxy = X509_get_ext_by_NID(certificate, NID_proxyCertInfo, -1) >= 0
        || X509_get_ext_by_OBJ(certificate, draft, -1) >= 0 || gl_is_legacy_proxy(certificate);
    ASN1_OBJECT_free(draft);
    return proxy;
}

static inline X509 *gl_next_pem(BIO *certificates)
{
    return PEM_read_bio_X509(certificates, NULL, NULL, NULL);
}

static inline X509 *gl_next_der(BIO *certificates)
{
    return d2i_X509_bio(certificates, NULL);
}

/* Whether there are certificates, and the last one is a proxy's. */
static inline bool gl_ends_with_proxy(BIO *certificates, X509 *(*next)(BIO *))
{
    bool proxy = false;
    ERR_set_mark();
    for (X509 *certificate; certificates && (certificate = next(certificates)); X509_free(certificate))
        proxy = gl_is_proxy(certificate);
    ERR_pop_to_mark();
    BIO_free(certificates);
    return proxy;
}

/* Of a proxy without the certificate of the end entity C looks for a name that it does not find. */
static inline OM_uint32 gl_refuse_chain(OM_uint32 *minor_status, const char *function)
{
    return gl_gss_refuse(minor_status, GSS_S_DEFECTIVE_CREDENTIAL, GLOBUS_GSI_GSSAPI_ERROR_WITH_GSI_CREDENTIAL, function,
                         "The chain of the proxy ends before the certificate of the end entity");
}

/* The buffer is PEM text, or the name of a variable and the path of a file after an equals sign. */
static inline BIO *gl_credential_text(OM_uint32 option, const gss_buffer_desc *buffer)
{
    if (option == 0) return buffer->length && buffer->length <= INT_MAX ? BIO_new_mem_buf(buffer->value, (int)buffer->length) : NULL;
    const char *equals = buffer->length ? memchr(buffer->value, '=', buffer->length) : NULL;
    if (!equals) return NULL;
    char *path = strndup(equals + 1, buffer->length - (size_t)(equals + 1 - (const char *)buffer->value));
    ERR_set_mark();
    BIO *file = path ? BIO_new_file(path, "r") : NULL;
    ERR_pop_to_mark();
    free(path);
    return file;
}

static inline OM_uint32 gl_adapt_gss_import_cred(
    OM_uint32 *minor_status, gss_cred_id_t *output_cred_handle, const gss_OID desired_mech, OM_uint32 option_req,
    const gss_buffer_t import_buffer, OM_uint32 time_req, OM_uint32 *time_rec)
{
    if (gl_ends_with_proxy(gl_credential_text(option_req, import_buffer), gl_next_pem)) return gl_refuse_chain(minor_status, __func__);
    return gss_import_cred(minor_status, output_cred_handle, desired_mech, option_req, import_buffer, time_req, time_rec);
}

/* The name in the form in which C looks for a credential; NULL: any. */
static inline X509_NAME *gl_subject(gss_name_t name)
{
    OM_uint32 minor;
    gss_buffer_desc text = {0, NULL};
    X509_NAME *subject = name ? X509_NAME_new() : NULL;
    if (subject) gss_display_name(&minor, name, &text, NULL);
    globus_result_t result = subject && text.length && text.length <= INT_MAX
        ? globus_gsi_cert_utils_get_x509_name(text.value, (int)text.length, subject) : GLOBUS_SUCCESS;
    if (result) globus_object_free(globus_error_get(result));
    gss_release_buffer(&minor, &text);
    return subject;
}

/* Whether the credential that C will acquire, for a name or by default, is a proxy without its end entity. */
static inline bool gl_acquires_headless(gss_name_t name)
{
    globus_gsi_cred_handle_t credential = NULL;
    STACK_OF(X509) *chain = NULL;
    X509 *certificate = NULL;
    X509_NAME *subject = gl_subject(name);
    globus_result_t result = globus_gsi_cred_handle_init(&credential, NULL);
    ERR_set_mark();
    if (!result) result = globus_gsi_cred_read(credential, subject);
    if (!result) result = globus_gsi_cred_get_cert(credential, &certificate);
    if (!result) result = globus_gsi_cred_get_cert_chain(credential, &chain);
    ERR_pop_to_mark();
    if (result) globus_object_free(globus_error_get(result));
    X509 *last = chain && sk_X509_num(chain) ? sk_X509_value(chain, sk_X509_num(chain) - 1) : certificate;
    bool headless = last && gl_is_proxy(last);
    sk_X509_pop_free(chain, X509_free);
    X509_free(certificate);
    X509_NAME_free(subject);
    if (credential) globus_gsi_cred_handle_destroy(credential);
    return headless;
}

static inline OM_uint32 gl_adapt_gss_acquire_cred(
    OM_uint32 *minor_status, const gss_name_t desired_name, OM_uint32 time_req, const gss_OID_set desired_mechs,
    gss_cred_usage_t cred_usage, gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs, OM_uint32 *time_rec)
{
    if (gl_acquires_headless(desired_name)) return gl_refuse_chain(minor_status, __func__);
    return gss_acquire_cred(minor_status, desired_name, time_req, desired_mechs, cred_usage, output_cred_handle, actual_mechs, time_rec);
}

/* Where no credential is given, C acquires the default one. */
static inline OM_uint32 gl_adapt_gss_inquire_cred(
    OM_uint32 *minor_status, const gss_cred_id_t cred_handle, gss_name_t *name, OM_uint32 *lifetime, gss_cred_usage_t *cred_usage,
    gss_OID_set *mechanisms)
{
    if (!cred_handle && gl_acquires_headless(GSS_C_NO_NAME)) return gl_refuse_chain(minor_status, __func__);
    return gss_inquire_cred(minor_status, cred_handle, name, lifetime, cred_usage, mechanisms);
}

static inline OM_uint32 gl_adapt_gss_init_sec_context(
    OM_uint32 *minor_status, const gss_cred_id_t initiator_cred_handle, gss_ctx_id_t *context_handle, const gss_name_t target_name,
    const gss_OID mech_type, OM_uint32 req_flags, OM_uint32 time_req, const gss_channel_bindings_t input_chan_bindings,
    const gss_buffer_t input_token, gss_OID *actual_mech_type, gss_buffer_t output_token, OM_uint32 *ret_flags, OM_uint32 *time_rec)
{
    bool acquires = !initiator_cred_handle && !*context_handle && !(req_flags & GSS_C_ANON_FLAG);
    if (acquires && gl_acquires_headless(GSS_C_NO_NAME)) return gl_refuse_chain(minor_status, __func__);
    return gss_init_sec_context(minor_status, initiator_cred_handle, context_handle, target_name, mech_type, req_flags, time_req,
                                input_chan_bindings, input_token, actual_mech_type, output_token, ret_flags, time_rec);
}

static inline OM_uint32 gl_adapt_gss_accept_sec_context(
    OM_uint32 *minor_status, gss_ctx_id_t *context_handle, const gss_cred_id_t acceptor_cred_handle,
    const gss_buffer_t input_token_buffer, const gss_channel_bindings_t input_chan_bindings, gss_name_t *src_name, gss_OID *mech_type,
    gss_buffer_t output_token, OM_uint32 *ret_flags, OM_uint32 *time_rec, gss_cred_id_t *delegated_cred_handle)
{
    bool acquires = !acceptor_cred_handle && !*context_handle;
    if (acquires && gl_acquires_headless(GSS_C_NO_NAME)) return gl_refuse_chain(minor_status, __func__);
    return gss_accept_sec_context(minor_status, context_handle, acceptor_cred_handle, input_token_buffer, input_chan_bindings, src_name,
                                  mech_type, output_token, ret_flags, time_rec, delegated_cred_handle);
}

/* What the peer sends is encrypted: it is decrypted here, where the chain is looked at before C does, and C is given it in
 * clear text, as it takes it for GSS_C_GLOBUS_SSL_COMPATIBLE. What C answers is encrypted in its turn. */
static inline OM_uint32 gl_adapt_gss_accept_delegation(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const gss_OID_set extension_oids,
    const gss_buffer_set_t extension_buffers, const gss_buffer_t input_token, OM_uint32 req_flags, OM_uint32 time_req,
    OM_uint32 *time_rec, gss_cred_id_t *delegated_cred_handle, gss_OID *mech_type, gss_buffer_t output_token)
{
    bool clear = req_flags & GSS_C_GLOBUS_SSL_COMPATIBLE;
    gss_buffer_desc opened = {0, NULL}, answer = {0, NULL};
    gss_buffer_t token = clear || !input_token ? input_token : &opened;
    OM_uint32 major = GSS_S_COMPLETE, local_minor;
    int conf_state;
    gss_qop_t qop_state;
    if (!gl_is_established(context_handle)) return gl_not_established(minor_status, __func__);
    if (token == &opened) major = gl_adapt_gss_unwrap(minor_status, context_handle, input_token, &opened, &conf_state, &qop_state);
    if (!GSS_ERROR(major) && token && !token->length)
        major = gl_gss_refuse(minor_status, GSS_S_DEFECTIVE_TOKEN, GLOBUS_GSI_GSSAPI_ERROR_TOKEN_FAIL, __func__, "The token is empty");
    if (!GSS_ERROR(major) && token && gl_ends_with_proxy(BIO_new_mem_buf(token->value, (int)token->length), gl_next_der))
        major = gl_refuse_chain(minor_status, __func__);
    if (!GSS_ERROR(major))
        major = gss_accept_delegation(minor_status, context_handle, extension_oids, extension_buffers, token,
                                      req_flags | GSS_C_GLOBUS_SSL_COMPATIBLE, time_req, time_rec, delegated_cred_handle, mech_type,
                                      clear ? output_token : &answer);
    if (!GSS_ERROR(major) && answer.length)
    {
        OM_uint32 wrapped = gss_wrap(minor_status, context_handle, 1, GSS_C_QOP_DEFAULT, &answer, &conf_state, output_token);
        if (GSS_ERROR(wrapped)) major = wrapped;
    }
    gss_release_buffer(&local_minor, &opened);
    gss_release_buffer(&local_minor, &answer);
    return major;
}

/* ---- options ------------------------------------------------------------------------------------------------------------ */

/* Protocol names, each after its length: RFC 7301, section 3.1. */
static inline bool gl_is_protocol_list(const gss_buffer_desc *list)
{
    const unsigned char *bytes = list->value;
    size_t position = 0;
    while (position < list->length && bytes[position]) position += 1 + bytes[position];
    return list->length && position == list->length;
}

/* C reads whatever the option takes from the value's address. */
static inline OM_uint32 gl_adapt_gss_set_sec_context_option(
    OM_uint32 *minor_status, gss_ctx_id_t *context_handle, const gss_OID option, const gl_option_value *value)
{
    const char *wanted = NULL;
    if (gl_same_oid(option, GSS_APPLICATION_WILL_HANDLE_EXTENSIONS) && value->kind != GL_OPTION_OIDS)
        wanted = "GSS_APPLICATION_WILL_HANDLE_EXTENSIONS takes a list of object identifiers";
    if (gl_same_oid(option, GSS_SNI_CREDENTIALS) && value->kind != GL_OPTION_CREDENTIALS)
        wanted = "GSS_SNI_CREDENTIALS takes a list of credentials";
    if (gl_same_oid(option, GSS_ALPN) && (value->kind != GL_OPTION_BYTES || !gl_is_protocol_list(&value->buffer)))
        wanted = "GSS_ALPN takes protocol names, each after a byte with its length";
    if (wanted) return gl_gss_refuse(minor_status, GSS_S_FAILURE, GLOBUS_GSI_GSSAPI_ERROR_BAD_ARGUMENT, __func__, wanted);
    return gss_set_sec_context_option(minor_status, context_handle, option, (gss_buffer_t)&value->buffer);
}

#endif
