/* io: operations that end in a callback. The list of those that are pending serves three ends: an operation that is cancelled
 * without its callback is known to have ended, a handle that is being opened cannot be closed (C would free it twice) or asked
 * (C would ask drivers that have opened nothing), and the handle that was not opened, or is closed, is NULL from then on. */
#include "gl.h"
#include "io_adapters.h"

#include <pthread.h>
#include <stdlib.h>

typedef enum { TRANSFER, OPENING, CLOSING } purpose;

typedef struct operation
{
    purpose             purpose;
    const char         *callback_type;
    void               *callback;
    void               *argument;
    globus_io_handle_t *handle;
    gl_object          *object;      /* the Python object of the handle, held; or NULL */
    bool                in_use;      /* the object counts as in use because of it */
    bool                established; /* what is being opened can be used: C only waits for an answer */
    bool                muted;       /* its callback is not wanted any more */
    struct operation   *next, **before;
} operation;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static operation      *pending;

gl_type *gl_io_handle_type(void)
{
    return gl_type_named("globus_io_handle_t");
}

static globus_result_t bad_parameter(const char *name, int position, const char *function)
{
    return globus_error_put(globus_io_error_construct_bad_parameter(GLOBUS_IO_MODULE, NULL, (char *)name, position, (char *)function));
}

/* ---- the list -------------------------------------------------------------------------------------------------------- */

static void insert(operation *it)
{
    pthread_mutex_lock(&lock);
    it->next = pending;
    it->before = &pending;
    if (pending) pending->before = &it->next;
    pending = it;
    pthread_mutex_unlock(&lock);
}

static void take_out(operation *it)
{
    pthread_mutex_lock(&lock);
    *it->before = it->next;
    if (it->next) it->next->before = it->before;
    pthread_mutex_unlock(&lock);
}

static operation *opening_of(const globus_io_handle_t *handle)
{
    operation *it = pending;
    while (it && !(it->handle == handle && it->purpose == OPENING)) it = it->next;
    return it;
}

void gl_io_established(const globus_io_handle_t *handle)
{
    pthread_mutex_lock(&lock);
    operation *it = opening_of(handle);
    if (it) it->established = true;
    pthread_mutex_unlock(&lock);
}

int gl_io_check_open(const gl_function *function, const globus_io_handle_t *handle)
{
    pthread_mutex_lock(&lock);
    const operation *it = opening_of(handle);
    bool is_open = !it || it->established;
    pthread_mutex_unlock(&lock);
    if (!is_open) PyErr_Format(PyExc_ValueError, "%s(): this globus_io_handle_t is not open yet", function->name);
    return is_open ? 0 : -1;
}

static void mute_all(const globus_io_handle_t *handle)
{
    pthread_mutex_lock(&lock);
    for (operation *it = pending; it; it = it->next)
        if (it->handle == handle && it->purpose != CLOSING) it->muted = true;
    pthread_mutex_unlock(&lock);
}

/* ---- the handle's Python object ------------------------------------------------------------------------------------------ */

/* Holds the object. One that is being opened counts as in use; one that is being closed is claimed, unless it is in use. */
static bool hold(operation *it)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *object = gl_object_known(gl_io_handle_type(), it->handle);
    gl_object *handle = gl_as_object(object);
    bool usable = handle && !(it->purpose == CLOSING && handle->busy > 1);     /* one is the call that this happens in */
    if (usable)
    {
        it->object = (gl_object *)Py_NewRef(object);
        if (it->purpose == OPENING) ++handle->busy;
        it->in_use = it->purpose == OPENING;
        if (it->purpose == CLOSING) handle->claimed = it;
    }
    Py_DECREF(object);
    PyGILState_Release(state);
    return usable;
}

/* It can be closed from now on: in its callback, and by whoever waits for that. */
static void opened(operation *it, bool failed)
{
    PyGILState_STATE state;
    if (failed) *it->handle = NULL;
    if (!gl_callback_begin(&state)) return;
    --it->object->busy;
    it->in_use = false;
    gl_callback_end(state);
}

static void let_go(operation *it, bool is_over)
{
    PyGILState_STATE state;
    if (!it->object || !gl_callback_begin(&state)) return;
    if (it->in_use) --it->object->busy;
    if (it->purpose == CLOSING) it->object->claimed = NULL;
    if (is_over && (it->purpose == CLOSING || !it->object->busy)) gl_object_close(it->object);
    Py_DECREF((PyObject *)it->object);
    gl_callback_end(state);
}

