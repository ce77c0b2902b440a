/* The embedded server. There is one configuration in a process, so one server at a time. */
#include <globus_common.h>
#include <globus_error_string.h>
#include <globus_gridftp_server_embed.h>

#include "gridftp_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Exported by the library, declared by no installed header. */
int   globus_i_gfs_config_init(int argc, char **argv, globus_bool_t argv_only);
void *globus_i_gfs_config_get(const char *option_name);
int   globus_i_gfs_config_int(const char *option_name);

/* ---- one server ---------------------------------------------------------------------------------------------------------- */

typedef struct gl_server
{
    globus_gfs_embed_handle_t   handle;
    globus_gfs_embed_event_cb_t callback;
    void                       *callback_arg;
    bool                        started, stopping, stopped;
    struct gl_server           *next;
} gl_server;

static pthread_mutex_t servers_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_server      *servers;
static gl_server      *last_destroyed;      /* a late callback may still look at it */
static char          **arguments;           /* the configuration refers to them */
static __thread bool   in_event;

static gl_server *find(globus_gfs_embed_handle_t handle)     /* with the lock */
{
    gl_server *server = servers;
    while (server && server->handle != handle) server = server->next;
    return server;
}

static bool runs(const gl_server *server)
{
    return server->started && !(server->stopping && server->stopped && globus_i_gfs_config_int("open_connections_count") == 0);
}

static bool any_runs(void)
{
    bool found = false;
    pthread_mutex_lock(&servers_lock);
    for (gl_server *server = servers; server; server = server->next) found = found || runs(server);
    pthread_mutex_unlock(&servers_lock);
    return found;
}

static globus_bool_t on_event(
    globus_gfs_embed_handle_t handle, globus_result_t result, globus_gfs_embed_event_t event, void *arg)
{
    gl_server *server = arg;
    if (event == GLOBUS_GFS_EMBED_EVENT_STOPPED)
    {
        pthread_mutex_lock(&servers_lock);
        server->stopped = true;
        pthread_mutex_unlock(&servers_lock);
    }
    in_event = true;
    globus_bool_t answer = server->callback(handle, result, event, server->callback_arg);
    in_event = false;
    return answer;
}

/* ---- options: where the library would end the process --------------------------------------------------------------------- */

static bool is_path_list(const char *list)
{
    for (;;)
    {
        list += strspn(list, "rRwWnN");
        if (!*list || !strchr("/~$*?[", *list)) return false;
        list += strcspn(list, ",");
        if (!*list) return true;
        ++list;
    }
}

static globus_result_t check_paths(const char *option)
{
    const char *list = globus_i_gfs_config_get(option);
    if (!list || is_path_list(list)) return GLOBUS_SUCCESS;
    return globus_error_put(GlobusGFSErrorObjConfigurationError(globus_error_construct_string(
        NULL, NULL, "%s: entries must be full paths, prefixed only with R, W or N: %s", option, list)));
}

/* The built-in storage modules are registered later. */
static globus_result_t check_storage(const char *name)
{
    globus_extension_handle_t handle = NULL;
    if (!name) return gl_gfs_failure("no storage module is configured");
    if (strcmp(name, "file") == 0 || strcmp(name, "remote") == 0) return GLOBUS_SUCCESS;
    if (!globus_extension_lookup(&handle, GLOBUS_GFS_DSI_REGISTRY, (void *)name))
    {
        char module[256];
        snprintf(module, sizeof module, "globus_gridftp_server_%s", name);
        if (globus_extension_activate(module) != GLOBUS_SUCCESS
            || !globus_extension_lookup(&handle, GLOBUS_GFS_DSI_REGISTRY, (void *)name))
            return globus_error_put(GlobusGFSErrorObjConfigurationError(globus_error_construct_string(
                NULL, NULL, "there is no storage module %s", name)));
    }
    globus_extension_release(handle);
    return GLOBUS_SUCCESS;
}

static globus_result_t check_options(int count)
{
    if (globus_i_gfs_config_init(count, arguments, GLOBUS_TRUE) < 0)
        return gl_gfs_failure("the server refuses its options; it says why on standard error");
    if (globus_i_gfs_config_int("inetd")) return gl_gfs_failure("-inetd and -ssh: such a server ends its process");
    globus_result_t result = check_paths("restrict_paths");
    if (result == GLOBUS_SUCCESS) result = check_paths("sharing_rp");
    if (result == GLOBUS_SUCCESS) result = check_storage(globus_i_gfs_config_get("load_dsi_module"));
    return result;
}

