/* Errors that say what the client is answered. */
#include <globus_gridftp_server.h>

#include "gl.h"
#include "gridftp_server.h"

#include <string.h>

/* The library makes the code a part of a format. */
static bool is_code(const char *code)
{
    if (!code || !strchr(code, '%')) return true;
    PyGILState_STATE state = PyGILState_Ensure();
    PyErr_SetString(PyExc_ValueError, "response_error_code: it cannot contain %");
    PyGILState_Release(state);
    return false;
}

globus_object_t *gl_adapt_globus_gfs_ftp_response_error_construct(
    globus_module_descriptor_t *base_source, globus_object_t *base_cause, int response_code,
    const char *response_error_code, const char *text)
{
    if (!is_code(response_error_code)) return NULL;
    return globus_gfs_ftp_response_error_construct(
        base_source, base_cause, response_code, response_error_code, "%s", text);
}

globus_object_t *gl_adapt_globus_gfs_ftp_response_error_initialize(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, int response_code,
    const char *response_error_code, const char *text)
{
    if (!is_code(response_error_code)) return NULL;
    return globus_gfs_ftp_response_error_initialize(
        error, base_source, base_cause, response_code, response_error_code, "%s", text);
}

globus_object_t *gl_adapt_globus_gfs_ftp_response_error_v_initialize(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, int response_code,
    const char *response_error_code, const char *text)
{
    return gl_adapt_globus_gfs_ftp_response_error_initialize(
        error, base_source, base_cause, response_code, response_error_code, text);
}

globus_result_t gl_adapt_GlobusGFSErrorFtpResponse(
    globus_object_t *cause, int code, const char *response_error_code, const char *message)
{
    if (!is_code(response_error_code)) return GLOBUS_SUCCESS;
    return globus_error_put(
        globus_gfs_ftp_response_error_construct(NULL, cause, code, response_error_code, "%s", message));
}

/* The library takes it for granted that such an object is initialized. */
static bool is_initialized(globus_object_t *error)
{
    globus_object_t *response = globus_object_upcast(error, GLOBUS_GFS_ERROR_FTP_RESPONSE_TYPE);
    return response && globus_object_get_local_instance_data(response);
}

int gl_adapt_globus_gfs_error_get_ftp_response_code(globus_object_t *error)
{
    return is_initialized(error) ? globus_gfs_error_get_ftp_response_code(error) : 0;
}

const char *gl_adapt_globus_gfs_error_get_ftp_response_error_code(globus_object_t *error)
{
    return is_initialized(error) ? globus_gfs_error_get_ftp_response_error_code(error) : NULL;
}

globus_bool_t gl_adapt_globus_gfs_error_match_response_error_code(globus_object_t *error, const char *response_error_code)
{
    return is_initialized(error) && globus_gfs_error_match_response_error_code(error, response_error_code);
}
