/* What list.c and list_order.c share: the chain of Python objects that stands for a chain of C nodes. */
#ifndef GL_COMMON_LIST_H
#define GL_COMMON_LIST_H

#include "common/common.h"

gl_type       *cm_list_type(void);
globus_list_t *cm_node_of(const gl_object *node);
int            cm_link_to(gl_object *node, PyObject *next);
PyObject      *cm_next_object(gl_object *node);         /* a new reference; None at the end */

/* The nodes from `head` (a node or None) on: a Python list of their objects. */
PyObject      *cm_nodes_from(const char *function, const char *name, PyObject *head);
PyObject      *cm_nodes_to_change(const char *function, const char *name, PyObject *head);
gl_object     *cm_node_at(PyObject *nodes, Py_ssize_t index);
globus_list_t *cm_first_of(PyObject *nodes);
PyObject      *cm_data_of(PyObject *nodes);             /* pairs of address and object */
int            cm_may_change(const char *function, const gl_object *node);
void           cm_hold(PyObject *nodes);                /* nobody may change these nodes until cm_release() */
void           cm_release(PyObject *nodes);

/* The objects of nodes that C has made, or put into another order; gives the first, or None. */
PyObject      *cm_relink(globus_list_t *head);

PyObject      *py_globus_list_copy(PyObject *head);

/* A headp: a node, None, or what globus_list_rest_ref() gives. */
gl_object     *cm_node_before(PyObject *headp);         /* borrowed; NULL where there is none */
PyObject      *cm_head_at(PyObject *headp);

#endif
