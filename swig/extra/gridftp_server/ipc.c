/* Connections between front end and data nodes, the brain that chooses among nodes, access control, the log.
 *
 * The library aborts the process when a connection is used out of turn: each is known here from the callback that hands it
 * out until it is closed, with whether a reply is due on it. */
#include <globus_gridftp_server.h>

#include "gridftp_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- connections ------------------------------------------------------------------------------------------------------------ */

typedef struct gl_ipc
{
    globus_gfs_ipc_handle_t handle;
    bool                    reply_due;
    struct gl_ipc          *next;
} gl_ipc;

static pthread_mutex_t ipc_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_ipc         *ipcs;

static gl_ipc **link_to(globus_gfs_ipc_handle_t handle)     /* with the lock */
{
    gl_ipc **link = &ipcs;
    while (*link && (*link)->handle != handle) link = &(*link)->next;
    return link;
}

static void remember(globus_gfs_ipc_handle_t handle, bool reply_due)
{
    pthread_mutex_lock(&ipc_lock);
    gl_ipc *known = *link_to(handle);
    if (!known && (known = calloc(1, sizeof *known)))
    {
        known->handle = handle;
        known->next = ipcs;
        ipcs = known;
    }
    if (known) known->reply_due = reply_due;
    pthread_mutex_unlock(&ipc_lock);
}

static bool forget(globus_gfs_ipc_handle_t handle)
{
    pthread_mutex_lock(&ipc_lock);
    gl_ipc **link = link_to(handle), *known = *link;
    if (known) *link = known->next;
    pthread_mutex_unlock(&ipc_lock);
    free(known);
    return known != NULL;
}

static globus_result_t check(globus_gfs_ipc_handle_t handle)
{
    pthread_mutex_lock(&ipc_lock);
    bool known = *link_to(handle) != NULL;
    pthread_mutex_unlock(&ipc_lock);
    return known ? GLOBUS_SUCCESS : gl_gfs_failure("this connection is closed");
}

static globus_result_t take_reply(globus_gfs_ipc_handle_t handle, bool final)
{
    pthread_mutex_lock(&ipc_lock);
    gl_ipc *known = *link_to(handle);
    bool due = known && known->reply_due;
    if (due && final) known->reply_due = false;
    pthread_mutex_unlock(&ipc_lock);
    return due ? GLOBUS_SUCCESS : gl_gfs_failure("no reply is due on this connection");
}

/* A request arrived. */
void gl_ipc_enter(globus_gfs_ipc_handle_t handle)
{
    remember(handle, true);
}

/* We connected. */
void gl_ipc_opened(globus_gfs_ipc_handle_t handle, globus_result_t result)
{
    if (result == GLOBUS_SUCCESS && handle) remember(handle, false);
}

static void closed(globus_gfs_ipc_handle_t handle, globus_result_t result, void *user_arg)
{
    (void)handle, (void)result, (void)user_arg;
}

bool gl_ipc_abandon(globus_gfs_ipc_handle_t handle)
{
    if (forget(handle)) gl_gfs_drop(globus_gfs_ipc_close(handle, closed, NULL));
    return true;
}

globus_result_t gl_adapt_globus_gfs_ipc_init(globus_bool_t requester)
{
    globus_result_t result = gl_gfs_check_configured();      /* which has done it */
    if (result == GLOBUS_SUCCESS && ipcs) result = gl_gfs_failure("there are open connections");
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_init(requester) : result;
}

static globus_result_t check_session(const globus_gfs_session_info_t *info)
{
    globus_result_t result = gl_gfs_check_configured();
    if (result == GLOBUS_SUCCESS && !info->host_id)
        result = globus_error_put(GlobusGFSErrorObjParameter("session_info.host_id"));
    return result;
}

globus_result_t gl_adapt_globus_gfs_ipc_handle_create(
    globus_gfs_ipc_iface_t *iface, globus_xio_system_socket_t system_handle, globus_i_gfs_ipc_done_callback_t done_cb,
    void *user_arg)
{
    globus_result_t result = gl_gfs_check_configured();
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_handle_create(iface, system_handle, done_cb, user_arg) : result;
}

globus_result_t gl_adapt_globus_gfs_ipc_handle_connect(
    globus_gfs_session_info_t *session_info, globus_gfs_ipc_open_callback_t cb, void *user_arg,
    globus_gfs_ipc_error_callback_t error_cb, void *error_user_arg)
{
    globus_result_t result = check_session(session_info);
    if (result != GLOBUS_SUCCESS) return result;
    return globus_gfs_ipc_handle_connect(session_info, cb, user_arg, error_cb, error_user_arg);
}

