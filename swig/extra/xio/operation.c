/* Operations of drivers written in Python.
 *
 * XIO trusts a driver: an operation is passed on or finished once, by a function of its kind, and is not touched afterwards.
 * Here each operation that a driver has is known until then. A function that raises fails the operation that it still has; when
 * that is passed on or finished already, the exception is all that there is to tell. C aborts when one is passed to drivers
 * that are not there, or not open: so which are is known here, too. */
#include "gl.h"

#include "xio_adapters.h"
#include "xio_operation.h"

#include <stdlib.h>

/* ---- what drivers have ----------------------------------------------------------------------------------------------------- */

/* One driver's part in an operation. Each time that it gets the operation, this has an object of its own. */
typedef struct level
{
    globus_xio_operation_t op;
    gl_xio_kind            kind;
    gl_object             *object;
    bool                   held;        /* by the driver: not passed on */
    bool                   opening;     /* passed on to those below, to be opened by them */
    bool                   opened;      /* they did */
    struct level          *next;
} level;

static level *levels;       /* the driver that got an operation last comes first; guarded by the GIL */
static __thread int cancelling;
static __thread int finishing;      /* data: C asks the driver again where too little has moved */

/* The places in the stacks of open handles, as drivers know them, where what is there is open. */
static struct { void **places; size_t count, room; } open_places;

static size_t index_of(const void *place)
{
    size_t i = 0;
    while (i < open_places.count && open_places.places[i] != place) ++i;
    return i;
}

static bool is_open(const void *place)
{
    return index_of(place) < open_places.count;
}

static void set_open(void *place, bool open)
{
    size_t i = index_of(place);
    bool was_open = i < open_places.count;
    if (open == was_open) return;
    if (!open) open_places.places[i] = open_places.places[--open_places.count];
    else if (open_places.count < open_places.room) open_places.places[open_places.count++] = place;
    else
    {
        size_t room = open_places.room * 2 + 16;
        void **places = realloc(open_places.places, room * sizeof *places);
        if (!places) return;
        open_places.places = places;
        open_places.room = room;
        open_places.places[open_places.count++] = place;
    }
}

static level *level_of(globus_xio_operation_t op)
{
    level *found = levels;
    while (found && found->op != op) found = found->next;
    return found;
}

static level *level_with(const gl_object *object)
{
    level *found = levels;
    while (found && found->object != object) found = found->next;
    return found;
}

static gl_object *new_object(globus_xio_operation_t op)
{
    gl_type *type = gl_type_named("globus_xio_operation_t");
    return type ? (gl_object *)gl_object_new(type, op, false) : NULL;
}

static void drop_object(level *part)
{
    gl_object *object = part->object;
    part->object = NULL;
    if (!object) return;
    gl_object_close(object);
    Py_DECREF((PyObject *)object);
}

static void forget(level *part)
{
    level **link = &levels;
    while (*link != part) link = &(*link)->next;
    *link = part->next;
    drop_object(part);
    free(part);
}

void gl_xio_operation_enter(globus_xio_operation_t op, gl_xio_kind kind)
{
    level *part = calloc(1, sizeof *part);
    if (!part) return;
    *part = (level){.op = op, .kind = kind, .object = new_object(op), .held = true, .next = levels};
    levels = part;
    PyErr_Clear();
}

void gl_xio_operation_return(globus_xio_operation_t op, globus_result_t result)
{
    level *part = level_of(op);
    if (!part) return;
    if (part->opening && result == GLOBUS_SUCCESS)
    {
        part->opened = true;
        set_open(globus_xio_operation_get_driver_handle(op), true);
    }
    drop_object(part);
    part->object = new_object(op);
    part->held = true;
    PyErr_Clear();
}

void gl_xio_cancel_begin(void)
{
    ++cancelling;
}

void gl_xio_cancel_end(void)
{
    --cancelling;
}

/* ---- what may be done with one ------------------------------------------------------------------------------------------------ */

enum
{
    DATA = GL_XIO_READ | GL_XIO_WRITE, OF_HANDLE = GL_XIO_OPEN | GL_XIO_CLOSE | DATA | GL_XIO_MADE,
    OF_SERVER = GL_XIO_ACCEPT | GL_XIO_SERVER | GL_XIO_BEFORE_SERVER,
};

