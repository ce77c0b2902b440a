/* The toy library: callbacks that are called once, and when. */
#include "toy_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- threads --------------------------------------------------------------------------------------------------- */

static int threads_running;

typedef struct
{
    void (*function)(void *);
    void *data;
} task;

static void *run_task(void *given)
{
    task it = *(task *)given;
    free(given);
    it.function(it.data);
    __atomic_sub_fetch(&threads_running, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

void toy_in_thread(void (*function)(void *), void *data, bool join)
{
    pthread_t thread;
    task *it = malloc(sizeof *it);
    *it = (task){function, data};
    __atomic_add_fetch(&threads_running, 1, __ATOMIC_SEQ_CST);
    pthread_create(&thread, NULL, run_task, it);
    if (join) pthread_join(thread, NULL);
    else pthread_detach(thread);
}

void toy_wait_idle(void)
{
    while (__atomic_load_n(&threads_running, __ATOMIC_SEQ_CST)) toy_pause(1);
}

/* ---- operations --------------------------------------------------------------------------------------------------- */

typedef struct operation
{
    void (*call)(struct operation *);
    toy_handle_t      handle;
    int               errors;
    void             *callback, *arg, *second, *second_arg;
    globus_byte_t    *buffer;
    globus_size_t     length;
    struct iovec     *vector;
    int               count;
    int              *values;
    char             *text;
    struct tm        *time;
    globus_off_t     *size, *other_size;
    globus_byte_t   **facts;
    globus_size_t    *facts_length;
    struct operation *next;
} operation;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static operation      *held;

static void perform(void *data)
{
    operation *it = data;
    it->call(it);
    free(it);
}

static void hold(operation *it)
{
    pthread_mutex_lock(&lock);
    it->next = held;
    held = it;
    pthread_mutex_unlock(&lock);
}

static globus_result_t start(toy_when_t when, operation given)
{
    if (when == TOY_REFUSED) return toy_chain(2);
    operation *it = malloc(sizeof *it);
    *it = given;
    switch (when)
    {
        case TOY_NOW: perform(it); break;
        case TOY_EARLY: toy_in_thread(perform, it, true); break;
        case TOY_LATER: toy_in_thread(perform, it, false); break;
        default: hold(it);
    }
    return GLOBUS_SUCCESS;
}

static void run_some(void *counter)
{
    for (;;)
    {
        pthread_mutex_lock(&lock);
        operation *it = held;
        if (it) held = it->next;
        pthread_mutex_unlock(&lock);
        if (!it) return;
        perform(it);
        __atomic_add_fetch((int *)counter, 1, __ATOMIC_SEQ_CST);
    }
}

int toy_run_held(int threads)
{
    int count = 0;
    pthread_t others[64];
    if (threads > 64) threads = 64;
    for (int i = 0; i < threads; ++i) pthread_create(&others[i], NULL, (void *(*)(void *))(void *)run_some, &count);
    for (int i = 0; i < threads; ++i) pthread_join(others[i], NULL);
    return count;
}

/* ---- called once ----------------------------------------------------------------------------------------------------- */

static void call_simple(operation *it)
{
    ((toy_callback_t)it->callback)(it->arg, it->handle, toy_chain(it->errors));
}

static void call_optional(operation *it)
{
    if (it->callback) call_simple(it);
}

static void call_error(operation *it)
{
    globus_result_t result = toy_chain(it->errors);
    globus_object_t *error = result ? globus_error_get(result) : NULL;
    ((toy_error_callback_t)it->callback)(it->arg, it->handle, error);
    if (error) globus_object_free(error);
}

static void call_read(operation *it)
{
    if (it->length) memset(it->buffer, 'Z', it->length - 1);
    ((toy_data_callback_t)it->callback)(
        it->arg, it->handle, GLOBUS_SUCCESS, it->buffer, it->length ? it->length - 1 : 0, 7, GLOBUS_TRUE);
}

static void call_write(operation *it)
{
    globus_off_t sum;
    toy_sum(it->buffer, it->length, &sum);
    ((toy_data_callback_t)it->callback)(it->arg, it->handle, GLOBUS_SUCCESS, it->buffer, it->length, sum, GLOBUS_FALSE);
}

static void call_vector(operation *it)
{
    globus_size_t nbytes;
    toy_readv(it->vector, it->count, 'A', &nbytes);
    ((toy_vector_callback_t)it->callback)(it->handle, GLOBUS_SUCCESS, it->vector, it->count, nbytes, it->arg);
}

static void call_bytes(operation *it)
{
    globus_byte_t *bytes = malloc(it->length + 1);
    memset(bytes, 'c', it->length);
    ((toy_data_callback_t)it->callback)(it->arg, it->handle, GLOBUS_SUCCESS, bytes, it->length, 0, GLOBUS_TRUE);
    memset(bytes, 0xDD, it->length);
    free(bytes);
}

static void call_destroyed(operation *it)
{
    ((toy_callback_t)it->callback)(it->arg, it->handle, toy_handle_destroy(it->handle));
}

static void call_pair(operation *it)
{
    ((toy_callback_t)it->callback)(it->arg, it->handle, GLOBUS_SUCCESS);
    ((toy_callback_t)it->second)(it->second_arg, it->handle, GLOBUS_SUCCESS);
}

static void call_big(operation *it)
{
    for (int i = 0; i < it->count; ++i) it->values[i] *= 2;
    call_simple(it);
}

globus_result_t toy_register(
    toy_handle_t handle, toy_when_t when, int errors, toy_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_simple, .handle = handle, .errors = errors, .callback = callback,
                                   .arg = callback_arg});
}

