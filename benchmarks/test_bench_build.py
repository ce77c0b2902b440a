"""What it costs to have the low level: the time of a build from nothing, and the size of the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "packages" / "globus-lowlevel"
TARGET = 240  # seconds, on two cores


@pytest.mark.skipif(
    "not config.getoption('benchmark_enable') and config.getoption('benchmark_disable')",
    reason="a build of minutes is no smoke test: ./dev build has just done one",
)
def test_clean_build(side_by_side: Any, tmp_path: Path) -> None:
    """A wheel of everything, in an empty directory, on two cores."""
    free = sorted(os.sched_getaffinity(0))[:2]
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps",
        "--no-build-isolation",
        f"--config-settings=build-dir={tmp_path / 'build'}", "--wheel-dir", str(tmp_path), str(PROJECT),
    ]  # fmt: skip
    environment = os.environ | {
        "CMAKE_BUILD_PARALLEL_LEVEL": str(len(free)),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    taken: list[float] = []

    def build() -> None:
        shutil.rmtree(tmp_path / "build", ignore_errors=True)
        start = time.perf_counter()
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=3000,
            preexec_fn=lambda: os.sched_setaffinity(0, free),
        )  # fmt: skip
        taken.append(time.perf_counter() - start)
        assert done.returncode == 0, done.stdout + done.stderr

    side_by_side.benchmark.pedantic(build, rounds=1)
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
    side_by_side.record(
        "clean build of the low level, 2 cores", taken[0], None, "s", target=f"under {TARGET} s"
    )
    side_by_side.record("wheel", wheel.stat().st_size / 2**20, None, "MiB")
    side_by_side.record("wheel, installed", unpacked / 2**20, None, "MiB")
