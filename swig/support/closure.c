/* Callbacks: one C function pointer for each Python callable, made by libffi.
 *
 * 1. A thunk is a piece of machine code that calls gl_closure_invoke(). It belongs to one closure at a time. Having an
 *    address of its own for each callable serves also the C callback types that carry no user data.
 * 2. A closure is the Python side: callable, argument, and all that must live as long (the arguments of the registering
 *    call, locked buffers, memory of deferred outputs).
 * 3. One-shot closures: C holds a reference from before the registering call until the callback has run; a
 *    registration that fails drops it. Lasting ones belong to the handle they were registered with (lasting.c).
 * 4. A thunk whose closure is gone answers "refuse" without touching Python. Thunks are reused, oldest first and never
 *    before 64 others; a C thread that waited for the GIL meanwhile sees by the generation that it was not called.
 * 5. An exception goes to sys.unraisablehook and the answer is "refuse". */
#include "closure.h"

#include <globus_common.h>
#include <stdlib.h>

/* ---- arguments of a callback --------------------------------------------------------------------------------------- */

static PyObject *memory_to_python(gl_closure *closure, const void *address, size_t length)
{
    PyObject *pinned = gl_pins_find(closure->pins, address);
    if (pinned) return pinned;
    if (!address) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize(address, (Py_ssize_t)length);
}

typedef struct { void *base; size_t length; } vector_element;   /* struct iovec */

static PyObject *vector_to_python(gl_closure *closure, const gl_slot *slot, const vector_element *vector, size_t count)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && vector && i < count; ++i)
    {
        PyObject *item = slot->flags & GL_WRITABLE ? gl_writable_view(vector[i].base, vector[i].length)
                                                   : memory_to_python(closure, vector[i].base, vector[i].length);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

/* Memory of C, for the time of the callback. */
static bool is_lent(const gl_slot *slot)
{
    return slot->role == GL_IN && gl_type_of(slot->type)->kind == GL_BOX && !(slot->flags & GL_OWNED);
}

static PyObject *argument_to_python(gl_closure *closure, const gl_function *signature, int index, void **arguments)
{
    const gl_slot *slot = &signature->slots[index];
    switch (slot->role)
    {
        case GL_CALL_ARG: return Py_NewRef(closure->argument ? closure->argument : Py_None);
        case GL_READ: case GL_WRITE:
            if (slot->flags & GL_VIEW)
                return gl_pinned_view(*(void **)arguments[index], gl_argument_length(signature, slot->partner, arguments));
            return memory_to_python(closure, *(void **)arguments[index], gl_argument_length(signature, slot->partner, arguments));
        case GL_IOVEC:
            return vector_to_python(closure, slot, *(vector_element **)arguments[index],
                                    gl_argument_length(signature, slot->partner, arguments));
        case GL_IN_POINTER:
        {
            const void *target = *(void **)arguments[index];
            if (target && slot->flags & GL_GIVEN) return gl_given(*(void *const *)target);
            return target ? gl_to_python(slot, target) : Py_NewRef(Py_None);
        }
        case GL_IN:
            if (slot->flags & GL_GIVEN) return gl_given(*(void **)arguments[index]);
            if (is_lent(slot)) return gl_object_lend(slot->type, *(void **)arguments[index]);
            return gl_to_python(slot, arguments[index]);
        case GL_NOTHING: Py_RETURN_NONE;
        case GL_VARIABLE: return gl_variable_new(*(void **)arguments[index]);
        case GL_ARRAY:
            if (gl_type_of(slot->type)->kind == GL_STRING)
                return gl_strings_to_python(*(char ***)arguments[index],
                                            slot->partner >= 0 ? (long)gl_argument_length(signature, slot->partner, arguments) : -1);
            return PyLong_FromVoidPtr(*(void **)arguments[index]);
        default: return gl_to_python(slot, arguments[index]);
    }
}

static PyObject *arguments_to_python(gl_closure *closure, const gl_function *signature, void **arguments)
{
    int count = 0;
    for (int i = 0; i < signature->count; ++i) count += gl_is_argument(&signature->slots[i]);
    PyObject *tuple = PyTuple_New(count);
    for (int i = 0, position = 0; tuple && i < signature->count; ++i)
    {
        if (!gl_is_argument(&signature->slots[i])) continue;
        PyObject *item = argument_to_python(closure, signature, i, arguments);
        if (!item || PyTuple_SetItem(tuple, position++, item) < 0) Py_CLEAR(tuple);
    }
    return tuple;
}

static void give_back(const gl_function *signature, PyObject *arguments)
{
    for (int i = 0, position = 0; i < signature->count; ++i)
    {
        const gl_slot *slot = &signature->slots[i];
        if (is_lent(slot)) gl_object_give_back(PyTuple_GetItem(arguments, position));
        if (slot->role == GL_VARIABLE) gl_variable_end(PyTuple_GetItem(arguments, position));
        position += gl_is_argument(slot);
    }
}

/* The callable cannot answer: C gets a refusal, and what waits for it is told. */
static uint32_t decline(const gl_function *signature, void **arguments, void *result, uint32_t failure)
{
    gl_answer_refuse(signature, arguments, result, failure);
    if (!signature->failed) return failure;
    Py_BEGIN_ALLOW_THREADS
    signature->failed(arguments, failure);
    Py_END_ALLOW_THREADS
    return failure;
}

static bool wants_result(const gl_function *signature)
{
    bool wants = signature->failed || signature->settle || gl_type_of(signature->result.type)->kind == GL_RESULT;
    for (int i = 0; i < signature->count; ++i)
        wants = wants || (signature->slots[i].role == GL_OUT && gl_type_of(signature->slots[i].type)->kind == GL_RESULT);
    return wants;
}

static uint32_t report(gl_closure *closure, const gl_function *signature, void **arguments, void *result)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    uint32_t failure = GLOBUS_FAILURE;
    if (wants_result(signature) && value) gl_result_from_python(value, &failure);
    PyErr_Restore(type, value, traceback);
    PyErr_WriteUnraisable(closure->callable);
    return decline(signature, arguments, result, failure);
}

