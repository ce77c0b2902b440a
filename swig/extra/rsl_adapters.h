/* rsl: trees of nodes.
 *
 *   rsl/tree.c   which object a node has, whom it belongs to, whether a tree is whole
 *   rsl/make.c   making nodes, changing them, taking them apart
 *   rsl/read.c   lists, parameters, and nodes as Python sequences
 *   rsl/eval.c   variables */
#ifndef RSL_ADAPTERS_H
#define RSL_ADAPTERS_H

#include <globus_common.h>
#include <globus_rsl.h>
#include <globus_rsl_assist.h>

char *gl_adapt_globus_rsl_unparse(globus_rsl_t *rsl_spec);
char *gl_adapt_globus_rsl_value_unparse(globus_rsl_value_t *rsl_value);
int   gl_adapt_globus_rsl_print_recursive(globus_rsl_t *ast_node);
char *gl_adapt_globus_rsl_value_variable_get_name(globus_rsl_value_t *variable_node);

#ifdef GL_H
PyObject *gl_rsl_failure(const gl_function *function, long long status);

/* ---- tree.c --------------------------------------------------------------------------------------------------------------- */

gl_type   *rsl_type(void);
gl_type   *rsl_value_type(void);
/* The open node, or NULL with an exception that names `function` and `argument`. */
gl_object *rsl_node(const char *function, const char *argument, PyObject *object, gl_type *type);
gl_object *rsl_node_to_change(const char *function, const char *argument, PyObject *object, gl_type *type);    /* ... that no other call uses */
/* The nodes of an iterable (None: empty), as a list; each is free to be stored below a new node, and in use until it is ... */
PyObject  *rsl_children(const char *function, const char *argument, PyObject *iterable, gl_type *type);
void       rsl_release_children(PyObject *nodes);                  /* ... let go, with the list */
int        rsl_may_take(const char *function, const char *argument, gl_object *node, gl_object *target);
/* What uses a node uses the tree that it belongs to: */
void       rsl_take(gl_object *parent, gl_object *child);          /* it belongs to the parent now */
void       rsl_let_go(gl_type *type, void *child);                 /* it belongs to the program again, or is freed */
globus_list_t *rsl_c_list(PyObject *nodes);
PyObject  *rsl_objects(globus_list_t *list, gl_type *type, gl_object *owner);    /* of the nodes of a list */
PyObject  *rsl_list(PyObject *objects);                             /* as a globus_list_t of the common library; None: empty */
bool       rsl_is_whole(const globus_rsl_t *node);                  /* else C would end the process on it */
bool       rsl_value_is_whole(const globus_rsl_value_t *value);
PyObject  *rsl_fail(const char *function, const char *reason);      /* raises; NULL */

/* ---- make.c ---------------------------------------------------------------------------------------------------------------- */

PyObject  *rsl_own(gl_type *type, void *node);

/* ---- eval.c ---------------------------------------------------------------------------------------------------------------- */

void       rsl_close_below_value(globus_rsl_value_t *value);        /* the objects of nodes that are about to be freed */

/* ---- read.c ---------------------------------------------------------------------------------------------------------------- */

extern const PyType_Slot gl_rsl_slots[], gl_rsl_value_slots[];
#endif

#endif
