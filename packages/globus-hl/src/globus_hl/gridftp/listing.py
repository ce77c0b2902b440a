"""Directory entries, and the listings of FTP servers they are read from.

MLSD and MLST (RFC 3659) were made for programs: every fact has a name, times are UTC. GridFTP servers add the
facts ``UNIX.mode``, ``UNIX.owner``, ``UNIX.group`` and, for symbolic links, ``UNIX.slink``. LIST was made for
people and has no standard: :func:`parse_list` knows what ``ls -l`` writes on the systems that serve files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias
from urllib.parse import unquote_to_bytes

from globus_hl.errors import GridError

__all__ = ["Entry", "EntryType", "ListingError", "parse_list", "parse_mlsd", "parse_mlsx"]

EntryType: TypeAlias = Literal["file", "dir", "link", "other"]

# cdir and pdir are the listed directory and its parent
_TYPES: dict[str, EntryType] = {"file": "file", "dir": "dir", "cdir": "dir", "pdir": "dir", "slink": "link"}


class ListingError(GridError, ValueError):
    """A line of a listing makes no sense. Guessing could lose a file, so the whole listing is refused.

    Attributes:
        line: the line, as the server sent it.
    """

    def __init__(self, kind: str, line: bytes) -> None:
        super().__init__(
            f"the server sent a {kind} line that cannot be read: {line[:200]!r}",
            hint="report it, with the make of the server",
        )
        self.kind = kind
        self.line = line

    def __reduce__(self) -> tuple[type[ListingError], tuple[str, bytes]]:
        return type(self), (self.kind, self.line)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, directory or something else in a directory of a server.

    Text is ``str``; bytes that are not UTF-8 are surrogate escapes: a name goes back to the server unchanged.

    Attributes:
        name: the last component of the path; never has a slash, unless it is the root directory ``/`` itself.
        path: the name with the directory it is in.
        type: ``"file"``, ``"dir"``, ``"link"`` for a symbolic link that the server does not follow, or
            ``"other"`` (device, pipe, socket). GridFTP servers follow links: then type, size and all else are
            the target's.
        size: bytes, or None when the server does not tell.
        mtime: last modification in UTC, or None. From LIST it is a guess: see :func:`parse_list`.
        mode: permission bits such as ``0o644``, or None.
        owner: account name, or number as text, or None.
        group: group name, or number as text, or None.
        unique: text that is the same for two names of one file, or None.
        target: what a symbolic link points to, else None.
        facts: all facts of an MLSx line as they were sent, their names in lower case.
    """

    name: str
    path: str
    type: EntryType
    size: int | None = None
    mtime: datetime | None = None
    mode: int | None = None
    owner: str | None = None
    group: str | None = None
    unique: str | None = None
    target: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, or a link that the server has followed to one."""
        return self.type == "file"

    @property
    def is_dir(self) -> bool:
        """Whether it is a directory, or a link that the server has followed to one."""
        return self.type == "dir"

    @property
    def is_link(self) -> bool:
        """Whether the name is a symbolic link, followed or not."""
        return self.type == "link" or self.target is not None

    @property
    def is_dot(self) -> bool:
        """Whether it stands for the listed directory itself or for its parent."""
        return self.name in (".", "..") or self.facts.get("type", "").lower() in ("cdir", "pdir")


# ---- MLSD and MLST ----------------------------------------------------------------------------------------


def parse_mlsd(listing: bytes, directory: str = "") -> list[Entry]:
    """The entries of an MLSD listing, in the server's order; ``.`` and ``..`` too if the server has them.

    Args:
        listing: everything that came through the data channel.
        directory: path that was listed; goes into `Entry.path`.

    Raises:
        ListingError: a line has no name.
    """
    return [parse_mlsx(line, directory) for line in _lines(listing)]


def parse_mlsx(line: bytes, directory: str = "") -> Entry:
    """One line of an MLSD listing, or of an MLST reply without the space in front (RFC 3659, section 7.2).

    Args:
        line: ``facts SPACE name``, with or without the line break; spaces in the name belong to it.
        directory: path that was listed; goes into `Entry.path` unless the line has a path of its own (MLST).

    Raises:
        ListingError: the line has no name.

    >>> entry = parse_mlsx(b"Type=file;Size=10;Modify=20010909014640;UNIX.mode=0644; a b", "/data")
    >>> entry.path, entry.size, oct(entry.mode), entry.mtime.isoformat()
    ('/data/a b', 10, '0o644', '2001-09-09T01:46:40+00:00')
    """
    fact_text, space, path = text_of(line.rstrip(b"\r\n")).partition(" ")
    if not space or not path:
        raise ListingError("MLSx", line)
    facts = _facts(fact_text)
    kind, target = _mlsx_type(facts.get("type", ""))
    if "unix.slink" in facts:
        target = _decoded(facts["unix.slink"])
    return Entry(
        name=last_component(path),
        path=join_path(directory, path),
        type=kind,
        size=number(facts.get("size") or facts.get("sizd")),
        mtime=_mlsx_time(facts.get("modify", "")),
        mode=_octal(facts.get("unix.mode")),
        owner=_first(facts, "unix.owner", "unix.ownername", "unix.uid"),
        group=_first(facts, "unix.group", "unix.groupname", "unix.gid"),
        unique=facts.get("unique"),
        target=target,
        facts=facts,
    )


def _facts(text: str) -> dict[str, str]:
    # The last fact may lack its semicolon (an old draft, ncftpd); what is not name=value is no fact.
    pairs = (fact.partition("=") for fact in text.split(";"))
    return {name.lower(): value for name, equals, value in pairs if equals}


def _mlsx_type(fact: str) -> tuple[EntryType, str | None]:
    """The type, and the link target which some servers (ProFTPD) put into this fact."""
    system, _, kind = fact.partition("=")
    if system.lower() in ("os.unix", "os.unix-compat"):
        kind, colon, target = kind.partition(":")
        is_link = kind.lower() in ("slink", "symlink")
        return ("link", target if colon else None) if is_link else ("other", None)
    return _TYPES.get(fact.lower(), "other"), None


def _mlsx_time(fact: str) -> datetime | None:
    """``YYYYMMDDhhmmss`` with or without a fraction; None for anything else."""
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?", fact, re.ASCII)
    if match is None:
        return None
    *parts, second = map(int, match.groups()[:6])
    microsecond = int((match[7] or "0")[:6].ljust(6, "0"))
    return utc_time(*parts, min(second, 59), microsecond)  # 60 is a leap second, which Python has none of


def _first(facts: Mapping[str, str], *names: str) -> str | None:
    for name in names:
        if facts.get(name):
            return _decoded(facts[name])
    return None


def _decoded(fact: str) -> str:
    """GridFTP servers percent-encode what may have a space or semicolon in it."""
    return text_of(unquote_to_bytes(fact.encode("utf-8", "surrogateescape")))


# ---- LIST -------------------------------------------------------------------------------------------------


def parse_list(listing: bytes, now: datetime | None = None, directory: str = "") -> list[Entry]:
    """The entries of a LIST listing, in the server's order; ``.`` and ``..`` too if the server has them.

    Understands what GNU, BSD and other Unix systems, GridFTP servers and dCache write (any of link count,
    owner and group may be missing), and the DIR style of Windows.

    Times are a guess. A listing names no time zone: UTC is assumed, or the zone of `now`. Where it names no
    year, it is the last one that does not put the file more than a day into the future; GridFTP servers never
    name it.

    Args:
        listing: everything that came through the data channel.
        now: what the time is, with a time zone; default: the present.
        directory: path that was listed; goes into `Entry.path`.

    Raises:
        ListingError: a line is neither an entry nor one of the known headings.
    """
    from .ls import parse_line  # the patterns are compiled for the few servers that need them

    now = datetime.now(UTC) if now is None else now
    if now.tzinfo is None:
        raise ValueError("parse_list: now must have a time zone")
    entries = (parse_line(line, now, directory) for line in _lines(listing))
    return [entry for entry in entries if entry is not None]


# ---- shared -----------------------------------------------------------------------------------------------


def _lines(listing: bytes) -> Iterator[bytes]:
    # Not splitlines(): a name may have other control characters. GridFTP servers send CR CR LF in ASCII mode.
    return (line for raw in listing.split(b"\n") if (line := raw.rstrip(b"\r")))


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def last_component(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path[:1]


def join_path(directory: str, path: str) -> str:
    if path.startswith("/") or not directory:
        return path
    return f"{directory.rstrip('/')}/{path}"


def number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 25 else None


def _octal(text: str | None) -> int | None:
    return int(text, 8) & 0o7777 if text and re.fullmatch("[0-7]{1,12}", text) else None


def utc_time(*parts: int, zone: datetime | None = None) -> datetime | None:
    """A time in UTC, or None where there is no such day or hour."""
    try:
        return datetime(*parts, tzinfo=zone.tzinfo if zone else UTC).astimezone(UTC)  # type: ignore[arg-type,misc]
    except (ValueError, OverflowError):
        return None
