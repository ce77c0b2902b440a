"""Clients for GridFTP and FTP servers: one core, a blocking face and an asynchronous one."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal, NamedTuple

from .. import __version__
from .._runtime.closing import AsyncClosing, Closing
from .._runtime.drivers import run_async, run_blocking
from .._runtime.faces import awaited, blocking
from ..errors import GridError, IsDirectoryError
from ..timeouts import Limit, Timeout
from .credentials import CredentialLike, load_credential
from .dialogue import Dialogue, TextWriter
from .files import AsyncFile, BufferedRemoteWriter, RawRemoteReader, RawRemoteWriter
from .listing import Entry
from .options import Protection, Security
from .reader import RemoteReader
from .transfers import Transfers
from .url import GridFTPURL
from .writer import RemoteWriter

__all__ = ["AsyncClient", "Client", "Visited"]

FileMode = Literal["rb", "wb", "ab"]

READ_BUFFER = 1 << 18
WRITE_BUFFER = 1 << 18


class Visited(NamedTuple):
    """A directory that a walk has come to.

    Attributes:
        url: of the directory.
        directories: the directories in it. The walk goes into those that are still in this list when it goes
            on.
        files: all else.
    """

    url: str
    directories: list[Entry]
    files: list[Entry]


class _Client:
    """What both faces share: arguments, state, and life.

    Args:
        credential: who we are: the path of a proxy file, or an object whose ``handle`` is a low-level
            ``gss_cred_id_t``. Default: what the library finds, that is ``X509_USER_PROXY`` and so on.
        server_subject: distinguished name that servers must have in place of their host's.
        protection: of the data: ``"clear"`` (default), ``"safe"`` (integrity) or ``"private"`` (encrypted).
            The control channel is always encrypted over ``gsiftp://``.
        data_channel_authentication: True (default): data connections are mutually authenticated; False: not;
            a distinguished name: as that one.
        ipv6: use IPv6 (EPSV); default: only for hosts that are given as IPv6 addresses.
        timeout: limits for each call that does not bring its own: seconds, or a
            :class:`~globus_hl.timeouts.Timeout`.
        max_connections: to one server at a time; further calls wait for a free one.
        dialogue: a text file, or anything with its ``write``, that gets what is said on the control channels,
            passwords left out. It is written to from threads of the library.

    Raises:
        NoCredentialError, CredentialError: the credential cannot be used.
        ValueError, TypeError: an argument makes no sense.
    """

    def __init__(
        self,
        *,
        credential: CredentialLike | None = None,
        server_subject: str | None = None,
        protection: Protection = "clear",
        data_channel_authentication: bool | str = True,
        ipv6: bool | None = None,
        timeout: Timeout | float | None = None,
        max_connections: int = 8,
        dialogue: TextWriter | None = None,
    ) -> None:
        if max_connections < 1:
            raise ValueError(f"max_connections={max_connections}: at least one is needed")
        loaded = None if credential is None else load_credential(credential)
        security = Security(loaded, server_subject, protection, data_channel_authentication, ipv6)
        self._core = Transfers(
            security,
            timeout,
            max_connections,
            ("pyGlobus", __version__),
            None if dialogue is None else Dialogue(dialogue),
        )
        self._pid = os.getpid()

    def _open_core(self) -> Transfers:
        return self._core  # a closed pool refuses calls itself

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._core.pool.closed

    def __repr__(self) -> str:
        if self.closed:
            return f"<{type(self).__name__} closed>"
        total, idle = self._core.pool.counts
        who = self._core.security.credential
        return f"<{type(self).__name__} {who or 'default credential'}, {total} connections, {idle} idle>"

    def __del__(self, warn: Any = warnings.warn) -> None:
        core = getattr(self, "_core", None)
        if core is None or core.pool.closed or self._pid != os.getpid():
            return
        warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        if not sys.is_finalizing():
            core.pool.close()


class Client(_Client, Closing):
    __doc__ = f"""A client for GridFTP and FTP servers, for blocking code.

    ::

        with Client() as client:
            client.get("gsiftp://host/data/a", "a", parallelism=4)
            for entry in client.list("gsiftp://host/data"):
                print(entry.name, entry.size)

    Threads may share a client: each call takes a connection of its own, and leaves it for the next one,
    logged in. Ctrl-C ends a call that waits. After a ``fork`` only the parent can use it.
    {(_Client.__doc__ or "").partition("life.")[2]}"""

    get = blocking(Transfers.get)
    put = blocking(Transfers.put)
    copy = blocking(Transfers.copy)
    list = blocking(Transfers.list)
    stat = blocking(Transfers.stat)
    exists = blocking(Transfers.exists)
    mkdir = blocking(Transfers.mkdir)
    rmdir = blocking(Transfers.rmdir)
    remove = blocking(Transfers.remove)
    rename = blocking(Transfers.rename)
    chmod = blocking(Transfers.chmod)
    checksum = blocking(Transfers.checksum)
    size = blocking(Transfers.size)
    mtime = blocking(Transfers.mtime)
    features = blocking(Transfers.features)

    def walk(
        self,
        url: str | GridFTPURL,
        *,
        on_error: Callable[[GridError], object] | None = None,
        timeout: Limit = None,
    ) -> Iterator[Visited]:
        """Go through a directory and all below it, the upper ones first, as ``os.walk`` does.

        Args:
            url: a directory.
            on_error: called for a directory below that cannot be listed; default: raise.
            timeout: for each directory.

        Symbolic links to directories are listed among the files, and not followed.

        Example:
            >>> for directory, _, files in client.walk("gsiftp://host/data"):
            ...     print(directory, sum(entry.size or 0 for entry in files))
        """
        pending = [GridFTPURL.parse(url)]
        while pending:
            directory = pending.pop()
            try:
                visited = _sorted_out(directory, self.list(directory, timeout=timeout))
            except GridError as error:
                if on_error is None:
                    raise
                on_error(error)
                continue
            yield visited
            pending += [directory / entry.name for entry in reversed(visited.directories)]

    def open(
        self,
        url: str | GridFTPURL,
        mode: FileMode = "rb",
        buffering: int = -1,
        *,
        block_size: int | None = None,
        protection: Protection | None = None,
        timeout: Limit = None,
    ) -> io.BufferedIOBase | io.RawIOBase:
        """Open a remote file as a Python file object.

        Args:
            url: the file.
            mode: ``"rb"`` to read, with `seek`; ``"wb"`` to write a new file, which gets its name when it is
                closed; ``"ab"`` to append. For text wrap it in ``io.TextIOWrapper``.
            buffering: bytes of the buffer in front, 0 for none.
            block_size: bytes of one network read or write, default 1 MiB.
            protection: of the data; default: the client's.
            timeout: for each call that waits: opening, each read or write, closing.

        Returns:
            ``io.BufferedReader`` or :class:`.files.BufferedRemoteWriter`; with ``buffering=0`` the raw files
            below.

        Raises:
            NotFoundError, IsDirectoryError, PermissionDeniedError, GridError: see :mod:`globus_hl.errors`.
                What the server has against an upload may show only when data is written or the file closed.

        Reading in order is one transfer; jumps cost a partial transfer each. A file that is open for writing,
        or is read in order, holds a connection. Closing a file that was read in part only cuts that
        connection off.
        """
        core = run_blocking(_open(self._core, url, mode, block_size, protection, timeout))
        if isinstance(core, RemoteReader):
            raw_reader = RawRemoteReader(core)
            return (
                raw_reader if buffering == 0 else io.BufferedReader(raw_reader, max(buffering, READ_BUFFER))
            )
        raw_writer = RawRemoteWriter(core, mode)
        return (
            raw_writer if buffering == 0 else BufferedRemoteWriter(raw_writer, max(buffering, WRITE_BUFFER))
        )

    def close(self) -> None:
        """Abort the calls of other threads, close all connections, and wait for tidying up. Idempotent."""
        if not self.closed:
            run_blocking(self._core.close())


class AsyncClient(_Client, AsyncClosing):
    __doc__ = f"""A client for GridFTP and FTP servers, for asyncio.

    ::

        async with AsyncClient() as client:
            await asyncio.gather(*(client.get(url, "data/") for url in urls))

    The methods are those of :class:`Client`, awaited. Cancelling a task aborts its operation. No thread is
    made for a
    call: the library calls back, and the event loop is woken. One client can serve several event loops.
    {(_Client.__doc__ or "").partition("life.")[2]}"""

    get = awaited(Transfers.get)
    put = awaited(Transfers.put)
    copy = awaited(Transfers.copy)
    list = awaited(Transfers.list)
    stat = awaited(Transfers.stat)
    exists = awaited(Transfers.exists)
    mkdir = awaited(Transfers.mkdir)
    rmdir = awaited(Transfers.rmdir)
    remove = awaited(Transfers.remove)
    rename = awaited(Transfers.rename)
    chmod = awaited(Transfers.chmod)
    checksum = awaited(Transfers.checksum)
    size = awaited(Transfers.size)
    mtime = awaited(Transfers.mtime)
    features = awaited(Transfers.features)

    async def walk(
        self,
        url: str | GridFTPURL,
        *,
        on_error: Callable[[GridError], object] | None = None,
        timeout: Limit = None,
    ) -> AsyncIterator[Visited]:
        """As :meth:`Client.walk`, for ``async for``."""
        pending = [GridFTPURL.parse(url)]
        while pending:
            directory = pending.pop()
            try:
                visited = _sorted_out(directory, await self.list(directory, timeout=timeout))
            except GridError as error:
                if on_error is None:
                    raise
                on_error(error)
                continue
            yield visited
            pending += [directory / entry.name for entry in reversed(visited.directories)]

    async def open(
        self,
        url: str | GridFTPURL,
        mode: FileMode = "rb",
        *,
        block_size: int | None = None,
        protection: Protection | None = None,
        timeout: Limit = None,
    ) -> AsyncFile:
        """As :meth:`Client.open`; the file's methods are awaited."""
        core = await run_async(_open(self._core, url, mode, block_size, protection, timeout))
        return AsyncFile(core, mode)

    async def close(self) -> None:
        """Abort the calls of other tasks, close all connections, and wait for tidying up. Idempotent."""
        if not self.closed:
            await run_async(self._core.close())


def _sorted_out(directory: GridFTPURL, entries: list[Entry]) -> Visited:
    directories: list[Entry] = []
    files: list[Entry] = []
    for entry in entries:
        (directories if entry.is_dir and entry.target is None else files).append(entry)
    return Visited(str(directory), directories, files)


async def _open(
    core: Transfers,
    url: str | GridFTPURL,
    mode: str,
    block_size: int | None,
    protection: Protection | None,
    timeout: Limit,
) -> RemoteReader | RemoteWriter:
    target = GridFTPURL.parse(url)
    security = core.security_for(target, protection)
    if mode == "rb":
        deadline = core.deadline(timeout)
        entry = await core.stat(target, timeout=deadline)
        if entry.is_dir:
            raise IsDirectoryError("could not open it: it is a directory", url=str(target))
        size = await core.size(target, timeout=deadline) if entry.size is None else entry.size
        return RemoteReader(core, target, security, size, timeout, block_size)
    if mode not in ("wb", "ab"):
        raise ValueError(f"mode={mode!r}: one of 'rb', 'wb' and 'ab' is expected")
    writer = RemoteWriter(core, target, security, timeout, block_size, append=mode == "ab")
    await writer.open()
    return writer
