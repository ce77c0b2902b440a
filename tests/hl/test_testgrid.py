"""The life of a test grid: what cannot start, several at once, and that nothing is left."""

from __future__ import annotations

import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import Grid, GridFTPServer, MissingProgramError, TestGridError, programs
from globus_hl.testgrid.processes import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hl.conftest import Stock


CONTENT = bytes(range(256)) * 4096  # 1 MiB
UNPRIVILEGED = "nobody"


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


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to copy."""
    path = tmp_path / "source.dat"
    path.write_bytes(CONTENT)
    return path


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


def test_two_grids_do_not_trust_each_other_unless_told(stock: Stock, grid: Grid, source: Path) -> None:
    outer = dict(os.environ)
    with Grid() as stranger:
        assert os.environ["X509_CERT_DIR"] == str(stranger.trust_directory)
        assert "trusted CA" in stock.refused_copy(source.as_uri(), f"{grid.gridftp.url}/a")
    assert dict(os.environ) == outer
    with Grid(trust=[grid]) as friend:
        friend.map(grid.user.subject)
        mixed = {**os.environ, "X509_USER_PROXY": grid.user.credential}
        stock.copy(source.as_uri(), f"{friend.gridftp.url}/a", env=mixed)
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
    command = [sys.executable, "-c", FORKER]
    done = subprocess.run(
        command, env=child_environment(), stdout=subprocess.PIPE, text=True, timeout=45, check=True
    )
    assert done.stdout == "done\n"


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
