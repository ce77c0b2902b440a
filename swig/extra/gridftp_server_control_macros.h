/* Macros of the control library's errors, as functions. A parenthesis around a name keeps the macro out. */
#ifndef GRIDFTP_SERVER_CONTROL_MACROS_H
#define GRIDFTP_SERVER_CONTROL_MACROS_H

#include <globus_common.h>
#include <globus_gridftp_server_control.h>

#define GL_GSC_ERROR(NAME) \
    static inline globus_result_t(GlobusGridFTPServerControlError##NAME)(void) \
    { \
        GlobusGridFTPServerName(GlobusGridFTPServerControlError##NAME); \
        return GlobusGridFTPServerControlError##NAME(); \
    }
GL_GSC_ERROR(Syntax)
GL_GSC_ERROR(Panic)
GL_GSC_ERROR(System)
GL_GSC_ERROR(Authentication)

#undef GlobusGridFTPServerControlErrorSyntax
#undef GlobusGridFTPServerControlErrorPanic
#undef GlobusGridFTPServerControlErrorSystem
#undef GlobusGridFTPServerControlErrorAuthentication

#endif
