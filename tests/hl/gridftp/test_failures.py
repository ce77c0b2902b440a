"""Transfers that fail or are cancelled: one clear reason, and no incomplete file."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import errno
import gc
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hl.gridftp.support import MB, AnyClient, FailsAfter, Place, both_modes, data, slowly, wait_for

from globus_hl import errors
from globus_hl.gridftp import AsyncClient, Client, operations
from globus_hl.gridftp.faults import meets_closing
from globus_hl.gridftp.operations import Upload
from globus_hl.testgrid import Grid, GridFTPServer
from globus_lowlevel import Cause, GlobusError, ftp_client


@both_modes
@pytest.mark.parametrize("size", [100, 20 * MB])
def test_a_full_disk_of_the_server(client: AnyClient, place: Place, size: int, parallelism: int) -> None:
    os.mknod(place.path / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    with pytest.raises(OSError, match="No space left") as caught:
        client.put(data(size), place / "full", parallelism=parallelism)
    assert isinstance(caught.value, errors.NoSpaceError)
    assert caught.value.errno == errno.ENOSPC
    assert client.stat(place.url).is_dir


def test_writing_to_a_full_disk_is_an_error_at_the_latest_when_closing(
    blocking: Client, place: Place
) -> None:
    os.mknod(place.path / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    with pytest.raises(errors.NoSpaceError), blocking.open(place / "full", "wb") as file:
        file.write(data(100))
    with pytest.raises(errors.NoSpaceError), blocking.open(place / "full", "wb") as file:
        for _ in range(30):
            file.write(data(MB))


@pytest.fixture
def small_server(grid: Grid, tmp_path: Path) -> Iterator[GridFTPServer]:
    """A server whose disk has eight MiB."""
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"a small file system can only be mounted by root: {mount.stderr.decode().strip()}")
    try:
        with grid.start_gridftp(root=tmp_path) as server:
            yield server
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


@both_modes
def test_a_disk_that_becomes_full_is_the_one_reason_and_nothing_stays(
    own_client: AnyClient, small_server: GridFTPServer, parallelism: int
) -> None:
    # So little fits that the first write fails while a client with several data connections could still make others.
    for in_place in (False, True, False):
        with pytest.raises(errors.NoSpaceError):
            own_client.put(
                data(20 * MB),
                small_server.url + "/b",
                in_place=in_place,
                parallelism=parallelism,
                timeout=40,
            )
    own_client.close()
    assert os.listdir(small_server.root) == []


@both_modes
def test_a_file_that_the_server_cannot_read_to_its_end(
    own_client: AnyClient, place: Place, tmp_path: Path, parallelism: int
) -> None:
    (place.path / "broken").symlink_to("/proc/self/mem")  # opens, and gives an input/output error
    with pytest.raises(errors.GridError) as caught:
        own_client.get(place / "broken", tmp_path / "b", parallelism=parallelism, timeout=30)
    assert not isinstance(caught.value, TimeoutError)
    assert os.listdir(tmp_path) == []


@both_modes
def test_a_put_that_is_cancelled_at_any_moment_leaves_no_file(
    grid: Grid, place: Place, parallelism: int
) -> None:
    async def work() -> None:
        async with AsyncClient(credential=grid.user.credential, timeout=30) as one:
            await one.put(b"x", place / "warm", parallelism=parallelism)
            for milliseconds in (0, 5, 10, 15, 20, 30, 40, 60):
                upload = asyncio.ensure_future(one.put(data(60 * MB), place / "b", parallelism=parallelism))
                await asyncio.sleep(milliseconds / 1000)
                upload.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await upload
            assert (await one.stat(place / "warm")).size == 1

    asyncio.run(work())
    assert place.names() <= {"warm", "b"}


@both_modes
@pytest.mark.parametrize("before", [b"old", None])
def test_a_failed_put_leaves_what_was_there(
    own_client: AnyClient, place: Place, before: bytes | None, parallelism: int
) -> None:
    if before is not None:
        place.file("b", before)
    with pytest.raises(ZeroDivisionError, match="mine"):
        own_client.put(FailsAfter(12 * MB), place / "b", parallelism=parallelism)
    own_client.close()  # waits for what is tidied up in the background
    assert place.names() == (set() if before is None else {"b"})
    if before is not None:
        assert (place.path / "b").read_bytes() == before


def test_a_failed_put_in_place_removes_a_file_that_was_not_there(own_client: AnyClient, place: Place) -> None:
    with pytest.raises(ZeroDivisionError):
        own_client.put(FailsAfter(12 * MB), place / "b", in_place=True)
    own_client.close()
    assert place.names() == set()


def test_a_block_that_raises_leaves_no_file(blocking: Client, place: Place) -> None:
    place.file("b", b"old")
    with pytest.raises(ZeroDivisionError), blocking.open(place / "b", "wb") as file:
        file.write(data(3 * MB))
        raise ZeroDivisionError
    blocking.close()
    assert place.names() == {"b"}
    assert (place.path / "b").read_bytes() == b"old"


def test_a_forgotten_file_is_discarded_and_warned_about(blocking: Client, place: Place) -> None:
    file = blocking.open(place / "b", "wb")
    file.write(b"x")
    with pytest.warns(ResourceWarning, match="unclosed file"):
        del file
        gc.collect()
    blocking.close()
    assert place.names() == set()


def test_closing_a_client_aborts_what_other_threads_do(grid: Grid, place: Place) -> None:
    one = Client(credential=grid.user.credential)
    caught: list[BaseException] = []

    def work() -> None:
        try:
            one.put(slowly(data(20 * MB), 0.2), place / "b", block_size=MB)
        except BaseException as error:  # noqa: BLE001 - for the assertion
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: any(name.startswith(".b.") for name in place.names()))
    one.close()
    thread.join(10)
    assert [type(error) for error in caught] == [errors.ClosedError]


def test_an_upload_is_aborted_when_the_library_has_begun_it(
    blocking: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a cached connection it begins with a callback in another thread; an abort frees what that is about to use."""
    events = collections.defaultdict(list)
    monkeypatch.setattr(operations, "BEGIN_SECONDS", 20.0)

    def watch(name: str) -> None:
        method = getattr(Upload, name)

        def watched(upload: Upload, *arguments: Any) -> Any:
            events[upload].append(name)
            return method(upload, *arguments)

        monkeypatch.setattr(Upload, name, watched)

    for name in ("heard", "abort"):
        watch(name)
    for _ in range(5):
        with pytest.raises(TypeError), blocking.open(place / "b", "wb") as file:
            file.write("text")  # type: ignore[arg-type]
    blocking.close()
    assert len(events) == 5
    assert all(happened.index("heard") < happened.index("abort") for happened in events.values())
    assert place.names() == set()


CUT = "500-Command failed. : an end-of-file was reached\r\n{}500-globus_xio: An end of file occurred\r\n500 End.\r\n"
UNSAFE = (
    "500-globus_xio: The GSI XIO driver failed to establish a secure connection. "
    "The failure occurred during a handshake read.\r\n"
)


@pytest.mark.parametrize(
    ("reply", "closing"),
    [(CUT.format(UNSAFE), True), (CUT.format(""), False), ("550 No such file or directory\r\n", False)],
    ids=["in the handshake", "later", "never"],
)
def test_a_data_connection_that_was_closed_in_place_of_the_last_one(reply: str, closing: bool) -> None:
    """Rare, in the library: what the server says of it. A job is begun again then, on another connection."""
    refused = ftp_client.GLOBUS_FTP_CLIENT_ERROR_RESPONSE
    said = Cause(
        "globus_ftp_client", refused, "the server responded with an error", 0, "state.c", "response", 1
    )
    error = GlobusError(
        int(refused), "globus_ftp_client", [said, Cause("globus_ftp_client", 0, reply, 0, None, None, 0)]
    )
    assert meets_closing(error) is closing
