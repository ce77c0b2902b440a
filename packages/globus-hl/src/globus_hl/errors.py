"""What can go wrong on a grid, as exceptions.

Every class is a :class:`GridError` and, where Python has a word for it, the built-in exception as well, so
that code written for local files works unchanged::

    try:
        client.get("gsiftp://host/data/a", "a")
    except FileNotFoundError as error:      # errors.NotFoundError
        print(error.url, error.reply_code)

The decision is made on codes: the three digits of a server's reply, the error codes that GridFTP servers put
into it, and the error types of the Globus libraries. The library's own error is the ``__cause__``.
"""

from __future__ import annotations

import errno as _errno
from collections.abc import Callable
from typing import Any, ClassVar

__all__ = [
    "AuthenticationError",
    "AuthorizationError",
    "ClosedError",
    "ConnectError",
    "ConnectRefusedError",
    "ConnectionLostError",
    "CredentialError",
    "CredentialExpiredError",
    "DataChannelError",
    "DirectoryNotEmptyError",
    "ExistsError",
    "GridError",
    "HostNotFoundError",
    "IsDirectoryError",
    "LoginRefusedError",
    "NoCredentialError",
    "NoSpaceError",
    "NotDirectoryError",
    "NotFoundError",
    "OperationTimeoutError",
    "PermissionDeniedError",
    "ProtectionError",
    "ServerError",
    "ServerIdentityError",
    "UnsupportedError",
    "UntrustedCAError",
]


class GridError(Exception):
    """Base of all errors of the package.

    ``str()`` is one line for people: what happened, to which object, and what to do about it.

    Attributes:
        message: what happened, without the hint.
        url: the URL it happened to, without its password, or None.
        reply_code: the three digits of the server's reply (RFC 959), or None if no reply decided it.
        reply: the lines of that reply, or "".
        hint: what to do next, or "".
        errno: the ``errno`` value that fits, or None.
    """

    default_errno: ClassVar[int | None] = None
    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        url: str | None = None,
        reply_code: int | None = None,
        reply: str = "",
        hint: str | None = None,
        errno: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.url = url
        self.reply_code = reply_code
        self.reply = reply
        self.hint = self.default_hint if hint is None else hint
        self.errno = self.default_errno if errno is None else errno
        fill_os_error(self, message, url)

    def __str__(self) -> str:
        text = self.message
        if self.url is not None and self.url not in text:
            text = f"{self.url}: {text}"
        return f"{text}; {self.hint}" if self.hint else text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Callable[..., GridError], tuple[Any, ...]]:
        fields = {name: getattr(self, name) for name in ("url", "reply_code", "reply", "hint", "errno")}
        return _rebuild, (type(self), self.message, fields, self.__cause__)


def fill_os_error(error: BaseException, message: str, filename: str | None) -> None:
    """Set what an :class:`OSError` has besides, if `error` is one: in a method, type checkers take it for everybody's."""
    if isinstance(error, OSError):
        error.strerror = message
        error.filename = filename


def _rebuild(
    kind: type[GridError], message: str, fields: dict[str, Any], cause: BaseException | None
) -> GridError:
    error = kind(message, **fields)
    error.__cause__ = cause
    return error


# ---- the server said no --------------------------------------------------------------------------


class ServerError(GridError, OSError):
    """The server refused or failed, and no class below fits; `reply` is what it said."""

    default_errno = _errno.EREMOTEIO


class NotFoundError(ServerError, FileNotFoundError):
    """There is no such file or directory."""

    default_errno = _errno.ENOENT


class PermissionDeniedError(ServerError, PermissionError):
    """The account the server logged us in to may not do this, or the server does not serve this path."""

    default_errno = _errno.EACCES


class ExistsError(ServerError, FileExistsError):
    """The name is taken."""

    default_errno = _errno.EEXIST


class IsDirectoryError(ServerError, IsADirectoryError):
    """It is a directory, and a file is needed."""

    default_errno = _errno.EISDIR


class NotDirectoryError(ServerError, NotADirectoryError):
    """It is a file, and a directory is needed."""

    default_errno = _errno.ENOTDIR


