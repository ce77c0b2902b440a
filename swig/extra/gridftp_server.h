/* Functions of the GridFTP server's library that need a hand: what is called in their place. What the server only assumes
 * is checked here, since its storage modules are trusted C.
 *
 *   gridftp_server/embed.c      the embedded server
 *   gridftp_server/config.c     its configuration
 *   gridftp_server/operation.c  the operations that a storage module was given
 *   gridftp_server/finish.c     how it ends them
 *   gridftp_server/transfer.c   what it does in a transfer, and asks of any operation
 *   gridftp_server/error.c      errors that say what the client is answered
 *   gridftp_server/ipc.c        connections between front end and data nodes, the brain, access control */
#ifndef GL_GRIDFTP_SERVER_H
#define GL_GRIDFTP_SERVER_H

#include "gridftp_server_operation.h"

/* ---- embedded ------------------------------------------------------------------------------------------------------------ */

bool            gl_gridftp_server_embed_close(globus_gfs_embed_handle_t handle);
extern bool     gl_gfs_configured;
globus_result_t gl_gfs_check_configured(void);
bool            gl_gfs_has_restricted(void);

globus_result_t gl_adapt_globus_gridftp_server_embed_init(globus_gfs_embed_handle_t *handle, char *args[]);
globus_result_t gl_adapt_globus_gridftp_server_embed_start(
    globus_gfs_embed_handle_t handle, globus_gfs_embed_event_cb_t event_cb, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_embed_stop(globus_gfs_embed_handle_t handle);
globus_result_t gl_adapt_globus_gridftp_server_embed_destroy(globus_gfs_embed_handle_t handle);
globus_result_t gl_adapt_globus_gridftp_server_embed_config_set_int(
    globus_gfs_embed_handle_t handle, char *option_name, int int_value);
globus_result_t gl_adapt_globus_gridftp_server_embed_config_set_ptr(
    globus_gfs_embed_handle_t handle, char *option_name, const char *ptr_value);
globus_result_t gl_adapt_globus_gridftp_server_embed_config_get_int(
    globus_gfs_embed_handle_t handle, const char *option_name, int *value);
globus_result_t gl_adapt_globus_gridftp_server_embed_config_get_ptr(
    globus_gfs_embed_handle_t handle, const char *option_name, const char **value);

/* The value of an option, as its callback gets it. */
typedef struct
{
    const char *string;
    int         number;
    bool        is_string;
} gl_gfs_value;
typedef void (*globus_gfs_config_callback_t)(const char *option_name, gl_gfs_value *value, void *user_arg);
#ifdef GL_H
PyObject *gl_gfs_value_to_python(const void *address);
int       gl_gfs_value_from_python(gl_call *call, PyObject *object, void *address);
void      gl_gfs_value_release(void *address);
#endif

globus_result_t gl_adapt_globus_gfs_config_get_string(const char *option_name, const char **value);
globus_result_t gl_adapt_globus_gfs_config_get(const char *option_name, const char **value);
globus_result_t gl_adapt_globus_gfs_config_get_int(const char *option_name, int *value);
globus_result_t gl_adapt_globus_gfs_config_get_bool(const char *option_name, globus_bool_t *value);
globus_result_t gl_adapt_globus_gfs_config_get_list(const char *option_name, char ***values);
globus_result_t gl_adapt_globus_gfs_config_set_int(char *option_name, int int_value);
globus_result_t gl_adapt_globus_gfs_config_set_bool(char *option_name, int int_value);
globus_result_t gl_adapt_globus_gfs_config_inc_int(char *option_name, int inc_val);
globus_result_t gl_adapt_globus_gfs_config_set_ptr(char *option_name, const char *ptr);
globus_result_t gl_adapt_globus_gfs_config_add_cb(
    globus_i_gfs_config_option_cb_ent_t **cb_handle, char *option_name, globus_gfs_config_callback_t cb, void *user_arg);

/* ---- how a storage module ends its operations --------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gridftp_server_finished_transfer(globus_gfs_operation_t op, globus_result_t result);
globus_result_t gl_adapt_globus_gridftp_server_finished_session_start(
    globus_gfs_operation_t op, globus_result_t result, void *session_arg, char *username, char *home_dir);
globus_result_t gl_adapt_globus_gridftp_server_finished_command(
    globus_gfs_operation_t op, globus_result_t result, char *command_response);
globus_result_t gl_adapt_globus_gridftp_server_intermediate_command(
    globus_gfs_operation_t op, globus_result_t result, char *command_response);
globus_result_t gl_adapt_globus_gridftp_server_finished_stat(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_stat_t *stat_array, int stat_count);
globus_result_t gl_adapt_globus_gridftp_server_finished_stat_partial(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_stat_t *stat_array, int stat_count);
globus_result_t gl_adapt_globus_gridftp_server_finished_stat_custom_list(
    globus_gfs_operation_t op, globus_result_t result, globus_byte_t *list_response, globus_size_t list_response_len,
    globus_bool_t free_buffer);
globus_result_t gl_adapt_globus_gridftp_server_finished_active_data(
    globus_gfs_operation_t op, globus_result_t result, void *data_arg, globus_bool_t bi_directional);
globus_result_t gl_adapt_globus_gridftp_server_finished_passive_data(
    globus_gfs_operation_t op, globus_result_t result, void *data_arg, globus_bool_t bi_directional,
    const char **contact_strings, int cs_count);
globus_result_t gl_adapt_globus_gridftp_server_operation_finished(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_finished_info_t *finished_info);

/* ---- transfers and questions -------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gridftp_server_begin_transfer(globus_gfs_operation_t op, int event_mask, void *event_arg);
globus_result_t gl_adapt_globus_gridftp_server_operation_event(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_event_info_t *event_info);
globus_result_t gl_adapt_globus_gridftp_server_register_write(
    globus_gfs_operation_t op, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, int stripe_ndx,
    globus_gridftp_server_write_cb_t callback, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_register_read(
    globus_gfs_operation_t op, globus_byte_t *buffer, globus_size_t length, globus_gridftp_server_read_cb_t callback,
    void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_update_bytes_written(
    globus_gfs_operation_t op, globus_off_t offset, globus_off_t length);
globus_result_t gl_adapt_globus_gridftp_server_update_bytes_recvd(globus_gfs_operation_t op, globus_off_t length);
globus_result_t gl_adapt_globus_gridftp_server_update_range_recvd(
    globus_gfs_operation_t op, globus_off_t offset, globus_off_t length);
globus_result_t gl_adapt_globus_gridftp_server_get_optimal_concurrency(globus_gfs_operation_t op, int *count);
globus_result_t gl_adapt_globus_gridftp_server_get_block_size(globus_gfs_operation_t op, globus_size_t *block_size);
globus_result_t gl_adapt_globus_gridftp_server_get_stripe_block_size(
    globus_gfs_operation_t op, globus_size_t *stripe_block_size);
globus_result_t gl_adapt_globus_gridftp_server_get_session_username(globus_gfs_operation_t op, char **username);
globus_result_t gl_adapt_globus_gridftp_server_get_delegated_cred(globus_gfs_operation_t op, gss_cred_id_t *del_cred);
globus_result_t gl_adapt_globus_gridftp_server_get_sec_context(globus_gfs_operation_t op, gss_ctx_id_t *context);
globus_result_t gl_adapt_globus_gridftp_server_get_ordered_data(globus_gfs_operation_t op, globus_bool_t *ordered_data);
globus_result_t gl_adapt_globus_gridftp_server_get_config_string(globus_gfs_operation_t op, char **config_string);
globus_result_t gl_adapt_globus_gridftp_server_get_update_interval(globus_gfs_operation_t op, int *interval);
globus_result_t gl_adapt_globus_gridftp_server_set_ordered_data(globus_gfs_operation_t op, globus_bool_t ordered_data);
globus_result_t gl_adapt_globus_gridftp_server_get_config_data(
    globus_gfs_operation_t op, char *data_id, char **config_data);
globus_result_t gl_adapt_globus_gridftp_server_get_read_range(
    globus_gfs_operation_t op, globus_off_t *offset, globus_off_t *length);
globus_result_t gl_adapt_globus_gridftp_server_get_write_range(
    globus_gfs_operation_t op, globus_off_t *offset, globus_off_t *length);
globus_result_t gl_adapt_globus_gridftp_server_get_recv_attr_string(
    globus_gfs_operation_t op, const char *requested_attr, char **out_value);
globus_result_t gl_adapt_globus_gridftp_server_get_recv_modification_time(globus_gfs_operation_t op, time_t *out_time);
globus_result_t gl_adapt_globus_gridftp_server_add_command(
    globus_gfs_operation_t op, const char *command_name, int cmd_id, int min_args, int max_args, const char *help_string,
    globus_bool_t has_pathname, int access_type);
globus_result_t gl_adapt_globus_gridftp_server_set_checksum_support(globus_gfs_operation_t op, const char *cksm_str);
globus_result_t gl_adapt_globus_gridftp_server_query_op_info(
    globus_gfs_operation_t op, globus_gfs_op_info_t op_info, globus_gfs_op_info_param_t param, char ***argv, int *argc);
globus_result_t gl_adapt_globus_gfs_data_get_cmd_string(globus_gfs_operation_t op, char **command);
globus_result_t gl_adapt_globus_gfs_data_get_file_stack_list(globus_gfs_operation_t in_op, globus_list_t **out_list);

/* ---- errors -------------------------------------------------------------------------------------------------------------- */

globus_object_t *gl_adapt_globus_gfs_ftp_response_error_construct(
    globus_module_descriptor_t *base_source, globus_object_t *base_cause, int response_code,
    const char *response_error_code, const char *text);
globus_object_t *gl_adapt_globus_gfs_ftp_response_error_initialize(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, int response_code,
    const char *response_error_code, const char *text);
globus_object_t *gl_adapt_globus_gfs_ftp_response_error_v_initialize(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, int response_code,
    const char *response_error_code, const char *text);
globus_result_t gl_adapt_GlobusGFSErrorFtpResponse(
    globus_object_t *cause, int code, const char *response_error_code, const char *message);
int             gl_adapt_globus_gfs_error_get_ftp_response_code(globus_object_t *error);
const char     *gl_adapt_globus_gfs_error_get_ftp_response_error_code(globus_object_t *error);
globus_bool_t   gl_adapt_globus_gfs_error_match_response_error_code(globus_object_t *error, const char *response_error_code);

/* ---- data nodes, access control, log --------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gfs_acl_authorized_finished(globus_gfs_acl_handle_t acl_handle, globus_result_t result);
void            gl_adapt_globus_gfs_log_result(globus_gfs_log_type_t type, const char *lead, globus_result_t result);
globus_result_t gl_adapt_globus_gfs_ipc_init(globus_bool_t requester);
globus_result_t gl_adapt_globus_gfs_ipc_handle_create(
    globus_gfs_ipc_iface_t *iface, globus_xio_system_socket_t system_handle, globus_i_gfs_ipc_done_callback_t done_cb,
    void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_handle_connect(
    globus_gfs_session_info_t *session_info, globus_gfs_ipc_open_callback_t cb, void *user_arg,
    globus_gfs_ipc_error_callback_t error_cb, void *error_user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_handle_connect_ex(
    globus_gfs_session_info_t *session_info, globus_gfs_ipc_open_callback_t cb, void *user_arg,
    globus_gfs_ipc_error_callback_t error_cb, void *error_user_arg, globus_bool_t secure_ipc, gss_cred_id_t cred,
    const char *auth_mode, const char *subject, time_t connect_timeout, time_t idle_timeout, globus_bool_t inetd);
globus_result_t gl_adapt_globus_gfs_ipc_handle_obtain(
    globus_gfs_session_info_t *session_info, globus_gfs_ipc_iface_t *iface, globus_gfs_ipc_open_callback_t cb,
    void *user_arg, globus_gfs_ipc_error_callback_t error_cb, void *error_user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_handle_get_contact_string(
    globus_gfs_ipc_handle_t ipc_handle, char **contact_string);
globus_result_t gl_adapt_globus_gfs_ipc_close(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_ipc_close_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_reply_close(globus_gfs_ipc_handle_t ipc_handle);
globus_result_t gl_adapt_globus_gfs_ipc_reply_finished(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_finished_info_t *reply);
globus_result_t gl_adapt_globus_gfs_ipc_reply_event(globus_gfs_ipc_handle_t ipc_handle, globus_gfs_event_info_t *reply);
globus_result_t gl_adapt_globus_gfs_ipc_reply_session(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_finished_info_t *reply);
globus_result_t gl_adapt_globus_gfs_ipc_request_buffer_send(
    globus_gfs_ipc_handle_t ipc_handle, globus_byte_t *buffer, int buffer_type, globus_size_t buffer_len);
globus_result_t gl_adapt_globus_gfs_ipc_request_recv(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_transfer_info_t *recv_info, globus_gfs_ipc_callback_t cb,
    globus_gfs_ipc_event_callback_t event_cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_send(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_transfer_info_t *send_info, globus_gfs_ipc_callback_t cb,
    globus_gfs_ipc_event_callback_t event_cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_list(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_transfer_info_t *data_info, globus_gfs_ipc_callback_t cb,
    globus_gfs_ipc_event_callback_t event_cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_command(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_command_info_t *cmd_info, globus_gfs_ipc_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_active_data(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_data_info_t *data_info, globus_gfs_ipc_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_passive_data(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_data_info_t *data_info, globus_gfs_ipc_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_stat(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_stat_info_t *stat_info, globus_gfs_ipc_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_gfs_ipc_request_transfer_event(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_event_info_t *event_info);
globus_result_t gl_adapt_globus_gfs_ipc_request_data_destroy(globus_gfs_ipc_handle_t ipc_handle, void *data_arg);
globus_result_t gl_adapt_globus_gfs_brain_get_available(const char *user_id, const char *repo_name, int *count);

#endif
