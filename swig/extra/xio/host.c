/* xio: contacts without a host. A driver gsi that is to compare the name of its peer with the host takes that for granted: it reads
 * at NULL. */
#include "gl.h"
#include "xio_adapters.h"

#include <globus_xio_gsi.h>
#include <stdlib.h>

static PyObject *known(const char *type_name, void *pointer)
{
    gl_type *type = gl_type_named(type_name);
    PyObject *object = type ? gl_object_known(type, pointer) : NULL;
    PyErr_Clear();
    return object;
}

/* ---- the driver ----------------------------------------------------------------------------------------------------------------- */

/* Found among what an object keeps, in the order that it was pushed. One of Python behind it may pass on another contact. */
static void look_at(PyObject *kept, globus_xio_driver_t *gsi);

static void look_at_driver(globus_xio_driver_t driver, const gl_object *object, globus_xio_driver_t *gsi)
{
    const gl_function *maker = object ? object->maker : NULL;
    if (maker && strcmp(maker->name, "globus_xio_driver_init") == 0) *gsi = NULL;
    else if (strcmp(gl_driver_name(driver), "gsi") == 0) *gsi = driver;
}

static void look_at_object(const gl_object *object, globus_xio_driver_t *gsi)
{
    if (object->closed) return;
    if (strcmp(object->type->name, "globus_xio_driver_t") == 0) look_at_driver(object->pointer, object, gsi);
    if (strcmp(object->type->name, "globus_list_t") != 0) return;
    for (globus_list_t *node = object->pointer; node; node = globus_list_rest(node))
        look_at_driver(((globus_xio_driver_list_ent_t *)globus_list_first(node))->driver, NULL, gsi);
}

static void look_at_all(PyObject *kept, globus_xio_driver_t *gsi)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (kept && PyDict_Next(kept, &position, &key, &value)) look_at(value, gsi);
}

static void look_at(PyObject *kept, globus_xio_driver_t *gsi)
{
    if (PyCapsule_IsValid(kept, "lease")) look_at_object(PyCapsule_GetPointer(kept, "lease"), gsi);
    else if (PyDict_Check(kept)) look_at_all(kept, gsi);
    for (Py_ssize_t i = 0; PyTuple_Check(kept) && i < PyTuple_Size(kept); ++i) look_at(PyTuple_GetItem(kept, i), gsi);
}

/* Of the stack, or of the stack that the handle or server was made with; or NULL. */
static globus_xio_driver_t gsi_of(const char *type_name, void *pointer)
{
    PyObject *object = known(type_name, pointer);
    gl_object *owner = object ? gl_as_object(object) : NULL;
    globus_xio_driver_t gsi = NULL;
    if (owner) look_at_all(owner->keep, &gsi);
    Py_XDECREF(object);
    return gsi;
}

/* ---- the mode ------------------------------------------------------------------------------------------------------------------- */

/* Of a copy: an attribute that is asked about a driver has options of that from then on. */
static globus_xio_gsi_authorization_mode_t ask(globus_xio_attr_t attr, globus_xio_driver_t gsi)
{
    globus_xio_gsi_authorization_mode_t mode = GLOBUS_XIO_GSI_NO_AUTHORIZATION;
    globus_xio_attr_t copy;
    globus_result_t result = globus_xio_attr_copy(&copy, attr);
    if (!result)
    {
        result = globus_xio_attr_cntl(copy, gsi, GLOBUS_XIO_GSI_GET_AUTHORIZATION_MODE, &mode);
        globus_xio_attr_destroy(copy);
    }
    if (result) globus_object_free(globus_error_get(result));
    return mode;
}

/* With the GIL, which the attributes of drivers in other threads may wait for. */
static globus_xio_gsi_authorization_mode_t mode_of(globus_xio_attr_t attr, globus_xio_driver_t gsi)
{
    globus_xio_gsi_authorization_mode_t mode = GLOBUS_XIO_GSI_NO_AUTHORIZATION;
    if (!attr || !gsi) return mode;
    Py_BEGIN_ALLOW_THREADS
    mode = ask(attr, gsi);
    Py_END_ALLOW_THREADS
    return mode;
}

/* ---- servers: what they accept has their options, where it is opened with none for the driver ------------------------------------ */

static const char mark[] = "gsi";       /* of a server, and of what it accepts: the driver, and the mode that the server was made with */

static PyObject *mark_of(const gl_object *object)
{
    return object && object->keep ? PyDict_GetItemString(object->keep, mark) : NULL;
}

/* The object that stands for what C has made; NULL without memory. */
static PyObject *marked(const char *type_name, void *pointer, PyObject *value)
{
    gl_type *type = gl_type_named(type_name);
    PyObject *object = type ? gl_object_new(type, pointer, true) : NULL;
    PyObject *key = object ? PyUnicode_FromString(mark) : NULL;
    if (key) gl_object_keep((gl_object *)object, key, value);
    Py_XDECREF(key);
    PyErr_Clear();
    return object;
}

