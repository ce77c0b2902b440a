/* The popen driver: the first argument names the program. */
#include "xio_drivers_adapters.h"

globus_result_t gl_adapt_attr__popen__GLOBUS_XIO_POPEN_SET_PROGRAM(
    globus_xio_attr_t attr, globus_xio_driver_t driver, int cmd, char **value)
{
    if (!*value)
        return globus_error_put(globus_error_construct_error(
            GLOBUS_XIO_MODULE, NULL, GLOBUS_XIO_ERROR_PARAMETER, __FILE__, "GLOBUS_XIO_POPEN_SET_PROGRAM", __LINE__, "%s",
            "The list must begin with a program"));
    return globus_xio_attr_cntl(attr, driver, cmd, value);
}
