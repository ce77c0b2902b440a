"""globus_lowlevel.gfork: a master and its workers in Python, run by a real gfork."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import eventually

from globus_lowlevel import GlobusError, common, gfork

LIMIT = 30.0

MASTER = """#!{python}
import os, threading
from globus_lowlevel import common, gfork

log = open({log!r}, "w", buffering=1)
ended = threading.Event()

def on_open(handle, argument, pid):
    print("open", argument, file=log)

def on_closed(handle, argument, pid):
    print("closed", file=log)

def on_message(handle, argument, pid, buffer, length):
    assert length == len(buffer)
    print("message", buffer, handle.closed, file=log)
    gfork.globus_gfork_send(handle, pid, [b"pong:", buffer], on_sent, None)

def on_sent(_, error, buffers, count, nbytes, descriptor, argument):
    print("sent", error, [bytes(b) for b in buffers], file=log)

def on_end(handle, argument, error):
    print("end", file=log)
    ended.set()

common.globus_module_activate(gfork.GLOBUS_GFORK_CHILD_MODULE)
handle = gfork.globus_gfork_child_master_start(None, on_open, on_closed, on_message, on_end, "mine")
ended.wait()
while not handle.closed:
    threading.Event().wait(0.01)
print("handle closed", file=log)
os._exit(0)
"""

WORKER = """#!{python}
import os, threading
from globus_lowlevel import GlobusError, common, gfork

answered, ended = threading.Event(), threading.Event()

def on_message(handle, argument, pid, buffer, length):
    os.write(1, buffer)
    answered.set()

common.globus_module_activate(gfork.GLOBUS_GFORK_CHILD_MODULE)
handle = gfork.globus_gfork_child_worker_start(None, None, on_message, lambda *_: ended.set(), None)
asked = os.read(0, 100)
gfork.globus_gfork_broadcast(handle, [bytearray(asked)], lambda *_: None, None)
assert answered.wait(20)
gfork.globus_gfork_child_stop(handle)
assert ended.wait(20)
try:
    gfork.globus_gfork_broadcast(handle, [b"x"], lambda *_: None, None)
except (ValueError, GlobusError):
    os.write(1, b"|ended")
os._exit(0)
"""


def program(path: Path, text: str, **values: Any) -> Path:
    path.write_text(text.format(python=sys.executable, **values))
    path.chmod(0o700)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "master.log"


@pytest.fixture
def port(tmp_path: Path, log: Path) -> Iterator[int]:
    command = shutil.which("gfork", path=f"{os.environ['PATH']}:/usr/sbin")
    assert command, "gfork is missing: apt-get install globus-gfork-progs"
    master = program(tmp_path / "master", MASTER, log=str(log))
    worker = program(tmp_path / "worker", WORKER)
    server = subprocess.Popen(
        [command, "-p", "0", "-b", "127.0.0.1", "-s", worker, "-m", master, "-M", str(os.getuid())],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith("Listening on:"):
                break
        yield int(line.rpartition(":")[2])
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    wait_for(log, "handle closed")  # the master ends with its server


def wait_for(log: Path, line: str, times: int = 1) -> list[str]:
    def lines() -> list[str]:
        return log.read_text().splitlines() if log.exists() else ["no master"]

    assert eventually(lambda: lines().count(line) >= times), lines()
    return lines()


def test_workers_and_their_master_exchange_messages(port: int, log: Path) -> None:
    for text in (b"one", b"two"):
        with socket.create_connection(("127.0.0.1", port), LIMIT) as client:
            client.sendall(text)
            answer = b""
            while part := client.recv(100):
                answer += part
        assert answer == b"pong:" + text + b"|ended"
    lines = wait_for(log, "closed", 2)
    assert lines.count("open mine") == 2
    assert "message b'one' False" in lines
    assert "sent None [b'pong:', b'one']" in lines


def test_a_process_that_gfork_did_not_start_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    common.globus_module_activate(gfork.GLOBUS_GFORK_CHILD_MODULE)
    try:
        monkeypatch.delenv("GFORK_CHILD_READ_ENV", raising=False)
        with pytest.raises(GlobusError, match="not started by gfork"):
            gfork.globus_gfork_child_worker_start(None, None, print, print, None)
        with pytest.raises(GlobusError, match="not started by gfork"):
            gfork.globus_gfork_child_master_start("_OTHER", None, None, print, print, None)
        with pytest.raises(TypeError):
            gfork.globus_gfork_child_worker_start(None, None, None, print, None)
        with pytest.raises(TypeError):
            gfork.globus_gfork_send(None, 1, [b"x"], print, None)
    finally:
        common.globus_module_deactivate(gfork.GLOBUS_GFORK_CHILD_MODULE)


def test_a_server_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch, recorder: Any) -> None:
    """Where C would end the process, as it cannot write any more."""
    to_worker, from_worker = os.pipe(), os.pipe()
    monkeypatch.setenv("GFORK_CHILD_READ_ENV_T", str(to_worker[0]))
    monkeypatch.setenv("GFORK_CHILD_WRITE_ENV_T", str(from_worker[1]))
    common.globus_module_activate(gfork.GLOBUS_GFORK_CHILD_MODULE)
    ended = recorder()
    handle = gfork.globus_gfork_child_worker_start("_T", None, print, ended, "argument")
    os.close(from_worker[0])
    with pytest.raises(GlobusError, match="server is gone"):
        gfork.globus_gfork_broadcast(handle, [b"x"], print, None)
    os.close(to_worker[1])
    assert ended.wait()[1] == "argument"
    assert eventually(lambda: handle.closed)
    with pytest.raises(ValueError, match="closed"):
        gfork.globus_gfork_child_stop(handle)
    common.globus_module_deactivate(gfork.GLOBUS_GFORK_CHILD_MODULE)
