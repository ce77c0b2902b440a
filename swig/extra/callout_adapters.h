/* callout: functions that C finds by library and name, called with a va_list whose content depends on the abstract type.
 *
 *   callout/types.c      the types that are known: their arguments, to Python and back
 *   callout/functions.c  callables as functions of this library
 *   callout/callout.c    handles, configuration files, calls */
#ifndef CALLOUT_ADAPTERS_H
#define CALLOUT_ADAPTERS_H

#include <globus_common.h>
#include <globus_callout.h>
#include <stdarg.h>
#include <stdbool.h>

#include "callout_macros.h"

globus_result_t gl_adapt_globus_callout_read_config(globus_callout_handle_t handle, char *filename);
globus_result_t gl_adapt_globus_callout_register(globus_callout_handle_t handle, char *type, void *library, char *symbol);

#ifdef GL_H
PyObject *py_globus_callout_call_type(PyObject *args);

enum { CALLOUT_ARGUMENTS = 8 };

/* ---- types.c ---------------------------------------------------------------------------------------------------------------- */

/* What a callout of a known type takes, a letter each; or NULL. */
const char *gl_callout_arguments(const char *type);
/* Calls `callable` with what is in `list`, and stores what it answers. GLOBUS_SUCCESS, or its refusal. */
globus_result_t gl_callout_run(PyObject *callable, const char *arguments, va_list list);

/* ---- functions.c -------------------------------------------------------------------------------------------------------------- */

/* A callable as a function of this library: a capsule, while which lives C can call it. */
PyObject   *gl_callout_export(PyObject *type, PyObject *callable);
const char *gl_callout_symbol(PyObject *exported);
const char *gl_callout_library(void);
/* What a call from Python passes to callables of types that are not known; NULL outside of one. */
PyObject *gl_callout_pass(PyObject *arguments);
#endif

#endif
