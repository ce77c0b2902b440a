"""`globus_hl.testgrid` against the stock programs: they say whether certificates and servers are right."""

from __future__ import annotations

import os
import pwd
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import Grid, GridFTPServer, MissingProgramError, TestGridError, programs
from globus_hl.testgrid.processes import Watchdog
from globus_hl.testgrid.programs import find_program
from globus_hl.testgrid.proxy import make_proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from globus_hl.testgrid.gridftp import Security


CONTENT = bytes(range(256)) * 4096  # 1 MiB
UNPRIVILEGED = "nobody"


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a program, have it succeed, return what it prints."""
    done = subprocess.run(
        [str(c) for c in command],
        env=env,
        capture_output=True,
        text=True,
        timeout=45,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def url_copy(source: str, target: str, *options: str, env: dict[str, str] | None = None) -> None:
    """Copy one file with the stock client."""
    run(find_program("globus-url-copy"), *options, source, target, env=env)


def refused(source: str, target: str, *options: str, env: dict[str, str] | None = None) -> str:
    """Have the stock client fail, and return why."""
    command = [find_program("globus-url-copy"), *options, source, target]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=45, stdin=subprocess.DEVNULL
    )
    assert done.returncode != 0, f"{command} was not refused"
    return done.stdout + done.stderr


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for_end(*pids: int, timeout: float = 15) -> None:
    """Wait until processes that are not our children have ended."""
    for pid in pids:
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            assert select.select([pidfd], [], [], timeout)[0], (
                f"process {pid} is still there after {timeout} s"
            )
        finally:
            os.close(pidfd)


def wait_until(condition: Callable[[], bool], timeout: float = 15) -> None:
    """Wait for what no event tells."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to copy."""
    path = tmp_path / "source.dat"
    path.write_bytes(CONTENT)
    return path


# -- certificates -------------------------------------------------------------------------------------


def test_trust_directory_has_the_names_that_openssl_computes(grid: Grid) -> None:
    hashes = run(
        "openssl", "x509", "-in", grid.ca.cert, "-noout", "-subject_hash", "-subject_hash_old"
    ).split()
    assert list(grid.ca.hashes) == hashes
    expected = {f"{h}.{suffix}" for h in hashes for suffix in ("0", "signing_policy")}
    assert {p.name for p in grid.trust_directory.iterdir()} == expected


@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
def test_openssl_verifies_the_host_certificate(grid: Grid, purpose: str) -> None:
    for name in (
        ("-verify_hostname", "localhost"),
        ("-verify_ip", "127.0.0.1"),
        ("-verify_hostname", socket.gethostname()),
    ):
        run(
            "openssl",
            "verify",
            "-x509_strict",
            "-CAfile",
            grid.ca.cert,
            "-purpose",
            purpose,
            *name,
            grid.host.cert,
        )


def test_openssl_verifies_user_and_proxy(grid: Grid) -> None:
    run("openssl", "verify", "-x509_strict", "-CAfile", grid.ca.cert, "-purpose", "sslclient", grid.user.cert)
    run(
        "openssl",
        "verify",
        "-CAfile",
        grid.ca.cert,
        "-untrusted",
        grid.user.cert,
        "-allow_proxy_certs",
        grid.user.proxy,
    )


def test_grid_proxy_info_sees_an_rfc_proxy_of_the_user(grid: Grid) -> None:
    info = run(find_program("grid-proxy-info"), "-file", grid.user.proxy)
    fields = dict(re.findall(r"^(\w+) *: (.*)$", info, re.MULTILINE))
    assert fields["type"] == "RFC 3820 compliant impersonation proxy"
    assert fields["identity"] == fields["issuer"] == grid.user.subject
    assert fields["strength"] == "2048 bits"
    assert fields["timeleft"].startswith(("11:", "12:00"))  # the grid may be as old as the test run


