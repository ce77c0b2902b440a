/* Callbacks: one C function pointer for each Python callable, made by libffi.
 *
 * 1. A thunk is a piece of machine code that calls invoke(). It belongs to one closure at a time. Having an address of
 *    its own for each callable serves also the C callback types that carry no user data.
 * 2. A closure is the Python side: callable, argument, and all that must live as long (the arguments of the registering
 *    call, locked buffers, memory of deferred outputs).
 * 3. One-shot closures: C holds a reference from before the registering call until the callback has run; a
 *    registration that fails drops it. Lasting ones belong to the handle they were registered with (lasting.c).
 * 4. A thunk whose closure is gone answers "refuse" without touching Python. Thunks are reused, oldest first and never
 *    before 64 others; a C thread that waited for the GIL meanwhile sees by the generation that it was not called.
 * 5. An exception goes to sys.unraisablehook and the answer is "refuse". */
#include "gl.h"

#include <ffi.h>
#include <globus_common.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGUMENTS = 20, THUNKS_IN_RESERVE = 64 };

typedef struct gl_thunk
{
    gl_closure      *closure;     /* guarded by the GIL */
    unsigned         generation;  /* how many closures it has belonged to; read without the GIL */
    gl_type         *type;
    ffi_closure     *writable;
    void            *code;
    struct gl_thunk *next;        /* of those in reserve */
    struct gl_thunk *older;       /* of all */
} gl_thunk;

typedef struct gl_thunks
{
    ffi_cif    cif;
    ffi_type  *arguments[MAX_ARGUMENTS];
    gl_thunk  *first, *last;      /* in reserve */
    int        spare;
    gl_thunk  *newest;
    struct gl_thunks *older;      /* of all types */
} gl_thunks;

static gl_thunks *newest_thunks;

/* ---- C types ------------------------------------------------------------------------------------------------------ */

static ffi_type *integer_type(size_t size, bool is_signed)
{
    switch (size)
    {
        case 1: return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
        case 2: return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
        case 4: return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
        default: return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
    }
}

void *gl_ffi_type(const gl_slot *slot)
{
    const gl_type *type = gl_type_of(slot->type);
    if (slot->role != GL_IN && slot->role != GL_LENGTH) return &ffi_type_pointer;
    switch (type->kind)
    {
        case GL_VOID: return &ffi_type_void;
        case GL_FLOAT: return type->size == 4 ? &ffi_type_float : &ffi_type_double;
        case GL_BOOL: case GL_INTEGER: case GL_ENUM: case GL_STATUS: return integer_type(type->size, type->is_signed);
        case GL_CHAR: return &ffi_type_schar;
        case GL_RESULT: case GL_MAJOR: return &ffi_type_uint32;
        case GL_CUSTOM: return type->size <= 8 && type->is_plain ? integer_type(type->size, true) : &ffi_type_pointer;
        default: return &ffi_type_pointer;
    }
}

/* ---- arguments of a callback --------------------------------------------------------------------------------------- */

static size_t length_at(const gl_function *signature, int index, void **arguments)
{
    return index < 0 ? 0 : gl_length_at(signature->slots[index].type, arguments[index]);
}

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
                return gl_pinned_view(*(void **)arguments[index], length_at(signature, slot->partner, arguments));
            return memory_to_python(closure, *(void **)arguments[index], length_at(signature, slot->partner, arguments));
        case GL_IOVEC:
            return vector_to_python(closure, slot, *(vector_element **)arguments[index],
                                    length_at(signature, slot->partner, arguments));
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
                                            slot->partner >= 0 ? (long)length_at(signature, slot->partner, arguments) : -1);
            return PyLong_FromVoidPtr(*(void **)arguments[index]);
        default: return gl_to_python(slot, arguments[index]);
    }
}

/* What the callable gives C: it is no argument. */
static bool is_answer(const gl_slot *slot)
{
    return slot->role == GL_OUT || slot->role == GL_BYTES_OUT || slot->role == GL_CHARS_OUT;
}

static bool is_argument(const gl_slot *slot)
{
    return !is_answer(slot) && !(slot->role == GL_LENGTH && slot->flags & GL_BY_ADDRESS);
}

