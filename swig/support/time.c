/* Times: struct timeval and timespec as seconds, struct tm as seconds since the epoch. */
#include "gl_custom.h"

#include <math.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static int seconds_from_python(PyObject *object, double *seconds)
{
    *seconds = PyFloat_AsDouble(object);
    if (*seconds == -1.0 && PyErr_Occurred()) return -1;
    if (isfinite(*seconds) && fabs(*seconds) < 9e15) return 0;
    PyErr_SetString(PyExc_OverflowError, "a time must be a finite number of seconds");
    return -1;
}

PyObject *gl_reltime_to_python(const void *address)
{
    const struct timeval *time = address;
    return PyFloat_FromDouble((double)time->tv_sec + (double)time->tv_usec / 1e6);
}

int gl_reltime_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)call;
    struct timeval *time = address;
    double seconds;
    if (seconds_from_python(object, &seconds) < 0) return -1;
    time->tv_sec = (time_t)floor(seconds);
    time->tv_usec = (suseconds_t)((seconds - floor(seconds)) * 1e6);
    return 0;
}

void gl_reltime_release(void *address)
{
    (void)address;
}

PyObject *gl_abstime_to_python(const void *address)
{
    const struct timespec *time = address;
    return PyFloat_FromDouble((double)time->tv_sec + (double)time->tv_nsec / 1e9);
}

int gl_abstime_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)call;
    struct timespec *time = address;
    double seconds;
    if (seconds_from_python(object, &seconds) < 0) return -1;
    time->tv_sec = (time_t)floor(seconds);
    time->tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
    return 0;
}

void gl_abstime_release(void *address)
{
    (void)address;
}

PyObject *gl_calendar_to_python(const void *address)
{
    struct tm calendar = *(const struct tm *)address;
    return PyLong_FromLongLong((long long)timegm(&calendar));
}

int gl_calendar_from_python(gl_call *call, PyObject *object, void *address)
{
    (void)call;
    double seconds;
    if (seconds_from_python(object, &seconds) < 0) return -1;
    time_t time = (time_t)floor(seconds);
    if (gmtime_r(&time, address)) return 0;
    PyErr_SetString(PyExc_OverflowError, "a time that no calendar can show");
    return -1;
}

void gl_calendar_release(void *address)
{
    (void)address;
}
