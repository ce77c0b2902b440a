/* MyProxy: requests and responses, and what is sent over a connection. */
#include "gl.h"
#include "myproxy_adapters.h"

#include <stdlib.h>
#include <string.h>

static int connected(myproxy_socket_attrs_t *attrs)
{
    return gl_is_connected(attrs) ? 0 : -1;
}

/* ---- requests --------------------------------------------------------------------------------------------------------------- */

static int check_request(const myproxy_request_t *request)
{
    if (!request->version) return gl_refuse("The request has no version: set it to MYPROXY_VERSION");
    if (!request->username) return gl_refuse("The request has no username: set it, to an empty string where it does not matter");
    return 0;
}

/* C overwrites what it finds. */
static void clear_request(myproxy_request_t *request)
{
    char **texts[] = {&request->version, &request->username, &request->retrievers, &request->renewers, &request->credname,
                      &request->creddesc, &request->authzcreds, &request->keyretrieve, &request->trusted_retrievers,
                      &request->voname, &request->vomses, &request->certreq};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) free(*texts[i]);
    memset(request, 0, sizeof *request);
}

/* The length, or -1 with `data` freed. */
static int allocated(int length, char **data, int *datalen)
{
    *datalen = length > 0 ? length : 0;
    if (length > 0) return 0;
    free(*data);
    *data = NULL;
    return -1;
}

int gl_adapt_myproxy_serialize_request(const myproxy_request_t *request, char *data, int datalen)
{
    if (datalen <= 0) return gl_refuse("The buffer is empty");
    return check_request(request) < 0 ? -1 : myproxy_serialize_request(request, data, datalen);
}

int gl_adapt_myproxy_serialize_request_ex(const myproxy_request_t *request, char **data, int *datalen)
{
    *data = NULL;
    *datalen = 0;
    return check_request(request) < 0 ? -1 : allocated(myproxy_serialize_request_ex(request, data), data, datalen);
}

int gl_adapt_myproxy_deserialize_request(const char *data, int datalen, myproxy_request_t *request)
{
    if (datalen <= 0) return gl_refuse("There is no request: the message is empty");
    clear_request(request);
    return myproxy_deserialize_request(data, datalen, request);
}

/* ---- responses ---------------------------------------------------------------------------------------------------------------- */

static void clear_response(myproxy_response_t *response)
{
    free(response->version);
    free(response->error_string);
    authorization_data_free(response->authorization_data);
    myproxy_creds_free(response->info_creds);
    myproxy_certs_free(response->trusted_certs);
    memset(response, 0, sizeof *response);
}

static int check_response(const myproxy_response_t *response)
{
    if (!response->version) return gl_refuse("The response has no version: set it to MYPROXY_VERSION");
    for (const myproxy_creds_t *creds = response->info_creds; creds; creds = creds->next)
        if (creds != response->info_creds && !creds->credname)
            return gl_refuse("Only the first of info_creds may have no credname");
    for (const myproxy_certs_t *file = response->trusted_certs; file; file = file->next)
        if (!file->filename || !file->contents) return gl_refuse("One of trusted_certs has no filename, or no contents");
    for (authorization_data_t **data = response->authorization_data; data && *data; ++data)
        if (!(*data)->server_data) return gl_refuse("One of authorization_data has no server_data");
    return 0;
}

int gl_adapt_myproxy_serialize_response(const myproxy_response_t *response, char *data, int datalen)
{
    if (datalen <= 0) return gl_refuse("The buffer is empty");
    return check_response(response) < 0 ? -1 : myproxy_serialize_response(response, data, datalen);
}

int gl_adapt_myproxy_serialize_response_ex(const myproxy_response_t *response, char **data, int *datalen)
{
    *data = NULL;
    *datalen = 0;
    return check_response(response) < 0 ? -1 : allocated(myproxy_serialize_response_ex(response, data), data, datalen);
}

int gl_adapt_myproxy_deserialize_response(myproxy_response_t *response, const char *data, int datalen)
{
    if (datalen <= 0) return gl_refuse("There is no response: the message is empty");
    clear_response(response);
    return myproxy_deserialize_response(response, data, datalen);
}

int gl_adapt_myproxy_handle_response(const char *response_buffer, int responselen, myproxy_response_t *response)
{
    if (responselen <= 0) return gl_refuse("There is no response: the message is empty");
    clear_response(response);
    return myproxy_handle_response(response_buffer, responselen, response);
}

/* ---- over a connection ----------------------------------------------------------------------------------------------------------- */

