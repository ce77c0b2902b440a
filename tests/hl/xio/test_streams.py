"""Streams of asyncio: as asyncio's own behave, over stacks with and without GSI."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.errors import ConnectRefusedError
from globus_hl.security.errors import SecurityError

from .conftest import LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from globus_hl.security import Credential
    from globus_hl.testgrid import Grid

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


class Ends:
    """How the two ends of a test are made."""

    def __init__(self, server: dict[str, Any] | None, client: dict[str, Any] | None) -> None:
        self.server, self.client = server, client  # None: asyncio's own

    async def listen(self, serve: Callable[[Reader, Writer], Awaitable[None]], **options: Any) -> Any:
        if self.server is None:
            return await asyncio.start_server(serve, "127.0.0.1", 0, **options)
        return await xio.start_server(serve, "localhost", **(self.server | options))

    async def connect(self, server: Any, **options: Any) -> tuple[Reader, Writer]:
        host, port = server.sockets[0].getsockname()[:2]
        if self.client is None:
            return await asyncio.open_connection(host, port, **options)
        return await xio.open_connection("localhost", port, **(self.client | options))


@pytest.fixture(
    params=["asyncio", "tcp", "tcp to asyncio", "asyncio to tcp", "tcp,gsi", "tcp,gsi,rate:1GB/s"]
)
def ends(request: pytest.FixtureRequest, host: Credential, user: Credential) -> Ends:
    """Each test holds for asyncio's own streams as well: they say what is right."""
    if "gsi" in request.param:
        stack = request.param
        return Ends(
            {"stack": stack, "gsi": xio.GSI(credential=host)},
            {"stack": stack, "gsi": xio.GSI(credential=user)},
        )
    client, _, server = request.param.partition(" to ")
    kinds = {"asyncio": None, "tcp": {}}
    return Ends(kinds[server or client], kinds[client])


def run(work: Coroutine[Any, Any, Any]) -> Any:
    async def limited() -> Any:
        async with asyncio.timeout(LIMIT):
            return await work

    return asyncio.run(limited())


