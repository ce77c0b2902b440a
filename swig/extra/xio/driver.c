/* Drivers written in Python: what C calls where they have no function of their own, and the texts that they take as options. */
#include "gl.h"

#include "xio_adapters.h"

#include <globus_xio_wrapblock.h>
#include <stdlib.h>

static gl_object *known(globus_xio_driver_t driver)
{
    gl_type *type = gl_type_named("globus_xio_driver_t");
    PyObject *object = type ? gl_object_known(type, driver) : NULL;
    PyErr_Clear();
    return object ? gl_as_object(object) : NULL;
}

static bool has(globus_xio_driver_t driver, const char *function, const char *slot)
{
    PyGILState_STATE state = PyGILState_Ensure();
    gl_object *object = known(driver);
    bool found = object && gl_lasting_has(object, function, slot);
    Py_XDECREF((PyObject *)object);
    PyGILState_Release(state);
    return found;
}

/* ---- servers: C calls some of their functions without looking whether there are any -------------------------------------------- */

static globus_result_t take(void *given)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return GLOBUS_SUCCESS;
    gl_take(given);
    gl_callback_end(state);
    return GLOBUS_SUCCESS;
}

static globus_result_t refuse(void *server, globus_xio_operation_t op)
{
    (void)server;
    globus_result_t result = globus_error_put(globus_error_construct_error(
        GLOBUS_XIO_MODULE, NULL, GLOBUS_XIO_ERROR_DRIVER, __FILE__, "refuse", __LINE__, "%s", "the driver accepts no connections"));
    globus_xio_driver_finished_accept(op, NULL, result);
    return GLOBUS_SUCCESS;
}

static bool is_last_of_stack(globus_xio_driver_t driver)
{
    return has(driver, "globus_xio_driver_set_transport", "transport_open_func") || has(driver, "globus_xio_wrapblock_init", "open");
}

globus_result_t gl_adapt_globus_xio_driver_set_server(
    globus_xio_driver_t driver, globus_xio_driver_server_init_t server_init_func,
    globus_xio_driver_server_accept_t server_accept_func, globus_xio_driver_server_destroy_t server_destroy_func,
    globus_xio_driver_server_cntl_t server_cntl_func, globus_xio_driver_link_cntl_t link_cntl_func,
    globus_xio_driver_link_destroy_t link_destroy_func)
{
    if (!server_accept_func && is_last_of_stack(driver)) server_accept_func = refuse;
    return globus_xio_driver_set_server(
        driver, server_init_func, server_accept_func, server_destroy_func ? server_destroy_func : take, server_cntl_func,
        link_cntl_func, link_destroy_func ? link_destroy_func : take);
}

/* C passes an accept on until some driver has the function. */
static globus_result_t without_accept(globus_xio_driver_t driver)
{
    if (has(driver, "globus_xio_driver_set_server", "server_accept_func")) return GLOBUS_SUCCESS;
    return globus_xio_driver_set_server(driver, NULL, refuse, take, NULL, NULL, take);
}

globus_result_t gl_adapt_globus_xio_driver_set_transport(
    globus_xio_driver_t driver, globus_xio_driver_transport_open_t transport_open_func, globus_xio_driver_close_t close_func,
    globus_xio_driver_read_t read_func, globus_xio_driver_write_t write_func, globus_xio_driver_handle_cntl_t handle_cntl_func)
{
    globus_result_t result = without_accept(driver);
    return result ? result : globus_xio_driver_set_transport(
        driver, transport_open_func, close_func, read_func, write_func, handle_cntl_func);
}

globus_result_t gl_adapt_globus_xio_wrapblock_init(
    globus_xio_driver_t driver, globus_xio_wrapblock_open_func_t open, globus_xio_wrapblock_close_func_t close,
    globus_xio_wrapblock_read_func_t read, globus_xio_wrapblock_write_func_t write, globus_xio_wrapblock_accept_func_t accept)
{
    bool has_server = has(driver, "globus_xio_driver_set_server", "server_init_func");
    globus_result_t result = accept && has_server ? GLOBUS_SUCCESS : without_accept(driver);
    return result ? result : globus_xio_wrapblock_init(driver, open, close, read, write, accept);
}

/* ---- data descriptors: made by the functions of a driver's attributes ----------------------------------------------------------- */

