#ifndef GRAM_PROTOCOL_ADAPTERS_H
#define GRAM_PROTOCOL_ADAPTERS_H

#include "gram_message.h"

/* gram_protocol/pack.c */
int gl_adapt_globus_gram_protocol_pack_job_request_reply(
    int status, const char *job_contact, globus_byte_t **reply, globus_size_t *replysize);
int gl_adapt_globus_gram_protocol_pack_job_request_reply_with_extensions(
    int status, const char *job_contact, globus_hashtable_t *extensions, globus_byte_t **reply, globus_size_t *replysize);
int gl_adapt_globus_gram_protocol_pack_status_reply(
    int job_status, int failure_code, int job_failure_code, globus_byte_t **reply, globus_size_t *replysize);
int gl_adapt_globus_gram_protocol_pack_status_reply_with_extensions(
    int job_status, int failure_code, int job_failure_code, globus_hashtable_t *extensions, globus_byte_t **reply,
    globus_size_t *replysize);
int gl_adapt_globus_gram_protocol_pack_status_update_message(
    char *job_contact, int status, int failure_code, globus_byte_t **reply, globus_size_t *replysize);
int gl_adapt_globus_gram_protocol_pack_status_update_message_with_extensions(
    char *job_contact, int status, int failure_code, globus_hashtable_t *extensions, globus_byte_t **reply, globus_size_t *replysize);

#endif
