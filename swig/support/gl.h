/* The run-time half of the binding: what every generated module calls.
 *
 * The generated code of a module is data (one gl_function a C function, one gl_type a C type) and SWIG wrappers
 * whose typemaps (swig/lib) hand each argument to the functions declared here. So a conversion is written once,
 * for arguments, results, struct fields, callback arguments and control commands alike.
 *
 * Unless a comment says otherwise, everything here is called with the GIL held. */
#ifndef GL_H
#define GL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#define GL_API __attribute__((visibility("default")))

typedef struct gl_type gl_type;
typedef struct gl_slot gl_slot;
typedef struct gl_function gl_function;
typedef struct gl_module gl_module;
typedef struct gl_call gl_call;
typedef struct gl_object gl_object;
typedef struct gl_closure gl_closure;
typedef struct gl_pin gl_pin;

/* ---- types ------------------------------------------------------------------------------------------------ */

typedef enum
{
    GL_VOID,
    GL_BOOL,      /* globus_bool_t */
    GL_INTEGER,   /* signed or unsigned, of gl_type.size bytes */
    GL_FLOAT,     /* float or double */
    GL_CHAR,      /* a single character */
    GL_ENUM,
    GL_STRING,    /* char * */
    GL_STRINGS,   /* char **, NULL-terminated or counted */
    GL_DATA,      /* void * that carries a Python object */
    GL_POINTER,   /* void * of C: passed on as a number */
    GL_HANDLE,    /* an opaque pointer, passed by value */
    GL_BOX,       /* memory at a stable address, passed by address: structs, and handles that C knows by address */
    GL_RESULT,    /* globus_result_t */
    GL_ERROR,     /* globus_object_t * that reports a failure */
    GL_STATUS,    /* an int that is 0 on success */
    GL_MAJOR,     /* OM_uint32 GSS major status */
    GL_CALLBACK,  /* a function pointer */
    GL_CUSTOM,    /* to_python and from_python of the type */
} gl_kind;

typedef struct
{
    const char *name;
    long long   value;
} gl_enumerator;

typedef struct
{
    const char    *name;
    size_t         offset;
    size_t         count;     /* elements of an array, 0 for a plain field */
    const gl_slot *slot;      /* its partner: the field that counts the elements this one points to */
    void          *fallback;  /* of a function pointer: what stands there for None */
    bool         (*present)(const void *object);    /* of a union: whether the member is the one that is set; or NULL */
} gl_field;

struct gl_type
{
    const char          *name;       /* the C name */
    const char          *module;     /* the Python module that owns it: "xio" */
    gl_kind              kind;
    size_t               size;       /* bytes; of the pointed-to memory for GL_BOX */
    bool                 is_signed;
    bool                 is_flags;   /* an enum whose values are or-ed together */
    bool                 is_plain;   /* a struct that Python may make itself */
    bool                 is_malloced;    /* ... whose memory, and what its fields point to, C allocates and frees with malloc() */
    bool                 ends_with_module;   /* C has ended what it owns once its module was deactivated */
    const gl_enumerator *enumerators;
    const gl_field      *fields;     /* ends with a NULL name */
    const gl_function   *signature;  /* of a GL_CALLBACK */
    bool               (*destroy)(void *pointer);   /* called without the GIL; false: C still uses the memory of the box */
    PyObject          *(*to_python)(const void *address);
    int                (*from_python)(gl_call *call, PyObject *object, void *address);
    void               (*release)(void *address);   /* frees what C stored at an output's address */
    int                (*check)(gl_object *object, const gl_function *function);    /* whether it may be passed there; or NULL */
    const char          *made_by;    /* how Python gets one, for messages */
    const PyType_Slot   *slots;      /* what its Python type can do besides; ends with {0, NULL} */
    /* filled in at run time */
    gl_type             *canonical;
    PyObject            *python_type;
    void                *thunks;     /* of a GL_CALLBACK: thunk.c */
};

/* The one description of a C type that all modules share. */
static inline gl_type *gl_type_of(gl_type *type)
{
    return type->canonical ? type->canonical : type;
}