/* The others are for all. C would look for a handle in what has none, or abort. */
static const struct { const char *function; int kinds; } limits[] = {
    {"globus_xio_driver_pass_open", GL_XIO_OPEN},
    {"globus_xio_driver_finished_open", GL_XIO_OPEN},
    {"globus_xio_driver_merge_handle", GL_XIO_OPEN},
    {"globus_xio_driver_pass_close", GL_XIO_OPEN | GL_XIO_CLOSE | GL_XIO_MADE},
    {"globus_xio_driver_finished_close", GL_XIO_CLOSE},
    {"globus_xio_driver_pass_read", GL_XIO_READ | GL_XIO_OPEN | GL_XIO_MADE},
    {"globus_xio_driver_finished_read", GL_XIO_READ},
    {"globus_xio_driver_set_eof_received", GL_XIO_READ},
    {"globus_xio_driver_eof_received", GL_XIO_READ},
    {"globus_xio_driver_pass_write", GL_XIO_WRITE | GL_XIO_OPEN | GL_XIO_MADE},
    {"globus_xio_driver_finished_write", GL_XIO_WRITE},
    {"globus_xio_driver_pass_accept", GL_XIO_ACCEPT},
    {"globus_xio_driver_finished_accept", GL_XIO_ACCEPT},
    {"globus_xio_driver_pass_server_init", GL_XIO_SERVER},
    {"globus_xio_driver_operation_destroy", GL_XIO_MADE},
    {"globus_xio_driver_attr_cntl", OF_HANDLE | GL_XIO_SERVER | GL_XIO_BEFORE_SERVER},
    {"globus_xio_driver_data_descriptor_cntl", OF_HANDLE | GL_XIO_SERVER | GL_XIO_BEFORE_SERVER},
    {"globus_xio_operation_get_wait_for", DATA},
    {"globus_xio_operation_get_data_descriptor", DATA},
    {"globus_xio_operation_get_driver_specific", OF_HANDLE},
    {"globus_xio_operation_get_user_driver", OF_HANDLE},
    {"globus_xio_operation_get_driver_handle", OF_HANDLE},
    {"globus_xio_operation_get_driver_self_handle", OF_HANDLE},
    {"globus_xio_operation_enable_cancel", OF_HANDLE | GL_XIO_ACCEPT},
    {"globus_xio_operation_disable_cancel", OF_HANDLE | GL_XIO_ACCEPT},
};

static int kinds_of(const char *function)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i)
        if (strcmp(limits[i].function, function) == 0) return limits[i].kinds;
    return OF_HANDLE | OF_SERVER;
}

int gl_xio_operation_check(gl_object *object, const gl_function *function)
{
    const level *part = level_with(object);
    const char *name = function->name;
    if (!part) PyErr_Format(PyExc_ValueError, "%s(): this operation is finished, or no driver's", name);
    else if (!part->held && strcmp(name, "globus_xio_driver_operation_cancel") != 0)
        PyErr_Format(PyExc_ValueError, "%s(): this operation was passed on", name);
    else if (!(part->kind & kinds_of(name)))
        PyErr_Format(PyExc_ValueError, "%s(): this is an operation of another kind", name);
    else if (cancelling && strstr(name, "able_cancel"))
        PyErr_Format(PyExc_RuntimeError, "%s() in a function that cancels an operation would wait for itself", name);
    return PyErr_Occurred() ? -1 : 0;
}

int gl_xio_driver_handle_check(gl_object *object, const gl_function *function)
{
    if (is_open(object->pointer) || strcmp(function->name, "globus_xio_driver_operation_cancel") == 0) return 0;
    PyErr_Format(PyExc_ValueError, "%s(): what this handle stands for is not open", function->name);
    return -1;
}

/* ---- it leaves its driver --------------------------------------------------------------------------------------------------------- */

/* The handles that a driver got from its operations end with what they stand for. */
static void close_handles(globus_xio_operation_t op)
{
    gl_type *type = gl_type_named("globus_xio_driver_handle_t");
    void *handles[] = {globus_xio_operation_get_driver_handle(op), globus_xio_operation_get_driver_self_handle(op)};
    for (int i = 0; type && i < 2; ++i)
    {
        set_open(handles[i], false);
        PyObject *known = gl_object_known(type, handles[i]);
        if (known && gl_as_object(known)) gl_object_close((gl_object *)known);
        Py_XDECREF(known);
    }
    PyErr_Clear();
}

