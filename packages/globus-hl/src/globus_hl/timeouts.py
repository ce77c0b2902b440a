"""Deadlines of operations."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["GRACE", "Deadline", "Limit", "Timeout"]

GRACE = 2.0
"""Seconds that an aborted operation is given to end: a call returns no later than this after its deadline."""


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long an operation may take.

    Args:
        connect: seconds for reaching a server: waiting for a free connection of the client, name lookup, TCP,
            TLS and login together.
        stall: seconds without any progress: no data moved and no reply of the server.
        total: seconds for the whole call, whatever happens.

    None means "no such limit"; each limit that is given is kept. A plain number in place of a ``Timeout`` is
    `total`, and leaves the client's other limits as they are.

    Raises:
        ValueError: a limit is not a positive number of seconds.

    >>> Timeout(total=5).merge(2.5)
    Timeout(connect=60.0, stall=300.0, total=2.5)
    """

    connect: float | None = 60.0
    stall: float | None = 300.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name in ("connect", "stall", "total"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"timeout: {name} must be a number of seconds or None, not {value!r}")
            if not value > 0 or math.isnan(value):
                raise ValueError(f"timeout: {name} must be more than 0 seconds, not {value!r}")

    def merge(self, other: Timeout | float | None) -> Timeout:
        """What holds for a call that was given `other`: None changes nothing, a number is the new `total`."""
        if other is None:
            return self
        if isinstance(other, Timeout):
            return other
        return Timeout(self.connect, self.stall, other)


class Deadline:
    """A running :class:`Timeout`: the clock starts when it is made. All times are those of
    ``time.monotonic()``.

    Given as ``timeout=`` to several calls, it limits all of them together.
    """

    __slots__ = ("end", "timeout")

    def __init__(self, timeout: Timeout) -> None:
        self.timeout = timeout
        self.end = math.inf if timeout.total is None else time.monotonic() + timeout.total

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline of its own for work that must be short, such as tidying up after a failure."""
        return cls(Timeout(seconds, seconds, seconds))

    @property
    def remaining(self) -> float:
        """Seconds left of `total`; negative when it is over, infinity when there is no such limit."""
        return self.end - time.monotonic()

    def limits(self, *, connecting: bool = False) -> tuple[float, float]:
        """``(end, stall)`` of one step: when it must be over, and its seconds without progress."""
        seconds = self.timeout.connect if connecting else None
        end = self.end if seconds is None else min(self.end, time.monotonic() + seconds)
        stall = self.timeout.stall if not connecting else None
        return end, math.inf if stall is None else stall

    def describe(self, *, connecting: bool, stalled: bool) -> str:
        """Which limit was hit, in words."""
        if stalled:
            return f"no progress for {self.timeout.stall:g} seconds (timeout stall)"
        if connecting and self.timeout.connect is not None and self.remaining > 0:
            return f"no connection within {self.timeout.connect:g} seconds (timeout connect)"
        return f"not done within {self.timeout.total:g} seconds (timeout total)"


Limit: TypeAlias = Timeout | Deadline | float | None
"""Type of ``timeout=``: limits, a clock that runs, seconds for the whole call, or None for the default."""
