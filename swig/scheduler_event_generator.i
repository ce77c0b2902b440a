%module(package="globus_lowlevel") scheduler_event_generator
%include "lib/globus.swg"
%needs(GLOBUS_SCHEDULER_EVENT_GENERATOR_MODULE)
%prelude(globus_common.h, globus_gram_protocol.h)
%adapters("scheduler_event_generator_adapters.h")
%{
#include <signal.h>
%}

/* Events are structs that Python may make, and that C copies and frees as a whole. */
%malloced(globus_scheduler_event_t)
%param(globus_scheduler_event_copy, copy, OWNED)
%param(globus_scheduler_event_destroy, event, CONSUMES)

%exception globus_scheduler_event_generator_load_module {
  if (gl_enter(&gl_f_$symname) < 0) SWIG_fail;
  sigset_t saved_mask;
  gl_activation_begin(&saved_mask);      /* a module is activated, which blocks every signal in this thread */
  $action
  gl_activation_end(&saved_mask);
  gl_modules_refresh();
}

/* Set once for the process. A handler that raises has not taken the event; the generator goes on. */
%callback_type(globus_scheduler_event_generator_event_handler_t, LASTING)
%callback_type(globus_scheduler_event_generator_fault_*, LASTING)

/* ---- errors --------------------------------------------------------------------------------------------------------- */
%returns(GLOBUS_SEG_ERROR_*, VALUE)

%include "globus_scheduler_event_generator.h"
%include "globus_scheduler_event_generator_app.h"
%include "scheduler_event_generator_macros.h"
