"""RFC 3820 proxy certificates for the users of a test grid."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .pki import CLOCK_SKEW, KEY_BITS, Identity, write_private

PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14")
# ProxyCertInfo ::= SEQUENCE { SEQUENCE { id-ppl-inheritAll } }: an impersonation proxy without a path length
INHERIT_ALL = bytes.fromhex("300c300a06082b06010505071501")


def make_proxy(issuer: Identity, path: str | os.PathLike[str], lifetime: float = 12 * 3600) -> Path:
    """Make an RFC 3820 impersonation proxy and write it the way grid-proxy-init does.

    Args:
        issuer: the end entity that signs.
        path: file for proxy certificate, private key and chain; must not exist; gets mode 0600.
        lifetime: seconds.

    Returns:
        The path.
    """
    issuer_cert = x509.load_pem_x509_certificate(issuer.cert.read_bytes())
    issuer_key = serialization.load_pem_private_key(issuer.key.read_bytes(), None)
    assert isinstance(issuer_key, rsa.RSAPrivateKey)
    key = rsa.generate_private_key(65537, KEY_BITS)
    serial = x509.random_serial_number() >> 96
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([*issuer_cert.subject, x509.NameAttribute(NameOID.COMMON_NAME, str(serial))]))
        .issuer_name(issuer_cert.subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(seconds=lifetime))
        .add_extension(x509.UnrecognizedExtension(PROXY_CERT_INFO, INHERIT_ALL), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    write_private(Path(path), certificate.public_bytes(pem) + private + issuer.cert.read_bytes())
    return Path(path)