/* What a parameter (or field, result, callback argument) is for. */
typedef enum
{
    GL_IN,            /* converted by its type */
    GL_BY_VALUE,      /* a struct passed by value */
    GL_IN_POINTER,    /* C wants the address of a converted value */
    GL_OUT,           /* C fills the value at an address: an output */
    GL_INOUT,         /* both: an argument and an output */
    GL_DEFERRED,      /* an output that C fills when the operation completes; with an extent: characters */
    GL_READ,          /* memory that C reads: any bytes-like object */
    GL_WRITE,         /* memory that C fills: any writable buffer */
    GL_LENGTH,        /* follows from the buffer, array or list it belongs to */
    GL_BYTES_OUT,     /* C allocates bytes and stores pointer and length */
    GL_IOVEC,         /* a vector of buffers, C reads or fills them */
    GL_ARRAY,         /* a Python sequence as a C array */
    GL_CALL,          /* a callback */
    GL_CALL_ARG,      /* the object handed back to the callback */
    GL_NOTHING,       /* always 0 or NULL */
    GL_OUT_ARRAY,     /* C fills an array of slot->extent elements, and its count in the GL_LENGTH partner */
    GL_CHARS_OUT,     /* C fills a character array of slot->extent bytes */
    GL_ARRAY_OUT,     /* C allocates an array; its count in the GL_LENGTH partner, or GL_TERMINATED by slot->extent */
    GL_VARIABLE,      /* a va_list that a callback gets */
} gl_role;

enum
{
    GL_NULLABLE = 1,        /* None is NULL */
    GL_CONSUMES = 2,        /* the object is closed by a successful call */
    GL_OWNED    = 4,        /* an output that Python owns */
    GL_FREE     = 8,        /* an output string or array is freed with free() */
    GL_OPENSSL_FREE = 16,   /* ... with OPENSSL_free() */
    GL_KEEPS    = 32,       /* the first handle of the call keeps this object alive */
    GL_LASTING  = 64,       /* a callback that C may call until its owner is destroyed */
    GL_DURING   = 128,      /* a callback that C calls only inside the call; a GL_GIVEN that C keeps no longer */
    GL_WRITABLE = 256,      /* of GL_IOVEC: C fills the buffers */
    GL_TERMINATED = 512,    /* of GL_ARRAY: ends with a zero element */
    GL_PINNED   = 1024,     /* a buffer that C uses until the callback */
    GL_BY_ADDRESS = 2048,   /* of an output GL_BOX: the C parameter is the box itself */
    GL_PREACTIVE = 4096,    /* of a function: may be called before its module is active */
    GL_EXTERNAL = 8192,     /* an object whose own thread safety allows concurrent destroy */
    GL_OPTIONAL_CALL = 16384,
    GL_RELEASES = 32768,    /* unregisters the lasting callback that this number or string names; gives back a GL_GIVEN */
    GL_INLINE = 65536,      /* of an array: its elements are the structs, not their addresses */
    GL_VIEW = 131072,       /* of a buffer in a callback: a part of one that was registered arrives as a view of it */
    GL_GIVEN = 262144,      /* of GL_DATA: C keeps a reference, until a callback that GL_RELEASES it */
    GL_SHARED = 524288,     /* of a globus_object_t: C frees it, so it gets a reference of its own */
    GL_FOREVER = 1048576,   /* C may use it as long as the process lives */
    GL_HOLDS = 2097152,     /* as GL_KEEPS; and the object cannot be destroyed while the handle that uses it is alive. Of a call
                               with a one-shot callback: before that has run */
    GL_FRAGILE = 4194304,   /* of a GL_INOUT: of no use after a failing GSS call, which destroys it */
    GL_CHECKED = 8388608,   /* of a result: a negative number, or NULL, is a failure */
    GL_LENT = 16777216,     /* of a slot with a maker: or it came from a callback */
};

struct gl_slot
{
    const char *name;
    gl_type    *type;
    int         role;
    int         flags;
    int         partner;    /* index of the buffer of a length, and the like; -1 */
    long        extent;     /* of arrays */
    const char *maker;      /* of a handle: the function that must have made it, or NULL */
};

