/* Servers: what C follows before one is started; and one that is collected while it runs. */
#include "gl.h"
#include "gridftp_server_control_adapters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct running
{
    gl_gsc_server   server;
    bool            orphan;      /* destroyed when it is done */
    struct running *next;
} running;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static running        *servers;

static running **link_to(gl_gsc_server server)
{
    running **link = &servers;
    while (*link && (*link)->server != server) link = &(*link)->next;
    return link;
}

static bool is_running(gl_gsc_server server)
{
    pthread_mutex_lock(&lock);
    bool found = *link_to(server);
    pthread_mutex_unlock(&lock);
    return found;
}

static void add(gl_gsc_server server)
{
    running *known = calloc(1, sizeof *known);
    if (!known) return;
    known->server = server;
    pthread_mutex_lock(&lock);
    known->next = servers;
    servers = known;
    pthread_mutex_unlock(&lock);
}

static bool take(gl_gsc_server server, bool *orphan)
{
    pthread_mutex_lock(&lock);
    running **link = link_to(server), *known = *link;
    if (known) *link = known->next;
    pthread_mutex_unlock(&lock);
    if (orphan) *orphan = known && known->orphan;
    free(known);
    return known;
}

/* The last callback: nothing comes from this server any more. */
void gl_gsc_done(globus_gridftp_server_control_t server)
{
    bool orphan = false;
    Py_BEGIN_ALLOW_THREADS
    take(server, &orphan);
    if (orphan) gl_gsc_drop(globus_gridftp_server_control_destroy(server));
    Py_END_ALLOW_THREADS
}

/* Of one that was collected. */
bool gl_gsc_close(globus_gridftp_server_control_t server)
{
    pthread_mutex_lock(&lock);
    running *known = *link_to(server);
    if (known) known->orphan = true;
    pthread_mutex_unlock(&lock);
    gl_gsc_drop(known ? globus_gridftp_server_control_stop(server) : globus_gridftp_server_control_destroy(server));
    return true;
}

globus_result_t gl_adapt_globus_gridftp_server_control_start(
    globus_gridftp_server_control_t server, globus_gridftp_server_control_attr_t attr,
    globus_xio_system_socket_t system_handle, globus_gridftp_server_control_cb_t done_cb, void *user_arg)
{
    if (is_running(server)) return gl_gsc_failure(__func__, "this server is running");
    add(server);
    globus_result_t result = globus_gridftp_server_control_start(server, attr, system_handle, done_cb, user_arg);
    if (result) take(server, NULL);
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_control_stop(globus_gridftp_server_control_t server)
{
    return is_running(server) ? globus_gridftp_server_control_stop(server) : gl_gsc_failure(__func__, "this server is not running");
}

globus_result_t gl_adapt_globus_gridftp_server_control_destroy(globus_gridftp_server_control_t server)
{
    if (is_running(server))
        return gl_gsc_failure(__func__, "this server is running: stop it, and wait for the callback that it is done");
    return globus_gridftp_server_control_destroy(server);
}

globus_result_t gl_adapt_globus_gridftp_server_control_421_end(globus_gridftp_server_control_t server, char *reply_msg)
{
    if (!is_running(server)) return gl_gsc_failure(__func__, "this server is not running");
    globus_gridftp_server_control_421_end(server, reply_msg);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gsc_959_command_add(
    globus_gridftp_server_control_t server, const char *command_name, gl_gsc_command_cb_t command_cb,
    globus_gsc_959_command_desc_t desc, int min_argc, int max_argc, const char *help, void *user_arg)
{
    return globus_gsc_959_command_add(
        server, command_name, (globus_gsc_959_command_cb_t)command_cb, desc, min_argc, max_argc, help, user_arg);
}

/* ---- text --------------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gridftp_server_control_list_buffer_alloc(
    const char *fact_str, uid_t uid, const char *base_path, globus_gridftp_server_control_stat_t *stat_info_array,
    int stat_count, globus_byte_t **out_buf, globus_size_t *out_size)
{
    for (int i = 0; i < stat_count; ++i)
        if (!stat_info_array[i].name) return gl_gsc_failure(__func__, "an element of stat_info_array has no name");
    return globus_gridftp_server_control_list_buffer_alloc(
        fact_str, uid, base_path, stat_info_array, stat_count, out_buf, out_size);
}

/* The bytes that the allocation gave are Python's, and C's are free already. */
void gl_adapt_globus_gridftp_server_control_list_buffer_free(const globus_byte_t *buffer)
{
    (void)buffer;
}
