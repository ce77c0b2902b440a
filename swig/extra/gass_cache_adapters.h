/* gass_cache: failures are told by the library's own words; names that it takes for granted. */
#ifndef GASS_CACHE_ADAPTERS_H
#define GASS_CACHE_ADAPTERS_H

#include <globus_common.h>
#include <globus_gass_cache.h>

#ifdef GL_H
static inline PyObject *gl_gass_cache_failure(const gl_function *function, long long status)
{
    return gl_error_from_text(function->module->name, (int)status, globus_gass_cache_error_string((int)status), 0, function->name);
}
#endif

#endif
