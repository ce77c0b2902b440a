"""The way of the data where the stack is tcp alone: in the calling thread.

XIO's system sockets, which the driver tcp itself is made of, read and write what is there and never wait; waiting is a
``poll`` of the descriptor. No thread is involved, signals are seen, deadlines are those of ``poll``. (A blocking read or
write of a handle always lets another thread end it: ``GlobusXIOCurrentBlockedThread`` and its counterpart in
``globus_i_xio.h`` do not ask the same question, so that the library never finds out that it could do without. That costs
more than the read itself.)
"""

from __future__ import annotations

import contextlib
import select
import threading
from typing import TYPE_CHECKING, TypeVar

from globus_lowlevel import GlobusError, xio

from .faults import is_end_of_file
from .links import closed, end_of, os_error, would_block, writable
from .readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

__all__ = ["Direct"]

T = TypeVar("T")

_read, _write = xio.globus_xio_system_socket_read, xio.globus_xio_system_socket_write

SMALL = 1 << 14
"""Bytes for which new memory is as fast as used memory."""
MOST = 1 << 20
"""Bytes of memory that a thread keeps."""

rooms = threading.local()
"""Memory to receive into, which each thread uses again and again."""


class Direct:
    """The stack is tcp.

    Args:
        descriptor: of a connected socket; it does not block.
    """

    def __init__(self, descriptor: int) -> None:
        self._system = xio.globus_xio_system_socket_init(descriptor, xio.GLOBUS_XIO_SYSTEM_TCP)
        self._shut = False
        self._luck = 0  # above 0, data is probably there: look before waiting
        self._wait = Readiness(descriptor).wait

    def recv(self, size: int, timeout: float | None, flags: int = 0) -> bytes:
        room = rooms.__dict__.pop("room", None)
        if room is None or len(room) < size:
            room = bytearray(max(size, SMALL))
        with memoryview(room) as whole, whole[:size] as view:
            data = bytes(view[: self.recv_into(view, timeout, flags)])
        if len(room) <= MOST:
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
                    raise closed() from None
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

    def shut_read(self) -> None:
        """The system keeps what came before, as it does for sockets of its own."""

    def shut_write(self, then: Callable[[], None]) -> None:
        then()  # the system has it all

    def close(self, then: Callable[[], object]) -> None:
        self._shut = True
        with contextlib.suppress(ValueError):  # another thread is in it: it goes when that one comes out
            xio.globus_xio_system_socket_destroy(self._system)
        then()
