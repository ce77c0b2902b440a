/* gsi_openssl_error: what C follows without looking; and handles. */
#ifndef GSI_OPENSSL_ERROR_ADAPTERS_H
#define GSI_OPENSSL_ERROR_ADAPTERS_H

#include "gsi_openssl_error_macros.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void globus_i_openssl_error_handle_destroy(globus_openssl_error_handle_t handle);

/* The contents of a handle (globus_i_error_openssl.h, not installed; unchanged since 2002). */
struct globus_l_openssl_error_handle_s
{
    unsigned long error_code;
    const char   *filename;
    int           linenumber;
    const char   *data;
    int           flags;
};

static inline bool gl_openssl_error_handle_free(globus_openssl_error_handle_t handle)
{
    globus_i_openssl_error_handle_destroy(handle);
    return true;
}

static inline globus_openssl_error_handle_t gl_adapt_globus_i_openssl_error_handle_init(void)
{
    const char *file = NULL, *function = NULL, *data = NULL;
    globus_openssl_error_handle_t handle = globus_i_openssl_error_handle_init();
    if (!handle) return NULL;
    handle->error_code = ERR_get_error_all(&file, &handle->linenumber, &function, &data, &handle->flags);
    handle->filename = file;
    bool owned = handle->flags & ERR_TXT_MALLOCED && handle->flags & ERR_TXT_STRING;      /* then it is freed with the handle */
    handle->data = owned && data ? strdup(data) : data;
    return handle;
}

/* With an empty queue C would answer the cause itself. */
static inline globus_object_t *gl_adapt_globus_error_construct_openssl_error(
    globus_module_descriptor_t *base_source, globus_object_t *base_cause)
{
    if (ERR_peek_error()) return globus_error_construct_openssl_error(base_source, base_cause);
    if (base_cause) globus_object_free(base_cause);      /* the reference that an error would have */
    return NULL;
}

static inline bool gl_has_no_handle(globus_object_t *error)
{
    return globus_object_get_type(error) == GLOBUS_ERROR_TYPE_OPENSSL && !globus_object_get_local_instance_data(error);
}

/* Of an error that has a handle already, which is replaced: there are no others, as only the library can make one. */
static inline globus_result_t gl_adapt_globus_error_initialize_openssl_error(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause,
    globus_openssl_error_handle_t openssl_error_handle)
{
    if (globus_object_get_type(error) != GLOBUS_ERROR_TYPE_OPENSSL || globus_error_get_cause(error))
        return globus_error_put(globus_error_construct_error(
            GLOBUS_GSI_OPENSSL_ERROR_MODULE, NULL, 0, __FILE__, __func__, __LINE__, "%s",
            "The error is none of the type GLOBUS_ERROR_TYPE_OPENSSL, or has a cause already"));
    globus_openssl_error_handle_t old = globus_object_get_local_instance_data(error);
    globus_error_initialize_openssl_error(error, base_source, base_cause, openssl_error_handle);
    if (old) globus_i_openssl_error_handle_destroy(old);
    return GLOBUS_SUCCESS;
}

static inline globus_bool_t gl_adapt_globus_error_match_openssl_error(
    globus_object_t *error, unsigned long library, unsigned long function, unsigned long reason)
{
    for (globus_object_t *link = error; link; link = globus_error_get_cause(link))
        if (gl_has_no_handle(link)) return GLOBUS_FALSE;
    return globus_error_match_openssl_error(error, library, function, reason);
}

#endif
