/* rsl: which object a node has, whom it belongs to, whether a tree is whole.
 *
 * An object that owns its node frees the whole tree below it. A node below another one has an object only while Python looks
 * at it; that keeps the object of the node above alive, and is closed with it. */
#include "gl.h"
#include "rsl_adapters.h"

#include <string.h>

gl_type *rsl_type(void)
{
    return gl_type_named("globus_rsl_t");
}

gl_type *rsl_value_type(void)
{
    return gl_type_named("globus_rsl_value_t");
}

PyObject *rsl_fail(const char *function, const char *reason)
{
    gl_raise(gl_error_from_text("rsl", 1, reason, 0, function));
    return NULL;
}

PyObject *gl_rsl_failure(const gl_function *function, long long status)
{
    const char *reason = "the node is of another kind";
    if (strstr(function->name, "parse")) reason = strstr(function->name, "unparse")
        ? "the tree is incomplete: a name, a literal's string or a side of a concatenation is missing" : "this is no RSL: the syntax is wrong";
    return gl_error_from_text("rsl", (int)status, reason, 0, function->name);
}

gl_object *rsl_node(const char *function, const char *argument, PyObject *object, gl_type *type)
{
    if (!type) return NULL;
    if (!gl_object_check(object, type))
    {
        PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be %s, not %R", function, argument, type->name, (PyObject *)Py_TYPE(object));
        return NULL;
    }
    return gl_object_usable((gl_object *)object) < 0 ? NULL : (gl_object *)object;
}

gl_object *rsl_node_to_change(const char *function, const char *argument, PyObject *object, gl_type *type)
{
    gl_object *node = rsl_node(function, argument, object, type);
    if (!node || gl_hand_others(node) <= 0) return node;
    PyErr_Format(PyExc_ValueError, "%s() argument '%s': this %s is in use by another call", function, argument, type->name);
    return NULL;
}

/* ---- whom it belongs to ------------------------------------------------------------------------------------------------- */

/* C calls itself for each level of a tree: the parser makes no more of them either. */
enum { MOST_LEVELS = 10000 };

static int levels_of_list(globus_list_t *list, int (*levels)(void *))
{
    int most = 0;
    for (; list; list = globus_list_rest(list))
    {
        int found = levels(globus_list_first(list));
        if (found > most) most = found;
    }
    return most;
}

static int value_levels(void *node)
{
    const globus_rsl_value_t *value = node;
    if (!value) return 0;
    if (value->type == GLOBUS_RSL_VALUE_SEQUENCE) return 1 + levels_of_list(value->value.sequence.value_list, value_levels);
    if (value->type == GLOBUS_RSL_VALUE_VARIABLE) return 1 + value_levels(value->value.variable.sequence);
    if (value->type != GLOBUS_RSL_VALUE_CONCATENATION) return 1;
    int left = value_levels(value->value.concatenation.left_value), right = value_levels(value->value.concatenation.right_value);
    return 1 + (left > right ? left : right);
}

static int levels(void *node)
{
    const globus_rsl_t *tree = node;
    return 1 + (tree->type == GLOBUS_RSL_RELATION ? value_levels(tree->req.relation.value_sequence)
                                                  : levels_of_list(tree->req.boolean.operand_list, levels));
}

int rsl_may_take(const char *function, const char *argument, gl_object *node, gl_object *target)
{
    int count = node->type == rsl_type() ? levels(node->pointer) : value_levels(node->pointer);
    gl_object *root = NULL;
    for (gl_object *above = target; above; above = above->lender, ++count) root = above;
    const char *why = !node->owned ? "belongs to a tree: make a copy of it" : gl_hand_others(node) > 0 ? "is in use by another call"
        : root == node ? "is above the node that it would belong to" : count >= MOST_LEVELS ? "has too many levels below it" : NULL;
    if (why) PyErr_Format(PyExc_ValueError, "%s() argument '%s': this %s %s", function, argument, node->type->name, why);
    return why ? -1 : 0;
}

void rsl_take(gl_object *parent, gl_object *child)
{
    child->owned = false;
    child->lender = (gl_object *)Py_NewRef((PyObject *)parent);
    gl_object_use(parent, child->busy);
}

void rsl_let_go(gl_type *type, void *child)
{
    if (!child) return;
    PyObject *known = gl_object_known(type, child);
    gl_object *object = gl_as_object(known);
    if (object)
    {
        gl_object_use(object->lender, -object->busy);
        Py_CLEAR(object->lender);
        object->owned = true;
    }
    else if (strcmp(type->name, "globus_rsl_t") == 0) globus_rsl_free_recursive(child);
    else globus_rsl_value_free_recursive(child);
    Py_DECREF(known);
}

/* ---- lists ------------------------------------------------------------------------------------------------------------------ */

static bool has(PyObject *nodes, const gl_object *node)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i)
        if (PyList_GetItem(nodes, i) == (PyObject *)node) return true;
    return false;
}

