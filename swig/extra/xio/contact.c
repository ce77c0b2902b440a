/* Contacts as strings. C's own encoder looks bytes above 0x7f up in front of its table: they are encoded here. */
#include "xio_adapters.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_encoded(unsigned char byte, const char *characters)
{
    return byte == '%' || byte < 0x20 || byte >= 0x7f || strchr(characters, byte);
}

/* A copy, encoded where there are characters to encode. */
static char *encoded(const char *text, const char *characters)
{
    static const char digits[] = "0123456789ABCDEF";
    if (!text) return NULL;
    char *copy = malloc(3 * strlen(text) + 1), *end = copy;
    for (; copy && *text; ++text)
    {
        unsigned char byte = (unsigned char)*text;
        if (!characters || !is_encoded(byte, characters)) *end++ = *text;
        else
        {
            *end++ = '%';
            *end++ = digits[byte >> 4];
            *end++ = digits[byte & 15];
        }
    }
    if (copy) *end = 0;
    return copy;
}

globus_result_t gl_adapt_globus_xio_contact_info_to_encoded_string(
    const globus_xio_contact_t *contact_info, const globus_xio_contact_t *encode_chars, char **contact_string)
{
    if (!encode_chars) return globus_xio_contact_info_to_encoded_string(contact_info, NULL, contact_string);
    globus_xio_contact_t copy = {
        .resource = encoded(contact_info->resource, encode_chars->resource),
        .host = encoded(contact_info->host, encode_chars->host),
        .port = encoded(contact_info->port, encode_chars->port),
        .scheme = encoded(contact_info->scheme, encode_chars->scheme),
        .user = encoded(contact_info->user, encode_chars->user),
        .pass = encoded(contact_info->pass, encode_chars->pass),
        .subject = encoded(contact_info->subject, encode_chars->subject)};
    globus_result_t result = globus_xio_contact_info_to_encoded_string(&copy, NULL, contact_string);
    globus_xio_contact_destroy(&copy);
    return result;
}

/* The characters are those of globus_xio_contact_info_to_url() in C. */
globus_result_t gl_adapt_globus_xio_contact_info_to_url(const globus_xio_contact_t *contact_info, char **contact_string)
{
    globus_xio_contact_t characters = {.resource = " \"#$&+,:;<=>?@[\\]^`{|}~!*", .user = "<> @:/\"'#",
                                       .pass = "<> @:/\"'#", .subject = "<> \"'#"};
    return gl_adapt_globus_xio_contact_info_to_encoded_string(contact_info, &characters, contact_string);
}
