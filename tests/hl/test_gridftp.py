"""The GridFTP client against the real server: every method, through both faces."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import hashlib
import io
import os
import stat
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from globus_hl import errors, gridftp, progress
from globus_hl.gridftp import AsyncClient, Client
from globus_hl.testgrid import Grid, GridFTPServer

MB = 1 << 20


class Awaiting:
    """An AsyncClient for blocking tests: each method runs its coroutine in one event loop."""

    def __init__(self, **kwargs: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(**kwargs)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))

    def walk(self, *args: Any, **kwargs: Any) -> list[gridftp.Visited]:
        async def collect() -> list[gridftp.Visited]:
            return [visited async for visited in self._client.walk(*args, **kwargs)]

        return self._runner.run(collect())

    def close(self) -> None:
        if not self._client.closed:
            self._runner.run(self._client.close())
            self._runner.close()


AnyClient = Any


@pytest.fixture(params=[Client, Awaiting], ids=["blocking", "async"])
def client(request: pytest.FixtureRequest, grid: Grid) -> Iterator[AnyClient]:
    made = request.param(credential=grid.user.credential, timeout=30)
    yield made
    made.close()


@pytest.fixture
def blocking(grid: Grid) -> Iterator[Client]:
    with Client(credential=grid.user.credential, timeout=30) as made:
        yield made


class Place:
    """A directory on the server, seen from both sides."""

    def __init__(self, server: GridFTPServer, path: Path) -> None:
        self.server = server
        self.path = path
        self.url = f"gsiftp://{server.contact}{quote(str(path))}"

    def __truediv__(self, name: str) -> str:
        return f"{self.url}/{quote(os.fsencode(name))}"

    def file(self, name: str, content: bytes) -> str:
        (self.path / name).write_bytes(content)
        return self / name

    def names(self) -> set[str]:
        return set(os.listdir(self.path))


@pytest.fixture
def place(gridftp_server: GridFTPServer, request: pytest.FixtureRequest) -> Place:
    path = gridftp_server.root / f"{request.node.name.replace('/', '_')[:80]}-{time.monotonic_ns()}"
    path.mkdir()
    return Place(gridftp_server, path)


@functools.cache
def data(size: int) -> bytes:
    """Bytes in which every place looks different."""
    return b"".join(i.to_bytes(8, "big") for i in range(size // 8 + 1))[:size]


SIZES = [0, 1, MB - 1, MB, MB + 1, 9 * MB + 12345]
both_modes = pytest.mark.parametrize("parallelism", [1, 4], ids=["stream", "extended"])


# ---- get -----------------------------------------------------------------------------------------


@both_modes
@pytest.mark.parametrize("size", SIZES)
def test_get_to_a_path(client: AnyClient, place: Place, tmp_path: Path, size: int, parallelism: int) -> None:
    content = data(size)
    url = place.file("a", content)
    result = client.get(url, tmp_path / "b", parallelism=parallelism)
    assert (tmp_path / "b").read_bytes() == content
    assert (result.source, result.destination, result.bytes) == (url, str(tmp_path / "b"), size)
    assert result.seconds > 0
    assert os.listdir(tmp_path) == ["b"]


@both_modes
@pytest.mark.parametrize("size", SIZES)
def test_get_to_a_buffer(client: AnyClient, place: Place, size: int, parallelism: int) -> None:
    content = data(size)
    buffer = bytearray(size + 10)
    assert client.get(place.file("a", content), buffer, parallelism=parallelism).bytes == size
    assert buffer == content + bytes(10)
    buffer.append(1)  # it is not locked any more


@both_modes
@pytest.mark.parametrize("size", [0, 5, 3 * MB])
def test_get_to_a_buffer_that_just_fits(client: AnyClient, place: Place, size: int, parallelism: int) -> None:
    buffer = bytearray(size)
    client.get(place.file("a", data(size)), buffer, parallelism=parallelism)
    assert buffer == data(size)


@both_modes
@pytest.mark.parametrize("missing", [1, MB])
def test_get_to_a_buffer_that_is_too_small(
    client: AnyClient, place: Place, missing: int, parallelism: int
) -> None:
    with pytest.raises(ValueError, match="too small"):
        client.get(place.file("a", data(2 * MB)), bytearray(2 * MB - missing), parallelism=parallelism)


@both_modes
def test_get_to_a_file_object(client: AnyClient, place: Place, tmp_path: Path, parallelism: int) -> None:
    url = place.file("a", data(5 * MB + 7))
    with (tmp_path / "b").open("w+b") as file:
        file.write(b"head")
        client.get(url, file, parallelism=parallelism)
        file.seek(0)
        assert file.read() == b"head" + data(5 * MB + 7)


def test_get_to_a_pipe_in_order(client: AnyClient, place: Place) -> None:
    url = place.file("a", data(3 * MB))
    reading, writing = os.pipe()
    received: list[bytes] = []

    def drain() -> None:
        with os.fdopen(reading, "rb") as pipe:
            received.append(pipe.read())

    thread = threading.Thread(target=drain)
    thread.start()
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        client.get(url, pipe)
        with pytest.raises(ValueError, match="seek"):
            client.get(url, pipe, parallelism=2)
    thread.join(10)
    assert received == [data(3 * MB)]


@both_modes
@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 5), (3, None), (MB, MB + 1), (0, 0), (10 * MB, None), (4 * MB, 100 * MB), (3 * MB - 1, 2)],
)
def test_get_a_part(
    client: AnyClient, place: Place, tmp_path: Path, offset: int, length: int | None, parallelism: int
) -> None:
    content = data(5 * MB)
    url = place.file("a", content)
    wanted = content[offset:] if length is None else content[offset : offset + length]
    result = client.get(url, tmp_path / "b", offset=offset, length=length, parallelism=parallelism)
    assert (tmp_path / "b").read_bytes() == wanted
    assert result.bytes == len(wanted)
    buffer = bytearray(6 * MB)
    client.get(url, buffer, offset=offset, length=length, parallelism=parallelism)
    assert buffer[: len(wanted)] == wanted


def test_get_into_a_directory_keeps_the_name(client: AnyClient, place: Place, tmp_path: Path) -> None:
    url = place.file("a b", b"x")
    assert client.get(url, tmp_path).destination == str(tmp_path / "a b")
    assert client.get(url, f"{tmp_path}/").destination == str(tmp_path / "a b")
    assert (tmp_path / "a b").read_bytes() == b"x"


def test_get_replaces_a_file_and_keeps_its_permissions(
    client: AnyClient, place: Place, tmp_path: Path
) -> None:
    target = tmp_path / "b"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link").symlink_to(target)
    client.get(place.file("a", b"new"), tmp_path / "link")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert (tmp_path / "link").is_symlink()


def test_get_to_a_device(client: AnyClient, place: Place) -> None:
    assert client.get(place.file("a", data(MB)), "/dev/null").bytes == MB
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_failed_get_leaves_the_old_file(client: AnyClient, place: Place, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    with pytest.raises(FileNotFoundError) as caught:
        client.get(place / "missing", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "old"
    assert os.listdir(tmp_path) == ["b"]
    error = caught.value
    assert isinstance(error, errors.NotFoundError)
    assert (error.url, error.errno) == (place / "missing", errno.ENOENT)
    assert error.reply_code in (500, 550)
    assert "\n" not in str(error)
    assert type(error.__cause__).__name__ == "GlobusError"


def test_get_of_a_directory(client: AnyClient, place: Place, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        client.get(place.url, tmp_path / "b")
    assert os.listdir(tmp_path) == []


def test_get_where_we_may_not_read(client: AnyClient, gridftp_server: GridFTPServer, tmp_path: Path) -> None:
    with pytest.raises(PermissionError) as caught:
        client.get(f"gsiftp://{gridftp_server.contact}/etc/passwd", tmp_path / "b")
    assert isinstance(caught.value, errors.PermissionDeniedError)


def test_errors_of_the_local_file_are_the_systems(client: AnyClient, place: Place, tmp_path: Path) -> None:
    url = place.file("a", data(5 * MB))
    with pytest.raises(FileNotFoundError) as caught:
        client.get(url, tmp_path / "no" / "b")
    assert caught.value.filename == str(tmp_path / "no" / "b")
    with pytest.raises(OSError, match="No space left") as full:
        client.get(url, "/dev/full")
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, "/dev/full")
    assert client.size(url) == 5 * MB, "the client stays usable"


def test_an_exception_of_the_file_object_reaches_the_caller(client: AnyClient, place: Place) -> None:
    class Broken(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any, /) -> int:
            raise ZeroDivisionError("mine")

    url = place.file("a", data(5 * MB))
    with pytest.raises(ZeroDivisionError, match="mine"):
        client.get(url, Broken())
    assert client.size(url) == 5 * MB


@pytest.mark.parametrize("destination", [io.StringIO(), 5, b"read-only", None])
def test_what_is_no_destination(client: AnyClient, place: Place, destination: Any) -> None:
    with pytest.raises(TypeError):
        client.get(place.file("a", b"x"), destination)


# ---- put -----------------------------------------------------------------------------------------


@both_modes
@pytest.mark.parametrize("size", SIZES)
def test_put_a_path(client: AnyClient, place: Place, tmp_path: Path, size: int, parallelism: int) -> None:
    (tmp_path / "a").write_bytes(data(size))
    result = client.put(tmp_path / "a", place / "b", parallelism=parallelism)
    assert (place.path / "b").read_bytes() == data(size)
    assert (result.source, result.destination, result.bytes) == (str(tmp_path / "a"), place / "b", size)
    assert place.names() == {"b"}


@both_modes
@pytest.mark.parametrize("size", SIZES)
def test_put_a_buffer(client: AnyClient, place: Place, size: int, parallelism: int) -> None:
    for source in (data(size), bytearray(data(size)), memoryview(data(size))):
        assert client.put(source, place / "b", parallelism=parallelism).bytes == size
        assert (place.path / "b").read_bytes() == data(size)


@both_modes
@pytest.mark.parametrize("size", SIZES)
def test_put_a_file_object(client: AnyClient, place: Place, size: int, parallelism: int) -> None:
    file = io.BytesIO(b"head" + data(size))
    file.seek(4)
    assert client.put(file, place / "b", parallelism=parallelism).bytes == size
    assert (place.path / "b").read_bytes() == data(size)


def test_put_what_gives_little_at_a_time(client: AnyClient, place: Place) -> None:
    class Dripping:
        def __init__(self, content: bytes) -> None:
            self._file = io.BytesIO(content)

        def read(self, size: int) -> bytes:
            return self._file.read(min(size, 70_001))

    client.put(Dripping(data(2 * MB)), place / "b")
    assert (place.path / "b").read_bytes() == data(2 * MB)


@both_modes
def test_put_a_part_of_the_source(client: AnyClient, place: Place, tmp_path: Path, parallelism: int) -> None:
    (tmp_path / "a").write_bytes(data(3 * MB))
    for source in (tmp_path / "a", io.BytesIO(data(3 * MB)), data(3 * MB)):
        client.put(source, place / "b", length=2 * MB + 1, parallelism=parallelism)
        assert (place.path / "b").read_bytes() == data(2 * MB + 1)


@both_modes
def test_put_at_a_place_in_a_file(client: AnyClient, place: Place, parallelism: int) -> None:
    url = place.file("b", bytes(4 * MB))
    client.put(data(2 * MB), url, offset=MB, parallelism=parallelism)
    assert (place.path / "b").read_bytes() == bytes(MB) + data(2 * MB) + bytes(MB)


def test_put_into_a_directory_keeps_the_name(client: AnyClient, place: Place, tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"x")
    client.put(tmp_path / "a b", place.url + "/")
    assert (place.path / "a b").read_bytes() == b"x"
    with pytest.raises(ValueError, match="file name"):
        client.put(b"x", place.url + "/")


def test_put_replaces_a_file_and_keeps_its_permissions(client: AnyClient, place: Place) -> None:
    url = place.file("b", b"old")
    (place.path / "b").chmod(0o640)
    client.put(b"new", url)
    assert (place.path / "b").read_bytes() == b"new"
    assert stat.S_IMODE((place.path / "b").stat().st_mode) == 0o640
    assert place.names() == {"b"}


def test_put_in_place_keeps_the_file_itself(client: AnyClient, place: Place) -> None:
    url = place.file("b", b"old and longer")
    inode = (place.path / "b").stat().st_ino
    client.put(b"new", url, in_place=True)
    assert (place.path / "b").read_bytes() == b"new"
    assert (place.path / "b").stat().st_ino == inode


def test_put_through_a_link_keeps_the_link(client: AnyClient, place: Place) -> None:
    place.file("b", b"old")
    (place.path / "link").symlink_to("b")
    client.put(b"new", place / "link")
    assert (place.path / "link").is_symlink()
    assert (place.path / "b").read_bytes() == b"new"


def test_put_to_a_device_of_the_server(client: AnyClient, place: Place) -> None:
    os.mknod(place.path / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    client.put(data(2 * MB), place / "null")
    assert stat.S_ISCHR((place.path / "null").stat().st_mode)


@both_modes
def test_a_full_disk_of_the_server(client: AnyClient, place: Place, parallelism: int) -> None:
    os.mknod(place.path / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    with pytest.raises(OSError, match="No space left") as caught:
        client.put(data(20 * MB), place / "full", parallelism=parallelism)
    assert isinstance(caught.value, errors.NoSpaceError)
    assert caught.value.errno == errno.ENOSPC
    assert client.stat(place.url).is_dir


def test_put_to_a_directory_that_is_not_there(client: AnyClient, place: Place) -> None:
    with pytest.raises(FileNotFoundError):
        client.put(b"x", place / "no/b")


def test_put_over_a_directory(client: AnyClient, place: Place) -> None:
    (place.path / "b").mkdir()
    with pytest.raises(IsADirectoryError):
        client.put(b"x", place / "b")
    with pytest.raises(IsADirectoryError):
        client.put(b"x", place / "b", in_place=True)
    assert place.names() == {"b"}


def test_put_where_we_may_not_write(client: AnyClient, gridftp_server: GridFTPServer) -> None:
    with pytest.raises(PermissionError):
        client.put(b"x", f"gsiftp://{gridftp_server.contact}/etc/pyglobus-test")


def test_put_of_what_is_not_there(client: AnyClient, place: Place, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        client.put(tmp_path / "no", place / "b")
    assert caught.value.filename == str(tmp_path / "no")
    with pytest.raises(IsADirectoryError):
        client.put(tmp_path, place / "b")
    assert place.names() == set()


class FailsAfter(io.RawIOBase):
    """A source that breaks midway."""

    def __init__(self, good: int) -> None:
        self._good = good

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._good <= 0:
            raise ZeroDivisionError("mine")
        self._good -= len(buffer)
        return len(buffer)


@both_modes
@pytest.mark.parametrize("before", [b"old", None])
def test_a_failed_put_leaves_what_was_there(
    client: AnyClient, place: Place, before: bytes | None, parallelism: int
) -> None:
    if before is not None:
        place.file("b", before)
    with pytest.raises(ZeroDivisionError, match="mine"):
        client.put(FailsAfter(12 * MB), place / "b", parallelism=parallelism)
    client.close()  # waits for what is tidied up in the background
    assert place.names() == (set() if before is None else {"b"})
    if before is not None:
        assert (place.path / "b").read_bytes() == before


def test_a_failed_put_in_place_removes_a_file_that_was_not_there(client: AnyClient, place: Place) -> None:
    with pytest.raises(ZeroDivisionError):
        client.put(FailsAfter(12 * MB), place / "b", in_place=True)
    client.close()
    assert place.names() == set()


# ---- copy ----------------------------------------------------------------------------------------


@both_modes
@pytest.mark.parametrize("size", [0, 5, 9 * MB + 3])
def test_copy_between_two_servers(
    client: AnyClient,
    place: Place,
    second_gridftp_server: GridFTPServer,
    size: int,
    parallelism: int,
) -> None:
    url = place.file("a", data(size))
    target = second_gridftp_server.root / place.path.name
    target.mkdir()
    other = Place(second_gridftp_server, target)
    result = client.copy(url, other / "b", parallelism=parallelism)
    assert (target / "b").read_bytes() == data(size)
    assert (result.source, result.destination, result.bytes) == (url, other / "b", size)
    assert other.names() == {"b"}
    client.copy(url, other.url + "/")
    assert (target / "a").read_bytes() == data(size)


def test_copy_within_one_server(client: AnyClient, place: Place) -> None:
    client.copy(place.file("a", data(MB)), place / "b")
    assert (place.path / "b").read_bytes() == data(MB)


def test_copy_with_a_local_end_is_get_or_put(client: AnyClient, place: Place, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    client.copy(tmp_path / "a", place / "b")
    client.copy(place / "b", (tmp_path / "c").as_uri())
    assert (tmp_path / "c").read_bytes() == b"x"
    with pytest.raises(ValueError, match="both local"):
        client.copy(tmp_path / "a", tmp_path / "d")


def test_copy_of_what_is_not_there(
    client: AnyClient, place: Place, second_gridftp_server: GridFTPServer
) -> None:
    with pytest.raises(FileNotFoundError):
        client.copy(place / "no", second_gridftp_server.url + "/copied")
    client.close()
    assert not (second_gridftp_server.root / "copied").exists()
    assert not list(second_gridftp_server.root.glob(".copied*"))


def test_copy_to_a_directory_that_is_not_there(
    client: AnyClient, place: Place, second_gridftp_server: GridFTPServer
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        client.copy(place.file("a", data(MB)), second_gridftp_server.url + "/no/b")
    assert "/no" in str(caught.value)


def test_a_secure_and_an_insecure_end_are_not_mixed_unseen(
    client: AnyClient, place: Place, anonymous_server: GridFTPServer
) -> None:
    url = place.file("a", b"x")
    with pytest.raises(ValueError, match="data_channel_authentication=False"):
        client.copy(url, anonymous_server.ftp_url + "/b")
    client.copy(url, anonymous_server.ftp_url + "/b", data_channel_authentication=False)
    assert (anonymous_server.root / "b").read_bytes() == b"x"


# ---- looking -------------------------------------------------------------------------------------


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


# ---- changing ------------------------------------------------------------------------------------


def test_mkdir(client: AnyClient, place: Place) -> None:
    client.mkdir(place / "d")
    assert (place.path / "d").is_dir()
    with pytest.raises(FileExistsError):
        client.mkdir(place / "d")
    client.mkdir(place / "d", exist_ok=True)
    with pytest.raises(FileExistsError):
        client.mkdir(place.file("f", b""), exist_ok=True)
    with pytest.raises(FileNotFoundError):
        client.mkdir(place / "x/y/z")
    client.mkdir(place / "x/y/z", parents=True)
    assert (place.path / "x/y/z").is_dir()
    with pytest.raises(FileExistsError):
        client.mkdir(place / "x/y/z", parents=True)


def test_rmdir(client: AnyClient, place: Place) -> None:
    (place.path / "d").mkdir()
    place.file("d/f", b"")
    with pytest.raises(OSError, match="not empty") as caught:
        client.rmdir(place / "d")
    assert caught.value.errno == errno.ENOTEMPTY
    with pytest.raises(NotADirectoryError):
        client.rmdir(place / "d/f")
    (place.path / "d/f").unlink()
    client.rmdir(place / "d")
    with pytest.raises(FileNotFoundError):
        client.rmdir(place / "d")
    assert place.names() == set()


def test_remove(client: AnyClient, place: Place) -> None:
    client.remove(place.file("f", b""))
    assert place.names() == set()
    with pytest.raises(FileNotFoundError):
        client.remove(place / "f")
    (place.path / "d").mkdir()
    with pytest.raises(IsADirectoryError):
        client.remove(place / "d")


def test_remove_a_tree_but_not_what_links_lead_to(client: AnyClient, place: Place) -> None:
    (place.path / "outside").mkdir()
    place.file("outside/kept", b"")
    (place.path / "tree/deep").mkdir(parents=True)
    place.file("tree/deep/f", b"")
    (place.path / "tree/link").symlink_to("../outside")
    client.remove(place / "tree", recursive=True)
    assert place.names() == {"outside"}
    assert (place.path / "outside/kept").exists()
    client.remove(place.file("f", b""), recursive=True)
    assert place.names() == {"outside"}


def test_rename(client: AnyClient, place: Place) -> None:
    url = place.file("a", b"x")
    client.rename(url, "b")
    client.rename(place / "b", f"{place.path}/c")
    client.rename(place / "c", place / "d")
    assert place.names() == {"d"}
    client.rename(place / "d", place.file("e", b"old"))
    assert (place.path / "e").read_bytes() == b"x"
    with pytest.raises(FileNotFoundError):
        client.rename(place / "no", "b")
    with pytest.raises(ValueError, match="another server"):
        client.rename(place / "e", "gsiftp://elsewhere.invalid/e")


def test_chmod(client: AnyClient, place: Place) -> None:
    url = place.file("a", b"")
    client.chmod(url, 0o4751)
    assert stat.S_IMODE((place.path / "a").stat().st_mode) == 0o4751
    with pytest.raises(FileNotFoundError):
        client.chmod(place / "no", 0o600)
    with pytest.raises(ValueError, match="mode"):
        client.chmod(url, 0o10000)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "Größe-文件-😀",
        "latin1-\udce9",
        "percent%20#?;type=a&=+$,",
        "quote\"'`$(x)",
        "back\\slash",
        "-dash",
        "*star[0]?",
        " lead and trail ",
        "~",
        "x" * 255,
    ],
)
def test_any_name_works_everywhere(client: AnyClient, place: Place, tmp_path: Path, name: str) -> None:
    client.put(b"content", place / name)
    assert place.names() == {name}
    entry = client.stat(place / name)
    assert (entry.name, entry.size) == (name, 7)
    assert [entry.name for entry in client.list(place.url)] == [name]
    client.get(place / name, tmp_path)
    assert (tmp_path / name).read_bytes() == b"content"
    client.rename(place / name, "other")
    client.rename(place / "other", place / name)
    client.chmod(place / name, 0o600)
    assert client.checksum(place / name) == hashlib.md5(b"content").hexdigest()
    client.remove(place / name)
    client.mkdir(place / name)
    client.rmdir(place / name)
    assert place.names() == set()


@pytest.mark.parametrize("bad", ["a%0d%0aDELE%20b", "a%00b"])
def test_names_that_would_be_commands_are_refused(client: AnyClient, place: Place, bad: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        client.remove(f"{place.url}/{bad}")


# ---- progress ------------------------------------------------------------------------------------


class Recorder:
    """Collects events, and checks where they come from."""

    def __init__(self) -> None:
        self.events: list[progress.Event] = []
        self._thread = threading.get_ident()

    def __call__(self, event: progress.Event) -> None:
        assert threading.get_ident() == self._thread
        self.events.append(event)


def slowly(content: bytes, seconds: float) -> io.RawIOBase:
    """A source that takes its time."""

    class Slow(io.BytesIO):
        def readinto(self, buffer: Any, /) -> int:
            time.sleep(seconds)
            return super().readinto(buffer)

    return Slow(content)


@both_modes
def test_progress_of_a_get(client: AnyClient, place: Place, tmp_path: Path, parallelism: int) -> None:
    record = Recorder()
    url = place.file("a", data(5 * MB))
    client.get(url, tmp_path / "b", progress=record, parallelism=parallelism)
    first, last = record.events[0], record.events[-1]
    assert isinstance(first, progress.Started)
    assert isinstance(last, progress.Finished)
    assert (first.source, first.destination) == (url, str(tmp_path / "b"))
    assert (first.bytes_done, first.bytes_total, last.bytes_done) == (0, 5 * MB, 5 * MB)


def test_progress_of_a_put_that_takes_a_while(client: AnyClient, place: Place) -> None:
    record = Recorder()
    client.put(slowly(data(4 * MB), 0.03), place / "b", block_size=MB // 4, progress=record)
    advanced = record.events[1:-1]
    assert len(advanced) >= 2
    assert all(isinstance(event, progress.Advanced) for event in advanced)
    done = [event.bytes_done for event in advanced]
    assert done == sorted(done)
    assert 0 < done[0] < 4 * MB
    assert isinstance(record.events[-1], progress.Finished)
    assert record.events[-1].bytes_done == 4 * MB


def test_progress_of_a_failure(client: AnyClient, place: Place, tmp_path: Path) -> None:
    record = Recorder()
    with pytest.raises(FileNotFoundError) as caught:
        client.get(place / "no", tmp_path / "b", progress=record)
    assert [type(event) for event in record.events] == [progress.Started, progress.Failed]
    assert record.events[1].error is caught.value  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [progress.Started, progress.Advanced, progress.Finished])
def test_an_exception_of_progress_ends_the_transfer(client: AnyClient, place: Place, kind: type) -> None:
    seen: list[type] = []

    def stop(event: progress.Event) -> None:
        seen.append(type(event))
        if isinstance(event, kind):
            raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        client.put(slowly(data(4 * MB), 0.03), place / "b", block_size=MB // 4, progress=stop)
    assert seen[-1] is kind


# ---- options -------------------------------------------------------------------------------------


@both_modes
@pytest.mark.parametrize("protection", ["clear", "safe", "private"])
def test_protection(client: AnyClient, place: Place, protection: Any, parallelism: int) -> None:
    content = data(3 * MB + 17)
    buffer = bytearray(len(content))
    client.put(content, place / "a", protection=protection, parallelism=parallelism)
    client.get(place / "a", buffer, protection=protection, parallelism=parallelism)
    assert buffer == content


@both_modes
def test_without_data_channel_authentication(client: AnyClient, place: Place, parallelism: int) -> None:
    buffer = bytearray(MB)
    options: dict[str, Any] = {"data_channel_authentication": False, "parallelism": parallelism}
    client.put(data(MB), place / "a", **options)
    client.get(place / "a", buffer, **options)
    assert buffer == data(MB)


def test_a_data_channel_authenticated_as_somebody_else_is_refused(
    client: AnyClient, place: Place, grid: Grid
) -> None:
    # The other side has our delegated credential, so it is us: our own name is right, any other wrong.
    buffer = bytearray(10)
    url = place.file("a", b"0123456789")
    client.get(url, buffer, data_channel_authentication=grid.user.subject)
    assert buffer == b"0123456789"
    with pytest.raises(errors.GridError):
        client.get(url, buffer, data_channel_authentication="/O=Grid/CN=Somebody Else")


@both_modes
def test_block_size_and_tcp_buffer(client: AnyClient, place: Place, parallelism: int) -> None:
    buffer = bytearray(MB)
    options: dict[str, Any] = {"block_size": 10_000, "tcp_buffer": 200_000, "parallelism": parallelism}
    client.put(data(MB), place / "a", **options)
    client.get(place / "a", buffer, **options)
    assert buffer == data(MB)


def test_extended_mode_with_one_connection(client: AnyClient, place: Place) -> None:
    buffer = bytearray(MB)
    client.put(data(MB), place / "a", mode="extended")
    client.get(place / "a", buffer, mode="extended")
    assert buffer == data(MB)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"parallelism": 0}, ValueError),
        ({"parallelism": 65}, ValueError),
        ({"parallelism": 2.5}, TypeError),
        ({"parallelism": 2, "mode": "stream"}, ValueError),
        ({"mode": "block"}, ValueError),
        ({"protection": "secret"}, ValueError),
        ({"protection": "private", "data_channel_authentication": False}, ValueError),
        ({"data_channel_authentication": "a\r\nb"}, ValueError),
        ({"block_size": 0}, ValueError),
        ({"tcp_buffer": -1}, ValueError),
        ({"offset": -1}, ValueError),
        ({"length": -1}, ValueError),
        ({"timeout": 0}, ValueError),
    ],
)
def test_options_that_make_no_sense(
    client: AnyClient, place: Place, options: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        client.get(place / "a", bytearray(1), **options)


def test_protection_that_a_scheme_cannot_give(client: AnyClient, anonymous_server: GridFTPServer) -> None:
    with pytest.raises(ValueError, match="protection"):
        client.put(b"x", anonymous_server.ftp_url + "/a", protection="private")


# ---- plain FTP -----------------------------------------------------------------------------------


@both_modes
def test_anonymous_ftp(client: AnyClient, anonymous_server: GridFTPServer, parallelism: int) -> None:
    url = f"{anonymous_server.ftp_url}/anonymous-{parallelism}-{time.monotonic_ns()}"
    buffer = bytearray(MB)
    client.put(data(MB), url, parallelism=parallelism)
    client.get(url, buffer, parallelism=parallelism)
    assert buffer == data(MB)
    client.remove(url)


def test_ftp_with_a_password(client: AnyClient, grid: Grid) -> None:
    with grid.start_gridftp("password") as server:
        assert server.password
        client.put(b"x", server.ftp_url + "/a")
        assert (server.root / "a").read_bytes() == b"x"
        assert server.password not in str(client.get(server.ftp_url + "/a", bytearray(1)))
        wrong = server.ftp_url.replace(server.password, "wrong")
        with pytest.raises(errors.LoginRefusedError) as caught:
            client.list(wrong)
        assert caught.value.reply_code == 530
        assert "wrong" not in str(caught.value)


# ---- files ---------------------------------------------------------------------------------------


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


def test_a_block_that_raises_leaves_no_file(blocking: Client, place: Place) -> None:
    place.file("b", b"old")
    with pytest.raises(ZeroDivisionError), blocking.open(place / "b", "wb") as file:
        file.write(data(3 * MB))
        raise ZeroDivisionError
    blocking.close()
    assert place.names() == {"b"}
    assert (place.path / "b").read_bytes() == b"old"


def test_a_forgotten_file_is_discarded_and_warned_about(blocking: Client, place: Place) -> None:
    file = blocking.open(place / "b", "wb")
    file.write(b"x")
    with pytest.warns(ResourceWarning, match="unclosed file"):
        del file
        gc.collect()
    blocking.close()
    assert place.names() == set()


def test_writing_to_a_full_disk_is_an_error_at_the_latest_when_closing(
    blocking: Client, place: Place
) -> None:
    os.mknod(place.path / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    with pytest.raises(errors.NoSpaceError), blocking.open(place / "full", "wb") as file:
        file.write(data(100))
    with pytest.raises(errors.NoSpaceError), blocking.open(place / "full", "wb") as file:
        for _ in range(30):
            file.write(data(MB))


def test_text_is_no_bytes(blocking: Client, place: Place) -> None:
    with pytest.raises(TypeError), blocking.open(place / "b", "wb") as file:
        file.write("text")  # type: ignore[arg-type]


# ---- life ----------------------------------------------------------------------------------------


def test_a_client_logs_in_once(grid: Grid) -> None:
    with grid.start_gridftp() as server, Client(credential=grid.user.credential) as one:
        for _ in range(5):
            one.stat(server.url)
            one.put(b"x", server.url + "/a")
            one.get(server.url + "/a", bytearray(1))
        assert "1 connections, 1 idle" in repr(one)
        assert server.log.read_text().count("New connection from") == 1


def test_small_files_in_extended_mode_share_a_data_channel(grid: Grid, tmp_path: Path) -> None:
    with grid.start_gridftp() as server, Client(credential=grid.user.credential) as one:
        one.put(b"x", server.url + "/warm", mode="extended", in_place=True)
        start = time.monotonic()
        for i in range(20):
            one.put(b"x", f"{server.url}/{i}", mode="extended", in_place=True)
        shared = time.monotonic() - start
        start = time.monotonic()
        for i in range(20):
            one.put(b"x", f"{server.url}/{i}", mode="stream", in_place=True)
        single = time.monotonic() - start
        assert shared < single, "a handshake for each file takes longer"


def test_threads_share_a_client(grid: Grid, place: Place, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            content = data(MB + number)
            for turn in range(4):
                url = place / f"{number}-{turn}"
                one.put(content, url, parallelism=1 + number % 3)
                buffer = bytearray(len(content))
                one.get(url, buffer)
                assert buffer == content
                assert one.stat(url).size == len(content)
                one.remove(url)
        except BaseException as failure:  # noqa: BLE001 - for the assertion
            failures.append(failure)

    with Client(credential=grid.user.credential, max_connections=4, timeout=60) as one:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not failures
        assert one._core.pool.counts[0] <= 4
    assert place.names() == set()


def test_a_closed_client(grid: Grid, place: Place) -> None:
    one = Client(credential=grid.user.credential)
    assert not one.closed
    one.stat(place.url)
    one.close()
    one.close()
    assert one.closed
    assert "closed" in repr(one)
    with pytest.raises(errors.ClosedError):
        one.stat(place.url)


def test_closing_a_client_aborts_what_other_threads_do(grid: Grid, place: Place) -> None:
    one = Client(credential=grid.user.credential)
    caught: list[BaseException] = []

    def work() -> None:
        try:
            one.put(slowly(data(20 * MB), 0.2), place / "b", block_size=MB)
        except BaseException as error:  # noqa: BLE001 - for the assertion
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: any(name.startswith(".b.") for name in place.names()))
    one.close()
    thread.join(10)
    assert [type(error) for error in caught] == [errors.ClosedError]


def test_a_forgotten_client_is_warned_about(grid: Grid, place: Place) -> None:
    one = Client(credential=grid.user.credential)
    one.stat(place.url)
    with pytest.warns(ResourceWarning, match="unclosed <Client"):
        del one
        gc.collect()


def test_a_client_is_not_warned_about_after_close(grid: Grid) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Client(credential=grid.user.credential).close()
        gc.collect()


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something has become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_transfers_leak_neither_memory_nor_descriptors(grid: Grid, place: Place) -> None:
    import globus_lowlevel

    url = place.file("a", data(100_000))

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    def alive() -> int:
        gc.collect()
        return sum(count for name, count in globus_lowlevel.live().items() if name != "called")

    def work(one: Client) -> None:
        one.get(url, bytearray(100_000))
        one.put(data(1000), place / "b")
        one.list(place.url)
        with contextlib.suppress(FileNotFoundError):
            one.get(place / "no", bytearray(10))

    with Client(credential=grid.user.credential) as one:
        for _ in range(3):
            work(one)
        before = descriptors(), alive()
        for _ in range(30):
            work(one)
        wait_for(lambda: descriptors() <= before[0])
        wait_for(lambda: alive() <= before[1] + 3)
