/* Layouts: how a block of data is divided among stripes.
 *
 * The library finds a layout by its name, and calls it with no user data of the registration. So it gets one function,
 * which finds the callable by the same name. While a layout runs, this file knows the block that it divides: what is
 * written from it goes out later, so it must be a part of that block. */
#include <globus_ftp_control.h>

#include "gl.h"
#include "ftp_control.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static globus_result_t failure(const char *message)
{
    return globus_error_put(globus_error_construct_string(GLOBUS_FTP_CONTROL_MODULE, NULL, "%s", message));
}

/* ---- the block that is being divided, by thread -------------------------------------------------------------------------- */

typedef struct gl_division
{
    globus_ftp_control_handle_t          *handle;
    globus_ftp_control_data_write_info_t *data_info;
    const globus_byte_t                  *buffer;
    globus_size_t                         length;
    int                                   stripe_count;
    struct gl_division                   *outer;
} gl_division;

static __thread gl_division *current;

/* The write whose block is being divided. The library ignores what a layout answers: its callback is told. */
typedef struct
{
    globus_ftp_control_data_callback_t callback;
    void                              *callback_arg;
    globus_object_t                   *error;
} gl_write;

static __thread gl_write *current_write;

static globus_result_t divided(globus_result_t result)
{
    if (result == GLOBUS_SUCCESS || !current_write) return result;
    if (current_write->error) globus_object_free(current_write->error);
    current_write->error = globus_error_get(result);
    if (!current_write->error) current_write->error = globus_error_get(failure("the layout failed"));
    return GLOBUS_SUCCESS;
}

static globus_result_t check_part(
    const globus_ftp_control_handle_t *handle, const globus_ftp_control_data_write_info_t *data_info,
    const globus_byte_t *buffer, globus_size_t length)
{
    if (!current || current->handle != handle) return failure("only a layout function may call this, with its handle");
    if (current->data_info != data_info) return failure("data_info must be the one that the layout function received");
    if (buffer < current->buffer || buffer + length > current->buffer + current->length)
        return failure("buffer must be a part (a memoryview) of the one that the layout function received");
    return GLOBUS_SUCCESS;
}

/* No part ends its stripe: others may follow. Whoever called the layout ends all of them. */
static globus_result_t write_part(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, int stripe,
    globus_ftp_control_data_write_info_t *data_info)
{
    return globus_X_ftp_control_data_write_stripe(handle, buffer, length, offset, GLOBUS_FALSE, stripe, data_info);
}

globus_result_t gl_adapt_globus_X_ftp_control_data_write_stripe(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, globus_bool_t eof,
    int stripe_ndx, globus_ftp_control_data_write_info_t *data_info)
{
    globus_result_t result = check_part(handle, data_info, buffer, length);
    if (result != GLOBUS_SUCCESS) return result;
    if (stripe_ndx < 0 || stripe_ndx >= current->stripe_count) return failure("there is no such stripe");
    if (length == 0 && eof) return GLOBUS_SUCCESS;
    return write_part(handle, buffer, length, offset, stripe_ndx, data_info);
}

/* ---- layouts that Python registered ------------------------------------------------------------------------------------------ */

typedef struct gl_layout
{
    char                                    *name;
    globus_ftp_control_layout_func_t         enqueue;
    globus_ftp_control_layout_verify_func_t  verify;
    struct gl_layout                        *next;
} gl_layout;

static pthread_mutex_t layouts_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_layout      *layouts;

static size_t name_of(const char *layout, const char **name)
{
    static const char key[] = "StripedLayout=";
    *name = strncmp(layout, key, sizeof key - 1) == 0 ? layout + sizeof key - 1 : "";
    return strcspn(*name, ";");
}

static gl_layout *find(const char *name, size_t length)     /* with the lock */
{
    gl_layout *layout = layouts;
    while (layout && (strlen(layout->name) != length || strncmp(layout->name, name, length) != 0)) layout = layout->next;
    return layout;
}

static gl_layout lookup(const char *text)
{
    const char *name;
    size_t length = name_of(text, &name);
    pthread_mutex_lock(&layouts_lock);
    gl_layout *found = find(name, length);
    gl_layout copy = found ? *found : (gl_layout){0};
    pthread_mutex_unlock(&layouts_lock);
    return copy;
}

