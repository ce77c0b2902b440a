"""The owner's side of the watchdog: start servers, wait until they are ready, stop them.

Servers are children of a watchdog process, not of the process that uses the grid: they end, and the
grid's directory goes, even when that process is killed.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import TestGridError

LOG_SHOWN = 4000  # characters of a failed server's output that an error message quotes


@dataclass
class Process:
    """A running server.

    Attributes:
        name: its name in the grid, unique.
        pid: process id, and the id of its session and process group.
        output: file with its standard output and error.
        groups: what the pattern of readiness caught.
        returncode: exit status once it has ended (negative: the signal), else None.
    """

    name: str
    pid: int
    output: Path
    watchdog: Watchdog = field(repr=False)
    groups: list[str] = field(default_factory=list)
    returncode: int | None = None

    @property
    def running(self) -> bool:
        """Whether the server is alive."""
        self.watchdog.look()
        return self.returncode is None

    def stop(self, grace: float = 1.0, timeout: float = 10.0) -> None:
        """End the server and its sessions: SIGTERM, and SIGKILL `grace` seconds later (at once for 0).

        Returns when they are gone; does nothing if they already are.

        Raises:
            TestGridError: they are still there after `timeout` seconds.
        """
        self.watchdog.stop(self, grace, timeout)


class Watchdog:
    """A watchdog process with the temporary directory and the servers that it owns.

    Thread-safe. It belongs to the process that made it: in a forked child it does nothing.
    """

    def __init__(self, timeout: float = 10.0) -> None:
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._received = b""
        self._processes: dict[str, Process] = {}
        self._control, theirs = socket.socketpair()
        program = Path(__file__).with_name("_watchdog.py")
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(program), str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is the owner's
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            theirs.close()
        try:
            self.directory = Path(self._wait("up", None, time.monotonic() + timeout)["directory"])
        except BaseException:
            self.close()
            raise

    def start(
        self,
        name: str,
        argv: Sequence[str | os.PathLike[str]],
        env: Mapping[str, str],
        output: Path,
        ready: str | None = None,
        timeout: float = 30.0,
    ) -> Process:
        """Start a program in the grid's directory and wait until it is ready.

        Args:
            name: unique among the running servers.
            argv: the program's absolute path and its arguments.
            env: its whole environment.
            output: file that gets its standard output and error.
            ready: regular expression that its output matches once it serves; None: do not wait.
            timeout: seconds until it has to be ready.

        Raises:
            TestGridError: it could not be started, ended, or was not ready in time; the message has its output.
        """
        deadline = time.monotonic() + timeout
        with self._lock:
            arguments = [os.fspath(a) for a in argv]
            self._send(op="start", name=name, argv=arguments, env=dict(env), log=str(output), ready=ready)
            event = self._wait(("started", "failed"), name, deadline)
            if event["event"] == "failed":
                raise TestGridError(f"{name}: {arguments[0]} could not be started: {event['message']}")
            process = self._processes[name] = Process(name, event["pid"], output, self)
            if ready is not None:
                try:
                    process.groups = self._wait(("ready", "exited"), name, deadline).get("groups", [])
                except TimeoutError:
                    process.stop(grace=0)
                    raise self._failure(process, f"was not ready after {timeout:g} s") from None
                if process.returncode is not None:
                    raise self._failure(process, f"ended at once with status {process.returncode}")
            return process

    def stop(self, process: Process, grace: float, timeout: float) -> None:
        """See `Process.stop`."""
        with self._lock:
            self.look()
            if process.returncode is not None:
                return
            self._send(op="stop", name=process.name, grace=grace)
            try:
                self._wait("exited", process.name, time.monotonic() + timeout)
            except TimeoutError:
                raise self._failure(process, f"(pid {process.pid}) did not end within {timeout:g} s") from None

    def look(self) -> None:
        """Take in, without waiting, what the watchdog has reported."""
        with self._lock:
            if self._control.fileno() < 0 or os.getpid() != self._owner:
                return
            while b"\n" in self._received or select.select([self._control], [], [], 0)[0]:
                self._next(time.monotonic() + 1)

    def close(self, timeout: float = 20.0) -> None:
        """Stop all servers, remove the directory, end the watchdog. Idempotent.

        Raises:
            TestGridError: something is left after `timeout` seconds; the message says where.
        """
        with self._lock:
            if self._control.fileno() < 0:
                return
            self._control.close()
            if os.getpid() != self._owner:
                return
            for process in self._processes.values():
                process.returncode = process.returncode if process.returncode is not None else -9
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                raise TestGridError(
                    f"the watchdog (pid {self._popen.pid}) of {self.directory} did not end within {timeout:g} s"
                ) from None

    # -- events ---------------------------------------------------------------------------------------

    def _send(self, **request: object) -> None:
        if self._control.fileno() < 0:
            raise TestGridError("the grid is closed")
        if os.getpid() != self._owner:
            raise TestGridError("a grid belongs to the process that made it, not to a forked child")
        self._control.sendall(json.dumps(request).encode() + b"\n")

    def _wait(self, wanted: str | tuple[str, ...], name: str | None, deadline: float) -> dict[str, Any]:
        names = (wanted,) if isinstance(wanted, str) else wanted
        while True:
            event = self._next(deadline)
            if event["event"] in names and event.get("name") == name:
                return event

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._received:
            self._control.settimeout(max(0.001, deadline - time.monotonic()))
            data = self._control.recv(65536)
            if not data:
                raise TestGridError(f"the watchdog (pid {self._popen.pid}) of the test grid has died")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "exited" and (process := self._processes.pop(event["name"], None)):
            process.returncode = event["code"]
        return event

    def _failure(self, process: Process, what: str) -> TestGridError:
        output = process.output.read_text(errors="replace")[-LOG_SHOWN:].strip()
        return TestGridError(f"{process.name} {what}; its output:\n{output or '(none)'}")
