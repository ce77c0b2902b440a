%module(package="globus_lowlevel") gsi_proxy_core
%include "lib/globus.swg"
%needs(GLOBUS_GSI_PROXY_MODULE)
%prelude(globus_common.h)

%include "globus_gsi_proxy_constants.h"
%include "globus_gsi_proxy.h"
