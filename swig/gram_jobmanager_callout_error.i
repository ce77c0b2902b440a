%module(package="globus_lowlevel") gram_jobmanager_callout_error
%include "lib/globus.swg"
%needs(GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR_MODULE)
%prelude(globus_common.h)

/* Errors, as values: what an authorization callout of the job manager raises. */
%returns(GLOBUS_GRAM_JOBMANAGER_CALLOUT_*, VALUE)

%include "globus_gram_jobmanager_callout_error.h"
%include "gram_jobmanager_callout_error_macros.h"
