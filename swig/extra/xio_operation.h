/* The operations that drivers written in Python have (xio/operation.c). */
#ifndef XIO_OPERATION_H
#define XIO_OPERATION_H

#include <globus_xio_driver.h>

typedef enum
{
    GL_XIO_OPEN = 1, GL_XIO_CLOSE = 2, GL_XIO_READ = 4, GL_XIO_WRITE = 8, GL_XIO_ACCEPT = 16, GL_XIO_SERVER = 32,
    GL_XIO_BEFORE_SERVER = 64, GL_XIO_MADE = 128,     /* by the driver itself */
} gl_xio_kind;

/* Before a driver's function gets an operation, and before it comes back to one that had passed it on. */
void gl_xio_operation_enter(globus_xio_operation_t op, gl_xio_kind kind);
void gl_xio_operation_return(globus_xio_operation_t op, globus_result_t result);

#ifdef GL_H
/* What C gets after a driver's function has run, or after one that is told what became of an operation. */
uint32_t gl_xio_settle_function(PyObject *values, uint32_t failure);
uint32_t gl_xio_settle_callback(PyObject *values, PyObject *registered, uint32_t failure);
uint32_t gl_xio_settle_end(uint32_t failure);
#endif

/* A cancel function is called with a lock that some functions want as well. */
void gl_xio_cancel_begin(void);
void gl_xio_cancel_end(void);

#endif
