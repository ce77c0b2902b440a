/* gass_transfer: protocols that are written in Python.
 *
 * C gets structs of this file's functions, which pass on to those of Python's structs what is there, and know for each request
 * and listener what may come next: C asserts that, and ends the process. Everything here is guarded by the GIL. */
#include "gl.h"
#include "gass_transfer_adapters.h"

#include <stdlib.h>
#include <string.h>

typedef globus_gass_transfer_proto_descriptor_t descriptor;
typedef globus_gass_transfer_request_proto_t    request_proto;
typedef globus_gass_transfer_listener_proto_t   listener_proto;

/* ---- where C holds its lock ------------------------------------------------------------------------------------------------- */

static __thread int inside;

int gl_gass_enter(const gl_function *function)
{
    if (!inside) return 0;
    PyErr_Format(PyExc_RuntimeError, "%s() cannot be called from this function of a protocol, during which C holds its lock: "
                 "note what is to be done, and do it from a callback", function->name);
    return -1;
}

/* ---- what is known of protocols, requests and listeners -------------------------------------------------------------------------- */

typedef struct protocol
{
    descriptor       c;
    descriptor      *python;
    PyObject        *object;
    struct protocol *next;
} protocol;

typedef enum { ARRIVED, ACCEPTED, WAITING, AUTHORIZED, IDLE, SENDING, RECEIVING } phase;

typedef struct request
{
    request_proto   c;
    request_proto  *python;
    PyObject       *object;
    int             number;
    phase           phase;
    globus_byte_t  *bytes;      /* of the block that is being sent or received */
    size_t          length;
    struct request *next;
} request;

typedef struct listener
{
    listener_proto   c;
    listener_proto  *python;
    PyObject        *object;
    int              number;
    bool             waits, accepts;
    struct listener *next;
} listener;

static protocol *protocols;
static request  *requests;
static listener *listeners;

static request *request_of(int number)
{
    request *known = requests;
    while (known && known->number != number) known = known->next;
    return known;
}

static listener *listener_of(int number)
{
    listener *known = listeners;
    while (known && known->number != number) known = known->next;
    return known;
}

static request *request_new(int number, phase phase)
{
    request *made = request_of(number);
    if (!made && (made = calloc(1, sizeof *made)))
    {
        made->next = requests;
        requests = made;
    }
    if (!made) return NULL;
    Py_CLEAR(made->object);
    made->python = NULL;
    made->number = number;
    made->phase = phase;
    return made;
}

static void request_free(request *it)
{
    request **link = &requests;
    while (*link && *link != it) link = &(*link)->next;
    if (*link) *link = it->next;
    Py_XDECREF(it->object);
    free(it);
}

static protocol *protocol_of(const char *text)
{
    protocol *known = protocols;
    size_t length = text ? strcspn(text, ":") : 0;
    while (known && !(strlen(known->c.url_scheme) == length && strncmp(known->c.url_scheme, text, length) == 0)) known = known->next;
    return known;
}

/* The Python object of a struct, held. */
static PyObject *hold(const char *type, void *pointer)
{
    PyObject *object = gl_object_known(gl_type_named(type), pointer);
    if (object == Py_None) Py_CLEAR(object);
    return object;
}

/* ---- requests: what C calls ----------------------------------------------------------------------------------------------------- */

static void fail_block(request *it)
{
    int number = it->number;
    globus_byte_t *bytes = it->bytes;
    bool sends = it->phase == SENDING;
    it->phase = IDLE;
    Py_BEGIN_ALLOW_THREADS
    if (sends) globus_gass_transfer_proto_send_complete(number, bytes, 0, GLOBUS_TRUE, GLOBUS_TRUE);
    else globus_gass_transfer_proto_receive_complete(number, bytes, 0, GLOBUS_TRUE, GLOBUS_TRUE);
    Py_END_ALLOW_THREADS
}

static void block_comes(request *it, phase phase, globus_byte_t *bytes, size_t length)
{
    it->phase = phase;
    it->bytes = bytes;
    it->length = length;
}

static void on_send(request_proto *proto, int number, globus_byte_t *bytes, globus_size_t length, globus_bool_t last_data)
{
    request *it = (request *)proto;
    PyGILState_STATE state = PyGILState_Ensure();
    block_comes(it, SENDING, bytes, length);
    request_proto *python = it->python;
    globus_gass_transfer_proto_send_t function = python->send_buffer;
    if (!function) fail_block(it);
    PyGILState_Release(state);
    if (function) function(python, number, bytes, length, last_data);
}

