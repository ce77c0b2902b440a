/* Servers: what C follows before one is started; and one that is collected while it runs. */
#include "gl.h"
#include "gridftp_server_control_adapters.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One that was started, until it is destroyed. */
typedef struct started
{
    gl_gsc_server   server;
    bool            running;
    bool            orphan;      /* destroyed when it is done */
    int             descriptor;  /* of its connection, while it runs: our own */
    struct started *next;
} started;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  done = PTHREAD_COND_INITIALIZER;
static started        *servers;

static started **link_to(gl_gsc_server server)
{
    started **link = &servers;
    while (*link && (*link)->server != server) link = &(*link)->next;
    return link;
}

static bool is_running(gl_gsc_server server)
{
    pthread_mutex_lock(&lock);
    const started *known = *link_to(server);
    bool found = known && known->running;
    pthread_mutex_unlock(&lock);
    return found;
}

static bool is_new(gl_gsc_server server)
{
    pthread_mutex_lock(&lock);
    bool found = *link_to(server);
    pthread_mutex_unlock(&lock);
    return !found;
}

static bool note_start(gl_gsc_server server, int descriptor)
{
    pthread_mutex_lock(&lock);
    started *known = *link_to(server);
    if (!known && (known = calloc(1, sizeof *known)))
    {
        *known = (started){.server = server, .next = servers};
        servers = known;
    }
    if (known)
    {
        known->running = true;
        known->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    }
    pthread_mutex_unlock(&lock);
    return known;
}

static void forget(gl_gsc_server server)
{
    pthread_mutex_lock(&lock);
    started **link = link_to(server), *known = *link;
    if (known) *link = known->next;
    pthread_mutex_unlock(&lock);
    free(known);
}

static bool note_end(gl_gsc_server server)
{
    pthread_mutex_lock(&lock);
    started *known = *link_to(server);
    bool orphan = known && known->orphan;
    if (known && known->running && known->descriptor >= 0) close(known->descriptor);
    if (known) known->running = false;
    pthread_cond_broadcast(&done);
    pthread_mutex_unlock(&lock);
    return orphan;
}

/* ---- the end -------------------------------------------------------------------------------------------------------------------- */

/* The last callback, in which the program may destroy it, comes next. */
void gl_gsc_ending(globus_gridftp_server_control_t server)
{
    note_end(server);
}

/* The last callback was: nothing comes from this server any more. */
void gl_gsc_done(globus_gridftp_server_control_t server)
{
    Py_BEGIN_ALLOW_THREADS
    if (note_end(server)) gl_gsc_drop(gl_adapt_globus_gridftp_server_control_destroy(server));
    Py_END_ALLOW_THREADS
}

static void silent_done(gl_gsc_server server, globus_result_t result, void *user_arg)
{
    (void)user_arg;
    gl_gsc_drop(result);
    note_end(server);
}

/* C can only destroy what has run: it runs for a client that hangs up at once. */
static globus_result_t run_once(gl_gsc_server server)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return gl_gsc_failure(__func__, "there are no more descriptors");
    note_start(server, pair[0]);
    globus_result_t result = globus_gridftp_server_control_start(server, NULL, pair[0], silent_done, NULL);
    close(pair[1]);
    if (result) note_end(server);
    pthread_mutex_lock(&lock);
    while ((*link_to(server))->running) pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
    close(pair[0]);      /* a server leaves its descriptor open */
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_control_destroy(globus_gridftp_server_control_t server)
{
    if (is_running(server))
        return gl_gsc_failure(__func__, "this server is running: stop it, and wait for the callback that it is done");
    globus_result_t result = is_new(server) ? run_once(server) : GLOBUS_SUCCESS;
    if (!result) result = globus_gridftp_server_control_destroy(server);
    if (!result) forget(server);
    return result;
}

/* As when the client hangs up: C's own stop ends the process if that happens at the same time. */
static globus_result_t hang_up(gl_gsc_server server)
{
    pthread_mutex_lock(&lock);
    const started *known = *link_to(server);
    bool is_socket = known && known->running && shutdown(known->descriptor, SHUT_RDWR) == 0;
    bool is_gone = !is_socket && known && known->running && errno == ENOTCONN;
    pthread_mutex_unlock(&lock);
    return is_socket || is_gone ? GLOBUS_SUCCESS : globus_gridftp_server_control_stop(server);
}

/* Of one that was collected. */
bool gl_gsc_close(globus_gridftp_server_control_t server)
{
    pthread_mutex_lock(&lock);
    started *known = *link_to(server);
    bool stops = known && known->running;
    if (stops) known->orphan = true;
    pthread_mutex_unlock(&lock);
    gl_gsc_drop(stops ? hang_up(server) : gl_adapt_globus_gridftp_server_control_destroy(server));
    return true;
}

/* ---- its life --------------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_adapt_globus_gridftp_server_control_start(
    globus_gridftp_server_control_t server, globus_gridftp_server_control_attr_t attr,
    globus_xio_system_socket_t system_handle, globus_gridftp_server_control_cb_t done_cb, void *user_arg)
{
    if (is_running(server)) return gl_gsc_failure(__func__, "this server is running");
    if (fcntl(system_handle, F_GETFD) < 0) return gl_gsc_failure(__func__, "system_handle is no open descriptor");
    if (!note_start(server, system_handle)) return gl_gsc_failure(__func__, "out of memory");
    globus_result_t result = globus_gridftp_server_control_start(server, attr, system_handle, done_cb, user_arg);
    if (result) note_end(server);
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_control_stop(globus_gridftp_server_control_t server)
{
    return is_running(server) ? hang_up(server) : gl_gsc_failure(__func__, "this server is not running");
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
    bool is_listing = strncmp(fact_str, "LIST:", 5) == 0 || strncmp(fact_str, "NLST:", 5) == 0;
    if (!is_listing && fact_str[strspn(fact_str, "TMCSPUOGIDQLNA")])
        return gl_gsc_failure(__func__, "fact_str is neither LIST:, NLST: nor letters of facts, TMCSPUOGIDQLNA");
    return globus_gridftp_server_control_list_buffer_alloc(
        fact_str, uid, base_path, stat_info_array, stat_count, out_buf, out_size);
}

/* The bytes that the allocation gave are Python's, and C's are free already. */
void gl_adapt_globus_gridftp_server_control_list_buffer_free(const globus_byte_t *buffer)
{
    (void)buffer;
}
