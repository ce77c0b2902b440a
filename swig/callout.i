%module(package="globus_lowlevel") callout
%include "lib/globus.swg"
%needs(GLOBUS_CALLOUT_MODULE)
%prelude(globus_common.h)
%adapters("callout_adapters.h")

%handle(globus_callout_handle_t, globus_callout_handle_destroy(value))
%callback_type(globus_callout_function_t, LASTING)

/* A library, and the name of a function in it; or a callable, and None. */
%function(globus_callout_register, PYTHON)
%param(globus_callout_register, library, DATA)
%param(globus_callout_register, symbol, NULLABLE)
%function(globus_callout_function, PYTHON)
%param(globus_callout_function, function, DATA)

/* The arguments, and what comes back, depend on the type. */
%function(globus_callout_call_type, CONTROL=arguments)

%include "globus_callout_constants.h"
%include "globus_callout.h"
%include "callout_macros.h"
