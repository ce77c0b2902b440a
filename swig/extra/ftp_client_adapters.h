/* ftp_client: what the library's own functions would leave half made, or read and write where nothing is theirs. */
#ifndef FTP_CLIENT_ADAPTERS_H
#define FTP_CLIENT_ADAPTERS_H

#include <malloc.h>
#include <stdio.h>
#include <string.h>

static inline globus_result_t gl_ftp_client_refuse(const char *reason)
{
    return globus_error_put(globus_error_construct_string(GLOBUS_FTP_CLIENT_MODULE, NULL, "%s", reason));
}

/* The library's own makes a marker of ranges without the queue that holds them: the next call with it would crash. */
static inline globus_result_t gl_adapt_globus_ftp_client_restart_marker_from_string(
    globus_ftp_client_restart_marker_t *marker, const char *marker_string)
{
    const char *position = marker_string;
    globus_off_t offset, end;
    globus_result_t result = globus_ftp_client_restart_marker_destroy(marker);      /* what it held */
    if (!strchr(marker_string, '-')) return globus_ftp_client_restart_marker_from_string(marker, marker_string);
    for (int used = 0; result == GLOBUS_SUCCESS; position += used + 1)
    {
        int found = sscanf(position, "%" GLOBUS_OFF_T_FORMAT "-%" GLOBUS_OFF_T_FORMAT "%n", &offset, &end, &used);
        if (found < 2 || offset < 0 || end < offset || !strchr(",", position[used]))
            return globus_error_put(globus_error_construct_string(
                GLOBUS_FTP_CLIENT_MODULE, NULL, "a restart marker is an offset, or ranges such as 0-99,200-299: not %s",
                marker_string));
        result = globus_ftp_client_restart_marker_insert_range(marker, offset, end);
        if (!position[used]) break;
    }
    return result;
}

/* Where an attribute has the text of its storage module: in the one word that changes when it is set. */
static inline size_t gl_ftp_client_storage_module_offset(void)
{
    static size_t found;
    globus_ftp_client_operationattr_t attr;
    if (found || globus_ftp_client_operationattr_init(&attr) != GLOBUS_SUCCESS) return found;
    size_t size = malloc_usable_size(attr);
    char *before = malloc(size);
    if (before)
    {
        memcpy(before, attr, size);
        globus_ftp_client_operationattr_set_storage_module(&attr, "name", "");
        size_t at = 0;
        while (at < size && !memcmp((char *)attr + at, before + at, sizeof(char *))) at += sizeof(char *);
        if (at < size) found = at;
        free(before);
    }
    globus_ftp_client_operationattr_destroy(&attr);
    return found;
}

/* The library's own scans name="arguments" as one word: it never finds the end of the name, and writes one byte too many. */
static inline globus_result_t gl_adapt_globus_ftp_client_operationattr_get_storage_module(
    const globus_ftp_client_operationattr_t *attr, char **module_name, char **module_args)
{
    size_t offset = gl_ftp_client_storage_module_offset();
    if (!offset) return gl_ftp_client_refuse("this version of the library does not say which storage module it has");
    const char *text = *(char **)((char *)*attr + offset), *end = text ? strstr(text, "=\"") : NULL;
    *module_name = end ? strndup(text, end - text) : NULL;
    *module_args = end ? strndup(end + 2, strlen(end + 2) - 1) : NULL;
    return GLOBUS_SUCCESS;
}

/* The library takes a credential for a buffer with one ('p'), or exports one that is not there. */
static inline globus_result_t gl_adapt_globus_ftp_client_operationattr_set_data_security(
    globus_ftp_client_operationattr_t *attr, int type, void *credential)
{
    if (type != 'P' && type != 'D') return gl_ftp_client_refuse("the type of data security is ord('P') or ord('D')");
    if (type == 'P' && !credential) return gl_ftp_client_refuse("data security of type P is that of a credential");
    return globus_ftp_client_operationattr_set_data_security(attr, type, credential);
}

/* The library's own leaves the handle of a put locked for ever. */
static inline globus_result_t gl_adapt_globus_ftp_client_plugin_add_data_channels(
    globus_ftp_client_handle_t *handle, unsigned int num_channels, unsigned int stripe)
{
    (void)handle, (void)num_channels, (void)stripe;
    return gl_ftp_client_refuse("channels cannot be added: the library leaves the handle locked");
}

/* The library's own asks the source of a put, which has none. */
static inline globus_result_t gl_adapt_globus_ftp_client_plugin_remove_data_channels(
    globus_ftp_client_handle_t *handle, unsigned int num_channels, unsigned int stripe)
{
    (void)handle, (void)num_channels, (void)stripe;
    return gl_ftp_client_refuse("channels cannot be removed: the library looks for them where a put has none");
}

#endif
