/* globus_hashtable_t: keys and data are Python objects; hash and equality are callables, the library's own among them. */
#include "common/keyed.h"

static globus_hashtable_t *table_of(const char *function, PyObject *table, cm_keys **keys)
{
    globus_hashtable_t *pointer = cm_handle(function, "table", "globus_hashtable_t", table);
    *keys = pointer ? cm_keys_of(function, table) : NULL;
    return *keys ? pointer : NULL;
}

static void *look_up(void *table, void *key)
{
    return globus_hashtable_lookup(table, key);
}

static PyObject *new_table(PyObject *hash, PyObject *equal, cm_keys **keys)
{
    PyObject *table = gl_object_box(gl_type_named("globus_hashtable_t"));
    *keys = table ? cm_keys_new(hash, equal) : NULL;
    if (!*keys || cm_keys_attach((gl_object *)table, *keys) < 0) Py_CLEAR(table);
    return table;
}

static PyObject *datum_of(const cm_entry *entry)
{
    return Py_NewRef(entry ? entry->datum : Py_None);
}

/* ---- making and ending ----------------------------------------------------------------------------------------- */

PyObject *py_globus_hashtable_init(PyObject *size, PyObject *hash, PyObject *equal)
{
    const char *function = "globus_hashtable_init";
    long buckets;
    cm_keys *keys;
    if (cm_integer(function, "size", size, 1, INT32_MAX / 16, &buckets) < 0
        || cm_callable(function, "hash_func", hash, false) < 0 || cm_callable(function, "keyeq_func", equal, false) < 0)
        return NULL;
    PyObject *table = new_table(hash, equal, &keys);
    if (!table) return NULL;
    int rc = globus_hashtable_init(((gl_object *)table)->pointer, (int)buckets, cm_entry_hash, cm_entry_equal);
    if (rc != 0) return Py_DECREF(table), PyErr_NoMemory();
    ((gl_object *)table)->owned = true;
    return table;
}

static cm_keys      *copied;        /* the new table of the copy that is being made; guarded by the GIL */
static PyObject     *copier;
static cm_keys      *copy_errors;

/* Where the callable fails the entry is copied as it is, and the new table is thrown away afterwards. */
static void copy_entry(void **key, void **datum, void *source_key, void *source_datum)
{
    const cm_entry *entry = source_key;
    PyObject *answer = NULL;
    if (copier && !copy_errors->type)
    {
        answer = PyObject_CallFunctionObjArgs(copier, entry->key, entry->datum, NULL);
        if (answer && (!PyTuple_Check(answer) || PyTuple_Size(answer) != 2))
            PyErr_SetString(PyExc_TypeError, "the copy function must return a key and a datum");
        if (PyErr_Occurred())
        {
            Py_CLEAR(answer);
            PyErr_Fetch(&copy_errors->type, &copy_errors->value, &copy_errors->traceback);
        }
    }
    cm_entry *made = cm_entry_new(copied, answer ? PyTuple_GetItem(answer, 0) : entry->key,
                                  answer ? PyTuple_GetItem(answer, 1) : entry->datum);
    if (made) made->hash = entry->hash;
    Py_XDECREF(answer);
    *key = *datum = made;
    (void)source_datum;
}

PyObject *py_globus_hashtable_copy(PyObject *source, PyObject *copy_func)
{
    const char *function = "globus_hashtable_copy";
    cm_keys *keys, *new_keys;
    globus_hashtable_t *from = table_of(function, source, &keys);
    if (!from || cm_callable(function, "copy_func", copy_func, true) < 0) return NULL;
    if (copied)
    {
        PyErr_SetString(PyExc_RuntimeError, "globus_hashtable_copy(): a copy is being made");
        return NULL;
    }
    PyObject *table = new_table(keys->hash, keys->equal, &new_keys);
    if (!table) return NULL;
    copied = new_keys;
    copier = copy_func == Py_None ? NULL : copy_func;
    copy_errors = keys;
    keys->busy = true;
    int rc = globus_hashtable_copy(((gl_object *)table)->pointer, from, copy_entry);
    keys->busy = false;
    copied = NULL;
    ((gl_object *)table)->owned = rc == 0;
    if (rc != 0) PyErr_NoMemory();
    if (keys->type) PyErr_Restore(keys->type, keys->value, keys->traceback);
    keys->type = keys->value = keys->traceback = NULL;
    if (PyErr_Occurred()) Py_CLEAR(table);
    return table;
}

/* The data of all entries, as a Python list. */
static PyObject *data_of(const cm_keys *keys)
{
    PyObject *data = PyList_New(0);
    for (const cm_entry *entry = keys->first; data && entry; entry = entry->next)
        if (PyList_Append(data, entry->datum) < 0) Py_CLEAR(data);
    return data;
}

static PyObject *destroy(const char *function, PyObject *table, PyObject *element_free)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = cm_ending(function, "table", "globus_hashtable_t", table);
    if (!pointer || !(pointer = table_of(function, table, &keys))) return NULL;
    PyObject *data = data_of(keys);
    if (!data) return NULL;
    globus_hashtable_destroy(pointer);
    gl_object_close((gl_object *)table);
    for (Py_ssize_t i = 0; element_free && i < PyList_Size(data); ++i) cm_dispose(element_free, PyList_GetItem(data, i));
    Py_DECREF(data);
    Py_RETURN_NONE;
}

PyObject *py_globus_hashtable_destroy(PyObject *table)
{
    return destroy("globus_hashtable_destroy", table, NULL);
}

