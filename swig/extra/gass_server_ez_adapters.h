/* gass_server_ez: C unlocks and frees what is not there when it cannot make the listener. */
#ifndef GASS_SERVER_EZ_ADAPTERS_H
#define GASS_SERVER_EZ_ADAPTERS_H

#include <globus_common.h>
#include <globus_gass_server_ez.h>

int gl_adapt_globus_gass_server_ez_init(
    globus_gass_transfer_listener_t *listener, globus_gass_transfer_listenerattr_t *attr, char *scheme,
    globus_gass_transfer_requestattr_t *reqattr, unsigned long options, globus_gass_server_ez_client_shutdown_t callback);
int gl_adapt_globus_gass_server_ez_shutdown(globus_gass_transfer_listener_t listener);

#endif
