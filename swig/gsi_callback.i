%module(package="globus_lowlevel") gsi_callback
%include "lib/globus.swg"
%needs(GLOBUS_GSI_CALLBACK_MODULE)
%prelude(globus_common.h)
%adapters("gsi_callback_adapters.h")

/* An X509_STORE_CTX is made of what Python has: the adapters show how. */
%param(globus_gsi_callback_X509_verify_cert, arg, DATA)
%param(globus_gsi_callback_*, cert_chain, NULLABLE)

%param(globus_gsi_callback_data_copy, source, KEEPS)
%param(globus_gsi_callback_?et_extension_oids, extension_oids, DATA)
%param(globus_gsi_callback_get_cert_dir, cert_dir, NULLABLE)
%param(globus_gsi_callback_get_error, error, BORROWED)

/* Accepts or refuses an extension that the library does not know. */
%callback_type(globus_gsi_extension_callback_t, LASTING, REFUSE=0)
%param(globus_gsi_callback_?et_extension_cb, extension_cb, NULLABLE)

%skip(globus_gsi_callback_get_goodtill, "declared, but no library exports it")
%skip(globus_gsi_callback_set_goodtill, "declared, but no library exports it")

%include "globus_gsi_callback_constants.h"
%include "globus_gsi_callback.h"
