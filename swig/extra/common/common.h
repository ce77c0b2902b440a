/* The functions of common that cannot be told by a table: containers, threads, callbacks and the like.
 *
 * py_<function> takes and gives Python objects. It runs with the GIL throughout: the containers have no locks of their
 * own, so the GIL is theirs. Where C calls back into Python in the middle of a call, the container is marked as in use,
 * for another thread, or the callable itself, may come back with it. */
#ifndef GL_COMMON_H
#define GL_COMMON_H

#include "gl.h"
#include "common_adapters.h"

#include <globus_common.h>
#include <globus_error_string.h>

/* ---- arguments (argument.c) ----------------------------------------------------------------------------------- */

/* TypeError: <function>() argument '<name>' must be <expected>. Returns -1. */
int cm_expected(const char *function, const char *name, const char *expected, PyObject *got);
/* The C memory of a handle of this type; NULL with an exception. */
void *cm_handle(const char *function, const char *name, const char *type, PyObject *object);
/* A handle that this call will end: nobody else may be using it, and it must be ours. */
void *cm_ending(const char *function, const char *name, const char *type, PyObject *object);
int cm_callable(const char *function, const char *name, PyObject *object, bool nullable);
int cm_integer(const char *function, const char *name, PyObject *object, long low, long high, long *value);
/* Encoded as C wants it: a new bytes object. None gives NULL without an exception where that is allowed. */
PyObject *cm_text(const char *function, const char *name, PyObject *object, bool nullable, const char **text);
/* A GlobusError of this C module, with this type number. */
PyObject *cm_fail(globus_module_descriptor_t *module, int type, const char *function, const char *message);
/* Raises from code that runs without the GIL. */
void cm_raise(PyObject *exception, const char *message);

/* ---- callables that C calls during a call (argument.c) ------------------------------------------------------------ */

/* The first exception is kept, and raised when C has returned; from then on the callables are not called any more. */
typedef struct
{
    PyObject *callable;
    PyObject *argument;
    PyObject *type, *value, *traceback;
} cm_during;

/* Calls with these arguments (new references) and, if there is one, the user's own. NULL once there is an exception. */
PyObject *cm_call(cm_during *during, PyObject *first, PyObject *second);
int cm_raised(cm_during *during);       /* restores the exception: -1, or 0 where there is none */
int cm_same(PyObject *stored, PyObject *datum);     /* whether they are equal; steals the first */
/* Calls a destructor of the user's for `object`; what it raises goes to sys.unraisablehook. */
void cm_dispose(PyObject *callable, PyObject *object);

/* ---- lists (list.c) ---------------------------------------------------------------------------------------------- */

/* The objects of a list whose data are objects given to C (gl_give): it is Python's from now on. */
PyObject *cm_relink(globus_list_t *head);

#endif