/* ---- start and end -------------------------------------------------------------------------------------------------------- */

static operation *start(purpose purpose, const char *callback_type, void *callback, void *argument, globus_io_handle_t *handle)
{
    operation *it = calloc(1, sizeof *it);
    if (!it) return NULL;
    *it = (operation){.purpose = purpose, .callback_type = callback_type, .callback = callback, .argument = argument, .handle = handle};
    if (purpose != TRANSFER && !hold(it))
    {
        free(it);
        return NULL;
    }
    insert(it);
    return it;
}

static globus_result_t started(operation *it, globus_result_t result)
{
    if (!result) return result;
    take_out(it);
    let_go(it, false);
    free(it);
    return result;
}

static globus_result_t not_started(const char *function)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_IO_MODULE, NULL, 0, __FILE__, function, __LINE__, "%s",
        "The handle is in use: by a call of another thread, or because it is being opened. Cancel that, and wait for its callback"));
}

static bool is_muted(const operation *it)
{
    pthread_mutex_lock(&lock);
    bool muted = it->muted;
    pthread_mutex_unlock(&lock);
    return muted;
}

/* The callback of `it` is not called: Python may forget it. */
static void forget(const operation *it, globus_result_t result)
{
    if (result) globus_object_free(globus_error_get(result));
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    gl_type *type = gl_type_named(it->callback_type);
    if (type) gl_closure_forget(type, it->callback);
    else PyErr_Clear();
    gl_callback_end(state);
}

static void end(operation *it, bool failed)
{
    bool is_over = it->purpose == CLOSING || (it->purpose == OPENING && failed);
    let_go(it, is_over);
    free(it);
}

/* ---- what C calls ------------------------------------------------------------------------------------------------------------ */

static void done(void *argument, globus_io_handle_t *handle, globus_result_t result)
{
    operation *it = argument;
    bool failed = result != GLOBUS_SUCCESS;
    take_out(it);
    if (it->purpose == OPENING) opened(it, failed);
    if (is_muted(it)) forget(it, result);
    else ((globus_io_callback_t)it->callback)(it->argument, handle, result);
    end(it, failed);
}

static void transferred(void *argument, globus_io_handle_t *handle, globus_result_t result, globus_byte_t *buf, globus_size_t nbytes)
{
    operation *it = argument;
    take_out(it);
    if (is_muted(it)) forget(it, result);
    else ((globus_io_read_callback_t)it->callback)(it->argument, handle, result, buf, nbytes);
    end(it, false);
}

static void transferred_vector(
    void *argument, globus_io_handle_t *handle, globus_result_t result, struct iovec *iov, globus_size_t iovcnt,
    globus_size_t nbytes)
{
    operation *it = argument;
    take_out(it);
    if (is_muted(it)) forget(it, result);
    else ((globus_io_writev_callback_t)it->callback)(it->argument, handle, result, iov, iovcnt, nbytes);
    end(it, false);
}

/* ---- transfers ---------------------------------------------------------------------------------------------------------------- */

#define TRANSFER_CALLBACK "globus_io_read_callback_t"

globus_result_t gl_adapt_globus_io_register_read(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t max_nbytes, globus_size_t wait_for_nbytes,
    globus_io_read_callback_t callback, void *callback_arg)
{
    if (wait_for_nbytes > max_nbytes) return bad_parameter("wait_for_nbytes", 4, "globus_io_register_read");
    operation *it = start(TRANSFER, TRANSFER_CALLBACK, callback, callback_arg, handle);
    if (!it) return not_started("globus_io_register_read");
    return started(it, globus_io_register_read(handle, buf, max_nbytes, wait_for_nbytes, transferred, it));
}

globus_result_t gl_adapt_globus_io_read(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t max_nbytes, globus_size_t wait_for_nbytes,
    globus_size_t *nbytes_read)
{
    if (wait_for_nbytes > max_nbytes) return bad_parameter("wait_for_nbytes", 4, "globus_io_read");
    return globus_io_read(handle, buf, max_nbytes, wait_for_nbytes, nbytes_read);
}

globus_result_t gl_adapt_globus_io_register_write(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t nbytes, globus_io_write_callback_t write_callback,
    void *callback_arg)
{
    operation *it = start(TRANSFER, "globus_io_write_callback_t", write_callback, callback_arg, handle);
    if (!it) return not_started("globus_io_register_write");
    return started(it, globus_io_register_write(handle, buf, nbytes, transferred, it));
}

