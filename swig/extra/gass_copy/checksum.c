/* gass_copy: a checksum that is waited for. C's own callback frees what the waiting thread still uses, and its result is lost. */
#include "gass_copy_adapters.h"

typedef struct
{
    globus_mutex_t   lock;
    globus_cond_t    over;
    bool             is_over;
    globus_object_t *error;
} wait;

static void done(void *argument, globus_gass_copy_handle_t *handle, globus_object_t *error)
{
    wait *it = argument;
    (void)handle;
    globus_mutex_lock(&it->lock);
    it->error = error ? globus_object_copy(error) : NULL;
    it->is_over = true;
    globus_cond_signal(&it->over);
    globus_mutex_unlock(&it->lock);
}

globus_result_t gl_adapt_globus_gass_copy_cksm(
    globus_gass_copy_handle_t *handle, char *url, globus_gass_copy_attr_t *attr, globus_off_t offset, globus_off_t length,
    const char *algorithm, char *cksm)
{
    wait it = {.is_over = false};
    globus_mutex_init(&it.lock, NULL);
    globus_cond_init(&it.over, NULL);
    globus_result_t result = globus_gass_copy_cksm_async(handle, url, attr, offset, length, algorithm, cksm, done, &it);
    globus_mutex_lock(&it.lock);
    while (!result && !it.is_over) globus_cond_wait(&it.over, &it.lock);
    globus_mutex_unlock(&it.lock);
    if (it.error) result = globus_error_put(it.error);
    globus_cond_destroy(&it.over);
    globus_mutex_destroy(&it.lock);
    return result;
}
