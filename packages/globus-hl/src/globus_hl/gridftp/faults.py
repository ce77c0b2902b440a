"""From the library's error chains to the exceptions of :mod:`globus_hl.errors`."""

from __future__ import annotations

import errno
import os

from globus_lowlevel import GlobusError, ftp_client

from ..errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    ConnectRefusedError,
    DataChannelError,
    GridError,
    HostNotFoundError,
    LoginRefusedError,
    ServerError,
    UnsupportedError,
)
from ..xio.faults import LOST, innermost, is_end_of_file, is_name_lookup
from .credentials import Credential
from .replies import Reply, error_class, reply_of
from .security_faults import credential_fault, handshake_fault, refused_handshake
from .url import GridFTPURL

__all__ = ["is_undecided", "login_error", "meets_closing", "operation_error"]

_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ETIMEDOUT, errno.EHOSTDOWN}


def login_error(error: GlobusError, url: GridFTPURL, credential: Credential | None) -> GridError:
    """The error for a connection to the server of `url` that did not come about.

    Args:
        credential: what was tried to log in with; None for what the library finds.
    """
    server = str(url.with_path("/"))
    doing = f"could not log in to {url.host}:{url.port}"
    reply = reply_of(error)
    secured = url.scheme == "gsiftp" and (reply or handshake_fault(error, doing, server))
    if secured and (fault := credential_fault(credential)) is not None:
        fault.message = f"{doing}: {fault.message}"
        fault.url = server
        return fault
    if reply is not None:
        refused = refused_handshake(reply.text, doing, server, reply.code)
        if refused is not None:
            return refused
        kind, _ = error_class(reply)
        if reply.code // 100 == 5 and not issubclass(kind, AuthenticationError | ConnectError):
            kind = LoginRefusedError
        return kind(f"{doing}: {reply.summary}", url=server, reply_code=reply.code, reply=reply.text)
    if (failure := handshake_fault(error, doing, server)) is not None:
        return failure
    return _connection_error(error, f"could not connect to {url.host}:{url.port}", server)


def meets_closing(error: Exception) -> bool:
    """Whether the library was still closing the data connection of what went before, and refused the next one, or closed
    that in its place: then the server misses our end of the handshake. It tells so in words only."""
    if not isinstance(error, GlobusError):
        return False
    reply = reply_of(error)
    if reply is not None:
        return all(
            words in reply.text for words in ("secure connection", "handshake", "end of file occurred")
        )
    return any(
        cause.module == "globus_ftp_control" and "not in the proper state CLOSING" in cause.message
        for cause in error.chain
    )


def operation_error(error: Exception, url: GridFTPURL, doing: str, refusal: Reply | None) -> GridError:
    """The error for an operation on `url`.

    Args:
        doing: completes "could not ...".
        refusal: what the server said against it, for when `error` is only that the data connection broke.
    """
    message = f"could not {doing}"
    reply = (reply_of(error) if isinstance(error, GlobusError) else None) or refusal
    if reply is not None:
        kind, number = error_class(reply)
        reason = os.strerror(number) if number is not None else reply.summary
        return kind(
            f"{message}: {reason}", url=str(url), reply_code=reply.code, reply=reply.text, errno=number
        )
    if not isinstance(error, GlobusError):
        return ConnectionLostError(f"{message}: {error}", url=str(url))
    if error.module == "globus_ftp_client" and error.code == ftp_client.GLOBUS_FTP_CLIENT_ERROR_FEATURE:
        return UnsupportedError(f"{message}: {innermost(error)}", url=str(url))
    if (failure := handshake_fault(error, message, str(url))) is not None:
        return failure
    return _connection_error(error, message, str(url))


def is_undecided(failure: GridError) -> bool:
    """Whether the server said no, and nothing in its reply says why."""
    return type(failure) is ServerError


def _connection_error(error: GlobusError, message: str, url: str) -> GridError:
    number = error.errno
    kind: type[GridError] = ConnectError
    if number == errno.ECONNREFUSED:
        kind = ConnectRefusedError
    elif number in LOST or is_end_of_file(error):
        kind = ConnectionLostError
        reason = "the connection was closed by the server" if number is None else os.strerror(number)
        return kind(f"{message}: {reason}", url=url, errno=number)
    elif number is None and is_name_lookup(error):
        kind = HostNotFoundError
    elif number is None or number not in _UNREACHABLE:
        kind = DataChannelError if error.module == "globus_ftp_control" else ConnectError
    reason = innermost(error) if number is None else os.strerror(number)
    return kind(f"{message}: {reason}", url=url, errno=number)
