/* gass_copy: copies. C forgets whom it was to tell that one was cancelled, takes the next one for one of the same kind, and has
 * little room for URLs. */
#include "gass_copy_adapters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- the handles whose last copy was from or to a server of HTTP ------------------------------------------------------------- */

typedef struct entry
{
    const globus_gass_copy_handle_t *handle;
    struct entry                    *next;
} entry;

static entry          *over_http;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static entry **place_of(const globus_gass_copy_handle_t *handle)
{
    entry **place = &over_http;
    while (*place && (*place)->handle != handle) place = &(*place)->next;
    return place;
}

static bool is_over_http(const globus_gass_copy_handle_t *handle)
{
    pthread_mutex_lock(&lock);
    bool found = *place_of(handle);
    pthread_mutex_unlock(&lock);
    return found;
}

/* Without memory the copy is not begun. */
static bool note_http(const globus_gass_copy_handle_t *handle, bool is_http)
{
    pthread_mutex_lock(&lock);
    entry **place = place_of(handle), *known = *place;
    if (known && !is_http)
    {
        *place = known->next;
        free(known);
    }
    else if (!known && is_http && (*place = malloc(sizeof(entry)))) **place = (entry){handle, NULL};
    bool done = !is_http || *place;
    pthread_mutex_unlock(&lock);
    return done;
}

void gl_gass_copy_forget(const globus_gass_copy_handle_t *handle)
{
    note_http(handle, false);
}

/* ---- before and after ----------------------------------------------------------------------------------------------------------- */

static globus_result_t refuse(const char *function, const char *reason, const char *url)
{
    return globus_error_put(globus_error_construct_string(GLOBUS_GASS_COPY_MODULE, NULL, "[%s]: %s: %s", function, reason, url));
}

static bool is_over(const globus_gass_copy_handle_t *handle)
{
    return handle->status == GLOBUS_GASS_COPY_STATUS_NONE || handle->status >= GLOBUS_GASS_COPY_STATUS_DONE_SUCCESS;
}

/* Those that are none C refuses itself. */
static bool is_of(char *url, globus_gass_copy_url_mode_t wanted)
{
    globus_gass_copy_url_mode_t mode = wanted;
    globus_result_t result = url ? globus_gass_copy_get_url_mode(url, &mode) : GLOBUS_SUCCESS;
    if (result) globus_object_free(globus_error_get(result));
    return url && !result && mode == wanted;
}

/* C writes the URLs that it cannot copy into few bytes. A copy that it cannot set up leaves memory that only C could free: how it
 * waited for a file that did not open (144 bytes), the handle of the other end (some KB), and notes of what it cancels. */
static globus_result_t begin(const char *function, globus_gass_copy_handle_t *handle, char *source, char *target)
{
    for (int i = 0; i < 2; ++i)
        if (is_of(i ? target : source, GLOBUS_GASS_COPY_URL_MODE_UNSUPPORTED))
            return refuse(function, "there is no way to copy from or to such a URL", i ? target : source);
    if (!is_over(handle)) return GLOBUS_SUCCESS;      /* it refuses that, too */
    if (handle->err) globus_object_free(handle->err);      /* of the copy before: C only forgets it */
    handle->err = NULL;
    handle->external_third_party = GLOBUS_FALSE;
    bool is_http = is_of(source, GLOBUS_GASS_COPY_URL_MODE_GASS) || is_of(target, GLOBUS_GASS_COPY_URL_MODE_GASS);
    return note_http(handle, is_http) ? GLOBUS_SUCCESS : refuse(function, "out of memory", "malloc");
}

/* Some copies end without telling the one who has cancelled them. */
void gl_gass_copy_cancelled(globus_gass_copy_handle_t *handle, globus_object_t *error)
{
    globus_gass_copy_callback_t tell = handle && is_over(handle) ? handle->user_cancel_callback : NULL;
    if (!tell) return;
    handle->user_cancel_callback = NULL;
    tell(handle->cancel_callback_arg, handle, error);
}

/* One that was waited for: C has told nobody else. */
static globus_result_t end(globus_gass_copy_handle_t *handle, globus_result_t result)
{
    gl_gass_copy_cancelled(handle, NULL);
    return result;
}

