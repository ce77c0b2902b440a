#ifndef GRAM_CLIENT_ADAPTERS_H
#define GRAM_CLIENT_ADAPTERS_H

#include <globus_gram_client.h>

#include "gram_message.h"

/* gram_client/status.c */
void gl_gram_status_begins(void);
void gl_gram_status_ends(void);
#ifdef GL_H
int gl_gram_check_status(const gl_function *function);
#endif

/* C leaves the pointers as they were. */
static inline void gl_adapt_globus_gram_client_job_info_destroy(globus_gram_client_job_info_t *info)
{
    globus_gram_client_job_info_destroy(info);
    *info = (globus_gram_client_job_info_t){0};
}

/* The string that C would free is Python's. */
static inline int gl_adapt_globus_gram_client_job_contact_free(char *job_contact)
{
    (void)job_contact;
    return GLOBUS_SUCCESS;
}

#endif
