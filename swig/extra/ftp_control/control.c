/* Handles, servers and settings of the FTP control library. The data of several stripes: layout.c. */
#include <globus_ftp_control.h>

#include "ftp_control.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static globus_result_t failure(const char *message)
{
    return globus_error_put(globus_error_construct_string(GLOBUS_FTP_CONTROL_MODULE, NULL, "%s", message));
}

/* ---- waiting for a callback, of collected handles ------------------------------------------------------------------- */

enum { PATIENCE = 10 };     /* seconds */

/* Shared by who waits and the callback: whoever comes last frees it. */
typedef struct
{
    pthread_mutex_t mutex;
    pthread_cond_t  changed;
    int             users;
    bool            done;
} gl_wait;

static gl_wait *wait_new(void)
{
    gl_wait *wait = calloc(1, sizeof *wait);
    if (!wait) return NULL;
    pthread_mutex_init(&wait->mutex, NULL);
    pthread_cond_init(&wait->changed, NULL);
    wait->users = 2;
    return wait;
}

static void wait_leave(gl_wait *wait)      /* with the mutex locked */
{
    bool last = --wait->users == 0;
    pthread_mutex_unlock(&wait->mutex);
    if (!last) return;
    pthread_cond_destroy(&wait->changed);
    pthread_mutex_destroy(&wait->mutex);
    free(wait);
}

static void wait_done(gl_wait *wait)
{
    pthread_mutex_lock(&wait->mutex);
    wait->done = true;
    pthread_cond_signal(&wait->changed);
    wait_leave(wait);
}

static void wait_for(gl_wait *wait)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE;
    pthread_mutex_lock(&wait->mutex);
    while (!wait->done && pthread_cond_timedwait(&wait->changed, &wait->mutex, &end) == 0) continue;
    wait_leave(wait);
}

static void wait_never(gl_wait *wait)       /* the callback will not come */
{
    pthread_mutex_lock(&wait->mutex);
    --wait->users;
    wait_leave(wait);
}

/* ---- control handles ---------------------------------------------------------------------------------------------------- */

static int pending(globus_ftp_control_handle_t *handle)
{
    globus_mutex_lock(&handle->cc_handle.mutex);
    int count = handle->cc_handle.cb_count;
    globus_mutex_unlock(&handle->cc_handle.mutex);
    return count;
}

static bool forget_end(const globus_ftp_control_handle_t *handle);

/* The library frees half of a handle whose data connection is open, and then refuses. */
globus_result_t gl_adapt_globus_ftp_control_handle_destroy(globus_ftp_control_handle_t *handle)
{
    if (handle->cc_handle.cc_state == GLOBUS_FTP_CONTROL_UNCONNECTED)
    {
        if (pending(handle)) return failure("globus_ftp_control_handle_destroy: a callback of the handle is still to come");
        if (handle->dc_handle.state != GLOBUS_FTP_DATA_STATE_NONE)
            return failure("globus_ftp_control_handle_destroy: a data connection is open: "
                           "call globus_ftp_control_data_force_close() first");
        free(handle->dc_handle.layout_str);      /* which the library forgets */
        handle->dc_handle.layout_str = NULL;
    }
    globus_result_t result = globus_ftp_control_handle_destroy(handle);
    if (result == GLOBUS_SUCCESS) forget_end(handle);
    return result;
}

static void closed(void *wait, globus_ftp_control_handle_t *handle, globus_object_t *error, globus_ftp_control_response_t *response)
{
    (void)handle, (void)error, (void)response;
    wait_done(wait);
}

static void data_closed(void *wait, globus_ftp_control_handle_t *handle, globus_object_t *error)
{
    (void)handle, (void)error;
    wait_done(wait);
}

static globus_result_t start_closing(globus_ftp_control_handle_t *handle, gl_wait *wait)
{
    if (handle->cc_handle.cc_state == GLOBUS_FTP_CONTROL_CONNECTED
        || handle->cc_handle.cc_state == GLOBUS_FTP_CONTROL_CONNECTING)
        return globus_ftp_control_force_close(handle, closed, wait);
    return globus_ftp_control_data_force_close(handle, data_closed, wait);
}

static void drop(globus_result_t result)
{
    if (result != GLOBUS_SUCCESS) globus_object_free(globus_error_get(result));
}