globus_result_t gl_adapt_globus_gass_copy_url_to_url(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, char *dest_url,
    globus_gass_copy_attr_t *dest_attr)
{
    globus_result_t result = begin("globus_gass_copy_url_to_url", handle, source_url, dest_url);
    return result ? result : end(handle, globus_gass_copy_url_to_url(handle, source_url, source_attr, dest_url, dest_attr));
}

globus_result_t gl_adapt_globus_gass_copy_url_to_handle(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, globus_io_handle_t *dest_handle)
{
    globus_result_t result = begin("globus_gass_copy_url_to_handle", handle, source_url, NULL);
    return result ? result : end(handle, globus_gass_copy_url_to_handle(handle, source_url, source_attr, dest_handle));
}

globus_result_t gl_adapt_globus_gass_copy_handle_to_url(
    globus_gass_copy_handle_t *handle, globus_io_handle_t *source_handle, char *dest_url, globus_gass_copy_attr_t *dest_attr)
{
    globus_result_t result = begin("globus_gass_copy_handle_to_url", handle, NULL, dest_url);
    return result ? result : end(handle, globus_gass_copy_handle_to_url(handle, source_handle, dest_url, dest_attr));
}

globus_result_t gl_adapt_globus_gass_copy_register_url_to_url(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, char *dest_url,
    globus_gass_copy_attr_t *dest_attr, globus_gass_copy_callback_t callback_func, void *callback_arg)
{
    globus_result_t result = begin("globus_gass_copy_register_url_to_url", handle, source_url, dest_url);
    return result ? result : globus_gass_copy_register_url_to_url(
        handle, source_url, source_attr, dest_url, dest_attr, callback_func, callback_arg);
}

globus_result_t gl_adapt_globus_gass_copy_register_url_to_handle(
    globus_gass_copy_handle_t *handle, char *source_url, globus_gass_copy_attr_t *source_attr, globus_io_handle_t *dest_handle,
    globus_gass_copy_callback_t callback_func, void *callback_arg)
{
    globus_result_t result = begin("globus_gass_copy_register_url_to_handle", handle, source_url, NULL);
    return result ? result : globus_gass_copy_register_url_to_handle(
        handle, source_url, source_attr, dest_handle, callback_func, callback_arg);
}

globus_result_t gl_adapt_globus_gass_copy_register_handle_to_url(
    globus_gass_copy_handle_t *handle, globus_io_handle_t *source_handle, char *dest_url, globus_gass_copy_attr_t *dest_attr,
    globus_gass_copy_callback_t callback_func, void *callback_arg)
{
    globus_result_t result = begin("globus_gass_copy_register_handle_to_url", handle, NULL, dest_url);
    return result ? result : globus_gass_copy_register_handle_to_url(
        handle, source_handle, dest_url, dest_attr, callback_func, callback_arg);
}

/* C ends a cancelled copy over HTTP twice, as it happens: the second time it frees what is gone. */
globus_result_t gl_adapt_globus_gass_copy_cancel(
    globus_gass_copy_handle_t *handle, globus_gass_copy_callback_t cancel_callback, void *cancel_callback_arg)
{
    if (is_over(handle)) return refuse("globus_gass_copy_cancel", "there is nothing to cancel", "no transfer is active on this handle");
    if (is_over_http(handle)) return refuse("globus_gass_copy_cancel", "this cannot be cancelled", "a copy from or to a server of HTTP");
    globus_result_t result = globus_gass_copy_cancel(handle, cancel_callback, cancel_callback_arg);
    if (result && handle->user_cancel_callback == cancel_callback) handle->user_cancel_callback = NULL;
    return result;
}

/* ---- names that fit a pattern ---------------------------------------------------------------------------------------------------- */

/* C has room for this with the longest name of an entry behind it. */
enum { LONGEST_PATTERN = 3000 };

globus_result_t gl_adapt_globus_gass_copy_glob_expand_url(
    globus_gass_copy_handle_t *handle, const char *url, globus_gass_copy_attr_t *attr, globus_gass_copy_glob_entry_cb_t entry_cb,
    void *user_arg)
{
    if (strlen(url) > LONGEST_PATTERN) return refuse("globus_gass_copy_glob_expand_url", "this URL is too long", "no more than 3000 bytes");
    return globus_gass_copy_glob_expand_url(handle, url, attr, entry_cb, user_arg);
}