def test_stock_tools_make_proxies_of_the_user(grid: Grid, tmp_path: Path) -> None:
    for kind in ("-rfc", "-draft", "-old"):
        proxy = tmp_path / f"proxy{kind}"
        pair = ("-cert", grid.user.cert, "-key", grid.user.key)
        run(find_program("grid-proxy-init"), "-q", "-verify", kind, *pair, "-out", proxy)
        copied = tmp_path / f"copied{kind}"
        (grid.gridftp.root / "proxy-kinds").write_bytes(CONTENT)
        env = {**os.environ, "X509_USER_PROXY": str(proxy)}
        url_copy(f"{grid.gridftp.url}/proxy-kinds", copied.as_uri(), env=env)
        assert copied.read_bytes() == CONTENT


def test_names_that_the_authority_cannot_issue(grid: Grid) -> None:
    for name, why in (("Test User", "already"), ("Zoë", "printable ASCII"), ("a/DC=b", "not DC")):
        with pytest.raises(ValueError, match=why):
            grid.add_user(name)


def test_a_proxy_lives_as_long_as_asked(grid: Grid, tmp_path: Path) -> None:
    proxy = make_proxy(grid.user, tmp_path / "short", lifetime=600)
    left = int(run(find_program("grid-proxy-info"), "-file", proxy, "-timeleft"))
    assert 590 <= left <= 600


def test_secrets_are_private(grid: Grid) -> None:
    secrets = (grid.ca.key, grid.host.key, grid.user.key, grid.user.proxy)
    assert [stat.S_IMODE(p.stat().st_mode) for p in secrets] == [0o600] * len(secrets)
    assert stat.S_IMODE(grid.directory.stat().st_mode) == 0o700


# -- GridFTP ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [[], ["-p", "3", "-fast"], ["-dcpriv"], ["-dcsafe"], ["-nodcau"]], ids=" ".join
)
def test_put_and_get_over_gsi(
    gridftp_server: GridFTPServer, source: Path, tmp_path: Path, options: list[str]
) -> None:
    back = tmp_path / "back.dat"
    url_copy(source.as_uri(), f"{gridftp_server.url}/put and get.dat".replace(" ", "%20"), *options)
    url_copy(f"{gridftp_server.url}/put%20and%20get.dat", back.as_uri(), *options)
    assert (gridftp_server.root / "put and get.dat").read_bytes() == back.read_bytes() == CONTENT


def test_third_party(gridftp_server: GridFTPServer, second_gridftp_server: GridFTPServer) -> None:
    (gridftp_server.root / "third").write_bytes(CONTENT)
    url_copy(f"{gridftp_server.url}/third", f"{second_gridftp_server.url}/third")
    assert (second_gridftp_server.root / "third").read_bytes() == CONTENT


def test_anonymous(anonymous_server: GridFTPServer, source: Path, tmp_path: Path) -> None:
    back = tmp_path / "back.dat"
    url_copy(source.as_uri(), f"{anonymous_server.ftp_url}/a", env={})
    url_copy(f"{anonymous_server.ftp_url}/a", back.as_uri(), env={})
    assert back.read_bytes() == CONTENT
    url_copy(f"{anonymous_server.url}/a", back.as_uri())  # GSI on the same port


def test_password(grid: Grid, source: Path) -> None:
    with grid.start_gridftp("password") as server:
        url_copy(source.as_uri(), f"{server.ftp_url}/a", env={})
        assert (server.root / "a").read_bytes() == CONTENT
        wrong = server.ftp_url.replace(f":{server.password}@", ":wrong@")
        assert "530" in refused(source.as_uri(), f"{wrong}/b", env={})


def test_nomap_lets_in_whom_the_map_does_not_name(
    grid: Grid, gridftp_server: GridFTPServer, source: Path
) -> None:
    stranger = grid.add_user("Nomad", mapped=False)
    env = {**os.environ, "X509_USER_PROXY": stranger.credential}
    assert stranger.subject in refused(source.as_uri(), f"{gridftp_server.url}/no", env=env)
    with grid.start_gridftp("nomap") as server:
        url_copy(source.as_uri(), f"{server.url}/yes", env=env)
        assert (server.root / "yes").read_bytes() == CONTENT
    grid.map(stranger.subject)
    url_copy(source.as_uri(), f"{gridftp_server.url}/mapped", env=env)


