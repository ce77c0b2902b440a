/* rsl: variables become what they stand for.
 *
 * C works on the tree itself, frees nodes that Python may be looking at, and leaves a ruin where it fails. So it works on
 * a copy, which takes the place of the tree when all went well. */
#include "gl.h"
#include "rsl_adapters.h"

#include <stdlib.h>
#include <string.h>

/* ---- the objects of nodes that end ------------------------------------------------------------------------------------------- */

static void close_known(gl_type *type, void *node)
{
    PyObject *known = gl_object_known(type, node);
    gl_object *object = known ? gl_as_object(known) : NULL;
    if (object) gl_object_close(object);
    Py_XDECREF(known);
}

static void close_value(globus_rsl_value_t *value)
{
    if (!value) return;
    rsl_close_below_value(value);
    close_known(rsl_value_type(), value);
}

void rsl_close_below_value(globus_rsl_value_t *value)
{
    if (value->type == GLOBUS_RSL_VALUE_SEQUENCE)
        for (globus_list_t *list = value->value.sequence.value_list; list; list = globus_list_rest(list))
            close_value(globus_list_first(list));
    else if (value->type == GLOBUS_RSL_VALUE_VARIABLE) close_value(value->value.variable.sequence);
    else if (value->type == GLOBUS_RSL_VALUE_CONCATENATION)
    {
        close_value(value->value.concatenation.left_value);
        close_value(value->value.concatenation.right_value);
    }
}

static void close_below(globus_rsl_t *node)
{
    if (node->type == GLOBUS_RSL_RELATION) close_value(node->req.relation.value_sequence);
    else
        for (globus_list_t *list = node->req.boolean.operand_list; list; list = globus_list_rest(list))
        {
            close_below(globus_list_first(list));
            close_known(rsl_type(), globus_list_first(list));
        }
}

/* ---- a table of the variables, for C ---------------------------------------------------------------------------------------------- */

typedef struct
{
    PyObject            *given;     /* a mapping, a globus_symboltable_t of the common library, or None */
    PyObject            *common;
    globus_symboltable_t c;
    PyObject            *kept;      /* the strings whose memory C has */
} table;

/* A table of C, or what can be asked by name. */
static bool is_table(PyObject *given)
{
    if (given == Py_None) return true;
    gl_object *object = gl_as_object(given);
    gl_type *type = object ? gl_type_named("globus_symboltable_t") : NULL;
    if (object ? type && gl_object_check(given, type) : PyMapping_Check(given)) return !object || gl_object_usable(object) == 0;
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "argument 'symbol_table' must be globus_symboltable_t, a mapping or None, not %R",
                     (PyObject *)Py_TYPE(given));
    return false;
}

static int table_start(table *it, PyObject *given)
{
    *it = (table){.given = given};
    if (!is_table(given)) return -1;
    it->common = PyImport_ImportModule("globus_lowlevel.common");
    it->kept = PyList_New(0);
    if (!it->common || !it->kept) return -1;
    globus_symboltable_init(&it->c, globus_hashtable_string_hash, globus_hashtable_string_keyeq);
    return globus_symboltable_create_scope(&it->c) == 0 ? 0 : (PyErr_NoMemory(), -1);
}

static void table_end(table *it)
{
    if (it->common && it->kept) globus_symboltable_destroy(&it->c);
    Py_XDECREF(it->common);
    Py_XDECREF(it->kept);
}

/* What a variable stands for: a new reference; NULL without an exception: nothing. */
static PyObject *look_up(table *it, PyObject *name)
{
    if (it->given == Py_None) return NULL;
    PyObject *found = gl_as_object(it->given) ? PyObject_CallMethod(it->common, "globus_symboltable_lookup", "OO", it->given, name)
                                              : PyObject_GetItem(it->given, name);
    if (!found && PyErr_ExceptionMatches(PyExc_LookupError)) PyErr_Clear();
    if (found == Py_None) Py_CLEAR(found);
    return found;
}

static int add_variable(table *it, const char *name)
{
    PyObject *key = gl_string_to_python(name), *value = key ? look_up(it, key) : NULL;
    Py_XDECREF(key);
    if (!value) return PyErr_Occurred() ? -1 : 0;
    gl_call call = {0};
    const char *text;
    int status = gl_string_from_python(&call, -1, value, false, &text);
    PyObject *bytes[2] = {NULL, NULL};
    if (status == 0)
    {
        bytes[0] = PyBytes_FromString(name);
        bytes[1] = PyBytes_FromString(text);
    }
    for (int i = 0; status == 0 && i < 2; ++i)
        if (!bytes[i] || PyList_Append(it->kept, bytes[i]) < 0) status = -1;
    if (status == 0) globus_symboltable_insert(&it->c, PyBytes_AsString(bytes[0]), PyBytes_AsString(bytes[1]));
    Py_XDECREF(bytes[0]);
    Py_XDECREF(bytes[1]);
    gl_end(&call);
    Py_DECREF(value);
    return status;
}

