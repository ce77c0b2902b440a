/* globus_list_t: singly linked lists of Python objects.
 *
 * A node is a Python object that keeps the next one alive, so a node is freed when nothing leads to it any more; and
 * C's freed nodes are closed objects, so a list whose end was freed through another head says so. Every node of ours
 * holds its datum (gl_give). Lists that belong to the library can be walked, searched and copied, not changed. */
#include "common/list.h"

gl_type *cm_list_type(void)
{
    return gl_type_named("globus_list_t");
}

globus_list_t *cm_node_of(const gl_object *node)
{
    return node->pointer;
}

/* ---- the chain of Python objects ---------------------------------------------------------------------------------- */

int cm_link_to(gl_object *node, PyObject *next)
{
    PyObject *key = PyUnicode_FromString("next");
    int status = key ? gl_object_keep(node, key, next) : -1;
    Py_XDECREF(key);
    return status;
}

/* The object of the next node, a new reference; Py_None at the end. */
PyObject *cm_next_object(gl_object *node)
{
    PyObject *known = node->keep ? PyDict_GetItemString(node->keep, "next") : NULL;
    if (known && gl_as_object(known) && ((gl_object *)known)->closed)
        return PyErr_Format(PyExc_ValueError, "this globus_list_t is closed from here on: its end was freed with another list");
    if (known) return Py_NewRef(known);
    return gl_object_borrow(cm_list_type(), cm_node_of(node)->next, node->parent ? node->parent : node);
}

/* The nodes from `head` (a node or None) on, as a Python list of their objects. */
PyObject *cm_nodes_from(const char *function, const char *name, PyObject *head)
{
    PyObject *nodes = PyList_New(0);
    if (head != Py_None && !cm_handle(function, name, "globus_list_t", head)) Py_CLEAR(nodes);
    PyObject *node = Py_NewRef(head);
    while (nodes && node && node != Py_None)
    {
        if (PyList_Append(nodes, node) < 0) Py_CLEAR(nodes);
        PyObject *next = cm_next_object((gl_object *)node);
        Py_DECREF(node);
        if (!next) Py_CLEAR(nodes);
        node = next;
    }
    Py_XDECREF(node);
    return nodes;
}

gl_object *cm_node_at(PyObject *nodes, Py_ssize_t index)
{
    return (gl_object *)PyList_GetItem(nodes, index);
}

globus_list_t *cm_first_of(PyObject *nodes)
{
    return PyList_Size(nodes) ? cm_node_of(cm_node_at(nodes, 0)) : NULL;
}

/* Nobody may change these nodes until cm_release(). */
void cm_hold(PyObject *nodes)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i) ++cm_node_at(nodes, i)->busy;
}

void cm_release(PyObject *nodes)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i) --cm_node_at(nodes, i)->busy;
}

int cm_may_change(const char *function, const gl_object *node)
{
    const char *why = gl_hand_others(node) > 0 ? "is in use by another call" : node->owned ? NULL : "belongs to the library: change a copy";
    if (why) PyErr_Format(PyExc_ValueError, "%s(): this globus_list_t %s", function, why);
    return why ? -1 : 0;
}

static int may_change_all(const char *function, PyObject *nodes)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i)
        if (cm_may_change(function, cm_node_at(nodes, i)) < 0) return -1;
    return 0;
}

PyObject *cm_nodes_to_change(const char *function, const char *name, PyObject *head)
{
    PyObject *nodes = cm_nodes_from(function, name, head);
    if (nodes && may_change_all(function, nodes) < 0) Py_CLEAR(nodes);
    return nodes;
}

/* C has made or reordered the nodes: objects for all of them, in the new order. Steals nothing. */
PyObject *cm_relink(globus_list_t *head)
{
    gl_object *previous = NULL;
    PyObject *first = NULL;
    for (globus_list_t *node = head; node; node = node->next)
    {
        gl_object *object = (gl_object *)gl_object_new(cm_list_type(), node, true);
        if (!object || (previous && cm_link_to(previous, (PyObject *)object) < 0))
        {
            Py_XDECREF((PyObject *)object);
            Py_XDECREF(first);
            return NULL;
        }
        previous = object;
        if (!first) first = (PyObject *)object;
        else Py_DECREF((PyObject *)object);
    }
    if (previous && cm_link_to(previous, Py_None) < 0) Py_CLEAR(first);
    return previous ? first : Py_NewRef(Py_None);
}

