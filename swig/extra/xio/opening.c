/* Which handles are open: C gives the functions of a driver what that has opened, when a handle gets a control command: NULL where
 * it has not. */
#include "gl.h"

#include "xio_adapters.h"

#include <errno.h>
#include <stdlib.h>

static gl_object *known(globus_xio_handle_t handle)
{
    gl_type *type = gl_type_named("globus_xio_handle_t");
    PyObject *object = type ? gl_object_known(type, handle) : NULL;
    PyErr_Clear();
    return object ? gl_as_object(object) : NULL;
}

void gl_xio_tell_open(globus_xio_handle_t handle, bool is_open)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    gl_object *object = known(handle);
    if (object) gl_control_open(object, is_open);
    Py_XDECREF((PyObject *)object);
    gl_callback_end(state);
}

bool gl_xio_is_open(globus_xio_handle_t handle)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_object *object = known(handle);
    bool is_open = object && gl_control_opened(object);
    Py_XDECREF((PyObject *)object);
    PyGILState_Release(state);
    return is_open;
}

/* A close that fails closes the handle all the same. */
void gl_xio_tell_closed(globus_xio_handle_t handle)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_object *object = known(handle);
    if (object) gl_object_close(object);
    Py_XDECREF((PyObject *)object);
    PyGILState_Release(state);
}

globus_result_t gl_adapt_globus_xio_register_close(
    globus_xio_handle_t handle, globus_xio_attr_t attr, globus_xio_callback_t cb, void *user_arg)
{
    globus_result_t result = globus_xio_register_close(handle, attr, cb, user_arg);
    if (result != GLOBUS_SUCCESS) gl_xio_tell_closed(handle);
    return result;
}

typedef struct
{
    globus_xio_callback_t callback;
    void                 *argument;
} opening;

static void opened(globus_xio_handle_t handle, globus_result_t result, void *argument)
{
    opening it = *(opening *)argument;
    free(argument);
    gl_xio_tell_open(handle, result == GLOBUS_SUCCESS);
    it.callback(handle, result, it.argument);
}

globus_result_t gl_adapt_globus_xio_register_open(
    globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr, globus_xio_callback_t cb, void *user_arg)
{
    opening *it = malloc(sizeof *it);
    if (!it) return globus_error_put(globus_error_construct_errno_error(GLOBUS_XIO_MODULE, NULL, errno));
    *it = (opening){.callback = cb, .argument = user_arg};
    gl_xio_tell_open(handle, false);
    globus_result_t result = globus_xio_register_open(handle, contact_string, attr, opened, it);
    if (result) free(it);
    return result;
}
