/* gridftp_server_control: a server trusts its program. An operation is answered once, by the function of its kind, and not
 * touched afterwards; what a server needs before it is started is there. Both are checked here.
 *
 *   gridftp_server_control/operation.c  operations in progress, and their answers
 *   gridftp_server_control/attributes.c what is set, and copies
 *   gridftp_server_control/server.c     servers, text */
#ifndef GRIDFTP_SERVER_CONTROL_ADAPTERS_H
#define GRIDFTP_SERVER_CONTROL_ADAPTERS_H

#include <globus_common.h>
#include <globus_gridftp_server_control.h>
#include <stdbool.h>

typedef globus_gridftp_server_control_t      gl_gsc_server;
typedef globus_gridftp_server_control_op_t   gl_gsc_op;
typedef globus_gridftp_server_control_attr_t gl_gsc_attr;

typedef enum
{
    GL_GSC_AUTH = 1, GL_GSC_RESOURCE = 2, GL_GSC_TRANSFER = 4, GL_GSC_PASSIVE = 8, GL_GSC_ACTIVE = 16, GL_GSC_COMMAND = 32,
    GL_GSC_ANY = 63,
} gl_gsc_kind;

/* A command's operation is one as all others are. */
typedef void (*gl_gsc_command_cb_t)(
    globus_gridftp_server_control_op_t op, const char *full_command, char **cmd_array, int argc, void *user_arg);

globus_result_t gl_gsc_failure(const char *function, const char *message);
void            gl_gsc_drop(globus_result_t result);

/* ---- operations -------------------------------------------------------------------------------------------------------------- */

void gl_gsc_enter(globus_gridftp_server_control_op_t op, gl_gsc_kind kind);
void gl_gsc_fail(globus_gridftp_server_control_op_t op, globus_result_t failure);
bool gl_gsc_abandon(globus_gridftp_server_control_op_t op);

globus_result_t gl_adapt_globus_gridftp_server_control_finished_auth(
    globus_gridftp_server_control_op_t op, const char *username, globus_gridftp_server_control_response_t response_code,
    const char *msg);
globus_result_t gl_adapt_globus_gridftp_server_control_finished_resource(
    globus_gridftp_server_control_op_t op, globus_gridftp_server_control_stat_t *stat_info_array, int stat_count, int uid,
    int gid_count, int *gid_array, globus_gridftp_server_control_response_t response_code, const char *msg);
globus_result_t gl_adapt_globus_gridftp_server_control_finished_active_connect(
    globus_gridftp_server_control_op_t op, void *user_data_handle, globus_gridftp_server_control_data_dir_t data_dir,
    globus_gridftp_server_control_response_t response_code, const char *msg);
globus_result_t gl_adapt_globus_gridftp_server_control_finished_passive_connect(
    globus_gridftp_server_control_op_t op, void *user_data_handle, globus_gridftp_server_control_data_dir_t data_dir,
    const char **cs, int cs_count, globus_gridftp_server_control_response_t response_code, const char *msg);
globus_result_t gl_adapt_globus_gridftp_server_control_finished_transfer(
    globus_gridftp_server_control_op_t op, globus_gridftp_server_control_response_t response_code, const char *msg);
