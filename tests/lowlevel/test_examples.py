"""The programs of examples/lowlevel, run as a user runs them, against real servers."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from globus_hl.testgrid import Grid

EXAMPLES = Path(__file__).parents[2] / "examples" / "lowlevel"
LIMIT = 60


def command(example: str, *words: object) -> list[str]:
    return [sys.executable, str(EXAMPLES / example), *map(str, words)]


def run(
    grid: Grid, example: str, *words: object, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(example, *words), env=os.environ | grid.env, capture_output=True, text=True, timeout=LIMIT, check=False,
        preexec_fn=before,
    )  # fmt: skip


def small_files_only() -> None:
    """As a disk that gets full: what is written behind the first MiB is an error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))


def test_gridftp_get_goes_on_where_it_was_cut(grid: Grid, tmp_path: Path) -> None:
    data = os.urandom(3 << 20)
    (Path(grid.gridftp.root) / "cut.dat").write_bytes(data)
    url, target = f"{grid.gridftp.url}/cut.dat", tmp_path / "cut.dat"
    cut = run(grid, "gridftp_get.py", url, target, before=small_files_only)
    assert cut.returncode == 1, cut.stderr
    assert "run the same command again" in cut.stderr
    assert not target.exists()
    marker = (tmp_path / "cut.dat.restart").read_text()
    kept = sum(int(end) - int(start) for start, end in re.findall(r"(\d+)-(\d+)", marker))
    assert 0 < kept <= 1 << 20
    rest = run(grid, "gridftp_get.py", url, target)
    assert rest.returncode == 0, rest.stderr
    assert f"{len(data) - kept} bytes after {kept} of earlier" in rest.stdout
    assert target.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["cut.dat"]


def test_gridftp_get_says_what_is_missing(grid: Grid, tmp_path: Path) -> None:
    done = run(grid, "gridftp_get.py", f"{grid.gridftp.url}/none.dat", tmp_path / "none.dat")
    assert done.returncode == 1
    assert "No such file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def echo_server(grid: Grid) -> Iterator[str]:
    """The contact string of the echo example."""
    with subprocess.Popen(
        command("xio_echo_gsi.py", "server"), env=os.environ | grid.env, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def test_xio_echo_over_gsi(grid: Grid, echo_server: str) -> None:
    for words in (["hello"], ["one", "two", "Grüße"]):
        done = run(grid, "xio_echo_gsi.py", "client", echo_server, *words)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == words
        assert f"connected to {grid.user.subject}" in done.stderr


def test_xio_echo_refuses_another_user(grid: Grid, echo_server: str) -> None:
    stranger = grid.add_user("Stranger to the echo server")
    environment = os.environ | grid.env | {"X509_USER_PROXY": str(stranger.proxy)}
    done = subprocess.run(
        command("xio_echo_gsi.py", "client", echo_server, "hello"), env=environment, capture_output=True, text=True,
        timeout=LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "hello" not in done.stdout
    assert "Traceback" not in done.stderr


def test_gram_submit_tells_the_states_of_a_job(grid: Grid, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(
        grid, "gram_submit.py", grid.gram.contact, f"&(executable=/bin/echo)(arguments=hello)(stdout={out})"
    )
    assert done.returncode == 0, done.stderr
    contact, *states = done.stdout.splitlines()
    assert contact.startswith("https://")
    assert states[-1] == "done"
    assert out.read_text() == "hello\n"


def test_gram_submit_says_what_went_wrong(grid: Grid) -> None:
    failed = run(grid, "gram_submit.py", grid.gram.contact, "&(executable=/no/such/program)")
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-1] == "failed: the executable does not exist"
    refused = run(grid, "gram_submit.py", grid.gram.contact, "&(executable")
    assert refused.returncode == 1
    assert "RSL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_gram_submit_cancels_its_job(grid: Grid) -> None:
    with subprocess.Popen(
        command("gram_submit.py", grid.gram.contact, "&(executable=/bin/sleep)(arguments=60)"),
        env=os.environ | grid.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while process.stdout.readline().strip() != "active":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 1, said
    assert "failed: the user cancelled the job" in told


@pytest.fixture
def acceptor(grid: Grid) -> Iterator[subprocess.Popen[str]]:
    """The waiting side of the handshake example, with the host's credential."""
    environment = os.environ | grid.env
    del environment["X509_USER_PROXY"]
    environment |= {"X509_USER_CERT": str(grid.host.cert), "X509_USER_KEY": str(grid.host.key)}
    with subprocess.Popen(
        command("gss_handshake.py", "accept"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def test_gss_handshake_delegates_and_encrypts(grid: Grid, acceptor: subprocess.Popen[str]) -> None:
    assert acceptor.stdout is not None
    port = acceptor.stdout.readline().strip()
    done = run(grid, "gss_handshake.py", "initiate", port, "Grüße", "--expect", grid.host.subject)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"connected to {grid.host.subject}", "GRÜSSE"]
    said, complained = acceptor.communicate(timeout=LIMIT)
    assert acceptor.returncode == 0, complained
    first, second = said.splitlines()
    assert first == f"accepted {grid.user.subject}"
    assert re.fullmatch(rf"may act as {re.escape(grid.user.subject)} for \d+ minutes", second)


def test_gss_handshake_talks_to_nobody_else(grid: Grid, acceptor: subprocess.Popen[str]) -> None:
    assert acceptor.stdout is not None
    port = acceptor.stdout.readline().strip()
    done = run(grid, "gss_handshake.py", "initiate", port, "hello", "--expect", grid.user.subject)
    assert done.returncode == 1
    assert "do not match" in done.stderr
    assert "Traceback" not in done.stderr
    said, complained = acceptor.communicate(timeout=LIMIT)
    assert acceptor.returncode == 1
    assert "accepted" not in said
    assert "Traceback" not in complained
