"""What both kinds of handles do, as coroutines; :class:`.handle.Handle` has the documentation."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, xio

from .._runtime.library import about_to_block
from ..errors import ClosedError, GridError, OperationTimeoutError
from ..timeouts import Deadline, Limit, Timeout
from .attributes import Attributes, DataDescriptor
from .ending import before_the_end
from .errors import CanceledError
from .faults import is_end_of_file, operation_fault
from .operations import Close, Open, Read, ReadVector, Write, WriteVector
from .stack import Stack

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .gsi import GSI, Peer

__all__ = ["DEFAULT_TIMEOUT", "Channel", "deadline", "limits", "prepared"]

DEFAULT_TIMEOUT = Timeout(connect=60.0, stall=None, total=None)
SEEKABLE = {"file", "gridftp"}
SETTLE = 0.005
CLOSING = 5.0  # seconds that closing may take when nobody says how many
MEETING = 0.1  # seconds after which both ends know of a connection
BLOCK = 1 << 16

_CANCEL = {
    "open": xio.GLOBUS_XIO_CANCEL_OPEN,
    "read": xio.GLOBUS_XIO_CANCEL_READ,
    "write": xio.GLOBUS_XIO_CANCEL_WRITE,
    "close": xio.GLOBUS_XIO_CANCEL_CLOSE,
}


def deadline(timeout: Timeout, limit: Limit) -> Deadline:
    """The clock of one call."""
    return limit if isinstance(limit, Deadline) else Deadline(timeout.merge(limit))


def limits(clock: Deadline, doing: str, url: str, *, connecting: bool = False) -> dict[str, Any]:
    """Keyword arguments of an operation."""
    end, stall = clock.limits(connecting=connecting)

    def timed_out(stalled: bool) -> GridError:
        why = clock.describe(connecting=connecting, stalled=stalled)
        return OperationTimeoutError(f"could not {doing}: {why}", url=url)

    return {"end": end, "stall": stall, "describe": timed_out}


def prepared(stack: Stack, attributes: Attributes | None, gsi: GSI | None, *, accepting: bool) -> Attributes:
    """The attributes of a connection or of a listener: what was set, GSI's, and then what the stack's text says.

    Raises:
        StackError: they do not fit.
    """
    found = Attributes() if attributes is None else attributes.copy()
    if "udt" in stack:
        from .patient_driver import let_go_from_time_to_time

        let_go_from_time_to_time(found)
    if stack.is_secure:
        from .gsi import GSI, refuse_host_of_clients

        (gsi or GSI()).apply(found, accepting=accepting, only_unset=gsi is None)
        stack.apply(found)
        if accepting:
            refuse_host_of_clients(found)
    else:
        if gsi is not None:
            raise ValueError(f"the stack {stack} has no gsi")
        stack.apply(found)
    return found


class Channel:
    """One connection, file or program: whatever the stack makes of its contact.

    Args:
        accepted: the low level's handle, if a server accepted it.
        accepting: whether it is the end that accepts, where that does not follow.
    """

    def __init__(
        self,
        stack: Stack,
        contact: str | None,
        attributes: Attributes | None,
        gsi: GSI | None,
        timeout: Timeout,
        accepted: Any = None,
        *,
        accepting: bool = False,
    ) -> None:
        self.stack, self.contact, self.gsi, self.timeout = stack, contact, gsi, timeout
        self.attributes = attributes
        self.accepting = accepting or accepted is not None
        self.handle = accepted
        self.settings: Attributes | None = None
        self.opened = False
        self.closed = False
        self.hostname: str | None = None  # of the peer, where the contact does not name it
        self.in_library = False  # whether it is opened by one of the library's threads
        self.peer: Peer | None = None
        self._pending = bytearray()  # came in for a read that ran out of time
        self._ended = False
        self._broken = False
        self._closing = threading.Lock()
        self._opening: Open | None = None

    @property
    def _seekable(self) -> bool:
        return self.stack.names[0] in SEEKABLE

    @property
    def url(self) -> str:
        """What errors call it."""
        return self.contact or "an accepted connection"

    def low_level(self) -> Any:
        """The handle, if it is open."""
        if self.closed:
            raise ClosedError("the handle is closed")
        if not self.opened:
            raise ClosedError("the handle is not open yet: call open(), or use it as a context manager")
        return self.handle

    def check_command(self, driver: str | None) -> None:
        """Whether a driver can still do what it is told.

        Raises:
            StackError: it cannot.
        """

    # ---- opening and closing ------------------------------------------------------------------------------------

    async def open(self, *, timeout: Limit = None) -> None:
        if self.closed:
            raise ClosedError("the handle is closed: make another one")
        if self.opened:
            return
        doing = "accept the connection" if self.accepting else f"open {self.contact}"
        clock = deadline(self.timeout, timeout)
        self.settings = prepared(self.stack, self.attributes, self.gsi, accepting=self.accepting)
        if self.stack.is_secure and not self.accepting:
            self._name_host(self.settings)
        if self.handle is None:
            self.handle = xio.globus_xio_handle_create(self._stack_for(self.settings))
        operation = self._opening = Open(
            self.handle,
            self.contact,
            self.settings.handle,
            may_block=not self.accepting,
            **limits(clock, doing, self.url, connecting=True),
        )
        try:
            if self.closed:  # meanwhile, by who could not see what to cancel
                raise CanceledError(f"could not {doing}: canceled", url=self.url)
            await operation
            self.opened = True
            self._admit()
        except GlobusError as error:
            self.closed = True  # by the library
            raise operation_fault(error, f"could not {doing}", self.url) from error
        except BaseException:
            await self._abandon()
            raise
        finally:
            self._opening = None

    def _name_host(self, settings: Attributes) -> None:
        """The driver gsi is to know whose certificate it waits for."""
        from .gsi import name_host, refuse_contact_without_host

        if self.hostname is None or self.stack.names[0] == "tcp":
            refuse_contact_without_host(self.contact, settings)
        if self.stack.names[0] != "tcp":
            name_host(self.hostname, self.contact, settings)

    def _stack_for(self, settings: Attributes) -> Any:
        """The low level's stack; the settings may still change."""
        return self.stack.handle

    def _admit(self) -> None:
        if not self.stack.is_secure:
            return
        from .inspection import peer_of

        self.peer = peer_of(self)
        if self.gsi is not None or self.accepting:
            from .gsi import GSI

            if self.in_library:
                about_to_block()  # a callback of the user may take its time
            (self.gsi or GSI()).admit(self.peer, accepting=self.accepting)

    async def _abandon(self) -> None:
        handle, self.closed = self.handle, True
        with contextlib.suppress(GlobusError, GridError, ValueError):
            await Close(handle, end=Deadline.after(CLOSING).end)

    async def close(self, *, timeout: Limit = None) -> None:
        clock = deadline(self.timeout, CLOSING if timeout is None else timeout)
        if "udt" in self.stack and not self.stack.is_secure and self._is_untouched():
            await self._meet(clock)
        with self._closing:
            if self.closed:
                return
            self.closed = True
        if self.handle is None:
            return
        try:
            await Close(self.handle, **limits(clock, "close", self.url))
        except GlobusError as error:
            raise operation_fault(error, "could not close", self.url) from error
        finally:
            if self.peer is not None:
                self.peer.context.close()

    def _is_untouched(self) -> bool:
        """Whether it was accepted, and not opened."""
        return self.handle is not None and not self.opened and not self.closed and self._opening is None

    async def _meet(self, clock: Deadline) -> None:
        """GCT's driver udt hangs up only what was opened, and UDT loses the news where the peer has just connected.
        Not with gsi: half a handshake to a peer that has gone keeps UDT busy for a minute."""
        with contextlib.suppress(GridError):
            await self.open(timeout=clock)
            await self.readinto(bytearray(1), timeout=MEETING)

    def cancel(self, *what: str) -> None:
        """End what is under way."""
        mask = 0
        for word in what or _CANCEL:
            if word not in _CANCEL:
                raise ValueError(f"{word!r} is none of {', '.join(map(repr, _CANCEL))}")
            mask |= int(_CANCEL[word])
        opening = self._opening
        if opening is not None and mask & _CANCEL["open"]:  # also if the library has not begun with it
            opening.fail(CanceledError(f"could not open {self.contact}: canceled", url=self.url))
        if self.handle is None:
            return
        # There may be nothing, or it ends by itself at this moment.
        with before_the_end(self.handle) as open_still, contextlib.suppress(GlobusError, ValueError):
            if open_still:
                xio.globus_xio_handle_cancel_operations(self.handle, mask)

    # ---- reading ----------------------------------------------------------------------------------------------------

    async def read(
        self,
        size: int = BLOCK,
        minimum: int = 1,
        *,
        descriptor: DataDescriptor | None = None,
        timeout: Limit = None,
    ) -> bytes:
        buffer = bytearray(size)
        count = await self.readinto(buffer, min(minimum, size), descriptor=descriptor, timeout=timeout)
        return bytes(memoryview(buffer)[:count])

    async def readinto(
        self,
        buffer: Buffer,
        minimum: int = 1,
        *,
        descriptor: DataDescriptor | None = None,
        timeout: Limit = None,
    ) -> int:
        return await self.readv([buffer], minimum, descriptor=descriptor, timeout=timeout)

    async def readv(
        self,
        buffers: Sequence[Buffer],
        minimum: int = 1,
        *,
        descriptor: DataDescriptor | None = None,
        timeout: Limit = None,
    ) -> int:
        handle = self.low_level()
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        room = sum(len(view) for view in views)
        if not 0 <= minimum <= room:
            raise ValueError(f"minimum must be from 0 to {room}, the room in the buffers, not {minimum}")
        if room == 0:
            return 0
        taken, views = self._take_pending(views)
        if (taken and taken >= minimum) or not views or self._ended:
            return taken
        clock = deadline(self.timeout, timeout)
        chosen: Any = views[0] if len(views) == 1 else views
        kind = Read if len(views) == 1 else ReadVector
        given = None if descriptor is None else descriptor.handle
        operation = kind(handle, chosen, max(minimum - taken, 0), given, **limits(clock, "read", self.url))
        operation.settle = SETTLE if self._seekable else 0.0
        try:
            return taken + await operation
        except GlobusError as error:
            if is_end_of_file(error):
                self._ended = not self._seekable  # for good, and the library is not asked again
                return taken + operation.count
            raise operation_fault(error, "could not read", self.url) from error
        except BaseException:  # what came in the meantime is the next read's
            self._pending += _beginning(views, operation.count)
            raise

    def _take_pending(self, views: list[memoryview]) -> tuple[int, list[memoryview]]:
        taken, rest = 0, []
        for view in views:
            count = min(len(self._pending), len(view))
            view[:count] = self._pending[:count]
            del self._pending[:count]
            taken += count
            if count < len(view):
                rest.append(view[count:])
        return taken, rest

    # ---- writing ----------------------------------------------------------------------------------------------------

    async def write(
        self,
        data: Buffer,
        minimum: int | None = None,
        *,
        descriptor: DataDescriptor | None = None,
        timeout: Limit = None,
    ) -> int:
        return await self._write(Write, data, memoryview(data).nbytes, minimum, descriptor, timeout)

    async def writev(
        self,
        parts: Sequence[Buffer],
        minimum: int | None = None,
        *,
        descriptor: DataDescriptor | None = None,
        timeout: Limit = None,
    ) -> int:
        if self.stack.names[0] == "gridftp":  # GCT's driver says after each of them that all are written
            return await self.write(b"".join(parts), minimum, descriptor=descriptor, timeout=timeout)
        total = sum(memoryview(part).nbytes for part in parts)
        return await self._write(WriteVector, list(parts), total, minimum, descriptor, timeout)

    async def _write(
        self,
        kind: type[Write],
        data: Any,
        total: int,
        minimum: int | None,
        descriptor: DataDescriptor | None,
        timeout: Limit,
    ) -> int:
        handle = self.low_level()
        if self._broken:
            raise ClosedError("a write was given up in the middle of a message: nothing more can be written")
        if minimum is not None and not 0 <= minimum <= total:
            raise ValueError(f"minimum must be from 0 to {total}, the number of bytes, not {minimum}")
        if total == 0 and descriptor is None:
            return 0
        clock = deadline(self.timeout, timeout)
        given = None if descriptor is None else descriptor.handle
        operation = kind(handle, data, minimum, given, **limits(clock, "write", self.url))
        try:
            return await operation
        except GlobusError as error:
            raise operation_fault(error, "could not write", self.url) from error
        except BaseException:
            self._broken = len(self.stack) > 1
            raise


def _beginning(views: list[memoryview], count: int) -> bytes:
    pieces = []
    for view in views:
        pieces.append(bytes(view[:count]))
        count -= len(pieces[-1])
    return b"".join(pieces)
