"""X.509 certificates, as far as grids look into them."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, gsi_cert_utils, gsi_credential

from . import der, pem
from .errors import InvalidProxyError, NotACertificateError
from .keys import PublicKey
from .library import bare_handle, start
from .types import CertificateType

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Certificate", "ProxyInfo", "certificates"]

_PROXY_INFO = {"1.3.6.1.5.5.7.1.14", "1.3.6.1.4.1.3536.1.222"}  # RFC 3820, and the draft before it
_ALTERNATIVE_NAMES = "2.5.29.17"
_DNS, _IP = 0x82, 0x87


@dataclass(frozen=True)
class ProxyInfo:
    """What a proxy certificate says of itself (RFC 3820, section 3.8).

    Attributes:
        language: dotted identifier of the policy's language.
        policy: the policy, or None.
        path_length: how many proxies may follow; None: any number.
    """

    language: str
    policy: bytes | None = None
    path_length: int | None = None


class Certificate:
    """A certificate. Immutable; equal to another one with the same bytes.

    Args:
        data: the certificate, DER or PEM.

    Raises:
        NotACertificateError: it is none.
    """

    def __init__(self, data: Buffer) -> None:
        encoded = bytes(data)
        found = [block for block in pem.blocks(encoded) if block.is_certificate]
        try:
            self.der: bytes = found[0].der if found else encoded
            self._fields = _fields(self.der)
            self._handle: Any = bare_handle(self.der)
        except (ValueError, IndexError) as error:
            raise NotACertificateError(f"this is no certificate: {error}") from None

    @property
    def pem(self) -> bytes:
        """The certificate as PEM text."""
        return pem.encode("CERTIFICATE", self.der)

    @functools.cached_property
    def subject(self) -> str:
        """Whom it certifies, as the toolkit writes names: ``/O=Grid/CN=Test User``."""
        name: str = gsi_credential.globus_gsi_cred_get_subject_name(self._handle)
        return name

    @functools.cached_property
    def issuer(self) -> str:
        """Who signed it."""
        name: str = gsi_credential.globus_gsi_cred_get_issuer_name(self._handle)
        return name

    @functools.cached_property
    def type(self) -> CertificateType:
        """What it is: an end entity's certificate, an authority's, or which type of proxy.

        Raises:
            InvalidProxyError: it says that it is a proxy, and breaks the rules for one.
        """
        start()
        try:
            return CertificateType(int(gsi_cert_utils.globus_gsi_cert_utils_get_cert_type(self.der)))
        except (GlobusError, ValueError) as error:
            raise InvalidProxyError(
                f"{self.subject} is a proxy certificate of no known type", subject=self.subject
            ) from error

    @property
    def serial(self) -> int:
        """The serial number that the issuer gave it."""
        return der.integer(self._fields.serial)

    @functools.cached_property
    def not_before(self) -> dt.datetime:
        """When it begins to be valid (UTC)."""
        return der.time(der.children(self._fields.validity)[0])

    @functools.cached_property
    def not_after(self) -> dt.datetime:
        """When it expires (UTC)."""
        return der.time(der.children(self._fields.validity)[1])

    @functools.cached_property
    def key(self) -> PublicKey:
        """Its public key."""
        return PublicKey.from_info(self._fields.key)

    @functools.cached_property
    def proxy_info(self) -> ProxyInfo | None:
        """What it says of itself if it is a proxy of RFC 3820 or of the draft; else None."""
        for identifier in _PROXY_INFO & self._fields.extensions.keys():
            return _proxy_info(self._fields.extensions[identifier])
        return None

    @functools.cached_property
    def host_names(self) -> tuple[str, ...]:
        """The DNS names among the alternative names of its subject."""
        names = self._fields.extensions.get(_ALTERNATIVE_NAMES)
        if names is None:
            return ()
        found = der.children(der.parse(names, der.SEQUENCE))
        return tuple(name.contents.decode("ascii", "replace") for name in found if name.tag == _DNS)

    @property
    def subject_der(self) -> bytes:
        """The encoded name of the subject: what the files of a trust directory are named after."""
        return self._fields.subject.encoded

    @property
    def issuer_der(self) -> bytes:
        """The encoded name of the issuer."""
        return self._fields.issuer.encoded

    def fingerprint(self, digest: str = "sha256") -> str:
        """Hash of the whole certificate, in hexadecimal."""
        return hashlib.new(digest, self.der).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.der == other.der if isinstance(other, Certificate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"<Certificate {self.subject}>"

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return Certificate, (self.der,)


def certificates(data: Buffer) -> list[Certificate]:
    """The certificates of a PEM text, or of DER values that follow each other.

    Raises:
        NotACertificateError: there is something else, or nothing.
    """
    encoded = bytes(data)
    found = [Certificate(block.text) for block in pem.blocks(encoded) if block.is_certificate]
    if found:
        return found
    try:
        found = [Certificate(element.encoded) for element in der.elements(encoded)]
    except ValueError as error:
        raise NotACertificateError(f"there is no certificate: {error}") from None
    if not found:
        raise NotACertificateError("there is no certificate")
    return found


@dataclass(frozen=True, slots=True)
class _Fields:
    """The parts of a TBSCertificate (RFC 5280, section 4.1)."""

    serial: der.Element
    issuer: der.Element
    validity: der.Element
    subject: der.Element
    key: der.Element
    extensions: dict[str, bytes]


def _fields(encoded: bytes) -> _Fields:
    signed = der.children(der.parse(encoded, der.SEQUENCE))[0]
    parts = der.children(signed)
    if parts[0].tag == 0xA0:  # the version; there is none in one of version 1
        parts = parts[1:]
    serial, _algorithm, issuer, validity, subject, key = parts[:6]
    extensions: dict[str, bytes] = {}
    for part in parts[6:]:
        if part.tag == 0xA3:
            for extension in der.children(der.children(part)[0]):
                identifier, *_critical, value = der.children(extension)
                extensions[der.oid(identifier)] = value.contents
    return _Fields(serial, issuer, validity, subject, key, extensions)


def proxy_info_of(extension: bytes) -> ProxyInfo | None:
    """What a single extension (DER) says of a proxy, or None if it is another one."""
    try:
        identifier, *_critical, value = der.children(der.parse(extension, der.SEQUENCE))
        return _proxy_info(value.contents) if der.oid(identifier) in _PROXY_INFO else None
    except (ValueError, IndexError):
        return None


def _proxy_info(value: bytes) -> ProxyInfo:
    """RFC 3820 puts the path length first; its draft, in a tag of its own, last."""
    length, language, policy = None, "", None
    for part in der.children(der.parse(value, der.SEQUENCE)):
        if part.tag == der.INTEGER:
            length = der.integer(part)
        elif part.tag == 0xA1:
            length = der.integer(der.children(part)[0])
        elif part.tag == der.SEQUENCE:
            identifier, *policies = der.children(part)
            language = der.oid(identifier)
            policy = policies[0].contents if policies else None
    return ProxyInfo(language, policy, length)
