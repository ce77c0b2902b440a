"""Looking at what is on a server: stat, list, walk, checksums, features."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from tests.hl.gridftp.support import MB, AnyClient, Place, data

from globus_hl import errors
from globus_hl.gridftp import Client
from globus_hl.testgrid import GridFTPServer


def test_stat_of_a_file(client: AnyClient, place: Place) -> None:
    url = place.file("a", data(1234))
    os.utime(place.path / "a", (1_500_000_000, 1_500_000_000))
    (place.path / "a").chmod(0o604)
    entry = client.stat(url)
    assert (entry.name, entry.type, entry.size, entry.mode) == ("a", "file", 1234, 0o604)
    assert entry.mtime == datetime.fromtimestamp(1_500_000_000, UTC)
    assert client.size(url) == 1234
    assert client.mtime(url) == datetime.fromtimestamp(1_500_000_000, UTC)
    assert client.exists(url)


def test_stat_of_a_directory(client: AnyClient, place: Place) -> None:
    entry = client.stat(place.url)
    assert entry.is_dir
    assert abs(entry.mtime - datetime.now(UTC)) < timedelta(minutes=5)


def test_looking_for_what_is_not_there(client: AnyClient, place: Place) -> None:
    assert not client.exists(place / "no")
    place.file("file", b"")
    assert not client.exists(place / "file/below")
    for look in (client.stat, client.size, client.mtime, client.checksum, client.list):
        with pytest.raises(FileNotFoundError):
            look(place / "no")


def test_exists_does_not_hide_other_errors(client: AnyClient, gridftp_server: GridFTPServer) -> None:
    with pytest.raises(PermissionError):
        client.exists(f"gsiftp://{gridftp_server.contact}/etc/passwd")


@pytest.mark.parametrize("algorithm", ["MD5", "sha256", "ADLER32"])
def test_checksum(client: AnyClient, place: Place, algorithm: str) -> None:
    content = data(MB + 5)
    url = place.file("a", content)

    def expected(part: bytes) -> str:
        if algorithm == "ADLER32":
            return f"{zlib.adler32(part):08x}"
        return hashlib.new(algorithm, part).hexdigest()

    assert client.checksum(url, algorithm) == expected(content)
    assert client.checksum(url, algorithm, offset=100, length=1000) == expected(content[100:1100])
    assert client.checksum(url, algorithm, offset=100) == expected(content[100:])


def test_a_checksum_that_the_server_does_not_know(client: AnyClient, place: Place) -> None:
    with pytest.raises(errors.ServerError, match="NOSUCH"):
        client.checksum(place.file("a", b"x"), "NOSUCH")
    with pytest.raises(ValueError, match="algorithm"):
        client.checksum(place / "a", "MD5\r\nDELE a")


def test_features(client: AnyClient, place: Place) -> None:
    assert {"MLST", "SIZE", "DCAU", "PARALLELISM", "ERET"} <= client.features(place.url)


def test_list(client: AnyClient, place: Place) -> None:
    place.file("a", b"12345")
    (place.path / "d").mkdir()
    (place.path / "link").symlink_to("a")
    entries = {entry.name: entry for entry in client.list(place.url)}
    assert set(entries) == {"a", "d", "link"}
    assert (entries["a"].type, entries["a"].size) == ("file", 5)
    assert entries["d"].is_dir
    assert entries["link"].target in ("a", f"{place.path}/a")
    assert entries["a"].path == f"{place.path}/a"
    assert client.list(place.url + "/") == client.list(place.url)


def test_list_of_nothing(client: AnyClient, place: Place) -> None:
    assert client.list(place.url) == []


def test_list_of_much(client: AnyClient, place: Place) -> None:
    names = {f"file-{i:05d}-{'x' * 100}" for i in range(2000)}
    for name in names:
        (place.path / name).touch()
    assert {entry.name for entry in client.list(place.url)} == names


def test_list_of_a_file(client: AnyClient, place: Place) -> None:
    with pytest.raises(NotADirectoryError):
        client.list(place.file("a", b"x"))
    (place.path / "same").mkdir()
    place.file("same/same", b"x")
    assert [entry.name for entry in client.list(place / "same")] == ["same"]


def test_walk(client: AnyClient, place: Place) -> None:
    for directory in ("a/b", "a/c", "d"):
        (place.path / directory).mkdir(parents=True)
    for file in ("1", "a/2", "a/b/3", "d/4"):
        place.file(file, b"x")
    (place.path / "d" / "up").symlink_to("..")
    seen = {
        visited.url.removeprefix(place.url): (
            {entry.name for entry in visited.directories},
            {entry.name for entry in visited.files},
        )
        for visited in client.walk(place.url)
    }
    assert seen == {
        "": ({"a", "d"}, {"1"}),
        "/a": ({"b", "c"}, {"2"}),
        "/a/b": (set(), {"3"}),
        "/a/c": (set(), set()),
        "/d": (set(), {"4", "up"}),
    }


def test_walk_can_be_pruned_and_go_on_after_errors(blocking: Client, place: Place) -> None:
    for directory in ("keep", "skip/deep", "vanishing"):
        (place.path / directory).mkdir(parents=True)
    failed: list[errors.GridError] = []
    visited_urls = []
    for visited in blocking.walk(place.url, on_error=failed.append):
        visited_urls.append(visited.url.removeprefix(place.url))
        visited.directories[:] = [entry for entry in visited.directories if entry.name != "skip"]
        with contextlib.suppress(FileNotFoundError):
            (place.path / "vanishing").rmdir()
    assert sorted(visited_urls) == ["", "/keep"]
    assert [type(error) for error in failed] == [errors.NotFoundError]
