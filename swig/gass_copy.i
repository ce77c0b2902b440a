%module(package="globus_lowlevel") gass_copy
%include "lib/globus.swg"
%needs(GLOBUS_GASS_COPY_MODULE)
%prelude(globus_common.h)
%adapters("gass_copy_adapters.h")

%param(globus_gass_copy_*handle_init, handle, OUT)
%param(globus_gass_copy_handle_init, handle_attr, KEEPS, NULLABLE)
%param(globus_gass_copy_handleattr_init, handle_attr, OUT)
%param(globus_gass_copy_attr_init, attr, OUT)
%param(globus_gass_copy_*_destroy, *, CONSUMES)
%param(globus_gass_copy_?et_user_pointer, user_data, DATA)
%function(globus_gass_copy_get_ftp_handle, PYTHON)
%param(globus_gass_copy_get_ftp_handle, ftp_handle, OUT)

/* What the objects of a handle or attribute use as long as they live. */
%param(globus_gass_copy_handleattr_set_ftp_attr, ftp_attr, HOLDS, REQUIRED)
%param(globus_gass_copy_attr_set_ftp, ftp_attr, HOLDS, REQUIRED)
%param(globus_gass_copy_attr_set_io, io_attr, HOLDS, REQUIRED)
%param(globus_gass_copy_attr_set_gass, gass_attr, HOLDS, REQUIRED)
%param(globus_gass_copy_*attr_*, attr, REQUIRED)
%param(globus_gass_copy_*attr_*, handle_attr, REQUIRED)
%param(globus_gass_copy_set_checksum_algo, *, NULLABLE)
%param(globus_gass_copy_set_checksum_algo, handle, !NULLABLE)
%param(globus_gass_copy_set_checksum_algo, cksm_handle, KEEPS)
%param(globus_gass_copy_set_checksum, cksm, NULLABLE)
%param(globus_gass_copy_register_performance_cb, callback, LASTING, NULLABLE)

/* C has them until the callback, which is not before it has done with them. */
%param(globus_gass_copy_register_*_to_*, handle, HOLDS)
%param(globus_gass_copy_register_url_to_handle, dest_handle, HOLDS)
%param(globus_gass_copy_register_handle_to_url, source_handle, HOLDS)
%param(globus_gass_copy_cksm_async, handle, HOLDS)
%param(globus_gass_copy_cancel, handle, HOLDS)
%callback_type(globus_gass_copy_callback_t, BEFORE=gl_gass_copy_cancelled(handle, error))

%param(globus_gass_copy_cksm, cksm, CHARS_OUT, EXTENT=CKSM_SIZE)
%param(globus_gass_copy_cksm_async, cksm, DEFERRED, EXTENT=CKSM_SIZE)
%param(globus_gass_copy_glob_expand_url, entry_cb, DURING)
%param(globus_gass_copy_stat, stat_info, OUT, FREE)

/* These look into the attribute. */
%param(globus_gass_copy_mkdir, attr, REQUIRED)
%param(globus_gass_copy_stat, attr, REQUIRED)
%param(globus_gass_copy_cksm*, attr, REQUIRED)
%param(globus_gass_copy_glob_expand_url, attr, REQUIRED)

%exception gl_adapt_globus_gass_copy_handle_destroy {
  if (gl_enter(&gl_f_$symname) < 0 || gl_gass_copy_check_end(&gl_f_$symname, arg1) < 0) SWIG_fail;
  $action
}

/* C notes that its half of the copy is ready when it has begun that, and goes on to the other half; a refusal meanwhile ends the copy
 * in another thread, and frees what it goes on with. To keep the refusal back until C has come out of its function is no remedy: C
 * waits for it in there, where the other half fails. */
%fault(globus_gass_copy_*url_to_*, "A fault of C: where a server of FTP refuses at once, such as at a port where nobody listens, the \
copy can end the process, or leave its handle active for ever. Where that may happen, copy with globus_ftp_client_get() or \
globus_ftp_client_put().")
%fault(globus_gass_copy_*handle_to_url, "A fault of C: where a server of FTP refuses at once, such as at a port where nobody \
listens, the copy can end the process, or leave its handle active for ever. Where that may happen, copy with \
globus_ftp_client_put().")

%include "globus_gass_copy.h"
