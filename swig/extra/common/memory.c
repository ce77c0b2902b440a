/* globus_memory_t: pools of equal pieces of memory. A node is a writable buffer; it cannot be pushed back, nor its pool
 * destroyed, while somebody looks into it. */
#include "common/common.h"

typedef struct
{
    PyObject_HEAD
    PyObject *pool;
    void     *memory;       /* NULL once it was pushed back */
    long      size;
    long      views;
} node_object;

static PyObject *node_type;

static long number_in(PyObject *pool, const char *name)
{
    PyObject *number = PyDict_GetItemString(((gl_object *)pool)->keep, name);
    return number ? PyLong_AsLong(number) : 0;
}

static int store_number(PyObject *pool, const char *name, long value)
{
    PyObject *key = PyUnicode_FromString(name), *number = PyLong_FromLong(value);
    int status = key && number ? gl_object_keep((gl_object *)pool, key, number) : -1;
    Py_XDECREF(key);
    Py_XDECREF(number);
    return status;
}

static int node_view(PyObject *self, Py_buffer *view, int flags)
{
    node_object *node = (node_object *)self;
    if (!node->memory || ((gl_object *)node->pool)->closed)
    {
        PyErr_SetString(PyExc_ValueError, "this memory was pushed back, or its pool destroyed");
        view->obj = NULL;
        return -1;
    }
    if (PyBuffer_FillInfo(view, self, node->memory, node->size, 0, flags) < 0) return -1;
    ++node->views;
    return store_number(node->pool, "views", number_in(node->pool, "views") + 1);
}

static void node_unview(PyObject *self, Py_buffer *view)
{
    node_object *node = (node_object *)self;
    (void)view;
    --node->views;
    store_number(node->pool, "views", number_in(node->pool, "views") - 1);
}

/* A node that is forgotten goes back to its pool. */
static void node_dealloc(PyObject *self)
{
    node_object *node = (node_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    gl_object *pool = (gl_object *)node->pool;
    if (node->memory && pool->pointer) globus_memory_push_node(pool->pointer, node->memory);
    Py_DECREF(node->pool);
    freefunc free_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_memory(self);
    Py_DECREF(type);
}

static int make_node_type(void)
{
    static PyType_Slot slots[] = {{Py_tp_dealloc, node_dealloc}, {Py_bf_getbuffer, node_view},
                                  {Py_bf_releasebuffer, node_unview},
                                  {Py_tp_doc, "Memory of a pool: a writable buffer."}, {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.common.MemoryNode", sizeof(node_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    return node_type || (node_type = PyType_FromSpec(&spec)) ? 0 : -1;
}

PyObject *py_globus_memory_init(PyObject *node_size, PyObject *node_count)
{
    long size, count;
    if (cm_integer("globus_memory_init", "node_size", node_size, 1, 1 << 24, &size) < 0
        || cm_integer("globus_memory_init", "node_count", node_count, 1, INT32_MAX / ((size + 7) & ~7L), &count) < 0)
        return NULL;
    gl_object *made = (gl_object *)gl_object_box(gl_type_named("globus_memory_t"));
    if (!made) return NULL;
    made->owned = globus_memory_init(made->pointer, (int)size, (int)count) && store_number((PyObject *)made, "size", size) == 0;
    if (made->owned) return (PyObject *)made;
    Py_DECREF((PyObject *)made);
    return PyErr_NoMemory();
}

PyObject *py_globus_memory_pop_node(PyObject *pool)
{
    globus_memory_t *memory = cm_handle("globus_memory_pop_node", "mem_info", "globus_memory_t", pool);
    if (!memory || make_node_type() < 0) return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot((PyTypeObject *)node_type, Py_tp_alloc);
    node_object *node = (node_object *)allocate((PyTypeObject *)node_type, 0);
    if (!node) return NULL;
    node->pool = Py_NewRef(pool);
    node->size = number_in(pool, "size");
    node->memory = globus_memory_pop_node(memory);
    if (node->memory) return (PyObject *)node;
    Py_DECREF((PyObject *)node);
    return PyErr_NoMemory();
}

PyObject *py_globus_memory_push_node(PyObject *pool, PyObject *buffer)
{
    const char *function = "globus_memory_push_node";
    globus_memory_t *memory = cm_handle(function, "mem_info", "globus_memory_t", pool);
    if (!memory || make_node_type() < 0) return NULL;
    node_object *node = PyObject_TypeCheck(buffer, (PyTypeObject *)node_type) ? (node_object *)buffer : NULL;
    if (!node) return cm_expected(function, "buf", "what globus_memory_pop_node() gave", buffer), NULL;
    const char *why = node->pool != pool ? "belongs to another pool" : !node->memory ? "was pushed back already"
                      : node->views ? "is in use as a buffer" : NULL;
    if (why) return PyErr_Format(PyExc_ValueError, "%s(): this node %s", function, why);
    globus_bool_t pushed = globus_memory_push_node(memory, node->memory);
    node->memory = NULL;
    return PyBool_FromLong(pushed);
}

PyObject *py_globus_memory_destroy(PyObject *pool)
{
    globus_memory_t *memory = cm_ending("globus_memory_destroy", "mem_info", "globus_memory_t", pool);
    if (!memory) return NULL;
    if (number_in(pool, "views"))
    {
        PyErr_SetString(PyExc_ValueError, "globus_memory_destroy(): a node of this pool is in use as a buffer");
        return NULL;
    }
    globus_bool_t destroyed = globus_memory_destroy(memory);
    gl_object_close((gl_object *)pool);
    return PyBool_FromLong(destroyed);
}
