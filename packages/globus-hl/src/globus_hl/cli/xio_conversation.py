"""What ``pyglobus xio cat`` does: connect or listen, and relay."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from globus_hl.errors import GridError, OperationTimeoutError
from globus_hl.timeouts import Timeout
from globus_hl.xio import AsyncHandle, AsyncServer, Attributes
from globus_hl.xio.descriptors import ask_socket

from .xio_options import listen, security
from .xio_relay import Connection, Relay, Terminal

if TYPE_CHECKING:
    from .xio_events import Events
    from .xio_relay import End

__all__ = ["converse"]

AGAIN = 1.0  # seconds until a server that cannot accept tries again


async def converse(
    events: Events,
    options: dict[str, Any],
    contact: str | None,
    place: str | None,
    target: str | None,
    keep: bool,
) -> None:
    """Do what the options of the command say.

    Args:
        contact, place: where to connect to, or where to listen.
        target: where to forward to; None: to standard input and output.
        keep: whether it goes on after the first connection.
    """
    cat, limit = _Cat(events, options), options["timeout"]
    try:
        async with asyncio.timeout(limit) as clock:
            if contact is not None:
                await cat.connect(contact)
            elif place is not None:
                await cat.listen(place, target, keep)
    except TimeoutError:
        if not clock.expired():
            raise
        raise OperationTimeoutError(f"not done within {limit:g} seconds") from None


class _Cat:
    def __init__(self, events: Events, options: dict[str, Any]) -> None:
        self.events, self.options = events, options

    async def connect(self, contact: str) -> None:
        """Be the one who connects."""
        async with self._handle(contact, "stack") as handle:
            await self._with_terminal(handle, self._connected(handle))

    async def listen(self, place: str, target: str | None, keep: bool) -> None:
        """Be the one who is connected to."""
        async with listen(AsyncServer, self.options["stack"], place, self.options) as server:
            self.events.listening(server.contact)
            if target is not None and keep:
                await self._forward_all(server, target)
                return
            while True:
                connection, address = await self._accept(server)
                async with connection:
                    if target is None:
                        await self._with_terminal(connection, address)
                    else:
                        await self._forward(connection, address, target)
                if not keep:
                    return

    async def _accept(self, server: AsyncServer) -> tuple[AsyncHandle, str | None]:
        """The next peer that gets in."""
        while True:
            connection = await server.accept()
            try:
                await connection.open()
            except GridError as error:
                self.events.refused(error)
            else:
                return connection, self._connected(connection)

    async def _forward_all(self, server: AsyncServer, target: str) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    tasks.create_task(self._forward_one(await server.accept(), target))
                except GridError as error:  # no descriptors, no memory: others will go
                    self.events.refused(error)
                    await asyncio.sleep(AGAIN)

    async def _forward_one(self, connection: AsyncHandle, target: str) -> None:
        """What ends one connection does not end the others: it was told when it was closed."""
        try:
            await connection.open()
        except GridError as error:
            self.events.refused(error)
            return
        with contextlib.suppress(GridError):
            async with connection:
                await self._forward(connection, self._connected(connection), target)

    async def _forward(self, connection: AsyncHandle, address: str | None, target: str) -> None:
        async with self._handle(target, "target_stack") as onward:
            await self._relay(Connection(onward), connection, address)

    async def _with_terminal(self, handle: AsyncHandle, address: str | None) -> None:
        terminal = Terminal(reads=not self.options["no_input"])
        try:
            await self._relay(terminal, handle, address)
        finally:
            await terminal.close()

    async def _relay(self, end: End, handle: AsyncHandle, address: str | None) -> None:
        relay = Relay(end, Connection(handle), self.options["idle"] or math.inf)
        began, failure = time.monotonic(), None
        try:
            await relay.run()
        except Exception as error:
            failure = error
            raise
        finally:
            self.events.closed(address, relay.to_right, relay.to_left, time.monotonic() - began, failure)

    def _handle(self, contact: str, which: str) -> AsyncHandle:
        stack = self.options[which]
        limits = Timeout(self.options["connect_timeout"], None, None)
        gsi = security(stack, self.options, accepting=False)
        return AsyncHandle(stack, contact, self._attributes(which), gsi=gsi, timeout=limits)

    def _attributes(self, which: str) -> Attributes | None:
        """Options of the drivers that the stack's text may still change."""
        if which != "stack" or not self.options["no_input"] or self.options["stack"].names[0] != "file":
            return None
        attributes = Attributes()
        attributes.file.flags = os.O_RDONLY  # a file that is not there is not made
        return attributes

    def _connected(self, handle: AsyncHandle) -> str | None:
        """Tell it, and return the peer's address, which the socket forgets when the peer has gone."""
        address, peer = _address(handle), handle.peer
        self.events.connected(address, None if peer is None else peer.subject)
        return address


def _address(handle: AsyncHandle) -> str | None:
    """Of the peer, which may have gone."""
    found = ask_socket(handle, socket.socket.getpeername)
    if not isinstance(found, tuple):
        return handle.contact
    host, port = found[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
