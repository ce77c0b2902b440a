%module(package="globus_lowlevel") gsi_cert_utils
%include "lib/globus.swg"
%needs(GLOBUS_GSI_CERT_UTILS_MODULE)
%prelude(globus_common.h)

%include "globus_gsi_cert_utils_constants.h"
%include "globus_gsi_cert_utils.h"
