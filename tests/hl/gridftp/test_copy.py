"""Copies between servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hl.gridftp.support import MB, AnyClient, Place, both_modes, data

from globus_hl.testgrid import GridFTPServer


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
    own_client: AnyClient, place: Place, second_gridftp_server: GridFTPServer
) -> None:
    with pytest.raises(FileNotFoundError):
        own_client.copy(place / "no", second_gridftp_server.url + "/copied")
    own_client.close()
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
