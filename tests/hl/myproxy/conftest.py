"""A MyProxy server and clients of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from globus_hl.myproxy import MyProxyClient
from globus_hl.security import Credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from globus_hl.testgrid import Grid, MyProxyServer

    Connect = Callable[..., MyProxyClient]


@pytest.fixture(scope="session")
def repository(grid: Grid) -> MyProxyServer:
    return grid.myproxy


@pytest.fixture(scope="session")
def user(grid: Grid) -> Credential:
    return Credential.load(grid.user.proxy)


@pytest.fixture
def connect(repository: MyProxyServer, user: Credential) -> Iterator[Connect]:
    """Makes clients of the server: as the grid's user, unless told otherwise."""

    def connect(server: MyProxyServer = repository, **options: object) -> MyProxyClient:
        settings = {"credential": user, "timeout": 20} | options
        return MyProxyClient(server.host, server.port, **settings)  # type: ignore[arg-type]

    return connect


@pytest.fixture
def client(connect: Connect) -> Iterator[MyProxyClient]:
    with connect() as client:
        yield client
