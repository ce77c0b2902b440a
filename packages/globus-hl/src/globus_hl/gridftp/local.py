"""Files on this machine, as ends of a transfer."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from ..errors import GridError

__all__ = ["PartialFile", "naming", "partial_name"]

TOKEN = 4
MAX_NAME = 255


def partial_name(name: str) -> str:
    """The name that a file has while it is incomplete: hidden, in the same directory, and nobody else's."""
    suffix = f".{os.urandom(TOKEN).hex()}.part"
    room = MAX_NAME - 1 - len(suffix)
    return f".{name.encode('utf-8', 'surrogateescape')[:room].decode('utf-8', 'surrogateescape')}{suffix}"


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Errors of the operating system name the file that the user named."""
    try:
        yield
    except OSError as error:
        if error.errno is None or isinstance(error, GridError):
            raise
        raise OSError(error.errno, os.strerror(error.errno), path) from error


class PartialFile:
    """A file to be written that appears under its name only when it is complete.

    What the name stood for before stays in place until then, and its permissions are kept. A device or a
    named pipe is written directly. A symbolic link is followed.

    Attributes:
        descriptor: open for writing until `commit` or `discard`.

    Raises:
        OSError: the directory does not exist, may not be written, and the like.
    """

    def __init__(self, path: str | os.PathLike[str] | bytes) -> None:
        self.path = os.fsdecode(path)
        self._final = os.path.realpath(self.path)
        self._partial: str | None = None
        with naming(self.path):
            self._before = self._look()
            if self._before is not None and not stat.S_ISREG(self._before.st_mode):
                self.descriptor = os.open(self._final, os.O_WRONLY | os.O_CLOEXEC)
            else:
                directory, name = os.path.split(self._final)
                self._partial = os.path.join(directory, partial_name(name))
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
                self.descriptor = os.open(self._partial, flags, 0o666)

    @property
    def seekable(self) -> bool:
        """Whether blocks may be written in any order."""
        return self._partial is not None

    def _look(self) -> os.stat_result | None:
        try:
            return os.stat(self._final)
        except FileNotFoundError:
            return None

    def commit(self) -> None:
        """The file is complete: give it its name."""
        with naming(self.path):
            try:
                if self._partial is not None:
                    if self._before is not None:
                        self._keep_permissions(self._before)
                    os.replace(self._partial, self._final)
                    self._partial = None
            except OSError:
                self.discard()
                raise
            os.close(self.descriptor)

    def _keep_permissions(self, before: os.stat_result) -> None:
        # The owner first: changing it clears the set-user-id bit. Only root can, and not on every file
        # system.
        with contextlib.suppress(PermissionError):
            os.fchown(self.descriptor, before.st_uid, before.st_gid)
        os.fchmod(self.descriptor, stat.S_IMODE(before.st_mode))

    def discard(self) -> None:
        """The file will not be complete: remove what there is."""
        os.close(self.descriptor)
        if self._partial is not None:
            with contextlib.suppress(OSError):  # it is gone, which is what we want, or the directory is
                os.unlink(self._partial)
