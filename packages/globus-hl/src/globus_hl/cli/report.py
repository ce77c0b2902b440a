"""Errors for people: one line that says what happened, to what, and what to do about it."""

from __future__ import annotations

import errno
import os
import sys
import traceback

from globus_hl.errors import CredentialError, GridError

from .exits import Exit, Terminated, exit_for

__all__ = ["describe", "one_line", "printable", "report"]

_DIRECTORY_HINT = "with '/' at its end it stands for what is in the directory, or goes into it"

# For errors of the operating system, by their number
_HINTS = {
    errno.ENOSPC: "free some space, or choose another file system",
    errno.EDQUOT: "your quota is used up: remove some files, or choose another file system",
    errno.EISDIR: _DIRECTORY_HINT,
    errno.EACCES: "check who owns it, and its permissions and those of its directory",
    errno.EROFS: "choose another place to write to",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}

_BUG_HINT = "this is a bug: run the command again with -dbg, and report it with what that prints"


def printable(text: str) -> str:
    """The text with what a terminal could obey, and bytes that are no text, written as escapes."""
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def one_line(text: str) -> str:
    """The text in one line, as :func:`printable`."""
    return printable(" ".join(text.split()))


def describe(error: BaseException) -> str:
    """What happened and what to do about it, in one line."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, Terminated):
        return "terminated"
    if isinstance(error, GridError):
        parts = [str(error), "" if error.hint else _grid_hint(error)]
    elif isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        parts = [place + what, _HINTS.get(error.errno or 0, "")]
    else:
        parts = [f"internal error: {type(error).__name__}: {error}", _BUG_HINT]
    return one_line("; ".join([*filter(None, parts), *getattr(error, "__notes__", [])]))


def _grid_hint(error: GridError) -> str:
    """What to do about an error that does not say so itself."""
    if isinstance(error, IsADirectoryError):
        return _DIRECTORY_HINT
    return "make a new proxy with grid-proxy-init" if isinstance(error, CredentialError) else ""


def report(program: str, error: BaseException, *, debug: bool = False) -> Exit:
    """Print the error to standard error, as ``program: what happened``, and give its exit code.

    A reader of our output who went away is told nothing.

    Args:
        program: the command's name.
        debug: print the traceback too.
    """
    code = exit_for(error)
    if code is Exit.BROKEN_PIPE:
        return code
    if debug:
        traceback.print_exception(error)
    print(f"{program}: {describe(error)}", file=sys.stderr, flush=True)
    return code
