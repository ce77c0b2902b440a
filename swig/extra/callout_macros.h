/* How C finds a callable. */
#ifndef CALLOUT_MACROS_H
#define CALLOUT_MACROS_H

#include <globus_common.h>
#include <globus_callout.h>

/* The library, and the name of a function in it, by which C calls `function` for the abstract type `type`: for a
 * configuration file. They last as long as the process. */
void globus_callout_function(const char *type, void *function, char **library, char **symbol);

#endif
