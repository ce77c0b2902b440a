"""Passphrases: from the terminal, a file, a descriptor or standard input; never from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .exits import UsageError

__all__ = ["Passphrases", "passphrase_options"]

F = TypeVar("F", bound=Callable[..., Any])

MOST = 1 << 16  # bytes that are read


def passphrase_options(command: F) -> F:
    """Options for a command that needs a passphrase: it gets ``passphrase_file``, ``passphrase_fd``, ``stdin_pass``.

    There is none to give it as an argument: others see those.
    """
    for option in (
        click.option(
            *("-S", "-pwstdin", "--stdin-pass", "stdin_pass"),
            is_flag=True,
            help="Read passphrases from standard input.",
        ),
        click.option(
            *("-passphrase-fd", "passphrase_fd"),
            type=click.IntRange(0),
            metavar="N",
            help="Read passphrases from this open descriptor.",
        ),
        click.option(
            *("-passphrase-file", "passphrase_file"),
            type=click.Path(),
            metavar="FILE",
            help="Read passphrases from this file.",
        ),
    ):
        command = option(command)
    return command


class Passphrases:
    """Where a command gets its passphrases: a line each, in the order they are needed, or at the terminal.

    Args:
        passphrase_file, passphrase_fd, stdin_pass: the options; at most one of them.

    Raises:
        UsageError: more than one.
    """

    def __init__(self, *, passphrase_file: str | None, passphrase_fd: int | None, stdin_pass: bool) -> None:
        if (passphrase_file is not None) + (passphrase_fd is not None) + stdin_pass > 1:
            raise UsageError("-pwstdin, -passphrase-fd and -passphrase-file exclude each other")
        self._file = passphrase_file
        self._descriptor = 0 if stdin_pass else passphrase_fd
        self._lines: list[str] | None = None

    @property
    def given(self) -> bool:
        """Whether they come from somewhere else than the terminal."""
        return self._file is not None or self._descriptor is not None

    def ask(self, what: str, *, twice: bool = False, prompt: str | None = None) -> str:
        """The next passphrase.

        Args:
            what: it is of, for the terminal: "the key in userkey.pem".
            twice: a new one, which has to be typed twice.
            prompt: what the terminal shows; None: made of `what`.

        Raises:
            UsageError: there is none, or it was not typed the same way twice.
        """
        if not self.given:
            return _at_terminal(what, prompt or f"Pass phrase of {what}: ", twice=twice)
        if self._lines is None:
            self._lines = self._read()
        if not self._lines:
            raise UsageError(f"there is no passphrase in {self._place} for {what}")
        return self._lines.pop(0)

    @property
    def _place(self) -> str:
        if self._file is not None:
            return self._file
        return "standard input" if self._descriptor == 0 else f"descriptor {self._descriptor}"

    def _read(self) -> list[str]:
        source: str | int | None = self._file if self._file is not None else self._descriptor
        assert source is not None  # noqa: S101 - `given`
        try:
            with open(source, "rb", closefd=source != 0) as file:
                content = file.read(MOST)
        except OSError as error:
            error.filename = self._place
            raise
        return content.decode("utf-8", "surrogateescape").splitlines()


def _at_terminal(what: str, prompt: str, *, twice: bool) -> str:
    import getpass

    if not os.path.exists("/dev/tty") or not _has_terminal():
        raise UsageError(
            f"the passphrase of {what} is needed, and there is no terminal to ask at",
            hint="use -passphrase-file, -passphrase-fd or -pwstdin",
        )
    first = getpass.getpass(prompt, sys.stderr)
    if twice and getpass.getpass("The same again: ", sys.stderr) != first:
        raise UsageError("the two passphrases differ")
    return first


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
