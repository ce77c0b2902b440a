"""Handles: a connection, a file or a program behind a stack of drivers."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from globus_lowlevel import xio

from .._runtime.faces import awaited, blocking
from ..timeouts import Timeout
from .attributes import Attributes, Controlled, DataDescriptor, driver_handle
from .channel import DEFAULT_TIMEOUT, Channel
from .drivers import Driver
from .stack import Stack

if TYPE_CHECKING:
    from ..security import SecurityContext
    from .gsi import GSI, Peer
    from .stack import StackLike

__all__ = ["AsyncHandle", "Handle"]


class _Handle(Controlled):
    """What both faces share.

    Args:
        stack: a `Stack`, or what makes one: ``"tcp,gsi"``.
        contact: where to, as the transport wants it: ``host:port`` for tcp, a path for file, a URL for http and gridftp.
        attributes: options of the drivers.
        gsi: what security it is to have, if the stack has gsi; default: privacy, and the peer has to be the host that we
            connect to, or, when accepting, anybody with a certificate of a trusted authority. It counts more than what
            `attributes` says about gsi, and an option in the stack's text counts most.
        timeout: limits for each call that brings none: seconds, or a :class:`~globus_hl.timeouts.Timeout`. Default: 60
            seconds to open (handshake included), and no limit for the rest.

    Raises:
        StackError, DriverNotFoundError: as they say.
        ValueError: `gsi` for a stack without gsi.
    """

    place = "handle"
    _borrowed = False

    def __init__(
        self,
        stack: StackLike,
        contact: str,
        attributes: Attributes | None = None,
        *,
        gsi: GSI | None = None,
        timeout: Timeout | float | None = None,
    ) -> None:
        super().__init__()
        found = Stack(stack)
        if gsi is not None and not found.is_secure:
            raise ValueError(f"the stack {found} has no gsi")
        self._channel = Channel(found, contact, attributes, gsi, DEFAULT_TIMEOUT.merge(timeout))

    @classmethod
    def _of(cls, channel: Channel, *, borrowed: bool = False) -> Self:
        """The face of a channel that somebody else has made, who also closes it if it is `borrowed`."""
        handle = cls.__new__(cls)
        Controlled.__init__(handle)
        handle._borrowed = borrowed  # noqa: SLF001 - of this class
        handle._channel = channel  # noqa: SLF001 - of this class
        return handle

    def _open_core(self) -> Channel:
        return self._channel

    # ---- what it is ------------------------------------------------------------------------------------------------

    @property
    def stack(self) -> Stack:
        """The drivers."""
        return self._channel.stack

    @property
    def contact(self) -> str | None:
        """Where to; None: a server accepted it."""
        return self._channel.contact

    @property
    def attributes(self) -> Attributes:
        """Options with which it will be opened; what is changed afterwards has no effect."""
        if self._channel.attributes is None:
            self._channel.attributes = Attributes()
        return self._channel.attributes

    @property
    def opened(self) -> bool:
        """Whether it is open, and can be read and written."""
        return self._channel.opened and not self._channel.closed

    @property
    def closed(self) -> bool:
        """Whether it was closed, or could not be opened."""
        return self._channel.closed

    @property
    def peer(self) -> Peer | None:
        """Who the other end is: of an open stack with gsi; else None."""
        return self._channel.peer

    @property
    def context(self) -> SecurityContext | None:
        """The security context of an open stack with gsi, until it is closed; else None."""
        return None if self._channel.peer is None else self._channel.peer.context

    @property
    def handle(self) -> Any:
        """The low level's ``globus_xio_handle_t``.

        Raises:
            ClosedError: it is not open.
        """
        return self._channel.low_level()

    def control(self, driver: Driver | Literal["any driver"] | None, number: int, *arguments: Any) -> Any:
        self._channel.check_command(driver.name if isinstance(driver, Driver) else driver)
        return xio.globus_xio_handle_cntl(self.handle, driver_handle(driver), number, *arguments)

    def descriptor(self) -> DataDescriptor:
        """Options of one read or write."""
        return DataDescriptor(self.handle)

    def cancel(self, *what: Literal["open", "read", "write", "close"]) -> None:
        """End what another thread or task waits for: those calls raise `CanceledError`.

        Args:
            what: default: everything. What a canceled read has got so far is given to the next one.
        """
        self._channel.cancel(*what)

    def __del__(self) -> None:
        channel = getattr(self, "_channel", None)
        if channel is not None and channel.opened and not channel.closed and not self._borrowed:
            warnings.warn(
                f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self
            )  # the low level closes it

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open" if self.opened else "not open"
        return f"<{type(self).__name__} {self.stack} {self._channel.url}, {state}>"


class Handle(_Handle):
    __doc__ = f"""A connection, a file or a program behind a stack of drivers, for blocking code.

    ::

        with Handle("tcp,gsi", "www.example.org:7000") as handle:
            handle.write(b"PING\\0")
            answer = handle.read(4096)

    `open`, or entering it as a context manager, connects. One thread may read while another one writes; two reads at
    once, or two writes, are an error. Ctrl-C ends a call that waits. The options of an open handle are those of the
    drivers: ``handle.tcp.nodelay = True``.

    Methods (all take ``timeout=``: seconds, a `Timeout`, or a `Deadline` that several calls share; when it passes, the
    call raises `OperationTimeoutError`, and a read can be tried again):

    * ``open()``: connect, and with gsi make sure of the peer.
    * ``read(size=65536, minimum=1, *, descriptor=None)``: wait for at least `minimum` bytes and return at most
      `size`; fewer, in the end ``b""``, where the data ends.
    * ``readinto(buffer, minimum=1)``, ``readv(buffers, minimum=1)``: the same into one writable buffer, or into
      several one after the other; return the number of bytes.
    * ``write(data, minimum=None)``, ``writev(parts, minimum=None)``: write any bytes-like object, or several without
      joining them; return the number of bytes when at least `minimum` (default: all) were taken.
    * ``close()``: idempotent.

    Errors: `ConnectRefusedError`, `HostNotFoundError`, `ConnectionLostError` and their like; the errors of
    :mod:`globus_hl.security.errors` for what goes wrong in the handshake; `PeerRefusedError`; `CanceledError`;
    `ClosedError`.
    {(_Handle.__doc__ or "").partition("share.")[2]}"""

    _opening = blocking(Channel.open)
    read = blocking(Channel.read)
    readinto = blocking(Channel.readinto)
    readv = blocking(Channel.readv)
    write = blocking(Channel.write)
    writev = blocking(Channel.writev)
    close = blocking(Channel.close)

    def open(self, *, timeout: Any = None) -> Self:
        """Connect. Returns the handle itself; does nothing if it is open."""
        self._opening(timeout=timeout)
        return self

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncHandle(_Handle):
    __doc__ = f"""A connection, a file or a program behind a stack of drivers, for asyncio.

    ::

        async with AsyncHandle("tcp,gsi", "www.example.org:7000") as handle:
            await handle.write(b"PING\\0")
            answer = await handle.read(4096)

    The methods are those of `Handle`, awaited. Cancelling a task aborts its call.
    {(_Handle.__doc__ or "").partition("share.")[2]}"""

    _opening = awaited(Channel.open)
    read = awaited(Channel.read)
    readinto = awaited(Channel.readinto)
    readv = awaited(Channel.readv)
    write = awaited(Channel.write)
    writev = awaited(Channel.writev)
    close = awaited(Channel.close)

    async def open(self, *, timeout: Any = None) -> Self:
        """Connect. Returns the handle itself; does nothing if it is open."""
        await self._opening(timeout=timeout)
        return self

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
