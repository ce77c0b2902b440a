"""The commands of the drivers for files and programs: file, pipe, popen."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable
from typing import Any

from .kinds import BOOL, COUNT, INT, SIZE, TEXTS, choice
from .option import Kind, Option, Options, command

__all__ = ["FileOptions", "FileWhence", "PipeOptions", "PopenOptions"]


class FileWhence(enum.IntEnum):
    """What an offset counts from."""

    SET = os.SEEK_SET
    CURRENT = os.SEEK_CUR
    END = os.SEEK_END


class FileOptions(Options):
    """Commands of the driver file."""

    driver = "file"

    mode = Option(COUNT, "FILE_*_MODE", "Permissions of a file that is made, such as 0o600. Default: 0o644.")
    flags = Option(
        INT,
        "FILE_*_FLAGS",
        "How it is opened: ``os.O_RDONLY``, ``O_WRONLY``, ``O_RDWR``, ``O_CREAT``, ``O_TRUNC``, ...",
    )
    truncate_to = Option(SIZE, "FILE_*_TRUNC_OFFSET", "With ``O_TRUNC``: the size that the file gets.")
    descriptor = Option(
        INT,
        "FILE_*_HANDLE",
        "The file descriptor; setting it uses a file that is open, and closing leaves it so. -1: none.",
        on="attr handle",
        set_on="attr",
    )
    blocking_io = Option(
        BOOL,
        "FILE_*_BLOCKING_IO",
        "Whether blocking calls of the low level wait in the system call itself.",
        on="attr handle",
    )

    @command("FILE_SEEK")
    def seek(self, offset: int, whence: FileWhence | str = FileWhence.SET) -> int:
        """Read and write from there on; returns the offset from the beginning."""
        position: int = self._control("FILE_SEEK", offset, choice(FileWhence).to_c(whence)[0])
        return position


class PipeOptions(Options):
    """Commands of the driver pipe: standard input and output, or two other descriptors."""

    driver = "pipe"

    blocking_io = Option(
        BOOL, "PIPE_SET_BLOCKING_IO", "Whether blocking calls wait in the system call itself."
    )
    input_descriptor = Option(INT, "PIPE_SET_IN_HANDLE", "What is read from. Default: standard input.")
    output_descriptor = Option(INT, "PIPE_SET_OUT_HANDLE", "What is written to. Default: standard output.")


Callback: Kind[Callable[..., Any]] = Kind(
    "a callable of the low level", lambda value: (value,), lambda value: value
)


class PopenOptions(Options):
    """Commands of the driver popen: a program, whose input is written and whose output is read."""

    driver = "popen"

    program = Option(TEXTS, "POPEN_SET_PROGRAM", "Path of the program, and its arguments.")
    pass_environment = Option(BOOL, "POPEN_SET_PASS_ENV", "Whether it gets the environment of this process.")
    before_exec = Option(
        Callback,
        "POPEN_SET_PREEXEC_FUNC",
        "Refused by the low level: Python cannot run between fork and exec.",
    )
    blocking_io = Option(
        BOOL, "POPEN_SET_BLOCKING_IO", "Whether blocking calls wait in the system call itself."
    )
    environment = Option(TEXTS, "POPEN_SET_CHILD_ENV", "``NAME=value``, for the program alone.")
    ignore_errors = Option(
        BOOL, "POPEN_SET_IGNORE_ERRORS", "Whether closing is silent about a program that failed."
    )
