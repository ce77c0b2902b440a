/* The value of gss_set_sec_context_option(), with what C does not ask for: what kind of value it is. */
#ifndef GSS_OPTION_H
#define GSS_OPTION_H

#include <gssapi.h>

typedef struct
{
    gss_buffer_desc buffer;
    enum { GL_OPTION_EMPTY, GL_OPTION_BYTES, GL_OPTION_OIDS, GL_OPTION_CREDENTIALS } kind;
} gl_option_value;

#endif
