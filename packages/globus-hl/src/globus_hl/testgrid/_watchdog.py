"""The process that owns everything a test grid leaves on the machine: its directory and its servers.

`processes.Watchdog` starts it as a program of its own, ``python -I -S _watchdog.py SOCKET OWNER KEEP DIRECTORY``; it
imports nothing of the package. It makes the grid's directory, starts and stops servers on request, and when its owner
goes away, in whatever manner, kills every descendant and removes the directory (unless KEEP is ``keep``). A crash of the
owner and an orderly end thus take the same path, the only one that there is.

Requests (`Watchdog.start`, `Watchdog.stop`) and events (`Watchdog.tell`) are lines of JSON on the socket.
"""

from __future__ import annotations

import contextlib
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
EXEC_FAILED = 127  # the exit status that a shell gives
OUTPUT_SEARCHED = 65536  # bytes of output in which the announcement of readiness is looked for

libc = ctypes.CDLL(None, use_errno=True)


class Program:
    """A server, from its start until it and its sessions are gone."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], pipe: int, log: str, ready: str) -> None:
        self.name = name
        self.popen = popen
        self.pipe: int | None = pipe
        self.log = log
        self.ready: re.Pattern[bytes] | None = re.compile(ready.encode())
        self.output = b""
        self.family = {popen.pid}  # every process that it was seen to have
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
        self.wakeup, self.wakeup_end = socket.socketpair()
        for end in (self.wakeup, self.wakeup_end):
            end.setblocking(False)
        signal.set_wakeup_fd(self.wakeup_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.wakeup, selectors.EVENT_READ, self.on_child)

    def watch_owner(self) -> None:
        """End with the owner also where a forked child of its keeps the socket open."""
        with contextlib.suppress(OSError):  # in a sandbox without pidfds the end of the socket has to do
            self.selector.register(os.pidfd_open(self.owner), selectors.EVENT_READ, self.end)
        if os.getppid() != self.owner:
            self.end()

    def run(self) -> None:
        self.tell(event="up", directory=self.directory)
        while not self.ended:
            for key, _ in self.selector.select(self.next_kill()):
                key.data()
            self.kill_overdue()

    def end(self) -> None:
        self.ended = True

    # ---- the owner ---------------------------------------------------------------------------------------

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
            request = json.loads(line)
            match request.pop("op"):
                case "start":
                    self.start(**request)
                case "stop":
                    self.stop(**request)
                case "signal":
                    self.signal(**request)

    # ---- servers -----------------------------------------------------------------------------------------

    def start(self, name: str, argv: list[str], env: dict[str, str], log: str, ready: str) -> None:
        """Start a server, its output going to the file `log`, and tell when that has matched `ready`."""
        pipe, theirs = os.pipe()
        try:
            popen = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
                preexec_fn=prepare_child,  # this process has one thread
            )
        except OSError as error:
            os.close(pipe)
            Path(log).write_text(f"{error}\n")
            self.tell(event="exited", name=name, code=EXEC_FAILED)
            return
        finally:
            os.close(theirs)
        os.set_blocking(pipe, False)
        program = self.programs[name] = Program(name, popen, pipe, log, ready)
        self.selector.register(pipe, selectors.EVENT_READ, lambda: self.on_output(program))
        self.tell(event="started", name=name, pid=popen.pid)

    def stop(self, name: str, grace: float) -> None:
        """Send SIGTERM to a server and its sessions, and SIGKILL after `grace` seconds (0: at once)."""
        if program := self.programs.get(name):
            program.kill_at = time.monotonic() + grace
            kill(self.living(program), signal.SIGTERM if grace > 0 else signal.SIGKILL)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a server and its sessions, and tell when that is done."""
        if program := self.programs.get(name):
            kill(self.living(program), number)
            self.tell(event="signalled", name=name)

    def next_kill(self) -> float | None:
        times = [p.kill_at for p in self.programs.values() if p.kill_at is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def kill_overdue(self) -> None:
        for program in self.programs.values():
            if program.kill_at is not None and program.kill_at <= time.monotonic():
                self.left(program)
                program.kill_at = time.monotonic() + 0.1

    def left(self, program: Program) -> set[int]:
        """Kill what is left of a server and its sessions, and say which processes that were."""
        left = self.living(program)
        kill(left, signal.SIGKILL)
        return left

    def living(self, program: Program) -> set[int]:
        """The server's processes; an orphan of one that has ended is found if it was seen before."""
        program.family = family_of(program.family | {program.popen.pid}) & family_of({os.getpid()})
        return program.family

    def on_output(self, program: Program) -> None:
        with contextlib.suppress(BlockingIOError):
            while program.pipe is not None:
                data = os.read(program.pipe, 65536)
                if not data:
                    self.close_pipe(program)
                    return
                with Path(program.log).open("ab") as log:
                    log.write(data)
                self.look_for_readiness(program, data)

    def look_for_readiness(self, program: Program, data: bytes) -> None:
        if program.ready is not None:
            program.output = (program.output + data)[-OUTPUT_SEARCHED:]
            if found := program.ready.search(program.output):
                program.ready = None
                groups = [group.decode(errors="replace") for group in found.groups()]
                self.tell(event="ready", name=program.name, groups=groups)

    def close_pipe(self, program: Program) -> None:
        if program.pipe is not None:
            self.selector.unregister(program.pipe)
            os.close(program.pipe)
            program.pipe = None

    def on_child(self) -> None:
        """Reap children, adopted ones too, and report the servers of which nothing is left."""
        self.wakeup.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (reaped := os.waitpid(-1, os.WNOHANG))[0] != 0:
                pid, status = reaped
                for program in self.programs.values():
                    if program.popen.pid == pid:
                        program.popen.returncode = os.waitstatus_to_exitcode(status)
        for program in list(self.programs.values()):
            if program.popen.returncode is not None and not self.left(program):
                self.on_output(program)
                self.close_pipe(program)
                del self.programs[program.name]
                self.tell(event="exited", name=program.name, code=program.popen.returncode)


def family_of(roots: set[int]) -> set[int]:
    """The living or unreaped processes of some sessions and below, the roots too; never this process itself."""
    parents: dict[int, int] = {}
    found = set(roots)
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):  # gone since the directory was read
                after_name = (path / "stat").read_text(errors="replace").rpartition(")")[2]
                _state, parent, _group, session = after_name.split()[:4]
                parents[int(path.name)] = int(parent)
                if int(session) in roots:
                    found.add(int(path.name))
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return (found & parents.keys()) - {os.getpid()}


