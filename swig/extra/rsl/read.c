/* rsl: what is in a tree, as lists and strings, and nodes as Python sequences of what is below them. */
#include "gl.h"
#include "rsl_adapters.h"

#include <stdlib.h>
#include <string.h>

static globus_list_t *operands(const gl_object *node)
{
    return globus_rsl_boolean_get_operand_list(node->pointer);
}

static globus_list_t *values(const gl_object *node)
{
    return globus_rsl_value_sequence_get_value_list(node->pointer);
}

/* ---- lists: copies, whose nodes are those of the tree ------------------------------------------------------------------------ */

static PyObject *list_of(globus_list_t *list, gl_type *type, gl_object *owner)
{
    PyObject *objects = rsl_objects(list, type, owner);
    PyObject *head = objects ? rsl_list(objects) : NULL;
    Py_XDECREF(objects);
    return head;
}

static PyObject *operand_list(const char *function, PyObject *ast_node)
{
    gl_object *node = rsl_node(function, "ast_node", ast_node, rsl_type());
    if (!node) return NULL;
    if (!globus_rsl_is_boolean(node->pointer)) return rsl_fail(function, "the node is no boolean");
    return list_of(operands(node), rsl_type(), node);
}

PyObject *py_globus_rsl_boolean_get_operand_list(PyObject *ast_node)
{
    return operand_list("globus_rsl_boolean_get_operand_list", ast_node);
}

PyObject *py_globus_rsl_boolean_get_operand_list_ref(PyObject *boolean_node)
{
    return operand_list("globus_rsl_boolean_get_operand_list_ref", boolean_node);
}

static PyObject *value_list(const char *function, PyObject *sequence_node)
{
    gl_object *node = rsl_node(function, "sequence_node", sequence_node, rsl_value_type());
    if (!node) return NULL;
    if (!globus_rsl_value_is_sequence(node->pointer)) return rsl_fail(function, "the node is no sequence");
    return list_of(values(node), rsl_value_type(), node);
}

PyObject *py_globus_rsl_value_sequence_get_value_list(PyObject *sequence_node)
{
    return value_list("globus_rsl_value_sequence_get_value_list", sequence_node);
}

PyObject *py_globus_rsl_value_sequence_get_list_ref(PyObject *sequence_node)
{
    return value_list("globus_rsl_value_sequence_get_list_ref", sequence_node);
}

/* The nodes of a globus_list_t of Python (None: empty), as a Python list. */
static PyObject *items_of(PyObject *list)
{
    return list == Py_None ? PyList_New(0) : PySequence_List(list);
}

PyObject *py_globus_list_copy_reverse(PyObject *orig)
{
    PyObject *items = items_of(orig);
    PyObject *head = items && PyList_Reverse(items) == 0 ? rsl_list(items) : NULL;
    Py_XDECREF(items);
    return head;
}

/* ---- parameters ---------------------------------------------------------------------------------------------------------------- */

static int add_string(PyObject *strings, const globus_rsl_value_t *literal)
{
    PyObject *text = gl_string_to_python(literal->value.literal.string);
    int status = text ? PyList_Append(strings, text) : -1;
    Py_XDECREF(text);
    return status;
}

/* Appends the literals of the values, or those of the pairs among them. What is not of the wanted kind fails, as in C. */
static int add_strings(PyObject *strings, globus_list_t *list, int wanted)
{
    for (; list; list = globus_list_rest(list))
    {
        globus_rsl_value_t *value = globus_list_first(list);
        if (wanted == GLOBUS_RSL_VALUE_LITERAL && globus_rsl_value_is_literal(value))
        {
            if (add_string(strings, value) < 0) return -1;
            continue;
        }
        globus_list_t *pair = wanted == GLOBUS_RSL_VALUE_SEQUENCE ? globus_rsl_value_sequence_get_value_list(value) : NULL;
        if (globus_list_size(pair) != 2)
            return rsl_fail("globus_rsl_param_get", "a value is not of the kind that was asked for"), -1;
        if (add_strings(strings, pair, GLOBUS_RSL_VALUE_LITERAL) < 0) return -1;
    }
    return 0;
}

