"""Handles and servers, on tcp and on tcp with GSI: reading, writing, deadlines, cancelling, closing."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import globus_lowlevel
from globus_hl import xio
from globus_hl.errors import ClosedError, ConnectionLostError, ConnectRefusedError, HostNotFoundError
from globus_hl.timeouts import Deadline, Timeout
from globus_hl.xio.errors import CanceledError, StackError

from .conftest import LIMIT, echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from globus_hl.security import Credential

    from .conftest import Serving


@pytest.fixture(params=["tcp", "tcp,gsi"])
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def ends(stack: str, host: Credential, user: Credential) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of server and client."""
    if "gsi" not in stack:
        return {}, {}
    return {"gsi": xio.GSI(credential=host)}, {"gsi": xio.GSI(credential=user)}


@pytest.fixture
def pair(stack: str, ends: Any, serving: Serving) -> Iterator[tuple[xio.Handle, xio.Handle]]:
    """An open handle of a client, and the one of its server."""
    ready, over = threading.Event(), threading.Event()
    found: list[xio.Handle] = []

    def serve(connection: xio.Handle) -> None:
        found.append(connection)
        ready.set()
        over.wait(LIMIT)

    with serving(stack, serve, **ends[0]) as served:
        try:
            with xio.Handle(stack, served.contact, **ends[1], timeout=LIMIT) as client:
                assert ready.wait(LIMIT), served.error
                yield client, found[0]
        finally:
            over.set()


