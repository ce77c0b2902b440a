"""The local ends of a transfer: where downloaded blocks go, and where blocks to upload come from.

The methods are called on threads of the library. ``write`` may be called for several blocks at once, ``next``
and ``read`` are not.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple, Protocol

__all__ = [
    "Block",
    "BufferSink",
    "BufferSource",
    "FileSink",
    "FileSource",
    "Sink",
    "Source",
    "StreamSink",
    "StreamSource",
]


class Sink(Protocol):
    """Where downloaded data goes.

    With several buffers, callbacks may overtake each other even in stream mode: one that needs the blocks in order has
    one buffer, or puts them in order.
    """

    def buffers(self) -> Iterable[Any]:
        """The buffers to begin with, each of them an argument for `next`."""

    def next(self, buffer: Any) -> Any:
        """The writable buffer to receive into after `buffer` was written, or None if there is none."""

    def write(self, buffer: Any, length: int, offset: int) -> None:
        """Take the first `length` bytes of the buffer, which belong at `offset` of the file."""


class Block(NamedTuple):
    """What is sent at once: `data`, which belongs at `offset` of the file, and whether it is the last."""

    data: Any
    offset: int
    eof: bool


class Source(Protocol):
    """Where data to upload comes from."""

    @property
    def size(self) -> int | None:
        """Bytes there are, or None when that is not known."""

    def buffers(self) -> Iterable[Any]:
        """The buffers to begin with, each of them an argument for `read`."""

    def read(self, buffer: Any) -> Block | None:
        """The next block, in `buffer`; None after the last one."""


class _Ring:
    """A few buffers, used again and again. Memory of their own, so that what a small file does not fill costs nothing."""

    def __init__(self, count: int, block_size: int) -> None:
        self._count = count
        self._block_size = block_size

    def buffers(self) -> Iterator[mmap.mmap]:
        return (mmap.mmap(-1, self._block_size) for _ in range(self._count))

    def next(self, buffer: Any) -> Any:
        return buffer


def _first(buffer: Any, length: int) -> Any:
    return buffer if length == len(buffer) else memoryview(buffer)[:length]


# ---- files ---------------------------------------------------------------------------------------


class FileSink(_Ring):
    """A file descriptor of a file that can be written at any place.

    Args:
        descriptor: stays open.
        origin: offset in the remote file of the first byte of the local one.
    """

    def __init__(self, descriptor: int, count: int, block_size: int, origin: int = 0) -> None:
        super().__init__(count, block_size)
        self._descriptor = descriptor
        self._origin = origin

    def write(self, buffer: Any, length: int, offset: int) -> None:
        data, place = _first(buffer, length), offset - self._origin
        written = os.pwrite(self._descriptor, data, place)
        while written < length:
            written += os.pwrite(self._descriptor, memoryview(data)[written:], place + written)


class FileSource(_Ring):
    """A file descriptor of a file that can be read at any place: `size` bytes of it from `start` on.

    Args:
        descriptor: stays open.
        origin: offset in the remote file where the first byte goes.
    """

    def __init__(
        self, descriptor: int, start: int, size: int, count: int, block_size: int, origin: int = 0
    ) -> None:
        super().__init__(count, block_size)
        self._descriptor = descriptor
        self._place = start
        self._end = start + size
        self._shift = origin - start
        self._over = False
        self.size = size

    def read(self, buffer: Any) -> Block | None:
        if self._over:
            return None
        place = self._place
        length = min(len(buffer), self._end - place)
        view = memoryview(buffer)[:length]
        filled = 0
        while filled < length:
            count = os.preadv(self._descriptor, [view[filled:]], place + filled)
            if not count:
                raise OSError(errno.EIO, "the file became shorter while it was being sent")
            filled += count
        self._place += length
        self._over = self._place == self._end
        return Block(view, place + self._shift, self._over)


# ---- file objects --------------------------------------------------------------------------------


class StreamSink(_Ring):
    """A binary file object.

    Args:
        origin: offset in the remote file of the first byte that comes.
        in_order: it need not be able to seek, and gets the blocks in their order. Else it must: extended block mode has
            none.
    """

    def __init__(
        self, stream: IO[bytes], count: int, block_size: int, origin: int, *, in_order: bool
    ) -> None:
        super().__init__(count, block_size)
        self._stream = stream
        self._lock = threading.Lock()
        self._in_order = in_order
        self._shift = 0 if in_order else stream.tell() - origin
        self._due = origin
        self._early: dict[int, bytes] = {}  # blocks whose callback has overtaken that of the one before

    def write(self, buffer: Any, length: int, offset: int) -> None:
        block = memoryview(buffer)[:length]
        with self._lock:
            if not self._in_order:
                self._stream.seek(offset + self._shift)
                self._put(block)
            elif offset == self._due:
                self._put(block)
                self._put_early()
            else:
                self._early[offset] = bytes(block)

    def _put_early(self) -> None:
        while (block := self._early.pop(self._due, None)) is not None:
            self._put(memoryview(block))

    def _put(self, block: memoryview) -> None:
        self._due += len(block)
        while block:
            count = self._stream.write(block)
            if count is None:
                raise BlockingIOError(errno.EAGAIN, "the file object is in non-blocking mode")
            block = block[count:]


class StreamSource(_Ring):
    """A binary file object that is read to its end, or `size` bytes of it."""

    def __init__(
        self, stream: IO[bytes], size: int | None, count: int, block_size: int, origin: int = 0
    ) -> None:
        super().__init__(count, block_size)
        self._stream = stream
        self._readinto = getattr(stream, "readinto", None)
        self._offset = origin
        self._left = size
        self._over = False
        self.size = size

    def read(self, buffer: Any) -> Block | None:
        if self._over:
            return None
        length = len(buffer) if self._left is None else min(len(buffer), self._left)
        view = memoryview(buffer)[:length]
        filled = 0
        while filled < length:
            count = self._read_into(view[filled:])
            if not count:
                self._over = True
                break
            filled += count
        if self._left is not None:
            self._left -= filled
            self._over = self._over or not self._left
        offset = self._offset
        self._offset += filled
        return Block(view[:filled], offset, self._over)

    def _read_into(self, view: memoryview) -> int:
        if self._readinto is not None:
            count = self._readinto(view)
        else:
            data = self._stream.read(len(view))
            count = None if data is None else len(data)
            if data:
                view[: len(data)] = data
        if count is None:
            raise BlockingIOError(errno.EAGAIN, "the file object is in non-blocking mode")
        return int(count)


# ---- buffers -------------------------------------------------------------------------------------


class BufferSink(_Ring):
    """A writable buffer that the data is copied into: the blocks may come in any order.

    Args:
        target: bytes in one dimension.
        origin: offset in the remote file of its first byte.
    """

    def __init__(self, target: memoryview, count: int, block_size: int, origin: int = 0) -> None:
        super().__init__(count, block_size)
        self._target = target
        self._origin = origin

    def write(self, buffer: Any, length: int, offset: int) -> None:
        place = offset - self._origin
        if place + length > len(self._target):
            raise ValueError(f"the buffer of {len(self._target)} bytes is too small for the file")
        self._target[place : place + length] = _first(buffer, length)


class DirectSink:
    """A writable buffer that the network is read into, without a copy: stream mode only.

    One piece is registered at a time: of several that wait for the start of a transfer, the library takes any first.
    """

    def __init__(self, target: memoryview, block_size: int) -> None:
        self._target = target
        self._block_size = block_size
        self._place = 0
        self._full = False

    def buffers(self) -> tuple[None]:
        return (None,)

    def next(self, buffer: Any) -> Any:  # the piece behind the last one, whatever that was
        piece = self._target[self._place : self._place + self._block_size]
        self._place += len(piece)
        self._full = not piece
        # One more byte must find the end of the file, or the file is too large.
        return bytearray(1) if self._full else piece

    def write(self, buffer: Any, length: int, offset: int) -> None:
        if self._full:
            raise ValueError(f"the buffer of {len(self._target)} bytes is too small for the file")
        self._place -= len(buffer) - length  # a piece that was not filled goes on where it ended


class BufferSource:
    """A buffer of bytes, sent as it is, without a copy."""

    def __init__(self, data: memoryview, count: int, block_size: int, origin: int = 0) -> None:
        self._data = data
        self._count = count
        self._block_size = block_size
        self._origin = origin
        self._place = 0
        self._over = False
        self.size: int | None = len(data)

    def buffers(self) -> Iterator[None]:
        return (None for _ in range(self._count))

    def read(self, buffer: Any) -> Block | None:
        if self._over:
            return None
        place = self._place
        piece: Any = self._data[place : place + self._block_size]
        self._place += len(piece)
        self._over = self._place == len(self._data)
        # The library wants an address, even of nothing.
        return Block(piece if len(piece) else memoryview(bytearray(1))[:0], place + self._origin, self._over)
