/* Lists: searching, sorting, taking apart and freeing. */
#include "common/list.h"

/* ---- looking -------------------------------------------------------------------------------------------------------------- */

PyObject *py_globus_list_size(PyObject *head)
{
    PyObject *nodes = cm_nodes_from("globus_list_size", "head", head);
    PyObject *size = nodes ? PyLong_FromLong(globus_list_size(cm_first_of(nodes))) : NULL;
    Py_XDECREF(nodes);
    return size;
}

/* The object of a node that C has found among these. */
static PyObject *found(PyObject *nodes, const globus_list_t *node)
{
    for (Py_ssize_t i = 0; node && i < PyList_Size(nodes); ++i)
        if (cm_node_of(cm_node_at(nodes, i)) == node) return Py_NewRef((PyObject *)cm_node_at(nodes, i));
    Py_RETURN_NONE;
}

/* Equal data are one datum, as they are to Python's own containers: C compares addresses. */
PyObject *py_globus_list_search(PyObject *head, PyObject *datum)
{
    PyObject *nodes = cm_nodes_from("globus_list_search", "head", head);
    if (!nodes) return NULL;
    int same = 0;
    globus_list_t *node = NULL;
    cm_hold(nodes);
    for (Py_ssize_t i = 0; same == 0 && i < PyList_Size(nodes); ++i)
    {
        node = cm_node_of(cm_node_at(nodes, i));
        same = cm_same(gl_given(globus_list_first(node)), datum);
    }
    cm_release(nodes);
    PyObject *result = same < 0 ? NULL : found(nodes, same ? node : NULL);
    Py_DECREF(nodes);
    return result;
}

static long truth(PyObject *answer, cm_during *during)
{
    int value = answer ? PyObject_IsTrue(answer) : 0;
    Py_XDECREF(answer);
    if (value < 0) PyErr_Fetch(&during->type, &during->value, &during->traceback);
    return value > 0;
}

static int predicate(void *datum, void *during)
{
    return (int)truth(cm_call(during, gl_given(datum), NULL), during);
}

static int relation(void *low, void *high, void *during)
{
    return (int)truth(cm_call(during, gl_given(low), gl_given(high)), during);
}

PyObject *py_globus_list_search_pred(PyObject *head, PyObject *callable, PyObject *argument)
{
    if (cm_callable("globus_list_search_pred", "predicate", callable, false) < 0) return NULL;
    PyObject *nodes = cm_nodes_from("globus_list_search_pred", "head", head);
    if (!nodes) return NULL;
    cm_during during = {.callable = callable, .argument = argument};
    cm_hold(nodes);
    globus_list_t *node = NULL;
    for (Py_ssize_t i = 0; !node && !during.type && i < PyList_Size(nodes); ++i)    /* C's recurses */
        if (predicate(globus_list_first(cm_node_of(cm_node_at(nodes, i))), &during)) node = cm_node_of(cm_node_at(nodes, i));
    cm_release(nodes);
    PyObject *result = cm_raised(&during) < 0 ? NULL : found(nodes, node);
    Py_DECREF(nodes);
    return result;
}

PyObject *py_globus_list_min(PyObject *head, PyObject *callable, PyObject *argument)
{
    if (cm_callable("globus_list_min", "relation", callable, false) < 0) return NULL;
    PyObject *nodes = cm_nodes_from("globus_list_min", "head", head);
    if (!nodes) return NULL;
    cm_during during = {.callable = callable, .argument = argument};
    cm_hold(nodes);
    globus_list_t *least = cm_first_of(nodes);
    for (Py_ssize_t i = 1; i < PyList_Size(nodes); ++i)     /* C's recurses */
    {
        globus_list_t *node = cm_node_of(cm_node_at(nodes, i));
        if (!relation(globus_list_first(least), globus_list_first(node), &during)) least = node;
    }
    cm_release(nodes);
    PyObject *result = cm_raised(&during) < 0 ? NULL : found(nodes, least);
    Py_DECREF(nodes);
    return result;
}

/* ---- changing ---------------------------------------------------------------------------------------------------------------- */

PyObject *py_globus_list_sort_destructive(PyObject *head, PyObject *callable, PyObject *argument)
{
    if (cm_callable("globus_list_sort_destructive", "relation", callable, false) < 0) return NULL;
    PyObject *nodes = cm_nodes_to_change("globus_list_sort_destructive", "head", head);
    if (!nodes) return NULL;
    cm_during during = {.callable = callable, .argument = argument};
    cm_hold(nodes);
    PyObject *sorted = cm_relink(globus_list_sort_destructive(cm_first_of(nodes), relation, &during));
    cm_release(nodes);
    Py_DECREF(nodes);
    if (cm_raised(&during) < 0) Py_CLEAR(sorted);
    return sorted;
}

PyObject *py_globus_list_sort(PyObject *head, PyObject *callable, PyObject *argument)
{
    if (cm_callable("globus_list_sort", "relation", callable, false) < 0) return NULL;
    PyObject *made = py_globus_list_copy(head);
    PyObject *sorted = made ? py_globus_list_sort_destructive(made, callable, argument) : NULL;
    Py_XDECREF(made);
    return sorted;
}

