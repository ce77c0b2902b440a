"""The first trust: an authority that is known by its fingerprint alone is put into the trust directory."""

from __future__ import annotations

import hmac
import os
import ssl
from typing import Any

from ..errors import ConnectError, ServerIdentityError
from ..security import Certificate
from ..security.errors import NotACertificateError, NoTrustDirectoryError
from ..security.name_hash import name_hash
from ..security.search import default_trust_directory
from ..timeouts import Deadline
from .connection import Server, Wire
from .trust_roots import TrustRoots

__all__ = ["certificates_shown", "install_authority", "parse_fingerprint"]

POLICY = """# Made when this authority was first trusted, by its fingerprint. Its own policy replaces this file.
access_id_CA   X509    '{subject}'
pos_rights     globus  CA:sign
cond_subjects  globus  '"*"'
"""


def parse_fingerprint(text: str) -> bytes:
    """The SHA-256 of a certificate from its hexadecimal form, in which colons and blanks do not matter.

    Raises:
        ValueError: it is none.
    """
    digits = text.lower().removeprefix("sha256").translate({ord(c): None for c in " :="})
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise ValueError(f"{text!r} is no SHA-256 fingerprint: 64 hexadecimal digits are needed")
    return digest


async def certificates_shown(server: Server, deadline: Deadline) -> list[Certificate]:
    """The certificates that a server shows to anybody, its own first. Nothing is verified, and nothing is said.

    Raises:
        ConnectError, OperationTimeoutError: no connection, or no TLS there.
    """
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    settings.check_hostname = False
    settings.verify_mode = ssl.CERT_NONE  # the fingerprint is the proof; see install_authority()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = settings.wrap_bio(incoming, outgoing)
    async with Wire(server, "look at the server's certificates", deadline) as wire:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await wire.write(outgoing.read())
                incoming.write(await wire.read())
            except ssl.SSLError as error:
                raise ConnectError(f"{server.url} speaks no TLS: {error.reason}", url=server.url) from error
    return [Certificate(der) for der in _chain(tls)]


def _chain(tls: ssl.SSLObject) -> list[bytes]:
    public = getattr(tls, "get_unverified_chain", None)  # Python 3.13
    if public is not None:
        return list(public())
    inner: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - before 3.13 there is no other way
    return [certificate.public_bytes(2) for certificate in inner.get_unverified_chain()]


def install_authority(
    shown: list[Certificate], wanted: bytes, directory: str | os.PathLike[str] | None, url: str
) -> Certificate:
    """Put the certificate with that fingerprint into the trust directory, with a signing policy.

    Raises:
        ServerIdentityError: none of those that the server shows has it.
        NotACertificateError: it is the server's own, which is no authority.
        NoTrustDirectoryError: no directory is named, and there is none.
        CredentialFileError: the directory cannot be written.
    """
    found = next((c for c in shown if hmac.compare_digest(bytes.fromhex(c.fingerprint()), wanted)), None)
    if found is None:
        names = "; ".join(f"{c.fingerprint()} of {c.subject}" for c in shown)
        raise ServerIdentityError(
            f"no certificate that the server shows has the fingerprint {wanted.hex()}: it shows {names}",
            url=url,
            hint="check the fingerprint with the administrator of the server: somebody else may be answering",
        )
    if found is shown[0] and found.subject != found.issuer:
        raise NotACertificateError(
            f"the fingerprint is that of the server {found.subject} itself, not of an authority",
            subject=found.subject,
            hint="ask for the fingerprint of the authority that issued it",
        )
    where = default_trust_directory() if directory is None else os.fspath(directory)
    if where is None:
        raise NoTrustDirectoryError("there is no directory of trusted certificates", hint="pass directory=")
    stem = name_hash(found.subject_der)
    policy = POLICY.format(subject=found.subject).encode()
    files = {f"{stem}.0": found.pem}
    if not os.path.exists(os.path.join(where, f"{stem}.signing_policy")):
        files[f"{stem}.signing_policy"] = policy
    TrustRoots(files).install(where)
    return found
