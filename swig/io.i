%module(package="globus_lowlevel") io
%include "lib/globus.swg"
%needs(GLOBUS_IO_MODULE)
%prelude(globus_common.h)
%adapters("io_adapters.h")

/* ---- handles: the new one is the result, and belongs to the program when it is open --------------------------------- */
%param(globus_io_tcp_*connect, handle, OUT)
%param(globus_io_tcp_create_listener, handle, OUT)
%param(globus_io_tcp_create_listener, port, INOUT)
%param(globus_io_tcp_register_accept, new_handle, OUT)
%param(globus_io_tcp_accept, handle, OUT)
%param(globus_io_*posix_convert*, handle, OUT)
%param(globus_io_file_open, handle, OUT)
%param(globus_io_close, handle, CONSUMES)
%param(globus_io_handle_?et_user_pointer, user_pointer, DATA)
%param(globus_io_handle_get_xio_handle, xio_handle, BORROWED)
%param(globus_io_tcp_get_*_address, host, OUT_ARRAY, EXTENT=4, LENGTH=NONE)
%param(globus_io_tcp_get_*_address_ex, host, OUT_ARRAY, EXTENT=16, LENGTH=count)
%returns(globus_io_compat_get_*_driver, NULLABLE)

/* ---- data ---------------------------------------------------------------------------------------------------------- */
%param(globus_io_register_select, *_func, NULLABLE)
%param(globus_io_register_cancel, cancel_callback, NULLABLE)

/* ---- attributes: what the objects of a handle use as long as they live ---------------------------------------------- */
%param(globus_io_tcp_*, attr, KEEPS)
%param(globus_io_tcp_*, attributes, KEEPS, NULLABLE)
%param(globus_io_file_*, attr, KEEPS)
%param(globus_io_*attr_*, attr, REQUIRED)
%param(globus_io_*attr_init, attr, OUT)
%param(globus_io_*attr_destroy, attr, CONSUMES)
%param(globus_io_tcp_get_attr, attr, OUT, REQUIRED)
%param(globus_io_attr_set_secure_authentication_mode, credential, KEEPS, NULLABLE)
%param(globus_io_attr_get_secure_authentication_mode, credential, BORROWED)
%param(globus_io_attr_set_secure_authorization_mode, data, KEEPS, NULLABLE)
%param(globus_io_attr_get_secure_authorization_mode, data, OUT)
%param(globus_io_attr_get_secure_authorization_mode, attr, KEEPS)
%param(globus_io_attr_set_secure_extension_oids, extension_oids, NULLABLE)
%param(globus_io_attr_set_callback_space, space, IN)
%param(globus_io_attr_set_stack, stack, KEEPS)
%param(globus_io_attr_get_xio_attr, xio_attr, BORROWED)

/* ---- security ------------------------------------------------------------------------------------------------------------ */
%param(globus_io_secure_authorization_data_initialize, data, OUT)
%param(globus_io_secure_authorization_data_destroy, data, CONSUMES)
%param(globus_io_secure_authorization_data_set_callback, callback, LASTING)
%param(globus_io_secure_authorization_data_get_callback, callback_arg, DATA)
%param(globus_io_tcp_set_credential, credential, KEEPS, NULLABLE)
%param(globus_io_*_delegation, cred_handle, NULLABLE)
%param(globus_io_*_delegation, restriction_*, NULLABLE)
%param(globus_io_accept_delegation, delegated_cred, OWNED)

/* ---- NetLogger: its handles are of no use, but there ---------------------------------------------------------------------- */
%param(globus_netlogger_handle_init, *, NULLABLE)
%param(globus_netlogger_handle_destroy, nl_handle, CONSUMES)
%param(globus_netlogger_get_nlhandle, handle, POINTER)
%param(globus_io_attr_netlogger_copy_handle, dst, OUT)

/* ---- errors: objects as those of the common library; their handles may be closed ------------------------------------------ */
%function(globus_io_error_*, PREACTIVE)
%function(globus_io_error_*, ATOMIC)
%returns(globus_io_error_construct_*, OWNED)
%param(globus_io_error_*, globus_module_descriptor_t *, NULLABLE)
%param(globus_io_error_*, globus_io_handle_t *, NULLABLE)
%param(globus_io_error_*, char *, FOREVER, NULLABLE)
%param(globus_io_error_*, cause, SHARED, NULLABLE)
%function(globus_io_error_*_get_handle, PYTHON)
%returns(globus_io_error_*_get_handle, DATA, AS=globus_io_handle_t | None)

/* What asks the drivers below: they know nothing before they have opened it. */
%callback_type(globus_io_secure_authorization_callback_t, BEFORE=gl_io_established(handle))
%define %of_open_handle(FUNCTION)
%exception FUNCTION {
  if (gl_enter(&gl_f_$symname) < 0 || gl_io_check_open(&gl_f_$symname, arg1) < 0) SWIG_fail;
  $action
}
%enddef
%of_open_handle(globus_io_tcp_get_local_address)
%of_open_handle(globus_io_tcp_get_local_address_ex)
%of_open_handle(globus_io_tcp_get_remote_address)
%of_open_handle(globus_io_tcp_get_remote_address_ex)
%of_open_handle(globus_io_tcp_get_security_context)
%of_open_handle(globus_io_tcp_get_delegated_credential)
%of_open_handle(globus_io_tcp_get_credential)
%of_open_handle(globus_io_tcp_set_credential)
%of_open_handle(globus_io_handle_get_socket_buf)
%of_open_handle(globus_io_handle_get_xio_handle)
%of_open_handle(globus_io_init_delegation)
%of_open_handle(globus_io_accept_delegation)
%of_open_handle(globus_io_register_init_delegation)
%of_open_handle(globus_io_register_accept_delegation)

%include "globus_io.h"
%include "globus_io_error_hierarchy.h"
