%module(package="globus_lowlevel") gss_assist
%include "lib/globus.swg"
%needs(GLOBUS_GSI_GSS_ASSIST_MODULE)
%prelude(globus_common.h)
%adapters("gss_assist_adapters.h")

/* The minor status is the error that is raised, the token status a part of it. */
%returns(globus_gss_assist_*_sec_context, MAJOR)
%returns(globus_gss_assist_*_sec_context_async, MAJOR, OWNED)
%returns(globus_gss_assist_acquire_*, MAJOR)
%returns(globus_gss_assist_display_*, MAJOR)
%returns(globus_gss_assist_will_*, MAJOR)
%returns(globus_gss_assist_read_*, MAJOR)
%returns(globus_gss_assist_wrap_send, MAJOR)
%returns(globus_gss_assist_get_unwrap, MAJOR)
%param(globus_gss_assist_*, minor_status, SILENT)
%param(globus_gss_assist_*, token_status, SILENT)
%param(globus_gss_assist_display_*, token_status, IN)
%param(globus_gss_assist_display_*, minor_status, IN)

/* ---- contexts ------------------------------------------------------------------------------------------------------------ */
%param(globus_gss_assist_*_sec_context*, *cred_handle, NULLABLE, HOLDS)
%param(globus_gss_assist_*_sec_context*, delegated_cred_handle, OUT)
%param(globus_gss_assist_init_sec_context*, context_handle, INOUT, NULLABLE, FRAGILE)
%param(globus_gss_assist_accept_sec_context*, context_handle, INOUT, NULLABLE, FRAGILE)
%param(globus_gss_assist_*_sec_context*, src_name*, NULLABLE)
%param(globus_gss_assist_*_sec_context*, target_name*, NULLABLE)
/* The flags that are wanted, too; and whether the peer's name has been compared with one's own. */
%param(globus_gss_assist_accept_sec_context*, ret_flags, INOUT)
%param(globus_gss_assist_accept_sec_context_async, user_to_user_flag, INOUT)
%param(globus_gss_assist_*_async, input_buffer, READ, NULLABLE)
%param(globus_gss_assist_*_async, output_bufferp, BYTES_OUT)
%param(globus_gss_assist_export_sec_context, context_handle, IN_POINTER, CONSUMES)
%param(globus_gss_assist_will_handle_restrictions, context_handle, INOUT, NULLABLE)
%param(globus_gss_assist_*, fperr, NULLABLE)
%param(globus_gss_assist_display_*, comment, NULLABLE)

/* ---- tokens: a callable that returns one, or a status; a callable that sends one ------------------------------------------ */
%callback_type(gl_token_*, DURING, REFUSE=3)
%returns(gl_token_*, STATUS)
%param(gl_token_*, context, CALL_ARG)
%param(gl_token_getter, token, BYTES_OUT)
%param(gl_token_getter, size, OUT)
%param(gl_token_sender, token, READ)
%param(globus_gss_assist_*, *get_token, TYPE=gl_token_getter)
%param(globus_gss_assist_*, *send_token, TYPE=gl_token_sender)
%param(globus_gss_assist_*, get_context, CALL_ARG)
%param(globus_gss_assist_*, get_arg, CALL_ARG)
%param(globus_gss_assist_*, send_context, CALL_ARG)
%param(globus_gss_assist_*, send_arg, CALL_ARG)
%param(globus_gss_assist_*, gss_assist_*_context, CALL_ARG)
%param(globus_gss_assist_wrap_send, data, BYTES, READ)
%param(globus_gss_assist_get_unwrap, data, BYTES_OUT)
%returns(globus_gss_assist_token_*, STATUS)
%param(globus_gss_assist_token_get_fd, bufp, BYTES_OUT)
%param(globus_gss_assist_token_send_*, buf, READ)

/* ---- credentials and the gridmap ---------------------------------------------------------------------------------------------- */
%param(globus_gss_assist_acquire_cred_ext, desired_*, NULLABLE)
%param(globus_gss_assist_read_vhost_cred_dir, dir, NULLABLE)
%param(globus_gss_assist_read_vhost_cred_dir, output_credentials_array, ARRAY_OUT, OWNED)
%param(globus_gss_assist_authorization_host_name, authorization_hostname, OWNED)
%param(globus_gss_assist_lookup_all_globusid, dns, STRINGS, OUT, FREE, REQUIRED)
%param(globus_gss_assist_lookup_all_globusid, dn_count, SILENT)
%param(globus_gss_assist_map_and_authorize*, desired_identity, NULLABLE)

%skip(globus_gss_assist_acquire_cred_dir, "declared, but no library exports it")

%include "globus_gss_assist_constants.h"
%include "globus_gss_assist.h"
