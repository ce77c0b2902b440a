/* A macro of the job manager's authorization errors, as a function. A parenthesis around a name keeps the macro out. */
#ifndef GRAM_JOBMANAGER_CALLOUT_ERROR_MACROS_H
#define GRAM_JOBMANAGER_CALLOUT_ERROR_MACROS_H

#include <globus_common.h>
#include <globus_gram_jobmanager_callout_error.h>

/* An error of this type, caused by `result`, which may be none; `text` follows what the type says. */
static inline globus_result_t (GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR)(
    globus_result_t result, globus_gram_jobmanager_callout_error_t type, const char *text)
{
    globus_result_t error = result;
    GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR(error, type, ("%s", text));
    return error;
}

#undef GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR

/* What an error of this type says. */
static inline const char *globus_i_gram_jobmanager_callout_error_string(globus_gram_jobmanager_callout_error_t type)
{
    return type < GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR_LAST ? globus_i_gram_jobmanager_callout_error_strings[type] : NULL;
}

#endif
