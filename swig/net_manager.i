%module(package="globus_lowlevel") net_manager
%include "lib/globus.swg"
%needs(GLOBUS_NET_MANAGER_MODULE)
%prelude(globus_common.h)
%adapters("net_manager_adapters.h")

/* Attributes: structs, and arrays of them as lists of (scope, name, value). */
%malloced(globus_net_manager_attr_t)
%param(globus_net_manager_attr_array_*, attr, CUSTOM=net_attrs, OWNED)
%param(globus_net_manager_attr_array_*, dest_array, CUSTOM=net_attrs, OWNED)
%param(globus_net_manager_attr_array_*, src_array, CUSTOM=net_attrs, WHOLE, NULLABLE)
%param(globus_net_manager_attr_array_*, attrs, CUSTOM=net_attrs, WHOLE, NULLABLE)
%param(globus_net_manager_attr_destroy, attr, CONSUMES)
%variables(globus_net_manager_null_attr)

/* A manager's functions: any of them may be missing. What they answer replaces what C had; None leaves it. */
%callback_type(globus_net_manager_pre_*, LASTING)
%callback_type(globus_net_manager_post_*, LASTING)
%callback_type(globus_net_manager_end_*, LASTING)
%param(globus_net_manager_p*, *attr_array, CUSTOM=net_attrs, WHOLE)
%param(globus_net_manager_e*, *attr_array, CUSTOM=net_attrs, WHOLE)
%param(globus_net_manager_p*, attr_array_out, CUSTOM=net_attrs)
%param(globus_net_manager_p*, *_contact_out, OUT)
%param(globus_net_manager_register, manager, FOREVER)

/* ---- errors --------------------------------------------------------------------------------------------------------- */
%returns(GlobusNetManagerError*, VALUE)

%include "globus_net_manager.h"
%include "globus_net_manager_attr.h"
%include "net_manager_macros.h"
