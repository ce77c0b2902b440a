"""Listings: tables of what servers are known to send, a real server, the real ``ls``, and anything at all."""

from __future__ import annotations

import contextlib
import ftplib
import os
import pickle
import re
import stat
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from globus_hl.gridftp.listing import Entry, ListingError, parse_list, parse_mlsd, parse_mlsx
from globus_hl.testgrid import GridFTPServer

NOW = datetime(2024, 7, 15, 12, 0, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def one(line: bytes | str, now: datetime = NOW) -> Entry:
    [entry] = parse_list(line.encode() if isinstance(line, str) else line, now)
    return entry


# ---- MLSx -------------------------------------------------------------------------------------------------


def test_mlsx_facts_of_gridftp() -> None:
    entry = parse_mlsx(
        b"Type=file;Modify=20010909014640;Size=10;Perm=awr;UNIX.mode=4755;UNIX.owner=data%20base;UNIX.uid=7;"
        b"UNIX.group=users;UNIX.gid=8;Unique=fe00-216703;UNIX.slink=/data/a%20b%3B%25; link\r\n",
        "/data/",
    )
    assert entry == Entry(
        name="link",
        path="/data/link",
        type="file",
        size=10,
        mtime=utc(2001, 9, 9, 1, 46, 40),
        mode=0o4755,
        owner="data base",
        group="users",
        unique="fe00-216703",
        target="/data/a b;%",
    )
    assert entry.is_file
    assert entry.is_link
    assert entry.facts["perm"] == "awr"
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert len({entry, entry}) == 1


@pytest.mark.parametrize(
    ("line", "type_", "target"),
    [
        (b"Type=file; a", "file", None),
        (b"TYPE=Dir; a", "dir", None),
        (b"type=cdir; .", "dir", None),
        (b"type=pdir; ..", "dir", None),
        (b"Type=slink; a", "link", None),
        (b"Type=OS.unix=slink; a", "link", None),
        (b"Type=OS.unix=symlink; a", "link", None),
        (b"Type=OS.unix=slink:/x=y:z; a", "link", "/x=y:z"),
        (b"Type=OS.UNIX=symlink:../b; a", "link", "../b"),
        (b"Type=OS.unix=chr; a", "other", None),
        (b"Type=OS.unix=pipe; a", "other", None),
        (b"Type=OS.unix-blk; a", "other", None),
        (b"Size=1; a", "other", None),
        (b" a", "other", None),
    ],
)
def test_mlsx_type(line: bytes, type_: str, target: str | None) -> None:
    entry = parse_mlsx(line)
    assert (entry.type, entry.target) == (type_, target)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"Size=1;  two leading", " two leading"),
        (b"Size=1; trailing ", "trailing "),
        (b"Size=1; ; x=y; z", "; x=y; z"),
        (b"Size=1; tab\there", "tab\there"),
        (b"Size=1; percent%41", "percent%41"),
        (b"Size=1; caf\xc3\xa9", "café"),
        (b"Size=1; caf\xe9", "caf\udce9"),
        (b"Size=1; line\rbreak\x0b\x85", "line\rbreak\x0b\udc85"),
        (b"Size=1; a\r\r\n", "a"),
        (b"Size=1 no semicolon", "no semicolon"),
        (b"Size=1;nonsense;=; a", "a"),
        (b" no facts", "no facts"),
    ],
)
def test_mlsx_name(line: bytes, name: str) -> None:
    entry = parse_mlsx(line)
    assert entry.name == entry.path == name
    assert entry.name.encode("utf-8", "surrogateescape") in line


@pytest.mark.parametrize(
    ("facts", "field", "value"),
    [
        ("Modify=20240229235960", "mtime", utc(2024, 2, 29, 23, 59, 59)),
        ("Modify=20240229120000.25", "mtime", utc(2024, 2, 29, 12, 0, 0, 250000)),
        ("Modify=20230229120000", "mtime", None),
        ("Modify=19700101000000", "mtime", utc(1970, 1, 1)),
        ("Modify=99999999999999", "mtime", None),
        ("Modify=", "mtime", None),
        ("Modify=2024-01-01", "mtime", None),
        ("Size=18446744073709551616", "size", 2**64),
        ("Size=-1", "size", None),
        ("Size=²", "size", None),
        ("Size=" + "9" * 5000, "size", None),
        ("Sizd=4096", "size", 4096),
        ("UNIX.mode=0644", "mode", 0o644),
        ("UNIX.mode=100644", "mode", 0o644),
        ("UNIX.mode=0999", "mode", None),
        ("UNIX.uid=12345", "owner", "12345"),
        ("UNIX.ownername=bob", "owner", "bob"),
        ("UNIX.groupname=users", "group", "users"),
        ("UNIX.owner=;UNIX.uid=3", "owner", "3"),
    ],
)
def test_mlsx_value(facts: str, field: str, value: object) -> None:
    assert getattr(parse_mlsx(f"{facts}; a".encode()), field) == value


