/* How a storage module ends its operations. */
#include <globus_gridftp_server.h>

#include "gl.h"
#include "gridftp_server.h"

#include <string.h>
#include <sys/stat.h>

/* ---- objects that the server keeps ------------------------------------------------------------------------------------------------ */

void gl_gfs_give(void *object)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_give_again(object);
    PyGILState_Release(state);
}

void gl_gfs_take(void *object)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_take(object);
    PyGILState_Release(state);
}

void gl_gfs_take_late(void *object)
{
    PyGILState_STATE state;
    if (!object || !gl_callback_begin(&state)) return;
    gl_take(object);
    gl_callback_end(state);
}

/* ---- functions that a module does not have ------------------------------------------------------------------------------------------ */

void gl_storage_transfer(globus_gfs_operation_t op, globus_gfs_transfer_info_t *info, void *user_arg)
{
    (void)info, (void)user_arg;
    globus_gridftp_server_finished_transfer(op, GlobusGFSErrorNotImplemented());
}

void gl_storage_command(globus_gfs_operation_t op, globus_gfs_command_info_t *info, void *user_arg)
{
    (void)info, (void)user_arg;
    globus_gridftp_server_finished_command(op, GlobusGFSErrorNotImplemented(), NULL);
}

void gl_storage_stat(globus_gfs_operation_t op, globus_gfs_stat_info_t *info, void *user_arg)
{
    (void)info, (void)user_arg;
    globus_gridftp_server_finished_stat(op, GlobusGFSErrorNotImplemented(), NULL, 0);
}

void gl_storage_event(globus_gfs_event_info_t *info, void *user_arg)
{
    (void)user_arg;
    if (info->type == GLOBUS_GFS_EVENT_TRANSFER_COMPLETE) gl_gfs_take_late(info->event_arg);
}

void gl_storage_destroyed(void *user_arg)
{
    gl_gfs_take_late(user_arg);
}

void gl_storage_data_destroyed(void *data_arg, void *user_arg)
{
    (void)user_arg;
    gl_gfs_take_late(data_arg);
}

/* ---- events ------------------------------------------------------------------------------------------------------------------------- */

/* Of these two events, the server sets only type and event_arg. */
void gl_transfer_event_comes(globus_gfs_event_info_t *info)
{
    if (info->type == GLOBUS_GFS_EVENT_TRANSFER_ABORT || info->type == GLOBUS_GFS_EVENT_TRANSFER_COMPLETE)
        *info = (globus_gfs_event_info_t){.type = info->type, .event_arg = info->event_arg};
}

/* The last one gives back what the transfer's module gave; with the GIL. */
void gl_transfer_event_went(const globus_gfs_event_info_t *info)
{
    if (info->type == GLOBUS_GFS_EVENT_TRANSFER_COMPLETE) gl_take(info->event_arg);
}

/* ---- finishing --------------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gridftp_server_finished_transfer(globus_gfs_operation_t op, globus_result_t result)
{
    return gl_transfer_finish(op, result, 0, NULL);
}

globus_result_t gl_adapt_globus_gridftp_server_finished_session_start(
    globus_gfs_operation_t op, globus_result_t result, void *session_arg, char *username, char *home_dir)
{
    globus_result_t status = gl_operation_take(op, GL_OPERATION_SESSION);
    if (status != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        return status;
    }
    if (result != GLOBUS_SUCCESS) gl_gfs_take(session_arg);      /* there will be no session to destroy */
    globus_gridftp_server_finished_session_start(op, result, session_arg, username, home_dir);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_finished_command(
    globus_gfs_operation_t op, globus_result_t result, char *command_response)
{
    globus_result_t status = gl_operation_take(op, GL_OPERATION_COMMAND);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_finished_command(op, result, command_response);
    else gl_gfs_drop(result);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_intermediate_command(
    globus_gfs_operation_t op, globus_result_t result, char *command_response)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_COMMAND);
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_intermediate_command(op, result, command_response);
    else gl_gfs_drop(result);
    return status;
}

