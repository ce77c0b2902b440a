"""The credential a client uses, from what the user passed in."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

from globus_lowlevel import GlobusError, gssapi

from .._runtime.library import activate
from ..errors import CredentialError, NoCredentialError

__all__ = ["Credential", "CredentialLike", "load_credential"]

CredentialLike: TypeAlias = "str | os.PathLike[str] | Any"
"""The path of a proxy file, or an object whose ``handle`` is a ``gss_cred_id_t`` of the low level."""


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
    """Make the credential that `source` stands for. The process environment is neither read nor written.

    Args:
        source: path of a PEM file with certificate, unencrypted key and chain, as a proxy is, readable by its
            owner alone; or an object with the attribute ``handle``.

    Raises:
        NoCredentialError: there is no such file.
        CredentialError: the file cannot be used; the message says why.
        TypeError: `source` is something else.
    """
    handle = getattr(source, "handle", None)
    if handle is not None:
        return Credential(handle, repr(source))
    if not isinstance(source, str | bytes | os.PathLike):
        raise TypeError(f"credential must be the path of a proxy file or a credential object, not {source!r}")
    path = os.fspath(source)
    shown = os.fsdecode(path)
    if not os.path.isfile(path):
        raise NoCredentialError(
            f"there is no credential file {shown}", hint="make a proxy with grid-proxy-init"
        )
    activate(gssapi, "GLOBUS_GSI_GSSAPI_MODULE")
    try:
        # The form "name=path" lets the library read the file, and refuse one that others may read.
        imported, _lifetime = gssapi.gss_import_cred(None, 1, b"X509_USER_PROXY=" + os.fsencode(path), 0)
    except GlobusError as error:
        raise CredentialError(
            f"the credential in {shown} cannot be used: {error}",
            hint="it must be an unencrypted PEM proxy that only its owner may read (mode 600)",
        ) from error
    return Credential(imported, shown)
