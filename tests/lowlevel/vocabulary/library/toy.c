/* The toy library: its module, its errors and its handles. */
#include "toy_private.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the module ----------------------------------------------------------------------------------------------- */

static int activate(void)
{
    return globus_module_activate(GLOBUS_COMMON_MODULE);
}

static int deactivate(void)
{
    toy_wait_idle();
    return globus_module_deactivate(GLOBUS_COMMON_MODULE);
}

static globus_version_t version = {1, 0, 0, 0};
globus_module_descriptor_t toy_module = {"toy", activate, deactivate, NULL, NULL, &version, NULL};

/* ---- errors ------------------------------------------------------------------------------------------------------ */

globus_object_t *toy_error(globus_object_t *cause, int type, const char *text)
{
    return globus_error_construct_error(TOY_MODULE, cause, type, "toy.c", "toy_error", 42, "%s", text);
}

globus_result_t toy_chain(int errors)
{
    globus_object_t *error = NULL;
    for (int i = 0; i < errors; ++i)
    {
        char text[32];
        snprintf(text, sizeof text, "error %d", errors - i);
        error = toy_error(error, error ? TOY_ERROR_OUTER : TOY_ERROR_INNER, text);
    }
    return error ? globus_error_put(error) : GLOBUS_SUCCESS;
}

/* ---- what is alive --------------------------------------------------------------------------------------------------- */

static int live;

int toy_live(void)
{
    return __atomic_load_n(&live, __ATOMIC_SEQ_CST);
}

globus_off_t toy_heap(void)
{
    return (globus_off_t)(mallinfo2().uordblks + mallinfo2().hblkhd);
}

void toy_pause(int milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

/* ---- handles ------------------------------------------------------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  changed = PTHREAD_COND_INITIALIZER;
static toy_handle_t    free_handles;      /* the last one freed is the next one made: addresses come back at once */
static int             free_count;

static toy_handle_t take(void)
{
    pthread_mutex_lock(&lock);
    toy_handle_t handle = free_handles;
    if (handle) free_handles = handle->next_free;
    free_count -= handle != NULL;
    pthread_mutex_unlock(&lock);
    if (handle) memset(handle, 0, sizeof *handle);
    return handle ? handle : calloc(1, sizeof *handle);
}

static void give_back(toy_handle_t handle)
{
    memset(handle, 0xDD, sizeof *handle);      /* whoever uses it now fails loudly */
    pthread_mutex_lock(&lock);
    bool enough = free_count == 16;
    if (!enough)
    {
        handle->next_free = free_handles;
        free_handles = handle;
        ++free_count;
    }
    pthread_mutex_unlock(&lock);
    if (enough) free(handle);
}

globus_result_t toy_handle_init(toy_handle_t *handle, const char *name)
{
    if (strlen(name) >= sizeof (*handle)->name) return globus_error_put(toy_error(NULL, TOY_ERROR_INNER, "a long name"));
    *handle = take();
    strcpy((*handle)->name, name);
    __atomic_add_fetch(&live, 1, __ATOMIC_SEQ_CST);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_destroy(toy_handle_t handle)
{
    if (handle->child)
    {
        give_back(handle->child);
        __atomic_sub_fetch(&live, 1, __ATOMIC_SEQ_CST);
    }
    give_back(handle);
    __atomic_sub_fetch(&live, 1, __ATOMIC_SEQ_CST);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_destroy_slowly(toy_handle_t handle, int milliseconds)
{
    globus_result_t result = toy_handle_destroy(handle);
    toy_pause(milliseconds);
    return result;
}

globus_result_t toy_handle_destroy_fails(toy_handle_t handle)
{
    (void)handle;
    return toy_chain(1);
}

globus_result_t toy_handle_get_name(toy_handle_t handle, char **name)
{
    *name = strdup(handle->name);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_get_child(toy_handle_t handle, toy_handle_t *child)
{
    if (!handle->child) toy_handle_init(&handle->child, "child");
    *child = handle->child;
    return GLOBUS_SUCCESS;
}

static int waiting;

int toy_waiting(void)
{
    return __atomic_load_n(&waiting, __ATOMIC_SEQ_CST);
}

static globus_result_t wait_for_wake(toy_handle_t handle)
{
    pthread_mutex_lock(&lock);
    ++handle->waiting;
    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    while (!handle->woken) pthread_cond_wait(&changed, &lock);
    __atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    --handle->waiting;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_wait(toy_handle_t handle)
{
    return wait_for_wake(handle);
}

globus_result_t toy_handle_wait_or_close(toy_handle_t handle)
{
    return wait_for_wake(handle);
}

globus_result_t toy_handle_wake(toy_handle_t handle)
{
    pthread_mutex_lock(&lock);
    handle->woken = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_close(toy_handle_t handle)
{
    toy_handle_wake(handle);
    pthread_mutex_lock(&lock);
    while (handle->waiting) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return toy_handle_destroy(handle);
}

globus_result_t toy_handle_count(toy_handle_t *handles, int count, int *alive)
{
    *alive = 0;
    for (int i = 0; i < count; ++i) *alive += handles[i] && (unsigned char)handles[i]->name[0] != 0xDD;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_replace(toy_handle_t *handle)
{
    toy_handle_t old = *handle;
    globus_result_t result = toy_handle_init(handle, "replaced");
    if (old) toy_handle_destroy(old);
    return result;
}

globus_result_t toy_handle_clear(toy_handle_t *handle)
{
    if (*handle) toy_handle_destroy(*handle);
    *handle = NULL;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_keep(toy_handle_t *handle)
{
    (void)handle;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_set_user_pointer(toy_handle_t handle, void *user_pointer)
{
    handle->user_pointer = user_pointer;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_get_user_pointer(toy_handle_t handle, void **user_pointer)
{
    *user_pointer = handle->user_pointer;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_set_log(toy_handle_t handle, FILE *log)
{
    handle->log = log;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_write_log(toy_handle_t handle, const char *text)
{
    if (!handle->log || fprintf(handle->log, "%s", text) < 0) return toy_chain(1);
    return GLOBUS_SUCCESS;
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------ */

globus_result_t toy_attr_init(toy_attr_t *attr)
{
    *attr = calloc(1, sizeof **attr);
    (*attr)->address = attr;
    __atomic_add_fetch(&live, 1, __ATOMIC_SEQ_CST);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_attr_copy(toy_attr_t *copy, toy_attr_t *attr)
{
    globus_result_t result = toy_attr_init(copy);
    (*copy)->level = (*attr)->level;
    return result;
}

globus_result_t toy_attr_set_level(toy_attr_t *attr, int level)
{
    if ((*attr)->address != attr) return toy_chain(1);
    (*attr)->level = level;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_attr_get_level(const toy_attr_t *attr, int *level)
{
    *level = (*attr)->level;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_attr_destroy(toy_attr_t *attr)
{
    if ((*attr)->address != attr) return toy_chain(1);
    free(*attr);
    *attr = NULL;
    __atomic_sub_fetch(&live, 1, __ATOMIC_SEQ_CST);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_set_attr(toy_handle_t handle, toy_attr_t *attr)
{
    handle->attr = attr;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_get_level(toy_handle_t handle, int *level)
{
    *level = handle->attr ? (*handle->attr)->level : -1;
    return GLOBUS_SUCCESS;
}
