"""The way of the data where the stack is tcp and gsi: in the calling thread.

The driver gsi has shaken hands; from then on its messages are made and read here, with the calls that it makes itself
(``gss_wrap`` and ``gss_unwrap``, RFC 2744), and the system's socket is read and written as in `Direct`. The driver's own
writing goes through a one-shot callback of the library, and its reading through two threads: a short message takes three
times as long.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import select
import socket
import threading
from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, gssapi, xio

from .._runtime.library import Call, call_soon
from .ending import ends
from .faults import is_end_of_file
from .links import LINGER, closed, end_of, os_error, remaining, would_block, writable
from .readiness import Readiness
from .watcher import watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from typing_extensions import Buffer

    from .notifier import Notifier

__all__ = ["Secured"]

_read, _write = xio.globus_xio_system_socket_read, xio.globus_xio_system_socket_write
_wrap, _unwrap = gssapi.gss_wrap, gssapi.gss_unwrap
_QUALITY = gssapi.GSS_C_QOP_DEFAULT

READ = 1 << 17
"""Bytes that are read at once: some records, which stay in the processor's cache until they are decrypted."""
PIECE = 1 << 16
"""Bytes that are encrypted at once."""
SMALL = 1 << 12
"""Bytes below which one of several buffers is put together with the next."""
RECORD = 1 << 14
"""Bytes of a full record of TLS."""
MOMENT = 0.01
"""Seconds between two looks at whether another thread has begun to wait."""

rooms: list[bytearray] = []
"""Memory to read into, which all connections use again and again."""
ROOMS = 16


class Turn:
    """One thread at a time reads, and one writes.

    Args:
        settle: what is to be done when nobody is at it; called by one thread at a time, whose turn it is then.
    """

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle
        self._lock = threading.Lock()
        self._release = self._lock.release
        self.try_to_take: Callable[[], bool] = functools.partial(self._lock.acquire, False)
        """Whether it is the caller's now."""
        self._unsettled = False
        self.waits = False
        """Whether the one whose turn it is waits for the socket: that may take any time."""

    def take(self, timeout: float | None, end: float | None) -> None:
        """
        Raises:
            BlockingIOError, TimeoutError: another one is at it.
        """
        if self.try_to_take():
            return
        if timeout is None:
            self._lock.acquire()
            return
        while not self._lock.acquire(timeout=MOMENT if timeout == 0 else remaining(end) or 0):
            if timeout == 0 and self.waits:
                raise would_block()

    def leave(self, *, settle: bool) -> None:
        """The turn is over; something is to be settled, or not that its owner knows of."""
        self.waits = False
        self._release()
        if settle or self._unsettled:
            self.settle()

    def settle(self) -> None:
        """Something is to be settled: now, or by the one whose turn it is when he leaves."""
        self._unsettled = True
        while self._unsettled and self.try_to_take():
            self._unsettled = False
            try:
                self._settle()
            finally:
                self._release()


