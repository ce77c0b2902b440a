#ifndef GSI_CALLBACK_DATA_H
#define GSI_CALLBACK_DATA_H

#include <globus_gsi_callback.h>
#include <globus_gsi_callback_constants.h>
#include <stdbool.h>

/* The beginning of globus_l_gsi_callback_data_s (globus_i_gsi_callback.h, not installed; unchanged since 2005): the
 * library's own getter copies cert_dir without asking whether it is set. */
typedef struct
{
    int             cert_depth, proxy_depth, max_proxy_depth;
    int             cert_type;
    STACK_OF(X509) *cert_chain;
    char           *cert_dir;
} gl_callback_data;

static inline const char *gl_certificate_directory(globus_gsi_callback_data_t callback_data)
{
    return ((const gl_callback_data *)callback_data)->cert_dir;
}

#endif
