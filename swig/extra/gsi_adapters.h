/* What the adapters of the GSI libraries share: where C would follow a null pointer, or would call a check that it did not
 * make a success, the call fails instead. */
#ifndef GSI_ADAPTERS_H
#define GSI_ADAPTERS_H

#include "gsi_callback_data.h"

#include <globus_gsi_credential.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline globus_result_t gl_refusal(globus_module_descriptor_t *module, int type, const char *function, const char *reason)
{
    return globus_error_put(globus_error_construct_error(module, NULL, type, __FILE__, function, __LINE__, "%s", reason));
}

static inline bool gl_is_success(globus_result_t result)
{
    if (result == GLOBUS_SUCCESS) return true;
    globus_object_free(globus_error_get(result));
    return false;
}

static inline bool gl_has_certificate(globus_gsi_cred_handle_t handle)
{
    X509 *certificate = NULL;
    bool found = gl_is_success(globus_gsi_cred_get_cert(handle, &certificate));
    X509_free(certificate);
    return found;
}

static inline bool gl_has_key(globus_gsi_cred_handle_t handle)
{
    EVP_PKEY *key = NULL;
    bool found = gl_is_success(globus_gsi_cred_get_key(handle, &key));
    EVP_PKEY_free(key);
    return found;
}

#endif
