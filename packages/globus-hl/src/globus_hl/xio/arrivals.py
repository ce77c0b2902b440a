"""Connections that a listener has accepted, and that nobody has asked for yet.

One call of accept is always under way: it says when there is somebody, for those who select.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from globus_lowlevel import common

from .._runtime.drivers import Background
from ..errors import GridError
from .lasting_accept import refuse
from .links import closed, end_of, remaining, would_block

if TYPE_CHECKING:
    from .channel import Channel
    from .notifier import Notifier
    from .server import Listener

__all__ = ["Arrivals", "close_listener", "only_port"]

RANGE = "GLOBUS_UDP_PORT_RANGE"

_ports = threading.Lock()


@contextlib.contextmanager
def only_port(port: int) -> Iterator[None]:
    """What listens on udt inside the block gets this port; 0: any. The driver has no option for that, but looks into the
    environment, of which the library has its own; who connects on udt in the same millisecond looks there, too."""
    if not port:
        yield
        return
    with _ports:
        common.globus_module_setenv(RANGE, f"{port},{port}")
        try:
            yield
        finally:
            common.globus_module_setenv(RANGE, os.environ.get(RANGE, ""))


class Arrivals:
    """Those who wait at a listener on udt.

    Args:
        backlog: how many may wait.
        notifier: is readable while somebody waits.
    """

    def __init__(self, listener: Listener, backlog: int, notifier: Notifier) -> None:
        self._listener, self._backlog, self._notifier = listener, max(1, backlog), notifier
        self._lock = threading.RLock()  # the collector may find the socket, and close it, in the middle
        self._changed = threading.Condition(self._lock)
        self._came: collections.deque[Channel] = collections.deque()
        self._accepting = False
        self._failure: Exception | None = None
        self._closed = False
        with self._lock:
            self._go_on()

    def _go_on(self) -> None:
        """Accept, if there is room; called with the lock."""
        if not self._accepting and not self._closed and len(self._came) < self._backlog:
            self._accepting = True
            Background(self._accept())

    async def _accept(self) -> None:
        found: Channel | None = None
        failure: Exception | None = None
        try:
            found = await self._listener.accept()
        except (GridError, OSError) as error:
            failure = error
        with self._lock:
            self._accepting = False
            if not self._closed:
                if found is None:
                    self._failure = failure
                else:
                    self._came.append(found)
                    found = None
                    self._go_on()
                self._tell()
        if found is not None:
            await refuse(found)

    def _tell(self) -> None:
        self._changed.notify_all()
        self._notifier.set(readable=bool(self._came or self._failure))

    def take(self, timeout: float | None) -> Channel:
        """The next one.

        Raises:
            As ``socket.accept``.
        """
        end = end_of(timeout)
        with self._lock:
            while not self._came:
                if self._closed:
                    raise closed()
                if self._failure is not None:
                    failure, self._failure = self._failure, None
                    self._go_on()
                    self._tell()
                    raise OSError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED)) from failure
                if timeout == 0:
                    raise would_block()
                self._changed.wait(remaining(end))
            found = self._came.popleft()
            self._go_on()
            self._tell()
            return found

    def close(self) -> None:
        """Accept nobody any more."""
        with self._lock:
            self._closed = True
            waiting = list(self._came)
            self._came.clear()
            self._changed.notify_all()
        close_listener(self._listener)
        for channel in waiting:
            Background(refuse(channel))


def close_listener(listener: Listener) -> None:
    """Let it be closed."""

    async def close() -> None:
        with contextlib.suppress(GridError):  # it goes on in the library
            await listener.close()

    Background(close())
