"""The report of a transfer: events while it runs, and the result."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..progress import Event, Meter, Progress
from .operations import Transfer

__all__ = ["Report", "TransferResult"]


@dataclass(frozen=True, slots=True)
class TransferResult:
    """A transfer that is complete.

    Attributes:
        source: where the data came from: a URL without password, a path, or a word for a file object or
            buffer.
        destination: where it went.
        bytes: how many bytes there were.
        seconds: how long it took, without the login.
    """

    source: str
    destination: str
    bytes: int
    seconds: float

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return self.bytes / self.seconds if self.seconds > 0 else 0.0


class Report:
    """A context manager around a transfer, in which `progress` gets its events."""

    def __init__(
        self, source: str, destination: str, bytes_total: int | None, progress: Progress | None
    ) -> None:
        self._meter = Meter(source, destination, bytes_total)
        self._progress = progress
        self._broken = False
        self._start = time.monotonic()
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        self._tell(self._meter.started())
        return self

    def watch(self, transfer: Transfer) -> None:
        """Count the bytes of this operation."""
        transfer.on_bytes = self.count
        if self._progress is not None:
            transfer.on_look = self.show

    def count(self, count: int) -> bool:
        """Count bytes, in any thread; true when `show` is due."""
        return self._meter.add(count) and self._progress is not None

    def settle(self, total: int | None) -> None:
        """The transfer is complete: count what the servers did not report."""
        if total is not None:
            self._meter.bytes_done = total

    def show(self) -> None:
        """Tell how far it is, in the caller's thread."""
        self._tell(self._meter.advanced())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds = time.monotonic() - self._start
        if error is None:
            self._tell(self._meter.finished())
        elif not self._broken:
            self._tell(self._meter.failed(error))

    def _tell(self, event: Event) -> None:
        if self._progress is None:
            return
        try:
            self._progress(event)
        except BaseException:
            self._broken = True  # it does not want to hear of the failure that it causes
            raise

    def result(self) -> TransferResult:
        """The result, after the block."""
        meter = self._meter
        return TransferResult(meter.source, meter.destination, meter.bytes_done, self._seconds)
