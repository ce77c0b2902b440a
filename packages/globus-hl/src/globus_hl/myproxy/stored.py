"""Credentials in a repository: what a server says about them, and what it is given to store."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass

from ..security import certificates, files, pem
from ..security.errors import BadKeyError
from .errors import MyProxyProtocolError
from .messages import Reply

__all__ = ["StoredCredential", "encrypted_credential", "stored_credentials"]


@dataclass(frozen=True)
class StoredCredential:
    """A credential in a repository.

    Attributes:
        username: under which it is stored.
        name: of the credential, where a user has several; None for the one without a name.
        owner: distinguished name of who stored it.
        not_before: since when it is valid (UTC).
        not_after: when it expires (UTC).
        description: for people, or None.
        retrievers: who may log on, as a pattern of distinguished names; None: what the server's policy says.
        renewers: who may renew a proxy, likewise.
        key_retrievers: who may have certificate and key, likewise.
        trusted_retrievers: who may log on without the passphrase, likewise.
        locked: why nobody may have it now, or None.
    """

    username: str
    name: str | None
    owner: str
    not_before: dt.datetime
    not_after: dt.datetime
    description: str | None = None
    retrievers: str | None = None
    renewers: str | None = None
    key_retrievers: str | None = None
    trusted_retrievers: str | None = None
    locked: str | None = None

    @property
    def time_left(self) -> float:
        """Seconds until it expires; 0.0 when it has."""
        return max(0.0, (self.not_after - dt.datetime.now(dt.UTC)).total_seconds())


def stored_credentials(username: str, reply: Reply) -> list[StoredCredential]:
    """All that a reply to an INFO request tells: the first in lines ``CRED_...``, the others in ``CRED_name_...``.

    Raises:
        MyProxyProtocolError: a time or an owner is missing, or a time is no number.
    """
    others = [name for name in (reply.get("ADDL_CREDS") or "").split(",") if name]
    found = []
    if reply.get("CRED_START_TIME") is not None:
        found.append(_stored(username, reply.get("CRED_NAME"), "CRED_", reply))
    found += [_stored(username, name, f"CRED_{name}_", reply) for name in others]
    return found


def _stored(username: str, name: str | None, prefix: str, reply: Reply) -> StoredCredential:
    def told(field: str) -> str | None:
        return reply.get(prefix + field)

    def needed(field: str) -> str:
        value = told(field)
        if value is None:
            raise MyProxyProtocolError(f"the server does not tell {prefix}{field}")
        return value

    def moment(field: str) -> dt.datetime:
        value = needed(field)
        try:
            return dt.datetime.fromtimestamp(int(value), dt.UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise MyProxyProtocolError(f"{prefix}{field} is no time: {value[:40]!r}") from error

    return StoredCredential(
        username=username,
        name=name or None,
        owner=needed("OWNER"),
        not_before=moment("START_TIME"),
        not_after=moment("END_TIME"),
        description=told("DESC"),
        retrievers=told("RETRIEVER"),
        renewers=told("RENEWER"),
        key_retrievers=told("KEYRETRIEVERS"),
        trusted_retrievers=told("RETRIEVER_TRUSTED"),
        locked=told("LOCKMSG"),
    )


def encrypted_credential(
    certificate: str | os.PathLike[str] | bytes, key: str | os.PathLike[str] | bytes
) -> bytes:
    """Certificate, chain and encrypted key as one PEM text.

    Raises:
        BadKeyError: the key is not encrypted, or there is none.
        NotACertificateError, CredentialFileError, UnsafePermissionsError: a file cannot be used.
    """
    chain = certificates(
        certificate if isinstance(certificate, bytes) else files.read(os.fspath(certificate))
    )
    path = None if isinstance(key, bytes) else os.fspath(key)
    text = key if isinstance(key, bytes) else files.read_private(os.fspath(key))
    keys = [block for block in pem.blocks(text) if block.is_private_key]
    if not keys:
        raise BadKeyError(f"there is no private key in {path or 'the PEM data'}", path=path)
    if not keys[0].is_encrypted:
        raise BadKeyError(
            "the private key is not encrypted: the server, and whoever breaks into it, could use it",
            path=path,
            hint="encrypt it with `openssl pkcs8 -topk8`",
        )
    first, *rest = (one.pem for one in chain)
    return b"".join((first, keys[0].text, *rest))
