/* io: handles. One that C could not open points to what it has freed. */
#include "gl.h"
#include "io_adapters.h"

#include <errno.h>
#include <fcntl.h>

static globus_result_t opened(globus_io_handle_t *handle, globus_result_t result)
{
    if (result) *handle = NULL;
    return result;
}

globus_result_t gl_adapt_globus_io_tcp_connect(const char *host, unsigned short port, globus_io_attr_t *attr, globus_io_handle_t *handle)
{
    return opened(handle, globus_io_tcp_connect(host, port, attr, handle));
}

globus_result_t gl_adapt_globus_io_tcp_accept(globus_io_handle_t *listener_handle, globus_io_attr_t *attr, globus_io_handle_t *handle)
{
    return opened(handle, globus_io_tcp_accept(listener_handle, attr, handle));
}

globus_result_t gl_adapt_globus_io_tcp_posix_convert(int socket, globus_io_attr_t *attributes, globus_io_handle_t *handle)
{
    if (fcntl(socket, F_GETFD) < 0)     /* C would use the number as an index */
        return opened(handle, globus_error_put(globus_error_construct_errno_error(GLOBUS_IO_MODULE, NULL, EBADF)));
    return opened(handle, globus_io_tcp_posix_convert(socket, attributes, handle));
}

bool gl_io_close(globus_io_handle_t *handle)
{
    if (!*handle) return true;
    globus_result_t result = globus_io_close(handle);
    if (result) globus_object_free(globus_error_get(result));
    return true;
}
