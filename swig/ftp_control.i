%module(package="globus_lowlevel") ftp_control
%include "lib/globus.swg"
%needs(GLOBUS_FTP_CONTROL_MODULE)
%prelude(globus_common.h)
%adapters("ftp_control.h")

/* An auth_info is a set of pointers, and a handle copies it. */
%param(globus_ftp_control_auth_info_init, credential_handle, KEEPS, NULLABLE)
%param(globus_ftp_control_auth_info_init, user, KEEPS, NULLABLE)
%param(globus_ftp_control_auth_info_init, password, KEEPS, NULLABLE)
%param(globus_ftp_control_auth_info_init, account, KEEPS, NULLABLE)
%param(globus_ftp_control_auth_info_init, subject, KEEPS, NULLABLE)
%param(globus_ftp_control_authenticate*, auth_info, KEEPS)
%param(globus_ftp_control_use_tls, auth_info, KEEPS)
%param(globus_ftp_control_local_dcau, delegated_credential_handle, KEEPS, NULLABLE)

%param(globus_ftp_control_handle_destroy, handle, CONSUMES)
%param(globus_ftp_control_server_handle_destroy, handle, CONSUMES)
%param(globus_ftp_control_release_data_info, data_info, CONSUMES)
%param(globus_ftp_control_force_close, callback, NULLABLE)
%param(globus_ftp_control_data_connect_*, callback, NULLABLE)
/* Called for every part, until the end or an error: then other parts may still be on their way into the buffer. */
%param(globus_ftp_control_data_read_all, callback, LASTING)

/* What comes back. */
%param(globus_ftp_control_response_copy, src, IN)
%param(globus_ftp_control_response_copy, dest, OUT)
%param(globus_ftp_control_get_parallelism, parallelism, OUT)
%param(globus_ftp_control_get_dcau, dcau, OUT, FREE)
%param(globus_ftp_control_create_data_info, data_info, OUT)
%param(globus_ftp_control_host_port_get_host, host, CHARS_OUT, EXTENT=256)
%param(globus_ftp_control_client_get_connection_info, *host, OUT_ARRAY, EXTENT=4, LENGTH=NONE)
%param(globus_ftp_control_client_get_connection_info_ex, *_info, OUT)
%param(globus_ftp_control_data_get_remote_hosts, address, OUT_ARRAY, EXTENT=1024)
%param(globus_ftp_control_get_spor, addresses, OUT_ARRAY, EXTENT=1024)
%param(globus_ftp_control_data_send_eof, count, INOUT_ARRAY)
%param(globus_ftp_control_server_listen*, port, INOUT)

%param(globus_ftp_control_local_sp*, addresses, ARRAY)
%param(globus_ftp_control_host_port_init, host, NULLABLE)
%param(globus_ftp_control_server_listen_ex, attr, IN)
%param(globus_ftp_control_set_netlogger, nl_handle, IN)

/* A layout's argument: any object for a layout in Python; for the built-in "Partitioned" what its _create() made. */
%param(globus_X_ftp_control_local_layout, user_arg, DATA)
%param(globus_ftp_control_layout_blocked*, user_arg, NOTHING)
%returns(globus_ftp_control_layout_blocked_user_arg_create, POINTER)
%returns(globus_ftp_control_layout_partitioned_user_arg_create, OWNED)

%skip(globus_ftp_control_close, "declared, exported by no library")
%skip(globus_ftp_data_close, "declared, exported by no library")
%skip(globus_i_ftp_control_data_set_stack, "internal")
%skip(globus_i_ftp_control_data_get_attr, "internal")
%skip(globus_i_ftp_control_client_get_attr, "internal")
%skip(globus_i_ftp_control_client_set_stack, "internal")
%skip(globus_i_ftp_control_load_xio_drivers, "internal")
%skip(globus_i_ftp_control_unload_xio_drivers, "internal")
%skip(globus_i_ftp_control_create_stack, "internal")
%skip(globus_i_ftp_queue_size, "internal")
%skip(globus_i_ftp_control_data_cc_init, "internal")
%skip(globus_i_ftp_control_data_cc_destroy, "internal")
%skip(globus_i_ftp_parallelism_copy, "internal")
%skip(globus_i_ftp_parallelism_get_size, "internal")
%skip(globus_i_ftp_parallelism_get_min_size, "internal")
%skip(globus_i_ftp_parallelism_get_max_size, "internal")

%include "globus_ftp_control.h"
