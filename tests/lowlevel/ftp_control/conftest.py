"""A server, a client that is logged in, and a layout of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.ftp_control.peers import Client, auth_info, layouts

from globus_lowlevel import ftp_control

active = activating(ftp_control.GLOBUS_FTP_CONTROL_MODULE, scope="package")


@pytest.fixture(scope="package", autouse=True)
def our_layout(active: None) -> None:
    ftp_control.globus_ftp_control_layout_register_func(
        "Mine", lambda *a: layouts["Mine"](*a), lambda text: None
    )


@pytest.fixture(autouse=True)
def balanced(our_layout: None, nothing_left: None) -> None:
    """Each test leaves nothing of the binding alive."""


@pytest.fixture(scope="package")
def server(grid: Any) -> Iterator[Any]:
    with grid.start_gridftp(security="anonymous") as server:
        yield server


@pytest.fixture
def client(server: Any) -> Iterator[Client]:
    client = Client(server.port)
    assert client.login(auth_info("anonymous", "me@"))[0] == 230
    yield client
    client.quit()
