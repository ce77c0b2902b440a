/* rsl: making nodes, changing them, taking them apart. What a node is made of belongs to it afterwards. */
#include "gl.h"
#include "rsl_adapters.h"

#include <stdlib.h>
#include <string.h>

PyObject *rsl_own(gl_type *type, void *node)
{
    if (!node) return PyErr_NoMemory();
    return gl_object_new(type, node, true);
}

static PyObject *with_children(PyObject *made, PyObject *nodes)
{
    for (Py_ssize_t i = 0; made && i < PyList_Size(nodes); ++i) rsl_take((gl_object *)made, (gl_object *)PyList_GetItem(nodes, i));
    rsl_release_children(nodes);
    return made;
}

static int operator_of(const char *function, PyObject *object, long least, long most, int *value)
{
    if (!PyLong_Check(object))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'my_operator' must be int, not %R", function, (PyObject *)Py_TYPE(object)), -1;
    long number = PyLong_AsLong(object);
    if (!PyErr_Occurred() && (number < least || number > most))
        PyErr_Format(PyExc_ValueError, "%s(): %ld is no operator of this kind of node", function, number);
    *value = (int)number;
    return PyErr_Occurred() ? -1 : 0;
}

/* A copy in malloc's memory; *text is NULL for None. */
static int text_of(const char *function, const char *argument, PyObject *object, bool nullable, char **text)
{
    gl_call call = {0};
    const char *given = NULL;
    *text = NULL;
    int status = gl_string_from_python(&call, -1, object, nullable, &given);
    if (status < 0 && PyErr_ExceptionMatches(PyExc_TypeError))
        PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be str, not %R", function, argument, (PyObject *)Py_TYPE(object));
    if (status == 0 && given && !(*text = strdup(given))) status = (PyErr_NoMemory(), -1);
    gl_end(&call);
    return status;
}

/* ---- requests ---------------------------------------------------------------------------------------------------------------- */

PyObject *py_globus_rsl_make_boolean(PyObject *my_operator, PyObject *children)
{
    const char *function = "globus_rsl_make_boolean";
    int value;
    if (operator_of(function, my_operator, GLOBUS_RSL_AND, GLOBUS_RSL_MULTIREQ, &value) < 0) return NULL;
    PyObject *nodes = rsl_children(function, "children", children, rsl_type());
    return nodes ? with_children(rsl_own(rsl_type(), globus_rsl_make_boolean(value, rsl_c_list(nodes))), nodes) : NULL;
}

static gl_object *sequence_node(const char *function, const char *argument, PyObject *object)
{
    gl_object *node = rsl_node(function, argument, object, rsl_value_type());
    if (node && !globus_rsl_value_is_sequence(node->pointer))
        return PyErr_Format(PyExc_ValueError, "%s() argument '%s' must be a sequence of values", function, argument), NULL;
    return node && rsl_may_take(function, argument, node, NULL) == 0 ? node : NULL;
}

PyObject *py_globus_rsl_make_relation(PyObject *my_operator, PyObject *attributename, PyObject *value_sequence)
{
    const char *function = "globus_rsl_make_relation";
    int value;
    char *attribute;
    if (operator_of(function, my_operator, GLOBUS_RSL_EQ, GLOBUS_RSL_LTEQ, &value) < 0) return NULL;
    gl_object *sequence = sequence_node(function, "value_sequence", value_sequence);
    if (!sequence || text_of(function, "attributename", attributename, false, &attribute) < 0) return NULL;
    PyObject *made = rsl_own(rsl_type(), globus_rsl_make_relation(value, attribute, sequence->pointer));
    if (made) rsl_take((gl_object *)made, sequence);
    return made;
}

/* ---- values -------------------------------------------------------------------------------------------------------------------- */

PyObject *py_globus_rsl_value_make_literal(PyObject *string)
{
    char *text;
    if (text_of("globus_rsl_value_make_literal", "string", string, true, &text) < 0) return NULL;
    return rsl_own(rsl_value_type(), globus_rsl_value_make_literal(text));
}

PyObject *py_globus_rsl_value_make_sequence(PyObject *value_list)
{
    PyObject *nodes = rsl_children("globus_rsl_value_make_sequence", "value_list", value_list, rsl_value_type());
    return nodes ? with_children(rsl_own(rsl_value_type(), globus_rsl_value_make_sequence(rsl_c_list(nodes))), nodes) : NULL;
}

PyObject *py_globus_rsl_value_make_variable(PyObject *sequence)
{
    const char *function = "globus_rsl_value_make_variable";
    gl_object *names = sequence_node(function, "sequence", sequence);
    if (!names) return NULL;
    globus_list_t *list = globus_rsl_value_sequence_get_value_list(names->pointer);
    if (!list || !globus_rsl_value_is_literal(globus_list_first(list)))
        return PyErr_Format(PyExc_ValueError, "%s() argument 'sequence' must begin with the name of the variable, a literal", function);
    PyObject *made = rsl_own(rsl_value_type(), globus_rsl_value_make_variable(names->pointer));
    if (made) rsl_take((gl_object *)made, names);
    return made;
}

