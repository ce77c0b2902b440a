/* Calls that wait for somebody else, such that Ctrl-C ends the wait.
 *
 * Python's signal handlers run in the main thread alone, and there only between its own instructions. So the main thread
 * has such a call made by another thread, and looks at the signals while it waits. */
#include "gl.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SLICE = 50000000 };      /* nanoseconds between two looks */

/* A thread that makes calls for the main thread, one at a time; several only where a signal handler makes one, too. */
typedef struct worker
{
    pthread_mutex_t mutex;
    pthread_cond_t  changed;
    void          (*call)(void *);      /* what is to be done; NULL: nothing */
    void           *argument;
    struct worker  *next_idle;          /* of the main thread's */
} worker;

static worker *idle;

static void *work(void *of_worker)
{
    worker *self = of_worker;
    pthread_mutex_lock(&self->mutex);
    for (;;)
    {
        while (!self->call) pthread_cond_wait(&self->changed, &self->mutex);
        pthread_mutex_unlock(&self->mutex);
        self->call(self->argument);
        pthread_mutex_lock(&self->mutex);
        self->call = NULL;
        pthread_cond_signal(&self->changed);
    }
    return NULL;
}

static worker *new_worker(void)
{
    worker *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);        /* signals are the main thread's */
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, work, made);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
    {
        pthread_detach(thread);
        return made;
    }
    pthread_mutex_destroy(&made->mutex);
    pthread_cond_destroy(&made->changed);
    free(made);
    return NULL;
}

static worker *take_worker(void)
{
    worker *taken = idle;
    if (!taken) return new_worker();
    idle = taken->next_idle;
    return taken;
}

static void give_back(worker *taken)
{
    taken->next_idle = idle;
    idle = taken;
}

/* Runs Python's signal handlers. True if one has raised: the exception waits in this thread. */
static bool interrupted(void)
{
    PyGILState_STATE state = PyGILState_Ensure();
    bool raised = PyErr_CheckSignals() < 0;
    PyGILState_Release(state);
    return raised;
}

static void wait_a_slice(worker *busy)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += SLICE;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&busy->changed, &busy->mutex, &time);
}

bool gl_block(void (*call)(void *), void (*cancel)(void *), void *argument)
{
    worker *busy = syscall(SYS_gettid) == getpid() ? take_worker() : NULL;
    if (!busy) return call(argument), false;
    bool raised = false;
    pthread_mutex_lock(&busy->mutex);
    busy->call = call;
    busy->argument = argument;
    pthread_cond_signal(&busy->changed);
    while (busy->call)
    {
        wait_a_slice(busy);
        if (!busy->call) break;
        pthread_mutex_unlock(&busy->mutex);
        raised = raised || interrupted();
        if (raised) cancel(argument);   /* until it helps: the call may not have begun */
        pthread_mutex_lock(&busy->mutex);
    }
    pthread_mutex_unlock(&busy->mutex);
    give_back(busy);
    return raised;
}
