/* gram_protocol: unpacking. C looks for the end of a message behind its last byte, and forgets the memory of an attribute that
 * it has met before. It gets a text with an end, in which each attribute is met once. */
#include "gl.h"
#include "gram_protocol_adapters.h"

/* Where the line of an attribute ends, as C reads it, and where its name does; NULL: C will refuse it. */
static char *end_of_line(char *line, char **colon)
{
    *colon = strchr(line, ':');
    if (!*colon || (*colon)[1] != ' ') return NULL;
    char *end = *colon + 2;
    if (*end == '"')
    {
        for (++end; *end && *end != '"'; ++end)
            if (end[0] == '\\' && end[1]) ++end;
        if (*end) ++end;
    }
    else end += strcspn(end, "\r");
    if (*end && *end++ != '\r') return NULL;
    if (*end && *end++ != '\n') return NULL;
    return end;
}

/* Takes out the lines of attributes that an earlier line has told. */
static void drop_repeated(char *text, char *scratch)
{
    globus_hashtable_t seen;
    globus_hashtable_init(&seen, 257, globus_hashtable_string_hash, globus_hashtable_string_keyeq);
    char *from = strcpy(scratch, text), *end, *colon;
    for (; (end = end_of_line(from, &colon)); from = end)
    {
        *colon = '\0';
        if (globus_hashtable_insert(&seen, from, from) != 0) continue;
        memcpy(text, from, (size_t)(end - from));
        text[colon - from] = ':';
        text += end - from;
    }
    strcpy(text, from);
    globus_hashtable_destroy(&seen);
}

/* The message as a text; NULL: there is not so much memory, or C could not count it. */
static char *text_of(const globus_byte_t *message, globus_size_t size)
{
    char *text = size < INT32_MAX ? malloc(2 * (size + 1)) : NULL;
    if (!text) return NULL;
    memcpy(text, message, size);
    text[size] = '\0';
    return text;
}

/* C tells an end that is in the message from one that is not. */
static char *attributes_of(const globus_byte_t *message, globus_size_t *size)
{
    char *text = text_of(message, *size);
    if (!text) return NULL;
    bool has_end = strlen(text) < *size;
    drop_repeated(text, text + *size + 1);
    *size = strlen(text) + has_end;
    return text;
}

/* Makes a call with the text in place of the message. */
#define WITH_TEXT(TEXT, CALL) \
    char *text = TEXT; \
    const globus_byte_t *bytes = (const globus_byte_t *)text; \
    int error = text ? CALL : GLOBUS_GRAM_PROTOCOL_ERROR_MALLOC_FAILED; \
    free(text); \
    return error

int gl_adapt_globus_gram_protocol_unpack_message(const char *message, size_t message_length, globus_hashtable_t *message_attributes)
{
    WITH_TEXT(attributes_of((const globus_byte_t *)message, &message_length),
              globus_gram_protocol_unpack_message((const char *)bytes, message_length, message_attributes));
}

int gl_adapt_globus_gram_protocol_unpack_job_request(
    const globus_byte_t *query, globus_size_t querysize, int *job_state_mask, char **callback_url, char **description)
{
    WITH_TEXT(attributes_of(query, &querysize),
              globus_gram_protocol_unpack_job_request(bytes, querysize, job_state_mask, callback_url, description));
}

int gl_adapt_globus_gram_protocol_unpack_job_request_reply(
    const globus_byte_t *reply, globus_size_t replysize, int *status, char **job_contact)
{
    WITH_TEXT(attributes_of(reply, &replysize),
              globus_gram_protocol_unpack_job_request_reply(bytes, replysize, status, job_contact));
}

int gl_adapt_globus_gram_protocol_unpack_job_request_reply_with_extensions(
    const globus_byte_t *reply, globus_size_t replysize, int *status, char **job_contact, globus_hashtable_t *extensions)
{
    WITH_TEXT(attributes_of(reply, &replysize),
              globus_gram_protocol_unpack_job_request_reply_with_extensions(bytes, replysize, status, job_contact, extensions));
}

int gl_adapt_globus_gram_protocol_unpack_status_reply_with_extensions(
    const globus_byte_t *reply, globus_size_t replysize, globus_hashtable_t *extensions)
{
    WITH_TEXT(attributes_of(reply, &replysize),
              globus_gram_protocol_unpack_status_reply_with_extensions(bytes, replysize, extensions));
}

int gl_adapt_globus_gram_protocol_unpack_status_update_message(
    const globus_byte_t *reply, globus_size_t replysize, char **job_contact, int *status, int *failure_code)
{
    WITH_TEXT(attributes_of(reply, &replysize),
              globus_gram_protocol_unpack_status_update_message(bytes, replysize, job_contact, status, failure_code));
}

int gl_adapt_globus_gram_protocol_unpack_status_update_message_with_extensions(
    const globus_byte_t *reply, globus_size_t replysize, globus_hashtable_t *message_hash)
{
    WITH_TEXT(attributes_of(reply, &replysize),
              globus_gram_protocol_unpack_status_update_message_with_extensions(bytes, replysize, message_hash));
}

/* ---- these are no lists of attributes to C: the end is a part of them, or C writes behind its own copy ------------------- */

int gl_adapt_globus_gram_protocol_unpack_status_request(const globus_byte_t *query, globus_size_t querysize, char **status_requst)
{
    WITH_TEXT(text_of(query, querysize), globus_gram_protocol_unpack_status_request(bytes, strlen(text) + 1, status_requst));
}

int gl_adapt_globus_gram_protocol_unpack_status_reply(
    const globus_byte_t *reply, globus_size_t replysize, int *job_status, int *failure_code, int *job_failure_code)
{
    WITH_TEXT(text_of(reply, replysize),
              globus_gram_protocol_unpack_status_reply(bytes, strlen(text) + 1, job_status, failure_code, job_failure_code));
}
