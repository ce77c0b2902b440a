"""Changing names on a server."""

from __future__ import annotations

import errno
import stat

import pytest
from tests.hl.gridftp.support import AnyClient, Place


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
