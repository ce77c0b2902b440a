"""A server, a handle and attributes of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import ftp_client

active = activating(
    ftp_client.GLOBUS_FTP_CLIENT_MODULE,
    ftp_client.GLOBUS_FTP_CLIENT_DEBUG_PLUGIN_MODULE,
    ftp_client.GLOBUS_FTP_CLIENT_PERF_PLUGIN_MODULE,
    ftp_client.GLOBUS_FTP_CLIENT_RESTART_PLUGIN_MODULE,
    ftp_client.GLOBUS_FTP_CLIENT_RESTART_MARKER_PLUGIN_MODULE,
    ftp_client.GLOBUS_FTP_CLIENT_THROUGHPUT_PLUGIN_MODULE,
    scope="package",
)


@pytest.fixture(autouse=True)
def balanced(active: None, nothing_left: None) -> None:
    """Each test leaves nothing of the binding alive."""


@pytest.fixture(scope="package")
def server(grid: Any) -> Iterator[Any]:
    """One that speaks plain FTP too."""
    with grid.start_gridftp(security="anonymous") as server:
        yield server


@pytest.fixture(scope="package")
def with_passwords(grid: Any) -> Iterator[Any]:
    """One that refuses who does not know the password."""
    with grid.start_gridftp(security="password") as server:
        yield server


@pytest.fixture
def root(server: Any) -> Path:
    """What the server serves."""
    return Path(server.root)


@pytest.fixture
def url(server: Any) -> Callable[[str], str]:
    return lambda name: f"{server.ftp_url}/{name}"


@pytest.fixture
def handle(balanced: None) -> Iterator[Any]:
    handle = ftp_client.globus_ftp_client_handle_init(None)
    yield handle
    if not handle.closed:
        ftp_client.globus_ftp_client_handle_destroy(handle)


@pytest.fixture
def attr(balanced: None) -> Any:
    return ftp_client.globus_ftp_client_operationattr_init()
