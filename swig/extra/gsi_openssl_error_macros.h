/* What the library exports and its installed header does not declare: there is no other way to a handle. */
#ifndef GSI_OPENSSL_ERROR_MACROS_H
#define GSI_OPENSSL_ERROR_MACROS_H

#include <globus_common.h>
#include <globus_error_openssl.h>

/* A handle of the oldest error in OpenSSL's queue of this thread, which is taken out; of none where the queue is empty. */
globus_openssl_error_handle_t globus_i_openssl_error_handle_init(void);

#endif
