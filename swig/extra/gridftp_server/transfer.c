/* What a storage module does in a transfer, and asks of any operation. */
#include <globus_gridftp_server.h>

#include "gridftp_server.h"

#include <stdlib.h>

/* ---- transfers --------------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gridftp_server_begin_transfer(globus_gfs_operation_t op, int event_mask, void *event_arg)
{
    bool until_event = event_mask & GLOBUS_GFS_EVENT_TRANSFER_COMPLETE;
    globus_result_t status = gl_transfer_begin(op, until_event ? NULL : event_arg);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_begin_transfer(op, event_mask, event_arg);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_operation_event(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_event_info_t *event_info)
{
    globus_gfs_event_info_t info = *event_info;      /* the server writes into it */
    globus_result_t status = gl_operation_check(op, GL_OPERATION_TRANSFER);
    if (status == GLOBUS_SUCCESS && info.type == GLOBUS_GFS_EVENT_TRANSFER_BEGIN)
    {
        gl_gfs_drop(result);
        gl_gfs_give(info.event_arg);
        status = gl_adapt_globus_gridftp_server_begin_transfer(op, info.event_mask, info.event_arg);
        if (status != GLOBUS_SUCCESS) gl_gfs_take(info.event_arg);
        return status;
    }
    if (status == GLOBUS_SUCCESS && info.type != GLOBUS_GFS_EVENT_BYTES_RECVD && info.type != GLOBUS_GFS_EVENT_RANGES_RECVD
        && info.type != GLOBUS_GFS_EVENT_DISCONNECTED && info.type != GLOBUS_GFS_EVENT_TRANSFER_CONNECTED)
        status = gl_gfs_failure("the server takes no event of this type");
    if (status == GLOBUS_SUCCESS && info.type == GLOBUS_GFS_EVENT_RANGES_RECVD && !info.recvd_ranges)
        status = gl_gfs_failure("recvd_ranges: there are none");
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_operation_event(op, result, &info);
    else gl_gfs_drop(result);
    return status;
}

/* A read or write until it has called back. */
typedef struct
{
    globus_gridftp_server_write_cb_t write;
    globus_gridftp_server_read_cb_t  read;
    void                            *arg;
} gl_piece;

static void on_write(globus_gfs_operation_t op, globus_result_t result, globus_byte_t *buffer, globus_size_t length, void *arg)
{
    gl_piece piece = *(gl_piece *)arg;
    free(arg);
    piece.write(op, result, buffer, length, piece.arg);
    gl_transfer_returned(op);
}

static void on_read(globus_gfs_operation_t op, globus_result_t result, globus_byte_t *buffer, globus_size_t length,
                    globus_off_t offset, globus_bool_t eof, void *arg)
{
    gl_piece piece = *(gl_piece *)arg;
    free(arg);
    piece.read(op, result, buffer, length, offset, eof, piece.arg);
    gl_transfer_returned(op);
}

globus_result_t gl_adapt_globus_gridftp_server_register_write(
    globus_gfs_operation_t op, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, int stripe_ndx,
    globus_gridftp_server_write_cb_t callback, void *user_arg)
{
    if (stripe_ndx < -1) return globus_error_put(GlobusGFSErrorObjParameter("stripe_ndx"));
    globus_result_t status = gl_transfer_register(op);
    if (status != GLOBUS_SUCCESS) return status;
    gl_piece *piece = malloc(sizeof *piece);
    if (piece)
    {
        *piece = (gl_piece){.write = callback, .arg = user_arg};
        status = globus_gridftp_server_register_write(op, buffer, length, offset, stripe_ndx, on_write, piece);
        if (status == GLOBUS_SUCCESS) return status;
    }
    free(piece);
    gl_transfer_returned(op);
    return piece ? status : GlobusGFSErrorMemory("piece");
}

globus_result_t gl_adapt_globus_gridftp_server_register_read(
    globus_gfs_operation_t op, globus_byte_t *buffer, globus_size_t length, globus_gridftp_server_read_cb_t callback,
    void *user_arg)
{
    globus_result_t status = gl_transfer_register(op);
    if (status != GLOBUS_SUCCESS) return status;
    gl_piece *piece = malloc(sizeof *piece);
    if (piece)
    {
        *piece = (gl_piece){.read = callback, .arg = user_arg};
        status = globus_gridftp_server_register_read(op, buffer, length, on_read, piece);
        if (status == GLOBUS_SUCCESS) return status;
    }
    free(piece);
    gl_transfer_returned(op);
    return piece ? status : GlobusGFSErrorMemory("piece");
}

static globus_result_t check_range(globus_gfs_operation_t op, globus_off_t offset, globus_off_t length)
{
    if (offset < 0) return globus_error_put(GlobusGFSErrorObjParameter("offset"));
    if (length < 0) return globus_error_put(GlobusGFSErrorObjParameter("length"));
    return gl_operation_check(op, GL_OPERATION_TRANSFER);
}

