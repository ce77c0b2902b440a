%module(package="globus_lowlevel") gridmap_callout_error
%include "lib/globus.swg"
%needs(GLOBUS_GRIDMAP_CALLOUT_ERROR_MODULE)
%prelude(globus_common.h, gssapi.h, globus_error_gssapi.h)

/* Errors, as values: what a mapping callout raises. */
%returns(GLOBUS_GRIDMAP_CALLOUT_*, VALUE)
%param(GLOBUS_GRIDMAP_CALLOUT_GSS_ERROR, minor_status, IN)

%include "globus_gridmap_callout_error.h"
%include "gridmap_callout_error_macros.h"
