/* Registries of extensions. One that Python made holds Python objects; one of the library's holds C structs of one type,
 * which its users trust. C keeps what it is given: symbols and structs stay for ever.
 *
 * C hashes symbols with its own lock held, so it does that with its own functions only. */
#include "common/common.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The library's registries, and what their users take the data for. */
static const struct { const char *registry, *type; } known_types[] = {
    {"globus_i_xio_driver_registry", "globus_xio_driver_hook_t"},
    {"globus_i_gfs_dsi_registry", "globus_gfs_storage_iface_t"},
    {"globus_i_gfs_acl_registry", "globus_gfs_acl_module_t"},
    {"globus_i_net_manager_registry", "globus_net_manager_t"},
    {"globus_i_state_diagram_registry", "globus_state_extension_handle_t"},
};

static const char *type_in(const globus_extension_registry_t *registry)
{
    Dl_info info;
    if (!dladdr(registry, &info) || !info.dli_sname) return NULL;
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; ++i)
        if (strcmp(info.dli_sname, known_types[i].registry) == 0) return known_types[i].type;
    return NULL;
}

static bool is_ours(PyObject *registry)
{
    return ((gl_object *)registry)->box;
}

/* The datum of a registry, as Python knows it. */
static PyObject *datum_of(PyObject *registry, void *datum)
{
    const char *type = is_ours(registry) ? NULL : type_in(((gl_object *)registry)->pointer);
    if (!type || !datum) return gl_given(datum);
    gl_type *known = gl_type_named(type);
    if (known) return gl_object_new(known, datum, false);
    PyErr_Clear();
    return PyLong_FromVoidPtr(datum);
}

/* ---- symbols ---------------------------------------------------------------------------------------------------------- */

typedef enum { STRINGS, NUMBERS, OBJECTS } symbol_kind;

static const struct
{
    const char                   *hash_name, *equal_name;
    globus_hashtable_hash_func_t  hash;
    globus_hashtable_keyeq_func_t equal;
    symbol_kind                   kind;
} hashings[] = {
    {"globus_hashtable_string_hash", "globus_hashtable_string_keyeq", globus_hashtable_string_hash, globus_hashtable_string_keyeq, STRINGS},
    {"globus_hashtable_int_hash", "globus_hashtable_int_keyeq", globus_hashtable_int_hash, globus_hashtable_int_keyeq, NUMBERS},
    {"globus_hashtable_ulong_hash", "globus_hashtable_ulong_keyeq", globus_hashtable_ulong_hash, globus_hashtable_ulong_keyeq, NUMBERS},
    {"globus_hashtable_voidp_hash", "globus_hashtable_voidp_keyeq", globus_hashtable_voidp_hash, globus_hashtable_voidp_keyeq, OBJECTS},
};

static symbol_kind kind_of(PyObject *registry)
{
    PyObject *keep = ((gl_object *)registry)->keep, *kind = keep ? PyDict_GetItemString(keep, "symbols") : NULL;
    return kind ? (symbol_kind)PyLong_AsLong(kind) : STRINGS;
}

/* The symbol as C gets it; `held` must live as long as C looks at it. False with an exception. */
static bool symbol_in(const char *function, PyObject *registry, PyObject *symbol, void **key, PyObject **held)
{
    long number;
    const char *text;
    *held = NULL;
    switch (kind_of(registry))
    {
        case OBJECTS: return *key = *held = Py_NewRef(symbol), true;
        case NUMBERS:
            if (cm_integer(function, "symbol", symbol, 1, INT32_MAX, &number) < 0) return false;
            return *key = (void *)number, true;
        default:
            *held = cm_text(function, "symbol", symbol, false, &text);
            return *key = (void *)text, *held != NULL;
    }
}

static bool is_named(PyObject *callable, const char *name)
{
    PyObject *module = PyImport_ImportModule("globus_lowlevel.common");
    PyObject *known = module ? PyObject_GetAttrString(module, name) : NULL;
    bool same = known == callable;
    Py_XDECREF(known);
    Py_XDECREF(module);
    return same;
}

PyObject *py_globus_extension_registry_set_hashing(PyObject *object, PyObject *hash, PyObject *equal)
{
    const char *function = "globus_extension_registry_set_hashing";
    globus_extension_registry_t *registry = cm_handle(function, "registry", "globus_extension_registry_t", object);
    if (!registry || cm_callable(function, "hash_func", hash, false) < 0 || cm_callable(function, "keyeq_func", equal, false) < 0)
        return NULL;
    if (!is_ours(object) || registry->initialized)
        return PyErr_Format(PyExc_ValueError, "%s(): only a registry of Python's own can be told, before its first use", function);
    for (size_t i = 0; i < sizeof hashings / sizeof *hashings; ++i)
    {
        if (!is_named(hash, hashings[i].hash_name) || !is_named(equal, hashings[i].equal_name)) continue;
        PyObject *key = PyUnicode_FromString("symbols"), *kind = PyLong_FromLong(hashings[i].kind);
        int rc = key && kind ? gl_object_keep((gl_object *)object, key, kind) : -1;
        Py_XDECREF(key);
        Py_XDECREF(kind);
        if (rc == 0) rc = globus_extension_registry_set_hashing(registry, hashings[i].hash, hashings[i].equal);
        return rc == 0 ? Py_NewRef(Py_None) : PyErr_NoMemory();
    }
    return PyErr_Format(PyExc_ValueError, "%s(): the library hashes with its lock held, so only with its own functions, such as "
                        "globus_hashtable_int_hash and globus_hashtable_int_keyeq", function);
}

/* ---- entries ---------------------------------------------------------------------------------------------------------- */

