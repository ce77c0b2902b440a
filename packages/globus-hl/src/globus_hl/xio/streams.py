"""The streams of asyncio, over a stack of drivers."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

from ..errors import ClosedError, GridError
from ..timeouts import Timeout
from .descriptors import ask_socket, stop_listening
from .errors import CanceledError
from .handle import AsyncHandle
from .server import AsyncServer
from .transport import HandleTransport

if TYPE_CHECKING:
    from .attributes import Attributes
    from .gsi import GSI
    from .stack import StackLike

    Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None]

__all__ = ["StreamServer", "open_connection", "start_server"]

LIMIT = 1 << 16
AGAIN = 1.0  # seconds until a server without descriptors or memory tries again
_SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger("globus_hl.xio")


async def open_connection(
    host: str,
    port: int | None = None,
    *,
    stack: StackLike = "tcp",
    limit: int = LIMIT,
    gsi: GSI | None = None,
    attributes: Attributes | None = None,
    timeout: Timeout | float | None = None,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, and return the two ends of the stream: ``asyncio.open_connection``.

    ::

        reader, writer = await xio.open_connection("www.example.org", 7000, stack="tcp,gsi")
        print(writer.get_extra_info("peer").subject)

    ``writer.get_extra_info`` knows ``"peername"`` and ``"sockname"``, as of a socket, ``"peer"`` (the `Peer`, with
    gsi), ``"stack"`` and ``"handle"`` (the `AsyncHandle`, for the options of the drivers). Where the stack stands on tcp
    there is ``write_eof``: see ``can_write_eof``.

    Args:
        host: a host's name or address; without `port`: what the transport wants, such as ``host:port`` or a path.
        port: number.
        stack: a `Stack`, or what makes one.
        limit: bytes after which the reader stops reading ahead: as of asyncio.
        gsi, attributes: as of `AsyncHandle`.
        timeout: limits for connecting, handshake included; default: 60 seconds. Reading and writing have none:
            ``asyncio.timeout`` is for that.

    Raises:
        As ``AsyncHandle.open``.
    """
    contact = host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    handle = AsyncHandle(stack, contact, attributes, gsi=gsi)
    await handle.open(timeout=timeout)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=limit, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport = HandleTransport(loop, handle, protocol)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def start_server(
    client_connected_cb: Connected,
    host: str | None = None,
    port: int = 0,
    *,
    stack: StackLike = "tcp",
    limit: int = LIMIT,
    gsi: GSI | None = None,
    attributes: Attributes | None = None,
    timeout: Timeout | float | None = None,
    start_serving: bool = True,
) -> StreamServer:
    """Listen, and call back for each connection: ``asyncio.start_server``.

    Args:
        client_connected_cb: gets reader and writer, as `open_connection` returns them, when the handshake is over. Peers
            that do not finish it, or are refused, are logged (logger ``globus_hl.xio``) and hold up nobody.
        host: name or address of the network interface; default: all of them.
        port: number; 0: any that is free (see `StreamServer.port`).
        stack, limit, gsi, attributes: as of `open_connection`; gsi's callback is called in the event loop.
        timeout: limits of each handshake; default: 60 seconds.
        start_serving: whether it accepts at once.

    Raises:
        As `AsyncServer`.
    """
    listener = AsyncServer(stack, host, port, attributes=attributes, gsi=gsi, connection_timeout=timeout)
    server = StreamServer(listener, client_connected_cb, limit)
    if start_serving:
        await server.start_serving()
    return server


