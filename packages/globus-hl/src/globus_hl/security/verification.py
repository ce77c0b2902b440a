"""Whether a certificate chain is to be trusted, and if not, why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from globus_lowlevel import GlobusError, gsi_callback, gsi_credential

from .causes import chain_fault, reason
from .certificate import Certificate, proxy_info_of
from .credential import Credential
from .errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    CertificateRevokedError,
    CRLInvalidError,
    CRLMissingError,
    CRLOutOfDateError,
    LimitedProxyError,
    NotACertificateError,
    NoTrustDirectoryError,
    PathLengthExceededError,
    PolicyError,
    SigningPolicyMissingError,
    SigningPolicyViolatedError,
    UnknownCAError,
    VerificationError,
)
from .library import bare_handle
from .names import Name
from .trust import TrustStore

__all__ = ["verify"]


def verify(
    subject: Credential | Sequence[Certificate],
    trust: TrustStore | None = None,
    *,
    at: dt.datetime | None = None,
    accept_limited: bool = True,
    accept_policy: Callable[[str, bytes], object] | None = None,
    require_crl: bool = False,
) -> Name:
    """Check a chain as the library checks that of a peer: signatures, dates, proxies, signing policies, revocation.

    Args:
        subject: a credential, or certificates: the one to check first, the one nearest to the authority last.
        trust: None: `TrustStore()`.
        at: at which time; None: now.
        accept_limited: whether a limited proxy will do.
        accept_policy: called with language (dotted identifier) and policy of each restricted proxy; whether the caller
            understands it, and keeps to it. None, or an exception: it does not, and the chain is refused.
        require_crl: whether each authority of the chain must have a current revocation list. One that is there is
            checked in any case, and refuses everything when it is out of date.

    Returns:
        Whom the chain stands for.

    Raises:
        VerificationError: it is not to be trusted. The subclass tells why, `subject` whose certificate it is about,
            `path` which file.
        ValueError: `at` has no time zone.
    """
    chain = subject.chain if isinstance(subject, Credential) else tuple(subject)
    if not chain:
        raise NotACertificateError("there is no certificate to verify")
    if at is not None and at.tzinfo is None:
        raise ValueError("at needs a time zone: datetime.now(datetime.UTC)")
    store = TrustStore() if trust is None else trust
    when = dt.datetime.now(dt.UTC) if at is None else at
    handle = bare_handle(chain[0].der, [certificate.der for certificate in chain[1:]])
    data = gsi_callback.globus_gsi_callback_data_init()
    gsi_callback.globus_gsi_callback_set_cert_dir(data, str(store.directory))
    understood = _Policies(accept_policy)
    gsi_callback.globus_gsi_callback_set_extension_cb(data, understood)
    _check_path_lengths(chain)
    try:
        gsi_credential.globus_gsi_cred_verify_cert_chain_when(handle, data, int(when.timestamp()))
    except GlobusError as error:
        if understood.refused is not None:
            raise _policy_fault(chain, understood.refused) from error
        raise _fault(error, chain, store, when) from error
    _check_lists(chain, store, when, required=require_crl)
    if not accept_limited:
        _refuse_limited(chain)
    return Name(gsi_credential.globus_gsi_cred_get_identity_name(handle))


def _check_path_lengths(chain: Sequence[Certificate]) -> None:
    """OpenSSL checks them too, and names no cause of its own for it."""
    for depth, certificate in enumerate(chain):
        info = certificate.proxy_info
        if info is not None and info.path_length is not None and info.path_length < depth:
            raise PathLengthExceededError(
                f"{certificate.subject} allows {info.path_length} proxies to follow it, and {depth} do",
                subject=certificate.subject,
            )


def _refuse_limited(chain: Sequence[Certificate]) -> None:
    for certificate in chain:
        if not certificate.type.is_proxy or certificate.type.is_independent:
            return
        if certificate.type.is_limited:
            raise LimitedProxyError(
                f"{certificate.subject} is a limited proxy, and none is accepted here",
                subject=certificate.subject,
            )


def _authorities(chain: Sequence[Certificate], store: TrustStore) -> Iterator[tuple[Certificate, bytes]]:
    """Each certificate that an authority issued, and that authority's name; up to the one that issued itself."""
    issued = next((c for c in chain if not c.type.is_proxy), chain[-1])
    seen: set[bytes] = set()
    while issued.issuer_der not in seen:
        seen.add(issued.issuer_der)
        yield issued, issued.issuer_der
        above = [c for c in chain if c.subject_der == issued.issuer_der]
        issuer = above[0] if above else store.authority(issued.issuer_der)
        if issuer is None:
            return
        issued = issuer


def _check_lists(
    chain: Sequence[Certificate], store: TrustStore, when: dt.datetime, *, required: bool
) -> None:
    """The library forgives a list that is out of date if ``X509_CERT_DIR`` has none."""
    for issued, name in _authorities(chain, store):
        path = store.crl_path(name)
        try:
            found = store.crl(name)
        except (ValueError, IndexError) as error:
            raise CRLInvalidError(
                f"{path} is no revocation list: {error}", subject=issued.issuer, path=path
            ) from None
        if found is None and required:
            raise CRLMissingError(
                f"{issued.issuer} has no revocation list {path}", subject=issued.issuer, path=path
            )
        if found is not None and not found.is_current(when):
            raise _out_of_date(issued.issuer, path)


def _out_of_date(authority: str, path: str) -> CRLOutOfDateError:
    return CRLOutOfDateError(
        f"the revocation list of {authority} in {path} is not current", subject=authority, path=path
    )


