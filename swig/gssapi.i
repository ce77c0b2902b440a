%module(package="globus_lowlevel") gssapi
%include "lib/globus.swg"
%needs(GLOBUS_GSI_GSSAPI_MODULE)
%prelude(globus_common.h)

%include "gssapi.h"
