"""Failures of GSI: what is wrong with a credential, a certificate authority or an identity.

A failed handshake is one line of an error chain: its GSSAPI error keeps the errors below it only as text, one line each,
``module: message``. So whatever can be asked again is asked: the credential itself tells whether it is there and valid.
The rest is told by the fixed beginnings of the lines, with the module that wrote them.
"""

from __future__ import annotations

import re

from globus_lowlevel import GlobusError, gssapi

from ..errors import (
    AuthenticationError,
    CredentialError,
    CredentialExpiredError,
    GridError,
    NoCredentialError,
    ServerIdentityError,
    UntrustedCAError,
)
from .credentials import Credential

__all__ = ["credential_fault", "handshake_fault", "refused_handshake"]

_LINE = re.compile(r"^(globus_\w+): (.*)$", re.MULTILINE)
_FAILED = "GSS Major Status:"

_BEGINNINGS: tuple[tuple[str, str, type[AuthenticationError]], ...] = (
    ("globus_gsi_callback_module", "Can't get the local trusted CA certificate", UntrustedCAError),
    ("globus_gsi_callback_module", "Cannot find trusted CA certificate", UntrustedCAError),
    ("globus_gsi_callback_module", "Error with signing policy", UntrustedCAError),
    ("globus_gsi_callback_module", "Error in OLD GAA code", UntrustedCAError),
    ("globus_sysconfig", "Could not find a valid trusted CA certificates directory", UntrustedCAError),
    ("globus_gsi_gssapi", "Authorization denied", ServerIdentityError),
)


def credential_fault(credential: Credential | None) -> CredentialError | None:
    """What is wrong with the credential that a handshake was made with, or None.

    Args:
        credential: None for the one that the library finds.
    """
    try:
        handle = _default_credential() if credential is None else credential.handle
        lifetime = gssapi.gss_inquire_cred(handle)[1]
    except GlobusError as error:
        if any(cause.type_name == "GLOBUS_GSI_CRED_ERROR_NO_CRED_FOUND" for cause in error.chain):
            return NoCredentialError("there is no credential where the library looks for one")
        return CredentialError(f"the credential cannot be used: {_innermost(str(error))}")
    if lifetime > 0:
        return None
    origin = "the default credential" if credential is None else f"the credential in {credential.origin}"
    return CredentialExpiredError(f"{origin} has expired")


def _default_credential() -> object:
    return gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_INITIATE)[0]


def handshake_fault(error: GlobusError, doing: str, url: str) -> GridError | None:
    """The error for a handshake that failed on this side, or None if it was none.

    Args:
        doing: "could not ...".
    """
    text = "\n".join(cause.message for cause in error.chain)
    if _FAILED not in text:
        return None
    kind = _class_of(text)
    return kind(f"{doing}: {_innermost(text)}", url=url)


def refused_handshake(reply: str, doing: str, url: str, reply_code: int) -> GridError | None:
    """The error for a handshake that the server gave up, as its reply says; None if that says something else."""
    if _FAILED not in reply:
        return None
    message = f"{doing}: the server does not accept our certificate: {_innermost(reply)}"
    if issubclass(_class_of(reply), UntrustedCAError):
        hint = "ask the administrator of the server to trust the authority that issued it"
        return UntrustedCAError(message, url=url, reply_code=reply_code, reply=reply, hint=hint)
    return AuthenticationError(message, url=url, reply_code=reply_code, reply=reply)


def _class_of(text: str) -> type[AuthenticationError]:
    for module, message in _LINE.findall(text):
        for known_module, beginning, kind in _BEGINNINGS:
            if module == known_module and message.startswith(beginning):
                return kind
    return AuthenticationError


def _innermost(text: str) -> str:
    """The last message of a chain, on one line, without the module."""
    parts = re.split(_LINE, text)
    return " ".join(" ".join(parts[-2:]).split()) if len(parts) > 1 else " ".join(text.split())
