"""A request and reply service with GSI: a verb and its arguments, each ended by NUL; the answer is "code NUL text NUL".

Who may ask is what the grid-map says at that moment; whoever is not in it is refused, and the log names him. SIGHUP reads
the configuration again, SIGTERM stops the service within a second, whatever its clients do.

    python examples/xio/segment_service.py serve CONFIG.toml    # the service
    python examples/xio/segment_service.py                      # starts it on a throw-away grid, and asks it

The configuration, for which everything but the segments is read at the start only::

    port = 0                     # 0: any that is free
    certificate = "hostcert.pem"
    key = "hostkey.pem"
    gridmap = "grid-mapfile"
    security = true              # false: in the clear, for everybody
    [segments]
    H1 = "0 16 32"
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from globus_hl import xio
from globus_hl.security import Credential, GridMap
from globus_hl.security.errors import SecurityError
from globus_hl.testgrid import Grid

LIMIT = 10.0  # seconds that a client may take for its request

log = logging.getLogger("segments")

# ---- the service ----------------------------------------------------------------------------------------------


def in_map(path: Path) -> Callable[[xio.Peer], bool]:
    """Whether somebody is in the grid-map, which is read again for each connection."""
    return lambda peer: peer.name is not None and bool(GridMap(path).accounts(peer.name))


class Service:
    """Answers requests with what its configuration holds."""

    def __init__(self, config: Path) -> None:
        self.path = config
        self.segments: dict[str, str] = {}
        self.config = self.read()

    def read(self) -> dict[str, Any]:
        """Read the configuration. One that is broken changes nothing."""
        found = tomllib.loads(self.path.read_text())
        self.segments = found["segments"]
        return found

    def read_again(self) -> None:
        """What SIGHUP does."""
        try:
            self.read()
        except (OSError, ValueError, KeyError) as error:
            log.warning("%s is not read: %s", self.path, error)
        else:
            log.info("%s is read again", self.path)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(LIMIT):
                verb = (await reader.readuntil(b"\0"))[:-1]
                if verb == b"PING":
                    writer.write(b"0\0alive\0")
                elif verb == b"QUERY":
                    name = (await reader.readuntil(b"\0"))[:-1].decode()
                    found = self.segments.get(name)
                    writer.write(
                        b"1\0no such segment\0" if found is None else b"0\0" + found.encode() + b"\0"
                    )
                else:
                    writer.write(b"2\0no such request\0")
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def run(self) -> None:
        """Serve until SIGTERM."""
        stack, gsi = "tcp", None
        if self.config["security"]:
            host = Credential.from_files(self.config["certificate"], self.config["key"])
            stack, gsi = (
                "tcp,gsi",
                xio.GSI(credential=host, authorization=in_map(Path(self.config["gridmap"]))),
            )
        server = await xio.start_server(self.answer, "localhost", self.config["port"], stack=stack, gsi=gsi)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.read_again)
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        log.info("listening on %d", server.port)
        await stopped.wait()
        server.close()
        server.abort_clients()
        await server.wait_closed()


# ---- a client -------------------------------------------------------------------------------------------------


async def ask(port: int, gsi: xio.GSI | None, *words: str) -> tuple[int, str]:
    """Ask one question, and return code and text.

    Args:
        gsi: None: in the clear.

    Raises:
        SecurityError: the server is somebody else; nothing was sent.
        ConnectionError: the server does not want us.
    """
    async with asyncio.timeout(3 * LIMIT):
        stack = "tcp,gsi" if gsi else "tcp"
        reader, writer = await xio.open_connection("localhost", port, stack=stack, gsi=gsi)
        try:
            writer.write("".join(f"{word}\0" for word in words).encode())
            answer = (await reader.read()).decode()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    if not answer:
        raise ConnectionError("the server has hung up")
    code, text, _ = answer.split("\0")
    return int(code), text


async def refused(port: int, gsi: xio.GSI) -> str:
    """The class of the error that a client gets."""
    try:
        await ask(port, gsi, "PING")
    except (SecurityError, ConnectionError) as error:
        return type(error).__name__
    return "not refused"


# ---- what it shows --------------------------------------------------------------------------------------------


class Running:
    """A service in a process of its own, and its log."""

    def __init__(self, config: Path, settings: dict[str, Any]) -> None:
        self.config, self.settings = config, settings
        self.write(
            {f"size {count}": "x" * count for count in (1, 511, 512, 513, 5_000_000)} | {"H1": "0 16 32"}
        )
        command = [sys.executable, "-W", "error", __file__, "serve", str(config)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.log = self.process.stdout or io.StringIO()
        self.port = int(self.log_until("listening on").split()[-1])

    def write(self, segments: dict[str, str]) -> None:
        """Write the configuration (in JSON, strings and numbers are those of TOML)."""
        lines = [f"{name} = {json.dumps(value)}" for name, value in self.settings.items()]
        lines += [
            "[segments]",
            *(f"{json.dumps(name)} = {json.dumps(text)}" for name, text in segments.items()),
        ]
        self.config.write_text("\n".join(lines))

    def log_until(self, words: str) -> str:
        """Show the log up to a line with these words, and return that line."""
        for line in self.log:
            print("    log:", line, end="")
            if words in line:
                return line
        raise RuntimeError(f"the service ended, and never said {words!r}")

    def stop(self) -> float:
        """Stop it, and return how long that takes."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LIMIT)
        if code:
            raise RuntimeError(f"the service ended with {code}")
        return time.monotonic() - began