struct gl_function
{
    const char    *name;
    gl_module     *module;
    gl_slot        result;
    const gl_slot *slots;
    int            count;
    int            flags;
    long long      refuse;  /* of a callback that decides: what an exception answers */
    bool         (*again)(void **arguments);    /* of a callback: whether C will call it once more; or NULL */
    void         (*before)(void **arguments);   /* of a callback: runs first; or NULL */
    void         (*after)(void **arguments);    /* ... and last */
    void         (*failed)(void **arguments, uint32_t failure);     /* ... when it raised, or is gone: without the GIL */
    uint32_t     (*settle)(PyObject *values, PyObject *registered, uint32_t failure);    /* ... what C gets; or NULL */
};

typedef struct
{
    const char *name;
    gl_type    *type;
} gl_alias;

struct gl_module
{
    const char         *name;           /* "xio" */
    void               *descriptor;     /* globus_module_descriptor_t that must be active, or NULL */
    const char         *descriptor_name;
    gl_type           **types;          /* ends with NULL; NULL: of a part */
    const gl_alias     *aliases;        /* more names of types; ends with a NULL name */
    PyObject         *(*failure)(const gl_function *function, long long status);    /* what a failing call raises; or NULL */
    _Atomic int         active;         /* the reaper looks at it without the GIL */
    gl_module          *next;
};

/* ---- one call ---------------------------------------------------------------------------------------------- */

enum { GL_MAX_SLOTS = 24, GL_MAX_HELD = 40, GL_MAX_CLOSURES = 12 };

typedef union
{
    void     *pointer;
    long long integer;
    double    real;
    char      bytes[16];
} gl_storage;

/* The frame of one wrapped call. SWIG declares it as a local; typemaps share it. It is large: gl_call_begin() clears what stands
 * before the arrays, the first argument clears the places of the slots that there are, and counters tell of the others. */
struct gl_call
{
    const gl_function *function;
    int                outputs;              /* results appended so far */
    uint32_t           filled;               /* by slot: storage of a converted type that must be released */
    bool               gives;                /* what from_python stores becomes C's: memory from malloc */
    bool               committed;            /* the C call succeeded */
    bool               called;               /* the C function has run */
    bool               checked;              /* that no object was closed meanwhile */
    bool               ended;
    int                held_count, closure_count, busy_count;
    PyObject          *callback_arg;
    gl_pin            *pins;
    void              *blocks;               /* malloc-ed memory of this call, a linked list */
    PyObject          *held_more;            /* a list of what does not fit in `held` */
    PyObject          *busy_more;            /* ... in `busy` */
    void              *where[GL_MAX_SLOTS];  /* the C locals, by slot */
    gl_storage         storage[GL_MAX_SLOTS];
    PyObject          *made[GL_MAX_SLOTS];   /* objects made for outputs, and handles of inputs */
    PyObject          *held[GL_MAX_HELD];
    gl_object         *busy[GL_MAX_SLOTS];
    gl_closure        *closures[GL_MAX_CLOSURES];
};

extern GL_API _Atomic int gl_forked, gl_finalizing;     /* process.c */

static inline gl_call *gl_call_begin(gl_call *frame)
{
    memset(frame, 0, offsetof(gl_call, where));
    return frame;
}

GL_API int gl_call_refuse(const gl_function *function);        /* says why; 0 if there is no reason */
/* Refuses a call into a module that is not active, or in a forked child. */
static inline int gl_enter(const gl_function *function)
{
    const gl_module *module = function->module;
    bool ready = !gl_forked && (!module->descriptor || module->active);
    return ready ? 0 : gl_call_refuse(function);
}

GL_API int gl_call_recheck(gl_call *call);
/* Refuses a call with an object that was closed while the other arguments were converted: once, when they all are. */
static inline int gl_recheck(gl_call *call)
{
    return call->checked ? 0 : gl_call_recheck(call);
}

