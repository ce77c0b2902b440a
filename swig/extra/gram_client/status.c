/* gram_client: callbacks of job states. C answers the job manager when they have returned, and ending a listener waits for the
 * answers: for ever, in one of them. Which listener one is for, C does not tell. */
#include "gl.h"
#include "gram_client_adapters.h"

static __thread int running;     /* such callbacks in this thread */

void gl_gram_status_begins(void)
{
    ++running;
}

void gl_gram_status_ends(void)
{
    --running;
}

int gl_gram_check_status(const gl_function *function)
{
    if (!running) return 0;
    PyErr_Format(PyExc_RuntimeError, "%s() would wait for ever for the callback of job states that it is called in: "
                 "end the listener in another thread", function->name);
    return -1;
}
