/* Addresses, and the host names of old. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include "common/common.h"
#include "gl_custom.h"

#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

globus_result_t gl_adapt_globus_libc_getnameinfo(const globus_sockaddr_t *addr, char **hostbuf, char **servbuf, int flags)
{
    *hostbuf = calloc(1, NI_MAXHOST);
    *servbuf = calloc(1, NI_MAXSERV);
    return globus_libc_getnameinfo(addr, *hostbuf, NI_MAXHOST, *servbuf, NI_MAXSERV, flags);
}

globus_result_t gl_adapt_globus_libc_contact_string_to_ints(const char *contact_string, int host[16], int *count, unsigned short *port)
{
    return globus_libc_contact_string_to_ints(contact_string, host, count, port);
}

char *gl_adapt_globus_libc_ints_to_contact_string(int *host, int count, unsigned short port)
{
    if (count == 4 || count == 16) return globus_libc_ints_to_contact_string(host, count, port);
    cm_raise(PyExc_ValueError, "globus_libc_ints_to_contact_string() argument 'host' must have 4 or 16 numbers");
    return NULL;
}

/* ---- struct hostent: (name, aliases, address type, addresses) -------------------------------------------------------- */

static PyObject *addresses_of(const struct hostent *host)
{
    PyObject *list = PyList_New(0);
    for (char **address = host->h_addr_list; list && address && *address; ++address)
    {
        PyObject *bytes = PyBytes_FromStringAndSize(*address, host->h_length);
        if (!bytes || PyList_Append(list, bytes) < 0) Py_CLEAR(list);
        Py_XDECREF(bytes);
    }
    return list;
}

static PyObject *aliases_of(const struct hostent *host)
{
    PyObject *list = PyList_New(0);
    for (char **alias = host->h_aliases; list && alias && *alias; ++alias)
    {
        PyObject *text = gl_string_to_python(*alias);
        if (!text || PyList_Append(list, text) < 0) Py_CLEAR(list);
        Py_XDECREF(text);
    }
    return list;
}

static PyObject *host_of(const struct hostent *host, int error)
{
    if (!host) return gl_raise(gl_error_from_status("common", error ? error : HOST_NOT_FOUND, hstrerror(error))), NULL;
    return Py_BuildValue("(NNiN)", gl_string_to_python(host->h_name), aliases_of(host), host->h_addrtype, addresses_of(host));
}

enum { HOST_ROOM = 8192 };

PyObject *py_globus_libc_gethostbyname_r(PyObject *name)
{
    const char *text;
    struct hostent host, *found;
    char buffer[HOST_ROOM];
    int error = 0;
    PyObject *bytes = cm_text("globus_libc_gethostbyname_r", "name", name, false, &text);
    if (!bytes) return NULL;
    Py_BEGIN_ALLOW_THREADS
    found = globus_libc_gethostbyname_r((char *)text, &host, buffer, sizeof buffer, &error);
    Py_END_ALLOW_THREADS
    Py_DECREF(bytes);
    return host_of(found, error);
}

PyObject *py_globus_libc_gethostbyaddr_r(PyObject *addr, PyObject *type)
{
    long family;
    struct hostent host, *found;
    char buffer[HOST_ROOM];
    Py_buffer view;
    int error = 0;
    if (cm_integer("globus_libc_gethostbyaddr_r", "type", type, 0, 255, &family) < 0) return NULL;
    if (PyObject_GetBuffer(addr, &view, PyBUF_SIMPLE) < 0)
    {
        PyErr_Clear();
        return cm_expected("globus_libc_gethostbyaddr_r", "addr", "a bytes-like object", addr), NULL;
    }
    if (view.len != (family == AF_INET ? 4 : 16) || (family != AF_INET && family != AF_INET6))
    {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_ValueError, "globus_libc_gethostbyaddr_r() takes 4 bytes with AF_INET, 16 with AF_INET6");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    found = globus_libc_gethostbyaddr_r(view.buf, (int)view.len, (int)family, &host, buffer, sizeof buffer, &error);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return host_of(found, error);
}

/* ---- directories --------------------------------------------------------------------------------------------------------- */

/* The next entry as a pair (inode, name); None at the end. */
PyObject *py_globus_libc_readdir_r(PyObject *object)
{
    DIR *directory = cm_handle("globus_libc_readdir_r", "dirp", "DIR", object);
    struct dirent *entry = NULL;
    if (!directory) return NULL;
    int rc;
    errno = 0;
    Py_BEGIN_ALLOW_THREADS
    rc = globus_libc_readdir_r(directory, &entry);
    Py_END_ALLOW_THREADS
    if (!entry && (rc == 0 || errno == 0)) Py_RETURN_NONE;
    if (!entry) return gl_raise(gl_error_from_status("common", rc > 0 ? rc : errno, NULL)), NULL;
    PyObject *pair = Py_BuildValue("(KN)", (unsigned long long)entry->d_ino, gl_string_to_python(entry->d_name));
    free(entry);
    return pair;
}
