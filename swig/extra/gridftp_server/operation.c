/* Operations of storage modules.
 *
 * The server trusts a storage module: an operation is finished once, by the function of its kind, and is not touched
 * afterwards. Here each operation that a module was given is known until it is finished, with what may be asked of it. A
 * module that raises, or forgets an operation, answers its client with an error. */
#define _GNU_SOURCE
#include <globus_gridftp_server.h>

#include "gridftp_server_operation.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

globus_result_t gl_gfs_failure(const char *message)
{
    return GlobusGFSErrorGeneric(message);
}

void gl_gfs_drop(globus_result_t result)
{
    if (result != GLOBUS_SUCCESS) globus_object_free(globus_error_get(result));
}

/* ---- what is in progress --------------------------------------------------------------------------------------------------- */

static pthread_mutex_t operations_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_operation   *operations;

static gl_operation **link_to(globus_gfs_operation_t op)     /* in progress; with the lock */
{
    gl_operation **link = &operations;
    while (*link && ((*link)->op != op || (*link)->ended)) link = &(*link)->next;
    return link;
}

globus_result_t gl_operation_look(globus_gfs_operation_t op, int kinds, gl_operation *known)
{
    pthread_mutex_lock(&operations_lock);
    gl_operation *found = *link_to(op);
    *known = found ? *found : (gl_operation){0};
    pthread_mutex_unlock(&operations_lock);
    if (!found) return gl_gfs_failure("this operation is finished");
    return known->kind & kinds ? GLOBUS_SUCCESS : gl_gfs_failure("this function is for operations of another kind");
}

globus_result_t gl_operation_check(globus_gfs_operation_t op, int kinds)
{
    gl_operation known;
    return gl_operation_look(op, kinds, &known);
}

globus_result_t gl_operation_take(globus_gfs_operation_t op, int kinds)
{
    globus_result_t result = GLOBUS_SUCCESS;
    pthread_mutex_lock(&operations_lock);
    gl_operation **link = link_to(op), *found = *link;
    if (!found) result = gl_gfs_failure("this operation is finished");
    else if (!(found->kind & kinds)) result = gl_gfs_failure("this function is for operations of another kind");
    else *link = found->next;
    pthread_mutex_unlock(&operations_lock);
    if (result == GLOBUS_SUCCESS) free(found);
    return result;
}

/* ---- transfers --------------------------------------------------------------------------------------------------------------- */

globus_result_t gl_transfer_begin(globus_gfs_operation_t op, void *event_arg)
{
    globus_result_t status = GLOBUS_SUCCESS;
    pthread_mutex_lock(&operations_lock);
    gl_operation *known = *link_to(op);
    if (!known) status = gl_gfs_failure("this operation is finished");
    else if (known->kind != GL_OPERATION_TRANSFER) status = gl_gfs_failure("this operation is no transfer");
    else if (known->begun) status = gl_gfs_failure("this transfer has begun before");
    else
    {
        known->begun = true;
        known->event_arg = event_arg;
    }
    pthread_mutex_unlock(&operations_lock);
    return status;
}

globus_result_t gl_transfer_register(globus_gfs_operation_t op)
{
    globus_result_t status = GLOBUS_SUCCESS;
    pthread_mutex_lock(&operations_lock);
    gl_operation *known = *link_to(op);
    if (!known) status = gl_gfs_failure("this operation is finished");
    else if (!known->begun) status = gl_gfs_failure("call globus_gridftp_server_begin_transfer() first");
    else ++known->outstanding;
    pthread_mutex_unlock(&operations_lock);
    return status;
}

static void finish_transfer(gl_operation *operation)
{
    if (operation->code || operation->message)
    {
        globus_gfs_finished_info_t info = {.type = GLOBUS_GFS_OP_TRANSFER, .code = operation->code, .msg = operation->message};
        globus_gridftp_server_operation_finished(operation->op, operation->result, &info);
    }
    else globus_gridftp_server_finished_transfer(operation->op, operation->result);
    gl_gfs_take_late(operation->event_arg);
    free(operation->message);
    free(operation);
}

void gl_transfer_returned(globus_gfs_operation_t op)
{
    pthread_mutex_lock(&operations_lock);
    gl_operation **link = &operations;
    while (*link && (*link)->op != op) link = &(*link)->next;
    gl_operation *operation = *link;
    bool is_over = operation && --operation->outstanding == 0 && operation->ended;
    if (is_over) *link = operation->next;
    pthread_mutex_unlock(&operations_lock);
    if (is_over) finish_transfer(operation);
}

