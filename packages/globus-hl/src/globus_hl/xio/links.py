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

    from typing_extensions import Buffer

__all__ = ["Direct", "Link", "Stacked", "end_of", "os_error", "timed_out", "would_block", "writable"]

T = TypeVar("T")

_read, _write = xio.globus_xio_system_socket_read, xio.globus_xio_system_socket_write

LOW, BLOCK = 1 << 14, 1 << 18
"""Bytes that one read of the library asks for, at first, and while data comes in a stream."""
AHEAD = 1 << 20
"""Bytes that are read ahead, and that may wait to be written."""
TOGETHER = 1 << 19
"""Bytes after which one write of the library takes no more: while it encrypts them, others may come."""
SMALL = 1 << 14
"""Bytes below which what is to be written is put together with what follows."""
LINGER = 60.0
"""Seconds that a closed socket goes on writing what waits to be written."""


rooms = threading.local()
"""Memory to receive into, which each thread uses again and again."""
blocks: list[bytearray] = []
"""Memory of `BLOCK` bytes that all links use again and again: new memory takes the system as long as it takes to encrypt
what goes into it."""
BLOCKS = 16
"""How many of them are kept."""


def take_block() -> bytearray:
    """One for a link."""
    try:
        return blocks.pop()
    except IndexError:
        return bytearray(BLOCK)


def give_back(block: object) -> None:
    """It is used no more. What is no block is left to the collector."""
    if isinstance(block, bytearray) and len(block) == BLOCK and len(blocks) < BLOCKS:
        blocks.append(block)


class Link(Protocol):
    """Both ways."""

    def recv(self, size: int, timeout: float | None) -> bytes:
        """Read some bytes, as ``socket.recv`` does."""

    def recv_into(self, buffer: Buffer, timeout: float | None) -> int:
        """Read some bytes; 0: there are no more, or no room. As ``socket.recv_into`` does."""

    def send(self, data: Buffer, timeout: float | None) -> int:
        """Write some of the bytes, as ``socket.send`` does."""

    def sendv(self, parts: Sequence[Buffer], timeout: float | None) -> int:
        """Write some of the bytes of several buffers."""

    def sendall(self, data: Buffer, timeout: float | None) -> int:
        """Write all of the bytes, as ``socket.sendall`` does, and return how many."""

    def shut_read(self) -> None:
        """Nothing will be read any more."""

    def shut_write(self, then: Callable[[], None]) -> None:
        """Nothing will be written any more: when what was written has left, call `then`."""

    def close(self, then: Callable[[], object]) -> None:
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


