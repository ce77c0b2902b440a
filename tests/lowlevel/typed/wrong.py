"""Mistakes that a type checker must find: one in each line that names its mypy error code."""

from globus_lowlevel import common, ftp_client, gssapi, xio


def print_nothing(argument: object) -> None: ...


def mistakes(handle: ftp_client.globus_ftp_client_handle_t, stack: xio.globus_xio_stack_t) -> None:
    xio.globus_xio_handle_create(handle)  # arg-type
    xio.globus_xio_handle_create(None)  # arg-type
    xio.globus_xio_handle_create(stack=stack)  # call-arg
    xio.globus_xio_handle_create(stack, stack)  # call-arg
    xio.globus_xio_handle_t()  # call-arg
    xio.globus_xio_write(xio.globus_xio_handle_create(stack), "text", 1, None)  # arg-type
    ftp_client.globus_ftp_client_get(handle, 7, None, None, print, None)  # arg-type
    ftp_client.globus_ftp_client_get(handle, "ftp://host/a", None, None, None, None)  # arg-type
    ftp_client.globus_ftp_client_get(handle, "ftp://host/a", None, None, print_nothing, None)  # arg-type
    ftp_client.globus_ftp_client_get(handle, "ftp://host/a", None, None, print)  # call-arg
    ftp_client.globus_ftp_client_size(handle, "ftp://host/a", None, print, None) + 1  # operator
    ftp_client.GLOBUS_FTP_CLIENT_TRUE = ftp_client.GLOBUS_FTP_CLIENT_TRUE  # misc
    gssapi.GSS_C_MUTUAL_FLAG = 3  # misc
    common.globus_callback_space_register_oneshot("soon", print, None, 0)  # arg-type
    xio.globus_xio_no_such_function()  # attr-defined
