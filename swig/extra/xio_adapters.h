/* What is called in place of functions of XIO: those that wait, so that Ctrl-C ends the wait, and those that follow what they get. */
#ifndef XIO_ADAPTERS_H
#define XIO_ADAPTERS_H

#include <globus_xio.h>
#include <globus_xio_driver.h>
#include <globus_xio_util.h>
#include <stdbool.h>

globus_result_t gl_adapt_globus_xio_open(globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr);
globus_result_t gl_adapt_globus_xio_close(globus_xio_handle_t handle, globus_xio_attr_t attr);
globus_result_t gl_adapt_globus_xio_read(
    globus_xio_handle_t handle, globus_byte_t *buffer, globus_size_t buffer_length, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc);
globus_result_t gl_adapt_globus_xio_readv(
    globus_xio_handle_t handle, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc);
globus_result_t gl_adapt_globus_xio_write(
    globus_xio_handle_t handle, globus_byte_t *buffer, globus_size_t buffer_length, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc);
globus_result_t gl_adapt_globus_xio_writev(
    globus_xio_handle_t handle, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t waitforbytes,
    globus_size_t *nbytes, globus_xio_data_descriptor_t data_desc);
globus_result_t gl_adapt_globus_xio_server_accept(globus_xio_handle_t *out_handle, globus_xio_server_t server);

/* ---- contact.c ----------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_xio_contact_info_to_encoded_string(
    const globus_xio_contact_t *contact_info, const globus_xio_contact_t *encode_chars, char **contact_string);
globus_result_t gl_adapt_globus_xio_contact_info_to_url(const globus_xio_contact_t *contact_info, char **contact_string);

/* ---- opening.c ----------------------------------------------------------------------------------------------------- */

void gl_xio_tell_open(globus_xio_handle_t handle, bool is_open);
globus_result_t gl_adapt_globus_xio_register_open(
    globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr, globus_xio_callback_t cb, void *user_arg);

/* ---- option.c ------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_xio_string_cntl_string_list(
    void *attr, const char *key, const char *val, int cmd, globus_xio_driver_attr_cntl_t cntl_func);

/* ---- driver_list.c -------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_xio_handle_create_from_url(
    globus_xio_handle_t *out_h, const char *scheme, globus_xio_attr_t attr, char *param_string);
#ifdef GL_H
int gl_check_driver_list(const gl_function *function, globus_list_t *list);
int gl_lease_driver_list(globus_list_t *list, globus_xio_stack_t stack);
#endif

#endif
