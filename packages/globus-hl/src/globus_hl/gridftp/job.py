"""One call's use of a connection: operations, their limits, and what their failures mean."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar

from globus_lowlevel import GlobusError, ftp_client

from ..errors import (
    ConnectionLostError,
    ExistsError,
    GridError,
    IsDirectoryError,
    NotDirectoryError,
    OperationTimeoutError,
    ServerError,
)
from ..timeouts import Deadline
from .connection import Connection, Route
from .faults import is_undecided, meets_closing, operation_error
from .listing import Entry, parse_mlsx
from .operations import Command, CompleteCallback, StuckTransfer, Transfer, Upload
from .options import Endpoint, Security, Tuning, c_url, operation_attributes
from .pool import Pool
from .url import GridFTPURL

__all__ = ["Expected", "Job", "StaleConnection"]

T = TypeVar("T")
Expected: TypeAlias = Literal["anything", "something", "file", "directory", "nothing", "place"]
"""What an operation needs at its URL, to find out why it failed; "place": a directory around it. With "anything" nobody
looks."""

StartCall: TypeAlias = Callable[[Any, str, Any, CompleteCallback, Any], Any]
"""Makes a C call, from handle, URL, attributes, callback and its argument."""

NO_TUNING = Tuning()


class StaleConnection(Exception):
    """A connection had died while it was idle. The server has done nothing: the call may be tried once more.

    Attributes:
        failure: the error, for the caller if nobody tries again.
    """

    def __init__(self, failure: GridError) -> None:
        super().__init__(failure)
        self.failure = failure


class Job:
    """An async context manager: a connection that is ours for a while.

    Args:
        pool: where it comes from and goes back to.
        urls: one of each server that it must lead to.
        deadline: limits everything that is done with it, and getting it.
        tuning: of the transfer that it is for.
        repeatable: whether the first operation may raise :class:`StaleConnection`.
        tidying: whether it is to be done even though the client is being closed.
    """

    connection: Connection

    def __init__(
        self,
        pool: Pool,
        security: Security,
        *urls: GridFTPURL,
        deadline: Deadline,
        tuning: Tuning = NO_TUNING,
        repeatable: bool = False,
        tidying: bool = False,
    ) -> None:
        self.security = security
        self.deadline = deadline
        self._pool = pool
        self._urls = urls
        self._route = Route.to(security, tuning, *urls)
        self._repeatable = repeatable
        self._tidying = tidying
        self._good = True

    async def __aenter__(self) -> Self:
        self.connection = await self._pool.acquire(
            self._route, self._urls, self.deadline, tidying=self._tidying
        )
        self._repeatable = self._repeatable and not self.connection.fresh
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.release(self.connection, reuse=self._good)

    @property
    def handle(self) -> Any:
        """The ``globus_ftp_client_handle_t``."""
        return self.connection.handle

    @property
    def good(self) -> bool:
        """Whether the connection can go on to be used."""
        return self._good

    def no_retry(self) -> None:
        """From here on the job cannot be started again: no :class:`StaleConnection` any more."""
        self._repeatable = False

    def give_up(self) -> None:
        """The connection is of no use any more: something on it was cut off."""
        self._good = False

    def can(self, url: GridFTPURL, feature: str) -> bool:
        """Whether the server of `url` announced a feature."""
        return feature in self.connection.features[Endpoint.of(url)]

    def attributes(self, url: GridFTPURL, tuning: Tuning | None = None) -> Any:
        """A fresh ``globus_ftp_client_operationattr_t``; `tuning` for transfers only."""
        return operation_attributes(url, self.security, tuning or self._route.tuning)

    def limits(self, url: GridFTPURL, doing: str, *, stall: float | None = None) -> dict[str, Any]:
        """Keyword arguments of an operation: its limits, and the error for when they are passed."""
        end, ours = self.deadline.limits()

        def timed_out(stalled: bool) -> GridError:
            limit = self.deadline.describe(connecting=False, stalled=stalled)
            return OperationTimeoutError(f"could not {doing}: {limit}", url=str(url))

        return {"end": end, "stall": ours if stall is None else max(ours, stall), "describe": timed_out}

    async def command(
        self,
        url: GridFTPURL,
        doing: str,
        start: StartCall,
        value: Callable[[Any], T],
        *,
        expected: Expected = "anything",
        stall: float | None = None,
    ) -> T:
        """A command without data channel.

        Args:
            url: the file it is about.
            doing: completes "could not ..." in error messages.
            start: makes the C call.
            value: makes the result from what `start` returned.
            expected: what must be at `url`.
            stall: seconds that the server may be silent, if that is more than usual.

        Raises:
            GridError: translated from the library's error.
        """
        begin = functools.partial(start, self.handle, c_url(url), self.attributes(url))
        command = Command(self.handle, begin, value, **self.limits(url, doing, stall=stall))
        return await self.run(command, url, doing, expected=expected)

    async def run(
        self, operation: Command[T], url: GridFTPURL, doing: str, *, expected: Expected = "anything"
    ) -> T:
        """Await an operation. If it fails, find out what that says about the file, and about the connection."""
        may_be_stale, self._repeatable = self._repeatable, False
        self._good = False
        try:
            result = await self.connection.run(operation)
        except (GlobusError, StuckTransfer) as error:
            failure = operation_error(error, url, doing, operation.refusal)
            is_stale = isinstance(failure, ConnectionLostError) or meets_closing(error)
            if may_be_stale and is_stale and not _moved_data(operation):
                raise StaleConnection(failure) from error
            self._good = _survives(failure, operation)
            if self._good and expected != "anything" and is_undecided(failure):
                failure = await self._second_look(url, doing, failure, expected)
            raise failure from error
        self._good = _clean(operation)
        if isinstance(operation, Upload):
            self.connection.can_send = self._good
        return result

    async def mlst(self, url: GridFTPURL) -> Entry:
        """What the server says about one file, by the command MLST, which it must have announced."""
        raw = await self.command(
            url, "look at it", ftp_client.globus_ftp_client_mlst, lambda started: started.value
        )
        return parse_mlsx(raw)

    async def _second_look(
        self, url: GridFTPURL, doing: str, failure: GridError, expected: Expected
    ) -> GridError:
        """Find out why something failed where the server's reply does not tell: is it there, and what is it?"""
        if not self.can(url, "MLST"):
            return failure
        target = url.parent if expected == "place" else url
        try:
            entry = await self.mlst(target)
        except ServerError as look:
            if type(look) is ServerError:
                return failure
            kind, reason = type(look), look.message.partition(": ")[2]
        except GridError:
            return failure
        else:
            found = _mismatch(entry, expected)
            if found is None:
                return failure
            kind, reason = found
        return kind(
            f"could not {doing}: {reason}",
            url=str(target),
            reply_code=failure.reply_code,
            reply=failure.reply,
        )


def _mismatch(entry: Entry, expected: Expected) -> tuple[type[ServerError], str] | None:
    if expected == "nothing":
        return ExistsError, "it exists"
    if expected == "file" and entry.is_dir:
        return IsDirectoryError, "it is a directory"
    if expected in ("directory", "place") and not entry.is_dir:
        return NotDirectoryError, "it is not a directory"
    return None


def _survives(failure: GridError, operation: Command[Any]) -> bool:
    """Whether the connection can be used again: the server said no in good order, and nothing is left over of it."""
    if failure.reply_code is None or isinstance(failure, ConnectionError):
        return False
    return not isinstance(operation, Transfer) or (operation.clean and not operation.under_way)


def _clean(operation: Command[Any]) -> bool:
    return not isinstance(operation, Transfer) or operation.clean


def _moved_data(operation: Command[Any]) -> bool:
    return isinstance(operation, Transfer) and operation.bytes_done > 0
