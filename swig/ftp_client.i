%module(package="globus_lowlevel") ftp_client
%include "lib/globus.swg"
%needs(GLOBUS_FTP_CLIENT_MODULE)
%adapters("ftp_client_adapters.h")
%prelude(globus_common.h)
%adapters(ftp_client_adapters.h)


/* Written when the operation completes. */
%param(globus_ftp_client_size, size, DEFERRED)
%param(globus_ftp_client_modification_time, modification_time, DEFERRED)
%param(globus_ftp_client_cksm, cksm, DEFERRED, EXTENT=1024)
%param(globus_ftp_client_mlst, mlst_buffer, DEFERRED)
%param(globus_ftp_client_stat, stat_buffer, DEFERRED)
%param(globus_ftp_client_cwd, cwd_buffer, DEFERRED)

/* What the objects of a handle or attribute use as long as they live. */
%param(globus_ftp_client_handle_init, attr, KEEPS)
%param(globus_ftp_client_handleattr_*_plugin, plugin, KEEPS)
%param(globus_ftp_client_handle_*_plugin, plugin, KEEPS)
%param(globus_ftp_client_operationattr_set_authorization, credential, KEEPS, NULLABLE)
%param(globus_ftp_client_operationattr_set_authorization, user, NULLABLE)
%param(globus_ftp_client_operationattr_set_authorization, password, NULLABLE)
%param(globus_ftp_client_operationattr_set_authorization, account, NULLABLE)
%param(globus_ftp_client_operationattr_set_authorization, subject, NULLABLE)
%param(globus_ftp_client_operationattr_set_data_security, credential, TYPE=gss_cred_id_t, KEEPS)
%param(globus_ftp_client_operationattr_get_data_security, credential, TYPE=gss_cred_id_t)
%param(globus_ftp_client_*_copy, attr, KEEPS)
%param(globus_ftp_client_*_copy, src, KEEPS)

/* NULL stands for the defaults of an operation, not for the object that a function works on. */
%param(globus_ftp_client_*attr_*, attr, REQUIRED)
%param(globus_ftp_client_*attr_copy, src, REQUIRED)
%param(globus_ftp_client_restart_marker_*, marker, REQUIRED)

%param(globus_ftp_client_operationattr_get_parallelism, parallelism, OUT)
%param(globus_ftp_client_operationattr_get_layout, layout, OUT)
%param(globus_ftp_client_operationattr_get_tcp_buffer, tcp_buffer, OUT)
%param(globus_ftp_client_operationattr_get_dcau, dcau, OUT)
%param(globus_ftp_client_*get_*marker, marker, OUT)
%param(globus_ftp_client_handleattr_set_netlogger*, nl_handle, IN_POINTER, NULLABLE, KEEPS)
%param(globus_ftp_client_restart_plugin_init, interval, IN_POINTER, NULLABLE)
%param(globus_ftp_client_restart_plugin_init, deadline, IN_POINTER, NULLABLE)
%param(globus_ftp_client_debug_plugin_init, stream, KEEPS)
%param(globus_ftp_client_*_plugin_set_copy_destroy, *_cb, NULLABLE)

/* A copy is with C until it is destroyed there. */
%returns(globus_ftp_client_plugin_copy_t, HOLDS)
%param(globus_ftp_client_plugin_destroy_t, plugin, RELEASES)
%returns(globus_ftp_client_*_plugin_user_copy_cb_t, HOLDS)
%param(globus_ftp_client_*_plugin_user_destroy_cb_t, user_specific, DATA, RELEASES)

/* A plug-in has the functions and the data of its kind. */
%param(globus_ftp_client_debug_plugin_destroy, plugin, MADE_BY=globus_ftp_client_debug_plugin_init)
%param(globus_ftp_client_perf_plugin_[!i]*, plugin, MADE_BY=globus_ftp_client_perf_plugin_init)
%param(globus_ftp_client_restart_plugin_[!i]*, plugin, MADE_BY=globus_ftp_client_restart_plugin_init)
%param(globus_ftp_client_restart_marker_plugin_destroy, plugin, MADE_BY=globus_ftp_client_restart_marker_plugin_init)
%param(globus_ftp_client_throughput_plugin_[!i]*, plugin, MADE_BY=globus_ftp_client_throughput_plugin_init)
%param(globus_ftp_client_plugin_destroy, plugin, MADE_BY=globus_ftp_client_plugin_init)
%param(globus_ftp_client_plugin_set_*, plugin, MADE_BY=globus_ftp_client_plugin_init)
%param(globus_ftp_client_plugin_get_plugin_specific, plugin, MADE_BY=globus_ftp_client_plugin_init, LENT)

/* Objects that come back as they were given. */
%param(globus_ftp_client_handle_?et_user_pointer, user_pointer, DATA)
%param(globus_ftp_client_handleattr_get_pipeline, pipeline_arg, DATA)
%param(globus_ftp_client_operationattr_get_read_all, intermediate_callback_arg, DATA)
%param(globus_ftp_client_plugin_init, plugin_specific, DATA)
%param(globus_ftp_client_plugin_get_plugin_specific, plugin_specific, DATA)
%param(globus_ftp_client_*_plugin_*, user_specific, DATA)

/* No callback: nothing is reported. */
%param(globus_ftp_client_operationattr_set_read_all, intermediate_callbacks, LASTING, NULLABLE)
%param(globus_ftp_client_handleattr_set_pipeline, pipeline_callback, LASTING, NULLABLE)
%param(globus_ftp_client_*_plugin_init, *_cb, NULLABLE)
%param(globus_ftp_client_plugin_set_*_func, #1, NULLABLE)

%param(globus_ftp_client_operationattr_set_storage_module, module_name, NULLABLE)
%param(globus_ftp_client_operationattr_set_storage_module, module_args, NULLABLE)
%param(globus_ftp_client_operationattr_set_net_stack, driver_list, NULLABLE)
%param(globus_ftp_client_operationattr_set_disk_stack, driver_list, NULLABLE)
%param(globus_ftp_client_operationattr_set_authz_assert, authz_assert, NULLABLE)
%param(globus_ftp_client_handleattr_set_clientinfo, *, NULLABLE)

/* The library begins with a callback of its own, which nothing tells of, and which an abort does not wait for. */
%fault(globus_ftp_client_abort, "A fault of C: on a connection that the handle keeps, an abort in the first moments of an operation \
can end the process. Abort after the server's first answer, of which a plug-in is told, or half a second later.")

%skip(globus_ftp_client_operationattr_set_rfc1738_url, "declared, exported by no library")
%skip(globus_ftp_client_operationattr_get_rfc1738_url, "declared, exported by no library")

%include "globus_ftp_client.h"
%include "globus_ftp_client_plugin.h"
%include "globus_ftp_client_debug_plugin.h"
%include "globus_ftp_client_perf_plugin.h"
%include "globus_ftp_client_restart_marker_plugin.h"
%include "globus_ftp_client_restart_plugin.h"
%include "globus_ftp_client_throughput_plugin.h"