@contextlib.contextmanager
def running(config: Path, settings: dict[str, Any]) -> Iterator[Running]:
    service = Running(config, settings)
    try:
        yield service
    finally:
        with service.process:
            service.process.kill()


async def show(grid: Grid, service: Running) -> None:
    """Be the clients of a service with GSI."""
    port = service.port
    client = xio.GSI(credential=Credential.load(grid.user.proxy))
    newcomer = grid.add_user("A Newcomer", mapped=False)
    other = xio.GSI(credential=Credential.load(newcomer.proxy))

    print("PING:", await ask(port, client, "PING"))
    print("H1:", await ask(port, client, "QUERY", "H1"))
    for count in (1, 511, 512, 513, 5_000_000):
        print(
            f"size {count}: complete: {await ask(port, client, 'QUERY', f'size {count}') == (0, 'x' * count)}"
        )
    print("nothing:", await ask(port, client, "QUERY", "L9"))

    print("not in the map:", await refused(port, other))
    service.log_until("is refused")
    with grid.gridmap.open("a") as file:
        file.write(f'"{newcomer.subject}" nobody\n')
    print("now it is:", await ask(port, other, "PING"))
    away = grid.gridmap.rename(grid.gridmap.with_name("away"))
    print("no map, the callback raises:", await refused(port, client))
    service.log_until("the authorization callback raised")
    away.rename(grid.gridmap)

    wrong = xio.GSI(credential=client.credential, authorization="/O=Grid/CN=Somebody Else")
    print("another server was wanted:", await refused(port, wrong))

    service.write({"H1": "64 128", "size 513": "x" * 513})
    service.process.send_signal(signal.SIGHUP)
    service.log_until("is read again")
    print("H1 after SIGHUP:", await ask(port, client, "QUERY", "H1"))
    service.config.write_text("[segments")
    service.process.send_signal(signal.SIGHUP)
    service.log_until("is not read")
    print("H1 after a broken one:", await ask(port, client, "QUERY", "H1"))

    answers = await asyncio.gather(*(ask(port, client, "QUERY", "size 513") for _ in range(50)))
    print("50 at once, all right:", answers == [(0, "x" * 513)] * 50)

    _reader, hangs = await xio.open_connection("localhost", port, stack="tcp,gsi", gsi=client)
    print("stopped within a second, while a client hung:", service.stop() < 1)
    hangs.transport.abort()
    with contextlib.suppress(ConnectionError):
        await hangs.wait_closed()


def show_all(grid: Grid) -> None:
    settings = {"port": 0, "certificate": str(grid.host.cert), "key": str(grid.host.key)}
    settings |= {"gridmap": str(grid.gridmap), "security": True}
    config = grid.directory / "segments.toml"
    with running(config, settings) as service:
        asyncio.run(show(grid, service))
    with running(config, settings | {"security": False}) as service:
        print("security off:", asyncio.run(ask(service.port, None, "PING")))
        print("stopped within a second, while idle:", service.stop() < 1)


def main() -> None:
    """Serve, or show it on a grid of its own."""
    if sys.argv[1:2] == ["serve"] and len(sys.argv) == 3:
        logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
        asyncio.run(Service(Path(sys.argv[2])).run())
    elif len(sys.argv) == 1:
        with Grid() as grid:
            show_all(grid)
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(os.EX_USAGE)


if __name__ == "__main__":
    main()