class _Policies:
    """What the library asks about extensions that it does not know, and policies, which it never knows."""

    def __init__(self, accept: Callable[[str, bytes], object] | None) -> None:
        self._accept = accept
        self.refused: str | None = None

    def __call__(self, _data: object, extension: bytes | None) -> int:
        found = None if extension is None else proxy_info_of(extension)
        if found is None or found.policy is None:
            return 0
        self.refused = found.language
        if self._accept is not None and self._accept(found.language, found.policy):
            self.refused = None
        return 0 if self.refused else 1


def _policy_fault(chain: Sequence[Certificate], language: str) -> PolicyError:
    for certificate in chain:
        if certificate.proxy_info is not None and certificate.proxy_info.language == language:
            break
    return PolicyError(
        f"{certificate.subject} is restricted by a policy in the language {language}, which nobody here understands",
        subject=certificate.subject,
    )


# ---- the library's causes --------------------------------------------------------------------------------------------


def _fault(
    error: GlobusError, chain: Sequence[Certificate], store: TrustStore, when: dt.datetime
) -> VerificationError:
    """The code tells the class; which certificate and which file it is about, the certificates do."""
    kind = chain_fault(error)
    why, leaf = reason(error), chain[0].subject
    if kind is UnknownCAError:
        return _unknown_authority(chain, store)
    if kind is CertificateExpiredError or kind is CertificateNotYetValidError:
        return _wrong_time(chain, store, when, why)
    if kind is CertificateRevokedError:
        return _revoked(chain, store)
    if kind is CRLInvalidError:
        return _bad_list(chain, store, when, why)
    if kind is SigningPolicyMissingError or kind is SigningPolicyViolatedError:
        return _signing_policy(chain, store, kind)
    if kind is LimitedProxyError:
        return LimitedProxyError(f"a limited proxy has issued {leaf}, which is not limited", subject=leaf)
    if kind is None or kind is VerificationError or kind is NoTrustDirectoryError:
        _check_lists(chain, store, when, required=False)
        kind = VerificationError
    return kind(f"{leaf} cannot be verified: {why}", subject=leaf)


def _unknown_authority(chain: Sequence[Certificate], store: TrustStore) -> UnknownCAError:
    top = chain[-1]
    for issued, name in _authorities(chain, store):
        if store.authority(name) is None and not any(c.subject_der == name for c in chain):
            top = issued
    path = f"{store.stem(top.issuer_der)}.0"
    return UnknownCAError(
        f"{top.issuer}, which issued {top.subject}, is no trusted authority: there is no {path}",
        subject=top.issuer,
        path=path,
    )


def _wrong_time(
    chain: Sequence[Certificate], store: TrustStore, when: dt.datetime, reason: str
) -> VerificationError:
    trusted = (store.authority(name) for _, name in _authorities(chain, store))
    for certificate in (*chain, *(c for c in trusted if c is not None)):
        if certificate.not_after < when:
            return CertificateExpiredError(
                f"{certificate.subject} expired at {certificate.not_after:%Y-%m-%d %H:%M:%S} UTC",
                subject=certificate.subject,
            )
        if certificate.not_before > when:
            return CertificateNotYetValidError(
                f"{certificate.subject} is not valid before {certificate.not_before:%Y-%m-%d %H:%M:%S} UTC",
                subject=certificate.subject,
            )
    return CertificateExpiredError(f"a certificate is out of date: {reason}", subject=chain[0].subject)


def _revoked(chain: Sequence[Certificate], store: TrustStore) -> CertificateRevokedError:
    for issued, name in _authorities(chain, store):
        found = store.crl(name)
        if found is not None and issued.serial in found.revoked:
            return CertificateRevokedError(
                f"{issued.issuer} has revoked the certificate of {issued.subject} (serial number {issued.serial})",
                subject=issued.subject,
                path=found.path,
            )
    return CertificateRevokedError(
        f"a certificate of {chain[0].subject} is revoked", subject=chain[0].subject
    )


def _bad_list(
    chain: Sequence[Certificate], store: TrustStore, when: dt.datetime, reason: str
) -> VerificationError:
    for issued, name in _authorities(chain, store):
        found = store.crl(name)
        if found is not None and not found.is_current(when):
            return _out_of_date(issued.issuer, found.path)
    issued = next((c for c in chain if not c.type.is_proxy), chain[-1])
    path = store.crl_path(issued.issuer_der)
    return CRLInvalidError(
        f"the revocation list of {issued.issuer} in {path} is not valid: {reason}",
        subject=issued.issuer,
        path=path,
    )


def _signing_policy(
    chain: Sequence[Certificate], store: TrustStore, kind: type[VerificationError]
) -> VerificationError:
    issued = next((c for c in chain if not c.type.is_proxy), chain[-1])
    for candidate, name in _authorities(chain, store):
        try:
            open(store.signing_policy_path(name), "rb").close()
        except OSError as error:
            path = store.signing_policy_path(name)
            return SigningPolicyMissingError(
                f"the signing policy {path} of {candidate.issuer} cannot be read: {error.strerror}",
                subject=candidate.issuer,
                path=path,
            )
    path = store.signing_policy_path(issued.issuer_der)
    if kind is SigningPolicyMissingError:
        return SigningPolicyMissingError(
            f"the signing policy {path} of {issued.issuer} is not usable", subject=issued.issuer, path=path
        )
    return SigningPolicyViolatedError(
        f"{issued.issuer} may not issue {issued.subject}: its signing policy {path} does not allow it",
        subject=issued.subject,
        path=path,
    )
