"""SOURCE and DESTINATION as they stand on the command line."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass

from globus_hl.gridftp.url import GridFTPURL, InvalidURLError

__all__ = ["STDIO", "Operand", "Pattern", "parse_operand"]

STDIO = "-"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_LAST = re.compile(r"(?:file:|[A-Za-z0-9+.-]+://[^/]*/)(?:.*/)?(?P<name>[^/]*)", re.IGNORECASE | re.DOTALL)
_LITERAL = re.compile("%(?:2A|3F|5B)", re.IGNORECASE)


class Pattern:
    """Wildcards (``*``, ``?``, ``[a-z]``) for the names in a directory, also those with a leading dot."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._match = re.compile(fnmatch.translate(text)).match

    def matches(self, name: str) -> bool:
        """Whether the name fits."""
        return self._match(name) is not None


@dataclass(frozen=True, slots=True)
class Operand:
    """A place to copy from or to.

    Attributes:
        text: as the user wrote it, for messages; without a password.
        url: the file or directory, or None for ``-``. With a pattern: the directory to look in.
        pattern: what to look for, or None.
    """

    text: str
    url: GridFTPURL | None
    pattern: Pattern | None = None

    @property
    def is_stdio(self) -> bool:
        """Whether it is standard input or output."""
        return self.url is None

    @property
    def is_directory(self) -> bool:
        """Whether it ends with a slash, the sign for a directory."""
        return self.url is not None and self.pattern is None and self.url.names_directory


def parse_operand(text: str, *, wildcards: bool = False) -> Operand:
    """Understand what the user wrote: a URL, the path of a local file, or ``-``.

    Args:
        text: the operand.
        wildcards: whether the last component of a URL may be a pattern, in which what is percent-encoded is
            meant literally. A path has no patterns: the shell has seen to them.

    Raises:
        InvalidURLError: it is nothing of that kind.
    """
    if text == STDIO:
        return Operand(text, None)
    if not text:
        raise InvalidURLError(text, "it is empty; write a URL, a path or -")
    if not _URL.match(text):
        return Operand(text, GridFTPURL.from_local(text))
    url = GridFTPURL.parse(text)
    last = _LAST.fullmatch(text) if wildcards else None
    if last is None or not set(last["name"]) & set("*?["):
        return Operand(str(url), url)
    head = text[: last.start("name")]
    quoted = GridFTPURL.parse(head + _LITERAL.sub(r"[\g<0>]", last["name"]))
    return Operand(text, GridFTPURL.parse(head), Pattern(quoted.name))
