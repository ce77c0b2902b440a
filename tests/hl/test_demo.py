"""The demonstration: it works, says so, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from globus_hl import demo

ARGV = [sys.executable, "-W", "error", "-m", "globus_hl.demo"]


def processes_below(session: int) -> list[str]:
    """Command lines of what is left of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(stat.with_name("cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the demonstration puts its files."""
    return tmp_path


def test_demo(temporary: Path) -> None:
    process = subprocess.Popen(
        ARGV,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    started = time.monotonic()
    with process:
        try:
            stdout, stderr = process.communicate(timeout=55)
        except BaseException:
            process.kill()
            raise
    assert (process.returncode, stderr) == (0, "")
    assert time.monotonic() - started < 55
    sent, received = re.findall(r"SHA-256 ([0-9a-f]{64})", stdout)
    assert sent == received
    commands = re.findall(r"^  \$ (.*)$", stdout, re.MULTILINE)
    assert len(commands) == 3
    assert all(command.startswith("pyglobus-url-copy ") for command in commands)
    assert re.search(rf" {demo.SIZE} .*  demo\.dat$", stdout, re.MULTILINE), "the server lists the file"
    assert stdout.count("67.1 MB in ") == 2
    assert "it works" in stdout.splitlines()[-1]
    assert processes_below(process.pid) == []
    assert os.listdir(temporary) == []


def test_interrupted_demo(temporary: Path) -> None:
    process = subprocess.Popen(
        ARGV,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    with process:
        try:
            while not process.stdout.readline().startswith("  $"):
                assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C on a terminal does
            stdout, stderr = process.communicate(timeout=30)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 130
    assert "Traceback" not in stdout + stderr
    assert "demo: interrupted" in stderr
    end = time.monotonic() + 10
    while processes_below(process.pid) and time.monotonic() < end:
        time.sleep(0.05)  # the last children are on their way out
    assert processes_below(process.pid) == []
    assert os.listdir(temporary) == []


def test_demo_takes_no_arguments() -> None:
    ran = subprocess.run([*ARGV, "x"], capture_output=True, timeout=30, text=True, check=False)
    assert ran.returncode == 1
    assert "no arguments" in ran.stderr
