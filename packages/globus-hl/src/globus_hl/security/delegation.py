"""Delegation: one side makes a key and a request, the other signs, the first puts the new credential together.

The private key never leaves the side that will use it. `create_proxy` is the same with both sides in one place.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from globus_lowlevel import GlobusError, gsi_proxy_core

from . import pem
from .causes import reason
from .certificate import Certificate, certificates
from .credential import Credential
from .errors import (
    ContextStateError,
    DelegationError,
    OwnCredentialExpiredError,
    PathLengthExceededError,
    ProxyTypeError,
)
from .keys import new_key
from .library import start
from .types import CertificateType

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["DEFAULT_LIFETIME", "DelegationRequest", "Lifetime", "create_proxy", "sign_request"]

Lifetime: TypeAlias = "float | dt.timedelta | None"
"""Seconds, or a timedelta; None: as long as the issuer."""

DEFAULT_LIFETIME = dt.timedelta(hours=12)


class DelegationRequest:
    """The side that will have the new credential: its key, and the request to sign.

    Args:
        bits: strength of a new RSA key, by default 2048.
        curve: in place of RSA, an elliptic curve: ``"P-256"``, ``"P-384"`` or ``"P-521"``.

    >>> request = DelegationRequest()
    >>> answer = sign_request(credential, request.der)      # on the other side
    >>> delegated = request.assemble(answer)

    Raises:
        ValueError: there is no such key.
    """

    def __init__(self, *, bits: int | None = None, curve: str | None = None) -> None:
        self._key = new_key(bits, curve)
        self._lock = threading.Lock()
        self._assembled = False
        holder = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
        gsi_proxy_core.globus_gsi_proxy_handle_set_private_key(holder, self._key)
        self.der: bytes = gsi_proxy_core.globus_gsi_proxy_create_req(holder)

    @property
    def pem(self) -> bytes:
        """The request (PKCS #10) as PEM text; `der` is its DER form."""
        return pem.encode("CERTIFICATE REQUEST", self.der)

    def assemble(self, answer: Buffer | Iterable[Certificate]) -> Credential:
        """Put the credential together.

        Args:
            answer: the signed certificate and its chain, as `sign_request` gives them: PEM text, DER certificates
                one after the other, or `Certificate` objects.

        Raises:
            KeyMismatchError: the first certificate is not for this request.
            NotACertificateError: the answer is no sequence of certificates.
            ContextStateError: there is a credential already: a key is used once.
        """
        if isinstance(answer, str):
            raise TypeError("answer must be bytes or certificates, not str")
        chain = list(answer) if _is_list(answer) else certificates(answer)  # type: ignore[arg-type]
        with self._lock:
            if self._assembled:
                raise ContextStateError("this request has become a credential already: make a new one")
            credential = Credential(chain, self._key)
            self._assembled = True
        return credential

    def __repr__(self) -> str:
        return f"<DelegationRequest{', assembled' if self._assembled else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a delegation request holds a private key, and cannot be pickled")


def _is_list(answer: object) -> bool:
    return isinstance(answer, Iterable) and not isinstance(answer, bytes | bytearray | memoryview)


def sign_request(
    issuer: Credential,
    request: Buffer,
    *,
    proxy_type: CertificateType | None = None,
    limited: bool = False,
    lifetime: Lifetime = DEFAULT_LIFETIME,
    path_length: int | None = None,
    policy: Buffer | None = None,
    policy_language: str | None = None,
) -> bytes:
    """The side that delegates: sign a request as a proxy of its credential.

    Args:
        issuer: who delegates.
        request: the request, PKCS #10 in DER or PEM form. Nothing but its key counts.
        proxy_type: None: the issuer's form (RFC 3820 if it is no proxy), limited if it is or if `limited` says so.
        limited: a limited proxy in the form of the issuer.
        lifetime: seconds or timedelta, rounded up to whole minutes, as the library counts; never longer than the issuer.
            None: as long as the issuer.
        path_length: how many proxies may follow this one; None: as many as the issuer allows.
        policy: for a restricted proxy, the policy, which is not interpreted.
        policy_language: the identifier of its language, dotted.

    Returns:
        The proxy certificate, then the issuer's chain, as PEM text.

    Raises:
        OwnCredentialExpiredError: the issuer has no time left.
        PathLengthExceededError: no proxy may follow the issuer.
        ProxyTypeError: such an issuer issues no such proxy.
        DelegationError: the request is none, or its signature is wrong.
        ValueError: arguments contradict each other.
    """
    start()
    kind = _chosen_type(issuer, proxy_type, limited, policy_language)
    _check_policy(kind, path_length, policy, policy_language)
    minutes = _minutes(issuer, lifetime)
    if issuer.path_length == 0:
        raise PathLengthExceededError(
            f"no proxy may follow {issuer.subject}: its path length is used up",
            subject=issuer.subject,
            path=issuer.path,
        )
    signing = _read_request(bytes(request))
    try:
        gsi_proxy_core.globus_gsi_proxy_handle_set_type(signing, kind.value)
        if policy_language is not None:
            gsi_proxy_core.globus_gsi_proxy_handle_set_policy(
                signing, None if policy is None else bytes(policy), policy_language
            )
        if path_length is not None:
            gsi_proxy_core.globus_gsi_proxy_handle_set_pathlen(signing, path_length)
        gsi_proxy_core.globus_gsi_proxy_handle_set_time_valid(signing, minutes)
        signed = gsi_proxy_core.globus_gsi_proxy_sign_req(signing, issuer.gsi_handle())
    except GlobusError as error:
        raise _signing_fault(error, issuer, kind) from error
    return Certificate(signed).pem + b"".join(certificate.pem for certificate in issuer.chain)