class DirectoryNotEmptyError(ServerError):
    """The directory still has entries."""

    default_errno = _errno.ENOTEMPTY


class NoSpaceError(ServerError):
    """The file system of the server is full, or the quota is used up (``errno`` tells which)."""

    default_errno = _errno.ENOSPC
    default_hint = "free some space on the server, or ask its administrator for more"


class UnsupportedError(ServerError, NotImplementedError):
    """The server does not know this command or option, or its administrator has switched it off."""

    default_errno = _errno.EOPNOTSUPP


OF_FILES: dict[int, type[ServerError]] = {
    _errno.ENOENT: NotFoundError,
    _errno.EACCES: PermissionDeniedError,
    _errno.EPERM: PermissionDeniedError,
    _errno.EROFS: PermissionDeniedError,
    _errno.EEXIST: ExistsError,
    _errno.EISDIR: IsDirectoryError,
    _errno.ENOTDIR: NotDirectoryError,
    _errno.ENOTEMPTY: DirectoryNotEmptyError,
    _errno.ENOSPC: NoSpaceError,
    _errno.EDQUOT: NoSpaceError,
    _errno.EFBIG: NoSpaceError,
}
"""What the system's errors of files and directories mean."""


# ---- the way to the server -----------------------------------------------------------------------


class ConnectError(GridError, ConnectionError):
    """No connection to the server could be made."""

    default_errno = _errno.ENOTCONN


class ConnectRefusedError(ConnectError, ConnectionRefusedError):
    """Nothing listens there."""

    default_errno = _errno.ECONNREFUSED
    default_hint = "check host and port, and whether the server runs"


class HostNotFoundError(ConnectError):
    """The host name has no address."""

    default_errno = _errno.EHOSTUNREACH
    default_hint = "check the spelling of the host name, and the name service of this machine"


class ConnectionLostError(ConnectError, ConnectionResetError):
    """The server or the network ended a connection in the middle of things."""

    default_errno = _errno.ECONNRESET
    default_hint = "try again; the log of the other end may say why"


class DataChannelError(ConnectError):
    """The control channel works, but the connection that carries the data could not be made or broke."""

    default_errno = _errno.ECONNABORTED
    default_hint = "a firewall may block the data port range of the server"


class OperationTimeoutError(GridError, TimeoutError):
    """A deadline passed, and the operation was aborted."""

    default_errno = _errno.ETIMEDOUT


class ClosedError(GridError, ValueError):
    """The client or file was closed before."""


# ---- who is who ----------------------------------------------------------------------------------


class AuthenticationError(GridError, PermissionError):
    """Client and server could not convince each other of who they are."""

    default_errno = _errno.EACCES


class CredentialError(AuthenticationError):
    """The user's own credential cannot be used."""


class NoCredentialError(CredentialError):
    """There is no credential."""

    default_hint = "make a proxy with grid-proxy-init, or pass credential="


class CredentialExpiredError(CredentialError):
    """The user's credential has expired."""

    default_hint = "make a new proxy with grid-proxy-init"


class UntrustedCAError(AuthenticationError):
    """A certificate was issued by an authority that is not trusted."""

    default_hint = (
        "install that authority's certificate and signing policy in the trust directory (X509_CERT_DIR)"
    )


class ServerIdentityError(AuthenticationError):
    """The server's certificate is genuine, but it is not that of the host we wanted."""

    default_hint = (
        "use the host name of the certificate, or pass server_subject= if this certificate is right"
    )


class AuthorizationError(GridError, PermissionError):
    """The server knows who we are, and does not let us in."""

    default_errno = _errno.EACCES


class LoginRefusedError(AuthorizationError):
    """The server refused the login: the identity is not mapped to an account, or the password is wrong."""

    default_hint = "ask the administrator of the server whether your identity is in its grid-mapfile"


class ProtectionError(GridError, PermissionError):
    """The peer does not offer the protection of the data channel that was asked for; nothing was sent."""

    default_errno = _errno.EPROTO
