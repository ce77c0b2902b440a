/* gss_assist: tokens by file, messages by callback, statuses that say why; and what C does wrong. */
#ifndef GSS_ASSIST_ADAPTERS_H
#define GSS_ASSIST_ADAPTERS_H

#include "gssapi_adapters.h"

#include <errno.h>
#include <globus_gss_assist.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static inline globus_result_t gl_assist_refuse(int type, const char *function, const char *format, const char *what)
{
    return globus_error_put(
        globus_error_construct_error(GLOBUS_GSI_GSS_ASSIST_MODULE, NULL, type, __FILE__, function, __LINE__, format, what));
}

/* What programs pass to exchange tokens. The getter's memory is freed by C. */
typedef int (*gl_token_getter)(void *context, void **token, size_t *size);
typedef int (*gl_token_sender)(void *context, void *token, size_t size);

/* ---- tokens by file: the callbacks' void * is a FILE * ------------------------------------------------------------------ */

/* Bytes that were read, and room for more: a gss_buffer_desc. */

static inline int gl_read_more(FILE *file, gss_buffer_t token, size_t more)
{
    enum { LIMIT = 1 << 24 };      /* as C has it */
    if (more > LIMIT || token->length + more > LIMIT) return GLOBUS_GSS_ASSIST_TOKEN_ERR_BAD_SIZE;
    void *grown = realloc(token->value, token->length + more + 1);
    if (!grown) return GLOBUS_GSS_ASSIST_TOKEN_ERR_MALLOC;
    token->value = grown;
    if (fread((char *)grown + token->length, 1, more, file) != more) return GLOBUS_GSS_ASSIST_TOKEN_EOF;
    token->length += more;
    return 0;
}

static inline size_t gl_number(gss_buffer_t token, size_t offset, size_t count)
{
    size_t number = 0;
    const unsigned char *bytes = (const unsigned char *)token->value + offset;
    while (count--) number = number << 8 | *bytes++;
    return number;
}

/* An SSL record tells its own length; anything else comes after its length in four bytes. */
static inline bool gl_is_record(gss_buffer_t begin)
{
    size_t type = gl_number(begin, 0, 1), major = gl_number(begin, 1, 1), minor = gl_number(begin, 2, 1);
    return type >= 20 && type <= 26 && (major == 3 || (major == 2 && minor == 0));
}

enum { GL_RECORD_HEADER = 5, GL_MIC_HEADER = 12 };

static inline int gl_read_record(FILE *file, gss_buffer_t token)
{
    int status = gl_read_more(file, token, 1);
    if (!status) status = gl_read_more(file, token, gl_number(token, 3, 2));
    /* A message after its MIC, which begins with a sequence number and the message's length: C looks for that elsewhere. */
    bool has_message = !status && gl_number(token, 0, 1) == 26 && token->length >= GL_RECORD_HEADER + GL_MIC_HEADER;
    return has_message ? gl_read_more(file, token, gl_number(token, GL_RECORD_HEADER + 8, 4)) : status;
}

/* C adds up lengths that a peer sends in an int, and so writes where it has no memory. */
static inline int gl_adapt_globus_gss_assist_token_get_fd(FILE *arg, void **bufp, size_t *sizep)
{
    gss_buffer_desc token = {0, NULL};
    int status = gl_read_more(arg, &token, 4);
    if (!status && gl_is_record(&token)) status = gl_read_record(arg, &token);
    else if (!status)
    {
        size_t length = gl_number(&token, 0, 4);
        token.length = 0;
        status = gl_read_more(arg, &token, length);
    }
    if (status) free(token.value);
    else *bufp = token.value, *sizep = token.length;
    return status;
}

static inline int gl_adapt_globus_gss_assist_token_send_fd(FILE *arg, void *buf, size_t size)
{
    return globus_gss_assist_token_send_fd(arg, buf, size);
}

static inline int gl_adapt_globus_gss_assist_token_send_fd_without_length(FILE *arg, void *buf, size_t size)
{
    return globus_gss_assist_token_send_fd_without_length(arg, buf, size);
}