def kill(pids: set[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def prepare_child() -> None:
    """Die with the watchdog, keep orphans as children of the server, and start with no signal blocked."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


class Directory:
    """The grid's directory: a new temporary one, or a named one, which has to be empty, and goes if it was made here."""

    def __init__(self, named: str, *, keep: bool) -> None:
        self.keep = keep
        self.made = True
        if not named:
            self.path = tempfile.mkdtemp(prefix="pyglobus-grid-")
            return
        self.path = named
        try:
            os.mkdir(named, 0o700)
        except FileExistsError:
            self.made = False
            if os.listdir(named):
                raise FileExistsError(f"{named} is not empty") from None

    def remove(self) -> None:
        if self.keep:
            return
        for entry in os.scandir(self.path):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
        if self.made:
            os.rmdir(self.path)


def clean_up(directory: Directory) -> None:
    """Kill every descendant, adopted ones too, then remove the directory."""
    while family := family_of({os.getpid()}):
        kill(family, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:  # the last one was reaped since it was seen
            break
    os.chdir("/")
    with contextlib.suppress(OSError):  # what is not ours to remove stays
        directory.remove()


def main() -> None:
    control, owner = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        directory = Directory(sys.argv[4], keep=sys.argv[3] == "keep")
    except OSError as error:
        control.sendall(json.dumps({"event": "failed", "why": str(error)}).encode() + b"\n")
        return
    try:
        for number in ENDING_SIGNALS:
            signal.signal(number, lambda *_: sys.exit(1))
        os.chdir(directory.path)
        Watchdog(control, owner, directory.path).run()
    finally:
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        clean_up(directory)


if __name__ == "__main__":
    main()
