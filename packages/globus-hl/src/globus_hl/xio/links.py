"""The way of a socket's data through a stack: what `Direct` and `Stacked` have in common."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Protocol

from .faults import is_canceled, is_end_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

    from globus_lowlevel import GlobusError

    from .notifier import Notifier

__all__ = [
    "LINGER",
    "LayeredLink",
    "Link",
    "closed",
    "end_of",
    "os_error",
    "remaining",
    "timed_out",
    "would_block",
    "writable",
]

LINGER = 60.0
"""Seconds that a closed socket goes on writing what waits to be written."""


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


class LayeredLink(Link, Protocol):
    """There are drivers above tcp.

    A descriptor that is ready says little then: half a record of TLS is no data, and whole ones may have been read.
    """

    def tell_to(self, notifier: Notifier) -> None:
        """From now on, who selects sees what is there."""

    def peek(self, count: int, timeout: float | None) -> bytes:
        """Some bytes, which stay."""


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


def closed() -> OSError:
    """As the system says it of a descriptor that is none."""
    return OSError(errno.EBADF, os.strerror(errno.EBADF))
