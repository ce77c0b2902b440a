/* Thread-specific data: what C keeps for a thread is a number, under which the Python object is found.
 *
 * A number, not an address: a thread may be ending with it while another deletes the key. */
#include "common/common.h"

static PyObject *stored;        /* number -> (object, the key's destructor or None, the key's set of numbers) */

static PyObject *entry_of(const void *number)
{
    PyObject *key = number && stored ? PyLong_FromVoidPtr((void *)number) : NULL;
    PyObject *entry = key ? PyDict_GetItem(stored, key) : NULL;
    Py_XDECREF(key);
    return entry;
}

/* Gives what was stored under the number, a new reference to its entry; NULL where nothing is. */
static PyObject *forget(const void *number)
{
    PyObject *entry = Py_XNewRef(entry_of(number));
    if (!entry) return NULL;
    PyObject *key = PyLong_FromVoidPtr((void *)number);
    if (key) PyDict_DelItem(stored, key);
    if (key) PySet_Discard(PyTuple_GetItem(entry, 2), key);
    Py_XDECREF(key);
    return entry;
}

/* A thread ends, or one of the pool has done its task. */
static void thread_ended(void *number)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    PyObject *entry = forget(number);
    if (entry && PyTuple_GetItem(entry, 1) != Py_None) cm_dispose(PyTuple_GetItem(entry, 1), PyTuple_GetItem(entry, 0));
    Py_XDECREF(entry);
    gl_callback_end(state);
}

static int keep(gl_object *key, const char *name, PyObject *value)
{
    PyObject *text = PyUnicode_FromString(name);
    int status = text && value ? gl_object_keep(key, text, value) : -1;
    Py_XDECREF(text);
    return status;
}

static PyObject *kept(PyObject *key, const char *name)
{
    return PyDict_GetItemString(((gl_object *)key)->keep, name);
}

static PyObject *create(const char *function, const char *name, PyObject *destructor,
                        int (*make)(globus_thread_key_t *, globus_thread_key_destructor_func_t))
{
    if (cm_callable(function, name, destructor, true) < 0 || (!stored && !(stored = PyDict_New()))) return NULL;
    gl_object *key = (gl_object *)gl_object_box(gl_type_named("globus_thread_key_t"));
    PyObject *numbers = key ? PySet_New(NULL) : NULL;
    int rc = -1;
    if (numbers && keep(key, "destructor", destructor) == 0 && keep(key, "numbers", numbers) == 0
        && gl_give((PyObject *)key) == 0)      /* until it is deleted: any thread may have data */
    {
        rc = make(key->pointer, thread_ended);
        if (rc) gl_take(key);
        if (rc) gl_raise(gl_error_from_status("common", rc, NULL));
    }
    Py_XDECREF(numbers);
    if (rc == 0) return (PyObject *)key;
    Py_XDECREF((PyObject *)key);
    return NULL;
}

PyObject *py_globus_thread_key_create(PyObject *func)
{
    return create("globus_thread_key_create", "func", func, globus_thread_key_create);
}

PyObject *py_globus_thread_pool_key_create(PyObject *func)
{
    PyObject *key = create("globus_thread_pool_key_create", "func", func, globus_thread_pool_key_create);
    if (key) keep((gl_object *)key, "pooled", Py_True);
    return key;
}

PyObject *py_globus_thread_key_delete(PyObject *object)
{
    globus_thread_key_t *key = cm_handle("globus_thread_key_delete", "key", "globus_thread_key_t", object);
    if (!key) return NULL;
    if (kept(object, "pooled"))
    {
        PyErr_SetString(PyExc_ValueError, "globus_thread_key_delete(): the library never forgets a key of the thread pool");
        return NULL;
    }
    int rc = globus_thread_key_delete(*key);
    if (rc) return gl_raise(gl_error_from_status("common", rc, NULL)), NULL;
    for (PyObject *numbers = kept(object, "numbers"), *number; PySet_Size(numbers); Py_XDECREF(number))
    {
        number = PySet_Pop(numbers);
        if (!number) break;
        Py_XDECREF(forget(PyLong_AsVoidPtr(number)));
    }
    gl_object_close((gl_object *)object);
    gl_take(object);
    Py_RETURN_NONE;
}

PyObject *py_globus_thread_getspecific(PyObject *object)
{
    globus_thread_key_t *key = cm_handle("globus_thread_getspecific", "key", "globus_thread_key_t", object);
    PyObject *entry = key ? entry_of(globus_thread_getspecific(*key)) : NULL;
    return key ? Py_NewRef(entry ? PyTuple_GetItem(entry, 0) : Py_None) : NULL;
}

/* Stores the object under a new number; NULL for None, or with an exception. */
static void *store(PyObject *key, PyObject *value)
{
    static uintptr_t last;
    if (value == Py_None) return NULL;
    PyObject *number = PyLong_FromVoidPtr((void *)++last);
    PyObject *entry = number ? PyTuple_Pack(3, value, kept(key, "destructor"), kept(key, "numbers")) : NULL;
    int status = entry ? PyDict_SetItem(stored, number, entry) : -1;
    if (status == 0) status = PySet_Add(kept(key, "numbers"), number);
    Py_XDECREF(entry);
    Py_XDECREF(number);
    return status == 0 ? (void *)last : NULL;
}

PyObject *py_globus_thread_setspecific(PyObject *object, PyObject *value)
{
    globus_thread_key_t *key = cm_handle("globus_thread_setspecific", "key", "globus_thread_key_t", object);
    if (!key) return NULL;
    const void *old = globus_thread_getspecific(*key);
    void *number = store(object, value);
    if (PyErr_Occurred()) return NULL;
    int rc = globus_thread_setspecific(*key, number);
    Py_XDECREF(forget(rc ? number : old));
    if (rc) return gl_raise(gl_error_from_status("common", rc, NULL)), NULL;
    Py_RETURN_NONE;
}
