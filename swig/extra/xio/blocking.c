/* XIO's calls that wait. C makes them, and a signal cancels the operation. */
#include "xio_adapters.h"

#include "gl.h"

typedef globus_result_t (*data_function)(
    globus_xio_handle_t, globus_byte_t *, globus_size_t, globus_size_t, globus_size_t *, globus_xio_data_descriptor_t);
typedef globus_result_t (*vector_function)(
    globus_xio_handle_t, globus_xio_iovec_t *, int, globus_size_t, globus_size_t *, globus_xio_data_descriptor_t);

/* One call: its arguments, how it is cancelled, and what it returned. */
typedef struct
{
    globus_xio_handle_t          handle, *accepted;
    globus_xio_server_t          server;
    globus_xio_attr_t            attr;
    const char                  *contact;
    globus_byte_t               *buffer;
    globus_xio_iovec_t          *iovec;
    globus_size_t                length, minimum, *count;
    globus_xio_data_descriptor_t descriptor;
    data_function                data;
    vector_function              vector;
    int                          mask;
    globus_result_t              result;
} operation;

static void cancel(void *argument)
{
    operation *it = argument;
    globus_result_t result = globus_xio_handle_cancel_operations(it->handle, it->mask);
    if (result != GLOBUS_SUCCESS) globus_object_free(globus_error_get(result));     /* it is over already */
}

static void open_it(void *argument)
{
    operation *it = argument;
    it->result = globus_xio_open(it->handle, it->contact, it->attr);
}

static void close_it(void *argument)
{
    operation *it = argument;
    it->result = globus_xio_close(it->handle, it->attr);
}

typedef struct
{
    globus_mutex_t  lock;
    globus_cond_t   over;
    bool            is_over;
    globus_result_t result;
} end;

static void closed(globus_xio_handle_t handle, globus_result_t result, void *argument)
{
    end *it = argument;
    (void)handle;
    globus_mutex_lock(&it->lock);
    it->result = result;
    it->is_over = true;
    globus_cond_signal(&it->over);
    globus_mutex_unlock(&it->lock);
}

static void close_unopened(void *argument)
{
    operation *it = argument;
    end wait = {.is_over = false};
    globus_mutex_init(&wait.lock, NULL);
    globus_cond_init(&wait.over, NULL);
    it->result = globus_xio_register_close(it->handle, it->attr, closed, &wait);
    globus_mutex_lock(&wait.lock);
    while (!it->result && !wait.is_over) globus_cond_wait(&wait.over, &wait.lock);
    globus_mutex_unlock(&wait.lock);
    if (wait.is_over) it->result = wait.result;
    globus_cond_destroy(&wait.over);
    globus_mutex_destroy(&wait.lock);
}

static void move_data(void *argument)
{
    operation *it = argument;
    it->result = it->data(it->handle, it->buffer, it->length, it->minimum, it->count, it->descriptor);
}

static void move_vector(void *argument)
{
    operation *it = argument;
    it->result = it->vector(it->handle, it->iovec, (int)it->length, it->minimum, it->count, it->descriptor);
}

static globus_result_t run(void (*call)(void *), operation *it)
{
    gl_block(call, cancel, it);
    return it->result;
}

globus_result_t gl_adapt_globus_xio_open(globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr)
{
    operation it = {.handle = handle, .contact = contact_string, .attr = attr, .mask = GLOBUS_XIO_CANCEL_OPEN};
    gl_xio_tell_open(handle, false);
    globus_result_t result = run(open_it, &it);
    gl_xio_tell_open(handle, result == GLOBUS_SUCCESS);
    return result;
}

/* A handle that is not open C would let go without its lock, while the last of a failed open, or of a data descriptor, does the
 * same in another thread: both would count what uses it. As a registered close it has the lock. A callback does not wait for that:
 * it may be the one of the open. */
globus_result_t gl_adapt_globus_xio_close(globus_xio_handle_t handle, globus_xio_attr_t attr)
{
    operation it = {.handle = handle, .attr = attr, .mask = GLOBUS_XIO_CANCEL_CLOSE};
    globus_result_t result = run(gl_in_callback() || gl_xio_is_open(handle) ? close_it : close_unopened, &it);
    if (result != GLOBUS_SUCCESS) gl_xio_tell_closed(handle);
    return result;
}

static globus_result_t data(
    data_function function, int mask, globus_xio_handle_t handle, globus_byte_t *buffer, globus_size_t length,
    globus_size_t minimum, globus_size_t *count, globus_xio_data_descriptor_t descriptor)
{
    operation it = {.data = function, .mask = mask, .handle = handle, .buffer = buffer, .length = length, .minimum = minimum,
                    .count = count, .descriptor = descriptor};
    return run(move_data, &it);
}

static globus_result_t vector(
    vector_function function, int mask, globus_xio_handle_t handle, globus_xio_iovec_t *iovec, int length,
    globus_size_t minimum, globus_size_t *count, globus_xio_data_descriptor_t descriptor)
{
    operation it = {.vector = function, .mask = mask, .handle = handle, .iovec = iovec, .length = (globus_size_t)length,
                    .minimum = minimum, .count = count, .descriptor = descriptor};
    return run(move_vector, &it);
}

globus_result_t gl_adapt_globus_xio_read(
    globus_xio_handle_t handle, globus_byte_t *buffer, globus_size_t buffer_length, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc)
{
    return data(globus_xio_read, GLOBUS_XIO_CANCEL_READ, handle, buffer, buffer_length, waitforbytes, nbytes, data_desc);
}

globus_result_t gl_adapt_globus_xio_write(
    globus_xio_handle_t handle, globus_byte_t *buffer, globus_size_t buffer_length, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc)
{
    return data(globus_xio_write, GLOBUS_XIO_CANCEL_WRITE, handle, buffer, buffer_length, waitforbytes, nbytes, data_desc);
}

globus_result_t gl_adapt_globus_xio_readv(
    globus_xio_handle_t handle, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc)
{
    return vector(globus_xio_readv, GLOBUS_XIO_CANCEL_READ, handle, iovec, iovec_count, waitforbytes, nbytes, data_desc);
}

globus_result_t gl_adapt_globus_xio_writev(
    globus_xio_handle_t handle, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc)
{
    return vector(globus_xio_writev, GLOBUS_XIO_CANCEL_WRITE, handle, iovec, iovec_count, waitforbytes, nbytes, data_desc);
}

/* ---- servers ---------------------------------------------------------------------------------------------------------------- */

static void accept_it(void *argument)
{
    operation *it = argument;
    it->result = globus_xio_server_accept(it->accepted, it->server);
}

static void cancel_accept(void *argument)
{
    operation *it = argument;
    globus_result_t result = globus_xio_server_cancel_accept(it->server);
    if (result != GLOBUS_SUCCESS) globus_object_free(globus_error_get(result));
}

globus_result_t gl_adapt_globus_xio_server_accept(globus_xio_handle_t *out_handle, globus_xio_server_t server)
{
    operation it = {.accepted = out_handle, .server = server};
    gl_block(accept_it, cancel_accept, &it);
    return it.result;
}
