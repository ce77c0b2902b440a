/* The variable arguments of a control command, as the control function of a driver written in Python gets them.
 *
 * From Python they come as the objects that were passed: C only carries the address of a gl_pass through its va_list.
 * From C they are taken off the va_list one after the other, as the type that the driver asks for. */
#include "gl.h"

#include <stdarg.h>

typedef struct
{
    PyObject_HEAD
    va_list    list;         /* of C's; or */
    PyObject  *given;        /* a tuple, of Python's */
    Py_ssize_t next;
    gl_pass   *pass;         /* who waits for an answer */
    bool       running;
} variable_object;

static PyObject         *variable_type;
static __thread gl_pass *passing;

void gl_pass_begin(gl_pass *pass, PyObject *arguments)
{
    *pass = (gl_pass){.arguments = arguments, .outer = passing};
    passing = pass;
}

void gl_pass_end(gl_pass *pass)
{
    passing = pass->outer;
}

/* ---- one argument after the other --------------------------------------------------------------------------------- */

static int check(variable_object *self)
{
    if (self->running) return 0;
    PyErr_SetString(PyExc_ValueError, "the control function has returned: its arguments are gone");
    return -1;
}

/* The next one of Python's, borrowed. */
static PyObject *next_given(variable_object *self, const char *wanted, bool (*fits)(PyObject *))
{
    Py_ssize_t position = self->next + 1;
    if (position > PyTuple_Size(self->given))
        return PyErr_Format(PyExc_TypeError, "this control command wants %s as its argument %zd, which is missing", wanted, position);
    PyObject *item = PyTuple_GetItem(self->given, self->next);
    if (!fits(item))
        return PyErr_Format(PyExc_TypeError, "this control command wants %s as its argument %zd, not %R", wanted, position, item);
    ++self->next;
    return item;
}

static bool is_integer(PyObject *item) { return PyLong_Check(item); }
static bool is_real(PyObject *item) { return PyLong_Check(item) || PyFloat_Check(item); }
static bool is_string(PyObject *item) { return item == Py_None || PyUnicode_Check(item); }
static bool is_pointer(PyObject *item) { return item == Py_None || PyLong_Check(item); }
static bool is_any(PyObject *item) { return item != NULL; }

/* A method: what Python passed, or what C did. */
#define TAKE(NAME, WANTED, FITS, FROM_C)                                              \
    static PyObject *take_##NAME(PyObject *object, PyObject *unused)                  \
    {                                                                                 \
        variable_object *self = (variable_object *)object;                            \
        (void)unused;                                                                 \
        if (check(self) < 0) return NULL;                                             \
        if (self->given) return Py_XNewRef(next_given(self, WANTED, FITS));           \
        return FROM_C;                                                                \
    }

static PyObject *address(void *pointer)
{
    if (!pointer) Py_RETURN_NONE;
    return PyLong_FromVoidPtr(pointer);
}

static PyObject *no_object(void)
{
    PyErr_SetString(PyExc_TypeError, "this control command was given by C, which has no Python objects");
    return NULL;
}

TAKE(integer, "an int", is_integer, PyLong_FromLong(va_arg(self->list, int)))
TAKE(offset, "an int", is_integer, PyLong_FromLongLong(va_arg(self->list, int64_t)))
TAKE(real, "a float", is_real, PyFloat_FromDouble(va_arg(self->list, double)))
TAKE(string, "a str", is_string, gl_string_to_python(va_arg(self->list, const char *)))
TAKE(pointer, "an address", is_pointer, address(va_arg(self->list, void *)))
TAKE(object, "an object", is_any, no_object())

static PyObject *answer(PyObject *object, PyObject *value)
{
    variable_object *self = (variable_object *)object;
    if (check(self) < 0) return NULL;
    if (!self->pass) return no_object();
    PyObject *old = self->pass->answer;
    self->pass->answer = Py_NewRef(value);
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

/* ---- the Python object --------------------------------------------------------------------------------------------- */

static void dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    gl_variable_end(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static int make_type(void)
{
    static PyMethodDef methods[] = {
        {"integer", take_integer, METH_NOARGS, "The next argument: C's int (also globus_bool_t, enums)."},
        {"offset", take_offset, METH_NOARGS, "The next argument: an integer of 64 bits (globus_off_t, globus_size_t)."},
        {"real", take_real, METH_NOARGS, "The next argument: C's double."},
        {"string", take_string, METH_NOARGS, "The next argument: C's char *, None for NULL."},
        {"pointer", take_pointer, METH_NOARGS, "The next argument: an address, None for NULL."},
        {"object", take_object, METH_NOARGS, "The next argument: the very object that Python passed."},
        {"answer", answer, METH_O, "What the control call shall return, if Python made it."},
        {NULL, NULL, 0, NULL}};
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, dealloc}, {Py_tp_methods, methods},
        {Py_tp_doc, "The variable arguments of a control command, during the call of a control function.\n\n"
                    "Each method takes the next argument, as the type that the command defines. TypeError if Python passed\n"
                    "another type, or none; what C passes has no types to be checked."}, {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.Arguments", sizeof(variable_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    variable_type = PyType_FromSpec(&spec);
    return variable_type ? 0 : -1;
}

PyObject *gl_variable_class(void)
{
    return variable_type || make_type() == 0 ? variable_type : NULL;
}

static variable_object *make(void)
{
    if (!gl_variable_class()) return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot((PyTypeObject *)variable_type, Py_tp_alloc);
    variable_object *self = (variable_object *)alloc((PyTypeObject *)variable_type, 0);
    if (self) self->running = true;
    return self;
}

PyObject *gl_variable_of(PyObject *arguments)
{
    variable_object *self = make();
    if (self) self->given = Py_NewRef(arguments);
    return (PyObject *)self;
}

PyObject *gl_variable_new(void *list)
{
    va_list probe;
    va_copy(probe, *(va_list *)list);
    bool from_python = passing && va_arg(probe, void *) == (void *)passing;
    va_end(probe);
    variable_object *self = (variable_object *)(from_python ? gl_variable_of(passing->arguments) : (PyObject *)make());
    if (self && from_python) self->pass = passing;
    else if (self) va_copy(self->list, *(va_list *)list);
    return (PyObject *)self;
}

void gl_variable_end(PyObject *object)
{
    variable_object *self = (variable_object *)object;
    if (self->running && !self->given) va_end(self->list);
    self->running = false;
    self->pass = NULL;
    Py_CLEAR(self->given);
}
