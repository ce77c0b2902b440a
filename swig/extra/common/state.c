/* globus_state_*: state machines. C checks no number from below, and keeps what it is given. */
#include "common/common.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
    int        state_count, event_count;
    char     **state_names, **event_names;
    PyObject **transitions;         /* the callables, or NULL, by state and event */
} machine;

static void free_names(char **names, int count)
{
    for (int i = 0; names && i < count; ++i) free(names[i]);
    free(names);
}

static void free_machine(PyObject *capsule)
{
    machine *old = PyCapsule_GetPointer(capsule, "cm_machine");
    for (int i = 0; old->transitions && i < old->state_count * old->event_count; ++i) Py_XDECREF(old->transitions[i]);
    free(old->transitions);
    free_names(old->state_names, old->state_count);
    free_names(old->event_names, old->event_count);
    free(old);
}

static globus_state_handle_t handle_of(const char *function, const char *name, PyObject *object, machine **found)
{
    globus_state_handle_t handle = cm_handle(function, name, "globus_state_handle_t", object);
    PyObject *capsule = handle && ((gl_object *)object)->keep ? PyDict_GetItemString(((gl_object *)object)->keep, "machine") : NULL;
    *found = capsule ? PyCapsule_GetPointer(capsule, "cm_machine") : NULL;
    return handle;
}

static PyObject *result_of(globus_result_t result)
{
    if (PyErr_Occurred()) return NULL;
    if (result) return gl_raise(gl_error_from_result(result)), NULL;
    Py_RETURN_NONE;
}

/* ---- making a machine -------------------------------------------------------------------------------------------- */

static PyObject *initializer;       /* of the call in progress; guarded by the GIL */
static PyObject *initialized;       /* the object of the handle that it got */

static globus_result_t initialize(globus_state_handle_t handle)
{
    PyObject *callable = initializer;
    initialized = gl_object_new(gl_type_named("globus_state_handle_t"), handle, true);
    PyObject *object = initialized, *answer = object ? PyObject_CallFunctionObjArgs(callable, object, NULL) : NULL;
    initialized = object;
    globus_result_t result = GLOBUS_SUCCESS;
    if (answer) gl_result_from_python(answer, &result);
    Py_XDECREF(answer);
    return result;
}

PyObject *py_globus_states_init(PyObject *init_func)
{
    globus_state_handle_t handle;
    if (cm_callable("globus_states_init", "init_func", init_func, false) < 0) return NULL;
    PyObject *outer = initializer;
    initializer = init_func;
    globus_result_t result = globus_states_init(&handle, initialize);
    initializer = outer;
    PyObject *object = initialized, *none = result_of(result);
    initialized = NULL;
    if (none) return Py_DECREF(none), object;
    Py_XDECREF(object);
    return NULL;
}

static char **names_in(const char *function, const char *name, PyObject *sequence, int *count)
{
    if (PyUnicode_Check(sequence) || PyBytes_Check(sequence) || !PySequence_Check(sequence))
        return cm_expected(function, name, "a sequence of strings", sequence), NULL;
    Py_ssize_t size = PySequence_Size(sequence);
    if (size < 1 || size > 10000)
    {
        if (!PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "%s() argument '%s' must have 1 to 10000 names", function, name);
        return NULL;
    }
    char **names = calloc((size_t)size, sizeof *names);
    for (Py_ssize_t i = 0; names && i < size; ++i)
    {
        const char *text;
        PyObject *item = PySequence_GetItem(sequence, i), *bytes = item ? cm_text(function, name, item, false, &text) : NULL;
        names[i] = bytes ? strdup(text) : NULL;
        Py_XDECREF(bytes);
        Py_XDECREF(item);
        if (names[i]) continue;
        free_names(names, (int)size);
        return NULL;
    }
    *count = (int)size;
    return names;
}

PyObject *py_globus_states_set_events(PyObject *object, PyObject *reg_name, PyObject *state_name, PyObject *event_name)
{
    const char *function = "globus_states_set_events", *registry;
    machine *known;
    globus_state_handle_t handle = handle_of(function, "handle", object, &known);
    if (!handle) return NULL;
    if (known) return PyErr_Format(PyExc_ValueError, "%s(): the machine has its states and events already", function);
    PyObject *registry_bytes = cm_text(function, "reg_name", reg_name, true, &registry);
    machine *made = PyErr_Occurred() ? NULL : calloc(1, sizeof *made);
    PyObject *capsule = made ? PyCapsule_New(made, "cm_machine", free_machine) : NULL, *key = PyUnicode_FromString("machine");
    if (capsule && (made->state_names = names_in(function, "state_name", state_name, &made->state_count))
        && (made->event_names = names_in(function, "event_name", event_name, &made->event_count)))
        made->transitions = calloc((size_t)made->state_count * (size_t)made->event_count, sizeof *made->transitions);
    PyObject *result = NULL;
    if (capsule && made->transitions && key && gl_object_keep((gl_object *)object, key, capsule) == 0)
        result = result_of(globus_states_set_events(handle, made->state_count, made->event_count, (char *)registry,
                                                    made->state_names, made->event_names));
    else if (!PyErr_Occurred()) PyErr_NoMemory();
    Py_XDECREF(capsule);
    Py_XDECREF(key);
    Py_XDECREF(registry_bytes);
    return result;
}

/* ---- transitions -------------------------------------------------------------------------------------------------------- */

static PyObject *taken;             /* the callable of the event in progress; guarded by the GIL */
static PyObject *taken_argument;

