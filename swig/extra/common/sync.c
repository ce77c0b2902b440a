/* Mutexes and what builds on them: where C waits for ever, or stops the process, these raise.
 *
 * They run without the GIL. The mutexes check for errors (PTHREAD_MUTEX_ERRORCHECK), and are locked through their own
 * pthread functions, since globus_mutex_*() stop the process for every error. The main thread waits in slices, so that
 * Ctrl-C is heard. */
#include "common/common.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

static pthread_t main_thread;

void cm_sync_start(void)
{
    main_thread = pthread_self();
}

/* ---- waiting in slices ------------------------------------------------------------------------------------------------ */

enum { SLICE = 100000000 };     /* nanoseconds */

static struct timespec in_a_slice(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += SLICE;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static bool is_past(const struct timespec *time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return globus_abstime_cmp(time, &now) <= 0;
}

/* Runs Python's signal handlers. True if one has raised. */
static bool interrupted(void)
{
    if (!pthread_equal(pthread_self(), main_thread)) return false;
    PyGILState_STATE state = PyGILState_Ensure();
    bool raised = PyErr_CheckSignals() < 0;
    PyGILState_Release(state);
    return raised;
}

static int fail(int rc, const char *message)
{
    if (rc) cm_raise(PyExc_RuntimeError, message);
    return rc;
}

static int lock(pthread_mutex_t *mutex)
{
    int rc;
    do
    {
        struct timespec slice = in_a_slice();
        rc = pthread_equal(pthread_self(), main_thread) ? pthread_mutex_timedlock(mutex, &slice) : pthread_mutex_lock(mutex);
    } while (rc == ETIMEDOUT && !interrupted());
    return rc;
}

static bool is_locked_here(pthread_mutex_t *mutex)
{
    static const struct timespec past = {0, 0};
    int rc = pthread_mutex_timedlock(mutex, &past);
    if (rc == 0) pthread_mutex_unlock(mutex);
    return rc == EDEADLK;
}

/* ---- mutexes -------------------------------------------------------------------------------------------------------------- */

int gl_adapt_globus_mutex_init(globus_mutex_t *mutex)
{
    globus_mutexattr_t attr;
    int rc = pthread_mutexattr_init(&attr.pthread);
    pthread_mutexattr_settype(&attr.pthread, PTHREAD_MUTEX_ERRORCHECK);
    if (rc == 0) rc = globus_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr.pthread);
    return rc;
}

int gl_adapt_globus_mutex_destroy(globus_mutex_t *mutex)
{
    return fail(pthread_mutex_destroy(&mutex->pthread), "globus_mutex_destroy(): the mutex is locked");
}

int gl_adapt_globus_mutex_lock(globus_mutex_t *mutex)
{
    int rc = lock(&mutex->pthread);
    return rc == EDEADLK ? fail(rc, "globus_mutex_lock(): this thread has locked the mutex already: it would wait for ever") : rc;
}

int gl_adapt_globus_mutex_unlock(globus_mutex_t *mutex)
{
    return fail(pthread_mutex_unlock(&mutex->pthread), "globus_mutex_unlock(): this thread has not locked the mutex");
}

int gl_adapt_globus_mutex_trylock(globus_mutex_t *mutex)
{
    return pthread_mutex_trylock(&mutex->pthread);
}

/* ---- condition variables ------------------------------------------------------------------------------------------------------ */

typedef int wait_function(globus_cond_t *cond, void *mutex, globus_abstime_t *end);

/* Until `end`, or for ever. 0 if woken, ETIMEDOUT; another error is the library's. */
static int wait_in_slices(globus_cond_t *cond, void *mutex, wait_function *wait, const globus_abstime_t *end)
{
    for (;;)
    {
        globus_abstime_t slice = in_a_slice();
        bool last = end && globus_abstime_cmp(end, &slice) <= 0;
        if (last) slice = *end;
        int rc = wait(cond, mutex, &slice);
        if (rc == ETIMEDOUT && !last && !is_past(&slice)) rc = 0;      /* a space was polled, and something happened */
        if (rc != ETIMEDOUT || last || interrupted()) return rc == ETIMEDOUT && !last ? 0 : rc;
    }
}

static int timedwait(globus_cond_t *cond, void *mutex, globus_abstime_t *end)
{
    return globus_cond_timedwait(cond, mutex, end);
}

