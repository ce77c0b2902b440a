"""Does the jobs of a plan, one after the other, with one client."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from globus_hl.errors import GridError
from globus_hl.timeouts import Deadline, Timeout

from .places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from globus_hl.gridftp import Client
    from globus_hl.gridftp.url import GridFTPURL

    from .display import Display
    from .plan import Job

__all__ = ["Copier", "Settings"]

REACH_SECONDS = 5.0
"""How long a server may try to connect to this machine before we do without."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options that say how to transfer.

    Attributes:
        parallelism: data connections of a transfer.
        extended: whether to use extended block mode, however few files there are.
        tcp_buffer: bytes, or None for the system's choice.
        block_size: bytes, or None for the client's choice.
        protection: of the data: ``"clear"``, ``"safe"`` or ``"private"``.
        data_channel_authentication: whether data connections are authenticated.
        timeout: seconds that the whole command may take, or None.
        debug: whether to show the dialogue with the servers.
    """

    parallelism: int = 1
    extended: bool = False
    tcp_buffer: int | None = None
    block_size: int | None = None
    protection: Literal["clear", "safe", "private"] = "clear"
    data_channel_authentication: bool = True
    timeout: float | None = None
    debug: bool = False


class Copier:
    """A client for the length of a command, and what is done with it.

    As a context manager it closes the client, which is made when the first remote URL needs it.

    Args:
        settings: from the options.
        display: told of what happens.
        create: whether to make the directories that destinations need (``-cd``).
    """

    def __init__(self, settings: Settings, display: Display, *, create: bool = False) -> None:
        self._settings = settings
        self._display = display
        self._create = create
        self._client: Client | None = None
        self._several = False
        self._reached: bool | None = None
        self._deadline = Deadline(Timeout(total=settings.timeout))
        self.places = Places(self.client, self._deadline)

    def client(self) -> Client:
        """The client of this command."""
        if self._client is None:
            from globus_hl.gridftp import Client

            self._client = Client(
                protection=self._settings.protection,
                data_channel_authentication=self._settings.data_channel_authentication,
                dialogue=sys.stderr if self._settings.debug else None,
            )
        return self._client

    def run(self, jobs: Sequence[Job]) -> None:
        """Do the jobs; the first failure ends it.

        Raises:
            GridError, OSError: of the job that failed.
        """
        files = [job for job in jobs if not job.is_directory]
        sizes = [job.size for job in files]
        self._several = len(files) > 1
        self._display.begin(len(files), None if None in sizes else sum(filter(None, sizes)))
        for job in jobs:
            if job.is_directory and job.destination is not None:
                self._make_directory(job.destination)
            else:
                self._copy(job)

    def _make_directory(self, url: GridFTPURL) -> None:
        if self.places.make_directory(url):
            self._display.directory(url)

    def _copy(self, job: Job) -> None:
        directory = None if job.destination is None else job.destination.parent
        if self._create and directory is not None:
            self._make_directory(directory)
        try:
            self._transfer(job.source, job.destination, job.size)
        except FileNotFoundError as error:
            if directory is not None and self.places.is_missing(directory):
                error.add_note(f"the directory {directory} is missing: add -cd to have it made")
            raise

    def _transfer(self, source: GridFTPURL | None, destination: GridFTPURL | None, size: int | None) -> None:
        if source is not None and source.is_remote:
            if destination is not None and destination.is_remote:
                self.client().copy(source, destination, **self._options(self._keeps(source, destination)))
            else:
                # Extended block mode is for what can seek.
                extended = destination is not None and self._keeps(source) and self._can_reach_us(source)
                options = self._options(extended)
                self.client().get(source, _output(destination), expected_size=size, **options)
            return
        with self._input(source) as origin:
            if destination is not None and destination.is_remote:
                self.client().put(origin, destination, **self._options(self._keeps(destination)))
            else:
                from .local_copy import copy

                copy(origin, _output(destination), self._display.event, self._deadline)

    def _input(self, source: GridFTPURL | None) -> AbstractContextManager[Any]:
        if source is not None:
            return contextlib.nullcontext(source.local_path)
        from .standard_input import StandardInput

        return StandardInput(self._deadline)

    def _keeps(self, *urls: GridFTPURL) -> bool:
        """Whether to use extended block mode, which keeps data connections: for small files they are most of the work."""
        return self._settings.extended or (self._several and all(url.scheme == "gsiftp" for url in urls))

    def _can_reach_us(self, source: GridFTPURL) -> bool:
        """Whether the server can make the data connections, as it must for a download in extended block mode.

        If there is a firewall in between, it is better found out about with nothing than with a file.
        """
        if self._settings.extended:
            return True
        if self._reached is None:
            options = self._options(extended=True) | {
                "progress": None,
                "timeout": min(REACH_SECONDS, self._deadline.remaining),
            }
            try:
                self.client().get(source, io.BytesIO(), length=0, **options)
                self._reached = True
            except (GridError, ValueError):  # whatever else is wrong, the download will tell
                self._reached = False
        return self._reached

    def _options(self, extended: bool) -> dict[str, Any]:
        settings = self._settings
        return {
            "parallelism": settings.parallelism if extended else 1,
            "mode": "extended" if extended else "stream",
            "tcp_buffer": settings.tcp_buffer,
            "block_size": settings.block_size,
            "progress": self._display.event,
            "timeout": self._deadline,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()


# Without Python's buffer: a thread of the library that waits in it, when the command is interrupted, would
# hold a lock that the end of the interpreter needs.
def _output(url: GridFTPURL | None) -> Any:
    return open(1, "wb", buffering=0, closefd=False) if url is None else url.local_path
