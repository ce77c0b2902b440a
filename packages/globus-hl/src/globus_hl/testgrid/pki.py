"""Throw-away certification authorities: host and user certificates, and the files of a trust directory.

What they issue is sound unless it is asked to be otherwise: keys are 2048-bit RSA, because the toolkit can only delegate
with RSA; signatures are SHA-256. It is no model for a real authority: keys are not encrypted, and the only book that is
kept is the list of revoked certificates.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from .keys import VALID, KeyKind, PrivateKey, PublicKey, Validity, key_pem, new_key, times, write_private
from .names import file_name, general_name, parse_name, subject_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable

PEM = serialization.Encoding.PEM

Policy = Literal["own", "missing", "violated"]


@dataclass(frozen=True)
class Identity:
    """A host, or a user without a proxy.

    Attributes:
        subject: distinguished name as the toolkit writes it, such as ``/O=Grid/OU=Test 3f2a9c/CN=localhost``.
        cert: PEM file with the certificate.
        key: PEM file with the private key, mode 0600.
        passphrase: what the key is encrypted with; None: it is not.
    """

    subject: str
    cert: Path
    key: Path
    passphrase: str | None = None

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate, for the package `cryptography`."""
        return x509.load_pem_x509_certificate(self.cert.read_bytes())


class CertificateAuthority:
    """A certification authority.

    Its name space (``/O=Grid/OU=Test 3f2a9c/...``) is unique, so that several authorities fit into one trust
    directory, and a name of one grid means nobody in another.

    Args:
        directory: where it keeps its key and what it issues, in ``ca``, ``host/NAME`` and ``user/NAME``.
        name: its common name.
        issuer: the authority that it is below; None: it is a root.
        valid: from when to when its certificate is valid, such as `VALID`, `EXPIRED` or `NOT_YET_VALID`. What it issues
            does not depend on it.
        policy: the signing policy that it brings to a trust directory.
            ``"own"``: it may sign the names of its name space.
            ``"missing"``: none.
            ``"violated"``: it may sign other names than those that it signs.

    Attributes:
        namespace: what all its names start with.
        subject: its own distinguished name.
        cert, key: PEM files of its certificate and its private key.
        revoked: serial numbers of what it has revoked.
    """

    namespace: str

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        name: str = "Test Grid CA",
        issuer: CertificateAuthority | None = None,
        valid: Validity = VALID,
        policy: Policy = "own",
    ) -> None:
        if policy not in get_args(Policy):
            raise ValueError(f"policy={policy!r} is none of {', '.join(map(repr, get_args(Policy)))}")
        if set(name) & set("'\""):
            raise ValueError(
                f"name={name!r}: a signing policy has no way to quote an authority with a quotation mark"
            )
        self.directory = Path(directory)
        self.policy = policy
        self.revoked: list[int] = []
        self._installed: list[Path] = []
        self._crls = 0
        self._key = new_key()
        above = issuer or self
        self.namespace = f"{above.namespace if issuer else '/O=Grid'}/OU=Test {secrets.token_hex(3)}"
        self.subject = f"{self.namespace}/CN={name}"
        self._certificate = (
            above._builder(self.subject, self._key.public_key(), valid)  # noqa: SLF001 - it is one of us
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
            .sign(above._key, hashes.SHA256())  # noqa: SLF001
        )
        own = _write_identity(self.directory / "ca", "ca", self.subject, self._certificate, self._key, None)
        self.cert, self.key = own.cert, own.key

    def __repr__(self) -> str:
        return f"<CertificateAuthority {self.subject}>"

    # ---- trust -------------------------------------------------------------------------------------------

    @property
    def hashes(self) -> tuple[str, str]:
        """The subject hashes that name a trust directory's files: OpenSSL's since 1.0, and the older one."""
        return subject_hashes(self._certificate.subject)

    @property
    def signing_policy(self) -> str:
        """The signing policy (EACL syntax) that `policy` asks for; empty: none."""
        if self.policy == "missing":
            return ""
        space = self.namespace if self.policy == "own" else f"{self.namespace} of others"
        return (
            f"access_id_CA   X509    '{self.subject}'\n"
            "pos_rights     globus  CA:sign\n"
            f"cond_subjects  globus  '\"{space}/*\"'\n"
        )

    def install(self, trust_directory: str | os.PathLike[str]) -> None:
        """Lay certificate and signing policy into an existing trust directory, under both hashes."""
        directory = Path(trust_directory)
        for name in self.hashes:
            (directory / f"{name}.0").write_bytes(self.cert.read_bytes())
            if self.signing_policy:
                (directory / f"{name}.signing_policy").write_text(self.signing_policy)
        self._installed.append(directory)

    def revoke(self, identity: Identity) -> None:
        """Revoke a certificate, and publish the list that says so."""
        self.revoked.append(identity.certificate.serial_number)
        self.publish_crl()

    def publish_crl(self, valid: Validity = VALID) -> None:
        """Lay a list of the revoked certificates (CRL) into all trust directories where the authority is installed.

        Without one nothing is revoked, and nobody asks for it.

        Args:
            valid: from when to when it counts. One that is out of date makes the toolkit refuse all that the authority
                has issued.
        """
        begin, end = times(valid)
        self._crls += 1
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(begin)
            .next_update(end)
            .add_extension(x509.CRLNumber(self._crls), critical=False)
            .add_extension(key_id, critical=False)
        )
        for number in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(begin)
            builder = builder.add_revoked_certificate(entry.build())
        crl = builder.sign(self._key, hashes.SHA256()).public_bytes(PEM)
        # The toolkit writes the hash without leading zeros where it looks for a list, and only there.
        names = {name for each in self.hashes for name in (each, each.lstrip("0"))}
        for directory in self._installed:
            for name in names:
                new = directory / f"{name}.new"
                new.write_bytes(crl)
                new.replace(directory / f"{name}.r0")  # at once, as servers may be reading it

    # ---- certificates ------------------------------------------------------------------------------------

    def issue_host(
        self,
        name: str = "localhost",
        alternatives: Iterable[str] = (),
        *,
        key: KeyKind = "rsa2048",
        valid: Validity = VALID,
    ) -> Identity:
        """Issue a host certificate.

        Args:
            name: the common name, and the first of the subject alternative names; unique among the hosts.
            alternatives: more DNS names, and IP addresses.
            key: kind of its key.
            valid: from when to when it is valid, such as `EXPIRED`.
        """
        names = [general_name(n) for n in dict.fromkeys([name, *alternatives])]
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (key_usage("digital_signature", "key_encipherment"), True),
            (purposes, False),
            (x509.SubjectAlternativeName(names), False),
        ]
        return self._issue("host", name, extensions, new_key(key), valid, None)

    def issue_user(
        self,
        name: str,
        *,
        key: KeyKind = "rsa2048",
        valid: Validity = VALID,
        passphrase: str | None = None,
    ) -> Identity:
        """Issue a user certificate.

        It has no key usage: OpenSSL 3 takes a legacy (``CN=proxy``) proxy for a certificate that the user
        issued as an authority, and would refuse it if the key usage said that the user's key signs none.

        Args:
            name: the common name, unique among the users.
            key: kind of its key.
            valid: from when to when it is valid, such as `EXPIRED`.
            passphrase: what its key is encrypted with; None: it is not.

        Raises:
            ValueError: the name has a certificate already, or has a character outside of printable ASCII.
        """
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._issue("user", name, [(purpose, False)], new_key(key), valid, passphrase)

    def _issue(
        self,
        kind: str,
        name: str,
        extensions: Iterable[tuple[x509.ExtensionType, bool]],
        key: PrivateKey,
        valid: Validity,
        passphrase: str | None,
    ) -> Identity:
        subject = f"{self.namespace}/CN={name}"
        builder = self._builder(subject, key.public_key(), valid)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        certificate = builder.sign(self._key, hashes.SHA256())
        directory = self.directory / kind / file_name(name)
        return _write_identity(directory, kind, subject, certificate, key, passphrase)

    def _builder(self, subject: str, public_key: PublicKey, valid: Validity) -> x509.CertificateBuilder:
        begin, end = times(valid)
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(parse_name(subject))
            .issuer_name(parse_name(self.subject))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(issuer_key, critical=False)
        )


def _write_identity(
    directory: Path,
    kind: str,
    subject: str,
    certificate: x509.Certificate,
    key: PrivateKey,
    passphrase: str | None,
) -> Identity:
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ValueError(f"{subject} has its certificate already, in {directory}") from None
    identity = Identity(subject, directory / f"{kind}cert.pem", directory / f"{kind}key.pem", passphrase)
    write_private(identity.key, key_pem(key, passphrase))
    identity.cert.write_bytes(certificate.public_bytes(PEM))
    return identity


def key_usage(*usages: str) -> x509.KeyUsage:
    """The extension that allows a key these uses, and no others."""
    known = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{usage: usage in usages for usage in known.split()})
