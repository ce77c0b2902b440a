%module(package="globus_lowlevel") ftp_client
%include "lib/globus.swg"
%needs(GLOBUS_FTP_CLIENT_MODULE)
%prelude(globus_common.h)

%include "globus_ftp_client.h"
%include "globus_ftp_client_plugin.h"
%include "globus_ftp_client_debug_plugin.h"
%include "globus_ftp_client_perf_plugin.h"
%include "globus_ftp_client_restart_marker_plugin.h"
%include "globus_ftp_client_restart_plugin.h"
%include "globus_ftp_client_throughput_plugin.h"