class StreamServer(asyncio.AbstractServer):
    """What `start_server` returns; its methods are those of ``asyncio.Server``.

    Leaving it as a context manager closes it, and waits for the connections that it has accepted: let those go with
    `close_clients` or `abort_clients`.
    """

    def __init__(self, listener: AsyncServer, connected: Connected, limit: int) -> None:
        self._listener, self._connected, self._limit = listener, connected, limit
        self._loop = asyncio.get_running_loop()
        self._accepting: asyncio.Task[None] | None = None
        self._handshakes: set[asyncio.Task[None]] = set()
        self._transports: set[HandleTransport] = set()
        self._closing: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._left = asyncio.Event()  # a connection has

    @property
    def contact(self) -> str:
        """What clients connect to: ``host:port``."""
        return self._listener.contact

    @property
    def port(self) -> int:
        """Number of the port, of a stack on tcp."""
        return self._listener.port

    @property
    def sockets(self) -> tuple[ListeningSocket, ...]:
        """What ``asyncio.Server`` has under this name, for those who ask it for its address; () when it is closed."""
        return () if self._closing is not None else (ListeningSocket(self._listener),)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return self._loop

    def is_serving(self) -> bool:
        """Whether it accepts connections."""
        return self._accepting is not None and self._closing is None

    async def start_serving(self) -> None:
        """Begin to accept. Idempotent.

        Raises:
            RuntimeError: it is closed.
        """
        if self._closing is not None:
            raise RuntimeError(f"server {self!r} is closed")
        if self._accepting is None:
            self._accepting = self._loop.create_task(self._accept())

    async def serve_forever(self) -> None:
        """Accept until this call is cancelled or the server is closed; the server is closed then.

        Raises:
            asyncio.CancelledError: one of both happened.
        """
        await self.start_serving()
        try:
            await self._closed.wait()
            raise asyncio.CancelledError
        finally:
            self.close()

    def close(self) -> None:
        """Stop listening, and let go of those who are still shaking hands; connections stay. Idempotent."""
        if self._closing is None:
            stop_listening(self._listener)
            self._closing = self._loop.create_task(self._close())

    def close_clients(self) -> None:
        """Close the connections, when what was written has left."""
        for transport in list(self._transports):
            transport.close()

    def abort_clients(self) -> None:
        """Close the connections at once."""
        for transport in list(self._transports):
            transport.abort()

    async def wait_closed(self) -> None:
        """Wait until it is closed and the last connection is over."""
        await self._closed.wait()
        while self._transports:
            self._left.clear()
            await self._left.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()
        await self.wait_closed()

    def __repr__(self) -> str:
        return f"<StreamServer {self._listener.stack} {self.contact}{', closed' if self._closing else ''}>"

    # ---- accepting ------------------------------------------------------------------------------------------------

    async def _accept(self) -> None:
        try:
            while True:
                try:
                    connection = await self._listener.accept()
                except GridError as error:
                    if isinstance(error, ClosedError | CanceledError):
                        return
                    log.warning("%s: could not accept a connection: %s", self.contact, error)
                    if error.errno in _SCARCE:
                        await asyncio.sleep(AGAIN)
                else:
                    handshake = self._loop.create_task(self._admit(connection))
                    self._handshakes.add(handshake)
                    handshake.add_done_callback(self._handshakes.discard)
        finally:  # also when the loop ends
            await self._listener.close()

    async def _admit(self, connection: AsyncHandle) -> None:
        try:
            await connection.open()
        except (GridError, OSError) as error:
            log.warning("%s: a connection did not come about: %s", self.contact, error)
            return
        if self._closing is not None:
            await connection.close()
            return
        reader = asyncio.StreamReader(limit=self._limit, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, self._connected, loop=self._loop)
        self._transports.add(HandleTransport(self._loop, connection, protocol, self._over))

    def _over(self, transport: HandleTransport) -> None:
        self._transports.discard(transport)
        self._left.set()

    async def _close(self) -> None:
        tasks = {task for task in (self._accepting, *self._handshakes) if task is not None}
        for task in tasks:
            task.cancel()
        try:
            if tasks:
                await asyncio.wait(tasks)
        finally:
            await self._listener.close()
            self._closed.set()


class ListeningSocket:
    """What can be asked of a socket that listens."""

    def __init__(self, listener: AsyncServer) -> None:
        self._listener = listener

    @property
    def family(self) -> socket.AddressFamily | None:
        """See ``socket.family``; None: it is none of the system's."""
        return ask_socket(self._listener, lambda lent: lent.family)

    def getsockname(self) -> Any:
        """See ``socket.getsockname``."""
        return ask_socket(self._listener, socket.socket.getsockname)

    def fileno(self) -> int:
        """The descriptor."""
        descriptor: int = self._listener.tcp.descriptor
        return descriptor
