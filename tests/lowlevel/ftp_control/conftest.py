"""A server, a client that is logged in, and a layout of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.ftp_control.peers import Client, auth_info, layouts

from globus_lowlevel import common, ftp_control


@pytest.fixture(scope="package", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(ftp_control.GLOBUS_FTP_CONTROL_MODULE)
    ftp_control.globus_ftp_control_layout_register_func(
        "Mine", lambda *a: layouts["Mine"](*a), lambda text: None
    )
    yield
    common.globus_module_deactivate(ftp_control.GLOBUS_FTP_CONTROL_MODULE)


@pytest.fixture(autouse=True)
def balanced(active: None, nothing_left: None) -> None:
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
