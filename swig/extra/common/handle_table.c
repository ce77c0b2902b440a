/* globus_handle_table_t: Python objects by number, counted. The destructor is a callable, called when a count ends. */
#include "common/common.h"

/* What the table has let go of in the current call: addresses, as a Python list. Guarded by the GIL. */
static PyObject *let_go;

static void let_one_go(void *value)
{
    PyObject *address = PyLong_FromVoidPtr(value);
    if (!address || !let_go || PyList_Append(let_go, address) < 0) PyErr_Clear();
    Py_XDECREF(address);
}

static PyObject *begin(void)
{
    PyObject *outer = let_go;
    let_go = PyList_New(0);
    return outer;
}

/* Calls the user's destructor, after C has returned: it may use the table. */
static void end(PyObject *outer, PyObject *callable)
{
    PyObject *addresses = let_go;
    let_go = outer;
    for (Py_ssize_t i = 0; addresses && i < PyList_Size(addresses); ++i)
    {
        void *value = PyLong_AsVoidPtr(PyList_GetItem(addresses, i));
        PyObject *object = gl_given(value);
        if (callable && callable != Py_None && object) cm_dispose(callable, object);
        gl_take(value);
        Py_XDECREF(object);
    }
    Py_XDECREF(addresses);
}

static PyObject *destructor_of(PyObject *table)
{
    return PyDict_GetItemString(((gl_object *)table)->keep, "destructor");
}

static globus_handle_table_t *table_of(const char *function, PyObject *table)
{
    return cm_handle(function, "handle_table", "globus_handle_table_t", table);
}

/* A collected table: its callable is gone with it. */
void cm_handle_table_free(globus_handle_table_t *table)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    PyObject *outer = begin();
    globus_handle_table_destroy(table);
    end(outer, NULL);
    gl_callback_end(state);
}

PyObject *py_globus_handle_table_init(PyObject *callable)
{
    if (cm_callable("globus_handle_table_init", "destructor", callable, true) < 0) return NULL;
    gl_object *made = (gl_object *)gl_object_box(gl_type_named("globus_handle_table_t"));
    PyObject *key = made ? PyUnicode_FromString("destructor") : NULL;
    if (key && gl_object_keep(made, key, callable) == 0)
    {
        made->owned = globus_handle_table_init(made->pointer, let_one_go) == 0;
        if (!made->owned) PyErr_NoMemory();
    }
    Py_XDECREF(key);
    if (made && made->owned) return (PyObject *)made;
    Py_XDECREF((PyObject *)made);
    return NULL;
}

PyObject *py_globus_handle_table_destroy(PyObject *object)
{
    globus_handle_table_t *table = cm_ending("globus_handle_table_destroy", "handle_table", "globus_handle_table_t", object);
    if (!table) return NULL;
    PyObject *callable = Py_NewRef(destructor_of(object)), *outer = begin();
    globus_handle_table_destroy(table);
    gl_object_close((gl_object *)object);
    end(outer, callable);
    Py_DECREF(callable);
    Py_RETURN_NONE;
}

PyObject *py_globus_handle_table_insert(PyObject *object, PyObject *datum, PyObject *initial_refs)
{
    long references;
    if (cm_integer("globus_handle_table_insert", "initial_refs", initial_refs, 1, INT32_MAX, &references) < 0) return NULL;
    globus_handle_table_t *table = table_of("globus_handle_table_insert", object);
    if (!table || gl_give(datum) < 0) return NULL;
    globus_handle_t handle = globus_handle_table_insert(table, datum == Py_None ? NULL : datum, (int)references);
    if (handle != GLOBUS_NULL_HANDLE) return PyLong_FromLong(handle);
    gl_take(datum);
    return PyErr_NoMemory();
}

/* Before the table is looked at: a number's __index__() may close it. */
static int handle_of(const char *function, PyObject *object, globus_handle_t *handle)
{
    long value;
    if (cm_integer(function, "handle", object, INT32_MIN, INT32_MAX, &value) < 0) return -1;
    *handle = (globus_handle_t)value;
    return 0;
}

PyObject *py_globus_handle_table_increment_reference(PyObject *object, PyObject *number)
{
    globus_handle_t handle;
    if (handle_of("globus_handle_table_increment_reference", number, &handle) < 0) return NULL;
    globus_handle_table_t *table = table_of("globus_handle_table_increment_reference", object);
    if (!table) return NULL;
    return PyBool_FromLong(globus_handle_table_increment_reference(table, handle));
}

PyObject *py_globus_handle_table_increment_reference_by(PyObject *object, PyObject *number, PyObject *inc)
{
    const char *function = "globus_handle_table_increment_reference_by";
    long step;
    globus_handle_t handle;
    if (handle_of(function, number, &handle) < 0 || cm_integer(function, "inc", inc, 0, INT32_MAX, &step) < 0) return NULL;
    globus_handle_table_t *table = table_of(function, object);
    if (!table) return NULL;
    return PyBool_FromLong(globus_handle_table_increment_reference_by(table, handle, (unsigned)step));
}

PyObject *py_globus_handle_table_decrement_reference(PyObject *object, PyObject *number)
{
    globus_handle_t handle;
    if (handle_of("globus_handle_table_decrement_reference", number, &handle) < 0) return NULL;
    globus_handle_table_t *table = table_of("globus_handle_table_decrement_reference", object);
    if (!table) return NULL;
    PyObject *callable = Py_NewRef(destructor_of(object)), *outer = begin();
    globus_bool_t left = globus_handle_table_decrement_reference(table, handle);
    end(outer, callable);
    Py_DECREF(callable);
    return PyBool_FromLong(left);
}

PyObject *py_globus_handle_table_lookup(PyObject *object, PyObject *number)
{
    globus_handle_t handle;
    if (handle_of("globus_handle_table_lookup", number, &handle) < 0) return NULL;
    globus_handle_table_t *table = table_of("globus_handle_table_lookup", object);
    if (!table) return NULL;
    return gl_given(globus_handle_table_lookup(table, handle));
}
