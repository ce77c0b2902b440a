"""Grid-mapfiles: which accounts an identity has on this machine."""

from __future__ import annotations

import os
import re

from globus_lowlevel import gsi_sysconfig

from .errors import CredentialFileError, NotMappedError
from .library import start
from .names import Name

__all__ = ["GridMap"]

# A line: the name in quotes, or without blanks in it; then accounts, separated by commas.
_LINE = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>\S+))\s+(?P<accounts>\S.*?)\s*$')
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")


class GridMap:
    """A grid-mapfile. It is read at each look-up: a line that is added counts at once.

    Args:
        path: None: ``GRIDMAP``; else ``/etc/grid-security/grid-mapfile`` for root and ``~/.gridmap`` for others.

    Names are compared as the library does it (see `Name`). Where several lines fit, the first one counts.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        start()
        self.path: str = (
            gsi_sysconfig.globus_gsi_sysconfig_get_gridmap_filename_unix()
            if path is None
            else os.fspath(path)
        )

    def entries(self) -> list[tuple[str, tuple[str, ...]]]:
        """Names and their accounts, in the order of the file.

        Raises:
            CredentialFileError: it cannot be read.
        """
        try:
            with open(self.path, encoding="utf-8", errors="surrogateescape") as file:
                lines = [_LINE.match(line) for line in file if not line.lstrip().startswith("#")]
        except OSError as error:
            raise CredentialFileError(
                f"cannot read the grid-mapfile {self.path}: {error.strerror}",
                path=self.path,
                errno=error.errno,
            ) from error
        return [
            (_name(m), tuple(a for a in m["accounts"].replace(",", " ").split() if a)) for m in lines if m
        ]

    def accounts(self, subject: str | Name) -> tuple[str, ...]:
        """All accounts of an identity, its default one first; none if the file does not name it.

        Args:
            subject: distinguished name of the end entity, or of an independent proxy.

        Raises:
            CredentialFileError: the file cannot be read.
        """
        wanted = _subject(subject)
        for name, accounts in self.entries():
            if name.startswith("/") and Name(name) == wanted:
                return accounts
        return ()

    def account(self, subject: str | Name) -> str:
        """The default account of an identity.

        Raises:
            NotMappedError: the file does not name it.
            CredentialFileError: the file cannot be read.
        """
        found = self.accounts(subject)
        if not found:
            raise NotMappedError(
                f"{subject} is not in the grid-mapfile {self.path}", subject=str(subject), path=self.path
            )
        return found[0]

    def allows(self, subject: str | Name, account: str) -> bool:
        """Whether an identity may use an account."""
        return account in self.accounts(subject)

    def subjects(self, account: str) -> list[str]:
        """The names that may use an account."""
        return [name for name, accounts in self.entries() if account in accounts]

    def __repr__(self) -> str:
        return f"<GridMap {self.path}>"


def _subject(subject: str | Name) -> Name:
    return subject if isinstance(subject, Name) else Name(subject)


def _name(match: re.Match[str]) -> str:
    if match["bare"] is not None:
        return match["bare"]
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], match["quoted"])
