/* io: handles that cannot be open, or are closed, are NULL, which C checks; and what C would call or read without checking.
 *
 *   io/operation.c  everything that ends in a callback
 *   io/handle.c     making and closing handles
 *   io/attr.c       attributes and the data of an authorization
 *   io/error.c      the handle of an error */
#ifndef IO_ADAPTERS_H
#define IO_ADAPTERS_H

#include <globus_common.h>
#include <globus_io.h>
#include <stdbool.h>

bool gl_io_close(globus_io_handle_t *handle);
bool gl_io_attr_destroy(globus_io_attr_t *attr);

/* ---- operations ---------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_io_register_cancel(
    globus_io_handle_t *handle, globus_bool_t perform_callbacks, globus_io_callback_t cancel_callback, void *cancel_arg);
globus_result_t gl_adapt_globus_io_cancel(globus_io_handle_t *handle, globus_bool_t perform_callbacks);
globus_result_t gl_adapt_globus_io_register_close(
    globus_io_handle_t *handle, globus_io_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_io_register_read(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t max_nbytes, globus_size_t wait_for_nbytes,
    globus_io_read_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_io_read(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t max_nbytes, globus_size_t wait_for_nbytes,
    globus_size_t *nbytes_read);
globus_result_t gl_adapt_globus_io_register_write(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t nbytes, globus_io_write_callback_t write_callback,
    void *callback_arg);
globus_result_t gl_adapt_globus_io_register_send(
    globus_io_handle_t *handle, globus_byte_t *buf, globus_size_t nbytes, int flags,
    globus_io_write_callback_t write_callback, void *callback_arg);
globus_result_t gl_adapt_globus_io_register_writev(
    globus_io_handle_t *handle, struct iovec *iov, globus_size_t iovcnt, globus_io_writev_callback_t writev_callback,
    void *callback_arg);
globus_result_t gl_adapt_globus_io_register_select(
    globus_io_handle_t *handle, globus_io_callback_t read_callback_func, void *read_callback_arg,
    globus_io_callback_t write_callback_func, void *write_callback_arg, globus_io_callback_t except_callback_func,
    void *except_callback_arg);
globus_result_t gl_adapt_globus_io_tcp_register_connect(
    const char *host, unsigned short port, globus_io_attr_t *attr, globus_io_callback_t callback, void *callback_arg,
    globus_io_handle_t *handle);
globus_result_t gl_adapt_globus_io_tcp_register_listen(
    globus_io_handle_t *handle, globus_io_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_io_tcp_register_accept(
    globus_io_handle_t *listener_handle, globus_io_attr_t *attr, globus_io_handle_t *new_handle,
    globus_io_callback_t callback, void *callback_arg);

/* ---- handles -------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_io_tcp_connect(
    const char *host, unsigned short port, globus_io_attr_t *attr, globus_io_handle_t *handle);
globus_result_t gl_adapt_globus_io_tcp_accept(
    globus_io_handle_t *listener_handle, globus_io_attr_t *attr, globus_io_handle_t *handle);
globus_result_t gl_adapt_globus_io_tcp_posix_convert(int socket, globus_io_attr_t *attributes, globus_io_handle_t *handle);

/* ---- attributes ------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_io_attr_set_secure_authorization_mode(
    globus_io_attr_t *attr, globus_io_secure_authorization_mode_t mode, globus_io_secure_authorization_data_t *data);
globus_result_t gl_adapt_globus_io_secure_authorization_data_set_identity(
    globus_io_secure_authorization_data_t *data, char *identity);

void gl_io_established(const globus_io_handle_t *handle);   /* C asks whether to go on with what it has opened */

#ifdef GL_H
gl_type  *gl_io_handle_type(void);
int       gl_io_check_open(const gl_function *function, const globus_io_handle_t *handle);     /* 0, or -1 while it is being opened */
PyObject *py_globus_io_error_security_failed_get_handle(PyObject *error);
PyObject *py_globus_io_error_io_failed_get_handle(PyObject *error);
PyObject *py_globus_io_error_registration_error_get_handle(PyObject *error);
#endif

#endif
