"""A throw-away certification authority: host and user certificates, and the files of a trust directory.

Keys are 2048-bit RSA, because the toolkit can only delegate with RSA; signatures are SHA-256. It is no
model for a real authority: keys are not encrypted, and nobody keeps books.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

try:
    from cryptography import x509
except ImportError as error:
    raise ImportError("globus_hl.testgrid needs more packages: pip install 'globus-hl[testgrid]'") from error
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_BITS = 2048
LIFETIME = dt.timedelta(days=30)
CLOCK_SKEW = dt.timedelta(minutes=5)
# Attributes that cryptography encodes as UTF8String, which is the encoding that subject hashes are made of
ATTRIBUTES = {
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Identity:
    """A host, or a user without a proxy.

    Attributes:
        subject: distinguished name as the toolkit writes it, such as ``/O=Grid/OU=Test 3f2a9c/CN=localhost``.
        cert: PEM file with the certificate.
        key: PEM file with the private key, not encrypted, mode 0600.
    """

    subject: str
    cert: Path
    key: Path


class CertificateAuthority:
    """A certification authority.

    Its name space (``/O=Grid/OU=Test 3f2a9c/...``) is unique, so that several authorities fit into one trust
    directory, and a name of one grid means nobody in another.

    Args:
        directory: where it keeps its key and what it issues, in ``ca``, ``host/NAME`` and ``user/NAME``.

    Attributes:
        namespace: what all its names start with.
        subject: its own distinguished name.
        cert, key: PEM files of its certificate and its private key.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self.namespace = f"/O=Grid/OU=Test {secrets.token_hex(3)}"
        self.subject = f"{self.namespace}/CN=Test Grid CA"
        self._key = new_key()
        self._certificate = (
            self._builder(self.subject, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        own = _write_identity(self.directory / "ca", "ca", self.subject, self._certificate, self._key)
        self.cert, self.key = own.cert, own.key

    @property
    def hashes(self) -> tuple[str, str]:
        """The subject hashes that name a trust directory's files: OpenSSL's since 1.0, and the older one."""
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
        """Lay certificate and signing policy into an existing trust directory, under both hashes."""
        for name in self.hashes:
            Path(trust_directory, f"{name}.0").write_bytes(self.cert.read_bytes())
            Path(trust_directory, f"{name}.signing_policy").write_text(self.signing_policy)

    def issue_host(self, name: str = "localhost", alternatives: Iterable[str] = ()) -> Identity:
        """Issue a host certificate.

        Args:
            name: the common name, and the first of the subject alternative names.
            alternatives: more DNS names, and IP addresses.
        """
        names = [_general_name(n) for n in dict.fromkeys([name, *alternatives])]
        return self._issue(
            "host",
            name,
            (_key_usage("digital_signature", "key_encipherment"), True),
            (
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                False,
            ),
            (x509.SubjectAlternativeName(names), False),
        )

    def issue_user(self, name: str) -> Identity:
        """Issue a user certificate.

        It has no key usage: OpenSSL 3 takes a legacy (``CN=proxy``) proxy for a certificate that the user
        issued as an authority, and would refuse it if the key usage said that the user's key signs none.

        Args:
            name: the common name, unique among the users.

        Raises:
            ValueError: the name has a certificate already, or has a character outside of printable ASCII.
        """
        return self._issue("user", name, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False))

    def _issue(self, kind: str, name: str, *extensions: tuple[x509.ExtensionType, bool]) -> Identity:
        subject, key = f"{self.namespace}/CN={name}", new_key()
        builder = self._builder(subject, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        directory = self.directory / kind / re.sub(r"\W+", "-", name.lower())
        return _write_identity(directory, kind, subject, builder.sign(self._key, hashes.SHA256()), key)

    def _builder(self, subject: str, public_key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(parse_name(subject))
            .issuer_name(parse_name(self.subject))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(issuer_key, critical=False)
        )


def local_names() -> list[str]:
    """The names of a server on loopback: with them host checks pass in every compatibility mode."""
    return ["localhost", socket.gethostname(), "ip6-localhost", "127.0.0.1", "::1"]


def parse_name(subject: str) -> x509.Name:
    """The X.509 name that the toolkit writes as `subject`, such as ``/O=Grid/CN=host/localhost``.

    Raises:
        ValueError: an attribute is not one of O, OU and CN, or a character is none of printable ASCII.
    """
    if not (subject.isascii() and subject.isprintable()):
        raise ValueError(f"{subject!r}: the test CA takes names of printable ASCII characters only")
    attributes = []
    for kind, value in re.findall(r"/([A-Za-z]+)=(.*?)(?=/[A-Za-z]+=|$)", subject):
        if kind not in ATTRIBUTES:
            raise ValueError(
                f"{subject!r}: the test CA knows the attributes {', '.join(ATTRIBUTES)}, not {kind}"
            )
        attributes.append(x509.NameAttribute(ATTRIBUTES[kind], value))
    return x509.Name(attributes)


def new_key() -> rsa.RSAPrivateKey:
    """A new private key."""
    return rsa.generate_private_key(65537, KEY_BITS)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that nobody else can read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _write_identity(
    directory: Path, kind: str, subject: str, certificate: x509.Certificate, key: rsa.RSAPrivateKey
) -> Identity:
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ValueError(f"{subject} has its certificate already, in {directory}") from None
    identity = Identity(subject, directory / f"{kind}cert.pem", directory / f"{kind}key.pem")
    unencrypted = serialization.NoEncryption()
    write_private(identity.key, key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, unencrypted))
    identity.cert.write_bytes(certificate.public_bytes(PEM))
    return identity


def _subject_hashes(name: x509.Name) -> tuple[str, str]:
    """What OpenSSL's `X509_NAME_hash` and `X509_NAME_hash_old` compute, for names of UTF8Strings."""
    canonical = [x509.NameAttribute(a.oid, " ".join(str(a.value).lower().split())) for a in name]
    without_header = b"".join(x509.Name([attribute]).public_bytes()[2:] for attribute in canonical)
    new = hashlib.sha1(without_header, usedforsecurity=False).digest()
    old = hashlib.md5(name.public_bytes(), usedforsecurity=False).digest()
    return f"{int.from_bytes(new[:4], 'little'):08x}", f"{int.from_bytes(old[:4], 'little'):08x}"


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*usages: str) -> x509.KeyUsage:
    known = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{usage: usage in usages for usage in known.split()})
