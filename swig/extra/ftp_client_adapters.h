/* ftp_client: what the library's own functions would leave half made, or read and write where nothing is theirs. */
#ifndef FTP_CLIENT_ADAPTERS_H
#define FTP_CLIENT_ADAPTERS_H

#include <globus_ftp_client.h>
#include <globus_ftp_client_plugin.h>
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

/* ftp_client/exists.c */
globus_result_t gl_adapt_globus_ftp_client_exists(
    globus_ftp_client_handle_t *handle, const char *url, globus_ftp_client_operationattr_t *attr,
    globus_ftp_client_complete_callback_t complete_callback, void *callback_arg);

/* ---- members of attributes that no function tells: in the one word that changes when they are set ---------------------- */

static inline char *gl_ftp_client_image(const void *attr)
{
    char *image = malloc(malloc_usable_size((void *)attr));
    return image ? memcpy(image, attr, malloc_usable_size((void *)attr)) : NULL;
}

/* Where `attr` is no longer as `image`, which is freed; 0: nowhere. */
static inline size_t gl_ftp_client_changed_word(const void *attr, char *image)
{
    size_t at = 0, size = image ? malloc_usable_size((void *)attr) : 0;
    while (at < size && !memcmp((const char *)attr + at, image + at, sizeof(void *))) at += sizeof(void *);
    free(image);
    return at < size ? at : 0;
}

static inline void *gl_ftp_client_word(const void *attr, size_t offset)
{
    return offset ? *(void *const *)((const char *)attr + offset) : NULL;
}

static inline size_t gl_ftp_client_storage_module_offset(void)
{
    static size_t found;
    globus_ftp_client_operationattr_t attr;
    if (found || globus_ftp_client_operationattr_init(&attr) != GLOBUS_SUCCESS) return found;
    char *before = gl_ftp_client_image(attr);
    globus_ftp_client_operationattr_set_storage_module(&attr, "name", "");
    found = gl_ftp_client_changed_word(attr, before);
    globus_ftp_client_operationattr_destroy(&attr);
    return found;
}

static inline size_t gl_ftp_client_url_cache_offset(void)
{
    static size_t found;
    globus_ftp_client_handleattr_t attr;
    if (found || globus_ftp_client_handleattr_init(&attr) != GLOBUS_SUCCESS) return found;
    char *before = gl_ftp_client_image(attr);
    globus_ftp_client_handleattr_add_cached_url(&attr, "ftp://localhost/");
    found = gl_ftp_client_changed_word(attr, before);
    globus_ftp_client_handleattr_destroy(&attr);
    return found;
}

/* ---- attributes -------------------------------------------------------------------------------------------------------- */

/* The library takes its own success in copying a URL for a failure: the new object has neither the URLs nor the plug-ins. */
#define GL_FTP_CLIENT_REFUSE_CACHED_URLS(attr)                                                                              \
    if ((attr) && gl_ftp_client_word(*(attr), gl_ftp_client_url_cache_offset()))                                            \
        return gl_ftp_client_refuse("the library cannot copy URLs that an attribute caches: cache them in the handle")

/* Without an attribute it would make one, and leave its memory behind. */
static inline globus_result_t gl_adapt_globus_ftp_client_handle_init(
    globus_ftp_client_handle_t *handle, globus_ftp_client_handleattr_t *attr)
{
    globus_ftp_client_handleattr_t none;
    GL_FTP_CLIENT_REFUSE_CACHED_URLS(attr);
    if (attr) return globus_ftp_client_handle_init(handle, attr);
    globus_result_t result = globus_ftp_client_handleattr_init(&none);
    if (result) return result;
    result = globus_ftp_client_handle_init(handle, &none);
    globus_ftp_client_handleattr_destroy(&none);
    return result;
}

static inline globus_result_t gl_adapt_globus_ftp_client_handleattr_copy(
    globus_ftp_client_handleattr_t *dest, globus_ftp_client_handleattr_t *src)
{
    GL_FTP_CLIENT_REFUSE_CACHED_URLS(src);
    return globus_ftp_client_handleattr_copy(dest, src);
}