def test_options_reach_the_server(grid: Grid, source: Path) -> None:
    with grid.start_gridftp(options=["-encrypt-data"]) as server:
        assert "Encryption is required" in refused(source.as_uri(), f"{server.url}/a")
        url_copy(source.as_uri(), f"{server.url}/a", "-dcpriv")


def test_only_the_root_is_served(
    anonymous_server: GridFTPServer, gridftp_server: GridFTPServer, tmp_path: Path
) -> None:
    (gridftp_server.root / "link").symlink_to("/etc/hosts")
    for url in (
        f"ftp://{anonymous_server.contact}/etc/hosts",
        f"gsiftp://{gridftp_server.contact}/etc/hosts",
        f"{gridftp_server.url}/../../etc/grid-mapfile",
        f"{gridftp_server.url}/link",
    ):
        assert "Path not allowed" in refused(url, (tmp_path / "got").as_uri())


def test_a_directory_of_the_caller_is_served(grid: Grid, source: Path, tmp_path: Path) -> None:
    with grid.start_gridftp(root=tmp_path) as server:
        url_copy(f"{server.url}/source.dat", (tmp_path / "copy").as_uri())
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_without_the_grid_nobody_trusts_it(
    gridftp_server: GridFTPServer, source: Path, tmp_path: Path
) -> None:
    env = {"X509_CERT_DIR": str(tmp_path), "X509_USER_PROXY": os.environ["X509_USER_PROXY"]}
    assert "trusted CA" in refused(source.as_uri(), f"{gridftp_server.url}/a", env=env)


def test_ftp_url_of_a_gsi_server_says_what_to_start(gridftp_server: GridFTPServer) -> None:
    with pytest.raises(TestGridError, match=r"start_gridftp\('anonymous'\)"):
        _ = gridftp_server.ftp_url


# -- the server in this process -----------------------------------------------------------------------


@pytest.mark.parametrize("security", ["gsi", "nomap", "anonymous"])
def test_embedded(grid: Grid, source: Path, tmp_path: Path, security: Security) -> None:
    back, umask, directory = tmp_path / "back.dat", os.umask(0o022), Path.cwd()
    with grid.start_gridftp(security, embedded=True) as server:
        assert server.pid == os.getpid()
        for url in [server.url] + ([server.ftp_url] if security == "anonymous" else []):
            url_copy(source.as_uri(), f"{url}/a")  # the client accepts nobody but the host
            url_copy(f"{url}/a", back.as_uri(), "-p", "2")
            assert back.read_bytes() == CONTENT
            assert "Path not allowed" in refused(f"{url}/../../etc/grid-mapfile", back.as_uri())
        (server.root / "a").unlink()
    assert not server.running
    assert "X509_VHOST_CRED_DIR" not in os.environ
    assert (os.umask(umask), Path.cwd()) == (0o022, directory)


def test_an_embedded_server_does_not_offer_what_crashes_it(grid: Grid) -> None:
    with pytest.raises(TestGridError, match="cannot have password log-ins"):
        grid.start_gridftp("password", embedded=True)


@pytest.mark.parametrize("again", range(3))
def test_a_busy_embedded_server_stops(grid: Grid, again: int) -> None:
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


def test_an_embedded_server_maps_by_the_grid_mapfile(grid: Grid, source: Path) -> None:
    stranger = grid.add_user("Stranger to the embedded server", mapped=False)
    env = {**os.environ, "X509_USER_PROXY": stranger.credential}
    with grid.start_gridftp(embedded=True) as server:
        assert stranger.subject in refused(source.as_uri(), f"{server.url}/no", env=env)


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


