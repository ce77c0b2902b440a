"""Each driver moves data."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.errors import ClosedError, ConnectError, HostNotFoundError

from .conftest import LIMIT, echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from globus_hl.security import Credential
    from globus_hl.testgrid import Grid

    from .conftest import Serving


def test_file(tmp_path: Path) -> None:
    attributes = xio.Attributes()
    attributes.file.mode = 0o600
    path = tmp_path / "caf\udce9"  # a name that is no UTF-8
    with xio.Handle("file", str(path), attributes) as handle:
        assert handle.write(b"0123456789") == 10
        assert handle.file.seek(4) == 4
        assert handle.read(3, 3) == b"456"
        assert handle.file.seek(-1, "end") == 9
        assert handle.read(5) == b"9"
        assert handle.read(5) == b""
        handle.xio.seek(0)
        assert handle.read(2) == b"01"
        descriptor = handle.descriptor()
        descriptor.xio.offset = 7
        assert handle.read(2, descriptor=descriptor) == b"78"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    attributes = xio.Attributes()
    attributes.file.flags = os.O_RDONLY
    with pytest.raises(OSError, match="No such file") as caught:
        xio.Handle("file", str(tmp_path / "none"), attributes).open()
    assert caught.value.errno == 2


def test_popen() -> None:
    attributes = xio.Attributes()
    attributes.popen.program = ["/bin/cat", "-u"]
    with xio.Handle("popen", "cat", attributes, timeout=LIMIT) as handle:
        assert handle.write(b"through a program") == 17
        assert handle.read(100, 17) == b"through a program"


def test_pipe() -> None:
    reading, writing = os.pipe()
    attributes = xio.Attributes()
    attributes.pipe.input_descriptor = reading
    attributes.pipe.output_descriptor = writing
    with xio.Handle("pipe", "", attributes, timeout=LIMIT) as handle:
        assert handle.write(b"through a pipe") == 14
        assert handle.read(100, 14) == b"through a pipe"


def test_udp() -> None:
    attributes = xio.Attributes()
    attributes.udp.interface = "127.0.0.1"
    with (
        xio.Handle("udp", "", attributes, timeout=LIMIT) as first,
        xio.Handle("udp", "", attributes, timeout=LIMIT) as second,
    ):
        sent = second.descriptor()
        sent.udp.receiver = first.udp.numeric_contact
        assert second.write(b"a datagram", descriptor=sent) == 10
        came = first.descriptor()
        assert first.read(100, descriptor=came) == b"a datagram"
        assert came.udp.numeric_contact == second.udp.numeric_contact


@pytest.fixture
def udt() -> Iterator[Callable[..., tuple[xio.Handle, xio.Handle]]]:
    """Two ends of a connection."""
    with contextlib.ExitStack() as closing:

        def connected(stack: str, client: Any = None, server: Any = None) -> tuple[xio.Handle, xio.Handle]:
            listener = closing.enter_context(xio.Server(stack, gsi=server, timeout=LIMIT))
            contact = f"localhost:{listener.contact.rpartition(':')[2]}"
            first = xio.Handle(stack, contact, gsi=client, timeout=LIMIT)
            opener = threading.Thread(target=first.open)
            opener.start()
            second = closing.enter_context(listener.accept())
            opener.join(LIMIT)
            return closing.enter_context(first), second

        yield connected


@pytest.mark.parametrize("stack", ["udt", "udt,queue"])
def test_udt(udt: Callable[..., tuple[xio.Handle, xio.Handle]], stack: str) -> None:
    client, server = udt(stack)
    data = os.urandom(3_000_000)
    writer = threading.Thread(target=client.write, args=(data,))
    writer.start()
    assert server.read(len(data), len(data)) == data
    writer.join(LIMIT)
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            client.read(1, timeout=0.25)
    assert time.monotonic() - started < 3
    server.writev([b"after ", b"", b"all"])
    assert client.read(100, 9) == b"after all"
    with pytest.raises(TimeoutError):
        client.write(bytes(80_000_000), timeout=0.5)
    server.close(timeout=LIMIT)
    with pytest.raises((OSError, ClosedError)):
        client.write(b"x")
    assert client.read(1) == b""


def test_udt_and_gsi(
    udt: Callable[..., tuple[xio.Handle, xio.Handle]], host: Credential, user: Credential
) -> None:
    """The driver udt says that it knows the peer's address, and tells none."""
    client, server = udt("udt,gsi", xio.GSI(credential=user), xio.GSI(credential=host))
    assert client.peer is not None
    assert (client.peer.subject, client.peer.address) == (host.identity, "")
    data = os.urandom(500_000)
    writer = threading.Thread(target=client.write, args=(data,))
    writer.start()
    assert server.read(len(data), len(data)) == data
    writer.join(LIMIT)


