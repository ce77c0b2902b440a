"""Moving contents: get, put, and copies between servers."""

from __future__ import annotations

import functools
import os
from typing import Any

from globus_lowlevel import ftp_client

from ..errors import GridError
from ..progress import Progress
from ..timeouts import Limit
from .connection import Route
from .data_connections import make_data_connections
from .job import Job
from .local_ends import LocalDestination, LocalSource, Origin, open_destination, open_origin
from .namespace import Namespace
from .operations import Download, Start, Upload
from .options import Mode, Protection, Security, Tuning, c_url
from .placing import Placing
from .report import Report, TransferResult
from .third_party import ThirdParty
from .url import GridFTPURL

__all__ = ["Transfers"]


class Transfers(Namespace):
    """Transfers; :class:`.client.Client` has their documentation."""

    async def get(
        self,
        url: str | GridFTPURL,
        destination: LocalDestination,
        *,
        offset: int = 0,
        length: int | None = None,
        expected_size: int | None = None,
        parallelism: int = 1,
        mode: Mode = "auto",
        tcp_buffer: int | None = None,
        block_size: int | None = None,
        protection: Protection | None = None,
        data_channel_authentication: bool | str | None = None,
        progress: Progress | None = None,
        timeout: Limit = None,
    ) -> TransferResult:
        """Download a file.

        Args:
            url: the file.
            destination: where to: a path, a directory (the file keeps its name), a binary file object, or a
                writable buffer. A file appears under its name only when it is complete; until then, and if
                the download fails, what was there before stays.
            offset: first byte to get.
            length: how many bytes, or None: to the end.
            expected_size: bytes of the file if they are known, from a listing say, for `progress`; default: the
                server is asked, which takes longer than the download of a small file.
            parallelism: TCP connections for the data, at most 64. More than one uses extended block mode, in
                which the server connects to this machine: a firewall here must let it.
            mode: ``"stream"``, ``"extended"``, or ``"auto"``: extended only if `parallelism` asks for it.
            tcp_buffer: bytes of the socket buffers at both ends; default: as the systems like.
            block_size: bytes read or written at once, default 1 MiB.
            protection: of the data: ``"clear"``, ``"safe"`` (integrity) or ``"private"`` (encrypted);
                default: the client's. If the server cannot, it is an error, never less than asked for.
            data_channel_authentication: True, False, or the distinguished name to expect; default: the
                client's.
            progress: called with the events of :mod:`globus_hl.progress`.
            timeout: seconds for the whole call, or a :class:`~globus_hl.timeouts.Timeout`.

        Returns:
            TransferResult: bytes and seconds.

        Raises:
            NotFoundError, IsDirectoryError, PermissionDeniedError: of the remote file.
            OSError: of the local file.
            ValueError: arguments that do not go together; a buffer that is too small.
            GridError: of another kind; see :mod:`globus_hl.errors`.

        Example:
            >>> client.get("gsiftp://host/data/a.dat", "a.dat", parallelism=4)
            TransferResult(source='gsiftp://host/data/a.dat', destination='a.dat', bytes=1048576,
            seconds=0.02)

        A file object or buffer is written by threads of the library, one at a time; it must not be used by
        others meanwhile. Uses ``globus_ftp_client_get`` or ``globus_ftp_client_partial_get``.
        """
        source = GridFTPURL.parse(url)
        tuning = Tuning(parallelism, mode, tcp_buffer, block_size)
        security = self.security_for(source, protection, data_channel_authentication)
        deadline = self.deadline(timeout)
        _check_range(offset, length)

        async def attempt(retry_welcome: bool) -> TransferResult:
            job = Job(
                self.pool,
                security,
                source,
                deadline=deadline,
                tuning=tuning,
                repeatable=retry_welcome,
            )
            async with job:
                total = length
                if expected_size is not None and length is None:
                    total = max(0, expected_size - offset)
                elif progress is not None and length is None:
                    total = await _size_if_told(job, source, offset)
                with (
                    open_destination(destination, source, tuning, offset) as (name, sink),
                    Report(str(source), name, total, progress) as report,
                ):
                    start = _get_call(job, source, tuning, offset, length)
                    download = Download(job.handle, start, sink, **job.limits(source, "get it"))
                    report.watch(download)
                    await job.run(download, source, "get it", expected="file")
            return report.result()

        return await self.retrying(Route.to(security, tuning, source), attempt)

    async def put(
        self,
        source: LocalSource,
        url: str | GridFTPURL,
        *,
        offset: int = 0,
        length: int | None = None,
        in_place: bool = False,
        parallelism: int = 1,
        mode: Mode = "auto",
        tcp_buffer: int | None = None,
        block_size: int | None = None,
        protection: Protection | None = None,
        data_channel_authentication: bool | str | None = None,
        progress: Progress | None = None,
        timeout: Limit = None,
    ) -> TransferResult:
        """Upload a file.

        Args:
            source: a path, a binary file object, which is read to its end, or a bytes-like object.
            url: the new file, or a directory, with a slash at its end, into which the file goes under its own
                name.
            offset: place in the remote file where the data goes; implies `in_place` unless 0.
            length: how many bytes of the source, or None: all.
            in_place: write directly to the file. Otherwise the data goes to a hidden file in the same
                directory, which is renamed when it is complete, and removed if the upload fails: what was
                there before stays until then. Devices, symbolic links, and servers that cannot tell (no MLST)
                are always written in place.
            parallelism: TCP connections for the data, at most 64. More than one uses extended block mode, in
                which the blocks travel in any order.
            mode: ``"stream"``, ``"extended"``, or ``"auto"``: extended only if `parallelism` asks for it.
            tcp_buffer: bytes of the socket buffers at both ends; default: as the systems like.
            block_size: bytes read or written at once, default 1 MiB.
            protection: of the data: ``"clear"``, ``"safe"`` (integrity) or ``"private"`` (encrypted);
                default: the client's. If the server cannot, it is an error, never less than asked for.
            data_channel_authentication: True, False, or the distinguished name to expect; default: the
                client's.
            progress: called with the events of :mod:`globus_hl.progress`.
            timeout: seconds for the whole call, or a :class:`~globus_hl.timeouts.Timeout`.

        Returns:
            TransferResult: bytes and seconds.

        Raises:
            NotFoundError: the directory does not exist.
            IsDirectoryError, PermissionDeniedError, NoSpaceError: of the remote file.
            OSError: of the local file.
            ValueError: arguments that do not go together.
            GridError: of another kind; see :mod:`globus_hl.errors`.

        Example:
            >>> client.put(b"hello", "gsiftp://host/data/hello.txt")
            TransferResult(source='<buffer>', destination='gsiftp://host/data/hello.txt', bytes=5,
            seconds=0.01)

        A file object is read by threads of the library, one at a time; it must not be used by others
        meanwhile. Uses ``globus_ftp_client_put`` or ``globus_ftp_client_partial_put``.
        """
        place = GridFTPURL.parse(url)
        tuning = Tuning(parallelism, mode, tcp_buffer, block_size)
        security = self.security_for(place, protection, data_channel_authentication)
        deadline = self.deadline(timeout)
        _check_range(offset, length)
        with open_origin(source, tuning, offset, length) as origin:
            destination = _named(place, origin.file_name)

            async def attempt(retry_welcome: bool) -> TransferResult:
                job = Job(
                    self.pool,
                    security,
                    destination,
                    deadline=deadline,
                    tuning=tuning,
                    repeatable=retry_welcome,
                )
                async with job:
                    with Report(origin.name, str(destination), origin.source.size, progress) as report:
                        placing = Placing(self, job, destination, in_place=in_place or offset > 0)
                        async with placing as target:
                            await _upload(
                                job,
                                origin,
                                target,
                                destination,
                                tuning,
                                offset,
                                report,
                                is_new=placing.is_new,
                            )
                return report.result()

            return await self.retrying(Route.to(security, tuning, destination), attempt)

    async def copy(
        self,
        source: str | os.PathLike[str] | GridFTPURL,
        destination: str | os.PathLike[str] | GridFTPURL,
        *,
        in_place: bool = False,
        parallelism: int = 1,
        mode: Mode = "auto",
        tcp_buffer: int | None = None,
        block_size: int | None = None,
        protection: Protection | None = None,
        data_channel_authentication: bool | str | None = None,
        progress: Progress | None = None,
        timeout: Limit = None,
    ) -> TransferResult:
        """Copy a file: between two servers without a detour over this machine, else as `get` or `put`.

        Args:
            source: a URL, or the path of a local file.
            destination: a URL, or a local path. A slash at its end stands for a directory.
            in_place: as of `put`.
            parallelism: TCP connections for the data, at most 64. More than one uses extended block mode, in
                which the sender connects to the receiver.
            mode: ``"stream"``, ``"extended"``, or ``"auto"``: extended only if `parallelism` asks for it.
            tcp_buffer: bytes of the socket buffers at both ends; default: as the systems like.
            block_size: bytes read or written at once, default 1 MiB.
            protection: of the data: ``"clear"``, ``"safe"`` (integrity) or ``"private"`` (encrypted);
                default: the client's. If the server cannot, it is an error, never less than asked for.
            data_channel_authentication: True, False, or the distinguished name to expect; default: the
                client's.
            progress: called with the events of :mod:`globus_hl.progress`.
            timeout: seconds for the whole call, or a :class:`~globus_hl.timeouts.Timeout`.

        Returns:
            TransferResult: bytes and seconds.

        Raises:
            ValueError: both are local; or the data channel between them cannot be secured as asked for.
            NotFoundError, PermissionDeniedError, NoSpaceError, OSError, GridError: see `get` and `put`.

        Both servers must accept the client's credential. Progress of a third-party transfer comes from the
        receiver's performance markers, every few seconds. Uses ``globus_ftp_client_third_party_transfer``.
        """
        from_url, to_url = _url_or_path(source), _url_or_path(destination)
        shared: dict[str, Any] = {
            "parallelism": parallelism,
            "mode": mode,
            "tcp_buffer": tcp_buffer,
            "block_size": block_size,
            "protection": protection,
            "data_channel_authentication": data_channel_authentication,
            "progress": progress,
            "timeout": timeout,
        }
        if from_url.is_remote and not to_url.is_remote:
            return await self.get(from_url, to_url.local_path, **shared)
        if to_url.is_remote and not from_url.is_remote:
            return await self.put(from_url.local_path, to_url, in_place=in_place, **shared)
        if not from_url.is_remote:
            raise ValueError(f"{from_url} and {to_url} are both local: use shutil.copyfile()")
        to_url = _named(to_url, from_url.name or None)
        security = self._security_between(from_url, to_url, protection, data_channel_authentication)
        tuning = Tuning(parallelism, mode, tcp_buffer, block_size)
        job = Job(self.pool, security, from_url, to_url, deadline=self.deadline(timeout), tuning=tuning)
        async with job:
            total = await _size_if_told(job, from_url, 0)
            with Report(str(from_url), str(to_url), total, progress) as report:
                async with Placing(self, job, to_url, in_place=in_place) as target:
                    await _third_party(job, from_url, target, to_url, tuning, report)
                report.settle(total)
        return report.result()

    def _security_between(
        self,
        source: GridFTPURL,
        destination: GridFTPURL,
        protection: Protection | None,
        authentication: bool | str | None,
    ) -> Security:
        security = self.security_for(source, protection, authentication)
        security.check(destination)
        if {source.scheme, destination.scheme} == {"gsiftp", "ftp"} and security.data_channel_authentication:
            raise ValueError(
                f"{source} and {destination}: the FTP server cannot authenticate the data channel between them; "
                "pass data_channel_authentication=False if that is acceptable"
            )
        return security


