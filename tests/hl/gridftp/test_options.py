"""Options of transfers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hl.gridftp.support import MB, AnyClient, Place, both_modes, data

from globus_hl import errors
from globus_hl.testgrid import Grid, GridFTPServer


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
