/* gfork: C frees a connection after its error callback, and ends the process when it writes to a server that is gone.
 * gfork/child.c */
#ifndef GFORK_ADAPTERS_H
#define GFORK_ADAPTERS_H

#include <globus_common.h>
#include <globus_xio.h>
#include <globus_gfork.h>
#include <stdbool.h>

bool gl_gfork_close(gfork_child_handle_t handle);
void gl_gfork_ended(gfork_child_handle_t handle);
void gl_gfork_read(globus_byte_t *buffer);

globus_result_t gl_adapt_globus_gfork_child_worker_start(
    gfork_child_handle_t *out_handle, const char *in_env_suffix, globus_gfork_closed_func_t close_cb,
    globus_gfork_incoming_cb_t incoming_cb, globus_gfork_error_func_t error_cb, void *user_arg);
globus_result_t gl_adapt_globus_gfork_child_master_start(
    gfork_child_handle_t *out_handle, const char *in_env_suffix, globus_gfork_open_func_t open_cb,
    globus_gfork_closed_func_t close_cb, globus_gfork_incoming_cb_t incoming_cb, globus_gfork_error_func_t error_cb,
    void *user_arg);
globus_result_t gl_adapt_globus_gfork_broadcast(
    gfork_child_handle_t handle, globus_xio_iovec_t *iov, int iovc, globus_xio_iovec_callback_t cb, void *user_arg);
globus_result_t gl_adapt_globus_gfork_send(
    gfork_child_handle_t handle, uid_t pid, globus_xio_iovec_t *iov, int iovc, globus_xio_iovec_callback_t cb,
    void *user_arg);
globus_result_t gl_adapt_globus_gfork_child_stop(gfork_child_handle_t in_handle);

#endif
