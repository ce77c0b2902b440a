"""XioSocket does what ``socket.socket`` does, on tcp and with GSI: the tests run over the system's sockets, too."""

from __future__ import annotations

import array
import errno
import gc
import os
import select
import selectors
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.security.errors import PeerNameError
from globus_hl.xio.errors import PeerRefusedError

from .conftest import LIMIT
from .pairs import Kind, Pair, connected, exactly, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from globus_hl.security import Credential


@pytest.fixture(params=["socket", "tcp", "tcp,gsi"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return kind_of(request.param, request)


@pytest.fixture
def pair(kind: Kind) -> Iterator[Pair]:
    client, server = connected(kind)
    with client, server:
        yield client, server


def test_data_goes_both_ways(pair: Pair) -> None:
    client, server = pair
    assert client.send(b"hello") == 5
    assert exactly(server, 5) == b"hello"
    server.sendall(bytearray(b"back"))
    assert exactly(client, 4) == b"back"


def test_much_data(pair: Pair) -> None:
    client, server = pair
    data = os.urandom(5_000_000)
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    assert exactly(server, len(data)) == data
    sender.join(LIMIT)


@pytest.mark.parametrize("size", [1, 511, 512, 513, 5_000_000])
def test_replies_of_any_size(pair: Pair, size: int) -> None:
    client, server = pair
    data = os.urandom(size)
    sender = threading.Thread(target=lambda: (server.sendall(data), server.close()))
    sender.start()
    with client.makefile("rb") as file:
        assert file.read() == data
    sender.join(LIMIT)


def test_receiving_into_buffers(pair: Pair) -> None:
    client, server = pair
    client.sendall(b"0123456789" * 3)
    room = bytearray(10)
    assert server.recv_into(room, 4) <= 4
    numbers = array.array("i", [0, 0])
    assert 0 < server.recv_into(numbers) <= 8
    with pytest.raises(ValueError, match="buffer too small"):
        server.recv_into(room, 11)
    with pytest.raises(ValueError, match="negative buffersize"):
        server.recv(-1)


def test_messages_of_several_buffers(pair: Pair) -> None:
    client, server = pair
    assert client.sendmsg([b"one", bytearray(b"two"), b"", memoryview(b"three")]) == 11
    assert exactly(server, 3) == b"one"
    first, second = bytearray(3), bytearray(10)
    count, ancillary, _flags, address = server.recvmsg_into([first, second])
    assert (count, ancillary, address) == (8, [], None)
    assert first == b"two" and second[:5] == b"three"
    client.sendall(b"more")
    assert server.recvmsg(2, 0, socket.MSG_PEEK)[0] == b"mo"
    assert server.recvmsg(100, 100) == (
        b"more",
        [],
        0,
        None,
    )  # there is room for ancillary data, and none comes
    server.settimeout(None)
    with pytest.raises(BlockingIOError):
        server.recvmsg_into([first], 0, socket.MSG_DONTWAIT)
    for wrong in (
        lambda: server.recvmsg(-1),
        lambda: server.recvmsg(1, -1),
        lambda: server.recvmsg_into([], -1),
    ):
        with pytest.raises(ValueError, match=r"negative buffer size|invalid ancillary data buffer length"):
            wrong()


def test_a_message_of_more_than_there_is_room_for(pair: Pair) -> None:
    client, server = pair
    parts = [os.urandom(700_000) for _ in range(4)]
    client.setblocking(False)
    count = client.sendmsg(parts)
    assert exactly(server, count) == b"".join(parts)[:count]
    client.settimeout(LIMIT)
    client.sendall(b"the end")
    assert exactly(server, 7) == b"the end"


@pytest.mark.parametrize("size", [10, 20_000, 300_000])
def test_what_was_sent_may_be_changed(pair: Pair, size: int) -> None:
    client, server = pair
    data = bytearray(os.urandom(size))
    whole = bytes(data)
    for _ in range(5):
        sent = client.send(data)
        data[:] = bytes(size)
        assert exactly(server, sent) == whole[:sent]
        data[:] = whole


def test_peeking_and_waiting_for_all(pair: Pair) -> None:
    client, server = pair
    client.sendall(b"12345")
    assert server.recv(1) == b"1"
    assert server.recv(2, socket.MSG_PEEK) == b"23"
    later = threading.Timer(0.1, client.sendall, args=(b"67890",))
    server.settimeout(None)
    later.start()
    assert server.recv(9, socket.MSG_WAITALL) == b"234567890"
    later.join()
    with pytest.raises(BlockingIOError):
        server.recv(1, socket.MSG_DONTWAIT)


def test_time_outs(pair: Pair) -> None:
    client, _server = pair
    client.settimeout(0.1)
    assert client.gettimeout() == client.timeout == 0.1
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="timed out"):
        client.recv(1)
    assert 0.09 < time.monotonic() - started < 0.6
    client.settimeout(0)
    assert not client.getblocking()
    with pytest.raises(BlockingIOError) as caught:
        client.recv(1)
    assert caught.value.errno == errno.EAGAIN
    client.setblocking(True)
    assert client.gettimeout() is None and client.getblocking()
    for wrong, error in ((-1, ValueError), ("1", TypeError), (float("nan"), ValueError)):
        with pytest.raises(error):
            client.settimeout(wrong)  # type: ignore[arg-type]


def test_sending_to_who_does_not_read(pair: Pair) -> None:
    client, _server = pair
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.sendall(bytes(50_000_000))
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.sendall(bytes(50_000_000))


def test_half_closed(pair: Pair) -> None:
    client, server = pair
    client.sendall(b"a question")
    client.shutdown(socket.SHUT_WR)
    assert exactly(server, 100) == b"a question"
    assert server.recv(10) == b""
    server.sendall(b"an answer")
    assert exactly(client, 9) == b"an answer"
    with pytest.raises(BrokenPipeError):
        client.send(b"more")
    server.close()
    assert client.recv(10) == b""
    assert client.recv(10) == b""


def test_sending_to_who_has_gone(pair: Pair) -> None:
    client, server = pair
    server.close()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(1000):
            client.send(b"x" * 1000)
            time.sleep(0.001)


def test_a_reset(pair: Pair) -> None:
    client, server = pair
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.close()
    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_names_and_options(pair: Pair) -> None:
    client, server = pair
    assert client.getpeername() == server.getsockname()
    assert client.getsockname() == server.getpeername()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert (client.family, client.type) == (socket.AF_INET, socket.SOCK_STREAM)


def test_files(pair: Pair) -> None:
    client, server = pair
    with client.makefile("rwb") as file, server.makefile("r", encoding="ascii") as lines:
        file.write(b"first line\nsecond line\n")
        file.flush()
        assert lines.readline() == "first line\n"
        server.close()  # not before the file is
        assert lines.readline() == "second line\n"


def test_sending_a_file(pair: Pair, tmp_path: Path) -> None:
    client, server = pair
    path = tmp_path / "data"
    path.write_bytes(os.urandom(3_000_000))
    with path.open("rb") as file:
        sender = threading.Thread(target=client.sendfile, args=(file, 1000))
        sender.start()
        assert exactly(server, 2_999_000) == path.read_bytes()[1000:]
        sender.join(LIMIT)


def test_select_and_selectors(pair: Pair) -> None:
    client, server = pair
    assert select.select([client], [], [], 0.05) == ([], [], [])
    assert select.select([], [client], [], LIMIT)[1] == [client]
    server.sendall(b"x" * 10)
    assert select.select([client], [], [], LIMIT)[0] == [client]
    assert client.recv(4) == b"xxxx"
    assert select.select([client], [], [], LIMIT)[0] == [client]  # what is left
    assert exactly(client, 6) == b"xxxxxx"
    assert select.select([client], [], [], 0.05)[0] == []
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        assert selector.select(LIMIT)[0][1] == selectors.EVENT_WRITE
        client.setblocking(False)
        selector.modify(client, selectors.EVENT_WRITE)
        sent = 0
        while selector.select(0.2):  # until all buffers are full
            sent += client.send(bytes(1 << 18))
        assert len(exactly(server, sent)) == sent
        assert selector.select(LIMIT)
    client.settimeout(LIMIT)
    server.close()
    assert select.select([client], [], [], LIMIT)[0] == [client]  # the end


def test_closing(pair: Pair) -> None:
    client, _server = pair
    descriptor = client.fileno()
    assert descriptor >= 0
    client.close()
    client.close()
    assert client.fileno() == -1
    for use in (lambda: client.recv(1), lambda: client.send(b"x"), lambda: client.shutdown(socket.SHUT_RD)):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            use()
        assert caught.value.errno == errno.EBADF


def test_what_was_sent_leaves_after_closing(pair: Pair) -> None:
    client, server = pair
    data = os.urandom(300_000)
    client.sendall(data)
    for _ in range(3):
        client.close()
    with pytest.raises(OSError, match="Bad file descriptor"):  # although the data may still leave
        client.getsockname()
    assert client.detach() == -1
    assert exactly(server, len(data) + 1) == data


def test_closing_in_the_middle_of_a_handshake(kind: Kind, wait_until: Callable[..., None]) -> None:
    with kind.listen() as listener:
        before = len(os.listdir("/proc/self/fd"))
        for timeout in (0, 0.05):
            for _ in range(20):
                client = kind.new()
                client.settimeout(timeout)
                try:
                    client.connect(listener.getsockname())
                except (BlockingIOError, TimeoutError):
                    assert timeout == 0 or kind.is_secure
                client.close()
                assert client.fileno() == -1
        wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before)


