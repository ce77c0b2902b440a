"""pytest fixtures: ``grid``, ``gridftp_server``, ``myproxy_server``, ``gram_gatekeeper``, ``gass_server``.

pytest loads the plug-in by itself where globus-hl is installed. A test that asks for no fixture of it pays for nothing:
what the fixtures need is imported by them.

    def test_download(grid, gridftp_server, tmp_path):
        (gridftp_server.root / "a.dat").write_text("hello")
        my_download(gridftp_server.url + "/a.dat", tmp_path / "a.dat", proxy=grid.user.proxy)

There is one grid for the whole session, and one server of each kind, unless the option ``grid_scope`` says otherwise.
While the grid is up, its environment is that of the test process (`Grid.environment`), and so of the programs that tests
start. A grid of a test's own is `Grid()`; more servers of the grid are `grid.start_gridftp()` and the like.

Options (``pytest.ini``, ``[tool.pytest.ini_options]``):

* ``grid_scope``: ``session`` (default), ``package``, ``module``, ``class`` or ``function``; also ``--grid-scope``
* ``gridftp_security``: ``gsi`` (default), ``nomap``, ``anonymous`` or ``password``
* ``gridftp_options``: more options of ``globus-gridftp-server``
* ``myproxy_ca``: whether ``myproxy_server`` also issues certificates
* ``myproxy_options``: lines of ``myproxy-server.config``, such as ``max_proxy_lifetime 1``
* ``gass_secure``: whether ``gass_server`` speaks HTTPS and serves the grid's user alone (default), or HTTP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from globus_hl.testgrid import GASSServer, Gatekeeper, Grid, GridFTPServer, MyProxyServer

SCOPES = ("session", "package", "module", "class", "function")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    parser.getgroup("grid", "test grid").addoption(
        "--grid-scope",
        choices=SCOPES,
        help="how long a grid of the fixtures lives (default: ini option grid_scope)",
    )
    parser.addini("grid_scope", "how long a grid of the fixtures lives", default="session")
    parser.addini("gridftp_security", "who may log in to gridftp_server", default="gsi")
    parser.addini("gridftp_options", "more options of globus-gridftp-server", type="args", default=[])
    parser.addini("myproxy_ca", "whether myproxy_server issues certificates", type="bool", default=False)
    parser.addini("myproxy_options", "lines of myproxy-server.config", type="linelist", default=[])
    parser.addini("gass_secure", "whether gass_server speaks HTTPS", type="bool", default=True)


def _scope(fixture_name: str, config: pytest.Config) -> Any:
    scope: str = config.getoption("grid_scope") or config.getini("grid_scope")
    if scope not in SCOPES:
        raise pytest.UsageError(f"grid_scope = {scope}: one of {', '.join(SCOPES)} is expected")
    return scope


@pytest.fixture(scope=_scope)
def grid() -> Iterator[Grid]:
    """A grid on loopback, in the environment of this process; see `globus_hl.testgrid.Grid`."""
    from globus_hl.testgrid import Grid

    with Grid() as grid:
        yield grid


@pytest.fixture(scope=_scope)
def gridftp_server(grid: Grid, pytestconfig: pytest.Config) -> Iterator[GridFTPServer]:
    """A GridFTP server; see `globus_hl.testgrid.GridFTPServer`."""
    security: Literal["gsi"] = pytestconfig.getini("gridftp_security")
    with grid.start_gridftp(security, options=pytestconfig.getini("gridftp_options")) as server:
        yield server


@pytest.fixture(scope=_scope)
def myproxy_server(grid: Grid, pytestconfig: pytest.Config) -> Iterator[MyProxyServer]:
    """A MyProxy server; see `globus_hl.testgrid.MyProxyServer`."""
    options: dict[str, str | list[str] | None] = {}
    for line in pytestconfig.getini("myproxy_options"):
        name, _, value = line.partition(" ")
        options[name] = value.strip().strip('"')
    with grid.start_myproxy(ca=pytestconfig.getini("myproxy_ca"), options=options) as server:
        yield server


@pytest.fixture(scope=_scope)
def gram_gatekeeper(grid: Grid) -> Iterator[Gatekeeper]:
    """A GRAM gatekeeper, whose jobs are processes; see `globus_hl.testgrid.Gatekeeper`."""
    with grid.start_gatekeeper() as server:
        yield server


@pytest.fixture(scope=_scope)
def gass_server(grid: Grid, pytestconfig: pytest.Config) -> Iterator[GASSServer]:
    """A GASS server; see `globus_hl.testgrid.GASSServer`."""
    with grid.start_gass(secure=pytestconfig.getini("gass_secure")) as server:
        yield server