def writable(buffer: Buffer) -> memoryview:
    """Its bytes, to receive into."""
    with memoryview(buffer) as view:
        if view.readonly or not view.c_contiguous:
            raise TypeError(f"a read-write bytes-like object is needed, not {type(buffer).__name__}")
        return view.cast("B")


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
        self._luck = 0  # above 0, data is probably there: look before waiting
        # those that no thread is in
        self._polls: dict[int, list[Any]] = {select.POLLIN: [], select.POLLOUT: []}

    def recv(self, size: int, timeout: float | None, flags: int = 0) -> bytes:
        room = rooms.__dict__.pop("room", None)
        if room is None or len(room) < size:
            room = bytearray(max(size, LOW))
        with memoryview(room) as whole, whole[:size] as view:
            data = bytes(view[: self.recv_into(view, timeout, flags)])
        if len(room) <= AHEAD:
            rooms.room = room
        return data

    def recv_into(self, buffer: Buffer, timeout: float | None, flags: int = 0) -> int:
        if self._luck > 0 or timeout == 0:
            try:
                if count := _read(self._system, (buffer,), 0, flags, None):
                    return count
                self._luck = -4
            except (GlobusError, ValueError) as error:
                return self._end(error)
            except BufferError:
                pass  # what is wrong with it, the next line says
        with writable(buffer) as view:
            if not view.nbytes:
                return 0
            if timeout == 0:
                raise would_block()
            end = end_of(timeout)
            while True:
                self._wait(select.POLLIN, end)
                try:
                    count = _read(self._system, (view,), 0, flags, None)
                except (GlobusError, ValueError) as error:
                    return self._end(error)
                if count:
                    if count == view.nbytes:
                        self._luck += 1
                    return count

    def _end(self, error: GlobusError | ValueError) -> int:
        """Of what is read."""
        if self._shut:
            return 0
        if isinstance(error, ValueError):
            raise error
        if is_end_of_file(error):
            return 0
        raise os_error(error) from error.__cause__

    def send(self, data: Buffer, timeout: float | None, flags: int = 0) -> int:
        return self._send((data,), timeout, end_of(timeout), flags)

    def sendv(self, parts: Sequence[Buffer], timeout: float | None) -> int:
        return self._send(parts, timeout, end_of(timeout), 0) if parts else 0

    def sendall(self, data: Buffer, timeout: float | None, flags: int = 0) -> int:
        end = end_of(timeout)
        sent = self._send((data,), timeout, end, flags)
        if sent == (len(data) if isinstance(data, bytes) else memoryview(data).nbytes):
            return sent
        with memoryview(data) as view, view.cast("B") as flat:
            while sent < len(flat):
                if timeout != 0:
                    self._wait(select.POLLOUT, end)  # it has taken a part: it is full
                with flat[sent:] as rest:
                    sent += self._send((rest,), timeout, end, flags)
        return sent

    def _send(self, parts: Sequence[Buffer], timeout: float | None, end: float | None, flags: int) -> int:
        while True:
            try:
                count: int = _write(self._system, parts, 0, flags, None)
            except GlobusError as error:
                raise os_error(error) from error.__cause__
            except ValueError:
                if self._shut:
                    raise _closed() from None
                raise
            if count or not any(memoryview(part).nbytes for part in parts):
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
        left = remaining(end)
        free = self._polls[event]
        try:
            poll = free.pop()
        except IndexError:
            poll = select.poll()
            poll.register(self._descriptor, event)
        try:
            ready = poll.poll(None if left is None else max(1, int(left * 1000 + 0.999)))
        finally:
            free.append(poll)
        if ready and ready[0][1] & select.POLLNVAL:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def shut_read(self) -> None:
        """The system keeps what came before, as it does for sockets of its own."""

    def shut_write(self, then: Callable[[], None]) -> None:
        then()  # the system has it all

    def close(self, then: Callable[[], object]) -> None:
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
        self._lock = threading.Lock()
        # reading
        self._readable = threading.Condition(self._lock)
        self._came: collections.deque[memoryview] = collections.deque()
        self._there = 0
        self._room: bytearray | None = None  # for the next read
        self._streams = False
        self._reading = False
        self._ended = False
        self._read_error: OSError | None = None
        # writing
        self._writable = threading.Condition(self._lock)
        self._waiting: collections.deque[memoryview] = collections.deque()
        self._small: bytearray | None = None  # waits after those
        self._queued = 0
        self._sending = False
        self._write_error: OSError | None = None
        self._shut: Callable[[], None] | None = None
        # the rest
        self._notifier: Notifier | None = None
        self._closing: Callable[[], object] | None = None
        self._lingering: Call | None = None
        with self._lock:  # the first recv() finds what has come, also if it does not wait
            self._read_on()

    def tell_to(self, notifier: Notifier) -> None:
        """From now on, who selects sees what is there."""
        with self._lock:
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
        if self._can_read:
            self._readable.notify_all()
        if self._can_write:
            self._writable.notify_all()
        if self._notifier is not None:
            self._notifier.set(readable=self._can_read, writable=self._can_write)

    def _wait(self, ready: Callable[[], bool], changed: threading.Condition, timeout: float | None) -> None:
        """Wait with the lock."""
        if ready():
            return
        if timeout == 0:
            raise would_block()
        end = end_of(timeout)
        while not ready():
            changed.wait(remaining(end))

    # ---- reading ------------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        """Let the library read, if there is room; called with the lock."""
        if self._reading or self._ended or self._read_error or self._closing or self._there >= AHEAD:
            return
        self._reading = True
        buffer = self._room or (take_block() if self._streams else bytearray(LOW))
        self._room = None
        try:
            xio.globus_xio_register_read(self.handle, buffer, 1, None, self._came_in, None)
        except (GlobusError, ValueError) as error:
            self._reading = False
            self._read_error = os_error(error) if isinstance(error, GlobusError) else _closed()

    def _came_in(
        self, _handle: Any, error: Any, buffer: Any, length: int, count: int, _descriptor: Any, _: Any
    ) -> None:
        with self._lock:
            self._reading = False
            if count:
                self._keep(buffer, length, count)
            if error is not None:
                self._ended = self._ended or is_end_of_file(error)
                if not self._ended:
                    self._read_error = os_error(error)
            else:
                self._read_on()
            self._tell()

    def _keep(self, buffer: Any, length: int, count: int) -> None:
        """What came, without the memory that it did not need."""
        whole = memoryview(buffer)
        if 2 * count < length:
            self._came.append(memoryview(bytes(whole[:count])))
            whole.release()
            if self._streams and count < LOW // 4:
                self._streams = False
                give_back(buffer)
            else:
                self._room = buffer
        else:
            self._came.append(whole[:count])
            self._streams = self._streams or count == length
        self._there += count

    def recv_into(self, buffer: Buffer, timeout: float | None) -> int:
        with writable(buffer) as view, self._lock:
            if not view.nbytes:
                return 0
            self._await_data(timeout)
            count = 0
            while self._came and count < len(view):
                chunk = self._came[0]
                part = min(len(chunk), len(view) - count)
                view[count : count + part] = chunk[:part]
                self._used(chunk, part)
                count += part
            self._go_on()
            return count

    def recv(self, size: int, timeout: float | None) -> bytes:
        """Read some bytes: as `recv_into`, with one copy less."""
        if size <= 0:
            return b""
        with self._lock:
            self._await_data(timeout)
            if not self._came:
                return b""
            chunk = self._came[0]
            data = bytes(chunk[:size])
            self._used(chunk, len(data))
            self._go_on()
            return data

    def _used(self, chunk: memoryview, count: int) -> None:
        """So many bytes of the first chunk are not needed any more."""
        self._there -= count
        if count < len(chunk):
            self._came[0] = chunk[count:]
        else:
            self._came.popleft()
            block = chunk.obj
            chunk.release()
            give_back(block)

    def _go_on(self) -> None:
        """There is room again."""
        self._read_on()
        if self._notifier is not None:
            self._notifier.set(readable=self._can_read)

    def _await_data(self, timeout: float | None) -> None:
        self._read_on()
        self._wait(lambda: self._can_read, self._readable, timeout)
        if not self._there and self._read_error is not None:
            error, self._read_error = self._read_error, None
            self._ended = True  # the next one finds the end, as with the system's sockets
            raise error

    def peek(self, count: int, timeout: float | None) -> bytes:
        with self._lock:
            self._await_data(timeout)
            return b"".join(self._came)[:count]

    # ---- writing ------------------------------------------------------------------------------------------------

    def send(self, data: Buffer, timeout: float | None) -> int:
        with memoryview(data) as view, view.cast("B") as flat:
            return self._accept_data([flat], timeout)

    def sendv(self, parts: Sequence[Buffer], timeout: float | None) -> int:
        return self._accept_data([memoryview(part).cast("B") for part in parts], timeout)

    def sendall(self, data: Buffer, timeout: float | None) -> int:
        end = end_of(timeout)
        with memoryview(data) as view, view.cast("B") as flat:
            sent = self._accept_data([flat], timeout)
            while sent < len(flat):
                with flat[sent:] as rest:
                    sent += self._accept_data([rest], timeout and remaining(end))
            return sent

    def _accept_data(self, views: list[memoryview], timeout: float | None) -> int:
        with self._lock:
            if self._shut is not None:
                raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
            if not any(views) and self._write_error is None:
                return 0
            self._wait(lambda: self._can_write, self._writable, timeout)
            if self._write_error is not None:
                raise self._write_error
            before = self._queued
            for view in views:
                self._put(view[: max(AHEAD - self._queued, 0)])
            count = self._queued - before
            self._write_on()
            if self._notifier is not None:
                self._notifier.set(writable=self._can_write)
            return count

    def _put(self, view: memoryview) -> None:
        """Keep what is to be written: what nobody can change as it is, else a copy."""
        if not view:
            return
        if len(view) < SMALL:
            if self._small is None:
                self._small = bytearray()
            self._small += view
        else:
            self._end_small()
            for start in range(0, len(view), BLOCK):
                part = view[start : start + BLOCK]
                if not isinstance(part.obj, bytes):
                    part = _copy(part)
                self._waiting.append(part)
        self._queued += len(view)

    def _end_small(self) -> None:
        if self._small is not None:
            self._waiting.append(memoryview(self._small))
            self._small = None

    def _write_on(self) -> None:
        """Let the library write what waits; called with the lock."""
        if self._sending or self._write_error is not None:
            return
        parts: list[memoryview] = []
        total = 0
        while total < TOGETHER and (self._waiting or self._small is not None):
            if not self._waiting:
                self._end_small()
            parts.append(self._waiting.popleft())
            total += len(parts[-1])
        if not parts:
            return
        self._sending = True
        try:
            if len(parts) == 1:
                xio.globus_xio_register_write(self.handle, parts[0], total, None, self._went_out, parts)
            else:
                xio.globus_xio_register_writev(self.handle, parts, total, None, self._went_out, parts)
        except (GlobusError, ValueError) as error:
            self._sending = False
            self._fail(os_error(error) if isinstance(error, GlobusError) else _closed())

    def _went_out(
        self, _handle: Any, error: Any, _data: Any, _length: int, _count: int, _descriptor: Any, parts: Any
    ) -> None:
        with self._lock:
            self._sending = False
            self._queued -= sum(map(len, parts))
            if error is not None:
                self._fail(os_error(error))
            self._write_on()
            self._tell()
            shut, close = (self._shut, self._closing) if self._idle else (None, None)
        for part in parts:
            give_back(part.obj)
        if shut is not None:
            shut()
        if close is not None:
            self._close_handle(close)

    def _fail(self, error: OSError) -> None:
        self._write_error = error
        self._waiting.clear()
        self._small = None
        self._queued = 0

    @property
    def _idle(self) -> bool:
        return not self._sending and not self._waiting and self._small is None

    def shut_write(self, then: Callable[[], None]) -> None:
        with self._lock:
            self._shut = then
            idle = self._idle
        if idle:
            then()

    # ---- the end ------------------------------------------------------------------------------------------------

    def shut_read(self) -> None:
        with self._lock:
            self._ended = True  # what has come stays, as with the system's sockets
            self._tell()

    def close(self, then: Callable[[], object]) -> None:
        with self._lock:
            self._closing = then
            self._ended = True
            idle = self._idle
            self._tell()
            self._notifier = None
        if idle:
            self._close_handle(then)
            return
        self._lingering = call_soon(self._give_up, LINGER)
        with self._lock:
            if self._idle:
                self._lingering.cancel()

    def _give_up(self) -> None:
        """Nobody takes what was written."""
        with before_the_end(self.handle) as open_still, contextlib.suppress(GlobusError, ValueError):
            if open_still:
                xio.globus_xio_handle_cancel_operations(self.handle, xio.GLOBUS_XIO_CANCEL_WRITE)

    def _close_handle(self, then: Callable[[], object]) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        ends(self.handle)
        try:
            xio.globus_xio_register_close(self.handle, None, lambda *_: then(), None)
        except (GlobusError, ValueError):
            then()


def _copy(view: memoryview) -> memoryview:
    if 2 * len(view) < BLOCK:
        return memoryview(bytes(view))
    block = take_block()
    block[: len(view)] = view
    return memoryview(block)[: len(view)]


def _closed() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))
