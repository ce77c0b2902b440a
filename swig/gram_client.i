%module(package="globus_lowlevel") gram_client
%include "lib/globus.swg"
%needs(GLOBUS_GRAM_CLIENT_MODULE)
%prelude(globus_common.h)
%adapters("gram_client_adapters.h")

%failure(gl_gram_failure)
%returns(globus_gram_client_*, STATUS)
%returns(globus_gram_client_*_t, !STATUS)
%returns(globus_gram_client_error_string, !STATUS)
%returns(globus_gram_client_version, !STATUS)
%returns(globus_gram_client_debug, !STATUS)
%returns(globus_gram_client_job_info_destroy, !STATUS)

%custom(globus_hashtable_t, extensions)
%malloced(globus_gram_client_job_info_t)
%param(globus_gram_client_*, attr, TYPE=globus_gram_client_attr_t)
%param(globus_gram_client_attr_*, attr, REQUIRED)
%param(globus_gram_client_attr_init, attr, !TYPE=globus_gram_client_attr_t)
%param(globus_gram_client_attr_destroy, attr, !TYPE=globus_gram_client_attr_t, IN_POINTER, CONSUMES)
%param(globus_gram_client_attr_set_credential, credential, HOLDS, NULLABLE)
%param(globus_gram_client_set_credentials, new_credentials, CONSUMES, NULLABLE)
%param(globus_gram_client_*refresh_credentials, creds, NULLABLE)

/* ---- jobs: those who want to hear of them are told of their states until they are disallowed ------------------------- */
%callback_type(globus_gram_client_callback_func_t, LASTING, BEFORE=gl_gram_status_begins(), AFTER=gl_gram_status_ends())
%callback_type(gl_gram_info_listener, LASTING, BEFORE=gl_gram_status_begins(), AFTER=gl_gram_status_ends())
%param(globus_gram_client_info_callback_allow, callback_func, TYPE=gl_gram_info_listener)
%param(globus_gram_client_callback_disallow, callback_contact, RELEASES)
%param(globus_gram_client_*, callback_contact, NULLABLE)
%param(globus_gram_client_*callback_*allow, callback_contact, !NULLABLE)
%param(globus_gram_client_*job_callback_*, callback_contact, !NULLABLE)
%param(globus_gram_client_*job_signal, signal_arg, NULLABLE)
%param(globus_gram_client_*_with_info, info, OUT)
%param(globus_gram_client_*_with_info, job_info, OUT)
%param(globus_gram_client_job_info_destroy, info, CONSUMES)

/* C takes the host of a contact for granted, passes on whom a job manager is to tell, and has room for ten characters of a mask. */
%define %checked(FUNCTION, CHECKS)
%exception FUNCTION {
  const gl_function *function = &gl_f_$symname;
  if (gl_enter(function) < 0 || CHECKS) SWIG_fail;
  $action
}
%enddef
%checked(globus_gram_client_callback_disallow, gl_gram_check_status(function) < 0)
%define %contact(FUNCTION)
%checked(FUNCTION, gl_check_contact(function, arg1) < 0)
%enddef
%define %telling(FUNCTION, CONTACT)
%checked(FUNCTION, gl_check_callback_contact(function, CONTACT) < 0)
%enddef
%contact(globus_gram_client_register_job_cancel)
%contact(globus_gram_client_job_cancel)
%contact(globus_gram_client_register_job_status)
%contact(globus_gram_client_register_job_status_with_info)
%contact(globus_gram_client_job_refresh_credentials)
%contact(globus_gram_client_register_job_refresh_credentials)
%contact(globus_gram_client_job_status)
%contact(globus_gram_client_job_status_with_info)
%contact(globus_gram_client_register_job_signal)
%contact(globus_gram_client_job_signal)
%telling(globus_gram_client_job_request, arg4)
%telling(globus_gram_client_job_request_with_info, arg4)
%telling(globus_gram_client_register_job_request, arg4)
%telling(globus_gram_client_register_job_request_with_info, arg4)
%define %registration(FUNCTION)
%checked(FUNCTION, gl_check_contact(function, arg1) < 0 || gl_check_number(function, "job_state_mask", arg2, 10) < 0 \
         || gl_check_callback_contact(function, arg3) < 0)
%enddef
%registration(globus_gram_client_job_callback_register)
%registration(globus_gram_client_register_job_callback_registration)
%define %unregistration(FUNCTION)
%checked(FUNCTION, gl_check_contact(function, arg1) < 0 || gl_check_callback_contact(function, arg2) < 0)
%enddef
%unregistration(globus_gram_client_job_callback_unregister)
%unregistration(globus_gram_client_register_job_callback_unregistration)

%include "globus_gram_client.h"
