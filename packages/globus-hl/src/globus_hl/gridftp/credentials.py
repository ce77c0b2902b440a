"""The credential a client uses, from what the user passed in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .. import security

__all__ = ["Credential", "CredentialLike", "load_credential"]

CredentialLike: TypeAlias = "security.Credential | str | os.PathLike[str] | Any"
"""A `security.Credential`, the path of a proxy file, or an object whose ``handle`` is a low-level ``gss_cred_id_t``."""


class Credential:
    """A GSS credential that connections share; kept alive as long as one of them may use it.

    Compared by identity: two connections with different objects are never exchanged for each other.
    """

    __slots__ = ("handle", "origin")

    def __init__(self, handle: Any, origin: str) -> None:
        self.handle = handle
        self.origin = origin

    def __repr__(self) -> str:
        return f"<Credential from {self.origin}>"


def load_credential(source: CredentialLike) -> Credential:
    """Make the credential that `source` stands for. The process environment is never written.

    Args:
        source: a `security.Credential`; the path of a PEM file with certificate, unencrypted key and chain, as a
            proxy is, readable by its owner alone; or an object with the attribute ``handle``.

    Raises:
        NoCredentialError: there is no such file.
        CredentialError: the file or the credential cannot be used; the class and the message say why.
        UntrustedCAError: there is no directory of trusted authorities.
        TypeError: `source` is something else.
    """
    if isinstance(source, str | bytes | os.PathLike):
        from .. import security  # where it is needed: a client without credential= starts without it

        loaded = security.Credential.load(os.fsdecode(source))
        return Credential(loaded.handle, str(loaded.path))
    handle = getattr(source, "handle", None)
    if handle is None:
        raise TypeError(f"credential must be the path of a proxy file or a credential object, not {source!r}")
    return Credential(handle, repr(source))
