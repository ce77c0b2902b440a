/* The function-like macros of common, as functions of the same names. Statements that assign to their first argument
 * give the value as an output. */
#ifndef COMMON_MACROS_H
#define COMMON_MACROS_H

#include <globus_common.h>

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common_adapters.h"

/* ---- callbacks --------------------------------------------------------------------------------------------------- */

#undef globus_callback_poll
#undef globus_poll_blocking
#undef globus_poll_nonblocking
#undef globus_poll
#undef globus_signal_poll
#undef globus_callback_register_oneshot
#undef globus_callback_register_periodic
#undef globus_callback_register_signal_handler
#undef globus_thread_blocking_callback_push
#undef globus_thread_blocking_will_block

/** Poll the global space: globus_callback_space_poll() with GLOBUS_CALLBACK_GLOBAL_SPACE. */
static inline void globus_callback_poll(const globus_abstime_t *timestop)
{
    gl_adapt_globus_callback_space_poll(timestop, GLOBUS_CALLBACK_GLOBAL_SPACE);
}

/** Poll the global space without an end. */
static inline void globus_poll_blocking(void)
{
    globus_callback_poll(&globus_i_abstime_infinity);
}

/** Poll the global space without waiting. */
static inline void globus_poll_nonblocking(void)
{
    globus_callback_poll(&globus_i_abstime_zero);
}

/** Poll the global space without waiting. */
static inline void globus_poll(void)
{
    globus_poll_nonblocking();
}

/** Make the poll that runs this callback end. */
static inline void globus_signal_poll(void)
{
    globus_callback_signal_poll();
}

/** Register a oneshot with the global space: globus_callback_space_register_oneshot(). */
globus_result_t globus_callback_register_oneshot(
    globus_callback_handle_t *callback_handle, const globus_reltime_t *delay_time, globus_callback_func_t callback_func,
    void *callback_user_arg);

/** Register a periodic callback with the global space: globus_callback_space_register_periodic(). */
globus_result_t globus_callback_register_periodic(
    globus_callback_handle_t *callback_handle, const globus_reltime_t *delay_time, const globus_reltime_t *period,
    globus_callback_func_t callback_func, void *callback_user_arg);

/** Register a signal handler with the global space: globus_callback_space_register_signal_handler(). */
globus_result_t globus_callback_register_signal_handler(
    int signum, globus_bool_t persist, globus_callback_func_t callback_func, void *callback_user_arg);

/** Push a blocking callback for all spaces: globus_thread_blocking_space_callback_push(). */
int globus_thread_blocking_callback_push(globus_thread_blocking_func_t func, void *user_args, globus_thread_callback_index_t *i);

/** Call the blocking callbacks of this thread. */
static inline int globus_thread_blocking_will_block(void)
{
    return globus_thread_blocking_space_will_block(GLOBUS_CALLBACK_GLOBAL_SPACE);
}

/* ---- state machines ------------------------------------------------------------------------------------------------ */

#undef globus_state_add_transition

/** Add a transition whose edge is called after the function: globus_state_add_transition_real(). */
globus_result_t globus_state_add_transition(
    globus_state_handle_t in_handle, int state, int event, int new_state, globus_states_transition_function_t cb, char *desc);

/* ---- times ------------------------------------------------------------------------------------------------------------- */


/* The macros are needed once more, inside functions of their own names. */
static inline void gl_abstime_set(globus_abstime_t *t, long sec, long usec) { GlobusTimeAbstimeSet(*t, sec, usec) }
static inline void gl_abstime_get(const globus_abstime_t *t, long *sec, long *usec) { GlobusTimeAbstimeGet(*t, *sec, *usec) }
static inline void gl_reltime_set(globus_reltime_t *t, long sec, long usec) { GlobusTimeReltimeSet(*t, sec, usec) }
static inline void gl_reltime_get(const globus_reltime_t *t, long *sec, long *usec) { GlobusTimeReltimeGet(*t, *sec, *usec) }
static inline void gl_abstime_diff(globus_reltime_t *r, const globus_abstime_t *a, const globus_abstime_t *b) { GlobusTimeAbstimeDiff(*r, *a, *b) }
static inline void gl_reltime_diff(globus_reltime_t *r, const globus_reltime_t *a, const globus_reltime_t *b) { GlobusTimeReltimeDiff(*r, *a, *b) }
static inline void gl_reltime_to_usec(long *n, const globus_reltime_t *t) { GlobusTimeReltimeToUSec(*n, *t) }
static inline void gl_reltime_to_msec(long *n, const globus_reltime_t *t) { GlobusTimeReltimeToMilliSec(*n, *t) }
static inline void gl_abstime_inc(globus_abstime_t *a, const globus_reltime_t *r) { GlobusTimeAbstimeInc(*a, *r) }
static inline void gl_abstime_dec(globus_abstime_t *a, const globus_reltime_t *r) { GlobusTimeAbstimeDec(*a, *r) }
static inline void gl_abstime_now(globus_abstime_t *a) { GlobusTimeAbstimeGetCurrent(*a) }
static inline void gl_reltime_multiply(globus_reltime_t *r, int factor) { GlobusTimeReltimeMultiply(*r, factor) }
static inline void gl_reltime_divide(globus_reltime_t *r, int factor) { GlobusTimeReltimeDivide(*r, factor) }

