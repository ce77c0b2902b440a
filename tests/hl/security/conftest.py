"""Authorities, users and trust directories, sound ones and broken ones, made with the package `cryptography`."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from globus_hl import security

PEM = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()
HOUR = dt.timedelta(hours=1)
ATTRIBUTES = {
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def x509_name(subject: str) -> x509.Name:
    parts = [part.split("=", 1) for part in subject.lstrip("/").split("/")]
    return x509.Name([x509.NameAttribute(ATTRIBUTES[kind], value) for kind, value in parts])


@dataclass
class Issued:
    """A certificate with its key, in memory and in files."""

    certificate: x509.Certificate
    key: Any
    cert_path: Path
    key_path: Path

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN)

    @property
    def credential(self) -> security.Credential:
        return security.Credential.from_files(self.cert_path, self.key_path)

    def encrypted_key(self, passphrase: bytes) -> Path:
        path = self.key_path.with_suffix(".encrypted")
        hidden = serialization.BestAvailableEncryption(passphrase)
        path.write_bytes(self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, hidden))
        path.chmod(0o600)
        return path


class Authority:
    """An authority for the name space ``/O=Grid/OU=NAME``."""

    def __init__(self, pki: Pki, name: str, **how: Any) -> None:
        self.pki, self.space = pki, f"/O=Grid/OU={name}"
        self.subject = f"{self.space}/CN=CA"
        self.issued = pki.issue(self.subject, None, ca=True, **how)

    @property
    def certificate(self) -> x509.Certificate:
        return self.issued.certificate

    def issue(self, name: str, **how: Any) -> Issued:
        subject = name if name.startswith("/") else f"{self.space}/CN={name}"
        return self.pki.issue(subject, self, **how)

    def user(self, name: str = "Jo", **how: Any) -> security.Credential:
        return self.issue(name, **how).credential

    def install(self, directory: Path, *, policy: str | None = "own") -> str:
        """In a trust directory; the hash that names its files."""
        stem = self.hash
        (directory / f"{stem}.0").write_bytes(self.issued.pem)
        if policy is not None:
            allowed = f"{self.space}/*" if policy == "own" else policy
            (directory / f"{stem}.signing_policy").write_text(
                f"access_id_CA X509 '{self.subject}'\npos_rights globus CA:sign\n"
                f"cond_subjects globus '\"{allowed}\"'\n"
            )
        return stem

    @property
    def hash(self) -> str:
        command = ["openssl", "x509", "-noout", "-hash", "-in", self.issued.cert_path]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def write_crl(
        self,
        directory: Path,
        *revoked: Issued,
        begins: dt.timedelta = -HOUR,
        ends: dt.timedelta = HOUR,
        key: Any = None,
    ) -> Path:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now() + begins).next_update(now() + ends)
        for issued in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(issued.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now() - HOUR).build())
        path = directory / f"{self.hash}.r0"
        path.write_bytes(builder.sign(key or self.issued.key, hashes.SHA256()).public_bytes(PEM))
        return path


class Pki:
    """Makes certificates in a directory. RSA keys are made once and used again: what counts is who has them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.numbers = itertools.count(1)
        self.keys: list[rsa.RSAPrivateKey] = []

    def rsa_key(self, index: int) -> rsa.RSAPrivateKey:
        while len(self.keys) <= index:
            self.keys.append(rsa.generate_private_key(65537, 2048))
        return self.keys[index]

    def authority(self, name: str, **how: Any) -> Authority:
        return Authority(self, name, **how)

    def issue(
        self,
        subject: str,
        issuer: Authority | None,
        *,
        ca: bool = False,
        begins: dt.timedelta = -HOUR,
        ends: dt.timedelta = 24 * HOUR,
        key: Any = None,
        names: tuple[str, ...] = (),
        signer: Any = None,
    ) -> Issued:
        number = next(self.numbers)
        key = key or self.rsa_key(0 if ca else 1 + number % 3)
        by = x509_name(subject) if issuer is None else issuer.certificate.subject
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509_name(subject))
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(1000 + number)
            .not_valid_before(now() + begins)
            .not_valid_after(now() + ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
            )
        signing = signer or (key if issuer is None else issuer.issued.key)
        certificate = builder.sign(signing, hashes.SHA256())
        where = self.directory / str(number)
        where.mkdir()
        issued = Issued(certificate, key, where / "cert.pem", where / "key.pem")
        issued.cert_path.write_bytes(issued.pem)
        issued.key_path.touch(0o600)
        issued.key_path.write_bytes(issued.key_pem)
        return issued


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def authority(pki: Pki) -> Authority:
    """An authority that `trust` trusts."""
    return pki.authority("Sound")


@pytest.fixture(scope="session")
def user(authority: Authority) -> security.Credential:
    """A user of `authority`."""
    return authority.user("Jo")


@pytest.fixture(scope="session")
def proxy(user: security.Credential) -> security.Credential:
    """An RFC 3820 proxy of `user`."""
    return security.create_proxy(user)


@pytest.fixture
def trust_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "certificates"
    directory.mkdir()
    return directory


@pytest.fixture
def trust(trust_directory: Path, authority: Authority) -> security.TrustStore:
    """Trust in `authority` alone."""
    authority.install(trust_directory)
    return security.TrustStore(trust_directory)


@pytest.fixture
def trusted(trust: security.TrustStore, monkeypatch: pytest.MonkeyPatch) -> security.TrustStore:
    """`trust`, as ``X509_CERT_DIR``."""
    monkeypatch.setenv("X509_CERT_DIR", str(trust.directory))
    return trust


@pytest.fixture
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def no_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No credential at any of the usual places; the directory that is the home."""
    import pwd

    for name in ("X509_USER_PROXY", "X509_USER_CERT", "X509_USER_KEY", "GLOBUS_LOCATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "no-proxy"))
    account = pwd.getpwuid(os.getuid())
    entry = pwd.struct_passwd((*account[:5], str(tmp_path), account[6]))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: entry)
    return tmp_path


@pytest.fixture
def run() -> Callable[..., str]:
    """Runs a program that must succeed; what it wrote."""

    def run(*command: object, **options: Any) -> str:
        words = [str(word) for word in command]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def two_trusted(pki: Pki, trust: security.TrustStore) -> Authority:
    """A second authority that `trust` trusts as well."""
    other = pki.authority("Second")
    other.install(trust.directory)
    return other
