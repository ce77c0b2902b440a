/* globus_callback_*: oneshots, periodic callbacks, and the spaces they run in.
 *
 * A registration has two references as in C: the library's, until it will not call any more, and the Python handle's.
 * The library's own handle is given back when both have ended: the user need not unregister a oneshot that has run.
 * The library takes only short locks here, and never calls with one held: the GIL is kept. */
#include "common/common.h"
#include "gl_custom.h"

#include <stdlib.h>

typedef struct registration registration;

struct registration
{
    globus_callback_handle_t handle;    /* first: Python's handle object has its address */
    PyObject     *callable, *argument;
    bool          once, fired;          /* a oneshot that has run */
    bool          released;             /* the library's handle is given back */
    bool          wanted;               /* the Python handle is alive, or about to be made */
    bool          calls;                /* the library may call it still */
    bool          awaited;              /* the library will tell when it does not call any more */
    registration *next, *previous;
};

static registration *all;

static registration *new_registration(PyObject *callable, PyObject *argument, bool once)
{
    registration *made = calloc(1, sizeof *made);
    if (!made) return (registration *)PyErr_NoMemory();
    *made = (registration){.callable = Py_NewRef(callable), .argument = Py_NewRef(argument), .once = once, .wanted = true,
                           .calls = true, .next = all};
    if (all) all->previous = made;
    all = made;
    GL_COUNT(closures, 1);
    return made;
}

static void drop_callable(registration *old)
{
    if (old->callable) GL_COUNT(closures, -1);
    Py_CLEAR(old->callable);
    Py_CLEAR(old->argument);
}

static void free_unneeded(registration *old)
{
    if (!old->calls) drop_callable(old);
    if (old->wanted || old->calls || old->awaited) return;
    if (old->previous) old->previous->next = old->next;
    else all = old->next;
    if (old->next) old->next->previous = old->previous;
    free(old);
}

/* Nobody can adjust or unregister it any more: the library may forget a oneshot that has run. */
static void forget_fired(registration *old)
{
    if (old->wanted || old->released || !old->once || !old->fired) return;
    old->released = true;
    old->calls = false;
    globus_result_t result = globus_callback_unregister(old->handle, NULL, NULL, NULL);
    if (result) globus_object_free(globus_error_get(result));
    free_unneeded(old);
}

static void run(void *user_arg)
{
    registration *running = user_arg;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    PyObject *callable = running->callable ? Py_NewRef(running->callable) : NULL;
    PyObject *argument = callable ? Py_NewRef(running->argument) : NULL;
    if (callable) cm_dispose(callable, argument);
    Py_XDECREF(callable);
    Py_XDECREF(argument);
    running->fired = true;
    if (running->released && running->once)
    {
        running->calls = false;
        free_unneeded(running);
    }
    else forget_fired(running);
    gl_callback_end(state);
}

void cm_callback_handle_free(globus_callback_handle_t *handle)
{
    registration *old = (registration *)handle;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    old->wanted = false;
    if (old->released) free_unneeded(old);
    else forget_fired(old);
    gl_callback_end(state);
}

/* The module is not active any more: the library has freed all its callbacks. */
void cm_callbacks_dropped(void)
{
    for (registration *old = all, *next; old; old = next)
    {
        next = old->next;
        old->released = true;
        old->calls = old->awaited = false;
        free_unneeded(old);
    }
}

/* ---- registering ------------------------------------------------------------------------------------------------ */

static int seconds(const char *function, const char *name, PyObject *object, bool nullable, globus_reltime_t *time,
                   const globus_reltime_t **pointer)
{
    *pointer = NULL;
    if (nullable && object == Py_None) return 0;
    *pointer = time;
    if (gl_reltime_from_python(NULL, object, time) == 0) return 0;
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
    PyErr_Clear();
    return cm_expected(function, name, "seconds (float)", object);
}

static int space_in(const char *function, PyObject *object, globus_callback_space_t *space)
{
    long number;
    if (cm_integer(function, "space", object, INT32_MIN, INT32_MAX, &number) < 0) return -1;
    *space = (globus_callback_space_t)number;
    return 0;
}