/* What the operation that the callback was about says to its answer. */
static void settle(gl_closure *closure, const gl_function *signature, PyObject *values, void *result, uint32_t failure)
{
    bool returns = gl_type_of(signature->result.type)->kind == GL_RESULT;
    if (returns && !failure) failure = (uint32_t)*(ffi_arg *)result;
    failure = signature->settle(values, closure->args, failure);
    if (returns) *(ffi_arg *)result = failure;
}

/* ---- the call from C -------------------------------------------------------------------------------------------------- */

static void finish(gl_closure *closure);

/* C uses the answer until a callback that releases it. An argument that comes back has an owner already, unless it was such an
 * answer itself. */
static int hold(PyObject *answer, PyObject *arguments)
{
    bool owned = false;
    for (Py_ssize_t i = 0; i < PyTuple_Size(arguments); ++i) owned |= PyTuple_GetItem(arguments, i) == answer;
    if ((owned ? gl_give_again(answer) : gl_give(answer)) < 0) return -1;
    gl_object *object = gl_as_object(answer);
    if (object) ++object->busy, ++object->held;
    return 0;
}

/* Before the call, which may destroy them. */
static void release(const gl_function *signature, PyObject *arguments)
{
    for (int i = 0, position = 0; i < signature->count; ++i)
    {
        const gl_slot *slot = &signature->slots[i];
        if (!gl_is_argument(slot)) continue;
        PyObject *item = PyTuple_GetItem(arguments, position++);
        if (!(slot->flags & GL_RELEASES) || slot->flags & GL_GIVEN) continue;
        gl_object *object = gl_as_object(item);
        if (object && object->held > 0) --object->busy, --object->held;
        gl_take(item);
    }
}

static void run(gl_closure *closure, void *result, void **arguments)
{
    const gl_function *signature = closure->type->signature;
    PyObject *tuple = arguments_to_python(closure, signature, arguments);
    PyObject *callable = Py_XNewRef(closure->callable);      /* the closure may drop it meanwhile */
    uint32_t failure = GLOBUS_SUCCESS;
    if (tuple) release(signature, tuple);
    PyObject *answer = tuple && callable ? PyObject_CallObject(callable, tuple) : NULL;
    if (!answer || gl_answer_store(signature, answer, arguments, result) < 0
        || (signature->result.flags & GL_HOLDS && hold(answer, tuple) < 0))
    {
        if (PyErr_Occurred()) failure = report(closure, signature, arguments, result);
        else failure = decline(signature, arguments, result, (uint32_t)GLOBUS_FAILURE);
    }
    if (tuple && signature->settle) settle(closure, signature, tuple, result, failure);
    if (tuple) give_back(signature, tuple);
    Py_XDECREF(answer);
    Py_XDECREF(callable);
    Py_XDECREF(tuple);
}

/* The objects whose last appearance this was. */
static void take_back(const gl_function *signature, void **given)
{
    for (int i = 0; i < signature->count; ++i)
        if (signature->slots[i].flags & GL_GIVEN && signature->slots[i].flags & GL_RELEASES) gl_take(given[i]);
}

