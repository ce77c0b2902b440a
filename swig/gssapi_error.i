%module(package="globus_lowlevel") gssapi_error
%include "lib/globus.swg"
%needs(GLOBUS_GSI_GSSAPI_MODULE)
%prelude(globus_common.h, gssapi.h)

%include "globus_error_gssapi.h"
