"""The process that owns everything a test grid leaves on the machine: its directory and its servers.

It is started by `processes.Watchdog` as a program of its own (``python -I -S _watchdog.py FD OWNER``) and
imports nothing of the package. It makes the grid's temporary directory, starts servers on request, and
when its owner goes away, in whatever manner, it kills every descendant and removes the directory. Being
the only place that does so, a crash and an orderly end take the same path.

Requests and events are lines of JSON on the socket FD; see `Watchdog.request` for the requests.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OUTPUT_SEARCHED = 65536  # bytes of output in which the line that announces readiness is looked for

libc = ctypes.CDLL(None, use_errno=True)


class Program:
    """A server that was started, and what is known of it."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path, ready: str | None) -> None:
        self.name = name
        self.popen = popen
        self.log = log.open("ab", buffering=0)
        self.ready = re.compile(ready.encode()) if ready else None
        self.output = b""
        self.kill_at: float | None = None


class Watchdog:
    """One loop over the owner's requests, the servers' output and the ends of processes."""

    def __init__(self, control: socket.socket, owner: int, directory: str) -> None:
        self.control = control
        self.owner = owner
        self.directory = directory
        self.received = b""
        self.programs: dict[str, Program] = {}
        self.ended = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, self.on_request)
        self.watch_children()
        self.watch_owner()

    def watch_children(self) -> None:
        self.wakeup, wakeup_end = socket.socketpair()
        for end in (self.wakeup, wakeup_end):
            end.setblocking(False)
        self.wakeup_end = wakeup_end
        signal.set_wakeup_fd(wakeup_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.wakeup, selectors.EVENT_READ, self.on_signal)

    def watch_owner(self) -> None:
        """End with the owner even where a forked child of its keeps the socket open."""
        try:
            self.selector.register(os.pidfd_open(self.owner), selectors.EVENT_READ, self.end)
        except OSError:  # a sandbox without pidfds: the end of the socket has to do
            pass
        if os.getppid() != self.owner:
            self.end()

    def end(self) -> None:
        self.ended = True

    def run(self) -> None:
        self.tell(event="up", directory=self.directory)
        while not self.ended:
            for key, _ in self.selector.select(self.next_kill()):
                key.data()
            self.kill_overdue()

    # -- the owner ----------------------------------------------------------------------------------

    def tell(self, **event: object) -> None:
        try:
            self.control.sendall(json.dumps(event).encode() + b"\n")
        except OSError:  # the owner is gone
            self.end()

    def on_request(self) -> None:
        try:
            data = self.control.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.end()
        *lines, self.received = (self.received + data).split(b"\n")
        for line in lines:
            self.request(**json.loads(line))

    def request(self, op: str, name: str, **arguments: object) -> None:
        """Serve one request: ``start`` (argv, env, log, ready) or ``stop`` (grace: seconds between TERM and KILL)."""
        if op == "start":
            self.start(name, **arguments)  # type: ignore[arg-type]
        elif op == "stop":
            self.stop(name, **arguments)  # type: ignore[arg-type]

    # -- programs -----------------------------------------------------------------------------------

    def start(self, name: str, argv: list[str], env: dict[str, str], log: str, ready: str | None) -> None:
        try:
            popen = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=prepare_child,  # safe: this process has one thread
            )  # fmt: skip
        except OSError as error:
            self.tell(event="failed", name=name, errno=error.errno, message=str(error))
            return
        program = self.programs[name] = Program(name, popen, Path(log), ready)
        assert popen.stdout is not None
        os.set_blocking(popen.stdout.fileno(), False)
        self.selector.register(popen.stdout, selectors.EVENT_READ, lambda: self.on_output(program))
        self.tell(event="started", name=name, pid=popen.pid)

    def stop(self, name: str, grace: float) -> None:
        program = self.programs.get(name)
        if program is None:
            return
        program.kill_at = time.monotonic() + grace
        kill(descendants(program.popen.pid), signal.SIGTERM if grace > 0 else signal.SIGKILL)

    def next_kill(self) -> float | None:
        times = [p.kill_at for p in self.programs.values() if p.kill_at is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def kill_overdue(self) -> None:
        for program in self.programs.values():
            if program.kill_at is not None and program.kill_at <= time.monotonic():
                kill(descendants(program.popen.pid), signal.SIGKILL)
                program.kill_at = time.monotonic() + 0.1

    def on_output(self, program: Program) -> None:
        assert program.popen.stdout is not None
        data = os.read(program.popen.stdout.fileno(), 65536)
        if not data:
            self.forget_output(program)
            return
        program.log.write(data)
        if program.ready is None:
            return
        program.output = (program.output + data)[-OUTPUT_SEARCHED:]
        if found := program.ready.search(program.output):
            program.ready = None
            self.tell(event="ready", name=program.name, groups=[g.decode() for g in found.groups()])

    def forget_output(self, program: Program) -> None:
        if program.popen.stdout is not None and not program.popen.stdout.closed:
            self.selector.unregister(program.popen.stdout)
            program.popen.stdout.close()

    def on_signal(self) -> None:
        self.wakeup.recv(4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.on_exit(pid, os.waitstatus_to_exitcode(status))

    def on_exit(self, pid: int, code: int) -> None:
        """Report the end of a server, once its sessions are gone too; other pids are adopted orphans."""
        program = next((p for p in self.programs.values() if p.popen.pid == pid), None)
        if program is None:
            return
        program.popen.returncode = code
        kill(descendants(pid), signal.SIGKILL)
        try:
            while program.popen.stdout is not None and not program.popen.stdout.closed:
                self.on_output(program)
        except BlockingIOError:  # nothing left, but a killed session's end of the pipe is not closed yet
            self.forget_output(program)
        program.log.close()
        del self.programs[program.name]
        self.tell(event="exited", name=program.name, code=code)


def clean_up(directory: str) -> None:
    """Kill every descendant, adopted ones too, then remove the directory."""
    while family := descendants(os.getpid()):
        kill(family, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:  # reaped between the two lines above
            break
    os.chdir("/")
    shutil.rmtree(directory, ignore_errors=True)


def prepare_child() -> None:
    """Die with the watchdog, and start with no signal blocked."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def kill(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def descendants(root: int) -> set[int]:
    """`root`, the processes below it and those of its session; never this process itself."""
    parents: dict[int, int] = {}
    session_of: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        try:
            stat = Path("/proc", entry, "stat").read_text(errors="replace") if entry.isdigit() else ""
        except OSError:  # gone since the directory was read
            continue
        if stat:
            _state, parent, _group, session = stat.rpartition(")")[2].split()[:4]
            parents[int(entry)], session_of[int(entry)] = int(parent), int(session)
    found = {root} | {pid for pid, session in session_of.items() if session == root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return (found & parents.keys()) - {os.getpid()}


def main() -> None:
    control, owner = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    directory = tempfile.mkdtemp(prefix="pyglobus-grid-")
    try:
        for number in ENDING_SIGNALS:
            signal.signal(number, lambda *_: sys.exit(1))
        os.chdir(directory)
        Watchdog(control, owner, directory).run()
    finally:
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        clean_up(directory)


if __name__ == "__main__":
    main()