/* A struct that the library will use from now on. */
static void *struct_to_keep(const char *function, PyObject *registry, PyObject *data)
{
    const char *type = type_in(((gl_object *)registry)->pointer);
    if (!type) return PyErr_Format(PyExc_ValueError, "%s(): nothing of Python's can be put into this registry", function);
    void *pointer = cm_handle(function, "data", type, data);
    if (!pointer) return NULL;
    ++((gl_object *)data)->busy;
    gl_forever(data);
    return pointer;
}

PyObject *py_globus_extension_registry_add(PyObject *object, PyObject *symbol, PyObject *module, PyObject *data)
{
    const char *function = "globus_extension_registry_add";
    globus_module_descriptor_t *descriptor = NULL;
    globus_extension_registry_t *registry = cm_handle(function, "registry", "globus_extension_registry_t", object);
    if (!registry || (module != Py_None && !(descriptor = cm_handle(function, "module", "globus_module_descriptor_t", module))))
        return NULL;
    if (data == Py_None) return cm_expected(function, "data", "an object other than None, which is C's NULL", data), NULL;
    void *key, *datum;
    PyObject *held;
    if (!symbol_in(function, object, symbol, &key, &held)) return NULL;
    PyObject *kept = held ? gl_forever(held) : NULL;
    if (kept && kind_of(object) == STRINGS) key = PyBytes_AsString(kept);
    Py_XDECREF(held);
    if (is_ours(object)) datum = gl_give(data) == 0 ? data : NULL;
    else datum = struct_to_keep(function, object, data);
    if (!datum) return NULL;
    int rc;
    Py_BEGIN_ALLOW_THREADS
    rc = globus_extension_registry_add(registry, key, descriptor, datum);
    Py_END_ALLOW_THREADS
    if (rc == 0) Py_RETURN_NONE;
    if (is_ours(object)) gl_take(data);
    return gl_raise(gl_error_from_status("common", rc, "the registry has that symbol already")), NULL;
}

PyObject *py_globus_extension_registry_remove(PyObject *object, PyObject *symbol)
{
    const char *function = "globus_extension_registry_remove";
    globus_extension_registry_t *registry = cm_handle(function, "registry", "globus_extension_registry_t", object);
    void *key, *datum;
    PyObject *held;
    if (!registry || !symbol_in(function, object, symbol, &key, &held)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    datum = globus_extension_registry_remove(registry, key);
    Py_END_ALLOW_THREADS
    Py_XDECREF(held);
    PyObject *result = datum_of(object, datum);
    if (is_ours(object)) gl_take(datum);
    return result;
}

/* ---- looking up ------------------------------------------------------------------------------------------------------------ */

static int keep(PyObject *handle, const char *name, PyObject *value)
{
    PyObject *key = PyUnicode_FromString(name);
    int status = key && value ? gl_object_keep((gl_object *)handle, key, value) : -1;
    Py_XDECREF(key);
    return status;
}

/* Each lookup and each reference is released once: C has one handle for all of an entry. */
static long references(gl_object *handle, long step)
{
    PyObject *known = handle->keep ? PyDict_GetItemString(handle->keep, "references") : NULL;
    long count = (known ? PyLong_AsLong(known) : 0) + step;
    PyObject *value = step ? PyLong_FromLong(count) : NULL;
    if (value) keep((PyObject *)handle, "references", value);
    Py_XDECREF(value);
    return count;
}

/* The handle of an entry that was looked up before is the same object. */
static void remember(PyObject *handle, PyObject *registry)
{
    PyObject *content = ((gl_object *)handle)->keep;
    if (content && PyDict_GetItemString(content, "registry")) references((gl_object *)handle, 1);
    else keep(handle, "registry", registry);
}

PyObject *py_globus_extension_lookup(PyObject *object, PyObject *symbol)
{
    const char *function = "globus_extension_lookup";
    globus_extension_registry_t *registry = cm_handle(function, "registry", "globus_extension_registry_t", object);
    globus_extension_handle_t handle = NULL;
    void *key, *found;
    PyObject *held;
    if (!registry || !symbol_in(function, object, symbol, &key, &held)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    found = globus_extension_lookup(&handle, registry, key);
    Py_END_ALLOW_THREADS
    Py_XDECREF(held);
    PyObject *datum = datum_of(object, found), *made = datum ? gl_object_new(gl_type_named("globus_extension_handle_t"), handle, true) : NULL;
    if (made && made != Py_None) remember(made, object);
    PyObject *both = made ? PyTuple_Pack(2, datum, made) : NULL;
    Py_XDECREF(datum);
    Py_XDECREF(made);
    return both;
}

PyObject *py_globus_extension_reference(PyObject *object)
{
    globus_extension_handle_t handle = cm_handle("globus_extension_reference", "handle", "globus_extension_handle_t", object);
    if (!handle) return NULL;
    void *datum;
    Py_BEGIN_ALLOW_THREADS
    datum = globus_extension_reference(handle);
    Py_END_ALLOW_THREADS
    references((gl_object *)object, 1);
    return datum_of(PyDict_GetItemString(((gl_object *)object)->keep, "registry"), datum);
}

PyObject *py_globus_extension_release(PyObject *object)
{
    globus_extension_handle_t handle = cm_ending("globus_extension_release", "handle", "globus_extension_handle_t", object);
    if (!handle) return NULL;
    bool last = references((gl_object *)object, 0) == 0;
    if (last) gl_object_close((gl_object *)object);
    else references((gl_object *)object, -1);
    Py_BEGIN_ALLOW_THREADS
    globus_extension_release(handle);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}
