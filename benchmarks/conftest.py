"""Measures side by side: ours and what a user would use instead, alternating in one run, on the same server and data.

Absolute times on a shared machine mean little, so what counts is the ratio of the medians, theirs / ours: above 1 we are
faster. The table stands at the end of the run and in build/benchmarks.json. With --benchmark-disable (./dev bench-smoke)
everything runs once, on little data: that shows that it works, not how fast.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from globus_hl.testgrid import Grid

RESULTS = Path(__file__).parent.parent / "build" / "benchmarks.json"


@dataclass
class Row:
    """One line of the table."""

    name: str
    ours: float
    theirs: float | None
    unit: str
    peer: str
    target: str

    @property
    def ratio(self) -> float | None:
        return self.theirs / self.ours if self.theirs else None


ROWS: list[Row] = []


class SideBySide:
    """Runs a pair in turn and records the medians.

    `before` runs before each of the two, untimed: it removes what the last one made. Ours replaces a file by a whole one,
    globus-url-copy writes over it, so with the file in place they would not do the same.
    """

    def __init__(self, benchmark: Any, smoke: bool):
        self.benchmark, self.smoke = benchmark, smoke

    def __call__(
        self,
        name: str,
        ours: Callable[[], Any],
        theirs: Callable[[], Any],
        *,
        peer: str,
        rounds: int = 5,
        target: str = "",
        before: Callable[[], Any] = lambda: None,
    ) -> None:
        mine: list[float] = []
        other: list[float] = []

        def timed(action: Callable[[], Any], times: list[float]) -> None:
            before()
            start = time.perf_counter()
            action()
            times.append(time.perf_counter() - start)

        if not self.smoke:
            ours()  # warms caches and connections of both
            theirs()
        self.benchmark.pedantic(
            lambda: timed(ours, mine), setup=lambda: timed(theirs, other), rounds=1 if self.smoke else rounds
        )
        self.record(name, statistics.median(mine), statistics.median(other), "s", peer=peer, target=target)

    def record(
        self, name: str, ours: float, theirs: float | None, unit: str, *, peer: str = "", target: str = ""
    ) -> None:
        row = Row(name, ours, theirs, unit, peer, target)
        self.benchmark.extra_info.update(asdict(row), ratio=row.ratio)
        ROWS.append(row)


@pytest.fixture
def smoke(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("benchmark_disable"))


@pytest.fixture
def side_by_side(benchmark: Any, smoke: bool) -> SideBySide:
    return SideBySide(benchmark, smoke)


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A directory in memory where there is one: the disk is not what is measured."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pyglobus-bench-", dir=memory) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def grid(scratch: Path) -> Iterator[Grid]:
    before = tempfile.tempdir
    tempfile.tempdir = str(scratch)  # what the servers serve is on the same device
    try:
        with Grid() as grid:
            yield grid
    finally:
        tempfile.tempdir = before


@pytest.fixture
def size(smoke: bool) -> int:
    return 16 << 20 if smoke else 1 << 30


@pytest.fixture(scope="session")
def run() -> Callable[[list[str]], None]:
    """Runs a command, and shows what it said if it failed."""

    def run(command: list[str]) -> None:
        # With compiled modules in the cache, as an installed package has them, whatever this machine's setting is.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, env=env
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not ROWS:
        return
    terminalreporter.section("side by side (ratio: theirs / ours, above 1 we are faster)")
    width = max(len(row.name) for row in ROWS)
    for row in ROWS:
        theirs = f"{row.theirs:10.4g} {row.unit}" if row.theirs is not None else " " * 12
        ratio = f"{row.ratio:6.2f}" if row.ratio is not None else "      "
        terminalreporter.write_line(
            f"{row.name:{width}}  ours {row.ours:10.4g} {row.unit}  {row.peer:16} {theirs}  ratio {ratio}  {row.target}"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(row) | {"ratio": row.ratio} for row in ROWS], indent=1) + "\n")
