"""Credentials: loaded, found, asked, saved, pickled; and whatever can be wrong with them."""

from __future__ import annotations

import datetime as dt
import errno
import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from globus_hl import errors, security
from globus_hl.security import Credential, pem
from globus_hl.security import errors as faults
from globus_lowlevel import GlobusError, gssapi


def proxy_file(credential: Credential, path: Path) -> Path:
    return credential.save(path)


# ---- what they say ---------------------------------------------------------------------------------------------------


def test_an_end_entity(user: Credential, authority: Any) -> None:
    assert user.subject == user.identity == f"{authority.space}/CN=Jo"
    assert user.issuer == authority.subject
    assert user.type is security.CertificateType.END_ENTITY and not user.is_proxy and not user.is_limited
    assert (user.key.kind, user.key.bits) == ("RSA", 2048)
    assert user.path_length is None and user.policy is None and user.policy_language is None
    assert 86000 < user.time_left < 86400 and not user.is_expired
    assert user.name == security.Name(user.subject)


def test_a_proxy_stands_for_its_issuer(proxy: Credential, user: Credential) -> None:
    assert proxy.subject.startswith(user.subject + "/CN=")
    assert proxy.issuer == proxy.identity == user.subject
    assert proxy.chain[1:] == user.chain
    assert proxy.not_after <= user.not_after


def test_certificates_agree_with_cryptography(user: Credential, proxy: Credential) -> None:
    for certificate in (*user.chain, *proxy.chain):
        other = x509.load_der_x509_certificate(certificate.der)
        assert certificate.serial == other.serial_number
        assert certificate.not_before == other.not_valid_before_utc
        assert certificate.not_after == other.not_valid_after_utc
        assert certificate.key.bits == other.public_key().key_size
        assert certificate.subject_der == other.subject.public_bytes()
        assert certificate.issuer_der == other.issuer.public_bytes()
        assert certificate.pem == other.public_bytes(serialization.Encoding.PEM)


def test_host_names(authority: Any) -> None:
    host = authority.user("localhost", names=("localhost", "www.example.org"))
    assert host.certificate.host_names == ("localhost", "www.example.org")


def test_an_elliptic_curve(authority: Any, ec_key: Any) -> None:
    credential = authority.user("Curve", key=ec_key)
    assert (credential.key.kind, credential.key.curve, credential.key.bits) == ("EC", "P-256", 256)


# ---- where they come from --------------------------------------------------------------------------------------------


def test_load_a_proxy(proxy: Credential, tmp_path: Path) -> None:
    path = proxy_file(proxy, tmp_path / "proxy")
    loaded = Credential.load(path)
    assert loaded.chain == proxy.chain and loaded.path == path


@pytest.mark.parametrize("passphrase", ["geheim", b"geheim", lambda: "geheim", "pässwörter"])
def test_encrypted_keys(authority: Any, trusted: Any, passphrase: Any) -> None:
    issued = authority.issue("Jo")
    secret = passphrase() if callable(passphrase) else passphrase
    key = issued.encrypted_key(secret if isinstance(secret, bytes) else secret.encode())
    credential = Credential.from_files(issued.cert_path, key, passphrase=passphrase)
    assert credential.subject == issued.credential.subject and credential.handle is credential.handle


def test_an_encrypted_key_in_the_old_form(authority: Any, tmp_path: Path, run: Callable[..., str]) -> None:
    issued, key = authority.issue("Jo"), tmp_path / "key"
    run(
        "openssl",
        "rsa",
        "-traditional",
        "-aes256",
        "-in",
        issued.key_path,
        "-out",
        key,
        "-passout",
        "pass:geheim",
    )
    key.chmod(0o600)
    assert (
        Credential.from_files(issued.cert_path, key, passphrase="geheim").subject
        == f"{authority.space}/CN=Jo"
    )


def test_a_passphrase_is_asked_for_once_and_only_if_needed(authority: Any) -> None:
    asked: list[None] = []

    def ask() -> str:
        asked.append(None)
        return "geheim"

    issued = authority.issue("Jo")
    Credential.from_files(issued.cert_path, issued.key_path, passphrase=ask)
    assert not asked
    Credential.from_files(issued.cert_path, issued.encrypted_key(b"geheim"), passphrase=ask)
    assert len(asked) == 1


def test_from_memory(authority: Any) -> None:
    issued = authority.issue("Jo")
    for data, key in ((issued.pem + issued.key_pem, None), (issued.pem, issued.key_pem)):
        credential = Credential.from_pem(bytearray(data), key)
        assert credential.path is None and credential.subject == f"{authority.space}/CN=Jo"


def test_from_a_handle_of_the_low_level(proxy: Credential, trusted: Any) -> None:
    assert Credential.from_handle(proxy.handle).chain == proxy.chain


