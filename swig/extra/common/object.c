/* globus_object_t: references, instance data, and the errors whose C functions trust what they are given. */
#include "common/common.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------- */

/* The instance data of the four errors whose functions follow it without looking (globus_error_generic.c and the like,
 * not installed; unchanged since 2006): zeroed, it is an error that says nothing. */
static void *empty_data(const globus_object_type_t *type)
{
    if (type == GLOBUS_ERROR_TYPE_GLOBUS) return calloc(1, 64);
    if (type == GLOBUS_ERROR_TYPE_MULTIPLE) return calloc(1, 64);
    if (type == GLOBUS_ERROR_TYPE_ERRNO) return calloc(1, sizeof(int));
    return type == GLOBUS_ERROR_TYPE_STRING ? calloc(1, 1) : NULL;
}

static bool is_of_common(const globus_object_type_t *type)
{
    Dl_info ours, its;
    return dladdr(GLOBUS_OBJECT_TYPE_BASE, &ours) && dladdr(type, &its) && ours.dli_fbase == its.dli_fbase;
}

PyObject *py_globus_object_construct(PyObject *create_type)
{
    const globus_object_type_t *type = cm_handle("globus_object_construct", "create_type", "globus_object_type_t", create_type);
    if (!type) return NULL;
    if (type->destructor && !is_of_common(type))
    {
        PyErr_SetString(PyExc_ValueError, "globus_object_construct(): objects of this type have content: make them with the "
                        "constructor of their library");
        return NULL;
    }
    globus_object_t *made = globus_object_construct(type);
    if (!made) return PyErr_NoMemory();
    void *data = empty_data(type);
    if (data) globus_object_set_local_instance_data(made, data);
    return gl_object_new(gl_type_named("globus_object_t"), made, true);
}

/* ---- references ------------------------------------------------------------------------------------------------------ */

static long extra_references(gl_object *object, long step)
{
    PyObject *known = object->keep ? PyDict_GetItemString(object->keep, "references") : NULL;
    long count = (known ? PyLong_AsLong(known) : 0) + step;
    if (step == 0 || count < 0) return count;
    PyObject *key = PyUnicode_FromString("references"), *value = PyLong_FromLong(count);
    if (key && value) gl_object_keep(object, key, value);
    Py_XDECREF(key);
    Py_XDECREF(value);
    return count;
}

PyObject *py_globus_object_reference(PyObject *object)
{
    globus_object_t *pointer = cm_handle("globus_object_reference", "object", "globus_object_t", object);
    if (!pointer) return NULL;
    globus_object_reference(pointer);
    if (((gl_object *)object)->owned) extra_references((gl_object *)object, 1);
    else ((gl_object *)object)->owned = true;
    Py_RETURN_NONE;
}

PyObject *py_globus_object_free(PyObject *object)
{
    globus_object_t *pointer = cm_ending("globus_object_free", "object", "globus_object_t", object);
    if (!pointer) return NULL;
    if (extra_references((gl_object *)object, 0) > 0)
    {
        extra_references((gl_object *)object, -1);
        globus_object_free(pointer);
        Py_RETURN_NONE;
    }
    gl_object_close((gl_object *)object);
    globus_object_free(pointer);
    Py_RETURN_NONE;
}

/* ---- instance data ------------------------------------------------------------------------------------------------------ */

PyObject *py_globus_object_set_local_instance_data(PyObject *object, PyObject *data)
{
    globus_object_t *pointer = cm_handle("globus_object_set_local_instance_data", "object", "globus_object_t", object);
    if (!pointer) return NULL;
    if (pointer->type->destructor || pointer->type->copy_func || !pointer->type->parent_type)
    {
        PyErr_SetString(PyExc_ValueError, "globus_object_set_local_instance_data(): an object of this type keeps data of its own");
        return NULL;
    }
    PyObject *gift = gl_gift(data), *key = PyUnicode_FromString("instance data");
    int status = gift && key ? gl_object_keep((gl_object *)object, key, gift) : -1;
    if (status == 0) globus_object_set_local_instance_data(pointer, data == Py_None ? NULL : data);
    Py_XDECREF(gift);
    Py_XDECREF(key);
    return status == 0 ? Py_NewRef(Py_None) : NULL;
}

PyObject *py_globus_object_get_local_instance_data(PyObject *object)
{
    globus_object_t *pointer = cm_handle("globus_object_get_local_instance_data", "object", "globus_object_t", object);
    return pointer ? gl_given(globus_object_get_local_instance_data(pointer)) : NULL;
}

/* ---- times: C keeps the address ---------------------------------------------------------------------------------------------- */

static time_t *kept_time(const time_t *time)
{
    time_t *kept = time ? malloc(sizeof *kept) : NULL;
    if (kept) *kept = *time;
    return kept;
}