void *gl_adapt_globus_xio_operation_get_data_descriptor(globus_xio_operation_t op, globus_bool_t force_create)
{
    bool has_attributes = has(globus_xio_operation_get_user_driver(op), "globus_xio_driver_set_attr", "attr_init_func");
    return has_attributes ? globus_xio_operation_get_data_descriptor(op, force_create) : NULL;
}

/* ---- tables of options: the driver has a copy of them, with all that they point to ------------------------------------------- */

static void free_table(PyObject *capsule)
{
    free(PyCapsule_GetPointer(capsule, "options"));
}

static int copy_option(const char *function, PyObject *item, globus_xio_string_cntl_table_t *copy, PyObject *kept)
{
    gl_type *type = gl_type_named("globus_xio_string_cntl_table_t");
    if (!type) return -1;
    if (!gl_object_check(item, type))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'table' must be a sequence of %s, not of %R", function, type->name,
                            (PyObject *)Py_TYPE(item)), -1;
    gl_object *option = (gl_object *)item;
    *copy = *(globus_xio_string_cntl_table_t *)option->pointer;
    if (!copy->key || !copy->parse_func)
        return PyErr_Format(PyExc_ValueError, "%s(): each %s needs a key and a parse_func", function, type->name), -1;
    PyObject *content = PyDict_Copy(option->keep);
    int status = content ? PyList_Append(kept, content) : -1;
    Py_XDECREF(content);
    return status;
}

/* An array that ends with an empty element, as a capsule; what it points to is added to `kept`. */
static PyObject *copy_table(const char *function, PyObject *table, PyObject *kept)
{
    if (PyUnicode_Check(table) || PyBytes_Check(table) || !PySequence_Check(table))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'table' must be a sequence, not %R", function, (PyObject *)Py_TYPE(table));
    PyObject *items = PySequence_Tuple(table);
    Py_ssize_t count = items ? PyTuple_Size(items) : 0;
    globus_xio_string_cntl_table_t *copy = items ? calloc((size_t)count + 1, sizeof *copy) : NULL;
    PyObject *capsule = copy ? PyCapsule_New(copy, "options", free_table) : NULL;
    if (!capsule) free(copy);
    for (Py_ssize_t i = 0; capsule && i < count; ++i)
        if (copy_option(function, PyTuple_GetItem(items, i), &copy[i], kept) < 0) Py_CLEAR(capsule);
    if (!capsule && !PyErr_Occurred()) PyErr_NoMemory();
    Py_XDECREF(items);
    return capsule;
}

typedef globus_result_t (*table_setter)(globus_xio_driver_t, globus_xio_string_cntl_table_t *);

static PyObject *set_table(const char *function, table_setter set, PyObject *driver, PyObject *table)
{
    gl_type *type = gl_type_named("globus_xio_driver_t");
    if (!type) return NULL;
    if (!gl_object_check(driver, type))
        return PyErr_Format(PyExc_TypeError, "%s() argument 'driver' must be %s, not %R", function, type->name, (PyObject *)Py_TYPE(driver));
    gl_object *object = (gl_object *)driver;
    if (gl_object_usable(object) < 0) return NULL;
    if (!object->maker || strcmp(object->maker->name, "globus_xio_driver_init") != 0)
        return PyErr_Format(PyExc_ValueError, "%s(): this driver was not made by globus_xio_driver_init()", function);
    PyObject *kept = PyList_New(0), *capsule = kept ? copy_table(function, table, kept) : NULL;
    int status = capsule ? PyList_Append(kept, capsule) : -1;
    if (status == 0) status = gl_object_keep(object, capsule, kept);
    globus_result_t result = status == 0 ? set(object->pointer, PyCapsule_GetPointer(capsule, "options")) : GLOBUS_SUCCESS;
    if (result) gl_raise(gl_error_from_result(result));
    Py_XDECREF(capsule);
    Py_XDECREF(kept);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

PyObject *py_globus_xio_driver_string_cntl_set_table(PyObject *driver, PyObject *table)
{
    return set_table("globus_xio_driver_string_cntl_set_table", globus_xio_driver_string_cntl_set_table, driver, table);
}

PyObject *py_globus_xio_driver_handle_string_cntl_set_table(PyObject *driver, PyObject *table)
{
    return set_table(
        "globus_xio_driver_handle_string_cntl_set_table", globus_xio_driver_handle_string_cntl_set_table, driver, table);
}
