"""What ``pyglobus grid up`` writes down for other shells: where the grid is, and who runs it.

The record of a grid in a named directory is in that directory; that of any other one is in the user's own run-time
directory, so that there is one such grid at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from globus_hl.errors import GridError

__all__ = ["NoGridError", "Record", "claim", "place"]

NAME = "grid.json"


class NoGridError(GridError, FileNotFoundError):
    """No grid is up there."""


@dataclass(frozen=True)
class Record:
    """A grid that is up.

    Attributes:
        pid: of the process that runs it; started: when that was started, in ticks since boot.
        directory: the grid's directory.
        env: variables for clients; unset: variables that would mislead them.
        services: the address of each service, by its name.
    """

    pid: int
    started: int
    directory: str
    env: dict[str, str]
    unset: list[str]
    services: dict[str, str]

    def write(self, path: Path) -> None:
        """Write it, for nobody but the user, whole or not at all."""
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.to_json() + "\n")
        new.replace(path)

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def read(cls, path: Path) -> Record:
        """The record of a grid that is up.

        Raises:
            NoGridError: none is.
        """
        with contextlib.suppress(FileNotFoundError):
            record = cls(**json.loads(path.read_text()))
            if record.alive:
                return record
        where = f" in {path.parent}" if os.fspath(path) != os.fspath(place(None)) else ""
        raise NoGridError(
            f"no grid is up{where}", hint="start one with 'pyglobus grid up', and wait for its table"
        )

    @property
    def alive(self) -> bool:
        """Whether the process is there; another one of the same number does not count."""
        return started(self.pid) == self.started

    def end(self, timeout: float) -> bool:
        """End the process, and say whether it is gone in time."""
        try:
            process = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if self.alive:
                signal.pidfd_send_signal(process, signal.SIGTERM)
            return bool(select.select([process], [], [], timeout)[0])
        finally:
            os.close(process)


def started(pid: int) -> int:
    """When a process was started, in ticks since boot; 0 if there is none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if after_name[0] == "Z" else int(after_name[19])


def place(directory: str | None) -> Path:
    """Where the record of a grid is.

    Args:
        directory: the grid's directory, if it was named.

    Raises:
        GridError: the run-time directory is not the user's own.
    """
    if directory is not None:
        return Path(directory).absolute() / NAME
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    own = Path(base, f"pyglobus-{os.geteuid()}")
    own.mkdir(mode=0o700, exist_ok=True)
    found = own.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise GridError(
            f"{own} is not a directory of your own that nobody else can enter", hint="remove it, or use --dir"
        )
    return own / NAME


def claim(path: Path) -> None:
    """See that no grid is up there.

    Raises:
        GridError: one is.
    """
    with contextlib.suppress(NoGridError):
        record = Record.read(path)
        raise GridError(
            f"a grid is up already, in {record.directory} (process {record.pid})",
            hint="end it with 'pyglobus grid down', or start this one elsewhere with --dir",
        )
