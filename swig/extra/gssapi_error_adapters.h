/* gssapi_error: the minor status of Globus is a result, in Python an error; and other errors have no major status. */
#ifndef GSSAPI_ERROR_ADAPTERS_H
#define GSSAPI_ERROR_ADAPTERS_H

#include "gssapi_identifiers.h"

#include <globus_error_gssapi.h>

#include <stdbool.h>

static inline bool gl_is_gssapi_error(globus_object_t *error)
{
    return error && globus_object_get_type(error) == GLOBUS_ERROR_TYPE_GSSAPI && globus_object_get_local_instance_data(error);
}

static inline globus_result_t gl_refuse_error(const char *function)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_GSI_GSSAPI_MODULE, NULL, GLOBUS_GSI_GSSAPI_ERROR_BAD_ARGUMENT, __FILE__, function, __LINE__, "%s",
        "The error is none of the GSS-API: it was made by another function"));
}

static inline globus_object_t *gl_adapt_globus_error_construct_gssapi_error(
    globus_module_descriptor_t *base_source, globus_object_t *base_cause, OM_uint32 major_status, globus_result_t minor_status)
{
    return globus_error_construct_gssapi_error(base_source, base_cause, major_status, minor_status);
}

/* Of memory that holds no error C only says that it is NULL; of an error that has its contents, nothing. */
static inline globus_result_t gl_adapt_globus_error_initialize_gssapi_error(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, OM_uint32 major_status,
    globus_result_t minor_status)
{
    if (globus_object_get_type(error) != GLOBUS_ERROR_TYPE_GSSAPI || globus_object_get_local_instance_data(error))
        return globus_error_put(globus_error_construct_error(
            GLOBUS_GSI_GSSAPI_MODULE, NULL, GLOBUS_GSI_GSSAPI_ERROR_BAD_ARGUMENT, __FILE__, __func__, __LINE__, "%s",
            "The error is no new one of the type GLOBUS_ERROR_TYPE_GSSAPI"));
    globus_error_initialize_gssapi_error(error, base_source, base_cause, major_status, minor_status);
    return GLOBUS_SUCCESS;
}

static inline globus_object_t *gl_adapt_globus_error_wrap_gssapi_error(
    globus_module_descriptor_t *base_source, OM_uint32 major_status, globus_result_t minor_status, int type,
    const char *source_file, const char *source_func, int source_line, const char *short_desc)
{
    return globus_error_wrap_gssapi_error(base_source, major_status, minor_status, type, source_file, source_func, source_line,
                                          "%s", short_desc);
}

static inline globus_result_t gl_adapt_globus_error_gssapi_get_major_status(globus_object_t *error, OM_uint32 *major_status)
{
    if (!gl_is_gssapi_error(error)) return gl_refuse_error(__func__);
    *major_status = globus_error_gssapi_get_major_status(error);
    return GLOBUS_SUCCESS;
}

static inline globus_result_t gl_adapt_globus_error_gssapi_set_major_status(globus_object_t *error, OM_uint32 major_status)
{
    if (!gl_is_gssapi_error(error)) return gl_refuse_error(__func__);
    globus_error_gssapi_set_major_status(error, major_status);
    return GLOBUS_SUCCESS;
}

/* Whether C takes the mechanism for Globus's own, and then has made a cause of the minor status. It does not where the
 * mechanism's number is the newer one: then the minor status is still a result, which the first who asks C claims. */
static inline bool gl_minor_status_is_the_cause(void)
{
    OM_uint32 minor;
    gss_OID_set mechanisms;
    int is_ours = 0;
    if (gss_indicate_mechs(&minor, &mechanisms) != GSS_S_COMPLETE) return false;
    gss_test_oid_set_member(&minor, (gss_OID_desc *)gss_mech_globus_gssapi_openssl, mechanisms, &is_ours);
    gss_release_oid_set(&minor, &mechanisms);
    return is_ours;
}

/* One more reference to the minor status, which the error keeps. */
static inline globus_result_t gl_adapt_globus_error_gssapi_get_minor_status(globus_object_t *error, globus_result_t *minor_status)
{
    if (!gl_is_gssapi_error(error)) return gl_refuse_error(__func__);
    globus_object_t *minor = gl_minor_status_is_the_cause()
        ? globus_error_get_cause(error) : globus_error_peek(globus_error_gssapi_get_minor_status(error));
    if (minor) globus_object_reference(minor);
    *minor_status = minor ? globus_error_put(minor) : GLOBUS_SUCCESS;
    return GLOBUS_SUCCESS;
}

#endif
