%module(package="globus_lowlevel") gridftp_server
%include "lib/globus.swg"
%needs(GLOBUS_GRIDFTP_SERVER_MODULE)
%prelude(globus_common.h)

%include "globus_gridftp_server.h"
%include "globus_gridftp_server_embed.h"
