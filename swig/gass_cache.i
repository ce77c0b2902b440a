%module(package="globus_lowlevel") gass_cache
%include "lib/globus.swg"
%needs(GLOBUS_GASS_CACHE_MODULE)
%prelude(globus_common.h)
%adapters("gass_cache_adapters.h")

%handle(globus_gass_cache_t, globus_gass_cache_close(&value))

%returns(globus_gass_cache_*, STATUS)
%returns(globus_gass_cache_error_string, !STATUS)
/* Whether the file is new, or there, is an answer. */
%returns(globus_gass_cache_add, !STATUS, CHECKED)
%failure(gl_gass_cache_failure)
%param(globus_gass_cache_open, cache_directory_path, NULLABLE)
%param(globus_gass_cache_*, tag, NULLABLE)
%param(globus_gass_cache_mangle_tag, tag, !NULLABLE)
%param(globus_gass_cache_add, timestamp, INOUT)
%param(globus_gass_cache_mangle_*, length, OUT)
%param(globus_gass_cache_get_dirs, url, NULLABLE)

%include "globus_gass_cache.h"