def test_mlst_has_a_path() -> None:
    entry = parse_mlsx(b"Type=dir; /data/a b/", "/ignored")
    assert (entry.name, entry.path) == ("a b", "/data/a b/")
    assert parse_mlsx(b"Type=dir; /").name == "/"


@pytest.mark.parametrize("line", [b"", b"Type=file;", b"Type=file; ", b"Type=file;\r\n", b" \r\n"])
def test_mlsx_without_a_name(line: bytes) -> None:
    with pytest.raises(ListingError) as caught:
        parse_mlsx(line)
    assert repr(line) in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).line == line


facts_names = st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,9}", fullmatch=True)
fact_values = st.from_regex(r"[!-:<-~]{0,12}", fullmatch=True)
file_names = st.binary(min_size=1, max_size=30).map(lambda b: re.sub(rb"[\0\r\n/]", b"_", b))


@given(st.dictionaries(facts_names, fact_values, max_size=6), file_names)
def test_mlsx_loses_nothing(facts: dict[str, str], name: bytes) -> None:
    line = "".join(f"{fact}={value};" for fact, value in facts.items()).encode() + b" " + name + b"\r\n"
    entry = parse_mlsx(line, "/d")
    assert os.fsencode(entry.name) == name
    assert os.fsencode(entry.path) == b"/d/" + name
    assert entry.facts == {fact.lower(): value for fact, value in facts.items()}


@given(st.binary())
@example(b"Type=OS.unix=slink:%zz;UNIX.slink=%;UNIX.mode=; x")
def test_any_bytes_are_entries_or_a_listing_error(listing: bytes) -> None:
    for parse in (parse_mlsd, lambda data: parse_list(data, NOW)):
        with contextlib.suppress(ListingError):
            for entry in parse(listing):
                assert entry.name
                assert "/" not in entry.name or entry.name == "/"


# ---- LIST -------------------------------------------------------------------------------------------------

