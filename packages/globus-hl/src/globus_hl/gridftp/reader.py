"""Reading a remote file piece by piece: the core of ``open(url, "rb")``."""

from __future__ import annotations

import functools

from globus_lowlevel import ftp_client

from ..errors import ClosedError, ConnectionLostError
from ..timeouts import Deadline, Limit
from .connection import Route
from .ends import DirectSink
from .job import Job
from .operations import Download, Start
from .options import Security, Tuning, c_url
from .session import Session
from .streaming import StreamingDownload
from .url import GridFTPURL

__all__ = ["RemoteReader"]

BLOCK = 1 << 20
SKIP = 4 << 20
"""Bytes that are rather read and thrown away than skipped with a new transfer."""


class RemoteReader:
    """A place in a remote file.

    The first read after a jump is a partial transfer of just what is wanted; when the next one goes on where
    it ended, a transfer to the end of the file is started, and read at the pace of the caller. So who reads
    in order gets a stream, and who reads here and there does not pay for what lies between.

    Args:
        size: of the file, at the time it was opened.
    """

    def __init__(
        self,
        session: Session,
        url: GridFTPURL,
        security: Security,
        size: int,
        timeout: Limit,
        block_size: int | None,
    ) -> None:
        self.url = url
        self.size = size
        self.position = 0
        self.closed = False
        self._session = session
        self._security = security
        self._timeout = timeout
        self._block_size = block_size or BLOCK
        self._last_end = -1
        self._job: Job | None = None
        self._stream: StreamingDownload | None = None
        self._stream_position = 0
        self._block: tuple[bytearray, int, int] | None = None

    async def read_into(self, buffer: memoryview) -> int:
        """Read at the current position. Fewer bytes than wanted do not mean the end of the file; 0 bytes do."""
        self._check_open()
        deadline = self._session.deadline(self._timeout)
        wanted = min(len(buffer), self.size - self.position)
        if wanted <= 0:
            return 0
        if self._stream is not None and not 0 <= self.position - self._stream_position <= SKIP:
            await self._end_stream()
        if self._stream is None and self.position == self._last_end:
            await self._start_stream(deadline)
        if self._stream is None:
            count = await self._fetch(buffer[:wanted], deadline)
        else:
            count = await self._take(buffer[:wanted], deadline)
        self.position += count
        self._last_end = self.position
        return count

    # -- pieces
    # ------------------------------------------------------------------------------------------------

    def _start(self, job: Job, end: int) -> Start:
        attr = job.attributes(self.url, Tuning())
        return functools.partial(
            ftp_client.globus_ftp_client_partial_get,
            job.handle,
            c_url(self.url),
            attr,
            None,
            self.position,
            end,
        )

    async def _fetch(self, target: memoryview, deadline: Deadline) -> int:
        session = self._session

        async def attempt(retry_welcome: bool) -> int:
            async with Job(
                session.pool, self._security, self.url, deadline=deadline, repeatable=retry_welcome
            ) as job:
                sink = DirectSink(target, min(BLOCK, len(target)))
                start = self._start(job, self.position + len(target))
                download = Download(job.handle, start, sink, **job.limits(self.url, "read it"))
                return await job.run(download, self.url, "read it", expected="file")

        return await session.retrying(Route.to(self._security, Tuning(), self.url), attempt)

    # -- the stream
    # ----------------------------------------------------------------------------------------------

    async def _start_stream(self, deadline: Deadline) -> None:
        job = Job(self._session.pool, self._security, self.url, deadline=deadline)
        await job.__aenter__()
        self._job = job
        self._stream = StreamingDownload(
            job.handle,
            self._start(job, self.size),
            self.position,
            self._block_size,
            **job.limits(self.url, "read it"),
        )
        self._stream_position = self.position
        job.connection.run(self._stream).launch(inline=True)

    async def _take(self, target: memoryview, deadline: Deadline) -> int:
        """Copy from the stream, after skipping to the current position."""
        while True:
            buffer, place, filled = await self._current_block(deadline)
            skip = min(self.position - self._stream_position, filled - place)
            place += skip
            self._stream_position += skip
            count = min(len(target), filled - place)
            target[:count] = memoryview(buffer)[place : place + count]
            self._stream_position += count
            self._block = (buffer, place + count, filled)
            if count:
                return count

    async def _current_block(self, deadline: Deadline) -> tuple[bytearray, int, int]:
        stream, job = self._stream, self._job
        assert stream is not None and job is not None  # noqa: S101, PT018 - for the type checker
        if self._block is not None:
            buffer, place, filled = self._block
            if place < filled:
                return self._block
            self._block = None
            stream.recycle(buffer)
        job.deadline = deadline
        block = await stream.next_block(job.limits(self.url, "read it"))
        if block is None:
            self._stream = None
            try:
                await job.run(stream, self.url, "read it", expected="file")
            finally:
                await self._leave_job()
            raise ConnectionLostError(
                "could not read it: it has become shorter since it was opened", url=str(self.url)
            )
        self._block = (block[0], 0, block[1])
        return self._block

    async def _end_stream(self) -> None:
        """Stop the stream. If it has come to its end, the connection can be used again."""
        stream, job, self._stream = self._stream, self._job, None
        self._block = None
        if stream is None or job is None:
            return
        try:
            if self._stream_position >= self.size:
                job.deadline = self._session.deadline(self._timeout)
                await job.run(stream, self.url, "read it")
            else:
                stream.cancel(inline=True)
                job.give_up()
        finally:
            await self._leave_job()

    async def _leave_job(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            await job.__aexit__(None, None, None)

    # -- the rest
    # --------------------------------------------------------------------------------------------------

    def seek(self, offset: int, whence: int = 0) -> int:
        """As ``io.IOBase.seek``; nothing moves until the next read."""
        self._check_open()
        base = {0: 0, 1: self.position, 2: self.size}.get(whence)
        if base is None:
            raise ValueError(f"whence={whence!r}: 0, 1 or 2 is expected")
        if base + offset < 0:
            raise ValueError(f"cannot seek to {base + offset}, which is before the start of the file")
        self.position = base + offset
        return self.position

    async def close(self) -> None:
        """Stop what is under way. Idempotent."""
        if not self.closed:
            self.closed = True
            await self._end_stream()

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedError("the file is closed", url=str(self.url))
