/* Macros of MyProxy's headers, as functions. A parenthesis around a name keeps the macro out. */
#ifndef MYPROXY_MACROS_H
#define MYPROXY_MACROS_H

#include <myproxy.h>

/* Whether the library is of the version of the headers that this module was built with: as myproxy_check_version_ex(). */
static inline int (myproxy_check_version)(void)
{
    return myproxy_check_version_ex(MYPROXY_VERSION_MAJOR, MYPROXY_VERSION_MINOR, MYPROXY_VERSION_MICRO);
}

#endif
