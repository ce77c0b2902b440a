/* MyProxy: what is called in place of functions that end the process, or read and write where nothing is, when an argument
 * is not what they assume; and where C wants room for an answer.
 *
 *   myproxy/session.c        one call at a time; its error; connections
 *   myproxy/protocol.c       requests and responses
 *   myproxy/repository.c     stored credentials, configuration, passphrases, the log
 *   myproxy/authorization.c  challenges and their answers */
#ifndef MYPROXY_ADAPTERS_H
#define MYPROXY_ADAPTERS_H

#include <globus_common.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <myproxy.h>

/* ---- session ---------------------------------------------------------------------------------------------------------------- */

#ifdef GL_H
void      gl_myproxy_begin(const gl_function *function);
void      gl_myproxy_end(void);
PyObject *gl_myproxy_failure(const gl_function *function, long long status);
#endif

bool gl_myproxy_disconnect(myproxy_socket_attrs_t *attrs);
int  gl_refuse(const char *reason);                                     /* -1, with that error */
bool gl_is_connected(myproxy_socket_attrs_t *attrs);                    /* else there is an error */

void gl_adapt_verror_put_string(const char *string);
void gl_adapt_verror_prepend_string(const char *string);
int  gl_adapt_myproxy_init_client(myproxy_socket_attrs_t *attrs);
int  gl_adapt_myproxy_bootstrap_trust(myproxy_socket_attrs_t *attrs);
int  gl_adapt_myproxy_bootstrap_client(
    myproxy_socket_attrs_t *attrs, int bootstrap_if_no_cert_dir, int bootstrap_even_if_cert_dir_exists);
int  gl_adapt_myproxy_authenticate_init(myproxy_socket_attrs_t *attr, const char *proxyfile);
int  gl_adapt_myproxy_authenticate_accept(myproxy_socket_attrs_t *attr, char *client_name);
int  gl_adapt_myproxy_authenticate_accept_fqans(myproxy_socket_attrs_t *attr, char *client_name, char ***fqans);
void gl_adapt_myproxy_free(myproxy_socket_attrs_t *attrs, myproxy_request_t *request, myproxy_response_t *response);

/* ---- protocol --------------------------------------------------------------------------------------------------------------- */

int gl_adapt_myproxy_serialize_request(const myproxy_request_t *request, char *data, int datalen);
int gl_adapt_myproxy_serialize_request_ex(const myproxy_request_t *request, char **data, int *datalen);
int gl_adapt_myproxy_deserialize_request(const char *data, int datalen, myproxy_request_t *request);
int gl_adapt_myproxy_serialize_response(const myproxy_response_t *response, char *data, int datalen);
int gl_adapt_myproxy_serialize_response_ex(const myproxy_response_t *response, char **data, int *datalen);
int gl_adapt_myproxy_deserialize_response(myproxy_response_t *response, const char *data, int datalen);
int gl_adapt_myproxy_handle_response(const char *response_buffer, int responselen, myproxy_response_t *response);
int gl_adapt_myproxy_send(myproxy_socket_attrs_t *attrs, const char *data, int datalen);
int gl_adapt_myproxy_recv(myproxy_socket_attrs_t *attrs, char *data, int datalen);
int gl_adapt_myproxy_recv_ex(myproxy_socket_attrs_t *attrs, char **data, int *datalen);
int gl_adapt_myproxy_recv_response(myproxy_socket_attrs_t *attrs, myproxy_response_t *response);
int gl_adapt_myproxy_recv_response_ex(
    myproxy_socket_attrs_t *attrs, myproxy_response_t *response, myproxy_request_t *client_request);
int gl_adapt_myproxy_handle_authorization(
    myproxy_socket_attrs_t *attrs, myproxy_response_t *server_response, myproxy_request_t *client_request);
int gl_adapt_myproxy_init_delegation(
    myproxy_socket_attrs_t *attrs, const char *delegfile, int lifetime_seconds, char *passphrase);
int gl_adapt_myproxy_accept_delegation(myproxy_socket_attrs_t *attrs, char *delegfile, char *passphrase);
int gl_adapt_myproxy_accept_delegation_ex(
    myproxy_socket_attrs_t *attrs, char **credentials, int *credential_len, char *passphrase);
int gl_adapt_myproxy_request_cert(
    myproxy_socket_attrs_t *attrs, char *certreq, char **credentials, int *credential_len);
int gl_adapt_myproxy_accept_credentials(myproxy_socket_attrs_t *attrs, char *delegfile);
int gl_adapt_myproxy_init_credentials(myproxy_socket_attrs_t *attrs, const char *delegfile);
int gl_adapt_myproxy_get_credentials(myproxy_socket_attrs_t *attrs, const char *delegfile);
int gl_adapt_myproxy_get_delegation(
    myproxy_socket_attrs_t *socket_attrs, myproxy_request_t *client_request, char *certfile,
    myproxy_response_t *server_response, char *outfile);
int gl_adapt_myproxy_set_delegation_defaults(myproxy_socket_attrs_t *socket_attrs, myproxy_request_t *client_request);

/* ---- repository --------------------------------------------------------------------------------------------------------------- */

int  gl_adapt_myproxy_creds_retrieve(struct myproxy_creds *creds);
int  gl_adapt_myproxy_creds_retrieve_all(struct myproxy_creds *creds);
int  gl_adapt_myproxy_admin_retrieve_all(struct myproxy_creds *creds);
int  gl_adapt_myproxy_creds_verify_passphrase(const struct myproxy_creds *creds, const char *new_passphrase);
void gl_adapt_myproxy_creds_free(struct myproxy_creds *certs);
void gl_adapt_myproxy_creds_free_contents(struct myproxy_creds *creds);
void gl_adapt_myproxy_certs_free(struct myproxy_certs *certs);
int  gl_adapt_myproxy_install_trusted_cert_files(myproxy_certs_t *trusted_certs);
int  gl_adapt_myproxy_server_config_read(myproxy_server_context_t *context);
int  gl_adapt_myproxy_read_passphrase(char *buffer, const char *prompt);
int  gl_adapt_myproxy_read_passphrase_stdin(char *buffer, const char *prompt);
int  gl_adapt_myproxy_read_verified_passphrase(char *buffer, const char *prompt);
int  gl_adapt_myproxy_check_passphrase_policy(
    const char *passphrase, const char *passphrase_policy_pgm, const char *username, const char *credname,
    const char *retrievers, const char *renewers, const char *client_name);
void gl_adapt_myproxy_log_use_stream(FILE *stream);

/* ---- authorization -------------------------------------------------------------------------------------------------------------- */

void                  gl_adapt_authorization_data_free(authorization_data_t **data);
int                   gl_adapt_authorization_init_server(authorization_data_t ***data, author_method_t methods[]);
author_status_t       gl_adapt_authorization_get_status(
    author_method_t method, struct myproxy_creds *creds, char *client_name, myproxy_server_context_t *config);
authorization_data_t *gl_adapt_authorization_store_response(
    char *buffer, size_t length, author_method_t method, authorization_data_t **data);
authorization_data_t *gl_adapt_authorization_create_response(
    authorization_data_t **data, author_method_t method, void *extra_data, size_t extra_data_len);
int gl_adapt_authorization_check(authorization_data_t *client_auth_data, struct myproxy_creds *creds, char *client_name);
int gl_adapt_authorization_check_ex(
    authorization_data_t *client_auth_data, struct myproxy_creds *creds, char *client_name,
    myproxy_server_context_t *config);

#endif
