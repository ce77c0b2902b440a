/* Activations and deactivations take turns: C deactivates a module without a lock, and does not survive that another thread
 * activates it, or a module that needs it, meanwhile.
 *
 * Whom C calls back does not wait: C may be waiting for it. */
#include "common/by_hand.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  ended = PTHREAD_COND_INITIALIZER;
static int             running[2];      /* activations, deactivations */
static __thread int    own;             /* those of this thread, one inside the other */

void cm_turn_begin(bool deactivates)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&lock);
    while (running[!deactivates] && !own && !gl_in_callback()) pthread_cond_wait(&ended, &lock);
    ++running[deactivates];
    ++own;
    pthread_mutex_unlock(&lock);
    Py_END_ALLOW_THREADS
}

void cm_turn_end(bool deactivates)
{
    pthread_mutex_lock(&lock);
    --running[deactivates];
    --own;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&lock);
}