static globus_result_t transition(int new_state, void *user_arg)
{
    PyObject *callable = taken, *answer = callable ? PyObject_CallFunction(callable, "iO", new_state, taken_argument) : NULL;
    globus_result_t result = GLOBUS_SUCCESS;
    if (answer) gl_result_from_python(answer, &result);
    Py_XDECREF(answer);
    (void)user_arg;
    return result;
}

static int number_in(const char *function, const char *name, PyObject *object, int count, int *number)
{
    long value;
    if (cm_integer(function, name, object, 0, count - 1, &value) < 0) return -1;
    *number = (int)value;
    return 0;
}

static PyObject *add(const char *function, PyObject *object, PyObject *state, PyObject *event, PyObject *new_state, PyObject *cb,
                     PyObject *edge_name, PyObject *desc)
{
    machine *found;
    int from, on, to;
    const char *edge, *description;
    globus_state_handle_t handle = handle_of(function, "in_handle", object, &found);
    if (!handle) return NULL;
    if (!found) return PyErr_Format(PyExc_ValueError, "%s(): call globus_states_set_events() first", function);
    if (number_in(function, "state", state, found->state_count, &from) < 0
        || number_in(function, "event", event, found->event_count, &on) < 0
        || number_in(function, "new_state", new_state, found->state_count, &to) < 0 || cm_callable(function, "cb", cb, true) < 0)
        return NULL;
    PyObject *edge_bytes = cm_text(function, "edge_name", edge_name, false, &edge);
    PyObject *desc_bytes = edge_bytes ? cm_text(function, "desc", desc, true, &description) : NULL;
    PyObject *result = NULL;
    if (!PyErr_Occurred())
        result = result_of(globus_state_add_transition_real(handle, from, on, to, cb == Py_None ? NULL : transition, (char *)edge,
                                                            (char *)description));
    if (result)
    {
        PyObject **place = &found->transitions[from * found->event_count + on];
        PyObject *before = *place;
        *place = cb == Py_None ? NULL : Py_NewRef(cb);
        Py_XDECREF(before);
    }
    Py_XDECREF(edge_bytes);
    Py_XDECREF(desc_bytes);
    return result;
}

PyObject *py_globus_state_add_transition_real(PyObject *object, PyObject *state, PyObject *event, PyObject *new_state,
                                              PyObject *cb, PyObject *edge_name, PyObject *desc)
{
    return add("globus_state_add_transition_real", object, state, event, new_state, cb, edge_name, desc);
}

/* The macro's edge is called after the function. */
PyObject *py_globus_state_add_transition(PyObject *object, PyObject *state, PyObject *event, PyObject *new_state, PyObject *cb,
                                         PyObject *desc)
{
    PyObject *name = cb == Py_None ? NULL : PyObject_GetAttrString(cb, "__name__");
    if (!name) PyErr_Clear();
    if (!name || !PyUnicode_Check(name))
    {
        Py_XDECREF(name);
        name = PyObject_Str(cb);
    }
    PyObject *result = name ? add("globus_state_add_transition", object, state, event, new_state, cb, name, desc) : NULL;
    Py_XDECREF(name);
    return result;
}

PyObject *py_globus_state_handle_event_now(PyObject *object, PyObject *state, PyObject *event, PyObject *user_arg)
{
    const char *function = "globus_state_handle_event_now";
    machine *found;
    int from, on;
    globus_state_handle_t handle = handle_of(function, "in_handle", object, &found);
    if (!handle) return NULL;
    if (!found) return PyErr_Format(PyExc_ValueError, "%s(): call globus_states_set_events() first", function);
    if (number_in(function, "state", state, found->state_count, &from) < 0
        || number_in(function, "event", event, found->event_count, &on) < 0)
        return NULL;
    PyObject *outer = taken, *outer_argument = taken_argument;
    taken = Py_XNewRef(found->transitions[from * found->event_count + on]);
    taken_argument = user_arg;
    PyObject *callable = taken, *result = result_of(globus_state_handle_event_now(handle, from, on, NULL));
    Py_XDECREF(callable);
    taken = outer;
    taken_argument = outer_argument;
    return result;
}

/* ---- showing and ending ---------------------------------------------------------------------------------------------------- */

PyObject *py_globus_state_make_graph(PyObject *object, PyObject *filename, PyObject *txt_filename, PyObject *flags,
                                     PyObject *user_desc)
{
    const char *function = "globus_state_make_graph", *graph, *text, *description;
    machine *found;
    long how;
    globus_state_handle_t handle = handle_of(function, "in_handle", object, &found);
    if (!handle || cm_integer(function, "flags", flags, 0, INT32_MAX, &how) < 0) return NULL;
    PyObject *graph_bytes = cm_text(function, "filename", filename, false, &graph);
    PyObject *text_bytes = graph_bytes ? cm_text(function, "txt_filename", txt_filename, true, &text) : NULL;
    PyObject *desc_bytes = PyErr_Occurred() ? NULL : cm_text(function, "user_desc", user_desc, true, &description);
    PyObject *result = NULL;
    if (!PyErr_Occurred()) result = result_of(globus_state_make_graph(handle, graph, text, (int)how, (char *)description));
    Py_XDECREF(graph_bytes);
    Py_XDECREF(text_bytes);
    Py_XDECREF(desc_bytes);
    return result;
}

PyObject *py_globus_state_destroy(PyObject *object)
{
    globus_state_handle_t handle = cm_ending("globus_state_destroy", "in_handle", "globus_state_handle_t", object);
    if (!handle) return NULL;
    PyObject *result = result_of(globus_state_destroy(handle));
    gl_object_close((gl_object *)object);
    return result;
}
