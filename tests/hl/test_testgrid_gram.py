"""The grid's gatekeeper and its GASS server, by the stock clients."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import GASSServer, Gatekeeper, Grid, MissingProgramError, TestGridError, programs
from globus_hl.testgrid.gridftp import account

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hl.conftest import Stock

    Wait = Callable[[Callable[[], object]], None]

MARK = "3600.25"  # seconds that a test's job sleeps, to find it among others


@pytest.fixture(scope="module")
def gatekeeper(grid: Grid) -> Gatekeeper:
    return grid.gram


@pytest.fixture(scope="module")
def gass(grid: Grid) -> GASSServer:
    return grid.gass


def processes(word: str) -> set[int]:
    """The living processes of which a word of the command line is this one."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            state = (path / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if word.encode() in words and state != "Z":
            found.add(int(path.name))
    return found


def job_managers(gatekeeper: Gatekeeper) -> set[int]:
    return processes(str(gatekeeper.site.job_manager))


def submit(stock: Stock, gatekeeper: Gatekeeper, rsl: str) -> str:
    """Start a job that is not waited for, and return its contact."""
    [contact] = re.findall(
        r"^https://\S+$", stock("globusrun", "-b", "-r", gatekeeper.contact, rsl), re.MULTILINE
    )
    return contact


# ---- GRAM --------------------------------------------------------------------------------------------


def test_a_job_runs_as_the_account_in_a_home_of_its_own(stock: Stock, gatekeeper: Gatekeeper) -> None:
    rsl = "&(executable=/bin/sh)(arguments=-c 'id -un; echo $HOME; pwd; echo why >&2')"
    assert stock("globusrun", "-s", "-r", gatekeeper.contact, rsl) == (
        f"{account()}\n{gatekeeper.home}\n{gatekeeper.home}\n"
    )


def test_ping_and_the_named_service(stock: Stock, gatekeeper: Gatekeeper) -> None:
    for contact in (
        gatekeeper.contact,
        gatekeeper.service("jobmanager-fork"),
        f"localhost:{gatekeeper.port}",
    ):
        assert "successful" in stock("globusrun", "-a", "-r", contact)


def test_substitutions_know_the_gatekeeper(stock: Stock, grid: Grid, gatekeeper: Gatekeeper) -> None:
    names = ("HOST", "PORT", "SUBJECT")
    words = " ".join(f"$(GLOBUS_GATEKEEPER_{name})" for name in names)
    said = stock("globusrun", "-s", "-r", gatekeeper.contact, f"&(executable=/bin/echo)(arguments={words})")
    assert said == f"localhost {gatekeeper.port} {grid.host.subject}\n"


def test_files_are_staged(stock: Stock, gatekeeper: Gatekeeper, gass: GASSServer) -> None:
    (gass.root / "in").write_text("staged in")
    rsl = (
        f"&(executable=/bin/cp)(arguments=copied-in back)(file_stage_in=({gass.url}/in copied-in))"
        f"(file_stage_out=(back {gass.url}/out))(file_clean_up=copied-in back)"
    )
    stock("globusrun", "-r", gatekeeper.contact, rsl)
    assert (gass.root / "out").read_text() == "staged in"


def test_a_stranger_is_refused(stock: Stock, grid: Grid, gatekeeper: Gatekeeper, wait_until: Wait) -> None:
    stranger = grid.add_user("Nobody's friend", mapped=False)
    env = {"X509_USER_PROXY": stranger.credential}
    assert "authentication with the remote server failed" in stock.refused(
        "globusrun", "-a", "-r", gatekeeper.contact, env=env
    )
    wait_until(lambda: stranger.subject in gatekeeper.log.read_text())


