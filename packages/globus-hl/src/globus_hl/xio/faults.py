"""From XIO's errors to the exceptions of :mod:`globus_hl.errors`."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Any

from globus_lowlevel import GlobusError, common, gssapi_error, xio_drivers

from ..errors import (
    OF_FILES,
    ConnectError,
    ConnectionLostError,
    ConnectRefusedError,
    GridError,
    HostNotFoundError,
)
from .errors import CanceledError

__all__ = [
    "LOST",
    "connection_fault",
    "innermost",
    "is_canceled",
    "is_end_of_file",
    "is_name_lookup",
    "operation_fault",
]

_GSI, _GSSAPI = "globus_xio_gsi", "globus_gsi_gssapi"

_FILES = {"globus_xio_file_driver.c", "globus_xio_popen_driver.c"}
"""Where GCT's drivers of files and programs are; errors tell no driver."""

LOST = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN}
"""Errors of a connection that was there."""


def connection_fault(error: GlobusError, message: str, url: str) -> GridError:
    """The error for a connection that did not come about, or broke; or for a file or program.

    Args:
        message: "could not ...".
    """
    number = error.errno
    if number in OF_FILES and any(cause.file in _FILES for cause in error.chain):
        return OF_FILES[number](f"{message}: {os.strerror(number)}", url=url, errno=number, hint="")
    if number == errno.ECONNREFUSED:
        kind: type[GridError] = ConnectRefusedError
    elif number is None and is_name_lookup(error):
        kind = HostNotFoundError
    elif number in LOST or is_end_of_file(error):
        kind = ConnectionLostError
    else:
        kind = ConnectError
    if number is not None:
        reason = os.strerror(number)
    elif kind is ConnectionLostError:
        reason = "the other end closed the connection"
    else:
        reason = innermost(error)
    return kind(f"{message}: {reason}", url=url, errno=number)


def operation_fault(error: GlobusError, message: str, url: str) -> GridError:
    """The error for whatever fails on a stack: `connection_fault`, and what security has to say.

    Args:
        message: "could not ...".
    """
    if is_canceled(error):
        return CanceledError(f"{message}: canceled", url=url)
    if not any(cause.module in (_GSI, _GSSAPI) for cause in error.chain):
        return connection_fault(error, message, url)
    fault = _security_fault(error, message)
    fault.url = url
    return fault


def _security_fault(error: GlobusError, message: str) -> GridError:
    from ..security import errors
    from ..security.causes import handshake_fault

    kinds: dict[int, type[GridError]] = {
        xio_drivers.GLOBUS_XIO_GSI_ERROR_INVALID_PROTECTION_LEVEL: errors.ProtectionNotObtainedError,
        xio_drivers.GLOBUS_XIO_GSI_AUTHORIZATION_FAILED: errors.PeerNameError,
        xio_drivers.GLOBUS_XIO_GSI_ERROR_TOKEN_TOO_BIG: errors.HandshakeError,
    }
    for cause in error.chain:
        if cause.module == _GSI and cause.type in kinds:
            return kinds[cause.type](f"{message}: {innermost(error)}")
    return handshake_fault(_minor_status(error) or error, message)


def _minor_status(error: GlobusError) -> GlobusError | None:
    """What GSI itself found wrong, with its codes: the driver keeps it in an error of the GSS-API."""
    found: Any = common.globus_error_get(error)
    while found is not None:
        with contextlib.suppress(GlobusError):  # one of another kind
            gssapi_error.globus_error_gssapi_get_major_status(found)
            minor: GlobusError | None = gssapi_error.globus_error_gssapi_get_minor_status(found)
            return minor
        found = common.globus_error_get_cause(found)
    return None


def is_canceled(error: GlobusError) -> bool:
    """Whether somebody has ended the operation early."""
    return any(cause.type_name == "GLOBUS_XIO_ERROR_CANCELED" for cause in error.chain)


def is_end_of_file(error: GlobusError) -> bool:
    """Whether the other end has closed the connection in good order."""
    return any(cause.type_name == "GLOBUS_XIO_ERROR_EOF" for cause in error.chain)


def is_name_lookup(error: GlobusError) -> bool:
    """Whether a host name has no address."""
    return any(
        cause.function == "globus_libc_getaddrinfo" or cause.message == "getaddrinfo failed"  # as udt says it
        for cause in error.chain
    )


def innermost(error: GlobusError) -> str:
    """The first cause, on one line."""
    messages = [cause.message.strip() for cause in error.chain if cause.message.strip()]
    return " ".join(messages[-1].split()) if messages else str(error)
