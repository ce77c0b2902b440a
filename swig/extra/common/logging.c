/* globus_logging_*: a log whose functions are callables, or one of the library's own (stdio, syslog).
 *
 * C's header function is told no argument: it belongs to the log that the calling thread is writing to. */
#include "common/common.h"
#include "gl_custom.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
    PyObject *open, *write, *close, *header;        /* callables, or NULL */
    PyObject *argument;
} journal;

static __thread journal *writing;

enum { MOST_HEADER = 1024 };    /* C counts on room for a message behind it */

static void free_journal(journal *old)
{
    Py_XDECREF(old->open);
    Py_XDECREF(old->write);
    Py_XDECREF(old->close);
    Py_XDECREF(old->header);
    Py_XDECREF(old->argument);
    free(old);
}

/* ---- what C calls ---------------------------------------------------------------------------------------------------- */

static void call_open(void *user_arg)
{
    journal *here = user_arg;
    PyGILState_STATE state;
    if (!here->open || !gl_callback_begin(&state)) return;
    cm_dispose(here->open, here->argument);
    gl_callback_end(state);
}

static void call_write(globus_byte_t *buffer, globus_size_t length, void *user_arg)
{
    journal *here = user_arg;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)buffer, (Py_ssize_t)length);
    PyObject *answer = bytes ? PyObject_CallFunctionObjArgs(here->write, bytes, here->argument, NULL) : NULL;
    if (!answer) PyErr_WriteUnraisable(here->write);
    Py_XDECREF(answer);
    Py_XDECREF(bytes);
    gl_callback_end(state);
}

/* The last call of a log that was flushed periodically. */
static void call_close(void *user_arg)
{
    journal *here = user_arg;
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    if (here->close) cm_dispose(here->close, here->argument);
    free_journal(here);
    gl_callback_end(state);
}

static void call_header(char *buffer, globus_size_t *length)
{
    journal *here = writing;
    globus_size_t room = *length;
    PyGILState_STATE state;
    *length = 0;
    if (!here || !here->header || !gl_callback_begin(&state)) return;
    PyObject *answer = PyObject_CallFunctionObjArgs(here->header, NULL);
    const char *text = NULL;
    PyObject *bytes = answer ? cm_text("the header function's result", "header", answer, true, &text) : NULL;
    if (PyErr_Occurred()) PyErr_WriteUnraisable(here->header);
    if (text) *length = strnlen(text, room > MOST_HEADER ? MOST_HEADER : room - 1);
    if (text) memcpy(buffer, text, *length);
    Py_XDECREF(bytes);
    Py_XDECREF(answer);
    gl_callback_end(state);
}

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static PyObject *callable_of(PyObject *module, const char *name, bool required)
{
    PyObject *value = PyObject_GetAttrString(module, name);
    if (!value) return NULL;
    if (value != Py_None && cm_callable("globus_logging_init", name, value, !required) == 0) return value;
    if (value == Py_None && required) cm_expected("globus_logging_init", name, "callable", value);
    Py_DECREF(value);
    return NULL;
}

static journal *new_journal(PyObject *module, PyObject *argument)
{
    journal *made = calloc(1, sizeof *made);
    if (!made) return (journal *)PyErr_NoMemory();
    made->write = callable_of(module, "write_func", true);
    if (!PyErr_Occurred()) made->open = callable_of(module, "open_func", false);
    if (!PyErr_Occurred()) made->close = callable_of(module, "close_func", false);
    if (!PyErr_Occurred()) made->header = callable_of(module, "header_func", false);
    made->argument = Py_NewRef(argument);
    if (!PyErr_Occurred()) return made;
    free_journal(made);
    return NULL;
}

static bool is_stdio(const globus_logging_module_t *module)
{
    return module == &globus_logging_stdio_module || module == &globus_logging_stdio_ng_module;
}

static bool is_syslog(const globus_logging_module_t *module)
{
    return module == &globus_logging_syslog_module || module == &globus_logging_syslog_ng_module;
}

static void end_journal(PyObject *capsule)
{
    free_journal(PyCapsule_GetPointer(capsule, "cm_journal"));
}

static void keep(PyObject *handle, PyObject *capsule)
{
    PyObject *key = PyUnicode_FromString("journal");
    if (key) gl_object_keep((gl_object *)handle, key, capsule);
    Py_XDECREF(key);
}

/* C's argument for this module, and the module to give to C. */
static int choose(PyObject *module, PyObject *user_arg, globus_logging_module_t **given, void **argument, journal **made)
{
    static globus_logging_module_t ours = {call_open, call_write, call_close, NULL}, with_header = {call_open, call_write, call_close, call_header};
    globus_logging_module_t *known = cm_handle("globus_logging_init", "module", "globus_logging_module_t", module);
    *made = NULL;
    *argument = NULL;
    if (!known) return -1;
    *given = known;
    if (is_stdio(known))
    {
        gl_call frame = {0};
        int status = gl_file_from_python(&frame, user_arg, argument);
        if (status == 0) gl_forever(user_arg);      /* C writes to its stream until the log is destroyed, or later */
        gl_end(&frame);
        return status;
    }
    if (is_syslog(known)) return 0;
    *made = new_journal(module, user_arg);
    *argument = *made;
    *given = *made && (*made)->header ? &with_header : &ours;
    return *made ? 0 : -1;
}