globus_result_t gl_adapt_globus_io_register_send(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t nbytes, int flags,
    globus_io_write_callback_t write_callback, void *callback_arg)
{
    operation *it = start(TRANSFER, "globus_io_write_callback_t", write_callback, callback_arg, handle);
    if (!it) return not_started("globus_io_register_send");
    return started(it, globus_io_register_send(handle, buf, nbytes, flags, transferred, it));
}

globus_result_t gl_adapt_globus_io_register_writev(
    globus_io_handle_t *handle, struct iovec *iov, globus_size_t iovcnt, globus_io_writev_callback_t writev_callback,
    void *callback_arg)
{
    operation *it = start(TRANSFER, "globus_io_writev_callback_t", writev_callback, callback_arg, handle);
    if (!it) return not_started("globus_io_register_writev");
    return started(it, globus_io_register_writev(handle, iov, iovcnt, transferred_vector, it));
}

/* C hides the callback in the buffer of an operation of no bytes, and forgets the first where the second fails. */
globus_result_t gl_adapt_globus_io_register_select(
    globus_io_handle_t *handle, globus_io_callback_t read_callback_func, void *read_callback_arg,
    globus_io_callback_t write_callback_func, void *write_callback_arg, globus_io_callback_t except_callback_func,
    void *except_callback_arg)
{
    if (except_callback_func) return globus_io_register_select(handle, NULL, NULL, NULL, NULL, except_callback_func, except_callback_arg);
    operation *reading = read_callback_func ? start(TRANSFER, "globus_io_callback_t", read_callback_func, read_callback_arg, handle) : NULL;
    globus_result_t result = GLOBUS_SUCCESS;
    if (reading) result = started(reading, globus_io_register_select(handle, done, reading, NULL, NULL, NULL, NULL));
    if (result || !write_callback_func) return result;
    operation *writing = start(TRANSFER, "globus_io_callback_t", write_callback_func, write_callback_arg, handle);
    result = started(writing, globus_io_register_select(handle, NULL, NULL, done, writing, NULL, NULL));
    if (result && reading) mute_all(handle);
    return result;
}

/* ---- connections ---------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_io_tcp_register_connect(
    const char *host, unsigned short port, globus_io_attr_t *attr, globus_io_callback_t callback, void *callback_arg,
    globus_io_handle_t *handle)
{
    operation *it = start(OPENING, "globus_io_callback_t", callback, callback_arg, handle);
    if (!it) return not_started("globus_io_tcp_register_connect");
    return started(it, globus_io_tcp_register_connect(host, port, attr, done, it, handle));
}

globus_result_t gl_adapt_globus_io_tcp_register_listen(globus_io_handle_t *handle, globus_io_callback_t callback, void *callback_arg)
{
    operation *it = start(TRANSFER, "globus_io_callback_t", callback, callback_arg, handle);
    if (!it) return not_started("globus_io_tcp_register_listen");
    return started(it, globus_io_tcp_register_listen(handle, done, it));
}

globus_result_t gl_adapt_globus_io_tcp_register_accept(
    globus_io_handle_t *listener_handle, globus_io_attr_t *attr, globus_io_handle_t *new_handle,
    globus_io_callback_t callback, void *callback_arg)
{
    operation *it = start(OPENING, "globus_io_callback_t", callback, callback_arg, new_handle);
    if (!it) return not_started("globus_io_tcp_register_accept");
    return started(it, globus_io_tcp_register_accept(listener_handle, attr, new_handle, done, it));
}

globus_result_t gl_adapt_globus_io_register_close(globus_io_handle_t *handle, globus_io_callback_t callback, void *callback_arg)
{
    operation *it = start(CLOSING, "globus_io_callback_t", callback, callback_arg, handle);
    if (!it) return not_started("globus_io_register_close");
    return started(it, globus_io_register_close(handle, done, it));
}

/* ---- the end of what is pending: C would drop callbacks without a word ------------------------------------------------------------ */

globus_result_t gl_adapt_globus_io_register_cancel(
    globus_io_handle_t *handle, globus_bool_t perform_callbacks, globus_io_callback_t cancel_callback, void *cancel_arg)
{
    if (!perform_callbacks) mute_all(handle);
    return globus_io_register_cancel(handle, GLOBUS_TRUE, cancel_callback, cancel_arg);
}

globus_result_t gl_adapt_globus_io_cancel(globus_io_handle_t *handle, globus_bool_t perform_callbacks)
{
    if (!perform_callbacks) mute_all(handle);
    return globus_io_cancel(handle, GLOBUS_TRUE);
}
