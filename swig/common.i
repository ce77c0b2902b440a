%module(package="globus_lowlevel") common
%include "lib/globus.swg"
%needs(GLOBUS_COMMON_MODULE)

%opaque(globus_thread_impl_t)
%skip(globus_state_queue_event, "declared in globus_states.h, exported by no library")

/* Deprecated in the toolkit's own words; still a part of its API. */
%begin %{
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
%}

/* ---- activation: it blocks every signal in the calling thread, and changes which modules are active -------------- */
%function(globus_module_activate*, PREACTIVE)
%function(globus_module_deactivate*, PREACTIVE)
%returns(globus_module_activate*, STATUS)
%returns(globus_module_deactivate*, STATUS)
%define %activation(NAME)
%exception NAME {
  if (gl_enter(&gl_f_$symname) < 0) SWIG_fail;
  sigset_t saved_mask;
  gl_activation_begin(&saved_mask);
  $action
  gl_activation_end(&saved_mask);
  gl_modules_refresh();
}
%enddef
%activation(globus_module_activate)
%activation(globus_module_activate_proxy)
%activation(globus_module_activate_array)
%activation(globus_module_deactivate)
%activation(globus_module_deactivate_all)

/* ---- containers ------------------------------------------------------------------------------------------------- */
%param(*, datum, DATA)
%param(*, low_datum, DATA)
%param(*, high_datum, DATA)
%param(globus_list_rest_ref, *, POINTER)
%param(globus_hashtable_*, key, DATA)
%param(globus_hashtable_*_hash, *, POINTER)
%param(globus_hashtable_*_keyeq, *, POINTER)
%param(globus_symboltable_*, symbol, DATA)
%param(globus_extension_*, symbol, POINTER)
%param(globus_object_set_local_instance_data, instance_data, DATA)
%param(globus_object_*_rsl, rsl_globus_rsl, POINTER)
%param(globus_module_get_args, *, POINTER)
%param(globus_list_int_less, ignored, POINTER)
%param(globus_object_rsl_set_rsl_globus_rsl, value, POINTER)
%param(globus_thread_setspecific, value, DATA)
%param(globus_thread_exit, value, DATA)
%param(globus_logging_init, user_arg, DATA)
%param(globus_memory_push_node, buf, POINTER)
%param(globus_priority_q_*, *priority, DATA)
%param(globus_validate_*, parms, POINTER)
%param(globus_extension_*, data, POINTER)
%param(globus_options_add_table, user_arg, DATA)
%param(globus_state_handle_event_now, user_arg, DATA)
%skip(globus_list_rest_ref, "provisional")
%skip(globus_fifo_copy, "provisional")
%skip(globus_module_get_args, "provisional")
%skip(globus_object_time_get_time_time, "provisional")

%include "globus_types.h"
%include "globus_common_include.h"
%include "globus_module.h"
%include "globus_common.h"
%include "globus_thread.h"
%include "globus_thread_common.h"
%include "globus_thread_pool.h"
%include "globus_thread_rmutex.h"
%include "globus_thread_rw_mutex.h"
%include "globus_callback.h"
%include "globus_time.h"
%include "globus_object.h"
%include "globus_object_hierarchy.h"
%include "globus_error.h"
%include "globus_error_hierarchy.h"
%include "globus_error_generic.h"
%include "globus_error_errno.h"
%include "globus_error_string.h"
%include "globus_list.h"
%include "globus_fifo.h"
%include "globus_hashtable.h"
%include "globus_symboltable.h"
%include "globus_priority_q.h"
%include "globus_handle_table.h"
%include "globus_memory.h"
%include "globus_range_list.h"
%include "globus_url.h"
%include "globus_args.h"
%include "globus_options.h"
%include "globus_libc.h"
%include "globus_print.h"
%include "globus_debug.h"
%include "globus_logging.h"
%include "globus_extension.h"
%include "globus_states.h"
%include "globus_strptime.h"
%include "globus_tilde_expand.h"
%include "globus_uuid.h"
%include "globus_release.h"
%include "globus_preload.h"
