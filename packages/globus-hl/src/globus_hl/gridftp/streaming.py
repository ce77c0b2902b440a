"""Transfers whose blocks a file object takes or gives, one by one, at its own pace.

The buffers that the file object has not dealt with yet are not registered again: the library stops reading,
TCP makes the server wait, and the memory of a transfer stays that of its ring.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from globus_lowlevel import GlobusError, ftp_client

from .._runtime.completion import Completion
from .ends import Block
from .operations import Command, Download, Start, Transfer, Upload

__all__ = ["StreamingDownload", "StreamingUpload"]

RING = 4


class _Turn(Completion[None]):
    """A wait for the next event of a running transfer, with the limits of one read or write."""

    def __init__(self, transfer: Transfer, limits: dict[str, Any]) -> None:
        super().__init__()
        self._transfer = transfer
        transfer.end, transfer.stall = limits["end"], limits["stall"]
        transfer.describe = limits["describe"]
        transfer.touch()  # while nobody waited, the transfer had no reason to move

    def expiry(self) -> float:
        return self._transfer.limit()

    def timed_out(self) -> BaseException:
        return self._transfer.timed_out()

    def cancel(self, *, inline: bool) -> None:
        self._transfer.cancel(inline=inline)

    def finished(self) -> bool:
        return self._transfer.finished()


class _Paced(Transfer):
    """What both directions share: somebody who waits for the next event."""

    def __init__(self, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        self._turn_lock = threading.Lock()
        self._turn: _Turn | None = None

    @property
    def over(self) -> bool:
        """Whether no more blocks will move, for better or worse."""
        return self.done() or self.failing

    def finish(self, error: BaseException | None = None) -> None:
        super().finish(error)
        self._notify()

    def fail(self, error: BaseException) -> None:
        super().fail(error)
        self._notify()

    def _notify(self) -> None:
        with self._turn_lock:
            turn, self._turn = self._turn, None
        if turn is not None:
            turn.set_result(None)

    async def _wait(self, ready: Callable[[], object], limits: dict[str, Any]) -> None:
        """Wait until `ready()`, which is looked at again after each event."""
        while not ready():
            turn = _Turn(self, limits)
            with self._turn_lock:
                self._turn = turn
            if ready():  # it became so before it could notify
                return
            await turn


class StreamingDownload(_Paced, Download):
    """A download in stream mode, whose blocks are taken with `next_block` and given back with `recycle`.

    Args:
        place: offset of its first byte.
    """

    def __init__(self, handle: Any, start: Start, place: int, block_size: int, **limits: Any) -> None:
        super().__init__(handle, start, self, **limits)
        self._block_size = block_size
        # By place in the file: the callbacks of two blocks may overtake each other.
        self._blocks: dict[int, tuple[bytearray, int]] = {}
        self._place = place

    def begin(self) -> None:
        Command.begin(self)
        for _ in range(RING):
            self.recycle(bytearray(self._block_size))

    def recycle(self, buffer: bytearray) -> None:
        """Let the library fill the buffer again."""
        with self._order_lock:
            if self._cancelled:
                return
            try:
                self._register(ftp_client.globus_ftp_client_register_read, buffer, buffer)
            except GlobusError:
                return  # the transfer is ending: the completion callback will tell

    def _done_with(self, buffer: Any, length: int, offset: int) -> None:
        if length:
            self._blocks[offset] = (buffer, length)
        self._moved(length)
        self._notify()

    def _go_on_with(self, buffer: Any) -> bool:
        return False

    async def next_block(self, limits: dict[str, Any]) -> tuple[bytearray, int] | None:
        """The next buffer, and how much of it is filled; None when there is no more: await the download to learn why."""
        await self._wait(lambda: self._place in self._blocks or self.over, limits)
        block = self._blocks.pop(self._place, None)
        if block is not None:
            self._place += block[1]
        return block


class StreamingUpload(_Paced, Upload):
    """An upload whose blocks are made in a `free_buffer` and handed over with `send`."""

    def __init__(self, handle: Any, start: Start, block_size: int, **limits: Any) -> None:
        super().__init__(handle, start, self, **limits)
        self._free: deque[bytearray] = deque(bytearray(block_size) for _ in range(RING))
        self._next: Block | None = None

    def begin(self) -> None:
        Command.begin(self)

    async def free_buffer(self, limits: dict[str, Any]) -> bytearray | None:
        """A buffer to fill; None when the transfer is over: await the upload to learn why."""
        await self._wait(lambda: self._free or self.over, limits)
        return None if self.over else self._free.popleft()

    def send(self, buffer: bytearray, length: int, offset: int, *, last: bool) -> None:
        """Send the first `length` bytes of the buffer, and nothing after them if it is the `last`."""
        self._next = Block(memoryview(buffer)[:length], offset, last)
        super()._go_on_with(buffer)

    def read(self, buffer: Any) -> Block | None:
        block, self._next = self._next, None
        return block

    def _done_with(self, buffer: Any, length: int, offset: int) -> None:
        self._free.append(buffer)
        self._moved(length)
        self._notify()

    def _go_on_with(self, buffer: Any) -> bool:
        return self._last is not None and super()._go_on_with(buffer)