def test_stop_ends_job_manager_and_jobs(stock: Stock, grid: Grid) -> None:
    with grid.start_gatekeeper() as gatekeeper:
        submit(stock, gatekeeper, f"&(executable=/bin/sleep)(arguments={MARK}1)")
        assert len(job_managers(gatekeeper)) == len(processes(f"{MARK}1")) == 1
    assert not gatekeeper.running
    assert not job_managers(gatekeeper)
    assert not processes(f"{MARK}1")


CRASH = textwrap.dedent(
    f"""
    import os, subprocess, sys
    from globus_hl.testgrid import Grid
    with Grid() as grid:
        rsl = "&(executable=/bin/sleep)(arguments={MARK}2)"
        subprocess.run(["globusrun", "-b", "-r", grid.gram.contact, rsl], check=True, stdout=subprocess.DEVNULL)
        print(grid.directory, grid.gass.pid, grid.gram.pid, grid.myproxy.pid, grid.gram.site.job_manager, flush=True)
        sys.stdin.readline()
    """
)


def test_a_crash_of_the_owner_leaves_no_job_and_no_server(wait_until: Wait) -> None:
    command = [sys.executable, "-c", CRASH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        directory, *pids, job_manager = owner.stdout.readline().split()
        assert len(processes(job_manager)) == len(processes(f"{MARK}2")) == 1
        os.kill(owner.pid, signal.SIGKILL)
    wait_until(lambda: not Path(directory).exists())
    assert not processes(job_manager)
    assert not processes(f"{MARK}2")
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_options_reach_the_job_manager(stock: Stock, grid: Grid) -> None:
    with grid.start_gatekeeper(options={"-log-levels": "FATAL|ERROR|WARN|INFO"}) as gatekeeper:
        stock("globusrun", "-a", "-r", gatekeeper.contact)
        stock("globusrun", "-s", "-r", gatekeeper.contact, "&(executable=/bin/true)")
        assert "level=INFO" in gatekeeper.job_log.read_text()


def test_a_gatekeeper_that_cannot_work_says_why(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = type(grid.host)(grid.host.subject, grid.directory / "not there", grid.host.key)
    monkeypatch.setattr(grid, "host", broken)
    with pytest.raises(TestGridError, match="not there"):
        grid.start_gatekeeper()


def test_a_missing_job_manager_names_its_package(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match="apt-get install globus-gram-job-manager"):
        grid.start_gatekeeper()


# ---- GASS --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_files_go_to_and_fro(stock: Stock, grid: Grid, tmp_path: Path, secure: bool) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 1000)
    with grid.start_gass(secure=secure) as gass:
        assert gass.url.startswith("https://localhost" if secure else "http://localhost")
        stock("globus-url-copy", (tmp_path / "a").as_uri(), f"{gass.url}/a")
        assert (gass.root / "a").read_bytes() == (tmp_path / "a").read_bytes()
        stock("globus-url-copy", f"{gass.base_url}{tmp_path}/a", (tmp_path / "b").as_uri())
        assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_output_to_the_server_is_in_its_log(
    stock: Stock, gass: GASSServer, tmp_path: Path, wait_until: Wait
) -> None:
    (tmp_path / "a").write_text("said by a client\n")
    stock("globus-url-copy", (tmp_path / "a").as_uri(), f"{gass.base_url}/dev/stderr")
    wait_until(lambda: "said by a client\n" in gass.log.read_text())


def test_others_are_not_served(stock: Stock, grid: Grid, gass: GASSServer, tmp_path: Path) -> None:
    other = grid.add_user("Other user of GASS")
    (gass.root / "private").write_text("private")
    env = {"X509_USER_PROXY": other.credential}
    stock.refused("globus-url-copy", f"{gass.url}/private", (tmp_path / "got").as_uri(), env=env)
    assert "private" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_client_may_shut_it_down(stock: Stock, grid: Grid, wait_until: Wait) -> None:
    gass = grid.start_gass()
    stock.refused("globus-gass-server-shutdown", gass.base_url)  # it says nothing, and fails, when it worked
    wait_until(lambda: not gass.running)
