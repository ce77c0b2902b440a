"""A copy from this machine to this machine, with the progress and the care of a transfer."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from globus_hl.errors import OperationTimeoutError
from globus_hl.gridftp.local import PartialFile, naming
from globus_hl.progress import Meter

if TYPE_CHECKING:
    from globus_hl.progress import Progress
    from globus_hl.timeouts import Deadline

__all__ = ["copy"]

BLOCK = 1 << 20


def copy(
    source: str | IO[bytes],
    destination: str | IO[bytes],
    progress: Progress,
    deadline: Deadline,
) -> None:
    """Copy a file or stream to a file or stream. A file appears under its name only when it is complete.

    Args:
        source: path, or open for reading.
        destination: path, or open for writing.
        progress: called with the events of :mod:`globus_hl.progress`.
        deadline: when it must be done.

    Raises:
        OSError: one of the two cannot be opened, read or written.
        OperationTimeoutError: the deadline passed.
    """
    with _reader(source) as reading:
        name = source if isinstance(source, str) else "<standard input>"
        to = destination if isinstance(destination, str) else "<standard output>"
        meter = Meter(name, to, _size(reading))
        try:
            progress(meter.started())
            with _writer(destination) as writing:
                while block := _read(reading, name):
                    if deadline.remaining < 0:
                        limit = deadline.describe(connecting=False, stalled=False)
                        raise OperationTimeoutError(f"could not copy {name}: {limit}")
                    _write(writing, block, to)
                    if meter.add(len(block)):
                        progress(meter.advanced())
        except BaseException as error:
            progress(meter.failed(error))
            raise
        progress(meter.finished())


def _read(file: IO[bytes], name: str) -> bytes:
    with naming(name):
        return file.read(BLOCK)


def _write(descriptor: int, block: bytes, name: str) -> None:
    rest = memoryview(block)
    with naming(name):
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _size(file: IO[bytes]) -> int | None:
    try:
        status = os.fstat(file.fileno())
    except io.UnsupportedOperation:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextlib.contextmanager
def _reader(source: str | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(source, str):
        yield source
        return
    with open(source, "rb", buffering=0) as file:
        yield file


@contextlib.contextmanager
def _writer(destination: str | IO[bytes]) -> Iterator[int]:
    if not isinstance(destination, str):
        yield destination.fileno()
        return
    partial = PartialFile(destination)
    try:
        yield partial.descriptor
    except BaseException:
        partial.discard()
        raise
    partial.commit()