bool gl_ftp_control_handle_close(globus_ftp_control_handle_t *handle)
{
    time_t end = time(NULL) + PATIENCE;
    while (time(NULL) <= end)
    {
        globus_result_t result = gl_adapt_globus_ftp_control_handle_destroy(handle);
        if (result == GLOBUS_SUCCESS) return true;
        drop(result);
        gl_wait *wait = wait_new();
        if (!wait) return false;
        result = start_closing(handle, wait);
        if (result == GLOBUS_SUCCESS) wait_for(wait);
        else
        {
            wait_never(wait);
            drop(result);
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
    return false;
}

globus_result_t gl_adapt_globus_ftp_control_connect(
    globus_ftp_control_handle_t *handle, char *host, unsigned short port, globus_ftp_control_response_callback_t callback,
    void *callback_arg)
{
    if (pending(handle)) return failure("globus_ftp_control_connect: Other operation already in progress");
    return globus_ftp_control_connect(handle, host, port, callback, callback_arg);
}

/* The library calls the callbacks of waiting commands, which on a server's handle are of another type. */
globus_result_t gl_adapt_globus_ftp_control_abort(
    globus_ftp_control_handle_t *handle, globus_ftp_control_response_callback_t callback, void *callback_arg)
{
    if (handle->cc_handle.accept_cb) return failure("globus_ftp_control_abort: the handle is a server's");
    return globus_ftp_control_abort(handle, callback, callback_arg);
}

globus_result_t gl_adapt_globus_ftp_control_response_copy(
    globus_ftp_control_response_t *src, globus_ftp_control_response_t *dest)
{
    globus_ftp_control_response_t whole = *src;
    char nothing[1] = "";
    if (!whole.response_buffer) whole.response_buffer = (globus_byte_t *)nothing, whole.response_length = 0;
    if (whole.response_buffer_size <= whole.response_length) whole.response_buffer_size = whole.response_length + 1;
    return globus_ftp_control_response_copy(&whole, dest);
}

/* The library does not look whether the host was found. */
globus_result_t gl_adapt_globus_ftp_control_host_port_init(
    globus_ftp_control_host_port_t *host_port, char *host, unsigned short port)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int status = host ? getaddrinfo(host, NULL, &hints, &found) : 0;
    char numeric[NI_MAXHOST];
    if (status == 0 && found)
        status = getnameinfo(found->ai_addr, found->ai_addrlen, numeric, sizeof numeric, NULL, 0, NI_NUMERICHOST);
    if (found) freeaddrinfo(found);
    if (status != 0)
        return globus_error_put(globus_error_construct_string(
            GLOBUS_FTP_CONTROL_MODULE, NULL, "globus_ftp_control_host_port_init: %s: %s", host, gai_strerror(status)));
    globus_ftp_control_host_port_init(host_port, host ? numeric : NULL, port);
    return GLOBUS_SUCCESS;
}

/* ---- servers ------------------------------------------------------------------------------------------------------------------ */

/* Servers that are being stopped: the library still uses them until their callback. */
typedef struct gl_stop
{
    globus_ftp_control_server_t          *server;
    globus_ftp_control_server_callback_t  callback;
    void                                 *callback_arg;
    struct gl_stop                       *next;
} gl_stop;

static pthread_mutex_t stops_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_stop        *stops;

static bool is_stopping(const globus_ftp_control_server_t *server)
{
    pthread_mutex_lock(&stops_lock);
    gl_stop *stop = stops;
    while (stop && stop->server != server) stop = stop->next;
    pthread_mutex_unlock(&stops_lock);
    return stop != NULL;
}

static void forget_stop(gl_stop *stop)
{
    pthread_mutex_lock(&stops_lock);
    gl_stop **link = &stops;
    while (*link != stop) link = &(*link)->next;
    *link = stop->next;
    pthread_mutex_unlock(&stops_lock);
}

static void stopped(void *arg, globus_ftp_control_server_t *server, globus_object_t *error)
{
    gl_stop *stop = arg;
    server->callback = NULL;      /* it may listen again */
    forget_stop(stop);
    stop->callback(stop->callback_arg, server, error);
    free(stop);
}

globus_result_t gl_adapt_globus_ftp_control_server_stop(
    globus_ftp_control_server_t *listener, globus_ftp_control_server_callback_t callback, void *callback_arg)
{
    if (listener->state != GLOBUS_FTP_CONTROL_SERVER_LISTENING)     /* no callback would come */
        return failure("globus_ftp_control_server_stop: the server does not listen");
    gl_stop *stop = malloc(sizeof *stop);
    if (!stop) return failure("globus_ftp_control_server_stop: malloc failed");
    *stop = (gl_stop){listener, callback, callback_arg, NULL};
    pthread_mutex_lock(&stops_lock);
    stop->next = stops;
    stops = stop;
    pthread_mutex_unlock(&stops_lock);
    globus_result_t result = globus_ftp_control_server_stop(listener, stopped, stop);
    if (result == GLOBUS_SUCCESS) return result;
    forget_stop(stop);
    free(stop);
    return result;
}

globus_result_t gl_adapt_globus_ftp_control_server_handle_destroy(globus_ftp_control_server_t *handle)
{
    if (is_stopping(handle))
        return failure("globus_ftp_control_server_handle_destroy: the callback of globus_ftp_control_server_stop() is "
                       "still to come");
    return globus_ftp_control_server_handle_destroy(handle);
}

static void server_closed(void *wait, globus_ftp_control_server_t *server, globus_object_t *error)
{
    (void)server, (void)error;
    wait_done(wait);
}

bool gl_ftp_control_server_close(globus_ftp_control_server_t *server)
{
    if (server->state == GLOBUS_FTP_CONTROL_SERVER_LISTENING)
    {
        gl_wait *wait = wait_new();
        globus_result_t result = wait ? gl_adapt_globus_ftp_control_server_stop(server, server_closed, wait) : (globus_result_t)GLOBUS_FAILURE;
        if (result == GLOBUS_SUCCESS) wait_for(wait);
        else if (wait) wait_never(wait);
        drop(result);
    }
    globus_result_t result = gl_adapt_globus_ftp_control_server_handle_destroy(server);
    drop(result);
    return result == GLOBUS_SUCCESS;
}

/* A server that could not listen keeps the callback, and can never listen again. */
static globus_result_t listened(globus_ftp_control_server_t *handle, globus_result_t result, bool was_free)
{
    if (result != GLOBUS_SUCCESS && was_free && handle->state == GLOBUS_FTP_CONTROL_SERVER_DEAF) handle->callback = NULL;
    return result;
}

globus_result_t gl_adapt_globus_ftp_control_server_listen(
    globus_ftp_control_server_t *handle, unsigned short *port, globus_ftp_control_server_callback_t callback,
    void *callback_arg)
{
    bool was_free = handle->callback == NULL;
    return listened(handle, globus_ftp_control_server_listen(handle, port, callback, callback_arg), was_free);
}

globus_result_t gl_adapt_globus_ftp_control_server_listen_ex(
    globus_ftp_control_server_t *handle, globus_io_attr_t *attr, unsigned short *port,
    globus_ftp_control_server_callback_t callback, void *callback_arg)
{
    bool was_free = handle->callback == NULL;
    return listened(handle, globus_ftp_control_server_listen_ex(handle, attr, port, callback, callback_arg), was_free);
}

globus_result_t gl_adapt_globus_ftp_control_server_accept(
    globus_ftp_control_server_t *listener, globus_ftp_control_handle_t *handle, globus_ftp_control_callback_t callback,
    void *callback_arg)
{
    if (pending(handle)) return failure("globus_ftp_control_server_accept: Other operation already in progress");
    return globus_ftp_control_server_accept(listener, handle, callback, callback_arg);
}

/* ---- settings of the data connection ------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_ftp_control_local_dcau(
    globus_ftp_control_handle_t *handle, const globus_ftp_control_dcau_t *dcau, gss_cred_id_t delegated_credential_handle)
{
    if (dcau->mode == GLOBUS_FTP_CONTROL_DCAU_SUBJECT && !dcau->subject.subject)
        return failure("globus_ftp_control_local_dcau: GLOBUS_FTP_CONTROL_DCAU_SUBJECT needs a subject");
    return globus_ftp_control_local_dcau(handle, dcau, delegated_credential_handle);
}

/* The library checks the old level and aborts the process on the new one. */
globus_result_t gl_adapt_globus_ftp_control_local_prot(
    globus_ftp_control_handle_t *handle, globus_ftp_control_protection_t protection)
{
    if (protection == GLOBUS_FTP_CONTROL_PROTECTION_CONFIDENTIAL)
        return failure("\"Confidential\" protection level not supported with GSSAPI");
    return globus_ftp_control_local_prot(handle, protection);
}

/* At its end the library locks its mutex a second time where it means to unlock it. So it works on a copy, with a mutex
 * of its own that can be locked twice. */
globus_result_t gl_adapt_globus_ftp_control_get_spor(
    globus_ftp_control_handle_t *handle, globus_ftp_control_host_port_t addresses[], unsigned int *num_addresses)
{
    globus_ftp_control_handle_t *copy = malloc(sizeof *copy);
    if (!copy) return failure("globus_ftp_control_get_spor: malloc failed");
    pthread_mutexattr_t attribute;
    pthread_mutexattr_init(&attribute);
    pthread_mutexattr_settype(&attribute, PTHREAD_MUTEX_RECURSIVE);
    globus_mutex_lock(&handle->dc_handle.mutex);
    *copy = *handle;
    pthread_mutex_t *mutex = (pthread_mutex_t *)(void *)&copy->dc_handle.mutex;
    pthread_mutex_init(mutex, &attribute);
    globus_result_t result = globus_ftp_control_get_spor(copy, addresses, num_addresses);
    while (pthread_mutex_unlock(mutex) == 0) continue;
    pthread_mutex_destroy(mutex);
    globus_mutex_unlock(&handle->dc_handle.mutex);
    pthread_mutexattr_destroy(&attribute);
    free(copy);
    return result;
}

static globus_result_t without_transfer(void)
{
    return failure("Handle not in the proper state: call local_pasv(), local_port() or local_spor() first");
}

globus_result_t gl_adapt_globus_ftp_control_data_remove_channels(
    globus_ftp_control_handle_t *handle, unsigned int num_channels, unsigned int stripe)
{
    if (!handle->dc_handle.transfer_handle) return without_transfer();
    return globus_ftp_control_data_remove_channels(handle, num_channels, stripe);
}

globus_result_t gl_adapt_globus_ftp_control_data_query_channels(
    globus_ftp_control_handle_t *handle, unsigned int *num_channels, unsigned int stripe)
{
    if (!handle->dc_handle.transfer_handle) return without_transfer();
    return globus_ftp_control_data_query_channels(handle, num_channels, stripe);
}

/* Handles whose transfer has been told its end by hand: told twice, the library would never call back. */
typedef struct gl_end
{
    const globus_ftp_control_handle_t *handle;
    struct gl_end                     *next;
} gl_end;

static pthread_mutex_t ends_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_end         *ends;

static bool forget_end(const globus_ftp_control_handle_t *handle)
{
    pthread_mutex_lock(&ends_lock);
    gl_end **link = &ends;
    while (*link && (*link)->handle != handle) link = &(*link)->next;
    gl_end *found = *link;
    if (found) *link = found->next;
    pthread_mutex_unlock(&ends_lock);
    free(found);
    return found != NULL;
}

static void remember_end(const globus_ftp_control_handle_t *handle)
{
    gl_end *end = malloc(sizeof *end);
    if (!end) return;
    pthread_mutex_lock(&ends_lock);
    *end = (gl_end){handle, ends};
    ends = end;
    pthread_mutex_unlock(&ends_lock);
}

globus_result_t gl_adapt_globus_ftp_control_data_send_eof(
    globus_ftp_control_handle_t *handle, int count[], int array_size, globus_bool_t eof_message,
    globus_ftp_control_callback_t cb, void *user_arg)
{
    int stripes = 0;
    globus_result_t result = globus_ftp_control_get_stripe_count(handle, &stripes);
    if (result != GLOBUS_SUCCESS) return result;
    if (array_size < stripes) return failure("globus_ftp_control_data_send_eof: count needs a number for each stripe");
    if (forget_end(handle))
    {
        remember_end(handle);
        return failure("globus_ftp_control_data_send_eof: it was called before for this transfer");
    }
    result = globus_ftp_control_data_send_eof(handle, count, array_size, eof_message, cb, user_arg);
    if (result == GLOBUS_SUCCESS) remember_end(handle);
    return result;
}

globus_result_t gl_adapt_globus_ftp_control_data_connect_write(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_connect_callback_t callback, void *user_arg)
{
    globus_result_t result = globus_ftp_control_data_connect_write(handle, callback, user_arg);
    if (result == GLOBUS_SUCCESS) forget_end(handle);
    return result;
}
