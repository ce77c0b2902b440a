/* Functions of the FTP control library that need a hand: what is called in their place, in ftp_control/, checks what the
 * library only assumes, or mends what it does wrong. */
#ifndef GL_FTP_CONTROL_H
#define GL_FTP_CONTROL_H

#include <stdbool.h>

/* What the built-in layout "Partitioned" divides. */
typedef struct gl_layout_user_arg *globus_ftp_control_layout_user_arg_t;

/* Of collected handles: close, wait, destroy. False when the library still holds on to the memory. */
bool gl_ftp_control_handle_close(globus_ftp_control_handle_t *handle);
bool gl_ftp_control_server_close(globus_ftp_control_server_t *server);
bool gl_ftp_control_data_info_forget(globus_ftp_control_data_write_info_t *data_info);

/* Whether a command carries one string: the member `base`. */
static inline bool gl_ftp_control_command_has_string(const globus_ftp_control_command_t *command)
{
    switch (command->code)
    {
        case GLOBUS_FTP_CONTROL_COMMAND_SBUF: case GLOBUS_FTP_CONTROL_COMMAND_TYPE: case GLOBUS_FTP_CONTROL_COMMAND_ALLO:
        case GLOBUS_FTP_CONTROL_COMMAND_MODE: case GLOBUS_FTP_CONTROL_COMMAND_PORT: case GLOBUS_FTP_CONTROL_COMMAND_SPOR:
        case GLOBUS_FTP_CONTROL_COMMAND_STRU: case GLOBUS_FTP_CONTROL_COMMAND_AUTH: case GLOBUS_FTP_CONTROL_COMMAND_OPTS:
            return false;
        default: return true;
    }
}

globus_result_t gl_adapt_globus_ftp_control_handle_destroy(globus_ftp_control_handle_t *handle);
globus_result_t gl_adapt_globus_ftp_control_connect(
    globus_ftp_control_handle_t *handle, char *host, unsigned short port, globus_ftp_control_response_callback_t callback,
    void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_abort(
    globus_ftp_control_handle_t *handle, globus_ftp_control_response_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_response_copy(
    globus_ftp_control_response_t *src, globus_ftp_control_response_t *dest);
globus_result_t gl_adapt_globus_ftp_control_host_port_init(
    globus_ftp_control_host_port_t *host_port, char *host, unsigned short port);

globus_result_t gl_adapt_globus_ftp_control_server_handle_destroy(globus_ftp_control_server_t *handle);
globus_result_t gl_adapt_globus_ftp_control_server_listen(
    globus_ftp_control_server_t *handle, unsigned short *port, globus_ftp_control_server_callback_t callback,
    void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_server_listen_ex(
    globus_ftp_control_server_t *handle, globus_io_attr_t *attr, unsigned short *port,
    globus_ftp_control_server_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_server_stop(
    globus_ftp_control_server_t *listener, globus_ftp_control_server_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_server_accept(
    globus_ftp_control_server_t *listener, globus_ftp_control_handle_t *handle, globus_ftp_control_callback_t callback,
    void *callback_arg);

globus_result_t gl_adapt_globus_ftp_control_local_dcau(
    globus_ftp_control_handle_t *handle, const globus_ftp_control_dcau_t *dcau, gss_cred_id_t delegated_credential_handle);
globus_result_t gl_adapt_globus_ftp_control_local_prot(
    globus_ftp_control_handle_t *handle, globus_ftp_control_protection_t protection);
globus_result_t gl_adapt_globus_ftp_control_get_spor(
    globus_ftp_control_handle_t *handle, globus_ftp_control_host_port_t addresses[], unsigned int *num_addresses);
globus_result_t gl_adapt_globus_ftp_control_data_remove_channels(
    globus_ftp_control_handle_t *handle, unsigned int num_channels, unsigned int stripe);
globus_result_t gl_adapt_globus_ftp_control_data_query_channels(
    globus_ftp_control_handle_t *handle, unsigned int *num_channels, unsigned int stripe);
globus_result_t gl_adapt_globus_ftp_control_data_send_eof(
    globus_ftp_control_handle_t *handle, int count[], int array_size, globus_bool_t eof_message,
    globus_ftp_control_callback_t cb, void *user_arg);

globus_result_t gl_adapt_globus_ftp_control_create_data_info(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t offset, globus_bool_t eof, globus_ftp_control_data_callback_t callback,
    void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_release_data_info(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info);
globus_result_t gl_adapt_globus_ftp_control_data_write_stripe(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, globus_bool_t eof,
    int stripe_ndx, globus_ftp_control_data_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_ftp_control_data_connect_write(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_connect_callback_t callback, void *user_arg);
globus_result_t gl_adapt_globus_ftp_control_data_write(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, globus_bool_t eof,
    globus_ftp_control_data_callback_t callback, void *callback_arg);
globus_result_t gl_adapt_globus_X_ftp_control_data_write_stripe(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, globus_bool_t eof,
    int stripe_ndx, globus_ftp_control_data_write_info_t *data_info);

globus_result_t gl_adapt_globus_ftp_control_layout_register_func(
    char *name, globus_ftp_control_layout_func_t enqueue_func, globus_ftp_control_layout_verify_func_t verify_func);
globus_result_t gl_adapt_globus_ftp_control_local_layout(
    globus_ftp_control_handle_t *handle, globus_ftp_control_layout_t *layout, globus_size_t data_size);
globus_result_t gl_adapt_globus_X_ftp_control_local_layout(
    globus_ftp_control_handle_t *handle, char *enqueue_str, void *user_arg);
globus_result_t gl_adapt_globus_ftp_control_layout_blocked(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t in_offset, globus_bool_t eof, int stripe_count, char *enqueue_str, void *user_arg);
globus_result_t gl_adapt_globus_ftp_control_layout_partitioned(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t in_offset, globus_bool_t eof, int stripe_count, char *enqueue_str,
    globus_ftp_control_layout_user_arg_t user_arg);
globus_ftp_control_layout_user_arg_t gl_adapt_globus_ftp_control_layout_partitioned_user_arg_create(globus_size_t file_size);
void gl_adapt_globus_ftp_control_layout_partitioned_user_arg_destroy(globus_ftp_control_layout_user_arg_t user_arg);

#endif
