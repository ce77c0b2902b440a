"""A request and reply service with GSI: a verb and its arguments, each ended by NUL; the answer is "code NUL text NUL".

Who may ask is what the grid-map says at that moment; whoever is not in it is refused, and the log names him. The program
starts the service on a throw-away grid, asks it what it should answer, and shows who is refused.

    python examples/xio/segment_service.py
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from globus_hl import xio
from globus_hl.security import Credential, GridMap
from globus_hl.security.errors import SecurityError
from globus_hl.testgrid import Grid

STACK = "tcp,gsi"
LIMIT = 10.0  # seconds that a client may take for its request

SEGMENTS = {f"size {count}": "x" * count for count in (1, 511, 512, 513, 5_000_000)} | {"H1": "0 16 32"}


def in_map(path: Path) -> Callable[[xio.Peer], bool]:
    """Whether somebody is in the grid-map, which is read again for each connection."""
    return lambda peer: peer.name is not None and bool(GridMap(path).accounts(peer.name))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(LIMIT):
            verb = (await reader.readuntil(b"\0"))[:-1]
            if verb == b"PING":
                writer.write(b"0\0alive\0")
            elif verb == b"QUERY":
                name = (await reader.readuntil(b"\0"))[:-1].decode()
                found = SEGMENTS.get(name)
                writer.write(b"1\0no such segment\0" if found is None else b"0\0" + found.encode() + b"\0")
            else:
                writer.write(b"2\0no such request\0")
            await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def ask(port: int, gsi: xio.GSI, *words: str) -> tuple[int, str]:
    """Ask one question, and return code and text.

    Raises:
        SecurityError: the server is somebody else; nothing was sent.
        ConnectionError: the server does not want us.
    """
    async with asyncio.timeout(3 * LIMIT):
        reader, writer = await xio.open_connection("localhost", port, stack=STACK, gsi=gsi)
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


async def show(grid: Grid) -> None:
    """Start the service, and be its clients."""
    host = Credential.from_files(grid.host.cert, grid.host.key)
    client = xio.GSI(credential=Credential.load(grid.user.proxy))
    newcomer = grid.add_user("A Newcomer", mapped=False)
    other = xio.GSI(credential=Credential.load(newcomer.proxy))
    rule = xio.GSI(credential=host, authorization=in_map(grid.gridmap))
    server = await xio.start_server(serve, "localhost", stack=STACK, gsi=rule)
    try:
        print("PING:", await ask(server.port, client, "PING"))
        print("H1:", await ask(server.port, client, "QUERY", "H1"))
        for name, text in SEGMENTS.items():
            print(f"{name}: complete: {await ask(server.port, client, 'QUERY', name) == (0, text)}")
        print("nothing:", await ask(server.port, client, "QUERY", "L9"))

        print("not in the map:", await refused(server.port, other))
        with grid.gridmap.open("a") as file:
            file.write(f'"{newcomer.subject}" nobody\n')
        print("now it is:", await ask(server.port, other, "PING"))
        away = grid.gridmap.rename(grid.gridmap.with_name("away"))
        print("no map, the callback raises:", await refused(server.port, client))
        away.rename(grid.gridmap)

        wrong = xio.GSI(credential=client.credential, authorization="/O=Grid/CN=Somebody Else")
        print("another server was wanted:", await refused(server.port, wrong))

        answers = await asyncio.gather(*(ask(server.port, client, "QUERY", "size 513") for _ in range(50)))
        print("50 at once, all right:", answers == [(0, SEGMENTS["size 513"])] * 50)

        _reader, hangs = await xio.open_connection("localhost", server.port, stack=STACK, gsi=client)
    finally:
        began = time.monotonic()
        server.close()
        server.abort_clients()
        await server.wait_closed()
    print("stopped within a second, while a client hung:", time.monotonic() - began < 1)
    hangs.transport.abort()
    with contextlib.suppress(ConnectionError):
        await hangs.wait_closed()


def main() -> None:
    """Show it on a grid of its own."""
    logging.basicConfig(format="log: %(message)s", stream=sys.stdout)
    with Grid() as grid:
        asyncio.run(show(grid))


if __name__ == "__main__":
    main()