globus_result_t gl_adapt_globus_gridftp_server_update_bytes_written(
    globus_gfs_operation_t op, globus_off_t offset, globus_off_t length)
{
    globus_result_t status = check_range(op, offset, length);
    if (status == GLOBUS_SUCCESS && length > 0) globus_gridftp_server_update_bytes_written(op, offset, length);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_update_bytes_recvd(globus_gfs_operation_t op, globus_off_t length)
{
    globus_result_t status = check_range(op, 0, length);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_update_bytes_recvd(op, length);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_update_range_recvd(
    globus_gfs_operation_t op, globus_off_t offset, globus_off_t length)
{
    globus_result_t status = check_range(op, offset, length);
    if (status == GLOBUS_SUCCESS && length > 0) globus_gridftp_server_update_range_recvd(op, offset, length);
    return status;
}

/* ---- questions ----------------------------------------------------------------------------------------------------------------------- */

#define ASK(NAME, KINDS, TYPE)                                                                                             \
    globus_result_t gl_adapt_globus_gridftp_server_##NAME(globus_gfs_operation_t op, TYPE *value)                          \
    {                                                                                                                       \
        globus_result_t status = gl_operation_check(op, KINDS);                                                                          \
        if (status == GLOBUS_SUCCESS) globus_gridftp_server_##NAME(op, value);                                              \
        return status;                                                                                                      \
    }

ASK(get_optimal_concurrency, GL_OPERATION_TRANSFER, int)
ASK(get_block_size, GL_OPERATION_ANY, globus_size_t)
ASK(get_stripe_block_size, GL_OPERATION_ANY, globus_size_t)
ASK(get_session_username, GL_OPERATION_ANY, char *)
ASK(get_delegated_cred, GL_OPERATION_ANY, gss_cred_id_t)
ASK(get_sec_context, GL_OPERATION_ANY, gss_ctx_id_t)
ASK(get_ordered_data, GL_OPERATION_ANY, globus_bool_t)
ASK(get_config_string, GL_OPERATION_ANY, char *)
ASK(get_update_interval, GL_OPERATION_ANY, int)

globus_result_t gl_adapt_globus_gridftp_server_set_ordered_data(globus_gfs_operation_t op, globus_bool_t ordered_data)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_ANY);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_set_ordered_data(op, ordered_data);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_get_config_data(globus_gfs_operation_t op, char *data_id, char **config_data)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_ANY);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_get_config_data(op, data_id, config_data);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_get_read_range(
    globus_gfs_operation_t op, globus_off_t *offset, globus_off_t *length)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_TRANSFER);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_get_read_range(op, offset, length);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_get_write_range(
    globus_gfs_operation_t op, globus_off_t *offset, globus_off_t *length)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_TRANSFER);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_get_write_range(op, offset, length);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_get_recv_attr_string(
    globus_gfs_operation_t op, const char *requested_attr, char **out_value)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_TRANSFER);
    return status == GLOBUS_SUCCESS ? globus_gridftp_server_get_recv_attr_string(op, requested_attr, out_value) : status;
}

globus_result_t gl_adapt_globus_gridftp_server_get_recv_modification_time(globus_gfs_operation_t op, time_t *out_time)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_TRANSFER);
    return status == GLOBUS_SUCCESS ? globus_gridftp_server_get_recv_modification_time(op, out_time) : status;
}

globus_result_t gl_adapt_globus_gridftp_server_add_command(
    globus_gfs_operation_t op, const char *command_name, int cmd_id, int min_args, int max_args, const char *help_string,
    globus_bool_t has_pathname, int access_type)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_SESSION);
    if (status != GLOBUS_SUCCESS) return status;
    return globus_gridftp_server_add_command(
        op, command_name, cmd_id, min_args, max_args, help_string, has_pathname, access_type);
}

globus_result_t gl_adapt_globus_gridftp_server_set_checksum_support(globus_gfs_operation_t op, const char *cksm_str)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_ANY);
    return status == GLOBUS_SUCCESS ? globus_gridftp_server_set_checksum_support(op, cksm_str) : status;
}

globus_result_t gl_adapt_globus_gridftp_server_query_op_info(
    globus_gfs_operation_t op, globus_gfs_op_info_t op_info, globus_gfs_op_info_param_t param, char ***argv, int *argc)
{
    gl_operation known;
    globus_result_t status = gl_operation_look(op, GL_OPERATION_ANY, &known);
    if (status == GLOBUS_SUCCESS && (!op_info || op_info != known.op_info))
        status = globus_error_put(GlobusGFSErrorObjParameter("op_info"));
    return status == GLOBUS_SUCCESS ? globus_gridftp_server_query_op_info(op, op_info, param, argv, argc) : status;
}

globus_result_t gl_adapt_globus_gfs_data_get_cmd_string(globus_gfs_operation_t op, char **command)
{
    gl_operation known;
    globus_result_t status = gl_operation_look(op, GL_OPERATION_ANY, &known);
    if (status == GLOBUS_SUCCESS && !known.has_command) status = gl_gfs_failure("this operation comes from no command of the client");
    if (status == GLOBUS_SUCCESS) *command = globus_gfs_data_get_cmd_string(op);
    return status;
}

globus_result_t gl_adapt_globus_gfs_data_get_file_stack_list(globus_gfs_operation_t in_op, globus_list_t **out_list)
{
    globus_result_t status = gl_operation_check(in_op, GL_OPERATION_ANY);
    if (status == GLOBUS_SUCCESS) globus_gfs_data_get_file_stack_list(in_op, out_list);
    return status;
}
