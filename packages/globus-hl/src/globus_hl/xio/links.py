"""How the data of a socket goes through a stack: in the calling thread if it is tcp alone, else in the library's threads.

`Direct`: XIO's system sockets, which the driver tcp itself is made of, read and write what is there and never wait;
waiting is a ``poll`` of the descriptor. No thread is involved, signals are seen, deadlines are those of ``poll``. (A
blocking read or write of a handle always lets another thread end it: ``GlobusXIOCurrentBlockedThread`` and its
counterpart in ``globus_i_xio.h`` do not ask the same question, so that the library never finds out that it could do
without. That costs more than the read itself.)

`Stacked`: with a driver in between, a descriptor that is ready says little: half a record of TLS is no data, and whole
ones may be in the driver already. So the library reads ahead into a bounded buffer, and writes from one; a `Notifier` is
the descriptor for select.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import select
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from globus_lowlevel import GlobusError, xio

from .._runtime.library import Call, call_soon
from .ending import before_the_end, ends
from .faults import is_canceled, is_end_of_file
from .notifier import Notifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Direct", "Link", "Stacked", "end_of", "os_error", "timed_out", "would_block"]

T = TypeVar("T")

LOW, HIGH = 1 << 14, 1 << 18
"""Bytes that one read of the library asks for, at first and at most."""
AHEAD = 1 << 20
"""Bytes that are read ahead, and that may wait to be written."""
SMALL = 1 << 14
"""Bytes for which new memory is as fast as used memory."""
LINGER = 60.0
"""Seconds that a closed socket goes on writing what waits to be written."""


rooms = threading.local()
"""Memory to receive much into, which each thread uses again and again."""


class Link(Protocol):
    """Both ways."""

    def recv(self, size: int, timeout: float | None) -> bytes:
        """Read some bytes, as ``socket.recv`` does."""

    def recv_into(self, view: memoryview, timeout: float | None) -> int:
        """Read some bytes; 0: there are no more, or no room. As ``socket.recv_into`` does."""

    def send(self, view: memoryview, timeout: float | None) -> int:
        """Write some of the bytes, as ``socket.send`` does."""

    def sendv(self, views: list[memoryview], timeout: float | None) -> int:
        """Write some of the bytes of several buffers."""

    def shut_read(self) -> None:
        """Nothing will be read any more."""

    def shut_write(self, then: Callable[[], None]) -> None:
        """Nothing will be written any more: when what was written has left, call `then`."""

    def close(self, then: Callable[[], None]) -> None:
        """Give up reading, let what was written leave, and close the handle; then call `then`."""


def timed_out() -> TimeoutError:
    """What the standard library raises."""
    return TimeoutError("timed out")


def end_of(timeout: float | None) -> float | None:
    """When a time-out that begins now is over."""
    return None if timeout is None else time.monotonic() + timeout


def remaining(end: float | None) -> float | None:
    """Seconds left; raises if there are none."""
    if end is None:
        return None
    left = end - time.monotonic()
    if left <= 0:
        raise timed_out()
    return left


def os_error(error: GlobusError) -> OSError:
    """As the system would say it."""
    if is_canceled(error):
        number = errno.ECANCELED
    elif is_end_of_file(error):
        number = errno.ECONNRESET
    else:
        number = error.errno or errno.EIO
    found = OSError(number, os.strerror(number) if error.errno or number != errno.EIO else str(error))
    found.__cause__ = error
    return found


def would_block() -> BlockingIOError:
    """What the standard library raises."""
    return BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


# ---- tcp alone -----------------------------------------------------------------------------------------------------


class Direct:
    """The stack is tcp.

    Args:
        descriptor: of a connected socket; it does not block.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._system = xio.globus_xio_system_socket_init(descriptor, xio.GLOBUS_XIO_SYSTEM_TCP)
        self._shut = False
        self._eager = False  # data is probably there: look before waiting

    def recv(self, size: int, timeout: float | None, flags: int = 0) -> bytes:
        if size <= SMALL or (room := rooms.__dict__.pop("room", None)) is None or len(room) < size:
            room = bytearray(size)
        with memoryview(room) as whole, whole[:size] as view:
            data = bytes(view[: self.recv_into(view, timeout, flags)])
        if SMALL < len(room) <= AHEAD:
            rooms.room = room
        return data

    def recv_into(self, view: memoryview, timeout: float | None, flags: int = 0) -> int:
        if not view.nbytes:
            return 0
        if self._eager or timeout == 0:
            count = self._read(view, flags)
            if count is not None:
                return count
            self._eager = False
            if timeout == 0:
                raise would_block()
        end = end_of(timeout)
        while True:
            self._wait(select.POLLIN, end)
            count = self._read(view, flags)
            if count is not None:
                self._eager = count == view.nbytes
                return count

    def _read(self, view: memoryview, flags: int) -> int | None:
        """None: there is nothing yet."""
        if self._shut:
            return 0
        try:
            return xio.globus_xio_system_socket_read(self._system, (view,), 0, flags, None) or None
        except GlobusError as error:
            if is_end_of_file(error):
                return 0
            raise os_error(error) from error.__cause__

    def send(self, view: memoryview, timeout: float | None, flags: int = 0) -> int:
        return self._send((view,), timeout, flags) if view.nbytes else 0

    def sendv(self, views: list[memoryview], timeout: float | None) -> int:
        views = [view for view in views if view.nbytes]
        return self._send(views, timeout, 0) if views else 0

    def _send(self, views: Sequence[memoryview], timeout: float | None, flags: int) -> int:
        end = end_of(timeout)
        while True:
            try:
                count: int = xio.globus_xio_system_socket_write(self._system, views, 0, flags, None)
            except GlobusError as error:
                raise os_error(error) from error.__cause__
            if count:
                return count
            if timeout == 0:
                raise would_block()
            self._wait(select.POLLOUT, end)

    def kernel(self, call: Callable[[], T], event: int, timeout: float | None) -> T:
        """What XIO has no words for: a call of the system that does not block, when the socket is ready for it."""
        end = end_of(timeout)
        while True:
            try:
                return call()
            except BlockingIOError:
                if timeout == 0:
                    raise
            self._wait(event, end)

    def _wait(self, event: int, end: float | None) -> None:
        poll = select.poll()
        poll.register(self._descriptor, event)
        left = remaining(end)
        ready = poll.poll(None if left is None else max(1, int(left * 1000 + 0.999)))
        if ready and ready[0][1] & select.POLLNVAL:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def shut_read(self) -> None:
        """The system keeps what came before, as it does for sockets of its own."""

    def shut_write(self, then: Callable[[], None]) -> None:
        then()  # the system has it all

    def close(self, then: Callable[[], None]) -> None:
        self._shut = True
        with contextlib.suppress(ValueError):  # another thread is in it: it goes when that one comes out
            xio.globus_xio_system_socket_destroy(self._system)
        then()


