"""The progress bar, for a terminal: bytes, rate, time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from globus_hl.progress import Advanced, Failed, Finished

from .display import Lines, Totals
from .report import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from globus_hl.gridftp.url import GridFTPURL
    from globus_hl.progress import Event

__all__ = ["Bar"]


class Bar:
    """One bar for all files, gone at the end. What goes quickly gets a line and never a bar.

    Args:
        stream: the terminal.
        delay: seconds before the bar appears; to import what draws it takes longer than many a transfer.
        verbose: also a line for each file that has arrived, above the bar.
    """

    DELAY = 0.3

    def __init__(self, stream: TextIO, *, verbose: bool = False, delay: float = DELAY) -> None:
        self._stream = stream
        self._verbose = verbose
        self._delay = delay
        self._lines = Lines(self._print)
        self._totals = Totals()
        self._files = 1
        self._size: int | None = None
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def begin(self, files: int, size: int | None) -> None:
        self._files, self._size = files, size
        self._lines.begin(files, size)

    def directory(self, url: GridFTPURL) -> None:
        self._lines.directory(url)

    def event(self, event: Event) -> None:
        self._totals.count(event)
        if isinstance(event, Advanced) and self._progress is None and self._totals.elapsed >= self._delay:
            self._draw(event)
        self._update(event)
        last = isinstance(event, Finished) and self._totals.files == self._files
        if last or isinstance(event, Failed):
            self._erase()
        if isinstance(event, Finished) and (self._files == 1 or self._verbose):
            self._lines.event(event)
        else:
            self._lines.count(event)

    def close(self, error: BaseException | None) -> None:
        self._erase()
        self._lines.close(error)

    def _print(self, line: str) -> None:
        """Print a line above the bar, if there is one."""
        if self._progress is None:
            print(printable(line), file=self._stream, flush=True)
        else:
            self._progress.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def _update(self, event: Event) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, **self._state(event))

    def _state(self, event: Event) -> dict[str, Any]:
        """What the bar shows, as fields of its task."""
        done = self._totals.bytes + (event.bytes_done if not isinstance(event, Finished) else 0)
        total = self._size if self._files > 1 else event.bytes_total
        name = printable(event.source.rstrip("/").rpartition("/")[2])
        if self._files > 1:
            name = f"{min(self._totals.files + 1, self._files)}/{self._files} {name}"
        return {"completed": done, "total": total, "description": name}

    def _draw(self, event: Event) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.table import Column

        name = TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        )
        bar = BarColumn(bar_width=None, table_column=Column(ratio=2))
        self._progress = Progress(
            *(
                name,
                bar,
                "{task.percentage:>3.0f}%",
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
            ),
            console=Console(file=self._stream),
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task(**self._state(event))
        self._progress.start()

    def _erase(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.stop()