static PyObject *strings_of(globus_list_t *list, int wanted)
{
    PyObject *strings = PyList_New(0);
    if (strings && add_strings(strings, list, wanted) < 0) Py_CLEAR(strings);
    return strings;
}

static int number_of(const char *function, PyObject *object, int *value)
{
    long number = PyLong_AsLong(object);
    if (number == -1 && PyErr_Occurred()) return -1;
    if (number < INT32_MIN || number > INT32_MAX)
        return PyErr_Format(PyExc_OverflowError, "%s() argument 'required_type' is too large", function), -1;
    *value = (int)number;
    return 0;
}

PyObject *py_globus_rsl_value_list_param_get(PyObject *ast_node_list, PyObject *required_type)
{
    const char *function = "globus_rsl_value_list_param_get";
    int wanted;
    if (number_of(function, required_type, &wanted) < 0) return NULL;
    PyObject *items = items_of(ast_node_list);
    globus_list_t *list = NULL;
    bool good = items;
    for (Py_ssize_t i = 0; good && i < PyList_Size(items); ++i)
        good = rsl_node(function, "ast_node_list", PyList_GetItem(items, i), rsl_value_type());
    if (good) list = rsl_c_list(items);
    PyObject *strings = good ? strings_of(list, wanted) : NULL;
    globus_list_free(list);
    Py_XDECREF(items);
    return strings;
}

/* The first relation of that attribute, or NULL. */
static globus_rsl_t *relation_of(globus_rsl_t *node, char *attribute)
{
    if (globus_rsl_is_relation(node)) return globus_rsl_is_relation_attribute_equal(node, attribute) ? node : NULL;
    for (globus_list_t *list = globus_rsl_boolean_get_operand_list(node); list; list = globus_list_rest(list))
    {
        globus_rsl_t *found = relation_of(globus_list_first(list), attribute);
        if (found) return found;
    }
    return NULL;
}

/* The list of values of a parameter of a tree; NULL with an exception, or NULL and *absent. */
static globus_list_t *parameter(const char *function, PyObject *ast_node, PyObject *param, gl_object **tree, bool *absent)
{
    gl_call call = {0};
    const char *name;
    *absent = false;
    *tree = NULL;
    globus_list_t *list = NULL;
    if (gl_string_from_python(&call, -1, param, false, &name) == 0) *tree = rsl_node(function, "ast_node", ast_node, rsl_type());
    if (*tree && !rsl_is_whole((*tree)->pointer)) rsl_fail(function, "the tree is incomplete");
    else if (*tree)
    {
        globus_rsl_t *relation = relation_of((*tree)->pointer, (char *)name);
        *absent = !relation;
        if (relation) list = globus_rsl_value_sequence_get_value_list(globus_rsl_relation_get_value_sequence(relation));
    }
    gl_end(&call);
    return list;
}

PyObject *py_globus_rsl_param_get(PyObject *ast_node, PyObject *required_type, PyObject *param)
{
    const char *function = "globus_rsl_param_get";
    int kind;
    bool absent;
    gl_object *tree;
    if (number_of(function, required_type, &kind) < 0) return NULL;
    globus_list_t *list = parameter(function, ast_node, param, &tree, &absent);
    if (PyErr_Occurred()) return NULL;
    if (absent) return PyList_New(0);
    if (kind == GLOBUS_RSL_PARAM_SINGLE_LITERAL && globus_list_size(list) != 1)
        return rsl_fail(function, "the parameter has not just one value");
    if (kind < GLOBUS_RSL_PARAM_SINGLE_LITERAL || kind > GLOBUS_RSL_PARAM_SEQUENCE)
        return rsl_fail(function, "there is no such kind of parameter");
    return strings_of(list, kind == GLOBUS_RSL_PARAM_SEQUENCE ? GLOBUS_RSL_VALUE_SEQUENCE : GLOBUS_RSL_VALUE_LITERAL);
}

