"""What the servers of a grid have in common: how their programs are started, and how they end."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from .programs import find_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from .processes import Process, Watchdog

INETD = Path(__file__).with_name("_inetd.py")


class Running(Protocol):
    """What runs a server: a process, or this one."""

    @property
    def pid(self) -> int: ...
    @property
    def running(self) -> bool: ...
    def stop(self, grace: float = 1.0) -> None: ...
    def signal(self, number: int) -> None: ...


class Server:
    """A running server on loopback. It ends with its grid, if it is not stopped before.

    As a context manager it stops at the end.

    Attributes:
        process: what runs it.
        port: TCP port, on 127.0.0.1.
        log: file with the server's log.
    """

    def __init__(self, process: Running, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    @property
    def contact(self) -> str:
        """``localhost:PORT``."""
        return f"localhost:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of what listens, and the session of its children, if they have none of their own."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self.process.running

    def stop(self) -> None:
        """End the server and all that it has started. Idempotent."""
        self.process.stop()

    def kill(self) -> None:
        """End the server and all that it has started with SIGKILL: nobody says good-bye. Idempotent."""
        self.process.stop(grace=0)

    def pause(self) -> None:
        """Let the server and all that it has started stand still: connections stay, and nothing moves on them."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.process.signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.contact}>"


@dataclass(frozen=True)
class Launcher:
    """Starts the program of one server.

    Attributes:
        watchdog: the process that becomes the program's parent.
        name: the server's name, unique in the grid; names its files in ``etc`` and ``log``.
        env: the program's whole environment.
        timeout: seconds until it has to be ready.
    """

    watchdog: Watchdog
    name: str
    env: Mapping[str, str]
    timeout: float

    @property
    def directory(self) -> Path:
        """The grid's directory."""
        return self.watchdog.directory

    @property
    def output(self) -> Path:
        """The file for the program's standard output and error."""
        return self.directory / "log" / f"{self.name}.out"

    def config(self, suffix: str) -> Path:
        """Where a configuration file of the server goes."""
        return self.directory / "etc" / f"{self.name}.{suffix}"

    def launch(self, program: str, arguments: Sequence[str], ready: str) -> Process:
        """Start a program of the toolkit, and wait until it is ready.

        Args:
            program: its name.
            arguments: its arguments.
            ready: regular expression for the output by which it says that it serves.

        Raises:
            TestGridError: it did not start; the message has its output and its logs.
            MissingProgramError: it is not installed.
        """
        return self._start([find_program(program), *arguments], ready)

    def launch_sessions(self, command: Sequence[str], seconds: int = 0) -> Process:
        """Start a listener on a free port of loopback, and for each connection a program, as inetd does.

        Args:
            command: the program's path and arguments; it finds the connection as its standard input.
            seconds: after which a session is ended; 0: never.
        """
        argv = [sys.executable, "-I", "-S", str(INETD), str(seconds), *command]
        return self._start(argv, r"listening at \S+:(\d+)")

    def _start(self, argv: Sequence[str], ready: str) -> Process:
        return self.watchdog.start(self.name, argv, self.env, self.output, ready, self.timeout)
