"""A file goes to a GridFTP server and back, over GSI, all on this machine: ``python -m globus_hl.demo``.

Starts a throw-away grid on loopback, copies with the real ``pyglobus-url-copy``, compares checksums, says
what it does, and leaves nothing behind. The exit code is 0 only if all of it worked.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from globus_hl.cli.display import amount, duration
from globus_hl.cli.program import run
from globus_hl.errors import GridError

__all__ = ["main"]

SIZE = 64 << 20
TIMEOUT = 20.0
"""Seconds that each copy may take."""


class DemoError(GridError):
    """The demonstration did not work."""


def main() -> None:
    """Run the demonstration, and end the process."""
    sys.exit(run("demo", _demo))


def _demo(arguments: list[str]) -> int:
    if arguments:
        raise DemoError(f"it takes no arguments, and was given {shlex.join(arguments)}")
    from globus_hl.testgrid import Grid

    command = _command()
    started = time.monotonic()
    _say("A small grid starts on this machine, in a temporary directory:")
    with tempfile.TemporaryDirectory(prefix="pyglobus-demo-") as name, Grid() as grid:
        server = grid.gridftp
        _say(f"  certification authority  {grid.ca.subject}")
        _say(f"  GridFTP server           {server.contact}, {grid.host.subject}")
        _say(f"  user                     {grid.user.subject}, with a proxy for single sign-on")

        original, returned = Path(name, "original.dat"), Path(name, "returned.dat")
        sent = _make_file(original)
        _say(f"\nA file of {amount(SIZE)} is made: {original}\n  SHA-256 {sent}")

        env = os.environ | grid.env
        _say("\nIt is copied to the server; each side proves who it is with its certificate:")
        _run([*command, "-vb", str(original), f"{server.url}/demo.dat"], env)
        _say("\nThe server has it:")
        _run([*command, "-vb", "-list", f"{server.url}/"], env)
        _say("\nIt is copied back, over four connections at once, encrypted:")
        _run([*command, "-vb", "-p", "4", "-dcpriv", f"{server.url}/demo.dat", str(returned)], env)

        received = _checksum(returned)
        _say(f"\nThe copy of the copy:    {returned}\n  SHA-256 {received}")
        if received != sent:
            raise DemoError("the checksums differ: the file was damaged on its way")
    _say(
        f"\nThe same: it works. The grid is gone again. All this took {duration(time.monotonic() - started)}."
    )
    return 0


def _command() -> list[str]:
    """The installed command, with no regard to PATH."""
    path = Path(sysconfig.get_path("scripts"), "pyglobus-url-copy")
    if not path.exists():
        raise DemoError(f"{path} is missing; install the package, with ./dev build")
    return [str(path)]


def _make_file(path: Path) -> str:
    """Write data that cannot be compressed; gives its checksum."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(SIZE >> 20):
            block = os.urandom(1 << 20)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command: list[str], env: dict[str, str]) -> None:
    command = [command[0], "--timeout", f"{TIMEOUT:g}", *command[1:]]
    _say(f"  $ {shlex.join([Path(command[0]).name, *command[1:]])}")
    try:
        code = subprocess.run(command, env=env, timeout=TIMEOUT + 10, check=False).returncode
    except subprocess.TimeoutExpired:
        raise DemoError("the command did not end by itself, and was killed") from None
    if code != 0:
        raise DemoError(f"the command failed with exit code {code}; its own message is above")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
