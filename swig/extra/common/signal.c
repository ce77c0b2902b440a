/* Signal handlers of the callback library, made for a process that does not block its signals.
 *
 * The library's own wait for the signal in one thread (sigwait), which needs it blocked in all others: in a Python process
 * it is not. And once a signal was delivered to them, deactivation hangs: GLOBUS_THREAD_CANCEL_ENABLE and _DISABLE are
 * swapped against pthread's. So here a C handler counts the signal, a thread without signals sees that, and registers the
 * callback as a oneshot of its space. Python's own handler of that signal is back when ours is unregistered. */
#include "common/common.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

enum { SIGNALS = 65 };

typedef struct
{
    PyObject               *callable, *argument;
    PyObject               *ended, *ended_argument;     /* to call when it will not be called any more; or NULL */
    globus_callback_space_t space;
    struct sigaction        before;
    bool                    persist;
    int                     references;     /* the table's, and one for each oneshot under way */
} handler;

static handler        *handlers[SIGNALS];       /* guarded by `lock` */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t           arrived;
static volatile int    counts[SIGNALS];
static bool            waiting;

static void count(int signum)
{
    int saved = errno;
    __atomic_add_fetch(&counts[signum], 1, __ATOMIC_SEQ_CST);
    sem_post(&arrived);
    errno = saved;
}

/* ---- the end of a handler ---------------------------------------------------------------------------------------- */

static void finish(void *user_arg)
{
    handler *old = user_arg;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    if (old->ended) cm_dispose(old->ended, old->ended_argument);
    Py_XDECREF(old->ended);
    Py_XDECREF(old->ended_argument);
    Py_DECREF(old->callable);
    Py_DECREF(old->argument);
    gl_callback_end(state);
    globus_callback_space_destroy(old->space);
    free(old);
}

/* The last reference calls `ended` as C does: as a callback of the space. */
static void release(handler *old)
{
    pthread_mutex_lock(&lock);
    bool last = --old->references == 0;
    pthread_mutex_unlock(&lock);
    if (!last) return;
    globus_result_t result = globus_callback_space_register_oneshot(NULL, NULL, finish, old, old->space);
    if (result == GLOBUS_SUCCESS) return;
    globus_object_free(globus_error_get(result));
    finish(old);
}

/* With the lock. Gives the handler that was there. */
static handler *uninstall(int signum)
{
    handler *old = handlers[signum];
    handlers[signum] = NULL;
    if (old) sigaction(signum, &old->before, NULL);
    return old;
}

/* ---- a signal has arrived ----------------------------------------------------------------------------------------- */

static void kick_out(void *user_arg)
{
    handler *called = user_arg;
    PyGILState_STATE state;
    if (gl_callback_begin(&state))
    {
        cm_dispose(called->callable, called->argument);
        gl_callback_end(state);
    }
    release(called);
}

static void deliver(int signum)
{
    if (__atomic_exchange_n(&counts[signum], 0, __ATOMIC_SEQ_CST) == 0) return;
    pthread_mutex_lock(&lock);
    handler *called = handlers[signum];
    bool once = called && !called->persist;
    if (called) ++called->references;
    if (once) uninstall(signum);
    pthread_mutex_unlock(&lock);
    if (!called) return;
    globus_result_t result = globus_callback_space_register_oneshot(NULL, NULL, kick_out, called, called->space);
    if (result != GLOBUS_SUCCESS)
    {
        globus_object_free(globus_error_get(result));
        release(called);
    }
    if (once) release(called);
}

static void *wait_for_signals(void *unused)
{
    (void)unused;
    for (;;)
    {
        while (sem_wait(&arrived) != 0) {}
        for (int signum = 1; signum < SIGNALS; ++signum) deliver(signum);
    }
    return NULL;
}

