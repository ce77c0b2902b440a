"""Pairs of connected sockets: of the system, over tcp, and with GSI."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from globus_hl import xio

from .conftest import LIMIT

if TYPE_CHECKING:
    import pytest

Pair = tuple[socket.socket, socket.socket]


class Kind:
    """How sockets of one kind are made."""

    def __init__(self, stack: str | None, server: dict[str, Any], client: dict[str, Any]) -> None:
        self.stack, self.server, self.client = stack, server, client

    def listen(self, family: int = socket.AF_INET) -> socket.socket:
        address = ("127.0.0.1" if family == socket.AF_INET else "::1", 0)
        if self.stack is None:
            return socket.create_server(address, family=family)
        return xio.create_server(address, family=family, stack=self.stack, **self.server)

    def new(self, family: int = socket.AF_INET) -> socket.socket:
        return (
            socket.socket(family)
            if self.stack is None
            else xio.XioSocket(family, stack=self.stack, **self.client)
        )

    @property
    def is_secure(self) -> bool:
        return self.stack is not None and "gsi" in self.stack


def kind_of(name: str, request: pytest.FixtureRequest) -> Kind:
    """The sockets of the system (``"socket"``), or those of a stack."""
    if name == "socket":
        return Kind(None, {}, {})
    if name == "tcp":
        return Kind("tcp", {}, {})
    host, user = request.getfixturevalue("host"), request.getfixturevalue("user")
    client = {"gsi": xio.GSI(credential=user), "server_hostname": "localhost"}
    return Kind(name, {"gsi": xio.GSI(credential=host)}, client)


def connected(kind: Kind) -> Pair:
    """Client and server side, whose handshake is over."""
    with kind.listen() as listener:
        client = kind.new()
        client.settimeout(LIMIT)
        accepted: list[socket.socket] = []

        def accept() -> None:
            server, _ = listener.accept()
            server.settimeout(LIMIT)
            accepted.append(server)
            if isinstance(server, xio.XioSocket):
                server.do_handshake()

        thread = threading.Thread(target=accept)
        thread.start()
        client.connect(listener.getsockname())
        thread.join(LIMIT)
        return client, accepted[0]


def exactly(sock: socket.socket, count: int) -> bytes:
    """So many bytes; fewer at the end."""
    data = bytearray()
    while len(data) < count and (more := sock.recv(count - len(data))):
        data += more
    return bytes(data)
