/* gass_copy: handles. C destroys half of one that is in use, and forgets that. */
#include "gl.h"
#include "gass_copy_adapters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void gl_gass_copy_forget(const globus_gass_copy_handle_t *handle);

/* ---- the handles that verify what others have copied ------------------------------------------------------------------------- */

/* Two may do so for each other: so neither holds the other one, which the collector could not see through. */
typedef struct pair
{
    const globus_gass_copy_handle_t *copies, *verifies;
    struct pair                     *next;
} pair;

static pair           *pairs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forget_pairs(const globus_gass_copy_handle_t *handle, bool with_others)
{
    pthread_mutex_lock(&lock);
    for (pair **place = &pairs, *known; (known = *place);)
    {
        if (known->copies == handle || (with_others && known->verifies == handle))
        {
            *place = known->next;
            free(known);
        }
        else place = &known->next;
    }
    pthread_mutex_unlock(&lock);
}

static bool add_pair(const globus_gass_copy_handle_t *copies, const globus_gass_copy_handle_t *verifies)
{
    pair *made = malloc(sizeof *made);
    if (!made) return false;
    pthread_mutex_lock(&lock);
    *made = (pair){copies, verifies, pairs};
    pairs = made;
    pthread_mutex_unlock(&lock);
    return true;
}

static bool verifies_for_others(const globus_gass_copy_handle_t *handle)
{
    pthread_mutex_lock(&lock);
    pair *known = pairs;
    while (known && (known->verifies != handle || known->copies == handle)) known = known->next;
    pthread_mutex_unlock(&lock);
    return known;
}

int gl_gass_copy_check_end(const gl_function *function, const globus_gass_copy_handle_t *handle)
{
    if (!verifies_for_others(handle)) return 0;
    PyErr_Format(PyExc_ValueError, "%s(): this globus_gass_copy_handle_t is in use, by a handle whose checksums it verifies",
                 function->name);
    return -1;
}

/* ---- from init to destroy -------------------------------------------------------------------------------------------------------- */

/* Without an attribute of FTP each of its two handles would make one, and leave its memory behind. */
globus_result_t gl_adapt_globus_gass_copy_handle_init(globus_gass_copy_handle_t *handle, globus_gass_copy_handleattr_t *handle_attr)
{
    forget_pairs(handle, true);      /* of one that had this address when the module was deactivated */
    if (handle_attr && handle_attr->ftp_attr) return globus_gass_copy_handle_init(handle, handle_attr);
    globus_ftp_client_handleattr_t ftp_attr;
    globus_gass_copy_handleattr_t own;
    globus_result_t result = globus_gass_copy_handleattr_init(&own);
    if (!result) result = globus_ftp_client_handleattr_init(&ftp_attr);
    if (result) return result;
    own.ftp_attr = &ftp_attr;
    result = globus_gass_copy_handle_init(handle, &own);
    globus_ftp_client_handleattr_destroy(&ftp_attr);
    return result;
}

static globus_result_t refuse(const char *function, const char *reason)
{
    return globus_error_put(globus_error_construct_string(GLOBUS_GASS_COPY_MODULE, NULL, "[%s]: %s", function, reason));
}

static bool is_in_use(const globus_gass_copy_handle_t *handle)
{
    return handle->status > GLOBUS_GASS_COPY_STATUS_NONE && handle->status < GLOBUS_GASS_COPY_STATUS_DONE_SUCCESS;
}