static void on_receive(request_proto *proto, int number, globus_byte_t *bytes, globus_size_t length, globus_size_t wait_for)
{
    request *it = (request *)proto;
    PyGILState_STATE state = PyGILState_Ensure();
    block_comes(it, RECEIVING, bytes, length);
    request_proto *python = it->python;
    globus_gass_transfer_proto_receive_t function = python->recv_buffer;
    if (!function) fail_block(it);
    PyGILState_Release(state);
    if (function) function(python, number, bytes, length, wait_for);
}

static void pass_on(request_proto *python, int number, globus_gass_transfer_proto_func_t function)
{
    ++inside;
    if (function) function(python, number);
    --inside;
}

static void on_fail(request_proto *proto, int number)
{
    pass_on(((request *)proto)->python, number, ((request *)proto)->python->fail);
}

static void on_deny(request_proto *proto, int number)
{
    pass_on(((request *)proto)->python, number, ((request *)proto)->python->deny);
}

static void on_refer(request_proto *proto, int number)
{
    pass_on(((request *)proto)->python, number, ((request *)proto)->python->refer);
}

/* C does not hold its lock here. */
static void on_authorize(request_proto *proto, int number)
{
    request *it = (request *)proto;
    it->phase = AUTHORIZED;
    it->python->authorize(it->python, number);
}

static void on_destroy(request_proto *proto, int number)
{
    request *it = (request *)proto;
    pass_on(it->python, number, it->python->destroy);
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    request_free(it);
    gl_callback_end(state);
}

/* C calls what is there, and has an answer of its own where nothing is. */
static bool set_up(request *it, request_proto *python)
{
    if (!(it->object = hold("globus_gass_transfer_request_proto_t", python))) return false;
    it->python = python;
    it->c = (request_proto){on_send, on_receive, on_fail, python->deny ? on_deny : NULL, python->refer ? on_refer : NULL,
                            python->authorize ? on_authorize : NULL, on_destroy};
    return true;
}

/* ---- listeners: what C calls ----------------------------------------------------------------------------------------------------- */

static void on_listener(listener_proto *proto, int number, globus_gass_transfer_proto_listener_t function)
{
    ++inside;
    if (function) function(((listener *)proto)->python, number);
    --inside;
}

static void on_close(listener_proto *proto, int number)
{
    on_listener(proto, number, ((listener *)proto)->python->close_listener);
}

static void on_listen(listener_proto *proto, int number)
{
    ((listener *)proto)->waits = true;
    on_listener(proto, number, ((listener *)proto)->python->listen);
}

static void on_accept(listener_proto *proto, int number, int request_number, globus_gass_transfer_requestattr_t *attr)
{
    listener *it = (listener *)proto;
    PyGILState_STATE state = PyGILState_Ensure();
    it->accepts = request_new(request_number, ACCEPTED) != NULL;
    PyGILState_Release(state);
    ++inside;
    if (it->python->accept) it->python->accept(it->python, number, request_number, attr);
    --inside;
}

static void on_listener_destroy(listener_proto *proto, int number)
{
    listener *it = (listener *)proto;
    on_listener(proto, number, it->python->destroy);
    PyGILState_STATE state;
    if (!gl_callback_begin(&state)) return;
    listener **link = &listeners;
    while (*link && *link != it) link = &(*link)->next;
    if (*link) *link = it->next;
    Py_XDECREF(it->object);
    free(it);
    gl_callback_end(state);
}

/* ---- protocols: what C calls ------------------------------------------------------------------------------------------------------- */

static globus_object_t *new_attr(const char *scheme, size_t member)
{
    PyGILState_STATE state = PyGILState_Ensure();
    const protocol *known = protocol_of(scheme);
    globus_gass_transfer_proto_new_attr_t function = known
        ? *(globus_gass_transfer_proto_new_attr_t *)((char *)known->python + member) : NULL;
    PyGILState_Release(state);
    ++inside;
    globus_object_t *made = function ? function((char *)scheme) : NULL;
    --inside;
    return made;
}

static globus_object_t *new_requestattr(char *scheme)
{
    return new_attr(scheme, offsetof(descriptor, new_requestattr));
}

static globus_object_t *new_listenerattr(char *scheme)
{
    return new_attr(scheme, offsetof(descriptor, new_listenerattr));
}