/* globus_gss_assist_ex in two arguments. */
static inline int gl_adapt_globus_gss_assist_token_send_fd_ex(FILE *arg, int flags, void *buf, size_t size)
{
    globus_gss_assist_ex where = {arg, flags};
    return globus_gss_assist_token_send_fd_ex(&where, buf, size);
}

/* ---- messages by callback ------------------------------------------------------------------------------------------------ */

static inline OM_uint32 gl_report(FILE *fperr, const char *comment, OM_uint32 major, OM_uint32 minor, int token_status)
{
    if (fperr) globus_gss_assist_display_status(fperr, (char *)comment, major, minor, token_status);
    return major;
}

static inline OM_uint32 gl_adapt_globus_gss_assist_wrap_send(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, const void *data, size_t length, int *token_status,
    int (*gss_assist_send_token)(void *, void *, size_t), void *gss_assist_send_context, FILE *fperr)
{
    if (!gl_is_established(context_handle)) return gl_not_established(minor_status, __func__);
    OM_uint32 major = globus_gss_assist_wrap_send(minor_status, context_handle, (char *)data, length, token_status,
                                                  gss_assist_send_token, gss_assist_send_context, NULL);
    return major ? gl_report(fperr, "gss_assist_wrap_send failure:", major, *minor_status, *token_status) : major;
}

/* With C's own gss_unwrap() this would inherit its faults. */
static inline OM_uint32 gl_adapt_globus_gss_assist_get_unwrap(
    OM_uint32 *minor_status, const gss_ctx_id_t context_handle, void **data, size_t *length, int *token_status,
    int (*gss_assist_get_token)(void *, void **, size_t *), void *gss_assist_get_context, FILE *fperr)
{
    gss_buffer_desc token = {0, NULL}, message = {0, NULL};
    int conf_state;
    gss_qop_t qop_state;
    if (!gl_is_established(context_handle)) return gl_not_established(minor_status, __func__);
    *token_status = gss_assist_get_token(gss_assist_get_context, &token.value, &token.length);
    OM_uint32 major = GSS_S_FAILURE;
    if (*token_status == 0)
        major = gl_adapt_gss_unwrap(minor_status, context_handle, &token, &message, &conf_state, &qop_state);
    free(token.value);
    *data = message.value;
    *length = message.length;
    return major ? gl_report(fperr, "gss_assist_get_unwrap failure:", major, *minor_status, *token_status) : major;
}

/* The minor status of an error that Python has is that error. */
static inline OM_uint32 gl_adapt_globus_gss_assist_display_status(
    FILE *where_to_print, char *comment, OM_uint32 major_status, globus_result_t minor_status, int token_status)
{
    OM_uint32 major = globus_gss_assist_display_status(where_to_print, comment, major_status, minor_status, token_status);
    if (minor_status) globus_object_free(globus_error_get(minor_status));
    return major;
}

static inline OM_uint32 gl_adapt_globus_gss_assist_display_status_str(
    char **string_returned, char *comment, OM_uint32 major_status, globus_result_t minor_status, int token_status)
{
    OM_uint32 major = globus_gss_assist_display_status_str(string_returned, comment, major_status, minor_status, token_status);
    if (minor_status) globus_object_free(globus_error_get(minor_status));
    return major;
}

/* ---- contexts by file descriptor ------------------------------------------------------------------------------------------ */

static inline OM_uint32 gl_export_failure(OM_uint32 *minor_status, int *token_status, int status, const char *reason)
{
    *token_status = status;
    *minor_status = gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_EXPORTING_CONTEXT, __func__, "%s", reason);
    return GSS_S_FAILURE;
}

