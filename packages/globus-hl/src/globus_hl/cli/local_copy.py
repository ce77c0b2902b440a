"""A copy from this machine to this machine, with the progress and the care of a transfer."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from globus_hl.errors import OperationTimeoutError
from globus_hl.gridftp.local import PartialFile, naming
from globus_hl.progress import Meter

if TYPE_CHECKING:
    from globus_hl.progress import Progress
    from globus_hl.timeouts import Deadline

__all__ = ["copy"]

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class _End:
    """An open file, and its name for messages."""

    descriptor: int
    name: str

    def read(self) -> bytes:
        with naming(self.name):
            return os.read(self.descriptor, BLOCK)

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        with naming(self.name):
            while view:
                view = view[os.write(self.descriptor, view) :]

    @property
    def size(self) -> int | None:
        status = os.fstat(self.descriptor)
        return status.st_size if stat.S_ISREG(status.st_mode) else None


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
        meter = Meter(reading.name, destination if isinstance(destination, str) else "stdout", reading.size)
        try:
            progress(meter.started())
            with _writer(destination) as writing:
                while block := reading.read():
                    if deadline.remaining < 0:
                        limit = deadline.describe(connecting=False, stalled=False)
                        raise OperationTimeoutError(f"could not copy {reading.name}: {limit}")
                    writing.write(block)
                    if meter.add(len(block)):
                        progress(meter.advanced())
        except BaseException as error:
            progress(meter.failed(error))
            raise
        progress(meter.finished())


@contextlib.contextmanager
def _reader(source: str | IO[bytes]) -> Iterator[_End]:
    if not isinstance(source, str):
        yield _End(source.fileno(), "stdin")
        return
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield _End(descriptor, source)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _writer(destination: str | IO[bytes]) -> Iterator[_End]:
    if not isinstance(destination, str):
        destination.flush()
        yield _End(destination.fileno(), "stdout")
        return
    partial = PartialFile(destination)
    try:
        yield _End(partial.descriptor, destination)
    except BaseException:
        partial.discard()
        raise
    partial.commit()