/* The driver has it no longer. Another thread may have been faster. */
static bool end(globus_xio_operation_t op, globus_result_t result)
{
    PyGILState_STATE state = PyGILState_Ensure();
    level *part = level_of(op);
    bool is_first = part && part->held;
    if (!is_first)
    {
        gl_result_drop(result);
        PyErr_SetString(PyExc_ValueError, "this operation was passed on or finished by another call");
    }
    else
    {
        bool ends_handle = part->kind == GL_XIO_CLOSE || (part->kind == GL_XIO_OPEN && result != GLOBUS_SUCCESS);
        if (ends_handle) close_handles(op);
        else if (part->kind == GL_XIO_OPEN) set_open(globus_xio_operation_get_driver_self_handle(op), true);
        forget(part);
    }
    PyGILState_Release(state);
    return is_first;
}

/* Whether there are others below. */
static bool is_last(const level *part)
{
    if (!(part->kind & OF_SERVER))
        return globus_xio_operation_get_user_driver(part->op) == globus_xio_operation_get_transport_user_driver(part->op);
    globus_xio_stack_t below;
    if (part->kind != GL_XIO_ACCEPT || globus_xio_operation_copy_stack(part->op, &below) != GLOBUS_SUCCESS) return false;
    int size = *(const int *)below;      /* the first member */
    globus_xio_stack_destroy(below);
    return size == 0;
}

typedef enum { TO_OPEN, TO_CLOSE, DATA_OR_SERVER } purpose;

static const char *why_not(const level *part, purpose why)
{
    if (!part || !part->held) return "this operation was passed on or finished by another call";
    if (is_last(part)) return "there is no driver below";
    if (why == TO_OPEN || part->kind & OF_SERVER) return NULL;
    return is_open(globus_xio_operation_get_driver_handle(part->op)) ? NULL : "the drivers below are not open";
}

/* Before C may give it to others; NULL, with an exception, where it may not. */
static level *pass(globus_xio_operation_t op, purpose why)
{
    PyGILState_STATE state = PyGILState_Ensure();
    level *part = level_of(op);
    const char *reason = why_not(part, why);
    if (reason) PyErr_SetString(PyExc_ValueError, reason), part = NULL;
    else
    {
        part->held = false;
        part->opening = why == TO_OPEN;
        if (why == TO_CLOSE)
        {
            part->opened = false;
            set_open(globus_xio_operation_get_driver_handle(op), false);
        }
        if (part->object) gl_object_detach(part->object);
    }
    PyGILState_Release(state);
    return part;
}

/* It is still there where C did not take it: else it may be gone by now. */
static globus_result_t passed(level *part, globus_result_t result)
{
    if (result == GLOBUS_SUCCESS) return result;
    PyGILState_STATE state = PyGILState_Ensure();
    part->held = true;
    if (part->object) gl_object_attach(part->object);
    PyGILState_Release(state);
    return result;
}