def _check_range(offset: int, length: int | None) -> None:
    if offset < 0 or (length is not None and length < 0):
        raise ValueError("offset and length must not be negative")


def _named(url: GridFTPURL, name: str | None) -> GridFTPURL:
    """The URL of a file, also when `url` names the directory that it goes into."""
    if not url.names_directory:
        return url
    if name is None:
        raise ValueError(f"{url} names a directory: add the file name, as the source has none")
    return url / name


def _url_or_path(place: str | os.PathLike[str] | GridFTPURL) -> GridFTPURL:
    if isinstance(place, GridFTPURL) or (isinstance(place, str) and ":/" in place):
        return GridFTPURL.parse(place)
    return GridFTPURL.from_local(place)


async def _size_if_told(job: Job, url: GridFTPURL, offset: int) -> int | None:
    """The bytes there are from `offset` on, for progress; None if the server does not tell."""
    if not job.can(url, "SIZE"):
        return None
    try:
        size: int = await job.command(
            url, "tell its size", ftp_client.globus_ftp_client_size, lambda started: started.value
        )
    except GridError:
        if not job.good:
            raise
        return None  # the transfer will tell what is wrong
    return max(0, size - offset)


def _get_call(job: Job, url: GridFTPURL, tuning: Tuning, offset: int, length: int | None) -> Start:
    arguments = (job.handle, c_url(url), job.attributes(url, tuning), None)
    if offset == 0 and length is None:
        return functools.partial(ftp_client.globus_ftp_client_get, *arguments)
    end = -1 if length is None else offset + length
    return functools.partial(ftp_client.globus_ftp_client_partial_get, *arguments, offset, end)


