"""The grid's GridFTP servers, by the stock client."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import Grid, GridFTPServer, TestGridError
from globus_hl.testgrid.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hl.conftest import Stock

    from globus_hl.testgrid.gridftp import Security

    Wait = Callable[[Callable[[], object]], None]


CONTENT = bytes(range(256)) * 4096  # 1 MiB
NOBODY = {"X509_USER_PROXY": "/nonexistent", "X509_CERT_DIR": "/nonexistent"}  # plain FTP needs no grid


def open_session(server: GridFTPServer) -> socket.socket:
    """Connect and read the banner: now a session of the server serves us."""
    connection = socket.create_connection(("localhost", server.port), timeout=10)
    assert connection.recv(4096).startswith(b"220")
    return connection


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to copy."""
    path = tmp_path / "source.dat"
    path.write_bytes(CONTENT)
    return path


# -- GridFTP ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [[], ["-p", "3", "-fast"], ["-dcpriv"], ["-dcsafe"], ["-nodcau"]], ids=" ".join
)
def test_put_and_get_over_gsi(
    stock: Stock, gridftp_server: GridFTPServer, source: Path, tmp_path: Path, options: list[str]
) -> None:
    back = tmp_path / "back.dat"
    stock.copy(source.as_uri(), f"{gridftp_server.url}/put and get.dat".replace(" ", "%20"), *options)
    stock.copy(f"{gridftp_server.url}/put%20and%20get.dat", back.as_uri(), *options)
    assert (gridftp_server.root / "put and get.dat").read_bytes() == back.read_bytes() == CONTENT


def test_third_party(
    stock: Stock, gridftp_server: GridFTPServer, second_gridftp_server: GridFTPServer
) -> None:
    (gridftp_server.root / "third").write_bytes(CONTENT)
    stock.copy(f"{gridftp_server.url}/third", f"{second_gridftp_server.url}/third")
    assert (second_gridftp_server.root / "third").read_bytes() == CONTENT


def test_anonymous(stock: Stock, anonymous_server: GridFTPServer, source: Path, tmp_path: Path) -> None:
    back = tmp_path / "back.dat"
    stock.copy(source.as_uri(), f"{anonymous_server.ftp_url}/a", env=NOBODY)
    stock.copy(f"{anonymous_server.ftp_url}/a", back.as_uri(), env=NOBODY)
    assert back.read_bytes() == CONTENT
    stock.copy(f"{anonymous_server.url}/a", back.as_uri())  # GSI on the same port


def test_password(stock: Stock, grid: Grid, source: Path) -> None:
    with grid.start_gridftp("password") as server:
        stock.copy(source.as_uri(), f"{server.ftp_url}/a", env=NOBODY)
        assert (server.root / "a").read_bytes() == CONTENT
        wrong = server.ftp_url.replace(f":{server.password}@", ":wrong@")
        assert "530" in stock.refused_copy(source.as_uri(), f"{wrong}/b", env=NOBODY)


def test_nomap_lets_in_whom_the_map_does_not_name(
    stock: Stock, grid: Grid, gridftp_server: GridFTPServer, source: Path
) -> None:
    stranger = grid.add_user("Nomad", mapped=False)
    env = {**os.environ, "X509_USER_PROXY": stranger.credential}
    assert stranger.subject in stock.refused_copy(source.as_uri(), f"{gridftp_server.url}/no", env=env)
    with grid.start_gridftp("nomap") as server:
        stock.copy(source.as_uri(), f"{server.url}/yes", env=env)
        assert (server.root / "yes").read_bytes() == CONTENT
    grid.map(stranger.subject)
    stock.copy(source.as_uri(), f"{gridftp_server.url}/mapped", env=env)


def test_options_reach_the_server(stock: Stock, grid: Grid, source: Path) -> None:
    with grid.start_gridftp(options=["-encrypt-data"]) as server:
        assert "Encryption is required" in stock.refused_copy(source.as_uri(), f"{server.url}/a")
        stock.copy(source.as_uri(), f"{server.url}/a", "-dcpriv")


def test_only_the_root_is_served(
    stock: Stock, anonymous_server: GridFTPServer, gridftp_server: GridFTPServer, tmp_path: Path
) -> None:
    (gridftp_server.root / "link").symlink_to("/etc/hosts")
    for url in (
        f"ftp://{anonymous_server.contact}/etc/hosts",
        f"gsiftp://{gridftp_server.contact}/etc/hosts",
        f"{gridftp_server.url}/../../etc/grid-mapfile",
        f"{gridftp_server.url}/link",
    ):
        assert "Path not allowed" in stock.refused_copy(url, (tmp_path / "got").as_uri())


def test_a_directory_of_the_caller_is_served(stock: Stock, grid: Grid, source: Path, tmp_path: Path) -> None:
    with grid.start_gridftp(root=tmp_path) as server:
        stock.copy(f"{server.url}/source.dat", (tmp_path / "copy").as_uri())
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_without_the_grid_nobody_trusts_it(
    stock: Stock, gridftp_server: GridFTPServer, source: Path, tmp_path: Path
) -> None:
    env = {"X509_CERT_DIR": str(tmp_path), "X509_USER_PROXY": os.environ["X509_USER_PROXY"]}
    assert "trusted CA" in stock.refused_copy(source.as_uri(), f"{gridftp_server.url}/a", env=env)