globus_result_t gl_adapt_globus_xio_driver_pass_open(
    globus_xio_operation_t op, const globus_xio_contact_t *contact_info, globus_xio_driver_callback_t cb, void *user_arg)
{
    level *part = pass(op, TO_OPEN);
    return part ? passed(part, globus_xio_driver_pass_open(op, contact_info, cb, user_arg)) : GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_xio_driver_pass_close(
    globus_xio_operation_t op, globus_xio_driver_callback_t cb, void *callback_arg)
{
    level *part = pass(op, TO_CLOSE);
    return part ? passed(part, globus_xio_driver_pass_close(op, cb, callback_arg)) : GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_xio_driver_pass_read(
    globus_xio_operation_t op, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t wait_for,
    globus_xio_driver_data_callback_t cb, void *user_arg)
{
    level *part = pass(op, DATA_OR_SERVER);
    return part ? passed(part, globus_xio_driver_pass_read(op, iovec, iovec_count, wait_for, cb, user_arg)) : GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_xio_driver_pass_write(
    globus_xio_operation_t op, globus_xio_iovec_t *iovec, int iovec_count, globus_size_t wait_for,
    globus_xio_driver_data_callback_t cb, void *user_arg)
{
    level *part = pass(op, DATA_OR_SERVER);
    return part ? passed(part, globus_xio_driver_pass_write(op, iovec, iovec_count, wait_for, cb, user_arg)) : GLOBUS_SUCCESS;
}

globus_result_t gl_adapt_globus_xio_driver_pass_accept(
    globus_xio_operation_t op, globus_xio_driver_callback_t in_cb, void *in_user_arg)
{
    level *part = pass(op, DATA_OR_SERVER);
    return part ? passed(part, globus_xio_driver_pass_accept(op, in_cb, in_user_arg)) : GLOBUS_SUCCESS;
}

/* It goes up, and does not come back. */
globus_result_t gl_adapt_globus_xio_driver_pass_server_init(
    globus_xio_operation_t op, const globus_xio_contact_t *contact_info, void *driver_server)
{
    level *part = pass(op, DATA_OR_SERVER);
    if (!part) return GLOBUS_SUCCESS;
    globus_result_t result = passed(part, globus_xio_driver_pass_server_init(op, contact_info, driver_server));
    if (result != GLOBUS_SUCCESS) return result;
    PyGILState_STATE state = PyGILState_Ensure();
    forget(part);
    PyGILState_Release(state);
    return result;
}

void gl_adapt_globus_xio_driver_finished_open(void *driver_handle, globus_xio_operation_t op, globus_result_t result)
{
    if (end(op, result)) globus_xio_driver_finished_open(driver_handle, op, result);
}

void gl_adapt_globus_xio_driver_finished_close(globus_xio_operation_t op, globus_result_t result)
{
    if (end(op, result)) globus_xio_driver_finished_close(op, result);
}

static void finish_read(globus_xio_operation_t op, globus_result_t result, globus_size_t nread)
{
    ++finishing;
    globus_xio_driver_finished_read(op, result, nread);
    --finishing;
}

static void finish_write(globus_xio_operation_t op, globus_result_t result, globus_size_t nwritten)
{
    ++finishing;
    globus_xio_driver_finished_write(op, result, nwritten);
    --finishing;
}

void gl_adapt_globus_xio_driver_finished_read(globus_xio_operation_t op, globus_result_t result, globus_size_t nread)
{
    if (end(op, result)) finish_read(op, result, nread);
}

void gl_adapt_globus_xio_driver_finished_write(globus_xio_operation_t op, globus_result_t result, globus_size_t nwritten)
{
    if (end(op, result)) finish_write(op, result, nwritten);
}

void gl_adapt_globus_xio_driver_finished_accept(globus_xio_operation_t op, void *driver_link, globus_result_t result)
{
    if (end(op, result)) globus_xio_driver_finished_accept(op, driver_link, result);
}

/* What is open for another handle is so for this one. */
globus_result_t gl_adapt_globus_xio_driver_merge_handle(globus_xio_operation_t op, globus_xio_driver_handle_t handle)
{
    globus_result_t result = globus_xio_driver_merge_handle(op, handle);
    if (result != GLOBUS_SUCCESS) return result;
    PyGILState_STATE state = PyGILState_Ensure();
    set_open(globus_xio_operation_get_driver_handle(op), true);
    PyGILState_Release(state);
    return result;
}

/* ---- operations that a driver makes ------------------------------------------------------------------------------------------ */

globus_result_t gl_adapt_globus_xio_driver_operation_create(globus_xio_operation_t *operation, globus_xio_driver_handle_t handle)
{
    globus_result_t result = globus_xio_driver_operation_create(operation, handle);
    if (result != GLOBUS_SUCCESS) return result;
    PyGILState_STATE state = PyGILState_Ensure();
    gl_xio_operation_enter(*operation, GL_XIO_MADE);
    PyGILState_Release(state);
    return result;
}

void gl_adapt_globus_xio_driver_operation_destroy(globus_xio_operation_t operation)
{
    if (end(operation, GLOBUS_SUCCESS)) globus_xio_driver_operation_destroy(operation);
}

/* The last driver of a stack has none below. */
globus_xio_driver_handle_t gl_adapt_globus_xio_operation_get_driver_handle(globus_xio_operation_t op)
{
    bool is_last = globus_xio_operation_get_user_driver(op) == globus_xio_operation_get_transport_user_driver(op);
    return is_last ? NULL : globus_xio_operation_get_driver_handle(op);
}

/* ---- after a driver's function ------------------------------------------------------------------------------------------------- */

static level *held_in(PyObject *values)
{
    for (Py_ssize_t i = 0; values && i < PyTuple_Size(values); ++i)
    {
        gl_object *object = gl_as_object(PyTuple_GetItem(values, i));
        level *part = object ? level_with(object) : NULL;
        if (part) return part->held ? part : NULL;
    }
    return NULL;
}

typedef struct
{
    globus_result_t failure;
} closing;

static void closed_after_failure(globus_xio_operation_t op, globus_result_t result, void *argument)
{
    globus_result_t failure = ((closing *)argument)->failure;
    free(argument);
    if (result != GLOBUS_SUCCESS) globus_object_free(globus_error_get(result));
    globus_xio_driver_finished_open(NULL, op, failure);
}

/* Those below are open: they are closed first. */
static void fail_opened(globus_xio_operation_t op, globus_result_t failure)
{
    closing *it = malloc(sizeof *it);
    if (it) it->failure = failure;
    globus_result_t result = it ? globus_xio_driver_pass_close(op, closed_after_failure, it) : (globus_result_t)GLOBUS_FAILURE;
    if (result == GLOBUS_SUCCESS) return;
    free(it);
    globus_object_free(globus_error_get(result));
    globus_xio_driver_finished_open(NULL, op, failure);
}

static void finish(level *part, globus_result_t failure, bool is_open_below)
{
    globus_xio_operation_t op = part->op;
    gl_xio_kind kind = part->kind;
    if (kind == GL_XIO_OPEN || kind == GL_XIO_CLOSE) close_handles(op);
    forget(part);
    Py_BEGIN_ALLOW_THREADS
    switch (kind)
    {
        case GL_XIO_OPEN:
            if (is_open_below) fail_opened(op, failure);
            else globus_xio_driver_finished_open(NULL, op, failure);
            break;
        case GL_XIO_CLOSE: globus_xio_driver_finished_close(op, failure); break;
        case GL_XIO_READ: finish_read(op, failure, 0); break;
        case GL_XIO_WRITE: finish_write(op, failure, 0); break;
        case GL_XIO_ACCEPT: globus_xio_driver_finished_accept(op, NULL, failure); break;
        case GL_XIO_MADE:
            gl_result_drop(failure);
            globus_xio_driver_operation_destroy(op);
            break;
        case GL_XIO_SERVER: case GL_XIO_BEFORE_SERVER: gl_result_drop(failure); break;
    }
    Py_END_ALLOW_THREADS
}

/* C takes a failing close for one that is done, and a failing accept for one that goes on, and forgets why a read or write failed
 * that it asked for again: these are finished instead. */
uint32_t gl_xio_settle_function(PyObject *values, uint32_t failure)
{
    level *part = held_in(values);
    if (part && part->kind & (GL_XIO_SERVER | GL_XIO_BEFORE_SERVER)) return forget(part), failure;     /* it ends here */
    if (!failure) return failure;
    if (!part) return gl_result_drop(failure), GLOBUS_SUCCESS;
    if (part->kind & (GL_XIO_CLOSE | GL_XIO_ACCEPT) || (finishing && part->kind & DATA)) return finish(part, failure, false), GLOBUS_SUCCESS;
    if (part->kind == GL_XIO_OPEN) close_handles(part->op);
    return forget(part), failure;
}

uint32_t gl_xio_settle_end(uint32_t failure)
{
    return gl_result_drop(failure), GLOBUS_SUCCESS;
}

uint32_t gl_xio_settle_callback(PyObject *values, PyObject *registered, uint32_t failure)
{
    if (!failure) return failure;
    level *part = held_in(registered);
    bool is_below = !part;     /* those of the system come to the last driver, with its operation in the call that registered them */
    if (is_below) part = held_in(values);
    if (!part) return gl_result_drop(failure), GLOBUS_SUCCESS;
    finish(part, failure, is_below && part->opened);
    return GLOBUS_SUCCESS;
}
