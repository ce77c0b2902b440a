"""Private keys of a test grid, and how long certificates are valid."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Literal, get_args

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

if TYPE_CHECKING:
    from pathlib import Path

# With other keys than RSA the toolkit makes proxies, but it cannot delegate; OpenSSL refuses 1024 bits by default.
KeyKind = Literal["rsa1024", "rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
CURVES: dict[str, ec.EllipticCurve] = {
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
}

Validity = tuple[dt.timedelta, dt.timedelta]
"""Begin and end, counted from now."""

CLOCK_SKEW = dt.timedelta(minutes=5)
VALID: Validity = (-CLOCK_SKEW, dt.timedelta(days=30))
EXPIRED: Validity = (dt.timedelta(days=-2), dt.timedelta(days=-1))
NOT_YET_VALID: Validity = (dt.timedelta(days=1), dt.timedelta(days=2))


def new_key(kind: KeyKind = "rsa2048") -> PrivateKey:
    """A new private key."""
    if kind not in get_args(KeyKind):
        raise ValueError(f"key={kind!r} is none of {', '.join(get_args(KeyKind))}")
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def load_key(path: Path, passphrase: str | None) -> PrivateKey:
    """The private key in a PEM file."""
    key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None)
    if not isinstance(key, PrivateKey):
        raise TypeError(f"{path}: neither an RSA nor an EC key")
    return key


def key_pem(key: PrivateKey, passphrase: str | None = None) -> bytes:
    """A private key in PEM: PKCS #8, encrypted if there is a passphrase."""
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that nobody else can read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def times(validity: Validity) -> tuple[dt.datetime, dt.datetime]:
    """Begin and end as times, in full seconds."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return now + validity[0], now + validity[1]
