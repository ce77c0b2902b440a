"""``pyglobus-url-copy`` that cannot: one clear line, an exit code, nothing under the final name."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from globus_hl.cli.exits import Exit
from globus_hl.testgrid import CertificateAuthority, Grid, GridFTPServer
from globus_hl.testgrid.proxy import make_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.hl.cli.conftest import Runner


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"a small file system can only be mounted by root: {mount.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("gsiftp://h:port/a", "the port"),
        ("gsiftp:/h/a", "write gsiftp://host/path"),
        ("http://h/a", "'http' is not one of gsiftp, ftp, sshftp and file"),
        ("gsiftp:///a", "no host"),
        ("gsiftp://h/%zz", "write %25"),
        ("gsiftp://h/a%0d%0aDELE", "line break"),
        ("file://elsewhere/a", "machine 'elsewhere'"),
        ("", "it is empty"),
    ],
)
def test_wrong_url(run: Runner, data: Path, wrong: str, says: str) -> None:
    for operands in ((wrong, "to"), (data, wrong)):
        ran = run(*operands)
        assert ran.code == Exit.USAGE
        assert says in ran.error
        assert wrong in ran.error
    assert os.listdir(run.directory) == []


def test_missing_file(run: Runner, url: str, remote: Path) -> None:
    ran = run(f"{url}/missing", "to")
    assert ran.code == Exit.NOT_FOUND
    assert f"{url}/missing" in ran.error
    ran = run("missing", f"{url}/to")
    assert ran.code == Exit.NOT_FOUND
    assert f"{run.directory}/missing: No such file" in ran.error
    assert os.listdir(remote) == os.listdir(run.directory) == []


def test_directory_in_place_of_a_file(run: Runner, url: str, remote: Path, data: Path) -> None:
    (remote / "dir").mkdir()
    (run.directory / "dir").mkdir()
    for operands in ((f"{url}/dir", "to"), (data, f"{url}/dir"), ("dir", f"{url}/to"), (data, "dir")):
        ran = run(*operands)
        assert ran.code == Exit.NOT_PERMITTED
        assert "'/'" in ran.error
        assert "dir" in ran.error
    assert (os.listdir(remote), os.listdir(run.directory)) == (["dir"], ["dir"])


def test_path_that_the_server_does_not_serve(run: Runner, gridftp_server: GridFTPServer) -> None:
    ran = run(f"gsiftp://{gridftp_server.contact}/etc/hostname", "to")
    assert ran.code == Exit.NOT_PERMITTED
    assert "/etc/hostname" in ran.error
    assert os.listdir(run.directory) == []


def test_refused_login(run: Runner, grid: Grid, url: str) -> None:
    stranger = grid.add_user("Stranger", mapped=False)
    ran = run(f"{url}/a", "to", env={"X509_USER_PROXY": str(stranger.proxy)})
    assert ran.code == Exit.LOGIN_REFUSED
    assert "grid-mapfile" in ran.error
    assert os.listdir(run.directory) == []


def test_expired_proxy(run: Runner, grid: Grid, url: str, tmp_path: Path) -> None:
    proxy = make_proxy(grid.user, tmp_path / "expired.pem", lifetime=-60)
    ran = run(f"{url}/a", "to", env={"X509_USER_PROXY": str(proxy)})
    assert ran.code == Exit.BAD_CREDENTIAL
    assert "expired" in ran.error
    assert "grid-proxy-init" in ran.error
    assert not (run.directory / "to").exists()


def test_no_proxy(run: Runner, url: str) -> None:
    ran = run(f"{url}/a", "to", env={"X509_USER_PROXY": "/nonexistent"})
    assert ran.code == Exit.BAD_CREDENTIAL
    assert "grid-proxy-init" in ran.error


def test_unknown_authority(run: Runner, url: str, tmp_path: Path) -> None:
    trust = tmp_path / "trust"
    trust.mkdir()
    CertificateAuthority(tmp_path / "other-ca").install(trust)
    ran = run(f"{url}/a", "to", env={"X509_CERT_DIR": str(trust)})
    assert ran.code == Exit.NOT_TRUSTED
    assert "X509_CERT_DIR" in ran.error
    assert not (run.directory / "to").exists()


def test_no_server(run: Runner, data: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        target = f"gsiftp://localhost:{unused.getsockname()[1]}/a"
        for operands in ((target, "to"), (data, target), (target, target)):
            ran = run(*operands)
            assert ran.code == Exit.NO_CONNECTION
            assert target.rpartition("/")[0].partition("//")[2] in ran.error
            assert "check host and port" in ran.error
    assert os.listdir(run.directory) == []


def test_no_such_host(run: Runner) -> None:
    ran = run("gsiftp://no-such-host.invalid/a", "to")
    assert ran.code == Exit.NO_CONNECTION
    assert "no-such-host.invalid" in ran.error


def test_local_disk_full(run: Runner, url: str, remote: Path, data: Path, small_disk: Path) -> None:
    (remote / "a").write_bytes(data.read_bytes())
    (small_disk / "to").write_bytes(b"before")
    for source in (f"{url}/a", data):
        ran = run(source, small_disk / "to")
        assert ran.code == Exit.NO_SPACE
        assert f"{small_disk}/to: {os.strerror(errno.ENOSPC)}" in ran.error
        assert "free some space" in ran.error
        assert os.listdir(small_disk) == ["to"]
        assert (small_disk / "to").read_bytes() == b"before"


def test_device_full(run: Runner, data: Path) -> None:
    ran = run(data, "/dev/full")
    assert ran.code == Exit.NO_SPACE
    assert f"/dev/full: {os.strerror(errno.ENOSPC)}" in ran.error


def test_disk_of_the_server_full(run: Runner, grid: Grid, data: Path, small_disk: Path) -> None:
    with grid.start_gridftp(root=small_disk) as server:
        ran = run(data, f"{server.url}/to")
        assert ran.code == Exit.NO_SPACE
        assert f"{server.url}/to" in ran.error
        assert "space" in ran.error
        assert os.listdir(small_disk) == []


def test_time_limit(run: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        ran = run("--timeout", "1", f"gsiftp://localhost:{silent.getsockname()[1]}/a", "to")
    assert time.monotonic() - started < 10
    assert ran.code == Exit.TIMEOUT
    assert "1 seconds" in ran.error
    assert os.listdir(run.directory) == []


@pytest.mark.parametrize("place", ["remote", "local"])
def test_time_limit_of_standard_input(run: Runner, url: str, remote: Path, place: str) -> None:
    with run.start(
        "--timeout", "1", "-", f"{url}/to" if place == "remote" else "to", stdin=subprocess.PIPE
    ) as process:
        process.stdin.write(b"not all of it")
        process.stdin.flush()
        assert process.wait(timeout=15) == Exit.TIMEOUT
        assert "1 seconds" in run.failed(process, process.stderr.read()).error
    assert (os.listdir(remote), os.listdir(run.directory)) == ([], [])


def test_server_that_speaks_something_else(run: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        target = f"gsiftp://localhost:{other.getsockname()[1]}/a"
        with run.start("--timeout", "20", target, "to") as process, other.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            stderr = process.communicate(timeout=30)[1]
    assert process.returncode == Exit.NO_CONNECTION
    assert run.failed(process, stderr).error


def test_server_that_dies(run: Runner, grid: Grid) -> None:
    with grid.start_gridftp() as server:
        with (server.root / "big").open("wb") as file:
            file.truncate(1 << 40)
        process = run.start("-q", f"{server.url}/big", "to")
        with process:
            process.wait_until(lambda: any(run.directory.glob(".to*")))
            server.kill()
            stderr = process.communicate(timeout=30)[1]
    assert process.returncode == Exit.NO_CONNECTION
    assert run.failed(process, stderr).error
    assert os.listdir(run.directory) == []
