"""One grid for all tests of the high level, and its GridFTP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import Grid, GridFTPServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def grid() -> Iterator[Grid]:
    """A grid that is up for the whole session, and in the environment of this process."""
    with Grid() as grid:
        yield grid


@pytest.fixture(scope="session")
def gridftp_server(grid: Grid) -> GridFTPServer:
    """A GridFTP server with GSI; tests that stop it or count what it logs start one of their own."""
    return grid.gridftp


@pytest.fixture(scope="session")
def second_gridftp_server(grid: Grid) -> GridFTPServer:
    """The other end of third-party transfers."""
    return grid.start_gridftp()


@pytest.fixture(scope="session")
def anonymous_server(grid: Grid) -> GridFTPServer:
    """A GridFTP server that also serves plain FTP to anybody: see its ``ftp_url``."""
    return grid.start_gridftp("anonymous")
