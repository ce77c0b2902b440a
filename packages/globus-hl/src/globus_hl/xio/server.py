"""Servers: listeners that accept connections."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Literal

from globus_lowlevel import GlobusError, xio

from .._runtime.closing import AsyncClosing, Closing
from .._runtime.drivers import Background
from .._runtime.faces import awaited, blocking
from ..errors import ClosedError
from ..timeouts import Limit, Timeout
from .attributes import Attributes, Controlled, driver_handle
from .channel import CLOSING, DEFAULT_TIMEOUT, Channel, deadline, limits, prepared
from .errors import CanceledError
from .faults import operation_fault
from .handle import AsyncHandle, Handle
from .lasting_accept import LastingAccept, refuse
from .operations import Accept, CloseServer
from .stack import Stack

if TYPE_CHECKING:
    from .drivers import Driver
    from .gsi import GSI
    from .stack import StackLike

__all__ = ["AsyncServer", "Server"]


class Listener:
    """What both kinds of servers do, as coroutines."""

    channel = Channel
    """Of which kind connections are."""

    def __init__(
        self, stack: Stack, attributes: Attributes, gsi: GSI | None, timeout: Timeout, connection: Timeout
    ) -> None:
        self.stack, self.attributes, self.gsi, self.timeout, self.connection = (
            stack,
            attributes,
            gsi,
            timeout,
            connection,
        )
        self.settings = prepared(stack, attributes, gsi, accepting=True)
        try:
            self.handle: Any = xio.globus_xio_server_create(self.settings.handle, stack.handle)
        except GlobusError as error:
            raise operation_fault(error, "could not listen", str(stack)) from error
        self.contact: str = xio.globus_xio_server_get_contact_string(self.handle)
        self._lasting = LastingAccept(self.handle, self.contact) if "udt" in stack else None
        self.closed = False

    async def accept(
        self,
        *,
        attributes: Attributes | None = None,
        gsi: GSI | None = None,
        timeout: Limit = None,
    ) -> Channel:
        if self.closed:
            raise ClosedError("the server is closed")
        clock = deadline(self.timeout, timeout)
        try:
            handle = await self._next(**limits(clock, "accept a connection", self.contact))
        except GlobusError as error:
            if self.closed:
                raise ClosedError("the server was closed") from error
            raise operation_fault(error, "could not accept a connection", self.contact) from error
        channel = self._channel(handle, attributes, gsi)
        if self.closed:
            await refuse(channel)
            raise ClosedError("the server was closed")
        return channel

    async def _next(self, **limits: Any) -> Any:
        """The low level's handle of the next one."""
        if self._lasting is not None:
            return await self._lasting.next(**limits)
        return await Accept(self.handle, **limits)

    def _channel(self, handle: Any, attributes: Attributes | None = None, gsi: GSI | None = None) -> Channel:
        chosen = self.attributes if attributes is None else attributes
        return self.channel(self.stack, None, chosen, gsi or self.gsi, self.connection, accepted=handle)

    async def close(self, *, timeout: Limit = None) -> None:
        if self.closed:
            return
        self.closed = True
        clock = deadline(self.timeout, CLOSING if timeout is None else timeout)
        if self._lasting is not None:
            Background(self._lasting.end(self._channel))
        await CloseServer(self.handle, **limits(clock, "stop listening", self.contact))