static void new_request(int number, globus_gass_transfer_requestattr_t *attr)
{
    PyGILState_STATE state = PyGILState_Ensure();
    const protocol *known = protocol_of(globus_gass_transfer_request_get_url(number));
    globus_gass_transfer_proto_new_request_t function = known ? known->python->new_request : NULL;
    bool comes = function && request_new(number, ARRIVED);
    PyGILState_Release(state);
    if (comes) function(number, attr);
    else globus_gass_transfer_proto_request_denied(number, GLOBUS_GASS_TRANSFER_ERROR_NOT_IMPLEMENTED, NULL);
}

/* Takes over the struct that Python has made for a new listener. */
static int listener_made(int number, listener_proto **proto)
{
    PyGILState_STATE state = PyGILState_Ensure();
    listener *made = *proto ? calloc(1, sizeof *made) : NULL;
    if (made && (made->object = hold("globus_gass_transfer_listener_proto_t", *proto)))
    {
        made->python = *proto;
        made->number = number;
        made->c = (listener_proto){on_close, on_listen, on_accept, on_listener_destroy};
        made->next = listeners;
        listeners = made;
        *proto = &made->c;
    }
    else
    {
        free(made);
        made = NULL;
    }
    PyGILState_Release(state);
    return made ? GLOBUS_SUCCESS : GLOBUS_GASS_TRANSFER_ERROR_INTERNAL_ERROR;
}

static int new_listener(int number, globus_gass_transfer_listenerattr_t *attr, char *scheme, char **base_url, listener_proto **proto)
{
    PyGILState_STATE state = PyGILState_Ensure();
    const protocol *known = protocol_of(scheme);
    globus_gass_transfer_proto_create_listener_t function = known ? known->python->new_listener : NULL;
    PyGILState_Release(state);
    if (!function) return GLOBUS_GASS_TRANSFER_ERROR_NOT_IMPLEMENTED;
    ++inside;
    int rc = function(number, attr, scheme, base_url, proto);
    --inside;
    return rc ? rc : listener_made(number, proto);
}

/* ---- registration -------------------------------------------------------------------------------------------------------------------- */

int gl_adapt_globus_gass_transfer_proto_register_protocol(descriptor *proto_desc)
{
    if (!proto_desc->url_scheme || !*proto_desc->url_scheme) return GLOBUS_GASS_TRANSFER_ERROR_BAD_URL;
    PyGILState_STATE state = PyGILState_Ensure();
    protocol *made = calloc(1, sizeof *made);
    if (made) made->object = hold("globus_gass_transfer_proto_descriptor_t", proto_desc);
    if (made && made->object)
    {
        made->python = proto_desc;
        made->c = (descriptor){
            strdup(proto_desc->url_scheme), proto_desc->new_requestattr ? new_requestattr : NULL, new_request,
            proto_desc->new_listenerattr ? new_listenerattr : NULL, proto_desc->new_listener ? new_listener : NULL};
        made->next = protocols;
    }
    PyGILState_Release(state);
    int rc = made && made->object ? globus_gass_transfer_proto_register_protocol(&made->c) : GLOBUS_GASS_TRANSFER_ERROR_MALLOC_FAILED;
    state = PyGILState_Ensure();
    if (!rc) protocols = made;
    else if (made)
    {
        Py_XDECREF(made->object);
        free(made->c.url_scheme);
        free(made);
    }
    PyGILState_Release(state);
    return rc;
}

int gl_adapt_globus_gass_transfer_proto_unregister_protocol(descriptor *proto_desc)
{
    PyGILState_STATE state = PyGILState_Ensure();
    protocol **link = &protocols;
    while (*link && (*link)->python != proto_desc) link = &(*link)->next;
    protocol *known = *link;
    int rc = known ? globus_gass_transfer_proto_unregister_protocol(&known->c) : GLOBUS_GASS_TRANSFER_ERROR_INVALID_USE;
    if (!rc)
    {
        *link = known->next;
        Py_DECREF(known->object);
        free(known->c.url_scheme);
        free(known);
    }
    PyGILState_Release(state);
    return rc;
}

/* ---- what a protocol tells C ------------------------------------------------------------------------------------------------------------ */

static void refuse(const char *function, const char *reason)
{
    PyErr_Format(PyExc_ValueError, "globus_gass_transfer_proto_%s(): %s", function, reason);
}

/* The request, if it is in one of these phases (bits); else an exception, with the GIL. */
static request *expect(const char *function, int number, unsigned phases)
{
    request *it = request_of(number);
    if (!it) refuse(function, "this is no request of a protocol in Python");
    else if (!(phases & 1u << it->phase)) refuse(function, "the request is in another phase: it was answered already, or waits for no block");
    else return it;
    return NULL;
}