static int add_variables_of_value(table *it, const globus_rsl_value_t *value)
{
    int status = 0;
    if (value->type == GLOBUS_RSL_VALUE_SEQUENCE)
        for (globus_list_t *list = value->value.sequence.value_list; status == 0 && list; list = globus_list_rest(list))
            status = add_variables_of_value(it, globus_list_first(list));
    else if (value->type == GLOBUS_RSL_VALUE_VARIABLE)
        status = add_variable(it, globus_rsl_value_variable_get_name((globus_rsl_value_t *)value));
    else if (value->type == GLOBUS_RSL_VALUE_CONCATENATION)
    {
        status = add_variables_of_value(it, value->value.concatenation.left_value);
        if (status == 0) status = add_variables_of_value(it, value->value.concatenation.right_value);
    }
    return status;
}

static int add_variables(table *it, const globus_rsl_t *node)
{
    if (node->type == GLOBUS_RSL_RELATION) return add_variables_of_value(it, node->req.relation.value_sequence);
    int status = 0;
    for (globus_list_t *list = node->req.boolean.operand_list; status == 0 && list; list = globus_list_rest(list))
        status = add_variables(it, globus_list_first(list));
    return status;
}

/* What a substitution has defined goes into the table that was given. */
static int define(table *it, globus_list_t *pairs)
{
    for (; pairs && it->given != Py_None; pairs = globus_list_rest(pairs))
    {
        globus_list_t *pair = globus_rsl_value_sequence_get_value_list(globus_list_first(pairs));
        if (globus_list_size(pair) != 2) continue;
        PyObject *name = gl_string_to_python(globus_rsl_value_literal_get_string(globus_list_first(pair)));
        PyObject *value = gl_string_to_python(globus_rsl_value_literal_get_string(globus_list_first(globus_list_rest(pair))));
        PyObject *done = NULL;
        if (name && value && gl_as_object(it->given))
            done = PyObject_CallMethod(it->common, "globus_symboltable_insert", "OOO", it->given, name, value);
        else if (name && value && PyObject_SetItem(it->given, name, value) == 0) done = Py_NewRef(Py_None);
        Py_XDECREF(name);
        Py_XDECREF(value);
        if (!done) return -1;
        Py_DECREF(done);
    }
    return 0;
}

/* ---- evaluation ------------------------------------------------------------------------------------------------------------------ */

static const char cause[] = "a variable stands for nothing, or a value is of a kind that cannot be evaluated";

static bool is_substitution(globus_rsl_t *node)
{
    return globus_rsl_is_relation(node) && (globus_rsl_is_relation_attribute_equal(node, "rsl_substitution")
        || globus_rsl_is_relation_attribute_equal(node, "rslsubstitution"));
}

PyObject *py_globus_rsl_eval(PyObject *ast_node, PyObject *symbol_table)
{
    const char *function = "globus_rsl_eval";
    gl_object *node = rsl_node_to_change(function, "ast_node", ast_node, rsl_type());
    if (!node) return NULL;
    if (!rsl_is_whole(node->pointer)) return rsl_fail(function, "the tree is incomplete");
    table symbols;
    globus_rsl_t *copy = globus_rsl_copy_recursive(node->pointer), *own = node->pointer;
    bool good = table_start(&symbols, symbol_table) == 0 && copy && add_variables(&symbols, copy) == 0;
    /* Python has run: to look at variables */
    good = good && gl_object_usable(node) == 0;
    if (good && globus_rsl_eval(copy, &symbols.c) != 0) good = rsl_fail(function, cause);
    if (good && is_substitution(copy))
        good = define(&symbols, globus_rsl_value_sequence_get_value_list(copy->req.relation.value_sequence)) == 0
            && gl_object_usable(node) == 0;
    if (good)
    {
        close_below(own);
        globus_rsl_t before = *own;
        *own = *copy;
        *copy = before;
    }
    if (copy) globus_rsl_free_recursive(copy);
    table_end(&symbols);
    return good ? Py_NewRef(Py_None) : NULL;
}

PyObject *py_globus_rsl_value_eval(PyObject *ast_node, PyObject *symbol_table, PyObject *rsl_substitute_flag)
{
    const char *function = "globus_rsl_value_eval";
    gl_object *node = rsl_node_to_change(function, "ast_node", ast_node, rsl_value_type());
    long flag = node ? PyLong_AsLong(rsl_substitute_flag) : 0;
    if (PyErr_Occurred()) return NULL;
    if (!rsl_value_is_whole(node->pointer)) return rsl_fail(function, "the value is incomplete");
    table symbols;
    char *text = NULL;
    globus_rsl_value_t *copy = globus_rsl_value_copy_recursive(node->pointer), *own = node->pointer;
    bool good = table_start(&symbols, symbol_table) == 0 && copy && add_variables_of_value(&symbols, copy) == 0;
    good = good && gl_object_usable(node) == 0;
    if (good && globus_rsl_value_eval(copy, &symbols.c, &text, flag != 0) != 0) good = rsl_fail(function, cause);
    if (good && own->type == GLOBUS_RSL_VALUE_SEQUENCE)      /* its values are what changes, there is no text */
    {
        rsl_close_below_value(own);
        globus_rsl_value_t before = *own;
        *own = *copy;
        *copy = before;
    }
    if (copy) globus_rsl_value_free_recursive(copy);
    table_end(&symbols);
    PyObject *result = good ? gl_string_to_python(text) : NULL;
    free(text);
    return result;
}
