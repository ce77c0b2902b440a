/* The functions of gridftp_server_macros.h. */
#include <globus_gridftp_server_embed.h>

#include "gridftp_server.h"
#include "gridftp_server_macros.h"

#include <errno.h>
#include <string.h>

#define ERROR(NAME) \
    globus_result_t(GlobusGFSError##NAME)(void) { return GlobusGFSError##NAME(); }
#define ERROR_OF(NAME) \
    globus_result_t(GlobusGFSError##NAME)(const char *text) { (void)text; return GlobusGFSError##NAME(text); }

ERROR_OF(Generic)
ERROR_OF(Data)
ERROR_OF(Parameter)
ERROR(IPC)
ERROR_OF(Memory)
ERROR_OF(PathNotFound)
ERROR(MultipartUploadNotFound)
ERROR(AppendNotSupported)
ERROR_OF(AmbiguousPath)
ERROR(TooBusy)
ERROR(DataChannelAuthenticationFailure)
ERROR(DataChannelCommunicationFailure)
ERROR(LoginDenied)
ERROR(PermissionDenied)
ERROR(QuotaExceeded)
ERROR(NoSpaceLeft)
ERROR_OF(InvalidPathName)
ERROR_OF(PathExists)
ERROR_OF(IsADirectory)
ERROR_OF(NotADirectory)
ERROR(CRLError)
ERROR_OF(InternalError)
ERROR(NotImplemented)
ERROR_OF(NotImplementedFeature)
ERROR(ConfigurationError)

globus_result_t(GlobusGFSErrorSystemError)(const char *system_func, int system_errno)
{
    return GlobusGFSErrorSystemError(system_func, system_errno);
}

globus_result_t(GlobusGFSErrorWrapFailed)(const char *failed_func, globus_result_t result)
{
    return GlobusGFSErrorWrapFailed(failed_func, result);
}

globus_result_t(GlobusGFSErrorIncorrectChecksum)(const char *computed, const char *expected)
{
    return GlobusGFSErrorIncorrectChecksum(computed, expected);
}

globus_result_t globus_gridftp_server_embed_config_get_list(
    globus_gfs_embed_handle_t handle, const char *option_name, char ***values)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_get_list(option_name, values);
}

globus_result_t globus_gridftp_server_embed_config_get_string(
    globus_gfs_embed_handle_t handle, const char *option_name, const char **value)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_get_string(option_name, value);
}

globus_result_t globus_gridftp_server_embed_config_get_bool(
    globus_gfs_embed_handle_t handle, const char *option_name, globus_bool_t *value)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_get_bool(option_name, value);
}

globus_result_t globus_gridftp_server_add_storage_module(const char *name, globus_gfs_storage_iface_t *iface)
{
    char *symbol = strdup(name);      /* the registry keeps it, uncopied */
    if (symbol && globus_extension_registry_add(GLOBUS_GFS_DSI_REGISTRY, symbol, NULL, iface) == GLOBUS_SUCCESS)
        return GLOBUS_SUCCESS;
    free(symbol);
    return globus_error_put(GlobusGFSErrorObjPathExists(NULL, name));
}
