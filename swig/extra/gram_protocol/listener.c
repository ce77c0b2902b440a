/* gram_protocol: listeners and the requests that come to them. C knows a listener by the port of its URL alone. Ending one waits
 * for the answers to its requests: for ever, where the callback asks for it that is to answer one itself. So does ending the module,
 * which also waits for the callbacks of the requests that were sent. */
#include "gl.h"
#include "gram_protocol_adapters.h"

#include <pthread.h>

typedef struct listener
{
    globus_gram_protocol_callback_t callback;
    void                           *argument;
    char                            url[300];       /* as C has given it: the name of its callback in the binding */
    unsigned short                  port;
    bool                            ending;
    struct listener                *next;
} listener;

typedef struct request
{
    globus_gram_protocol_handle_t handle;
    unsigned short                port;
    bool                          in_callback;
    pthread_t                     thread;           /* in which that runs */
    struct request               *next;
} request;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static listener       *listeners;       /* the newest first */
static request        *unanswered;

/* ---- requests ------------------------------------------------------------------------------------------------------------------- */

static request *find(globus_gram_protocol_handle_t handle)
{
    request *known = unanswered;
    while (known && known->handle != handle) known = known->next;
    return known;
}

void gl_gram_callback_begins(globus_gram_protocol_handle_t handle)
{
    pthread_mutex_lock(&lock);
    request *known = find(handle);
    if (known) known->in_callback = true, known->thread = pthread_self();
    pthread_mutex_unlock(&lock);
}

/* Whether the request was in a callback of this thread. */
bool gl_gram_callback_ends(globus_gram_protocol_handle_t handle)
{
    pthread_mutex_lock(&lock);
    request *known = find(handle);
    bool here = known && known->in_callback && pthread_equal(known->thread, pthread_self());
    if (here) known->in_callback = false;
    pthread_mutex_unlock(&lock);
    return here;
}

static void answered(globus_gram_protocol_handle_t handle)
{
    pthread_mutex_lock(&lock);
    request **place = &unanswered;
    while (*place && (*place)->handle != handle) place = &(*place)->next;
    request *known = *place;
    if (known) *place = known->next;
    pthread_mutex_unlock(&lock);
    free(known);
}

/* The callback has raised: whoever has asked is told, unless it had answered, or left that to the callback of a delegation. */
void gl_gram_fail(globus_gram_protocol_handle_t handle)
{
    if (gl_gram_callback_ends(handle)) gl_adapt_globus_gram_protocol_reply(handle, 500, NULL, 0);
}

/* Once the callback has answered, the listener may end before it returns. */
static void on_request(
    void *argument, globus_gram_protocol_handle_t handle, globus_byte_t *message, globus_size_t size, int error, char *uri)
{
    request *come = malloc(sizeof *come);      /* without memory nobody is warned */
    pthread_mutex_lock(&lock);
    listener *to = argument;
    globus_gram_protocol_callback_t callback = to->callback;
    void *callback_argument = to->argument;
    if (come) *come = (request){handle, to->port, true, pthread_self(), unanswered}, unanswered = come;
    pthread_mutex_unlock(&lock);
    callback(callback_argument, handle, message, size, error, uri);
    gl_gram_callback_ends(handle);
}

int gl_adapt_globus_gram_protocol_reply(
    globus_gram_protocol_handle_t handle, int code, globus_byte_t *message, globus_size_t message_size)
{
    int status = globus_gram_protocol_reply(handle, code, message, message_size);
    if (!status) answered(handle);
    return status;
}

/* The callback of the delegation is to answer. The header has the name of the buffers so. */
int gl_adapt_globus_gram_protocol_accept_delegation(
    globus_gram_protocol_handle_t handle, gss_OID_set restriction_oids, gss_buffer_set_t restriction_bufers, OM_uint32 req_flags,
    OM_uint32 time_req, globus_gram_protocol_delegation_callback_t callback, void *arg)
{
    bool here = gl_gram_callback_ends(handle);
    int status = globus_gram_protocol_accept_delegation(
        handle, restriction_oids, restriction_bufers, req_flags, time_req, callback, arg);
    if (status && here) gl_gram_callback_begins(handle);
    return status;
}

