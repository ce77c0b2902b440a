/* Callbacks of a thread that is going to block: a stack for each thread, of which Python pops only what it pushed. */
#include "common/common.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct frame frame;

struct frame
{
    PyObject *callable, *argument;
    globus_thread_callback_index_t index;
    frame    *below;
};

static __thread frame *stack;      /* of the calling thread */
static __thread int    calling;    /* its callbacks are being called */

static void blocked(globus_thread_callback_index_t index, globus_callback_space_t space, void *user_arg)
{
    frame *called = user_arg;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    ++calling;
    PyObject *callable = Py_NewRef(called->callable);
    PyObject *answer = PyObject_CallFunction(callable, "iiO", (int)index, (int)space, called->argument);
    if (!answer) PyErr_WriteUnraisable(callable);
    Py_XDECREF(answer);
    Py_DECREF(callable);
    --calling;
    gl_callback_end(state);
}

static void pop(void)
{
    frame *top = stack;
    stack = top->below;
    Py_DECREF(top->callable);
    Py_DECREF(top->argument);
    free(top);
}

PyObject *py_globus_thread_blocking_space_callback_push(PyObject *func, PyObject *user_args, PyObject *space)
{
    const char *function = "globus_thread_blocking_space_callback_push";
    long where;
    if (cm_callable(function, "func", func, false) < 0 || cm_integer(function, "space", space, INT32_MIN, INT32_MAX, &where) < 0)
        return NULL;
    frame *made = calloc(1, sizeof *made);
    if (!made) return PyErr_NoMemory();
    *made = (frame){.callable = Py_NewRef(func), .argument = Py_NewRef(user_args), .below = stack};
    stack = made;
    if (globus_thread_blocking_space_callback_push(blocked, made, (globus_callback_space_t)where, &made->index) == 0)
        return PyLong_FromLong(made->index);
    pop();
    return gl_raise(gl_error_from_status("common", GLOBUS_FAILURE, NULL)), NULL;
}

static PyObject *not_now(const char *function)
{
    return PyErr_Format(PyExc_RuntimeError, "%s(): not inside such a callback", function);
}

PyObject *py_globus_thread_blocking_callback_pop(void)
{
    globus_thread_callback_index_t index;
    if (calling) return not_now("globus_thread_blocking_callback_pop");
    if (!stack)
    {
        PyErr_SetString(PyExc_IndexError, "globus_thread_blocking_callback_pop(): this thread has pushed nothing");
        return NULL;
    }
    int rc = globus_thread_blocking_callback_pop(&index);
    pop();
    if (rc) return gl_raise(gl_error_from_status("common", rc, "the library has forgotten this thread's callbacks")), NULL;
    return PyLong_FromLong(index);
}

PyObject *py_globus_thread_blocking_reset(void)
{
    if (calling) return not_now("globus_thread_blocking_reset");
    globus_thread_blocking_reset();
    while (stack) pop();
    Py_RETURN_NONE;
}

static PyObject *enable(const char *function, PyObject *number, int (*change)(globus_thread_callback_index_t *))
{
    long value;
    if (cm_integer(function, "i", number, 0, INT32_MAX, &value) < 0) return NULL;
    frame *found = stack;
    while (found && found->index != value) found = found->below;
    if (!found) return PyErr_Format(PyExc_IndexError, "%s(): this thread has pushed no callback %ld", function, value);
    if (change(&found->index) != GLOBUS_FAILURE) Py_RETURN_NONE;
    return gl_raise(gl_error_from_status("common", GLOBUS_FAILURE, "the library has forgotten this thread's callbacks")), NULL;
}

PyObject *py_globus_thread_blocking_callback_enable(PyObject *index)
{
    return enable("globus_thread_blocking_callback_enable", index, globus_thread_blocking_callback_enable);
}

PyObject *py_globus_thread_blocking_callback_disable(PyObject *index)
{
    return enable("globus_thread_blocking_callback_disable", index, globus_thread_blocking_callback_disable);
}

PyObject *py_globus_thread_blocking_callback_push(PyObject *func, PyObject *user_args)
{
    PyObject *space = PyLong_FromLong(GLOBUS_CALLBACK_GLOBAL_SPACE);
    PyObject *index = space ? py_globus_thread_blocking_space_callback_push(func, user_args, space) : NULL;
    Py_XDECREF(space);
    return index;
}
