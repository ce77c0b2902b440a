"""The owner's side of the watchdog: start servers, wait until they are ready, stop them.

Servers are children of a watchdog process, not of the process that uses the grid. So they end, and the grid's
directory goes, even when that process is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import TestGridError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOG_SHOWN = 4000  # characters of each of a failed server's logs that an error message quotes
LOST = -9  # return code of servers whose watchdog has died: they die with it


class Process:
    """A server that the watchdog started.

    Attributes:
        name: its name in the grid, unique.
        output: file with its standard output and error.
        pid: process id, and the id of its session and process group; 0 as long as it is not known.
        ready: whether it has said that it serves; `groups`: what the pattern of readiness caught then.
        returncode: exit status once it has ended (negative: a signal), else None.
        signals: how many signals it was sent.
    """

    def __init__(self, watchdog: Watchdog, name: str, output: Path) -> None:
        self._watchdog = watchdog
        self.name = name
        self.output = output
        self.pid = 0
        self.ready = False
        self.groups: list[str] = []
        self.returncode: int | None = None
        self.signals = 0

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.pid != 0 and self.returncode is None

    def stop(self, grace: float = 1.0, timeout: float = 10.0) -> None:
        """End it with its sessions: SIGTERM, and SIGKILL `grace` seconds later (at once if that is 0).

        Returns when they are gone; does nothing if they already are.

        Raises:
            TestGridError: they are not gone after `timeout` seconds.
        """
        self._watchdog.stop(self, grace, timeout)

    def signal(self, number: int) -> None:
        """Send a signal to it and its sessions; does nothing if they are gone."""
        self._watchdog.signal(self, number)


class Watchdog:
    """The watchdog process, with the directory and the servers that it owns.

    Thread-safe. It belongs to the process that made it; a forked child can do nothing with it but `close`.

    Args:
        timeout: seconds that it may take to start.
        directory: the directory, to be made or empty; None: a temporary one.
        keep: whether the directory stays.

    Attributes:
        directory: the directory.
        pid: its process id.
    """

    directory: Path

    def __init__(
        self, timeout: float = 10.0, directory: str | os.PathLike[str] | None = None, *, keep: bool = False
    ) -> None:
        self._keep = keep
        self._owner = os.getpid()
        self._processes: dict[str, Process] = {}
        self._changed = threading.Condition()
        self._up = self._dead = False
        self._why_not = ""
        self._control, theirs = socket.socketpair()
        program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_watchdog.py"))]
        named = "" if directory is None else str(Path(directory).absolute())
        try:
            self._popen = subprocess.Popen(
                [*program, str(theirs.fileno()), str(os.getpid()), "keep" if keep else "remove", named],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is the owner's alone
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            theirs.close()
        self.pid = self._popen.pid
        self._reader = threading.Thread(target=self._read, name="testgrid-watchdog", daemon=True)
        self._reader.start()
        atexit.register(self.close)  # while threads still run, which in a finalizer at exit they no longer do
        try:
            self._wait(lambda: self._up, timeout, "the watchdog of the test grid did not start")
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Wait until the watchdog ends, which it does not by itself; a signal handler may raise out of it."""
        self._popen.wait()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        output: Path,
        ready: str,
        timeout: float = 30.0,
    ) -> Process:
        """Start a program in the grid's directory, and wait until it is ready.

        Args:
            name: unique in the grid.
            argv: the program's path and its arguments.
            env: its whole environment.
            output: file for its standard output and error; its other logs differ from it in the suffix only.
            ready: regular expression for the output by which it says that it serves.
            timeout: seconds until it has to be ready.

        Raises:
            TestGridError: it could not be started, has ended, or was not ready in time; the message has its
                logs.
        """
        process = self._processes[name] = Process(self, name, output)
        self._send(op="start", name=name, argv=list(argv), env=dict(env), log=str(output), ready=ready)
        try:
            self._wait(
                lambda: process.ready or process.returncode is not None,
                timeout,
                f"{name} was not ready",
                process,
            )
        except BaseException:
            process.stop(grace=0)
            raise
        if self._dead:
            raise self._death()
        if process.returncode is not None:
            raise self._failure(f"{name} ended at once, with status {process.returncode}", process)
        return process

    def stop(self, process: Process, grace: float, timeout: float) -> None:
        """See `Process.stop`."""
        if process.returncode is None and not self._dead:
            self._send(op="stop", name=process.name, grace=grace)
            what = f"{process.name} (pid {process.pid}) did not end"
            self._wait(lambda: process.returncode is not None, timeout, what, process)

    def signal(self, process: Process, number: int, timeout: float = 10.0) -> None:
        """See `Process.signal`."""
        if process.returncode is None and not self._dead:
            sent = process.signals
            self._send(op="signal", name=process.name, number=number)
            what = f"{process.name} (pid {process.pid}) got no signal"
            self._wait(lambda: process.signals > sent or process.returncode is not None, timeout, what)

    def close(self, timeout: float = 20.0) -> None:
        """Stop all servers, remove the directory, end the watchdog. Idempotent.

        Raises:
            TestGridError: the watchdog has not ended after `timeout` seconds.
        """
        atexit.unregister(self.close)
        if self._control.fileno() < 0:
            return
        if os.getpid() != self._owner:
            self._control.close()
            return
        self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TestGridError(
                f"the watchdog of the test grid (pid {self.pid}) did not end within {timeout:g} s"
            ) from None
        self._reader.join()
        self._control.close()
        if self._popen.returncode != 0 and self._up and not self._keep:  # killed before it could
            shutil.rmtree(self.directory, ignore_errors=True)

    # ---- requests and events -----------------------------------------------------------------------------

    def _send(self, **request: object) -> None:
        if os.getpid() != self._owner:
            raise TestGridError("a test grid belongs to the process that made it, not to a forked child")
        try:
            self._control.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._death() from None

    def _read(self) -> None:
        """Take in events until the watchdog ends or the socket is shut down; runs on a thread."""
        with contextlib.suppress(ConnectionError), self._control.makefile("rb") as events:
            for line in events:
                with self._changed:
                    self._on_event(json.loads(line))
                    self._changed.notify_all()
        with self._changed:
            self._dead = True
            for process in self._processes.values():
                process.returncode = LOST
            self._changed.notify_all()

    def _on_event(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "up", "directory": directory}:
                self.directory = Path(directory)
                self._up = True
            case {"event": "failed", "why": why}:
                self._why_not = why
            case {"event": "started", "name": name, "pid": pid}:
                self._processes[name].pid = pid
            case {"event": "ready", "name": name, "groups": groups}:
                self._processes[name].ready, self._processes[name].groups = True, groups
            case {"event": "signalled", "name": name}:
                self._processes[name].signals += 1
            case {"event": "exited", "name": name, "code": code}:
                self._processes.pop(name).returncode = code

    def _wait(
        self, condition: Callable[[], bool], timeout: float, what: str, process: Process | None = None
    ) -> None:
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._dead, timeout)
        if condition():
            return
        if self._dead:
            raise self._death()
        raise self._failure(f"{what} within {timeout:g} s", process)

    def _death(self) -> TestGridError:
        if self._why_not:
            return TestGridError(
                f"the test grid's directory could not be made: {self._why_not}",
                hint="check TMPDIR, or name a new or empty directory",
            )
        return TestGridError(
            f"the watchdog of the test grid (pid {self.pid}) has died, and its servers with it",
            hint="make a new grid",
        )

    def _failure(self, what: str, process: Process | None) -> TestGridError:
        text = what
        if process is not None:
            for log in sorted(process.output.parent.glob(f"{process.output.stem}.*")):
                if written := log.read_text(errors="replace").strip():
                    text += f"\n{log.name}: {written[-LOG_SHOWN:]}"
        return TestGridError(text)