static globus_result_t verify(char *text)
{
    gl_layout layout = lookup(text);
    return layout.verify ? layout.verify(text) : failure("layout name has not been registered");
}

static globus_result_t enqueue(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t offset, globus_bool_t eof, int stripe_count, char *text, void *user_arg)
{
    gl_layout layout = lookup(text);
    if (!layout.enqueue) return divided(failure("layout name has not been registered"));
    gl_division division = {handle, data_info, buffer, length, stripe_count, current};
    current = &division;
    globus_result_t result = layout.enqueue(handle, data_info, buffer, length, offset, eof, stripe_count, text, user_arg);
    current = division.outer;
    return divided(result);
}

globus_result_t gl_adapt_globus_ftp_control_layout_register_func(
    char *name, globus_ftp_control_layout_func_t enqueue_func, globus_ftp_control_layout_verify_func_t verify_func)
{
    if (!*name || strpbrk(name, "; \t\r\n")) return failure("the name of a layout has no spaces and no semicolons");
    if (strcmp(name, "Blocked") == 0 || strcmp(name, "Partitioned") == 0)
        return failure("the layouts Blocked and Partitioned are built in");
    pthread_mutex_lock(&layouts_lock);
    gl_layout *layout = find(name, strlen(name));
    if (!layout && (layout = calloc(1, sizeof *layout)) && (layout->name = strdup(name)))
    {
        layout->next = layouts;
        layouts = layout;
    }
    if (layout) layout->enqueue = enqueue_func, layout->verify = verify_func;
    pthread_mutex_unlock(&layouts_lock);
    if (!layout) return failure("globus_ftp_control_layout_register_func: malloc failed");
    return globus_ftp_control_layout_register_func(layout->name, enqueue, verify);      /* it keeps the name, uncopied */
}

/* ---- the built-in layouts, which divide by what they were given ---------------------------------------------------------------- */

/* As the library's, but a file smaller than the number of stripes goes to the first one. */
static globus_result_t partition(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t offset, globus_bool_t eof, int stripe_count, char *text, void *size)
{
    (void)eof;
    globus_size_t file_size = (globus_size_t)(uintptr_t)size;
    globus_size_t chunk = stripe_count > 0 ? file_size / (globus_size_t)stripe_count : 0;
    if (chunk == 0 || chunk > INT_MAX) return divided(write_part(handle, buffer, length, offset, 0, data_info));
    return divided(globus_ftp_control_layout_partitioned(
        handle, data_info, buffer, length, offset, GLOBUS_FALSE, stripe_count, text, &file_size));
}

static globus_result_t divide(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t offset, globus_bool_t eof, int stripe_count, char *text, void *user_arg)
{
    (void)eof;
    return divided(globus_ftp_control_layout_blocked(
        handle, data_info, buffer, length, offset, GLOBUS_FALSE, stripe_count, text, user_arg));
}

/* Puts ours in the place of the library's. */
static void replace_layout(globus_ftp_control_handle_t *handle)
{
    globus_mutex_lock(&handle->dc_handle.mutex);
    globus_ftp_control_layout_func_t *function = &handle->dc_handle.layout_func;
    if (*function == globus_ftp_control_layout_partitioned) *function = partition;
    if (*function == globus_ftp_control_layout_blocked) *function = divide;
    globus_mutex_unlock(&handle->dc_handle.mutex);
}

static int block_size(const char *text)
{
    int size = 0;
    return sscanf(text, "StripedLayout=Blocked;BlockSize=%d;", &size) == 1 ? size : 0;
}