void cm_list_free_node(globus_list_t *node)
{
    globus_list_t *head = node;
    void *datum = globus_list_remove(&head, node);
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    gl_take(datum);
    gl_callback_end(state);
}

/* ---- one node ------------------------------------------------------------------------------------------------------ */

PyObject *py_globus_list_empty(PyObject *head)
{
    globus_list_t *node = head == Py_None ? NULL : cm_handle("globus_list_empty", "head", "globus_list_t", head);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(globus_list_empty(node));
}

PyObject *py_globus_list_first(PyObject *head)
{
    globus_list_t *node = cm_handle("globus_list_first", "head", "globus_list_t", head);
    return node ? gl_given(globus_list_first(node)) : NULL;
}

PyObject *py_globus_list_rest(PyObject *head)
{
    return cm_handle("globus_list_rest", "head", "globus_list_t", head) ? cm_next_object((gl_object *)head) : NULL;
}

PyObject *py_globus_list_replace_first(PyObject *head, PyObject *datum)
{
    globus_list_t *node = cm_handle("globus_list_replace_first", "head", "globus_list_t", head);
    if (!node || cm_may_change("globus_list_replace_first", (gl_object *)head) < 0 || gl_give(datum) < 0) return NULL;
    void *old = globus_list_replace_first(node, datum == Py_None ? NULL : datum);
    PyObject *result = gl_given(old);
    gl_take(old);
    return result;
}

/* ---- where a head is stored ------------------------------------------------------------------------------------------ */

/* What globus_list_rest_ref() gives: the place after a node, for globus_list_insert() and globus_list_remove(). */
typedef struct
{
    PyObject_HEAD
    gl_object *node;
} rest_reference;

static PyObject *reference_type;

static void reference_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF((PyObject *)((rest_reference *)self)->node);
    freefunc free_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_memory(self);
    Py_DECREF(type);
}

static int make_reference_type(void)
{
    static PyType_Slot slots[] = {{Py_tp_dealloc, reference_dealloc},
                                  {Py_tp_doc, "The place after a node, where globus_list_insert() and _remove() work."}, {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.common.ListRest", sizeof(rest_reference), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    return reference_type || (reference_type = PyType_FromSpec(&spec)) ? 0 : -1;
}

PyObject *py_globus_list_rest_ref(PyObject *head)
{
    if (!cm_handle("globus_list_rest_ref", "head", "globus_list_t", head) || make_reference_type() < 0) return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot((PyTypeObject *)reference_type, Py_tp_alloc);
    rest_reference *reference = (rest_reference *)allocate((PyTypeObject *)reference_type, 0);
    if (reference) reference->node = (gl_object *)Py_NewRef(head);
    return (PyObject *)reference;
}

/* The node before the place that `headp` names, borrowed: NULL where that is the head itself. */
gl_object *cm_node_before(PyObject *headp)
{
    bool is_reference = reference_type && PyObject_TypeCheck(headp, (PyTypeObject *)reference_type);
    return is_reference ? ((rest_reference *)headp)->node : NULL;
}

/* The head that `headp` names, a new reference. */
PyObject *cm_head_at(PyObject *headp)
{
    gl_object *before = cm_node_before(headp);
    if (!before) return Py_NewRef(headp);
    return gl_object_usable(before) < 0 ? NULL : cm_next_object(before);
}

/* ---- making lists -------------------------------------------------------------------------------------------------------- */

static PyObject *insert(const char *function, PyObject *headp, PyObject *datum)
{
    PyObject *rest = cm_head_at(headp);
    gl_object *before = cm_node_before(headp);
    if (!rest || (before && cm_may_change(function, before) < 0)
        || (rest != Py_None && !cm_handle(function, "headp", "globus_list_t", rest)) || gl_give(datum) < 0)
    {
        Py_XDECREF(rest);
        return NULL;
    }
    globus_list_t *head = rest == Py_None ? NULL : cm_node_of((gl_object *)rest);
    globus_list_insert(before ? globus_list_rest_ref(cm_node_of(before)) : &head, datum == Py_None ? NULL : datum);
    PyObject *node = gl_object_new(cm_list_type(), before ? cm_node_of(before)->next : head, true);
    if (node && (cm_link_to((gl_object *)node, rest) < 0 || (before && cm_link_to(before, node) < 0))) Py_CLEAR(node);
    Py_DECREF(rest);
    return node;
}

PyObject *py_globus_list_insert(PyObject *headp, PyObject *datum)
{
    return insert("globus_list_insert", headp, datum);
}

PyObject *py_globus_list_cons(PyObject *datum, PyObject *list)
{
    if (list != Py_None && !cm_handle("globus_list_cons", "list", "globus_list_t", list)) return NULL;
    return insert("globus_list_cons", list, datum);
}

/* Appends copies of the nodes at *tail. C's globus_list_copy() recurses: a long list would exhaust the stack. */
static globus_list_t **copy(PyObject *nodes, globus_list_t **tail)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i)
    {
        void *datum = globus_list_first(cm_node_of(cm_node_at(nodes, i)));
        PyObject *object = gl_given(datum);
        if ((void *)object == datum) gl_give(object);       /* else it is none of Python's */
        Py_XDECREF(object);
        globus_list_insert(tail, datum);
        tail = globus_list_rest_ref(*tail);
    }
    return tail;
}

