%module(package="globus_lowlevel") gridftp_server
%include "lib/globus.swg"
%needs(GLOBUS_GRIDFTP_SERVER_MODULE)
%prelude(globus_common.h)
%adapters("gridftp_server.h")

/* ---- operations: finished once; the client is told when the module raises (types.swg) ---------------------------- */
%param(globus_gridftp_server_operation_finished, op, CONSUMES)
/* A read or write may have called back before the call that registered it returns. */
%param(globus_gridftp_server_finished_transfer, op, EXTERNAL)
%param(globus_gridftp_server_finished_[tca]*, op, CONSUMES)
%param(globus_gridftp_server_finished_session_start, op, CONSUMES)
%param(globus_gridftp_server_finished_passive_data, op, CONSUMES)
%param(globus_gridftp_server_finished_stat, op, CONSUMES)
%param(globus_gridftp_server_finished_stat_custom_list, op, CONSUMES)
%param(globus_gridftp_server_finished_session_start, session_arg, GIVEN)
%param(globus_gridftp_server_finished_session_start, username, NULLABLE)
%param(globus_gridftp_server_finished_session_start, home_dir, NULLABLE)
%param(globus_gridftp_server_finished_*_data, data_arg, GIVEN)
%param(globus_gridftp_server_finished_passive_data, contact_strings, ARRAY, NULLABLE)
%param(globus_gridftp_server_*_command, command_response, NULLABLE)
%param(globus_gridftp_server_finished_stat, stat_array, ARRAY, NULLABLE)
%param(globus_gridftp_server_finished_stat_partial, stat_array, ARRAY)
%param(globus_gridftp_server_begin_transfer, event_arg, GIVEN)
%param(globus_gridftp_server_register_read, buffer, WRITE)
%param(globus_gridftp_server_query_op_info, argv, ARRAY_OUT, BORROWED)
%param(globus_gridftp_server_get_recv_attr_string, requested_attr, NULLABLE)
%param(globus_gridftp_server_get_config_data, data_id, NULLABLE)
%param(globus_gridftp_server_add_command, help_string, NULLABLE)
%param(globus_gfs_data_get_file_stack_list, out_list, BORROWED)

/* ---- errors --------------------------------------------------------------------------------------------------------- */
%returns(GlobusGFSError*, VALUE)
%param(GlobusGFSErrorSystemError, system_func, NULLABLE)
%param(GlobusGFSErrorPathNotFound, path, NULLABLE)
%param(GlobusGFSErrorInternalError, generic_string, NULLABLE)
%param(GlobusGFSErrorFtpResponse, cause, NULLABLE, SHARED)
%param(GlobusGFSErrorFtpResponse, response_error_code, NULLABLE)
%param(globus_gfs_ftp_response_error_*, base_source, NULLABLE)
%param(globus_gfs_ftp_response_error_*, base_cause, NULLABLE, SHARED)
%param(globus_gfs_ftp_response_error_*, response_error_code, NULLABLE)

/* ---- configuration and the embedded server ------------------------------------------------------------------------ */
%param(globus_gridftp_server_embed_init, args, STRINGS)
%param(globus_gridftp_server_embed_start, event_cb, LASTING)
%param(globus_gridftp_server_embed_destroy, handle, CONSUMES)
%param(globus_*_config_get_list, values, OUT, STRINGS, FREE)
%param(globus_*_config_set_ptr, ptr*, NULLABLE)
%param(globus_gfs_config_add_cb, cb, LASTING)
%param(globus_gfs_config_add_cb, cb_handle, BORROWED)

/* ---- data nodes ------------------------------------------------------------------------------------------------------- */
%param(globus_gfs_ipc_close, ipc_handle, CONSUMES)
%param(globus_gfs_ipc_reply_close, ipc_handle, CONSUMES)
%param(globus_gfs_ipc_request_*, event_cb, LASTING)
%param(globus_gfs_ipc_request_data_destroy, data_arg, POINTER)
%param(globus_gfs_ipc_handle_*, error_cb, LASTING)
%param(globus_gfs_ipc_handle_*, iface, IN, FOREVER)
%param(globus_gfs_ipc_request_buffer_send, buffer, LENGTH=buffer_len)
%param(globus_gfs_ipc_handle_connect_ex, cred, NULLABLE, KEEPS)
%param(globus_gfs_ipc_handle_connect_ex, subject, NULLABLE)
%param(globus_gfs_brain_select_nodes, out_node_array, ARRAY_OUT)
%param(globus_gfs_brain_*, repo_name, NULLABLE)
%param(globus_gfs_brain_*, user_id, NULLABLE)
%param(globus_gfs_acl_add_module, module, FOREVER)
%param(globus_gridftp_server_add_storage_module, iface, FOREVER)

%skip(globus_gfs_ipc_start_session, "declared, exported by no library")
%skip(globus_gfs_ipc_iface_session_stop, "declared, exported by no library")
%skip(globus_gfs_ipc_set_cred, "declared, exported by no library")
%skip(globus_gfs_ipc_session_stop, "declared, exported by no library")
%skip(globus_gfs_ipc_add_server, "declared, exported by no library")
%skip(globus_i_GLOBUS_GRIDFTP_SERVER_debug_printf, "internal")
%skip(globus_i_GLOBUS_GRIDFTP_SERVER_debug_time_printf, "internal")
%skip(globus_i_GLOBUS_GRIDFTP_SERVER_debug_fwrite, "internal")
%skip(globus_i_gfs_error_system, "internal: GlobusGFSErrorSystemError()")

%include "globus_gridftp_server.h"
%include "globus_gridftp_server_embed.h"
%include "gridftp_server_macros.h"