def test_ftp_url_of_a_gsi_server_says_what_to_start(gridftp_server: GridFTPServer) -> None:
    with pytest.raises(TestGridError, match=r"start_gridftp\('anonymous'\)"):
        _ = gridftp_server.ftp_url


def test_a_pair_for_third_party_transfers(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    first, second = grid.gridftp_pair
    assert first is grid.gridftp
    assert second is grid.gridftp_pair[1]
    (first.root / "pair").write_bytes(CONTENT)
    stock.copy(f"{first.url}/pair", f"{second.url}/pair", "-dcpriv")
    assert (second.root / "pair").read_bytes() == CONTENT


def test_striped(stock: Stock, grid: Grid, gridftp_server: GridFTPServer, tmp_path: Path) -> None:
    (gridftp_server.root / "to-stripe").write_bytes(CONTENT)
    with grid.start_striped_gridftp() as striped:
        stock.copy(f"{gridftp_server.url}/to-stripe", f"{striped.url}/a", "-stripe")
        assert (striped.root / "a").read_bytes() == CONTENT
        assert "STRIPES=2" in striped.transfer_log.read_text()
        stock.copy(f"{striped.url}/a", (tmp_path / "back").as_uri(), "-p", "2")
        assert (tmp_path / "back").read_bytes() == CONTENT
        assert striped.running
        striped.nodes[1].kill()
        assert not striped.running
    assert not any(server.running for server in striped.nodes)


def test_a_striped_server_that_cannot_start_leaves_no_node(grid: Grid) -> None:
    before = {path.name for path in grid.directory.joinpath("log").iterdir()}
    with pytest.raises(TestGridError, match="no-such-option"):
        grid.start_striped_gridftp(options=["-no-such-option"])
    with pytest.raises(ValueError, match="needs one at least"):
        grid.start_striped_gridftp(0)
    assert len({path.name for path in grid.directory.joinpath("log").iterdir()} - before) == 1


# -- the server in this process -----------------------------------------------------------------------


@pytest.mark.parametrize("security", ["gsi", "nomap", "anonymous"])
def test_embedded(stock: Stock, grid: Grid, source: Path, tmp_path: Path, security: Security) -> None:
    back, umask, directory = tmp_path / "back.dat", os.umask(0o022), Path.cwd()
    with grid.start_gridftp(security, embedded=True) as server:
        assert server.pid == os.getpid()
        for url in [server.url] + ([server.ftp_url] if security == "anonymous" else []):
            stock.copy(source.as_uri(), f"{url}/a")  # the client accepts nobody but the host
            stock.copy(f"{url}/a", back.as_uri(), "-p", "2")
            assert back.read_bytes() == CONTENT
            assert "Path not allowed" in stock.refused_copy(f"{url}/../../etc/grid-mapfile", back.as_uri())
        (server.root / "a").unlink()
    assert not server.running
    assert "X509_VHOST_CRED_DIR" not in os.environ
    assert (os.umask(umask), Path.cwd()) == (0o022, directory)


def test_an_embedded_server_does_not_offer_what_crashes_it(grid: Grid) -> None:
    with pytest.raises(TestGridError, match="cannot have password log-ins"):
        grid.start_gridftp("password", embedded=True)


@pytest.mark.parametrize("again", range(3))
def test_a_busy_embedded_server_stops(grid: Grid, wait_until: Wait, again: int) -> None:
    server = grid.start_gridftp(embedded=True)
    with (server.root / "large").open("wb") as file:
        file.truncate(1 << 40)
    sessions = [open_session(server) for _ in range(3)]
    command = [find_program("globus-url-copy"), f"{server.url}/large", "file:///dev/null"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as transfer:
        wait_until(lambda: "Starting to transfer" in server.log.read_text())
        sessions[0].close()
        server.stop()
        assert transfer.wait(timeout=30) != 0
    for session in sessions:
        session.close()


def test_an_embedded_server_maps_by_the_grid_mapfile(stock: Stock, grid: Grid, source: Path) -> None:
    stranger = grid.add_user("Stranger to the embedded server", mapped=False)
    env = {**os.environ, "X509_USER_PROXY": stranger.credential}
    with grid.start_gridftp(embedded=True) as server:
        assert stranger.subject in stock.refused_copy(source.as_uri(), f"{server.url}/no", env=env)


def test_one_embedded_server_at_a_time_ended_with_its_sessions(grid: Grid) -> None:
    server = grid.start_gridftp(embedded=True)
    with open_session(server) as connection:
        with pytest.raises(TestGridError, match="another GridFTP server is embedded in this process"):
            grid.start_gridftp(embedded=True)
        server.stop()
        while connection.recv(4096):  # it may say good-bye
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    server.stop()
    with grid.start_gridftp(embedded=True) as second:
        open_session(second).close()


def test_a_wrong_option_of_an_embedded_server_leaves_this_process_alive(grid: Grid) -> None:
    with pytest.raises(TestGridError, match="Unknown option on command line: no-such-option"):
        grid.start_gridftp(embedded=True, options=["-no-such-option"])


def test_an_embedded_server_needs_the_environment_of_its_grid(grid: Grid) -> None:
    other = Grid().start()
    try:
        with pytest.raises(TestGridError, match="needs the grid in its environment"):
            other.start_gridftp(embedded=True)
    finally:
        other.close()


def test_a_grid_ends_its_embedded_server(grid: Grid) -> None:
    with Grid() as other:
        server = other.start_gridftp(embedded=True)
    assert not server.running
    with grid.start_gridftp(embedded=True):
        pass
