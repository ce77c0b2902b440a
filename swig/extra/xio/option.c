/* The texts that drivers take as options. */
#include "xio_adapters.h"

/* The first character separates the others: C goes on behind the end of a text without any. */
globus_result_t gl_adapt_globus_xio_string_cntl_string_list(
    void *attr, const char *key, const char *val, int cmd, globus_xio_driver_attr_cntl_t cntl_func)
{
    return globus_xio_string_cntl_string_list(attr, key, val && !*val ? "," : val, cmd, cntl_func);
}