static PyObject *arguments_to_python(gl_closure *closure, const gl_function *signature, void **arguments)
{
    int count = 0;
    for (int i = 0; i < signature->count; ++i) count += is_argument(&signature->slots[i]);
    PyObject *tuple = PyTuple_New(count);
    for (int i = 0, position = 0; tuple && i < signature->count; ++i)
    {
        if (!is_argument(&signature->slots[i])) continue;
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
        position += is_argument(slot);
    }
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static void store_integer_result(const gl_type *type, void *result, long long value)
{
    if (type->is_signed) *(ffi_sarg *)result = (ffi_sarg)value;
    else *(ffi_arg *)result = (ffi_arg)value;
}

static void refuse(const gl_function *signature, void **arguments, void *result, uint32_t failure)
{
    const gl_type *type = gl_type_of(signature->result.type);
    for (int i = 0; i < signature->count; ++i)
    {
        const gl_slot *slot = &signature->slots[i];
        gl_kind kind = gl_type_of(slot->type)->kind;
        void *address = slot->role == GL_OUT ? *(void **)arguments[i] : NULL;
        if (address && kind == GL_RESULT) *(uint32_t *)address = failure;
        else if (address && (kind == GL_INTEGER || kind == GL_DATA)) memset(address, 0, gl_value_size(gl_type_of(slot->type)));
    }
    switch (type->kind)
    {
        case GL_VOID: break;
        case GL_RESULT: *(ffi_arg *)result = failure; break;
        case GL_BOOL: case GL_INTEGER: case GL_ENUM: case GL_STATUS:
            store_integer_result(type, result, signature->refuse);
            break;
        default: *(void **)result = NULL; break;
    }
}

/* C takes over the object that a callback returns. */
static bool is_counted(const gl_type *type)
{
    return type->kind == GL_HANDLE && strcmp(type->name, "globus_object_t") == 0;
}

static int store_answer(const gl_slot *slot, PyObject *answer, void *address, bool widened)
{
    const gl_type *type = gl_type_of(slot->type);
    gl_call frame, *call = gl_call_begin(&frame);
    char *value = gl_allocate(call, gl_value_size(type));
    call->gives = type->kind == GL_CUSTOM;
    int status = value ? gl_from_python(call, -1, slot, answer, value) : -1;
    if (status == 0)
    {
        size_t size = gl_value_size(type);
        if (type->kind == GL_STRING)        /* C frees it */
        {
            char *text = *(char **)value;
            text = text ? strdup(text) : NULL;
            memcpy(address, &text, sizeof text);
        }
        else if (is_counted(type) && widened)
        {
            if (*(void **)value) globus_object_reference(*(globus_object_t **)value);
            memcpy(address, value, size);
        }
        else if (type->kind == GL_DATA)
        {
            if (!(slot->flags & (GL_GIVEN | GL_HOLDS))) Py_INCREF(answer);
            else if (slot->flags & GL_GIVEN && !PyLong_CheckExact(answer)) status = gl_give(answer);
            memcpy(address, value, size);
        }
        else if (widened && size < sizeof(ffi_arg))
        {
            long long number = 0;
            if (type->is_signed && size == 4) number = *(int32_t *)value;
            else memcpy(&number, value, size);
            store_integer_result(type, address, number);
        }
        else memcpy(address, value, size);
    }
    gl_end(call);
    return status;
}

/* Bytes that C will free. */
static int store_bytes(PyObject *answer, void **address, size_t *length)
{
    gl_pin *pin = gl_pin_new(answer, false);
    if (!pin) return -1;
    *address = malloc(pin->view.len ? (size_t)pin->view.len : 1);
    if (*address) memcpy(*address, pin->view.buf, (size_t)pin->view.len);
    else PyErr_NoMemory();
    *length = (size_t)pin->view.len;
    gl_pins_release(pin);
    return *address ? 0 : -1;
}

/* Characters for an array of C's; the result is their number where C wants that. */
static int store_characters(const gl_function *signature, PyObject *answer, char *address, size_t room, void *result)
{
    const char *text;
    gl_call frame, *call = gl_call_begin(&frame);
    int status = gl_string_from_python(call, -1, answer, false, &text);
    size_t length = status == 0 ? strlen(text) : 0;
    if (length > room)
    {
        PyErr_Format(PyExc_ValueError, "%s: C has room for %zu bytes", signature->name, room);
        status = -1;
    }
    else if (status == 0) memcpy(address, text, length);
    if (status == 0 && length < room) address[length] = '\0';
    if (status == 0 && signature->result.role == GL_LENGTH)
        store_integer_result(gl_type_of(signature->result.type), result, (long long)length);
    gl_end(call);
    return status;
}

static int store_output(const gl_function *signature, int index, PyObject *answer, void **arguments, void *result)
{
    const gl_slot *slot = &signature->slots[index];
    void *address = *(void **)arguments[index];
    if (slot->role == GL_BYTES_OUT) return store_bytes(answer, address, *(size_t **)arguments[slot->partner]);
    if (slot->role == GL_CHARS_OUT)
        return store_characters(signature, answer, address, length_at(signature, slot->partner, arguments), result);
    return store_answer(slot, answer, address, false);
}

/* None is success; a number is the status, without outputs. */
static int store_status(const gl_function *signature, PyObject *answer, int outputs, void *result)
{
    store_integer_result(gl_type_of(signature->result.type), result, 0);
    if (answer == Py_None && !outputs) return 1;
    if (!PyLong_Check(answer)) return 0;
    long status = PyLong_AsLong(answer);
    if (PyErr_Occurred()) return -1;
    store_integer_result(gl_type_of(signature->result.type), result, status);
    return status || !outputs;
}

/* The callable returns the C return value, then what C wants stored at its output addresses. */
static int store_answers(const gl_function *signature, PyObject *answer, void **arguments, void *result)
{
    int outputs = 0;
    const gl_type *type = gl_type_of(signature->result.type);
    bool returns = type->kind != GL_VOID && type->kind != GL_RESULT && type->kind != GL_STATUS && signature->result.role == GL_IN;
    for (int i = 0; i < signature->count; ++i) outputs += is_answer(&signature->slots[i]);
    if (type->kind == GL_STATUS)
    {
        int done = store_status(signature, answer, outputs, result);
        if (done || !outputs) return done < 0 ? -1 : done ? 0 : store_answer(&signature->result, answer, result, true);
    }
    if (type->kind == GL_RESULT && !outputs) return store_answer(&signature->result, answer, result, true);
    if (type->kind == GL_RESULT) *(ffi_arg *)result = GLOBUS_SUCCESS;
    if (!outputs) return returns ? store_answer(&signature->result, answer, result, true) : 0;
    int wanted = outputs + returns, next = 0;
    PyObject *tuple = wanted == 1 ? PyTuple_Pack(1, answer) : PySequence_Tuple(answer);
    if (!tuple) return -1;
    int status = 0;
    if (PyTuple_Size(tuple) != wanted)
    {
        PyErr_Format(PyExc_TypeError, "%s must return %d values", signature->name, wanted);
        status = -1;
    }
    if (status == 0 && returns) status = store_answer(&signature->result, PyTuple_GetItem(tuple, next++), result, true);
    for (int i = 0; status == 0 && i < signature->count; ++i)
        if (is_answer(&signature->slots[i]))
            status = store_output(signature, i, PyTuple_GetItem(tuple, next++), arguments, result);
    Py_DECREF(tuple);
    return status;
}

/* The callable cannot answer: C gets a refusal, and what waits for it is told. */
static uint32_t decline(const gl_function *signature, void **arguments, void *result, uint32_t failure)
{
    refuse(signature, arguments, result, failure);
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
        if (!is_argument(slot)) continue;
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
    if (!answer || store_answers(signature, answer, arguments, result) < 0
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
    void *given[MAX_ARGUMENTS] = {0};
    for (int i = 0; i < signature->count; ++i)
        if (signature->slots[i].flags & GL_GIVEN) given[i] = *(void **)arguments[i];
    for (Py_ssize_t i = 0; closure->deferred && i < PyList_Size(closure->deferred); ++i)
        gl_deferred_complete(PyList_GetItem(closure->deferred, i));
    run(closure, result, arguments);
    take_back(signature, given);
    if (!again && closure->once) gl_closure_dispose(closure);
    else if (!again) finish(closure);
}

static void invoke(ffi_cif *cif, void *result, void **arguments, void *data)
{
    (void)cif;
    gl_thunk *thunk = data;
    unsigned generation = __atomic_load_n(&thunk->generation, __ATOMIC_ACQUIRE);
    PyGILState_STATE state;
    if (!gl_callback_begin(&state))
    {
        refuse(thunk->type->signature, arguments, result, (uint32_t)GLOBUS_FAILURE);
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

/* ---- thunks ------------------------------------------------------------------------------------------------------------- */

static gl_thunks *thunks_of(gl_type *type)
{
    if (type->thunks) return type->thunks;
    gl_thunks *thunks = calloc(1, sizeof *thunks);
    const gl_function *signature = type->signature;
    if (!thunks || signature->count > MAX_ARGUMENTS) return free(thunks), NULL;
    for (int i = 0; i < signature->count; ++i) thunks->arguments[i] = gl_ffi_type(&signature->slots[i]);
    if (ffi_prep_cif(&thunks->cif, FFI_DEFAULT_ABI, (unsigned)signature->count, gl_ffi_type(&signature->result),
                     thunks->arguments) != FFI_OK)
    {
        free(thunks);
        return NULL;
    }
    thunks->older = newest_thunks;
    return type->thunks = newest_thunks = thunks;
}

static gl_thunk *thunk_new(gl_type *type)
{
    gl_thunks *thunks = thunks_of(type);
    if (!thunks) return NULL;
    if (thunks->spare > THUNKS_IN_RESERVE)
    {
        gl_thunk *thunk = thunks->first;
        thunks->first = thunk->next;
        --thunks->spare;
        return thunk;
    }
    gl_thunk *thunk = calloc(1, sizeof *thunk);
    if (!thunk) return NULL;
    thunk->type = type;
    thunk->writable = ffi_closure_alloc(sizeof(ffi_closure), &thunk->code);
    if (!thunk->writable
        || ffi_prep_closure_loc(thunk->writable, &thunks->cif, invoke, thunk, thunk->code) != FFI_OK)
    {
        if (thunk->writable) ffi_closure_free(thunk->writable);
        free(thunk);
        return NULL;
    }
    thunk->older = thunks->newest;
    return thunks->newest = thunk;
}

static void thunk_retire(gl_thunk *thunk)
{
    gl_thunks *thunks = thunk->type->thunks;
    thunk->closure = NULL;
    __atomic_add_fetch(&thunk->generation, 1, __ATOMIC_RELEASE);
    thunk->next = NULL;
    if (thunks->spare++) thunks->last->next = thunk;
    else thunks->first = thunk;
    thunks->last = thunk;
}

static gl_thunk *thunk_in(const gl_thunks *thunks, const void *code)
{
    gl_thunk *thunk = thunks ? thunks->newest : NULL;
    while (thunk && thunk->code != code) thunk = thunk->older;
    return thunk;
}

static gl_thunk *thunk_of(gl_type *type, const void *code)
{
    return thunk_in(gl_type_of(type)->thunks, code);
}

/* What a program reads back: the callable that it gave; of C's own functions the address. */
PyObject *gl_closure_callable(gl_type *type, void *code)
{
    if (!code) Py_RETURN_NONE;
    gl_thunk *thunk = thunk_of(type, code);
    for (gl_thunks *other = newest_thunks; !thunk && other; other = other->older) thunk = thunk_in(other, code);     /* it was cast */
    if (!thunk) return PyLong_FromVoidPtr(code);
    return Py_NewRef(thunk->closure && thunk->closure->callable ? thunk->closure->callable : Py_None);
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
    if (closure->thunk) thunk_retire(closure->thunk);
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
    closure->thunk = thunk_new(type);
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
    gl_thunk *thunk = thunk_of(type, code);
    if (thunk && thunk->closure) gl_closure_dispose(thunk->closure);
}
