/* What the files of the toy library share. */
#ifndef TOY_PRIVATE_H
#define TOY_PRIVATE_H

#include "toy_callbacks.h"

#include <pthread.h>
#include <stdbool.h>

struct toy_handle_s
{
    char           name[64];
    toy_handle_t   child;
    void          *user_pointer;
    FILE          *log;
    toy_attr_t    *attr;
    toy_listener_t listeners[3];
    void          *listener_arg;
    toy_filter_t   filter;
    toy_driver_t  *driver;
    bool           woken;
    int            waiting;
    struct toy_handle_s *next_free;
};

struct toy_attr_s
{
    toy_attr_t *address;      /* where the user's variable is */
    int         level;
};

/* Runs `function(data)` in another thread; `join`: and waits for it. */
void toy_in_thread(void (*function)(void *), void *data, bool join);
void toy_pause(int milliseconds);

/* Fails with a chain of `errors` errors, or succeeds with none. */
globus_result_t toy_chain(int errors);

#endif
