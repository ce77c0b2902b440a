/* Drivers are known by the name that they are loaded under: popen and pipe call themselves "file". */
#include "gl.h"
#include "xio_adapters.h"

globus_result_t gl_adapt_globus_xio_driver_load(const char *driver_name, globus_xio_driver_t *out_driver)
{
    globus_result_t result = globus_xio_driver_load(driver_name, out_driver);
    if (result == GLOBUS_SUCCESS) gl_driver_loaded(*out_driver, driver_name);
    return result;
}
