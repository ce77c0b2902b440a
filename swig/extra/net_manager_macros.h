/* Macros of the network manager's errors, as functions. A parenthesis around a name keeps the macro out. */
#ifndef NET_MANAGER_MACROS_H
#define NET_MANAGER_MACROS_H

#include <globus_common.h>
#include <globus_net_manager.h>

static inline globus_result_t (GlobusNetManagerErrorParameter)(const char *param_name)
{
    return GlobusNetManagerErrorParameter(param_name);
}

static inline globus_result_t (GlobusNetManagerErrorMemory)(const char *mem_name)
{
    return GlobusNetManagerErrorMemory(mem_name);
}

static inline globus_result_t (GlobusNetManagerErrorInit)(const char *manager, const char *explain)
{
    return GlobusNetManagerErrorInit(manager, explain);
}

static inline globus_result_t (GlobusNetManagerErrorManager)(globus_result_t result, const char *manager, const char *explain)
{
    return GlobusNetManagerErrorManager(result, manager, explain);
}

static inline globus_result_t (GlobusNetManagerErrorWrapFailed)(const char *failed_func, globus_result_t result)
{
    return GlobusNetManagerErrorWrapFailed(failed_func, result);
}

static inline globus_result_t (GlobusNetManagerErrorWrapFailedWithMessage)(globus_result_t result, const char *message)
{
    return GlobusNetManagerErrorWrapFailedWithMessage(result, "%s", message);
}

static inline globus_result_t (GlobusNetManagerErrorWrapFailedWithMessage2)(globus_result_t result, const char *message)
{
    return GlobusNetManagerErrorWrapFailedWithMessage(result, "%s", message);
}

#undef GlobusNetManagerErrorWrapFailedWithMessage
#undef GlobusNetManagerErrorWrapFailedWithMessage2

#endif
