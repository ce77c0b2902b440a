/* globus_symboltable_t: tables of Python objects in nested scopes. */
#include "common/keyed.h"

static globus_symboltable_t *table_of(const char *function, PyObject *table, cm_keys **keys)
{
    globus_symboltable_t *pointer = cm_handle(function, "table", "globus_symboltable_t", table);
    *keys = pointer ? cm_keys_of(function, table) : NULL;
    return *keys ? pointer : NULL;
}

static void *look_up(void *table, void *symbol)
{
    return globus_symboltable_lookup(table, symbol);
}

PyObject *py_globus_symboltable_init(PyObject *hash, PyObject *equal)
{
    const char *function = "globus_symboltable_init";
    if (cm_callable(function, "hash_func", hash, false) < 0 || cm_callable(function, "keyeq_func", equal, false) < 0)
        return NULL;
    PyObject *table = gl_object_box(gl_type_named("globus_symboltable_t"));
    cm_keys *keys = table ? cm_keys_new(hash, equal) : NULL;
    if (!keys || cm_keys_attach((gl_object *)table, keys) < 0)
    {
        Py_XDECREF(table);
        return NULL;
    }
    globus_symboltable_init(((gl_object *)table)->pointer, cm_entry_hash, cm_entry_equal);
    ((gl_object *)table)->owned = true;
    return table;
}

PyObject *py_globus_symboltable_destroy(PyObject *table)
{
    cm_keys *keys;
    globus_symboltable_t *pointer = cm_ending("globus_symboltable_destroy", "table", "globus_symboltable_t", table);
    if (!pointer || !table_of("globus_symboltable_destroy", table, &keys)) return NULL;
    globus_symboltable_destroy(pointer);
    gl_object_close((gl_object *)table);
    Py_RETURN_NONE;
}

PyObject *py_globus_symboltable_create_scope(PyObject *table)
{
    cm_keys *keys;
    globus_symboltable_t *pointer = table_of("globus_symboltable_create_scope", table, &keys);
    if (!pointer) return NULL;
    globus_symboltable_create_scope(pointer);
    ++keys->scope;
    Py_RETURN_NONE;
}

static PyObject *no_scope(void)
{
    gl_raise(gl_error_from_status("common", 1, "the table has no scope: call globus_symboltable_create_scope() first"));
    return NULL;
}

PyObject *py_globus_symboltable_remove_scope(PyObject *table)
{
    cm_keys *keys;
    globus_symboltable_t *pointer = table_of("globus_symboltable_remove_scope", table, &keys);
    if (!pointer) return NULL;
    PyObject *left = PyList_New(0);
    if (!left || globus_symboltable_remove_scope(pointer) != 0) return Py_XDECREF(left), left ? no_scope() : NULL;
    for (cm_entry *entry = keys->first, *next; entry; entry = next)
    {
        next = entry->next;
        if (entry->scope != keys->scope) continue;
        PyList_Append(left, entry->key);
        PyObject *datum = cm_entry_free(entry);
        PyList_Append(left, datum);
        Py_DECREF(datum);
    }
    --keys->scope;
    Py_DECREF(left);      /* only now: what ends here may use the table */
    Py_RETURN_NONE;
}

PyObject *py_globus_symboltable_lookup(PyObject *table, PyObject *symbol)
{
    cm_keys *keys;
    globus_symboltable_t *pointer = table_of("globus_symboltable_lookup", table, &keys);
    if (!pointer) return NULL;
    cm_entry probe = {.keys = keys, .key = symbol, .hash = -1};
    cm_entry *found = cm_find(keys, pointer, look_up, &probe);
    if (PyErr_Occurred()) return NULL;
    return Py_NewRef(found ? found->datum : Py_None);
}

PyObject *py_globus_symboltable_insert(PyObject *table, PyObject *symbol, PyObject *datum)
{
    cm_keys *keys;
    globus_symboltable_t *pointer = table_of("globus_symboltable_insert", table, &keys);
    if (!pointer) return NULL;
    if (datum == Py_None)
        return cm_expected("globus_symboltable_insert", "datum", "an object other than None, which is C's NULL", datum), NULL;
    if (!keys->scope) return no_scope();
    cm_entry *entry = cm_entry_new(keys, symbol, datum);
    if (!entry) return NULL;
    entry->scope = keys->scope;
    cm_entry *known = cm_find(keys, pointer, look_up, entry);
    bool here = known && known->scope == keys->scope;
    if (!PyErr_Occurred() && here)
        gl_raise(gl_error_from_status("common", GLOBUS_FAILURE, "the symbol is in the innermost scope already"));
    else if (!PyErr_Occurred() && globus_symboltable_insert(pointer, entry, entry) != 0) PyErr_NoMemory();
    if (!PyErr_Occurred()) Py_RETURN_NONE;
    Py_DECREF(cm_entry_free(entry));
    return NULL;
}

PyObject *py_globus_symboltable_remove(PyObject *table, PyObject *symbol)
{
    cm_keys *keys;
    globus_symboltable_t *pointer = table_of("globus_symboltable_remove", table, &keys);
    if (!pointer) return NULL;
    cm_entry probe = {.keys = keys, .key = symbol, .hash = -1};
    cm_entry *found = cm_find(keys, pointer, look_up, &probe);
    if (PyErr_Occurred()) return NULL;
    if (!found || found->scope != keys->scope) Py_RETURN_NONE;       /* C removes from the innermost scope only */
    return cm_entry_free(globus_symboltable_remove(pointer, found));
}
