/* A C library with nothing in it but one function for each kind of argument that the toolkit's API has.
 *
 * It counts what it has allocated, so that the tests see what leaks. This header: its module and its handles. */
#ifndef TOY_H
#define TOY_H

#include "globus_common.h"

/* Its errors' types. */
typedef enum
{
    TOY_ERROR_OUTER = 1,
    TOY_ERROR_INNER = 2
} toy_error_type_t;

extern globus_module_descriptor_t toy_module;
#define TOY_MODULE (&toy_module)

/* ---- what is alive ------------------------------------------------------------------------------------------ */

/** Handles and attributes that were made and not destroyed. */
int toy_live(void);
/** Bytes that malloc() has given out, to this library and to everything else of this thread's arena. */
globus_off_t toy_heap(void);

/* ---- a handle that is passed by value --------------------------------------------------------------------------- */

typedef struct toy_handle_s *toy_handle_t;

globus_result_t toy_handle_init(toy_handle_t *handle, const char *name);
globus_result_t toy_handle_destroy(toy_handle_t handle);
/** Frees the handle, and returns only `milliseconds` later: its address is taken by the next handle meanwhile. */
globus_result_t toy_handle_destroy_slowly(toy_handle_t handle, int milliseconds);
/** Refuses; the handle stays as it is. */
globus_result_t toy_handle_destroy_fails(toy_handle_t handle);
globus_result_t toy_handle_get_name(toy_handle_t handle, char **name);
/** A handle that belongs to this one, and goes with it. */
globus_result_t toy_handle_get_child(toy_handle_t handle, toy_handle_t *child);
/** Blocks until another thread calls toy_handle_wake(). */
globus_result_t toy_handle_wait(toy_handle_t handle);
/** How many threads are blocked so. */
int toy_waiting(void);
globus_result_t toy_handle_wake(toy_handle_t handle);
/** As toy_handle_wait(), but destroying the handle meanwhile is allowed: it wakes the waiting call first. */
globus_result_t toy_handle_wait_or_close(toy_handle_t handle);
globus_result_t toy_handle_close(toy_handle_t handle);
/** The number of handles. */
globus_result_t toy_handle_count(toy_handle_t *handles, int count, int *alive);

/** Another handle takes the place of this one, which is destroyed. */
globus_result_t toy_handle_replace(toy_handle_t *handle);
/** The handle is destroyed and the variable cleared. */
globus_result_t toy_handle_clear(toy_handle_t *handle);
globus_result_t toy_handle_keep(toy_handle_t *handle);

/** A Python object that belongs to the user. */
globus_result_t toy_handle_set_user_pointer(toy_handle_t handle, void *user_pointer);
globus_result_t toy_handle_get_user_pointer(toy_handle_t handle, void **user_pointer);

/** The log stays in use as long as the handle is. */
globus_result_t toy_handle_set_log(toy_handle_t handle, FILE *log);
globus_result_t toy_handle_write_log(toy_handle_t handle, const char *text);

/* ---- a handle that C knows by the address of the variable ------------------------------------------------------------ */

typedef struct toy_attr_s *toy_attr_t;

globus_result_t toy_attr_init(toy_attr_t *attr);
globus_result_t toy_attr_copy(toy_attr_t *copy, toy_attr_t *attr);
/** Fails if `attr` is not at the address where it was made. */
globus_result_t toy_attr_set_level(toy_attr_t *attr, int level);
globus_result_t toy_attr_get_level(const toy_attr_t *attr, int *level);
globus_result_t toy_attr_destroy(toy_attr_t *attr);
/** The handle uses the attribute as long as it lives. NULL: none. */
globus_result_t toy_handle_set_attr(toy_handle_t handle, toy_attr_t *attr);
/** -1 without an attribute. */
globus_result_t toy_handle_get_level(toy_handle_t handle, int *level);

/* ---- for the other parts of this library --------------------------------------------------------------------------------- */

globus_object_t *toy_error(globus_object_t *cause, int type, const char *text);

#endif
