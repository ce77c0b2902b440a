/* io: attributes, and the data of an authorization. */
#include "gl.h"
#include "io_adapters.h"

#include <stdlib.h>

static bool succeeds(globus_result_t result)
{
    if (result) globus_object_free(globus_error_get(result));
    return result == GLOBUS_SUCCESS;
}

/* Each of the two ends only its own kind. */
bool gl_io_attr_destroy(globus_io_attr_t *attr)
{
    if (!succeeds(globus_io_tcpattr_destroy(attr))) succeeds(globus_io_fileattr_destroy(attr));
    return true;
}

static globus_result_t incomplete(const char *function, const char *what)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_IO_MODULE, NULL, 0, __FILE__, function, __LINE__, "%s", what));
}

/* What is missing is refused before the mode is set: C would call, or compare with, what is not there. */
globus_result_t gl_adapt_globus_io_attr_set_secure_authorization_mode(
    globus_io_attr_t *attr, globus_io_secure_authorization_mode_t mode, globus_io_secure_authorization_data_t *data)
{
    globus_io_secure_authorization_callback_t callback = NULL;
    void *argument;
    char *identity = NULL;
    globus_result_t result = GLOBUS_SUCCESS;
    if (mode == GLOBUS_IO_SECURE_AUTHORIZATION_MODE_CALLBACK)
    {
        if (data) result = globus_io_secure_authorization_data_get_callback(data, &callback, &argument);
        if (!result && !callback)
            return incomplete("globus_io_attr_set_secure_authorization_mode", "The mode CALLBACK needs data with a callback: set one first");
    }
    if (mode == GLOBUS_IO_SECURE_AUTHORIZATION_MODE_IDENTITY)
    {
        if (data) result = globus_io_secure_authorization_data_get_identity(data, &identity);
        bool missing = !identity;
        free(identity);
        if (!result && missing)
            return incomplete("globus_io_attr_set_secure_authorization_mode", "The mode IDENTITY needs data with an identity: set one first");
    }
    return result ? result : globus_io_attr_set_secure_authorization_mode(attr, mode, data);
}

/* C forgets the name that was there. */
globus_result_t gl_adapt_globus_io_secure_authorization_data_set_identity(globus_io_secure_authorization_data_t *data, char *identity)
{
    globus_io_secure_authorization_data_t fresh;
    globus_io_secure_authorization_callback_t callback;
    void *argument;
    globus_result_t result = globus_io_secure_authorization_data_initialize(&fresh);
    if (result) return result;
    result = globus_io_secure_authorization_data_set_identity(&fresh, identity);
    if (!result) result = globus_io_secure_authorization_data_get_callback(data, &callback, &argument);
    if (!result) result = globus_io_secure_authorization_data_set_callback(&fresh, callback, argument);
    if (result)
    {
        globus_io_secure_authorization_data_destroy(&fresh);
        return result;
    }
    globus_io_secure_authorization_data_destroy(data);
    *data = fresh;
    return GLOBUS_SUCCESS;
}
