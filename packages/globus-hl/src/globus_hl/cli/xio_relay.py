"""Data between two ends, both ways at once: connections, and the command's own input and output."""

from __future__ import annotations

import asyncio
import math
import os
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from globus_hl.errors import OperationTimeoutError
from globus_hl.timeouts import Deadline, Timeout
from globus_hl.xio.descriptors import half_close

from .standard_input import StandardInput
from .standard_output import StandardOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from globus_hl.xio import AsyncHandle

__all__ = ["Connection", "Relay", "Terminal"]

T = TypeVar("T")

BLOCK = 1 << 18


class End(Protocol):
    """Where data comes from and goes to."""

    patient: bool
    """Whether what it has to say is waited for when the other end has nothing more to say."""

    async def read(self) -> bytes:
        """Some bytes; none: there are no more."""

    async def write(self, data: bytes) -> None:
        """Write all of it."""

    async def end(self) -> None:
        """Nothing more will be written."""


class Connection:
    """An open handle, which stays somebody else's to close."""

    patient = True

    def __init__(self, handle: AsyncHandle) -> None:
        self._handle = handle

    async def read(self) -> bytes:
        return await self._handle.read(BLOCK)

    async def write(self, data: bytes) -> None:
        await self._handle.write(data)

    async def end(self) -> None:
        half_close(self._handle)


class Terminal:
    """Standard input and output.

    Args:
        reads: whether there is an input.
    """

    def __init__(self, *, reads: bool = True) -> None:
        self._input = StandardInput(Deadline(Timeout(None, None, None))) if reads else None
        self._output = StandardOutput()
        # Nobody has to press Ctrl-D to get away from a peer that has gone.
        self.patient = not os.isatty(0)
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self) -> bytes:
        if self._input is None:
            return b""
        buffer = bytearray(BLOCK)
        count = await self._in_thread(self._input.readinto, buffer)
        return bytes(memoryview(buffer)[:count])

    async def write(self, data: bytes) -> None:
        await self._in_thread(self._output.write, data)

    async def end(self) -> None:
        """It is not closed: other connections may follow."""

    async def _in_thread(self, call: Callable[[Any], T], argument: Any) -> T:
        """Cancelling does not reach the thread; `close` waits for it."""
        running = asyncio.create_task(asyncio.to_thread(call, argument))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return await asyncio.shield(running)

    async def close(self) -> None:
        """Let the threads go that wait for input or output."""
        streams = [stream for stream in (self._input, self._output) if stream is not None]
        for stream in streams:
            stream.stop()
        await asyncio.gather(*self._running, return_exceptions=True)
        for stream in streams:
            stream.close()


class Relay:
    """Moves data between two ends until both have no more.

    Args:
        left, right: the ends.
        idle: seconds without data in either direction after which it is given up.

    Attributes:
        to_right, to_left: bytes that were moved.
    """

    def __init__(self, left: End, right: End, idle: float = math.inf) -> None:
        self.left, self.right = left, right
        self._idle, self._moved = idle, time.monotonic()
        self.to_left = self.to_right = 0

    async def run(self) -> None:
        """Move.

        Raises:
            OperationTimeoutError: nothing moved for too long.
            GridError, OSError: of one of the ends.
        """
        self._moved = time.monotonic()
        there = asyncio.create_task(self._to_right())
        back = asyncio.create_task(self._to_left())
        try:
            await self._watch(there, back)
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.wait({there, back})

    async def _watch(self, there: asyncio.Task[None], back: asyncio.Task[None]) -> None:
        pending = {there, back}
        while pending:
            left = self._moved + self._idle - time.monotonic()
            if left <= 0:
                raise OperationTimeoutError(f"no data for {self._idle:g} seconds")
            done, pending = await asyncio.wait(
                pending, timeout=None if left == math.inf else left, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
            if (there in pending and back.done() and not self.left.patient) or (
                back in pending and there.done() and not self.right.patient
            ):
                return

    async def _to_right(self) -> None:
        while data := await self.left.read():
            await self.right.write(data)
            self.to_right += len(data)
            self._moved = time.monotonic()
        await self.right.end()

    async def _to_left(self) -> None:
        while data := await self.right.read():
            await self.left.write(data)
            self.to_left += len(data)
            self._moved = time.monotonic()
        await self.left.end()
