"""The driver rate, in Python: so many bytes a second at most.

That of GCT 6.2 (``globus_xio_rate_driver.c``) unlocks a mutex once more than it locks it with each read and write;
when the connection is closed, destroying that mutex fails, and the library ends the process. This one has its name and
its control commands.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from typing import Any

from globus_lowlevel import GlobusError, xio
from globus_lowlevel import xio_drivers as c

from .._runtime.library import call_soon
from .transform import Transform, trimmed

__all__ = ["rate_driver"]

LONGEST_WAIT = 0.05  # seconds until it looks whether the operation was canceled
_SIZES = {
    c.GLOBUS_XIO_RATE_SET_RATE: ("rate", "both"),
    c.GLOBUS_XIO_RATE_SET_READ_RATE: ("rate", "read"),
    c.GLOBUS_XIO_RATE_SET_WRITE_RATE: ("rate", "write"),
    c.GLOBUS_XIO_RATE_SET_BURST: ("burst", "both"),
    c.GLOBUS_XIO_RATE_SET_READ_BURST: ("burst", "read"),
    c.GLOBUS_XIO_RATE_SET_WRITE_BURST: ("burst", "write"),
}
_PERIODS = {
    c.GLOBUS_XIO_RATE_SET_PERIOD: "both",
    c.GLOBUS_XIO_RATE_SET_READ_PERIOD: "read",
    c.GLOBUS_XIO_RATE_SET_WRITE_PERIOD: "write",
}


@dataclasses.dataclass
class Limit:
    """What is set for one direction."""

    rate: int | None = None
    """Bytes a second; None: as fast as can be."""
    burst: int | None = None
    """Bytes at once; None: those of two periods, and a tenth of a second's at least."""
    period: int = 100_000
    """Microseconds."""

    @property
    def most(self) -> int:
        """Bytes at once."""
        rate = self.rate or 0
        return self.burst or max(1, rate // 10, 2 * rate * self.period // 1_000_000)


@dataclasses.dataclass
class Settings:
    """What is set on attributes."""

    read: Limit = dataclasses.field(default_factory=Limit)
    write: Limit = dataclasses.field(default_factory=Limit)

    def copy(self) -> Settings:
        return Settings(dataclasses.replace(self.read), dataclasses.replace(self.write))

    def limits(self, which: str) -> tuple[Limit, ...]:
        return (self.read, self.write) if which == "both" else (getattr(self, which),)


class Bucket:
    """Bytes that may move now."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._allowed = float(limit.most)
        self._filled = time.monotonic()

    def take(self, wanted: int) -> int:
        """How many of `wanted` bytes may move."""
        if self._limit.rate is None:
            return wanted
        with self._lock:
            now = time.monotonic()
            gained = (now - self._filled) * self._limit.rate
            self._allowed = min(self._allowed + gained, self._limit.most)
            self._filled = now
            taken = min(wanted, int(self._allowed))
            self._allowed -= taken
            return taken

    def give_back(self, count: int) -> None:
        """So many did not move."""
        with self._lock:
            self._allowed += count

    @property
    def wait(self) -> float:
        """Seconds until it is worth to ask again."""
        rate = self._limit.rate or 1
        return min(LONGEST_WAIT, max(1, self._limit.most // 2) / rate)


class Connection:
    """An open one."""

    def __init__(self, settings: Settings) -> None:
        self.read, self.write = Bucket(settings.read), Bucket(settings.write)


class Rate(Transform):
    """The functions of the driver."""

    name = "rate"

    def __init__(self) -> None:
        super().__init__()
        xio.globus_xio_driver_set_attr(self.handle, Settings, Settings.copy, self.set, self.forget)

    def forget(self, settings: Settings) -> None:
        """Nothing refers to it any more."""

    def set(self, settings: Settings, command: int, arguments: Any) -> None:
        if command in _SIZES:
            name, which = _SIZES[command]
            value = arguments.offset()
            if value <= 0:
                raise ValueError(f"{name} must be more than 0, not {value}")
        else:
            name, which, value = "period", _PERIODS[command], arguments.integer()
        for limit in settings.limits(which):
            setattr(limit, name, value)

    def connection(self, settings: Settings | None) -> Connection:
        return Connection(settings or Settings())

    def read(self, connection: Connection, buffers: list[memoryview], count: int, operation: Any) -> None:
        wanted = xio.globus_xio_operation_get_wait_for(operation)
        room = sum(buffer.nbytes for buffer in buffers)
        allowed = connection.read.take(room)
        if room and not allowed:
            again = functools.partial(self._read_again, connection, buffers, count, operation)
            call_soon(again, connection.read.wait)
            return

        def done(operation: Any, error: Any, length: int, _: object) -> None:
            connection.read.give_back(allowed - length)
            xio.globus_xio_driver_finished_read(operation, error, length)

        least = min(wanted, allowed)
        try:
            xio.globus_xio_driver_pass_read(operation, trimmed(buffers, allowed), least, done, None)
        except GlobusError as error:  # such as that it was canceled meanwhile
            xio.globus_xio_driver_finished_read(operation, error, 0)

    def _read_again(self, connection: Connection, buffers: Any, count: int, operation: Any) -> None:
        try:
            self.read(connection, buffers, count, operation)
        except Exception as error:  # noqa: BLE001 - goes to whoever reads
            xio.globus_xio_driver_finished_read(operation, error, 0)

    def write(self, connection: Connection, buffers: list[Any], count: int, operation: Any) -> None:
        total = sum(memoryview(buffer).nbytes for buffer in buffers)
        allowed = connection.write.take(total)
        if total and not allowed:
            again = functools.partial(self._write_again, connection, buffers, count, operation)
            call_soon(again, connection.write.wait)
            return

        def done(operation: Any, error: Any, length: int, _: object) -> None:
            connection.write.give_back(allowed - length)
            xio.globus_xio_driver_finished_write(operation, error, length)

        wanted = min(xio.globus_xio_operation_get_wait_for(operation), allowed)
        try:
            xio.globus_xio_driver_pass_write(operation, trimmed(buffers, allowed), wanted, done, None)
        except GlobusError as error:  # such as that it was canceled meanwhile
            xio.globus_xio_driver_finished_write(operation, error, 0)

    def _write_again(self, connection: Connection, buffers: Any, count: int, operation: Any) -> None:
        try:
            self.write(connection, buffers, count, operation)
        except Exception as error:  # noqa: BLE001 - goes to whoever writes
            xio.globus_xio_driver_finished_write(operation, error, 0)


@functools.cache
def rate_driver() -> Rate:
    """The one of this process."""
    return Rate()
