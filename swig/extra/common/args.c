/* globus_args_scan() and its predicates. */
#include "common/common.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* ---- the options ---------------------------------------------------------------------------------------------------- */

typedef struct
{
    PyObject *callable, *parameter;
    PyObject *message;              /* bytes: C copies it after the call */
} check;

typedef struct
{
    globus_args_option_descriptor_t *options;
    int       count;
    PyObject *held;                 /* the bytes of all strings */
    check    *checks;
    int       check_count;
    PyObject *type, *value, *traceback;
} scan;

static scan *scanning;              /* by the call in progress; guarded by the GIL */

/* 0: the value is good. */
static int run_check(char *value, void *parameter, char **error_msg)
{
    check *here = parameter;
    PyObject *answer = PyObject_CallFunction(here->callable, "NO", gl_string_to_python(value), here->parameter);
    int bad = answer ? PyObject_IsTrue(answer) : 1;
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyObject *text = error ? PyObject_Str(error) : bad ? PyObject_Str(answer) : NULL;
    Py_XDECREF(here->message);
    here->message = text ? PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape") : NULL;
    if (here->message) *error_msg = PyBytes_AsString(here->message);
    Py_XDECREF(text);
    Py_XDECREF(answer);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    PyErr_Clear();
    return bad;
}

static const char *hold_text(scan *here, const char *name, PyObject *object)
{
    const char *text = NULL;
    PyObject *bytes = cm_text("globus_args_scan", name, object, false, &text);
    if (bytes && PyList_Append(here->held, bytes) < 0) text = NULL;
    Py_XDECREF(bytes);
    return text;
}

static const char **hold_texts(scan *here, const char *name, PyObject *sequence, Py_ssize_t *count)
{
    bool is_sequence = !PyUnicode_Check(sequence) && !PyBytes_Check(sequence) && PySequence_Check(sequence);
    PyObject *items = is_sequence ? PySequence_Tuple(sequence) : NULL;
    if (!items)
    {
        if (!PyErr_Occurred()) cm_expected("globus_args_scan", name, "a sequence of strings", sequence);
        return NULL;
    }
    *count = PyTuple_Size(items);
    const char **texts = calloc((size_t)*count + 1, sizeof *texts);
    for (Py_ssize_t i = 0; texts && i < *count && !PyErr_Occurred(); ++i)
        texts[i] = hold_text(here, name, PyTuple_GetItem(items, i));
    Py_DECREF(items);
    if (!PyErr_Occurred()) return texts;
    free(texts);
    return NULL;
}

/* Item `index` of a tuple, or an attribute of a struct, a new reference; None where it is missing. */
static PyObject *part(PyObject *option, Py_ssize_t index, const char *name)
{
    if (!PyTuple_Check(option)) return PyObject_GetAttrString(option, name);
    return Py_NewRef(index < PyTuple_Size(option) ? PyTuple_GetItem(option, index) : Py_None);
}

