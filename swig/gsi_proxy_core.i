%module(package="globus_lowlevel") gsi_proxy_core
%include "lib/globus.swg"
%needs(GLOBUS_GSI_PROXY_MODULE)
%prelude(globus_common.h)
%adapters("gsi_proxy_core_adapters.h")

%param(globus_gsi_proxy_handle_init, handle_attrs, NULLABLE, KEEPS)
%param(globus_gsi_proxy_handle_attrs_copy, a, KEEPS)
%param(globus_gsi_proxy_handle_set_req, req, NULLABLE)
%param(globus_gsi_proxy_handle_set_private_key, proxy_key, NULLABLE)
%param(globus_gsi_proxy_handle_?et_common_name, common_name, NULLABLE)
%param(globus_gsi_proxy_handle_add_extension, extension, NULLABLE)
%param(globus_gsi_proxy_handle_set_extensions, extensions, NULLABLE)
%param(globus_gsi_proxy_handle_set_proxy_cert_info, pci, NULLABLE)
%param(globus_gsi_proxy_handle_set_policy, policy_data, BYTES, NULLABLE)
%param(globus_gsi_proxy_handle_get_policy, policy_data, BYTES_OUT, NULLABLE)
/* A number that OpenSSL gives an identifier means nothing outside this process. */
%param(globus_gsi_proxy_handle_?et_policy, policy_NID, CUSTOM=nid)
%param(globus_gsi_proxy_handle_attrs_set_signing_algorithm, algorithm, NULLABLE)

%param(globus_gsi_proxy_create_req, output_bio, OUT, BY_ADDRESS)
%param(globus_gsi_proxy_sign_req, output_bio, OUT, BY_ADDRESS)

%param(globus_gsi_proxy_handle*_get_key_gen_callback, callback, NULLABLE)
%param(globus_gsi_proxy_handle_attrs_set_key_gen_callback, callback, LASTING, NULLABLE)
%param(callback void (int, int, void [*]), #2, CALL_ARG)

/* ---- keys: what a C program has from OpenSSL, as objects of which are bytes here ------------------------------------- */
%returns(EVP_*_gen, OWNED)

%include "globus_gsi_proxy_constants.h"
%include "globus_gsi_proxy.h"
%include "gsi_proxy_keys.h"
