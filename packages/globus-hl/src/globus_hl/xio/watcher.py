"""Waiting for descriptors that nobody waits for: one thread for all of them."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
from collections.abc import Callable

__all__ = ["Watcher", "watcher"]

log = logging.getLogger("globus_hl.xio")


class Watcher:
    """Calls back when descriptors are ready. Its thread does not keep the process alive."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        # The collector may find a socket, and have it forgotten, in the middle of it.
        self._lock = threading.RLock()
        self._calls: dict[int, dict[int, Callable[[], object]]] = {}
        threading.Thread(target=self._run, name="globus_hl.xio watcher", daemon=True).start()

    def once(self, descriptor: int, event: int, call: Callable[[], object]) -> None:
        """Call, in the watcher's thread, when it is ready, or broken. It may be that there is nothing, after all.

        Args:
            event: ``select.EPOLLIN`` or ``select.EPOLLOUT``.
            call: must not wait; instead of the one that waits for the same.
        """
        with self._lock:
            calls = self._calls.get(descriptor)
            if calls is None:
                self._calls[descriptor] = {event: call}
                self._epoll.register(descriptor, event | select.EPOLLONESHOT)
            else:
                calls[event] = call
                self._arm(descriptor, calls)

    def forget(self, descriptor: int) -> None:
        """It is about to be closed. A call that has begun may still run."""
        with self._lock:
            if self._calls.pop(descriptor, None) is not None:
                with contextlib.suppress(OSError):  # it was closed before
                    self._epoll.unregister(descriptor)

    def _arm(self, descriptor: int, calls: dict[int, Callable[[], object]]) -> None:
        self._epoll.modify(descriptor, sum(calls) | select.EPOLLONESHOT)

    def _run(self) -> None:
        while True:
            for descriptor, events in self._epoll.poll():
                self._tell(descriptor, events)

    def _tell(self, descriptor: int, events: int) -> None:
        for call in self._due(descriptor, events):
            try:
                call()
            except Exception:
                log.exception("watching descriptor %d", descriptor)

    def _due(self, descriptor: int, events: int) -> list[Callable[[], object]]:
        with self._lock:
            calls = self._calls.get(descriptor, {})
            broken = events & (select.EPOLLERR | select.EPOLLHUP)
            due = [calls.pop(event) for event in list(calls) if broken or events & event]
            if calls:
                self._arm(descriptor, calls)
            return due


_made: list[Watcher] = []
_making = threading.Lock()


def watcher() -> Watcher:
    """The one of this process."""
    if not _made:
        with _making:
            if not _made:
                _made.append(Watcher())
    return _made[0]


os.register_at_fork(after_in_child=_made.clear)  # the child has the descriptor, and no thread
