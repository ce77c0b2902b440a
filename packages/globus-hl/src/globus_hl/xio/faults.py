"""From XIO's errors to the exceptions of :mod:`globus_hl.errors`."""

from __future__ import annotations

import errno
import os

from globus_lowlevel import GlobusError

from ..errors import ConnectError, ConnectionLostError, ConnectRefusedError, GridError, HostNotFoundError

__all__ = ["LOST", "connection_fault", "innermost", "is_end_of_file", "is_name_lookup"]

LOST = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN}
"""Errors of a connection that was there."""


def connection_fault(error: GlobusError, message: str, url: str) -> GridError:
    """The error for a connection that did not come about, or broke.

    Args:
        message: "could not ...".
    """
    number = error.errno
    if number == errno.ECONNREFUSED:
        kind: type[GridError] = ConnectRefusedError
    elif number in LOST or is_end_of_file(error):
        kind = ConnectionLostError
    elif number is None and is_name_lookup(error):
        kind = HostNotFoundError
    else:
        kind = ConnectError
    if number is not None:
        reason = os.strerror(number)
    elif kind is ConnectionLostError:
        reason = "the connection was closed by the server"
    else:
        reason = innermost(error)
    return kind(f"{message}: {reason}", url=url, errno=number)


def is_end_of_file(error: GlobusError) -> bool:
    """Whether the other end has closed the connection in good order."""
    return any(cause.type_name == "GLOBUS_XIO_ERROR_EOF" for cause in error.chain)


def is_name_lookup(error: GlobusError) -> bool:
    """Whether a host name has no address."""
    return any(cause.function == "globus_libc_getaddrinfo" for cause in error.chain)


def innermost(error: GlobusError) -> str:
    """The first cause, on one line."""
    messages = [cause.message.strip() for cause in error.chain if cause.message.strip()]
    return " ".join(messages[-1].split()) if messages else str(error)