/* C begins with the half that only copies use, and cannot go back when the other one is in use: by a checksum, for instance. */
static globus_result_t destroy(globus_gass_copy_handle_t *handle)
{
    globus_result_t result = globus_ftp_client_handle_destroy(&handle->ftp_handle);
    if (result) return result;
    gl_gass_copy_forget(handle);
    forget_pairs(handle, false);
    result = globus_gass_copy_handle_destroy(handle);
    if (result) globus_object_free(globus_error_get(result));      /* one half was destroyed already */
    return GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_gass_copy_handle_destroy(globus_gass_copy_handle_t *handle)
{
    if (is_in_use(handle))
        return refuse("globus_gass_copy_handle_destroy", "There is a transfer active on this handle: cancel it, and wait for its callback");
    return destroy(handle);
}

bool gl_gass_copy_close(globus_gass_copy_handle_t *handle)
{
    globus_result_t result = is_in_use(handle) ? GLOBUS_FAILURE : destroy(handle);
    if (result && result != (globus_result_t)GLOBUS_FAILURE) globus_object_free(globus_error_get(result));
    return !result;
}

/* ---- what a handle copies with ------------------------------------------------------------------------------------------------ */

static const char active[] = "There is a transfer active on this handle";

globus_result_t gl_adapt_globus_gass_copy_set_buffer_length(globus_gass_copy_handle_t *handle, int length)
{
    if (length <= 0) return refuse("globus_gass_copy_set_buffer_length", "A buffer needs room for one byte at least");
    if (is_in_use(handle)) return refuse("globus_gass_copy_set_buffer_length", active);      /* its buffers are as long as before */
    return globus_gass_copy_set_buffer_length(handle, length);
}

globus_result_t gl_adapt_globus_gass_copy_set_checksum_algo(
    globus_gass_copy_handle_t *handle, char *algo, globus_gass_copy_handle_t *cksm_handle)
{
    if (is_in_use(handle)) return refuse("globus_gass_copy_set_checksum_algo", active);
    forget_pairs(handle, false);
    if (cksm_handle && !add_pair(handle, cksm_handle)) return refuse("globus_gass_copy_set_checksum_algo", "out of memory");
    return globus_gass_copy_set_checksum_algo(handle, algo, cksm_handle);
}

globus_result_t gl_adapt_globus_gass_copy_set_checksum(globus_gass_copy_handle_t *handle, char *cksm)
{
    if (is_in_use(handle)) return refuse("globus_gass_copy_set_checksum", active);
    return globus_gass_copy_set_checksum(handle, cksm);
}

/* C compares the scheme of a URL that it could not parse, and forgets the memory of one that it refuses. */
static bool can_be_cached(const char *text)
{
    globus_url_t url;
    if (globus_url_parse(text, &url) != GLOBUS_SUCCESS) return false;
    bool can = strcmp(url.scheme, "ftp") == 0 || strcmp(url.scheme, "gsiftp") == 0;
    globus_url_destroy(&url);
    return can;
}

static const char not_cached[] = "Only what an FTP server has can be cached: a URL as gsiftp://host:port/path";

globus_result_t gl_adapt_globus_gass_copy_cache_url_state(globus_gass_copy_handle_t *handle, char *url)
{
    if (!can_be_cached(url)) return refuse("globus_gass_copy_cache_url_state", not_cached);
    return globus_gass_copy_cache_url_state(handle, url);
}

globus_result_t gl_adapt_globus_gass_copy_flush_url_state(globus_gass_copy_handle_t *handle, char *url)
{
    if (!can_be_cached(url)) return refuse("globus_gass_copy_flush_url_state", not_cached);
    return globus_gass_copy_flush_url_state(handle, url);
}

/* The very handle inside, which C keeps by its address: not a copy, whose end would be its end. */
PyObject *py_globus_gass_copy_get_ftp_handle(PyObject *handle)
{
    gl_type *type = gl_type_named("globus_gass_copy_handle_t"), *inner = type ? gl_type_named("globus_ftp_client_handle_t") : NULL;
    if (!inner) return NULL;
    if (!gl_object_check(handle, type))
        return PyErr_Format(PyExc_TypeError, "globus_gass_copy_get_ftp_handle() argument 'handle' must be globus_gass_copy_handle_t, not %R",
                            (PyObject *)Py_TYPE(handle));
    gl_object *copy = (gl_object *)handle;
    if (gl_object_usable(copy) < 0) return NULL;
    return gl_object_borrow(inner, &((globus_gass_copy_handle_t *)copy->pointer)->ftp_handle, copy);
}