PyObject *py_globus_list_sort_merge_destructive(PyObject *left, PyObject *right, PyObject *callable, PyObject *argument)
{
    const char *function = "globus_list_sort_merge_destructive";
    if (cm_callable(function, "relation", callable, false) < 0) return NULL;
    PyObject *first = cm_nodes_to_change(function, "left", left), *second = NULL, *merged = NULL;
    cm_during during = {.callable = callable, .argument = argument};
    if (!first) return NULL;
    cm_hold(first);
    if ((second = cm_nodes_to_change(function, "right", right)))      /* a node of both lists is in use now */
    {
        cm_hold(second);
        merged = cm_relink(globus_list_sort_merge_destructive(cm_first_of(first), cm_first_of(second), relation, &during));
        cm_release(second);
        Py_DECREF(second);
    }
    cm_release(first);
    Py_DECREF(first);
    if (cm_raised(&during) < 0) Py_CLEAR(merged);
    return merged;
}

PyObject *py_globus_list_halves_destructive(PyObject *head)
{
    if (!cm_handle("globus_list_halves_destructive", "head", "globus_list_t", head)) return NULL;
    PyObject *nodes = cm_nodes_to_change("globus_list_halves_destructive", "head", head);
    if (!nodes) return NULL;
    globus_list_t *left, *right;
    globus_list_halves_destructive(cm_first_of(nodes), &left, &right);
    PyObject *first = cm_relink(left), *second = first ? cm_relink(right) : NULL;
    Py_DECREF(nodes);
    PyObject *both = second ? PyTuple_Pack(2, first, second) : NULL;
    Py_XDECREF(first);
    Py_XDECREF(second);
    return both;
}

/* ---- ending -------------------------------------------------------------------------------------------------------------------- */

/* Takes `entry` out, the object of the node after `previous` (NULL: it is the head). Gives its datum. */
static PyObject *take_out(gl_object *previous, gl_object *entry)
{
    globus_list_t *head = cm_node_of(previous ? previous : entry);
    PyObject *next = cm_next_object(entry);
    if (!next || (previous && cm_link_to(previous, next) < 0))
    {
        Py_XDECREF(next);
        return NULL;
    }
    void *datum = globus_list_remove(&head, cm_node_of(entry));
    PyObject *object = gl_given(datum);
    gl_take(datum);
    gl_object_close(entry);
    Py_DECREF(next);
    return object;
}

PyObject *py_globus_list_remove(PyObject *headp, PyObject *entry)
{
    const char *function = "globus_list_remove";
    PyObject *head = cm_head_at(headp);
    if (head && (!cm_handle(function, "headp", "globus_list_t", head) || !cm_handle(function, "entry", "globus_list_t", entry)))
        Py_CLEAR(head);
    PyObject *nodes = head ? cm_nodes_from(function, "headp", head) : NULL;
    PyObject *datum = nodes ? Py_NewRef(Py_None) : NULL;
    for (Py_ssize_t i = 0; datum && i < PyList_Size(nodes); ++i)
    {
        if ((PyObject *)cm_node_at(nodes, i) != entry) continue;
        gl_object *previous = i ? cm_node_at(nodes, i - 1) : cm_node_before(headp);
        Py_CLEAR(datum);
        if (cm_may_change(function, (gl_object *)entry) < 0 || (previous && cm_may_change(function, previous) < 0)) break;
        if (i == 0)
        {
            Py_DECREF(head);
            head = cm_next_object((gl_object *)entry);
        }
        datum = head ? take_out(previous, (gl_object *)entry) : NULL;
        break;
    }
    PyObject *result = datum ? PyTuple_Pack(2, datum, head) : NULL;
    Py_XDECREF(datum);
    Py_XDECREF(nodes);
    Py_XDECREF(head);
    return result;
}

/* Closes the objects of nodes that C has freed; gives their data. */
static PyObject *close_all(PyObject *nodes, PyObject *data)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i) gl_object_close(cm_node_at(nodes, i));
    for (Py_ssize_t i = 0; i < PyList_Size(data); ++i) gl_take(PyLong_AsVoidPtr(PyTuple_GetItem(PyList_GetItem(data, i), 0)));
    return data;
}

static void ignore(void *datum)
{
    (void)datum;
}

/* Frees a whole list; gives its data. */
static PyObject *free_all(const char *function, PyObject *head, bool each)
{
    PyObject *nodes = cm_nodes_to_change(function, "head", head), *data = nodes ? cm_data_of(nodes) : NULL;
    if (data && each) globus_list_destroy_all(cm_first_of(nodes), ignore);
    else if (data) globus_list_free(cm_first_of(nodes));
    if (data) close_all(nodes, data);
    Py_XDECREF(nodes);
    return data;
}

PyObject *py_globus_list_free(PyObject *head)
{
    PyObject *data = free_all("globus_list_free", head, false);
    Py_XDECREF(data);
    return data ? Py_NewRef(Py_None) : NULL;
}

PyObject *py_globus_list_destroy_all(PyObject *head, PyObject *data_free)
{
    if (cm_callable("globus_list_destroy_all", "data_free", data_free, false) < 0) return NULL;
    PyObject *data = free_all("globus_list_destroy_all", head, true);
    for (Py_ssize_t i = 0; data && i < PyList_Size(data); ++i)
    {
        PyObject *object = PyTuple_GetItem(PyList_GetItem(data, i), 1);
        if (object != Py_None) cm_dispose(data_free, object);
    }
    Py_XDECREF(data);
    return data ? Py_NewRef(Py_None) : NULL;
}
