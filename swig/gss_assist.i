%module(package="globus_lowlevel") gss_assist
%include "lib/globus.swg"
%needs(GLOBUS_GSI_GSS_ASSIST_MODULE)
%prelude(globus_common.h)

%include "globus_gss_assist_constants.h"
%include "globus_gss_assist.h"