globus_object_t *gl_adapt_globus_object_construct_time(const time_t *time_time)
{
    return globus_object_construct_time(kept_time(time_time));
}

globus_object_t *gl_adapt_globus_object_initialize_time(globus_object_t *object, const time_t *time_time)
{
    return globus_object_initialize_time(object, kept_time(time_time));
}

void gl_adapt_globus_object_time_set_time_time(globus_object_t *object, const time_t *value)
{
    globus_object_time_set_time_time(object, kept_time(value));
}

PyObject *py_globus_object_time_get_time_time(PyObject *object)
{
    globus_object_t *pointer = cm_handle("globus_object_time_get_time_time", "object", "globus_object_t", object);
    const time_t *time = pointer ? globus_object_time_get_time_time(pointer) : NULL;
    if (!pointer) return NULL;
    return time ? PyLong_FromLongLong((long long)*time) : Py_NewRef(Py_None);
}

/* ---- errors -------------------------------------------------------------------------------------------------------------------- */

/* What the type's functions will read in it must be theirs: C does not look. */
static bool becomes(globus_object_t *error, const globus_object_type_t *type, const char *message)
{
    if (globus_object_get_type(error) != type)
    {
        cm_raise(PyExc_ValueError, message);
        return false;
    }
    void *old = globus_object_get_local_instance_data(error);
    globus_object_set_local_instance_data(error, NULL);
    if (old) type->destructor(old);
    return true;
}

globus_object_t *gl_adapt_globus_error_initialize_errno_error(globus_object_t *error, globus_module_descriptor_t *base_source,
                                                              globus_object_t *base_cause, int system_errno)
{
    if (!becomes(error, GLOBUS_ERROR_TYPE_ERRNO, "globus_error_initialize_errno_error(): the object must be of the type "
                 "GLOBUS_ERROR_TYPE_ERRNO")) return NULL;
    return globus_error_initialize_errno_error(error, base_source, base_cause, system_errno);
}

static globus_object_t *initialize_error(globus_object_t *error, globus_module_descriptor_t *source, globus_object_t *cause,
                                         int type, const char *file, const char *func, int line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    error = globus_error_initialize_error(error, source, cause, type, file, func, line, format, list);
    va_end(list);
    return error;
}

globus_object_t *gl_adapt_globus_error_initialize_error(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, int type,
    const char *source_file, const char *source_func, int source_line, const char *short_desc_format)
{
    if (!becomes(error, GLOBUS_ERROR_TYPE_GLOBUS, "globus_error_initialize_error(): the object must be of the type "
                 "GLOBUS_ERROR_TYPE_GLOBUS")) return NULL;
    return initialize_error(error, base_source, base_cause, type, source_file, source_func, source_line, "%s",
                            short_desc_format);
}

static globus_object_t *initialize_string(globus_object_t *error, globus_module_descriptor_t *source, globus_object_t *cause,
                                          const char *format, ...)
{
    va_list list;
    va_start(list, format);
    error = globus_error_initialize_string(error, source, cause, format, list);
    va_end(list);
    return error;
}

globus_object_t *gl_adapt_globus_error_initialize_string(globus_object_t *error, globus_module_descriptor_t *base_source,
                                                         globus_object_t *base_cause, const char *fmt)
{
    if (!becomes(error, GLOBUS_ERROR_TYPE_STRING, "globus_error_initialize_string(): the object must be of the type "
                 "GLOBUS_ERROR_TYPE_STRING")) return NULL;
    return initialize_string(error, base_source, base_cause, "%s", fmt);
}

static bool is_multiple(globus_object_t *error, const char *message)
{
    if (globus_object_get_type(error) == GLOBUS_ERROR_TYPE_MULTIPLE) return true;
    cm_raise(PyExc_ValueError, message);
    return false;
}

void gl_adapt_globus_error_mutliple_add_chain(globus_object_t *multiple_error, globus_object_t *chain, const char *fmt)
{
    if (is_multiple(multiple_error, "globus_error_mutliple_add_chain(): the object must be of the type GLOBUS_ERROR_TYPE_MULTIPLE"))
        globus_error_mutliple_add_chain(multiple_error, chain, "%s", fmt);
}

globus_object_t *gl_adapt_globus_error_multiple_remove_chain(globus_object_t *multiple_error)
{
    if (!is_multiple(multiple_error, "globus_error_multiple_remove_chain(): the object must be of the type "
                     "GLOBUS_ERROR_TYPE_MULTIPLE")) return NULL;
    return globus_error_multiple_remove_chain(multiple_error);
}

/* The error stays where it is for its next user; here it goes with the exception that stood for it. */
globus_object_t *gl_adapt_globus_error_peek(globus_result_t result)
{
    globus_object_t *error = globus_error_peek(result);
    if (error) globus_object_reference(error);
    globus_object_free(globus_error_get(result));
    return error;
}
