"""``pyglobus-url-copy`` that is interrupted, loses its reader, or has a bug."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from globus_hl.cli import program
from globus_hl.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hl.cli.conftest import Runner


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGINT, Exit.INTERRUPTED, "interrupted"), (signal.SIGTERM, Exit.TERMINATED, "terminated")],
)
def test_interrupted_upload(run: Runner, url: str, remote: Path, number: int, code: Exit, says: str) -> None:
    process = run.start("-q", "-", f"{url}/to", stdin=subprocess.PIPE)
    with process:
        process.stdin.write(b"x" * (8 << 20))
        process.stdin.flush()
        process.wait_until(lambda: any(path.stat().st_size for path in remote.iterdir()))
        started = time.monotonic()
        process.send_signal(number)
        # Standard input stays open: the command must end although there may be more to come.
        process.wait(timeout=20)
        assert time.monotonic() - started < 10
        stderr = process.stderr.read()
    assert process.returncode == code
    assert run.failed(process, stderr).error == says
    assert os.listdir(remote) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_download(run: Runner, url: str, remote: Path, number: int) -> None:
    with (remote / "big").open("wb") as file:
        file.truncate(1 << 40)
    process = run.start("--json", f"{url}/big", "to")
    with process:
        process.wait_until(lambda: any(path.stat().st_size for path in run.directory.glob(".to*")))
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    events = [json.loads(line) for line in stdout.splitlines()]
    assert [event["event"] for event in events[-3:]] == ["fail", "error", "end"]
    assert events[-1]["exit_code"] == 128 + number
    assert run.failed(process, stderr).error
    assert os.listdir(run.directory) == []


def test_reader_that_goes_away(run: Runner, url: str, remote: Path) -> None:
    with (remote / "big").open("wb") as file:
        file.truncate(1 << 40)
    for arguments in (("-q", f"{url}/big", "-"), ("--json", f"{url}/big", "/dev/null")):
        with run.start(*arguments) as process:
            assert process.stdout.read(1)
            process.stdout.close()
            assert process.wait(timeout=20) == Exit.BROKEN_PIPE
            assert process.stderr.read() == b""


@pytest.mark.parametrize(("debug", "lines"), [([], 1), (["-dbg"], 5)])
def test_bug(capfd: pytest.CaptureFixture[str], debug: list[str], lines: int) -> None:
    def broken(arguments: list[str]) -> int:
        return {}["missing"] + len(arguments)

    handler = signal.getsignal(signal.SIGTERM)
    try:
        assert program.run("prog", broken, debug) == Exit.BUG
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    stderr = capfd.readouterr().err.splitlines()
    assert len(stderr) >= lines
    assert stderr[-1].startswith(
        "prog: internal error: KeyError: 'missing'; this is a bug: run the command again"
    )
    assert ("Traceback" in stderr[0]) is bool(debug)
