/* globus_gass_copy_cksm(): C frees what it waits with before it has waited, and tells of no failure of the server. So the
 * operation that tells when it is done is waited for here. */
#include "gass_copy_adapters.h"

typedef struct
{
    globus_mutex_t   mutex;
    globus_cond_t    cond;
    bool             done;
    globus_object_t *error;
} operation;

static void finished(void *argument, globus_gass_copy_handle_t *handle, globus_object_t *error)
{
    operation *here = argument;
    (void)handle;
    globus_mutex_lock(&here->mutex);
    here->error = error ? globus_object_copy(error) : NULL;
    here->done = true;
    globus_cond_signal(&here->cond);
    globus_mutex_unlock(&here->mutex);
}

globus_result_t gl_adapt_globus_gass_copy_cksm(
    globus_gass_copy_handle_t *handle, char *url, globus_gass_copy_attr_t *attr, globus_off_t offset, globus_off_t length,
    const char *algorithm, char *cksm)
{
    operation here = {.done = false};
    globus_mutex_init(&here.mutex, NULL);
    globus_cond_init(&here.cond, NULL);
    globus_result_t result = globus_gass_copy_cksm_async(handle, url, attr, offset, length, algorithm, cksm, finished, &here);
    globus_mutex_lock(&here.mutex);
    while (result == GLOBUS_SUCCESS && !here.done) globus_cond_wait(&here.cond, &here.mutex);
    globus_mutex_unlock(&here.mutex);
    globus_cond_destroy(&here.cond);
    globus_mutex_destroy(&here.mutex);
    return here.error ? globus_error_put(here.error) : result;
}
