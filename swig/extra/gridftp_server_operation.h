/* What was given to modules written in Python, until they have answered: operations of storage modules, decisions of
 * access control modules, connections to data nodes. */
#ifndef GL_GRIDFTP_SERVER_OPERATION_H
#define GL_GRIDFTP_SERVER_OPERATION_H

#include <globus_gridftp_server_embed.h>
#include <stdbool.h>

globus_result_t gl_gfs_failure(const char *message);
void            gl_gfs_drop(globus_result_t result);      /* frees its error */

/* Python objects that the server keeps (given.c); called without the GIL. */
void gl_gfs_give(void *object);
void gl_gfs_take(void *object);
void gl_gfs_take_late(void *object);      /* from a callback, which can come while the interpreter ends */

typedef enum
{
    GL_OPERATION_SESSION = 1, GL_OPERATION_TRANSFER = 2, GL_OPERATION_COMMAND = 4, GL_OPERATION_STAT = 8,
    GL_OPERATION_ACTIVE = 16, GL_OPERATION_PASSIVE = 32, GL_OPERATION_ANY = 63,
} gl_operation_kind;

typedef struct gl_operation
{
    globus_gfs_operation_t op;
    gl_operation_kind      kind;
    globus_gfs_op_info_t   op_info;
    const char            *path;            /* of a stat; the server keeps it */
    bool                   file_only;       /* a stat of one file */
    bool                   for_list;        /* a stat that the server made of a listing */
    bool                   has_command;     /* the client's command is known */
    bool                   begun;           /* a transfer */
    int                    outstanding;     /* its reads and writes that have not called back */
    void                  *event_arg;       /* to be taken back when it ends */
    bool                   ended;           /* finished by its module, with this: */
    globus_result_t        result;
    int                    code;
    char                  *message;
    struct gl_operation   *next;
} gl_operation;

/* Before a storage module's function, when it raised, and when its operation is collected. */
void gl_operation_enter(globus_gfs_operation_t op, gl_operation_kind kind, globus_gfs_op_info_t op_info);
void gl_operation_enter_stat(globus_gfs_operation_t op, const globus_gfs_stat_info_t *info);
void gl_operation_enter_data(globus_gfs_operation_t op, const globus_gfs_data_info_t *info);
void gl_operation_fail(globus_gfs_operation_t op, globus_result_t failure);
bool gl_operation_abandon(globus_gfs_operation_t op);

/* Success if `op` is in progress and of one of these kinds. */
globus_result_t gl_operation_look(globus_gfs_operation_t op, int kinds, gl_operation *known);
globus_result_t gl_operation_check(globus_gfs_operation_t op, int kinds);
globus_result_t gl_operation_take(globus_gfs_operation_t op, int kinds);      /* ... and the caller may finish it */

/* Transfers. The server destroys what its reads and writes use when one is finished: that waits for them. */
globus_result_t gl_transfer_begin(globus_gfs_operation_t op, void *event_arg);   /* ... and the caller may begin it */
globus_result_t gl_transfer_register(globus_gfs_operation_t op);                 /* ... and register a read or write */
void            gl_transfer_returned(globus_gfs_operation_t op);                 /* which has called back, or failed */
globus_result_t gl_transfer_finish(globus_gfs_operation_t op, globus_result_t result, int code, const char *message);

/* What stands in a storage or access control module for functions that it does not have. */
void gl_storage_transfer(globus_gfs_operation_t op, globus_gfs_transfer_info_t *info, void *user_arg);
void gl_storage_command(globus_gfs_operation_t op, globus_gfs_command_info_t *info, void *user_arg);
void gl_storage_stat(globus_gfs_operation_t op, globus_gfs_stat_info_t *info, void *user_arg);
void gl_storage_event(globus_gfs_event_info_t *info, void *user_arg);
void gl_storage_destroyed(void *user_arg);
void gl_storage_data_destroyed(void *data_arg, void *user_arg);
int  gl_acl_init(void **out_handle, globus_gfs_acl_info_t *info, globus_gfs_acl_handle_t handle, globus_result_t *out_res);
int  gl_acl_authorize(void *out_handle, globus_gfs_acl_action_t action, globus_gfs_acl_object_desc_t *object,
                      globus_gfs_acl_info_t *info, globus_gfs_acl_handle_t handle, globus_result_t *out_res);

/* Before and after callbacks. */
void gl_transfer_event_comes(globus_gfs_event_info_t *info);
void gl_transfer_event_went(const globus_gfs_event_info_t *info);
void gl_acl_enter(globus_gfs_acl_handle_t handle);
void gl_ipc_enter(globus_gfs_ipc_handle_t handle);
void gl_ipc_opened(globus_gfs_ipc_handle_t handle, globus_result_t result);
bool gl_ipc_abandon(globus_gfs_ipc_handle_t handle);

#endif
