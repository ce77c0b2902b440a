/* MyProxy: one call at a time, since the library keeps its error and more for the whole process; and connections. */
#include "gl.h"
#include "myproxy_adapters.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exported by the library; its header is not installed. */
struct _gsi_socket *GSI_SOCKET_new(int sock);
void                GSI_SOCKET_destroy(struct _gsi_socket *gsi_socket);

/* ---- one call at a time, and its error -------------------------------------------------------------------------------- */

/* Taken without the GIL, so that whoever waits for it lets the holder go on. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* The last error of this thread's call: the library's own may be another's by the time it is asked for. */
static __thread struct
{
    char *text;
    int   number, value;
} last;

static __thread sigset_t saved_mask;
static __thread bool     may_activate;

static void take_turn(void)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&turn);
    Py_END_ALLOW_THREADS
}

/* The functions of the error and the log are about the error that is there. */
static bool is_about_errors(const char *function)
{
    return strncmp(function, "verror_", 7) == 0 || strncmp(function, "myproxy_log", 11) == 0
        || strncmp(function, "myproxy_debug", 13) == 0;
}

void gl_myproxy_begin(const gl_function *function)
{
    take_turn();
    may_activate = !is_about_errors(function->name);
    if (may_activate) verror_clear();
    gl_activation_begin(&saved_mask);      /* the library activates modules itself */
}

void gl_myproxy_end(void)
{
    bool refresh = may_activate;
    gl_activation_end(&saved_mask);
    free(last.text);
    last.text = verror_is_error() ? strdup(verror_get_string()) : NULL;
    last.number = verror_get_errno();
    last.value = verror_get_value();
    pthread_mutex_unlock(&turn);
    if (refresh) gl_modules_refresh();
}

/* Without the lines' ends; what the system says comes last, unless it is there already. */
static char *complete_text(void)
{
    const char *text = last.text && strcmp(last.text, "unknown error") != 0 ? last.text : "", *reason = last.number ? strerror(last.number) : "";
    size_t length = strlen(text);
    while (length && text[length - 1] == '\n') --length;
    char *copy = NULL;
    bool told = strstr(text, reason);
    const char *between = length && !told ? ": " : "";
    if (asprintf(&copy, "%.*s%s%s", (int)length, text, between, told ? "" : reason) < 0) return NULL;
    return copy;
}

PyObject *gl_myproxy_failure(const gl_function *function, long long status)
{
    char *text = complete_text();
    PyObject *error = gl_error_from_text(
        "myproxy", last.value ? last.value : (int)status, text && *text ? text : "the library gave no reason", last.number,
        function->name);
    free(text);
    return error;
}

int gl_refuse(const char *reason)
{
    verror_put_string("%s", reason);
    return -1;
}

/* C looks before the start of an empty text. */
void gl_adapt_verror_put_string(const char *string)
{
    verror_put_string("%s", *string ? string : "\n");
}

void gl_adapt_verror_prepend_string(const char *string)
{
    verror_prepend_string("%s", *string ? string : "\n");
}

/* ---- connections ---------------------------------------------------------------------------------------------------------- */

/* The descriptor belongs to a socket that was made for it. */
static void disconnect(myproxy_socket_attrs_t *attrs)
{
    if (!attrs->gsi_socket) return;
    GSI_SOCKET_destroy(attrs->gsi_socket);
    attrs->gsi_socket = NULL;
    if (attrs->socket_fd >= 0) close(attrs->socket_fd);
    attrs->socket_fd = -1;
}

bool gl_myproxy_disconnect(myproxy_socket_attrs_t *attrs)
{
    pthread_mutex_lock(&turn);
    disconnect(attrs);
    pthread_mutex_unlock(&turn);
    return true;
}

/* Their memory is the binding's: it frees them when this returns. */
void gl_adapt_myproxy_free(myproxy_socket_attrs_t *attrs, myproxy_request_t *request, myproxy_response_t *response)
{
    (void)request;
    (void)response;
    if (attrs) disconnect(attrs);
}

bool gl_is_connected(myproxy_socket_attrs_t *attrs)
{
    if (attrs->gsi_socket) return true;
    gl_refuse("Not connected: call myproxy_init_client() first, or set socket_fd and call myproxy_authenticate_accept()");
    return false;
}

static bool has_host(const myproxy_socket_attrs_t *attrs)
{
    if (attrs->pshost && attrs->psport > 0 && attrs->psport < 65536) return true;
    gl_refuse("Where to connect is not known: set pshost and psport");
    return false;
}

int gl_adapt_myproxy_init_client(myproxy_socket_attrs_t *attrs)
{
    return has_host(attrs) ? myproxy_init_client(attrs) : -1;
}

int gl_adapt_myproxy_bootstrap_trust(myproxy_socket_attrs_t *attrs)
{
    return has_host(attrs) ? myproxy_bootstrap_trust(attrs) : -1;
}

int gl_adapt_myproxy_bootstrap_client(
    myproxy_socket_attrs_t *attrs, int bootstrap_if_no_cert_dir, int bootstrap_even_if_cert_dir_exists)
{
    if (!has_host(attrs)) return -1;
    return myproxy_bootstrap_client(attrs, bootstrap_if_no_cert_dir, bootstrap_even_if_cert_dir_exists);
}

int gl_adapt_myproxy_authenticate_init(myproxy_socket_attrs_t *attr, const char *proxyfile)
{
    return gl_is_connected(attr) && has_host(attr) ? myproxy_authenticate_init(attr, proxyfile) : -1;
}

/* A server's connection is a descriptor that the program has accepted. It stays the program's: this gets a copy. */
static bool adopt_descriptor(myproxy_socket_attrs_t *attrs)
{
    if (attrs->gsi_socket) return true;
    int copy = fcntl(attrs->socket_fd, F_DUPFD_CLOEXEC, 3);
    attrs->gsi_socket = copy < 0 ? NULL : GSI_SOCKET_new(copy);
    if (attrs->gsi_socket) attrs->socket_fd = copy;
    else if (copy >= 0) close(copy);
    if (!attrs->gsi_socket) gl_refuse("socket_fd is no open descriptor: set it to that of an accepted connection");
    return attrs->gsi_socket;
}

int gl_adapt_myproxy_authenticate_accept_fqans(myproxy_socket_attrs_t *attr, char *client_name, char ***fqans)
{
    return adopt_descriptor(attr) ? myproxy_authenticate_accept_fqans(attr, client_name, 1024, fqans) : -1;
}

int gl_adapt_myproxy_authenticate_accept(myproxy_socket_attrs_t *attr, char *client_name)
{
    return adopt_descriptor(attr) ? myproxy_authenticate_accept(attr, client_name, 1024) : -1;
}