# -- failures -----------------------------------------------------------------------------------------


def test_a_server_that_cannot_start_shows_its_output(grid: Grid) -> None:
    with pytest.raises(TestGridError, match=r"Unknown option on command line: no-such-option"):
        grid.start_gridftp(options=["-no-such-option"])


def test_a_server_that_is_never_ready_is_stopped_at_the_deadline(grid: Grid) -> None:
    before = children_of_watchdog(grid)
    with pytest.raises(TestGridError, match=r"sleeper was not ready within 0\.2 s"):
        watchdog_of(grid).start(
            "sleeper", ["/bin/sleep", "60"], {}, grid.directory / "log/sleeper", "never", 0.2
        )
    assert children_of_watchdog(grid) == before


@pytest.mark.parametrize("name", ["a,b", "a*", "a?", "a["])
def test_a_root_that_the_server_would_take_for_a_pattern_is_refused(
    grid: Grid, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="for a pattern"):
        grid.start_gridftp(root=tmp_path / name)


def test_unknown_security_is_refused(grid: Grid) -> None:
    with pytest.raises(ValueError, match="'anonymous', 'password'"):
        grid.start_gridftp("none")  # type: ignore[arg-type]


def test_a_missing_program_names_its_package(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match="apt-get install globus-gridftp-server-progs") as caught:
        grid.start_gridftp()
    assert isinstance(caught.value, FileNotFoundError)
    assert str(tmp_path) in str(caught.value)


def test_a_grid_that_is_not_up_says_so() -> None:
    with pytest.raises(TestGridError, match=r"context manager, or call start\(\)"):
        Grid().start_gridftp()


# -- several grids ------------------------------------------------------------------------------------


def test_two_grids_do_not_trust_each_other_unless_told(grid: Grid, source: Path) -> None:
    outer = dict(os.environ)
    with Grid() as stranger:
        assert os.environ["X509_CERT_DIR"] == str(stranger.trust_directory)
        assert "trusted CA" in refused(source.as_uri(), f"{grid.gridftp.url}/a")
    assert dict(os.environ) == outer
    with Grid(trust=[grid]) as friend:
        friend.map(grid.user.subject)
        mixed = {**os.environ, "X509_USER_PROXY": grid.user.credential}
        url_copy(source.as_uri(), f"{friend.gridftp.url}/a", env=mixed)
        assert (friend.gridftp.root / "a").read_bytes() == CONTENT


def test_the_environment_is_the_clients_and_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X509_USER_CERT", "/nowhere/cert.pem")
    monkeypatch.setenv("X509_CERT_DIR", "/nowhere")
    monkeypatch.delenv("GRIDMAP", raising=False)
    before = dict(os.environ)
    with Grid() as grid:
        assert "X509_USER_CERT" not in os.environ  # it would win over the proxy
        assert {name: os.environ[name] for name in grid.env} == grid.env
    assert dict(os.environ) == before


# -- the end ------------------------------------------------------------------------------------------


def watchdog_of(grid: Grid) -> Watchdog:
    watchdog = grid._watchdog
    assert watchdog is not None
    return watchdog


def children_of_watchdog(grid: Grid) -> set[int]:
    parent = watchdog_of(grid).pid
    stats = {int(p.name): p / "stat" for p in Path("/proc").iterdir() if p.name.isdigit()}
    return {
        pid
        for pid, path in stats.items()
        if alive(pid) and int(path.read_text().rpartition(")")[2].split()[1]) == parent
    }


def open_session(server: GridFTPServer) -> socket.socket:
    """Connect and read the banner: now a session process of the server serves us."""
    connection = socket.create_connection(("localhost", server.port), timeout=10)
    assert connection.recv(4096).startswith(b"220")
    return connection


def processes_of(session: int) -> set[int]:
    """The living processes of a session."""
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and alive(int(path.name)) and os.getsid(int(path.name)) == session:
            found.add(int(path.name))
    return found


