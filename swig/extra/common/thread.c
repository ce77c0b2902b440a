/* Threads that run Python, and what a thread keeps for itself. */
#include "common/common.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- a callable on a thread of its own ------------------------------------------------------------------------------ */

/* Of a thread that globus_thread_create() made: whether it is there still, for globus_thread_kill(). */
typedef struct
{
    pthread_mutex_t lock;
    pthread_t       thread;
    bool            running;
    int             references;     /* the thread's and its Python object's; guarded by `lock` */
} liveness;

typedef struct
{
    PyObject *callable, *argument;
    liveness *life;                 /* NULL in a thread of the pool */
} task;

static void release_life(liveness *life)
{
    pthread_mutex_lock(&life->lock);
    bool last = --life->references == 0;
    pthread_mutex_unlock(&life->lock);
    if (!last) return;
    pthread_mutex_destroy(&life->lock);
    free(life);
}

static void free_life(PyObject *capsule)
{
    release_life(PyCapsule_GetPointer(capsule, "cm_liveness"));
}

static task *new_task(PyObject *callable, PyObject *argument, bool counted)
{
    task *made = calloc(1, sizeof *made);
    liveness *life = made && counted ? calloc(1, sizeof *life) : NULL;
    if (!made || (counted && !life))
    {
        free(made);
        return (task *)PyErr_NoMemory();
    }
    *made = (task){.callable = Py_NewRef(callable), .argument = Py_NewRef(argument), .life = life};
    if (life)
    {
        pthread_mutex_init(&life->lock, NULL);
        life->references = 2;
        life->running = true;
    }
    return made;
}

static void free_task(task *old)
{
    Py_DECREF(old->callable);
    Py_DECREF(old->argument);
    if (old->life) release_life(old->life);
    free(old);
}

static void run(task *running)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    cm_dispose(running->callable, running->argument);
    liveness *life = running->life;
    if (life)
    {
        pthread_mutex_lock(&life->lock);
        life->running = false;
        pthread_mutex_unlock(&life->lock);
    }
    free_task(running);
    gl_callback_end(state);
}

static void *start(void *user_arg)
{
    run(user_arg);
    return NULL;
}

static int keep_life(PyObject *thread, liveness *life)
{
    PyObject *capsule = PyCapsule_New(life, "cm_liveness", free_life), *key = PyUnicode_FromString("life");
    int status = capsule && key ? gl_object_keep((gl_object *)thread, key, capsule) : -1;
    if (!capsule) release_life(life);
    Py_XDECREF(capsule);
    Py_XDECREF(key);
    return status;
}

PyObject *py_globus_thread_create(PyObject *attr, PyObject *func, PyObject *user_arg)
{
    if (attr != Py_None)
        return cm_expected("globus_thread_create", "attr", "None: no function of the library makes attributes", attr), NULL;
    if (cm_callable("globus_thread_create", "func", func, false) < 0) return NULL;
    gl_object *thread = (gl_object *)gl_object_box(gl_type_named("globus_thread_t"));
    task *made = thread ? new_task(func, user_arg, true) : NULL;
    if (!made || keep_life((PyObject *)thread, made->life) < 0)
    {
        if (made) free_task(made);
        Py_XDECREF((PyObject *)thread);
        return NULL;
    }
    liveness *life = made->life;
    pthread_mutex_lock(&life->lock);
    int rc = globus_thread_create(thread->pointer, NULL, start, made);     /* the GIL is held: it cannot end meanwhile */
    life->thread = ((globus_thread_t *)thread->pointer)->pthread;
    pthread_mutex_unlock(&life->lock);
    if (rc == 0) return (PyObject *)thread;
    free_task(made);
    Py_DECREF((PyObject *)thread);
    return gl_raise(gl_error_from_status("common", rc, NULL)), NULL;
}

PyObject *py_globus_i_thread_start(PyObject *func, PyObject *user_arg)
{
    if (cm_callable("globus_i_thread_start", "func", func, false) < 0) return NULL;
    task *made = new_task(func, user_arg, false);
    if (!made) return NULL;
    globus_i_thread_start(start, made);
    Py_RETURN_NONE;
}

PyObject *py_globus_thread_self(void)
{
    gl_object *thread = (gl_object *)gl_object_box(gl_type_named("globus_thread_t"));
    if (thread) *(globus_thread_t *)thread->pointer = globus_thread_self();
    return (PyObject *)thread;
}

/* A thread that has ended cannot be signalled: its number may be nobody's, which stops the process. */
PyObject *py_globus_thread_kill(PyObject *thread, PyObject *sig)
{
    long number;
    if (cm_integer("globus_thread_kill", "sig", sig, 0, 64, &number) < 0) return NULL;
    globus_thread_t *target = cm_handle("globus_thread_kill", "thread", "globus_thread_t", thread);
    if (!target) return NULL;
    PyObject *capsule = ((gl_object *)thread)->keep ? PyDict_GetItemString(((gl_object *)thread)->keep, "life") : NULL;
    liveness *life = capsule ? PyCapsule_GetPointer(capsule, "cm_liveness") : NULL;
    int rc = 0;
    bool reachable = true;
    if (life) pthread_mutex_lock(&life->lock);
    if (life) reachable = life->running;
    else reachable = pthread_equal(target->pthread, pthread_self());
    if (reachable) rc = globus_thread_kill(*target, (int)number);
    if (life) pthread_mutex_unlock(&life->lock);
    if (!reachable)
    {
        PyErr_SetString(PyExc_ProcessLookupError, life ? "globus_thread_kill(): the thread has ended"
                        : "globus_thread_kill(): only the calling thread, and those of globus_thread_create(), can be signalled");
        return NULL;
    }
    if (rc) return gl_raise(gl_error_from_status("common", rc, NULL)), NULL;
    Py_RETURN_NONE;
}

/* ---- what would end a thread in the middle of Python -------------------------------------------------------------------- */

PyObject *py_globus_thread_exit(PyObject *value)
{
    (void)value;
    PyErr_SetString(PyExc_RuntimeError, "globus_thread_exit() would end this thread in the middle of Python code: return from "
                    "the thread's function instead");
    return NULL;
}

PyObject *py_globus_thread_cancel(PyObject *thread)
{
    if (!cm_handle("globus_thread_cancel", "thr", "globus_thread_t", thread)) return NULL;
    PyErr_SetString(PyExc_RuntimeError, "globus_thread_cancel() would end a thread that may be in the middle of Python code, or "
                    "hold a lock of the library: tell it to return instead");
    return NULL;
}

static void *during(void *pair)
{
    PyObject *answer = PyObject_CallFunctionObjArgs(PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1), NULL);
    return answer;
}

static void clean_up(void *pair)
{
    cm_dispose(PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
}

PyObject *py_globus_thread_cancellable_func(PyObject *func, PyObject *arg, PyObject *cleanup, PyObject *cleanup_arg,
                                            PyObject *execute)
{
    const char *function = "globus_thread_cancellable_func";
    int run_cleanup = PyObject_IsTrue(execute);
    if (run_cleanup < 0 || cm_callable(function, "func", func, false) < 0
        || cm_callable(function, "cleanup_func", cleanup, false) < 0)
        return NULL;
    PyObject *pair = PyTuple_Pack(2, func, arg), *cleanup_pair = pair ? PyTuple_Pack(2, cleanup, cleanup_arg) : NULL;
    PyObject *answer = NULL;
    if (cleanup_pair) answer = globus_thread_cancellable_func(during, pair, clean_up, cleanup_pair, run_cleanup);
    Py_XDECREF(cleanup_pair);
    Py_XDECREF(pair);
    return answer;
}