async def _upload(
    job: Job,
    origin: Origin,
    target: GridFTPURL,
    shown: GridFTPURL,
    tuning: Tuning,
    offset: int,
    report: Report,
    *,
    is_new: bool,
) -> None:
    attr = job.attributes(target, tuning)
    arguments = (job.handle, c_url(target), attr, None)
    if offset:
        start = functools.partial(ftp_client.globus_ftp_client_partial_put, *arguments, offset, -1)
    else:
        # For a small file the question alone would take longer than the answer is worth.
        if origin.source.size is not None and origin.source.size > tuning.block:
            ftp_client.globus_ftp_client_operationattr_set_allocate(attr, origin.source.size)
        start = functools.partial(ftp_client.globus_ftp_client_put, *arguments)
    job.no_retry()  # the source will have been read
    await make_data_connections(job, start, origin.source, target, shown, tuning, is_new=is_new)
    upload = Upload(job.handle, start, origin.source, **job.limits(shown, "put it"))
    report.watch(upload)
    await job.run(upload, shown, "put it", expected="place")


async def _third_party(
    job: Job, source: GridFTPURL, target: GridFTPURL, shown: GridFTPURL, tuning: Tuning, report: Report
) -> None:
    start = functools.partial(
        ftp_client.globus_ftp_client_third_party_transfer,
        job.handle,
        c_url(source),
        job.attributes(source, tuning),
        c_url(target),
        job.attributes(target, tuning),
        None,
    )
    doing = f"copy it to {shown}"
    transfer = ThirdParty(job.handle, start, **job.limits(source, doing))
    report.watch(transfer)
    await job.run(transfer, source, doing, expected="file")
