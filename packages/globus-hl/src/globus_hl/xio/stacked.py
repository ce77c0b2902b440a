"""The way of the data where there are drivers above tcp, or another transport: in the library's threads.

With a driver in between, a descriptor that is ready says little: half a record of TLS is no data, and whole ones may be
in the driver already. So the library reads ahead into a bounded buffer, and writes from one; a `Notifier` is the
descriptor for select.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import threading
from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, xio

from .._runtime.library import Call, call_soon
from .blocks import BLOCK, give_back, take_block
from .ending import before_the_end, ends
from .faults import is_end_of_file
from .links import LINGER, closed, end_of, os_error, remaining, would_block, writable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

    from .notifier import Notifier

__all__ = ["Stacked"]

LOW = 1 << 14
"""Bytes that one read of the library asks for, at first; `BLOCK`, while data comes in a stream."""
AHEAD = 1 << 20
"""Bytes that are read ahead, and that may wait to be written."""
TOGETHER = 1 << 19
"""Bytes after which one write of the library takes no more: while it encrypts them, others may come."""
SMALL = 1 << 14
"""Bytes below which what is to be written is put together with what follows."""


class Stacked:
    """There are drivers above tcp, or another transport.

    Args:
        handle: of the low level, open.
        lent: a descriptor that is the handle's alone, to be closed after it.
        on_demand: read what somebody waits for, and nothing else, until `read_ahead` is called.
        one_position: what is read and written has one position: read on demand alone, and not while something is being
            written. Who selects hears that there is something to read until somebody waits for it.
    """

    def __init__(
        self, handle: Any, lent: int | None = None, *, on_demand: bool = False, one_position: bool = False
    ) -> None:
        self.handle, self._lent = handle, lent
        self._on_demand, self._one_position = on_demand or one_position, one_position
        self._lock = threading.RLock()  # the collector may find the socket, and close it, in the middle
        # reading
        self._readable = threading.Condition(self._lock)
        self._came: collections.deque[memoryview] = collections.deque()
        self._there = 0
        self._room: bytearray | None = None  # for the next read
        self._streams = False
        self._reading = False
        self._wanted = 0  # bytes that somebody asked for
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

    def read_ahead(self) -> None:
        """Somebody is going to select."""
        with self._lock:
            self._on_demand = self._one_position
            self._read_on()

    @property
    def _can_read(self) -> bool:
        return bool(self._there or self._ended or self._read_error)

    @property
    def _may_read(self) -> bool:
        """As who selects is told."""
        return self._can_read or (self._one_position and not self._wanted)

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
            self._notifier.set(readable=self._may_read, writable=self._can_write)

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
        if (self._on_demand and not self._wanted) or (self._one_position and not self._idle):
            return
        self._reading = True
        buffer = self._room or (take_block() if self._streams else bytearray(LOW))
        self._room = None
        if self._on_demand:
            buffer = bytearray(min(self._wanted, BLOCK))
        try:
            xio.globus_xio_register_read(self.handle, buffer, 1, None, self._came_in, None)
        except (GlobusError, ValueError) as error:
            self._reading = False
            self._read_error = os_error(error) if isinstance(error, GlobusError) else closed()

    def _came_in(
        self, _handle: Any, error: Any, buffer: Any, length: int, count: int, _descriptor: Any, _: Any
    ) -> None:
        with self._lock:
            self._reading, self._wanted = False, 0
            if count:
                self._keep(buffer, length, count)
            if error is not None:
                self._ended = self._ended or is_end_of_file(error)
                if not self._ended:
                    self._read_error = os_error(error)
            else:
                self._read_on()
            if self._one_position:
                self._write_on()
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
            self._await_data(timeout, len(view))
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
            self._await_data(timeout, size)
            if not self._came:
                return b""
            chunk = self._came[0]
            data: bytes
            if isinstance(chunk.obj, bytes) and len(chunk.obj) == len(chunk) <= size:
                data = chunk.obj
            else:
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
            self._notifier.set(readable=self._may_read)

    def _await_data(self, timeout: float | None, wanted: int) -> None:
        def ready() -> bool:
            if not self._can_read:  # also when another thread has taken what came
                if self._on_demand:
                    self._wanted = wanted
                    self._tell()
                self._read_on()
            return self._can_read

        self._wait(ready, self._readable, timeout)
        if not self._there and self._read_error is not None:
            error, self._read_error = self._read_error, None
            self._ended = True  # the next one finds the end, as with the system's sockets
            raise error

    def peek(self, count: int, timeout: float | None) -> bytes:
        with self._lock:
            self._await_data(timeout, count)
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
        if self._sending or self._write_error is not None or (self._one_position and self._reading):
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
            self._fail(os_error(error) if isinstance(error, GlobusError) else closed())

    def _went_out(
        self, _handle: Any, error: Any, _data: Any, _length: int, _count: int, _descriptor: Any, parts: Any
    ) -> None:
        with self._lock:
            self._sending = False
            self._queued -= sum(map(len, parts))
            if error is not None:
                self._fail(os_error(error))
            self._write_on()
            if self._one_position:
                self._read_on()
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

        def closed(*_: object) -> None:
            if self._lent is not None:
                os.close(self._lent)
            then()

        try:
            xio.globus_xio_register_close(self.handle, None, closed, None)
        except (GlobusError, ValueError):
            closed()


def _copy(view: memoryview) -> memoryview:
    if 2 * len(view) < BLOCK:
        return memoryview(bytes(view))
    block = take_block()
    block[: len(view)] = view
    return memoryview(block)[: len(view)]
