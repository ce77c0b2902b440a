"""``pyglobus grid``: a grid in one shell, the stock programs in another."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl.cli.exits import Exit
from globus_hl.cli.shells import statements
from globus_hl.testgrid.gridftp import account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PYGLOBUS = Path(sysconfig.get_path("scripts"), "pyglobus")


class Shells:
    """Several shells of one user, who is in no grid."""

    def __init__(self, home: Path) -> None:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("X509_", "GLOBUS_", "GRIDMAP", "GSI_", "MYPROXY_"))
        }
        self.home = home
        self.env = clean | {
            "XDG_RUNTIME_DIR": str(home),
            "TMPDIR": str(home),
            "PYTHONWARNINGS": "error",
            "LOGNAME": account(),
        }
        self.started: list[subprocess.Popen[str]] = []

    def up(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a grid, which is not up yet."""
        process = subprocess.Popen(
            [PYGLOBUS, "grid", "up", *map(str, arguments)],
            env=self.env,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run ``pyglobus grid`` to its end."""
        command = [PYGLOBUS, "grid", *map(str, arguments)]
        return subprocess.run(
            command, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=40, check=False
        )

    def script(self, text: str, shell: str = "sh") -> str:
        """Run a script in another shell, and return what it prints."""
        env = self.env | {"PATH": f"{PYGLOBUS.parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            [shell, "-c", text],
            env=env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
    """Interrupt it, and give exit code and output."""
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    return process.returncode, stdout, stderr


def read_json(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What ``--json`` prints when the grid is up."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(f"it printed {text!r} {process.stderr.read() if process.stderr else ''}")


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shells]:
    shells = Shells(tmp_path_factory.mktemp("home"))
    yield shells
    for process in shells.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def up(shells: Shells) -> Iterator[dict[str, Any]]:
    """A grid with all services, which the tests share."""
    process = shells.up("--json")
    yield read_json(process)
    code, stdout, stderr = end(process)
    assert (code, stdout, stderr) == (0, "", "")


SESSION = """
set -e
eval "$(pyglobus grid env)"
date >a
globus-url-copy "file://$PWD/a" "$PYGLOBUS_GRIDFTP_URL/a"
globus-url-copy "$PYGLOBUS_GRIDFTP_URL/a" "$PYGLOBUS_GASS_URL/b"
globus-url-copy "$PYGLOBUS_GASS_URL/b" "file://$PWD/c"
cmp a c
globusrun -s -r "$PYGLOBUS_GRAM_CONTACT" '&(executable=/bin/echo)(arguments=from a job)'
grid-proxy-info -identity
myproxy-logon -n -o issued >/dev/null
grid-proxy-info -file issued -identity
echo 'very secret' | myproxy-init -S -l tom -C "$PYGLOBUS_USER_CERT" -y "$PYGLOBUS_USER_KEY" >/dev/null
echo 'very secret' | myproxy-logon -S -l tom -o got >/dev/null
grid-proxy-info -file got -identity
"""


def test_the_stock_programs_work_as_they_are(shells: Shells, up: dict[str, Any]) -> None:
    identity = shells.script('eval "$(pyglobus grid env)"; grid-proxy-info -identity').strip()
    assert shells.script(SESSION) == f"from a job\n{identity}\n{identity}\n{identity}\n"


def test_our_own_commands_work_too(shells: Shells, up: dict[str, Any]) -> None:
    script = 'eval "$(pyglobus grid env)"; echo hi >x; pyglobus-url-copy -q x "$PYGLOBUS_GRIDFTP_URL/x"'
    shells.script(script)
    [copy] = Path(up["directory"], "data").glob("*/x")
    assert copy.read_text() == "hi\n"


def test_variables_that_mislead_are_unset(shells: Shells, up: dict[str, Any]) -> None:
    script = 'export X509_USER_CERT=/nowhere; eval "$(pyglobus grid env)"; echo "${X509_USER_CERT-none}"'
    assert shells.script(script) == "none\n"


def test_env_as_json(shells: Shells, up: dict[str, Any]) -> None:
    assert json.loads(shells.run("env", "--json").stdout) == up
    assert {"X509_CERT_DIR", "X509_USER_PROXY", "GRIDMAP", "GLOBUS_HOSTNAME", "MYPROXY_SERVER"} <= set(
        up["env"]
    )


def test_one_at_a_time_without_a_directory(shells: Shells, up: dict[str, Any]) -> None:
    ran = shells.run("up")
    assert ran.returncode == Exit.FAILED
    assert f"a grid is up already, in {up['directory']} (process {up['pid']})" in ran.stderr


def test_up_and_down_in_a_directory(shells: Shells, tmp_path: Path) -> None:
    place = tmp_path / "a grid"
    process = shells.up("--dir", place, "--service", "gridftp", "--json")
    record = read_json(process)
    assert record["directory"] == str(place)
    assert set(record["services"]) == {"gridftp"}
    assert "PYGLOBUS_GASS_URL" not in record["env"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "grid.json").stat().st_mode) == 0o600
    given = shlex.quote(str(place))
    shells.script(
        f'eval "$(pyglobus grid env --dir {given})"; globus-url-copy file:///etc/hosts $PYGLOBUS_GRIDFTP_URL/h'
    )
    assert shells.run("down", "--dir", place).returncode == 0
    assert process.wait(10) == 0
    assert not place.exists()


def test_progress_table_and_keep(shells: Shells, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    place.mkdir()
    process = shells.up("--dir", place, "--keep", "--service", "gridftp")
    assert process.stdout is not None
    lines = []
    while "Ctrl-C" not in (line := process.stdout.readline()):
        assert line, process.communicate()
        lines.append(line)
    assert lines[0] == f"==> directory: {place}\n"
    assert "==> GridFTP server: started\n" in lines
    assert any(line.startswith("  GridFTP server    gsiftp://localhost:") for line in lines)
    assert any(f'eval "$(pyglobus grid env --dir {place})"' in line for line in lines)
    code, stdout, stderr = end(process)
    assert (code, stderr) == (0, "")
    assert stdout.endswith(f"==> stopping\n==> kept: {place}\n")
    assert (place / "log").is_dir()
    assert not (place / "grid.json").exists()
    assert "is not empty" in shells.run("up", "--dir", place).stderr


def test_a_directory_that_was_there_stays_and_is_emptied(shells: Shells, tmp_path: Path) -> None:
    process = shells.up("--dir", tmp_path, "--service", "gridftp", "--json")
    read_json(process)
    assert end(process, signal.SIGTERM)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_killed_grid_is_not_up(shells: Shells, tmp_path: Path, wait_until: Callable[..., None]) -> None:
    process = shells.up("--dir", tmp_path / "g", "--service", "gridftp", "--json")
    read_json(process)
    process.kill()
    process.wait(10)
    for command in ("env", "down"):
        ran = shells.run(command, "--dir", tmp_path / "g")
        assert ran.returncode == Exit.NOT_FOUND
        assert "no grid is up" in ran.stderr
    wait_until(lambda: not (tmp_path / "g").exists())


def test_ctrl_c_while_it_starts(shells: Shells, tmp_path: Path) -> None:
    process = shells.up("--dir", tmp_path / "g")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("==> directory")
    code, _, stderr = end(process)
    assert (code, stderr) == (0, "")
    assert not (tmp_path / "g").exists()


def test_the_runtime_directory_is_nobody_elses(shells: Shells, tmp_path: Path) -> None:
    own = tmp_path / f"pyglobus-{os.geteuid()}"
    own.mkdir(mode=0o755)
    command = [PYGLOBUS, "grid", "env"]
    env = shells.env | {"XDG_RUNTIME_DIR": str(tmp_path)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == Exit.FAILED
    assert "not a directory of your own" in ran.stderr


def test_env_and_down_import_no_grid() -> None:
    code = "import globus_hl.cli.grid_command, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert not {"globus_hl.testgrid", "globus_lowlevel", "cryptography"} & set(done.stdout.split())


ODD = 'it\'s $HOME \\ "quoted"; !! `id`'


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "csh", "fish"])
def test_statements_are_right_in_each_shell(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    kind = shell if shell in ("csh", "fish") else "sh"
    script = statements(kind, {"ODD": ODD}, ["GONE"]) + "printenv ODD; printenv GONE || true"
    if shell == "csh":
        script = script.replace("|| true", "|| /bin/true")
    options = ["-f"] if shell == "csh" else []
    done = subprocess.run(
        [shell, *options, "-c", script],
        env=os.environ | {"GONE": "here"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{ODD}\n", "")
