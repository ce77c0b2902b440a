#ifndef GASS_COPY_ADAPTERS_H
#define GASS_COPY_ADAPTERS_H

#include <globus_common.h>
#include <globus_gass_copy.h>
#include <stdbool.h>

bool            gl_gass_copy_close(globus_gass_copy_handle_t *handle);
globus_result_t gl_adapt_globus_gass_copy_handle_destroy(globus_gass_copy_handle_t *handle);
globus_result_t gl_adapt_globus_gass_copy_set_buffer_length(globus_gass_copy_handle_t *handle, int length);
globus_result_t gl_adapt_globus_gass_copy_cache_url_state(globus_gass_copy_handle_t *handle, char *url);
globus_result_t gl_adapt_globus_gass_copy_flush_url_state(globus_gass_copy_handle_t *handle, char *url);
globus_result_t gl_adapt_globus_gass_copy_cksm(
    globus_gass_copy_handle_t *handle, char *url, globus_gass_copy_attr_t *attr, globus_off_t offset, globus_off_t length,
    const char *algorithm, char *cksm);

#endif
