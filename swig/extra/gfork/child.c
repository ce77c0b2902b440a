/* gfork: the connections that are alive. C frees one after its error callback, which may run at any time. */
#include "gl.h"
#include "gfork_adapters.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct connection
{
    gfork_child_handle_t handle;
    int                  write_fd;
    struct connection   *next;
} connection;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;      /* held around calls: what is alive stays alive */
static connection     *alive;

static connection *find(gfork_child_handle_t handle)
{
    connection *known = alive;
    while (known && known->handle != handle) known = known->next;
    return known;
}

static globus_result_t refusal(const char *function, const char *reason)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_GFORK_CHILD_MODULE, NULL, 0, __FILE__, function, __LINE__, "%s", reason));
}

static globus_result_t ended(const char *function)
{
    return refusal(function, "This connection with the gfork server has ended");
}

/* ---- start ------------------------------------------------------------------------------------------------------------------- */

/* Which descriptor gfork has told this process to use, or -1. */
static int told(const char *variable, const char *suffix)
{
    char name[256];
    int descriptor = -1;
    if (snprintf(name, sizeof name, "%s%s", variable, suffix ? suffix : "") >= (int)sizeof name) return -1;
    const char *text = getenv(name);
    return text && sscanf(text, "%d", &descriptor) == 1 ? descriptor : -1;
}

static globus_result_t add(gfork_child_handle_t handle, int write_fd)
{
    connection *known = malloc(sizeof *known);
    if (!known) return refusal(__func__, "out of memory");
    *known = (connection){handle, write_fd, alive};
    alive = known;
    return GLOBUS_SUCCESS;
}

/* The lock is held until the handle is known: its error callback waits for that. */
static globus_result_t started(globus_result_t result, gfork_child_handle_t *handle, const char *suffix)
{
    if (!result) result = add(*handle, told(GFORK_CHILD_WRITE_ENV, suffix));
    pthread_mutex_unlock(&lock);
    return result;
}

static globus_result_t start(const char *suffix)
{
    if (told(GFORK_CHILD_READ_ENV, suffix) < 0 || told(GFORK_CHILD_WRITE_ENV, suffix) < 0)
        return refusal(__func__, "This process was not started by gfork: GFORK_CHILD_READ_ENV and GFORK_CHILD_WRITE_ENV, "
                                 "with the suffix, do not name descriptors");
    pthread_mutex_lock(&lock);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gfork_child_worker_start(
    gfork_child_handle_t *out_handle, const char *in_env_suffix, globus_gfork_closed_func_t close_cb,
    globus_gfork_incoming_cb_t incoming_cb, globus_gfork_error_func_t error_cb, void *user_arg)
{
    globus_result_t result = start(in_env_suffix);
    if (result) return result;
    result = globus_gfork_child_worker_start(out_handle, in_env_suffix, close_cb, incoming_cb, error_cb, user_arg);
    return started(result, out_handle, in_env_suffix);
}

globus_result_t gl_adapt_globus_gfork_child_master_start(
    gfork_child_handle_t *out_handle, const char *in_env_suffix, globus_gfork_open_func_t open_cb,
    globus_gfork_closed_func_t close_cb, globus_gfork_incoming_cb_t incoming_cb, globus_gfork_error_func_t error_cb,
    void *user_arg)
{
    globus_result_t result = start(in_env_suffix);
    if (result) return result;
    result = globus_gfork_child_master_start(out_handle, in_env_suffix, open_cb, close_cb, incoming_cb, error_cb, user_arg);
    return started(result, out_handle, in_env_suffix);
}

/* ---- messages ---------------------------------------------------------------------------------------------------------------- */

static bool is_broken(const connection *known)
{
    struct pollfd descriptor = {known->write_fd, POLLOUT, 0};
    return poll(&descriptor, 1, 0) > 0 && descriptor.revents & (POLLERR | POLLHUP | POLLNVAL);
}

static globus_result_t send_to(
    gfork_child_handle_t handle, uid_t pid, bool to_all, globus_xio_iovec_t *iov, int iovc, globus_xio_iovec_callback_t cb,
    void *user_arg)
{
    pthread_mutex_lock(&lock);
    const connection *known = find(handle);
    globus_result_t result;
    if (!known) result = ended(__func__);
    else if (is_broken(known)) result = refusal(__func__, "The gfork server is gone");
    else result = to_all ? globus_gfork_broadcast(handle, iov, iovc, cb, user_arg)
                         : globus_gfork_send(handle, pid, iov, iovc, cb, user_arg);
    pthread_mutex_unlock(&lock);
    return result;
}

globus_result_t gl_adapt_globus_gfork_broadcast(
    gfork_child_handle_t handle, globus_xio_iovec_t *iov, int iovc, globus_xio_iovec_callback_t cb, void *user_arg)
{
    return send_to(handle, 0, true, iov, iovc, cb, user_arg);
}

globus_result_t gl_adapt_globus_gfork_send(
    gfork_child_handle_t handle, uid_t pid, globus_xio_iovec_t *iov, int iovc, globus_xio_iovec_callback_t cb,
    void *user_arg)
{
    return send_to(handle, pid, false, iov, iovc, cb, user_arg);
}

/* A message that was read belongs to its callback. */
void gl_gfork_read(globus_byte_t *buffer)
{
    free(buffer);
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gfork_child_stop(gfork_child_handle_t in_handle)
{
    pthread_mutex_lock(&lock);
    globus_result_t result = find(in_handle) ? globus_gfork_child_stop(in_handle) : ended(__func__);
    pthread_mutex_unlock(&lock);
    return result;
}

/* Of a handle that was collected. */
bool gl_gfork_close(gfork_child_handle_t handle)
{
    pthread_mutex_lock(&lock);
    if (find(handle)) globus_gfork_child_stop(handle);
    pthread_mutex_unlock(&lock);
    return true;
}

/* The error callback has run; C frees the handle next. With the GIL, which who holds the lock does not wait for. */
void gl_gfork_ended(gfork_child_handle_t handle)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&lock);
    connection **place = &alive;
    while (*place && (*place)->handle != handle) place = &(*place)->next;
    connection *gone = *place;
    if (gone) *place = gone->next;
    free(gone);
    pthread_mutex_unlock(&lock);
    Py_END_ALLOW_THREADS
    gl_type *type = gl_type_named("gfork_child_handle_t");
    PyObject *object = type ? gl_object_new(type, handle, false) : NULL;
    if (object) gl_object_close((gl_object *)object);
    else PyErr_Clear();
    Py_XDECREF(object);
}