globus_result_t gl_transfer_finish(globus_gfs_operation_t op, globus_result_t result, int code, const char *message)
{
    globus_result_t status = GLOBUS_SUCCESS;
    bool is_over = false;
    pthread_mutex_lock(&operations_lock);
    gl_operation **link = link_to(op), *operation = *link;
    if (!operation) status = gl_gfs_failure("this operation is finished");
    else if (operation->kind != GL_OPERATION_TRANSFER) status = gl_gfs_failure("this operation is no transfer");
    else if (result == GLOBUS_SUCCESS && !operation->begun)
        status = gl_gfs_failure("a transfer that was not begun has no success: call globus_gridftp_server_begin_transfer() first");
    else
    {
        operation->ended = true;
        operation->result = result;
        operation->code = code;
        operation->message = message ? strdup(message) : NULL;
        is_over = operation->outstanding == 0;
        if (is_over) *link = operation->next;
    }
    pthread_mutex_unlock(&operations_lock);
    if (is_over) finish_transfer(operation);
    if (status != GLOBUS_SUCCESS) gl_gfs_drop(result);
    return status;
}

/* ---- where a stat comes from: only the call stack tells ----------------------------------------------------------------------- */

enum { MAX_FRAMES = 48 };

static bool is_inside(void *address, const char *function)
{
    Dl_info information;
    ElfW(Sym) *symbol = NULL;
    if (!dladdr1(address, &information, (void **)&symbol, RTLD_DL_SYMENT) || !symbol || !information.dli_sname) return false;
    const char *start = information.dli_saddr;
    return strcmp(information.dli_sname, function) == 0 && (char *)address < start + symbol->st_size;
}

static bool is_of_library(void *address, const char *library)
{
    Dl_info information;
    return dladdr(address, &information) && information.dli_fname && strstr(information.dli_fname, library);
}

static void find_origin(gl_operation *operation)
{
    void *frames[MAX_FRAMES];
    int count = backtrace(frames, MAX_FRAMES);
    for (int i = 0; i < count; ++i)
    {
        if (is_inside(frames[i], "globus_i_gfs_data_request_list")) operation->for_list = true;
        if (is_of_library(frames[i], "libglobus_gridftp_server_control.")) operation->has_command = true;
    }
    if (operation->for_list) operation->has_command = false;
}

/* ---- before and after the module's functions ------------------------------------------------------------------------------------ */

static void enter(const gl_operation *given)
{
    gl_operation *operation = malloc(sizeof *operation);
    if (!operation) return;
    *operation = *given;
    pthread_mutex_lock(&operations_lock);
    operation->next = operations;
    operations = operation;
    pthread_mutex_unlock(&operations_lock);
}

void gl_operation_enter(globus_gfs_operation_t op, gl_operation_kind kind, globus_gfs_op_info_t op_info)
{
    enter(&(gl_operation){.op = op, .kind = kind, .op_info = op_info,
                          .has_command = kind == GL_OPERATION_TRANSFER || kind == GL_OPERATION_COMMAND});
}

void gl_operation_enter_stat(globus_gfs_operation_t op, const globus_gfs_stat_info_t *info)
{
    gl_operation operation = {.op = op, .kind = GL_OPERATION_STAT, .op_info = info->op_info, .path = info->pathname,
                              .file_only = info->file_only};
    if (!info->internal) find_origin(&operation);
    enter(&operation);
}

void gl_operation_enter_data(globus_gfs_operation_t op, const globus_gfs_data_info_t *info)
{
    gl_operation_enter(op, info->cs_count > 0 ? GL_OPERATION_ACTIVE : GL_OPERATION_PASSIVE, info->op_info);
}

static void fail(globus_gfs_operation_t op, gl_operation_kind kind, globus_result_t result)
{
    switch (kind)
    {
        case GL_OPERATION_SESSION: globus_gridftp_server_finished_session_start(op, result, NULL, NULL, NULL); break;
        case GL_OPERATION_COMMAND: globus_gridftp_server_finished_command(op, result, NULL); break;
        case GL_OPERATION_STAT: globus_gridftp_server_finished_stat(op, result, NULL, 0); break;
        case GL_OPERATION_ACTIVE: globus_gridftp_server_finished_active_data(op, result, NULL, GLOBUS_FALSE); break;
        case GL_OPERATION_PASSIVE: globus_gridftp_server_finished_passive_data(op, result, NULL, GLOBUS_FALSE, NULL, 0); break;
        case GL_OPERATION_TRANSFER: case GL_OPERATION_ANY: break;
    }
}

void gl_operation_fail(globus_gfs_operation_t op, globus_result_t failure)
{
    gl_operation known;
    globus_result_t lost = gl_operation_look(op, GL_OPERATION_ANY, &known);
    if (lost == GLOBUS_SUCCESS && known.kind == GL_OPERATION_TRANSFER) lost = gl_transfer_finish(op, failure, 0, NULL);
    else
    {
        if (lost == GLOBUS_SUCCESS) lost = gl_operation_take(op, GL_OPERATION_ANY);
        if (lost == GLOBUS_SUCCESS) fail(op, known.kind, failure);
        else gl_gfs_drop(failure);      /* it was finished before */
    }
    gl_gfs_drop(lost);
}

bool gl_operation_abandon(globus_gfs_operation_t op)
{
    gl_operation_fail(op, gl_gfs_failure("the storage module forgot this operation"));
    return true;
}
