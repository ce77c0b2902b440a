%module(package="globus_lowlevel") gsi_sysconfig
%include "lib/globus.swg"
%needs(GLOBUS_GSI_SYSCONFIG_MODULE)
%prelude(globus_common.h)

%include "globus_gsi_system_config_constants.h"
%include "globus_gsi_system_config.h"
