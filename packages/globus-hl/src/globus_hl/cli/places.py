"""Directories on servers and on this machine, seen the same way."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from globus_hl.errors import GridError
from globus_hl.gridftp.listing import Entry

if TYPE_CHECKING:
    from globus_hl.gridftp import Client
    from globus_hl.gridftp.listing import EntryType
    from globus_hl.gridftp.url import GridFTPURL
    from globus_hl.timeouts import Deadline

__all__ = ["Places"]

MAX_DEPTH = 128


class Places:
    """Looks at directories and makes them, by a client where they are remote.

    Args:
        client: gives the client when it is needed.
        deadline: when all of it must be done.
    """

    def __init__(self, client: Callable[[], Client], deadline: Deadline) -> None:
        self._client = client
        self._deadline = deadline
        self._there: set[GridFTPURL] = set()

    def entries(self, url: GridFTPURL) -> list[Entry]:
        """What is in a directory, without ``.`` and ``..``, by name. Links are followed."""
        if url.is_remote:
            found = list(self._client().list(url, timeout=self._deadline))
        else:
            with os.scandir(url.local_path) as children:
                found = [_local_entry(child.name, child.path) for child in children]
        return sorted((entry for entry in found if not entry.is_dot), key=lambda entry: entry.name)

    def entry(self, url: GridFTPURL) -> Entry:
        """What a URL stands for. Links are followed."""
        if url.is_remote:
            return self._client().stat(url, timeout=self._deadline)
        return _local_entry(url.name, url.local_path)

    def is_missing(self, url: GridFTPURL) -> bool:
        """Whether there is certainly nothing at the URL."""
        try:
            self.entry(url)
        except FileNotFoundError:
            return True
        except (GridError, OSError):
            return False
        return False

    def walk(
        self, root: GridFTPURL, entries: list[Entry], warn: Callable[[str], None]
    ) -> Iterator[tuple[str, list[Entry]]]:
        """All directories below one, each before those in it, as ``(path relative to root, its entries)``.

        Links to directories are followed, but not in circles.

        Args:
            root: comes first, with the relative path ``""``.
            entries: those in `root` that are wanted.
            warn: told of what is left out, in words.
        """
        yield "", entries
        pending: list[tuple[str, Entry, tuple[str | None, ...]]]
        pending = [("", entry, ()) for entry in reversed(entries) if entry.is_dir]
        while pending:
            base, entry, above = pending.pop()
            relative = f"{base}/{entry.name}" if base else entry.name
            if self._is_circle(root, entry, above):
                warn(f"{root / relative}: left out, it is a link to a directory that it is in itself")
                continue
            entries = self.entries(root / relative)
            yield relative, entries
            above = (*above, entry.unique)
            pending.extend((relative, child, above) for child in reversed(entries) if child.is_dir)

    def _is_circle(self, root: GridFTPURL, entry: Entry, above: tuple[str | None, ...]) -> bool:
        if entry.is_link and entry.unique is not None:
            return entry.unique in (*above, self.entry(root).unique)
        return len(above) > MAX_DEPTH  # a server that does not tell which directories are the same

    def make_directory(self, url: GridFTPURL) -> bool:
        """Make sure that a directory is there, and those it is in; False if it was known to be."""
        if url in self._there:
            return False
        if url.is_remote:
            self._client().mkdir(url, parents=True, exist_ok=True, timeout=self._deadline)
        else:
            Path(url.local_path).mkdir(parents=True, exist_ok=True)
        while url not in self._there:
            self._there.add(url)
            url = url.parent
        return True


def _local_entry(name: str, path: str) -> Entry:
    """As a GridFTP server would tell it."""
    link = os.path.islink(path)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        if not link:
            raise
        status = os.lstat(path)
    kind: EntryType = "other"
    if stat.S_ISREG(status.st_mode):
        kind = "file"
    elif stat.S_ISDIR(status.st_mode):
        kind = "dir"
    elif stat.S_ISLNK(status.st_mode):  # to nowhere
        kind = "link"
    return Entry(
        name=name,
        path=path,
        type=kind,
        size=status.st_size,
        mtime=datetime.fromtimestamp(int(status.st_mtime), UTC),
        mode=stat.S_IMODE(status.st_mode),
        owner=str(status.st_uid),
        group=str(status.st_gid),
        unique=f"{status.st_dev:x}-{status.st_ino:x}",
        target=os.readlink(path) if link else None,
    )
