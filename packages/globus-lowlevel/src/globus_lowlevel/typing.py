"""Names for annotations: the words in which the modules' stubs are written.

Besides these, each module has the C names of its handles, structs and enums as classes, and those of its callback types
as aliases of `collections.abc.Callable`, so that a C typedef can be written as an annotation:

    def on_done(user_arg: object, handle: ftp_client.globus_ftp_client_handle_t, error: GlobusError | None) -> None: ...
    callback: ftp_client.globus_ftp_client_complete_callback_t = on_done
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ._oid import OID
from ._support import Arguments, CObject, Deferred

if TYPE_CHECKING:
    from typing_extensions import Buffer
elif sys.version_info >= (3, 12):
    from collections.abc import Buffer
else:  # PEP 688 came with Python 3.12; to a type checker it is `typing_extensions.Buffer`
    Buffer: TypeAlias = bytes | bytearray | memoryview

__all__ = [
    "OID",
    "Arguments",
    "Buffer",
    "CObject",
    "Certificate",
    "ChannelBindings",
    "Deferred",
    "Digest",
    "Identifier",
    "Name",
    "PrivateKey",
    "SocketAddress",
    "Text",
]

#: What C takes as `char *`: text (UTF-8, with surrogate escapes), bytes, or a path. No NUL inside.
Text: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

#: An object identifier: an OID, or its dotted form.
Identifier: TypeAlias = OID | str

#: `struct sockaddr`: as in the socket module, of IPv4 or IPv6 (with flow info and scope).
SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

#: GSS channel bindings: the application's data, or all five values of `gss_channel_bindings_struct`.
ChannelBindings: TypeAlias = Buffer | tuple[int, Buffer | None, int, Buffer | None, Buffer | None]


class _HasDer(Protocol):
    def public_bytes(self, encoding: Any, /) -> bytes: ...


class _HasName(Protocol):
    def public_bytes(self) -> bytes: ...


class _HasKey(Protocol):
    def private_bytes(self, encoding: Any, format_: Any, encryption_algorithm: Any, /) -> bytes: ...


class _HasDigestName(Protocol):
    @property
    def name(self) -> str: ...


#: An X.509 certificate or certificate request: DER or PEM, or an object of the `cryptography` package.
Certificate: TypeAlias = Buffer | _HasDer

#: A distinguished name: DER, or a `cryptography.x509.Name`.
Name: TypeAlias = Buffer | _HasName

#: An unencrypted private key: DER or PEM, or an object of the `cryptography` package.
PrivateKey: TypeAlias = Buffer | _HasKey

#: A digest: its name, or an object of `hashlib` or `cryptography` that has one.
Digest: TypeAlias = str | _HasDigestName
