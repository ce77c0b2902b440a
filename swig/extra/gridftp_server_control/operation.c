/* Operations in progress: known from the callback that brings one until it is answered. */
#include "gl.h"
#include "gridftp_server_control_adapters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

globus_result_t gl_gsc_failure(const char *function, const char *message)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_GRIDFTP_SERVER_CONTROL_MODULE, NULL, GLOBUS_GRIDFTP_SERVER_CONTROL_ERROR_PANIC, __FILE__, function, __LINE__,
        "%s", message));
}

void gl_gsc_drop(globus_result_t result)
{
    if (result != GLOBUS_SUCCESS) globus_object_free(globus_error_get(result));
}

/* ---- what is in progress ------------------------------------------------------------------------------------------------------ */

typedef struct operation
{
    gl_gsc_op         op;
    gl_gsc_kind       kind;
    bool              begun;           /* a transfer */
    bool              counts;          /* its events are enabled */
    struct operation *next;
} operation;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static operation      *operations;

static operation **link_to(gl_gsc_op op)
{
    operation **link = &operations;
    while (*link && (*link)->op != op) link = &(*link)->next;
    return link;
}

void gl_gsc_enter(globus_gridftp_server_control_op_t op, gl_gsc_kind kind)
{
    operation *known = malloc(sizeof *known);
    if (!known) return;
    pthread_mutex_lock(&lock);
    operation **link = link_to(op), *stale = *link;      /* one that a client's abort has ended */
    if (stale) *link = stale->next;
    *known = (operation){.op = op, .kind = kind, .next = operations};
    operations = known;
    pthread_mutex_unlock(&lock);
    free(stale);
}

static globus_result_t fault_of(const operation *known, int kinds, const char *function)
{
    if (!known) return gl_gsc_failure(function, "this operation is finished");
    return known->kind & kinds ? GLOBUS_SUCCESS : gl_gsc_failure(function, "this function is for operations of another kind");
}

static globus_result_t look(gl_gsc_op op, int kinds, const char *function, operation *found)
{
    pthread_mutex_lock(&lock);
    const operation *known = *link_to(op);
    globus_result_t result = fault_of(known, kinds, function);
    if (known && found) *found = *known;
    pthread_mutex_unlock(&lock);
    return result;
}

/* The caller may answer it. */
static globus_result_t take(gl_gsc_op op, int kinds, const char *function)
{
    pthread_mutex_lock(&lock);
    operation **link = link_to(op), *known = *link;
    globus_result_t result = fault_of(known, kinds, function);
    if (!result) *link = known->next;
    pthread_mutex_unlock(&lock);
    if (!result) free(known);
    return result;
}

/* ---- refusals -------------------------------------------------------------------------------------------------------------------- */

static const globus_gridftp_server_control_response_t failed = GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_ACTION_FAILED;

static void refuse(gl_gsc_op op, gl_gsc_kind kind, const char *message)
{
    char *reply = NULL;
    switch (kind)
    {
        case GL_GSC_AUTH: gl_gsc_drop(globus_gridftp_server_control_finished_auth(op, NULL, failed, message)); break;
        case GL_GSC_RESOURCE:
            gl_gsc_drop(globus_gridftp_server_control_finished_resource(op, NULL, 0, 0, 0, NULL, failed, message));
            break;
        case GL_GSC_TRANSFER: gl_gsc_drop(globus_gridftp_server_control_finished_transfer(op, failed, message)); break;
        case GL_GSC_PASSIVE:
            gl_gsc_drop(globus_gridftp_server_control_finished_passive_connect(
                op, NULL, GLOBUS_GRIDFTP_SERVER_CONTROL_DATA_DIR_BI, NULL, 0, failed, message));
            break;
        case GL_GSC_ACTIVE:
            gl_gsc_drop(globus_gridftp_server_control_finished_active_connect(
                op, NULL, GLOBUS_GRIDFTP_SERVER_CONTROL_DATA_DIR_BI, failed, message));
            break;
        case GL_GSC_COMMAND:
            reply = globus_gsc_string_to_959(500, message, NULL);
            globus_gsc_959_finished_command(op, reply ? reply : "500 Command failed.\r\n");
            free(reply);
            break;
        case GL_GSC_ANY: break;
    }
}

static void refuse_taken(gl_gsc_op op, const char *message)
{
    operation known;
    globus_result_t lost = look(op, GL_GSC_ANY, __func__, &known);
    if (!lost) lost = take(op, GL_GSC_ANY, __func__);
    if (!lost) refuse(op, known.kind, message);
    gl_gsc_drop(lost);
}

/* Its callback raised. What went wrong is told to the program; the client hears that it failed. */
void gl_gsc_fail(globus_gridftp_server_control_op_t op, globus_result_t failure)
{
    if (failure != (globus_result_t)GLOBUS_FAILURE) gl_gsc_drop(failure);
    refuse_taken(op, "The server could not do this.");
}

