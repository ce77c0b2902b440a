"""What a running transfer reports: typed events, given to the callable that was passed as ``progress=``.

::

    def show(event: progress.Event) -> None:
        if isinstance(event, progress.Advanced):
            print(f"{event.bytes_done} of {event.bytes_total} bytes, {event.rate / 1e6:.1f} MB/s")

    client.get(url, "a.dat", progress=show)

Events come one at a time and in order: :class:`Started`, any number of :class:`Advanced`, and in the end
exactly one :class:`Finished` or :class:`Failed`. They come in the thread that called the blocking client, or
in the event loop that awaits, never in a thread of the library. An exception raised by the callable aborts
the transfer and goes to the caller.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Advanced", "Event", "Failed", "Finished", "Meter", "Progress", "Started"]

INTERVAL = 0.1
"""Seconds between two :class:`Advanced` events of one transfer, at least."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a transfer.

    Attributes:
        source: where the data comes from: a URL without password, a path, or a word for a file object or
            buffer.
        destination: where it goes.
        bytes_done: bytes that have arrived at the destination, so far.
        bytes_total: bytes there are, or None when nobody told.
        elapsed: seconds since the transfer started.
    """

    source: str
    destination: str
    bytes_done: int
    bytes_total: int | None
    elapsed: float

    @property
    def average_rate(self) -> float:
        """Bytes per second since the start."""
        return self.bytes_done / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def fraction(self) -> float | None:
        """From 0.0 to 1.0, or None when the total is not known."""
        if self.bytes_total is None:
            return None
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 1.0


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The server was asked for the transfer; no data has moved yet."""


@dataclass(frozen=True, slots=True)
class Advanced(Event):
    """Data moved.

    Attributes:
        rate: bytes per second of the last few seconds.
    """

    rate: float

    @property
    def time_left(self) -> float | None:
        """Seconds to go at this rate, or None when that cannot be told."""
        if self.bytes_total is None or self.rate <= 0:
            return None
        return max(0.0, (self.bytes_total - self.bytes_done) / self.rate)


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The transfer is complete, and the file has its final name."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The transfer failed or was cancelled; the call is about to raise.

    Attributes:
        error: what it raises.
    """

    error: BaseException


Progress: TypeAlias = Callable[[Event], object]
"""Type of what is passed as ``progress=``."""


class Meter:
    """Counts the bytes of one transfer and makes its events.

    `add` is called by whoever moves the data, in any thread; the other methods by one thread, the caller's.

    The rate is an exponential average over about three seconds, so that it neither jumps nor lags.
    """

    WINDOW = 3.0

    def __init__(self, source: str, destination: str, bytes_total: int | None = None) -> None:
        self.source = source
        self.destination = destination
        self.bytes_total = bytes_total
        self.bytes_done = 0
        self._start = self._last_time = time.monotonic()
        self._last_bytes = 0
        self._rate = 0.0
        self._next = self._start

    def started(self) -> Started:
        """The clock of the transfer starts."""
        self._start = self._last_time = time.monotonic()
        self._next = self._start + INTERVAL
        return Started(self.source, self.destination, self.bytes_done, self.bytes_total, 0.0)

    def add(self, count: int) -> bool:
        """Count bytes; True when it is time for another :class:`Advanced`.

        The caller holds a lock if several threads move data.
        """
        self.bytes_done += count
        return time.monotonic() >= self._next

    def advanced(self) -> Advanced:
        """The event for the bytes counted so far."""
        now = time.monotonic()
        done = self.bytes_done
        passed = now - self._last_time
        if passed > 0:
            current = (done - self._last_bytes) / passed
            first = self._last_time == self._start
            weight = 1.0 if first else 1.0 - math.exp(-passed / self.WINDOW)
            self._rate += weight * (current - self._rate)
        self._last_time, self._last_bytes = now, done
        self._next = now + INTERVAL
        return Advanced(self.source, self.destination, done, self.bytes_total, now - self._start, self._rate)

    def finished(self) -> Finished:
        """The event for success."""
        elapsed = time.monotonic() - self._start
        return Finished(self.source, self.destination, self.bytes_done, self.bytes_total, elapsed)

    def failed(self, error: BaseException) -> Failed:
        """The event for failure."""
        elapsed = time.monotonic() - self._start
        return Failed(self.source, self.destination, self.bytes_done, self.bytes_total, elapsed, error)
