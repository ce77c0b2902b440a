"""What a command shows while it copies: nothing, or lines. Bar and JSON have their own modules."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Protocol

from globus_hl.progress import Advanced, Failed, Finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from globus_hl.gridftp.url import GridFTPURL
    from globus_hl.progress import Event

__all__ = ["Display", "Lines", "Quiet", "Totals", "amount", "closing", "duration"]

UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def amount(size: float) -> str:
    """Bytes for people: ``64.0 MB``, with a MB of 1 000 000 bytes."""
    unit = 0
    while round(size, 1 if unit else 0) >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {UNITS[unit]}" if unit else f"{size:.0f} {UNITS[unit]}"


def duration(seconds: float) -> str:
    """Seconds for people: ``0.25 s``, ``12 s``, ``3:25``, ``1:03:25``."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class Totals:
    """What a command has done so far: counted from the events of its transfers."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self._start = time.monotonic()

    def count(self, event: Event) -> None:
        """Take an event into account."""
        if isinstance(event, Finished):
            self.files += 1
            self.bytes += event.bytes_done

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start


class Display(Protocol):
    """Shows what happens. All methods are called in the main thread."""

    def begin(self, files: int, size: int | None) -> None:
        """The files to copy are known: how many, and how many bytes in all unless that is unknown."""

    def directory(self, url: GridFTPURL) -> None:
        """A directory was made."""

    def event(self, event: Event) -> None:
        """Something happened to the file that is being copied; what is passed as ``progress=``."""

    def close(self, error: BaseException | None) -> None:
        """No more will come. Called once, with what the command failed with, if it did."""


@contextlib.contextmanager
def closing(display: Display) -> Iterator[None]:
    """Close the display at the end, and tell it what went wrong."""
    try:
        yield
    except BaseException as error:
        display.close(error)
        raise
    display.close(None)


class Quiet:
    """Shows nothing."""

    def begin(self, files: int, size: int | None) -> None: ...
    def directory(self, url: GridFTPURL) -> None: ...
    def event(self, event: Event) -> None: ...
    def close(self, error: BaseException | None) -> None: ...


class Lines:
    """A line for each file that has arrived; for logs and pipes.

    Args:
        write: gets each line.
        verbose: also a line each `INTERVAL` seconds while a file is on its way, with the bytes so far.
    """

    INTERVAL = 1.0

    def __init__(self, write: Callable[[str], object], *, verbose: bool = False) -> None:
        self._write = write
        self._verbose = verbose
        self._next = 0.0
        self._totals = Totals()
        self._files = 1

    def begin(self, files: int, size: int | None) -> None:
        self._files = files

    def directory(self, url: GridFTPURL) -> None:
        if self._verbose:
            self._write(f"{url}: made")

    def count(self, event: Event) -> None:
        """Take an event into account without showing it."""
        self._totals.count(event)

    def event(self, event: Event) -> None:
        self.count(event)
        if isinstance(event, Finished):
            self._write(
                f"{event.source} -> {event.destination}: {amount(event.bytes_done)} "
                f"in {duration(event.elapsed)}, {amount(event.average_rate)}/s"
            )
        elif isinstance(event, Advanced) and self._verbose and event.elapsed >= self._next:
            self._next = event.elapsed + self.INTERVAL
            total = "" if event.bytes_total is None else f" of {event.bytes_total}"
            self._write(
                f"{event.source}: {event.bytes_done}{total} bytes, "
                f"{amount(event.average_rate)}/s avg, {amount(event.rate)}/s inst"
            )
        if isinstance(event, Finished | Failed):
            self._next = 0.0

    def close(self, error: BaseException | None) -> None:
        if self._files > 1:
            rate = amount(self._totals.bytes / max(self._totals.elapsed, 1e-9))
            self._write(
                f"{self._totals.files} of {self._files} files, {amount(self._totals.bytes)} "
                f"in {duration(self._totals.elapsed)}, {rate}/s"
            )
