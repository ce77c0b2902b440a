/* Attributes: C's own copy of them has neither the callbacks nor the banners, and frees what was never there. So what is set
 * is noted here, and a copy is a new set of attributes, to which the same is done. */
#include "gl.h"
#include "gridftp_server_control_adapters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef enum { RESOURCE, AUTH, LIST, BANNER, MESSAGE, SECURITY, IDLE_TIME, EPSV_IP, IPV6, RECV, SEND, DATA_FUNCTIONS, LOG } what;

typedef struct setting
{
    what            what;
    void           *functions[3], *arguments[3];
    int             numbers[2];
    char           *text;
    struct setting *next;
} setting;

typedef struct noted
{
    gl_gsc_attr   attr;
    setting      *first, **last;
    struct noted *next;
} noted;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static noted          *attributes;

static globus_result_t apply(gl_gsc_attr attr, const setting *s)
{
    void *f = s->functions[0], *arg = s->arguments[0];
    switch (s->what)
    {
        case RESOURCE: return globus_gridftp_server_control_attr_set_resource(attr, f, arg);
        case AUTH: return globus_gridftp_server_control_attr_set_auth(attr, f, arg);
        case LIST: return globus_gridftp_server_control_attr_set_list(attr, f, arg);
        case BANNER: return globus_gridftp_server_control_attr_set_banner(attr, s->text);
        case MESSAGE: return globus_gridftp_server_control_attr_set_message(attr, s->text);
        case SECURITY: return globus_gridftp_server_control_attr_set_security(attr, s->numbers[0]);
        case IDLE_TIME: return globus_gridftp_server_control_attr_set_idle_time(attr, s->numbers[0], s->numbers[1]);
        case EPSV_IP: return globus_gridftp_server_control_attr_set_epsv_ip(attr, s->numbers[0]);
        case IPV6: return globus_gridftp_server_control_attr_set_ipv6(attr, s->numbers[0]);
        case RECV: return globus_gridftp_server_control_attr_add_recv(attr, s->text, f, arg);
        case SEND: return globus_gridftp_server_control_attr_add_send(attr, s->text, f, arg);
        case DATA_FUNCTIONS:
            return globus_gridftp_server_control_attr_data_functions(
                attr, f, arg, s->functions[1], s->arguments[1], s->functions[2], s->arguments[2]);
        case LOG: return globus_gridftp_server_control_attr_set_log(attr, f, s->numbers[0], arg);
    }
    return GLOBUS_SUCCESS;
}

static noted *note_of(gl_gsc_attr attr)
{
    noted *known = attributes;
    while (known && known->attr != attr) known = known->next;
    if (known || !(known = calloc(1, sizeof *known))) return known;
    *known = (noted){.attr = attr, .last = &known->first, .next = attributes};
    return attributes = known;
}

static globus_result_t set(gl_gsc_attr attr, setting given)
{
    globus_result_t result = apply(attr, &given);
    setting *copy = result ? NULL : malloc(sizeof *copy);
    if (!copy) return result;
    *copy = given;
    copy->text = given.text ? strdup(given.text) : NULL;
    pthread_mutex_lock(&lock);
    noted *known = note_of(attr);
    if (known)
    {
        *known->last = copy;
        known->last = &copy->next;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

globus_result_t gl_adapt_globus_gridftp_server_control_attr_copy(
    globus_gridftp_server_control_attr_t *dst, globus_gridftp_server_control_attr_t src)
{
    globus_result_t result = globus_gridftp_server_control_attr_init(dst);
    pthread_mutex_lock(&lock);
    const setting *next = result ? NULL : note_of(src)->first;
    pthread_mutex_unlock(&lock);
    for (; !result && next; next = next->next)
    {
        setting again = *next;
        again.next = NULL;
        result = set(*dst, again);
    }
    return result;
}

static void forget(gl_gsc_attr attr)
{
    pthread_mutex_lock(&lock);
    noted **link = &attributes;
    while (*link && (*link)->attr != attr) link = &(*link)->next;
    noted *known = *link;
    if (known) *link = known->next;
    pthread_mutex_unlock(&lock);
    for (setting *s = known ? known->first : NULL, *next; s; s = next)
    {
        next = s->next;
        free(s->text);
        free(s);
    }
    free(known);
}

globus_result_t gl_adapt_globus_gridftp_server_control_attr_destroy(globus_gridftp_server_control_attr_t in_attr)
{
    forget(in_attr);
    return globus_gridftp_server_control_attr_destroy(in_attr);
}

bool gl_gsc_attr_free(globus_gridftp_server_control_attr_t attr)
{
    gl_gsc_drop(gl_adapt_globus_gridftp_server_control_attr_destroy(attr));
    return true;
}

/* ---- the setters ---------------------------------------------------------------------------------------------------------------- */

#define SETTER(NAME, PARAMETERS, ...) \
    globus_result_t gl_adapt_globus_gridftp_server_control_attr_##NAME PARAMETERS { return set(in_attr, (setting){.what = __VA_ARGS__}); }
#define ATTR globus_gridftp_server_control_attr_t in_attr

SETTER(set_resource, (ATTR, globus_gridftp_server_control_resource_cb_t resource_cb, void *user_arg),
       RESOURCE, .functions = {resource_cb}, .arguments = {user_arg})
SETTER(set_auth, (ATTR, globus_gridftp_server_control_auth_cb_t auth_cb, void *user_arg),
       AUTH, .functions = {auth_cb}, .arguments = {user_arg})
SETTER(set_list, (ATTR, globus_gridftp_server_control_list_cb_t list_cb, void *user_arg),
       LIST, .functions = {list_cb}, .arguments = {user_arg})
SETTER(set_banner, (ATTR, char *banner), BANNER, .text = banner)
SETTER(set_message, (ATTR, char *message), MESSAGE, .text = message)
SETTER(set_security, (ATTR, globus_gridftp_server_control_security_type_t sec), SECURITY, .numbers = {sec})
SETTER(set_idle_time, (ATTR, int idle_timeout, int preauth_timeout), IDLE_TIME, .numbers = {idle_timeout, preauth_timeout})
SETTER(set_epsv_ip, (ATTR, globus_bool_t epsv_ip), EPSV_IP, .numbers = {epsv_ip})
SETTER(set_ipv6, (ATTR, globus_bool_t ipv6), IPV6, .numbers = {ipv6})
SETTER(add_recv, (ATTR, const char *module_name, globus_gridftp_server_control_transfer_cb_t recv_func, void *user_arg),
       RECV, .functions = {recv_func}, .arguments = {user_arg}, .text = (char *)module_name)
SETTER(add_send, (ATTR, const char *module_name, globus_gridftp_server_control_transfer_cb_t send_func, void *user_arg),
       SEND, .functions = {send_func}, .arguments = {user_arg}, .text = (char *)module_name)
SETTER(data_functions,
       (ATTR, globus_gridftp_server_control_active_connect_cb_t active_cb, void *active_arg,
        globus_gridftp_server_control_passive_connect_cb_t passive_cb, void *passive_arg,
        globus_gridftp_server_control_data_destroy_cb_t destroy_cb, void *destroy_arg),
       DATA_FUNCTIONS, .functions = {active_cb, passive_cb, destroy_cb}, .arguments = {active_arg, passive_arg, destroy_arg})
SETTER(set_log, (ATTR, globus_gridftp_server_control_log_cb_t log_func, int log_mask, void *user_arg),
       LOG, .functions = {log_func}, .arguments = {user_arg}, .numbers = {log_mask})
