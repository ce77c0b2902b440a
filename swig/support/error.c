/* Errors: from the library's error objects to GlobusError, and back.
 *
 * globus_error_get() takes the object out of the library's table, so it is called once for each result, here. */
#include "gl.h"

#include <globus_common.h>
#include <globus_error_string.h>
#include <stdlib.h>
#include <string.h>

/* The instance data of GLOBUS_ERROR_TYPE_GLOBUS (globus_i_error_generic.h, not installed; unchanged since 2006).
 * There is no other way to the source location. */
typedef struct
{
    int         type;
    char       *short_desc;
    char       *long_desc;
    const char *file;
    const char *func;
    int         line;
} generic_data;

static PyObject *error_class;

static PyObject *get_class(void)
{
    if (!error_class)
    {
        PyObject *module = PyImport_ImportModule("globus_lowlevel._errors");
        error_class = module ? PyObject_GetAttrString(module, "GlobusError") : NULL;
        Py_XDECREF(module);
    }
    return error_class;
}

static PyObject *text_and_free(char *text)
{
    PyObject *string = text ? gl_string_to_python(text) : PyUnicode_FromString("");
    free(text);
    return string;
}

static PyObject *describe(globus_object_t *error)
{
    const globus_object_type_t *type = globus_object_get_type(error);
    globus_module_descriptor_t *source = globus_error_get_source(error);
    const char *module = source ? source->module_name : NULL;
    int code = 0, system_errno = 0;
    const char *file = NULL, *function = NULL;
    int line = 0;
    char *message = NULL;
    if (globus_object_type_match(type, GLOBUS_ERROR_TYPE_ERRNO)) system_errno = globus_error_errno_get_errno(error);
    globus_object_t *generic = globus_object_upcast(error, GLOBUS_ERROR_TYPE_GLOBUS);
    const generic_data *data = generic ? globus_object_get_local_instance_data(generic) : NULL;
    if (data)
    {
        code = data->type;
        file = data->file;
        function = data->func;
        line = data->line;
        if (data->short_desc && *data->short_desc) message = strdup(data->short_desc);
    }
    if (!message) message = globus_object_printable_to_string(error);
    PyObject *text = text_and_free(message);
    return text ? Py_BuildValue("(ziNizzi)", module, code, text, system_errno, file, function, line) : NULL;
}

static PyObject *chain_of(globus_object_t *error)
{
    PyObject *chain = PyList_New(0);
    for (; chain && error; error = globus_error_get_cause(error))
    {
        PyObject *link = describe(error);
        if (!link || PyList_Append(chain, link) < 0) Py_CLEAR(chain);
        Py_XDECREF(link);
    }
    return chain;
}


/* The copy lets a GlobusError be given back to C as a result; freed with the Python error. */
static void free_copy(PyObject *capsule)
{
    globus_object_free(PyCapsule_GetPointer(capsule, "globus_object_t"));
}

static PyObject *error_from_owned(globus_object_t *object)
{
    if (!get_class()) return NULL;
    PyObject *chain = chain_of(object);
    PyObject *capsule = chain ? PyCapsule_New(object, "globus_object_t", free_copy) : NULL;
    PyObject *error = capsule ? PyObject_CallMethod(error_class, "_from_chain", "OO", chain, capsule) : NULL;
    Py_XDECREF(chain);
    Py_XDECREF(capsule);
    return error;
}

PyObject *gl_error_from_object(void *object)
{
    if (!object) Py_RETURN_NONE;
    return error_from_owned(globus_object_copy(object));
}

PyObject *gl_error_from_result(uint32_t result)
{
    if (result == GLOBUS_SUCCESS) Py_RETURN_NONE;
    globus_object_t *object = globus_error_get(result);
    if (object && object != GLOBUS_ERROR_NO_INFO) return error_from_owned(object);
    return gl_error_from_status(NULL, (int)result, "the library gave no further information");
}

PyObject *gl_error_peek(uint32_t result)
{
    globus_object_t *object = result ? globus_error_peek(result) : NULL;
    if (object == GLOBUS_ERROR_NO_INFO) return gl_error_from_status(NULL, (int)result, "the library gave no further information");
    return gl_error_from_object(object);
}

PyObject *gl_error_from_status(const char *module, int code, const char *message)
{
    if (!get_class()) return NULL;
    return PyObject_CallMethod(error_class, "_from_status", "ziz", module, code, message);
}

/* Of a library that tells its failures as text: one cause, in `function`. */
PyObject *gl_error_from_text(const char *module, int code, const char *text, int system_errno, const char *function)
{
    if (!get_class()) return NULL;
    PyObject *message = gl_string_to_python(text);
    PyObject *chain = message ? Py_BuildValue("[(ziNizzi)]", module, code, message, system_errno, NULL, function, 0) : NULL;
    PyObject *error = chain ? PyObject_CallMethod(error_class, "_from_chain", "OO", chain, Py_None) : NULL;
    Py_XDECREF(chain);
    return error;
}

PyObject *gl_error_from_major(uint32_t major, uint32_t minor)
{
    if (!get_class()) return NULL;
    PyObject *cause = gl_error_from_result(minor);
    PyObject *error = cause ? PyObject_CallMethod(error_class, "_from_major", "IO", (unsigned)major, cause) : NULL;
    Py_XDECREF(cause);
    return error;
}

void *gl_error_object(PyObject *error)
{
    if (PyObject_IsInstance(error, PyExc_BaseException) != 1) return NULL;
    PyObject *capsule = PyObject_GetAttrString(error, "_object");
    void *object = capsule && PyCapsule_CheckExact(capsule) ? PyCapsule_GetPointer(capsule, "globus_object_t") : NULL;
    if (!capsule) PyErr_Clear();
    Py_XDECREF(capsule);      /* the error itself keeps it */
    return object;
}

void gl_raise(PyObject *error)
{
    if (!error) return;
    if (error == Py_None) PyErr_SetString(PyExc_RuntimeError, "the library reported a failure without an error");
    else PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
}

static uint32_t put_text(PyObject *object)
{
    PyObject *text = PyObject_Str(object);
    PyObject *bytes = text ? PyUnicode_AsEncodedString(text, "utf-8", "replace") : NULL;
    const char *message = bytes ? PyBytes_AsString(bytes) : NULL;
    uint32_t result = GLOBUS_FAILURE;
    if (message)
        result = globus_error_put(globus_error_construct_string(
            GLOBUS_COMMON_MODULE, NULL, "%s", *message ? message : "a Python callback failed"));
    else PyErr_Clear();
    Py_XDECREF(bytes);
    Py_XDECREF(text);
    return result;
}

void gl_result_drop(uint32_t result)
{
    globus_object_t *object = result ? globus_error_get(result) : NULL;
    if (object) globus_object_free(object);
}

int gl_result_from_python(PyObject *object, uint32_t *result)
{
    *result = GLOBUS_SUCCESS;
    if (object == Py_None) return 0;
    if (PyLong_Check(object))
    {
        if (PyLong_AsLong(object) == 0 && !PyErr_Occurred()) return 0;
        PyErr_Clear();
    }
    else if (PyObject_IsInstance(object, PyExc_BaseException) == 1)
    {
        void *error = gl_error_object(object);
        *result = error ? globus_error_put(globus_object_copy(error)) : put_text(object);
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "a result is None for success or an exception, not %R", object);
    return -1;
}