globus_result_t gl_adapt_globus_gsc_959_finished_command(globus_gridftp_server_control_op_t op, char *reply_msg);
globus_result_t gl_adapt_globus_gridftp_server_control_begin_transfer(globus_gridftp_server_control_op_t op);
globus_result_t gl_adapt_globus_gridftp_server_control_events_enable(
    globus_gridftp_server_control_op_t op, int event_mask, globus_gridftp_server_control_event_cb_t event_cb, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_event_send_perf(
    globus_gridftp_server_control_op_t op, int stripe_ndx, globus_off_t nbytes);
globus_result_t gl_adapt_globus_gridftp_server_control_event_send_restart(
    globus_gridftp_server_control_op_t op, globus_range_list_t restart);
globus_result_t gl_adapt_globus_gridftp_server_control_set_paths(
    globus_gridftp_server_control_op_t op, const char *absolute_path, const char *resolved_path);
globus_result_t gl_adapt_globus_gridftp_server_control_get_allocated(
    globus_gridftp_server_control_op_t op, globus_off_t *out_allo);
globus_result_t gl_adapt_globus_gridftp_server_control_get_layout(
    globus_gridftp_server_control_op_t op, globus_gsc_layout_t *layout_type, globus_size_t *block_size);
globus_result_t gl_adapt_globus_gridftp_server_control_get_buffer_size(
    globus_gridftp_server_control_op_t op, globus_size_t *out_recv_bs, globus_size_t *out_send_bs);
globus_result_t gl_adapt_globus_gridftp_server_control_get_parallelism(
    globus_gridftp_server_control_op_t op, int *out_parallelism);
globus_result_t gl_adapt_globus_gridftp_server_control_get_mode(globus_gridftp_server_control_op_t op, char **out_mode);
globus_result_t gl_adapt_globus_gridftp_server_control_get_type(globus_gridftp_server_control_op_t op, char **out_type);
globus_result_t gl_adapt_globus_gridftp_server_control_get_data_auth(
    globus_gridftp_server_control_op_t op, char **subject, char **dcau, char **prot, gss_cred_id_t *del_cred);
char *gl_adapt_globus_gridftp_server_control_get_cmd_string(globus_gridftp_server_control_op_t op);

/* ---- attributes ---------------------------------------------------------------------------------------------------------------- */

bool gl_gsc_attr_free(globus_gridftp_server_control_attr_t attr);

globus_result_t gl_adapt_globus_gridftp_server_control_attr_copy(
    globus_gridftp_server_control_attr_t *dst, globus_gridftp_server_control_attr_t src);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_destroy(globus_gridftp_server_control_attr_t in_attr);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_resource(
    globus_gridftp_server_control_attr_t in_attr, globus_gridftp_server_control_resource_cb_t resource_cb, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_auth(
    globus_gridftp_server_control_attr_t in_attr, globus_gridftp_server_control_auth_cb_t auth_cb, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_list(
    globus_gridftp_server_control_attr_t in_attr, globus_gridftp_server_control_list_cb_t list_cb, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_banner(
    globus_gridftp_server_control_attr_t in_attr, char *banner);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_message(
    globus_gridftp_server_control_attr_t in_attr, char *message);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_security(
    globus_gridftp_server_control_attr_t in_attr, globus_gridftp_server_control_security_type_t sec);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_idle_time(
    globus_gridftp_server_control_attr_t in_attr, int idle_timeout, int preauth_timeout);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_epsv_ip(
    globus_gridftp_server_control_attr_t in_attr, globus_bool_t epsv_ip);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_ipv6(
    globus_gridftp_server_control_attr_t in_attr, globus_bool_t ipv6);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_add_recv(
    globus_gridftp_server_control_attr_t in_attr, const char *module_name, globus_gridftp_server_control_transfer_cb_t
    recv_func, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_add_send(
    globus_gridftp_server_control_attr_t in_attr, const char *module_name, globus_gridftp_server_control_transfer_cb_t
    send_func, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_data_functions(
    globus_gridftp_server_control_attr_t in_attr, globus_gridftp_server_control_active_connect_cb_t active_cb, void
    *active_arg, globus_gridftp_server_control_passive_connect_cb_t passive_cb, void *passive_arg,
    globus_gridftp_server_control_data_destroy_cb_t destroy_cb, void *destroy_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_attr_set_log(
    globus_gridftp_server_control_attr_t in_attr, globus_gridftp_server_control_log_cb_t log_func, int log_mask, void
    *user_arg);

/* ---- servers ------------------------------------------------------------------------------------------------------------------- */

bool gl_gsc_close(globus_gridftp_server_control_t server);
void gl_gsc_ending(globus_gridftp_server_control_t server);
void gl_gsc_done(globus_gridftp_server_control_t server);

globus_result_t gl_adapt_globus_gridftp_server_control_start(
    globus_gridftp_server_control_t server, globus_gridftp_server_control_attr_t attr,
    globus_xio_system_socket_t system_handle, globus_gridftp_server_control_cb_t done_cb, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_stop(globus_gridftp_server_control_t server);
globus_result_t gl_adapt_globus_gridftp_server_control_destroy(globus_gridftp_server_control_t server);
globus_result_t gl_adapt_globus_gridftp_server_control_421_end(globus_gridftp_server_control_t server, char *reply_msg);
globus_result_t gl_adapt_globus_gsc_959_command_add(
    globus_gridftp_server_control_t server, const char *command_name, gl_gsc_command_cb_t command_cb,
    globus_gsc_959_command_desc_t desc, int min_argc, int max_argc, const char *help, void *user_arg);
globus_result_t gl_adapt_globus_gridftp_server_control_list_buffer_alloc(
    const char *fact_str, uid_t uid, const char *base_path, globus_gridftp_server_control_stat_t *stat_info_array,
    int stat_count, globus_byte_t **out_buf, globus_size_t *out_size);
void gl_adapt_globus_gridftp_server_control_list_buffer_free(const globus_byte_t *buffer);

#endif
