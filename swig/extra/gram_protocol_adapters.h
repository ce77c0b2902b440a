#ifndef GRAM_PROTOCOL_ADAPTERS_H
#define GRAM_PROTOCOL_ADAPTERS_H

#include "gram_message.h"

/* gram_protocol/listener.c */
int gl_adapt_globus_gram_protocol_allow_attach(char **url, globus_gram_protocol_callback_t callback, void *callback_arg);
int gl_adapt_globus_gram_protocol_callback_disallow(char *url);
int gl_adapt_globus_gram_protocol_reply(
    globus_gram_protocol_handle_t handle, int code, globus_byte_t *message, globus_size_t message_size);
int gl_adapt_globus_gram_protocol_accept_delegation(
    globus_gram_protocol_handle_t handle, gss_OID_set restriction_oids, gss_buffer_set_t restriction_bufers, OM_uint32 req_flags,
    OM_uint32 time_req, globus_gram_protocol_delegation_callback_t callback, void *arg);
void gl_gram_callback_begins(globus_gram_protocol_handle_t handle);
bool gl_gram_callback_ends(globus_gram_protocol_handle_t handle);
void gl_gram_fail(globus_gram_protocol_handle_t handle);
void gl_gram_message_begins(globus_gram_protocol_handle_t handle);
void gl_gram_message_ends(void);
bool gl_gram_is_waited_for(void);
#ifdef GL_H
int gl_gram_check_end(gl_call *call, const gl_function *function, char **url);
#endif

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
