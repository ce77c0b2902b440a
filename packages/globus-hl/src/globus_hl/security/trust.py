"""The directory of trusted authorities: their certificates, signing policies and revocation lists."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from globus_lowlevel import gsi_sysconfig

from . import der, files, pem
from .certificate import Certificate
from .errors import NotACertificateError, NoTrustDirectoryError
from .library import start
from .name_hash import name_hash
from .search import default_trust_directory

__all__ = ["RevocationList", "TrustStore"]


@dataclass(frozen=True)
class RevocationList:
    """What a certificate revocation list (RFC 5280, section 5) says of itself.

    Attributes:
        path: its file.
        this_update, next_update: from when to when it is current; no next_update: for ever.
        revoked: the serial numbers of revoked certificates.
    """

    path: str
    this_update: dt.datetime
    next_update: dt.datetime | None
    revoked: frozenset[int]

    @classmethod
    def load(cls, path: str) -> RevocationList:
        """Read the file; the signature is not checked here.

        Raises:
            ValueError: it is none.
        """
        content = files.read(path)
        found = [block.der for block in pem.blocks(content) if block.label.endswith("CRL")]
        signed = der.children(der.parse(found[0] if found else content, der.SEQUENCE))[0]
        parts = der.children(signed)
        if parts[0].tag == der.INTEGER:
            parts = parts[1:]
        _algorithm, _issuer, this_update, *rest = parts
        next_update = (
            der.time(rest.pop(0)) if rest and rest[0].tag in (der.UTC_TIME, der.GENERALIZED_TIME) else None
        )
        entries = der.children(rest[0]) if rest and rest[0].tag == der.SEQUENCE else []
        serials = frozenset(der.integer(der.children(entry)[0]) for entry in entries)
        return cls(path, der.time(this_update), next_update, serials)

    def is_current(self, when: dt.datetime) -> bool:
        return self.this_update <= when and (self.next_update is None or when <= self.next_update)


class TrustStore:
    """A directory of trusted authorities, as the toolkit keeps it: ``HASH.0``, ``HASH.signing_policy``, ``HASH.r0``.

    Nothing is read before it is needed, and nothing is kept: a changed file counts at once.

    Args:
        directory: None: ``X509_CERT_DIR``, ``~/.globus/certificates`` or ``/etc/grid-security/certificates``.

    Raises:
        NoTrustDirectoryError: there is no such directory.
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        found = default_trust_directory() if directory is None else os.fspath(directory)
        if found is None or not os.path.isdir(found):
            named = "no directory of trusted certificates" if found is None else f"no directory {found}"
            raise NoTrustDirectoryError(f"there is {named}", path=found)
        self.directory = Path(found)

    def stem(self, name: bytes) -> str:
        """What the names of an authority's files begin with: its path without the suffix.

        Args:
            name: the distinguished name, DER.
        """
        return str(self.directory / name_hash(name))

    def authority(self, name: bytes) -> Certificate | None:
        """The trusted certificate of an authority of that name (DER), or None."""
        stem = self.stem(name)
        for number in range(10):
            path = f"{stem}.{number}"
            if not os.path.isfile(path):
                break
            certificate = _certificate(path)
            if certificate is not None and certificate.subject_der == name:
                return certificate
        return None

    def authorities(self) -> list[Certificate]:
        """All authorities that are trusted."""
        start()
        paths = gsi_sysconfig.globus_gsi_sysconfig_get_ca_cert_files_unix(str(self.directory))
        found = (_certificate(path) for path in sorted(paths))
        return list(dict.fromkeys(certificate for certificate in found if certificate is not None))

    def signing_policy_path(self, name: bytes) -> str:
        """Where the signing policy of an authority of that name (DER) is, or should be."""
        return f"{self.stem(name)}.signing_policy"

    def crl_path(self, name: bytes) -> str:
        """Where the revocation list of an authority of that name (DER) is, or should be."""
        return f"{self.stem(name)}.r0"

    def crl(self, name: bytes) -> RevocationList | None:
        """The revocation list of an authority of that name (DER), or None if there is no file.

        Raises:
            ValueError: the file is no revocation list.
        """
        path = self.crl_path(name)
        return RevocationList.load(path) if os.path.isfile(path) else None

    def __repr__(self) -> str:
        return f"<TrustStore {self.directory}>"


def _certificate(path: str) -> Certificate | None:
    """A file that is no certificate makes nobody trusted, and no other authority untrusted."""
    try:
        return Certificate(files.read(path))
    except NotACertificateError:
        return None
