/* gass_server_ez: listeners that cannot be made, or are none, are refused before C begins. */
#include "gl.h"
#include "gass_server_ez_adapters.h"

typedef struct
{
    globus_mutex_t lock;
    globus_cond_t  done;
    bool           closed;
} closing;

static void on_closed(void *argument, globus_gass_transfer_listener_t listener)
{
    closing *wait = argument;
    (void)listener;
    globus_mutex_lock(&wait->lock);
    wait->closed = true;
    globus_cond_signal(&wait->done);
    globus_mutex_unlock(&wait->lock);
}

static int close_listener(globus_gass_transfer_listener_t listener)
{
    closing wait = {.closed = false};
    globus_mutex_init(&wait.lock, NULL);
    globus_cond_init(&wait.done, NULL);
    int status = globus_gass_transfer_close_listener(listener, on_closed, &wait);
    globus_mutex_lock(&wait.lock);
    while (!status && !wait.closed) globus_cond_wait(&wait.done, &wait.lock);
    globus_mutex_unlock(&wait.lock);
    globus_cond_destroy(&wait.done);
    globus_mutex_destroy(&wait.lock);
    return status;
}

/* Makes such a listener, and closes it again. */
int gl_adapt_globus_gass_server_ez_init(
    globus_gass_transfer_listener_t *listener, globus_gass_transfer_listenerattr_t *attr, char *scheme,
    globus_gass_transfer_requestattr_t *reqattr, unsigned long options, globus_gass_server_ez_client_shutdown_t callback)
{
    globus_gass_transfer_listener_t trial;
    int status = globus_gass_transfer_create_listener(&trial, attr, scheme ? scheme : "https");
    if (!status) status = close_listener(trial);
    return status ? status : globus_gass_server_ez_init(listener, attr, scheme, reqattr, options, callback);
}

/* C looks for a negative number before the beginning of its table. */
int gl_adapt_globus_gass_server_ez_shutdown(globus_gass_transfer_listener_t listener)
{
    return listener < 0 ? GLOBUS_GASS_TRANSFER_ERROR_INVALID_USE : globus_gass_server_ez_shutdown(listener);
}
