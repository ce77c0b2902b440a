/* The abstract types that the toolkit calls: what is in their va_list, and what a callable answers.
 *
 *   c  gss_ctx_id_t                       an argument
 *   s  char *                             an argument
 *   r  const globus_rsl_t *               an argument
 *   b  char *buffer, unsigned int length  the answer is written there
 *   i  char **                            the answer is stored there
 *   H  globus_gsi_authz_handle_t *        the answer, any object, is what the others have as:
 *   h  globus_gsi_authz_handle_t          an argument
 *   D  globus_gsi_authz_handle_t          an argument, for the last time
 *   k  globus_gsi_authz_cb_t, void *      called when the callable has answered
 *   v  void *                             of C libraries */
#include "gl.h"
#include "callout_adapters.h"

#include <globus_gsi_authz.h>
#include <stdlib.h>
#include <string.h>

static const struct
{
    const char *type, *arguments;
} known[] = {
    {"globus_mapping", "cssb"},
    {"globus_authorization", "cs"},
    {"globus_gram_jobmanager_authz", "ccsrs"},
    {"GLOBUS_GSI_AUTHZ_SYSTEM_INIT", "v"},
    {"GLOBUS_GSI_AUTHZ_SYSTEM_DESTROY", "v"},
    {"GLOBUS_GSI_AUTHZ_HANDLE_INIT", "Hsckv"},
    {"GLOBUS_GSI_AUTHORIZE_ASYNC", "hsskv"},
    {"GLOBUS_GSI_AUTHZ_CANCEL", "hv"},
    {"GLOBUS_GSI_AUTHZ_HANDLE_DESTROY", "Dkv"},
    {"GLOBUS_GSI_GET_AUTHORIZATION_IDENTITY", "hikv"},
};

const char *gl_callout_arguments(const char *type)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
        if (strcmp(known[i].type, type) == 0) return known[i].arguments;
    return NULL;
}

/* What was in the list. */
typedef struct
{
    char                 *buffer;
    unsigned              room;
    char                **identity;
    void                **made, *last;
    globus_gsi_authz_cb_t callback;
    void                 *callback_arg, *handle;
} answers;

static globus_result_t refusal(const char *reason)
{
    return globus_error_put(globus_error_construct_error(
        GLOBUS_CALLOUT_MODULE, NULL, GLOBUS_CALLOUT_ERROR_CALLOUT_ERROR, __FILE__, "callout", __LINE__, "%s", reason));
}

/* ---- arguments ------------------------------------------------------------------------------------------------------------- */

static PyObject *lend(const char *name, void *pointer)
{
    if (!pointer) Py_RETURN_NONE;
    gl_type *type = gl_type_named(name);
    return type ? gl_object_lend(type, pointer) : NULL;
}

/* One argument for the callable; NULL without an exception for what is none. */
static PyObject *next_argument(char letter, va_list list, answers *found)
{
    switch (letter)
    {
        case 'c': return lend("gss_ctx_id_t", va_arg(list, void *));
        case 's': return gl_string_to_python(va_arg(list, const char *));
        case 'r': return lend("globus_rsl_t", va_arg(list, void *));
        case 'h': return gl_given(found->handle = va_arg(list, void *));
        case 'D': return gl_given(found->handle = found->last = va_arg(list, void *));
        case 'b': found->buffer = va_arg(list, char *), found->room = va_arg(list, unsigned); break;
        case 'i': found->identity = va_arg(list, char **); break;
        case 'H': found->made = va_arg(list, void **); break;
        case 'k': found->callback = va_arg(list, globus_gsi_authz_cb_t), found->callback_arg = va_arg(list, void *); break;
        default: (void)va_arg(list, void *);
    }
    return NULL;
}

static PyObject *arguments_of(const char *letters, va_list list, answers *found)
{
    PyObject *items = PyList_New(0);
    for (; items && *letters; ++letters)
    {
        PyObject *item = next_argument(*letters, list, found);
        if (PyErr_Occurred() || (item && PyList_Append(items, item) < 0)) Py_CLEAR(items);
        Py_XDECREF(item);
    }
    PyObject *tuple = items ? PyList_AsTuple(items) : NULL;
    Py_XDECREF(items);
    return tuple;
}

static void give_back(PyObject *arguments)
{
    for (Py_ssize_t i = 0; i < PyTuple_Size(arguments); ++i) gl_object_give_back(PyTuple_GetItem(arguments, i));
}

/* ---- the answer --------------------------------------------------------------------------------------------------------------- */

/* Text, for the caller's buffer or for a string of its own. */
static int store_text(PyObject *answer, const answers *found)
{
    gl_call call = {0};
    const char *text;
    int status = gl_string_from_python(&call, -1, answer, false, &text);
    if (status == 0 && found->buffer && strlen(text) >= found->room)
    {
        PyErr_Format(PyExc_ValueError, "the caller has room for an identity of %u bytes", found->room ? found->room - 1 : 0);
        status = -1;
    }
    else if (status == 0 && found->buffer) strcpy(found->buffer, text);
    else if (status == 0 && !(*found->identity = strdup(text))) status = (PyErr_NoMemory(), -1);
    gl_end(&call);
    return status;
}

static int store(PyObject *answer, answers *found)
{
    if (found->buffer || found->identity) return store_text(answer, found);
    if (!found->made) return 0;
    *found->made = found->handle = answer == Py_None ? NULL : answer;
    return answer == Py_None ? 0 : gl_give(answer);
}

/* An exception that is returned is a refusal, one that is raised too; the latter is reported besides. */
static globus_result_t judge(PyObject *callable, PyObject *answer, answers *found)
{
    uint32_t result = GLOBUS_SUCCESS;
    if (answer && PyObject_IsInstance(answer, PyExc_BaseException) == 1) gl_result_from_python(answer, &result);
    else if (!answer || store(answer, found) < 0)
    {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        result = GLOBUS_FAILURE;
        if (value) gl_result_from_python(value, &result);
        PyErr_Restore(type, value, traceback);
        PyErr_WriteUnraisable(callable);
    }
    return result;
}

globus_result_t gl_callout_run(PyObject *callable, const char *letters, va_list list)
{
    answers found = {0};
    PyObject *arguments = arguments_of(letters, list, &found);
    PyObject *answer = arguments ? PyObject_CallObject(callable, arguments) : NULL;
    globus_result_t result = judge(callable, answer, &found);
    if (arguments) give_back(arguments);
    Py_XDECREF(answer);
    Py_XDECREF(arguments);
    if (result == GLOBUS_SUCCESS && found.last) gl_take(found.last);
    if (result == GLOBUS_SUCCESS && found.callback)
    {
        Py_BEGIN_ALLOW_THREADS
        found.callback(found.callback_arg, found.handle, GLOBUS_SUCCESS);
        Py_END_ALLOW_THREADS
    }
    return result == GLOBUS_SUCCESS || result != (uint32_t)GLOBUS_FAILURE ? result : refusal("the callout refuses");
}
