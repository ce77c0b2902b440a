"""``--json``: one JSON object a line, for programs.

Every object has ``event``, its kind, and ``time`` (UTC, ISO 8601). The kinds, and what else they have:

``plan``
    What is to be copied: ``files`` (their number), ``bytes`` (of all files, or null if unknown).
``directory``
    A directory was made: ``url``.
``start``
    A transfer begins: ``source``, ``destination``, ``bytes_total`` (or null).
``progress``
    It goes on: ``source``, ``destination``, ``bytes_done``, ``bytes_total`` (or null), ``elapsed`` (seconds),
    ``rate`` (bytes per second, of the last few seconds), ``time_left`` (seconds, or null).
``finish``
    It is complete: ``source``, ``destination``, ``bytes_done``, ``elapsed``, ``rate`` (average).
``fail``
    It failed: ``source``, ``destination``, ``bytes_done``, ``elapsed``.
``entry``
    Of ``-list``: ``url``, ``name``, ``type`` (``file``, ``dir``, ``link``, ``other``); and, each of them or
    null, ``size`` (bytes), ``mtime`` (UTC), ``mode`` (octal, as text), ``owner``, ``group``, ``target`` (of a
    link).
``error``
    The command fails: ``error`` (class), ``message`` (what happened, and what to do), ``url`` (or null),
    ``reply_code`` (the server's three digits, or null), ``exit_code``.
``end``
    The last line, unless the process was killed: ``files`` and ``bytes`` that were copied, ``elapsed``,
    ``exit_code``.

URLs are percent-encoded and have no password. In other text, bytes that are not UTF-8 are lone surrogates,
``\\udc80`` to ``\\udcff``, as Python's ``surrogateescape`` has them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from globus_hl.progress import Advanced, Failed, Finished, Started

from .display import Totals
from .exits import Exit, exit_for
from .report import describe

if TYPE_CHECKING:
    from globus_hl.gridftp.listing import Entry
    from globus_hl.gridftp.url import GridFTPURL
    from globus_hl.progress import Event

__all__ = ["JSONLines"]


class JSONLines:
    """A display that writes the events of the module's table."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._totals = Totals()

    def begin(self, files: int, size: int | None) -> None:
        self._write("plan", files=files, bytes=size)

    def directory(self, url: GridFTPURL) -> None:
        self._write("directory", url=str(url))

    def event(self, event: Event) -> None:
        self._totals.count(event)
        transfer: dict[str, Any] = {"source": event.source, "destination": event.destination}
        done = {"bytes_done": event.bytes_done, "elapsed": round(event.elapsed, 6)}
        if isinstance(event, Started):
            self._write("start", **transfer, bytes_total=event.bytes_total)
        elif isinstance(event, Advanced):
            left = {"bytes_total": event.bytes_total, "time_left": event.time_left}
            self._write("progress", **transfer, **done, rate=event.rate, **left)
        elif isinstance(event, Finished):
            self._write("finish", **transfer, **done, rate=event.average_rate)
        elif isinstance(event, Failed):
            self._write("fail", **transfer, **done)

    def entries(self, directory: GridFTPURL, entries: list[Entry]) -> None:
        """Some entries of a directory."""
        for entry in entries:
            self._entry(directory / entry.name, entry)

    def _entry(self, url: GridFTPURL, entry: Entry) -> None:
        self._write(
            "entry",
            url=str(url),
            name=entry.name,
            type=entry.type,
            size=entry.size,
            mtime=entry.mtime and _iso(entry.mtime),
            mode=None if entry.mode is None else f"{entry.mode:04o}",
            owner=entry.owner,
            group=entry.group,
            target=entry.target,
        )

    def close(self, error: BaseException | None) -> None:
        code = exit_for(error) if error is not None else Exit.OK
        if error is not None:
            self._write(
                "error",
                error=type(error).__name__,
                message=describe(error),
                url=getattr(error, "url", None),
                reply_code=getattr(error, "reply_code", None),
                exit_code=int(code),
            )
        totals = {"files": self._totals.files, "bytes": self._totals.bytes}
        self._write("end", **totals, elapsed=round(self._totals.elapsed, 6), exit_code=int(code))

    def _write(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"event": kind, "time": _iso(datetime.now(UTC)), **fields})
        print(line, file=self._stream, flush=True)


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
