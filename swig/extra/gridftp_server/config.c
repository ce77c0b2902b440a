/* The configuration of the server. */
#include <globus_gridftp_server_embed.h>

#include "gl.h"
#include "gridftp_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Exported by the library, declared by no installed header. */
void *globus_i_gfs_config_get(const char *option_name);

bool                 gl_gfs_configured;
static __thread bool gl_gfs_in_option;

/* ---- configuration -------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_gfs_check_configured(void)
{
    if (!gl_gfs_configured) return gl_gfs_failure("there is no configuration before globus_gridftp_server_embed_init()");
    if (gl_gfs_in_option) return gl_gfs_failure("the configuration is locked while a callback of an option runs");
    return GLOBUS_SUCCESS;
}

/* Whether some paths are, or were, denied: the server applies the restrictions of all servers that the process has had. */
bool gl_gfs_has_restricted(void)
{
    static bool ever;
    if (globus_i_gfs_config_get("restrict_paths") || globus_i_gfs_config_get("sharing_rp")
        || globus_i_gfs_config_get("sharing_dn"))
        ever = true;
    return ever;
}

/* Options that hold a pointer to something else than a string. */
static bool is_string(const char *option)
{
    static const char *const others[] = {"module_list", "popen_list", "ipc_cred", "argv", "backend_pool"};
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
        if (strcmp(option, others[i]) == 0) return false;
    return true;
}

static globus_result_t check_string(const char *option)
{
    globus_result_t result = gl_gfs_check_configured();
    if (result == GLOBUS_SUCCESS && !is_string(option))
        result = globus_error_put(GlobusGFSErrorObjParameter(option));
    return result;
}

globus_result_t gl_adapt_globus_gfs_config_get_string(const char *option_name, const char **value)
{
    globus_result_t result = check_string(option_name);
    if (result == GLOBUS_SUCCESS) *value = globus_gfs_config_get_string(option_name);
    return result;
}

globus_result_t gl_adapt_globus_gfs_config_get(const char *option_name, const char **value)
{
    return gl_adapt_globus_gfs_config_get_string(option_name, value);
}

globus_result_t gl_adapt_globus_gfs_config_get_int(const char *option_name, int *value)
{
    globus_result_t result = gl_gfs_check_configured();
    if (result == GLOBUS_SUCCESS) *value = globus_gfs_config_get_int(option_name);
    return result;
}

globus_result_t gl_adapt_globus_gfs_config_get_bool(const char *option_name, globus_bool_t *value)
{
    globus_result_t result = gl_gfs_check_configured();
    if (result == GLOBUS_SUCCESS) *value = globus_gfs_config_get_bool(option_name);
    return result;
}

globus_result_t gl_adapt_globus_gfs_config_get_list(const char *option_name, char ***values)
{
    globus_result_t result = gl_gfs_check_configured();
    if (result != GLOBUS_SUCCESS) return result;
    if (strcmp(option_name, "module_list") != 0 && strcmp(option_name, "popen_list") != 0)
        return globus_error_put(GlobusGFSErrorObjParameter(option_name));
    globus_list_t *list = globus_gfs_config_get_list(option_name);
    size_t count = 0;
    if (!(*values = calloc((size_t)globus_list_size(list) + 1, sizeof **values))) return gl_gfs_failure("out of memory");
    for (; !globus_list_empty(list); list = globus_list_rest(list))
        if (globus_list_first(list)) (*values)[count++] = strdup(globus_list_first(list));
    return GLOBUS_SUCCESS;
}

static void unheard(const char *option_name, void *value, void *arg)
{
    (void)option_name, (void)value, (void)arg;
}

/* C crashes when a value is set for what is no option. Only a request for news of one tells whether it is; that stays. */
static bool is_option(const char *name)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static globus_list_t *options;
    bool found = false;
    pthread_mutex_lock(&lock);
    for (globus_list_t *list = options; !found && !globus_list_empty(list); list = globus_list_rest(list))
        found = strcmp(globus_list_first(list), name) == 0;
    globus_i_gfs_config_option_cb_ent_t *ignored;
    char *copy = found ? NULL : strdup(name);
    if (copy && globus_gfs_config_add_cb(&ignored, copy, (void *)unheard, NULL) == 0)
        found = globus_list_insert(&options, copy) == 0;
    else free(copy);
    pthread_mutex_unlock(&lock);
    return found;
}

static globus_result_t check_option(const char *name)
{
    globus_result_t result = gl_gfs_check_configured();
    return result != GLOBUS_SUCCESS || is_option(name) ? result : globus_error_put(GlobusGFSErrorObjParameter(name));
}

