%module(package="globus_lowlevel") gridftp_server_control
%include "lib/globus.swg"
%needs(GLOBUS_GRIDFTP_SERVER_CONTROL_MODULE)
%prelude(globus_common.h, gssapi.h, globus_xio.h)
%adapters("gridftp_server_control_adapters.h")

%handle(globus_gridftp_server_control_t, gl_gsc_close(value))
%handle(globus_gridftp_server_control_attr_t, gl_gsc_attr_free(value))
%param(globus_gridftp_server_control_attr_destroy, in_attr, CONSUMES)
%handle(globus_gridftp_server_control_op_t, gl_gsc_abandon(value))
%nullable(globus_gridftp_server_control_attr_t)
%param(globus_gridftp_server_control_attr_*, in_attr, REQUIRED)
%param(globus_gridftp_server_control_attr_*, server_attr, REQUIRED)
%param(globus_gridftp_server_control_attr_copy, src, REQUIRED, KEEPS)
%param(globus_gridftp_server_control_attr_copy, dst, OWNED)

/* ---- the control channel ---------------------------------------------------------------------------------------------------- */
%param(globus_gridftp_server_control_start, attr, KEEPS)
%callback_type(globus_gridftp_server_control_cb_t, BEFORE=gl_gsc_ending(server), AFTER=gl_gsc_done(server))
%param(globus_gridftp_server_control_destroy, server, CONSUMES)
%callback_type(globus_gridftp_server_control_log_cb_t, LASTING)
%param(globus_gridftp_server_control_set_cwd, cwd_string, NULLABLE)

/* ---- operations: each is answered once; a callback that raises has failed it ------------------------------------------------------ */
%param(globus_gridftp_server_control_*_cb_t, op, OWNED)
%param(globus_gridftp_server_control_event_cb_t, op, BORROWED)
%param(gl_gsc_command_cb_t, op, OWNED)
%param(gl_gsc_command_cb_t, cmd_array, ARRAY)
%callback_type(globus_gridftp_server_control_auth_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), \
               BEFORE=gl_gsc_enter(op, GL_GSC_AUTH))
%callback_type(globus_gridftp_server_control_resource_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), \
               BEFORE=gl_gsc_enter(op, GL_GSC_RESOURCE))
%callback_type(globus_gridftp_server_control_transfer_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), \
               BEFORE=gl_gsc_enter(op, GL_GSC_TRANSFER))
%callback_type(globus_gridftp_server_control_list_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), \
               BEFORE=gl_gsc_enter(op, GL_GSC_TRANSFER))
%callback_type(globus_gridftp_server_control_passive_connect_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), \
               BEFORE=gl_gsc_enter(op, GL_GSC_PASSIVE))
%callback_type(globus_gridftp_server_control_active_connect_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), \
               BEFORE=gl_gsc_enter(op, GL_GSC_ACTIVE))
%callback_type(gl_gsc_command_cb_t, LASTING, FAILED=gl_gsc_fail(op, failure), BEFORE=gl_gsc_enter(op, GL_GSC_COMMAND))
%callback_type(globus_gridftp_server_control_data_destroy_cb_t, LASTING)
%callback_type(globus_gridftp_server_control_event_cb_t, LASTING)
%param(globus_gridftp_server_control_active_connect_cb_t, cs, ARRAY)
%param(globus_gridftp_server_control_finished_auth, op, CONSUMES)
%param(globus_gridftp_server_control_finished_transfer, op, CONSUMES)
%param(globus_gridftp_server_control_finished_*_connect, op, CONSUMES)
%param(globus_gsc_959_finished_command, op, CONSUMES)
%param(globus_gridftp_server_control_finished_*, msg, NULLABLE)
%param(globus_gridftp_server_control_finished_auth, username, NULLABLE)
%param(globus_gridftp_server_control_finished_resource, stat_info_array, ARRAY, NULLABLE)
%param(globus_gridftp_server_control_finished_resource, gid_array, ARRAY, NULLABLE, LENGTH=gid_count)
%param(globus_gridftp_server_control_finished_passive_connect, cs, ARRAY, NULLABLE)
%param(globus_gridftp_server_control_set_paths, *_path, NULLABLE)
%param(globus_gridftp_server_control_events_enable, event_cb, LASTING)

/* ---- data connections are any objects, which C keeps until it has told that they are gone ---------------------------------------------- */
%param(globus_gridftp_server_control_finished_*_connect, user_data_handle, GIVEN)
%param(globus_gridftp_server_control_disconnected, user_data_handle, DATA)
%param(globus_gridftp_server_control_*_cb_t, data_handle, GIVEN)
%param(globus_gridftp_server_control_data_destroy_cb_t, user_data_handle, GIVEN, RELEASES)
%param(globus_gridftp_server_control_get_data_auth, del_cred, BORROWED)
%param(globus_gridftp_server_control_attr_add_*, module_name, NULLABLE)

/* ---- text -------------------------------------------------------------------------------------------------------------------- */
%param(globus_gridftp_server_control_list_buffer_alloc, stat_info_array, ARRAY)
%param(globus_gridftp_server_control_list_buffer_free, buffer, LENGTH=NONE)
%returns(globus_gridftp_server_control_get_cmd_string, FREE)
%returns(globus_gsc_string_to_959, FREE)
%param(globus_gsc_string_to_959, in_str, NULLABLE)
%param(globus_gsc_string_to_959, preline, NULLABLE)
%param(globus_gsc_959_command_add, command_name, NULLABLE)
%param(globus_gsc_959_command_add, help, NULLABLE)
%flags(globus_gridftp_server_control_security_type_t, globus_gsc_959_command_desc_t)
%returns(GlobusGridFTPServer*Error*, VALUE)

%include "globus_gridftp_server_control.h"
%include "gridftp_server_control_macros.h"