PyObject *py_globus_rsl_param_get_values(PyObject *ast_node, PyObject *param)
{
    bool absent;
    gl_object *tree;
    globus_list_t *list = parameter("globus_rsl_param_get_values", ast_node, param, &tree, &absent);
    return PyErr_Occurred() ? NULL : list_of(list, rsl_value_type(), tree);
}

/* The value in the first place of a list is replaced by a literal: in the tree, for the list is a copy. */
PyObject *py_globus_rsl_value_list_literal_replace(PyObject *value_list, PyObject *string_value)
{
    const char *function = "globus_rsl_value_list_literal_replace";
    gl_call call = {0};
    const char *text;
    bool is_text = gl_string_from_python(&call, -1, string_value, false, &text) == 0;
    PyObject *items = is_text ? items_of(value_list) : NULL, *first = items && PyList_Size(items) ? PyList_GetItem(items, 0) : NULL;
    if (items && !first) PyErr_Format(PyExc_ValueError, "%s() argument 'value_list' is empty", function);
    gl_object *node = first ? rsl_node_to_change(function, "value_list", first, rsl_value_type()) : NULL;
    if (node)
    {
        globus_rsl_value_t *made = globus_rsl_value_make_literal(strdup(text)), before = *(globus_rsl_value_t *)node->pointer;
        *(globus_rsl_value_t *)node->pointer = *made;       /* the node stays where it is, and becomes the literal */
        *made = before;
        rsl_close_below_value(made);
        globus_rsl_value_free_recursive(made);
    }
    gl_end(&call);
    Py_XDECREF(items);
    return node ? Py_NewRef(Py_None) : NULL;
}

PyObject *py_globus_rsl_assist_string_canonicalize(PyObject *ptr)
{
    gl_call call = {0};
    const char *text;
    PyObject *result = NULL;
    if (gl_string_from_python(&call, -1, ptr, false, &text) == 0)
    {
        char *copy = strdup(text);
        if (copy) globus_rsl_assist_string_canonicalize(copy);
        result = copy ? gl_string_to_python(copy) : PyErr_NoMemory();
        free(copy);
    }
    gl_end(&call);
    return result;
}

/* ---- nodes as sequences ------------------------------------------------------------------------------------------------------------ */

static Py_ssize_t count(PyObject *self, globus_list_t *(*list)(const gl_object *))
{
    return gl_object_usable((gl_object *)self) < 0 ? -1 : globus_list_size(list((gl_object *)self));
}

static PyObject *item(PyObject *self, Py_ssize_t index, globus_list_t *(*list_of_node)(const gl_object *), gl_type *type)
{
    if (gl_object_usable((gl_object *)self) < 0) return NULL;
    globus_list_t *list = list_of_node((gl_object *)self);
    while (list && index-- > 0) list = globus_list_rest(list);
    if (!list || index >= 0) return PyErr_Format(PyExc_IndexError, "the node has not so many below it");
    gl_object_use((gl_object *)self, 1);      /* a new object may mean that garbage is collected, which may run the user's code */
    PyObject *found = gl_object_borrow(type, globus_list_first(list), (gl_object *)self);
    gl_object_use((gl_object *)self, -1);
    return found;
}

static Py_ssize_t count_operands(PyObject *self)
{
    return count(self, operands);
}

static Py_ssize_t count_values(PyObject *self)
{
    return count(self, values);
}

static PyObject *operand_at(PyObject *self, Py_ssize_t index)
{
    return item(self, index, operands, rsl_type());
}

static PyObject *value_at(PyObject *self, Py_ssize_t index)
{
    return item(self, index, values, rsl_value_type());
}

/* A relation, a literal or a variable is no empty collection, but true. */
static int is_true(PyObject *self)
{
    (void)self;
    return 1;
}

const PyType_Slot gl_rsl_slots[] = {
    {Py_sq_length, count_operands}, {Py_sq_item, operand_at}, {Py_nb_bool, is_true}, {0, NULL}};
const PyType_Slot gl_rsl_value_slots[] = {
    {Py_sq_length, count_values}, {Py_sq_item, value_at}, {Py_nb_bool, is_true}, {0, NULL}};
