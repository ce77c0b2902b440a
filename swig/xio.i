%module(package="globus_lowlevel") xio
%include "lib/globus.swg"
%needs(GLOBUS_XIO_MODULE)
%prelude(globus_common.h)
%adapters(xio_adapters.h, xio_operation.h)

%function(globus_xio_attr_cntl, CONTROL=attr)
%function(globus_xio_handle_cntl, CONTROL=handle)
%function(globus_xio_server_cntl, CONTROL=server)
%function(globus_xio_data_descriptor_cntl, CONTROL=dd)
%function(globus_xio_driver_attr_cntl, CONTROL=attr)
%function(globus_xio_driver_handle_cntl, CONTROL=handle)
%function(globus_xio_driver_data_descriptor_cntl, CONTROL=dd)
%function(globus_xio_operation_attr_cntl, CONTROL=operation)
%function(globus_xio_string_cntl_bouncer, CONTROL=callable)

/* Objects that a driver written in Python gives to the framework, and gets back in its functions. */
%param(globus_xio_driver_pass_server_init, driver_server, GIVEN)
%param(globus_xio_driver_finished_accept, driver_link, GIVEN)
%param(globus_xio_driver_finished_open, driver_handle, GIVEN)
%param(globus_xio_driver_init, user_data, DATA, KEEPS)
%param(globus_xio_driver_get_user_data, out_user_data, DATA)
%param(globus_xio_string_cntl_*, attr, GIVEN, DURING)
%param(globus_xio_string_cntl_*, cntl_func, DURING)

%function(globus_xio_system_*, NEEDS=GLOBUS_XIO_SYSTEM_MODULE)
%param(globus_xio_system_socket_setsockopt, optval, READ)
%param(globus_xio_system_socket_getsockopt, optval, WRITE, LENGTH=optlen)
%param(globus_xio_system_socket_get*name, name, BYTES, WRITE)
%param(globus_xio_system_socket_bind, addr, BYTES, READ)
%param(globus_xio_system_socket_connect, addr, BYTES, READ)
%param(globus_xio_system_socket_register_connect, addr, CUSTOM=sockaddr, IN_POINTER)
%param(globus_xio_system_socket_register_read, out_from, CUSTOM=sockaddr, DEFERRED)
%param(globus_xio_system_socket_read, from, NULLABLE)
%param(globus_xio_system_socket_*write, to, CUSTOM=sockaddr, IN_POINTER, NULLABLE)
%param(globus_xio_system_*read, iov, WRITABLE)
%param(globus_xio_system_socket_register_accept, out_handle, DEFERRED)
%param(globus_xio_*readv, iovec, WRITABLE)
%param(globus_xio_driver_pass_read, iovec, WRITABLE)

/* A driver's functions: any of them may be missing, but those of attributes, of which C calls each after the first, and those of
 * the last driver of a stack, behind which C would look for one that has them. */
%param(globus_xio_driver_set_*, *_func, NULLABLE)
%param(globus_xio_driver_set_attr, *_func, !NULLABLE)
%param(globus_xio_driver_set_transport, *_func, !NULLABLE)
%param(globus_xio_driver_set_transport, handle_cntl_func, NULLABLE)
%param(globus_xio_wrapblock_init, accept, NULLABLE)
%function(globus_xio_driver_*string_cntl_set_table, PYTHON)
%param(globus_xio_driver_*string_cntl_set_table, table, ARRAY, TERMINATED, INLINE)
%returns(globus_xio_operation_get_driver_specific, DATA, GIVEN)
%returns(globus_xio_operation_get_data_descriptor, DATA, GIVEN)

%param(globus_xio_attr_*, attr, REQUIRED)
%param(globus_xio_attr_copy, src, REQUIRED, KEEPS)
%param(globus_xio_data_descriptor_*, data_desc, REQUIRED)

/* What stands for a driver of an open handle outlives the operation that it was asked of. */
%returns(globus_xio_operation_get_driver_*handle, OWNED)

/* NULL as driver means the framework itself. */
%param(globus_xio_*_cntl, driver, NULLABLE)
%param(globus_xio_contact_parse, contact_info, OUT)
%param(globus_xio_contact_info_to_encoded_string, encode_chars, NULLABLE)
%param(globus_xio_driver_error_match_with_cb, callback, DURING)
%param(globus_xio_driver_error_match_with_cb, type, CALL_ARG)

%param(globus_xio_driver_unload, driver, CONSUMES, MADE_BY=globus_xio_driver_load)
%param(globus_xio_driver_destroy, driver, CONSUMES, MADE_BY=globus_xio_driver_init)