/* The library's own scans name="arguments" as one word: it never finds the end of the name, and writes one byte too many. */
static inline globus_result_t gl_adapt_globus_ftp_client_operationattr_get_storage_module(
    const globus_ftp_client_operationattr_t *attr, char **module_name, char **module_args)
{
    size_t offset = gl_ftp_client_storage_module_offset();
    if (!offset) return gl_ftp_client_refuse("this version of the library does not say which storage module it has");
    const char *text = gl_ftp_client_word(*attr, offset), *end = text ? strstr(text, "=\"") : NULL;
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

/* ---- data channels of a put -------------------------------------------------------------------------------------------- */

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

/* ---- restarts ---------------------------------------------------------------------------------------------------------- */

/* A plug-in that asks for a restart is called with the handle unlocked: what restarts at once, in another thread, would free
 * what the library still wants to read after the plug-in has returned. */
static inline globus_abstime_t gl_ftp_client_later(const globus_abstime_t *when)
{
    globus_abstime_t soon;
    GlobusTimeAbstimeSet(soon, 0, 200000);
    return when && globus_abstime_cmp(when, &soon) > 0 ? *when : soon;
}

#define GL_FTP_CLIENT_RESTART(name, arguments, ...)                                                                         \
    static inline globus_result_t gl_adapt_globus_ftp_client_plugin_restart_##name(                                         \
        globus_ftp_client_handle_t *handle, __VA_ARGS__, const globus_abstime_t *when)                                      \
    {                                                                                                                       \
        globus_abstime_t later = gl_ftp_client_later(when);                                                                 \
        return globus_ftp_client_plugin_restart_##name arguments;                                                           \
    }
#define GL_FTP_CLIENT_RESTART_AT_URL(name)                                                                                  \
    GL_FTP_CLIENT_RESTART(name, (handle, url, attr, &later), const char *url, const globus_ftp_client_operationattr_t *attr)

GL_FTP_CLIENT_RESTART_AT_URL(list)
GL_FTP_CLIENT_RESTART_AT_URL(verbose_list)
GL_FTP_CLIENT_RESTART_AT_URL(machine_list)
GL_FTP_CLIENT_RESTART_AT_URL(recursive_list)
GL_FTP_CLIENT_RESTART_AT_URL(mlst)
GL_FTP_CLIENT_RESTART_AT_URL(stat)
GL_FTP_CLIENT_RESTART_AT_URL(delete)
GL_FTP_CLIENT_RESTART_AT_URL(feat)
GL_FTP_CLIENT_RESTART_AT_URL(mkdir)
GL_FTP_CLIENT_RESTART_AT_URL(rmdir)
GL_FTP_CLIENT_RESTART_AT_URL(size)
GL_FTP_CLIENT_RESTART_AT_URL(modification_time)
GL_FTP_CLIENT_RESTART(chmod, (handle, url, mode, attr, &later),
                      const char *url, int mode, const globus_ftp_client_operationattr_t *attr)
GL_FTP_CLIENT_RESTART(chgrp, (handle, url, group, attr, &later),
                      const char *url, const char *group, const globus_ftp_client_operationattr_t *attr)
GL_FTP_CLIENT_RESTART(utime, (handle, url, utime_time, attr, &later),
                      const char *url, const struct tm *utime_time, const globus_ftp_client_operationattr_t *attr)
GL_FTP_CLIENT_RESTART(symlink, (handle, url, link_url, attr, &later),
                      const char *url, const char *link_url, const globus_ftp_client_operationattr_t *attr)
GL_FTP_CLIENT_RESTART(cksm, (handle, url, offset, length, algorithm, attr, &later),
                      const char *url, globus_off_t offset, globus_off_t length, const char *algorithm,
                      const globus_ftp_client_operationattr_t *attr)
GL_FTP_CLIENT_RESTART(move, (handle, source_url, dest_url, attr, &later),
                      const char *source_url, const char *dest_url, const globus_ftp_client_operationattr_t *attr)
GL_FTP_CLIENT_RESTART(get, (handle, url, attr, restart_marker, &later),
                      const char *url, const globus_ftp_client_operationattr_t *attr,
                      globus_ftp_client_restart_marker_t *restart_marker)
GL_FTP_CLIENT_RESTART(put, (handle, url, attr, restart_marker, &later),
                      const char *url, const globus_ftp_client_operationattr_t *attr,
                      globus_ftp_client_restart_marker_t *restart_marker)
GL_FTP_CLIENT_RESTART(third_party_transfer, (handle, source_url, source_attr, dest_url, dest_attr, restart_marker, &later),
                      const char *source_url, const globus_ftp_client_operationattr_t *source_attr,
                      const char *dest_url, const globus_ftp_client_operationattr_t *dest_attr,
                      globus_ftp_client_restart_marker_t *restart_marker)

#endif
