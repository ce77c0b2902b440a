"""How a command starts and ends: every way out is an exit code and at most one line, never a traceback.

Only what is needed to guard the rest is imported here. The other imports of a command happen inside
:func:`run`, where Ctrl-C is met with an exit code as well.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator

__all__ = ["at_interruption", "leave", "run"]

DEBUG_OPTIONS = ("-dbg", "--dbg", "-debugftp", "--debugftp")


def run(program: str, body: Callable[[list[str]], int], arguments: list[str] | None = None) -> int:
    """Run the body of a command and give the exit code for the process.

    ``-dbg`` among the arguments makes errors show their traceback.

    Args:
        program: the command's name, for messages.
        body: takes the arguments and returns an exit code, or raises.
        arguments: default: those of the process.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    debug = any(argument in DEBUG_OPTIONS for argument in arguments)  # before the body takes them apart
    try:
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
        _prepare_output()
        code = body(arguments)
        sys.stdout.flush()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException as error:  # noqa: BLE001 - this is the place where each of them ends
        return _report(program, error, debug=debug)
    return code


def _prepare_output() -> None:
    """File names leave as the bytes they are, whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


_hooks: list[Callable[[], object]] = []


@contextlib.contextmanager
def at_interruption(hook: Callable[[], object]) -> Iterator[None]:
    """Call `hook` in a signal handler if the command is interrupted during a ``with`` block."""
    _hooks.append(hook)
    try:
        yield
    finally:
        _hooks.remove(hook)


def leave(number: int, _frame: object = None) -> None:
    """What a signal does to a command: the hooks, and an exception.

    Raises:
        KeyboardInterrupt, Terminated: SIGINT or SIGTERM.
    """
    for hook in _hooks:
        hook()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    from .exits import Terminated

    raise Terminated


def _report(program: str, error: BaseException, *, debug: bool) -> int:
    # The exit code says "interrupted" even if the second Ctrl-C comes while the first one is being reported.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    from .report import report

    try:
        code = report(program, error, debug=debug)
        sys.stdout.flush()
    except BrokenPipeError:
        from .exits import Exit

        code = Exit.BROKEN_PIPE
    if code == 141:
        _forget_output()
    return code


def _forget_output() -> None:
    """Let the interpreter flush its standard streams at exit to nowhere: their readers are gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.close(null)