/* Converts argument `index`; `where` is the C local. 0, or -1 with an exception. */
GL_API int gl_in(gl_call *call, const gl_function *function, int index, PyObject *input, PyObject *args, void *where);
/* Prepares a parameter that is no Python argument. */
GL_API int gl_prepare(gl_call *call, const gl_function *function, int index, void *where);
/* Appends output `index` to the result. Steals `result`. */
GL_API PyObject *gl_append_output(gl_call *call, const gl_function *function, int index, PyObject *result);
/* The C call succeeded: callbacks and consumed handles now belong to C. */
GL_API void gl_commit(gl_call *call);
/* Converts the return value, or raises. */
GL_API PyObject *gl_return(gl_call *call, const gl_function *function, const void *value);
/* Releases everything the call still holds; keeps a pending exception. */
GL_API void gl_call_release(gl_call *call);
/* The same, idempotent. */
static inline void gl_end(gl_call *call)
{
    if (!call->ended) gl_call_release(call);
}

GL_API int   gl_hold(gl_call *call, PyObject *object);          /* steals a reference until the call ends */
GL_API int   gl_mark_busy(gl_call *call, gl_object *object);    /* in use until the call ends */
void  gl_unhold(gl_call *call);                          /* drops the last one */
void *gl_allocate(gl_call *call, size_t size);           /* zeroed; freed when the call ends, or its callback has run */
size_t gl_array_size(Py_ssize_t count, size_t size);     /* of that; SIZE_MAX if there cannot be as much */
void *gl_allocate_array(gl_call *call, Py_ssize_t count, size_t size);   /* ends with one zero element more */
GL_API int   gl_bad_argument(gl_call *call, int index, const char *expected, PyObject *got);

/* ---- conversions (convert.c and the files named after what they convert) ------------------------------------ */

GL_API PyObject *gl_to_python(const gl_slot *slot, const void *address);
GL_API int       gl_from_python(gl_call *call, int index, const gl_slot *slot, PyObject *object, void *address);
size_t           gl_value_size(const gl_type *type);     /* bytes of a C value of this type */

GL_API PyObject *gl_string_to_python(const char *text);
GL_API int   gl_string_from_python(gl_call *call, int index, PyObject *object, bool nullable, const char **text);
PyObject *gl_strings_to_python(char *const *list, long count);
PyObject *gl_number_to_python(const gl_type *type, const void *address);
size_t gl_length_at(const gl_type *type, const void *address);          /* an integer of C as a length; a negative one is none */
int   gl_number_from_python(const gl_type *type, PyObject *object, void *address);

/* ---- errors (error.c) ---------------------------------------------------------------------------------------- */

GL_API PyObject *gl_error_from_result(uint32_t result);            /* takes the error object; None for success */
GL_API PyObject *gl_error_from_object(void *error);                /* borrows a globus_object_t; None for NULL */
GL_API PyObject *gl_error_peek(uint32_t result);                   /* leaves the error object where it is */
GL_API PyObject *gl_error_from_status(const char *module, int code, const char *message);
GL_API PyObject *gl_error_from_text(const char *module, int code, const char *text, int system_errno, const char *function);
GL_API PyObject *gl_error_from_major(uint32_t major, uint32_t minor);
void            *gl_error_object(PyObject *error);                  /* the globus_object_t of a GlobusError, or NULL */
GL_API void      gl_raise(PyObject *error);                        /* steals */
GL_API int       gl_result_from_python(PyObject *object, uint32_t *result);
GL_API void      gl_result_drop(uint32_t result);                  /* nobody will take its error object */

/* ---- handles and structs (object.c) --------------------------------------------------------------------------- */

struct gl_object
{
    PyObject_HEAD
    gl_type  *type;
    void     *pointer;       /* the handle's value, or the address of the box */
    PyObject *keep;          /* dict of what C may still use: callbacks, parents, strings of fields */
    gl_object *parent;       /* of a struct inside a struct */
    gl_object *lender;       /* what it belongs to otherwise, and is closed with */
    gl_object *next_known;   /* of the registry, object.c */
    gl_object *next_dead;    /* reaper.c */
    PyObject *weak_references;
    int       busy;          /* calls in progress with it */
    int       held;          /* how often C has it from callbacks: not destroyed before C gives it back */
    bool      owned;         /* destroyed when collected */
    bool      closed;
    bool      box;           /* `pointer` was malloc-ed by us */
    bool      transient;     /* memory of C that is valid only inside one callback */
    int       lent;          /* running callbacks that have it as an argument, of a transient one */
    const gl_function *maker;   /* the call that it came out of, of what is owned */
    const void *claimed;     /* by this running call, which may destroy it, or by the reaper */
};

