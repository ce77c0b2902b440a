#ifndef GASS_COPY_ADAPTERS_H
#define GASS_COPY_ADAPTERS_H

#include <globus_common.h>
#include <globus_gass_copy.h>
#include <stdbool.h>

/* gass_copy/copy.c */
void gl_gass_copy_cancelled(globus_gass_copy_handle_t *handle, globus_object_t *error);
globus_result_t gl_adapt_globus_gass_copy_url_to_url(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, char *dest_url,
    globus_gass_copy_attr_t *dest_attr);
globus_result_t gl_adapt_globus_gass_copy_url_to_handle(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, globus_io_handle_t *dest_handle);
globus_result_t gl_adapt_globus_gass_copy_handle_to_url(
    globus_gass_copy_handle_t *handle, globus_io_handle_t *source_handle, char *dest_url, globus_gass_copy_attr_t *dest_attr);
globus_result_t gl_adapt_globus_gass_copy_register_url_to_url(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, char *dest_url,
    globus_gass_copy_attr_t *dest_attr, globus_gass_copy_callback_t callback_func, void *callback_arg);
globus_result_t gl_adapt_globus_gass_copy_register_url_to_handle(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, globus_io_handle_t *dest_handle,
    globus_gass_copy_callback_t callback_func, void *callback_arg);
globus_result_t gl_adapt_globus_gass_copy_register_handle_to_url(
    globus_gass_copy_handle_t *handle, globus_io_handle_t *source_handle, char *dest_url, globus_gass_copy_attr_t *dest_attr,
    globus_gass_copy_callback_t callback_func, void *callback_arg);
globus_result_t gl_adapt_globus_gass_copy_cancel(
    globus_gass_copy_handle_t *handle, globus_gass_copy_callback_t cancel_callback, void *cancel_callback_arg);
globus_result_t gl_adapt_globus_gass_copy_glob_expand_url(
    globus_gass_copy_handle_t *handle, const char *url, globus_gass_copy_attr_t *attr, globus_gass_copy_glob_entry_cb_t entry_cb,
    void *user_arg);

/* gass_copy/handle.c */
globus_result_t gl_adapt_globus_gass_copy_handle_init(globus_gass_copy_handle_t *handle, globus_gass_copy_handleattr_t *handle_attr);
globus_result_t gl_adapt_globus_gass_copy_handle_destroy(globus_gass_copy_handle_t *handle);
bool gl_gass_copy_close(globus_gass_copy_handle_t *handle);
#ifdef GL_H
int gl_gass_copy_check_end(const gl_function *function, const globus_gass_copy_handle_t *handle);
#endif
globus_result_t gl_adapt_globus_gass_copy_set_buffer_length(globus_gass_copy_handle_t *handle, int length);
globus_result_t gl_adapt_globus_gass_copy_set_checksum_algo(
    globus_gass_copy_handle_t *handle, char *algo, globus_gass_copy_handle_t *cksm_handle);
globus_result_t gl_adapt_globus_gass_copy_set_checksum(globus_gass_copy_handle_t *handle, char *cksm);
globus_result_t gl_adapt_globus_gass_copy_cache_url_state(globus_gass_copy_handle_t *handle, char *url);
globus_result_t gl_adapt_globus_gass_copy_flush_url_state(globus_gass_copy_handle_t *handle, char *url);

/* gass_copy/checksum.c */
globus_result_t gl_adapt_globus_gass_copy_cksm(
    globus_gass_copy_handle_t *handle, char *url, globus_gass_copy_attr_t *attr, globus_off_t offset, globus_off_t length,
    const char *algorithm, char *cksm);

#endif
