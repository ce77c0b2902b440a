"""More servers of the grid that all tests of the high level share (the fixtures of `globus_hl.pytest_plugin`)."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from globus_hl.testgrid import Grid, GridFTPServer


def pytest_configure(config: pytest.Config) -> None:
    """Say what is wrong where the fixtures of the plug-in would just be missing."""
    if not config.pluginmanager.hasplugin("globus-hl"):
        raise pytest.UsageError("the installed globus-hl has no pytest plug-in: run ./dev build")


@pytest.fixture(scope="session")
def second_gridftp_server(grid: Grid) -> GridFTPServer:
    """The other end of third-party transfers."""
    return grid.gridftp_pair[1]


@pytest.fixture(scope="session")
def anonymous_server(grid: Grid) -> GridFTPServer:
    """A GridFTP server that also serves plain FTP to anybody: see its ``ftp_url``."""
    return grid.start_gridftp("anonymous")


class Stock:
    """Runs the stock programs, which say whether a grid is one."""

    def __call__(
        self, program: str, *arguments: object, given: str = "", env: Mapping[str, str] | None = None
    ) -> str:
        """Run a program, have it succeed, and return what it prints.

        Args:
            given: its standard input.
            env: variables to add to this process' environment.
        """
        done = self._run(program, arguments, given, env)
        assert done.returncode == 0, (
            f"{done.args} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def refused(
        self, program: str, *arguments: object, given: str = "", env: Mapping[str, str] | None = None
    ) -> str:
        """Run a program, have it fail, and return why."""
        done = self._run(program, arguments, given, env)
        assert done.returncode != 0, f"{done.args} did not fail:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def copy(self, source: str, target: str, *options: str, env: Mapping[str, str] | None = None) -> None:
        """Copy one file with ``globus-url-copy``."""
        self("globus-url-copy", *options, source, target, env=env)

    def refused_copy(
        self, source: str, target: str, *options: str, env: Mapping[str, str] | None = None
    ) -> str:
        """Have ``globus-url-copy`` fail, and return why."""
        return self.refused("globus-url-copy", *options, source, target, env=env)

    def _run(
        self, program: str, arguments: tuple[object, ...], given: str, env: Mapping[str, str] | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [find_program(program), *map(str, arguments)],
            input=given,
            env=os.environ | (env or {}),
            capture_output=True,
            text=True,
            timeout=45,
            check=False,
        )


@pytest.fixture(scope="session")
def stock() -> Stock:
    """Runs the stock programs, such as ``globus-url-copy``."""
    return Stock()


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], object]], None]:
    """Waits for what no event tells, such as a line in a log."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "what the test waits for did not come true"
            time.sleep(0.01)

    return wait