/* Finds the object C's pointer belongs to, else makes one. */
GL_API PyObject *gl_object_new(gl_type *type, void *pointer, bool owned);
GL_API PyObject *gl_object_known(gl_type *type, void *pointer);       /* only finds it; None if there is none */
/* The same for what belongs to another object: it keeps that alive, and is closed with it. */
GL_API PyObject *gl_object_borrow(gl_type *type, void *pointer, gl_object *from);
PyObject *gl_object_inside(gl_type *type, void *pointer, gl_object *parent);    /* ... a struct inside a struct */
GL_API PyObject *gl_object_lend(gl_type *type, void *pointer);                /* ... valid during a callback, until the same number of */
GL_API void      gl_object_give_back(PyObject *lent);
GL_API PyObject *gl_object_class(void);                                /* CObject, the base of all; borrowed */
GL_API PyObject *gl_object_box(gl_type *type);                         /* fresh zeroed memory, not yet owning */
GL_API PyObject *gl_lease(PyObject *object);                           /* lease.c: while it lives, the handle cannot be destroyed */
GL_API gl_object *gl_as_object(PyObject *object);                      /* borrowed, or NULL */
GL_API int  gl_object_check(PyObject *object, const gl_type *type);
GL_API void gl_object_close(gl_object *object);
GL_API void gl_object_detach(gl_object *object);                       /* nobody finds it by its pointer, which C gives to others */
GL_API void gl_object_attach(gl_object *object);                       /* ... after all */
void      gl_objects_abandon(const char *module);                      /* the module was deactivated */
void      gl_object_leave_box(gl_object *object);                      /* does not free it: C goes on using its memory */
GL_API void gl_object_use(gl_object *object, int step);                /* so many more calls use it and what it belongs to; < 0: less */
GL_API int  gl_object_usable(gl_object *object);                       /* 0, or -1 with ValueError */
int       gl_object_usable_by(const gl_object *object, const void *claimer);   /* also if it is claimed by this call */
GL_API int  gl_object_keep(gl_object *owner, PyObject *key, PyObject *value);
GL_API void *gl_pointer_of(PyObject *object, const char *type);        /* the C pointer of an open object of this type, or NULL */
gl_object *gl_object_root(gl_object *object);                          /* the struct that a struct inside it belongs to */
int       gl_object_copy_into(gl_call *call, PyObject *object, void *address);  /* a struct's bytes; what they point to lives as long as the call */
int       gl_type_ready(gl_type *type);

/* ---- the destruction of collected handles (reaper.c) --------------------------------------------------------------- */

void gl_reap(gl_object *object);                                       /* steals a reference */
GL_API bool gl_reap_moment(void);                                       /* the same for a moment; whether it is done */
GL_API int gl_reap_wait(void);                                         /* waits until it is done; -1 if a signal handler raised */

/* ---- fields of structs (field.c) ----------------------------------------------------------------------------------- */

PyGetSetDef *gl_fields_getset(const gl_field *fields);
void         gl_object_initialize(gl_object *object);  /* of a struct that Python makes: its fallbacks */
int          gl_object_adopt(gl_object *object);       /* takes over the malloc-ed strings that C stored in its fields */

/* ---- what the fields of a struct in malloc's memory point to (content.c) ------------------------------------------- */

int       gl_content_set(gl_object *object, const gl_field *field, char *address, PyObject *value);
PyObject *gl_content_get(const gl_field *field, char *address);        /* a copy of what a pointer to structs points to */
GL_API void gl_content_free(const gl_type *type, void *memory);        /* all of it; erases it first */

/* ---- functions written by hand (hand.c) ----------------------------------------------------------------------------- */

typedef struct gl_hand
{
    gl_object      *objects[GL_MAX_SLOTS];
    int             count;
    struct gl_hand *outer;
} gl_hand;

GL_API void gl_hand_begin(gl_hand *hand, PyObject *const *arguments, int count);    /* they are in use */
GL_API void gl_hand_end(gl_hand *hand);
GL_API int  gl_hand_others(const gl_object *object);    /* how many others use it than the function that runs in this thread */

/* ---- objects that C keeps (given.c) ---------------------------------------------------------------------------------- */