PyObject *py_globus_logging_init(PyObject *flush_period, PyObject *buffer_length, PyObject *log_type, PyObject *module,
                                 PyObject *user_arg)
{
    const char *function = "globus_logging_init";
    long length, type;
    globus_reltime_t period;
    globus_logging_module_t *given;
    globus_logging_handle_t handle;
    void *argument;
    journal *made;
    if (cm_integer(function, "buffer_length", buffer_length, 0, 1 << 30, &length) < 0
        || cm_integer(function, "log_type", log_type, INT32_MIN, UINT32_MAX, &type) < 0
        || (flush_period != Py_None && gl_reltime_from_python(NULL, flush_period, &period) < 0)
        || choose(module, user_arg, &given, &argument, &made) < 0)
        return NULL;
    bool periodic = flush_period != Py_None && globus_reltime_cmp(&period, &globus_i_reltime_zero) != 0;
    globus_result_t result = globus_logging_init(&handle, periodic ? &period : NULL, (int)length, (int)type, given, argument);
    if (result)
    {
        if (made) free_journal(made);
        return gl_raise(gl_error_from_result(result)), NULL;
    }
    PyObject *object = gl_object_new(gl_type_named("globus_logging_handle_t"), handle, true);
    PyObject *capsule = made ? PyCapsule_New(made, "cm_journal", periodic ? NULL : end_journal) : NULL;
    if (object && capsule) keep(object, capsule);       /* a periodic one is freed by its close function */
    Py_XDECREF(capsule);
    return object;
}

/* ---- using: without the GIL, for C holds the log's lock while it calls ------------------------------------------------------ */

static journal *journal_of(PyObject *handle)
{
    PyObject *content = ((gl_object *)handle)->keep, *capsule = content ? PyDict_GetItemString(content, "journal") : NULL;
    return capsule ? PyCapsule_GetPointer(capsule, "cm_journal") : NULL;
}

static PyObject *write_to(const char *function, PyObject *object, PyObject *type, PyObject *text)
{
    long kind;
    const char *line;
    globus_logging_handle_t handle = cm_handle(function, "handle", "globus_logging_handle_t", object);
    if (!handle || cm_integer(function, "type", type, INT32_MIN, UINT32_MAX, &kind) < 0) return NULL;
    PyObject *bytes = cm_text(function, "fmt", text, false, &line);
    if (!bytes) return NULL;
    journal *here = journal_of(object), *outer = writing;
    if (outer && outer == here)
    {
        Py_DECREF(bytes);
        return PyErr_Format(PyExc_RuntimeError, "%s(): this thread is writing to the log: it would wait for ever", function);
    }
    globus_result_t result;
    ++((gl_object *)object)->busy;
    writing = here;
    Py_BEGIN_ALLOW_THREADS
    result = globus_logging_write(handle, (int)kind, "%s", line);
    Py_END_ALLOW_THREADS
    writing = outer;
    --((gl_object *)object)->busy;
    Py_DECREF(bytes);
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    Py_RETURN_NONE;
}

PyObject *py_globus_logging_write(PyObject *handle, PyObject *type, PyObject *fmt)
{
    return write_to("globus_logging_write", handle, type, fmt);
}

PyObject *py_globus_logging_vwrite(PyObject *handle, PyObject *type, PyObject *fmt)
{
    return write_to("globus_logging_vwrite", handle, type, fmt);
}

static PyObject *with_lock(const char *function, PyObject *object, globus_logging_handle_t handle,
                           globus_result_t (*act)(globus_logging_handle_t))
{
    journal *here = journal_of(object), *outer = writing;
    if (outer && outer == here)
        return PyErr_Format(PyExc_RuntimeError, "%s(): this thread is writing to the log: it would wait for ever", function);
    globus_result_t result;
    ++((gl_object *)object)->busy;
    writing = here;
    Py_BEGIN_ALLOW_THREADS
    result = act(handle);
    Py_END_ALLOW_THREADS
    writing = outer;
    --((gl_object *)object)->busy;
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    Py_RETURN_NONE;
}

PyObject *py_globus_logging_flush(PyObject *object)
{
    globus_logging_handle_t handle = cm_handle("globus_logging_flush", "handle", "globus_logging_handle_t", object);
    return handle ? with_lock("globus_logging_flush", object, handle, globus_logging_flush) : NULL;
}

PyObject *py_globus_logging_destroy(PyObject *object)
{
    globus_logging_handle_t handle = cm_ending("globus_logging_destroy", "handle", "globus_logging_handle_t", object);
    if (!handle) return NULL;
    ((gl_object *)object)->claimed = object;
    PyObject *result = with_lock("globus_logging_destroy", object, handle, globus_logging_destroy);
    ((gl_object *)object)->claimed = NULL;
    if (result) gl_object_close((gl_object *)object);
    return result;
}

void cm_logging_free(globus_logging_handle_t handle)
{
    globus_result_t result = globus_logging_destroy(handle);
    if (result) globus_object_free(globus_error_get(result));
}
