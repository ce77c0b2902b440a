/* gass_transfer: line ends. C reads and writes beyond a text that is empty, or ends in CRLF. */
#include "gl.h"
#include "gass_transfer_adapters.h"

#include <stdlib.h>
#include <string.h>

static bool ends_in_crlf(const globus_byte_t *text, size_t length)
{
    return length >= 2 && text[length - 2] == '\r' && text[length - 1] == '\n';
}

void gl_adapt_globus_gass_transfer_crlf_to_lf(
    globus_byte_t *src, globus_size_t src_len, globus_byte_t **dst, globus_size_t *dst_len)
{
    size_t last_lines = 0;
    for (; ends_in_crlf(src, src_len); src_len -= 2) ++last_lines;
    *dst = NULL;
    *dst_len = 0;
    if (src_len) globus_gass_transfer_crlf_to_lf(src, src_len, dst, dst_len);
    globus_byte_t *whole = realloc(*dst, *dst_len + last_lines + 1);
    if (!whole) return;
    memset(whole + *dst_len, '\n', last_lines);
    *dst = whole;
    *dst_len += last_lines;
}
