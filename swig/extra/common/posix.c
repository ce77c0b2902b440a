/* The functions of the C library that globus_libc.h gives other names. They run without the GIL. */
#include "common/common.h"
#include "common_macros.h"

#include <errno.h>

static void raise_errno(const char *path)
{
    PyGILState_STATE state = PyGILState_Ensure();
    if (path) PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    else PyErr_SetFromErrno(PyExc_OSError);
    PyGILState_Release(state);
}

int globus_libc_printf(const char *format)
{
    int printed = fputs(format, stdout);
    fflush(stdout);
    return printed < 0 ? printed : (int)strlen(format);
}

int globus_libc_fprintf(FILE *stream, const char *format)
{
    return fprintf(stream, "%s", format);
}

int globus_libc_open(const char *path, int flags, int mode)
{
    int fd = open(path, flags, (mode_t)mode);
    if (fd < 0) raise_errno(path);
    return fd;
}

int globus_libc_close(int fd)
{
    int rc = close(fd);
    if (rc < 0) raise_errno(NULL);
    return 0;
}

long globus_libc_read(int fd, globus_byte_t *buffer, globus_size_t length)
{
    long count = read(fd, buffer, length);
    if (count < 0) raise_errno(NULL);
    return count;
}

long globus_libc_write(int fd, const globus_byte_t *buffer, globus_size_t length)
{
    long count = write(fd, buffer, length);
    if (count < 0) raise_errno(NULL);
    return count;
}

globus_off_t globus_libc_lseek(int fd, globus_off_t offset, int whence)
{
    globus_off_t position = lseek(fd, offset, whence);
    if (position < 0) raise_errno(NULL);
    return position;
}

DIR *globus_libc_opendir(const char *name)
{
    DIR *directory = opendir(name);
    if (!directory) raise_errno(name);
    return directory;
}
