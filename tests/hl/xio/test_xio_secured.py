"""XioSocket on tcp and gsi, which makes and reads messages in the calling thread: records in pieces, threads, the end."""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import os
import select
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import pytest

from globus_hl import xio
from globus_hl.errors import GridError
from globus_hl.security.errors import PeerNameError
from globus_hl.xio.errors import StackError
from globus_hl.xio.watcher import watcher

from .conftest import LIMIT
from .leftovers import leaving_nothing
from .pairs import Pair, connected, exactly, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from globus_hl.security import Credential
    from globus_hl.testgrid import Grid

HEADER = 5  # bytes of a record's


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    client, server = connected(kind_of("tcp,gsi", request))
    with client, server:
        yield client, server


class Wire:
    """What lies between a client and a server, piece by piece in the hand of the test.

    Args:
        port: the server's.
    """

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._server_port = port
        self._hold = threading.Event()
        self._thread = threading.Thread(target=self._pass_on)
        self._thread.start()

    def _pass_on(self) -> None:
        """The handshake goes through as it is."""
        self.to_client, _ = self._listener.accept()
        self.to_server = socket.create_connection(("127.0.0.1", self._server_port))
        ends = {self.to_client: self.to_server, self.to_server: self.to_client}
        while not self._hold.is_set():
            for end in select.select([*ends], [], [], 0.01)[0]:
                ends[end].sendall(end.recv(65536))

    def hold(self) -> None:
        """From now on nothing passes but by `record` and `sendall`."""
        self._hold.set()
        self._thread.join(LIMIT)

    def record(self) -> bytes:
        """What the client has sent, and the server does not have yet: one record."""
        header = exactly(self.to_client, HEADER)
        return header + exactly(self.to_client, int.from_bytes(header[3:], "big"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hold()
        for end in (self.to_client, self.to_server, self._listener):
            end.close()


@pytest.fixture
def wired(host: Credential, user: Credential) -> Iterator[tuple[xio.XioSocket, Wire, xio.XioSocket]]:
    """A client, what lies in between, and a server, after the handshake."""
    gsi = xio.GSI(credential=host)
    with (
        xio.create_server(("127.0.0.1", 0), stack="tcp,gsi", gsi=gsi) as listener,
        Wire(listener.getsockname()[1]) as wire,
        contextlib.ExitStack() as ends,
    ):
        accepted: list[xio.XioSocket] = []

        def accept() -> None:
            server, _ = listener.accept()
            server.settimeout(LIMIT)
            server.do_handshake()
            accepted.append(server)

        thread = threading.Thread(target=accept)
        thread.start()
        client = xio.create_connection(
            ("127.0.0.1", wire.port),
            timeout=LIMIT,
            stack="tcp,gsi",
            gsi=xio.GSI(credential=user),
            server_hostname="localhost",
        )
        ends.enter_context(client)
        thread.join(LIMIT)
        ends.enter_context(accepted[0])
        wire.hold()
        yield client, wire, accepted[0]


# ---- records in pieces -------------------------------------------------------------------------------------------------


def test_a_record_that_comes_byte_by_byte(wired: tuple[xio.XioSocket, Wire, xio.XioSocket]) -> None:
    client, wire, server = wired
    client.sendall(b"one whole message")
    record = wire.record()
    server.setblocking(False)
    for byte in record[:-1]:
        wire.to_server.sendall(bytes([byte]))
        with pytest.raises(BlockingIOError):
            server.recv(100)
    wire.to_server.sendall(record[-1:])
    server.settimeout(LIMIT)
    assert server.recv(100) == b"one whole message"


def test_half_a_record_is_nothing_to_select(wired: tuple[xio.XioSocket, Wire, xio.XioSocket]) -> None:
    client, wire, server = wired
    assert select.select([server], [server], [], 0)[1]  # from now on somebody watches
    client.sendall(b"0123456789")
    record = wire.record()
    wire.to_server.sendall(record[:9])
    assert not select.select([server], [], [], 0.1)[0]
    wire.to_server.sendall(record[9:])
    assert select.select([server], [], [], LIMIT)[0]
    server.setblocking(False)
    for digit in b"0123456789":
        assert select.select([server], [], [], 0)[0]  # some are left, though the system's socket has none
        assert server.recv(1) == bytes([digit])
    assert not select.select([server], [], [], 0.1)[0]
    with pytest.raises(BlockingIOError):
        server.recv(1)


def test_a_time_out_in_the_middle_of_a_record(wired: tuple[xio.XioSocket, Wire, xio.XioSocket]) -> None:
    client, wire, server = wired
    client.sendall(b"late")
    record = wire.record()
    wire.to_server.sendall(record[:10])
    server.settimeout(0.05)
    with pytest.raises(TimeoutError):
        server.recv(100)
    wire.to_server.sendall(record[10:])
    server.settimeout(LIMIT)
    assert server.recv(100) == b"late"


def test_a_record_that_was_changed(wired: tuple[xio.XioSocket, Wire, xio.XioSocket]) -> None:
    client, wire, server = wired
    client.sendall(b"good" * 100)
    record = bytearray(wire.record())
    record[-1] ^= 1
    wire.to_server.sendall(record)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
        server.recv(1000)
    assert caught.value.errno == errno.EIO
    assert server.recv(1000) == b""


def test_a_record_that_came_twice(wired: tuple[xio.XioSocket, Wire, xio.XioSocket]) -> None:
    client, wire, server = wired
    client.sendall(b"pay once")
    wire.to_server.sendall(2 * wire.record())
    received = b""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the first may come alone
        while data := server.recv(1000):
            received += data
    assert caught.value.errno == errno.EIO
    assert received in (b"", b"pay once")


@pytest.mark.parametrize("speaks_first", ["client", "server", "both"])
def test_data_right_behind_the_handshake(host: Credential, user: Credential, speaks_first: str) -> None:
    """It may come together with the handshake's last message."""
    with xio.create_server(("127.0.0.1", 0), stack="tcp,gsi", gsi=xio.GSI(credential=host)) as listener:

        def serve() -> None:
            for _ in range(10):
                server, _ = listener.accept()
                with server:
                    server.settimeout(LIMIT)
                    if speaks_first != "client":
                        server.sendall(b"welcome")
                    assert exactly(server, 5) == b"hello"
                    if speaks_first == "client":
                        server.sendall(b"welcome")
                    assert server.recv(1) == b""

        thread = threading.Thread(target=serve)
        thread.start()
        for delegation in 5 * ["none", "limited"]:
            gsi = xio.GSI(credential=user, delegation=delegation)
            address = ("localhost", listener.getsockname()[1])
            with xio.create_connection(address, timeout=LIMIT, stack="tcp,gsi", gsi=gsi) as client:
                if speaks_first != "server":
                    client.sendall(b"hello")
                assert exactly(client, 7) == b"welcome"
                if speaks_first == "server":
                    client.sendall(b"hello")
        thread.join(LIMIT)
        assert not thread.is_alive()


def test_a_look_finds_all_that_has_come(wired: tuple[xio.XioSocket, Wire, xio.XioSocket]) -> None:
    client, wire, server = wired
    client.sendall(b"ab")
    wire.to_server.sendall(wire.record())
    assert server.recv(1) == b"a"
    client.sendall(b"cd")
    client.sendall(b"ef")
    wire.to_server.sendall(wire.record() + wire.record())
    while (found := server.recv(5, socket.MSG_PEEK)) != b"bcdef":
        assert b"bcdef".startswith(found)
    assert server.recv(3, socket.MSG_PEEK) == b"bcd"
    assert exactly(server, 5) == b"bcdef"


# ---- a peer that does not read -----------------------------------------------------------------------------------------


def numbered(count: int) -> bytes:
    """Bytes of which each four tell where they are."""
    return array.array("I", range(count // 4)).tobytes()


def test_what_a_send_that_does_not_wait_took_arrives(pair: Pair) -> None:
    client, server = pair
    client.setblocking(False)
    data, sent = numbered(32 << 20), 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += client.send(data[sent : sent + 300_000])
    assert exactly(server, sent) == data[:sent]  # the client does nothing more
    assert select.select([], [client], [], LIMIT)[1]
    assert client.send(b"more") == 4
    assert exactly(server, 4) == b"more"


def test_nobody_may_write_while_the_peer_does_not_read(pair: Pair) -> None:
    client, server = pair
    client.setblocking(False)
    assert select.select([], [client], [], 0)[1]
    data = bytes(1 << 20)
    with contextlib.suppress(BlockingIOError):
        while True:
            client.send(data)
    assert not select.select([], [client], [], 0.1)[1]
    while not select.select([], [client], [], 0)[1]:
        assert server.recv(1 << 20)


def test_a_send_that_runs_out_of_time(pair: Pair) -> None:
    client, server = pair
    data = numbered(32 << 20)
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.sendall(data)
    with pytest.raises(TimeoutError):
        client.send(b"refused")
    received = bytearray()

    def receive() -> None:
        while more := server.recv(1 << 20):
            received.extend(more)

    thread = threading.Thread(target=receive)
    thread.start()
    client.settimeout(LIMIT)
    client.sendall(b"THE END.")
    client.shutdown(socket.SHUT_WR)
    thread.join(LIMIT)
    assert received.endswith(b"THE END.")
    assert received[:-8] == data[: len(received) - 8]  # whole records, in their order


def test_closing_lets_what_was_sent_leave(pair: Pair) -> None:
    client, server = pair
    client.setblocking(False)
    data, sent = numbered(16 << 20), 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += client.send(data[sent:])
    client.close()
    assert exactly(server, sent) == data[:sent]
    assert server.recv(1) == b""


# ---- threads -----------------------------------------------------------------------------------------------------------


def test_who_waits_is_woken_by_closing(pair: Pair) -> None:
    client, _server = pair
    got: list[bytes | Exception] = []

    def receive() -> None:
        try:
            got.append(client.recv(1))
        except OSError as error:
            got.append(error)

    threads = [threading.Thread(target=receive) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)  # most of them wait by now; those that do not find it closed
    client.close()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert all(one == b"" or isinstance(one, OSError) for one in got)


def test_a_look_without_waiting_while_another_thread_waits(pair: Pair) -> None:
    client, server = pair
    client.settimeout(None)
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(client.recv(1)))
    thread.start()
    with pytest.raises(BlockingIOError):
        client.recv(1, socket.MSG_DONTWAIT)
    server.sendall(b"x")
    thread.join(LIMIT)
    assert got == [b"x"]


def test_messages_of_many_threads_stay_whole(pair: Pair) -> None:
    client, server = pair
    size, each, count = 3000, 100, 8

    def send(letter: bytes) -> None:
        for _ in range(each):
            client.sendall(letter * size)

    threads = [threading.Thread(target=send, args=(bytes([65 + number]),)) for number in range(count)]
    for thread in threads:
        thread.start()
    for _ in range(each * count):
        message = exactly(server, size)
        assert len(message) == size
        assert len(set(message)) == 1
    for thread in threads:
        thread.join(LIMIT)


def test_both_ways_at_once_with_a_selector(pair: Pair) -> None:
    """A selector's loop at one end, threads at the other."""
    client, server = pair
    data = numbered(8 << 20)
    echoed = bytearray()
    sender = threading.Thread(target=client.sendall, args=(data,))
    receiver = threading.Thread(target=lambda: echoed.extend(exactly(client, len(data))))
    sender.start()
    receiver.start()
    server.setblocking(False)
    waiting, done = bytearray(), 0
    while done < len(data):
        ready = select.select(
            [server] if len(waiting) < 1 << 20 else [], [server] if waiting else [], [], LIMIT
        )
        assert ready[0] or ready[1]
        with contextlib.suppress(BlockingIOError):
            if ready[0]:
                waiting += server.recv(65536)
        with contextlib.suppress(BlockingIOError):
            if ready[1]:
                count = server.send(waiting)
                del waiting[:count]
                done += count
    sender.join(LIMIT)
    receiver.join(LIMIT)
    assert echoed == data


# ---- descriptors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [256, 1024])
@pytest.mark.parametrize("stack", ["tcp,gsi", "tcp,gsi,queue", "tcp,queue", "tcp"])
def test_high_descriptors(
    host: Credential, user: Credential, wait_until: Callable[..., None], stack: str, number: int
) -> None:
    """The library waits with select(), which ends the process for those from 1024 on: it gets another number."""
    accepting: dict[str, Any] = {}
    connecting: dict[str, Any] = {}
    if "gsi" in stack:
        accepting = {"gsi": xio.GSI(credential=host)}
        connecting = {"gsi": xio.GSI(credential=user), "server_hostname": "localhost"}

    def echo(listener: xio.XioSocket) -> None:
        server, _ = listener.accept()
        with server:
            server.settimeout(LIMIT)
            server.sendall(server.recv(100))

    def talk() -> None:
        with xio.create_server(("127.0.0.1", 0), stack=stack, **accepting) as listener:
            thread = threading.Thread(target=echo, args=(listener,))
            thread.start()
            with socket.create_connection(listener.getsockname()) as plain:
                high = fcntl.fcntl(plain, fcntl.F_DUPFD_CLOEXEC, number)
            with xio.XioSocket(fileno=high, stack=stack, **connecting) as sock:
                sock.settimeout(LIMIT)
                sock.sendall(b"any number")
                assert exactly(sock, 10) == b"any number"
                if stack == "tcp,gsi":  # it has left the low numbers to others
                    handle = sock.xio_handle()
                    assert handle.gsi.peer_name == sock.peer.name
                    with pytest.raises(StackError, match="options of the socket itself"):
                        handle.tcp.nodelay = True
                    descriptor = sock.detach()
                    os.close(descriptor)
                    assert descriptor >= 1024
            thread.join(LIMIT)

    talk()  # what is there once
    with leaving_nothing(wait_until):
        talk()


def test_a_socket_that_was_connected_before(host: Credential, user: Credential) -> None:
    """Its address tells the host, if nobody else does; and the certificate is for a name."""
    with xio.create_server(("127.0.0.1", 0), stack="tcp,gsi", gsi=xio.GSI(credential=host)) as listener:

        def serve() -> None:
            for _ in range(2):
                server, _ = listener.accept()
                with server, contextlib.suppress(OSError, GridError):
                    server.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        for hostname in (None, "localhost"):
            descriptor = socket.create_connection(listener.getsockname()).detach()
            with xio.XioSocket(
                fileno=descriptor, stack="tcp,gsi", gsi=xio.GSI(credential=user), server_hostname=hostname
            ) as sock:
                sock.settimeout(LIMIT)
                with (
                    contextlib.nullcontext()
                    if hostname
                    else pytest.raises(PeerNameError, match="expected name")
                ):
                    sock.do_handshake()
        thread.join(LIMIT)


def test_a_peer_without_a_host(user: Credential) -> None:
    """The driver would look into a string that is not there."""
    first, second = xio.socketpair(stack="tcp,gsi", gsi=xio.GSI(credential=user))
    with first, second:
        first.settimeout(LIMIT)
        with pytest.raises(StackError, match="needs a host"):
            first.do_handshake()


@pytest.mark.parametrize("how", ["close", "select", "unsent", "unread", "detach"])
def test_nothing_is_left(wait_until: Callable[..., None], request: pytest.FixtureRequest, how: str) -> None:
    kind = kind_of("tcp,gsi", request)

    def talk() -> None:
        client, server = connected(kind)
        with client, server:
            if how == "select":
                assert select.select([client], [client], [], 0)[1]
            elif how == "unsent":
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        client.send(bytes(1 << 20))
            elif how == "unread":
                server.sendall(b"in vain")
            elif how == "detach":
                os.close(client.detach())

    watcher()  # what is there once
    talk()
    with leaving_nothing(wait_until):
        talk()


ENDING = """
import select, sys, threading
from globus_hl import xio
from globus_hl.security import Credential

user, host = Credential.load(sys.argv[1]), Credential.from_files(*sys.argv[2:4])
listener = xio.create_server(("127.0.0.1", 0), stack="tcp,gsi", gsi=xio.GSI(credential=host))
address = ("localhost", listener.getsockname()[1])

def flood(sock):
    while True:
        sock.sendall(bytes(100_000))

def serve():
    while True:
        server, _ = listener.accept()
        threading.Thread(target=flood, args=(server,), daemon=True).start()

threading.Thread(target=serve, daemon=True).start()
options = {"stack": "tcp,gsi", "gsi": xio.GSI(credential=user)}
watched = [xio.create_connection(address, **options) for _ in range(3)]
for sock in watched:
    sock.setblocking(False)
reader = xio.create_connection(address, **options)
threading.Thread(target=lambda: [reader.recv(1000) for _ in iter(int, 1)], daemon=True).start()
for _ in range(100):
    for sock in select.select(watched, [], [])[0]:
        sock.recv(200_000)
print("at work")
"""


@pytest.mark.parametrize("_again", range(3))
def test_the_process_ends_in_the_middle_of_it(grid: Grid, _again: int) -> None:
    """Threads read, write and watch; some are in C."""
    files = [grid.user.proxy, grid.host.cert, grid.host.key]
    done = subprocess.run(
        [sys.executable, "-c", ENDING, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "at work\n", "")