bool gl_gsc_abandon(globus_gridftp_server_control_op_t op)
{
    refuse_taken(op, "The server forgot this operation.");
    return true;
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------------ */

globus_result_t gl_adapt_globus_gridftp_server_control_finished_auth(
    globus_gridftp_server_control_op_t op, const char *username, globus_gridftp_server_control_response_t response_code,
    const char *msg)
{
    globus_result_t result = take(op, GL_GSC_AUTH, __func__);
    return result ? result : globus_gridftp_server_control_finished_auth(op, username, response_code, msg);
}

static bool have_names(const globus_gridftp_server_control_stat_t *array, int count)
{
    for (int i = 0; i < count; ++i)
        if (!array[i].name) return false;
    return true;
}

/* Of a partial answer the operation goes on; else its object is closed, as for the other answers. */
static void close_object(gl_gsc_op op)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_type *type = gl_type_named("globus_gridftp_server_control_op_t");
    PyObject *object = type ? gl_object_new(type, op, false) : NULL;
    if (object) gl_object_close((gl_object *)object);
    else PyErr_Clear();
    Py_XDECREF(object);
    PyGILState_Release(state);
}

globus_result_t gl_adapt_globus_gridftp_server_control_finished_resource(
    globus_gridftp_server_control_op_t op, globus_gridftp_server_control_stat_t *stat_info_array, int stat_count, int uid,
    int gid_count, int *gid_array, globus_gridftp_server_control_response_t response_code, const char *msg)
{
    bool is_partial = response_code == GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_PARTIAL_SUCCESS;
    if (!have_names(stat_info_array, stat_count)) return gl_gsc_failure(__func__, "an element of stat_info_array has no name");
    if (response_code == GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_SUCCESS && stat_count < 1)
        return gl_gsc_failure(__func__, "success needs at least one element of stat_info_array");
    globus_result_t result = is_partial ? look(op, GL_GSC_RESOURCE, __func__, NULL) : take(op, GL_GSC_RESOURCE, __func__);
    if (result) return result;
    if (!is_partial) close_object(op);
    return globus_gridftp_server_control_finished_resource(
        op, stat_info_array, stat_count, uid, gid_count, gid_array, response_code, msg);
}

static globus_result_t check_data(
    const void *handle, globus_gridftp_server_control_response_t response, int contacts, const char *function)
{
    if (response != GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_SUCCESS) return GLOBUS_SUCCESS;
    if (!handle) return gl_gsc_failure(function, "success needs an object for the data connection, which is not None");
    return contacts > 0 ? GLOBUS_SUCCESS : gl_gsc_failure(function, "success needs at least one contact string");
}

globus_result_t gl_adapt_globus_gridftp_server_control_finished_active_connect(
    globus_gridftp_server_control_op_t op, void *user_data_handle, globus_gridftp_server_control_data_dir_t data_dir,
    globus_gridftp_server_control_response_t response_code, const char *msg)
{
    globus_result_t result = check_data(user_data_handle, response_code, 1, __func__);
    if (!result) result = take(op, GL_GSC_ACTIVE, __func__);
    if (result) return result;
    return globus_gridftp_server_control_finished_active_connect(op, user_data_handle, data_dir, response_code, msg);
}

globus_result_t gl_adapt_globus_gridftp_server_control_finished_passive_connect(
    globus_gridftp_server_control_op_t op, void *user_data_handle, globus_gridftp_server_control_data_dir_t data_dir,
    const char **cs, int cs_count, globus_gridftp_server_control_response_t response_code, const char *msg)
{
    globus_result_t result = check_data(user_data_handle, response_code, cs_count, __func__);
    if (!result) result = take(op, GL_GSC_PASSIVE, __func__);
    if (result) return result;
    return globus_gridftp_server_control_finished_passive_connect(
        op, user_data_handle, data_dir, cs, cs_count, response_code, msg);
}

globus_result_t gl_adapt_globus_gridftp_server_control_finished_transfer(
    globus_gridftp_server_control_op_t op, globus_gridftp_server_control_response_t response_code, const char *msg)
{
    globus_result_t result = take(op, GL_GSC_TRANSFER, __func__);
    return result ? result : globus_gridftp_server_control_finished_transfer(op, response_code, msg);
}

globus_result_t gl_adapt_globus_gsc_959_finished_command(globus_gridftp_server_control_op_t op, char *reply_msg)
{
    globus_result_t result = take(op, GL_GSC_COMMAND, __func__);
    if (!result) globus_gsc_959_finished_command(op, reply_msg);
    return result;
}

/* ---- transfers ------------------------------------------------------------------------------------------------------------------------- */

