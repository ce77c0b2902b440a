"""Remote files as file objects."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from tests.hl.gridftp.support import MB, Place, data

from globus_hl import gridftp
from globus_hl.gridftp import Client
from globus_hl.testgrid import Grid


def test_open_to_read(blocking: Client, place: Place) -> None:
    content = data(6 * MB + 5)
    url = place.file("a", content)
    with blocking.open(url) as file:
        assert isinstance(file, io.BufferedReader)
        assert file.name == url
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
        assert file.read(10) == content[:10]
        assert file.tell() == 10
        assert file.read(3 * MB) == content[10 : 3 * MB + 10]
        assert file.read() == content[3 * MB + 10 :]
        assert file.read(1) == b""
        assert file.seek(-5, os.SEEK_END) == len(content) - 5
        assert file.read() == content[-5:]
        assert file.seek(2 * MB) == 2 * MB
        assert file.read(7) == content[2 * MB : 2 * MB + 7]
        assert file.seek(-7, os.SEEK_CUR) == 2 * MB
        assert file.read(1) == content[2 * MB : 2 * MB + 1]
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_open_reads_in_order_as_one_stream(grid: Grid, tmp_path: Path) -> None:
    content = data(12 * MB)
    with grid.start_gridftp() as server, Client(credential=grid.user.credential) as one:
        (server.root / "a").write_bytes(content)
        with one.open(server.url + "/a") as file:
            pieces = iter(lambda: file.read(100_000), b"")
            assert b"".join(pieces) == content
        transfers = server.transfer_log.read_text().count("TYPE=ERET")
        assert 1 <= transfers <= 3


def test_open_reads_lines_and_text(blocking: Client, place: Place) -> None:
    lines = [f"Zeile {i} äöü\n" for i in range(10_000)]
    url = place.file("a", "".join(lines).encode())
    with io.TextIOWrapper(blocking.open(url), encoding="utf-8") as file:  # type: ignore[arg-type]
        assert list(file) == lines


def test_open_without_a_buffer(blocking: Client, place: Place) -> None:
    url = place.file("a", data(MB))
    with blocking.open(url, buffering=0) as raw:
        assert isinstance(raw, gridftp.RawRemoteReader)
        assert raw.read(5) == data(MB)[:5]
        assert raw.readall() == data(MB)[5:]  # type: ignore[union-attr]
        assert raw.read(5) == b""


def test_open_at_random_places(blocking: Client, place: Place) -> None:
    content = data(8 * MB)
    url = place.file("a", content)
    with blocking.open(url) as file:
        for offset in (7 * MB, 0, 4 * MB, 4 * MB + 300_000, 1, 8 * MB - 1):
            file.seek(offset)
            assert file.read(1000) == content[offset : offset + 1000]


def test_a_seek_away_from_a_stream_and_close_leave_the_client_usable(blocking: Client, place: Place) -> None:
    content = data(40 * MB)
    url = place.file("a", content)
    with blocking.open(url) as file:
        for _ in range(4):
            file.read(MB)
        file.seek(35 * MB)
        assert file.read(10) == content[35 * MB : 35 * MB + 10]
        file.seek(0)
        for _ in range(4):
            file.read(MB)
    assert blocking.size(url) == 40 * MB


def test_open_what_cannot_be_opened(blocking: Client, place: Place) -> None:
    with pytest.raises(FileNotFoundError):
        blocking.open(place / "no")
    with pytest.raises(IsADirectoryError):
        blocking.open(place.url)
    with pytest.raises(ValueError, match="mode"):
        blocking.open(place / "a", "r")  # type: ignore[arg-type]


def test_open_to_write(blocking: Client, place: Place) -> None:
    with blocking.open(place / "b", "wb") as file:
        assert isinstance(file, io.BufferedWriter)
        assert (file.readable(), file.seekable(), file.writable()) == (False, False, True)
        file.write(b"head")
        file.write(data(5 * MB))
        file.flush()
        file.write(b"tail")
        assert "b" not in place.names(), "it has no name before it is complete"
    assert (place.path / "b").read_bytes() == b"head" + data(5 * MB) + b"tail"
    assert place.names() == {"b"}


def test_open_to_write_nothing(blocking: Client, place: Place) -> None:
    blocking.open(place / "b", "wb").close()
    assert (place.path / "b").read_bytes() == b""


def test_open_to_append(blocking: Client, place: Place) -> None:
    url = place.file("b", b"first ")
    with blocking.open(url, "ab") as file:
        file.write(b"second")
    assert (place.path / "b").read_bytes() == b"first second"
    with blocking.open(place / "new", "ab") as file:
        file.write(b"x")
    assert (place.path / "new").read_bytes() == b"x"


def test_text_is_no_bytes(blocking: Client, place: Place) -> None:
    with pytest.raises(TypeError), blocking.open(place / "b", "wb") as file:
        file.write("text")  # type: ignore[arg-type]