static void call_closure(gl_closure *closure, void *result, void **arguments)
{
    const gl_function *signature = closure->type->signature;
    bool again = signature->again ? signature->again(arguments) : !closure->once;
    void *given[GL_MAX_ARGUMENTS] = {0};
    for (int i = 0; i < signature->count; ++i)
        if (signature->slots[i].flags & GL_GIVEN) given[i] = *(void **)arguments[i];
    for (Py_ssize_t i = 0; closure->deferred && i < PyList_Size(closure->deferred); ++i)
        gl_deferred_complete(PyList_GetItem(closure->deferred, i));
    run(closure, result, arguments);
    take_back(signature, given);
    if (!again && closure->once) gl_closure_dispose(closure);
    else if (!again) finish(closure);
}

void gl_closure_invoke(ffi_cif *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    gl_thunk *thunk = data;
    unsigned generation = __atomic_load_n(&thunk->generation, __ATOMIC_ACQUIRE);
    PyGILState_STATE state;
    if (!gl_callback_begin(&state))
    {
        gl_answer_refuse(thunk->type->signature, arguments, result, (uint32_t)GLOBUS_FAILURE);
        return;
    }
    gl_closure *closure = thunk->generation == generation ? thunk->closure : NULL;
    const gl_function *signature = thunk->type->signature;
    if (signature->before) signature->before(arguments);
    if (!closure) decline(signature, arguments, result, (uint32_t)GLOBUS_FAILURE);
    else
    {
        Py_INCREF((PyObject *)closure);
        call_closure(closure, result, arguments);
        Py_DECREF((PyObject *)closure);
    }
    if (signature->after) signature->after(arguments);
    gl_callback_end(state);
}

/* ---- the Python object ------------------------------------------------------------------------------------------------------ */

static void closure_clear_content(gl_closure *closure)
{
    gl_pins_release(closure->pins);
    closure->pins = NULL;
    while (closure->blocks)
    {
        void *next = *(void **)closure->blocks;
        free(closure->blocks);
        closure->blocks = next;
    }
    Py_CLEAR(closure->callable);
    Py_CLEAR(closure->argument);
    Py_CLEAR(closure->args);
    Py_CLEAR(closure->deferred);
    Py_CLEAR(closure->leases);
}

/* C will not call again; the registering call itself may still be running. */
static void finish(gl_closure *closure)
{
    closure->finished = true;
    if (!closure->in_call) closure_clear_content(closure);
}

void gl_closure_end_call(gl_closure *closure)
{
    closure->in_call = false;
    if (closure->finished) closure_clear_content(closure);
}

static int closure_clear(PyObject *self)
{
    closure_clear_content((gl_closure *)self);
    return 0;
}

static int closure_traverse(PyObject *self, visitproc visit, void *arg)
{
    gl_closure *closure = (gl_closure *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(closure->callable);
    Py_VISIT(closure->argument);
    Py_VISIT(closure->args);
    Py_VISIT(closure->deferred);
    return 0;
}

static void closure_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    gl_closure *closure = (gl_closure *)self;
    PyObject_GC_UnTrack(self);
    if (closure->thunk) gl_thunk_retire(closure->thunk);
    closure_clear_content(closure);
    GL_COUNT(closures, -1);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyObject *closure_type;

static int make_type(void)
{
    static PyType_Slot slots[] = {{Py_tp_dealloc, closure_dealloc}, {Py_tp_traverse, closure_traverse},
                                  {Py_tp_clear, closure_clear}, {0, NULL}};
    static PyType_Spec spec = {"globus_lowlevel.Callback", sizeof(gl_closure), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    closure_type = PyType_FromSpec(&spec);
    return closure_type ? 0 : -1;
}

gl_closure *gl_closure_new(gl_type *type, PyObject *callable, bool once)
{
    type = gl_type_of(type);
    if (!PyCallable_Check(callable))
    {
        PyErr_Format(PyExc_TypeError, "a callback must be callable, not %R", callable);
        return NULL;
    }
    if (!closure_type && make_type() < 0) return NULL;
    gl_closure *closure = (gl_closure *)PyType_GenericAlloc((PyTypeObject *)closure_type, 0);
    if (!closure) return NULL;
    GL_COUNT(closures, 1);
    closure->type = type;
    closure->thunk = gl_thunk_new(type);
    if (!closure->thunk)
    {
        Py_DECREF((PyObject *)closure);
        PyErr_NoMemory();
        return NULL;
    }
    closure->thunk->closure = closure;
    closure->callable = Py_NewRef(callable);
    closure->once = once;
    closure->with_c = once;
    if (once) Py_INCREF((PyObject *)closure);
    return closure;
}

void *gl_closure_code(const gl_closure *closure)
{
    return closure->thunk->code;
}

void gl_closure_dispose(gl_closure *closure)
{
    if (!closure->with_c) return;
    closure->with_c = false;
    finish(closure);
    Py_DECREF((PyObject *)closure);
}

void gl_closure_forget(gl_type *type, void *code)
{
    gl_thunk *thunk = gl_thunk_of(type, code);
    if (thunk && thunk->closure) gl_closure_dispose(thunk->closure);
}
