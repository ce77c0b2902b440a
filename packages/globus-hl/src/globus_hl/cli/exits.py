"""Exit codes, the same for all commands. Scripts rely on them: a number never gets another meaning."""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import Self

from globus_hl import errors

__all__ = ["Exit", "Terminated", "UsageError", "exit_for"]


class Terminated(BaseException):
    """SIGTERM came."""


class UsageError(errors.GridError, ValueError):
    """Options and operands that do not go together."""


class Exit(IntEnum):
    """What the exit code of a command says; `meaning` is the text of ``-help``."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done"
    FAILED = 1, "failed for a reason not listed here"
    USAGE = 2, "wrong option, operand or URL"
    NOT_FOUND = 3, "no such file or directory"
    NOT_PERMITTED = (
        4,
        "not permitted, or in the way (a directory where a file is needed, a name that is taken)",
    )
    LOGIN_REFUSED = 5, "the server knows you but does not let you in"
    BAD_CREDENTIAL = 6, "your own credential is missing, expired or unusable"
    NOT_TRUSTED = 7, "the server cannot be trusted or does not offer the protection that was asked for"
    NO_CONNECTION = 8, "no connection to the server, or it was lost"
    NO_SPACE = 9, "the disk or quota is full"
    TIMEOUT = 10, "not done in time"
    BUG = 70, "an error in the command itself"
    INTERRUPTED = 130, "interrupted by Ctrl-C (SIGINT)"
    BROKEN_PIPE = 141, "whoever read the output went away (SIGPIPE)"
    TERMINATED = 143, "ended by SIGTERM"


# The first class that fits decides: special ones before general ones.
_BY_CLASS: tuple[tuple[type[BaseException], Exit], ...] = (
    (UsageError, Exit.USAGE),
    (KeyboardInterrupt, Exit.INTERRUPTED),
    (Terminated, Exit.TERMINATED),
    (errors.OperationTimeoutError, Exit.TIMEOUT),
    (errors.LoginRefusedError, Exit.LOGIN_REFUSED),
    (errors.AuthorizationError, Exit.LOGIN_REFUSED),
    (errors.CredentialError, Exit.BAD_CREDENTIAL),
    (errors.AuthenticationError, Exit.NOT_TRUSTED),
    (errors.ProtectionError, Exit.NOT_TRUSTED),
    (errors.NoSpaceError, Exit.NO_SPACE),
    (errors.ConnectError, Exit.NO_CONNECTION),
    (BrokenPipeError, Exit.BROKEN_PIPE),
    (FileNotFoundError, Exit.NOT_FOUND),
    (PermissionError, Exit.NOT_PERMITTED),
    (FileExistsError, Exit.NOT_PERMITTED),
    (IsADirectoryError, Exit.NOT_PERMITTED),
    (NotADirectoryError, Exit.NOT_PERMITTED),
    (TimeoutError, Exit.TIMEOUT),
    (ConnectionError, Exit.NO_CONNECTION),
)

_BY_ERRNO = {
    errno.ENOSPC: Exit.NO_SPACE,
    errno.EDQUOT: Exit.NO_SPACE,
    errno.EFBIG: Exit.NO_SPACE,
    errno.EROFS: Exit.NOT_PERMITTED,
}


def exit_for(error: BaseException) -> Exit:
    """The exit code for what ended a command."""
    from globus_hl.gridftp.url import InvalidURLError

    if isinstance(error, InvalidURLError):
        return Exit.USAGE
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return code
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    return Exit.FAILED if isinstance(error, OSError | errors.GridError) else Exit.BUG
