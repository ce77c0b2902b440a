"""XIO: the toolkit's extensible input and output, a stack of drivers behind one handle.

::

    from globus_hl import xio

    with xio.Handle("tcp,gsi", "www.example.org:7000") as handle:       # TCP, and GSI on it
        handle.write(b"PING\\0")
        print(handle.peer.subject, handle.read(4096))

* `XioSocket`, `create_connection`, `create_server`: what ``socket`` has, over a stack
* `Handle`, `AsyncHandle`: a connection, a file or a program
* `Server`, `AsyncServer`: listeners
* `open_connection`, `start_server`: the streams of asyncio, over a stack
* `Stack`, `Driver`: what they are made of; ``"tcp,gsi,rate:10MB/s"``
* `Attributes`, `DataDescriptor`: options of every driver
* `GSI`: credential, protection, delegation, and who the peer has to be
* :mod:`globus_hl.xio.errors`; and those of :mod:`globus_hl.errors` and :mod:`globus_hl.security.errors`
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attributes import Attributes, DataDescriptor
    from .connecting import create_connection, create_server, socketpair
    from .drivers import BUILT_IN, PACKAGES, Driver
    from .gsi import GSI, AuthorizationMode, Delegation, Peer, Protection, ProxyMode
    from .handle import AsyncHandle, Handle
    from .server import AsyncServer, Server
    from .sockets import XioSocket
    from .stack import Stack
    from .streams import StreamServer, open_connection, start_server

__all__ = [
    "BUILT_IN",
    "GSI",
    "PACKAGES",
    "AsyncHandle",
    "AsyncServer",
    "Attributes",
    "AuthorizationMode",
    "DataDescriptor",
    "Delegation",
    "Driver",
    "Handle",
    "Peer",
    "Protection",
    "ProxyMode",
    "Server",
    "Stack",
    "StreamServer",
    "XioSocket",
    "create_connection",
    "create_server",
    "open_connection",
    "socketpair",
    "start_server",
]

# Modules on first use: the clients of other protocols want the operations only.
_HOMES = {
    name: module
    for module, names in {
        "attributes": "Attributes, DataDescriptor",
        "drivers": "BUILT_IN, PACKAGES, Driver",
        "gsi": "GSI, AuthorizationMode, Delegation, Peer, Protection, ProxyMode",
        "handle": "AsyncHandle, Handle",
        "server": "AsyncServer, Server",
        "connecting": "create_connection, create_server, socketpair",
        "sockets": "XioSocket",
        "stack": "Stack",
        "streams": "StreamServer, open_connection, start_server",
    }.items()
    for name in names.split(", ")
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