#undef GlobusTimeAbstimeSet
#undef GlobusTimeAbstimeGet
#undef GlobusTimeReltimeSet
#undef GlobusTimeReltimeGet
#undef GlobusTimeAbstimePrintf
#undef GlobusTimeReltimePrintf
#undef GlobusTimeAbstimeDiff
#undef GlobusTimeReltimeDiff
#undef GlobusTimeReltimeToUSec
#undef GlobusTimeReltimeToMilliSec
#undef GlobusTimeAbstimeInc
#undef GlobusTimeAbstimeDec
#undef GlobusTimeAbstimeGetCurrent
#undef GlobusTimeAbstimeCopy
#undef GlobusTimeReltimeCopy
#undef GlobusTimeReltimeMultiply
#undef GlobusTimeReltimeDivide

/** The time that is sec seconds and usec microseconds from now. */
static inline void GlobusTimeAbstimeSet(globus_abstime_t *Abstime, long Sec, long USec) { gl_abstime_set(Abstime, Sec, USec); }
/** Seconds and microseconds of a time. */
static inline void GlobusTimeAbstimeGet(const globus_abstime_t *Abstime, long *Sec, long *USec) { gl_abstime_get(Abstime, Sec, USec); }
/** A duration of sec seconds and usec microseconds. */
static inline void GlobusTimeReltimeSet(globus_reltime_t *Reltime, long Sec, long USec) { gl_reltime_set(Reltime, Sec, USec); }
/** Seconds and microseconds of a duration. */
static inline void GlobusTimeReltimeGet(const globus_reltime_t *Reltime, long *Sec, long *USec) { gl_reltime_get(Reltime, Sec, USec); }
/** The duration between two times, whichever is first. */
static inline void GlobusTimeAbstimeDiff(globus_reltime_t *Reltime, const globus_abstime_t *T1, const globus_abstime_t *T2) { gl_abstime_diff(Reltime, T1, T2); }
/** The difference of two durations, whichever is longer. */
static inline void GlobusTimeReltimeDiff(globus_reltime_t *Reltime, const globus_reltime_t *T1, const globus_reltime_t *T2) { gl_reltime_diff(Reltime, T1, T2); }
/** A duration in microseconds. */
static inline void GlobusTimeReltimeToUSec(long *SlpInt, const globus_reltime_t *Reltime) { gl_reltime_to_usec(SlpInt, Reltime); }
/** A duration in milliseconds. */
static inline void GlobusTimeReltimeToMilliSec(long *Milliseconds, const globus_reltime_t *Reltime) { gl_reltime_to_msec(Milliseconds, Reltime); }
/** The time that is a duration later. */
static inline void GlobusTimeAbstimeInc(globus_abstime_t *Abstime, const globus_reltime_t *Reltime) { gl_abstime_inc(Abstime, Reltime); }
/** The time that is a duration earlier. */
static inline void GlobusTimeAbstimeDec(globus_abstime_t *Abstime, const globus_reltime_t *Reltime) { gl_abstime_dec(Abstime, Reltime); }
/** Now. */
static inline void GlobusTimeAbstimeGetCurrent(globus_abstime_t *Abstime) { gl_abstime_now(Abstime); }
/** The same time. */
static inline void GlobusTimeAbstimeCopy(globus_abstime_t *Dest, const globus_abstime_t *Src) { *Dest = *Src; }
/** The same duration. */
static inline void GlobusTimeReltimeCopy(globus_reltime_t *Dest, const globus_reltime_t *Src) { *Dest = *Src; }
/** A duration, some times. */
static inline void GlobusTimeReltimeMultiply(globus_reltime_t *Reltime, int Factor) { gl_reltime_multiply(Reltime, Factor); }
/** A part of a duration. */
static inline int GlobusTimeReltimeDivide(globus_reltime_t *Reltime, int Factor)
{
    if (Factor == 0) return -1;
    gl_reltime_divide(Reltime, Factor);
    return 0;
}
/** Print a time on the standard output. */
static inline void GlobusTimeAbstimePrintf(const globus_abstime_t *Abstime)
{
    printf("sec  -->%lu\nnsec -->%lu\n", (unsigned long)Abstime->tv_sec, (unsigned long)Abstime->tv_nsec);
    fflush(stdout);
}
/** Print a duration on the standard output. */
static inline void GlobusTimeReltimePrintf(const globus_reltime_t *Reltime)
{
    printf("sec  -->%lu\nusec -->%lu\n", (unsigned long)Reltime->tv_sec, (unsigned long)Reltime->tv_usec);
    fflush(stdout);
}

