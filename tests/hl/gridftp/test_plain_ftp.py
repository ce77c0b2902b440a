"""Servers without GSI."""

from __future__ import annotations

import time

import pytest
from tests.hl.gridftp.support import MB, AnyClient, both_modes, data

from globus_hl import errors
from globus_hl.testgrid import Grid, GridFTPServer


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