/* The call holds the object until the program has it. */
void gl_xio_server_made(gl_call *call, globus_xio_server_t server, globus_xio_attr_t attr, globus_xio_stack_t stack)
{
    globus_xio_driver_t gsi = gsi_of("globus_xio_stack_t", stack);
    PyObject *value = gsi ? Py_BuildValue("(Ni)", PyLong_FromVoidPtr(gsi), (int)mode_of(attr, gsi)) : NULL;
    PyObject *object = value ? marked("globus_xio_server_t", server, value) : NULL;
    if (object) gl_hold(call, object);
    Py_XDECREF(value);
    PyErr_Clear();
}

void gl_xio_accepted(gl_call *call, globus_xio_handle_t handle, globus_xio_server_t server)
{
    PyObject *from = known("globus_xio_server_t", server), *value = mark_of(from ? gl_as_object(from) : NULL);
    PyObject *object = value ? marked("globus_xio_handle_t", handle, value) : NULL;
    if (object) gl_hold(call, object);
    Py_XDECREF(from);
    PyErr_Clear();
}

typedef struct
{
    globus_xio_accept_callback_t callback;
    void                        *argument;
    PyObject                    *value;
} accepting;

static void forget(accepting *it)
{
    Py_DECREF(it->value);
    free(it);
}

static void accepted(globus_xio_server_t server, globus_xio_handle_t handle, globus_result_t result, void *argument)
{
    accepting *it = argument;
    PyGILState_STATE state;
    PyObject *object = NULL;
    if (handle && gl_callback_begin(&state))
    {
        object = marked("globus_xio_handle_t", handle, it->value);
        gl_callback_end(state);
    }
    it->callback(server, handle, result, it->argument);
    if (!gl_callback_begin(&state)) return;
    Py_XDECREF(object);
    forget(it);
    gl_callback_end(state);
}

static accepting *accept_marked(globus_xio_server_t server, globus_xio_accept_callback_t callback, void *argument)
{
    PyObject *from = known("globus_xio_server_t", server), *value = mark_of(from ? gl_as_object(from) : NULL);
    accepting *it = value ? malloc(sizeof *it) : NULL;
    if (it) *it = (accepting){callback, argument, Py_NewRef(value)};
    Py_XDECREF(from);
    return it;
}

globus_result_t gl_adapt_globus_xio_server_register_accept(
    globus_xio_server_t server, globus_xio_accept_callback_t cb, void *user_arg)
{
    PyGILState_STATE state = PyGILState_Ensure();
    accepting *it = accept_marked(server, cb, user_arg);
    PyGILState_Release(state);
    if (!it) return globus_xio_server_register_accept(server, cb, user_arg);
    globus_result_t result = globus_xio_server_register_accept(server, accepted, it);
    if (!result) return result;
    state = PyGILState_Ensure();
    forget(it);
    PyGILState_Release(state);
    return result;
}

/* ---- the check ------------------------------------------------------------------------------------------------------------------ */

static bool has_host(const char *contact_string)
{
    globus_xio_contact_t contact;
    globus_result_t result = globus_xio_contact_parse(&contact, contact_string);
    if (result) return globus_object_free(globus_error_get(result)), true;      /* C will say so */
    bool has = contact.host;
    globus_xio_contact_destroy(&contact);
    return has;
}

/* Whether the driver will compare the name of the peer with the host. C does not tell an attribute without options for the driver
 * from one with that of no comparison: there, what the server was made with counts. */
static bool compares(globus_xio_handle_t handle, globus_xio_attr_t attr)
{
    PyObject *object = known("globus_xio_handle_t", handle), *value = mark_of(object ? gl_as_object(object) : NULL);
    globus_xio_driver_t gsi = value ? PyLong_AsVoidPtr(PyTuple_GetItem(value, 0)) : gsi_of("globus_xio_handle_t", handle);
    int mode = (int)mode_of(attr, gsi);
    if (value && mode == GLOBUS_XIO_GSI_NO_AUTHORIZATION) mode = (int)PyLong_AsLong(PyTuple_GetItem(value, 1));
    Py_XDECREF(object);
    return mode == GLOBUS_XIO_GSI_HOST_AUTHORIZATION;
}

int gl_check_host(const gl_function *function, globus_xio_handle_t handle, const char *contact_string, globus_xio_attr_t attr)
{
    if (has_host(contact_string) || !compares(handle, attr)) return 0;
    PyErr_Format(PyExc_ValueError, "%s(): the driver gsi is to compare the name of the peer with the host "
                 "(GLOBUS_XIO_GSI_HOST_AUTHORIZATION), and the contact string has none: write host:port", function->name);
    return -1;
}
