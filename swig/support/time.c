/* Times: struct timeval and timespec as seconds, struct tm as seconds since the epoch, or as time.struct_time. */
#include "gl_custom.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

/* Seconds, and parts of a second of which there are `parts`, rounded. The library's infinity is INT_MAX in both. */
static int time_from_python(PyObject *object, long parts, time_t *whole, long *rest)
{
    double seconds = PyFloat_AsDouble(object);
    if (seconds == -1.0 && PyErr_Occurred()) return -1;
    if (isinf(seconds) && seconds > 0)
    {
        *whole = *rest = INT_MAX;
        return 0;
    }
    if (!isfinite(seconds) || fabs(seconds) >= 9e15)
    {
        PyErr_SetString(PyExc_OverflowError, "a time must be a number of seconds, or math.inf");
        return -1;
    }
    *whole = (time_t)floor(seconds);
    *rest = lrint((seconds - floor(seconds)) * (double)parts);
    if (*rest == parts) ++*whole, *rest = 0;
    return 0;
}

static PyObject *time_to_python(long parts, time_t whole, long rest)
{
    bool is_infinity = whole == INT_MAX && rest == INT_MAX;
    return PyFloat_FromDouble(is_infinity ? (double)INFINITY : (double)whole + (double)rest / (double)parts);
}

PyObject *gl_reltime_to_python(const void *address)
{
    const struct timeval *time = address;
    return time_to_python(1000000, time->tv_sec, time->tv_usec);
}

int gl_reltime_from_python(gl_call *call, PyObject *object, void *address)
{
    struct timeval *time = address;
    long rest;
    (void)call;
    if (time_from_python(object, 1000000, &time->tv_sec, &rest) < 0) return -1;
    time->tv_usec = rest;
    return 0;
}

void gl_reltime_release(void *address)
{
    (void)address;
}

PyObject *gl_abstime_to_python(const void *address)
{
    const struct timespec *time = address;
    return time_to_python(1000000000, time->tv_sec, time->tv_nsec);
}

int gl_abstime_from_python(gl_call *call, PyObject *object, void *address)
{
    struct timespec *time = address;
    (void)call;
    return time_from_python(object, 1000000000, &time->tv_sec, &time->tv_nsec);
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
    time_t time;
    long rest;
    if (time_from_python(object, 1000000, &time, &rest) < 0) return -1;
    if (gmtime_r(&time, address)) return 0;
    PyErr_SetString(PyExc_OverflowError, "a time that no calendar can show");
    return -1;
}

void gl_calendar_release(void *address)
{
    (void)address;
}

/* What a broken-down time says, without a time zone. */
PyObject *gl_struct_time_to_python(const void *address)
{
    const struct tm *tm = address;
    PyObject *module = PyImport_ImportModule("time");
    PyObject *made = module ? PyObject_CallMethod(module, "struct_time", "((iiiiiiiii))", tm->tm_year + 1900, tm->tm_mon + 1,
                                                  tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec, (tm->tm_wday + 6) % 7,
                                                  tm->tm_yday + 1, tm->tm_isdst) : NULL;
    Py_XDECREF(module);
    return made;
}

int gl_struct_time_from_python(gl_call *call, PyObject *object, void *address)
{
    struct tm *tm = address;
    PyObject *tuple = PySequence_Check(object) ? PySequence_Tuple(object) : NULL;
    if (!tuple) return PyErr_Clear(), gl_bad_argument(call, -1, "a time.struct_time", object);
    int ok = PyArg_ParseTuple(tuple, "iiiiiiiii", &tm->tm_year, &tm->tm_mon, &tm->tm_mday, &tm->tm_hour, &tm->tm_min,
                              &tm->tm_sec, &tm->tm_wday, &tm->tm_yday, &tm->tm_isdst);
    Py_DECREF(tuple);
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    tm->tm_wday = (tm->tm_wday + 1) % 7;
    tm->tm_yday -= 1;
    return ok ? 0 : -1;
}

void gl_struct_time_release(void *address)
{
    (void)address;
}
