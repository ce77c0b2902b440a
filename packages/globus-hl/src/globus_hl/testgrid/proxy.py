"""RFC 3820 proxy certificates for the users of a test grid."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .pki import CLOCK_SKEW, PEM, Identity, new_key, write_private

PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14")
# ProxyCertInfo ::= SEQUENCE { SEQUENCE { id-ppl-inheritAll } }: an impersonation proxy, no limit of path
# length
INHERIT_ALL = bytes.fromhex("300c300a06082b06010505071501")


def make_proxy(issuer: Identity, path: str | os.PathLike[str], lifetime: float = 12 * 3600) -> Path:
    """Make an RFC 3820 impersonation proxy and write it as grid-proxy-init does.

    Args:
        issuer: the end entity that signs.
        path: file for proxy certificate, private key and chain; must not exist; gets mode 0600.
        lifetime: seconds.

    Returns:
        The path.
    """
    issuer_cert = x509.load_pem_x509_certificate(issuer.cert.read_bytes())
    issuer_key = cast(
        "rsa.RSAPrivateKey", serialization.load_pem_private_key(issuer.key.read_bytes(), password=None)
    )
    key = new_key()
    serial = x509.random_serial_number() >> 96  # fits in 64 bits, as it also ends the name
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([*issuer_cert.subject, x509.NameAttribute(NameOID.COMMON_NAME, str(serial))]))
        .issuer_name(issuer_cert.subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + dt.timedelta(seconds=lifetime))
        .add_extension(x509.UnrecognizedExtension(PROXY_CERT_INFO, INHERIT_ALL), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    unencrypted = serialization.NoEncryption()
    private = key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, unencrypted)
    write_private(Path(path), certificate.public_bytes(PEM) + private + issuer.cert.read_bytes())
    return Path(path)