PyObject *py_globus_hashtable_destroy_all(PyObject *table, PyObject *element_free)
{
    if (cm_callable("globus_hashtable_destroy_all", "element_free", element_free, false) < 0) return NULL;
    return destroy("globus_hashtable_destroy_all", table, element_free);
}

/* ---- entries ------------------------------------------------------------------------------------------------------ */

PyObject *py_globus_hashtable_lookup(PyObject *table, PyObject *key)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_lookup", table, &keys);
    if (!pointer) return NULL;
    cm_entry probe = {.keys = keys, .key = key, .hash = -1};
    cm_entry *found = cm_find(keys, pointer, look_up, &probe);
    return PyErr_Occurred() ? NULL : datum_of(found);
}

static int has_datum(const char *function, PyObject *datum)
{
    if (datum != Py_None) return 0;
    return cm_expected(function, "datum", "an object other than None, which is C's NULL", datum);
}

PyObject *py_globus_hashtable_insert(PyObject *table, PyObject *key, PyObject *datum)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_insert", table, &keys);
    if (!pointer || has_datum("globus_hashtable_insert", datum) < 0) return NULL;
    cm_entry *entry = cm_entry_new(keys, key, datum);
    if (!entry) return NULL;
    cm_entry *known = cm_find(keys, pointer, look_up, entry);
    if (!PyErr_Occurred() && known) gl_raise(gl_error_from_status("common", GLOBUS_FAILURE, "the key is in the table already"));
    else if (!PyErr_Occurred() && globus_hashtable_insert(pointer, entry, entry) != 0) PyErr_NoMemory();
    if (!PyErr_Occurred()) Py_RETURN_NONE;
    Py_DECREF(cm_entry_free(entry));
    return NULL;
}

PyObject *py_globus_hashtable_update(PyObject *table, PyObject *key, PyObject *datum)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_update", table, &keys);
    if (!pointer || has_datum("globus_hashtable_update", datum) < 0) return NULL;
    cm_entry *entry = cm_entry_new(keys, key, datum);
    cm_entry *old = entry ? cm_find(keys, pointer, look_up, entry) : NULL;
    if (!entry || !old)
    {
        if (entry) Py_DECREF(cm_entry_free(entry));
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    keys->replaced = old;
    cm_entry *former = globus_hashtable_update(pointer, entry, entry);
    keys->replaced = NULL;
    return cm_entry_free(former);
}

PyObject *py_globus_hashtable_remove(PyObject *table, PyObject *key)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_remove", table, &keys);
    if (!pointer) return NULL;
    cm_entry probe = {.keys = keys, .key = key, .hash = -1};
    cm_entry *found = cm_find(keys, pointer, look_up, &probe);
    if (PyErr_Occurred()) return NULL;
    return found ? cm_entry_free(globus_hashtable_remove(pointer, found)) : Py_NewRef(Py_None);
}

PyObject *py_globus_hashtable_to_list(PyObject *table)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_to_list", table, &keys);
    globus_list_t *head = NULL;
    if (!pointer) return NULL;
    globus_hashtable_to_list(pointer, &head);
    for (globus_list_t *node = head; node; node = node->next)
    {
        PyObject *datum = ((cm_entry *)globus_list_first(node))->datum;
        globus_list_replace_first(node, datum);
        gl_give(datum);
    }
    return cm_relink(head);
}

PyObject *py_globus_hashtable_empty(PyObject *table)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_empty", table, &keys);
    return pointer ? PyBool_FromLong(globus_hashtable_empty(pointer)) : NULL;
}

PyObject *py_globus_hashtable_size(PyObject *table)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("globus_hashtable_size", table, &keys);
    return pointer ? PyLong_FromLong(globus_hashtable_size(pointer)) : NULL;
}

/* ---- walking: the table has one position ------------------------------------------------------------------------------ */

static PyObject *walk(const char *function, PyObject *table, void *(*step)(globus_hashtable_t *))
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of(function, table, &keys);
    return pointer ? datum_of(step(pointer)) : NULL;
}

PyObject *py_globus_hashtable_first(PyObject *table)
{
    return walk("globus_hashtable_first", table, globus_hashtable_first);
}

PyObject *py_globus_hashtable_next(PyObject *table)
{
    return walk("globus_hashtable_next", table, globus_hashtable_next);
}

PyObject *py_globus_hashtable_last(PyObject *table)
{
    return walk("globus_hashtable_last", table, globus_hashtable_last);
}

PyObject *py_globus_hashtable_prev(PyObject *table)
{
    return walk("globus_hashtable_prev", table, globus_hashtable_prev);
}

static Py_ssize_t length(PyObject *table)
{
    cm_keys *keys;
    globus_hashtable_t *pointer = table_of("len", table, &keys);
    return pointer ? globus_hashtable_size(pointer) : -1;
}

const PyType_Slot cm_hashtable_slots[] = {{Py_sq_length, length}, {0, NULL}};

/* ---- the library's own hashes and comparisons ------------------------------------------------------------------------------ */

PyObject *py_globus_hashtable_voidp_hash(PyObject *object, PyObject *limit)
{
    long most;
    if (cm_integer("globus_hashtable_voidp_hash", "limit", limit, 1, INT32_MAX, &most) < 0) return NULL;
    return PyLong_FromLong(globus_hashtable_voidp_hash(object, (int)most));
}

PyObject *py_globus_hashtable_voidp_keyeq(PyObject *left, PyObject *right)
{
    return PyLong_FromLong(globus_hashtable_voidp_keyeq(left, right));
}
