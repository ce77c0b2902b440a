%module(package="globus_lowlevel") gssapi
%include "lib/globus.swg"
%needs(GLOBUS_GSI_GSSAPI_MODULE)
%prelude(globus_common.h)
%adapters("gssapi_adapters.h", "gssapi_identifiers.h")

/* The minor status is the error that is raised. */
%returns(gss_*, MAJOR)
%param(gss_*, minor_status, SILENT)

/* ---- calls that may have to be continued: the major status comes first ------------------------------------------------ */
%returns(gss_init_sec_context, OWNED)
%param(gss_init_sec_context, initiator_cred_handle, NULLABLE, HOLDS)
%param(gss_init_sec_context, context_handle, INOUT, NULLABLE, FRAGILE)
%param(gss_init_sec_context, target_name, NULLABLE)
%param(gss_init_sec_context, mech_type, NULLABLE)
%param(gss_init_sec_context, input_chan_bindings, NULLABLE)

%returns(gss_accept_sec_context, OWNED)
%param(gss_accept_sec_context, acceptor_cred_handle, NULLABLE, HOLDS)
%param(gss_accept_sec_context, context_handle, INOUT, NULLABLE, FRAGILE)
%param(gss_accept_sec_context, input_chan_bindings, NULLABLE)
%param(gss_accept_sec_context, src_name, NULLABLE)
%param(gss_accept_sec_context, delegated_cred_handle, NULLABLE)
/* The flags that are wanted, too: this mechanism has no other place for them. */
%param(gss_accept_sec_context, ret_flags, INOUT)

%returns(gss_init_delegation, OWNED)
%returns(gss_accept_delegation, OWNED)
%param(gss_*_delegation, cred_handle, NULLABLE)
%param(gss_*_delegation, delegated_cred_handle, NULLABLE)
%param(gss_*_delegation, desired_mech, NULLABLE)
%param(gss_*_delegation, extension_*, NULLABLE)
/* None: there is none yet. */
%param(gss_*_delegation, input_token, NULLABLE)

/* ---- contexts ------------------------------------------------------------------------------------------------------------ */
%param(gss_export_sec_context, context_handle, IN_POINTER, CONSUMES)
%param(gss_set_sec_context_option, context_handle, INOUT, NULLABLE)
%param(gss_set_sec_context_option, value, HOLDS)
%param(gss_inquire_context, *_name, NULLABLE)

/* ---- credentials: None is the default credential --------------------------------------------------------------------------- */
%param(gss_acquire_cred, desired_name, NULLABLE)
%param(gss_acquire_cred, desired_mechs, NULLABLE)
%param(gss_add_cred, input_cred_handle, NULLABLE)
%param(gss_add_cred, desired_name, NULLABLE)
%param(gss_add_cred, desired_mech, NULLABLE)
%param(gss_inquire_cred, cred_handle, NULLABLE)
%param(gss_inquire_cred_by_mech, cred_handle, NULLABLE)
%param(gss_inquire_cred_by_mech, mech_type, NULLABLE)
%param(gss_*port_cred, desired_mech, NULLABLE)

/* ---- names, statuses, sets --------------------------------------------------------------------------------------------------- */
%param(gss_import_name, input_name_type, NULLABLE)
%param(gss_canonicalize_name, mech_type, NULLABLE)
%param(gss_display_status, mech_type, NULLABLE)
%param(gss_display_status, message_context, INOUT)
%param(gss_add_oid_set_member, oid_set, INOUT)
%param(gss_add_buffer_set_member, buffer_set, INOUT)
/* Python's values own themselves: there is nothing to release, but the call is there. */
%param(gss_release_buffer, buffer, IN_POINTER, CONSUMES)
%param(gss_release_oid_set, set, IN_POINTER, CONSUMES)
%param(gss_release_buffer_set, buffer_set, IN_POINTER, CONSUMES)

%include "gssapi.h"
