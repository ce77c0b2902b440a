/* authz: an action and an object are what the callouts take them for, which is text. */
#ifndef AUTHZ_ADAPTERS_H
#define AUTHZ_ADAPTERS_H

#include <globus_common.h>
#include <globus_gsi_authz.h>
#include <stdbool.h>

static inline void gl_authz_closed(void *callback_arg, globus_gsi_authz_handle_t handle, globus_result_t result)
{
    (void)callback_arg, (void)handle, (void)result;
}

static inline bool gl_authz_close(globus_gsi_authz_handle_t handle)
{
    globus_result_t result = globus_gsi_authz_handle_destroy(handle, gl_authz_closed, NULL);
    if (result) globus_object_free(globus_error_get(result));
    return true;
}

static inline globus_result_t gl_adapt_globus_gsi_authorize(
    globus_gsi_authz_handle_t handle, const char *action, const char *object, globus_gsi_authz_cb_t callback,
    void *callback_arg)
{
    return globus_gsi_authorize(handle, action, object, callback, callback_arg);
}

#endif