static inline bool gl_write_all(int descriptor, const unsigned char *bytes, size_t length)
{
    while (length)
    {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* C reports success also where the mechanism exports nothing, and writes an empty token. */
static inline OM_uint32 gl_adapt_globus_gss_assist_export_sec_context(
    OM_uint32 *minor_status, gss_ctx_id_t *context_handle, int *token_status, int fdp, FILE *fperr)
{
    gss_buffer_desc token = {0, NULL};
    const char *given = getenv("GRID_SECURITY_CONTEXT_FD");
    int descriptor = fdp >= 0 ? fdp : given ? atoi(given) : -1;
    OM_uint32 local_minor, major = GSS_S_COMPLETE;
    if (descriptor < 0)
        major = gl_export_failure(minor_status, token_status, GLOBUS_GSS_ASSIST_TOKEN_NOT_FOUND,
                                  "No file descriptor is given, nor in the environment variable GRID_SECURITY_CONTEXT_FD");
    if (!major) major = gss_export_sec_context(minor_status, context_handle, &token);
    unsigned char length[4] = {(unsigned char)(token.length >> 24), (unsigned char)(token.length >> 16),
                               (unsigned char)(token.length >> 8), (unsigned char)token.length};
    if (!major && !(gl_write_all(descriptor, length, sizeof length) && gl_write_all(descriptor, token.value, token.length)))
        major = gl_export_failure(minor_status, token_status, GLOBUS_GSS_ASSIST_TOKEN_ERR_BAD_SIZE,
                                  "The token cannot be written to the file descriptor");
    gss_release_buffer(&local_minor, &token);
    return major ? gl_report(fperr, "gss_assist_export_sec_context failure:", major, *minor_status, *token_status) : major;
}

/* ---- credentials ------------------------------------------------------------------------------------------------------------ */

static inline const gss_OID_desc *gl_name_type(const char *name, size_t length)
{
    const struct { const char *name; const gss_OID_desc *type; } types[] = {
        {"GSS_C_NT_USER_NAME", GSS_C_NT_USER_NAME},
        {"GSS_C_NT_MACHINE_UID_NAME", GSS_C_NT_MACHINE_UID_NAME},
        {"GSS_C_NT_STRING_UID_NAME", GSS_C_NT_STRING_UID_NAME},
        {"GSS_C_NT_HOSTBASED_SERVICE_X", GSS_C_NT_HOSTBASED_SERVICE_X},
        {"GSS_C_NT_HOSTBASED_SERVICE", GSS_C_NT_HOSTBASED_SERVICE},
        {"GSS_C_NT_ANONYMOUS", GSS_C_NT_ANONYMOUS},
        {"GSS_C_NT_EXPORT_NAME", GSS_C_NT_EXPORT_NAME},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i)
        if (strlen(types[i].name) == length && strncmp(types[i].name, name, length) == 0) return types[i].type;
    return GSS_C_NO_OID;
}

static inline OM_uint32 gl_adapt_globus_gss_assist_acquire_cred(
    OM_uint32 *minor_status, gss_cred_usage_t cred_usage, gss_cred_id_t *output_cred_handle)
{
    if (gl_acquires_headless(GSS_C_NO_NAME)) return gl_refuse_chain(minor_status, __func__);
    return globus_gss_assist_acquire_cred(minor_status, cred_usage, output_cred_handle);
}

/* Of a name that it cannot read C says nothing, and acquires the default credential. */
static inline OM_uint32 gl_adapt_globus_gss_assist_acquire_cred_ext(
    OM_uint32 *minor_status, char *desired_name, OM_uint32 time_req, const gss_OID_set desired_mechs,
    gss_cred_usage_t cred_usage, gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs, OM_uint32 *time_rec)
{
    OM_uint32 local_minor, major = GSS_S_COMPLETE;
    gss_name_t name = GSS_C_NO_NAME;
    if (desired_name)
    {
        const char *colon = strchr(desired_name, ':');
        const gss_OID_desc *type = colon ? gl_name_type(desired_name, (size_t)(colon - desired_name)) : GSS_C_NO_OID;
        char *text = type ? (char *)colon + 1 : desired_name;
        gss_buffer_desc buffer = {strlen(text), text};
        major = gl_adapt_gss_import_name(minor_status, &buffer, (gss_OID)type, &name);
    }
    if (!major)
        major = gl_adapt_gss_acquire_cred(minor_status, name, time_req, desired_mechs, cred_usage, output_cred_handle, actual_mechs, time_rec);
    if (name) gss_release_name(&local_minor, &name);
    return major;
}

/* C counts in bytes, and says only that it failed. */
static inline OM_uint32 gl_adapt_globus_gss_assist_read_vhost_cred_dir(
    OM_uint32 *minor_status, const char *dir, gss_cred_id_t **output_credentials_array, size_t *output_credentials_array_size)
{
    *minor_status = GLOBUS_SUCCESS;
    if (dir && access(dir, R_OK | X_OK) != 0)
    {
        *minor_status = gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_WITH_ARGUMENTS, __func__, "The directory cannot be read: %s", dir);
        return GSS_S_FAILURE;
    }
    OM_uint32 major = globus_gss_assist_read_vhost_cred_dir(minor_status, dir, output_credentials_array, output_credentials_array_size);
    if (major && !*minor_status)
        *minor_status = gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_ERRNO, __func__, "A directory holds no valid credential: it is in %s",
                                         dir ? dir : "the one of virtual hosts");
    *output_credentials_array_size /= sizeof(gss_cred_id_t);
    return major;
}