def test_detaching(pair: Pair) -> None:
    client, server = pair
    descriptor = client.detach()
    assert client.fileno() == -1
    os.close(descriptor)
    assert server.recv(1) == b""


def test_two_threads_receive(pair: Pair) -> None:
    client, server = pair
    counts = [0, 0]

    def receive(which: int) -> None:
        while data := server.recv(1000):
            counts[which] += len(data)

    threads = [threading.Thread(target=receive, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    client.sendall(bytes(2_000_000))
    client.close()
    for thread in threads:
        thread.join(LIMIT)
    assert sum(counts) == 2_000_000


def test_a_handler_of_a_signal_ends_receiving(pair: Pair) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    sender.start()
    try:
        with pytest.raises(Interrupted):
            pair[0].recv(1)
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)


def test_a_handler_that_does_not_raise_ends_nothing(pair: Pair) -> None:
    client, server = pair
    before = signal.signal(signal.SIGUSR1, lambda *_: server.sendall(b"by signal"))
    sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    sender.start()
    try:
        assert exactly(client, 9) == b"by signal"
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)


def test_not_connected(kind: Kind, closed_port: int) -> None:
    with kind.new() as sock:
        for use in (lambda: sock.recv(1), sock.getpeername):
            with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
                use()
            assert caught.value.errno == errno.ENOTCONN
        assert sock.connect_ex(("127.0.0.1", closed_port)) == errno.ECONNREFUSED
    with kind.new() as sock, pytest.raises(ConnectionRefusedError):
        sock.connect(("127.0.0.1", closed_port))