def near(server: xio.Server | xio.AsyncServer) -> str:
    """What a client on this machine connects to, over IPv4."""
    return f"127.0.0.1:{server.contact.rpartition(':')[2]}"


def test_a_server_on_udt_goes_on_when_nobody_came_in_time() -> None:
    """GCT's driver accepts nobody any more after an accept that was canceled, and is slow to notice that it was."""
    with xio.Server("udt", connection_timeout=LIMIT) as server:
        for _ in range(2):
            with pytest.raises(TimeoutError, match="accept"):
                server.accept(timeout=0.1)
            with (
                xio.Handle("udt", near(server), timeout=LIMIT) as client,
                server.accept(timeout=LIMIT) as accepted,
            ):
                client.write(b"hello")
                assert accepted.read(5, 5) == b"hello"
        with pytest.raises(TimeoutError):
            server.accept(timeout=0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 4
    with pytest.raises(ClosedError):
        server.accept(timeout=0.1)


def test_threads_accept_on_udt() -> None:
    ends: queue.Queue[object] = queue.Queue()
    with xio.Server("udt", connection_timeout=LIMIT) as server:

        def accept() -> None:
            try:
                with server.accept() as accepted:
                    ends.put(accepted.read(5, 5))
            except ClosedError:
                ends.put("closed")

        threads = [threading.Thread(target=accept) for _ in range(3)]
        for thread in threads:
            thread.start()
        with xio.Handle("udt", near(server), timeout=LIMIT) as client:
            client.write(b"hello")
            assert ends.get(timeout=LIMIT) == b"hello"
    assert [ends.get(timeout=LIMIT) for _ in range(2)] == ["closed", "closed"]
    for thread in threads:
        thread.join(LIMIT)


def test_who_came_to_a_server_on_udt_that_closes() -> None:
    server = xio.Server("udt")
    with pytest.raises(TimeoutError):
        server.accept(timeout=0.1)
    with xio.Handle("udt", near(server), timeout=LIMIT) as client:
        server.close()
        assert client.read(1) == b""


def test_a_connection_on_udt_that_is_not_wanted() -> None:
    with xio.Server("udt", connection_timeout=LIMIT) as server:
        closer = threading.Thread(target=lambda: server.accept().close())
        closer.start()
        with xio.Handle("udt", near(server), timeout=LIMIT) as client:
            assert client.read(1) == b""
        closer.join(LIMIT)


def test_an_accept_on_udt_that_is_canceled() -> None:
    async def scenario() -> None:
        async with xio.AsyncServer("udt", connection_timeout=LIMIT) as server:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(server.accept(), 0.1)
            async with (
                xio.AsyncHandle("udt", near(server), timeout=LIMIT) as client,
                await server.accept() as accepted,
            ):
                await client.write(b"hello")
                assert await accepted.read(5, 5) == b"hello"

    asyncio.run(scenario())


def test_where_nobody_listens_on_udt(closed_port: int) -> None:
    with pytest.raises(ConnectError, match="timed out") as caught:
        xio.Handle("udt", f"127.0.0.1:{closed_port}", timeout=LIMIT).open()
    assert caught.value.errno == errno.ETIMEDOUT
    with pytest.raises(HostNotFoundError):
        xio.Handle("udt", "no-such-host.invalid:1", timeout=LIMIT).open()


def test_gridftp_takes_several_buffers(grid: Grid, user: Credential, wait_until: Callable[..., None]) -> None:
    path = grid.gridftp.root / "written through xio"
    attributes = xio.Attributes()
    attributes.xio.credential(user)
    parts = [os.urandom(200_000), b"", bytearray(os.urandom(100_000))]
    url = f"{grid.gridftp.url}/{path.name}".replace(" ", "%20")
    with xio.Handle("gridftp", url, attributes, timeout=LIMIT) as handle:
        assert handle.writev(parts) == 300_000
    wait_until(lambda: path.exists() and path.read_bytes() == b"".join(parts))


def test_http(serving: Serving) -> None:
    requests = []

    def serve(connection: xio.Handle) -> None:
        descriptor = connection.descriptor()
        assert connection.read(100, 0, descriptor=descriptor) == b""
        requests.append(descriptor.http.request())
        connection.http.response_header("Content-Length", "4")
        connection.write(b"body")
        connection.http.end_body()

    attributes = xio.Attributes()
    attributes.http.request_header("X-Question", "6*9")
    with serving("tcp,http", serve) as served:
        url = f"http://{served.contact}/path"
        with xio.Handle("tcp,http", url, attributes, timeout=LIMIT) as client:
            descriptor = client.descriptor()
            assert client.read(10, descriptor=descriptor) == b"body"
            assert descriptor.http.response().status == 200
        assert served.wait() is None
    assert (requests[0].method, requests[0].uri) == ("GET", "/path")
    assert requests[0].headers["X-Question"] == "6*9"


@pytest.mark.parametrize("stack", ["tcp,queue", "tcp,rate", "tcp,rate:1GB/s"])
def test_on_tcp(serving: Serving, stack: str) -> None:
    data = os.urandom(300_000)
    with serving(stack, echo) as served, xio.Handle(stack, served.contact, timeout=LIMIT) as client:
        client.write(data)
        assert client.read(len(data), len(data)) == data


@pytest.mark.parametrize("side", ["write", "read"])
def test_rate_takes_its_time(serving: Serving, side: str) -> None:
    """150 kB, of which a tenth of a second's pass at once, at 200 kB a second."""
    slow, fast = f"tcp,rate:{side}_rate=200kB", "tcp"
    data = os.urandom(150_000)
    received: list[bytes] = []

    def serve(connection: xio.Handle) -> None:
        received.append(connection.read(len(data), len(data)))
        connection.write(b"done")

    server, client = (fast, slow) if side == "write" else (slow, fast)
    with serving(server, serve) as served, xio.Handle(client, served.contact, timeout=LIMIT) as handle:
        started = time.monotonic()
        handle.write(data)
        assert handle.read(10, 4) == b"done"
        took = time.monotonic() - started
    assert received == [data]
    assert took > 0.5


def test_a_read_through_rate_can_be_given_up(serving: Serving) -> None:
    with (
        serving("tcp", echo) as served,
        xio.Handle("tcp,rate:10kB/s", served.contact, timeout=LIMIT) as handle,
        pytest.raises(TimeoutError),
    ):
        handle.write(bytes(1_000_000), timeout=0.3)


def test_gsi_and_rate(serving: Serving, host: Credential, user: Credential) -> None:
    stack = "tcp,gsi,rate:100MB/s"
    with (
        serving(stack, echo, gsi=xio.GSI(credential=host)) as served,
        xio.Handle(stack, served.contact, gsi=xio.GSI(credential=user), timeout=LIMIT) as client,
    ):
        data = os.urandom(200_000)
        client.write(data)
        assert client.read(len(data), len(data)) == data
