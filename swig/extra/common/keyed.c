/* Entries of hash tables (keyed.h). */
#include "common/keyed.h"

#include <stdlib.h>

cm_keys *cm_keys_new(PyObject *hash, PyObject *equal)
{
    cm_keys *keys = calloc(1, sizeof *keys);
    if (!keys) return (cm_keys *)PyErr_NoMemory();
    keys->hash = Py_NewRef(hash);
    keys->equal = Py_NewRef(equal);
    return keys;
}

void cm_keys_free(cm_keys *keys)
{
    while (keys->first) Py_XDECREF(cm_entry_free(keys->first));
    Py_DECREF(keys->hash);
    Py_DECREF(keys->equal);
    free(keys);
}

cm_entry *cm_entry_new(cm_keys *keys, PyObject *key, PyObject *datum)
{
    cm_entry *entry = calloc(1, sizeof *entry);
    if (!entry) return (cm_entry *)PyErr_NoMemory();
    *entry = (cm_entry){.keys = keys, .key = Py_NewRef(key), .datum = Py_NewRef(datum), .hash = -1, .next = keys->first};
    if (keys->first) keys->first->previous = entry;
    keys->first = entry;
    return entry;
}

PyObject *cm_entry_free(cm_entry *entry)
{
    PyObject *datum = entry->datum, *key = entry->key;
    if (entry->previous) entry->previous->next = entry->next;
    else entry->keys->first = entry->next;
    if (entry->next) entry->next->previous = entry->previous;
    free(entry);
    Py_DECREF(key);
    return datum;
}

/* ---- what C calls ----------------------------------------------------------------------------------------------- */

static void failed(cm_keys *keys)
{
    if (!keys->type) PyErr_Fetch(&keys->type, &keys->value, &keys->traceback);
    else PyErr_Clear();
}

static long ask_for_hash(const cm_entry *entry, int limit)
{
    PyObject *answer = PyObject_CallFunction(entry->keys->hash, "Oi", entry->key, limit);
    long hash = -1;
    if (answer && cm_integer("the hash function's result", "hash", answer, 0, limit - 1, &hash) < 0) hash = -1;
    Py_XDECREF(answer);
    return hash;
}

int cm_entry_hash(void *key, int limit)
{
    cm_entry *entry = key;
    if (entry->hash < 0 && !entry->keys->type)
    {
        entry->hash = (int)ask_for_hash(entry, limit);
        if (entry->hash < 0) failed(entry->keys);
    }
    return entry->hash < 0 ? 0 : entry->hash;
}

int cm_entry_equal(void *stored, void *probe)
{
    cm_entry *a = stored, *b = probe;
    if (a == b || a == a->keys->replaced) return 1;
    if (!a->keys->busy || a->keys->type) return 0;      /* looked for by its address, or given up */
    PyObject *answer = PyObject_CallFunctionObjArgs(a->keys->equal, a->key, b->key, NULL);
    int equal = answer ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    if (equal < 0) failed(a->keys);
    return equal > 0;
}

cm_entry *cm_find(cm_keys *keys, void *table, void *(*lookup)(void *table, void *key), cm_entry *probe)
{
    keys->busy = true;
    cm_entry *found = lookup(table, probe);
    keys->busy = false;
    if (!keys->type) return found;
    PyErr_Restore(keys->type, keys->value, keys->traceback);
    keys->type = keys->value = keys->traceback = NULL;
    return NULL;
}

/* ---- where a table has them ------------------------------------------------------------------------------------------ */

static void free_capsule(PyObject *capsule)
{
    cm_keys_free(PyCapsule_GetPointer(capsule, "cm_keys"));
}

int cm_keys_attach(gl_object *table, cm_keys *keys)
{
    PyObject *capsule = PyCapsule_New(keys, "cm_keys", free_capsule), *name = PyUnicode_FromString("keys");
    int status = capsule && name ? gl_object_keep(table, name, capsule) : -1;
    if (!capsule) cm_keys_free(keys);
    Py_XDECREF(capsule);
    Py_XDECREF(name);
    return status;
}

cm_keys *cm_keys_of(const char *function, PyObject *table)
{
    PyObject *keep = ((gl_object *)table)->keep, *capsule = keep ? PyDict_GetItemString(keep, "keys") : NULL;
    if (!capsule) return PyErr_Format(PyExc_ValueError, "%s(): the table was not made by an init function", function), NULL;
    cm_keys *keys = PyCapsule_GetPointer(capsule, "cm_keys");
    if (keys && !keys->busy) return keys;
    if (keys) PyErr_Format(PyExc_RuntimeError, "%s(): the table is in use by a call that has called back", function);
    return NULL;
}