GL_API int  gl_give(PyObject *object);                  /* C has one more reference; with the GIL */
GL_API int  gl_give_again(void *pointer);               /* the same for what C has, which need not be an object */
GL_API void gl_take(void *pointer);                     /* and one less */
GL_API PyObject *gl_gift(PyObject *object);             /* C has one more reference as long as this capsule lives */
/* C may use it as long as the process lives: gives the object whose memory C may have, borrowed. */
GL_API PyObject *gl_forever(PyObject *object);
GL_API PyObject *gl_given(void *pointer);                   /* the object, or the address of what is none of ours */

/* ---- objects inside objects (shared.c) --------------------------------------------------------------------------------- */

/* C will store `object` in `owner` (NULL: one that is still to be made), and free it with that. */
int  gl_share(gl_object *owner, gl_object *object);
void gl_unshare(void *pointer);                         /* it has not */
int  gl_shared(gl_object *owner, gl_object *object);    /* it has */

/* ---- buffers (buffer.c) ------------------------------------------------------------------------------------------ */

struct gl_pin
{
    Py_buffer view;
    PyObject *object;
    gl_pin   *next;
    gl_pin   *before, *after;       /* of all that are pinned */
};

gl_pin   *gl_pin_new(PyObject *object, bool writable);
void      gl_pins_release(gl_pin *pins);
PyObject *gl_pins_find(gl_pin *pins, const void *address);             /* new reference to the pinned object, or NULL */
PyObject *gl_writable_view(void *address, size_t length);               /* the same, to be written */
PyObject *gl_pinned_view(const void *address, size_t length);          /* a view of memory that some call has pinned; else a copy */

/* ---- callbacks (closure.c) --------------------------------------------------------------------------------------- */

struct gl_closure
{
    PyObject_HEAD
    gl_type   *type;
    PyObject  *callable;
    PyObject  *argument;
    PyObject  *args;          /* every Python argument of the registering call */
    gl_pin    *pins;
    void      *blocks;        /* C memory that must live as long (an iovec, deferred outputs) */
    PyObject  *deferred;      /* a list */
    PyObject  *leases;        /* a list: of what cannot be destroyed before it has run */
    struct gl_thunk *thunk;   /* the machine code that C calls */
    bool       once;
    bool       holds;         /* the buffers and memory of its call, too */
    bool       with_c;        /* C holds a reference */
    bool       in_call;       /* the registering call is running */
    bool       finished;      /* C will not call again */
};

gl_closure *gl_closure_new(gl_type *type, PyObject *callable, bool once);
void       *gl_closure_code(const gl_closure *closure);
PyObject   *gl_closure_callable(gl_type *type, void *code);
void        gl_closure_dispose(gl_closure *closure);                   /* drops C's reference */
GL_API void gl_closure_forget(gl_type *type, void *code);              /* C will not call this one after all */
void        gl_closure_end_call(gl_closure *closure);                  /* the registering call has returned */

/* ---- callbacks that C may call until they are unregistered (lasting.c) ------------------------------------------------- */

void gl_lasting_keep(gl_call *call, gl_object *owner);                 /* registered with the owner, or with none; those before are dropped */
GL_API bool gl_lasting_has(const gl_object *owner, const char *function, const char *slot);   /* whether one was registered so */
void gl_lasting_release(const gl_slot *slot, const void *name);        /* it has unregistered those of this number or string */
void       *gl_ffi_type(const gl_slot *slot);                           /* ffi_type * of a C parameter */

/* ---- control commands (control.c) -------------------------------------------------------------------------------- */

typedef struct
{
    const char        *driver;
    const char        *targets;      /* "attr_handle" */
    long               number;
    const gl_function *arguments;    /* its slots are the variable arguments */
    void              *adapter;      /* called in place of the control function, as that; or NULL */
} gl_command;

GL_API PyObject *gl_bounce(const gl_function *fixed, PyObject *args);    /* calls args[0] with the others */
GL_API PyObject *gl_control(const gl_function *fixed, const char *target, void *c_function, bool with_driver, PyObject *args);
GL_API const char *gl_driver_name(const void *driver);                     /* of an XIO driver */
GL_API void      gl_control_open(gl_object *handle, bool is_open);      /* whether the commands of drivers can reach this XIO handle */
GL_API bool      gl_control_opened(const gl_object *handle);             /* whether that was told last */

