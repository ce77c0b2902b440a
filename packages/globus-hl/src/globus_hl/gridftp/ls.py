"""One line of ``ls -l``, as the LIST command of FTP servers writes it, or of the DIR of Windows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from .listing import Entry, EntryType, ListingError, join_path, last_component, number, text_of, utc_time

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_UNIX_LINE = re.compile(
    r"""
    (?P<type>[a-zA-Z?-])                                      # - d l b c p s and rarer ones
    (?P<mode>(?:[r-][w-][xsStTlL-]){3})
    [.+@]?                                                    # SELinux context, ACL, extended attributes
    (?P<head>\s.*?)??                                         # links, owner, group: any may be missing
    (?<!\s)\s++(?P<size>\d+,\s*\d+|0x[0-9a-f]+|\d+)           # bytes, or the numbers of a device
    \s++(?:
        (?P<month>[^\W\d]{3,5})\.?\s+(?P<day>\d{1,2})         # Jan 31
        | (?P<day2>\d{1,2})\.?\s+(?P<month2>[^\W\d]{3,5})\.?  # 31 Jan
        | (?P<date>\d{4}-\d\d-\d\d)                           # 2024-01-31
    )\s+(?:
        (?P<year>\d{4})
        | (?P<hour>\d{1,2}):(?P<minute>\d\d)
          (?: :(?P<second>\d\d)(?:\.\d+)?                     # full times have a year (BSD) or a zone (GNU)
              (?:\s(?P<year2>\d{4})(?=\s)|\s(?P<zone>[+-]\d{4})(?=\s))? )?
    )
    \s(?P<name>.+)                                            # one space: more of them belong to the name
    """,
    re.VERBOSE | re.DOTALL,
)

_DOS_LINE = re.compile(
    r"""
    (?:(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d\d(?:\d\d)?)|(?P<date>\d{4}-\d\d-\d\d))
    \s+(?P<hour>\d\d?):(?P<minute>\d\d)\s?(?P<half>[AP]M)?
    \s+(?:(?P<special><[A-Z]+>)\s+|(?P<size>[\d,.]+)\s)(?P<name>\S.*)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_HEADING = re.compile(r"total\s+[\d.,]+\s?[a-z]*|ls: .*|", re.IGNORECASE)


def parse_line(line: bytes, now: datetime, directory: str) -> Entry | None:
    """The entry in one line of a LIST listing, or None for a heading such as ``total 16``.

    See :func:`globus_hl.gridftp.listing.parse_list`.
    """
    text = text_of(line)
    if unix := _UNIX_LINE.fullmatch(text):
        return _unix_entry(unix, now, directory)
    if dos := _DOS_LINE.fullmatch(text):
        return _dos_entry(dos, now, directory)
    if _HEADING.fullmatch(text.strip()):
        return None
    raise ListingError("LIST", line)


def _unix_entry(line: re.Match[str], now: datetime, directory: str) -> Entry:
    types: dict[str, EntryType] = {"-": "file", "d": "dir", "l": "link"}
    kind = types.get(line["type"], "other")
    size = number(line["size"])
    name, target = _split_link(line["name"], size) if kind == "link" else (line["name"], None)
    owner, group = _owners(line["head"] or "")
    return Entry(
        name=last_component(name),
        path=join_path(directory, name),
        type=kind,
        size=size if kind in ("file", "dir", "link") else None,
        mtime=_unix_time(line, now),
        mode=_mode(line["mode"]),
        owner=owner,
        group=group,
        target=target,
    )


def _dos_entry(line: re.Match[str], now: datetime, directory: str) -> Entry:
    if line["date"]:
        year, month, day = map(int, line["date"].split("-"))
    else:
        month, day, year = int(line["month"]), int(line["day"]), int(line["year"])
        year += 0 if year > 99 else 2000 if year < 70 else 1900
    hour = int(line["hour"])
    if line["half"]:
        hour = hour % 12 + (12 if line["half"].upper() == "PM" else 0)
    special = (line["special"] or "").upper()
    name, target = line["name"], None
    if special not in ("", "<DIR>") and (link := re.fullmatch(r"(.*) \[(.*)\]", name)):
        name, target = link.groups()  # <SYMLINK>, <SYMLINKD>, <JUNCTION>
    return Entry(
        name=last_component(name),
        path=join_path(directory, name),
        type="file" if not special else "dir" if special == "<DIR>" else "link",
        size=number(re.sub("[,.]", "", line["size"])) if line["size"] else None,
        mtime=utc_time(year, month, day, hour, int(line["minute"]), zone=now),
        target=target,
    )


def _split_link(text: str, size: int | None) -> tuple[str, str | None]:
    """Name and target of ``name -> target``.

    Of several arrows, the size of the link tells which one it is: it is the length of the target.
    """
    splits = [(text[: arrow.start()], text[arrow.end() :]) for arrow in re.finditer(r"(?<=.) -> (?=.)", text)]
    if not splits:
        return text, None
    for name, target in splits:
        if len(target.encode("utf-8", "surrogateescape")) == size:
            return name, target
    return splits[0]


def _owners(head: str) -> tuple[str | None, str | None]:
    """Owner and group of what stands between the mode and the size, where any column may be blank."""
    links = re.match(r"\s*\d+(?=\s|$)", head)
    rest = head[links.end() :] if links else head
    words = rest.split()
    if len(words) == 1:
        # The owner's column starts one space after the number of links: if it is empty, this is the group.
        is_group = links is not None and len(rest) - len(rest.lstrip()) > 1
        return (None, words[0]) if is_group else (words[0], None)
    return (words[0], " ".join(words[1:])) if words else (None, None)


def _mode(letters: str) -> int:
    """``rwxr-sr-x`` as permission bits."""
    mode = 0
    for index, letter in enumerate(letters):
        if letter in "rwxst":
            mode |= 0o400 >> index
        if letter in "sStTlL":
            mode |= (0o4000, 0o2000, 0o1000)[index // 3]
    return mode


def _unix_time(line: re.Match[str], now: datetime) -> datetime | None:
    if line["date"]:
        year, month, day = map(int, line["date"].split("-"))
    else:
        name = (line["month"] or line["month2"]).lower()[:3]
        month = _MONTHS.index(name) + 1 if name in _MONTHS else 0  # 0, in another language: no time
        day = int(line["day"] or line["day2"])
        year = int(line["year"] or line["year2"] or 0)
    clock = [int(line[part] or 0) for part in ("hour", "minute", "second")]
    if line["zone"]:
        now = datetime.strptime(line["zone"], "%z")
    if year:
        return utc_time(year, month, day, *clock, zone=now)
    # A day of grace, for clocks that differ and unknown zones; eight years back, for the 29th of February.
    for candidate in range(now.year + 1, now.year - 9, -1):
        time = utc_time(candidate, month, day, *clock, zone=now)
        if time is not None and time <= now + timedelta(days=1):
            return time
    return None
