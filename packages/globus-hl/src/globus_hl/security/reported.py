"""Failures of GSI that arrive as text: in a server's reply, or in an error whose causes the library wrote out.

Such text has a line for each error, ``module: message``. There is no code in it; what counts are the module that wrote
the line, and the beginning of its message, which is fixed for each of the module's codes.
"""

from __future__ import annotations

import re

from ..errors import AuthenticationError, ServerIdentityError
from .errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    CertificateRevokedError,
    CRLInvalidError,
    InvalidProxyError,
    LimitedProxyError,
    NoTrustDirectoryError,
    PathLengthExceededError,
    SigningPolicyMissingError,
    SigningPolicyViolatedError,
    UnknownCAError,
)

__all__ = ["innermost", "is_handshake_failure", "reported_class"]

_LINE = re.compile(r"^(globus_\w+): (.*)$", re.MULTILINE)
_FAILED = "GSS Major Status:"

_CALLBACK = "globus_gsi_callback_module"
_BEGINNINGS: tuple[tuple[str, str, type[AuthenticationError]], ...] = (
    (_CALLBACK, "Can't get the local trusted CA certificate", UnknownCAError),
    (_CALLBACK, "Cannot find trusted CA certificate", UnknownCAError),
    (_CALLBACK, "Error with signing policy", SigningPolicyMissingError),
    (_CALLBACK, "Error in OLD GAA code", SigningPolicyViolatedError),
    (_CALLBACK, "The certificate has expired", CertificateExpiredError),
    (_CALLBACK, "The certificate is not yet valid", CertificateNotYetValidError),
    (_CALLBACK, "The certificate has been revoked", CertificateRevokedError),
    (_CALLBACK, "Invalid CRL", CRLInvalidError),
    (_CALLBACK, "Invalid proxy certificate", InvalidProxyError),
    (_CALLBACK, "Error verifying new proxy certificate", InvalidProxyError),
    (_CALLBACK, "Error with limited proxy certificate", LimitedProxyError),
    (_CALLBACK, "Proxy path length exceeded", PathLengthExceededError),
    ("globus_sysconfig", "Could not find a valid trusted CA certificates directory", NoTrustDirectoryError),
    ("globus_gsi_gssapi", "Authorization denied", ServerIdentityError),
)


def is_handshake_failure(text: str) -> bool:
    """Whether the text tells of a handshake that failed."""
    return _FAILED in text


def reported_class(text: str) -> type[AuthenticationError]:
    """The class of the error that the text tells of."""
    for module, message in _LINE.findall(text):
        for known_module, beginning, kind in _BEGINNINGS:
            if module == known_module and message.startswith(beginning):
                return kind
    return AuthenticationError


def innermost(text: str) -> str:
    """The last message of a chain, on one line, without the module."""
    parts = re.split(_LINE, text)
    return " ".join(" ".join(parts[-2:]).split()) if len(parts) > 1 else " ".join(text.split())