static int read_checks(scan *here, globus_args_option_descriptor_t *out, PyObject *tests, PyObject *parameters)
{
    out->tests = calloc((size_t)out->arity + 1, sizeof *out->tests);
    out->test_parms = calloc((size_t)out->arity + 1, sizeof *out->test_parms);
    if (!out->tests || !out->test_parms) return PyErr_NoMemory(), -1;
    for (int i = 0; i < out->arity; ++i)
    {
        PyObject *test = i < PySequence_Size(tests) ? PySequence_GetItem(tests, i) : Py_NewRef(Py_None);
        bool given = parameters != Py_None && i < PySequence_Size(parameters);
        if (test && test != Py_None && cm_callable("globus_args_scan", "tests", test, true) == 0)
        {
            check *made = &here->checks[here->check_count++];
            made->callable = Py_NewRef(test);
            made->parameter = given ? PySequence_GetItem(parameters, i) : Py_NewRef(Py_None);
            out->tests[i] = run_check;
            out->test_parms[i] = made;
        }
        Py_XDECREF(test);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

static int read_option(scan *here, globus_args_option_descriptor_t *out, PyObject *option)
{
    static const char *const reserved[] = {"-help", "-usage", "-version", "-versions"};
    long number = 0, arity = 0;
    Py_ssize_t count;
    PyObject *id = part(option, 0, "id_number"), *names = id ? part(option, 1, "names") : NULL;
    PyObject *size = names ? part(option, 2, "arity") : NULL;
    PyObject *tests = size && PyTuple_Check(option) ? part(option, 3, "tests") : Py_NewRef(Py_None);
    PyObject *parameters = size && PyTuple_Check(option) ? part(option, 4, "test_parms") : Py_NewRef(Py_None);
    if (size && cm_integer("globus_args_scan", "id_number", id, INT32_MIN, INT32_MAX, &number) == 0
        && cm_integer("globus_args_scan", "arity", size, 0, 64, &arity) == 0
        && (out->names = (char **)hold_texts(here, "names", names, &count)))
    {
        out->id_number = (int)number;
        out->arity = (int)arity;
        for (char **name = out->names; *name; ++name)
            for (size_t i = 0; i < sizeof reserved / sizeof *reserved; ++i)
                if (strcmp(*name, reserved[i]) == 0) PyErr_Format(PyExc_ValueError, "globus_args_scan(): %s is reserved", *name);
        if (number == 0) PyErr_SetString(PyExc_ValueError, "globus_args_scan(): id_number 0 is reserved for unflagged arguments");
        if (!PyErr_Occurred() && tests != Py_None) read_checks(here, out, tests, parameters);
    }
    Py_XDECREF(id);
    Py_XDECREF(names);
    Py_XDECREF(size);
    Py_DECREF(tests);
    Py_DECREF(parameters);
    return PyErr_Occurred() ? -1 : 0;
}

static int read_options(scan *here, PyObject *sequence)
{
    bool is_sequence = !PyUnicode_Check(sequence) && !PyBytes_Check(sequence) && PySequence_Check(sequence);
    PyObject *items = is_sequence ? PySequence_Tuple(sequence) : NULL;
    if (!items)
    {
        if (PyErr_Occurred()) return -1;
        return cm_expected("globus_args_scan", "options", "a sequence of globus_args_option_descriptor_t or of tuples", sequence);
    }
    Py_ssize_t count = PyTuple_Size(items);
    here->options = calloc((size_t)count + 1, sizeof *here->options);
    here->checks = calloc((size_t)count * 64 + 1, sizeof *here->checks);
    for (Py_ssize_t i = 0; here->options && here->checks && i < count && !PyErr_Occurred(); ++i)
    {
        here->count = (int)i + 1;
        read_option(here, &here->options[i], PyTuple_GetItem(items, i));
    }
    Py_DECREF(items);
    if (!here->options || !here->checks) PyErr_NoMemory();
    return PyErr_Occurred() ? -1 : 0;
}

static void end_scan(scan *here)
{
    for (int i = 0; i < here->count; ++i)
    {
        free(here->options[i].names);
        free(here->options[i].tests);
        free(here->options[i].test_parms);
    }
    for (int i = 0; i < here->check_count; ++i)
    {
        Py_XDECREF(here->checks[i].callable);
        Py_XDECREF(here->checks[i].parameter);
        Py_XDECREF(here->checks[i].message);
    }
    free(here->options);
    free(here->checks);
    Py_XDECREF(here->held);
}

/* ---- the results ------------------------------------------------------------------------------------------------------- */

static PyObject *strings_of(char *const *strings, Py_ssize_t count)
{
    PyObject *list = PyList_New(0);
    for (Py_ssize_t i = 0; list && i < count; ++i)
    {
        PyObject *item = gl_string_to_python(strings[i]);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

/* C's list of instances as one of pairs (id_number, values); C's own is freed. */
static PyObject *instances_of(globus_list_t *found)
{
    globus_list_t *head = NULL, **tail = &head;
    for (globus_list_t *node = found; node; node = node->next)
    {
        const globus_args_option_instance_t *instance = globus_list_first(node);
        PyObject *values = strings_of(instance->values, instance->values ? instance->arity : 0);
        PyObject *pair = values ? Py_BuildValue("(iN)", instance->id_number, values) : NULL;
        if (!pair) continue;
        gl_give(pair);
        globus_list_insert(tail, pair);
        tail = globus_list_rest_ref(*tail);
        Py_DECREF(pair);
    }
    globus_args_option_instance_list_free(&found);
    return cm_relink(head);
}

static PyObject *results(int rc, int argc, char **argv, globus_list_t *found, const char *message)
{
    if (rc == -1) return gl_raise(gl_error_from_status("common", rc, message ? message : "bad arguments")), NULL;
    PyObject *left = strings_of(argv, argc), *instances = left ? instances_of(found) : NULL;
    PyObject *text = instances ? gl_string_to_python(message) : NULL;
    if (text) return Py_BuildValue("(iNNN)", rc, left, instances, text);
    Py_XDECREF(left);
    Py_XDECREF(instances);
    return NULL;
}

PyObject *py_globus_args_scan(PyObject *argv, PyObject *options, PyObject *name, PyObject *version, PyObject *oneline_usage,
                              PyObject *long_usage)
{
    scan here = {.held = PyList_New(0)};
    Py_ssize_t count = 0;
    globus_version_t *numbers = NULL;
    if (scanning)
    {
        PyErr_SetString(PyExc_RuntimeError, "globus_args_scan(): arguments are being scanned");
        return NULL;
    }
    if (version != Py_None && !(numbers = cm_handle("globus_args_scan", "version", "globus_version_t", version))) return NULL;
    char **strings = here.held ? (char **)hold_texts(&here, "argv", argv, &count) : NULL;
    const char *program = strings ? hold_text(&here, "name", name) : NULL;
    const char *line = program ? hold_text(&here, "oneline_usage", oneline_usage) : NULL;
    const char *usage = line ? hold_text(&here, "long_usage", long_usage) : NULL;
    PyObject *result = NULL;
    if (usage && count == 0) PyErr_SetString(PyExc_ValueError, "globus_args_scan(): argv begins with the program's name");
    else if (usage && read_options(&here, options) == 0)
    {
        globus_list_t *found = NULL;
        char *message = NULL;
        int argc = (int)count;
        scanning = &here;
        int rc = globus_args_scan(&argc, &strings, here.count, here.options, program, numbers, line, usage, &found, &message);
        scanning = NULL;
        result = results(rc, argc, strings, found, message);
        if (message != line && message != usage) free(message);     /* for -help it is the usage itself */
    }
    free(strings);
    end_scan(&here);
    return result;
}

PyObject *py_globus_list_free(PyObject *head);

PyObject *py_globus_args_option_instance_list_free(PyObject *list)
{
    return py_globus_list_free(list);
}

/* ---- predicates: as a test of an option, or alone ----------------------------------------------------------------------- */

static PyObject *judged(int rc, const char *message)
{
    if (rc == 0) Py_RETURN_NONE;
    return gl_raise(gl_error_from_status("common", rc, message)), NULL;
}

PyObject *py_globus_validate_int(PyObject *value, PyObject *parms)
{
    const char *text;
    char *message = NULL;
    globus_validate_int_parms_t *range = cm_handle("globus_validate_int", "parms", "globus_validate_int_parms_t", parms);
    PyObject *bytes = range ? cm_text("globus_validate_int", "value", value, false, &text) : NULL;
    if (!bytes) return NULL;
    bool empty = !*text;        /* C takes it for a number */
    int rc = empty ? -1 : globus_validate_int((char *)text, range, &message);
    Py_DECREF(bytes);
    return judged(rc, empty ? "value is not an integer" : message);
}

PyObject *py_globus_validate_filename(PyObject *value, PyObject *parms)
{
    const char *text;
    long flags;
    char *message = NULL;
    if (cm_integer("globus_validate_filename", "parms", parms, 0, INT32_MAX, &flags) < 0) return NULL;
    if (flags & (O_CREAT | O_TMPFILE))
    {
        PyErr_SetString(PyExc_ValueError, "globus_validate_filename(): with O_CREAT, C makes files of arbitrary permissions");
        return NULL;
    }
    PyObject *bytes = cm_text("globus_validate_filename", "value", value, false, &text);
    if (!bytes) return NULL;
    int mode = (int)flags;
    int rc = globus_validate_filename((char *)text, &mode, &message);
    Py_DECREF(bytes);
    return judged(rc, message);
}
