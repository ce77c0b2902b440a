%module(package="globus_lowlevel") gram_protocol
%include "lib/globus.swg"
%needs(GLOBUS_GRAM_PROTOCOL_MODULE)
%prelude(globus_common.h)
%adapters("gram_protocol_adapters.h")

%failure(gl_gram_failure)
%returns(globus_gram_protocol_*, STATUS)
%returns(globus_gram_protocol_*_t, !STATUS)
%returns(globus_gram_protocol_authorize_self, !STATUS)
%returns(globus_gram_protocol_error_*, !STATUS)
%returns(globus_gram_protocol_hash_destroy, !STATUS)
%returns(globus_gram_protocol_create_extension, !STATUS, OWNED)

%param(globus_gram_protocol_setup_attr, attr, OUT)
%param(globus_gram_protocol_set_credentials, new_credentials, CONSUMES, NULLABLE)

/* ---- messages between two ends ------------------------------------------------------------------------------------------ */
%param(globus_gram_protocol_allow_attach, callback, LASTING)
%param(globus_gram_protocol_post*, handle, OUT)
%param(globus_gram_protocol_post*, callback, NULLABLE)
%param(globus_gram_protocol_post*, message, READ)
%param(globus_gram_protocol_post_delegation, cred_handle, NULLABLE)
%param(globus_gram_protocol_*_delegation, restriction_*, NULLABLE)
%param(globus_gram_protocol_reply, message, READ, NULLABLE)
%param(globus_gram_protocol_delegation_callback_t, credential, OWNED)
%callback_type(globus_gram_protocol_callback_t, BEFORE=gl_gram_message_begins(handle), FAILED=gl_gram_fail(handle), \
               AFTER=gl_gram_message_ends())
%callback_type(globus_gram_protocol_delegation_callback_t, BEFORE=gl_gram_callback_begins(handle), FAILED=gl_gram_fail(handle), \
               AFTER=gl_gram_callback_ends(handle))
%param(globus_gram_protocol_callback_t, message, READ)
%param(globus_gram_protocol_get_sec_context, context, BORROWED)

/* ---- what messages say --------------------------------------------------------------------------------------------------- */
%param(globus_gram_protocol_frame_*, msg, READ)
%param(globus_gram_protocol_unpack_*, query, READ)
%param(globus_gram_protocol_unpack_*, reply, READ)
%param(globus_gram_protocol_unpack_message, message, BYTES, READ)
%param(globus_gram_protocol_pack_version_request, request, BYTES_OUT)
%param(globus_gram_protocol_pack_job_request, callback_url, NULLABLE)
%param(globus_gram_protocol_pack_job_*, job_contact, NULLABLE)
%malloced(globus_gram_protocol_extension_t)
%custom(globus_hashtable_t, extensions)
%param(globus_gram_protocol_pack_*, extensions, IN_POINTER, NULLABLE)
%param(globus_gram_protocol_hash_destroy, message_hash, IN_POINTER, CONSUMES, NULLABLE)
%param(globus_gram_protocol_callback_disallow, url, RELEASES)

/* A client may be the only one that has activated this module. */
%init %{
  gl_module_guard("globus_gram_protocol", gl_gram_is_waited_for);
  gl_module_guard("globus_gram_client", gl_gram_is_waited_for);
%}

/* C takes the host of a contact for granted, and three digits of a code. */
%define %checked(FUNCTION, CHECK)
%exception FUNCTION {
  if (gl_enter(&gl_f_$symname) < 0 || CHECK < 0) SWIG_fail;
  $action
}
%enddef
%checked(globus_gram_protocol_frame_request, gl_check_contact(&gl_f_$symname, arg1))
%checked(globus_gram_protocol_post, gl_check_contact(&gl_f_$symname, arg1))
%checked(globus_gram_protocol_post_delegation, gl_check_contact(&gl_f_$symname, arg1))
%checked(globus_gram_protocol_frame_reply, gl_check_number(&gl_f_$symname, "code", arg1, 3))
%checked(gl_adapt_globus_gram_protocol_reply, gl_check_number(&gl_f_$symname, "code", arg2, 3))
%exception gl_adapt_globus_gram_protocol_callback_disallow {
  if (gl_enter(&gl_f_$symname) < 0 || gl_check_contact(&gl_f_$symname, arg1) < 0
      || gl_gram_check_end(_global_call, &gl_f_$symname, &arg1) < 0) SWIG_fail;
  $action
}

%include "globus_gram_protocol.h"
%include "globus_gram_protocol_constants.h"
