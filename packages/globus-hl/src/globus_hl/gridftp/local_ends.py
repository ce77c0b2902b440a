"""What users pass as the local end of a transfer: paths, file objects, buffers."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

from .ends import (
    BufferSink,
    BufferSource,
    DirectSink,
    FileSink,
    FileSource,
    Sink,
    Source,
    StreamSink,
    StreamSource,
)
from .local import PartialFile, naming
from .options import Tuning
from .url import GridFTPURL

__all__ = ["LocalDestination", "LocalSource", "Origin", "open_destination", "open_origin"]

LocalSource: TypeAlias = (
    "str | os.PathLike[str] | os.PathLike[bytes] | IO[bytes] | bytes | bytearray | memoryview"
)
"""A path, a binary file object that is read, or an object with the buffer protocol."""

LocalDestination: TypeAlias = (
    "str | os.PathLike[str] | os.PathLike[bytes] | IO[bytes] | bytearray | memoryview"
)
"""A path, a binary file object that is written, or an object with a writable buffer."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an upload comes from.

    Attributes:
        name: for people.
        source: the blocks.
        file_name: the name it has, for destinations that are directories; None if it has none.
    """

    name: str
    source: Source
    file_name: str | None = None


# ---- destinations --------------------------------------------------------------------------------


@contextmanager
def open_destination(
    destination: LocalDestination, url: GridFTPURL, tuning: Tuning, offset: int
) -> Iterator[tuple[str, Sink]]:
    """``(name, sink)`` for a download; at the end of a block that did not raise, a file gets its name.

    Args:
        url: where the data comes from, for destinations that are directories.
        offset: of the first byte that comes, in the remote file.

    Raises:
        TypeError, ValueError: it cannot be written to, or not in this mode.
        OSError: of the operating system.
    """
    if isinstance(destination, str | os.PathLike):
        with _partial_file(_into_directory(destination, url)) as file:
            yield file.path, _file_sink(file, tuning, offset)
        return
    if hasattr(destination, "write"):
        yield "<file object>", _stream_sink(destination, tuning, offset)
        return
    try:
        view = memoryview(destination)
    except TypeError:
        raise TypeError(
            f"the destination must be a path, a binary file object or a writable buffer, not {destination!r}"
        ) from None
    if view.readonly or not view.c_contiguous:
        raise TypeError("the destination buffer must be writable and contiguous")
    yield "<buffer>", _buffer_sink(view.cast("B"), tuning, offset)


def _into_directory(path: str | os.PathLike[Any], url: GridFTPURL) -> str:
    text = os.fsdecode(path)
    if not os.path.isdir(text) and not text.endswith(os.sep):
        return text
    if not url.name:
        raise IsADirectoryError(21, "a directory, and the URL has no file name", text)
    return os.path.join(text, url.name)


@contextmanager
def _partial_file(path: str) -> Iterator[PartialFile]:
    file = PartialFile(path)
    try:
        with naming(path):
            yield file
    except BaseException:
        file.discard()
        raise
    file.commit()


def _file_sink(file: PartialFile, tuning: Tuning, offset: int) -> Sink:
    if file.seekable:
        return FileSink(file.descriptor, tuning.buffers, tuning.block, offset)
    if tuning.extended:
        raise ValueError(f"{file.path} cannot be written out of order: use mode='stream' without parallelism")
    stream = os.fdopen(file.descriptor, "wb", buffering=0, closefd=False)
    return StreamSink(stream, tuning.buffers, tuning.block, offset, in_order=True)


def _stream_sink(stream: Any, tuning: Tuning, offset: int) -> Sink:
    _check_binary(stream)
    if tuning.extended and not stream.seekable():
        raise ValueError(
            "a file object that cannot seek cannot be written out of order: use mode='stream' without parallelism"
        )
    return StreamSink(stream, tuning.buffers, tuning.block, offset, in_order=not tuning.extended)


def _buffer_sink(view: memoryview, tuning: Tuning, offset: int) -> Sink:
    if tuning.extended:
        return BufferSink(view, tuning.buffers, tuning.block, offset)
    return DirectSink(view, tuning.block)


# ---- origins -------------------------------------------------------------------------------------


@contextmanager
def open_origin(source: LocalSource, tuning: Tuning, offset: int, length: int | None) -> Iterator[Origin]:
    """The origin of an upload.

    Args:
        offset: where its first byte goes, in the remote file.
        length: send so many bytes of it, or None: all.

    Raises:
        TypeError, ValueError: it cannot be read from.
        OSError: of the operating system.
    """
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        with naming(path):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                yield Origin(
                    path,
                    _file_source(path, descriptor, tuning, offset, length),
                    os.path.basename(path) or None,
                )
            finally:
                os.close(descriptor)
        return
    if hasattr(source, "read"):
        stream: Any = source
        _check_binary(stream)
        yield Origin(
            "<file object>",
            StreamSource(stream, length, tuning.buffers, tuning.block, offset),
            _name_of(stream),
        )
        return
    try:
        view = memoryview(source)
    except TypeError:
        raise TypeError(
            f"the source must be a path, a binary file object or a buffer, not {source!r}"
        ) from None
    if not view.c_contiguous:
        raise TypeError("the source buffer must be contiguous")
    data = view.cast("B") if length is None else view.cast("B")[:length]
    yield Origin("<buffer>", BufferSource(data, tuning.buffers, tuning.block, offset))


def _file_source(path: str, descriptor: int, tuning: Tuning, offset: int, length: int | None) -> Source:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(21, "Is a directory", path)
    if not stat.S_ISREG(status.st_mode):
        stream = os.fdopen(descriptor, "rb", buffering=0, closefd=False)
        return StreamSource(stream, length, tuning.buffers, tuning.block, offset)
    size = status.st_size if length is None else min(length, status.st_size)
    return FileSource(descriptor, 0, size, tuning.buffers, tuning.block, offset)


def _name_of(stream: Any) -> str | None:
    name = getattr(stream, "name", None)
    return os.path.basename(name) or None if isinstance(name, str) else None


def _check_binary(stream: Any) -> None:
    if isinstance(stream, io.TextIOBase):
        raise TypeError("a file object must be binary: open it with 'b' in its mode")
