/* Macros of the gridmap callouts' errors, as functions. A parenthesis around a name keeps the macro out. */
#ifndef GRIDMAP_CALLOUT_ERROR_MACROS_H
#define GRIDMAP_CALLOUT_ERROR_MACROS_H

#include <globus_common.h>
#include <globus_error_gssapi.h>
#include <globus_gridmap_callout_error.h>

/* An error of this type, caused by `result`, which may be none; `text` follows what the type says. */
static inline globus_result_t (GLOBUS_GRIDMAP_CALLOUT_ERROR)(
    globus_result_t result, globus_gridmap_callout_error_t type, const char *text)
{
    globus_result_t error = result;
    GLOBUS_GRIDMAP_CALLOUT_ERROR(error, type, ("%s", text));
    return error;
}

/* An error of the type GLOBUS_GRIDMAP_CALLOUT_GSSAPI_ERROR, for a GSS call's status. */
static inline globus_result_t (GLOBUS_GRIDMAP_CALLOUT_GSS_ERROR)(OM_uint32 major_status, globus_result_t minor_status)
{
    globus_result_t error;
    GLOBUS_GRIDMAP_CALLOUT_GSS_ERROR(error, major_status, minor_status);
    return error;
}

#undef GLOBUS_GRIDMAP_CALLOUT_ERROR
#undef GLOBUS_GRIDMAP_CALLOUT_GSS_ERROR

/* What an error of this type says. */
static inline const char *globus_i_gridmap_callout_error_string(globus_gridmap_callout_error_t type)
{
    return type < GLOBUS_GRIDMAP_CALLOUT_ERROR_LAST ? globus_i_gridmap_callout_error_strings[type] : NULL;
}

#endif
