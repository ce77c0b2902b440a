/* gram_protocol: packing. C reckons with two digits a number and long values of extensions, and writes behind its buffer
 * for others. These lines are what it writes; the buffer is as long as they are. */
#include "gl.h"
#include "gram_protocol_adapters.h"

#define VERSION     "protocol-version: %d\r\n"
#define STATUS      "status: %d\r\n"
#define FAILURE     "failure-code: %d\r\n"
#define JOB_FAILURE "job-failure-code: %d\r\n"
#define CONTACT     "job-manager-url: %s\r\n"

static size_t room_for(globus_hashtable_t *extensions)
{
    size_t room = 0;
    for (globus_gram_protocol_extension_t *entry = globus_hashtable_first(extensions); entry; entry = globus_hashtable_next(extensions))
        room += strlen(entry->attribute) + strlen(": \"\"\r\n") + 2 * strlen(entry->value);
    return room;
}

static char *quoted(char *end, const char *value)
{
    *end++ = '"';
    for (; *value; *end++ = *value++)
        if (*value == '"' || *value == '\\') *end++ = '\\';
    *end++ = '"';
    return end;
}

/* The message of these lines, which it takes over, and of the extensions, if there are any. */
static int pack(char *lines, globus_hashtable_t *extensions, globus_byte_t **message, globus_size_t *size)
{
    if (!lines) return GLOBUS_GRAM_PROTOCOL_ERROR_MALLOC_FAILED;
    size_t length = strlen(lines);
    char *whole = realloc(lines, length + (extensions ? room_for(extensions) : 0) + 1);
    if (!whole)
    {
        free(lines);
        return GLOBUS_GRAM_PROTOCOL_ERROR_MALLOC_FAILED;
    }
    char *end = whole + length;
    globus_gram_protocol_extension_t *entry = extensions ? globus_hashtable_first(extensions) : NULL;
    for (; entry; entry = globus_hashtable_next(extensions))
    {
        end = stpcpy(stpcpy(end, entry->attribute), ": ");
        end = stpcpy(quoted(end, entry->value), "\r\n");
    }
    *end = '\0';
    *message = (globus_byte_t *)whole;
    *size = (globus_size_t)(end - whole) + 1;
    return GLOBUS_SUCCESS;
}

static char *job_request_reply(int status, const char *job_contact)
{
    return job_contact ? globus_common_create_string(VERSION STATUS CONTACT, GLOBUS_GRAM_PROTOCOL_VERSION, status, job_contact)
                       : globus_common_create_string(VERSION STATUS, GLOBUS_GRAM_PROTOCOL_VERSION, status);
}

static char *status_reply(int job_status, int failure_code, int job_failure_code)
{
    return globus_common_create_string(
        VERSION STATUS FAILURE JOB_FAILURE, GLOBUS_GRAM_PROTOCOL_VERSION, job_status, failure_code, job_failure_code);
}

static char *status_update(const char *job_contact, int status, int failure_code)
{
    return globus_common_create_string(VERSION CONTACT STATUS FAILURE, GLOBUS_GRAM_PROTOCOL_VERSION, job_contact, status, failure_code);
}

int gl_adapt_globus_gram_protocol_pack_job_request_reply(
    int status, const char *job_contact, globus_byte_t **reply, globus_size_t *replysize)
{
    return pack(job_request_reply(status, job_contact), NULL, reply, replysize);
}

int gl_adapt_globus_gram_protocol_pack_job_request_reply_with_extensions(
    int status, const char *job_contact, globus_hashtable_t *extensions, globus_byte_t **reply, globus_size_t *replysize)
{
    if (!extensions || !*extensions) return GLOBUS_GRAM_PROTOCOL_ERROR_NULL_PARAMETER;
    return pack(job_request_reply(status, job_contact), extensions, reply, replysize);
}

int gl_adapt_globus_gram_protocol_pack_status_reply(
    int job_status, int failure_code, int job_failure_code, globus_byte_t **reply, globus_size_t *replysize)
{
    return pack(status_reply(job_status, failure_code, job_failure_code), NULL, reply, replysize);
}

int gl_adapt_globus_gram_protocol_pack_status_reply_with_extensions(
    int job_status, int failure_code, int job_failure_code, globus_hashtable_t *extensions, globus_byte_t **reply,
    globus_size_t *replysize)
{
    if (!extensions || !*extensions) return GLOBUS_GRAM_PROTOCOL_ERROR_NULL_PARAMETER;
    return pack(status_reply(job_status, failure_code, job_failure_code), extensions, reply, replysize);
}

int gl_adapt_globus_gram_protocol_pack_status_update_message(
    char *job_contact, int status, int failure_code, globus_byte_t **reply, globus_size_t *replysize)
{
    return pack(status_update(job_contact, status, failure_code), NULL, reply, replysize);
}

int gl_adapt_globus_gram_protocol_pack_status_update_message_with_extensions(
    char *job_contact, int status, int failure_code, globus_hashtable_t *extensions, globus_byte_t **reply, globus_size_t *replysize)
{
    if (!extensions || !*extensions) return GLOBUS_GRAM_PROTOCOL_ERROR_NULL_PARAMETER;
    return pack(status_update(job_contact, status, failure_code), extensions, reply, replysize);
}
