/* gsi_proxy_core: what C would do without saying so. */
#ifndef GSI_PROXY_CORE_ADAPTERS_H
#define GSI_PROXY_CORE_ADAPTERS_H

#include "gsi_adapters.h"

#include <globus_gsi_proxy.h>
#include <openssl/x509v3.h>

static inline globus_result_t gl_proxy_refusal(int type, const char *function, const char *reason)
{
    return gl_refusal(GLOBUS_GSI_PROXY_MODULE, type, function, reason);
}

#endif
