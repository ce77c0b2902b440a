%module(package="globus_lowlevel") gass_server_ez
%include "lib/globus.swg"
%needs(GLOBUS_GASS_SERVER_EZ_MODULE)
%prelude(globus_common.h)
%adapters("gass_server_ez_adapters.h")

/* The listener is a number of gass_transfer. */
%returns(globus_gass_server_ez_*, STATUS)
%returns(globus_gass_server_ez_*_t, !STATUS)
%param(globus_gass_server_ez_init, listener, OUT)
%param(globus_gass_server_ez_init, scheme, NULLABLE)
%param(globus_gass_server_ez_init, callback, NULLABLE, LASTING)
%param(globus_gass_server_ez_shutdown, listener, RELEASES)

%include "globus_gass_server_ez.h"
