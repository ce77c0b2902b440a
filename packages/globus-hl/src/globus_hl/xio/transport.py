"""A handle as a transport of asyncio, for protocols that are written for sockets."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import socket
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import GridError
from .descriptors import ask_socket, half_close
from .errors import CanceledError

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .handle import AsyncHandle

__all__ = ["HandleTransport"]

BLOCK = 1 << 16
PARTS = 256  # pieces that are written together; the system takes 1024
HIGH = 1 << 16  # bytes that wait to be written when the protocol is asked to pause
LINGER = 60.0  # seconds that a closed transport goes on writing what waits to be written


class HandleTransport(asyncio.Transport):
    """Moves data between an open handle, which it owns, and a protocol.

    Args:
        loop: the one that runs.
        handle: the connection.
        protocol: gets what comes.
        over: called when the connection is over.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        handle: AsyncHandle,
        protocol: asyncio.BaseProtocol,
        over: Callable[[HandleTransport], object] | None = None,
    ) -> None:
        super().__init__(
            {
                "handle": handle,
                "peer": handle.peer,
                "stack": handle.stack,
                "peername": ask_socket(handle, socket.socket.getpeername),
                "sockname": ask_socket(handle, socket.socket.getsockname),
            }
        )
        self._loop, self._handle, self._over = loop, handle, over
        self._protocol: Any = protocol
        self._queue: collections.deque[bytes] = collections.deque()
        self._queued = 0
        self._low, self._high = HIGH // 4, HIGH
        self._asked_to_pause = False
        self._shut = False
        self._reading = asyncio.Event()
        self._reading.set()
        self._writer: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._reader = loop.create_task(self._read())
        self._protocol.connection_made(self)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def __repr__(self) -> str:
        return f"<HandleTransport {self._handle!r}>"

    # ---- reading ------------------------------------------------------------------------------------------------

    def is_reading(self) -> bool:
        return self._reading.is_set() and self._ending is None

    def pause_reading(self) -> None:
        self._reading.clear()

    def resume_reading(self) -> None:
        self._reading.set()

    async def _read(self) -> None:
        buffer = bytearray(BLOCK)
        try:
            while count := await self._handle.readinto(buffer):
                await self._reading.wait()
                self._protocol.data_received(bytes(memoryview(buffer)[:count]))
            await self._reading.wait()
            if not self._protocol.eof_received():
                self.close()
        except asyncio.CancelledError:
            if self._ending is None:  # the loop ends
                self._ending = asyncio.current_task()
                await self._finish(None)
            raise
        except Exception as error:  # noqa: BLE001 - the protocol gets it
            self._fail(error)

    # ---- writing ------------------------------------------------------------------------------------------------

    def write(self, data: Buffer) -> None:
        if self._shut:
            raise RuntimeError("Cannot call write() after write_eof()")
        view = memoryview(data)
        if not view.nbytes or self._ending is not None:
            return
        self._queue.append(bytes(view))
        self._queued += view.nbytes
        if self._queued > self._high and not self._asked_to_pause:
            self._asked_to_pause = True
            self._protocol.pause_writing()
        self._write_on()

    def can_write_eof(self) -> bool:
        return "tcp" in self._handle.stack

    def write_eof(self) -> None:
        if not self.can_write_eof():
            raise NotImplementedError(f"the stack {self._handle.stack} cannot end one direction alone")
        if not self._shut and self._ending is None:
            self._shut = True
            self._write_on()

    def _write_on(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = self._loop.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._queue:
                parts = list(islice(self._queue, PARTS))
                await self._handle.writev(parts)
                for part in parts:
                    self._queue.popleft()
                    self._queued -= len(part)
                self._maybe_resume()
            if self._shut:
                half_close(self._handle)
        except Exception as error:  # noqa: BLE001 - the protocol gets it
            self._fail(error)

    def _maybe_resume(self) -> None:
        if self._asked_to_pause and self._queued <= self._low:
            self._asked_to_pause = False
            self._protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self._queued

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = HIGH if low is None else 4 * low
        if low is None:
            low = high // 4
        if not 0 <= low <= high:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._low, self._high = low, high

    # ---- the end ------------------------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        return self._ending is not None

    def close(self) -> None:
        self._end(None)

    def abort(self) -> None:
        self._drop()
        self._end(None)

    def _fail(self, error: Exception) -> None:
        self._drop()
        self._end(None if isinstance(error, CanceledError) else error)

    def _drop(self) -> None:
        """What waits to be written is not wanted."""
        if self._writer is not None and self._writer is not asyncio.current_task():
            self._writer.cancel()

    def _end(self, error: Exception | None) -> None:
        if self._ending is None:
            self._reader.cancel()
            self._ending = self._loop.create_task(self._finish(error))

    async def _finish(self, error: Exception | None) -> None:
        try:
            if self._writer is not None:
                await asyncio.wait({self._writer}, timeout=LINGER)
                self._writer.cancel()
        finally:
            try:
                # The library must have let go of both before it closes the handle: who still aborts an operation there
                # would find the handle gone.
                both = {self._reader} if self._writer is None else {self._reader, self._writer}
                if others := both - {asyncio.current_task()}:
                    await asyncio.wait(others)
                with contextlib.suppress(GridError):  # the peer has gone
                    await self._handle.close()
            finally:
                self._protocol.connection_lost(error)
                if self._over is not None:
                    self._over(self)
