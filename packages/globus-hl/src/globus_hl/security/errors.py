"""What can be wrong with credentials, certificates and security contexts.

All are :class:`globus_hl.errors.GridError`, with two fields more: `subject`, the distinguished name of whom it is
about, and `path`, the file. Which class it is follows from the library's error codes and from the certificates
themselves.
"""

from __future__ import annotations

import errno as _errno
import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..errors import (
    AuthenticationError,
    AuthorizationError,
    CredentialError,
    CredentialExpiredError,
    GridError,
    NoCredentialError,
    ProtectionError,
    ServerIdentityError,
    UntrustedCAError,
    fill_os_error,
)

__all__ = [
    "AnonymousPeerError",
    "BadKeyError",
    "CRLInvalidError",
    "CRLMissingError",
    "CRLOutOfDateError",
    "CertificateExpiredError",
    "CertificateNotYetValidError",
    "CertificateRevokedError",
    "ChannelBindingError",
    "ContextExpiredError",
    "ContextStateError",
    "CredentialFileError",
    "CredentialNotFoundError",
    "DelegationError",
    "HandshakeError",
    "IncompleteChainError",
    "InvalidProxyError",
    "KeyEncryptedError",
    "KeyMismatchError",
    "LimitedProxyError",
    "MessageError",
    "NoTrustDirectoryError",
    "NotACertificateError",
    "NotMappedError",
    "OwnCredentialExpiredError",
    "PathLengthExceededError",
    "PeerNameError",
    "PolicyError",
    "ProtectionNotObtainedError",
    "ProxyTypeError",
    "SecurityError",
    "SigningPolicyMissingError",
    "SigningPolicyViolatedError",
    "UnknownCAError",
    "UnsafePermissionsError",
    "UnusableCredentialError",
    "VerificationError",
    "WrongPassphraseError",
]


class SecurityError(GridError):
    """Base of the errors of :mod:`globus_hl.security`.

    Attributes:
        subject: distinguished name of the certificate, proxy or peer that it is about, or None.
        path: the file that it is about, or None.
        token: of a context: what the peer should still be sent, so that it learns why; else b"".
    """

    fields: ClassVar[tuple[str, ...]] = ("subject", "path", "token")

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        path: str | os.PathLike[str] | None = None,
        token: bytes = b"",
        **more: Any,
    ) -> None:
        super().__init__(message, **more)
        self.subject = subject
        self.path = None if path is None else os.fspath(path)
        self.token = token
        if self.path is not None:
            fill_os_error(self, message, self.path)

    def __reduce__(self) -> tuple[Callable[..., GridError], tuple[Any, ...]]:
        rebuild, (kind, message, fields, cause) = super().__reduce__()
        return rebuild, (kind, message, fields | {name: getattr(self, name) for name in self.fields}, cause)


# ---- one's own credential ------------------------------------------------------------------------------------------


class CredentialFileError(SecurityError, CredentialError):
    """A file of a credential cannot be read or written; ``errno`` tells why."""

    default_hint = "check the path, the permissions of its directories, and the space that is left"


class UnusableCredentialError(SecurityError, CredentialError):
    """The library does not take the credential: a weak key or signature that OpenSSL's policy forbids, for example."""

    default_hint = "get a new credential; servers would refuse this one too"


class CredentialNotFoundError(SecurityError, NoCredentialError, FileNotFoundError):
    """There is no credential at any of the places where one is looked for.

    Attributes:
        tried: those places, in the order of the search: paths of files.
    """

    default_errno = _errno.ENOENT
    default_hint = (
        "make a proxy with `pyglobus proxy init` or grid-proxy-init, or pass the path of a credential"
    )

    fields = (*SecurityError.fields, "tried")

    def __init__(self, message: str, *, tried: Sequence[str] = (), **more: Any) -> None:
        super().__init__(message, **more)
        self.tried = tuple(tried)


class UnsafePermissionsError(SecurityError, CredentialError):
    """Others can read the file with the private key, or it belongs to somebody else."""

    default_hint = "the file must be yours, with mode 600 or 400: chmod 600"


class NotACertificateError(SecurityError, CredentialError):
    """What should be a certificate is none."""

    default_hint = "a PEM block that begins with -----BEGIN CERTIFICATE----- is needed"


class BadKeyError(SecurityError, CredentialError):
    """What should be a private key is none, or is missing."""

    default_hint = "a PEM block that begins with -----BEGIN ... PRIVATE KEY----- is needed"


class KeyEncryptedError(SecurityError, CredentialError):
    """The private key is encrypted, and no passphrase was given."""

    default_hint = "pass passphrase="


class WrongPassphraseError(SecurityError, CredentialError):
    """The passphrase does not decrypt the private key."""

    default_hint = "check the passphrase; if it is right, the file is damaged"


class KeyMismatchError(SecurityError, CredentialError):
    """The private key is not that of the certificate."""

    default_hint = "take certificate and key of the same request"


class IncompleteChainError(SecurityError, CredentialError):
    """The certificates of a proxy do not lead to those of an end entity."""

    default_hint = "the file must have all certificates from the proxy to that of the user or host"