def test_connecting_without_waiting(kind: Kind) -> None:
    """As event loops do: connect, wait until it is writable, and go on."""
    with kind.listen() as listener, kind.new() as client, selectors.DefaultSelector() as selector:
        client.setblocking(False)
        assert client.connect_ex(listener.getsockname()) in (0, errno.EINPROGRESS)
        server, _ = listener.accept()
        with server:
            server.setblocking(False)
            sent = received = b""
            deadline = time.monotonic() + LIMIT
            while received != b"hello":
                assert time.monotonic() < deadline
                for sock, event in ((client, selectors.EVENT_WRITE), (server, selectors.EVENT_READ)):
                    selector.register(sock, event)
                selector.select(0.1)
                for sock in (client, server):
                    selector.unregister(sock)
                try:
                    if not sent:
                        client.send(b"hello")
                        sent = b"hello"
                    received = server.recv(100)
                except BlockingIOError:
                    continue
            client.settimeout(LIMIT)
            server.sendall(b"back")
            assert exactly(client, 4) == b"back"


def test_accepting_has_time_outs(kind: Kind) -> None:
    with kind.listen() as listener:
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_time_out_of_a_month(pair: Pair) -> None:
    client, server = pair
    client.settimeout(30 * 86_400)
    timer = threading.Timer(0.05, server.sendall, [b"x"])
    timer.start()
    assert client.recv(1) == b"x"
    client.sendall(b"y")
    assert server.recv(1) == b"y"
    timer.join()


@pytest.mark.parametrize("stack", ["tcp", "tcp,gsi"])
def test_there_are_streams_alone(stack: str) -> None:
    for make in (
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_TCP),
        lambda: xio.XioSocket(socket.AF_INET, socket.SOCK_DGRAM, stack=stack),
        lambda: xio.XioSocket(socket.AF_UNIX, socket.SOCK_SEQPACKET, stack=stack),
        lambda: xio.socketpair(type=socket.SOCK_DGRAM, stack=stack),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            make()
        assert caught.value.errno == errno.EPROTONOSUPPORT


def test_a_descriptor_that_is_no_stream_stays_its_owners() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        with pytest.raises(OSError, match="not supported"):
            xio.XioSocket(fileno=datagrams.fileno())
        datagrams.bind(("127.0.0.1", 0))  # open still


