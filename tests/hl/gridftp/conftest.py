"""Clients of both faces, and a directory of the test's own on a server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.hl.gridftp.support import AnyClient, Awaiting, Place

from globus_hl.gridftp import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from globus_hl.testgrid import Grid, GridFTPServer

FACES = {"blocking": Client, "async": Awaiting}


@pytest.fixture(scope="session", params=FACES)
def client(request: pytest.FixtureRequest, grid: Grid) -> Iterator[AnyClient]:
    """A client that is logged in: a login takes longer than most tests. Tests that close it take an `own_client`."""
    made = FACES[request.param](credential=grid.user.credential, timeout=30)
    yield made
    made.close()


@pytest.fixture(params=FACES)
def own_client(request: pytest.FixtureRequest, grid: Grid) -> Iterator[AnyClient]:
    """A client that no other test uses."""
    made = FACES[request.param](credential=grid.user.credential, timeout=30)
    yield made
    made.close()


@pytest.fixture
def blocking(grid: Grid) -> Iterator[Client]:
    """A blocking client that no other test uses."""
    with Client(credential=grid.user.credential, timeout=30) as made:
        yield made


@pytest.fixture
def place(gridftp_server: GridFTPServer, request: pytest.FixtureRequest) -> Place:
    """A directory of the server that is the test's own."""
    path = gridftp_server.root / f"{request.node.name.replace('/', '_')[:80]}-{time.monotonic_ns()}"
    path.mkdir()
    return Place(gridftp_server, path)
