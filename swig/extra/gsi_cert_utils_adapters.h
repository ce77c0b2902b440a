/* gsi_cert_utils */
#ifndef GSI_CERT_UTILS_ADAPTERS_H
#define GSI_CERT_UTILS_ADAPTERS_H

#include <globus_gsi_cert_utils.h>
#include <limits.h>
#include <string.h>

/* The length is that of the string. */
static inline globus_result_t gl_adapt_globus_gsi_cert_utils_get_x509_name(const char *subject_string, X509_NAME *x509_name)
{
    return globus_gsi_cert_utils_get_x509_name(subject_string, (int)strnlen(subject_string, INT_MAX - 1), x509_name);
}

#endif
