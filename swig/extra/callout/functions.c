/* Callables as functions of this library: C finds one by the library's path and the function's name. */
#include "gl.h"
#include "callout_adapters.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { FUNCTIONS = 64, NAME = 16 };

/* With the GIL. */
static struct
{
    PyObject *callable, *type;
    char      name[NAME];
} functions[FUNCTIONS];

static __thread PyObject *passed;

PyObject *gl_callout_pass(PyObject *arguments)
{
    PyObject *before = passed;
    passed = arguments;
    return before;
}

static globus_result_t refusal(const char *reason)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_CALLOUT_MODULE, NULL, GLOBUS_CALLOUT_ERROR_CALLOUT_ERROR, __FILE__, "callout", __LINE__, "%s", reason));
}

/* Of a type that is not known: what Python's own call has passed. */
static globus_result_t run_passed(PyObject *callable)
{
    uint32_t result = GLOBUS_FAILURE;
    if (!passed) return refusal("The arguments of this type are not known here: only Python can call it");
    PyObject *answer = PyObject_CallObject(callable, passed);
    if (answer)
    {
        result = GLOBUS_SUCCESS;
        if (PyObject_IsInstance(answer, PyExc_BaseException) == 1) gl_result_from_python(answer, &result);
        Py_DECREF(answer);
        return result;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (value) gl_result_from_python(value, &result);
    PyErr_Restore(type, value, traceback);
    PyErr_WriteUnraisable(callable);
    return result;
}

static globus_result_t run(int number, va_list list)
{
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return refusal("This process is ending");
    PyObject *callable = Py_XNewRef(functions[number].callable), *type = Py_XNewRef(functions[number].type);
    globus_result_t result;
    if (!callable) result = refusal("The callable is gone");
    else
    {
        const char *arguments = gl_callout_arguments(PyBytes_AsString(type));
        result = arguments ? gl_callout_run(callable, arguments, list) : run_passed(callable);
    }
    Py_XDECREF(callable);
    Py_XDECREF(type);
    gl_callback_end(state);
    return result;
}

/* gl_callout_00 to gl_callout_77: octal, as the numbers are. */
#define FUNCTION(n) \
    GL_API globus_result_t gl_callout_##n(va_list list); \
    globus_result_t gl_callout_##n(va_list list) { return run(0##n, list); }
#define EIGHT(n) FUNCTION(n##0) FUNCTION(n##1) FUNCTION(n##2) FUNCTION(n##3) FUNCTION(n##4) FUNCTION(n##5) FUNCTION(n##6) FUNCTION(n##7)
EIGHT(0) EIGHT(1) EIGHT(2) EIGHT(3) EIGHT(4) EIGHT(5) EIGHT(6) EIGHT(7)

/* ---- export ------------------------------------------------------------------------------------------------------------------- */

const char *gl_callout_library(void)
{
    static char *path;
    Dl_info info;
    if (!path && dladdr((void *)gl_callout_library, &info)) path = realpath(info.dli_fname, NULL);
    return path;
}

static void forget(PyObject *capsule)
{
    long number = (long)(intptr_t)PyCapsule_GetContext(capsule);
    PyObject *callable = functions[number].callable, *type = functions[number].type;
    functions[number].callable = functions[number].type = NULL;
    Py_XDECREF(callable);
    Py_XDECREF(type);
}

PyObject *gl_callout_export(PyObject *type, PyObject *callable)
{
    long number = 0;
    PyObject *gssapi = PyImport_ImportModule("globus_lowlevel.gssapi");      /* for the contexts among the arguments */
    if (!gssapi) return NULL;
    Py_DECREF(gssapi);
    while (number < FUNCTIONS && functions[number].callable) ++number;
    if (number == FUNCTIONS) return PyErr_Format(PyExc_RuntimeError, "at most %d callouts are Python's at a time", FUNCTIONS);
    snprintf(functions[number].name, NAME, "gl_callout_%02lo", number);
    PyObject *capsule = PyCapsule_New(functions[number].name, "callout", NULL);
    if (!capsule || PyCapsule_SetContext(capsule, (void *)(intptr_t)number) < 0 || PyCapsule_SetDestructor(capsule, forget) < 0)
    {
        Py_XDECREF(capsule);
        return NULL;
    }
    functions[number].callable = Py_NewRef(callable);
    functions[number].type = Py_NewRef(type);
    return capsule;
}

const char *gl_callout_symbol(PyObject *exported)
{
    return PyCapsule_GetPointer(exported, "callout");
}

/* ---- for configuration files ----------------------------------------------------------------------------------------------------- */

PyObject *py_globus_callout_function(PyObject *type, PyObject *function);

PyObject *py_globus_callout_function(PyObject *type, PyObject *function)
{
    gl_call call = {0};
    const char *text;
    if (!PyCallable_Check(function)) return PyErr_Format(PyExc_TypeError, "a callout is callable, not %R", Py_TYPE(function));
    if (gl_string_from_python(&call, -1, type, false, &text) < 0) return gl_end(&call), NULL;
    PyObject *bytes = PyBytes_FromString(text), *exported = bytes ? gl_callout_export(bytes, function) : NULL;
    PyObject *result = exported ? Py_BuildValue("(ss)", gl_callout_library(), gl_callout_symbol(exported)) : NULL;
    if (result) gl_forever(exported);
    Py_XDECREF(exported);
    Py_XDECREF(bytes);
    gl_end(&call);
    return result;
}
