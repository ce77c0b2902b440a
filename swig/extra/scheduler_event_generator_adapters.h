/* scheduler_event_generator: memory of the binding's; and after a module that cannot be loaded C goes on with a name that
 * it has freed. */
#ifndef SCHEDULER_EVENT_GENERATOR_ADAPTERS_H
#define SCHEDULER_EVENT_GENERATOR_ADAPTERS_H

#include <globus_common.h>
#include <globus_gram_protocol.h>
#include <globus_scheduler_event_generator.h>
#include <globus_scheduler_event_generator_app.h>

#include "scheduler_event_generator_macros.h"

#include <stdbool.h>
#include <stdlib.h>

/* The binding frees the struct, and what it holds, when this returns. */
static inline void gl_adapt_globus_scheduler_event_destroy(globus_scheduler_event_t *event)
{
    (void)event;
}

/* C loads one that could be loaded before. */
static inline globus_result_t gl_adapt_globus_scheduler_event_generator_load_module(const char *module_name)
{
    char *extension = globus_common_create_string(*module_name == '/' ? "%s" : "globus_seg_%s", module_name);
    bool loads = extension && globus_extension_activate(extension) == GLOBUS_SUCCESS;
    globus_result_t result = loads ? globus_scheduler_event_generator_load_module(module_name)
                                   : GLOBUS_SEG_ERROR_INVALID_MODULE(module_name, "activation failed");
    if (loads) globus_extension_deactivate(extension);
    free(extension);
    return result;
}

#endif
