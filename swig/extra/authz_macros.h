/* Macros of the authorization callouts' errors, as functions. A parenthesis around a name keeps the macro out. */
#ifndef AUTHZ_MACROS_H
#define AUTHZ_MACROS_H

#include <globus_common.h>
#include <globus_gsi_authz_callout_error.h>

/* An error of this type, caused by `result`, which may be none; `text` follows what the type says. */
static inline globus_result_t (GLOBUS_GSI_AUTHZ_CALLOUT_ERROR)(
    globus_result_t result, globus_gsi_authz_callout_error_t type, const char *text)
{
    globus_result_t error = result;
    GLOBUS_GSI_AUTHZ_CALLOUT_ERROR(error, type, ("%s", text));
    return error;
}

/* An error of the system, caused by `result`, which may be none. */
static inline globus_result_t (GLOBUS_GSI_AUTHZ_CALLOUT_ERRNO_ERROR)(globus_result_t result, int system_errno)
{
    globus_result_t error = result;
    GLOBUS_GSI_AUTHZ_CALLOUT_ERRNO_ERROR(error, system_errno);
    return error;
}

#undef GLOBUS_GSI_AUTHZ_CALLOUT_ERROR
#undef GLOBUS_GSI_AUTHZ_CALLOUT_ERRNO_ERROR

/* What an error of this type says. */
static inline const char *globus_gsi_authz_callout_error_string(globus_gsi_authz_callout_error_t type)
{
    return type < GLOBUS_GSI_AUTHZ_CALLOUT_ERROR_LAST ? globus_gsi_authz_callout_error_strings[type] : NULL;
}

#endif
