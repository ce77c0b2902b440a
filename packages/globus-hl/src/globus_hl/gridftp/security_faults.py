"""Failures of GSI: what is wrong with a credential, a certificate authority or an identity.

A failed handshake is one line of an error chain: its GSSAPI error keeps the errors below it only as text, one line each,
``module: message``. So whatever can be asked again is asked: the credential itself tells whether it is there and valid.
The rest is told by the text: see `security.reported`.
"""

from __future__ import annotations

from globus_lowlevel import GlobusError, gssapi

from ..errors import (
    AuthenticationError,
    CredentialError,
    CredentialExpiredError,
    GridError,
    NoCredentialError,
    UntrustedCAError,
)
from ..security.reported import innermost, is_handshake_failure, reported_class
from .credentials import Credential

__all__ = ["credential_fault", "handshake_fault", "refused_handshake"]


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
        return CredentialError(f"the credential cannot be used: {innermost(str(error))}")
    if lifetime > 0:
        return None
    origin = "the default credential" if credential is None else f"the credential in {credential.origin}"
    return CredentialExpiredError(f"{origin} has expired")


def _default_credential() -> gssapi.gss_cred_id_t:
    return gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_INITIATE)[0]


def handshake_fault(error: GlobusError, doing: str, url: str) -> GridError | None:
    """The error for a handshake that failed on this side, or None if it was none.

    Args:
        doing: "could not ...".
    """
    text = "\n".join(cause.message for cause in error.chain)
    if not is_handshake_failure(text):
        return None
    kind = reported_class(text)
    return kind(f"{doing}: {innermost(text)}", url=url)


def refused_handshake(reply: str, doing: str, url: str, reply_code: int) -> GridError | None:
    """The error for a handshake that the server gave up, as its reply says; None if that says something else."""
    if not is_handshake_failure(reply):
        return None
    message = f"{doing}: the server does not accept our certificate: {innermost(reply)}"
    if issubclass(reported_class(reply), UntrustedCAError):
        hint = "ask the administrator of the server to trust the authority that issued it"
        return UntrustedCAError(message, url=url, reply_code=reply_code, reply=reply, hint=hint)
    return AuthenticationError(message, url=url, reply_code=reply_code, reply=reply)
