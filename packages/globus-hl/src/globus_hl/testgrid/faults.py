"""A proxy that stands before a server and does to its connections what networks and broken peers do.

    from globus_hl.testgrid.faults import BlackHole, FaultProxy

    with FaultProxy(server.port, BlackHole(after=10_000)) as proxy:
        client.get(proxy.through(server.url) + "/a.dat", "a.dat", timeout=5)   # must end by then

It takes any TCP connection: control channels of GridFTP servers, MyProxy, GASS, GRAM. `ftp_faults.FTPFaultProxy` also
stands before the data channels that an FTP control channel agrees on.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from .._runtime.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .server import Server

__all__ = ["BlackHole", "Cut", "Fault", "FaultProxy", "Garbage", "Reset", "SlowDrip", "StalledHandshake"]

Direction = Literal["up", "down"]
Result = TypeVar("Result")
Edit: TypeAlias = "Callable[[bytes], Coroutine[None, None, bytes]]"
Serve: TypeAlias = "Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]"
BLOCK = 65536
REMEMBERED = 4096  # bytes in which what a fault waits for is looked for
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


# ---- what happens ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What happens to a connection, and when.

    Attributes:
        after: number of bytes that pass before.
        direction: which bytes count: ``"down"``, from the server to the client, or ``"up"``.
        when: regular expression; it happens after bytes that match, in place of a number of them.
    """

    after: int = 0
    direction: Direction = "down"
    when: bytes | None = None

    def begin(self, passed: int, recent: bytes, data: bytes) -> int | None:
        """At which byte of `data` it happens; None: not yet. Asked once before there is any data."""
        if self.when is None:
            return self.after - passed if passed + len(data) >= self.after else None
        if found := re.search(self.when, recent + data, re.MULTILINE):
            return max(0, found.end() - len(recent))
        return None

    async def happen(self, flow: Flow, rest: bytes) -> None:
        """Do it.

        Args:
            flow: the direction of the connection in which it happens.
            rest: what has come already and is not sent on yet.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class BlackHole(Fault):
    """Nothing moves any more, in both directions, and nobody is told."""

    async def happen(self, flow: Flow, rest: bytes) -> None:
        """Freeze the connection until the proxy is closed."""
        flow.connection.moving.clear()
        await flow.connection.moving.wait()
        await flow.send(rest)


@dataclass(frozen=True)
class StalledHandshake(BlackHole):
    """A black hole as soon as the client has begun its handshake: TLS, or GSI on an FTP control channel."""

    direction: Direction = "up"
    when: bytes | None = rb"\A\x16\x03|^ADAT "


@dataclass(frozen=True)
class SlowDrip(Fault):
    """What comes goes on drop by drop.

    Attributes:
        size: bytes in a drop.
        interval: seconds between drops.
    """

    size: int = 1
    interval: float = 0.05

    async def happen(self, flow: Flow, rest: bytes) -> None:
        """Send on in drops until the end."""
        while rest := rest or await flow.receive():
            for start in range(0, len(rest), self.size):
                await flow.send(rest[start : start + self.size])
                await asyncio.sleep(self.interval)
            rest = b""


@dataclass(frozen=True)
class Cut(Fault):
    """Both connections are closed, in good order."""

    async def happen(self, flow: Flow, rest: bytes) -> None:
        """Close."""
        flow.connection.close()


@dataclass(frozen=True)
class Reset(Fault):
    """Both connections are reset (RST), as by a crash or a firewall."""

    async def happen(self, flow: Flow, rest: bytes) -> None:
        """Close with a reset."""
        flow.connection.reset()


@dataclass(frozen=True)
class Garbage(Fault):
    """Random bytes take the place of what comes, one for one.

    Attributes:
        seed: where the random bytes come from; the same seed gives the same ones.
    """

    seed: int = 0

    async def happen(self, flow: Flow, rest: bytes) -> None:
        """Send on nothing but garbage until the end."""
        source = random.Random(self.seed)  # noqa: S311 - it has to be repeatable, not secret
        while rest := rest or await flow.receive():
            await flow.send(source.randbytes(len(rest)))
            rest = b""


# ---- the proxy ---------------------------------------------------------------------------------------


class Connection:
    """A connection of a client, and the one that leads on from it."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.writers = writers
        self.moving = asyncio.Event()
        self.moving.set()

    def close(self) -> None:
        """Close both."""
        for writer in self.writers:
            writer.close()

    def reset(self) -> None:
        """Reset both."""
        for writer in self.writers:
            with contextlib.suppress(OSError):  # it is closed already
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()


