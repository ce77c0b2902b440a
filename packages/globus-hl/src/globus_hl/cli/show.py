"""``-list``: what is in a directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from globus_hl.gridftp.url import InvalidURLError

from .plan import matching
from .report import printable

if TYPE_CHECKING:
    from globus_hl.gridftp.listing import Entry
    from globus_hl.gridftp.url import GridFTPURL

    from .operands import Operand
    from .places import Places

__all__ = ["EntryLines", "show"]

TYPE_LETTERS = {"file": "-", "dir": "d", "link": "l", "other": "?"}

Printer = Callable[["GridFTPURL", "list[Entry]"], None]
"""Shows some entries of the directory whose URL it gets."""


def show(
    operand: Operand, places: Places, printer: Printer, *, recurse: bool, warn: Callable[[str], None]
) -> None:
    """Show a file, or what is in a directory.

    Args:
        operand: a directory, with or without a pattern, or a file.
        places: what lists directories.
        printer: called for each directory.
        recurse: whether to go on with the directories in it.
        warn: told of what is left out, in words.

    Raises:
        InvalidURLError: the operand is no URL of a file or directory.
        GridError, OSError: it cannot be listed.
    """
    url = operand.url
    if url is None:
        raise InvalidURLError(operand.text, "standard input cannot be listed; write a URL or a path")
    if operand.pattern is None and not operand.is_directory:
        entry = places.entry(url)
        if not entry.is_dir:
            printer(url.parent, [entry])
            return
    entries = matching(operand, places)
    for relative, children in places.walk(url, entries, warn) if recurse else [("", entries)]:
        printer(url / relative if relative else url, children)


class EntryLines:
    """Prints entries as ``globus-url-copy -list`` does: a directory, then names; a slash marks directories.

    Args:
        stream: where to. On a terminal names cannot do harm, elsewhere they are the bytes they are.
        long: type, mode, owner, group, size and time of each too.
    """

    def __init__(self, stream: TextIO, *, long: bool) -> None:
        self._stream = stream
        self._long = long
        self._name = printable if stream.isatty() else str

    def entries(self, directory: GridFTPURL, entries: list[Entry]) -> None:
        """Print some entries of a directory."""
        print(f"{str(directory).rstrip('/')}/", file=self._stream)
        for entry in entries:
            details = f"{_details(entry)}  " if self._long else ""
            print(f"    {details}{self._name(entry.name)}{'/' if entry.is_dir else ''}", file=self._stream)
        print(file=self._stream)


def _details(entry: Entry) -> str:
    mode = "    " if entry.mode is None else f"{entry.mode:04o}"
    size = "-" if entry.size is None else str(entry.size)
    time = "-" if entry.mtime is None else f"{entry.mtime:%Y-%m-%d %H:%M:%S}"
    owner, group = printable(entry.owner or "-"), printable(entry.group or "-")
    return f"{TYPE_LETTERS[entry.type]} {mode}  {owner:8} {group:8} {size:>14}  {time:19}"
