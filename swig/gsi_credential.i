%module(package="globus_lowlevel") gsi_credential
%include "lib/globus.swg"
%needs(GLOBUS_GSI_CREDENTIAL_MODULE)
%prelude(globus_common.h)

%include "globus_gsi_cred_constants.h"
%include "globus_gsi_credential.h"