/* The handle of what was registered. It may have run already: making an object can collect garbage, and so let others in. */
static PyObject *registered(registration *made, globus_result_t result)
{
    if (result)
    {
        gl_raise(gl_error_from_result(result));
        made->released = true;
        made->wanted = made->calls = false;
        free_unneeded(made);
        return NULL;
    }
    PyObject *object = gl_object_new(gl_type_named("globus_callback_handle_t"), &made->handle, true);
    if (object) return object;
    made->wanted = false;
    if (made->released) free_unneeded(made);
    else forget_fired(made);
    return NULL;
}

PyObject *py_globus_callback_space_register_oneshot(PyObject *delay_time, PyObject *callable, PyObject *argument, PyObject *space)
{
    const char *function = "globus_callback_space_register_oneshot";
    globus_reltime_t time;
    const globus_reltime_t *delay;
    globus_callback_space_t where;
    if (seconds(function, "delay_time", delay_time, true, &time, &delay) < 0
        || cm_callable(function, "callback_func", callable, false) < 0 || space_in(function, space, &where) < 0)
        return NULL;
    registration *made = new_registration(callable, argument, true);
    if (!made) return NULL;
    return registered(made, globus_callback_space_register_oneshot(&made->handle, delay, run, made, where));
}

PyObject *py_globus_callback_space_register_periodic(PyObject *delay_time, PyObject *period, PyObject *callable,
                                                     PyObject *argument, PyObject *space)
{
    const char *function = "globus_callback_space_register_periodic";
    globus_reltime_t time, period_time;
    const globus_reltime_t *delay, *every;
    globus_callback_space_t where;
    if (seconds(function, "delay_time", delay_time, true, &time, &delay) < 0
        || seconds(function, "period", period, false, &period_time, &every) < 0
        || cm_callable(function, "callback_func", callable, false) < 0 || space_in(function, space, &where) < 0)
        return NULL;
    registration *made = new_registration(callable, argument, false);
    if (!made) return NULL;
    return registered(made, globus_callback_space_register_periodic(&made->handle, delay, every, run, made, where));
}

/* ---- changing and ending -------------------------------------------------------------------------------------------- */

static registration *live(const char *function, PyObject *handle)
{
    registration *found = cm_handle(function, "callback_handle", "globus_callback_handle_t", handle);
    if (!found || !found->released) return found;
    return (registration *)cm_fail(GLOBUS_CALLBACK_MODULE, GLOBUS_CALLBACK_ERROR_ALREADY_CANCELED, function,
                                   "the callback was unregistered already, or its module deactivated");
}