def test_ipv6(kind: Kind) -> None:
    with kind.listen(socket.AF_INET6) as listener, kind.new(socket.AF_INET6) as client:
        client.settimeout(LIMIT)
        thread = threading.Thread(target=lambda: serve_six(listener))
        thread.start()
        client.connect(listener.getsockname())
        assert exactly(client, 3) == b"six"
        thread.join(LIMIT)


def serve_six(listener: socket.socket) -> None:
    server, address = listener.accept()
    assert len(address) == 4
    with server:
        server.sendall(b"six")


def test_pairs() -> None:
    first, second = xio.socketpair()
    with first, second:
        first.sendall(b"a pair")
        assert second.recv(100) == b"a pair"
        copy = first.dup()
        with copy:
            copy.sendall(b"a copy")
        assert second.recv(100) == b"a copy"


def test_what_is_no_socket(user: Credential) -> None:
    with pytest.raises(ValueError, match="datagrams"):
        xio.XioSocket(stack="udp")
    with pytest.raises(ValueError, match="has no gsi"):
        xio.XioSocket(gsi=xio.GSI(credential=user))


# ---- GSI ---------------------------------------------------------------------------------------------------------------


def secure(host: Credential, **options: Any) -> xio.XioSocket:
    return xio.create_server(("127.0.0.1", 0), stack="tcp,gsi", gsi=xio.GSI(credential=host, **options))


def reach(listener: socket.socket, user: Credential, **options: Any) -> xio.XioSocket:
    gsi = xio.GSI(credential=user, **options)
    address = ("localhost", listener.getsockname()[1])
    return xio.create_connection(address, timeout=LIMIT, stack="tcp,gsi", gsi=gsi)


def serve_one(listener: xio.XioSocket) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []

    def serve() -> None:
        server, _ = listener.accept()
        with server:
            server.settimeout(LIMIT)
            try:
                server.sendall(server.recv(100))
                found.append(server.peer)
            except OSError as error:
                found.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread, found


def test_the_ends_know_each_other(host: Credential, user: Credential, grid: Any) -> None:
    with secure(host) as listener:
        thread, found = serve_one(listener)
        with reach(listener, user, delegation="limited") as client:
            client.sendall(b"hello")
            assert exactly(client, 5) == b"hello"
            assert client.peer is not None and client.peer.subject == grid.host.subject
            assert client.context is not None
            assert client.xio_handle().gsi.peer_name == client.peer.name
        thread.join(LIMIT)
    assert found[0].subject == grid.user.subject
    assert found[0].delegated.is_limited


def test_the_wrong_server_is_refused(host: Credential, user: Credential) -> None:
    with secure(host) as listener:
        thread, found = serve_one(listener)
        with pytest.raises(PeerNameError):
            reach(listener, user, authorization="/O=Grid/CN=Somebody Else")
        thread.join(LIMIT)
        assert isinstance(found[0], OSError)


def test_a_callback_that_raises_refuses(host: Credential, user: Credential) -> None:
    def broken(peer: xio.Peer) -> bool:
        raise LookupError("no map")

    with secure(host, authorization=broken) as listener:
        thread, found = serve_one(listener)
        with reach(listener, user) as client:
            assert client.recv(10) == b""
        thread.join(LIMIT)
    assert isinstance(found[0], PeerRefusedError)
    assert isinstance(found[0].__cause__, LookupError)


def test_who_does_not_shake_hands_is_dropped(host: Credential, user: Credential) -> None:
    with secure(host) as listener, socket.create_connection(listener.getsockname()):
        server, _ = listener.accept()
        with server:
            server.settimeout(0.2)
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                server.recv(10)
            assert time.monotonic() - started < 0.7
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gsi = xio.GSI(credential=user)
        with xio.XioSocket(stack="tcp,gsi", gsi=gsi, handshake_timeout=0.3) as client:
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                client.connect(listener.getsockname())
            assert time.monotonic() - started < 0.8


def test_forgetting_a_socket_warns(kind: Kind) -> None:
    client, server = connected(kind)
    with server:
        if isinstance(client, xio.XioSocket):
            assert "stack='tcp" in repr(client)
        with pytest.warns(ResourceWarning, match="unclosed"):
            del client
            gc.collect()
        assert server.recv(1) == b""


def test_connections_leave_nothing(kind: Kind, wait_until: Callable[..., None]) -> None:
    for _ in range(3):
        for sock in connected(kind):
            sock.close()
    before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(30):
        client, server = connected(kind)
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        client.close()
        server.close()
    wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before)
    assert threading.active_count() <= threads