globus_result_t gl_adapt_globus_X_ftp_control_local_layout(
    globus_ftp_control_handle_t *handle, char *enqueue_str, void *user_arg)
{
    const char *name;
    size_t length = name_of(enqueue_str, &name);
    if (length == strlen("Blocked") && strncmp(name, "Blocked", length) == 0 && block_size(enqueue_str) < 1)
        return failure("the layout Blocked needs a BlockSize of at least 1");
    if (length != strlen("Partitioned") || strncmp(name, "Partitioned", length) != 0)
    {
        globus_result_t result = globus_X_ftp_control_local_layout(handle, enqueue_str, user_arg);
        replace_layout(handle);
        return result;
    }
    PyGILState_STATE state = PyGILState_Ensure();
    const globus_size_t *size = gl_pointer_of(user_arg, "globus_ftp_control_layout_user_arg_t");
    void *value = size ? (void *)(uintptr_t)*size : NULL;
    PyGILState_Release(state);
    if (!value)
        return failure("the layout Partitioned needs a user_arg made by "
                       "globus_ftp_control_layout_partitioned_user_arg_create()");
    globus_result_t result = globus_X_ftp_control_local_layout(handle, enqueue_str, value);
    replace_layout(handle);
    return result;
}

globus_result_t gl_adapt_globus_ftp_control_local_layout(
    globus_ftp_control_handle_t *handle, globus_ftp_control_layout_t *layout, globus_size_t data_size)
{
    if (layout->mode == GLOBUS_FTP_CONTROL_STRIPING_BLOCKED_ROUND_ROBIN && layout->round_robin.block_size > INT_MAX)
        return failure("globus_ftp_control_local_layout: the block size is too large");
    globus_result_t result = layout->mode == GLOBUS_FTP_CONTROL_STRIPING_PARTITIONED && layout->partitioned.size != 0
        ? globus_X_ftp_control_local_layout(
              handle, "StripedLayout=Partitioned;", (void *)(uintptr_t)layout->partitioned.size)
        : globus_ftp_control_local_layout(handle, layout, data_size);
    replace_layout(handle);
    return result;
}

globus_result_t gl_adapt_globus_ftp_control_layout_blocked(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t in_offset, globus_bool_t eof, int stripe_count, char *enqueue_str, void *user_arg)
{
    globus_result_t result = check_part(handle, data_info, buffer, length);
    if (result != GLOBUS_SUCCESS) return result;
    if (stripe_count < 1 || stripe_count > current->stripe_count) return failure("there are not so many stripes");
    if (block_size(enqueue_str) < 1) return failure("the layout Blocked needs a BlockSize of at least 1");
    (void)eof;
    return globus_ftp_control_layout_blocked(
        handle, data_info, buffer, length, in_offset, GLOBUS_FALSE, stripe_count, enqueue_str, user_arg);
}

globus_result_t gl_adapt_globus_ftp_control_layout_partitioned(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t in_offset, globus_bool_t eof, int stripe_count, char *enqueue_str,
    globus_ftp_control_layout_user_arg_t user_arg)
{
    globus_result_t result = check_part(handle, data_info, buffer, length);
    if (result != GLOBUS_SUCCESS) return result;
    if (stripe_count < 1 || stripe_count > current->stripe_count) return failure("there are not so many stripes");
    void *size = (void *)(uintptr_t)*(const globus_size_t *)(const void *)user_arg;
    return partition(handle, data_info, buffer, length, in_offset, eof, stripe_count, enqueue_str, size);
}

globus_ftp_control_layout_user_arg_t gl_adapt_globus_ftp_control_layout_partitioned_user_arg_create(globus_size_t file_size)
{
    return globus_ftp_control_layout_partitioned_user_arg_create(file_size);
}

void gl_adapt_globus_ftp_control_layout_partitioned_user_arg_destroy(globus_ftp_control_layout_user_arg_t user_arg)
{
    globus_ftp_control_layout_partitioned_user_arg_destroy(user_arg);
}

/* ---- writing through a layout ------------------------------------------------------------------------------------------------- */

static void written(
    void *arg, globus_ftp_control_handle_t *handle, globus_object_t *error, globus_byte_t *buffer, globus_size_t length,
    globus_off_t offset, globus_bool_t eof)
{
    gl_write write = *(gl_write *)arg;
    free(arg);
    write.callback(write.callback_arg, handle, write.error ? write.error : error, buffer, length, offset, eof);
    if (write.error) globus_object_free(write.error);
}