PyObject *py_globus_rsl_value_make_concatenation(PyObject *left_value, PyObject *right_value)
{
    const char *function = "globus_rsl_value_make_concatenation";
    gl_object *left = rsl_node(function, "left_value", left_value, rsl_value_type());
    gl_object *right = left ? rsl_node(function, "right_value", right_value, rsl_value_type()) : NULL;
    if (!right || rsl_may_take(function, "left_value", left, NULL) < 0 || rsl_may_take(function, "right_value", right, left) < 0)
        return NULL;
    PyObject *made = rsl_own(rsl_value_type(), globus_rsl_value_make_concatenation(left->pointer, right->pointer));
    if (made) rsl_take((gl_object *)made, left);
    if (made) rsl_take((gl_object *)made, right);
    return made;
}

/* ---- the sides of a concatenation: what was there is the program's again ---------------------------------------------------------- */

static PyObject *set_side(const char *function, const char *argument, PyObject *concatenation, PyObject *value, bool is_left)
{
    gl_object *node = rsl_node(function, "concatenation_node", concatenation, rsl_value_type());
    gl_object *side = node ? rsl_node(function, argument, value, rsl_value_type()) : NULL;
    if (!side) return NULL;
    if (!globus_rsl_value_is_concatenation(node->pointer)) return rsl_fail(function, "the node is no concatenation");
    if (rsl_may_take(function, argument, side, node) < 0) return NULL;
    globus_rsl_value_t *before = is_left ? globus_rsl_value_concatenation_get_left(node->pointer)
                                         : globus_rsl_value_concatenation_get_right(node->pointer);
    if (is_left) globus_rsl_value_concatenation_set_left(node->pointer, side->pointer);
    else globus_rsl_value_concatenation_set_right(node->pointer, side->pointer);
    rsl_let_go(rsl_value_type(), before);
    rsl_take(node, side);
    Py_RETURN_NONE;
}

PyObject *py_globus_rsl_value_concatenation_set_left(PyObject *concatenate_node, PyObject *new_left_node)
{
    return set_side("globus_rsl_value_concatenation_set_left", "new_left_node", concatenate_node, new_left_node, true);
}

PyObject *py_globus_rsl_value_concatenation_set_right(PyObject *concatenate_node, PyObject *new_right_node)
{
    return set_side("globus_rsl_value_concatenation_set_right", "new_right_node", concatenate_node, new_right_node, false);
}

/* ---- freeing: the node alone, its parts are the program's again; or all of it ------------------------------------------------------ */

static gl_object *ending(const char *function, PyObject *object, gl_type *type)
{
    gl_object *node = rsl_node(function, "node", object, type);
    if (node && (!node->owned || gl_hand_others(node) > 0))
        return PyErr_Format(PyExc_ValueError, "%s(): this %s %s", function, type->name,
                            gl_hand_others(node) > 0 ? "is in use by another call" : "belongs to a tree, and is freed with it"), NULL;
    return node;
}

static void let_all_go(gl_type *type, globus_list_t *list)
{
    for (globus_list_t *item = list; item; item = globus_list_rest(item)) rsl_let_go(type, globus_list_first(item));
    globus_list_free(list);
}

PyObject *py_globus_rsl_free(PyObject *ast_node)
{
    gl_object *node = ending("globus_rsl_free", ast_node, rsl_type());
    if (!node) return NULL;
    globus_rsl_t *c = node->pointer;
    if (c->type == GLOBUS_RSL_BOOLEAN) let_all_go(rsl_type(), c->req.boolean.operand_list);
    else
    {
        rsl_let_go(rsl_value_type(), c->req.relation.value_sequence);
        free(c->req.relation.attribute_name);
    }
    globus_rsl_free(c);
    gl_object_close(node);
    Py_RETURN_NONE;
}

PyObject *py_globus_rsl_value_free(PyObject *val)
{
    gl_object *node = ending("globus_rsl_value_free", val, rsl_value_type());
    if (!node) return NULL;
    globus_rsl_value_t *c = node->pointer;
    switch (c->type)
    {
        case GLOBUS_RSL_VALUE_LITERAL: free(c->value.literal.string); break;
        case GLOBUS_RSL_VALUE_SEQUENCE: let_all_go(rsl_value_type(), c->value.sequence.value_list); break;
        case GLOBUS_RSL_VALUE_VARIABLE: rsl_let_go(rsl_value_type(), c->value.variable.sequence); break;
        default:
            rsl_let_go(rsl_value_type(), c->value.concatenation.left_value);
            rsl_let_go(rsl_value_type(), c->value.concatenation.right_value);
    }
    globus_rsl_value_free(c);
    gl_object_close(node);
    Py_RETURN_NONE;
}

PyObject *py_globus_rsl_free_recursive(PyObject *ast_node)
{
    gl_object *node = ending("globus_rsl_free_recursive", ast_node, rsl_type());
    if (!node) return NULL;
    globus_rsl_free_recursive(node->pointer);
    gl_object_close(node);
    Py_RETURN_NONE;
}

PyObject *py_globus_rsl_value_free_recursive(PyObject *value)
{
    gl_object *node = ending("globus_rsl_value_free_recursive", value, rsl_value_type());
    if (!node) return NULL;
    globus_rsl_value_free_recursive(node->pointer);
    gl_object_close(node);
    Py_RETURN_NONE;
}