# ---- anything above tcp --------------------------------------------------------------------------------------------


class Stacked:
    """There are drivers above tcp.

    Args:
        handle: of the low level, open.
    """

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self._changed = threading.Condition(threading.Lock())
        # reading
        self._came: collections.deque[memoryview] = collections.deque()
        self._there = 0
        self._wanted = LOW
        self._reading = False
        self._ended = False
        self._read_error: OSError | None = None
        # writing
        self._waiting: collections.deque[bytes] = collections.deque()
        self._queued = 0
        self._sending = False
        self._write_error: OSError | None = None
        self._shut: Callable[[], None] | None = None
        # the rest
        self._notifier: Notifier | None = None
        self._closing: Callable[[], None] | None = None
        self._lingering: Call | None = None
        with self._changed:  # the first recv() finds what has come, also if it does not wait
            self._read_on()

    def tell_to(self, notifier: Notifier) -> None:
        """From now on, who selects sees what is there."""
        with self._changed:
            self._notifier = notifier
            self._tell()

    @property
    def _can_read(self) -> bool:
        return bool(self._there or self._ended or self._read_error)

    @property
    def _can_write(self) -> bool:
        return self._queued < AHEAD or self._write_error is not None

    def _tell(self) -> None:
        """Something changed; called with the lock."""
        self._changed.notify_all()
        if self._notifier is not None:
            self._notifier.set(readable=self._can_read, writable=self._can_write)

    def _wait(self, ready: Callable[[], bool], timeout: float | None) -> None:
        """Wait with the lock."""
        if timeout == 0 and not ready():
            raise would_block()
        end = end_of(timeout)
        while not ready():
            self._changed.wait(remaining(end))

    # ---- reading ------------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        """Let the library read, if there is room; called with the lock."""
        if self._reading or self._ended or self._read_error or self._closing or self._there >= AHEAD:
            return
        self._reading = True
        buffer = bytearray(self._wanted)
        try:
            xio.globus_xio_register_read(self.handle, buffer, 1, None, self._came_in, None)
        except (GlobusError, ValueError) as error:
            self._reading = False
            self._read_error = os_error(error) if isinstance(error, GlobusError) else _closed()

    def _came_in(
        self, _handle: Any, error: Any, buffer: Any, length: int, count: int, _descriptor: Any, _: Any
    ) -> None:
        with self._changed:
            self._reading = False
            if count:
                self._came.append(memoryview(buffer)[:count])
                self._there += count
            self._wanted = min(HIGH, 4 * length) if count == length else max(LOW, min(length, 4 * count))
            if error is not None:
                self._ended = self._ended or is_end_of_file(error)
                if not self._ended:
                    self._read_error = os_error(error)
            else:
                self._read_on()
            self._tell()

    def recv_into(self, view: memoryview, timeout: float | None) -> int:
        if not view.nbytes:
            return 0
        with self._changed:
            self._await_data(timeout)
            count = 0
            while self._came and count < view.nbytes:
                chunk = self._came[0]
                part = min(len(chunk), view.nbytes - count)
                view[count : count + part] = chunk[:part]
                count += part
                if part == len(chunk):
                    self._came.popleft()
                else:
                    self._came[0] = chunk[part:]
            self._there -= count
            self._read_on()
            if self._notifier is not None:
                self._notifier.set(readable=self._can_read)
            return count

    def recv(self, size: int, timeout: float | None) -> bytes:
        """Read some bytes: as `recv_into`, with one copy less."""
        if size <= 0:
            return b""
        with self._changed:
            self._await_data(timeout)
            if not self._came:
                return b""
            chunk = self._came[0]
            data = bytes(chunk[:size])
            if len(data) == len(chunk):
                self._came.popleft()
            else:
                self._came[0] = chunk[size:]
            self._there -= len(data)
            self._read_on()
            if self._notifier is not None:
                self._notifier.set(readable=self._can_read)
            return data

    def _await_data(self, timeout: float | None) -> None:
        self._read_on()
        self._wait(lambda: self._can_read, timeout)
        if not self._there and self._read_error is not None:
            error, self._read_error = self._read_error, None
            self._ended = True  # the next one finds the end, as with the system's sockets
            raise error

    def peek(self, count: int, timeout: float | None) -> bytes:
        with self._changed:
            self._await_data(timeout)
            return b"".join(self._came)[:count]

    # ---- writing ------------------------------------------------------------------------------------------------

    def send(self, view: memoryview, timeout: float | None) -> int:
        return self.sendv([view], timeout)

    def sendv(self, views: list[memoryview], timeout: float | None) -> int:
        with self._changed:
            return self._accept_data([view for view in views if view.nbytes], timeout)

    def _accept_data(self, views: list[memoryview], timeout: float | None) -> int:
        if self._shut is not None:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
        self._wait(lambda: self._can_write, timeout)
        if self._write_error is not None:
            raise self._write_error
        before = self._queued
        for view in views:
            if (room := AHEAD - self._queued) > 0:
                self._waiting.append(bytes(view[:room]))
                self._queued += len(self._waiting[-1])
        count = self._queued - before
        self._write_on()
        if self._notifier is not None:
            self._notifier.set(writable=self._can_write)
        return count

    def _write_on(self) -> None:
        """Let the library write what waits; called with the lock."""
        if self._sending or not self._waiting or self._write_error is not None:
            return
        self._sending = True
        parts = list(self._waiting)
        self._waiting.clear()
        total = sum(len(part) for part in parts)
        try:
            if len(parts) == 1:
                xio.globus_xio_register_write(self.handle, parts[0], total, None, self._went_out, total)
            else:
                xio.globus_xio_register_writev(self.handle, parts, total, None, self._went_out, total)
        except (GlobusError, ValueError) as error:
            self._sending = False
            self._fail(os_error(error) if isinstance(error, GlobusError) else _closed())

    def _went_out(
        self, _handle: Any, error: Any, _data: Any, _length: int, _count: int, _descriptor: Any, total: Any
    ) -> None:
        with self._changed:
            self._sending = False
            self._queued -= total
            if error is not None:
                self._fail(os_error(error))
            self._write_on()
            self._tell()
            shut, close = (self._shut, self._closing) if self._idle else (None, None)
        if shut is not None:
            shut()
        if close is not None:
            self._close_handle(close)

    def _fail(self, error: OSError) -> None:
        self._write_error = error
        self._waiting.clear()
        self._queued = 0

    @property
    def _idle(self) -> bool:
        return not self._sending and not self._waiting

    def shut_write(self, then: Callable[[], None]) -> None:
        with self._changed:
            self._shut = then
            idle = self._idle
        if idle:
            then()

    # ---- the end ------------------------------------------------------------------------------------------------

    def shut_read(self) -> None:
        with self._changed:
            self._ended = True  # what has come stays, as with the system's sockets
            self._tell()

    def close(self, then: Callable[[], None]) -> None:
        with self._changed:
            self._closing = then
            self._ended = True
            idle = self._idle
            self._tell()
            self._notifier = None
        if idle:
            self._close_handle(then)
            return
        self._lingering = call_soon(self._give_up, LINGER)
        with self._changed:
            if self._idle:
                self._lingering.cancel()

    def _give_up(self) -> None:
        """Nobody takes what was written."""
        with before_the_end(self.handle) as open_still, contextlib.suppress(GlobusError, ValueError):
            if open_still:
                xio.globus_xio_handle_cancel_operations(self.handle, xio.GLOBUS_XIO_CANCEL_WRITE)

    def _close_handle(self, then: Callable[[], None]) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        ends(self.handle)
        try:
            xio.globus_xio_register_close(self.handle, None, lambda *_: then(), None)
        except (GlobusError, ValueError):
            then()


def _closed() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))
