/* STACK_OF(CONF_VALUE): the lines of an extension's text, as (name, value) pairs; and why OpenSSL refuses. */
#include "gl.h"
#include "gl_openssl.h"
#include "gsi_proxy_ssl_adapters.h"

#include <openssl/err.h>

static void free_values(STACK_OF(CONF_VALUE) *values)
{
    sk_CONF_VALUE_pop_free(values, X509V3_conf_free);
}

PyObject *gl_conf_values_to_python(const void *address)
{
    const STACK_OF(CONF_VALUE) *values = *(STACK_OF(CONF_VALUE) *const *)address;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < sk_CONF_VALUE_num(values); ++i)
    {
        const CONF_VALUE *value = sk_CONF_VALUE_value(values, i);
        PyObject *name = gl_string_to_python(value->name), *text = name ? gl_string_to_python(value->value) : NULL;
        PyObject *pair = text ? PyTuple_Pack(2, name, text) : NULL;
        if (!pair || PyList_Append(list, pair) < 0) Py_CLEAR(list);
        Py_XDECREF(pair);
        Py_XDECREF(text);
        Py_XDECREF(name);
    }
    return list;
}

static int add_pair(STACK_OF(CONF_VALUE) **values, PyObject *pair)
{
    const char *name, *value;
    if (!PyTuple_Check(pair)) return PyErr_SetString(PyExc_TypeError, "a line is a tuple (name, value)"), -1;
    if (!PyArg_ParseTuple(pair, "zz;a line is a tuple (name, value)", &name, &value)) return -1;
    return X509V3_add_value(name, value, values) ? 0 : (PyErr_NoMemory(), -1);
}

static void release(void *values)
{
    free_values(values);
}

/* C adds to it: the call's own, freed when that ends. */
int gl_conf_values_from_python(gl_call *call, PyObject *object, void *address)
{
    Py_ssize_t count = object == Py_None ? 0 : PySequence_Size(object);
    STACK_OF(CONF_VALUE) *values = sk_CONF_VALUE_new_null();
    if (!values) return PyErr_NoMemory(), -1;
    int status = count < 0 ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < count; ++i)
    {
        PyObject *pair = PySequence_GetItem(object, i);
        status = pair ? add_pair(&values, pair) : -1;
        Py_XDECREF(pair);
    }
    if (status < 0) return free_values(values), -1;
    *(void **)address = values;
    return gl_openssl_hold(call, values, release);
}

void gl_conf_values_release(void *address)
{
    free_values(*(STACK_OF(CONF_VALUE) **)address);
}

PyObject *gl_proxy_ssl_failure(const gl_function *function, long long status)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return gl_error_from_text("gsi_proxy_ssl", (int)status, reason ? reason : "the value is malformed, or incomplete", 0,
                              function->name);
}