globus_result_t gl_adapt_globus_gfs_ipc_handle_connect_ex(
    globus_gfs_session_info_t *session_info, globus_gfs_ipc_open_callback_t cb, void *user_arg,
    globus_gfs_ipc_error_callback_t error_cb, void *error_user_arg, globus_bool_t secure_ipc, gss_cred_id_t cred,
    const char *auth_mode, const char *subject, time_t connect_timeout, time_t idle_timeout, globus_bool_t inetd)
{
    globus_result_t result = check_session(session_info);
    if (result == GLOBUS_SUCCESS && inetd) result = gl_gfs_failure("inetd: such a connection ends its process");
    if (result != GLOBUS_SUCCESS) return result;
    return globus_gfs_ipc_handle_connect_ex(
        session_info, cb, user_arg, error_cb, error_user_arg, secure_ipc, cred, auth_mode, subject, connect_timeout,
        idle_timeout, inetd);
}

globus_result_t gl_adapt_globus_gfs_ipc_handle_obtain(
    globus_gfs_session_info_t *session_info, globus_gfs_ipc_iface_t *iface, globus_gfs_ipc_open_callback_t cb,
    void *user_arg, globus_gfs_ipc_error_callback_t error_cb, void *error_user_arg)
{
    globus_result_t result = check_session(session_info);
    if (result != GLOBUS_SUCCESS) return result;
    return globus_gfs_ipc_handle_obtain(session_info, iface, cb, user_arg, error_cb, error_user_arg);
}

globus_result_t gl_adapt_globus_gfs_ipc_handle_get_contact_string(
    globus_gfs_ipc_handle_t ipc_handle, char **contact_string)
{
    globus_result_t result = check(ipc_handle);
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_handle_get_contact_string(ipc_handle, contact_string) : result;
}

globus_result_t gl_adapt_globus_gfs_ipc_close(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_ipc_close_callback_t cb, void *user_arg)
{
    if (!forget(ipc_handle)) return gl_gfs_failure("this connection is closed");
    return globus_gfs_ipc_close(ipc_handle, cb, user_arg);
}

globus_result_t gl_adapt_globus_gfs_ipc_reply_close(globus_gfs_ipc_handle_t ipc_handle)
{
    if (!forget(ipc_handle)) return gl_gfs_failure("this connection is closed");
    return globus_gfs_ipc_reply_close(ipc_handle);
}

/* ---- replies and requests ---------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gfs_ipc_reply_finished(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_finished_info_t *reply)
{
    globus_result_t result = take_reply(ipc_handle, reply->code / 100 != 1);
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_reply_finished(ipc_handle, reply) : result;
}

globus_result_t gl_adapt_globus_gfs_ipc_reply_event(globus_gfs_ipc_handle_t ipc_handle, globus_gfs_event_info_t *reply)
{
    globus_result_t result = take_reply(ipc_handle, false);
    if (result == GLOBUS_SUCCESS && reply->type == GLOBUS_GFS_EVENT_RANGES_RECVD && !reply->recvd_ranges)
        result = globus_error_put(GlobusGFSErrorObjParameter("reply.recvd_ranges"));
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_reply_event(ipc_handle, reply) : result;
}

globus_result_t gl_adapt_globus_gfs_ipc_reply_session(globus_gfs_ipc_handle_t ipc_handle, globus_gfs_finished_info_t *reply)
{
    globus_result_t result = take_reply(ipc_handle, true);
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_reply_session(ipc_handle, reply) : result;
}

globus_result_t gl_adapt_globus_gfs_ipc_request_buffer_send(
    globus_gfs_ipc_handle_t ipc_handle, globus_byte_t *buffer, int buffer_type, globus_size_t buffer_len)
{
    globus_result_t result = check(ipc_handle);
    if (result != GLOBUS_SUCCESS) return result;
    return globus_gfs_ipc_request_buffer_send(ipc_handle, buffer, buffer_type, buffer_len);
}

#define TRANSFER(NAME)                                                                                                       \
    globus_result_t gl_adapt_globus_gfs_ipc_request_##NAME(                                                                  \
        globus_gfs_ipc_handle_t ipc_handle, globus_gfs_transfer_info_t *info, globus_gfs_ipc_callback_t cb,                  \
        globus_gfs_ipc_event_callback_t event_cb, void *user_arg)                                                            \
    {                                                                                                                         \
        globus_result_t result = check(ipc_handle);                                                                           \
        return result == GLOBUS_SUCCESS ? globus_gfs_ipc_request_##NAME(ipc_handle, info, cb, event_cb, user_arg) : result;   \
    }

#define REQUEST(NAME, TYPE)                                                                                                   \
    globus_result_t gl_adapt_globus_gfs_ipc_request_##NAME(                                                                   \
        globus_gfs_ipc_handle_t ipc_handle, TYPE *info, globus_gfs_ipc_callback_t cb, void *user_arg)                         \
    {                                                                                                                          \
        globus_result_t result = check(ipc_handle);                                                                            \
        return result == GLOBUS_SUCCESS ? globus_gfs_ipc_request_##NAME(ipc_handle, info, cb, user_arg) : result;              \
    }

TRANSFER(recv)
TRANSFER(send)
TRANSFER(list)
REQUEST(command, globus_gfs_command_info_t)
REQUEST(active_data, globus_gfs_data_info_t)
REQUEST(passive_data, globus_gfs_data_info_t)
REQUEST(stat, globus_gfs_stat_info_t)

globus_result_t gl_adapt_globus_gfs_ipc_request_transfer_event(
    globus_gfs_ipc_handle_t ipc_handle, globus_gfs_event_info_t *event_info)
{
    globus_result_t result = check(ipc_handle);
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_request_transfer_event(ipc_handle, event_info) : result;
}

globus_result_t gl_adapt_globus_gfs_ipc_request_data_destroy(globus_gfs_ipc_handle_t ipc_handle, void *data_arg)
{
    globus_result_t result = check(ipc_handle);
    return result == GLOBUS_SUCCESS ? globus_gfs_ipc_request_data_destroy(ipc_handle, data_arg) : result;
}

/* ---- the brain ------------------------------------------------------------------------------------------------------------------ */