/* ---- UUIDs ---------------------------------------------------------------------------------------------------------------- */

#undef GLOBUS_UUID_VERSION
#undef GLOBUS_UUID_MATCH

/** The version of a UUID: GLOBUS_UUID_VERSION_TIME and the like. */
static inline int GLOBUS_UUID_VERSION(const globus_uuid_t *uuid)
{
    return uuid->binary.bytes[6] >> 4;
}

/** Whether two UUIDs are the same. */
static inline globus_bool_t GLOBUS_UUID_MATCH(const globus_uuid_t *u1, const globus_uuid_t *u2)
{
    return memcmp(u1->binary.bytes, u2->binary.bytes, 16) == 0;
}

/* ---- addresses ---------------------------------------------------------------------------------------------------------------- */

#undef GlobusLibcProtocolFamilyIsIP
#undef GlobusLibcSockaddrGetFamily
#undef GlobusLibcSockaddrGetPort
#undef GlobusLibcSockaddrSetPort
#undef GlobusLibcSockaddrCopy
#undef GlobusLibcSockaddrLen

/** Whether a protocol family is IPv4 or IPv6. */
static inline globus_bool_t GlobusLibcProtocolFamilyIsIP(int family)
{
    return family == AF_INET || family == AF_INET6;
}

/** The protocol family of an address. */
static inline int GlobusLibcSockaddrGetFamily(const globus_sockaddr_t *addr)
{
    return addr->ss_family;
}

/** The port of an address. */
static inline int GlobusLibcSockaddrGetPort(const globus_sockaddr_t *addr)
{
    return ntohs(addr->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)addr)->sin6_port
                                             : ((const struct sockaddr_in *)addr)->sin_port);
}

/** The address with another port. */
static inline void GlobusLibcSockaddrSetPort(globus_sockaddr_t *addr, unsigned short port)
{
    if (addr->ss_family == AF_INET6) ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
    else ((struct sockaddr_in *)addr)->sin_port = htons(port);
}

/** The same address. */
static inline void GlobusLibcSockaddrCopy(globus_sockaddr_t *dest_addr, const globus_sockaddr_t *source_addr)
{
    *dest_addr = *source_addr;
}

/** How many bytes C uses of an address. */
static inline int GlobusLibcSockaddrLen(const globus_sockaddr_t *addr)
{
    return addr->ss_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6) : (int)sizeof(struct sockaddr_in);
}

/* ---- the C library's own, which are aliases ------------------------------------------------------------------------------------------ */

#undef globus_libc_printf
#undef globus_libc_fprintf
#undef globus_libc_open
#undef globus_libc_close
#undef globus_libc_read
#undef globus_libc_write
#undef globus_libc_lseek
#undef globus_libc_umask
#undef globus_libc_opendir
#undef globus_libc_telldir
#undef globus_libc_seekdir
#undef globus_libc_rewinddir
#undef globus_libc_closedir
#undef globus_libc_strcmp
#undef globus_libc_strlen

/** Print a finished string on the standard output. */
int globus_libc_printf(const char *format);
/** Print a finished string. */
int globus_libc_fprintf(FILE *stream, const char *format);
/** Open a file: a descriptor. */
int globus_libc_open(const char *path, int flags, int mode);
/** Close a descriptor. */
int globus_libc_close(int fd);
/** Read into a writable buffer: how many bytes. */
long globus_libc_read(int fd, globus_byte_t *buffer, globus_size_t length);
/** Write a buffer: how many bytes. */
long globus_libc_write(int fd, const globus_byte_t *buffer, globus_size_t length);
/** Move the position of a descriptor. */
globus_off_t globus_libc_lseek(int fd, globus_off_t offset, int whence);
/** Set the process's file mode mask: the one before. */
static inline int globus_libc_umask(int mask) { return (int)umask((mode_t)mask); }
/** Open a directory. */
DIR *globus_libc_opendir(const char *name);
/** The position in a directory. */
static inline long globus_libc_telldir(DIR *dirp) { return telldir(dirp); }
/** Go to a position that globus_libc_telldir() gave. */
static inline void globus_libc_seekdir(DIR *dirp, long loc) { seekdir(dirp, loc); }
/** Go to the first entry. */
static inline void globus_libc_rewinddir(DIR *dirp) { rewinddir(dirp); }
/** Close a directory. */
static inline int globus_libc_closedir(DIR *dirp) { return closedir(dirp); }
/** Compare two strings. */
static inline int globus_libc_strcmp(const char *s1, const char *s2) { return strcmp(s1, s2); }
/** How many bytes a string has. */
static inline globus_size_t globus_libc_strlen(const char *s) { return strlen(s); }

#endif
