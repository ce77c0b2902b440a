/* MyProxy: the server's challenges, and the answers that it checks. */
#include "gl.h"
#include "myproxy_adapters.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* The array is the call's, and its elements the binding's, which frees them when this returns. */
void gl_adapt_authorization_data_free(authorization_data_t **data)
{
    (void)data;
}

/* C has room for one challenge of each kind. */
int gl_adapt_authorization_init_server(authorization_data_t ***data, author_method_t methods[])
{
    int count = 0;
    while (methods[count] != AUTHORIZETYPE_NULL) ++count;
    if (count >= AUTHORIZETYPE_NUMMETHODS) return gl_refuse("There are more authorization methods than kinds of them");
    return authorization_init_server(data, methods);
}

static int check_creds(const struct myproxy_creds *creds)
{
    return creds->username ? 0 : gl_refuse("The credentials have no username");
}

author_status_t gl_adapt_authorization_get_status(
    author_method_t method, struct myproxy_creds *creds, char *client_name, myproxy_server_context_t *config)
{
    if (check_creds(creds) < 0) return (author_status_t)-1;
    return authorization_get_status(method, creds, client_name, config);
}

authorization_data_t *gl_adapt_authorization_store_response(
    char *buffer, size_t length, author_method_t method, authorization_data_t **data)
{
    authorization_data_t *found = authorization_store_response(buffer, length, method, data);
    if (!found) gl_refuse("None of the challenges is for this method");
    return found;
}

/* The extra data of a certificate's method is the name of a file, as text. */
authorization_data_t *gl_adapt_authorization_create_response(
    authorization_data_t **data, author_method_t method, void *extra_data, size_t extra_data_len)
{
    for (authorization_data_t **challenge = data; *challenge; ++challenge)
        if (!(*challenge)->server_data) return gl_refuse("One of the challenges has no server_data"), NULL;
    char *text = calloc(1, extra_data_len + 1);
    if (!text) return NULL;
    memcpy(text, extra_data, extra_data_len);
    authorization_data_t *found = authorization_create_response(data, method, text, extra_data_len);
    explicit_bzero(text, extra_data_len);
    free(text);
    return found;
}

/* A signature with its length before it, and the certificates: C believes what the client says. */
static int check_signature(const authorization_data_t *answer)
{
    uint32_t length;
    if (!answer->server_data) return gl_refuse("The challenge has no server_data");
    if (answer->client_data_len < sizeof length) return gl_refuse("The client's answer is too short");
    memcpy(&length, answer->client_data, sizeof length);
    if (ntohl(length) >= answer->client_data_len - sizeof length) return gl_refuse("The client's answer is malformed");
    return 0;
}

/* C reads a password to its NUL. */
static int check_password(const authorization_data_t *answer)
{
    if (!answer->client_data || memchr(answer->client_data, 0, answer->client_data_len)) return 0;
    return gl_refuse("The client's answer is malformed: a password ends with a NUL byte");
}

int gl_adapt_authorization_check_ex(
    authorization_data_t *client_auth_data, struct myproxy_creds *creds, char *client_name,
    myproxy_server_context_t *config)
{
    bool is_certificate = client_auth_data->method == AUTHORIZETYPE_CERT || client_auth_data->method == AUTHORIZETYPE_CERT256;
    int status = check_creds(creds);
    if (status == 0 && is_certificate) status = check_signature(client_auth_data);
    if (status == 0 && !is_certificate) status = check_password(client_auth_data);
    return status < 0 ? -1 : authorization_check_ex(client_auth_data, creds, client_name, config);
}

/* C follows the configuration that there is none of. */
int gl_adapt_authorization_check(authorization_data_t *client_auth_data, struct myproxy_creds *creds, char *client_name)
{
    myproxy_server_context_t none = {0};
    return gl_adapt_authorization_check_ex(client_auth_data, creds, client_name, &none);
}
