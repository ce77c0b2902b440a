/* gsi_sysconfig */
#ifndef GSI_SYSCONFIG_ADAPTERS_H
#define GSI_SYSCONFIG_ADAPTERS_H

#include <errno.h>
#include <globus_gsi_system_config.h>
#include <stdlib.h>
#include <unistd.h>

/* In a working directory that does not exist any more C asks for it again and again, for ever. */
static inline globus_result_t gl_working_directory(void)
{
    char *directory = getcwd(NULL, 0);
    free(directory);
    if (directory) return GLOBUS_SUCCESS;
    return globus_error_put(globus_error_wrap_errno_error(
        GLOBUS_GSI_SYSCONFIG_MODULE, errno, GLOBUS_GSI_SYSCONFIG_ERROR_GETTING_CWD, __FILE__, __func__, __LINE__,
        "Couldn't get the current working directory"));
}

static inline globus_result_t gl_adapt_globus_gsi_sysconfig_get_current_working_dir_unix(char **working_dir)
{
    globus_result_t result = gl_working_directory();
    return result ? result : globus_gsi_sysconfig_get_current_working_dir_unix(working_dir);
}

static inline globus_result_t gl_adapt_globus_gsi_sysconfig_make_absolute_path_for_filename_unix(
    char *filename, char **absolute_path)
{
    globus_result_t result = *filename == '/' ? GLOBUS_SUCCESS : gl_working_directory();
    return result ? result : globus_gsi_sysconfig_make_absolute_path_for_filename_unix(filename, absolute_path);
}

/* The fifo of names as a list that ends with NULL. */
static inline globus_result_t gl_adapt_globus_gsi_sysconfig_get_ca_cert_files_unix(char *ca_cert_dir, char ***ca_cert_list)
{
    globus_fifo_t names;
    globus_fifo_init(&names);
    globus_result_t result = globus_gsi_sysconfig_get_ca_cert_files_unix(ca_cert_dir, &names);
    if (result == GLOBUS_SUCCESS) *ca_cert_list = calloc((size_t)globus_fifo_size(&names) + 1, sizeof **ca_cert_list);
    for (char **next = *ca_cert_list; !globus_fifo_empty(&names);)
    {
        char *name = globus_fifo_dequeue(&names);
        if (next) *next++ = name;
        else free(name);
    }
    globus_fifo_destroy(&names);
    return result;
}

#endif