/* ---- the gridmap: C says only that it failed ---------------------------------------------------------------------------------- */

/* Names become file names of a pool of accounts, three characters for each odd byte; C needs nine where it is negative, and
 * takes for granted that the directory exists. */
static inline globus_result_t gl_check_pool(const char *globusid, const char *function)
{
    struct stat status;
    const char *directory = getenv("GRIDMAPDIR");
    if (!directory) return GLOBUS_SUCCESS;
    if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode))
        return gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_WITH_GRIDMAP, function, "GRIDMAPDIR is no directory: %s", directory);
    for (const char *character = globusid; *character; ++character)
        if (*character & 0x80)
            return gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_WITH_ARGUMENTS, function,
                                    "GRIDMAPDIR holds ASCII names only: %s", globusid);
    return GLOBUS_SUCCESS;
}

static inline globus_result_t gl_adapt_globus_gss_assist_gridmap(char *globusidp, char **useridp)
{
    globus_result_t result = gl_check_pool(globusidp, __func__);
    if (result || globus_gss_assist_gridmap(globusidp, useridp) == 0) return result;
    return gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_IN_GRIDMAP_NO_USER_ENTRY, __func__,
                            "The gridmap has no user for the distinguished name %s, or cannot be read", globusidp);
}

static inline globus_result_t gl_adapt_globus_gss_assist_userok(char *globusid, char *userid)
{
    globus_result_t result = gl_check_pool(globusid, __func__);
    if (result || globus_gss_assist_userok(globusid, userid) == 0) return result;
    return gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_USER_ID_DOESNT_MATCH, __func__,
                            "The gridmap does not map that distinguished name to the user %s, or cannot be read", userid);
}

static inline globus_result_t gl_adapt_globus_gss_assist_map_local_user(char *local_user, char **globusidp)
{
    globus_result_t result = gl_check_pool(local_user, __func__);
    if (result || globus_gss_assist_map_local_user(local_user, globusidp) == 0) return result;
    return gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_IN_GRIDMAP_NO_USER_ENTRY, __func__,
                            "The gridmap has no distinguished name for the user %s, or cannot be read", local_user);
}

/* The user's name in memory of its own. */
enum { GL_IDENTITY_LENGTH = 1024 };

static inline globus_result_t gl_no_context(const char *function)
{
    return gl_assist_refuse(GLOBUS_GSI_GSS_ASSIST_ERROR_WITH_ARGUMENTS, function, "%s", "The security context is not established");
}

static inline globus_result_t gl_adapt_globus_gss_assist_map_and_authorize(
    gss_ctx_id_t context, char *service, char *desired_identity, char **identity)
{
    if (!gl_is_established(context)) return gl_no_context(__func__);
    *identity = calloc(1, GL_IDENTITY_LENGTH);
    return globus_gss_assist_map_and_authorize(context, service, desired_identity, *identity, GL_IDENTITY_LENGTH);
}

static inline globus_result_t gl_adapt_globus_gss_assist_map_and_authorize_sharing(
    char *shared_user_certificate, gss_ctx_id_t context, char *desired_identity, char **identity)
{
    if (!gl_is_established(context)) return gl_no_context(__func__);
    *identity = calloc(1, GL_IDENTITY_LENGTH);
    return globus_gss_assist_map_and_authorize_sharing(shared_user_certificate, context, desired_identity, *identity, GL_IDENTITY_LENGTH);
}

#endif
