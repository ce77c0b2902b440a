%module(package="globus_lowlevel") gfork
%include "lib/globus.swg"
%needs(GLOBUS_GFORK_CHILD_MODULE)
%prelude(globus_common.h, globus_xio.h)
%adapters("gfork_adapters.h")

/* A connection with the gfork server lives until its error callback, which comes once, and last. */
%handle(gfork_child_handle_t, gl_gfork_close(value))
%owner(gfork, gfork_child_handle_t)
%param(globus_gfork_*, handle, TYPE=gfork_child_handle_t, REQUIRED)
%param(globus_gfork_child_stop, in_handle, TYPE=gfork_child_handle_t, REQUIRED)
%callback_type(globus_gfork_open_func_t, LASTING)
%callback_type(globus_gfork_closed_func_t, LASTING)
%callback_type(globus_gfork_incoming_cb_t, LASTING, AFTER=gl_gfork_read(buffer))
%callback_type(globus_gfork_error_func_t, LASTING, AFTER=gl_gfork_ended(handle))
%param(globus_gfork_child_*_start, in_env_suffix, NULLABLE)
%param(globus_gfork_child_*_start, open_cb, NULLABLE)
%param(globus_gfork_child_*_start, close_cb, NULLABLE)

%include "globus_gfork.h"
