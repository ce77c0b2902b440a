"""Downloads."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.hl.gridftp.support import MB, SIZES, AnyClient, Place, both_modes, data

from globus_hl import errors
from globus_hl.testgrid import GridFTPServer


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