@pytest.mark.parametrize("end", [GridFTPServer.stop, GridFTPServer.kill])
def test_stop_ends_the_sessions_too(grid: Grid, end: Callable[[GridFTPServer], None]) -> None:
    server = grid.start_gridftp()
    with open_session(server) as connection:
        pids = processes_of(server.pid)
        assert len(pids) == 2  # daemon and session
        end(server)
        assert not any(alive(pid) for pid in pids)
        assert connection.recv(1) == b""
    assert not server.running
    end(server)  # again is fine


def test_the_default_server_comes_back_after_a_stop(grid: Grid) -> None:
    with Grid(trust=[grid]) as other:
        first = other.gridftp
        first.kill()
        assert other.gridftp is not first
        assert other.gridftp.running


def test_nothing_is_left_after_the_end() -> None:
    with Grid() as grid:
        connection = open_session(grid.gridftp)
        pids = {watchdog_of(grid).pid, *processes_of(grid.gridftp.pid)}
        assert len(pids) == 3
    connection.close()
    assert not any(alive(pid) for pid in pids)
    assert not grid.directory.exists()
    grid.close()


OWNER = textwrap.dedent(
    """
    import os, signal, sys, threading
    from globus_hl.testgrid import Grid
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())   # as the toolkit's activation leaves it
    grid = Grid()
    grid.start()
    servers = [grid.gridftp, grid.start_gridftp("anonymous")]
    if "fork" in sys.argv and os.fork() == 0:   # a child that keeps every descriptor open
        threading.Event().wait(60)
        os._exit(0)
    print(grid.directory, grid._watchdog.pid, grid.gridftp.port, *[s.pid for s in servers], flush=True)
    sys.stdin.readline()
    """
)


def start_owner(*arguments: str) -> tuple[subprocess.Popen[str], Path, int, list[int]]:
    """A process with a grid: itself, the grid's directory, a GridFTP port, pids of watchdog and servers."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=child_environment(),
    )
    assert owner.stdout is not None
    directory, watchdog, port, *servers = owner.stdout.readline().split()
    return owner, Path(directory), int(port), [int(watchdog), *map(int, servers)]


def child_environment() -> dict[str, str]:
    """For a Python that imports what this one does, and is in no grid yet."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("X509_", "GLOBUS_", "GRIDMAP"))
    }
    return clean | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


@pytest.mark.parametrize("fork", [[], ["fork"]], ids=["plain", "forked child keeps the socket"])
def test_a_crash_of_the_owner_leaves_nothing(fork: list[str]) -> None:
    owner, directory, port, pids = start_owner(*fork)
    with owner, socket.create_connection(("localhost", port), timeout=10) as connection:
        assert connection.recv(4096).startswith(b"220")
        pids += processes_of(pids[1])
        owner_group = processes_of(owner.pid)
        owner.kill()
        wait_for_end(*pids)
        for pid in owner_group - {owner.pid}:
            os.kill(pid, signal.SIGKILL)
    assert not directory.exists()


def test_the_death_of_the_watchdog_takes_the_servers_along_and_is_reported() -> None:
    grid = Grid().start()
    server = grid.gridftp
    os.kill(watchdog_of(grid).pid, signal.SIGKILL)
    wait_for_end(server.pid)
    with pytest.raises(TestGridError, match=r"watchdog .* has died"):
        grid.start_gridftp()
    assert not server.running
    server.stop()
    grid.close()
    assert not grid.directory.exists()


def test_ctrl_c_in_the_terminal_is_the_owners_alone() -> None:
    owner, directory, _, pids = start_owner()
    with owner:
        os.killpg(owner.pid, signal.SIGINT)  # blocked there, as in the owner's code
        assert all(alive(pid) for pid in pids)
        assert owner.stdin is not None
        owner.stdin.close()
        wait_for_end(*pids)
    assert not directory.exists()


def test_a_forgotten_grid_warns_and_goes() -> None:
    grid = Grid().start()
    directory = grid.directory
    with pytest.warns(ResourceWarning, match="unclosed <Grid"):
        del grid
    assert not directory.exists()