/* ---- listeners ------------------------------------------------------------------------------------------------------------------ */

static unsigned short port_of(const char *text)
{
    globus_url_t url;
    if (globus_url_parse(text, &url) != GLOBUS_SUCCESS) return 0;
    unsigned short port = url.port;
    globus_url_destroy(&url);
    return port;
}

static listener *listener_at(unsigned short port)
{
    listener *known = listeners;
    while (known && known->port != port) known = known->next;
    return known;
}

static void forget(listener *gone)
{
    listener **place = &listeners;
    while (*place && *place != gone) place = &(*place)->next;
    if (*place) *place = gone->next;
    free(gone);
}

/* The lock is held until the listener is known: its requests wait for that. One whose port it has ended with the module. */
int gl_adapt_globus_gram_protocol_allow_attach(char **url, globus_gram_protocol_callback_t callback, void *callback_arg)
{
    listener *made = calloc(1, sizeof *made);
    if (!made) return GLOBUS_GRAM_PROTOCOL_ERROR_MALLOC_FAILED;
    *made = (listener){.callback = callback, .argument = callback_arg};
    pthread_mutex_lock(&lock);
    int status = globus_gram_protocol_allow_attach(url, on_request, made);
    if (!status)
    {
        snprintf(made->url, sizeof made->url, "%s", *url);
        made->port = port_of(*url);
        listener *before = listener_at(made->port);
        if (before && !before->ending) forget(before);
        made->next = listeners;
        listeners = made;
    }
    pthread_mutex_unlock(&lock);
    if (status) free(made);
    return status;
}

/* Who comes while another thread waits for its end comes too late: C would say that it is done. */
int gl_adapt_globus_gram_protocol_callback_disallow(char *url)
{
    pthread_mutex_lock(&lock);
    listener *known = listener_at(port_of(url));
    bool too_late = known && known->ending;
    if (known) known->ending = true;
    pthread_mutex_unlock(&lock);
    if (too_late) return GLOBUS_GRAM_PROTOCOL_ERROR_CALLBACK_NOT_FOUND;
    int status = globus_gram_protocol_callback_disallow(url);
    pthread_mutex_lock(&lock);
    if (known) forget(known);
    pthread_mutex_unlock(&lock);
    return status;
}

/* Whether this thread has a callback that is to answer a request to this port; 0: to any. */
static bool is_answering(unsigned short port)
{
    for (request *known = unanswered; known; known = known->next)
        if ((!port || known->port == port) && known->in_callback && pthread_equal(known->thread, pthread_self())) return true;
    return false;
}

/* Refuses to wait for this thread, and names the listener as C did. */
int gl_gram_check_end(gl_call *call, const gl_function *function, char **url)
{
    char name[sizeof listeners->url] = "";
    unsigned short port = port_of(*url);
    pthread_mutex_lock(&lock);
    bool waits_for_itself = is_answering(port);
    listener *known = listener_at(port);
    if (known) strcpy(name, known->url);
    pthread_mutex_unlock(&lock);
    if (waits_for_itself)
    {
        PyErr_Format(PyExc_RuntimeError, "%s() would wait for ever for the answer to the request that this callback has: "
                     "reply first, or end the listener in another thread", function->name);
        return -1;
    }
    if (!known) return 0;
    PyObject *bytes = PyBytes_FromString(name);
    if (gl_hold(call, bytes) < 0) return -1;
    *url = PyBytes_AsString(bytes);
    return 0;
}

/* ---- the end of the module ------------------------------------------------------------------------------------------------------ */

static __thread unsigned long running;      /* a bit for each callback in this thread, the last one lowest: of a request that was sent */

void gl_gram_message_begins(globus_gram_protocol_handle_t handle)
{
    pthread_mutex_lock(&lock);
    running = running << 1 | !find(handle);
    pthread_mutex_unlock(&lock);
}

void gl_gram_message_ends(void)
{
    running >>= 1;
}

bool gl_gram_is_waited_for(void)
{
    pthread_mutex_lock(&lock);
    bool is_one = running || is_answering(0);
    pthread_mutex_unlock(&lock);
    return is_one;
}
