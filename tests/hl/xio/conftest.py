"""Who talks in these tests, and a server that serves one connection in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.security import Credential

if TYPE_CHECKING:
    from globus_hl.testgrid import Grid

    Serve = Callable[[xio.Handle], object]
    Serving = Callable[..., AbstractContextManager["Served"]]

LIMIT = 20.0


@pytest.fixture(scope="session")
def host(grid: Grid) -> Credential:
    return Credential.from_files(grid.host.cert, grid.host.key)


@pytest.fixture(scope="session")
def user(grid: Grid) -> Credential:
    return Credential.load(grid.user.proxy)


@pytest.fixture(scope="session")
def stranger(grid: Grid) -> Credential:
    """Somebody whose authority nobody trusts."""
    authority = grid.add_authority("Unknown to XIO", trusted=False)
    return Credential.load(grid.add_user("Stranger to XIO", mapped=False, ca=authority).proxy)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this host at which nobody listens, and nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Served:
    """A server, and what became of its one connection."""

    def __init__(self, server: xio.Server, serve: Serve) -> None:
        self.server = server
        self.contact = f"localhost:{server.port}"
        self.peer: xio.Peer | None = None
        self.error: Exception | None = None
        self._serve = serve
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self.server.accept(timeout=LIMIT) as connection:
                self.peer = connection.peer
                self._serve(connection)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def wait(self) -> Exception | None:
        """Wait until the connection is over, and tell what ended it early."""
        self._thread.join(LIMIT)
        assert not self._thread.is_alive(), "the server still serves"
        return self.error


@pytest.fixture
def serving() -> Serving:
    """Serves one connection: ``with serving("tcp", lambda connection: ...) as served: ...``."""

    @contextlib.contextmanager
    def serving(stack: Any, serve: Serve, **options: Any) -> Iterator[Served]:
        with xio.Server(stack, "localhost", **options) as server:
            served = Served(server, serve)
            try:
                yield served
            finally:
                served.wait()

    return serving


def echo(connection: xio.Handle) -> None:
    """Send back whatever comes, until the end."""
    while data := connection.read():
        connection.write(data)
