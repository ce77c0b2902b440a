"""Users of a test grid, and their RFC 3820 proxies.

They are made with the package `cryptography` alone, so that nothing that a test is about takes part, and so that there
can be proxies that no library would make: expired ones, say.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from .keys import CLOCK_SKEW, KeyKind, key_pem, load_key, new_key, times, write_private
from .pki import Identity, key_usage

if TYPE_CHECKING:
    import os

PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14")
# The extension's value: a policy language, and no policy. RFC 3820 has the first one, the toolkit the second.
INHERIT_ALL = bytes.fromhex("300c300a06082b06010505071501")
LIMITED = bytes.fromhex("300f300d060b2b060104019b5001010109")


@dataclass(frozen=True, kw_only=True)
class User(Identity):
    """A user with a proxy.

    Attributes:
        proxy: file with an RFC 3820 proxy, mode 0600.
    """

    proxy: Path

    @property
    def credential(self) -> str:
        """What ``gridftp.Client(credential=...)`` takes: the path of the proxy file."""
        return str(self.proxy)


def make_proxy(
    issuer: Identity,
    path: str | os.PathLike[str],
    lifetime: float = 12 * 3600,
    *,
    limited: bool = False,
    key: KeyKind = "rsa2048",
) -> Path:
    """Make an RFC 3820 proxy, and write it as grid-proxy-init does: certificate, private key, chain.

    Args:
        issuer: the end entity that signs.
        path: file for it, replaced if it exists; gets mode 0600.
        lifetime: seconds; the proxy may have expired already. It does not outlive its issuer.
        limited: the toolkit's "limited" policy, with which one may not start jobs; else all rights are inherited.
        key: kind of its key.

    Returns:
        The path.
    """
    signer, holder = load_key(issuer.key, issuer.passphrase), new_key(key)
    name, begin, end = x509.random_serial_number() >> 96, *_window(issuer.certificate, lifetime)
    subject = [*issuer.certificate.subject, x509.NameAttribute(x509.NameOID.COMMON_NAME, str(name))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(issuer.certificate.subject)
        .public_key(holder.public_key())
        .serial_number(name)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(
            x509.UnrecognizedExtension(PROXY_CERT_INFO, LIMITED if limited else INHERIT_ALL), critical=True
        )
        .add_extension(key_usage("digital_signature", "key_encipherment"), critical=True)
        .sign(signer, hashes.SHA256())
    )
    written = Path(path)
    written.unlink(missing_ok=True)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    write_private(written, pem + key_pem(holder) + issuer.cert.read_bytes())
    return written


def _window(issuer: x509.Certificate, lifetime: float) -> tuple[dt.datetime, dt.datetime]:
    """From when to when a proxy is valid: never outside of the time of its issuer."""
    begin, end = times((-CLOCK_SKEW, dt.timedelta(seconds=lifetime)))
    end = min(end, issuer.not_valid_after_utc)
    if end <= issuer.not_valid_before_utc:  # not valid yet: with its issuer it will be
        end = issuer.not_valid_after_utc
    return max(min(begin, end - CLOCK_SKEW), issuer.not_valid_before_utc), end
