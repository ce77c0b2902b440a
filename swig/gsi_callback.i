%module(package="globus_lowlevel") gsi_callback
%include "lib/globus.swg"
%needs(GLOBUS_GSI_CALLBACK_MODULE)
%prelude(globus_common.h)

%include "globus_gsi_callback_constants.h"
%include "globus_gsi_callback.h"