globus_result_t gl_adapt_globus_ftp_control_data_write(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, globus_bool_t eof,
    globus_ftp_control_data_callback_t callback, void *callback_arg)
{
    if (!handle->dc_handle.layout_func)
        return globus_ftp_control_data_write(handle, buffer, length, offset, eof, callback, callback_arg);
    gl_write *write = malloc(sizeof *write), *outer = current_write;
    if (!write) return failure("globus_ftp_control_data_write: malloc failed");
    *write = (gl_write){.callback = callback, .callback_arg = callback_arg};
    current_write = write;
    globus_result_t result = globus_ftp_control_data_write(handle, buffer, length, offset, eof, written, write);
    current_write = outer;
    if (result == GLOBUS_SUCCESS) return result;
    if (write->error) globus_object_free(write->error);
    free(write);
    return result;
}

/* ---- blocks that are written in parts -------------------------------------------------------------------------------------------- */

/* A data_info is a number in a table of its transfer: it is worth nothing in another one. */
typedef struct gl_parts
{
    const void      *data_info, *transfer;
    struct gl_parts *next;
} gl_parts;

static pthread_mutex_t parts_lock = PTHREAD_MUTEX_INITIALIZER;
static gl_parts       *all_parts;

static const void *take_transfer(const void *data_info)
{
    const void *transfer = NULL;
    pthread_mutex_lock(&parts_lock);
    for (gl_parts **link = &all_parts; *link; link = &(*link)->next)
        if ((*link)->data_info == data_info)
        {
            gl_parts *found = *link;
            transfer = found->transfer;
            *link = found->next;
            free(found);
            break;
        }
    pthread_mutex_unlock(&parts_lock);
    return transfer;
}

static bool remember_transfer(const void *data_info, const void *transfer)
{
    gl_parts *parts = malloc(sizeof *parts);
    if (!parts) return false;
    pthread_mutex_lock(&parts_lock);
    *parts = (gl_parts){data_info, transfer, all_parts};
    all_parts = parts;
    pthread_mutex_unlock(&parts_lock);
    return true;
}

bool gl_ftp_control_data_info_forget(globus_ftp_control_data_write_info_t *data_info)
{
    take_transfer(data_info);
    return true;
}

globus_result_t gl_adapt_globus_ftp_control_create_data_info(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info, globus_byte_t *buffer,
    globus_size_t length, globus_off_t offset, globus_bool_t eof, globus_ftp_control_data_callback_t callback,
    void *callback_arg)
{
    const void *transfer = handle->dc_handle.transfer_handle;
    if (!transfer || !remember_transfer(data_info, transfer))
        return failure("globus_ftp_control_create_data_info: Handle not in the proper state");
    globus_result_t result = globus_ftp_control_create_data_info(
        handle, data_info, buffer, length, offset, eof, callback, callback_arg);
    if (result != GLOBUS_SUCCESS) take_transfer(data_info);
    return result;
}

globus_result_t gl_adapt_globus_ftp_control_release_data_info(
    globus_ftp_control_handle_t *handle, globus_ftp_control_data_write_info_t *data_info)
{
    const void *transfer = take_transfer(data_info);
    if (!transfer || transfer != handle->dc_handle.transfer_handle)
        return failure("globus_ftp_control_release_data_info: its transfer is over, or of another handle");
    return globus_ftp_control_release_data_info(handle, data_info);
}

globus_result_t gl_adapt_globus_ftp_control_data_write_stripe(
    globus_ftp_control_handle_t *handle, globus_byte_t *buffer, globus_size_t length, globus_off_t offset, globus_bool_t eof,
    int stripe_ndx, globus_ftp_control_data_callback_t callback, void *callback_arg)
{
    int stripes = 0;
    globus_result_t result = globus_ftp_control_get_stripe_count(handle, &stripes);
    if (result != GLOBUS_SUCCESS) return result;
    if (stripe_ndx < 0 || stripe_ndx >= stripes) return failure("globus_ftp_control_data_write_stripe: no such stripe");
    if (handle->dc_handle.state != GLOBUS_FTP_DATA_STATE_CONNECT_WRITE)
        return failure("globus_ftp_control_data_write_stripe: the data connection is not open for writing");
    return globus_ftp_control_data_write_stripe(handle, buffer, length, offset, eof, stripe_ndx, callback, callback_arg);
}
