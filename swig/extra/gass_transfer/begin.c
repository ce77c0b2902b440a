/* The beginnings of requests and listeners.
 *
 * A request for what is no URL would stay in C's list, and its deactivation wait for it for ever. And once it was deactivated,
 * C goes on destroying each request that ends, the program's share too: it does not forget that it is being deactivated. */
#include "gass_transfer_adapters.h"

extern globus_bool_t globus_i_gass_transfer_deactivating;

static void again(void)
{
    __atomic_store_n(&globus_i_gass_transfer_deactivating, GLOBUS_FALSE, __ATOMIC_RELAXED);
}

static bool may_begin(const char *text)
{
    globus_url_t url;
    again();
    if (globus_url_parse(text, &url) != GLOBUS_SUCCESS) return false;
    globus_url_destroy(&url);
    return true;
}

int gl_adapt_globus_gass_transfer_get(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url)
{
    return may_begin(url) ? globus_gass_transfer_get(request, attr, url) : GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
}

int gl_adapt_globus_gass_transfer_register_get(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url,
    globus_gass_transfer_callback_t callback, void *user_arg)
{
    return may_begin(url) ? globus_gass_transfer_register_get(request, attr, url, callback, user_arg)
                       : GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
}

int gl_adapt_globus_gass_transfer_put(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length)
{
    return may_begin(url) ? globus_gass_transfer_put(request, attr, url, length) : GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
}

int gl_adapt_globus_gass_transfer_register_put(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length,
    globus_gass_transfer_callback_t callback, void *user_arg)
{
    return may_begin(url) ? globus_gass_transfer_register_put(request, attr, url, length, callback, user_arg)
                       : GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
}

int gl_adapt_globus_gass_transfer_append(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length)
{
    return may_begin(url) ? globus_gass_transfer_append(request, attr, url, length) : GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
}

int gl_adapt_globus_gass_transfer_register_append(
    globus_gass_transfer_request_t *request, globus_gass_transfer_requestattr_t *attr, char *url, globus_size_t length,
    globus_gass_transfer_callback_t callback, void *user_arg)
{
    return may_begin(url) ? globus_gass_transfer_register_append(request, attr, url, length, callback, user_arg)
                       : GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
}

int gl_adapt_globus_gass_transfer_create_listener(
    globus_gass_transfer_listener_t *listener, globus_gass_transfer_listenerattr_t *attr, char *scheme)
{
    again();
    return globus_gass_transfer_create_listener(listener, attr, scheme);
}