void gl_adapt_globus_gass_transfer_proto_request_ready(int number, request_proto *proto)
{
    PyGILState_STATE state = PyGILState_Ensure();
    request *it = expect("request_ready", number, 1u << ARRIVED | 1u << AUTHORIZED);
    if (it && it->phase == AUTHORIZED && it->python != proto)
    {
        refuse("request_ready", "the request was accepted with another struct");
        it = NULL;
    }
    if (it && it->phase == ARRIVED && !set_up(it, proto)) it = NULL;
    if (it) it->phase = IDLE;
    request_proto *c = it ? &it->c : NULL;
    PyGILState_Release(state);
    if (c) globus_gass_transfer_proto_request_ready(number, c);
}

void gl_adapt_globus_gass_transfer_proto_request_denied(int number, int reason, char *message)
{
    PyGILState_STATE state = PyGILState_Ensure();
    request *it = expect("request_denied", number, 1u << ARRIVED);
    if (it) request_free(it);
    PyGILState_Release(state);
    if (it) globus_gass_transfer_proto_request_denied(number, reason, message ? strdup(message) : NULL);
}

void gl_adapt_globus_gass_transfer_proto_request_referred(int number, char **url, globus_size_t num_urls)
{
    PyGILState_STATE state = PyGILState_Ensure();
    request *it = expect("request_referred", number, 1u << ARRIVED);
    if (it) request_free(it);
    PyGILState_Release(state);
    if (!it) return;
    char **copies = calloc(num_urls + 1, sizeof *copies);
    for (globus_size_t i = 0; copies && i < num_urls; ++i) copies[i] = strdup(url[i]);
    globus_gass_transfer_proto_request_referred(number, copies, copies ? num_urls : 0);
}

void gl_adapt_globus_gass_transfer_proto_new_listener_request(int listener_number, int number, request_proto *proto)
{
    PyGILState_STATE state = PyGILState_Ensure();
    listener *at = listener_of(listener_number);
    request *it = at && at->accepts ? expect("new_listener_request", number, 1u << ACCEPTED) : NULL;
    if (!at || !at->accepts) refuse("new_listener_request", "this listener accepts no request now");
    bool has_type = globus_gass_transfer_request_get_type(number) != GLOBUS_GASS_TRANSFER_REQUEST_TYPE_INVALID;
    if (it && proto && !has_type)
    {
        refuse("new_listener_request", "the request has no type: call globus_gass_transfer_request_set_type() first");
        it = NULL;
    }
    if (it && proto && !set_up(it, proto)) it = NULL;
    request_proto *c = it && proto ? &it->c : NULL;
    bool told = it;
    if (it)
    {
        at->accepts = false;
        it->phase = WAITING;
        if (!proto) request_free(it);
    }
    PyGILState_Release(state);
    if (told) globus_gass_transfer_proto_new_listener_request(listener_number, number, c);
}

/* A block is done. What was received is copied to where C wants it. */
static bool complete(const char *function, int number, phase phase, const globus_byte_t *bytes, size_t count)
{
    PyGILState_STATE state = PyGILState_Ensure();
    request *it = expect(function, number, 1u << phase);
    if (it && count > it->length)
    {
        refuse(function, "these are more bytes than the block has");
        it = NULL;
    }
    if (it && phase == RECEIVING && count) memmove(it->bytes, bytes, count);
    if (it) it->phase = IDLE;
    PyGILState_Release(state);
    return it;
}

void gl_adapt_globus_gass_transfer_proto_send_complete(
    int number, globus_byte_t *bytes, globus_size_t nbytes, globus_bool_t failed, globus_bool_t last_data)
{
    if (complete("send_complete", number, SENDING, bytes, nbytes))
        globus_gass_transfer_proto_send_complete(number, bytes, nbytes, failed, last_data || failed);
}

void gl_adapt_globus_gass_transfer_proto_receive_complete(
    int number, globus_byte_t *bytes, globus_size_t nbytes, globus_bool_t failed, globus_bool_t last_data)
{
    if (complete("receive_complete", number, RECEIVING, bytes, nbytes))
        globus_gass_transfer_proto_receive_complete(number, bytes, nbytes, failed, last_data || failed);
}

void gl_adapt_globus_gass_transfer_proto_listener_ready(int number)
{
    PyGILState_STATE state = PyGILState_Ensure();
    listener *at = listener_of(number);
    bool waits = at && at->waits;
    if (waits) at->waits = false;
    else refuse("listener_ready", "this is no listener of a protocol in Python that waits");
    PyGILState_Release(state);
    if (waits) globus_gass_transfer_proto_listener_ready(number);
}
