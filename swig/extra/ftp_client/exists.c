/* ftp_client: whether a file or directory exists. C's own asks SIZE, MLST, STAT and LIST in turn, and after it has started the last
 * it asks for the data: where that has failed by then, as at a port where nobody listens, it calls back and frees twice. Here CWD is
 * last, which tells the same of a directory, without data. */
#include "ftp_client_adapters.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct
{
    int                                   asked;        /* how many of the ways below */
    char                                 *url;
    globus_ftp_client_operationattr_t     attr;
    globus_off_t                          size;
    globus_byte_t                        *text;
    globus_size_t                         text_length;
    globus_ftp_client_complete_callback_t callback;
    void                                 *callback_arg;
} question;

static void answered(void *argument, globus_ftp_client_handle_t *handle, globus_object_t *error);

/* ---- the ways to ask ------------------------------------------------------------------------------------------------------------ */

static globus_result_t ask_size(question *it, globus_ftp_client_handle_t *handle)
{
    return globus_ftp_client_size(handle, it->url, &it->attr, &it->size, answered, it);
}

static globus_result_t ask_mlst(question *it, globus_ftp_client_handle_t *handle)
{
    return globus_ftp_client_mlst(handle, it->url, &it->attr, &it->text, &it->text_length, answered, it);
}

static globus_result_t ask_stat(question *it, globus_ftp_client_handle_t *handle)
{
    return globus_ftp_client_stat(handle, it->url, &it->attr, &it->text, &it->text_length, answered, it);
}

static globus_result_t ask_cwd(question *it, globus_ftp_client_handle_t *handle)
{
    return globus_ftp_client_cwd(handle, it->url, &it->attr, &it->text, &it->text_length, answered, it);
}

static globus_result_t (*const ways[])(question *, globus_ftp_client_handle_t *) = {ask_size, ask_mlst, ask_stat, ask_cwd};
enum { WAYS = sizeof ways / sizeof *ways };

/* Once it has started, another thread may be done with the question. */
static globus_result_t ask(question *it, globus_ftp_client_handle_t *handle)
{
    return ways[it->asked++](it, handle);
}

/* ---- a question ----------------------------------------------------------------------------------------------------------------- */

static void forget(question *it)
{
    free(it->text);
    globus_ftp_client_operationattr_destroy(&it->attr);
    free(it->url);
    free(it);
}

static void answered(void *argument, globus_ftp_client_handle_t *handle, globus_object_t *error)
{
    question *it = argument;
    globus_object_t *refused = NULL;
    bool aborted = error && globus_error_match(error, GLOBUS_FTP_CLIENT_MODULE, GLOBUS_FTP_CLIENT_ERROR_ABORTED);
    if (error && !aborted && it->asked < WAYS)
    {
        globus_result_t result = ask(it, handle);
        if (!result) return;
        refused = globus_error_get(result);
    }
    it->callback(it->callback_arg, handle, refused ? refused : error);
    if (refused) globus_object_free(refused);
    forget(it);
}

/* A copy of `attr`, which may be NULL as everywhere. */
static globus_result_t copy_attr(globus_ftp_client_operationattr_t *copy, globus_ftp_client_operationattr_t *attr)
{
    return attr ? globus_ftp_client_operationattr_copy(copy, attr) : globus_ftp_client_operationattr_init(copy);
}

globus_result_t gl_adapt_globus_ftp_client_exists(
    globus_ftp_client_handle_t *handle, const char *url, globus_ftp_client_operationattr_t *attr,
    globus_ftp_client_complete_callback_t complete_callback, void *callback_arg)
{
    question *it = calloc(1, sizeof *it);
    globus_result_t result = it ? copy_attr(&it->attr, attr) : gl_ftp_client_refuse("no memory");
    if (result)
    {
        free(it);
        return result;
    }
    it->url = strdup(url);
    it->callback = complete_callback;
    it->callback_arg = callback_arg;
    result = it->url ? ask(it, handle) : gl_ftp_client_refuse("no memory");
    if (result) forget(it);
    return result;
}
