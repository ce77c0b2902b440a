/* What is called in place of functions of XIO: those that wait, so that Ctrl-C ends the wait, and those that follow what they get. */
#ifndef XIO_ADAPTERS_H
#define XIO_ADAPTERS_H

#include <globus_xio.h>
#include <globus_xio_driver.h>
#include <globus_xio_util.h>
#include <globus_xio_wrapblock.h>
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
bool gl_xio_is_open(globus_xio_handle_t handle);
void gl_xio_tell_closed(globus_xio_handle_t handle);
globus_result_t gl_adapt_globus_xio_register_close(
    globus_xio_handle_t handle, globus_xio_attr_t attr, globus_xio_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_xio_register_open(
    globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr, globus_xio_callback_t cb, void *user_arg);

/* ---- host.c ---------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_xio_server_register_accept(
    globus_xio_server_t server, globus_xio_accept_callback_t cb, void *user_arg);
#ifdef GL_H
void gl_xio_server_made(gl_call *call, globus_xio_server_t server, globus_xio_attr_t attr, globus_xio_stack_t stack);
void gl_xio_accepted(gl_call *call, globus_xio_handle_t handle, globus_xio_server_t server);
int gl_check_host(const gl_function *function, globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr);
#endif

/* ---- operation.c ---------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_xio_driver_pass_open(
    globus_xio_operation_t op, const globus_xio_contact_t *contact_info, globus_xio_driver_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_xio_driver_pass_close(
    globus_xio_operation_t op, globus_xio_driver_callback_t cb, void *callback_arg);
globus_result_t gl_adapt_globus_xio_driver_pass_read(
    globus_xio_operation_t op, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t wait_for,
    globus_xio_driver_data_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_xio_driver_pass_write(
    globus_xio_operation_t op, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t wait_for,
    globus_xio_driver_data_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_xio_driver_pass_accept(
    globus_xio_operation_t op, globus_xio_driver_callback_t in_cb, void *in_user_arg);
globus_result_t gl_adapt_globus_xio_driver_pass_server_init(
    globus_xio_operation_t op, const globus_xio_contact_t *contact_info, void *driver_server);
void gl_adapt_globus_xio_driver_finished_open(void *driver_handle, globus_xio_operation_t op, globus_result_t result);
void gl_adapt_globus_xio_driver_finished_close(globus_xio_operation_t op, globus_result_t result);
void gl_adapt_globus_xio_driver_finished_read(globus_xio_operation_t op, globus_result_t result, globus_size_t nread);
void gl_adapt_globus_xio_driver_finished_write(globus_xio_operation_t op, globus_result_t result, globus_size_t nwritten);
void gl_adapt_globus_xio_driver_finished_accept(globus_xio_operation_t op, void *driver_link, globus_result_t result);
globus_result_t gl_adapt_globus_xio_driver_merge_handle(globus_xio_operation_t op, globus_xio_driver_handle_t handle);
globus_result_t gl_adapt_globus_xio_driver_operation_create(globus_xio_operation_t *operation, globus_xio_driver_handle_t handle);
void gl_adapt_globus_xio_driver_operation_destroy(globus_xio_operation_t operation);
globus_xio_driver_handle_t gl_adapt_globus_xio_operation_get_driver_handle(globus_xio_operation_t op);

/* ---- driver.c ------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_xio_driver_set_server(
    globus_xio_driver_t driver, globus_xio_driver_server_init_t server_init_func,
    globus_xio_driver_server_accept_t server_accept_func, globus_xio_driver_server_destroy_t server_destroy_func,
    globus_xio_driver_server_cntl_t server_cntl_func, globus_xio_driver_link_cntl_t link_cntl_func,
    globus_xio_driver_link_destroy_t link_destroy_func);
globus_result_t gl_adapt_globus_xio_driver_set_transport(
    globus_xio_driver_t driver, globus_xio_driver_transport_open_t transport_open_func, globus_xio_driver_close_t close_func,
    globus_xio_driver_read_t read_func, globus_xio_driver_write_t write_func, globus_xio_driver_handle_cntl_t handle_cntl_func);
globus_result_t gl_adapt_globus_xio_wrapblock_init(
    globus_xio_driver_t driver, globus_xio_wrapblock_open_func_t open, globus_xio_wrapblock_close_func_t close,
    globus_xio_wrapblock_read_func_t read, globus_xio_wrapblock_write_func_t write, globus_xio_wrapblock_accept_func_t accept);
void *gl_adapt_globus_xio_operation_get_data_descriptor(globus_xio_operation_t op, globus_bool_t force_create);

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