def test_the_usual_search(
    no_search: Path, monkeypatch: pytest.MonkeyPatch, authority: Any, proxy: Credential
) -> None:
    with pytest.raises(faults.CredentialNotFoundError) as caught:
        Credential.find()
    tried = caught.value.tried
    assert tried[0] == os.environ["X509_USER_PROXY"]
    assert tried[1] == f"{no_search}/.globus/usercert.pem and {no_search}/.globus/userkey.pem"
    assert any("/etc/grid-security/hostcert.pem" in place for place in tried)
    assert all(place in str(caught.value) for place in tried)

    issued = authority.issue("At Home")
    home = no_search / ".globus"
    home.mkdir()
    (home / "usercert.pem").write_bytes(issued.pem)
    issued.key_path.rename(home / "userkey.pem")
    assert Credential.find().subject.endswith("/CN=At Home")

    named = authority.issue("Named")
    monkeypatch.setenv("X509_USER_CERT", str(named.cert_path))
    monkeypatch.setenv("X509_USER_KEY", str(named.key_path))
    assert Credential.find().subject.endswith("/CN=Named")

    proxy.save()
    found = Credential.find()
    assert found.chain == proxy.chain and str(found.path) == os.environ["X509_USER_PROXY"]
    assert Credential.find(kinds=("user",)).subject.endswith("/CN=Named")


def test_the_search_does_not_pass_over_what_is_broken(no_search: Path, proxy: Credential) -> None:
    path = proxy.save()
    path.write_bytes(b"no proxy")
    with pytest.raises(faults.NotACertificateError) as caught:
        Credential.find()
    assert caught.value.path == str(path)


# ---- saved and pickled -----------------------------------------------------------------------------------------------