def create_proxy(
    issuer: Credential,
    *,
    proxy_type: CertificateType | None = None,
    limited: bool = False,
    lifetime: Lifetime = DEFAULT_LIFETIME,
    bits: int | None = None,
    curve: str | None = None,
    path_length: int | None = None,
    policy: Buffer | None = None,
    policy_language: str | None = None,
) -> Credential:
    """Make a proxy, in memory: `Credential.save` writes it to a file.

    Args:
        issuer: the credential it speaks for: of an end entity, or itself a proxy.
        bits: strength of its RSA key, by default 2048.
        curve: in place of RSA, an elliptic curve: ``"P-256"``, ``"P-384"`` or ``"P-521"``. Programs of the toolkit
            take such a proxy, but cannot delegate with it.
        proxy_type, limited, lifetime, path_length, policy, policy_language: as of `sign_request`.

    >>> create_proxy(Credential.find(kinds=("user",), passphrase=getpass), lifetime=3600).save()

    Raises:
        OwnCredentialExpiredError, PathLengthExceededError, ProxyTypeError, ValueError: as `sign_request`.
    """
    request = DelegationRequest(bits=bits, curve=curve)
    return request.assemble(
        sign_request(
            issuer,
            request.der,
            proxy_type=proxy_type,
            limited=limited,
            lifetime=lifetime,
            path_length=path_length,
            policy=policy,
            policy_language=policy_language,
        )
    )


def _chosen_type(
    issuer: Credential, kind: CertificateType | None, limited: bool, language: str | None
) -> CertificateType:
    if kind is not None:
        if not kind.is_proxy:
            raise ValueError(f"{kind.name} is no type of proxy")
        if limited and not kind.is_limited:
            raise ValueError(f"limited contradicts proxy_type {kind.name}")
        if issuer.is_limited and not (kind.is_limited or kind.is_independent):
            raise ProxyTypeError(
                f"{issuer.subject} is a limited proxy, and can issue limited and independent ones only, not a {kind}",
                subject=issuer.subject,
                path=issuer.path,
            )
        return kind
    form = issuer.type.form if issuer.is_proxy else CertificateType.RFC
    if language is not None:
        return CertificateType[f"{form.name}_RESTRICTED"] if form is not CertificateType.LEGACY else form
    return form.limited if limited or issuer.is_limited else form


def _check_policy(
    kind: CertificateType, path_length: int | None, policy: Buffer | None, language: str | None
) -> None:
    if kind.form is CertificateType.LEGACY and (path_length is not None or language is not None):
        raise ValueError("a legacy proxy has neither a policy nor a path length")
    if policy is not None and language is None:
        raise ValueError("a policy needs its policy_language")
    if kind.is_restricted != (language is not None):
        raise ValueError("a restricted proxy has a policy_language, and no other one has")
    if path_length is not None and (isinstance(path_length, bool) or path_length < 0):
        raise ValueError(f"path_length must be 0 or more, not {path_length!r}")


def _minutes(issuer: Credential, lifetime: Lifetime) -> int:
    """What the library is told: whole minutes, rounded up, but down to the end of the issuer; 0: that end itself."""
    seconds = lifetime.total_seconds() if isinstance(lifetime, dt.timedelta) else lifetime
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError(f"lifetime must be more than 0 seconds, not {lifetime!r}")
    left = issuer.time_left
    if left <= 0:
        raise OwnCredentialExpiredError(
            f"the credential of {issuer.subject} expired at {issuer.not_after:%Y-%m-%d %H:%M:%S} UTC",
            subject=issuer.subject,
            path=issuer.path,
        )
    if seconds is not None and math.ceil(seconds / 60) * 60 <= left:
        return math.ceil(seconds / 60)
    if issuer.certificate.not_after == issuer.not_after:
        return 0
    return max(1, int(left // 60))  # somebody further up the chain expires first


def _read_request(request: bytes) -> Any:
    blocks = pem.blocks(request)
    signing = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    try:
        gsi_proxy_core.globus_gsi_proxy_inquire_req(signing, blocks[0].der if blocks else request)
    except (GlobusError, ValueError) as error:
        raise DelegationError(f"this is no certificate request: {error}") from error
    return signing


def _signing_fault(
    error: GlobusError, issuer: Credential, kind: CertificateType
) -> DelegationError | ProxyTypeError:
    codes = {(cause.module, cause.type) for cause in error.chain}
    subject, path = issuer.subject, issuer.path
    if ("globus_gsi_proxy", gsi_proxy_core.GLOBUS_GSI_PROXY_ERROR_SETTING_HANDLE_TYPE) in codes:
        return ProxyTypeError(
            f"{issuer.subject}, a {issuer.type}, cannot issue a {kind}", subject=subject, path=path
        )
    return DelegationError(
        f"{issuer.subject} cannot sign the request: {reason(error)}", subject=subject, path=path
    )
