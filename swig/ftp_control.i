%module(package="globus_lowlevel") ftp_control
%include "lib/globus.swg"
%needs(GLOBUS_FTP_CONTROL_MODULE)
%prelude(globus_common.h)

%include "globus_ftp_control.h"
