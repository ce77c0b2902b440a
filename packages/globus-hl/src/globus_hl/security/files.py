"""Files with private keys: read only if they are safe, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat

from .errors import CredentialFileError, UnsafePermissionsError

__all__ = ["read", "read_private", "write_private"]


def read(path: str) -> bytes:
    """The contents of a file.

    Raises:
        CredentialFileError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise _failure("read", path, error) from error


def read_private(path: str) -> bytes:
    """The contents of a file that nobody but its owner, who is us, may read.

    Raises:
        CredentialFileError: it cannot be read.
        UnsafePermissionsError: others may read it, or it is not ours.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read()
    except OSError as error:
        raise _failure("read", path, error) from error
    if status.st_uid != os.geteuid():
        raise UnsafePermissionsError(f"{path} belongs to user {status.st_uid}, not to us", path=path)
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        raise UnsafePermissionsError(
            f"others have access to the private key in {path} (mode {mode:o})", path=path
        )
    return content


def write_private(path: str, content: bytes) -> None:
    """Replace a file, at once: whoever opens it sees the old contents or all of the new. Mode 0600 from the beginning.

    Raises:
        CredentialFileError: it cannot be written; the old file is as it was, and nothing is left beside it.
    """
    directory, name = os.path.split(path)
    draft = os.path.join(directory, f".{name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft)
            raise
    except OSError as error:
        raise _failure("write", path, error) from error


def _failure(what: str, path: str, error: OSError) -> CredentialFileError:
    return CredentialFileError(f"cannot {what} {path}: {error.strerror}", path=path, errno=error.errno)
