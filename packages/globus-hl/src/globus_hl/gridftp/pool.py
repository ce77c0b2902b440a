"""The connections of a client: used again when they are equal, and not more of them than a server likes."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from .._runtime.completion import Completion
from ..errors import ClosedError, GridError, OperationTimeoutError
from ..timeouts import Deadline
from .connection import Connection, Route
from .dialogue import Dialogue
from .options import Endpoint
from .url import GridFTPURL

__all__ = ["Pool"]

Server = tuple[Endpoint, ...]
"""What is counted together: one server, or the two of a third-party transfer."""


class _Slot(Completion["Connection | None"]):
    """A place in the queue for a connection. The result is one that became free, or None: the right to open one."""

    def __init__(self, pool: Pool, route: Route, end: float, error: GridError) -> None:
        super().__init__()
        self.end = end
        self.route = route
        self._pool = pool
        self._timeout_error = error

    def timed_out(self) -> BaseException:
        return self._timeout_error

    def cancel(self, *, inline: bool) -> None:
        self._pool.leave_queue(self)


@dataclass(slots=True)
class _Counts:
    """The connections to one server: how many there are, which are idle, and who waits for one."""

    open: int
    idle: list[Connection]
    queue: deque[_Slot]


class Pool:
    """The connections of a client. Any thread and any event loop may use it.

    Args:
        limit: connections to one server at most; who comes later waits in line.
        client_name: what servers are told, name and version.
        dialogue: shows what is said on the control channels.
    """

    def __init__(self, limit: int, client_name: tuple[str, str], dialogue: Dialogue | None = None) -> None:
        self._limit = limit
        self._client_name = client_name
        self._dialogue = dialogue
        self._lock = threading.Lock()
        self._servers: dict[Server, _Counts] = {}
        self._busy: set[Connection] = set()
        self._drained: Completion[None] = Completion()
        self.closed = False

    # -- taking ----------------------------------------------------------------------------------------

    async def acquire(
        self, route: Route, urls: tuple[GridFTPURL, ...], deadline: Deadline, *, tidying: bool = False
    ) -> Connection:
        """A connection that is logged in and nobody else's until `release`.

        Args:
            urls: one of each server of the route.
            tidying: a closed pool still gives one.

        Raises:
            ClosedError: the client is closed.
            GridError: the login failed, or no connection became free in time.
        """
        connection = await self._take(route, deadline, tidying=tidying)
        try:
            if connection is None:
                connection = Connection(route, self._client_name, self._dialogue)
            if not tidying:
                with self._lock:
                    self._busy.add(connection)
            for url in urls:
                if Endpoint.of(url) not in connection.features:
                    await connection.log_in(url, deadline)
        except BaseException:
            if connection is None:
                self._one_less(route)
            else:
                self.release(connection, reuse=False)
            raise
        return connection

    async def _take(self, route: Route, deadline: Deadline, *, tidying: bool) -> Connection | None:
        end, _ = deadline.limits(connecting=True)
        unwanted: Connection | None = None
        with self._lock:
            if self.closed and not tidying:
                raise ClosedError("the client is closed")
            server = self._servers.setdefault(route.endpoints, _Counts(0, [], deque()))
            equal = next((c for c in reversed(server.idle) if c.route == route), None)
            if equal is not None:
                server.idle.remove(equal)
                return equal
            slot: _Slot | None = None
            if server.open < self._limit:
                server.open += 1
            elif server.idle:  # of another kind: it makes room
                unwanted = server.idle.pop(0)
            else:
                slot = _Slot(self, route, end, self._all_busy(route, deadline))
                server.queue.append(slot)
        if unwanted is not None:
            unwanted.close()
        if slot is None:
            return None
        try:
            return await slot
        except BaseException:
            if slot.done():  # served at the last moment
                self._return(slot.result(), route)
            raise

    def _all_busy(self, route: Route, deadline: Deadline) -> GridError:
        return OperationTimeoutError(
            f"all {self._limit} connections of this client to {route} are busy: "
            f"{deadline.describe(connecting=True, stalled=False)}",
            hint="raise max_connections=, or close files that are open",
        )

    def leave_queue(self, slot: _Slot) -> None:
        """Nobody waits there any more."""
        with self._lock:
            server = self._servers.get(slot.route.endpoints)
            if server is not None and slot in server.queue:
                server.queue.remove(slot)

    # -- giving back -------------------------------------------------------------------------------------

    def release(self, connection: Connection, *, reuse: bool) -> None:
        """The user of a connection is done with it.

        Args:
            reuse: whether it is known to be good. When in doubt it is not: its handle is destroyed as soon as
                the library has let go of it.
        """
        keep = connection.settle() and reuse
        connection.fresh = False
        with self._lock:
            self._busy.discard(connection)
            keep = keep and not self.closed
            server = self._servers[connection.route.endpoints]
            slot = server.queue.popleft() if server.queue else None
            handed = connection if keep and slot is not None and slot.route == connection.route else None
            if keep and slot is None:
                server.idle.append(connection)
            drained = self.closed and not self._busy
        if handed is None and not (keep and slot is None):
            connection.close()
        if slot is not None:
            self._serve(slot, handed)
        elif not keep:
            self._one_less(connection.route)
        if drained:
            self._drained.set_result(None)

    def _serve(self, slot: _Slot, connection: Connection | None) -> None:
        if not slot.set_result(connection):  # it gave up at this very moment
            self._return(connection, slot.route)

    def _return(self, connection: Connection | None, route: Route) -> None:
        """What a slot was served with is not wanted any more."""
        if connection is not None:
            self.release(connection, reuse=True)
        else:
            self._one_less(route)

    def _one_less(self, route: Route) -> None:
        """A connection is gone: the next in line may open one."""
        with self._lock:
            server = self._servers[route.endpoints]
            slot = server.queue.popleft() if server.queue else None
            if slot is None:
                server.open -= 1
        if slot is not None:
            self._serve(slot, None)

    def forget_idle(self, route: Route) -> None:
        """Close the idle connections to a server that has shown to be gone."""
        with self._lock:
            server = self._servers.get(route.endpoints)
            idle, count = (server.idle[:], len(server.idle)) if server is not None else ([], 0)
            if server is not None:
                server.idle.clear()
        for connection in idle:
            connection.close()
        for _ in range(count):
            self._one_less(route)

    # -- the end -----------------------------------------------------------------------------------------------

    def close(self) -> list[Connection]:
        """Close idle connections, refuse new requests, and tell which connections are used, but not to tidy up."""
        with self._lock:
            self.closed = True
            waiting = [slot for server in self._servers.values() for slot in server.queue]
            idle = [connection for server in self._servers.values() for connection in server.idle]
            for server in self._servers.values():
                server.queue.clear()
                server.open -= len(server.idle)
                server.idle.clear()
            busy = list(self._busy)
        if not busy:
            self._drained.set_result(None)
        for slot in waiting:
            slot.set_error(ClosedError("the client was closed"))
        for connection in idle:
            connection.close()
        return busy

    async def drained(self, end: float) -> None:
        """Wait, after `close`, until nobody uses a connection any more."""
        await self._drained.wait_until(end)

    @property
    def counts(self) -> tuple[int, int]:
        """Connections that are open, and those of them that are idle."""
        with self._lock:
            servers = self._servers.values()
            return sum(server.open for server in servers), sum(len(server.idle) for server in servers)