def test_what_is_written_is_read(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    assert client.write(b"hello") == 5
    assert server.read(100, 5) == b"hello"
    assert server.write(bytearray(b"back")) == 4
    buffer = bytearray(10)
    assert client.readinto(buffer, 4) == 4
    assert buffer == b"back\0\0\0\0\0\0"


def test_several_buffers_are_written_and_read_without_joining(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    parts = [b"one", bytearray(b"two"), memoryview(b"xthree")[1:], b""]
    assert client.writev(parts) == 11
    first, second = bytearray(4), bytearray(20)
    assert server.readv([first, second], 11) == 11
    assert first == b"onet" and second[:7] == b"wothree"


def test_much_data_arrives_as_it_was(stack: str, ends: Any, serving: Serving) -> None:
    data = os.urandom(3_000_000)
    with (
        serving(stack, echo, **ends[0]) as served,
        xio.Handle(stack, served.contact, **ends[1], timeout=LIMIT) as client,
    ):
        writer = threading.Thread(target=client.write, args=(data,))
        writer.start()
        received = bytearray(len(data))
        assert client.readinto(received, len(data)) == len(data)
        writer.join(LIMIT)
        assert received == data


def test_reading_waits_for_so_many_bytes(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    later = threading.Timer(0.2, client.write, args=(b"67890",))
    client.write(b"12345")
    later.start()
    assert server.read(100, 10) == b"1234567890"
    later.join()


def test_where_the_data_ends_nothing_is_read(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    client.write(b"the end")
    client.close()
    assert server.read(100, 50) == b"the end"
    assert server.read(100, 50) == b""
    assert server.read() == b""


@pytest.mark.parametrize("minimum", [-1, 11])
def test_a_minimum_that_does_not_fit(pair: tuple[xio.Handle, xio.Handle], minimum: int) -> None:
    with pytest.raises(ValueError, match="minimum"):
        pair[0].readinto(bytearray(10), minimum)


def test_a_read_that_runs_out_of_time_loses_nothing(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    client.write(b"first ")
    with pytest.raises(TimeoutError, match=r"0\.2 seconds"):
        server.read(100, 12, timeout=0.2)
    client.write(b"second")
    assert server.read(100, 12) == b"first second"


def test_deadlines_are_kept(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, _server = pair
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        client.read(timeout=0.3)
    with pytest.raises(TimeoutError, match="no progress"):
        client.read(timeout=Timeout(stall=0.2))
    clock = Deadline(Timeout(total=0.2))
    with pytest.raises(TimeoutError):
        client.read(timeout=clock)
    with pytest.raises(TimeoutError):
        client.write(bytes(50_000_000), timeout=clock)
    assert time.monotonic() - started < 0.3 + 0.2 + 0.2 + 2.0


def test_a_write_that_nobody_reads_runs_out_of_time(pair: tuple[xio.Handle, xio.Handle], stack: str) -> None:
    client, _server = pair
    with pytest.raises(TimeoutError, match="could not write"):
        client.write(bytes(50_000_000), timeout=0.3)
    if stack != "tcp":  # in the middle of a message of GSI
        with pytest.raises(ClosedError, match="given up"):
            client.write(b"more")


def test_cancelling_ends_a_read_of_another_thread(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    errors: list[BaseException] = []

    def read() -> None:
        try:
            server.read(10)
        except CanceledError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while thread.is_alive():
        server.cancel("read")
        thread.join(0.02)
    assert len(errors) == 1
    client.write(b"still works")
    assert server.read(100, 11) == b"still works"
    with pytest.raises(ValueError, match="'sleep' is none of"):
        server.cancel("sleep")  # type: ignore[arg-type]


def test_closing_ends_a_read_of_another_thread(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, _server = pair
    outcome: list[object] = []

    def read() -> None:
        try:
            outcome.append(client.read(10))
        except (CanceledError, ConnectionLostError) as error:
            outcome.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.1)
    client.close()
    thread.join(LIMIT)
    assert len(outcome) == 1


def test_after_closing(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, _server = pair
    client.close()
    client.close()
    assert client.closed and not client.opened
    for use in (client.read, lambda: client.write(b"x"), client.open, client.descriptor):
        with pytest.raises(ClosedError):
            use()


def test_before_opening(stack: str) -> None:
    handle = xio.Handle(stack, "localhost:1")
    with pytest.raises(ClosedError, match="not open yet"):
        handle.read()
    handle.close()
    assert handle.closed


def test_nobody_listens(stack: str, ends: Any, closed_port: int) -> None:
    with pytest.raises(ConnectRefusedError) as caught:
        xio.Handle(stack, f"127.0.0.1:{closed_port}", **ends[1]).open()
    assert isinstance(caught.value, ConnectionRefusedError)
    assert caught.value.errno == 111


def test_no_such_host(stack: str, ends: Any) -> None:
    with pytest.raises(HostNotFoundError):
        xio.Handle(stack, "no-such-host.invalid:1", **ends[1]).open(timeout=LIMIT)


def test_a_peer_that_does_not_shake_hands_is_dropped_in_time(
    serving: Serving, ends: Any, host: Credential, user: Credential
) -> None:
    def stall(connection: xio.Handle) -> None:
        connection.read(1 << 16, 1 << 16)

    with serving("tcp", stall) as served:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            xio.Handle("tcp,gsi", served.contact, gsi=xio.GSI(credential=user)).open(timeout=0.5)
        assert time.monotonic() - started < 1.0
    with (
        xio.Server("tcp,gsi", "localhost", gsi=xio.GSI(credential=host)) as server,
        xio.Handle("tcp", f"localhost:{server.port}"),
    ):
        connection = server.accept(timeout=LIMIT)
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.open(timeout=0.5)
        assert time.monotonic() - started < 1.0


def test_options_of_an_open_handle(pair: tuple[xio.Handle, xio.Handle]) -> None:
    client, server = pair
    client.tcp.nodelay = True
    assert client.tcp.nodelay is True
    assert client.tcp.remote_numeric_contact == server.tcp.local_numeric_contact.replace(
        "[::ffff:127.0.0.1]", "127.0.0.1"
    )  # type: ignore[union-attr]
    assert client.xio.remote_contact().startswith("localhost:")
    with pytest.raises(AttributeError, match=r"tcp\.port is read on Attributes"):
        _ = client.tcp.port


def test_a_handler_of_a_signal_ends_a_read(pair: tuple[xio.Handle, xio.Handle]) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    sender = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    sender.start()
    try:
        with pytest.raises(Interrupted):
            pair[0].read()
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)


def test_forgetting_a_handle_warns(stack: str, ends: Any, serving: Serving) -> None:
    with serving(stack, echo, **ends[0]) as served:
        handle = xio.Handle(stack, served.contact, **ends[1]).open()
        with pytest.warns(ResourceWarning, match="unclosed <Handle"):
            del handle
            gc.collect()


def test_a_loop_accepts_until_the_server_is_closed(stack: str, ends: Any) -> None:
    with xio.Server(stack, "localhost", **ends[0]) as server:
        served: list[bytes] = []

        def serve() -> None:
            for connection in server:
                with connection:
                    served.append(connection.read(1))

        thread = threading.Thread(target=serve)
        thread.start()
        for letter in b"abc":
            with xio.Handle(stack, f"localhost:{server.port}", **ends[1]) as handle:
                handle.write(bytes([letter]))
                assert handle.read() == b""
        server.close()
        thread.join(1.0)
        assert not thread.is_alive()
        assert served == [b"a", b"b", b"c"]
    with pytest.raises(ClosedError):
        server.accept()


def test_accepting_runs_out_of_time(stack: str, ends: Any) -> None:
    with xio.Server(stack, "localhost", **ends[0]) as server:
        with pytest.raises(TimeoutError, match="accept a connection"):
            server.accept(timeout=0.1)
        with xio.Handle("tcp", f"localhost:{server.port}"):
            server.accept(timeout=LIMIT).close()  # never opened


def test_attributes_of_one_connection(serving: Serving) -> None:
    with xio.Server("tcp", "localhost") as server, xio.Handle("tcp", f"localhost:{server.port}"):
        attributes = xio.Attributes()
        attributes.tcp.nodelay = True
        with server.accept(attributes=attributes, timeout=LIMIT) as connection:
            assert connection.stack is server.stack
            assert connection.contact is None


def test_a_port_that_is_taken(stack: str, ends: Any) -> None:
    with (
        xio.Server(stack, "localhost", **ends[0]) as server,
        pytest.raises(OSError, match="could not listen"),
    ):
        xio.Server(stack, "localhost", server.port, **ends[0])


def test_hosts_and_ports_are_those_of_tcp() -> None:
    with pytest.raises(ValueError, match="no host and no port"):
        xio.Server("mode_e", port=7000)


def test_opening_and_closing_leaves_nothing(stack: str, ends: Any, wait_until: Callable[..., None]) -> None:
    def once(server: xio.Server) -> None:
        with xio.Handle(stack, f"localhost:{server.port}", **ends[1]) as handle:
            handle.write(b"x")

    def live() -> dict[str, int]:
        gc.collect()
        globus_lowlevel.reap()
        return {kind: count for kind, count in globus_lowlevel.live().items() if kind != "called"}

    def grown() -> dict[str, int]:
        """By a half of one for each connection: the last ones may still be closing."""
        return {kind: count for kind, count in live().items() if count > before[kind] + 10}

    with xio.Server(stack, "localhost", **ends[0]) as server:

        def serve() -> None:
            for connection in server:
                with connection:
                    connection.read(1)

        thread = threading.Thread(target=serve)
        thread.start()
        once(server)
        before, descriptors = live(), len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            once(server)
        wait_until(lambda: not grown() and len(os.listdir("/proc/self/fd")) <= descriptors + 2)
        server.close()
        thread.join(LIMIT)


def test_everything_can_be_awaited(stack: str, ends: Any) -> None:
    async def serve(connection: xio.AsyncHandle) -> None:
        async with connection:
            while data := await connection.read():
                await connection.writev([data, b"!"])

    async def talk(contact: str, number: int) -> bytes:
        async with xio.AsyncHandle(stack, contact, **ends[1], timeout=LIMIT) as handle:
            await handle.write(b"number %d" % number)
            return await handle.read(100, 9)

    async def main() -> list[bytes]:
        async with xio.AsyncServer(stack, "localhost", **ends[0]) as server, asyncio.TaskGroup() as tasks:

            async def accept() -> None:
                async for connection in server:
                    tasks.create_task(serve(connection))

            accepting = tasks.create_task(accept())
            answers = await asyncio.gather(*(talk(f"localhost:{server.port}", i) for i in range(5)))
            await server.close()
            await accepting
            return answers

    assert asyncio.run(main()) == [b"number %d!" % i for i in range(5)]


def test_cancelling_a_task_ends_its_read(stack: str, ends: Any, serving: Serving) -> None:
    async def main(contact: str) -> bytes:
        async with xio.AsyncHandle(stack, contact, **ends[1]) as handle:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await handle.read()
            await handle.write(b"still works")
            return await handle.read(100, 11)

    with serving(stack, echo, **ends[0]) as served:
        assert asyncio.run(main(served.contact)) == b"still works"


def test_gsi_needs_gsi(user: Credential) -> None:
    with pytest.raises(ValueError, match="has no gsi"):
        xio.Handle("tcp", "localhost:1", gsi=xio.GSI(credential=user))
    with pytest.raises(StackError):
        xio.Handle("tcp:no_such=1", "localhost:1").open()


def test_the_port_of_a_closed_server_is_free() -> None:
    server = xio.Server("tcp", "127.0.0.1")
    port = server.port
    for _ in range(20):
        ended: list[Exception] = []

        def accept(server: xio.Server, ended: list[Exception]) -> None:
            with pytest.raises((ClosedError, CanceledError)) as caught:
                server.accept(timeout=LIMIT)
            ended.append(caught.value)

        thread = threading.Thread(target=accept, args=(server, ended))
        thread.start()
        server.close()
        again = xio.Server("tcp", "127.0.0.1", port)
        thread.join(LIMIT)
        assert len(ended) == 1
        server = again
    server.close()
