%module(package="globus_lowlevel") myproxy
%include "lib/globus.swg"
%prelude(globus_common.h, stdio.h, time.h, gssapi.h, myproxy.h)
%adapters("myproxy_adapters.h")
%failure(gl_myproxy_failure)

/* The library keeps one error text, one log and more for the whole process: one call at a time, whose error is its own. */
%exception {
  if (gl_enter(&gl_f_$symname) < 0) SWIG_fail;
  gl_myproxy_begin(&gl_f_$symname);
  $action
  gl_myproxy_end();
}

/* ---- structs: Python makes, fills and owns them --------------------------------------------------------------------------- */
%handle_by_address(myproxy_socket_attrs_t, gl_myproxy_disconnect(address))
%makeable(myproxy_socket_attrs_t)
%malloced(myproxy_socket_attrs_t, myproxy_request_t, myproxy_response_t, myproxy_creds_t, myproxy_certs_t)
%malloced(myproxy_server_context_t, myproxy_server_peer_t, authorization_data_t)
%anytime(myproxy_socket_attrs_t)
%field(myproxy_socket_attrs_t, gsi_socket, HIDDEN)
%field(myproxy_certs_t, contents, COUNT=size)
%field(authorization_data_t, client_data, COUNT=client_data_len)
%field(myproxy_response_t, authorization_data, ARRAY, TERMINATED)
%field(myproxy_server_context_t, certificate_hashalg, CUSTOM=evp_md)
%param(myproxy_free, *, NULLABLE, CONSUMES)
%param(myproxy_creds_free, *, CONSUMES)
%param(myproxy_certs_free, *, CONSUMES)

/* ---- results: 0 is success, unless the function answers a number or a string ----------------------------------------------- */
%returns(myproxy_*, STATUS)
%returns(myproxy_version, !STATUS)
%returns(myproxy_check_version*, !STATUS)
%returns(myproxy_check_cert_dir, !STATUS)
%returns(myproxy_debug*, !STATUS)
%returns(myproxy_log*, !STATUS)
%returns(myproxy_*free*, !STATUS)
%returns(myproxy_server_clear_context, !STATUS)
%returns(myproxy_init_client, !STATUS, CHECKED)
%returns(myproxy_serialize_request, !STATUS, CHECKED)
%returns(myproxy_serialize_response, !STATUS, CHECKED)
%returns(myproxy_recv, !STATUS, CHECKED)
%returns(myproxy_admin_retrieve_all, !STATUS, CHECKED)
%returns(myproxy_creds_encrypted, !STATUS, CHECKED)
%returns(myproxy_creds_verify_passphrase, !STATUS, CHECKED)
%returns(myproxy_creds_exist, !STATUS, CHECKED)
%returns(myproxy_creds_is_owner, !STATUS, CHECKED)
%returns(myproxy_clean_crls, !STATUS, CHECKED)
%returns(myproxy_server_check_policy*, !STATUS, CHECKED)
%returns(myproxy_get_storage_dir, !STATUS, CHECKED)
%returns(myproxy_get_certs, !STATUS, CHECKED, OWNED)
%returns(myproxy_creds_path_template, !STATUS, CHECKED, FREE)

/* ---- the protocol -------------------------------------------------------------------------------------------------------------- */
%param(myproxy_version, *, OUT)
%param(myproxy_authenticate_init, attr, IN)
%param(myproxy_authenticate_init, proxyfile, NULLABLE)
%param(myproxy_authenticate_accept*, client_name, CHARS_OUT, EXTENT=1024)
%param(myproxy_authenticate_accept_fqans, fqans, STRINGS, OUT, FREE)
%param(myproxy_*serialize_re*, data, BYTES)
%param(myproxy_serialize_re*, data, WRITE)
%param(myproxy_serialize_re*_ex, data, !WRITE, !BYTES, BYTES_OUT)
%param(myproxy_send, data, BYTES)
%param(myproxy_recv, data, BYTES, WRITE)
%param(myproxy_recv_ex, data, BYTES_OUT)
%param(myproxy_handle_response, response_buffer, BYTES)
%param(myproxy_accept_*, delegfile, CHARS_OUT, EXTENT=4096)
%param(myproxy_*, credentials, BYTES_OUT)
%param(myproxy_*_delegation*, passphrase, NULLABLE)
%param(myproxy_init_delegation, delegfile, NULLABLE)
%param(myproxy_get_delegation, certfile, NULLABLE)
%param(myproxy_get_delegation, outfile, NULLABLE)

/* A header of the server says `extern int errno`, which is this. */
%function(__errno_location, BY_HAND)

/* ---- the repository ------------------------------------------------------------------------------------------------------------- */
%param(myproxy_creds_exist, credname, NULLABLE)
%param(myproxy_creds_is_owner, credname, NULLABLE)
%param(myproxy_creds_change_passphrase, new_passphrase, NULLABLE)
%param(myproxy_read_*, buffer, CHARS_OUT, EXTENT=MAX_PASS_LEN)
%param(myproxy_read_*, prompt, NULLABLE)
%param(myproxy_check_passphrase_policy, *, NULLABLE)
%param(myproxy_log_use_*, *, NULLABLE)
%param(myproxy_server_check_policy_list*, dn_list, STRINGS)

/* ---- authorization: a list of challenges, one of which is answered ------------------------------------------------------------ */
%param(authorization_*, data, ARRAY, TERMINATED)
%param(authorization_init_server, data, !ARRAY, ARRAY_OUT, OWNED, FREE)
%param(authorization_init_server, methods, ARRAY, TERMINATED)
%returns(authorization_init_server, STATUS)
%param(authorization_data_free_contents, data, !ARRAY, !TERMINATED)
%param(authorization_store_response, buffer, BYTES)
%param(authorization_create_response, extra_data, READ)
%param(authorization_*, client_name, NULLABLE)
%returns(authorization_store_response, CHECKED)
%returns(authorization_create_response, CHECKED)
%returns(authorization_get_status, CHECKED)
%returns(authorization_check*, CHECKED)

%skip(auth_sasl_negotiate_client, "declared only under HAVE_LIBSASL2, which users do not define: internal, myproxy_handle_authorization() calls it")
%skip(auth_sasl_negotiate_server, "declared only under HAVE_LIBSASL2, which users do not define: internal, the server program calls it")

%include "myproxy.h"
%include "myproxy_constants.h"
%include "myproxy_authorization.h"
%include "myproxy_protocol.h"
%include "myproxy_creds.h"
%include "myproxy_delegation.h"
%include "myproxy_log.h"
%include "myproxy_read_pass.h"
%include "myproxy_sasl_client.h"
%include "myproxy_sasl_server.h"
%include "myproxy_server.h"
%include "verror.h"
%include "myproxy_macros.h"
