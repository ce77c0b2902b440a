/* GRAM: what a failing call raises, by the library's own words; the extensions of a message, a dict. */
#ifndef GRAM_MESSAGE_H
#define GRAM_MESSAGE_H

#include <globus_common.h>
#include <globus_gram_protocol.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GL_H

static inline PyObject *gl_gram_failure(const gl_function *function, long long status)
{
    return gl_error_from_text("gram_protocol", (int)status, globus_gram_protocol_error_string((int)status), 0, function->name);
}

static inline int gl_gram_refuse(const gl_function *function, int status)
{
    PyObject *error = gl_gram_failure(function, status);
    if (error) gl_raise(error);
    return -1;
}

/* Whether a text is a URL that has a host; -1: it is no URL. */
static inline int gl_has_host(const char *text)
{
    globus_url_t url;
    if (globus_url_parse(text, &url) != GLOBUS_SUCCESS) return -1;
    bool found = url.host != NULL;
    globus_url_destroy(&url);
    return found;
}

/* A URL without a host is no contact. What is no URL C refuses itself. */
static inline int gl_check_contact(const gl_function *function, const char *contact)
{
    return gl_has_host(contact) ? 0 : gl_gram_refuse(function, GLOBUS_GRAM_PROTOCOL_ERROR_INVALID_JOB_CONTACT);
}

/* Whom a job manager is to tell: C passes it on unseen, and one without a host would end the job manager. */
static inline int gl_check_callback_contact(const gl_function *function, const char *contact)
{
    return !contact || gl_has_host(contact) > 0 ? 0 : gl_gram_refuse(function, GLOBUS_GRAM_PROTOCOL_ERROR_CALLBACK_NOT_FOUND);
}

/* C has room for so many characters of a number. */
static inline int gl_check_number(const gl_function *function, const char *argument, int number, int room)
{
    if (snprintf(NULL, 0, "%d", number) <= room) return 0;
    PyErr_Format(PyExc_ValueError, "%s() argument '%s': %d has more than the %d characters that the message has room for",
                 function->name, argument, number, room);
    return -1;
}

/* ---- a hash table of extensions, by attribute ------------------------------------------------------------------------ */

static inline PyObject *gl_extensions_to_python(const void *address)
{
    globus_hashtable_t table = *(const globus_hashtable_t *)address;
    PyObject *dict = PyDict_New();
    if (!table) return dict;
    for (globus_gram_protocol_extension_t *entry = globus_hashtable_first(&table); dict && entry; entry = globus_hashtable_next(&table))
    {
        PyObject *key = gl_string_to_python(entry->attribute), *value = key ? gl_string_to_python(entry->value) : NULL;
        if (!value || PyDict_SetItem(dict, key, value) < 0) Py_CLEAR(dict);
        Py_XDECREF(value);
        Py_XDECREF(key);
    }
    return dict;
}

static inline void gl_extensions_release(void *address)
{
    globus_hashtable_t *table = address;
    if (*table) globus_gram_protocol_hash_destroy(table);
    *table = NULL;
}

static inline int gl_extension_add(gl_call *call, globus_hashtable_t *table, PyObject *key, PyObject *value)
{
    const char *attribute, *text;
    if (gl_string_from_python(call, -1, key, false, &attribute) < 0 || gl_string_from_python(call, -1, value, false, &text) < 0)
        return -1;
    globus_gram_protocol_extension_t *entry = globus_gram_protocol_create_extension(attribute, "%s", text);
    if (!entry) return PyErr_NoMemory(), -1;
    if (globus_hashtable_insert(table, entry->attribute, entry) == 0) return 0;
    free(entry->attribute);
    free(entry->value);
    free(entry);
    return PyErr_Format(PyExc_ValueError, "the extension %R is given twice", key), -1;
}

static inline int gl_extensions_fill(gl_call *call, globus_hashtable_t *table, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    if (globus_hashtable_init(table, 17, globus_hashtable_string_hash, globus_hashtable_string_keyeq) != 0)
        return *table = NULL, PyErr_NoMemory(), -1;
    while (PyDict_Next(dict, &position, &key, &value))
        if (gl_extension_add(call, table, key, value) < 0) return gl_extensions_release(table), -1;
    return 0;
}

static inline void gl_extensions_forget(PyObject *capsule)
{
    globus_hashtable_t *table = PyCapsule_GetPointer(capsule, "extensions");
    gl_extensions_release(table);
    free(table);
}

/* The end of the call frees it, unless C does. */
static inline int gl_extensions_from_python(gl_call *call, PyObject *object, void *address)
{
    globus_hashtable_t table = NULL;
    *(globus_hashtable_t *)address = NULL;
    if (!object || object == Py_None) return 0;
    if (!PyDict_Check(object)) return gl_bad_argument(call, -1, "a dict of strings", object);
    if (gl_extensions_fill(call, &table, object) < 0) return -1;
    *(globus_hashtable_t *)address = table;
    if (call->gives) return 0;
    globus_hashtable_t *kept = malloc(sizeof *kept);
    PyObject *capsule = kept ? PyCapsule_New(kept, "extensions", gl_extensions_forget) : NULL;
    if (!capsule)
    {
        free(kept);
        return gl_extensions_release(address), PyErr_NoMemory(), -1;
    }
    *kept = table;
    return gl_hold(call, capsule);
}
#endif

#endif
