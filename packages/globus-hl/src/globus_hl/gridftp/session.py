"""The state behind a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from .._runtime.drivers import Background, Work
from ..errors import ClosedError
from ..timeouts import GRACE, Deadline, Limit, Timeout
from .connection import Route
from .dialogue import Dialogue
from .job import Expected, Job, StaleConnection, StartCall
from .options import Protection, Security, Tuning
from .pool import Pool
from .url import GridFTPURL

__all__ = ["Session"]

TIDY_SECONDS = 10.0
"""How long `Session.close` waits for the removal of incomplete files: a login, on a machine that is busy."""

T = TypeVar("T")


class Session:
    """Connections, defaults and background work of a client. Its coroutines are run by the drivers of the
    runtime.

    Args:
        security: of all connections, unless a call changes it.
        timeout: the client's limits.
        max_connections: to one server.
        client_name: what servers are told, name and version.
        dialogue: shows what is said on the control channels.
    """

    def __init__(
        self,
        security: Security,
        timeout: Timeout | float | None,
        max_connections: int,
        client_name: tuple[str, str],
        dialogue: Dialogue | None = None,
    ) -> None:
        self.security = security
        self.timeout = Timeout().merge(timeout)
        self.pool = Pool(max_connections, client_name, dialogue)
        self._background: set[Background] = set()

    async def close(self) -> None:
        """Abort what is under way, close all connections, and wait for tidying up that still goes on."""
        for connection in self.pool.close():
            connection.abort(ClosedError("the client was closed"))
        await self.pool.drained(Deadline.after(GRACE).end)
        end = Deadline.after(TIDY_SECONDS).end
        for work in list(self._background):
            await work.wait_until(end)

    def in_background(self, work: Work[None]) -> None:
        """Run what nobody waits for."""
        for over in [background for background in self._background if background.done()]:
            self._background.discard(over)
        self._background.add(Background(work))

    def security_for(
        self, url: GridFTPURL, protection: Protection | None = None, authentication: bool | str | None = None
    ) -> Security:
        """The client's security with what a call changes of it, checked against the URL."""
        security = self.security
        if protection is not None:
            security = replace(security, protection=protection)
        if authentication is not None:
            security = replace(security, data_channel_authentication=authentication)
        security.check(url)
        return security

    def deadline(self, timeout: Limit) -> Deadline:
        """The clock of a call starts, unless it is part of one whose clock runs already."""
        return timeout if isinstance(timeout, Deadline) else Deadline(self.timeout.merge(timeout))

    async def retrying(self, route: Route, attempt: Callable[[bool], Work[T]]) -> T:
        """Run `attempt`, and once more if it met a connection that had died while it was idle.

        Args:
            attempt: called with whether a :class:`StaleConnection` is welcome.
        """
        try:
            return await attempt(True)
        except StaleConnection:
            self.pool.forget_idle(route)
        return await attempt(False)

    async def call(
        self,
        url: GridFTPURL,
        doing: str,
        start: StartCall,
        value: Callable[[Any], T],
        timeout: Limit,
        *,
        expected: Expected = "anything",
        repeatable: bool = False,
        stall: float | None = None,
    ) -> T:
        """A job of one command; see :meth:`Job.command`.

        Args:
            repeatable: it does no harm if the server does it twice.
        """
        security, deadline = self.security_for(url), self.deadline(timeout)

        async def attempt(retry_welcome: bool) -> T:
            async with Job(self.pool, security, url, deadline=deadline, repeatable=retry_welcome) as job:
                return await job.command(url, doing, start, value, expected=expected, stall=stall)

        if not repeatable:
            return await attempt(False)
        return await self.retrying(Route.to(security, Tuning(), url), attempt)
