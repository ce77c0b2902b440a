"""Connections to servers, each a handle of the C library, and the pool that a client keeps them in."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, TypeVar

from globus_lowlevel import GlobusError, ftp_client

from .._runtime.completion import Completion, Operation
from .._runtime.library import activate
from ..errors import ClosedError, GridError, OperationTimeoutError
from ..timeouts import Deadline
from .faults import login_error
from .monitor import ReplyMonitor
from .operations import Command
from .options import Endpoint, Security, Tuning, c_url, operation_attributes
from .replies import Reply
from .url import GridFTPURL

__all__ = ["Connection", "Pool", "Route"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """What a connection leads to: one server, or the two of a third-party transfer; and how it is secured.

    Connections with equal routes are exchangeable. The library would reuse a control connection whose
    security differs (it compares neither subjects nor the protection of the control channel); so what is
    equal is decided here.
    """

    endpoints: tuple[Endpoint, ...]
    security: Security

    @classmethod
    def to(cls, security: Security, *urls: GridFTPURL) -> Route:
        return cls(tuple(Endpoint.of(url) for url in urls), security)

    def __str__(self) -> str:
        return " and ".join(map(str, self.endpoints))


class Connection:
    """A handle of the C library with its cached control and data connections. One operation at a time.

    Attributes:
        route: where it leads.
        fresh: whether no operation but the login has been done on it.
        extended: whether its data channel was last used in extended block mode.
        features: names of what each server of the route can do, such as ``"MLST"``, by endpoint.
    """

    def __init__(self, route: Route, client_name: tuple[str, str]) -> None:
        activate(ftp_client, "GLOBUS_FTP_CLIENT_MODULE")
        self.route = route
        self.fresh = True
        self.extended = False
        self.features: dict[Endpoint, frozenset[str]] = {}
        attr = ftp_client.globus_ftp_client_handleattr_init()
        ftp_client.globus_ftp_client_handleattr_set_cache_all(attr, True)
        ftp_client.globus_ftp_client_handleattr_set_clientinfo(attr, *client_name, None)
        self.handle = ftp_client.globus_ftp_client_handle_init(attr)
        ftp_client.globus_ftp_client_handleattr_destroy(attr)
        self._current: Operation[Any] | None = None
        self._monitor = ReplyMonitor(self.handle, self._on_reply)

    async def log_in(self, url: GridFTPURL, deadline: Deadline) -> None:
        """Connect to the server of `url`, authenticate, and learn what it can do.

        Raises:
            GridError: the reason, which no file has a part in.
        """
        endpoint = Endpoint.of(url)
        attr = operation_attributes(url, self.route.security, Tuning())
        features = ftp_client.globus_ftp_client_features_init()
        end, _ = deadline.limits(connecting=True)

        def start(callback: Any, argument: Any) -> None:
            # FEAT is part of each login: asking for it means to log in and nothing more.
            ftp_client.globus_ftp_client_feat(self.handle, c_url(url), attr, features, callback, argument)

        def timed_out(stalled: bool) -> GridError:
            limit = deadline.describe(connecting=True, stalled=stalled)
            return OperationTimeoutError(f"could not connect to {endpoint}: {limit}", url=str(url))

        login = Command(
            self.handle, start, lambda _: None, end=end, describe=timed_out, may_block=not endpoint.is_address
        )
        try:
            await self.run(login)
        except GlobusError as error:
            raise login_error(error, url, self.route.security.credential) from error
        self.features[endpoint] = _feature_names(features)

    def run(self, operation: Command[T]) -> Command[T]:
        """Make `operation` the current one; to be awaited."""
        self._current = operation
        self._monitor.reset()
        return operation

    def _on_reply(self) -> None:
        if (operation := self._current) is not None:
            operation.touch()

    @property
    def refusal(self) -> Reply | None:
        """The last thing the server said against the current operation."""
        return self._monitor.refusal

    def abort(self, error: BaseException) -> None:
        """Let the operation that is under way, if any, fail with `error`."""
        if self._current is not None and not self._current.finished():
            self._current.fail(error)

    def close(self) -> None:
        """End the connections to the servers, at once or as soon as the library has let go of them."""
        if self._current is None or not self._current.when_over(self._destroy):
            self._destroy()

    def _destroy(self) -> None:
        # Explicitly, and not when collected: the credential must outlive the handle.
        ftp_client.globus_ftp_client_handle_destroy(self.handle)

    def settle(self) -> bool:
        """Whether the library has nothing under way on it. Then nothing of the last operation is kept, either."""
        if self._current is not None and self._current.finished():
            self._current = None  # it would keep the buffers of the user locked
        return self._current is None


def _feature_names(features: Any) -> frozenset[str]:
    """The features that a server said it has, without the prefix of the C constants."""
    prefix = "GLOBUS_FTP_CLIENT_FEATURE_"
    yes = ftp_client.GLOBUS_FTP_CLIENT_TRUE
    names = set()
    for feature in ftp_client.globus_ftp_client_probed_feature_t:
        name = feature.name.removeprefix(prefix)
        if feature.name.startswith(prefix) and name != "MAX":
            if ftp_client.globus_ftp_client_is_feature_supported(features, feature) == yes:
                names.add(name)
    return frozenset(names)


class _Slot(Completion["Connection | None"]):
    """A place in the queue for a connection. The result is one that became free, or None: the right to open one."""

    def __init__(self, queue: deque[_Slot], lock: threading.Lock, end: float, error: GridError) -> None:
        super().__init__()
        self.end = end
        self._queue = queue
        self._queue_lock = lock
        self._timeout_error = error

    def timed_out(self) -> BaseException:
        return self._timeout_error

    def cancel(self, *, inline: bool) -> None:  # noqa: ARG002
        with self._queue_lock:
            if self in self._queue:
                self._queue.remove(self)


class Pool:
    """The connections of a client, by route. Any thread and any event loop may use it.

    Args:
        limit: connections to one route at most; who comes later waits in line.
        client_name: what servers are told, name and version.
    """

    def __init__(self, limit: int, client_name: tuple[str, str]) -> None:
        self._limit = limit
        self._client_name = client_name
        self._lock = threading.Lock()
        self._idle: dict[Route, list[Connection]] = {}
        self._open: dict[Route, int] = {}
        self._queues: dict[Route, deque[_Slot]] = {}
        self._busy: set[Connection] = set()
        self._drained: Completion[None] = Completion()
        self.closed = False

    async def acquire(
        self,
        route: Route,
        urls: tuple[GridFTPURL, ...],
        deadline: Deadline,
        *,
        extended: bool = False,
        tidying: bool = False,
    ) -> Connection:
        """A connection that is logged in and nobody else's until `release`.

        Args:
            urls: one of each endpoint of the route.
            extended: prefer one that was used in extended block mode, so that its data connections can be
                used again.
        """
        connection = await self._take(route, deadline, extended, tidying)
        try:
            if connection is None:
                connection = Connection(route, self._client_name)
                with self._lock:
                    self._busy.add(connection)
            for url in urls:
                if Endpoint.of(url) not in connection.features:
                    await connection.log_in(url, deadline)
        except BaseException:
            if connection is not None:
                self.release(connection, reuse=False)
            else:
                self._return(None, route)
            raise
        return connection

    async def _take(self, route: Route, deadline: Deadline, extended: bool, tidying: bool) -> Connection | None:
        end, _ = deadline.limits(connecting=True)
        with self._lock:
            if self.closed and not tidying:
                raise ClosedError("the client is closed")
            idle = self._idle.get(route)
            if idle:
                chosen = next((c for c in reversed(idle) if c.extended == extended), idle[-1])
                idle.remove(chosen)
                self._busy.add(chosen)
                return chosen
            if self._open.get(route, 0) < self._limit:
                self._open[route] = self._open.get(route, 0) + 1
                return None
            error = OperationTimeoutError(
                f"all {self._limit} connections of this client to {route} are busy: "
                f"{deadline.describe(connecting=True, stalled=False)}",
                hint="raise max_connections=, or close files that are open",
            )
            queue = self._queues.setdefault(route, deque())
            slot = _Slot(queue, self._lock, end, error)
            queue.append(slot)
        try:
            return await slot
        except BaseException:
            if slot.done():  # served at the last moment
                self._return(slot.result(), route)
            raise

    def release(self, connection: Connection, *, reuse: bool) -> None:
        """The user of a connection is done with it.

        Args:
            reuse: whether it is known to be good. When in doubt it is not: its handle is destroyed as soon as
                the library has let go of it.
        """
        route = connection.route
        with self._lock:
            self._busy.discard(connection)
            keep = connection.settle() and reuse and not self.closed
            slot = self._next_slot(route)
            if keep:
                connection.fresh = False
                if slot is None:
                    self._idle.setdefault(route, []).append(connection)
                else:
                    self._busy.add(connection)
            drained = self.closed and not self._busy
        if not keep:
            connection.close()
        if drained:
            self._drained.set_result(None)
        if slot is not None:
            self._serve(slot, connection if keep else None, route)
        elif not keep:
            self._one_less(route)

    def _return(self, connection: Connection | None, route: Route) -> None:
        """What a slot was served with is not wanted any more."""
        if connection is not None:
            self.release(connection, reuse=True)
            return
        with self._lock:
            slot = self._next_slot(route)
        if slot is not None:
            self._serve(slot, None, route)
        else:
            self._one_less(route)

    def _one_less(self, route: Route) -> None:
        with self._lock:
            self._open[route] -= 1
            if not self._open[route]:
                del self._open[route]

    def _next_slot(self, route: Route) -> _Slot | None:
        queue = self._queues.get(route)
        return queue.popleft() if queue else None

    def _serve(self, slot: _Slot, connection: Connection | None, route: Route) -> None:
        if not slot.set_result(connection):  # it gave up at this very moment
            self._return(connection, route)

    def forget_idle(self, route: Route) -> None:
        """Close the idle connections to a server that has shown to be gone."""
        with self._lock:
            idle = self._idle.pop(route, [])
        for connection in idle:
            connection.close()
            self._one_less(route)

    async def drained(self, end: float) -> None:
        """Wait, after `close`, until nobody uses a connection any more."""
        self._drained.end = end
        with contextlib.suppress(OperationTimeoutError):
            await self._drained

    def close(self) -> list[Connection]:
        """Close idle connections, refuse new requests, and tell which connections are still in use."""
        with self._lock:
            self.closed = True
            routes = list(self._idle)
            waiting = [slot for queue in self._queues.values() for slot in queue]
            self._queues.clear()
            busy = list(self._busy)
        if not busy:
            self._drained.set_result(None)
        for slot in waiting:
            slot.set_error(ClosedError("the client was closed"))
        for route in routes:
            self.forget_idle(route)
        return busy

    @property
    def counts(self) -> tuple[int, int]:
        """Connections that are open, and those of them that are idle."""
        with self._lock:
            return sum(self._open.values()), sum(map(len, self._idle.values()))
