"""Uploads."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest
from tests.hl.gridftp.support import MB, SIZES, AnyClient, Place, both_modes, data

from globus_hl.testgrid import GridFTPServer


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