int gl_adapt_myproxy_send(myproxy_socket_attrs_t *attrs, const char *data, int datalen)
{
    return connected(attrs) < 0 ? -1 : myproxy_send(attrs, data, datalen);
}

int gl_adapt_myproxy_recv(myproxy_socket_attrs_t *attrs, char *data, int datalen)
{
    return connected(attrs) < 0 ? -1 : myproxy_recv(attrs, data, datalen);
}

int gl_adapt_myproxy_recv_ex(myproxy_socket_attrs_t *attrs, char **data, int *datalen)
{
    *data = NULL;
    *datalen = connected(attrs) < 0 ? -1 : myproxy_recv_ex(attrs, data);
    return *datalen < 0 ? -1 : 0;
}

int gl_adapt_myproxy_recv_response(myproxy_socket_attrs_t *attrs, myproxy_response_t *response)
{
    clear_response(response);
    return connected(attrs) < 0 ? -1 : myproxy_recv_response(attrs, response);
}

int gl_adapt_myproxy_recv_response_ex(
    myproxy_socket_attrs_t *attrs, myproxy_response_t *response, myproxy_request_t *client_request)
{
    clear_response(response);
    return connected(attrs) < 0 ? -1 : myproxy_recv_response_ex(attrs, response, client_request);
}

int gl_adapt_myproxy_handle_authorization(
    myproxy_socket_attrs_t *attrs, myproxy_response_t *server_response, myproxy_request_t *client_request)
{
    if (connected(attrs) < 0 || check_response(server_response) < 0) return -1;
    return myproxy_handle_authorization(attrs, server_response, client_request);
}

int gl_adapt_myproxy_init_delegation(
    myproxy_socket_attrs_t *attrs, const char *delegfile, int lifetime_seconds, char *passphrase)
{
    return connected(attrs) < 0 ? -1 : myproxy_init_delegation(attrs, delegfile, lifetime_seconds, passphrase);
}

int gl_adapt_myproxy_accept_delegation(myproxy_socket_attrs_t *attrs, char *delegfile, char *passphrase)
{
    return connected(attrs) < 0 ? -1 : myproxy_accept_delegation(attrs, delegfile, 4096, passphrase);
}

int gl_adapt_myproxy_accept_delegation_ex(
    myproxy_socket_attrs_t *attrs, char **credentials, int *credential_len, char *passphrase)
{
    *credentials = NULL;
    *credential_len = 0;
    return connected(attrs) < 0 ? -1 : myproxy_accept_delegation_ex(attrs, credentials, credential_len, passphrase);
}

int gl_adapt_myproxy_request_cert(
    myproxy_socket_attrs_t *attrs, char *certreq, char **credentials, int *credential_len)
{
    *credentials = NULL;
    *credential_len = 0;
    return connected(attrs) < 0 ? -1 : myproxy_request_cert(attrs, certreq, credentials, credential_len);
}

int gl_adapt_myproxy_accept_credentials(myproxy_socket_attrs_t *attrs, char *delegfile)
{
    return connected(attrs) < 0 ? -1 : myproxy_accept_credentials(attrs, delegfile, 4096);
}

int gl_adapt_myproxy_init_credentials(myproxy_socket_attrs_t *attrs, const char *delegfile)
{
    return connected(attrs) < 0 ? -1 : myproxy_init_credentials(attrs, delegfile);
}

int gl_adapt_myproxy_get_credentials(myproxy_socket_attrs_t *attrs, const char *delegfile)
{
    return connected(attrs) < 0 ? -1 : myproxy_get_credentials(attrs, delegfile);
}

/* ---- a delegation, as a whole ------------------------------------------------------------------------------------------------------ */

int gl_adapt_myproxy_get_delegation(
    myproxy_socket_attrs_t *socket_attrs, myproxy_request_t *client_request, char *certfile,
    myproxy_response_t *server_response, char *outfile)
{
    if (check_request(client_request) < 0) return -1;
    if (!socket_attrs->gsi_socket && gl_adapt_myproxy_init_client(socket_attrs) < 0) return -1;
    clear_response(server_response);
    int status = myproxy_get_delegation(socket_attrs, client_request, certfile, server_response, outfile);
    if (outfile && strcmp(outfile, "-") == 0) fflush(stdout);
    return status;
}

/* C overwrites what it finds. */
int gl_adapt_myproxy_set_delegation_defaults(myproxy_socket_attrs_t *socket_attrs, myproxy_request_t *client_request)
{
    char *host = socket_attrs->pshost;
    free(client_request->version);
    int status = myproxy_set_delegation_defaults(socket_attrs, client_request);
    if (socket_attrs->pshost != host) free(host);
    return status;
}
