%module(package="globus_lowlevel") xio
%include "lib/globus.swg"
%needs(GLOBUS_XIO_MODULE)
%prelude(globus_common.h)

/* The arguments of a control command depend on driver and command: see below. */
%function(globus_xio_*_cntl, BY_HAND)

%include "globus_xio_types.h"
%include "globus_xio.h"
%include "globus_xio_util.h"
%include "globus_xio_load.h"
%include "globus_xio_driver.h"
%include "globus_xio_system.h"
%include "globus_xio_wrapblock.h"
