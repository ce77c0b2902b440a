"""A throw-away certification authority: certificates, trust directory with signing policy, grid-mapfile names.

Keys are 2048-bit RSA, as the toolkit can only delegate with RSA, and signatures SHA-256. Nothing here is a model
for a real authority: keys are not encrypted and there is no audit trail.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

try:
    from cryptography import x509
except ImportError as error:
    raise ImportError(
        "globus_hl.testgrid needs the 'cryptography' package: pip install 'globus-hl[testgrid]'"
    ) from error
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_BITS = 2048
LIFETIME = datetime.timedelta(days=30)
CLOCK_SKEW = datetime.timedelta(minutes=5)
# The attributes whose values cryptography encodes as UTF8String, so that the subject hash is computed from them as is
NAME_ATTRIBUTES = {"O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME}


@dataclass(frozen=True)
class Identity:
    """An end entity: a host, or a user without a proxy.

    Attributes:
        subject: distinguished name in the toolkit's notation, such as ``/O=Grid/OU=Test 3f2a9c/CN=localhost``.
        cert: PEM file with the certificate.
        key: PEM file with the unencrypted private key, mode 0600.
    """

    subject: str
    cert: Path
    key: Path


class CertificateAuthority:
    """A certification authority in a directory of its own.

    Its name space is unique (``/O=Grid/OU=Test 3f2a9c/...``), so that several authorities fit in one trust directory
    and a name of one grid means nobody in another.

    Args:
        directory: made by this class; holds the authority's key and everything that it issues.

    Attributes:
        subject: distinguished name of the authority.
        cert, key: PEM files of its certificate and private key.
        namespace: what the subjects of all its certificates start with.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o700, parents=True)
        self.namespace = f"/O=Grid/OU=Test {secrets.token_hex(3)}"
        self.subject = f"{self.namespace}/CN=Test Grid CA"
        self.cert = self.directory / "ca.pem"
        self.key = self.directory / "cakey.pem"
        self._key = _new_key()
        self._certificate = self._make_certificate()
        _write_key(self.key, self._key)
        self.cert.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def hashes(self) -> tuple[str, str]:
        """The subject hashes that name files of a trust directory: OpenSSL 1.0's and later, and the old MD5 one."""
        return _subject_hashes(self._certificate.subject)

    @property
    def signing_policy(self) -> str:
        """The signing policy (EACL syntax): this authority may sign the names of its own name space."""
        return (
            f"access_id_CA   X509    '{self.subject}'\n"
            "pos_rights     globus  CA:sign\n"
            f"cond_subjects  globus  '\"{self.namespace}/*\"'\n"
        )

    def install(self, trust_directory: str | os.PathLike[str]) -> None:
        """Lay certificate and signing policy into a trust directory, under both hash names.

        Args:
            trust_directory: an existing directory, as `X509_CERT_DIR` names it.
        """
        for name in self.hashes:
            Path(trust_directory, f"{name}.0").write_bytes(self.cert.read_bytes())
            Path(trust_directory, f"{name}.signing_policy").write_text(self.signing_policy)

    def issue_host(self, name: str = "localhost", alternatives: Iterable[str] = ()) -> Identity:
        """Issue a host certificate.

        Args:
            name: common name, and the first DNS name of the subject alternative name.
            alternatives: more DNS names and IP addresses.
        """
        names = list(dict.fromkeys([name, *alternatives]))
        key_usage = _key_usage(digital_signature=True, key_encipherment=True)
        return self._issue(
            name,
            "host",
            [
                (key_usage, True),
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
                (x509.SubjectAlternativeName([_general_name(n) for n in names]), False),
            ],
        )

    def issue_user(self, name: str) -> Identity:
        """Issue a user certificate with the common name `name`.

        It has no key usage extension: OpenSSL 3 takes a legacy (``CN=proxy``) proxy for a certificate issued by the
        user's, and would refuse it where the key usage says that the user's key signs no certificates.
        """
        return self._issue(name, "user", [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)])

    def _issue(self, name: str, kind: str, extensions: list[tuple[x509.ExtensionType, bool]]) -> Identity:
        key = _new_key()
        subject = f"{self.namespace}/CN={name}"
        builder = self._builder(subject, key.public_key()).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        certificate = builder.sign(self._key, hashes.SHA256())
        directory = self.directory.parent / kind / re.sub(r"\W+", "-", name.lower())
        directory.mkdir(mode=0o700, parents=True)
        identity = Identity(subject, directory / f"{kind}cert.pem", directory / f"{kind}key.pem")
        _write_key(identity.key, key)
        identity.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return identity

    def _make_certificate(self) -> x509.Certificate:
        return (
            self._builder(self.subject, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: str, public_key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(parse_name(subject))
            .issuer_name(parse_name(self.subject))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def local_names() -> list[str]:
    """What a server on loopback may be called, so that a client's host check passes in every compatibility mode."""
    return ["localhost", socket.gethostname(), "ip6-localhost", "127.0.0.1", "::1"]


def parse_name(subject: str) -> x509.Name:
    """The X.509 name that the toolkit writes as `subject`, such as ``/O=Grid/CN=Test User``.

    Raises:
        ValueError: an attribute is not one of O, OU and CN.
    """
    attributes = []
    for part in re.findall(r"/([A-Za-z]+=.*?)(?=/[A-Za-z]+=|$)", subject):
        kind, _, value = part.partition("=")
        if kind not in NAME_ATTRIBUTES:
            raise ValueError(f"{subject!r}: the test CA knows the attributes O, OU and CN, not {kind}")
        attributes.append(x509.NameAttribute(NAME_ATTRIBUTES[kind], value))
    return x509.Name(attributes)


def _subject_hashes(name: x509.Name) -> tuple[str, str]:
    """What `X509_NAME_hash` and `X509_NAME_hash_old` compute."""
    canonical = x509.Name([x509.NameAttribute(a.oid, " ".join(a.value.lower().split())) for a in name])
    relative_names = b"".join(x509.Name([a]).public_bytes()[2:] for a in canonical)  # without the outer SEQUENCE
    digests = hashlib.sha1(relative_names).digest(), hashlib.md5(name.public_bytes()).digest()
    new, old = (int.from_bytes(d[:4], "little") for d in digests)
    return f"{new:08x}", f"{old:08x}"


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(**usages: bool) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        " key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{usage: usages.get(usage, False) for usage in every})


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, KEY_BITS)


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    write_private(
        path,
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, from its first byte on."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
