%module(package="globus_lowlevel") gass_transfer
%include "lib/globus.swg"
%needs(GLOBUS_GASS_TRANSFER_MODULE)
%prelude(globus_common.h)
%adapters("gass_transfer_adapters.h")

/* C calls some functions of a protocol with its lock held: nothing that takes the lock can be called there. */
%exception {
  if (gl_enter(&gl_f_$symname) < 0 || gl_gass_enter(&gl_f_$symname) < 0) SWIG_fail;
  $action
}

/* Requests and listeners are numbers. 0 is success, unless the function answers a value. */
%returns(globus_gass_transfer_*, STATUS)
%returns(globus_gass_transfer_*_get_denial_reason, !STATUS)
%returns(globus_gass_transfer_*_get_denial_message, !STATUS, FREE)
%returns(globus_gass_transfer_*_get_type, !STATUS)
%returns(globus_gass_transfer_*_get_status, !STATUS)
%returns(globus_gass_transfer_*_get_subject, !STATUS)
%returns(globus_gass_transfer_request_get_url, !STATUS)
%returns(globus_gass_transfer_*_get_length, !STATUS)
%returns(globus_gass_transfer_*_get_base_url, !STATUS)
%returns(globus_gass_transfer_*_get_user_pointer, !STATUS, DATA)
%returns(globus_gass_transfer_referral_get_*, !STATUS)
%returns(globus_gass_transfer_*attr_initialize, !STATUS)
%returns(globus_gass_transfer_proto_*, !STATUS)
%returns(globus_gass_transfer_proto_*register_protocol, STATUS)
%returns(globus_gass_transfer_*_t, !STATUS)
%returns(globus_gass_transfer_crlf_to_lf, !STATUS)
%returns(globus_gass_transfer_lf_to_crlf, !STATUS)

/* ---- clients and servers ----------------------------------------------------------------------------------------------- */
%param(globus_gass_transfer_*, request, IN)
%param(globus_gass_transfer_*get, request, !IN, OUT)
%param(globus_gass_transfer_*put, request, !IN, OUT)
%param(globus_gass_transfer_*append, request, !IN, OUT)
%param(globus_gass_transfer_register_accept, request, !IN, OUT)
%param(globus_gass_transfer_create_listener, listener, OUT)
%param(globus_gass_transfer_close_listener, callback, NULLABLE)
%param(globus_gass_transfer_refer, urls, ARRAY)
%function(globus_gass_transfer_*et_user_pointer, PYTHON)
%param(globus_gass_transfer_*_set_user_pointer, user_pointer, DATA)

/* ---- attributes --------------------------------------------------------------------------------------------------------- */
%param(globus_gass_transfer_*attr_*, attr, REQUIRED)
%param(globus_gass_transfer_*attr_init, attr, OUT)
%param(globus_gass_transfer_*attr_destroy, attr, CONSUMES)
%param(globus_gass_transfer_*attr_set_proxy_url, proxy_url, NULLABLE)
%param(globus_gass_transfer_*attr_get_proxy_url, proxy_url, BORROWED)
%param(globus_gass_transfer_*attr_set_authorization, subject, NULLABLE)
%param(globus_gass_transfer_*attr_get_authorization, subject, BORROWED)
%param(globus_gass_transfer_*attr_initialize, char *, NULLABLE)

/* ---- referrals ---------------------------------------------------------------------------------------------------------- */
%param(globus_gass_transfer_request_get_referral, referral, OUT)
%param(globus_gass_transfer_referral_destroy, referral, CONSUMES)

/* ---- text --------------------------------------------------------------------------------------------------------------- */
%param(globus_gass_transfer_*lf_to_*lf, src, READ)

/* ---- protocols in Python ------------------------------------------------------------------------------------------------- */
%param(globus_gass_transfer_proto_request_referred, url, ARRAY)
%param(globus_gass_transfer_proto_*_complete, bytes, READ)
%param(globus_gass_transfer_proto_new_listener_request, proto, NULLABLE)
%param(globus_gass_transfer_proto_request_denied, message, NULLABLE)
%callback_type(globus_gass_transfer_proto_*_t, LASTING, REFUSE=3)
%param(globus_gass_transfer_proto_create_listener_t, base_url, OUT)
%param(globus_gass_transfer_proto_create_listener_t, proto, OUT)
%returns(globus_gass_transfer_proto_create_listener_t, STATUS)

%skip(globus_gass_transfer_listenerattr_destroy, "declared, exported by no library")

%include "globus_gass_transfer.h"
%include "globus_gass_transfer_proto.h"
