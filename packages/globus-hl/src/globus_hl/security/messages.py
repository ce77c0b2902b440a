"""Messages of a context: wrapped ones, and integrity codes of messages that travel by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, gssapi

from ..errors import GridError, UnsupportedError
from .causes import reason
from .errors import ContextExpiredError, ContextStateError, MessageError, ProtectionNotObtainedError
from .records import SIGNED_OVERHEAD, check_message, record_limit

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Messages", "transfer_fault"]

# Looked up once: a message of 1 KiB is protected in the time of some ten look-ups.
_gss_wrap, _gss_unwrap = gssapi.gss_wrap, gssapi.gss_unwrap
_DEFAULT = gssapi.GSS_C_QOP_DEFAULT
_SIGNED = gssapi.GSS_C_QOP_GLOBUS_GSSAPI_OPENSSL_BIG


class Messages:
    """What an established context does. Messages are any bytes-like objects, and are not copied on their way to C."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._established = False
        self._closed = False
        self._failure: BaseException | None = None

    @property
    def established(self) -> bool:
        """Whether the handshake is over, with everything that was asked for."""
        return self._established

    @property
    def _state(self) -> str:
        if self._closed:
            return "was closed"
        if self._failure is not None:
            return f"has failed: {self._failure}"
        return "is established" if self._established else "is not established yet"

    def _check_established(self) -> None:
        if not self._established:
            raise ContextStateError(f"the context {self._state}")

    def _fail(self, error: BaseException) -> None:
        self._failure, self._established, self._handle = error, False, None

    def wrap(self, message: Buffer, *, confidential: bool = True) -> bytes:
        """Protect a message.

        Args:
            message: it may be empty.
            confidential: whether it is encrypted; else it is readable, and changes to it are found.

        Raises:
            ProtectionNotObtainedError: the context cannot encrypt.
            ContextStateError: the context is not established.
            ContextExpiredError: a credential has expired.
        """
        if not self._established:
            self._check_established()
        return self._wrap(message, confidential)

    def _wrap(self, message: Buffer, confidential: bool = True) -> bytes:
        try:
            encrypted, token = _gss_wrap(
                self._handle, confidential, _DEFAULT if confidential else _SIGNED, message
            )
        except GlobusError as error:
            raise _fault(error, "protect a message") from error
        if confidential and not encrypted:
            raise ProtectionNotObtainedError(
                "the context cannot encrypt: its cipher only protects against changes",
                missing=gssapi.GSS_C_CONF_FLAG,
            )
        wrapped: bytes = token
        return wrapped

    def unwrap(self, token: Buffer, *, confidential: bool = False) -> bytes:
        """The message that the peer's `wrap` protected.

        Args:
            token: exactly what `wrap` gave: one token, or several one after the other.
            confidential: refuse a message that was not encrypted.

        Raises:
            MessageError: it is damaged, forged, repeated, out of sequence, or none. The connection cannot be trusted
                then.
            ProtectionNotObtainedError: it was not encrypted.
            ContextStateError: the context is not established.
        """
        if not self._established:
            self._check_established()
        return self._unwrap(token, confidential)

    def _unwrap(self, token: Buffer, confidential: bool = False) -> bytes:
        check_message(token if type(token) is bytes else memoryview(token).cast("B"))
        try:
            message, encrypted, _qop = _gss_unwrap(self._handle, token)
        except GlobusError as error:
            raise _fault(error, "read a message") from error
        if confidential and not encrypted:
            raise ProtectionNotObtainedError("the message was not encrypted", missing=gssapi.GSS_C_CONF_FLAG)
        plain: bytes = message
        return plain

    def get_mic(self, message: Buffer) -> bytes:
        """The integrity code of a message that is sent by itself.

        Raises:
            ContextStateError: the context is not established.
            ContextExpiredError: a credential has expired.
        """
        self._check_established()
        try:
            code: bytes = gssapi.gss_get_mic(self._handle, gssapi.GSS_C_QOP_DEFAULT, message)
        except GlobusError as error:
            raise _fault(error, "make an integrity code") from error
        return code

    def verify_mic(self, message: Buffer, code: Buffer) -> None:
        """Check a message with the code that the peer's `get_mic` made for it.

        Raises:
            MessageError: message or code was changed, or comes again, or out of sequence.
            ContextStateError: the context is not established.
        """
        self._check_established()
        try:
            gssapi.gss_verify_mic(self._handle, message, code)
        except GlobusError as error:
            raise _fault(error, "verify an integrity code") from error

    def size_limit(self, size: int, *, confidential: bool = True) -> int:
        """How long a message may be, so that `wrap` makes no more than `size` bytes of it; 0 if none fits.

        ``gss_wrap_size_limit`` reserves more than a KiB for each 16 KiB, and too little for messages that are only
        signed.

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        if not 0 <= size < 1 << 31:
            raise ValueError(f"size must be a number of bytes below 2 GiB, not {size!r}")
        if not confidential:
            return max(0, size - SIGNED_OVERHEAD)
        return record_limit(size, self._tls(gssapi.gss_ext_tls_version_oid))

    def _tls(self, what: Any) -> str:
        values: list[bytes] = gssapi.gss_inquire_sec_context_by_oid(self._handle, what)
        return values[0].rstrip(b"\0").decode("ascii", "replace") if values else ""

    def export(self) -> bytes:
        """The context as bytes, for another process and its `SecurityContext.restore`; this one is closed.

        Raises:
            UnsupportedError: OpenSSL since 1.1 does not give a context's keys away, so the library cannot.
            ContextStateError: the context is not established.
        """
        self._check_established()
        try:
            token: bytes = gssapi.gss_export_sec_context(self._handle)
        except GlobusError as error:
            raise transfer_fault(error, "export") from error
        self._established, self._handle, self._closed = False, None, True
        return token


def _fault(error: GlobusError, doing: str) -> ContextExpiredError | ContextStateError | MessageError:
    text = f"could not {doing}: {reason(error)}"
    if error.major == gssapi.GSS_S_CONTEXT_EXPIRED:
        return ContextExpiredError(text)
    if error.major == gssapi.GSS_S_NO_CONTEXT:
        return ContextStateError(text)
    return MessageError(text)


def transfer_fault(error: GlobusError, doing: str) -> GridError:
    """The exception for a context that does not get to another process."""
    if error.major == gssapi.GSS_S_UNAVAILABLE:
        return UnsupportedError(
            f"this GSI library does not {doing} security contexts",
            hint="hand the connection to the other process before the handshake",
        )
    return _fault(error, f"{doing} a context")
