"""Remote files as Python file objects, blocking and asynchronous."""

from __future__ import annotations

import io
import os
import warnings
from types import TracebackType
from typing import Any, Self

from .._runtime.drivers import run_async, run_blocking
from .reader import RemoteReader
from .writer import RemoteWriter

__all__ = ["AsyncFile", "BufferedRemoteWriter", "RawRemoteReader", "RawRemoteWriter"]


class RawRemoteReader(io.RawIOBase):
    """A remote file that is open for reading: what ``open(url, "rb", buffering=0)`` returns.

    Attributes:
        name: URL of the file.
        mode: ``"rb"``.
    """

    mode = "rb"

    def __init__(self, core: RemoteReader) -> None:
        self._core = core
        self.name = str(core.url)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._check_open()
        return run_blocking(self._core.read_into(memoryview(buffer).cast("B")))

    def readall(self) -> bytes:
        data = bytearray(max(0, self._core.size - self._core.position))
        filled = 0
        while count := self.readinto(memoryview(data)[filled:]):
            filled += count
        return bytes(memoryview(data)[:filled])

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._check_open()
        return self._core.seek(offset, whence)

    def tell(self) -> int:
        self._check_open()
        return self._core.position

    def close(self) -> None:
        if not self.closed:
            try:
                run_blocking(self._core.close())
            finally:
                super().close()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}{' closed' if self.closed else ''}>"


class RawRemoteWriter(io.RawIOBase):
    """A remote file that is open for writing: what ``open(url, "wb", buffering=0)`` returns.

    Attributes:
        name: URL of the file.
        mode: ``"wb"`` or ``"ab"``.
    """

    def __init__(self, core: RemoteWriter, mode: str) -> None:
        self._core = core
        self.name = str(core.url)
        self.mode = mode

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file")
        return run_blocking(self._core.write(memoryview(data).cast("B")))

    def tell(self) -> int:
        return self._core.position

    def close(self) -> None:
        """Finish the file.

        Raises:
            GridError: it did not arrive; there is no such file, or still the old one.
        """
        if not self.closed:
            try:
                run_blocking(self._core.close())
            finally:
                super().close()

    def discard(self) -> None:
        """Close without finishing: there is no such file, or still the old one."""
        if not self.closed:
            try:
                run_blocking(self._core.discard())
            finally:
                super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, or discard it if the block raised."""
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self, warn: Any = warnings.warn) -> None:
        if getattr(self, "_core", None) is not None and not self.closed:
            warn(f"unclosed file {self!r}: it was discarded", ResourceWarning, source=self, stacklevel=2)
            self.discard()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} mode={self.mode!r}{' closed' if self.closed else ''}>"


class BufferedRemoteWriter(io.BufferedWriter):
    """A remote file that is open for writing, as ``open(url, "wb")`` returns it.

    It gets its name when it is closed. A ``with`` block that raises, `discard`, or forgetting to close leave
    no file.
    """

    raw: RawRemoteWriter

    def discard(self) -> None:
        """Close without finishing: there is no such file, or still the old one."""
        self.raw.discard()

    def close(self) -> None:
        """Finish the file.

        Raises:
            GridError: it did not arrive; there is no such file, or still the old one.
        """
        if self.raw.closed:  # discarded: what is in the buffer goes nowhere
            return
        try:
            super().close()
        except BaseException:
            self.raw.discard()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        # IOBase would close, and so publish half a file. The raw file warns and discards when it goes.
        pass


class AsyncFile:
    """A remote file as ``AsyncClient.open`` gives it: the methods of a binary file object, awaited.

    An async context manager. A file that is written gets its name when it is closed; a block that raises
    leaves none.

    Attributes:
        name: URL of the file.
        mode: ``"rb"``, ``"wb"`` or ``"ab"``.
    """

    def __init__(self, core: RemoteReader | RemoteWriter, mode: str) -> None:
        self._core = core
        self.name = str(core.url)
        self.mode = mode

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._core.closed

    async def read(self, size: int = -1) -> bytes:
        """Read `size` bytes, or all that remain; fewer only at the end of the file."""
        core = self._reader()
        remaining = max(0, core.size - core.position)
        data = bytearray(remaining if size < 0 else min(size, remaining))
        filled = 0
        while filled < len(data):
            count = await run_async(core.read_into(memoryview(data)[filled:]))
            if not count:
                break
            filled += count
        return bytes(memoryview(data)[:filled])

    async def readinto(self, buffer: Any) -> int:
        """Read into a writable buffer; the number of bytes, 0 at the end of the file."""
        return await run_async(self._reader().read_into(memoryview(buffer).cast("B")))

    async def write(self, data: Any) -> int:
        """Write all of a bytes-like object."""
        return await run_async(self._writer().write(memoryview(data).cast("B")))

    async def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Change the place of the next read."""
        return self._reader().seek(offset, whence)

    def tell(self) -> int:
        """The place of the next read, or the bytes that are on their way."""
        return self._core.position

    async def close(self) -> None:
        """Close; a file that was written gets its name."""
        await run_async(self._core.close())

    async def discard(self) -> None:
        """Close; a file that was written is thrown away."""
        if isinstance(self._core, RemoteWriter):
            await run_async(self._core.discard())
        else:
            await run_async(self._core.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.close()
        else:
            await self.discard()

    def _reader(self) -> RemoteReader:
        if not isinstance(self._core, RemoteReader):
            raise io.UnsupportedOperation("the file is not open for reading")
        return self._core

    def _writer(self) -> RemoteWriter:
        if not isinstance(self._core, RemoteWriter):
            raise io.UnsupportedOperation("the file is not open for writing")
        return self._core

    def __repr__(self) -> str:
        return f"<AsyncFile {self.name!r} mode={self.mode!r}{' closed' if self.closed else ''}>"