static int start_waiting(void)
{
    if (waiting) return 0;
    sigset_t every, before;
    pthread_t thread;
    sigfillset(&every);
    if (sem_init(&arrived, 0, 0) != 0) return -1;
    pthread_sigmask(SIG_SETMASK, &every, &before);
    waiting = pthread_create(&thread, NULL, wait_for_signals, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (waiting) pthread_detach(thread);
    return waiting ? 0 : -1;
}

/* ---- the functions --------------------------------------------------------------------------------------------------- */

static bool is_uncatchable(int signum)
{
    static const int uncatchable[] = {SIGKILL, SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGSYS, SIGTRAP, SIGSTOP, SIGCONT};
    for (size_t i = 0; i < sizeof uncatchable / sizeof *uncatchable; ++i)
        if (uncatchable[i] == signum) return true;
    return false;
}

static PyObject *refuse(const char *function, const char *message)
{
    return cm_fail(GLOBUS_CALLBACK_MODULE, GLOBUS_CALLBACK_ERROR_INVALID_ARGUMENT, function, message);
}

static int install(int signum, handler *made)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    pthread_mutex_lock(&lock);
    int rc = handlers[signum] ? EBUSY : sigaction(signum, &action, &made->before) != 0 ? errno : 0;
    if (rc == 0) handlers[signum] = made;
    pthread_mutex_unlock(&lock);
    return rc;
}

PyObject *py_globus_callback_space_register_signal_handler(PyObject *signum, PyObject *persist, PyObject *callable,
                                                           PyObject *argument, PyObject *space)
{
    const char *function = "globus_callback_space_register_signal_handler";
    long number, where;
    int stays = PyObject_IsTrue(persist);
    if (stays < 0 || cm_integer(function, "signum", signum, 1, SIGNALS - 1, &number) < 0
        || cm_callable(function, "callback_func", callable, false) < 0
        || cm_integer(function, "space", space, INT32_MIN, INT32_MAX, &where) < 0)
        return NULL;
    if (is_uncatchable((int)number)) return refuse(function, "this signal cannot be handled");
    globus_result_t result = globus_callback_space_reference((globus_callback_space_t)where);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    handler *made = calloc(1, sizeof *made);
    if (!made || start_waiting() < 0)
    {
        free(made);
        globus_callback_space_destroy((globus_callback_space_t)where);
        return PyErr_NoMemory();
    }
    *made = (handler){.callable = callable, .argument = argument, .space = (globus_callback_space_t)where, .persist = stays,
                      .references = 1};
    int rc = install((int)number, made);
    if (rc == 0)
    {
        Py_INCREF(callable);
        Py_INCREF(argument);
        Py_RETURN_NONE;
    }
    free(made);
    globus_callback_space_destroy((globus_callback_space_t)where);
    return refuse(function, rc == EBUSY ? "this signal has a handler already" : "this signal cannot be handled");
}

PyObject *py_globus_callback_unregister_signal_handler(PyObject *signum, PyObject *callable, PyObject *argument)
{
    const char *function = "globus_callback_unregister_signal_handler";
    long number;
    if (cm_integer(function, "signum", signum, 1, SIGNALS - 1, &number) < 0
        || cm_callable(function, "unregister_callback", callable, true) < 0)
        return NULL;
    pthread_mutex_lock(&lock);
    handler *old = uninstall((int)number);
    if (old && callable != Py_None)
    {
        old->ended = Py_NewRef(callable);
        old->ended_argument = Py_NewRef(argument);
    }
    pthread_mutex_unlock(&lock);
    if (!old) return refuse(function, "this signal has no handler");
    release(old);
    Py_RETURN_NONE;
}

/* The callback library is not active any more. */
void cm_signals_dropped(void)
{
    for (int signum = 1; signum < SIGNALS; ++signum)
    {
        pthread_mutex_lock(&lock);
        handler *old = uninstall(signum);
        bool last = old && --old->references == 0;
        pthread_mutex_unlock(&lock);
        if (!last) continue;
        Py_DECREF(old->callable);
        Py_DECREF(old->argument);
        free(old);
    }
}

PyObject *py_globus_callback_register_signal_handler(PyObject *signum, PyObject *persist, PyObject *callable, PyObject *argument)
{
    PyObject *space = PyLong_FromLong(GLOBUS_CALLBACK_GLOBAL_SPACE);
    PyObject *none = space ? py_globus_callback_space_register_signal_handler(signum, persist, callable, argument, space) : NULL;
    Py_XDECREF(space);
    return none;
}