static int count_of(char **list)
{
    int count = 0;
    while (list && list[count]) ++count;
    return count;
}

static char **copy_arguments(char **list)
{
    int count = count_of(list);
    char **copy = calloc((size_t)count + 2, sizeof *copy);
    for (int i = 0; copy && i < count; ++i) copy[i] = strdup(list[i]);
    if (copy && count == 0) copy[0] = strdup("globus-gridftp-server");
    return copy;
}

static void free_arguments(char **list)
{
    for (char **item = list; item && *item; ++item) free(*item);
    free(list);
}

/* ---- the functions ------------------------------------------------------------------------------------------------------------ */

globus_result_t gl_adapt_globus_gridftp_server_embed_init(globus_gfs_embed_handle_t *handle, char *args[])
{
    if (any_runs()) return gl_gfs_failure("another embedded server runs in this process: stop and destroy it first");
    char **old = arguments, **copy = copy_arguments(args);
    gl_server *server = calloc(1, sizeof *server);
    if (!copy || !server) return gl_gfs_failure("out of memory");
    arguments = copy;
    globus_result_t result = check_options(count_of(copy));
    gl_gfs_configured = true;
    if (result == GLOBUS_SUCCESS) result = globus_gridftp_server_embed_init(handle, arguments);
    free_arguments(old);
    if (result != GLOBUS_SUCCESS)
    {
        free(server);
        return result;
    }
    gl_gfs_has_restricted();      /* remembers */
    server->handle = *handle;
    pthread_mutex_lock(&servers_lock);
    server->next = servers;
    servers = server;
    pthread_mutex_unlock(&servers_lock);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_embed_start(
    globus_gfs_embed_handle_t handle, globus_gfs_embed_event_cb_t event_cb, void *user_arg)
{
    pthread_mutex_lock(&servers_lock);
    gl_server *server = find(handle);
    bool may_start = server && !server->started;
    if (may_start)
    {
        server->callback = event_cb;
        server->callback_arg = user_arg;
        server->started = true;
    }
    pthread_mutex_unlock(&servers_lock);
    if (!may_start) return gl_gfs_failure("this server was started before: make another one");
    globus_result_t result = globus_gridftp_server_embed_start(handle, on_event, server);
    if (result != GLOBUS_SUCCESS) server->started = false;
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_embed_stop(globus_gfs_embed_handle_t handle)
{
    if (in_event) return gl_gfs_failure("globus_gridftp_server_embed_stop() cannot be called from the server's event callback");
    pthread_mutex_lock(&servers_lock);
    gl_server *server = find(handle);
    bool may_stop = server && server->started;
    if (may_stop) server->stopping = true;
    pthread_mutex_unlock(&servers_lock);
    if (!may_stop) return gl_gfs_failure("this server was not started");
    globus_gridftp_server_embed_stop(handle);
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gridftp_server_embed_destroy(globus_gfs_embed_handle_t handle)
{
    pthread_mutex_lock(&servers_lock);
    gl_server *server = find(handle);
    bool may_destroy = server && !runs(server);
    gl_server *before = NULL;
    if (may_destroy)
    {
        gl_server **link = &servers;
        while (*link != server) link = &(*link)->next;
        *link = server->next;
        before = last_destroyed;
        last_destroyed = server;
    }
    pthread_mutex_unlock(&servers_lock);
    if (!may_destroy) return gl_gfs_failure("the server runs: stop it, wait for GLOBUS_GFS_EMBED_EVENT_STOPPED and for its connections");
    if (before)
    {
        globus_gridftp_server_embed_destroy(before->handle);
        free(before);
    }
    return GLOBUS_SUCCESS;
}

bool gl_gridftp_server_embed_close(globus_gfs_embed_handle_t handle)
{
    time_t end = time(NULL) + 10;
    globus_result_t result = gl_adapt_globus_gridftp_server_embed_stop(handle);
    while (result != GLOBUS_SUCCESS || (result = gl_adapt_globus_gridftp_server_embed_destroy(handle)) != GLOBUS_SUCCESS)
    {
        gl_gfs_drop(result);
        if (time(NULL) > end) return false;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        result = GLOBUS_SUCCESS;
    }
    return true;
}