PyObject *py_globus_list_copy(PyObject *head)
{
    PyObject *nodes = cm_nodes_from("globus_list_copy", "head", head);
    globus_list_t *made = NULL;
    if (!nodes) return NULL;
    copy(nodes, &made);
    Py_DECREF(nodes);
    return cm_relink(made);
}

PyObject *py_globus_list_concat(PyObject *front, PyObject *back)
{
    PyObject *first = cm_nodes_from("globus_list_concat", "front_list", front);
    PyObject *second = first ? cm_nodes_from("globus_list_concat", "back_list", back) : NULL;
    globus_list_t *made = NULL;
    if (second) copy(second, copy(first, &made));
    Py_XDECREF(first);
    Py_XDECREF(second);
    return second ? cm_relink(made) : NULL;
}

PyObject *py_globus_list_from_string(PyObject *in_string, PyObject *delim, PyObject *ignored)
{
    const char *text, *skipped;
    long delimiter;
    PyObject *bytes = cm_text("globus_list_from_string", "in_string", in_string, true, &text);
    PyObject *ignored_bytes = PyErr_Occurred() ? NULL : cm_text("globus_list_from_string", "ignored", ignored, true, &skipped);
    globus_list_t *head = NULL;
    bool valid = !PyErr_Occurred() && cm_integer("globus_list_from_string", "delim", delim, 1, 255, &delimiter) == 0;
    if (valid) head = globus_list_from_string(text, (int)delimiter, skipped);
    Py_XDECREF(bytes);
    Py_XDECREF(ignored_bytes);
    for (globus_list_t *node = head; node; node = node->next)
    {
        char *entry = globus_list_first(node);
        PyObject *string = gl_string_to_python(entry);
        globus_list_replace_first(node, string);
        gl_give(string);
        Py_XDECREF(string);
        free(entry);
    }
    return valid ? cm_relink(head) : NULL;
}

/* ---- as a Python sequence ---------------------------------------------------------------------------------------------------------- */

/* The data of nodes: pairs of address and object. */
PyObject *cm_data_of(PyObject *nodes)
{
    PyObject *data = PyList_New(0);
    for (Py_ssize_t i = 0; data && i < PyList_Size(nodes); ++i)
    {
        void *datum = globus_list_first(cm_node_of(cm_node_at(nodes, i)));
        PyObject *pair = Py_BuildValue("(NN)", PyLong_FromVoidPtr(datum), gl_given(datum));
        if (!pair || PyList_Append(data, pair) < 0) Py_CLEAR(data);
        Py_XDECREF(pair);
    }
    return data;
}

static PyObject *iterate(PyObject *head)
{
    PyObject *nodes = cm_nodes_from("iter", "list", head), *pairs = nodes ? cm_data_of(nodes) : NULL;
    PyObject *data = pairs ? PyList_New(0) : NULL;
    for (Py_ssize_t i = 0; data && i < PyList_Size(pairs); ++i)
        if (PyList_Append(data, PyTuple_GetItem(PyList_GetItem(pairs, i), 1)) < 0) Py_CLEAR(data);
    PyObject *iterator = data ? PyObject_GetIter(data) : NULL;
    Py_XDECREF(data);
    Py_XDECREF(pairs);
    Py_XDECREF(nodes);
    return iterator;
}

static Py_ssize_t length(PyObject *head)
{
    PyObject *nodes = cm_nodes_from("len", "list", head);
    Py_ssize_t size = nodes ? PyList_Size(nodes) : -1;
    Py_XDECREF(nodes);
    return size;
}

const PyType_Slot cm_list_slots[] = {{Py_tp_iter, iterate}, {Py_sq_length, length}, {0, NULL}};
