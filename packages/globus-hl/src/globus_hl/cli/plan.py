"""What is to be copied where: operands become pairs of files, by the rules of ``globus-url-copy``.

* A source that ends with ``/`` means the files in that directory; with ``-r``, those below it too.
* The last component of a source URL may have wildcards.
* A destination that ends with ``/`` is a directory to copy into; more than one file needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from globus_hl.errors import GridError
from globus_hl.gridftp.url import GridFTPURL, InvalidURLError

if TYPE_CHECKING:
    from globus_hl.gridftp.listing import Entry

    from .operands import Operand
    from .places import Places

__all__ = ["Job", "NothingToCopyError", "make_plan", "matching"]


class NothingToCopyError(GridError, FileNotFoundError):
    """No file fits the source."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do.

    Attributes:
        source: file to copy, or None for standard input.
        destination: where to, or None for standard output.
        size: bytes of the source, or None.
        is_directory: nothing is copied, but the directory `destination` is made.
    """

    source: GridFTPURL | None
    destination: GridFTPURL | None
    size: int | None = None
    is_directory: bool = False


def make_plan(
    source: Operand, destination: Operand, places: Places, *, recurse: bool, warn: Callable[[str], None]
) -> list[Job]:
    """All jobs, each directory before what goes into it.

    Args:
        source: first operand.
        destination: second operand.
        places: what lists directories.
        recurse: whether subdirectories are copied too.
        warn: told of what is left out, in words.

    Raises:
        InvalidURLError: the operands do not fit together.
        NothingToCopyError: the source fits no file.
        GridError, OSError: a directory cannot be listed.
    """
    if source.url is None or (source.pattern is None and not source.is_directory):
        return [Job(source.url, _single_destination(source, destination))]
    if destination.url is None:
        raise InvalidURLError(source.text, "only a single file can go to standard output")
    if recurse and not destination.is_directory:
        raise _needs_directory(destination)
    entries = matching(source, places)
    jobs = list(_tree(source.url, destination.url, entries, places, recurse=recurse, warn=warn))
    directories = any(entry.is_dir for entry in entries)
    if not jobs and (source.pattern is not None or directories):
        raise _nothing(source, only_directories=directories)
    if destination.is_directory:
        return jobs
    if len(jobs) > 1:
        raise _needs_directory(destination)
    return [Job(job.source, destination.url, job.size) for job in jobs]


def matching(operand: Operand, places: Places) -> list[Entry]:
    """The entries in the directory of the operand that fit its pattern, by name."""
    assert operand.url is not None  # noqa: S101 - for the type checker; the callers have seen to it
    entries = places.entries(operand.url)
    pattern = operand.pattern
    return entries if pattern is None else [entry for entry in entries if pattern.matches(entry.name)]


def _single_destination(source: Operand, destination: Operand) -> GridFTPURL | None:
    if destination.url is None or not destination.is_directory:
        return destination.url
    if source.url is None:
        raise InvalidURLError(destination.text, "standard input has no name: write one after the last '/'")
    return destination.url / source.url.name


def _tree(
    source: GridFTPURL,
    destination: GridFTPURL,
    entries: list[Entry],
    places: Places,
    *,
    recurse: bool,
    warn: Callable[[str], None],
) -> Iterator[Job]:
    for relative, children in places.walk(source, entries, warn) if recurse else [("", entries)]:
        here = source / relative if relative else source
        there = destination / relative if relative else destination
        if relative:
            yield Job(None, there, is_directory=True)
        for entry in children:
            if entry.is_file:
                yield Job(here / entry.name, there / entry.name, entry.size)
            elif not entry.is_dir:
                warn(f"{here / entry.name}: left out, it is neither a file nor a directory")


def _needs_directory(destination: Operand) -> InvalidURLError:
    return InvalidURLError(destination.text, "several files need a directory to go to; end it with '/'")


def _nothing(source: Operand, *, only_directories: bool) -> NothingToCopyError:
    if only_directories:
        hint = "add -r to copy what is in them"
        return NothingToCopyError("there are no files, only directories", url=source.text, hint=hint)
    hint = "check the pattern; -list shows what is there"
    return NothingToCopyError("no file fits the pattern", url=source.text, hint=hint)