class _Server(Controlled):
    """What both faces share.

    Args:
        stack: a `Stack`, or what makes one: ``"tcp,gsi"``.
        host: name or address of the network interface; default: all of them, IPv4 and IPv6.
        port: number; 0: any that is free (see `contact`).
        attributes: options of the drivers, for the listener and for what it accepts.
        gsi: what security connections are to have, as of `Handle`.
        timeout: limits of `accept`; default: none.
        connection_timeout: limits of each connection's calls; default: 60 seconds for the handshake.

    Raises:
        GridError: nothing can listen there; it is an `OSError` with the system's number, too.
        StackError, DriverNotFoundError: as they say.
    """

    place = "server"

    def __init__(
        self,
        stack: StackLike,
        host: str | None = None,
        port: int = 0,
        *,
        attributes: Attributes | None = None,
        gsi: GSI | None = None,
        timeout: Timeout | float | None = None,
        connection_timeout: Timeout | float | None = None,
    ) -> None:
        super().__init__()
        found = Stack(stack)
        options = Attributes() if attributes is None else attributes.copy()
        if "tcp" in found:
            if host is not None:
                options.tcp.interface = host
            if port:
                options.tcp.port = port
        elif host is not None or port:
            raise ValueError(f"a server on {found} has no host and no port: use attributes=")
        waiting = Timeout(None, None, None).merge(timeout)
        self._listener = Listener(found, options, gsi, waiting, DEFAULT_TIMEOUT.merge(connection_timeout))

    def _open_core(self) -> Listener:
        return self._listener

    @property
    def stack(self) -> Stack:
        """The drivers."""
        return self._listener.stack

    @property
    def contact(self) -> str:
        """What clients connect to: ``host:port``."""
        return self._listener.contact

    @property
    def port(self) -> int:
        """Number of the port, of a stack on tcp."""
        text = self.tcp.local_numeric_contact or ""
        return int(text.rpartition(":")[2])

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._listener.closed

    @property
    def handle(self) -> Any:
        """The low level's ``globus_xio_server_t``.

        Raises:
            ClosedError: it was closed.
        """
        if self._listener.closed:
            raise ClosedError("the server is closed")
        return self._listener.handle

    def control(self, driver: Driver | Literal["any driver"] | None, number: int, *arguments: Any) -> Any:
        return xio.globus_xio_server_cntl(self.handle, driver_handle(driver), number, *arguments)

    def __del__(self) -> None:
        listener = getattr(self, "_listener", None)
        if listener is not None and not listener.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.stack} {self.contact}{', closed' if self.closed else ''}>"


class Server(_Server, Closing):
    __doc__ = f"""A listener, for blocking code.

    ::

        with Server("tcp,gsi", port=7000, gsi=GSI(credential=host)) as server:
            for connection in server:                   # until it is closed
                threads.submit(serve, connection)

        def serve(connection):
            with connection:                            # the handshake: here, so that no client holds up the others
                print(connection.peer.subject)

    ``close()``, also by another thread or a signal handler, ends a call of `accept` and the loop. When it returns, nobody
    listens any more, and the port is free. Idempotent; connections stay.
    {(_Server.__doc__ or "").partition("share.")[2]}"""

    _accepting = blocking(Listener.accept)

    def accept(
        self,
        *,
        attributes: Attributes | None = None,
        gsi: GSI | None = None,
        timeout: Limit = None,
    ) -> Handle:
        """Wait for a connection. It is not open yet: `Handle.open`, or ``with``, does the handshake.

        Args:
            attributes, gsi: of this connection; default: those of the server.

        Raises:
            OperationTimeoutError: nobody came in time.
            ClosedError: the server was closed.
        """
        return Handle._of(self._accepting(attributes=attributes, gsi=gsi, timeout=timeout))  # noqa: SLF001

    def __iter__(self) -> Iterator[Handle]:
        """Connections, until the server is closed."""
        while not self.closed:
            try:
                yield self.accept()
            except (ClosedError, CanceledError):
                return

    close = blocking(Listener.close)


class AsyncServer(_Server, AsyncClosing):
    __doc__ = f"""A listener, for asyncio.

    ::

        async with AsyncServer("tcp,gsi", port=7000) as server:
            async for connection in server:
                tasks.create_task(serve(connection))

    The methods are those of `Server`, awaited.
    {(_Server.__doc__ or "").partition("share.")[2]}"""

    _accepting = awaited(Listener.accept)

    async def accept(
        self,
        *,
        attributes: Attributes | None = None,
        gsi: GSI | None = None,
        timeout: Limit = None,
    ) -> AsyncHandle:
        """As `Server.accept`."""
        channel = await self._accepting(attributes=attributes, gsi=gsi, timeout=timeout)
        return AsyncHandle._of(channel)  # noqa: SLF001

    async def __aiter__(self) -> AsyncIterator[AsyncHandle]:
        """Connections, until the server is closed."""
        while not self.closed:
            try:
                yield await self.accept()
            except (ClosedError, CanceledError):
                return

    close = awaited(Listener.close)