UNIX_LINES = [
    # GNU, old file: its year in place of the time
    (
        "-rw-r--r-- 1 root users 12345 Jan  2  2020 a",
        "file a",
        0o644,
        "root",
        "users",
        12345,
        utc(2020, 1, 2),
    ),
    # GridFTP server: columns aligned to the right, and always a time
    (
        "-rw-r--r--   1     root     root           10 Sep  9 01:46 a b",
        *("file a b", 0o644, "root", "root", 10, utc(2023, 9, 9, 1, 46)),
    ),
    (
        "drwxr-xr-x+ 2 1000 1000 4096 Jul 15 11:59 sub",
        "dir sub",
        0o755,
        "1000",
        "1000",
        4096,
        utc(2024, 7, 15, 11, 59),
    ),
    ("-rw-r--r--. 1 a b 0 Jul 16 11:59 x", "file x", 0o644, "a", "b", 0, utc(2024, 7, 16, 11, 59)),
    ("-rw-r--r--@ 1 a b 0 Jul 16 12:01 x", "file x", 0o644, "a", "b", 0, utc(2023, 7, 16, 12, 1)),
    # setuid, setgid, sticky; small letters have execute as well
    ("-rwsr-Sr-T 1 a b 0 Jan  1  2020 x", "file x", 0o7744, "a", "b", 0, utc(2020, 1, 1)),
    ("drwxrwxrwt 1 a b 0 Jan  1  2020 tmp", "dir tmp", 0o1777, "a", "b", 0, utc(2020, 1, 1)),
    # devices have two numbers and no size
    (
        "brw-rw---- 1 root disk 8, 0 Jan  1  2020 sda",
        "other sda",
        0o660,
        "root",
        "disk",
        None,
        utc(2020, 1, 1),
    ),
    (
        "crw-rw-rw- 1 root root 1,3 Jan  1  2020 null",
        "other null",
        0o666,
        "root",
        "root",
        None,
        utc(2020, 1, 1),
    ),
    ("prw-r--r-- 1 a b 0 Jan  1  2020 fifo", "other fifo", 0o644, "a", "b", None, utc(2020, 1, 1)),
    ("srwxr-xr-x 1 a b 0 Jan  1  2020 sock", "other sock", 0o755, "a", "b", None, utc(2020, 1, 1)),
    ("Drwxr-xr-x 1 a b 0 Jan  1  2020 door", "other door", 0o755, "a", "b", None, utc(2020, 1, 1)),
    # columns that may be missing or blank
    ("-rw-r--r-- 1 root 12 Jan  1  2020 x", "file x", 0o644, "root", None, 12, utc(2020, 1, 1)),
    ("-rw-r--r-- 1          users 12 Jan  1  2020 x", "file x", 0o644, None, "users", 12, utc(2020, 1, 1)),
    ("-rw-r--r-- 1 12 Jan  1  2020 x", "file x", 0o644, None, None, 12, utc(2020, 1, 1)),
    ("-rw-r--r-- 12 Jan  1  2020 x", "file x", 0o644, None, None, 12, utc(2020, 1, 1)),
    ("-rw-r--r-- root users 12 Jan  1  2020 x", "file x", 0o644, "root", "users", 12, utc(2020, 1, 1)),
    (
        "-rw-r--r-- 1 bob Domain Users 12 Jan  1  2020 x",
        "file x",
        0o644,
        "bob",
        "Domain Users",
        12,
        utc(2020, 1, 1),
    ),
    # other orders and styles of the date
    ("-rw-r--r-- 1 a b 5 31 Jan 2020 x", "file x", 0o644, "a", "b", 5, utc(2020, 1, 31)),
    ("-rw-r--r-- 1 a b 5 31. Jan 10:11 x", "file x", 0o644, "a", "b", 5, utc(2024, 1, 31, 10, 11)),
    ("-rw-r--r-- 1 a b 5 2020-01-31 10:11 x", "file x", 0o644, "a", "b", 5, utc(2020, 1, 31, 10, 11)),
    (
        "-rw-r--r-- 1 a b 5 2020-01-31 10:11:12.123456789 +0200 x",
        *("file x", 0o644, "a", "b", 5, utc(2020, 1, 31, 8, 11, 12)),
    ),
    (
        "-rw-r--r--  1 a  b  5 Jan 31 10:11:12 2020 x",
        "file x",
        0o644,
        "a",
        "b",
        5,
        utc(2020, 1, 31, 10, 11, 12),
    ),
    ("-rw-r--r-- 1 a b 5 Févr. 3 10:11 x", "file x", 0o644, "a", "b", 5, None),
    # names that look like something else
    (
        "-rw-r--r-- 1 a b 5 Jan  1  2020  lead trail ",
        "file  lead trail ",
        0o644,
        "a",
        "b",
        5,
        utc(2020, 1, 1),
    ),
    ("-rw-r--r-- 1 a b 5 Jan  1 10:11 2020 x", "file 2020 x", 0o644, "a", "b", 5, utc(2024, 1, 1, 10, 11)),
    (
        "-rw-r--r-- 1 a b 5 Jan  1  2020 7 Jan  2  2021 y",
        "file 7 Jan  2  2021 y",
        0o644,
        "a",
        "b",
        5,
        utc(2020, 1, 1),
    ),
    ("-rw-r--r-- 1 a b 5 Jan  1  2020 a -> b", "file a -> b", 0o644, "a", "b", 5, utc(2020, 1, 1)),
    ("-rw-r--r-- 1 a b 5 Jan  1  2020 total 16", "file total 16", 0o644, "a", "b", 5, utc(2020, 1, 1)),
]


@pytest.mark.parametrize(("line", "what", "mode", "owner", "group", "size", "mtime"), UNIX_LINES)
def test_unix_line(line, what, mode, owner, group, size, mtime) -> None:
    type_, name = what.split(" ", 1)
    assert one(line) == Entry(name, name, type_, size, mtime, mode, owner, group)


@pytest.mark.parametrize(
    ("now", "when", "mtime"),
    [
        (utc(2024, 1, 1, 0, 5), "Dec 31 23:59", utc(2023, 12, 31, 23, 59)),
        (utc(2023, 12, 31, 23, 0), "Jan  1 05:00", utc(2024, 1, 1, 5)),  # the server's clock is ahead of ours
        (utc(2023, 3, 1), "Feb 29 12:00", utc(2020, 2, 29, 12)),
        (utc(2024, 2, 29), "Feb 29 00:00", utc(2024, 2, 29)),
        (utc(2024, 7, 15), "Jul 17 00:00", utc(2023, 7, 17)),
        (datetime(2024, 7, 15, tzinfo=timezone(timedelta(hours=2))), "Jul 14 10:00", utc(2024, 7, 14, 8)),
        (utc(2024, 7, 15), "Jul 32 00:00", None),
        (utc(2024, 7, 15), "Jul  1 25:00", None),
    ],
)
def test_year_that_is_not_named(now: datetime, when: str, mtime: datetime | None) -> None:
    assert one(f"-rw-r--r-- 1 a b 5 {when} x", now).mtime == mtime


