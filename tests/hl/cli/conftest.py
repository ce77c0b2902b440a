"""Runs the commands as their users do: a process of its own, real servers at the other end."""

from __future__ import annotations

import errno
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl.testgrid import Grid, GridFTPServer
from globus_hl.testgrid.environment import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Ran:
    """A command that has ended."""

    program: str
    code: int
    stdout: str
    stderr: str

    @property
    def error(self) -> str:
        """The one line that a failing command has to say, without the name of the program."""
        assert "Traceback" not in self.stderr
        [line] = self.stderr.splitlines()
        assert line.startswith(f"{self.program}: ")
        return line.removeprefix(f"{self.program}: ")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of ``--json``."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Process(subprocess.Popen):
    """A command that runs; it does not outlive a test that fails."""

    def __exit__(self, kind, error, trace) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so. The process must stay alive until then."""
        end = time.monotonic() + 30
        while not condition():
            assert self.poll() is None, self.communicate()
            assert time.monotonic() < end, "what the test waits for did not come true"
            select.select([], [], [], 0.01)


class Runner:
    """Runs a command in the environment of the grid, with warnings as errors, in a directory of its own."""

    program = "pyglobus-url-copy"
    argv = (sys.executable, "-W", "error", "-m", "globus_hl.cli.url_copy")

    def __init__(self, grid: Grid, directory: Path) -> None:
        own = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        self.env = own | grid.env | {"TERM": "xterm", "COLUMNS": "100"}
        self.directory = directory

    def start(self, *arguments: object, env: dict[str, str] | None = None, **options) -> Process:
        """Start it; options are those of ``subprocess.Popen``."""
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return Process(
            [*self.argv, *map(str, arguments)],
            env=self.env | (env or {}),
            cwd=self.directory,
            **(defaults | options),
        )

    def __call__(self, *arguments: object, input: bytes | None = None, **options) -> Ran:  # noqa: A002
        """Run it to its end."""
        if input is not None:
            options["stdin"] = subprocess.PIPE
        with self.start(*arguments, **options) as process:
            output = process.communicate(input, timeout=40)
        stdout, stderr = (raw.decode("utf-8", "surrogateescape") for raw in output)
        return Ran(self.program, process.returncode, stdout, stderr)

    def ok(self, *arguments: object, **options) -> Ran:
        """Run it to its end, which must be a success without a word on standard error."""
        ran = self(*arguments, **options)
        assert (ran.code, ran.stderr) == (0, ""), ran.stderr
        return ran

    def failed(self, process: Process, stderr: bytes) -> Ran:
        """What :meth:`start` has started, after its end."""
        return Ran(self.program, process.returncode, "", stderr.decode())

    def on_terminal(self, *arguments: object, **env: str) -> str:
        """Run it on a terminal of 100 columns, and give what that was sent."""
        leader, follower = pty.openpty()
        shown = b""
        try:
            with self.start(*arguments, stdin=follower, stdout=follower, stderr=follower, env=env) as process:
                os.close(follower)
                while select.select([leader], [], [], 40)[0] and (block := _read_terminal(leader)):
                    shown += block
        finally:
            os.close(leader)
        assert process.returncode == 0, shown
        return shown.decode()


def _read_terminal(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError as error:
        if error.errno != errno.EIO:  # how Linux says that the other side is closed
            raise
        return b""


@pytest.fixture
def run(grid: Grid, tmp_path: Path) -> Runner:
    """Runs ``pyglobus-url-copy`` in the test's own directory, which is empty."""
    (tmp_path / "work").mkdir()
    return Runner(grid, tmp_path / "work")


@pytest.fixture
def remote(gridftp_server: GridFTPServer) -> Path:
    """A directory of the server that is the test's own."""
    return Path(tempfile.mkdtemp(dir=gridftp_server.root))


@pytest.fixture
def url(gridftp_server: GridFTPServer, remote: Path) -> str:
    """The URL of that directory, without a slash at the end."""
    return f"{gridftp_server.url}/{remote.name}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A local file, of a size that fits no block."""
    path = tmp_path / "data"
    path.write_bytes(os.urandom(3_000_001))
    return path


class Tree:
    """A local directory with all that can be in one.

    Attributes:
        root: its path.
        files: names of the files in it, those that links lead to among them.
        below: relative paths of the files in its subdirectories.
    """

    files = frozenset({"a.dat", "b.dat", ".hidden", "[c].dat", "link"})
    below = frozenset({"sub/d e", "sub/deep/f"})

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sub" / "deep").mkdir(parents=True)
        (root / "empty").mkdir()
        for name in (self.files | self.below) - {"link"}:
            (root / name).write_text(name)
        (root / "link").symlink_to("sub/deep/f")
        (root / "sub" / "loop").symlink_to("..")
        (root / "nowhere").symlink_to("nothing")

    @staticmethod
    def found(root: Path) -> set[str]:
        """Relative paths of all files below a directory."""
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A local directory with all that can be in one."""
    return Tree(tmp_path / "tree")
