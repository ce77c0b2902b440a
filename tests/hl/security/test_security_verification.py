"""Whom to trust: the matrix of failures, each with its exception, subject and path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from globus_hl import errors, security
from globus_hl.security import CertificateType, Credential, create_proxy, verify
from globus_hl.security import errors as faults

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def test_a_sound_chain(user: Credential, proxy: Credential, trust: Any) -> None:
    assert verify(user, trust) == verify(proxy, trust) == security.Name(user.subject)
    assert verify(proxy.chain, trust) == security.Name(user.subject)


def test_the_default_is_the_environment(
    user: Credential, trust: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("X509_CERT_DIR", str(trust.directory))
    assert verify(user).text == user.subject
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(faults.VerificationError, match="X509_CERT_DIR"):
        verify(user)


def test_at_another_time(user: Credential, trust: Any) -> None:
    now = dt.datetime.now(dt.UTC)
    verify(user, trust, at=now + HOUR)
    with pytest.raises(faults.CertificateExpiredError) as caught:
        verify(user, trust, at=now + 30 * DAY)
    assert caught.value.subject == user.subject
    with pytest.raises(faults.CertificateNotYetValidError):
        verify(user, trust, at=now - 30 * DAY)
    with pytest.raises(ValueError, match="time zone"):
        verify(user, trust, at=dt.datetime.now())  # noqa: DTZ005


# ---- the matrix ------------------------------------------------------------------------------------------------------

Case = tuple[Credential, type[errors.GridError], str | None, Path | str | None]


def unknown_authority(pki: Any, authority: Any, trust: Any) -> Case:
    stranger = pki.authority("Strange")
    return (
        create_proxy(stranger.user(), curve="P-256"),
        faults.UnknownCAError,
        stranger.subject,
        trust.directory / f"{stranger.hash}.0",
    )


def another_authority_of_the_name(pki: Any, authority: Any, trust: Any) -> Case:
    impostor = pki.authority("Sound", key=pki.rsa_key(5))
    return impostor.user(), faults.VerificationError, f"{authority.space}/CN=Jo", None


def no_signing_policy(pki: Any, authority: Any, trust: Any) -> Case:
    other = pki.authority("Silent")
    stem = other.install(trust.directory, policy=None)
    return (
        other.user(),
        faults.SigningPolicyMissingError,
        other.subject,
        trust.directory / f"{stem}.signing_policy",
    )


def empty_signing_policy(pki: Any, authority: Any, trust: Any) -> Case:
    other = pki.authority("Empty")
    path = trust.directory / f"{other.install(trust.directory)}.signing_policy"
    path.write_text("access_id_CA X509 '/O=Somebody Else'\npos_rights globus CA:sign\n")
    return other.user(), faults.SigningPolicyViolatedError, f"{other.space}/CN=Jo", path


def signing_policy_violated(pki: Any, authority: Any, trust: Any) -> Case:
    path = trust.directory / f"{authority.hash}.signing_policy"
    return authority.user("/O=Elsewhere/CN=Jo"), faults.SigningPolicyViolatedError, "/O=Elsewhere/CN=Jo", path


def expired(pki: Any, authority: Any, trust: Any) -> Case:
    return (
        authority.user("Old", begins=-2 * DAY, ends=-DAY),
        faults.CertificateExpiredError,
        f"{authority.space}/CN=Old",
        None,
    )


def authority_expired(pki: Any, authority: Any, trust: Any) -> Case:
    old = pki.authority("Ancient", begins=-2 * DAY, ends=-HOUR)
    old.install(trust.directory)
    return old.user(), faults.CertificateExpiredError, old.subject, None


def not_yet_valid(pki: Any, authority: Any, trust: Any) -> Case:
    return (
        authority.user("Early", begins=DAY, ends=2 * DAY),
        faults.CertificateNotYetValidError,
        f"{authority.space}/CN=Early",
        None,
    )


def revoked(pki: Any, authority: Any, trust: Any) -> Case:
    issued = authority.issue("Bad")
    path = authority.write_crl(trust.directory, issued)
    return (
        create_proxy(issued.credential, curve="P-256"),
        faults.CertificateRevokedError,
        f"{authority.space}/CN=Bad",
        path,
    )


def list_out_of_date(pki: Any, authority: Any, trust: Any) -> Case:
    path = authority.write_crl(trust.directory, begins=-2 * DAY, ends=-DAY)
    return authority.user(), faults.CRLOutOfDateError, authority.subject, path


def list_of_the_future(pki: Any, authority: Any, trust: Any) -> Case:
    path = authority.write_crl(trust.directory, begins=DAY, ends=2 * DAY)
    return authority.user(), faults.CRLOutOfDateError, authority.subject, path


def list_of_somebody_else(pki: Any, authority: Any, trust: Any) -> Case:
    path = authority.write_crl(trust.directory, key=pki.rsa_key(5))
    return authority.user(), faults.CRLInvalidError, authority.subject, path


def path_length_exceeded(pki: Any, authority: Any, trust: Any) -> Case:
    first = create_proxy(authority.user(), curve="P-256", path_length=0)
    return _against_the_rule(first), faults.PathLengthExceededError, first.subject, None


def _against_the_rule(issuer: Credential) -> Credential:
    """An impersonation proxy of an issuer who may not issue it."""
    key = ec.generate_private_key(ec.SECP256R1())
    above = x509.load_der_x509_certificate(issuer.certificate.der)
    names = [*above.subject, x509.NameAttribute(NameOID.COMMON_NAME, "12345")]
    inherit_all = bytes.fromhex("300c300a06082b06010505071501")
    signing = serialization.load_pem_private_key(issuer.to_pem(), None)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(above.subject)
        .public_key(key.public_key())
        .serial_number(12345)
        .not_valid_before(above.not_valid_before_utc)
        .not_valid_after(above.not_valid_after_utc)
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14"), inherit_all), True
        )
        .sign(signing, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    own = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    der = certificate.public_bytes(serialization.Encoding.DER)
    return Credential([security.Certificate(der), *issuer.chain], own)


def full_proxy_of_a_limited_one(pki: Any, authority: Any, trust: Any) -> Case:
    full = _against_the_rule(create_proxy(authority.user(), curve="P-256", limited=True))
    return full, faults.LimitedProxyError, full.subject, None


def signature_of_somebody_else(pki: Any, authority: Any, trust: Any) -> Case:
    forged = authority.user("Forged", signer=pki.rsa_key(5))
    return forged, faults.VerificationError, forged.subject, None


MATRIX: list[Callable[[Any, Any, Any], Case]] = [
    unknown_authority,
    another_authority_of_the_name,
    no_signing_policy,
    empty_signing_policy,
    signing_policy_violated,
    expired,
    authority_expired,
    not_yet_valid,
    revoked,
    list_out_of_date,
    list_of_the_future,
    list_of_somebody_else,
    path_length_exceeded,
    full_proxy_of_a_limited_one,
    signature_of_somebody_else,
]


@pytest.mark.parametrize("case", MATRIX, ids=lambda case: case.__name__)
def test_the_matrix(pki: Any, authority: Any, trust: Any, case: Callable[[Any, Any, Any], Case]) -> None:
    credential, kind, subject, path = case(pki, authority, trust)
    with pytest.raises(errors.AuthenticationError) as caught:
        verify(credential, trust)
    error = caught.value
    assert type(error) is kind, error
    assert error.subject == subject, error
    assert error.path == (None if path is None else str(path)), error
    assert subject is None or subject in str(error)


def test_a_list_that_is_out_of_date_whatever_the_environment_has(
    authority: Any, trust: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The library looks into X509_CERT_DIR then, and takes a list that is not there for one that was removed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("X509_CERT_DIR", str(elsewhere))
    credential, kind, subject, path = list_out_of_date(None, authority, trust)
    with pytest.raises(kind) as caught:
        verify(credential, trust)
    assert (caught.value.subject, caught.value.path) == (subject, str(path))


def test_limited_proxies_where_refused(user: Credential, proxy: Credential, trust: Any) -> None:
    limited = create_proxy(user, curve="P-256", limited=True)
    verify(limited, trust)
    verify(proxy, trust, accept_limited=False)
    for credential in (limited, create_proxy(limited, curve="P-256")):
        with pytest.raises(faults.LimitedProxyError) as caught:
            verify(credential, trust, accept_limited=False)
        assert caught.value.subject == credential.subject
    independent = create_proxy(user, proxy_type=CertificateType.RFC_INDEPENDENT)
    verify(independent, trust, accept_limited=False)


def test_lists_where_required(proxy: Credential, authority: Any, trust: Any) -> None:
    verify(proxy, trust)
    with pytest.raises(faults.CRLMissingError) as caught:
        verify(proxy, trust, require_crl=True)
    assert caught.value.path == str(trust.directory / f"{authority.hash}.r0")
    assert caught.value.subject == authority.subject
    authority.write_crl(trust.directory)
    verify(proxy, trust, require_crl=True)


def test_authorities_between(pki: Any, authority: Any, trust: Any) -> None:
    middle = pki.issue(f"{authority.space}/CN=Middle", authority, ca=True, key=pki.rsa_key(4))

    class Middle:
        issued, certificate = middle, middle.certificate

    user = pki.issue(f"{authority.space}/CN=Below", Middle)
    chain = [security.Certificate(user.pem), security.Certificate(middle.pem)]
    middle_policy = trust.signing_policy_path(chain[1].subject_der)
    with pytest.raises(faults.SigningPolicyMissingError) as caught:
        verify(chain, trust)
    assert caught.value.path == middle_policy
    Path(middle_policy).write_text(
        f"access_id_CA X509 '{authority.space}/CN=Middle'\npos_rights globus CA:sign\n"
        f"cond_subjects globus '\"{authority.space}/*\"'\n"
    )
    assert verify(chain, trust).text == f"{authority.space}/CN=Below"


def test_a_chain_of_nothing(trust: Any) -> None:
    with pytest.raises(faults.NotACertificateError):
        verify([], trust)


def test_the_store(trust: Any, authority: Any, two_trusted: Any) -> None:
    found = {certificate.subject for certificate in trust.authorities()}
    assert found == {authority.subject, two_trusted.subject}
    (trust.directory / "00000000.0").write_text("no certificate")
    assert len(trust.authorities()) == 2