static globus_result_t mark(gl_gsc_op op, bool begin, const char *function)
{
    pthread_mutex_lock(&lock);
    operation *known = *link_to(op);
    globus_result_t result = fault_of(known, GL_GSC_TRANSFER, function);
    if (!result && begin && known->begun) result = gl_gsc_failure(function, "this transfer has begun before");
    else if (!result && !begin && known->counts) result = gl_gsc_failure(function, "the events of this transfer are enabled already");
    else if (!result && begin) known->begun = true;
    else if (!result) known->counts = true;
    pthread_mutex_unlock(&lock);
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_control_begin_transfer(globus_gridftp_server_control_op_t op)
{
    globus_result_t result = mark(op, true, __func__);
    return result ? result : globus_gridftp_server_control_begin_transfer(op);
}

globus_result_t gl_adapt_globus_gridftp_server_control_events_enable(
    globus_gridftp_server_control_op_t op, int event_mask, globus_gridftp_server_control_event_cb_t event_cb, void *user_arg)
{
    globus_result_t result = mark(op, false, __func__);
    return result ? result : globus_gridftp_server_control_events_enable(op, event_mask, event_cb, user_arg);
}

/* C counts in an array with a place for each contact string; the first is always there. */
globus_result_t gl_adapt_globus_gridftp_server_control_event_send_perf(
    globus_gridftp_server_control_op_t op, int stripe_ndx, globus_off_t nbytes)
{
    operation known = {0};
    globus_result_t result = look(op, GL_GSC_TRANSFER, __func__, &known);
    if (result) return result;
    if (!known.counts) return gl_gsc_failure(__func__, "call globus_gridftp_server_control_events_enable() first");
    if (stripe_ndx != 0) return gl_gsc_failure(__func__, "this data connection has one stripe: stripe_ndx is 0");
    return globus_gridftp_server_control_event_send_perf(op, stripe_ndx, nbytes);
}

globus_result_t gl_adapt_globus_gridftp_server_control_event_send_restart(
    globus_gridftp_server_control_op_t op, globus_range_list_t restart)
{
    globus_result_t result = look(op, GL_GSC_TRANSFER, __func__, NULL);
    return result ? result : globus_gridftp_server_control_event_send_restart(op, restart);
}

/* ---- questions -------------------------------------------------------------------------------------------------------------------------- */

#define ASK(CALL) \
    globus_result_t result = look(op, GL_GSC_ANY, __func__, NULL); \
    return result ? result : CALL

static globus_result_t letter(globus_result_t result, char value, char **out)
{
    if (!result) *out = strndup(&value, 1);
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_control_set_paths(
    globus_gridftp_server_control_op_t op, const char *absolute_path, const char *resolved_path)
{
    ASK(globus_gridftp_server_control_set_paths(op, absolute_path, resolved_path));
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_allocated(
    globus_gridftp_server_control_op_t op, globus_off_t *out_allo)
{
    ASK(globus_gridftp_server_control_get_allocated(op, out_allo));
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_layout(
    globus_gridftp_server_control_op_t op, globus_gsc_layout_t *layout_type, globus_size_t *block_size)
{
    ASK(globus_gridftp_server_control_get_layout(op, layout_type, block_size));
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_buffer_size(
    globus_gridftp_server_control_op_t op, globus_size_t *out_recv_bs, globus_size_t *out_send_bs)
{
    ASK(globus_gridftp_server_control_get_buffer_size(op, out_recv_bs, out_send_bs));
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_parallelism(
    globus_gridftp_server_control_op_t op, int *out_parallelism)
{
    ASK(globus_gridftp_server_control_get_parallelism(op, out_parallelism));
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_mode(globus_gridftp_server_control_op_t op, char **out_mode)
{
    char mode = 0;
    globus_result_t result = look(op, GL_GSC_ANY, __func__, NULL);
    if (!result) result = globus_gridftp_server_control_get_mode(op, &mode);
    return letter(result, mode, out_mode);
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_type(globus_gridftp_server_control_op_t op, char **out_type)
{
    char type = 0;
    globus_result_t result = look(op, GL_GSC_ANY, __func__, NULL);
    if (!result) result = globus_gridftp_server_control_get_type(op, &type);
    return letter(result, type, out_type);
}

globus_result_t gl_adapt_globus_gridftp_server_control_get_data_auth(
    globus_gridftp_server_control_op_t op, char **subject, char **dcau, char **prot, gss_cred_id_t *del_cred)
{
    char authentication = 0, protection = 0;
    *subject = *dcau = *prot = NULL;
    globus_result_t result = look(op, GL_GSC_ANY, __func__, NULL);
    if (!result)
        result = globus_gridftp_server_control_get_data_auth(op, subject, &authentication, &protection, del_cred);
    if (!result) result = letter(result, authentication, dcau);
    return letter(result, protection, prot);
}

char *gl_adapt_globus_gridftp_server_control_get_cmd_string(globus_gridftp_server_control_op_t op)
{
    globus_result_t lost = look(op, GL_GSC_ANY, __func__, NULL);
    if (!lost) return globus_gridftp_server_control_get_cmd_string(op);
    gl_gsc_drop(lost);
    return NULL;
}
