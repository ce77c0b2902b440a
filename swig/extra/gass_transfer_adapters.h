/* gass_transfer: requests and listeners are numbers, which C gives out again; strings that it keeps and frees.
 *
 *   gass_transfer/begin.c     the beginnings of requests
 *   gass_transfer/request.c   the ends of requests, the objects of users
 *   gass_transfer/text.c      line ends
 *   gass_transfer/protocol.c  protocols that are written in Python */
#ifndef GASS_TRANSFER_ADAPTERS_H
#define GASS_TRANSFER_ADAPTERS_H

#include <globus_common.h>
#include <globus_gass_transfer.h>
#include <globus_gass_transfer_proto.h>
#include <stdbool.h>

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

int gl_adapt_globus_gass_transfer_get(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url);
int gl_adapt_globus_gass_transfer_create_listener(
    globus_gass_transfer_listener_t *listener, globus_gass_transfer_listenerattr_t *attr, char *scheme);
int gl_adapt_globus_gass_transfer_register_get(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url,
    globus_gass_transfer_callback_t callback, void *user_arg);
int gl_adapt_globus_gass_transfer_put(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length);
int gl_adapt_globus_gass_transfer_register_put(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length,
    globus_gass_transfer_callback_t callback, void *user_arg);
int gl_adapt_globus_gass_transfer_append(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length);
int gl_adapt_globus_gass_transfer_register_append(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length,
    globus_gass_transfer_callback_t callback, void *user_arg);
int gl_adapt_globus_gass_transfer_request_destroy(globus_gass_transfer_request_t request);
int gl_adapt_globus_gass_transfer_request_set_subject(globus_gass_transfer_request_t request, char *subject);
int gl_adapt_globus_gass_transfer_request_set_url(globus_gass_transfer_request_t request, char *url);

/* ---- text ---------------------------------------------------------------------------------------------------------------- */

void gl_adapt_globus_gass_transfer_crlf_to_lf(
    globus_byte_t *src, globus_size_t src_len, globus_byte_t **dst, globus_size_t *dst_len);

/* ---- protocols ----------------------------------------------------------------------------------------------------------- */

#ifdef GL_H
int gl_gass_enter(const gl_function *function);     /* refuses calls from where C holds its lock */
#endif

int  gl_adapt_globus_gass_transfer_proto_register_protocol(globus_gass_transfer_proto_descriptor_t *proto_desc);
int  gl_adapt_globus_gass_transfer_proto_unregister_protocol(globus_gass_transfer_proto_descriptor_t *proto_desc);
void gl_adapt_globus_gass_transfer_proto_request_ready(
    globus_gass_transfer_request_t request, globus_gass_transfer_request_proto_t *proto);
void gl_adapt_globus_gass_transfer_proto_request_denied(globus_gass_transfer_request_t request, int reason, char *message);
void gl_adapt_globus_gass_transfer_proto_request_referred(
    globus_gass_transfer_request_t request, char **url, globus_size_t num_urls);
void gl_adapt_globus_gass_transfer_proto_new_listener_request(
    globus_gass_transfer_listener_t listener, globus_gass_transfer_request_t request,
    globus_gass_transfer_request_proto_t *proto);
void gl_adapt_globus_gass_transfer_proto_send_complete(
    globus_gass_transfer_request_t request, globus_byte_t *bytes, globus_size_t nbytes, globus_bool_t failed,
    globus_bool_t last_data);
void gl_adapt_globus_gass_transfer_proto_receive_complete(
    globus_gass_transfer_request_t request, globus_byte_t *bytes, globus_size_t nbytes, globus_bool_t failed,
    globus_bool_t last_data);
void gl_adapt_globus_gass_transfer_proto_listener_ready(globus_gass_transfer_listener_t listener);

#endif
