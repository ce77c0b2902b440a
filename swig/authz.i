%module(package="globus_lowlevel") authz
%include "lib/globus.swg"
%needs(GLOBUS_GSI_AUTHZ_MODULE)
%prelude(globus_common.h, gssapi.h)
%adapters("authz_adapters.h")

/* A handle is what the callouts have made of it: None where they make nothing, or where there are none. */
%handle(globus_gsi_authz_handle_t, gl_authz_close(value))
%nullable(globus_gsi_authz_handle_t)
%param(globus_gsi_authz_handle_destroy, handle, NULLABLE, CONSUMES)
%param(globus_gsi_authz_handle_init, context, NULLABLE, KEEPS)
%param(globus_gsi_authorize, action, NULLABLE)
%param(globus_gsi_authorize, object, NULLABLE)
%param(globus_gsi_authz_get_authorization_identity, identity_ptr, DEFERRED)

/* ---- errors --------------------------------------------------------------------------------------------------------- */
%returns(GLOBUS_GSI_AUTHZ_CALLOUT_*, VALUE)

%include "globus_gsi_authz.h"
%include "globus_gsi_authz_callout_error.h"
%include "authz_macros.h"