static int rw_timedwait(globus_cond_t *cond, void *rw_lock, globus_abstime_t *end)
{
    return globus_rw_cond_timedwait(cond, rw_lock, end);
}

static int wait_until(globus_cond_t *cond, globus_mutex_t *mutex, const globus_abstime_t *end)
{
    if (pthread_equal(pthread_self(), main_thread)) return wait_in_slices(cond, mutex, timedwait, end);
    return end ? globus_cond_timedwait(cond, mutex, (globus_abstime_t *)end) : globus_cond_wait(cond, mutex);
}

static int rw_wait_until(globus_cond_t *cond, globus_rw_mutex_t *rw_lock, const globus_abstime_t *end)
{
    if (pthread_equal(pthread_self(), main_thread)) return wait_in_slices(cond, rw_lock, rw_timedwait, end);
    return end ? globus_rw_cond_timedwait(cond, rw_lock, (globus_abstime_t *)end) : globus_rw_cond_wait(cond, rw_lock);
}

static int not_locked(const char *message)
{
    return fail(EPERM, message);
}

int gl_adapt_globus_cond_wait(globus_cond_t *cond, globus_mutex_t *mutex)
{
    if (!is_locked_here(&mutex->pthread)) return not_locked("globus_cond_wait(): this thread has not locked the mutex");
    return wait_until(cond, mutex, NULL);
}

int gl_adapt_globus_cond_timedwait(globus_cond_t *cond, globus_mutex_t *mutex, const globus_abstime_t *abstime)
{
    if (!is_locked_here(&mutex->pthread)) return not_locked("globus_cond_timedwait(): this thread has not locked the mutex");
    return wait_until(cond, mutex, abstime);
}

void gl_adapt_globus_callback_space_poll(const globus_abstime_t *timestop, globus_callback_space_t space)
{
    if (!timestop || !pthread_equal(pthread_self(), main_thread))
    {
        globus_callback_space_poll(timestop, space);
        return;
    }
    for (;;)
    {
        globus_abstime_t slice = in_a_slice();
        bool last = globus_abstime_cmp(timestop, &slice) <= 0;
        if (last) slice = *timestop;
        globus_callback_space_poll(&slice, space);
        if (last || !is_past(&slice) || interrupted()) return;      /* it ends early when it was told to */
    }
}

/* ---- recursive mutexes ------------------------------------------------------------------------------------------------------------ */

int gl_adapt_globus_rmutex_init(globus_rmutex_t *rmutex)
{
    return globus_rmutex_init(rmutex, NULL);
}

static bool has_level(globus_rmutex_t *rmutex)
{
    globus_mutex_lock(&rmutex->mutex);
    bool mine = rmutex->level > 0 && globus_thread_equal(rmutex->thread_id, globus_thread_self());
    globus_mutex_unlock(&rmutex->mutex);
    return mine;
}

int gl_adapt_globus_rmutex_lock(globus_rmutex_t *rmutex)
{
    if (!pthread_equal(pthread_self(), main_thread)) return globus_rmutex_lock(rmutex);
    int waited = 0;
    globus_mutex_lock(&rmutex->mutex);
    ++rmutex->waiting;
    while (rmutex->level > 0 && !globus_thread_equal(rmutex->thread_id, globus_thread_self()) && waited == 0)
    {
        globus_abstime_t slice = in_a_slice();
        int rc = globus_cond_timedwait(&rmutex->cond, &rmutex->mutex, &slice);
        if (rc != ETIMEDOUT) continue;
        globus_mutex_unlock(&rmutex->mutex);        /* no lock is held while the GIL is waited for */
        waited = interrupted() ? EINTR : 0;
        globus_mutex_lock(&rmutex->mutex);
    }
    --rmutex->waiting;
    bool free_now = waited == 0;
    if (!free_now && rmutex->level == 0) globus_cond_signal(&rmutex->cond);
    globus_mutex_unlock(&rmutex->mutex);
    return free_now ? globus_rmutex_lock(rmutex) : 0;
}

int gl_adapt_globus_rmutex_unlock(globus_rmutex_t *rmutex)
{
    if (!has_level(rmutex)) return not_locked("globus_rmutex_unlock(): this thread has not locked the mutex");
    return globus_rmutex_unlock(rmutex);
}