static globus_result_t check_names(const globus_gfs_stat_t *stats, int count)
{
    for (int i = 0; i < count; ++i)
        if (!stats[i].name) return globus_error_put(GlobusGFSErrorObjParameter("stat_array: each entry needs a name"));
    return GLOBUS_SUCCESS;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whether a stat found one file, and not a directory with one file in it. */
static bool is_file_itself(const gl_operation *known, const globus_gfs_stat_t *stats, int count)
{
    const char *slash = strrchr(known->path, '/');
    return count == 1 && !S_ISDIR(stats->mode) && strcmp(stats->name, slash ? slash + 1 : known->path) == 0;
}

/* Of a directory that it may not show whole, the server hides entries, and then looks at the first one that is left, were
 * there none. "." and ".." are never hidden. */
static globus_result_t check_hiding(const gl_operation *known, const globus_gfs_stat_t *stats, int count)
{
    if (count == 0 || known->file_only || !gl_gfs_has_restricted() || is_file_itself(known, stats, count))
        return GLOBUS_SUCCESS;
    for (int i = 0; i < count; ++i)
        if (is_dot(stats[i].name)) return GLOBUS_SUCCESS;
    return gl_gfs_failure("stat_array: since paths are restricted, the entries of a directory must have '.' among them");
}

globus_result_t gl_adapt_globus_gridftp_server_finished_stat(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_stat_t *stat_array, int stat_count)
{
    gl_operation known;
    globus_result_t status = gl_operation_look(op, GL_OPERATION_STAT, &known);
    if (status == GLOBUS_SUCCESS) status = check_names(stat_array, stat_count);
    if (status == GLOBUS_SUCCESS) status = check_hiding(&known, stat_array, stat_count);
    if (status == GLOBUS_SUCCESS) status = gl_operation_take(op, GL_OPERATION_STAT);
    if (status != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        return status;
    }
    /* The server looks at the first entry of a success. */
    if (result == GLOBUS_SUCCESS && stat_count == 0 && (known.file_only || known.has_command))
        result = globus_error_put(GlobusGFSErrorObjPathNotFound(NULL, NULL));
    globus_gridftp_server_finished_stat(op, result, stat_array, stat_count);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_finished_stat_partial(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_stat_t *stat_array, int stat_count)
{
    gl_operation known;
    globus_result_t status = gl_operation_look(op, GL_OPERATION_STAT, &known);
    if (status == GLOBUS_SUCCESS) status = check_names(stat_array, stat_count);
    if (status == GLOBUS_SUCCESS) status = check_hiding(&known, stat_array, stat_count);
    if (status == GLOBUS_SUCCESS && stat_count == 0) status = gl_gfs_failure("stat_array: there is nothing to report");
    if (status == GLOBUS_SUCCESS) globus_gridftp_server_finished_stat_partial(op, result, stat_array, stat_count);
    else gl_gfs_drop(result);
    return status;
}

globus_result_t gl_adapt_globus_gridftp_server_finished_stat_custom_list(
    globus_gfs_operation_t op, globus_result_t result, globus_byte_t *list_response, globus_size_t list_response_len,
    globus_bool_t free_buffer)
{
    gl_operation known;
    globus_result_t status = gl_operation_look(op, GL_OPERATION_STAT, &known);
    if (status == GLOBUS_SUCCESS && !known.for_list) status = gl_gfs_failure("this stat is not part of a listing");
    if (status == GLOBUS_SUCCESS) status = gl_operation_take(op, GL_OPERATION_STAT);
    if (status != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        return status;
    }
    (void)free_buffer;      /* it is Python's: the server makes a copy */
    globus_gridftp_server_finished_stat_custom_list(op, result, list_response, list_response_len, GLOBUS_FALSE);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_finished_active_data(
    globus_gfs_operation_t op, globus_result_t result, void *data_arg, globus_bool_t bi_directional)
{
    globus_result_t status = gl_operation_take(op, GL_OPERATION_ACTIVE);
    if (status != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        return status;
    }
    if (result != GLOBUS_SUCCESS) gl_gfs_take(data_arg);
    globus_gridftp_server_finished_active_data(op, result, data_arg, bi_directional);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_finished_passive_data(
    globus_gfs_operation_t op, globus_result_t result, void *data_arg, globus_bool_t bi_directional,
    const char **contact_strings, int cs_count)
{
    globus_result_t status = gl_operation_check(op, GL_OPERATION_PASSIVE);
    if (status == GLOBUS_SUCCESS && result == GLOBUS_SUCCESS && cs_count == 0)
        status = gl_gfs_failure("contact_strings: a passive connection needs one");
    if (status == GLOBUS_SUCCESS) status = gl_operation_take(op, GL_OPERATION_PASSIVE);
    if (status != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        return status;
    }
    if (result != GLOBUS_SUCCESS) gl_gfs_take(data_arg);
    globus_gridftp_server_finished_passive_data(op, result, data_arg, bi_directional, contact_strings, cs_count);
    return GLOBUS_SUCCESS;
}

static int kinds_of(globus_gfs_operation_type_t type)
{
    switch (type)
    {
        case GLOBUS_GFS_OP_RECV: case GLOBUS_GFS_OP_SEND: case GLOBUS_GFS_OP_TRANSFER: return GL_OPERATION_TRANSFER;
        case GLOBUS_GFS_OP_SESSION_START: return GL_OPERATION_SESSION;
        case GLOBUS_GFS_OP_COMMAND: return GL_OPERATION_COMMAND;
        case GLOBUS_GFS_OP_STAT: return GL_OPERATION_STAT;
        case GLOBUS_GFS_OP_PASSIVE: return GL_OPERATION_PASSIVE;
        case GLOBUS_GFS_OP_ACTIVE: return GL_OPERATION_ACTIVE;
        default: return 0;
    }
}

static globus_result_t check_finished(globus_gfs_operation_t op, globus_result_t result, const globus_gfs_finished_info_t *info)
{
    gl_operation known;
    globus_result_t status = gl_operation_look(op, kinds_of(info->type), &known);
    if (status != GLOBUS_SUCCESS) return status;
    if (info->code / 100 == 1)
        return gl_gfs_failure("a preliminary code does not finish: call globus_gridftp_server_finished_stat_partial() or "
                          "globus_gridftp_server_intermediate_command()");
    if (info->type == GLOBUS_GFS_OP_STAT && result == GLOBUS_SUCCESS)
    {
        if (info->info.stat.stat_count == 0 && (known.file_only || known.has_command))
            return gl_gfs_failure("info.stat.stat_array: the stat of a file needs an entry");
        return check_names(info->info.stat.stat_array, info->info.stat.stat_count);
    }
    if (info->type == GLOBUS_GFS_OP_PASSIVE && result == GLOBUS_SUCCESS && info->info.data.cs_count == 0)
        return gl_gfs_failure("info.data.contact_strings: a passive connection needs one");
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_operation_finished(
    globus_gfs_operation_t op, globus_result_t result, globus_gfs_finished_info_t *finished_info)
{
    globus_result_t status = check_finished(op, result, finished_info);
    if (status == GLOBUS_SUCCESS && kinds_of(finished_info->type) == GL_OPERATION_TRANSFER)
        return gl_transfer_finish(op, result, finished_info->code, finished_info->msg);
    if (status == GLOBUS_SUCCESS) status = gl_operation_take(op, kinds_of(finished_info->type));
    if (status != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        return status;
    }
    globus_gfs_finished_info_t info = *finished_info;      /* the server writes into it */
    if (result == GLOBUS_SUCCESS && info.type == GLOBUS_GFS_OP_SESSION_START) gl_gfs_give(info.info.session.session_arg);
    if (result == GLOBUS_SUCCESS && (info.type == GLOBUS_GFS_OP_PASSIVE || info.type == GLOBUS_GFS_OP_ACTIVE))
        gl_gfs_give(info.info.data.data_arg);
    globus_gridftp_server_operation_finished(op, result, &info);
    return GLOBUS_SUCCESS;
}
