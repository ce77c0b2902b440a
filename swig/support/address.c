/* struct sockaddr_storage: as in Python's socket module, (host, port) or (host, port, flow info, scope). */
#include "gl_custom.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

PyObject *gl_sockaddr_to_python(const void *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr *any = address;
    const struct sockaddr_in *v4 = address;
    const struct sockaddr_in6 *v6 = address;
    switch (any->sa_family)
    {
        case AF_INET:
            inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
            return Py_BuildValue("(si)", text, (int)ntohs(v4->sin_port));
        case AF_INET6:
            inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
            return Py_BuildValue("(siII)", text, (int)ntohs(v6->sin6_port), ntohl(v6->sin6_flowinfo), v6->sin6_scope_id);
        case AF_UNSPEC: Py_RETURN_NONE;
        default: return PyBytes_FromStringAndSize(address, sizeof(struct sockaddr_storage));
    }
}

int gl_sockaddr_from_python(gl_call *call, PyObject *object, void *address)
{
    const char *host;
    int port;
    unsigned flow = 0, scope = 0;
    struct sockaddr_in *v4 = address;
    struct sockaddr_in6 *v6 = address;
    memset(address, 0, sizeof(struct sockaddr_storage));
    if (!PyTuple_Check(object)) return gl_bad_argument(call, -1, "an address: (host, port)", object);
    if (!PyArg_ParseTuple(object, "si|II;an address is (host, port) or (host, port, flow info, scope)", &host, &port, &flow, &scope))
        return -1;
    if (port < 0 || port > 65535)
    {
        PyErr_Format(PyExc_ValueError, "%d is no port", port);
        return -1;
    }
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
    {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
    {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        v6->sin6_flowinfo = htonl(flow);
        v6->sin6_scope_id = scope;
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "%s is no IP address: look the name up first", host);
    return -1;
}

void gl_sockaddr_release(void *address)
{
    (void)address;
}

PyObject *gl_sockaddr_pointer_to_python(const void *address)
{
    const void *pointed = *(const void *const *)address;
    if (!pointed) Py_RETURN_NONE;
    return gl_sockaddr_to_python(pointed);
}

int gl_sockaddr_pointer_from_python(gl_call *call, PyObject *object, void *address)
{
    *(void **)address = NULL;
    return object == Py_None ? 0 : gl_bad_argument(call, -1, "None: it can only be read", object);
}

void gl_sockaddr_pointer_release(void *address)
{
    (void)address;
}