int gl_adapt_globus_rmutex_destroy(globus_rmutex_t *rmutex)
{
    if (rmutex->level > 0) return fail(EBUSY, "globus_rmutex_destroy(): the mutex is locked");
    return globus_rmutex_destroy(rmutex);
}

void cm_rmutex_free(globus_rmutex_t *rmutex)
{
    if (rmutex->level == 0) globus_rmutex_destroy(rmutex);
}

/* ---- reader-writer locks -------------------------------------------------------------------------------------------------------------- */

static int readers_of(globus_rw_mutex_t *rw_lock, bool *writing)
{
    globus_mutex_lock(&rw_lock->mutex);
    int readers = rw_lock->readers;
    *writing = rw_lock->writing;
    globus_mutex_unlock(&rw_lock->mutex);
    return readers;
}

int gl_adapt_globus_rw_mutex_init(globus_rw_mutex_t *rw_lock)
{
    return globus_rw_mutex_init(rw_lock, NULL);
}

int gl_adapt_globus_rw_mutex_readunlock(globus_rw_mutex_t *rw_lock)
{
    bool writing;
    if (readers_of(rw_lock, &writing) > 0) return globus_rw_mutex_readunlock(rw_lock);
    return not_locked("globus_rw_mutex_readunlock(): nobody has locked it for reading");
}

int gl_adapt_globus_rw_mutex_writeunlock(globus_rw_mutex_t *rw_lock)
{
    bool writing;
    readers_of(rw_lock, &writing);
    return writing ? globus_rw_mutex_writeunlock(rw_lock)
                   : not_locked("globus_rw_mutex_writeunlock(): nobody has locked it for writing");
}

int gl_adapt_globus_rw_mutex_destroy(globus_rw_mutex_t *rw_lock)
{
    bool writing;
    if (readers_of(rw_lock, &writing) > 0 || writing) return fail(EBUSY, "globus_rw_mutex_destroy(): it is locked");
    return globus_rw_mutex_destroy(rw_lock);
}

void cm_rw_mutex_free(globus_rw_mutex_t *rw_lock)
{
    if (rw_lock->readers == 0 && !rw_lock->writing) globus_rw_mutex_destroy(rw_lock);
}

int gl_adapt_globus_rw_cond_wait(globus_cond_t *cond, globus_rw_mutex_t *rw_lock)
{
    bool writing;
    if (readers_of(rw_lock, &writing) == 0 && !writing) return not_locked("globus_rw_cond_wait(): nobody has locked it");
    return rw_wait_until(cond, rw_lock, NULL);
}

int gl_adapt_globus_rw_cond_timedwait(globus_cond_t *cond, globus_rw_mutex_t *rw_lock, const globus_abstime_t *abstime)
{
    bool writing;
    if (readers_of(rw_lock, &writing) == 0 && !writing) return not_locked("globus_rw_cond_timedwait(): nobody has locked it");
    return rw_wait_until(cond, rw_lock, abstime);
}

/* ---- the library's own lock ------------------------------------------------------------------------------------------------------------------ */

static pthread_t libc_owner;
static volatile int libc_locked;

static bool libc_is_mine(void)
{
    return __atomic_load_n(&libc_locked, __ATOMIC_ACQUIRE) && pthread_equal(libc_owner, pthread_self());
}

int gl_adapt_globus_libc_lock(void)
{
    if (libc_is_mine()) return fail(EDEADLK, "globus_libc_lock(): this thread has the lock already: it would wait for ever");
    int rc = globus_libc_lock();
    if (rc) return rc;
    libc_owner = pthread_self();
    __atomic_store_n(&libc_locked, 1, __ATOMIC_RELEASE);
    return 0;
}

int gl_adapt_globus_libc_unlock(void)
{
    if (!libc_is_mine()) return fail(EPERM, "globus_libc_unlock(): this thread has not taken the lock");
    __atomic_store_n(&libc_locked, 0, __ATOMIC_RELEASE);
    return globus_libc_unlock();
}

/* ---- signal masks -------------------------------------------------------------------------------------------------------------------------------- */

int gl_adapt_globus_thread_sigmask(int how, const sigset_t *newmask, sigset_t *oldmask)
{
    if (how == SIG_BLOCK || how == SIG_UNBLOCK || how == SIG_SETMASK) return globus_thread_sigmask(how, newmask, oldmask);
    cm_raise(PyExc_ValueError, "globus_thread_sigmask() argument 'how' must be SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK");
    return 0;
}
