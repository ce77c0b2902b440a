"""Accepting on udt: what waits for the next connection goes on when somebody has given up waiting for it.

GCT's driver udt accepts nobody any more after an accept that was canceled; and whether one was, it looks once in ten
seconds, or when somebody comes.
"""

from __future__ import annotations

import contextlib
import functools
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from globus_lowlevel import GlobusError

from .._runtime.completion import Completion
from ..errors import GridError, OperationTimeoutError
from ..timeouts import Timeout
from .channel import Channel
from .operations import Accept
from .stack import Stack

__all__ = ["LastingAccept", "port_of", "refuse"]

KNOCK = 5.0
"""Seconds after which a closed listener has noticed, or will by itself."""


def port_of(contact: str) -> int:
    """Where it is."""
    return int(contact.rpartition(":")[2])


async def refuse(channel: Channel) -> None:
    """Nobody wants the connection."""
    with contextlib.suppress(GridError):
        await channel.close()


class LastingAccept:
    """The accept of a listener. From the first call of `next` on it is under way, or has its connection ready.

    Args:
        server: the ``globus_xio_server_t``.
        contact: where it listens.
    """

    def __init__(self, server: Any, contact: str) -> None:
        self._server, self._contact = server, contact
        self._lock = threading.Lock()
        self._going: Accept | None = None
        self._waits: list[_Wait] = []

    async def next(self, **limits: Any) -> Any:
        """The ``globus_xio_handle_t`` of the next connection, which is still to be opened.

        Args:
            limits: keyword arguments of `Accept`; time that runs out ends the waiting, not the accept.

        Raises:
            As `Accept`.
        """
        while True:
            going = self._begin()
            await self._wait_for(going, **limits)
            if self._take(going):
                return going.result()

    def _begin(self) -> Accept:
        with self._lock:
            going = self._going
            if going is None:
                going = self._going = Accept(self._server)
                going.attach(functools.partial(self._tell, going))
                going.launch(inline=False)
            return going

    def _take(self, going: Accept) -> bool:
        """Whether it is the caller's; else somebody was faster."""
        with self._lock:
            there = going is self._going
            if there:
                self._going = None
            return there

    async def _wait_for(self, going: Accept, **limits: Any) -> None:
        wait = _Wait(going, **limits)
        with self._lock:
            self._waits.append(wait)
        try:
            self._tell(going)
            await wait
        finally:
            with self._lock:
                self._waits.remove(wait)

    def _tell(self, going: Accept) -> None:
        """Tell those who wait, if it is over."""
        with self._lock:
            waits = [wait for wait in self._waits if wait.operation is going and going.done()]
        for wait in waits:
            wait.set_result(None)

    async def end(self, channel: Callable[[Any], Channel]) -> None:
        """The server is being closed: let the driver notice, and refuse who came and was not asked for.

        Args:
            channel: makes that of an accepted handle.
        """
        going = self._going
        if going is None:
            return
        if not going.done():
            await self._knock()
        with contextlib.suppress(OperationTimeoutError):
            await self._wait_for(going, end=time.monotonic() + KNOCK)
        if going.done() and self._take(going):  # else it takes the driver's ten seconds
            with contextlib.suppress(GlobusError, GridError):
                await refuse(channel(going.result()))

    async def _knock(self) -> None:
        where, limit = f"127.0.0.1:{port_of(self._contact)}", Timeout(KNOCK, None, KNOCK)
        visitor = Channel(Stack("udt"), where, None, None, limit)
        with contextlib.suppress(GridError):
            await visitor.open()
        await refuse(visitor)


class _Wait(Completion[None]):
    """For a limited time.

    Args:
        operation: for what.
        end, stall, describe: as of `Operation`.
    """

    def __init__(
        self,
        operation: Accept,
        *,
        end: float = math.inf,
        stall: float = math.inf,
        describe: Callable[[bool], BaseException] | None = None,
    ) -> None:
        super().__init__()
        self.operation = operation
        self.end = min(end, time.monotonic() + stall)
        self._stalls, self._describe = self.end < end, describe

    def timed_out(self) -> BaseException:
        return super().timed_out() if self._describe is None else self._describe(self._stalls)