async def until(condition: Callable[[], object]) -> None:
    """Wait for what no event tells; the limit of `run` ends it."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def exchange(
    ends: Ends,
    serve: Callable[[Reader, Writer], Awaitable[object]],
    client: Callable[[Reader, Writer], Awaitable[object]],
    **options: Any,
) -> tuple[Any, Any]:
    """Run both ends of one connection, and return what they return; both are closed afterwards."""

    async def work() -> tuple[Any, Any]:
        served: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def serving(reader: Reader, writer: Writer) -> None:
            try:
                served.set_result(await serve(reader, writer))
            except Exception as error:  # noqa: BLE001 - the test looks at it
                served.set_result(error)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

        server = await ends.listen(serving)
        async with server:
            reader, writer = await ends.connect(server, **options)
            try:
                mine = await client(reader, writer)
            finally:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
            return await served, mine

    return run(work())


async def echo(reader: Reader, writer: Writer) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


# ---- data --------------------------------------------------------------------------------------------------------


def test_lines_and_exact_reads(ends: Ends) -> None:
    async def client(reader: Reader, writer: Writer) -> None:
        writer.write(b"first\nsecond\n12345678rest\0")
        await writer.drain()
        assert await reader.readline() == b"first\n"
        assert await reader.readline() == b"second\n"
        assert await reader.readexactly(8) == b"12345678"
        assert await reader.readuntil(b"\0") == b"rest\0"

    exchange(ends, echo, client)


@pytest.mark.parametrize("size", [1, 511, 512, 513, 65536, 65537, 5_000_000])
def test_sizes(ends: Ends, size: int) -> None:
    data = os.urandom(size)

    async def client(reader: Reader, writer: Writer) -> bytes:
        async with asyncio.TaskGroup() as tasks:
            got = tasks.create_task(reader.read())
            for at in range(0, size, 300_000):
                writer.write(data[at : at + 300_000])
                await writer.drain()
            writer.write_eof()
        return got.result()

    assert exchange(ends, echo, client)[1] == data


def test_many_small_pieces_keep_their_order(ends: Ends) -> None:
    pieces = [str(number).encode() for number in range(3000)]

    async def client(reader: Reader, writer: Writer) -> bytes:
        writer.writelines(pieces[:1000])
        for piece in pieces[1000:]:
            writer.write(piece)
        writer.write_eof()
        return await reader.read()

    assert exchange(ends, echo, client)[1] == b"".join(pieces)


def test_any_bytes_like_object_which_may_change_afterwards(ends: Ends) -> None:
    async def client(reader: Reader, writer: Writer) -> bytes:
        data = bytearray(b"one")
        writer.write(data)
        data[:] = b"xxx"
        writer.write(memoryview(b"-two-"))
        writer.write(b"")
        writer.write_eof()
        return await reader.read()

    assert exchange(ends, echo, client)[1] == b"one-two-"


def test_a_line_that_is_too_long(ends: Ends) -> None:
    async def client(reader: Reader, writer: Writer) -> None:
        writer.write(b"x" * 1000 + b"\n")
        with pytest.raises(asyncio.LimitOverrunError):
            await reader.readuntil(b"\n")

    exchange(ends, echo, client, limit=100)


# ---- ends --------------------------------------------------------------------------------------------------------


def test_one_direction_ends_before_the_other(ends: Ends) -> None:
    async def serve(reader: Reader, writer: Writer) -> bytes:
        data = await reader.read()
        assert reader.at_eof()
        writer.write(b"got " + data)
        await writer.drain()
        return data

    async def client(reader: Reader, writer: Writer) -> bytes:
        writer.write(b"all")
        assert writer.can_write_eof()
        writer.write_eof()
        with pytest.raises(RuntimeError, match="write_eof"):
            writer.write(b"more")
        return await reader.read()

    assert exchange(ends, serve, client) == (b"all", b"got all")


def test_what_was_written_before_closing_arrives(ends: Ends) -> None:
    data = os.urandom(2_000_000)

    async def client(_reader: Reader, writer: Writer) -> None:
        writer.write(data)  # and it is closed

    assert exchange(ends, lambda reader, _: reader.read(), client)[0] == data


def test_too_few_bytes(ends: Ends) -> None:
    async def serve(_reader: Reader, writer: Writer) -> None:
        writer.write(b"123")

    async def client(reader: Reader, _writer: Writer) -> None:
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await reader.readexactly(10)
        assert caught.value.partial == b"123"
        assert await reader.read() == b""

    exchange(ends, serve, client)


def test_a_closed_stream(ends: Ends) -> None:
    async def client(reader: Reader, writer: Writer) -> None:
        assert not writer.is_closing()
        writer.close()
        assert writer.is_closing()
        await writer.wait_closed()
        assert await reader.read() == b""

    exchange(ends, echo, client)


def test_a_reset_is_told(ends: Ends) -> None:
    """The client vanishes with data unread."""

    async def work() -> None:
        found: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

        async def serve(reader: Reader, writer: Writer) -> None:
            try:
                while await reader.read(100):
                    pass
                writer.write(bytes(1 << 20))
                await writer.drain()
                await reader.read(100)
                raise AssertionError("nothing was told")
            except ConnectionError as error:
                found.set_result(error)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

        server = await ends.listen(serve)
        async with server:
            _reader, writer = await ends.connect(server)
            reset(writer)
            assert isinstance(await found, ConnectionError)
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    run(work())


def reset(writer: Writer) -> None:
    """Have the system send RST in the place of FIN."""
    handle = writer.get_extra_info("handle")
    own = writer.get_extra_info("socket")
    with socket.socket(fileno=os.dup(own.fileno() if handle is None else handle.tcp.descriptor)) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# ---- flow ---------------------------------------------------------------------------------------------------------


def test_a_writer_waits_for_a_slow_reader(ends: Ends) -> None:
    total = 40_000_000
    block = bytes(500_000)

    async def work() -> None:
        go = asyncio.Event()

        async def serve(reader: Reader, writer: Writer) -> None:
            await go.wait()
            count = 0
            while data := await reader.read(1 << 20):
                count += len(data)
            writer.write(str(count).encode())
            writer.close()
            await writer.wait_closed()

        server = await ends.listen(serve)
        async with server:
            reader, writer = await ends.connect(server)
            sent = 0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    while sent < total:
                        writer.write(block)
                        sent += len(block)
                        await writer.drain()
            assert sent < total
            assert writer.transport.get_write_buffer_size() <= len(block) + (1 << 16)
            go.set()
            await writer.drain()
            writer.write_eof()
            assert await reader.read() == str(sent).encode()
            writer.close()
            await writer.wait_closed()

    run(work())


def test_limits_of_the_write_buffer(ends: Ends) -> None:
    async def client(_reader: Reader, writer: Writer) -> None:
        transport = writer.transport
        transport.set_write_buffer_limits(1000)
        assert transport.get_write_buffer_limits() == (250, 1000)
        transport.set_write_buffer_limits(low=10)
        assert transport.get_write_buffer_limits() == (10, 40)
        with pytest.raises(ValueError, match="must be >="):
            transport.set_write_buffer_limits(10, 20)
        assert transport.get_write_buffer_size() == 0

    exchange(ends, echo, client)


def test_a_paused_reader_gets_nothing(ends: Ends) -> None:
    async def client(reader: Reader, writer: Writer) -> bytes:
        writer.transport.pause_reading()
        assert not writer.transport.is_reading()
        writer.write(b"hello")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(10)
        writer.transport.resume_reading()
        assert writer.transport.is_reading()
        return await reader.read(10)

    assert exchange(ends, echo, client)[1] == b"hello"


def test_waiting_is_cancelled_and_nothing_is_lost(ends: Ends) -> None:
    async def client(reader: Reader, writer: Writer) -> bytes:
        for _ in range(20):
            waiting = asyncio.create_task(reader.readexactly(5))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
        writer.write(b"12345")
        return await reader.readexactly(5)

    assert exchange(ends, echo, client)[1] == b"12345"


# ---- servers ------------------------------------------------------------------------------------------------------


def test_fifty_clients_at_once(ends: Ends) -> None:
    async def work() -> None:
        async def ask(number: int) -> None:
            reader, writer = await ends.connect(server)
            text = f"client {number}\n".encode()
            writer.write(text)
            assert await reader.readline() == text
            writer.close()
            await writer.wait_closed()

        async def serve(reader: Reader, writer: Writer) -> None:
            await echo(reader, writer)
            writer.close()
            await writer.wait_closed()

        server = await ends.listen(serve, backlog=100) if ends.server is None else await ends.listen(serve)
        async with server:
            await asyncio.gather(*map(ask, range(50)))

    run(work())


def test_a_server_that_is_closed(ends: Ends) -> None:
    async def work() -> None:
        server = await ends.listen(echo)
        assert server.is_serving()
        assert server.get_loop() is asyncio.get_running_loop()
        host, port = server.sockets[0].getsockname()[:2]
        forever = asyncio.create_task(server.serve_forever())
        await asyncio.sleep(0)
        server.close()
        server.close()
        await server.wait_closed()
        assert not server.is_serving()
        assert server.sockets == ()
        with pytest.raises(asyncio.CancelledError):
            await forever
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, port)

    run(work())


def test_a_server_that_is_not_started(ends: Ends) -> None:
    async def work() -> None:
        server = await ends.listen(echo, start_serving=False)
        assert not server.is_serving()
        await server.start_serving()
        await server.start_serving()
        assert server.is_serving()
        server.close()
        await server.wait_closed()
        if ends.server is not None:  # asyncio's own raises something else by accident
            with pytest.raises(RuntimeError, match="is closed"):
                await server.start_serving()

    run(work())


def test_addresses(ends: Ends) -> None:
    async def serve(_reader: Reader, writer: Writer) -> tuple[Any, Any]:
        return writer.get_extra_info("peername"), writer.get_extra_info("sockname")

    async def client(_reader: Reader, writer: Writer) -> tuple[Any, Any]:
        return writer.get_extra_info("sockname"), writer.get_extra_info("peername")

    theirs, mine = exchange(ends, serve, client)
    assert [end[1] for end in theirs] == [end[1] for end in mine]  # IPv4 may be written as IPv6
    assert all(end[0] for end in (*theirs, *mine))


def test_nobody_listens() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectRefusedError):
            run(xio.open_connection("127.0.0.1", reserved.getsockname()[1]))


# ---- what asyncio's own streams do not have -------------------------------------------------------------------------


@pytest.fixture
def secure(host: Credential, user: Credential) -> Ends:
    """Both ends with GSI."""
    return Ends(
        {"stack": "tcp,gsi", "gsi": xio.GSI(credential=host)},
        {"stack": "tcp,gsi", "gsi": xio.GSI(credential=user)},
    )


def test_who_the_peer_is(secure: Ends, grid: Grid) -> None:
    async def subject(_reader: Reader, writer: Writer) -> str:
        assert writer.get_extra_info("stack").names == ("tcp", "gsi")
        return writer.get_extra_info("peer").subject

    assert exchange(secure, subject, subject) == (grid.user.subject, grid.host.subject)


def test_a_stack_that_is_no_network(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\n")

    async def work() -> list[bytes]:
        reader, writer = await xio.open_connection(str(path), stack="file")
        assert not writer.can_write_eof()
        with pytest.raises(NotImplementedError):
            writer.write_eof()
        lines = [line async for line in reader]
        writer.close()
        await writer.wait_closed()
        return lines

    assert run(work()) == [b"one\n", b"two\n"]


def test_a_handshake_that_stalls_is_dropped_and_holds_up_nobody(
    secure: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        server = await secure.listen(echo, timeout=1.0)
        async with server:
            with socket.create_connection(("localhost", server.port), LIMIT) as silent:
                silent.setblocking(False)
                started = time.monotonic()
                reader, writer = await secure.connect(server)
                writer.write(b"x")
                assert await reader.read(1) == b"x"
                assert await asyncio.get_running_loop().sock_recv(silent, 1) == b""
                assert time.monotonic() - started < 1.0 + 2.0
                writer.close()
                await writer.wait_closed()
            await until(lambda: caplog.records)
            server.close_clients()

    with caplog.at_level(logging.WARNING, "globus_hl.xio"):
        run(work())
    [record] = caplog.records
    assert "a connection did not come about" in record.getMessage()


@pytest.mark.parametrize("how", ["no", "raises"])
def test_a_callback_refuses_and_the_log_names_the_peer(
    secure: Ends, host: Credential, grid: Grid, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    called: list[Writer] = []

    def refuse(peer: xio.Peer) -> bool:
        if how == "raises":
            raise KeyError(peer.subject)
        return False

    async def serve(_reader: Reader, writer: Writer) -> None:
        called.append(writer)

    async def work() -> None:
        server = await secure.listen(serve, gsi=xio.GSI(credential=host, authorization=refuse))
        async with server:
            with contextlib.suppress(ConnectionError):
                reader, writer = await secure.connect(server)
                assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()
            await until(lambda: caplog.records)

    with caplog.at_level(logging.WARNING, "globus_hl.xio"):
        run(work())
    assert called == []
    [record] = caplog.records
    assert f"{grid.user.subject} is refused" in record.getMessage()


def test_a_server_with_another_name_is_refused(secure: Ends, user: Credential) -> None:
    async def work() -> None:
        async with await secure.listen(echo, gsi=xio.GSI(credential=user)) as server:
            with pytest.raises(SecurityError):
                await secure.connect(server)

    run(work())


@pytest.mark.parametrize("stack", ["tcp", "tcp,gsi"])
def test_stop_within_a_second_while_clients_hang(secure: Ends, stack: str) -> None:
    ends = secure if stack != "tcp" else Ends({}, {})

    async def work() -> None:
        async def serve(reader: Reader, writer: Writer) -> None:
            writer.write(bytes(50_000_000))
            with contextlib.suppress(ConnectionError):
                await reader.read()

        server = await ends.listen(serve)
        clients = [await ends.connect(server, limit=1000) for _ in range(3)]
        stalled = [socket.create_connection(("localhost", server.port), LIMIT) for _ in range(3)]
        for reader, _writer in clients:
            await reader.readexactly(1)
        started = time.monotonic()
        server.close()
        server.abort_clients()
        await server.wait_closed()
        assert time.monotonic() - started < 1.0
        for sock in stalled:
            sock.close()
        for _reader, writer in clients:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    run(work())


def test_the_end_of_the_loop_closes_what_is_open(secure: Ends) -> None:
    """Without a warning of what was left open: warnings are errors here."""

    kept: list[Writer] = []  # asyncio's own object warns if it goes before the loop

    async def work() -> None:
        server = await secure.listen(echo)
        reader, writer = await secure.connect(server)
        kept.append(writer)
        writer.write(b"x")
        assert await reader.read(1) == b"x"

    run(work())


def test_connections_leave_nothing_behind(secure: Ends) -> None:
    async def work() -> None:
        async def connect() -> None:
            reader, writer = await secure.connect(server)
            writer.write(b"x\n")
            assert await reader.readline() == b"x\n"
            writer.close()
            await writer.wait_closed()

        async def serve(reader: Reader, writer: Writer) -> None:
            await echo(reader, writer)
            writer.close()
            await writer.wait_closed()

        async with await secure.listen(serve) as server:
            for _ in range(10):  # what the first ones make once for all
                await connect()
            before = counted()
            for _ in range(150):
                await connect()
            await until(lambda: counted() <= before)  # the server's ends close a moment later

    run(work())


def counted() -> tuple[int, int]:
    """Descriptors and tasks."""
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
