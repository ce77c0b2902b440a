/* gass_copy: handles. C destroys half of one that is in use, and forgets that. */
#include "gl.h"
#include "gass_copy_adapters.h"

static globus_result_t refuse(const char *function, const char *reason)
{
    return globus_error_put(globus_error_construct_string(GLOBUS_GASS_COPY_MODULE, NULL, "[%s]: %s", function, reason));
}

static bool is_in_use(const globus_gass_copy_handle_t *handle)
{
    return handle->status > GLOBUS_GASS_COPY_STATUS_NONE && handle->status < GLOBUS_GASS_COPY_STATUS_DONE_SUCCESS;
}

globus_result_t gl_adapt_globus_gass_copy_handle_destroy(globus_gass_copy_handle_t *handle)
{
    if (is_in_use(handle))
        return refuse("globus_gass_copy_handle_destroy", "There is a transfer active on this handle: cancel it, and wait for its callback");
    return globus_gass_copy_handle_destroy(handle);
}

bool gl_gass_copy_close(globus_gass_copy_handle_t *handle)
{
    if (is_in_use(handle)) return false;
    globus_result_t result = globus_gass_copy_handle_destroy(handle);
    if (result) globus_object_free(globus_error_get(result));
    return true;
}

globus_result_t gl_adapt_globus_gass_copy_set_buffer_length(globus_gass_copy_handle_t *handle, int length)
{
    if (length <= 0) return refuse("globus_gass_copy_set_buffer_length", "A buffer needs room for one byte at least");
    return globus_gass_copy_set_buffer_length(handle, length);
}

/* C compares the scheme of a URL that it could not parse. */
static bool is_url(const char *text)
{
    globus_url_t url;
    if (globus_url_parse(text, &url) != GLOBUS_SUCCESS) return false;
    globus_url_destroy(&url);
    return true;
}

globus_result_t gl_adapt_globus_gass_copy_cache_url_state(globus_gass_copy_handle_t *handle, char *url)
{
    if (!is_url(url)) return refuse("globus_gass_copy_cache_url_state", "This is no URL: it should be as gsiftp://host:port/path");
    return globus_gass_copy_cache_url_state(handle, url);
}

globus_result_t gl_adapt_globus_gass_copy_flush_url_state(globus_gass_copy_handle_t *handle, char *url)
{
    if (!is_url(url)) return refuse("globus_gass_copy_flush_url_state", "This is no URL: it should be as gsiftp://host:port/path");
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