/* It is in use from now on: what gives the next one may be the user's own code. */
static int add_child(PyObject *nodes, const char *function, const char *argument, PyObject *item, gl_type *type)
{
    gl_object *node = rsl_node(function, argument, item, type);
    if (node && node->busy && has(nodes, node))
        return PyErr_Format(PyExc_ValueError, "%s() argument '%s' has a node twice", function, argument), -1;
    if (!node || rsl_may_take(function, argument, node, NULL) < 0 || PyList_Append(nodes, item) < 0) return -1;
    gl_object_use(node, 1);
    return 0;
}

void rsl_release_children(PyObject *nodes)
{
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i) gl_object_use((gl_object *)PyList_GetItem(nodes, i), -1);
    Py_DECREF(nodes);
}

PyObject *rsl_children(const char *function, const char *argument, PyObject *iterable, gl_type *type)
{
    PyObject *nodes = type ? PyList_New(0) : NULL;
    if (iterable == Py_None || !nodes) return nodes;
    PyObject *iterator = PyObject_GetIter(iterable), *item;
    if (!iterator) PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be a list of %s, not %R", function, argument, type->name,
                                (PyObject *)Py_TYPE(iterable));
    while (iterator && (item = PyIter_Next(iterator)))
    {
        int status = add_child(nodes, function, argument, item, type);
        Py_DECREF(item);
        if (status < 0) break;
    }
    Py_XDECREF(iterator);
    if (!PyErr_Occurred()) return nodes;
    rsl_release_children(nodes);
    return NULL;
}

globus_list_t *rsl_c_list(PyObject *nodes)
{
    globus_list_t *list = NULL, **tail = &list;
    for (Py_ssize_t i = 0; i < PyList_Size(nodes); ++i)
    {
        globus_list_insert(tail, ((gl_object *)PyList_GetItem(nodes, i))->pointer);
        tail = globus_list_rest_ref(*tail);
    }
    return list;
}

PyObject *rsl_objects(globus_list_t *list, gl_type *type, gl_object *owner)
{
    PyObject *objects = type ? PyList_New(0) : NULL;
    for (; objects && list; list = globus_list_rest(list))
    {
        PyObject *object = gl_object_borrow(type, globus_list_first(list), owner);
        if (!object || PyList_Append(objects, object) < 0) Py_CLEAR(objects);
        Py_XDECREF(object);
    }
    return objects;
}

PyObject *rsl_list(PyObject *objects)
{
    PyObject *common = PyImport_ImportModule("globus_lowlevel.common");
    PyObject *head = common ? Py_NewRef(Py_None) : NULL;
    for (Py_ssize_t i = PyList_Size(objects); head && i-- > 0;)
    {
        PyObject *longer = PyObject_CallMethod(common, "globus_list_cons", "OO", PyList_GetItem(objects, i), head);
        Py_DECREF(head);
        head = longer;
    }
    Py_XDECREF(common);
    return head;
}

/* ---- whether it is whole ------------------------------------------------------------------------------------------------------ */

static bool values_are_whole(globus_list_t *list)
{
    for (; list; list = globus_list_rest(list))
        if (!rsl_value_is_whole(globus_list_first(list))) return false;
    return true;
}

bool rsl_value_is_whole(const globus_rsl_value_t *value)
{
    if (!value) return false;
    switch (value->type)
    {
        case GLOBUS_RSL_VALUE_LITERAL: return value->value.literal.string;
        case GLOBUS_RSL_VALUE_SEQUENCE: return values_are_whole(value->value.sequence.value_list);
        case GLOBUS_RSL_VALUE_VARIABLE:
        {
            globus_rsl_value_t *names = value->value.variable.sequence;
            return rsl_value_is_whole(names) && names->value.sequence.value_list;
        }
        default:
            return rsl_value_is_whole(value->value.concatenation.left_value)
                && rsl_value_is_whole(value->value.concatenation.right_value);
    }
}

bool rsl_is_whole(const globus_rsl_t *node)
{
    if (node->type == GLOBUS_RSL_RELATION) return node->req.relation.attribute_name && rsl_value_is_whole(node->req.relation.value_sequence);
    for (globus_list_t *list = node->req.boolean.operand_list; list; list = globus_list_rest(list))
        if (!rsl_is_whole(globus_list_first(list))) return false;
    return true;
}

char *gl_adapt_globus_rsl_unparse(globus_rsl_t *rsl_spec)
{
    return rsl_is_whole(rsl_spec) ? globus_rsl_unparse(rsl_spec) : NULL;
}

char *gl_adapt_globus_rsl_value_unparse(globus_rsl_value_t *rsl_value)
{
    return rsl_value_is_whole(rsl_value) ? globus_rsl_value_unparse(rsl_value) : NULL;
}

int gl_adapt_globus_rsl_print_recursive(globus_rsl_t *ast_node)
{
    return rsl_is_whole(ast_node) ? globus_rsl_print_recursive(ast_node) : 1;
}

char *gl_adapt_globus_rsl_value_variable_get_name(globus_rsl_value_t *variable_node)
{
    return globus_rsl_value_variable_get_size(variable_node) > 0 ? globus_rsl_value_variable_get_name(variable_node) : NULL;
}
