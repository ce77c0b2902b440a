/* Entries of hash tables: what C gets as key and datum both.
 *
 * C's tables call plain functions for hashes and equality. These find the Python callables by the entry they are given,
 * and tell which stored entry a lookup has met: so a key that leaves C is the one to release. */
#ifndef GL_COMMON_KEYED_H
#define GL_COMMON_KEYED_H

#include "common/common.h"

typedef struct cm_entry cm_entry;

typedef struct
{
    PyObject *hash, *equal;
    cm_entry *first;            /* all that C holds */
    cm_entry *replaced;         /* equal to whatever C looks for just now */
    bool      busy;             /* C is calling back */
    int       scope;            /* of a symbol table: how many there are */
    PyObject *type, *value, *traceback;     /* the first exception of a callable */
} cm_keys;

struct cm_entry
{
    cm_keys  *keys;
    PyObject *key, *datum;
    int       hash;             /* -1: not known yet */
    int       scope;
    cm_entry *next, *previous;
};

cm_keys  *cm_keys_new(PyObject *hash, PyObject *equal);
void      cm_keys_free(cm_keys *keys);
int       cm_keys_attach(gl_object *table, cm_keys *keys);                     /* steals `keys` */
cm_keys  *cm_keys_of(const char *function, PyObject *table);                   /* NULL with an exception while C calls back */
cm_entry *cm_entry_new(cm_keys *keys, PyObject *key, PyObject *datum);
PyObject *cm_entry_free(cm_entry *entry);                                     /* gives its datum */

int cm_entry_hash(void *key, int limit);
int cm_entry_equal(void *stored, void *probe);

/* Calls `lookup` with `probe`: the entry that C has found, or NULL; an exception where a callable raised. */
cm_entry *cm_find(cm_keys *keys, void *table, void *(*lookup)(void *table, void *key), cm_entry *probe);

#endif
