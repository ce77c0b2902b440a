/* The process: thread model, signal mask, fork, and the end of the interpreter. */
#include "gl.h"

#include <globus_module.h>
#include <globus_thread.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <dlfcn.h>

_Atomic int gl_forked, gl_finalizing;
gl_counters gl_live;

static _Atomic int   callbacks_running;
static __thread int  callbacks_here;
static pthread_key_t thread_state_key;

/* ---- start ------------------------------------------------------------------------------------------------------ */

static void in_child(void)
{
    gl_forked = 1;
}

/* The library calls exit(1) for a thread model that it cannot load: look for it first. */
static int thread_library_present(void)
{
    static const char *const names[] = {"libglobus_thread_pthread.so", "libglobus_thread_pthread_gcc64.so"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (library) return 1;
    }
    PyErr_Format(PyExc_ImportError, "the pthread thread model of the Grid Community Toolkit is missing "
                 "(libglobus_thread_pthread.so): install the Debian package libglobus-common0 or the EPEL package "
                 "globus-common (%s)", dlerror());
    return 0;
}

static void forget_thread(void *state);

int gl_process_start(PyObject *package)
{
    (void)package;
    if (!thread_library_present()) return -1;
    if (globus_thread_set_model("pthread") != 0)
    {
        PyErr_SetString(PyExc_ImportError, "this process has already started the Grid Community Toolkit with a thread "
                        "model other than 'pthread'; import globus_lowlevel before anything else uses the toolkit, or "
                        "set GLOBUS_THREAD_MODEL=pthread");
        return -1;
    }
    /* The library's threads outlive the interpreter: connections may still be closing when the process exits. OpenSSL must
     * not be taken down under them. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    if (pthread_key_create(&thread_state_key, forget_thread) || pthread_atfork(NULL, NULL, in_child))
    {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* ---- activation ---------------------------------------------------------------------------------------------------- */

/* The first activation sets the library up, without a lock: before any other, this one of a module that does nothing. */
static void set_up_library(void)
{
    static globus_module_descriptor_t nothing = {.module_name = "nothing"};
    globus_module_activate(&nothing);
}

/* Activating the callback module blocks every signal in the calling thread, which all its later threads and child
 * processes inherit. */
void gl_activation_begin(void *saved_mask)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_sigmask(SIG_SETMASK, NULL, saved_mask);
    pthread_once(&once, set_up_library);
}

void gl_activation_end(const void *saved_mask)
{
    pthread_sigmask(SIG_SETMASK, saved_mask, NULL);
}

/* ---- callbacks on threads of C ----------------------------------------------------------------------------------------- */

/* Making a Python thread state costs more than a short callback: a pool thread keeps its own until it ends. */
static void keep_thread_state(void)
{
    PyGILState_Ensure();      /* never released: the counter of this state stays above zero */
    pthread_setspecific(thread_state_key, PyThreadState_Get());
}

/* The thread ends. Python's own thread-specific pointer may be gone already, so the state comes from our key. */
static void forget_thread(void *state)
{
    ++callbacks_running;
    if (!gl_finalizing && !gl_forked)
    {
        PyEval_RestoreThread(state);
        PyThreadState_Clear(state);
        PyEval_SaveThread();
        PyThreadState_Delete(state);
    }
    --callbacks_running;
}

bool gl_callback_begin(PyGILState_STATE *state)
{
    ++callbacks_running;
    if (gl_finalizing || gl_forked)
    {
        --callbacks_running;
        return false;
    }
    bool new_thread = !PyGILState_GetThisThreadState();
    *state = PyGILState_Ensure();
    if (new_thread) keep_thread_state();
    ++callbacks_here;
    GL_COUNT(callbacks, 1);
    return true;
}

void gl_callback_end(PyGILState_STATE state)
{
    --callbacks_here;
    PyGILState_Release(state);
    --callbacks_running;
}

bool gl_in_callback(void)
{
    return callbacks_here > 0;
}

/* ---- the end ------------------------------------------------------------------------------------------------------------ */

/* The library's threads outlive everything: from here on their callbacks are dropped before they touch Python. */
void gl_drain(double seconds)
{
    gl_finalizing = 1;
    Py_BEGIN_ALLOW_THREADS
    struct timespec pause = {0, 1000000};
    for (long step = 0; step < seconds * 1000 && callbacks_running > 0; ++step)
        nanosleep(&pause, NULL);
    Py_END_ALLOW_THREADS
}
