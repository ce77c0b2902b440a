"""Proxies of all types, and delegation on two sides."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from globus_hl import security
from globus_hl.security import CertificateType, Credential, DelegationRequest, create_proxy, sign_request
from globus_hl.security import errors as faults

PROXIES = [kind for kind in CertificateType if kind.is_proxy]
LANGUAGE = "1.3.6.1.4.1.3536.1.1.1.8"


def arguments(kind: CertificateType) -> dict[str, Any]:
    return {"policy": b"rights, and\0more\n", "policy_language": LANGUAGE} if kind.is_restricted else {}


@pytest.mark.parametrize("kind", PROXIES, ids=lambda kind: kind.name)
def test_every_type(
    user: Credential, trust: Any, tmp_path: Path, run: Callable[..., str], kind: CertificateType
) -> None:
    proxy = create_proxy(user, curve="P-256", proxy_type=kind, **arguments(kind))
    assert proxy.type is kind and proxy.is_limited == kind.is_limited
    own = kind.is_independent or kind.is_restricted
    assert proxy.identity == (proxy.subject if own else user.subject)
    if kind.is_restricted:
        assert proxy.policy == b"rights, and\0more\n" and proxy.policy_language == LANGUAGE
    path = proxy.save(tmp_path / "proxy")
    assert run("grid-proxy-info", "-f", path, "-type").strip() == str(kind)
    assert run("grid-proxy-info", "-f", path, "-identity").strip() == proxy.identity
    asked: list[tuple[str, bytes]] = []

    def accept(language: str, policy: bytes) -> bool:
        asked.append((language, policy))
        return True

    assert security.verify(proxy, trust, accept_policy=accept).text == proxy.identity
    assert set(asked) == ({(LANGUAGE, b"rights, and\0more\n")} if kind.is_restricted else set())


@pytest.mark.parametrize("accept", [None, lambda *_: False, lambda *_: 1 / 0])
def test_policies_that_nobody_understands(
    user: Credential, trust: Any, accept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.unraisablehook", lambda _: None)
    proxy = create_proxy(user, curve="P-256", policy=b"rights", policy_language=LANGUAGE)
    with pytest.raises(faults.PolicyError, match=LANGUAGE) as caught:
        security.verify(proxy, trust, accept_policy=accept)
    assert caught.value.subject == proxy.subject


@pytest.mark.parametrize(
    "key", [{}, {"bits": 3072}, {"curve": "P-256"}, {"curve": "P-384"}, {"curve": "P-521"}], ids=str
)
def test_every_key(
    user: Credential, authority: Any, tmp_path: Path, run: Callable[..., str], key: dict[str, Any]
) -> None:
    first = create_proxy(user, **key)
    second = create_proxy(first, **key)
    assert (first.key.kind, first.key.bits) == {
        "bits": ("RSA", key.get("bits")),
        "curve": ("EC", security.CURVES.get(key.get("curve", ""))),
    }.get(next(iter(key), ""), ("RSA", 2048))
    path = second.save(tmp_path / "proxy")
    run(
        "openssl",
        "verify",
        "-allow_proxy_certs",
        "-CAfile",
        authority.issued.cert_path,
        "-untrusted",
        path,
        path,
    )
    run("grid-proxy-info", "-f", path, "-exists")


@pytest.mark.parametrize("curve", ["P-256", "P-384"])
def test_a_user_with_an_elliptic_curve(pki: Any, trust: Any, ec_key: Any, curve: str) -> None:
    elliptic = pki.authority("Elliptic", key=ec_key)
    elliptic.install(trust.directory)
    user = elliptic.user("Jo")
    assert security.verify(create_proxy(create_proxy(user), curve=curve), trust).text == user.subject


@pytest.mark.parametrize("lifetime", [60, 61.5, 3600, dt.timedelta(hours=2), None, 1e9], ids=str)
def test_never_longer_than_the_issuer(user: Credential, lifetime: Any) -> None:
    proxy = create_proxy(user, curve="P-256", lifetime=lifetime)
    seconds = lifetime.total_seconds() if isinstance(lifetime, dt.timedelta) else lifetime
    wanted = float("inf") if seconds is None else seconds
    assert proxy.certificate.not_after <= user.not_after
    assert min(wanted, user.time_left) - 2 <= proxy.time_left <= min(wanted + 60, user.time_left + 1)


def test_nor_than_any_one_above_it(authority: Any) -> None:
    short = authority.user("Short", ends=dt.timedelta(minutes=10))
    long_proxy = create_proxy(short, lifetime=None)
    assert create_proxy(long_proxy, lifetime=3600).not_after <= short.not_after


@pytest.mark.parametrize("lifetime", [0, -1, float("nan"), float("inf"), dt.timedelta(0)], ids=str)
def test_lifetimes_that_are_none(user: Credential, lifetime: Any) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        create_proxy(user, lifetime=lifetime)


def test_path_lengths(user: Credential, trust: Any) -> None:
    first = create_proxy(user, curve="P-256", path_length=1)
    second = create_proxy(first, curve="P-256")
    assert (first.path_length, second.path_length) == (1, 0)
    security.verify(second, trust)
    with pytest.raises(faults.PathLengthExceededError) as caught:
        create_proxy(second)
    assert caught.value.subject == second.subject
    assert create_proxy(user, curve="P-256", path_length=0).path_length == 0


def test_what_follows_a_limited_proxy_is_limited(user: Credential) -> None:
    limited = create_proxy(user, curve="P-256", limited=True)
    assert limited.type is CertificateType.RFC_LIMITED
    assert create_proxy(limited, curve="P-256").type is CertificateType.RFC_LIMITED
    with pytest.raises(faults.ProxyTypeError):
        create_proxy(limited, proxy_type=CertificateType.RFC)


@pytest.mark.parametrize("form", [CertificateType.DRAFT, CertificateType.LEGACY], ids=lambda kind: kind.name)
def test_a_proxy_keeps_the_form_of_its_issuer(user: Credential, form: CertificateType) -> None:
    first = create_proxy(user, curve="P-256", proxy_type=form)
    assert create_proxy(first, curve="P-256").type is form
    assert create_proxy(first, curve="P-256", limited=True).type is form.limited
    with pytest.raises(faults.ProxyTypeError) as caught:
        create_proxy(first, proxy_type=CertificateType.RFC)
    assert caught.value.subject == first.subject


@pytest.mark.parametrize(
    "contradiction",
    [
        {"proxy_type": CertificateType.END_ENTITY},
        {"proxy_type": CertificateType.RFC, "limited": True},
        {"proxy_type": CertificateType.LEGACY, "path_length": 1},
        {"proxy_type": CertificateType.RFC_RESTRICTED},
        {"policy": b"rights"},
        {"path_length": -1},
        {"bits": 2048, "curve": "P-256"},
        {"bits": 100},
        {"curve": "P-255"},
    ],
    ids=str,
)
def test_contradictions(user: Credential, contradiction: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        create_proxy(user, **contradiction)


def test_an_expired_issuer(authority: Any) -> None:
    old = authority.user("Old", begins=dt.timedelta(days=-2), ends=dt.timedelta(days=-1))
    with pytest.raises(faults.OwnCredentialExpiredError) as caught:
        create_proxy(old)
    assert caught.value.subject == old.subject and caught.value.path == str(old.path)


def test_proxies_of_the_toolkit(authority: Any, trust: Any, tmp_path: Path, run: Callable[..., str]) -> None:
    issued, path = authority.issue("Jo"), tmp_path / "proxy"
    run(
        "grid-proxy-init",
        "-cert",
        issued.cert_path,
        "-key",
        issued.key_path,
        "-out",
        path,
        "-valid",
        "1:00",
        "-q",
    )
    proxy = Credential.load(path)
    assert proxy.type is CertificateType.RFC and proxy.identity == f"{authority.space}/CN=Jo"
    assert 3500 < proxy.time_left <= 3600
    security.verify(create_proxy(proxy), trust)


# ---- on two sides ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["pem", "der"])
@pytest.mark.parametrize("key", [{}, {"curve": "P-256"}], ids=str)
def test_delegation(proxy: Credential, trust: Any, form: str, key: dict[str, Any]) -> None:
    request = DelegationRequest(**key)
    answer = sign_request(proxy, getattr(request, form), lifetime=3600)
    delegated = request.assemble(answer)
    assert delegated.identity == proxy.identity and delegated.chain[1:] == proxy.chain
    assert security.verify(delegated, trust).text == proxy.identity


def test_an_answer_in_der(proxy: Credential) -> None:
    request = DelegationRequest()
    answer = security.certificates(sign_request(proxy, request.der))
    assert request.assemble(b"".join(c.der for c in answer)).chain == tuple(answer)


def test_limited_delegation(proxy: Credential) -> None:
    request = DelegationRequest()
    assert request.assemble(sign_request(proxy, request.der, limited=True)).is_limited


def test_a_request_is_one_for_everybody(proxy: Credential) -> None:
    request = DelegationRequest()
    assert x509.load_der_x509_csr(request.der).is_signature_valid
    assert x509.load_pem_x509_csr(request.pem).is_signature_valid


def test_an_answer_for_another_request(proxy: Credential) -> None:
    first, second = DelegationRequest(), DelegationRequest()
    answer = sign_request(proxy, second.der)
    with pytest.raises(faults.KeyMismatchError):
        first.assemble(answer)
    assert second.assemble(answer).identity == proxy.identity


def test_a_request_is_used_once(proxy: Credential) -> None:
    request = DelegationRequest()
    answer = sign_request(proxy, request.der)
    request.assemble(answer)
    with pytest.raises(faults.ContextStateError):
        request.assemble(answer)
    with pytest.raises(TypeError, match="private key"):
        pickle.dumps(request)


@pytest.mark.parametrize(
    "spoil", [lambda r: b"", lambda r: b"no request", lambda r: r[:-20], lambda r: r[:-1] + b"\0"]
)
def test_requests_that_are_none(proxy: Credential, spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(faults.DelegationError):
        sign_request(proxy, spoil(DelegationRequest(curve="P-256").der))
