/* The reaper: a thread that destroys the handles which were collected.
 *
 * The collector may run anywhere, also inside a callback that holds a lock of the library, and a C destroy function may
 * block. The Python object itself waits here until its handle is destroyed, so that what C calls back meanwhile finds it,
 * not to be used any more, and so that its callbacks stay where C may still call them. */
#include "gl.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  work = PTHREAD_COND_INITIALIZER, idle = PTHREAD_COND_INITIALIZER;
static gl_object      *first, **last = &first;
static gl_object      *in_use;      /* by handles that are not destroyed yet */
static bool            started, busy;
static pthread_t       thread;

static void bury(gl_object *object)
{
    bool freed = !object->owned || object->type->destroy(object->pointer);     /* owned no more: its module was deactivated */
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    if (!freed) gl_object_leave_box(object);
    gl_object_close(object);
    Py_DECREF((PyObject *)object);
    gl_callback_end(state);
}

static void append(gl_object *object)
{
    object->next_dead = NULL;
    *last = object;
    last = &object->next_dead;
}

/* The next one that C does not use any more. What something else uses waits until that is destroyed. */
static gl_object *next_unused(void)
{
    while (first)
    {
        gl_object *object = first;
        first = object->next_dead;
        if (!first) last = &first;
        if (!__atomic_load_n(&object->held, __ATOMIC_RELAXED)) return object;
        object->next_dead = in_use;
        in_use = object;
    }
    return NULL;
}

static void look_again(void)
{
    while (in_use)
    {
        gl_object *object = in_use;
        in_use = object->next_dead;
        append(object);
    }
}

static void *reap(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;)
    {
        while (!first || gl_finalizing)      /* at the end of the process nothing is destroyed any more */
        {
            busy = false;
            pthread_cond_broadcast(&idle);
            pthread_cond_wait(&work, &lock);
        }
        gl_object *object = next_unused();
        if (!object) continue;
        busy = true;
        pthread_mutex_unlock(&lock);
        bury(object);
        pthread_mutex_lock(&lock);
        look_again();
    }
    return NULL;
}

/* It takes no signals: those are for the main thread. */
static bool start(void)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool made = pthread_create(&thread, NULL, reap, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (made) pthread_detach(thread);
    return made;
}

void gl_reap(gl_object *object)
{
    pthread_mutex_lock(&lock);
    append(object);
    if (!started) started = start();
    pthread_cond_signal(&work);
    pthread_mutex_unlock(&lock);
}

static bool wait_a_moment(void)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += (limit.tv_nsec += 100000000) / 1000000000;
    limit.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    int status = 0;
    while (started && !gl_finalizing && (busy || first) && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&idle, &lock, &limit);
    bool done = status != ETIMEDOUT;
    pthread_mutex_unlock(&lock);
    return done;
}

bool gl_reap_moment(void)
{
    bool done;
    if (gl_forked || (started && pthread_equal(pthread_self(), thread))) return true;
    Py_BEGIN_ALLOW_THREADS
    done = wait_a_moment();
    Py_END_ALLOW_THREADS
    return done;
}

int gl_reap_wait(void)
{
    while (!gl_reap_moment())
        if (PyErr_CheckSignals() < 0) return -1;
    return PyErr_CheckSignals();
}