/* Called when the callback will not run any more. */
static void ended(void *user_arg)
{
    PyObject *pair = user_arg;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    if (PyTuple_GetItem(pair, 0) != Py_None) cm_dispose(PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
    registration *old = PyLong_AsVoidPtr(PyTuple_GetItem(pair, 2));
    old->calls = old->awaited = false;
    free_unneeded(old);
    gl_take(pair);
    gl_callback_end(state);
}

PyObject *py_globus_callback_unregister(PyObject *handle, PyObject *callable, PyObject *argument)
{
    const char *function = "globus_callback_unregister";
    if (cm_callable(function, "unregister_callback", callable, true) < 0) return NULL;
    registration *old = live(function, handle);
    if (!old) return NULL;
    bool told = callable != Py_None || !old->once;      /* a periodic one that is active may be about to call, or have called */
    PyObject *pair = Py_BuildValue("(OON)", callable, argument, PyLong_FromVoidPtr(old));
    if (!pair || gl_give(pair) < 0) return Py_XDECREF(pair), NULL;
    globus_bool_t active = GLOBUS_FALSE;
    old->released = true;
    old->awaited = told;
    globus_result_t result = globus_callback_unregister(old->handle, told ? ended : NULL, pair, &active);
    if (result) old->awaited = false;
    if (!told || result) gl_take(pair);
    Py_DECREF(pair);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    if (!told && (!active || old->fired))
    {
        old->calls = false;
        free_unneeded(old);
    }
    return PyBool_FromLong(active);
}

static PyObject *adjust(const char *function, const char *name, PyObject *handle, PyObject *new_time,
                        globus_result_t (*change)(globus_callback_handle_t, const globus_reltime_t *), bool *once)
{
    globus_reltime_t time;
    const globus_reltime_t *given;
    registration *found = live(function, handle);
    if (!found || seconds(function, name, new_time, true, &time, &given) < 0) return NULL;
    globus_result_t result = change(found->handle, given);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    if (once) found->once = *once || !given || globus_time_reltime_is_infinity(given);
    Py_RETURN_NONE;
}

PyObject *py_globus_callback_adjust_oneshot(PyObject *handle, PyObject *new_delay)
{
    return adjust("globus_callback_adjust_oneshot", "new_delay", handle, new_delay, globus_callback_adjust_oneshot, NULL);
}

PyObject *py_globus_callback_adjust_period(PyObject *handle, PyObject *new_period)
{
    bool once = false;
    return adjust("globus_callback_adjust_period", "new_period", handle, new_period, globus_callback_adjust_period, &once);
}

/* ---- spaces: numbers, of which Python may give back only what it got ---------------------------------------------------- */

static PyObject *references;       /* space -> how many are Python's */

static long references_to(globus_callback_space_t space, long step)
{
    if (!references && !(references = PyDict_New())) return -1;
    PyObject *key = PyLong_FromLong(space), *known = key ? PyDict_GetItem(references, key) : NULL;
    long count = (known ? PyLong_AsLong(known) : 0) + step;
    PyObject *value = step ? PyLong_FromLong(count) : NULL;
    if (key && value) PyDict_SetItem(references, key, value);
    Py_XDECREF(value);
    Py_XDECREF(key);
    return count;
}

void cm_spaces_dropped(void)
{
    if (references) PyDict_Clear(references);
}

PyObject *py_globus_callback_space_init(PyObject *attr)
{
    globus_callback_space_attr_t attributes = NULL;
    globus_callback_space_t space;
    if (attr != Py_None && !(attributes = cm_handle("globus_callback_space_init", "attr", "globus_callback_space_attr_t", attr)))
        return NULL;
    globus_result_t result = globus_callback_space_init(&space, attributes);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    references_to(space, 1);
    return PyLong_FromLong(space);
}

PyObject *py_globus_callback_space_reference(PyObject *number)
{
    globus_callback_space_t space;
    if (space_in("globus_callback_space_reference", number, &space) < 0) return NULL;
    globus_result_t result = globus_callback_space_reference(space);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    references_to(space, 1);
    Py_RETURN_NONE;
}

PyObject *py_globus_callback_space_destroy(PyObject *number)
{
    const char *function = "globus_callback_space_destroy";
    globus_callback_space_t space;
    if (space_in(function, number, &space) < 0) return NULL;
    bool ours = space == GLOBUS_CALLBACK_GLOBAL_SPACE || references_to(space, 0) > 0;
    if (!ours)
        return cm_fail(GLOBUS_CALLBACK_MODULE, GLOBUS_CALLBACK_ERROR_INVALID_SPACE, function,
                       "this program has no reference to that space");
    globus_result_t result = globus_callback_space_destroy(space);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    references_to(space, -1);
    Py_RETURN_NONE;
}

PyObject *py_globus_callback_add_wakeup_handler(PyObject *wakeup, PyObject *user_arg)
{
    (void)wakeup, (void)user_arg;
    PyErr_SetString(PyExc_NotImplementedError,
                    "globus_callback_add_wakeup_handler(): C calls this handler where a signal has interrupted it, which no "
                    "Python code may; and with threads, as here, never. Register a oneshot instead");
    return NULL;
}

/* ---- the same for the global space: macros in C --------------------------------------------------------------------------- */

static PyObject *global_space(void)
{
    return PyLong_FromLong(GLOBUS_CALLBACK_GLOBAL_SPACE);
}

PyObject *py_globus_callback_register_oneshot(PyObject *delay_time, PyObject *callable, PyObject *argument)
{
    PyObject *space = global_space();
    PyObject *handle = space ? py_globus_callback_space_register_oneshot(delay_time, callable, argument, space) : NULL;
    Py_XDECREF(space);
    return handle;
}

PyObject *py_globus_callback_register_periodic(PyObject *delay_time, PyObject *period, PyObject *callable, PyObject *argument)
{
    PyObject *space = global_space();
    PyObject *handle = space ? py_globus_callback_space_register_periodic(delay_time, period, callable, argument, space) : NULL;
    Py_XDECREF(space);
    return handle;
}