def test_saved_for_nobody_else(proxy: Credential, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = Credential.from_pem(proxy.to_pem()).save(tmp_path / "proxy")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["proxy"]


def test_saving_replaces_a_file_at_once(proxy: Credential, tmp_path: Path) -> None:
    path, outside = tmp_path / "proxy", tmp_path / "outside"
    outside.write_text("mine")
    path.symlink_to(outside)
    proxy_file(proxy, path)
    assert outside.read_text() == "mine" and not path.is_symlink()


def test_a_failed_save_leaves_nothing(
    proxy: Credential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "proxy"
    path.write_text("as it was")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(faults.CredentialFileError) as caught:
        proxy_file(proxy, path)
    assert caught.value.errno == errno.ENOSPC and caught.value.path == str(path)
    assert os.listdir(tmp_path) == ["proxy"] and path.read_text() == "as it was"


def test_pickled_by_reference_only(proxy: Credential, authority: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="save"):
        pickle.dumps(Credential.from_pem(proxy.to_pem()))
    saved = Credential.from_pem(proxy.to_pem())
    saved.save(tmp_path / "proxy")
    data = pickle.dumps(saved)
    assert b"PRIVATE" not in data and len(data) < 300
    assert pickle.loads(data).chain == proxy.chain
    two_files = authority.user("Pickled")
    assert pickle.loads(pickle.dumps(two_files)).chain == two_files.chain


def test_repr_shows_no_secret(proxy: Credential) -> None:
    assert (
        "Jo" in repr(proxy)
        and "PRIVATE" not in repr(proxy)
        and "PRIVATE" not in str(vars(proxy).get("chain"))
    )


def test_the_toolkit_reads_what_is_saved(proxy: Credential, tmp_path: Path, run: Callable[..., str]) -> None:
    path = proxy_file(proxy, tmp_path / "proxy")
    assert run("grid-proxy-info", "-f", path, "-identity").strip() == proxy.identity
    assert run("grid-proxy-info", "-f", path, "-subject").strip() == proxy.subject


# ---- what can be wrong -----------------------------------------------------------------------------------------------


def broken(
    authority: Any, tmp_path: Path
) -> dict[str, tuple[type[errors.GridError], Callable[[], object], Path | None]]:
    issued, other = authority.issue("Jo"), authority.issue("Other", key=authority.pki.rsa_key(7))
    encrypted, missing, nothing = issued.encrypted_key(b"geheim"), tmp_path / "missing", tmp_path / "nothing"
    open_key = tmp_path / "open"
    for path, content in ((nothing, b"nothing here"), (open_key, issued.key_pem)):
        path.write_bytes(content)
    nothing.chmod(0o600)
    open_key.chmod(0o640)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(issued.key_pem.replace(b"MII", b"MIA", 1))
    damaged.chmod(0o600)
    files = Credential.from_files
    return {
        "no certificate file": (
            faults.CredentialNotFoundError,
            lambda: files(missing, issued.key_path),
            missing,
        ),
        "no key file": (faults.CredentialNotFoundError, lambda: files(issued.cert_path, missing), missing),
        "no proxy file": (faults.CredentialNotFoundError, lambda: Credential.load(missing), missing),
        "a directory": (faults.CredentialFileError, lambda: Credential.load(tmp_path), tmp_path),
        "certificate is none": (
            faults.NotACertificateError,
            lambda: files(nothing, issued.key_path),
            nothing,
        ),
        "key is none": (faults.BadKeyError, lambda: files(issued.cert_path, nothing), nothing),
        "key is damaged": (faults.BadKeyError, lambda: files(issued.cert_path, damaged), damaged),
        "key is open to others": (
            faults.UnsafePermissionsError,
            lambda: files(issued.cert_path, open_key),
            open_key,
        ),
        "key of somebody else": (
            faults.KeyMismatchError,
            lambda: files(issued.cert_path, other.key_path),
            other.key_path,
        ),
        "no passphrase": (faults.KeyEncryptedError, lambda: files(issued.cert_path, encrypted), encrypted),
        "wrong passphrase": (
            faults.WrongPassphraseError,
            lambda: files(issued.cert_path, encrypted, passphrase="falsch"),
            encrypted,
        ),
        "proxy without a key": (faults.BadKeyError, lambda: Credential.from_pem(issued.pem), None),
        "key without a certificate": (
            faults.NotACertificateError,
            lambda: Credential.from_pem(issued.key_pem),
            None,
        ),
        "nothing at all": (faults.NotACertificateError, lambda: Credential.from_pem(b""), None),
    }


CASES = [
    "no certificate file",
    "no key file",
    "no proxy file",
    "a directory",
    "certificate is none",
    "key is none",
    "key is damaged",
    "key is open to others",
    "key of somebody else",
    "no passphrase",
    "wrong passphrase",
    "proxy without a key",
    "key without a certificate",
    "nothing at all",
]


@pytest.mark.parametrize("case", CASES)
def test_each_cause_is_an_error_of_its_own(authority: Any, tmp_path: Path, case: str) -> None:
    kind, call, path = broken(authority, tmp_path)[case]
    with pytest.raises(errors.CredentialError) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert error.path == (None if path is None else str(path))
    assert path is None or str(path) in str(error)
    assert "falsch" not in error.message and error.hint
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind and (copy.path, copy.subject, str(copy)) == (
        error.path,
        error.subject,
        str(error),
    )


def test_the_key_of_somebody_else_names_the_subject(authority: Any, tmp_path: Path) -> None:
    with pytest.raises(faults.KeyMismatchError) as caught:
        broken(authority, tmp_path)["key of somebody else"][1]()
    assert caught.value.subject == f"{authority.space}/CN=Jo"


def test_a_key_of_another_user(authority: Any) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    issued = authority.issue("Jo")
    os.chown(issued.key_path, 65534, -1)
    with pytest.raises(faults.UnsafePermissionsError, match="65534"):
        _ = issued.credential


def test_an_expired_credential_says_so(authority: Any) -> None:
    old = authority.user("Old", begins=dt.timedelta(days=-2), ends=dt.timedelta(days=-1))
    assert old.is_expired and old.time_left == 0.0


def test_credentials_need_no_environment(proxy: Credential, no_search: Path) -> None:
    assert Credential.from_pem(proxy.to_pem()).identity == proxy.identity


def test_no_directory_of_trusted_authorities(
    authority: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: Any
) -> None:
    credential = authority.user("Nobody's Friend")
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(faults.NoTrustDirectoryError):
        _ = credential.handle
    monkeypatch.setenv("X509_CERT_DIR", str(trusted.directory))
    assert credential.handle is not None


def test_what_openssl_forbids(pki: Any, authority: Any, trusted: Any) -> None:
    weak = authority.user("Weak", key=rsa.generate_private_key(65537, 1024))  # noqa: S505 - the point
    assert weak.key.bits == 1024
    with pytest.raises(faults.UnusableCredentialError) as caught:
        _ = weak.handle
    assert caught.value.subject == weak.subject


def test_a_proxy_without_its_chain(proxy: Credential, trusted: Any, tmp_path: Path) -> None:
    """The library would follow a name that is not there."""
    key = next(block.text for block in pem.blocks(proxy.to_pem()) if block.is_private_key)
    path = tmp_path / "proxy"
    path.touch(0o600)
    path.write_bytes(proxy.certificate.pem + key)
    with pytest.raises(faults.IncompleteChainError) as caught:
        Credential.load(path)
    assert (caught.value.subject, caught.value.path) == (proxy.subject, str(path))
    for option, what in ((0, path.read_bytes()), (1, b"X509_USER_PROXY=" + bytes(path))):
        with pytest.raises(GlobusError, match="end entity"):
            gssapi.gss_import_cred(None, option, what, 0)