def test_now_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        parse_list(b"", datetime(2024, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("size", "text", "name", "target"),
    [
        (7, "link -> nowhere", "link", "nowhere"),
        (7, "a -> b -> nowhere", "a -> b", "nowhere"),
        (12, "a -> b -> nowhere", "a", "b -> nowhere"),
        (0, "a -> b -> nowhere", "a", "b -> nowhere"),
        (5, "caf\udce9 -> caf\u00e9", "caf\udce9", "café"),
        (7, "no target", "no target", None),
        (7, " -> x -> nowhere", " -> x", "nowhere"),
    ],
)
def test_symbolic_link(size: int, text: str, name: str, target: str) -> None:
    entry = one(f"lrwxrwxrwx 1 a b {size} Jan  1  2020 {text}".encode("utf-8", "surrogateescape"))
    assert (entry.type, entry.name, entry.target, entry.is_link) == ("link", name, target, True)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            "02-23-05  09:25AM       <DIR>          My Files",
            ("My Files", "dir", None, utc(2005, 2, 23, 9, 25)),
        ),
        ("02-23-1999  12:25AM                1234 a.txt", ("a.txt", "file", 1234, utc(1999, 2, 23, 0, 25))),
        ("02-23-98  12:05PM            1,234,567 a b", ("a b", "file", 1234567, utc(1998, 2, 23, 12, 5))),
        ("2015-10-19  15:59 <DIR>  sub", ("sub", "dir", None, utc(2015, 10, 19, 15, 59))),
        ("10-19-15  03:59PM <JUNCTION> all [C:\\Users]", ("all", "link", None, utc(2015, 10, 19, 15, 59))),
    ],
)
def test_windows_line(line: str, entry: tuple[str, str, int | None, datetime]) -> None:
    parsed = one(line)
    assert (parsed.name, parsed.type, parsed.size, parsed.mtime) == entry
    assert parsed.target == ("C:\\Users" if parsed.type == "link" else None)


def test_headings_are_no_entries() -> None:
    listing = b"total 16\r\n\r\nls: lost+found: Permission denied\r\n-rw-r--r-- 1 a b 5 Jan  1  2020 x\r\r\n"
    assert [entry.path for entry in parse_list(listing, NOW, "/data/")] == ["/data/x"]
    assert parse_list(b"", NOW) == []


@pytest.mark.parametrize(
    "line", [b"hello", b"-rw-r--r-- 1 a b", b"-rw-r--r-- 1 a b 5 Jan 1 2020", b"+i8388621.29609,/,\tdev"]
)
def test_line_that_makes_no_sense(line: bytes) -> None:
    with pytest.raises(ListingError) as caught:
        parse_list(b"total 1\n" + line, NOW)
    assert caught.value.line == line


def test_hostile_line_does_not_take_forever() -> None:
    for line in (
        b"-rw-r--r--" + b" " * 20000,
        b"-rw-r--r-- " + b"1 " * 10000,
        b"-rw-r--r-- " + b"1 Jan " * 5000,
    ):
        with pytest.raises(ListingError):  # the timeout of the test is the assertion
            parse_list(line, NOW)


# ---- the real ls ------------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """All that a directory can hold, with names made to confuse."""
    make_tree(tmp_path)
    return tmp_path


def make_tree(root: Path) -> None:
    for number, name in enumerate(
        [b"plain", b"a b", b" lead", b"trail ", b"; x=y", b"-> x", b"caf\xe9", b"%41"]
    ):
        path = os.fsencode(root) + b"/" + name
        Path(os.fsdecode(path)).write_bytes(b"x" * number)
        os.utime(path, (0, 1_000_000_000 + 86_400 * number))
    (root / "plain").chmod(0o4751)
    (root / "sub").mkdir()
    (root / "sub").chmod(0o1777)
    os.mkfifo(root / "fifo")
    (root / "link").symlink_to("a b")
    (root / "l -> m").symlink_to("sub -> x")


LS_STYLES = {
    "plain": ["-l"],
    "all": ["-la"],
    "numbers": ["-ln"],
    "no group": ["-lo"],
    "no owner": ["-lg"],
    "long iso": ["-l", "--time-style=long-iso"],
    "full iso": ["-l", "--time-style=full-iso"],
    "no order": ["-lU"],
}


