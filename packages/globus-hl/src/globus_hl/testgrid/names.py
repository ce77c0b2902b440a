"""Distinguished names as the toolkit writes them, and the other names of hosts."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket

try:
    from cryptography import x509
except ImportError as error:
    raise ImportError("globus_hl.testgrid needs more packages: pip install 'globus-hl[testgrid]'") from error
from cryptography.x509.oid import NameOID

# Attributes that cryptography encodes as UTF8String, which is the encoding that subject hashes are made of
ATTRIBUTES = {
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


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


def subject_hashes(name: x509.Name) -> tuple[str, str]:
    """What OpenSSL's `X509_NAME_hash` and `X509_NAME_hash_old` compute, for names of UTF8Strings."""
    canonical = [x509.NameAttribute(a.oid, " ".join(str(a.value).lower().split())) for a in name]
    without_header = b"".join(x509.Name([attribute]).public_bytes()[2:] for attribute in canonical)
    new = hashlib.sha1(without_header, usedforsecurity=False).digest()
    old = hashlib.md5(name.public_bytes(), usedforsecurity=False).digest()
    return f"{int.from_bytes(new[:4], 'little'):08x}", f"{int.from_bytes(old[:4], 'little'):08x}"


def general_name(name: str) -> x509.GeneralName:
    """A host's name, or its address, as a subject alternative name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def file_name(name: str) -> str:
    """The name of a directory for what belongs to a name."""
    return re.sub(r"\W+", "-", name.lower())
