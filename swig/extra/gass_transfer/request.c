/* gass_transfer: the ends of requests, what C keeps of them, and the objects of users.
 *
 * A request has two holders, the library and the program. The library uses it after its last callback: a program that
 * destroys it twice there would take the library's share. So a request that the program has destroyed is marked, in the place
 * that C has for a pointer of the user: its number may be given out again, to a request without a mark. */
#include "gl.h"
#include "gass_transfer_adapters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static PyObject *pointers[2];    /* number -> object, of requests and listeners */

enum { REQUESTS, LISTENERS };

/* ---- ends ---------------------------------------------------------------------------------------------------------------- */

static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;
static char            mark;

static bool is_destroyed(int request)
{
    return globus_gass_transfer_request_get_user_pointer(request) == &mark;
}

/* The object of the user, if C had it. */
static void forget(int request, const void *pointer)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *number = PyLong_FromLong(request), *known = number && pointers[REQUESTS] ? PyDict_GetItem(pointers[REQUESTS], number) : NULL;
    if (known && known == pointer) PyDict_DelItem(pointers[REQUESTS], number);
    Py_XDECREF(number);
    PyGILState_Release(state);
}

int gl_adapt_globus_gass_transfer_request_destroy(globus_gass_transfer_request_t request)
{
    pthread_mutex_lock(&ending);
    void *pointer = globus_gass_transfer_request_get_user_pointer(request);
    int rc = pointer == &mark ? GLOBUS_GASS_TRANSFER_ERROR_INVALID_USE : GLOBUS_SUCCESS;
    if (!rc)
    {
        globus_gass_transfer_request_set_user_pointer(request, &mark);
        rc = globus_gass_transfer_request_destroy(request);
        if (rc) globus_gass_transfer_request_set_user_pointer(request, pointer);
    }
    pthread_mutex_unlock(&ending);
    if (!rc && pointer) forget(request, pointer);
    return rc;
}

/* ---- strings that C keeps, and frees ---------------------------------------------------------------------------------------- */

static int given(int rc, char *copy)
{
    if (rc) free(copy);
    return rc;
}

int gl_adapt_globus_gass_transfer_request_set_subject(globus_gass_transfer_request_t request, char *subject)
{
    char *copy = strdup(subject);
    return given(globus_gass_transfer_request_set_subject(request, copy), copy);
}

int gl_adapt_globus_gass_transfer_request_set_url(globus_gass_transfer_request_t request, char *url)
{
    char *copy = strdup(url);
    return given(globus_gass_transfer_request_set_url(request, copy), copy);
}

/* ---- objects of users: they live until another one takes their place, or their request is destroyed ----------------------------- */

static int number_of(const char *function, const char *argument, PyObject *object, int *number)
{
    if (!PyLong_Check(object))
        return PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be int, not %R", function, argument, (PyObject *)Py_TYPE(object)), -1;
    long value = PyLong_AsLong(object);
    if (PyErr_Occurred()) return -1;
    if (value != (int)value) return PyErr_Format(PyExc_OverflowError, "%s() argument '%s' is no %s", function, argument, argument), -1;
    *number = (int)value;
    return 0;
}

static PyObject *set_pointer(int kind, const char *function, PyObject *number, PyObject *object, int (*set)(int, void *))
{
    int value;
    if (number_of(function, kind == REQUESTS ? "request" : "listener", number, &value) < 0) return NULL;
    bool destroyed = kind == REQUESTS && is_destroyed(value);
    int rc = destroyed ? GLOBUS_GASS_TRANSFER_ERROR_INVALID_USE : set(value, object == Py_None ? NULL : object);
    if (rc)
    {
        gl_raise(gl_error_from_status("gass_transfer", rc, NULL));
        return NULL;
    }
    if (!pointers[kind]) pointers[kind] = PyDict_New();
    if (!pointers[kind] || PyDict_SetItem(pointers[kind], number, object) < 0) return set(value, NULL), NULL;
    Py_RETURN_NONE;
}

/* What C has is an object only if it was given as one, for this very request. */
static PyObject *get_pointer(int kind, const char *function, PyObject *number, void *(*get)(int))
{
    int value;
    if (number_of(function, kind == REQUESTS ? "request" : "listener", number, &value) < 0) return NULL;
    PyObject *known = pointers[kind] ? PyDict_GetItemWithError(pointers[kind], number) : NULL;
    if (!known && PyErr_Occurred()) return NULL;
    return Py_NewRef(known && get(value) == (void *)known ? known : Py_None);
}

PyObject *py_globus_gass_transfer_request_set_user_pointer(PyObject *request, PyObject *user_pointer)
{
    return set_pointer(REQUESTS, "globus_gass_transfer_request_set_user_pointer", request, user_pointer,
                       globus_gass_transfer_request_set_user_pointer);
}

PyObject *py_globus_gass_transfer_request_get_user_pointer(PyObject *request)
{
    return get_pointer(REQUESTS, "globus_gass_transfer_request_get_user_pointer", request, globus_gass_transfer_request_get_user_pointer);
}

PyObject *py_globus_gass_transfer_listener_set_user_pointer(PyObject *listener, PyObject *user_pointer)
{
    return set_pointer(LISTENERS, "globus_gass_transfer_listener_set_user_pointer", listener, user_pointer,
                       globus_gass_transfer_listener_set_user_pointer);
}

PyObject *py_globus_gass_transfer_listener_get_user_pointer(PyObject *listener)
{
    return get_pointer(LISTENERS, "globus_gass_transfer_listener_get_user_pointer", listener, globus_gass_transfer_listener_get_user_pointer);
}
