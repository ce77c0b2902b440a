#ifndef GRAM_CLIENT_ADAPTERS_H
#define GRAM_CLIENT_ADAPTERS_H

#include <globus_gram_client.h>

#include "gram_message.h"

/* Of a listener: others of its type are called once, when C waits for nothing. */
typedef void (*gl_gram_info_listener)(void *user_callback_arg, const char *job_contact, globus_gram_client_job_info_t *job_info);

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
