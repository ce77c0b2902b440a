"""Writing a remote file piece by piece: the core of ``open(url, "wb")`` and ``open(url, "ab")``."""

from __future__ import annotations

import functools

from globus_lowlevel import ftp_client

from ..errors import ClosedError
from ..timeouts import Limit
from .job import Job
from .options import Security, Tuning, c_url
from .placing import Placing
from .session import Session
from .streaming import StreamingUpload
from .url import GridFTPURL

__all__ = ["RemoteWriter"]

BLOCK = 1 << 20


class RemoteWriter:
    """The end of a remote file that grows. Holds a connection from `open` to `close` or `discard`.

    A new file gets its name when it is closed; see :class:`.placing.Placing`. Appending goes directly to the
    file.
    """

    def __init__(
        self,
        session: Session,
        url: GridFTPURL,
        security: Security,
        timeout: Limit,
        block_size: int | None,
        *,
        append: bool,
    ) -> None:
        self.url = url
        self.position = 0
        """Bytes taken so far."""
        self.closed = False
        self._session = session
        self._timeout = timeout
        self._block_size = block_size or BLOCK
        self._append = append
        self._job = Job(session.pool, security, url, deadline=session.deadline(timeout))
        self._placing = Placing(session, self._job, url, in_place=append)
        self._upload: StreamingUpload
        self._buffer: bytearray | None = None
        self._filled = 0
        self._sent = 0

    async def open(self) -> None:
        """Ask the server for the upload. That it refuses may show only at the first `write`, or at `close`."""
        await self._job.__aenter__()
        try:
            target = await self._placing.__aenter__()
        except BaseException as error:
            await self._job.__aexit__(type(error), error, error.__traceback__)
            raise
        attr = self._job.attributes(target, Tuning())
        if self._append:
            ftp_client.globus_ftp_client_operationattr_set_append(attr, True)
        start = functools.partial(
            ftp_client.globus_ftp_client_put, self._job.handle, c_url(target), attr, None
        )
        self._upload = StreamingUpload(
            self._job.handle, start, self._block_size, **self._job.limits(self.url, "write it")
        )
        self._job.connection.run(self._upload).launch(inline=True)

    async def write(self, data: memoryview) -> int:
        """Take all of `data`; it is on its way when the buffer is full."""
        self._check_open()
        self._job.deadline = self._session.deadline(self._timeout)
        rest = data
        while rest:
            if self._buffer is None:
                self._buffer = await self._free_buffer()
            count = min(len(rest), self._block_size - self._filled)
            self._buffer[self._filled : self._filled + count] = rest[:count]
            self._filled += count
            rest = rest[count:]
            if self._filled == self._block_size:
                self._send(last=False)
        self.position += len(data)
        return len(data)

    async def _free_buffer(self) -> bytearray:
        buffer = await self._upload.free_buffer(self._job.limits(self.url, "write it"))
        if buffer is None:
            await self._fail()
        assert buffer is not None  # noqa: S101 - for the type checker
        return buffer

    def _send(self, *, last: bool) -> None:
        assert self._buffer is not None  # noqa: S101 - for the type checker
        self._upload.send(self._buffer, self._filled, self._sent, last=last)
        self._sent += self._filled
        self._buffer, self._filled = None, 0

    async def _fail(self) -> None:
        """The transfer ended before its end: raise why."""
        try:
            await self._job.run(self._upload, self.url, "write it", expected="place")
            raise ClosedError("the server ended the upload before its end", url=str(self.url))
        except BaseException as error:
            await self._leave(error)
            raise

    async def close(self) -> None:
        """Send the rest, wait for the server's word that it has all, and give the file its name. Idempotent.

        Raises:
            GridError: it has not, and there is no such file.
        """
        if self.closed:
            return
        self._job.deadline = self._session.deadline(self._timeout)
        try:
            if self._buffer is None:
                self._buffer = await self._upload.free_buffer(self._job.limits(self.url, "write it"))
            if self._buffer is not None:
                self._send(last=True)
            await self._job.run(self._upload, self.url, "write it", expected="place")
        except BaseException as error:
            await self._leave(error)
            raise
        await self._leave(None)

    async def discard(self) -> None:
        """Stop writing: there will be no such file, and what was there before remains. Idempotent."""
        if self.closed:
            return
        self._upload.cancel(inline=True)
        self._job.give_up()
        await self._leave(ClosedError("the file was discarded", url=str(self.url)))

    async def _leave(self, error: BaseException | None) -> None:
        """Leave both contexts, as ``async with`` would."""
        self.closed = True
        details = (None, None, None) if error is None else (type(error), error, error.__traceback__)
        try:
            await self._placing.__aexit__(*details)
        finally:
            await self._job.__aexit__(*details)

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedError("the file is closed", url=str(self.url))
