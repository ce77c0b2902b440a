"""Waiting for a descriptor in the calling thread."""

from __future__ import annotations

import errno
import os
import select
from typing import Any

from .links import remaining

__all__ = ["Readiness"]

LONGEST = 2_000_000.0
"""Seconds that one poll(2) can wait; who waits longer finds nothing then, and waits again."""


class Readiness:
    """When a descriptor can be read or written. Threads may wait for the same at once.

    Args:
        descriptor: whose it is.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # those that no thread is in
        self._polls: dict[int, list[Any]] = {select.POLLIN: [], select.POLLOUT: []}

    def wait(self, event: int, end: float | None) -> None:
        """Wait until it is ready, or broken; after `LONGEST` it may be neither.

        Args:
            event: ``select.POLLIN`` or ``select.POLLOUT``.
            end: when that is too late; None: never.

        Raises:
            TimeoutError: it is.
            OSError: (EBADF) it was closed.
        """
        left = remaining(end)
        free = self._polls[event]
        try:
            poll = free.pop()
        except IndexError:
            poll = select.poll()
            poll.register(self._descriptor, event)
        try:
            ready = poll.poll(None if left is None else max(1, int(min(left, LONGEST) * 1000 + 0.999)))
        finally:
            free.append(poll)
        if ready and ready[0][1] & select.POLLNVAL:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
