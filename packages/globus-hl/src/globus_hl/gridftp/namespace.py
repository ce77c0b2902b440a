"""Files and directories as names: everything but moving their contents."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from globus_lowlevel import ftp_client

from ..errors import ExistsError, NotDirectoryError, NotFoundError
from ..timeouts import Deadline, Limit
from .connection import Route
from .ends import Sink
from .job import Expected, Job, StartCall
from .listing import Entry, parse_list, parse_mlsx
from .operations import Download
from .options import Endpoint, Tuning, c_url
from .session import Session
from .url import GridFTPURL

__all__ = ["Namespace"]

CHECKSUM_STALL = 3600.0
"""Seconds a server may take over a checksum without a sign of life: it says nothing while it reads the file."""

LISTING_BLOCK = 1 << 16


def _nothing(_started: object) -> None:
    return None


def _value(started: Any) -> Any:
    return started.value


class Namespace(Session):
    """The commands of FTP and GridFTP about names; :class:`.client.Client` has their documentation."""

    # -- looking
    # -----------------------------------------------------------------------------------------------

    async def stat(self, url: str | GridFTPURL, *, timeout: Limit = None) -> Entry:
        """What the server knows about a file or directory: type, size, time, permissions and more.

        Args:
            url: ``gsiftp://`` or ``ftp://`` URL.
            timeout: seconds for the whole call, or a :class:`~globus_hl.timeouts.Timeout`.

        Raises:
            NotFoundError: there is nothing of that name.
            PermissionDeniedError: we may not look.
            GridError: of another kind; see :mod:`globus_hl.errors`.

        Example:
            >>> client.stat("gsiftp://host/data/a").size
            1048576

        Uses MLST (RFC 3659, ``globus_ftp_client_mlst``), or the LIST of its directory on servers without.
        """
        target = GridFTPURL.parse(url)
        security, deadline = self.security_for(target), self.deadline(timeout)

        async def attempt(retry_welcome: bool) -> Entry:
            async with Job(self.pool, security, target, deadline=deadline, repeatable=retry_welcome) as job:
                return await job.mlst(target) if job.can(target, "MLST") else await _stat_by_list(job, target)

        return await self.retrying(Route.to(security, Tuning(), target), attempt)

    async def exists(self, url: str | GridFTPURL, *, timeout: Limit = None) -> bool:
        """Whether there is a file or directory of that name. Links are followed.

        Raises:
            PermissionDeniedError: we may not know.
            GridError: the server cannot be asked.
        """
        try:
            await self.stat(url, timeout=timeout)
        except (NotFoundError, NotDirectoryError):
            return False
        return True

    async def size(self, url: str | GridFTPURL, *, timeout: Limit = None) -> int:
        """Size of a file in bytes (SIZE, ``globus_ftp_client_size``); of a directory, whatever the server says.

        Raises:
            NotFoundError, GridError: see :mod:`globus_hl.errors`.
        """
        target = GridFTPURL.parse(url)
        start = ftp_client.globus_ftp_client_size
        return await self.call(
            target, "tell its size", start, _value, timeout, expected="file", repeatable=True
        )

    async def mtime(self, url: str | GridFTPURL, *, timeout: Limit = None) -> datetime:
        """When a file was last modified, as ``datetime`` in UTC.

        Raises:
            NotFoundError, GridError: see :mod:`globus_hl.errors`.

        Uses MLST, or MDTM (``globus_ftp_client_modification_time``) if that does not tell.
        """
        target, deadline = GridFTPURL.parse(url), self.deadline(timeout)
        entry = await self.stat(target, timeout=deadline)
        if entry.mtime is not None:
            return entry.mtime
        start = ftp_client.globus_ftp_client_modification_time
        seconds = await self.call(
            target, "tell its time", start, _value, deadline, expected="file", repeatable=True
        )
        return datetime.fromtimestamp(seconds, UTC)

    async def checksum(
        self,
        url: str | GridFTPURL,
        algorithm: str = "MD5",
        *,
        offset: int = 0,
        length: int | None = None,
        timeout: Limit = None,
    ) -> str:
        """Checksum of a file, computed by the server.

        Args:
            url: a file.
            algorithm: as the server names it: ``"MD5"``, ``"ADLER32"``, ``"SHA1"``, ``"SHA256"``,
                ``"SHA512"``, ...
            offset: first byte of the part to read.
            length: bytes of it, or None: to the end.
            timeout: as everywhere, but the server may be silent for an hour, while it reads the file.

        Returns:
            Hexadecimal digits in lower case.

        Raises:
            UnsupportedError: the server cannot compute checksums.
            ServerError: it does not know this one.
            NotFoundError, GridError: see :mod:`globus_hl.errors`.

        Uses CKSM (``globus_ftp_client_cksm``).
        """
        target = GridFTPURL.parse(url)
        if not algorithm.replace("-", "").replace("_", "").isalnum():
            raise ValueError(f"algorithm={algorithm!r}: a name such as 'MD5' or 'ADLER32' is expected")
        if offset < 0 or (length is not None and length < 0):
            raise ValueError("offset and length must not be negative")

        def start(handle: Any, url: str, attr: Any, callback: Any, argument: Any) -> Any:
            count = -1 if length is None else length
            return ftp_client.globus_ftp_client_cksm(
                handle, url, attr, offset, count, algorithm.upper(), callback, argument
            )

        text: str = await self.call(
            target,
            f"compute its {algorithm} checksum",
            start,
            _value,
            timeout,
            expected="file",
            repeatable=True,
            stall=CHECKSUM_STALL,
        )
        return text.strip().lower()

    async def features(self, url: str | GridFTPURL, *, timeout: Limit = None) -> frozenset[str]:
        """What a server said it can do: names such as ``"MLST"``, ``"CKSM"``, ``"DCAU"``, ``"PARALLELISM"``.

        The names are those of ``globus_ftp_client_probed_feature_t``, without their prefix.
        """
        target = GridFTPURL.parse(url)
        async with Job(self.pool, self.security_for(target), target, deadline=self.deadline(timeout)) as job:
            return job.connection.features[Endpoint.of(target)]

    async def list(self, url: str | GridFTPURL, *, timeout: Limit = None) -> list[Entry]:
        """The entries of a directory, without ``.`` and ``..``, in the server's order.

        Raises:
            NotFoundError: there is no such directory.
            NotDirectoryError: it is a file.
            ListingError: the server sent something that cannot be read.
            GridError: of another kind; see :mod:`globus_hl.errors`.

        Example:
            >>> [entry.name for entry in client.list("gsiftp://host/data") if entry.is_dir]
            ['raw', 'calibrated']

        Uses MLSD (``globus_ftp_client_machine_list``), or LIST on servers without; see
        :func:`.listing.parse_list`.
        """
        target = GridFTPURL.parse(url)
        security, deadline = self.security_for(target), self.deadline(timeout)

        async def attempt(retry_welcome: bool) -> list[Entry]:
            async with Job(self.pool, security, target, deadline=deadline, repeatable=retry_welcome) as job:
                return await _list(job, target)

        return await self.retrying(Route.to(security, Tuning(), target), attempt)

    # -- changing
    # ------------------------------------------------------------------------------------------------

    async def mkdir(
        self,
        url: str | GridFTPURL,
        *,
        parents: bool = False,
        exist_ok: bool = False,
        timeout: Limit = None,
    ) -> None:
        """Make a directory.

        Args:
            url: the new directory.
            parents: make the directories above it, too, as far as they do not exist.
            exist_ok: it is all right if it exists.

        Raises:
            ExistsError: the name is taken.
            NotFoundError: the directory above does not exist.
            PermissionDeniedError, GridError: see :mod:`globus_hl.errors`.
        """
        target, deadline = GridFTPURL.parse(url), self.deadline(timeout)
        try:
            await self._change(
                target, "make the directory", ftp_client.globus_ftp_client_mkdir, deadline, "nothing"
            )
        except NotFoundError:
            if not parents or target.parent == target:
                raise
            await self.mkdir(target.parent, parents=True, exist_ok=True, timeout=deadline)
            await self.mkdir(target, exist_ok=exist_ok, timeout=deadline)
        except ExistsError:
            if not exist_ok or not (await self.stat(target, timeout=deadline)).is_dir:
                raise

    async def rmdir(self, url: str | GridFTPURL, *, timeout: Limit = None) -> None:
        """Remove an empty directory.

        Raises:
            NotFoundError, NotDirectoryError, DirectoryNotEmptyError, PermissionDeniedError, GridError:
                see :mod:`globus_hl.errors`.
        """
        target = GridFTPURL.parse(url)
        await self._change(
            target, "remove the directory", ftp_client.globus_ftp_client_rmdir, timeout, "directory"
        )

    async def remove(self, url: str | GridFTPURL, *, recursive: bool = False, timeout: Limit = None) -> None:
        """Remove a file, or with `recursive` a directory and all that is below it.

        Symbolic links are removed, not followed. A recursive removal that fails midway leaves the rest.

        Raises:
            NotFoundError, IsDirectoryError, PermissionDeniedError, GridError: see :mod:`globus_hl.errors`.
        """
        target, deadline = GridFTPURL.parse(url), self.deadline(timeout)
        if recursive:
            entry = await self.stat(target, timeout=deadline)
            if entry.is_dir and entry.target is None:
                await self._remove_tree(target, deadline)
                return
        await self._change(target, "remove it", ftp_client.globus_ftp_client_delete, deadline, "file")

    async def _remove_tree(self, directory: GridFTPURL, deadline: Deadline) -> None:
        for entry in await self.list(directory, timeout=deadline):
            if entry.is_dir and entry.target is None:  # a link to a directory is removed, not followed
                await self._remove_tree(directory / entry.name, deadline)
            else:
                await self.remove(directory / entry.name, timeout=deadline)
        await self.rmdir(directory, timeout=deadline)

    async def rename(self, url: str | GridFTPURL, new: str | GridFTPURL, *, timeout: Limit = None) -> None:
        """Give a file or directory another name on the same server. Most servers replace a file of that name.

        Args:
            url: the file.
            new: a URL, an absolute path, or a name in the same directory.

        Raises:
            ValueError: `new` is on another server.
            NotFoundError, ExistsError, PermissionDeniedError, GridError: see :mod:`globus_hl.errors`.
        """
        target = GridFTPURL.parse(url)
        destination = _new_name(target, new)

        def start(handle: Any, url: str, attr: Any, callback: Any, argument: Any) -> Any:
            return ftp_client.globus_ftp_client_move(
                handle, url, c_url(destination), attr, callback, argument
            )

        await self._change(target, f"rename it to {destination.path}", start, timeout, "something")

    async def chmod(self, url: str | GridFTPURL, mode: int, *, timeout: Limit = None) -> None:
        """Change the permission bits of a file or directory (SITE CHMOD, ``globus_ftp_client_chmod``).

        Args:
            mode: such as ``0o640``.

        Raises:
            NotFoundError, PermissionDeniedError, UnsupportedError, GridError: see :mod:`globus_hl.errors`.
        """
        target = GridFTPURL.parse(url)
        if not 0 <= mode <= 0o7777:
            raise ValueError(f"mode={mode!r}: permission bits from 0 to 0o7777 are expected")

        def start(handle: Any, url: str, attr: Any, callback: Any, argument: Any) -> Any:
            return ftp_client.globus_ftp_client_chmod(handle, url, mode, attr, callback, argument)

        await self._change(target, f"change its mode to {mode:03o}", start, timeout, "something")

    async def _change(
        self,
        url: GridFTPURL,
        doing: str,
        start: StartCall,
        timeout: Limit,
        expected: Expected,
    ) -> None:
        # Not repeatable: if the answer to a removal got lost, the second try would say that there is no such
        # file.
        await self.call(url, doing, start, _nothing, timeout, expected=expected)


def _new_name(url: GridFTPURL, new: str | GridFTPURL) -> GridFTPURL:
    """The URL that `new` means: a URL on the same server, an absolute path, or a name in the same directory."""
    if isinstance(new, str) and "://" not in new:
        return url.with_path(new) if new.startswith(("/", "~")) else url.parent / new
    destination = GridFTPURL.parse(new)
    if Endpoint.of(destination) != Endpoint.of(url):
        raise ValueError(
            f"cannot rename {url} to {destination}: it is on another server; copy it and remove it"
        )
    return destination


# ---- listings ------------------------------------------------------------------------------------


class _LineSink:
    """Parses a listing while it arrives, line by line."""

    def __init__(self, parse: Callable[[bytes], None]) -> None:
        self._parse = parse
        self._rest = b""

    def buffers(self) -> list[bytearray]:
        return [bytearray(LISTING_BLOCK)]

    def next(self, buffer: Any) -> Any:
        return buffer

    def write(self, buffer: Any, length: int, offset: int) -> None:
        *lines, self._rest = (self._rest + bytes(memoryview(buffer)[:length])).split(b"\n")
        for line in lines:
            self._parse(line)

    def end(self) -> None:
        if self._rest:
            self._parse(self._rest)


class _TextSink(_LineSink):
    """Keeps a listing as it is."""

    def __init__(self) -> None:
        super().__init__(lambda _line: None)
        self.text = bytearray()

    def write(self, buffer: Any, length: int, offset: int) -> None:
        self.text += memoryview(buffer)[:length]


async def _list(job: Job, url: GridFTPURL) -> list[Entry]:
    """The entries of a directory, by MLSD, or by LIST where the server has no MLSD."""
    directory = url.path.rstrip("/") + "/"
    if not job.can(url, "MLST"):
        text = _TextSink()
        await _download_listing(job, url, ftp_client.globus_ftp_client_verbose_list, text)
        return [entry for entry in parse_list(bytes(text.text), directory=directory) if not entry.is_dot]
    entries: list[Entry] = []

    def parse(line: bytes) -> None:
        if line.strip():
            entries.append(parse_mlsx(line, directory=directory))

    lines = _LineSink(parse)
    await _download_listing(job, url, ftp_client.globus_ftp_client_machine_list, lines)
    lines.end()
    # Some servers, that of the toolkit among them, list a file as if it were a directory with just that file in it.
    if len(entries) == 1 and entries[0].name == url.name and not (await job.mlst(url)).is_dir:
        raise NotDirectoryError("could not list it: it is not a directory", url=str(url))
    return [entry for entry in entries if not entry.is_dot]


async def _download_listing(job: Job, url: GridFTPURL, start: StartCall, sink: Sink) -> None:
    begin = functools.partial(start, job.handle, c_url(url), job.attributes(url))
    listing = Download(job.handle, begin, sink, **job.limits(url, "list it"))
    await job.run(listing, url, "list it", expected="directory")


async def _stat_by_list(job: Job, url: GridFTPURL) -> Entry:
    """The entry of a file, from the listing of its directory: for servers without MLST."""
    if url.parent.path == url.path:
        await _list(job, url)
        return Entry(name=url.path, path=url.path, type="dir")
    for entry in await _list(job, url.parent):
        if entry.name == url.name:
            return entry
    raise NotFoundError("there is no such file or directory", url=str(url))
