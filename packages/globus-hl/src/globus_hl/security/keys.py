"""Public and private keys: what they are, whether they belong together, and how an encrypted one is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from globus_lowlevel import GlobusError, gsi_credential, gsi_proxy_core

from . import der, pem
from .errors import BadKeyError, KeyEncryptedError, WrongPassphraseError
from .library import start

__all__ = ["CURVES", "Passphrase", "PublicKey", "new_key", "private_key", "public_part"]

Passphrase: TypeAlias = str | bytes | Callable[[], str | bytes] | None
"""A passphrase, or a callable that gets it when it is needed: it is called at most once."""

CURVES = {"P-256": 256, "P-384": 384, "P-521": 521}
"""The elliptic curves that a key can be made on, and their size in bits."""

_RSA, _EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
_KINDS = {_RSA: "RSA", _EC: "EC", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}
_CURVE_OIDS = {"1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521"}


@dataclass(frozen=True)
class PublicKey:
    """A public key.

    Attributes:
        kind: ``"RSA"``, ``"EC"``, ``"Ed25519"``, ``"Ed448"``, or the identifier of another algorithm.
        bits: its strength: of RSA the bits of the modulus, of EC those of the curve's field; 0 if not known.
        curve: of EC the name, such as ``"P-256"``, or its identifier; else None.
    """

    kind: str
    bits: int
    curve: str | None = None
    material: object = field(default=None, repr=False, compare=False)

    @classmethod
    def from_info(cls, info: der.Element) -> PublicKey:
        """Of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).

        Raises:
            ValueError: it is none.
        """
        algorithm, bits = der.children(info)
        identifier, *parameters = der.children(algorithm)
        kind, key = der.oid(identifier), bits.contents[1:]
        if kind == _RSA:
            modulus, exponent = (der.integer(n) for n in der.children(der.parse(key, der.SEQUENCE))[:2])
            return cls("RSA", modulus.bit_length(), None, (modulus, exponent))
        if kind == _EC:
            curve = _curve(parameters)
            return cls("EC", CURVES.get(curve, 4 * (len(key) - 1)), curve, key)
        return cls(_KINDS.get(kind, kind), 8 * len(key), None, key)


def _curve(parameters: list[der.Element]) -> str:
    identifier = der.oid(parameters[0])
    return _CURVE_OIDS.get(identifier, identifier)


def public_part(key: bytes) -> object | None:
    """The `material` of the public key that belongs to a private one (PKCS #8, DER); None if that does not tell it.

    Raises:
        ValueError: it is none.
    """
    _, algorithm, content = der.children(der.parse(key, der.SEQUENCE))[:3]
    kind = der.oid(der.children(algorithm)[0])
    if kind == _RSA:
        numbers = der.children(der.parse(content.contents, der.SEQUENCE))
        return der.integer(numbers[1]), der.integer(numbers[2])
    if kind == _EC:
        for part in der.children(der.parse(content.contents, der.SEQUENCE)):
            if part.tag == 0xA1:
                return der.children(part)[0].contents[1:]
    return None


def private_key(block: pem.Block, passphrase: Passphrase, path: str | None) -> bytes:
    """The private key (PKCS #8, DER) of a PEM block.

    Args:
        path: the file it stands in, for messages.

    Raises:
        KeyEncryptedError, WrongPassphraseError, BadKeyError: as they say.
    """
    start()
    where = path or "the PEM data"
    if block.is_encrypted:
        if passphrase is None:
            raise KeyEncryptedError(f"the private key in {where} is encrypted", path=path)
        return _decrypt(block.text, passphrase() if callable(passphrase) else passphrase, path)
    handle = gsi_credential.globus_gsi_cred_handle_init(None)
    try:
        gsi_credential.globus_gsi_cred_set_key(handle, block.text)
    except ValueError as error:
        raise BadKeyError(f"{where} has no usable private key: {error}", path=path) from None
    key: bytes = gsi_credential.globus_gsi_cred_get_key(handle)
    return key


def _decrypt(text: bytes, passphrase: str | bytes, path: str | None) -> bytes:
    """The library decrypts files only: the encrypted text gets one in memory, which no name leads to."""
    secret = passphrase.encode() if isinstance(passphrase, str) else bytes(passphrase)
    handle = gsi_credential.globus_gsi_cred_handle_init(None)
    descriptor = os.memfd_create("encrypted-key", os.MFD_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, text)
        gsi_credential.globus_gsi_cred_read_key(handle, f"/proc/self/fd/{descriptor}", lambda *_: secret)
        key: bytes = gsi_credential.globus_gsi_cred_get_key(handle)
    except GlobusError:
        where = path or "the PEM data"
        raise WrongPassphraseError(
            f"the passphrase does not open the private key in {where}", path=path
        ) from None
    finally:
        os.close(descriptor)
    return key


def new_key(bits: int | None = None, curve: str | None = None) -> bytes:
    """A new private key (PKCS #8, DER): RSA of `bits`, by default 2048, or on a `curve` of `CURVES`.

    Raises:
        ValueError: there is no such key, or both are given.
    """
    start()
    if curve is not None:
        if bits is not None:
            raise ValueError("a key has a number of bits (RSA) or a curve (EC), not both")
        if curve not in CURVES:
            raise ValueError(f"curve must be one of {', '.join(CURVES)}, not {curve!r}")
        key = gsi_proxy_core.EVP_EC_gen(curve)
    else:
        size = 2048 if bits is None else bits
        if isinstance(size, bool) or not isinstance(size, int) or not 512 <= size <= 16384:
            raise ValueError(f"bits of an RSA key must be between 512 and 16384, not {bits!r}")
        key = gsi_proxy_core.EVP_RSA_gen(size)
    if key is None:
        raise ValueError(f"OpenSSL makes no such key: {curve or bits}")
    made: bytes = key
    return made