globus_result_t gl_adapt_globus_gfs_brain_get_available(const char *user_id, const char *repo_name, int *count)
{
    globus_result_t result = gl_gfs_check_configured();
    return result == GLOBUS_SUCCESS ? globus_gfs_brain_get_available(user_id, repo_name, count) : result;
}

/* ---- access control --------------------------------------------------------------------------------------------------------------- */

/* Decisions that a module may make later. */
typedef struct gl_decision
{
    globus_gfs_acl_handle_t handle;
    struct gl_decision     *next;
} gl_decision;

static pthread_mutex_t decisions_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_decision    *decisions;

static bool take_decision(globus_gfs_acl_handle_t handle)
{
    pthread_mutex_lock(&decisions_lock);
    gl_decision **link = &decisions;
    while (*link && (*link)->handle != handle) link = &(*link)->next;
    gl_decision *found = *link;
    if (found) *link = found->next;
    pthread_mutex_unlock(&decisions_lock);
    free(found);
    return found != NULL;
}

void gl_acl_enter(globus_gfs_acl_handle_t handle)
{
    take_decision(handle);      /* one that was answered at once */
    gl_decision *decision = malloc(sizeof *decision);
    if (!decision) return;
    pthread_mutex_lock(&decisions_lock);
    *decision = (gl_decision){handle, decisions};
    decisions = decision;
    pthread_mutex_unlock(&decisions_lock);
}

globus_result_t gl_adapt_globus_gfs_acl_authorized_finished(globus_gfs_acl_handle_t acl_handle, globus_result_t result)
{
    if (!take_decision(acl_handle))
    {
        gl_gfs_drop(result);
        return gl_gfs_failure("nothing is to be decided here");
    }
    globus_gfs_acl_authorized_finished(acl_handle, result);
    return GLOBUS_SUCCESS;
}

int gl_acl_init(void **out_handle, globus_gfs_acl_info_t *info, globus_gfs_acl_handle_t handle, globus_result_t *out_res)
{
    (void)info, (void)handle;
    *out_handle = NULL;
    *out_res = GLOBUS_SUCCESS;
    return GLOBUS_GFS_ACL_COMPLETE;
}

/* A module without a function for it does not decide. */
int gl_acl_authorize(void *out_handle, globus_gfs_acl_action_t action, globus_gfs_acl_object_desc_t *object,
                     globus_gfs_acl_info_t *info, globus_gfs_acl_handle_t handle, globus_result_t *out_res)
{
    (void)out_handle, (void)action, (void)object, (void)info, (void)handle;
    *out_res = GLOBUS_SUCCESS;
    return GLOBUS_GFS_ACL_COMPLETE;
}

/* ---- the log ------------------------------------------------------------------------------------------------------------------------ */

void gl_adapt_globus_gfs_log_result(globus_gfs_log_type_t type, const char *lead, globus_result_t result)
{
    globus_gfs_log_result(type, lead, result);
    gl_gfs_drop(result);      /* the library only looks at it */
}