class Flow:
    """One direction of a connection, to its end or to its fault.

    Args:
        edit: makes what goes on of what has come.
    """

    def __init__(
        self,
        connection: Connection,
        direction: Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        edit: Edit,
    ) -> None:
        self.connection = connection
        self.direction = direction
        self._reader, self._writer, self._edit = reader, writer, edit

    async def receive(self) -> bytes:
        """Some bytes, edited; none at the end."""
        edited = b""
        while not edited:
            await self.connection.moving.wait()
            data = await self._reader.read(BLOCK)
            await self.connection.moving.wait()
            if not data:
                break
            edited = await self._edit(data)
        return edited

    async def send(self, data: bytes) -> None:
        """Send them on."""
        self._writer.write(data)
        await self._writer.drain()

    async def run(self, fault: Fault | None) -> None:
        """Send on what comes until it ends, or the fault happens."""
        passed, recent, data = 0, b"", b""
        while True:
            at = None
            if fault is not None and fault.direction == self.direction:
                at = fault.begin(passed, recent, data)
            await self.send(data[:at])
            if fault is not None and at is not None:
                await fault.happen(self, data[at:])
                fault = None
            passed, recent = passed + len(data), (recent + data)[-REMEMBERED:]
            data = await self.receive()
            if not data:
                break
        with contextlib.suppress(OSError):  # the other side has gone already
            self._writer.write_eof()


class FaultProxy(Closing):
    """A proxy on a port of its own, on loopback. It runs on a thread, and closes all connections at its end.

    Args:
        target: the server, or its port.
        fault: what happens to each connection; None: nothing.

    Attributes:
        port: where it listens.
        fault: may be changed at any time; it holds for connections that come from then on.
        accepted: how many connections have come.
    """

    def __init__(self, target: Server | int, fault: Fault | None = None) -> None:
        self.target = target if isinstance(target, int) else target.port
        self.fault = fault
        self.accepted = 0
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[socket.socket] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._thread.start()
        self.port = self._call(self._listen(self._serve))

    @property
    def contact(self) -> str:
        """``localhost:PORT``."""
        return f"localhost:{self.port}"

    def through(self, address: str) -> str:
        """A URL or a contact of the server, with the proxy's port in place of the server's."""
        return address.replace(f":{self.target}", f":{self.port}", 1)

    def freeze(self) -> None:
        """Make a black hole of all open connections, now."""
        self._call(self._each(lambda connection: connection.moving.clear()))

    def thaw(self) -> None:
        """Let frozen connections go on."""
        self._call(self._each(lambda connection: connection.moving.set()))

    def cut(self) -> None:
        """Close all open connections, now, in good order."""
        self._call(self._each(Connection.close))

    def reset(self) -> None:
        """Reset all open connections, now."""
        self._call(self._each(Connection.reset))

    def close(self) -> None:
        """Close the listener and all connections. Idempotent."""
        if self._loop.is_closed():
            return
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.contact} to {self.target}, {self.fault}>"

    # ---- on the thread -----------------------------------------------------------------------------------

    def _call(self, work: Coroutine[None, None, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _each(self, do: Callable[[Connection], None]) -> None:
        for connection in list(self._connections):
            do(connection)

    async def _listen(self, serve: Serve) -> int:
        """Listen on a free port of loopback, until the proxy is closed."""

        listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        listener.setblocking(False)
        self._listeners.append(listener)
        self._loop.add_reader(listener, self._accept, listener, serve)
        port: int = listener.getsockname()[1]
        return port

    def _accept(self, listener: socket.socket, serve: Serve) -> None:
        """Take a connection. (An `asyncio.Server` would lose, open, one that comes while it is closed.)"""
        with contextlib.suppress(BlockingIOError):  # the client has gone already
            connection, _ = listener.accept()
            task = self._loop.create_task(self._guard(connection, serve))
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._end(done, connection))

    def _end(self, task: asyncio.Task[None], connection: socket.socket) -> None:
        self._tasks.discard(task)
        connection.close()  # even if the task never ran

    async def _guard(self, connection: socket.socket, serve: Serve) -> None:
        """Serve a connection, and close it in any case."""
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            await serve(reader, writer)
        except asyncio.CancelledError:  # the proxy is closed
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        await self._relay(reader, writer, ("127.0.0.1", self.target), self.fault, (unedited, unedited))

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        target: tuple[str, int],
        fault: Fault | None,
        edits: tuple[Edit, Edit],
        *,
        from_server: bool = False,
    ) -> None:
        """Connect to the target, and let both directions flow.

        Args:
            reader, writer: the connection that has come.
            target: where it leads to.
            fault: what happens to it.
            edits: for what goes to the target, and for what comes back.
            from_server: it is the server who has connected, as to a client's data port.
        """
        try:
            onward_reader, onward_writer = await asyncio.open_connection(*target)
        except OSError:
            return
        connection = Connection(writer, onward_writer)
        self._connections.add(connection)
        directions: tuple[Direction, Direction] = ("down", "up") if from_server else ("up", "down")
        out = Flow(connection, directions[0], reader, onward_writer, edits[0])
        back = Flow(connection, directions[1], onward_reader, writer, edits[1])
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(out.run(fault))
                group.create_task(back.run(fault))
        except* ConnectionError:  # a side has gone: the other one is told so
            connection.reset()
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _shut(self) -> None:
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        tasks = list(self._tasks)
        for connection in list(self._connections):
            for writer in connection.writers:
                writer.transport.abort()  # not waiting for what nobody takes
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the next round


async def unedited(data: bytes) -> bytes:
    """What has come."""
    return data