/* Closing cancels what other threads wait for in the handle. */
%param(globus_xio_close, handle, CONSUMES, EXTERNAL)
%param(globus_xio_register_close, handle, EXTERNAL)
%param(globus_xio_server_close, server, CONSUMES, EXTERNAL)
%param(globus_xio_server_register_close, server, EXTERNAL)
%param(globus_xio_register_close, cb, NULLABLE)
%param(globus_xio_server_register_close, cb, NULLABLE)
%param(globus_xio_register_open, contact_string, NULLABLE)
%param(globus_xio_open, contact_string, NULLABLE)
%param(globus_xio_*open, attr, KEEPS)
%param(globus_xio_server_create, server_attr, KEEPS)

/* Where the peer has to prove that it is the host of the contact string, that has one. */
%define %opens(FUNCTION)
%exception FUNCTION {
  if (gl_enter(&gl_f_$symname) < 0 || gl_check_host(&gl_f_$symname, arg1, arg2, arg3) < 0) SWIG_fail;
  $action
}
%enddef
%opens(gl_adapt_globus_xio_open)
%opens(gl_adapt_globus_xio_register_open)
%exception globus_xio_server_create {
  if (gl_enter(&gl_f_$symname) < 0) SWIG_fail;
  $action
  if (result == GLOBUS_SUCCESS) gl_xio_server_made(_global_call, *arg1, arg2, arg3);
}
%exception gl_adapt_globus_xio_server_accept {
  if (gl_enter(&gl_f_$symname) < 0) SWIG_fail;
  $action
  if (result == GLOBUS_SUCCESS) gl_xio_accepted(_global_call, *arg1, arg2);
}

/* A data descriptor is for the handle that it was made with, and for one operation at a time. */
%{
int gl_check_descriptor(const gl_function *function, void *handle, void *descriptor);
%}
%param(globus_xio_data_descriptor_init, handle, KEEPS)
%param(globus_xio_register_*, data_desc, HOLDS)
%define %described(FUNCTION, DESCRIPTOR)
%exception FUNCTION {
  if (gl_enter(&gl_f_$symname) < 0 || gl_check_descriptor(&gl_f_$symname, arg1, DESCRIPTOR) < 0) SWIG_fail;
  $action
}
%enddef
%described(gl_adapt_globus_xio_read, arg6)
%described(gl_adapt_globus_xio_readv, arg6)
%described(gl_adapt_globus_xio_write, arg6)
%described(gl_adapt_globus_xio_writev, arg6)
%described(globus_xio_register_read, arg5)
%described(globus_xio_register_readv, arg5)
%described(globus_xio_register_write, arg5)
%described(globus_xio_register_writev, arg5)

/* A driver is not unloaded while a stack has it, or a handle that was made with that. */
%param(globus_xio_stack_push_driver, driver, HOLDS)
%param(globus_xio_stack_copy, src, KEEPS)
%param(globus_xio_handle_create, stack, KEEPS)
%param(globus_xio_server_create, stack, KEEPS)

/* A table of the drivers that strings may name, and lists of drivers: the library makes and reads them. */
%function(globus_xio_driver_list_from_string, PYTHON)
%function(globus_xio_driver_list_destroy, PYTHON)
%function(globus_xio_driver_safe_table_from_string, PYTHON)
%param(globus_xio_driver_list_from_string, safe_table, IN, NULLABLE)
%malloced(globus_xio_driver_list_ent_t)
%param(globus_xio_driver_list_create_ent, driver_in, KEEPS, NULLABLE)
%param(globus_xio_driver_list_destroy, driver_list, CONSUMES)
%exception globus_xio_driver_list_find_driver {
  if (gl_enter(&gl_f_$symname) < 0 || gl_check_driver_list(&gl_f_$symname, arg1) < 0) SWIG_fail;
  $action
}
%exception globus_xio_driver_list_to_stack_attr {
  if (gl_enter(&gl_f_$symname) < 0 || gl_check_driver_list(&gl_f_$symname, arg1) < 0) SWIG_fail;
  if (gl_lease_driver_list(arg1, arg2) < 0) SWIG_fail;
  $action
}

%handle(globus_xio_system_file_handle_t, globus_xio_system_file_destroy(value))
%handle(globus_xio_system_socket_handle_t, globus_xio_system_socket_destroy(value))

%skip(globus_xio_driver_merge_operation, "declared, exported by no library")
%skip(globus_i_xio_load_init, "internal")
%skip(globus_i_xio_load_destroy, "internal")

%include "globus_xio_types.h"
%include "globus_xio.h"
%include "globus_xio_util.h"
%include "globus_xio_load.h"
%include "globus_xio_driver.h"
%include "globus_xio_system.h"
%include "globus_xio_wrapblock.h"