class OwnCredentialExpiredError(SecurityError, CredentialExpiredError):
    """The credential that should sign, or prove who we are, has expired."""

    default_hint = "get a new credential first"


class ProxyTypeError(SecurityError, CredentialError):
    """This issuer cannot issue that type of proxy."""

    default_hint = "a proxy takes the form of its issuer: leave proxy_type out"


class DelegationError(SecurityError, CredentialError):
    """A delegation failed: a request or an answer to one is unusable."""


# ---- verification --------------------------------------------------------------------------------------------------


class VerificationError(SecurityError, AuthenticationError):
    """A certificate chain is not trusted. The subclasses tell why."""


class NoTrustDirectoryError(VerificationError, UntrustedCAError):
    """There is no directory of trusted authorities, and so nobody is trusted."""

    default_hint = "set X509_CERT_DIR, or make /etc/grid-security/certificates"


class UnknownCAError(VerificationError, UntrustedCAError):
    """The authority that issued a certificate is not in the trust directory."""


class SigningPolicyMissingError(VerificationError, UntrustedCAError):
    """The authority is in the trust directory, but its signing policy is missing or unreadable; `path` is its file."""

    default_hint = "install the authority's .signing_policy file beside its certificate"


class SigningPolicyViolatedError(VerificationError, UntrustedCAError):
    """The authority has signed a name that its signing policy does not allow it."""

    default_hint = "the certificate is not to be trusted, unless the signing policy is wrong"


class CertificateExpiredError(VerificationError):
    """A certificate of the chain has expired."""

    default_hint = "renew it; if it is new, check the clock of this machine"


class CertificateNotYetValidError(VerificationError):
    """A certificate of the chain is not valid yet."""

    default_hint = "check the clock of this machine"


class CertificateRevokedError(VerificationError):
    """The authority has revoked a certificate of the chain."""

    default_hint = "request a new certificate"


class CRLMissingError(VerificationError):
    """There is no revocation list of an authority, and one was required; `path` is where it should be."""

    default_hint = "install the authority's revocation list, for example with fetch-crl"


class CRLOutOfDateError(VerificationError):
    """The revocation list of an authority is older than it may be, or not valid yet."""

    default_hint = "fetch the authority's current revocation list, for example with fetch-crl"


class CRLInvalidError(VerificationError):
    """The revocation list of an authority is damaged, or not signed by the authority."""

    default_hint = "fetch the authority's revocation list again"


class PathLengthExceededError(VerificationError):
    """More proxies follow a certificate than it allows."""

    default_hint = "use a proxy from earlier in the chain"


class LimitedProxyError(VerificationError):
    """A limited proxy was presented where none is accepted, or has issued one that is not limited."""

    default_hint = "use a proxy that is not limited"


class PolicyError(VerificationError):
    """A proxy is restricted by a policy that the one who verifies does not understand (RFC 3820, section 3.8.2)."""

    default_hint = "use a proxy without a policy, or pass accept_policy="


class InvalidProxyError(VerificationError):
    """A proxy certificate breaks the rules of RFC 3820, or legacy and RFC 3820 proxies are mixed in a chain."""


# ---- authorization -------------------------------------------------------------------------------------------------


class NotMappedError(SecurityError, AuthorizationError):
    """The grid-mapfile or the site's authorization callout gives this identity no account, or not the one asked for."""

    default_hint = "ask the administrator whether the identity is in the grid-mapfile"


# ---- contexts ------------------------------------------------------------------------------------------------------


class HandshakeError(SecurityError, AuthenticationError):
    """A context could not be established: what came is no token, the peer refuses, or there is no common protocol."""


class PeerNameError(SecurityError, ServerIdentityError):
    """The peer proved its identity, and it is not the one that was asked for; `subject` is who it is."""

    default_hint = (
        "check the name you want to reach; pass target=Name(subject) if the peer's certificate is right"
    )


class ProtectionNotObtainedError(SecurityError, ProtectionError):
    """The context is without something that was asked for.

    Attributes:
        missing: the flags, a `Flag`, that were asked for and not obtained.
    """

    fields = (*SecurityError.fields, "missing")

    def __init__(self, message: str, *, missing: int = 0, **more: Any) -> None:
        super().__init__(message, **more)
        self.missing = missing


class AnonymousPeerError(ProtectionNotObtainedError):
    """The peer shows no certificate, and mutual authentication was asked for."""


class ChannelBindingError(SecurityError, ProtectionError):
    """The peer is bound to another channel, or to none: somebody may sit between the two ends."""


class ContextStateError(SecurityError, ValueError):
    """The context is not established yet, has failed, or was closed."""


class ContextExpiredError(SecurityError, AuthenticationError):
    """A credential of the context has expired, and the context was asked to end with it."""

    default_hint = "establish a new context with a new credential"


class MessageError(SecurityError, ProtectionError):
    """A message is damaged, forged, repeated, out of sequence, or no message of this context."""

    default_hint = "the connection can no longer be trusted: close it"