FORKER = textwrap.dedent(
    """
    import os
    from globus_hl.testgrid import Grid, TestGridError
    with Grid() as grid:
        server = grid.gridftp
        if os.fork() == 0:
            try:
                server.stop()
            except TestGridError as error:
                assert "belongs to the process that made it" in str(error)
                grid.close()
                os._exit(42)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 42
        assert server.running and grid.directory.exists()
        server.stop()
    print("done")
    """
)


def test_a_forked_child_leaves_the_grid_alone() -> None:
    assert run(sys.executable, "-c", FORKER, env=child_environment()) == "done\n"


def test_servers_start_and_stop_from_many_threads(grid: Grid) -> None:
    failures: list[BaseException] = []

    def cycle() -> None:
        try:
            with grid.start_gridftp() as server, open_session(server):
                assert server.running
            assert not server.running
        except BaseException as error:  # noqa: BLE001  handed to the test below
            failures.append(error)

    threads = [threading.Thread(target=cycle) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# -- an ordinary user ---------------------------------------------------------------------------------

AS_USER = textwrap.dedent(
    """
    import os, subprocess, sys
    from globus_hl.testgrid import Grid
    from globus_hl.testgrid.gridftp import account
    from globus_hl.testgrid.programs import find_program
    sys.executable, user, group = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.setgroups([]), os.setgid(group), os.setuid(user)
    copy = find_program("globus-url-copy")
    with Grid() as grid:
        kinds = [(security, False) for security in ("gsi", "anonymous", "password", "nomap")]
        for security, embedded in [*kinds, ("gsi", True), ("anonymous", True)]:
            with grid.start_gridftp(security, embedded=embedded) as server:
                urls = [server.url] + ([server.ftp_url] if security in ("anonymous", "password") else [])
                for url in urls:
                    subprocess.run([copy, "file:///etc/services", url + "/a"], check=True, timeout=30)
                    assert (server.root / "a").stat().st_uid == user
                    (server.root / "a").unlink()
        with grid.start_gass() as gass:
            subprocess.run([copy, "file:///etc/services", gass.url + "/a"], check=True, timeout=30)
            assert (gass.root / "a").stat().st_uid == user
        with grid.start_gatekeeper() as gatekeeper:
            job = [find_program("globusrun"), "-s", "-r", gatekeeper.contact, "&(executable=/usr/bin/id)(arguments=-u)"]
            assert subprocess.run(job, check=True, timeout=40, capture_output=True).stdout == b"%d\\n" % user
        with grid.start_myproxy(ca=True) as myproxy:
            logon = [find_program("myproxy-logon"), "-n", "-l", account(), "-o", "issued"]
            subprocess.run(logon, check=True, timeout=30, env=os.environ | myproxy.env, stdout=subprocess.DEVNULL)
            os.unlink("issued")
    assert not grid.directory.exists()
    print("done")
    """
)


def interpreter_for(user: str) -> str:
    """A Python that another user may run: ours may be in a home directory that is closed to others."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            subprocess.run([python, "-c", ""], user=user, cwd="/", check=True, timeout=30)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"there is no Python that {user} may run, and a grid runs its watchdog with one")


@pytest.mark.skipif(
    os.geteuid() != 0, reason="this test becomes another user; as one, all other tests show it"
)
def test_an_ordinary_user_can_have_a_grid() -> None:
    user = pwd.getpwnam(UNPRIVILEGED)
    arguments = [interpreter_for(UNPRIVILEGED), str(user.pw_uid), str(user.pw_gid)]
    with tempfile.TemporaryDirectory(prefix="home-of-nobody-") as home:
        os.chown(home, user.pw_uid, user.pw_gid)
        env = child_environment() | {"HOME": home, "TMPDIR": home}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", AS_USER, *arguments],
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
        assert list(Path(home).iterdir()) == []