class Secured:
    """The stack is tcp and gsi, and the driver has read nothing that came after the handshake.

    Who finds nothing to read waits for the socket himself, and so does who writes for room in it. The `watcher` looks
    when nobody does: for those who select, and to write the rest of a message whose writer's time was over.

    Args:
        handle: of the low level, open.
        context: the ``gss_ctx_id_t``.
        descriptor: of the socket; it does not block.
        confidential: whether what is sent is encrypted, or only protected against changes.
    """

    def __init__(self, handle: Any, context: Any, descriptor: int, *, confidential: bool) -> None:
        self.handle = handle
        self._context, self._descriptor, self._confidential = context, descriptor, confidential
        self._system = xio.globus_xio_system_socket_init(descriptor, xio.GLOBUS_XIO_SYSTEM_TCP)
        self._await = Readiness(descriptor).wait
        # reading
        self._reading = Turn(self._settle_reading)
        self._plain: bytes | memoryview = b""  # came, and nobody has asked for it
        self._streams = False  # then there is probably more: look before waiting
        self._ended = False
        self._read_error: OSError | None = None
        # writing
        self._writing = Turn(self._settle_writing)
        self._unsent = memoryview(b"")  # the rest of a message
        self._write_error: OSError | None = None
        self._shut = False
        self._shutting: Callable[[], None] | None = None
        # the rest
        self._notifier: Notifier | None = None
        self._watched = False
        self._lock = threading.Lock()
        self._closing: Callable[[], object] | None = None
        self._open_ways = {"reading", "writing"}
        self._lingering: Call | None = None

    # ---- for select -----------------------------------------------------------------------------------------------

    def tell_to(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._reading.settle()
        self._writing.settle()

    def _watch(self, event: int, look: Callable[[], object]) -> None:
        self._watched = True
        watcher().once(self._descriptor, event, look)

    # ---- reading ------------------------------------------------------------------------------------------------

    @property
    def _can_read(self) -> bool:
        return bool(self._plain) or self._ended or self._read_error is not None

    def recv(self, size: int, timeout: float | None) -> bytes:
        if size <= 0:
            return b""
        plain = self._next(timeout)
        try:
            if len(plain) <= size:
                self._plain = b""
                return plain if isinstance(plain, bytes) else bytes(plain)
            with memoryview(plain) as view:
                self._plain = view[size:]
                return bytes(view[:size])
        finally:
            self._leave_reading()

    def recv_into(self, buffer: Buffer, timeout: float | None) -> int:
        with writable(buffer) as view:
            if not view.nbytes:
                return 0
            plain = self._next(timeout)
            try:
                count = min(len(plain), len(view))
                if count == len(plain):
                    view[:count] = plain
                    self._plain = b""
                else:
                    with memoryview(plain) as whole:
                        view[:count] = whole[:count]
                        self._plain = whole[count:]
                return count
            finally:
                self._leave_reading()

    def peek(self, count: int, timeout: float | None) -> bytes:
        plain = self._next(timeout)
        try:
            while len(plain) < count and not self._ended and (more := self._take()):
                self._plain = plain = bytes(plain) + more
            return bytes(memoryview(plain)[:count])
        finally:
            self._leave_reading()

    def _next(self, timeout: float | None) -> bytes | memoryview:
        """What is there, or comes; no bytes: the end. It is this thread's turn then."""
        end = end_of(timeout)
        self._reading.take(timeout, end)
        try:
            while not (self._plain or self._ended or self._read_error):
                if timeout != 0 and not self._streams:
                    self._reading.waits = True
                    self._await(select.POLLIN, end)
                plain = self._take()
                if plain is not None:
                    self._plain = plain
                elif timeout == 0:
                    raise would_block()
            if self._read_error is not None and not self._plain:
                error, self._read_error = self._read_error, None
                self._ended = True  # the next one finds the end, as with the system's sockets
                raise error
        except BaseException:
            self._leave_reading()
            raise
        return self._plain

    def _take(self) -> bytes | None:
        """What came; None: nothing yet; no bytes: the end, or an error."""
        room = rooms.pop() if rooms else bytearray(READ)
        try:
            count = _read(self._system, (room,), 0, 0, None)
            self._streams = count >= RECORD
            if not count:
                return None
            # the context keeps what is half of a record
            plain: bytes = _unwrap(self._context, memoryview(room)[:count])[0]
        except GlobusError as error:
            if is_end_of_file(error):
                self._ended = True
            else:
                self._read_error = os_error(error)
            return b""
        else:
            return plain or None
        finally:
            if len(rooms) < ROOMS:
                rooms.append(room)

    def _leave_reading(self) -> None:
        self._reading.leave(settle=self._notifier is not None)

    def _settle_reading(self) -> None:
        notifier, ready = self._notifier, self._can_read
        if notifier is not None:
            notifier.set(readable=ready)
            if not ready:
                self._watch(select.EPOLLIN, self._look)
        if self._closing is not None:
            self._is_over("reading")

    def _look(self) -> None:
        if self._reading.try_to_take():  # else somebody reads
            try:
                if not self._can_read:
                    self._plain = self._take() or b""
            finally:
                self._leave_reading()

    def shut_read(self) -> None:
        self._ended = True  # what has come stays, as with the system's sockets
        self._reading.settle()

    # ---- writing ------------------------------------------------------------------------------------------------

    def send(self, data: Buffer, timeout: float | None) -> int:
        return self.sendv((data,), timeout)

    def sendv(self, parts: Sequence[Buffer], timeout: float | None) -> int:
        return self._send(
            _pieces([memoryview(part).cast("B") for part in parts]), timeout, whole=timeout is None
        )

    def sendall(self, data: Buffer, timeout: float | None) -> int:
        if isinstance(data, bytes) and 0 < len(data) <= PIECE:
            if not self._send_at_once(data):
                self._send((data,), timeout, whole=True)
            elif self._unsent:
                self._send((), timeout, whole=True)
            return len(data)
        with memoryview(data) as view, view.cast("B") as flat:
            return self._send(_pieces([flat]), timeout, whole=True)

    def _send_at_once(self, data: bytes) -> bool:
        """What `_send` does, in fewer steps, where nobody else writes and nothing waits to be written; else False."""
        turn = self._writing
        if not turn.try_to_take():
            return False
        try:
            if self._unsent or self._shut or self._write_error is not None:
                return False
            self._put(data)
            return True
        finally:
            turn.leave(settle=bool(self._unsent) or self._notifier is not None)

    def _send(
        self, pieces: Iterable[bytes | bytearray | memoryview], timeout: float | None, *, whole: bool
    ) -> int:
        end = end_of(timeout)
        self._writing.take(timeout, end)
        sent = 0
        try:
            if self._shut:
                raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
            if self._write_error is not None:
                raise self._write_error
            for piece in pieces:
                if self._unsent:  # of this or of the last call: the system is full
                    if sent and not whole:
                        break
                    self._flush(timeout, end)
                self._put(piece)
                sent += len(piece)
            if self._unsent and timeout != 0:
                with contextlib.nullcontext() if whole else contextlib.suppress(TimeoutError):
                    self._flush(timeout, end)
            return sent
        finally:
            self._leave_writing()

    def _put(self, piece: Buffer) -> None:
        """Encrypt, and write what the system takes of it."""
        try:
            token: bytes = _wrap(self._context, self._confidential, _QUALITY, piece)[1]
            count: int = _write(self._system, (token,), 0, 0, None)
        except GlobusError as error:
            raise self._failed(error) from error
        if count < len(token):
            self._unsent = memoryview(token)[count:]

    def _flush(self, timeout: float | None, end: float | None) -> None:
        """Write the rest of the last message."""
        while True:
            try:
                self._unsent = self._unsent[_write(self._system, (self._unsent,), 0, 0, None) :]
            except GlobusError as error:
                raise self._failed(error) from error
            if not self._unsent:
                return
            if timeout == 0:
                raise would_block()
            self._writing.waits = True
            self._await(select.POLLOUT, end)

    def _failed(self, error: GlobusError) -> OSError:
        self._write_error, self._unsent = os_error(error), memoryview(b"")
        return self._write_error

    def _leave_writing(self) -> None:
        self._writing.leave(settle=bool(self._unsent) or self._notifier is not None)

    def _settle_writing(self) -> None:
        notifier, shutting = self._notifier, self._shutting
        if notifier is not None:
            notifier.set(writable=not self._unsent)
        if self._unsent:
            self._watch(select.EPOLLOUT, self._write_on)
            return
        if shutting is not None:
            self._shutting = None
            shutting()
        if self._closing is not None:
            self._is_over("writing")

    def _write_on(self) -> None:
        """Nobody writes the rest of the last message."""
        if self._writing.try_to_take():  # else somebody does
            try:
                if self._unsent:
                    with contextlib.suppress(OSError):  # full again; or kept for the next one who writes
                        self._flush(0, None)
            finally:
                self._writing.leave(settle=True)

    def shut_write(self, then: Callable[[], None]) -> None:
        self._shut, self._shutting = True, then
        self._writing.settle()

    # ---- the end ------------------------------------------------------------------------------------------------

    def close(self, then: Callable[[], object]) -> None:
        self._ended = True
        self._write_error = self._write_error or closed()
        self._notifier = None
        self._lingering = call_soon(self._give_up, LINGER) if self._unsent or self._writing.waits else None
        self._closing = then
        if self._reading.waits:
            self._wake(socket.SHUT_RD)
        self._reading.settle()
        self._writing.settle()

    def _is_over(self, way: str) -> None:
        """Nobody reads, or writes, and nobody will. After both, close the handle."""
        with self._lock:
            there = way in self._open_ways
            self._open_ways.discard(way)
            if not there or self._open_ways:
                return
        then = self._closing
        assert then is not None  # noqa: S101 - it is closing
        if self._lingering is not None:
            self._lingering.cancel()
        if self._watched:
            watcher().forget(self._descriptor)
        xio.globus_xio_system_socket_destroy(self._system)
        then()  # the driver tcp does not touch a descriptor that it was given
        ends(self.handle)
        with contextlib.suppress(GlobusError, ValueError):
            xio.globus_xio_register_close(self.handle, None, None, None)

    def _give_up(self) -> None:
        """Nobody takes what was written."""
        with self._lock:
            if self._open_ways:
                self._wake(socket.SHUT_RDWR)

    def _wake(self, how: int) -> None:
        """Who waits for the socket is to look again."""
        with socket.socket(fileno=os.dup(self._descriptor)) as twin, contextlib.suppress(OSError):
            twin.shutdown(how)


def _pieces(views: list[memoryview]) -> Iterator[bytearray | memoryview]:
    """What is encrypted at once."""
    small = bytearray()
    for view in views:
        if len(view) < SMALL and len(views) > 1:
            small += view
            continue
        if small:
            yield small
            small = bytearray()
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]
    if small:
        yield small
