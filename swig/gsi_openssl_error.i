%module(package="globus_lowlevel") gsi_openssl_error
%include "lib/globus.swg"
%needs(GLOBUS_GSI_OPENSSL_ERROR_MODULE)
%prelude(globus_common.h)
%adapters("gsi_openssl_error_adapters.h")

/* One error of OpenSSL's queue. It belongs to the error that it is stored in. */
%handle(globus_openssl_error_handle_t, gl_openssl_error_handle_free(value))
%anytime(globus_openssl_error_handle_t)
%returns(globus_i_openssl_error_handle_init, OWNED)
%param(globus_error_initialize_openssl_error, openssl_error_handle, CONSUMES)

/* The error that caused another is freed with it. */
%param(globus_error_*_openssl_error, base_cause, NULLABLE, SHARED)
%param(globus_error_*_openssl_error, base_source, NULLABLE)
%param(globus_error_*openssl_error*, error, NULLABLE)
%param(globus_error_initialize_openssl_error, error, !NULLABLE)
%param(globus_error_wrap_openssl_error, source_*, FOREVER, NULLABLE)
%returns(globus_error_construct_openssl_error, OWNED)
%returns(globus_error_wrap_openssl_error, OWNED)

%include "globus_error_openssl.h"
%include "gsi_openssl_error_macros.h"
