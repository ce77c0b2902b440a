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

/* gram_protocol/unpack.c */
int gl_adapt_globus_gram_protocol_unpack_message(const char *message, size_t message_length, globus_hashtable_t *message_attributes);
int gl_adapt_globus_gram_protocol_unpack_job_request(
    const globus_byte_t *query, globus_size_t querysize, int *job_state_mask, char **callback_url, char **description);
int gl_adapt_globus_gram_protocol_unpack_job_request_reply(
    const globus_byte_t *reply, globus_size_t replysize, int *status, char **job_contact);
int gl_adapt_globus_gram_protocol_unpack_job_request_reply_with_extensions(
    const globus_byte_t *reply, globus_size_t replysize, int *status, char **job_contact, globus_hashtable_t *extensions);
int gl_adapt_globus_gram_protocol_unpack_status_reply_with_extensions(
    const globus_byte_t *reply, globus_size_t replysize, globus_hashtable_t *extensions);
int gl_adapt_globus_gram_protocol_unpack_status_update_message(
    const globus_byte_t *reply, globus_size_t replysize, char **job_contact, int *status, int *failure_code);
int gl_adapt_globus_gram_protocol_unpack_status_update_message_with_extensions(
    const globus_byte_t *reply, globus_size_t replysize, globus_hashtable_t *message_hash);
int gl_adapt_globus_gram_protocol_unpack_status_request(const globus_byte_t *query, globus_size_t querysize, char **status_requst);
int gl_adapt_globus_gram_protocol_unpack_status_reply(
    const globus_byte_t *reply, globus_size_t replysize, int *job_status, int *failure_code, int *job_failure_code);

#endif