globus_result_t toy_register_error(
    toy_handle_t handle, toy_when_t when, int errors, toy_error_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_error, .handle = handle, .errors = errors, .callback = callback,
                                   .arg = callback_arg});
}

globus_result_t toy_register_optional(
    toy_handle_t handle, toy_when_t when, toy_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_optional, .handle = handle, .callback = callback, .arg = callback_arg});
}

globus_result_t toy_register_read(
    toy_handle_t handle, toy_when_t when, globus_byte_t *buffer, globus_size_t length, toy_data_callback_t callback,
    void *callback_arg)
{
    return start(when, (operation){.call = call_read, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .buffer = buffer, .length = length});
}

globus_result_t toy_register_write(
    toy_handle_t handle, toy_when_t when, const globus_byte_t *buffer, globus_size_t length,
    toy_data_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_write, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .buffer = (globus_byte_t *)buffer, .length = length});
}

globus_result_t toy_register_readv(
    toy_handle_t handle, toy_when_t when, struct iovec *vector, int count, toy_vector_callback_t callback,
    void *user_arg)
{
    return start(when, (operation){.call = call_vector, .handle = handle, .callback = callback, .arg = user_arg,
                                   .vector = vector, .count = count});
}

globus_result_t toy_register_bytes(
    toy_handle_t handle, toy_when_t when, int length, toy_data_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_bytes, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .length = (globus_size_t)length});
}

globus_result_t toy_handle_register_destroy(
    toy_handle_t handle, toy_when_t when, toy_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_destroyed, .handle = handle, .callback = callback, .arg = callback_arg});
}

globus_result_t toy_register_pair(
    toy_handle_t handle, toy_when_t when, toy_callback_t first, void *first_arg, toy_callback_t second,
    void *second_arg)
{
    return start(when, (operation){.call = call_pair, .handle = handle, .callback = first, .arg = first_arg,
                                   .second = second, .second_arg = second_arg});
}

globus_result_t toy_register_big(
    toy_handle_t handle, toy_when_t when, int *values, int count, char **names, toy_callback_t callback,
    void *callback_arg, char *text, struct tm *time)
{
    globus_result_t result = start(when, (operation){.call = call_big, .handle = handle, .callback = callback,
                                                     .arg = callback_arg, .values = values, .count = count});
    for (int i = 0; names[i]; ++i) strcat(text, names[i]);      /* the callback may have run: all is still there */
    for (int i = 0; i < count; ++i) time->tm_year += values[i];
    return result;
}

/* ---- outputs that are filled when the operation completes ------------------------------------------------------------- */

static void call_size(operation *it)
{
    *it->size = 1LL << 40;
    if (it->other_size) *it->other_size = 1LL << 41;
    call_simple(it);
}

static void call_checksum(operation *it)
{
    strcpy(it->text, "d41d8cd98f00b204e9800998ecf8427e");
    call_simple(it);
}

static void call_facts(operation *it)
{
    *it->facts = malloc(8);
    memcpy(*it->facts, "size=1;", 8);
    *it->facts_length = 7;
    call_simple(it);
}

globus_result_t toy_size(
    toy_handle_t handle, toy_when_t when, globus_off_t *size, toy_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_size, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .size = size});
}

globus_result_t toy_two_sizes(
    toy_handle_t handle, toy_when_t when, globus_off_t *first, globus_off_t *second, toy_callback_t callback,
    void *callback_arg)
{
    return start(when, (operation){.call = call_size, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .size = first, .other_size = second});
}

globus_result_t toy_checksum(
    toy_handle_t handle, toy_when_t when, char *checksum, toy_callback_t callback, void *callback_arg)
{
    return start(when, (operation){.call = call_checksum, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .text = checksum});
}

globus_result_t toy_facts(
    toy_handle_t handle, toy_when_t when, globus_byte_t **facts, globus_size_t *length, toy_callback_t callback,
    void *callback_arg)
{
    return start(when, (operation){.call = call_facts, .handle = handle, .callback = callback, .arg = callback_arg,
                                   .facts = facts, .facts_length = length});
}
