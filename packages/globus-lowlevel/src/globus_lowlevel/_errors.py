"""GlobusError, and the causes that it lists."""

from __future__ import annotations

import errno
import os
from typing import Any, NamedTuple

# Where the type numbers of each C module's errors are named: its binding, and the enum.
_ERROR_TYPES = {
    "globus_xio": ("xio", "globus_xio_error_type_t"),
    "globus_ftp_client": ("ftp_client", "globus_ftp_client_error_t"),
    "globus_gsi_callback_module": ("gsi_callback", "globus_gsi_callback_error_t"),
    "globus_cert_utils": ("gsi_cert_utils", "globus_gsi_cert_utils_error_t"),
    "globus_credential": ("gsi_credential", "globus_gsi_cred_error_t"),
    "globus_gss_assist": ("gss_assist", "globus_gsi_gss_assist_error_t"),
    "globus_gsi_proxy": ("gsi_proxy_core", "globus_gsi_proxy_error_t"),
    "globus_sysconfig": ("gsi_sysconfig", "globus_gsi_sysconfig_error_t"),
}


class Cause(NamedTuple):
    """One error of a chain."""

    module: str | None  #: the C module that reported it, such as "globus_xio"
    type: int  #: its number in that module; see GlobusError.type_name
    message: str
    errno: int  #: the system's error number, 0 if it is none
    file: str | None  #: C source file, function and line, where the library tells them
    function: str | None
    line: int

    @property
    def type_name(self) -> str | None:
        """The name of `type`, such as "GLOBUS_XIO_ERROR_TIMEOUT", where the module's header gives one."""
        if self.module not in _ERROR_TYPES or self.file is None:
            return None
        import importlib

        module, enum = _ERROR_TYPES[self.module]
        try:
            return str(getattr(importlib.import_module(f"globus_lowlevel.{module}"), enum)(self.type).name)
        except (ImportError, AttributeError, ValueError):
            return None  # that library is not installed, or the number is newer than its header


class GlobusError(Exception):
    """A C call failed.

    Attributes:
        code: the type number of the outermost error that has one; a GSS major status; or the status that C returned.
        module: the C module of that error, such as "globus_xio"; "gssapi" for a GSS status without a cause.
        type_name: the C name of `code`, such as "GLOBUS_XIO_ERROR_TIMEOUT", or None.
        errno: the system's error number where the chain has one, else None.
        chain: the causes, from the outermost to the innermost, as Cause tuples.
        major: the GSS major status of a GSS call, else None.
        output_token: what a failing GSS call wants sent to the peer, an alert that tells it why; else None.
        token_status: what a function that gets or sends tokens for a GSS call answered, 0 where none is to blame.

    Comes from a globus_object_t error chain (globus_error_get), a GSS status (RFC 2744, section 5.11), or a status
    number. Can be pickled. A GlobusError can be given back to C wherever a globus_result_t is wanted.
    """

    code: int
    module: str | None
    errno: int | None
    chain: list[Cause]
    major: int | None
    output_token: bytes | None = None
    token_status: int = 0
    _object: Any = None

    def __init__(
        self, code: int, module: str | None, chain: list[Cause], message: str = "", major: int | None = None
    ):
        self.code, self.module, self.chain, self.major = code, module, chain, major
        self.errno = next((cause.errno for cause in chain if cause.errno), None)
        self._message = message
        super().__init__(code, module, chain, message, major)

    @classmethod
    def _from_chain(cls, links: list[tuple[Any, ...]], owner: Any) -> GlobusError:
        chain = [Cause(*link) for link in links]
        first = next((c for c in chain if c.module and c.file), chain[0])
        error = cls(first.type, first.module, chain)
        error._object = owner
        return error

    @classmethod
    def _from_status(cls, module: str | None, code: int, message: str | None) -> GlobusError:
        return cls(code, module, [], message or _status_text(module, code))

    @classmethod
    def _from_major(cls, major: int, minor: GlobusError | None) -> GlobusError:
        if minor is None or not minor.chain:
            return cls(major, "gssapi", [], _major_text(major), major)
        error = cls(minor.code, minor.module, minor.chain, _major_text(major), major)
        error._object = minor._object  # noqa: SLF001 - of the same class
        return error

    @property
    def type_name(self) -> str | None:
        return next(
            (c.type_name for c in self.chain if c.type == self.code and c.module == self.module), None
        )

    def __str__(self) -> str:
        lines: list[str] = [self._message] if self._message else []
        for cause in self.chain:
            text = cause.message.strip()
            if text and text not in lines:
                lines.append(text)
        source = f"{self.module}: " if self.module else ""
        return source + ("; ".join(lines) or f"error {self.code}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


def _status_text(module: str | None, code: int) -> str:
    if module == "common" and code in errno.errorcode:
        return os.strerror(code)
    return f"the call returned {code}"


_ROUTINE_ERRORS = (
    "", "an unsupported mechanism was requested", "an invalid name was supplied", "a name of an unsupported type",
    "incorrect channel bindings", "an invalid status code", "a token had an invalid signature (MIC)",
    "no credentials were supplied, or they are unavailable or inaccessible", "no context has been established",
    "a token was invalid", "a credential was invalid", "the referenced credentials have expired",
    "the context has expired", "miscellaneous failure", "the quality of protection is not supported",
    "the operation is forbidden by local security policy", "the operation or option is not available",
    "the requested credential element already exists", "the name is no mechanism name",
)  # fmt: skip


_SUPPLEMENTARY = {
    1: "another token is needed", 2: "the token is a duplicate of an earlier one", 4: "the token is too old",
    8: "a later token has already been processed", 16: "an expected token was not received",
}  # fmt: skip


def _major_text(major: int) -> str:
    """RFC 2744, section 3.9.1; bits 16 to 23 are the routine error, 24 to 31 the calling error, the low ones hints."""
    routine, calling = major >> 16 & 0xFF, major >> 24 & 0xFF
    if calling:
        return ("", "an input could not be read", "an output could not be written", "an input was malformed")[
            min(calling, 3)
        ]
    if not routine:
        return "; ".join(text for bit, text in _SUPPLEMENTARY.items() if major & bit)
    return _ROUTINE_ERRORS[routine] if routine < len(_ROUTINE_ERRORS) else f"GSS extension error {routine}"
