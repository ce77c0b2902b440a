/* Macros of the GridFTP server's headers, as functions: the errors that storage modules report, and the typed names of
 * configuration queries. Read like an installed header; defined in gridftp_server_macros.c. A parenthesis around a name
 * keeps the macro out. Beside them, what the library exports and no installed header declares, and what C storage modules
 * do with a static module descriptor. */
#ifndef GRIDFTP_SERVER_MACROS_H
#define GRIDFTP_SERVER_MACROS_H

#include <globus_gridftp_server_embed.h>

/* An error, as a result. */
globus_result_t (GlobusGFSErrorGeneric)(const char *reason);
globus_result_t (GlobusGFSErrorData)(const char *reason);
globus_result_t (GlobusGFSErrorParameter)(const char *param_name);
globus_result_t (GlobusGFSErrorIPC)(void);
globus_result_t (GlobusGFSErrorMemory)(const char *mem);
globus_result_t (GlobusGFSErrorSystemError)(const char *system_func, int system_errno);
globus_result_t (GlobusGFSErrorWrapFailed)(const char *failed_func, globus_result_t result);
globus_result_t (GlobusGFSErrorFtpResponse)(
    globus_object_t *cause, int code, const char *response_error_code, const char *message);
globus_result_t (GlobusGFSErrorPathNotFound)(const char *path);
globus_result_t (GlobusGFSErrorIncorrectChecksum)(const char *computed, const char *expected);
globus_result_t (GlobusGFSErrorMultipartUploadNotFound)(void);
globus_result_t (GlobusGFSErrorAppendNotSupported)(void);
globus_result_t (GlobusGFSErrorAmbiguousPath)(const char *ambiguity);
globus_result_t (GlobusGFSErrorTooBusy)(void);
globus_result_t (GlobusGFSErrorDataChannelAuthenticationFailure)(void);
globus_result_t (GlobusGFSErrorDataChannelCommunicationFailure)(void);
globus_result_t (GlobusGFSErrorLoginDenied)(void);
globus_result_t (GlobusGFSErrorPermissionDenied)(void);
globus_result_t (GlobusGFSErrorQuotaExceeded)(void);
globus_result_t (GlobusGFSErrorNoSpaceLeft)(void);
globus_result_t (GlobusGFSErrorInvalidPathName)(const char *name);
globus_result_t (GlobusGFSErrorPathExists)(const char *name);
globus_result_t (GlobusGFSErrorIsADirectory)(const char *name);
globus_result_t (GlobusGFSErrorNotADirectory)(const char *name);
globus_result_t (GlobusGFSErrorCRLError)(void);
globus_result_t (GlobusGFSErrorInternalError)(const char *generic_string);
globus_result_t (GlobusGFSErrorNotImplemented)(void);
globus_result_t (GlobusGFSErrorNotImplementedFeature)(const char *feature);
globus_result_t (GlobusGFSErrorConfigurationError)(void);

/* Queries of the configuration by type. */
#undef globus_gridftp_server_embed_config_get_list
#undef globus_gridftp_server_embed_config_get_string
#undef globus_gridftp_server_embed_config_get_bool
globus_result_t globus_gridftp_server_embed_config_get_list(
    globus_gfs_embed_handle_t handle, const char *option_name, char ***values);
globus_result_t globus_gridftp_server_embed_config_get_string(
    globus_gfs_embed_handle_t handle, const char *option_name, const char **value);
globus_result_t globus_gridftp_server_embed_config_get_bool(
    globus_gfs_embed_handle_t handle, const char *option_name, globus_bool_t *value);

/* Exported, but declared in no installed header. */
void globus_gfs_acl_add_module(globus_gfs_acl_module_t *module);

/* Makes a storage module known: `-dsi name` chooses it. In C this is globus_extension_registry_add() with
 * GLOBUS_GFS_DSI_REGISTRY; the module stays until the process ends. */
globus_result_t globus_gridftp_server_add_storage_module(const char *name, globus_gfs_storage_iface_t *iface);

#endif
