%module(package="globus_lowlevel") gsi_sysconfig
%include "lib/globus.swg"
%needs(GLOBUS_GSI_SYSCONFIG_MODULE)
%prelude(globus_common.h)
%adapters("gsi_sysconfig_adapters.h")

%param(globus_gsi_sysconfig_get_signing_policy_filename_unix, cert_dir, NULLABLE)
%param(globus_gsi_sysconfig_remove_all_owned_files_unix, default_filename, NULLABLE)
%param(globus_gsi_sysconfig_get_ca_cert_files_unix, ca_cert_list, STRINGS, OUT, FREE, REQUIRED)
%param(globus_gsi_sysconfig_split_dir_and_filename_unix, dir_string, NULLABLE)

%include "globus_gsi_system_config_constants.h"
%include "globus_gsi_system_config.h"
