/* scheduler_event_generator: a module that could not be loaded leaves C with a name that it has freed. */
#ifndef SCHEDULER_EVENT_GENERATOR_ADAPTERS_H
#define SCHEDULER_EVENT_GENERATOR_ADAPTERS_H

#include <globus_common.h>
#include <globus_gram_protocol.h>
#include <globus_scheduler_event_generator.h>
#include <globus_scheduler_event_generator_app.h>

#include <stdio.h>

/* The binding frees the struct, and what it holds, when this returns. */
static inline void gl_adapt_globus_scheduler_event_destroy(globus_scheduler_event_t *event)
{
    (void)event;
}

#endif
