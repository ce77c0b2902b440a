/* Strings that C writes into memory of the caller, whose size it does not ask. They run without the GIL. */
#include "common/common.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the process's surroundings ------------------------------------------------------------------------------------ */

int gl_adapt_globus_libc_gethostname(char **name)
{
    enum { ROOM = 1025 };
    *name = calloc(1, ROOM + 1);
    return *name ? globus_libc_gethostname(*name, ROOM) : -1;
}

int gl_adapt_globus_libc_gethomedir(char **result)
{
    *result = calloc(1, PATH_MAX + 1);      /* C writes one byte more than it is told */
    return *result ? globus_libc_gethomedir(*result, PATH_MAX) : -1;
}

/* The library calls exit(1) for a model that it cannot load. */
int gl_adapt_globus_thread_set_model(const char *model)
{
    if (strcmp(model, "pthread") == 0) return globus_thread_set_model(model);
    cm_raise(PyExc_ValueError, "globus_thread_set_model(): the binding needs the model 'pthread', which it chose at its import");
    return 0;
}

/* C copies the variable's file name into 1024 bytes. */
void gl_adapt_globus_debug_init(const char *env_name, const char *level_names, globus_debug_handle_t *handle)
{
    const char *value = globus_module_getenv(env_name);
    if (!value || strlen(value) < 1000) globus_debug_init(env_name, level_names, handle);
    else cm_raise(PyExc_ValueError, "globus_debug_init(): the variable's value is too long");
}

void cm_debug_close(globus_debug_handle_t *handle)
{
    if (handle->using_file && handle->file) fclose(handle->file);
}

/* C reads lines of less than 2000 bytes, and attributes of less than 200. */
static bool is_readable(const char *path, const char *attribute)
{
    FILE *file = strlen(attribute) < 190 && strlen(path) < 1900 ? fopen(path, "r") : NULL;
    bool readable = strlen(attribute) < 190 && strlen(path) < 1900;
    for (int length = 0, next = 0; file && readable && (next = fgetc(file)) != EOF;)
    {
        length = next == '\n' ? 0 : length + 1;
        readable = length < 1999;
    }
    if (file) fclose(file);
    return readable;
}

globus_result_t gl_adapt_globus_common_get_attribute_from_config_file(char *deploy_path, char *file_location, char *attribute,
                                                                      char **value)
{
    char *directory = NULL, *path = NULL;
    globus_result_t result = deploy_path ? GLOBUS_SUCCESS : globus_location(&directory);
    if (result) return result;
    path = globus_common_create_string("%s/%s", deploy_path ? deploy_path : directory, file_location);
    free(directory);
    if (path && is_readable(path, attribute))
        result = globus_common_get_attribute_from_config_file(deploy_path, file_location, attribute, value);
    else cm_raise(PyExc_ValueError, "globus_common_get_attribute_from_config_file(): a name or a line is too long");
    free(path);
    return result;
}

/* ---- numbers and times ------------------------------------------------------------------------------------------------- */

int gl_adapt_globus_libc_sprint_off_t(char **s, globus_off_t off)
{
    *s = calloc(1, 32);
    return *s && globus_libc_sprint_off_t(*s, off) > 0 ? 0 : -1;
}

int gl_adapt_globus_libc_scan_off_t(const char *s, globus_off_t *off, int *consumed)
{
    return globus_libc_scan_off_t((char *)s, off, consumed) == 1 ? 0 : -1;
}

void gl_adapt_globus_libc_ctime_r(const time_t *clock, char **buf)
{
    time_t time = *clock;
    *buf = calloc(1, 64);
    if (*buf && globus_libc_ctime_r(&time, *buf, 64)) return;
    cm_raise(PyExc_OverflowError, "globus_libc_ctime_r(): a time that no calendar can show");
}

/* ---- strings -------------------------------------------------------------------------------------------------------------- */

void gl_adapt_globus_url_string_hex_decode(const char *s, char **decoded)
{
    *decoded = strdup(s);
    if (*decoded) globus_url_string_hex_decode(*decoded);
}

char *gl_adapt_globus_libc_strndup(const char *string, globus_size_t length)
{
    size_t all = strlen(string);
    return globus_libc_strndup(string, length < all ? length : all);
}

/* The text that is being cut lives on, in each thread, until the next. */
char *gl_adapt_globus_libc_strtok(const char *s, const char *delim)
{
    static __thread char *text, *rest;
    if (s)
    {
        free(text);
        text = rest = strdup(s);
    }
    char *token = rest ? strtok_r(rest, delim, &rest) : NULL;
    if (!token) rest = NULL;
    return token ? strdup(token) : NULL;
}

char *gl_adapt_globus_common_create_nstring(int length, const char *format)
{
    if (length >= 0 && length < INT_MAX) return globus_common_create_nstring(length, "%s", format);
    cm_raise(PyExc_ValueError, "globus_common_create_nstring() argument 'length' must not be negative");
    return NULL;
}

char *gl_adapt_globus_common_v_create_nstring(int length, const char *format)
{
    return gl_adapt_globus_common_create_nstring(length, format);
}

char *gl_adapt_globus_assert_sprintf(const char *msg)
{
    if (strlen(msg) < 1024) return globus_assert_sprintf("%s", msg);
    cm_raise(PyExc_ValueError, "globus_assert_sprintf(): C has room for 1023 bytes");
    return NULL;
}

void gl_adapt_thread_print(const char *s)
{
    if (strlen(s) < 900) thread_print("%s", s);
    else cm_raise(PyExc_ValueError, "thread_print(): C has room for 900 bytes");
}

/* ---- hashes: C divides by the limit ------------------------------------------------------------------------------------------- */

static bool is_limit(int limit)
{
    if (limit > 0) return true;
    cm_raise(PyExc_ValueError, "the argument 'limit' of a hash must be positive");
    return false;
}

int gl_adapt_globus_hashtable_string_hash(const char *string, int limit)
{
    return is_limit(limit) ? globus_hashtable_string_hash((void *)string, limit) : 0;
}

int gl_adapt_globus_hashtable_string_keyeq(const char *string1, const char *string2)
{
    return globus_hashtable_string_keyeq((void *)string1, (void *)string2);
}

int gl_adapt_globus_hashtable_int_hash(int integer, int limit)
{
    return is_limit(limit) ? globus_hashtable_int_hash((void *)(intptr_t)integer, limit) : 0;
}

int gl_adapt_globus_hashtable_int_keyeq(int integer1, int integer2)
{
    return globus_hashtable_int_keyeq((void *)(intptr_t)integer1, (void *)(intptr_t)integer2);
}

int gl_adapt_globus_hashtable_ulong_hash(unsigned long integer, int limit)
{
    return is_limit(limit) ? globus_hashtable_ulong_hash((void *)integer, limit) : 0;
}

int gl_adapt_globus_hashtable_ulong_keyeq(unsigned long integer1, unsigned long integer2)
{
    return globus_hashtable_ulong_keyeq((void *)integer1, (void *)integer2);
}