static globus_result_t known(int status, const char *option)
{
    return status == 0 ? GLOBUS_SUCCESS : globus_error_put(GlobusGFSErrorObjParameter(option));
}

globus_result_t gl_adapt_globus_gfs_config_set_int(char *option_name, int int_value)
{
    globus_result_t result = check_option(option_name);
    return result == GLOBUS_SUCCESS ? known(globus_gfs_config_set_int(option_name, int_value), option_name) : result;
}

globus_result_t gl_adapt_globus_gfs_config_set_bool(char *option_name, int int_value)
{
    globus_result_t result = check_option(option_name);
    return result == GLOBUS_SUCCESS ? known(globus_gfs_config_set_bool(option_name, int_value), option_name) : result;
}

globus_result_t gl_adapt_globus_gfs_config_inc_int(char *option_name, int inc_val)
{
    globus_result_t result = check_option(option_name);
    return result == GLOBUS_SUCCESS ? known(globus_gfs_config_inc_int(option_name, inc_val), option_name) : result;
}

/* The configuration keeps the pointer, and never frees it. */
globus_result_t gl_adapt_globus_gfs_config_set_ptr(char *option_name, const char *ptr)
{
    globus_result_t result = check_string(option_name);
    if (result == GLOBUS_SUCCESS) result = check_option(option_name);
    if (result != GLOBUS_SUCCESS) return result;
    char *copy = ptr ? strdup(ptr) : NULL;
    if (ptr && !copy) return gl_gfs_failure("out of memory");
    return known(globus_gfs_config_set_ptr(option_name, copy), option_name);
}

globus_result_t gl_adapt_globus_gridftp_server_embed_config_set_int(
    globus_gfs_embed_handle_t handle, char *option_name, int int_value)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_set_int(option_name, int_value);
}

globus_result_t gl_adapt_globus_gridftp_server_embed_config_set_ptr(
    globus_gfs_embed_handle_t handle, char *option_name, const char *ptr_value)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_set_ptr(option_name, ptr_value);
}

globus_result_t gl_adapt_globus_gridftp_server_embed_config_get_int(
    globus_gfs_embed_handle_t handle, const char *option_name, int *value)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_get_int(option_name, value);
}

globus_result_t gl_adapt_globus_gridftp_server_embed_config_get_ptr(
    globus_gfs_embed_handle_t handle, const char *option_name, const char **value)
{
    (void)handle;
    return gl_adapt_globus_gfs_config_get_string(option_name, value);
}

/* ---- callbacks of options ------------------------------------------------------------------------------------------------------ */

typedef struct
{
    globus_gfs_config_callback_t callback;
    void                        *callback_arg;
    bool                         is_string;
} gl_option;

/* The library calls it with the configuration locked, and with a string or an int, as the option's type is. It does not
 * tell the type; but a string is what the option holds now. */
static void on_option(const char *option_name, void *value, void *arg)
{
    gl_option *option = arg;
    if (value && globus_i_gfs_config_get(option_name) == value) option->is_string = true;
    gl_gfs_value given = {.is_string = option->is_string};
    if (given.is_string) given.string = value;
    else given.number = (int)(intptr_t)value;
    gl_gfs_in_option = true;
    option->callback(option_name, &given, option->callback_arg);
    gl_gfs_in_option = false;
}

PyObject *gl_gfs_value_to_python(const void *address)
{
    const gl_gfs_value *value = address;
    return value->is_string ? gl_string_to_python(value->string) : PyLong_FromLong(value->number);
}

int gl_gfs_value_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)call, (void)object, (void)address;
    PyErr_SetString(PyExc_TypeError, "the value of an option comes from C only");
    return -1;
}

void gl_gfs_value_release(void *address)
{
    (void)address;
}

globus_result_t gl_adapt_globus_gfs_config_add_cb(
    globus_i_gfs_config_option_cb_ent_t **cb_handle, char *option_name, globus_gfs_config_callback_t cb, void *user_arg)
{
    globus_result_t result = check_string(option_name);
    if (result != GLOBUS_SUCCESS) return result;
    gl_option *option = malloc(sizeof *option);      /* the configuration never lets go of it */
    if (!option) return gl_gfs_failure("out of memory");
    *option = (gl_option){cb, user_arg, globus_gfs_config_get(option_name) != NULL};
    if (globus_gfs_config_add_cb(cb_handle, option_name, (void *)on_option, option) == 0) return GLOBUS_SUCCESS;
    free(option);
    return globus_error_put(GlobusGFSErrorObjParameter(option_name));
}
