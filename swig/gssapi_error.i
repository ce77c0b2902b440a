%module(package="globus_lowlevel") gssapi_error
%include "lib/globus.swg"
%needs(GLOBUS_GSI_GSSAPI_MODULE)
%prelude(globus_common.h, gssapi.h)
%adapters("gssapi_error_adapters.h")

/* The error that caused another is freed with it. */
%param(globus_error_*_gssapi_error, base_cause, NULLABLE, SHARED)
%param(globus_error_gssapi_match, error, NULLABLE)
%returns(globus_error_construct_gssapi_error, OWNED)
%returns(globus_error_wrap_gssapi_error, OWNED)

%include "globus_error_gssapi.h"
