/* ftp_client: what the library's own function would leave half made. */
#ifndef FTP_CLIENT_ADAPTERS_H
#define FTP_CLIENT_ADAPTERS_H

#include <stdio.h>
#include <string.h>

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

#endif