/* ---- variable arguments of a callback (variable.c) ---------------------------------------------------------------- */

/* What Python passes through a variadic C function to a callback: the address of this is the only variable argument. */
typedef struct gl_pass
{
    PyObject       *arguments;       /* a tuple, borrowed */
    PyObject       *answer;          /* of the callback, or NULL */
    struct gl_pass *outer;
} gl_pass;

void      gl_pass_begin(gl_pass *pass, PyObject *arguments);           /* in this thread */
void      gl_pass_end(gl_pass *pass);
GL_API PyObject *gl_variable_class(void);              /* borrowed */
PyObject *gl_variable_new(void *list);                                 /* of a va_list */
PyObject *gl_variable_of(PyObject *arguments);                         /* of a tuple */
void      gl_variable_end(PyObject *variable);                         /* the callback has returned */

/* ---- deferred outputs (deferred.c) ------------------------------------------------------------------------------- */

/* Memory for a value that C fills when the operation completes; `length` is filled too where there is a partner. */
GL_API PyObject *gl_deferred_class(void);              /* borrowed */
PyObject *gl_deferred_new(const gl_slot *slot);
void     *gl_deferred_value(PyObject *deferred);
void     *gl_deferred_length(PyObject *deferred);
void      gl_deferred_complete(PyObject *deferred);

/* ---- process (process.c) ------------------------------------------------------------------------------------------- */

GL_API int  gl_process_start(PyObject *package);
GL_API void gl_activation_begin(void *saved_mask);    /* without the GIL as well */
GL_API void gl_activation_end(const void *saved_mask);
GL_API bool gl_callback_begin(PyGILState_STATE *state);
GL_API void gl_callback_end(PyGILState_STATE state);
GL_API bool gl_in_callback(void);                      /* whether C has called this thread back; without the GIL as well */
GL_API void gl_drain(double seconds);

/* ---- calls that block (blocking.c) ------------------------------------------------------------------------------------ */

/* Makes a call that may wait for long, without the GIL. While the main thread waits, signal handlers run; if one raises,
 * `cancel` has to make the call return soon. True: one has raised, and the exception waits in this thread. */
GL_API bool gl_block(void (*call)(void *), void (*cancel)(void *), void *argument);

/* ---- modules (module.c) ----------------------------------------------------------------------------------------------- */

GL_API void gl_module_part(gl_module *part);
GL_API int gl_module_ready(gl_module *module, PyObject *python_module);
GL_API void gl_module_part(gl_module *part);           /* functions of a module that need another descriptor to be active */
GL_API void gl_modules_refresh(void);                  /* after every activation and deactivation */
/* C waits for some callbacks when it ends the module of this name: whether for one in this thread, too. */
GL_API void gl_module_guard(const char *name, bool (*is_waited_for)(void));
GL_API int  gl_module_check_end(const gl_function *function, const void *descriptor);   /* NULL: of all; 0, or -1 with RuntimeError */
GL_API gl_type *gl_type_named(const char *name);       /* of a module that is imported; or NULL with an exception */
GL_API int gl_add_integer(PyObject *module, const char *name, long long value);
GL_API int gl_add_float(PyObject *module, const char *name, double value);
GL_API int gl_add_string(PyObject *module, const char *name, const char *value);
GL_API int gl_add_object(PyObject *module, const char *name, gl_type *type, void *pointer);
GL_API int gl_add_custom(PyObject *module, const char *name, gl_type *type, const void *address);
GL_API int gl_add_method(PyObject *module, PyMethodDef *method);
GL_API int gl_add_capsule(PyObject *module, const char *name, const void *pointer, const char *kind);
GL_API int gl_add_alias(PyObject *module, const char *name, const char *function);

/* Counters for tests: objects of the binding that are alive. */
typedef struct { _Atomic long objects, closures, pins, boxes, errors, callbacks; } gl_counters;
extern GL_API gl_counters gl_live;

#define GL_COUNT(field, step) atomic_fetch_add_explicit(&gl_live.field, (step), memory_order_relaxed)

#endif
