"""How an upload gets its name: as a hidden file next to its place, renamed when it is complete."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType

from globus_lowlevel import ftp_client

from .._runtime.completion import Completion
from ..errors import GridError, IsDirectoryError, NotFoundError, ServerError
from ..timeouts import Deadline
from .job import Job, StartCall
from .listing import Entry
from .local import partial_name
from .options import c_url
from .session import Session
from .url import GridFTPURL

__all__ = ["Placing"]

TIDY_SECONDS = 5.0
"""What the removal of an incomplete file may take on top of the failed transfer."""
TIDY_LATER_SECONDS = 30.0
"""What it may take in the background, with a new login."""
LATE_SECONDS = 0.5
"""When a server that was told to write a file, and then lost the connection, has made it."""


class Placing:
    """An async context manager: gives the URL to upload to, and puts the file into its place at the end.

    Until then what was there before stays untouched. If the block raises, the incomplete file is removed: at
    once, or in the background when the caller or the connection cannot wait.

    Uploaded directly into its place is: what the user wants so; a device or the like; what is a symbolic
    link, which a rename would replace; anything on a server that cannot tell (no MLST).
    """

    def __init__(self, session: Session, job: Job, url: GridFTPURL, *, in_place: bool) -> None:
        self._session = session
        self._job = job
        self._url = url
        self._in_place = in_place
        self._before: Entry | None = None
        self._target = url
        self._is_ours = not in_place  # an incomplete file there is worth nothing
        self.is_new = False
        """Whether there is nothing yet at the URL to upload to."""

    async def __aenter__(self) -> GridFTPURL:
        if self._job.can(self._url, "MLST"):
            await self._look()
            if not self._in_place and _is_replaceable(self._before):
                self._target = self._url.parent / partial_name(self._url.name)
                self.is_new = True
            elif self._before is not None:
                self._is_ours = False
        return self._target

    async def _look(self) -> None:
        try:
            self._before = await self._job.mlst(self._url)
        except NotFoundError:
            self._is_ours = self.is_new = True
        except ServerError:
            return  # the upload will tell what is wrong
        if self._before is not None and self._before.is_dir:
            raise IsDirectoryError("could not put it: it is a directory", url=str(self._url))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._target is not self._url:
            try:
                await self._rename()
            except BaseException as failure:
                await self._tidy(failure)
                raise
        elif error is not None and self._is_ours:
            await self._tidy(error)

    async def _rename(self) -> None:
        if self._before is not None and self._before.mode is not None:
            # As a file that is overwritten keeps its permissions, unless the server will not have it.
            with contextlib.suppress(ServerError):
                await self._command("change its mode", _chmod(self._before.mode))
        try:
            await self._command("give it its name", _move(self._url))
        except ServerError:
            if self._before is None or not self._job.good:
                raise
            # Some servers do not rename over a file.
            await self._job.command(
                self._url, "replace it", ftp_client.globus_ftp_client_delete, lambda _: None, expected="file"
            )
            await self._command("give it its name", _move(self._url))

    async def _command(self, doing: str, start: StartCall) -> None:
        await self._job.command(self._target, doing, start, lambda _: None)

    async def _tidy(self, error: BaseException) -> None:
        if self._job.good and isinstance(error, Exception):
            self._job.deadline = Deadline.after(TIDY_SECONDS)
            with contextlib.suppress(GridError):  # what the caller learns is why the upload failed
                await self._command("remove it", ftp_client.globus_ftp_client_delete)
        else:
            self._session.in_background(self._remove_later())

    async def _remove_later(self) -> None:
        deadline = Deadline.after(TIDY_LATER_SECONDS)
        with contextlib.suppress(GridError):
            if not self._job.good:  # until its connection is closed the file may still be made
                await self._job.connection.gone.wait_until(deadline.end)
            try:
                await self._remove(deadline)
            except NotFoundError:
                await Completion[None]().wait_until(time.monotonic() + LATE_SECONDS)
                await self._remove(deadline)

    async def _remove(self, deadline: Deadline) -> None:
        job = Job(self._session.pool, self._job.security, self._target, deadline=deadline, tidying=True)
        async with job:
            await job.command(self._target, "remove it", ftp_client.globus_ftp_client_delete, lambda _: None)


def _is_replaceable(entry: Entry | None) -> bool:
    return entry is None or (entry.is_file and entry.target is None)


def _move(to: GridFTPURL) -> StartCall:
    return lambda handle, url, attr, callback, argument: ftp_client.globus_ftp_client_move(
        handle, url, c_url(to), attr, callback, argument
    )


def _chmod(mode: int) -> StartCall:
    return lambda handle, url, attr, callback, argument: ftp_client.globus_ftp_client_chmod(
        handle, url, mode, attr, callback, argument
    )
