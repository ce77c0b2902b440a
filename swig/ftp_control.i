%module(package="globus_lowlevel") ftp_control
%include "lib/globus.swg"
%needs(GLOBUS_FTP_CONTROL_MODULE)
%prelude(globus_common.h)

%param(globus_X_ftp_control_local_layout, user_arg, DATA)
%param(globus_ftp_control_layout_*, user_arg, DATA)
%returns(globus_ftp_control_layout_*_user_arg_create, DATA)

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