@pytest.mark.parametrize("style", LS_STYLES)
def test_ls(directory: Path, style: str) -> None:
    options = LS_STYLES[style]
    output = subprocess.run(
        ["ls", "-N", *options, "."],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        check=True,
    ).stdout
    entries = {entry.name: entry for entry in parse_list(output) if not entry.is_dot}
    assert set(entries) == set(os.listdir(directory))
    for name, entry in entries.items():
        status = (directory / name).lstat()
        assert entry.mode == stat.S_IMODE(status.st_mode)
        assert entry.size == (None if name == "fifo" else status.st_size)
        assert entry.target == (os.readlink(directory / name) if entry.is_link else None)
        exactness = timedelta(days=1) if "iso" not in style else timedelta(minutes=1)
        assert abs(entry.mtime - datetime.fromtimestamp(status.st_mtime, UTC)) < exactness


# ---- a real server ----------------------------------------------------------------------------------------


@pytest.fixture
def served(anonymous_server: GridFTPServer, request: pytest.FixtureRequest) -> Path:
    root = anonymous_server.root / re.sub(r"\W", "_", request.node.name)
    root.mkdir()
    make_tree(root)
    return root


def raw_listing(server: GridFTPServer, command: str) -> bytes:
    """What the server sends through the data channel, or in reply to MLST."""
    with ftplib.FTP(timeout=20, encoding="utf-8") as ftp:
        ftp.connect("127.0.0.1", server.port)
        ftp.login()
        if command.startswith("MLST"):
            return ftp.sendcmd(command).splitlines()[1][1:].encode()
        chunks: list[bytes] = []
        ftp.retrbinary(command, chunks.append)
        return b"".join(chunks)


FOLLOWED = {"l -> m"}  # a link to nowhere: the server leaves it out


def test_mlsd_of_a_gridftp_server(anonymous_server: GridFTPServer, served: Path) -> None:
    entries = {
        entry.name: entry
        for entry in parse_mlsd(raw_listing(anonymous_server, f"MLSD {served}"), str(served))
        if not entry.is_dot
    }
    assert set(entries) == set(os.listdir(served)) - FOLLOWED
    for name, entry in entries.items():
        status = (served / name).stat()
        assert entry.path == f"{served}/{name}"
        assert entry.type == {"sub": "dir", "fifo": "other"}.get(name, "file")
        assert (entry.size, entry.mode) == (status.st_size, stat.S_IMODE(status.st_mode))
        assert entry.mtime == datetime.fromtimestamp(int(status.st_mtime), UTC)
        assert entry.owner == (served / name).owner()
        assert entry.group == (served / name).group()
    assert entries["link"].target == f"{served}/a b"
    assert entries["link"].unique == entries["a b"].unique != entries["plain"].unique


def test_mlst_of_a_gridftp_server(anonymous_server: GridFTPServer, served: Path) -> None:
    entry = parse_mlsx(raw_listing(anonymous_server, f"MLST {served}/a b"))
    assert (entry.name, entry.path, entry.type, entry.size) == ("a b", f"{served}/a b", "file", 1)


def test_list_of_a_gridftp_server(anonymous_server: GridFTPServer, served: Path) -> None:
    listing = raw_listing(anonymous_server, f"LIST {served}")
    entries = {entry.name: entry for entry in parse_list(listing) if not entry.is_dot}
    assert set(entries) == set(os.listdir(served)) - FOLLOWED
    for name, entry in entries.items():
        status = (served / name).stat()
        assert entry.mode == stat.S_IMODE(status.st_mode) & 0o777  # the server shows no more
        assert entry.size == (status.st_size if name != "fifo" else None)
        assert entry.owner == (served / name).owner()


def test_globus_url_copy_lists_the_same(anonymous_server: GridFTPServer, served: Path) -> None:
    shown = subprocess.run(
        [
            "globus-url-copy",
            "-list",
            anonymous_server.ftp_url.replace(str(anonymous_server.root), f"{served}/"),
        ],
        capture_output=True,
        check=True,
        timeout=20,
    ).stdout
    names = {os.fsdecode(line[4:]) for line in shown.split(b"\n")[1:] if line.strip()}
    entries = parse_mlsd(raw_listing(anonymous_server, f"MLSD {served}"))
    entries = [entry for entry in entries if entry.is_file or (entry.is_dir and not entry.is_dot)]
    assert names == {entry.name + ("/" if entry.is_dir else " ") for entry in entries}
