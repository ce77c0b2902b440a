%module(package="globus_lowlevel") gsi_credential
%include "lib/globus.swg"
%needs(GLOBUS_GSI_CREDENTIAL_MODULE)
%prelude(globus_common.h)
%adapters("gsi_credential_adapters.h")

%param(globus_gsi_cred_handle_init, handle_attrs, NULLABLE)
%param(globus_gsi_cred_get_handle_attrs, handle_attrs, OWNED)
%param(globus_gsi_cred_read, desired_subject, NULLABLE)
%param(globus_gsi_cred_read_key, pw_cb, TYPE=pem_password_cb, DURING, NULLABLE)
%param(globus_gsi_cred_write, bio, OUT, BY_ADDRESS)
%param(globus_gsi_cred_set_cert, cert, NULLABLE)
%param(globus_gsi_cred_verify_cert_chain_when, callback_data, NULLABLE)
%param(globus_gsi_cred_handle_attrs_set_search_order, search_order, ARRAY)
%param(globus_gsi_cred_handle_attrs_get_search_order, search_order, ARRAY_OUT, TERMINATED, EXTENT=GLOBUS_SO_END)

/* The passphrase of a key: the callable is given the room for it, and returns it. */
%callback_type(pem_password_cb, REFUSE=-1)
%param(pem_password_cb, buf, CHARS_OUT, LENGTH=size)
%param(pem_password_cb, userdata, CALL_ARG)
%returns(pem_password_cb, LENGTH=buf)

%param(globus_gsi_cred_handle_attrs_get_ca_cert_dir, ca_cert_dir, NULLABLE)
%param(globus_gsi_cred_handle_attrs_set_ca_cert_dir, ca_cert_dir, NULLABLE)

%skip(globus_gsi_cred_get_path_lengths, "declared, but no library exports it")

%include "globus_gsi_cred_constants.h"
%include "globus_gsi_credential.h"
