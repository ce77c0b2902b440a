"""XioSocket on other transports than tcp."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import select
import selectors
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.errors import ConnectError, HostNotFoundError
from globus_hl.security.errors import PeerNameError
from globus_hl.xio import standard
from globus_hl.xio.errors import PeerRefusedError

from .conftest import LIMIT
from .leftovers import leaving_nothing
from .pairs import Kind, Pair, exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from globus_hl.security import Credential

UNKNOWN = ("0.0.0.0", 0)  # noqa: S104
UDT = ["udt", "udt,queue", "udt,gsi"]


@pytest.fixture(params=UDT)
def kind(request: pytest.FixtureRequest) -> Kind:
    if request.param != "udt,gsi":
        return Kind(request.param, {}, {})
    host, user = request.getfixturevalue("host"), request.getfixturevalue("user")
    client = {"gsi": xio.GSI(credential=user), "server_hostname": "localhost"}
    return Kind(request.param, {"gsi": xio.GSI(credential=host)}, client)


def listen(kind: Kind) -> Any:
    sock = xio.create_server(("", 0), stack=kind.stack, **kind.server)
    sock.settimeout(LIMIT)
    return sock


def connected(kind: Kind) -> Pair:
    with listen(kind) as listener:
        client = kind.new()
        assert isinstance(client, xio.XioSocket)
        client.setblocking(False)
        assert client.connect_ex(("127.0.0.1", listener.getsockname()[1])) == errno.EINPROGRESS
        server, address = listener.accept()
        assert address == UNKNOWN
        for end in (client, server):
            end.settimeout(LIMIT)
            end.do_handshake()
        return client, server


@pytest.fixture
def pair(kind: Kind) -> Iterator[Pair]:
    client, server = connected(kind)
    with client, server:
        yield client, server


def opened(stack: str, contact: Any, **options: Any) -> xio.XioSocket:
    attributes = xio.Attributes()
    for name, value in options.items():
        setattr(getattr(attributes, stack.partition(",")[0]), name, value)
    sock = xio.XioSocket(stack=stack, attributes=attributes)
    sock.settimeout(LIMIT)
    try:
        sock.connect(contact)
    except BaseException:
        sock.close()
        raise
    return sock


# ---- udt ---------------------------------------------------------------------------------------------------------------


def test_what_it_is(pair: Pair) -> None:
    client, server = pair
    for end in pair:
        assert isinstance(end, xio.XioSocket)
        assert isinstance(end, socket.socket)
        assert (end.family, end.type) == (socket.AF_INET, socket.SOCK_STREAM)
        assert end.getsockname() == UNKNOWN
        assert end.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
        assert end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for level, option, value in (
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 0),
            (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
        ):
            with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
                end.setsockopt(level, option, value)
            assert caught.value.errno == errno.ENOPROTOOPT
    assert client.getpeername()[0] == "127.0.0.1"
    assert server.getpeername() == UNKNOWN
    assert "udt" in repr(client)


def test_echo_of_much_data(pair: Pair) -> None:
    client, server = pair
    data = os.urandom(5_000_000)

    def echo() -> None:
        sent = 0
        while sent < len(data):
            more = server.recv(100_000)
            server.sendall(more)
            sent += len(more)

    threads = [threading.Thread(target=echo), threading.Thread(target=client.sendall, args=(data,))]
    for thread in threads:
        thread.start()
    assert exactly(client, len(data)) == data
    for thread in threads:
        thread.join(LIMIT)


def test_messages_flags_and_files(pair: Pair) -> None:
    client, server = pair
    assert client.sendmsg([b"one", b"", bytearray(b"two")]) == 6
    server.settimeout(None)  # with a time-out, as of the system, it may be less
    assert server.recv(6, socket.MSG_WAITALL) == b"onetwo"
    server.settimeout(LIMIT)
    client.sendall(b"12345")
    assert server.recv(2, socket.MSG_PEEK)[:1] == b"1"
    assert exactly(server, 5) == b"12345"
    with client.makefile("rwb") as file, server.makefile("r", encoding="ascii") as lines:
        file.write(b"first line\nsecond line\n")
        file.flush()
        assert lines.readline() == "first line\n"
        server.close()  # not before the file is
        assert lines.readline() == "second line\n"


def test_sending_a_file(pair: Pair, tmp_path: Path) -> None:
    client, server = pair
    path = tmp_path / "data"
    path.write_bytes(os.urandom(1_000_000))
    with path.open("rb") as file:
        sender = threading.Thread(target=client.sendfile, args=(file, 1000))
        sender.start()
        assert exactly(server, 999_000) == path.read_bytes()[1000:]
        sender.join(LIMIT)


def test_time_outs(pair: Pair) -> None:
    client, server = pair
    client.settimeout(0.3)
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="timed out"):
        client.recv(1)
    assert 0.29 < time.monotonic() - started < 2
    client.settimeout(0)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    client.settimeout(LIMIT)
    server.sendall(b"late")  # what was waited for in vain is still read
    assert exactly(client, 4) == b"late"


def test_sending_to_who_does_not_read(pair: Pair) -> None:
    client, server = pair
    client.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.sendall(bytes(80_000_000))
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.sendall(bytes(80_000_000))
    server.close()
    client.settimeout(LIMIT)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        client.sendall(bytes(80_000_000))


def test_select_and_selectors(pair: Pair) -> None:
    client, server = pair
    assert select.select([client], [], [], 0.3) == ([], [], [])
    assert select.select([], [client], [], LIMIT)[1] == [client]
    server.sendall(b"x" * 10)
    assert select.select([client], [], [], LIMIT)[0] == [client]
    assert exactly(client, 4) == b"xxxx"
    assert select.select([client], [], [], LIMIT)[0] == [client]  # what is left
    assert exactly(client, 6) == b"xxxxxx"
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        assert selector.select(LIMIT)[0][1] == selectors.EVENT_WRITE
        selector.unregister(client)
    server.close()
    assert select.select([client], [], [], LIMIT)[0] == [client]  # the end
    assert client.recv(1) == client.recv(1) == b""


def test_closing_in_the_middle(pair: Pair) -> None:
    client, server = pair
    failures: list[object] = []

    def receive() -> None:
        try:
            failures.append(client.recv(1))
        except OSError as error:
            failures.append(error)

    reader = threading.Thread(target=receive)
    reader.start()
    server.sendall(b"")
    client.close()
    reader.join(LIMIT)
    assert len(failures) == 1
    assert client.fileno() == -1
    for use in (lambda: client.recv(1), lambda: client.send(b"x"), client.getsockname, client.getpeername):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            use()
        assert caught.value.errno == errno.EBADF
    assert server.recv(1) == b""


def test_what_was_sent_leaves_after_closing(pair: Pair) -> None:
    client, server = pair
    data = os.urandom(3_000_000)
    sender = threading.Thread(target=lambda: (client.sendall(data), client.close()))
    sender.start()
    assert exactly(server, len(data) + 1) == data
    sender.join(LIMIT)


def test_shutting_down(pair: Pair) -> None:
    client, server = pair
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
        client.shutdown(socket.SHUT_WR)
    assert caught.value.errno == errno.EOPNOTSUPP
    client.sendall(b"the last")
    client.shutdown(socket.SHUT_RDWR)
    with pytest.raises(BrokenPipeError):
        client.send(b"more")
    assert client.recv(1) == b""
    assert exactly(server, 9) == b"the last"


def test_what_there_is_not(pair: Pair) -> None:
    client, _ = pair
    for call in (
        client.dup,
        client.detach,
        lambda: client.recv(1, socket.MSG_OOB),
        lambda: client.send(b"x", 1),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            call()
        assert caught.value.errno == errno.EOPNOTSUPP
    for wrong, number in (
        (lambda: client.connect(("127.0.0.1", 1)), errno.EISCONN),
        (lambda: client.bind(("", 0)), errno.EINVAL),
        (lambda: client.listen(), errno.EINVAL),
        (lambda: client.accept(), errno.EINVAL),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            wrong()
        assert caught.value.errno == number


def test_connecting_without_waiting(kind: Kind) -> None:
    with listen(kind) as listener, kind.new() as client:
        where = ("127.0.0.1", listener.getsockname()[1])
        client.setblocking(False)
        assert client.connect_ex(where) == errno.EINPROGRESS
        assert select.select([listener], [], [], LIMIT)[0] == [listener]
        server, _ = listener.accept()
        with server:
            assert select.select([], [client], [], LIMIT)[1] == [client]
            assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            assert client.connect_ex(where) == errno.EISCONN
            assert client.send(b"hello") == 5
            server.settimeout(LIMIT)
            assert exactly(server, 5) == b"hello"


def test_accepting_waits_as_long_as_it_is_told() -> None:
    with xio.create_server(("", 0), stack="udt") as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()
        listener.settimeout(0.2)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                listener.accept()
        listener.settimeout(LIMIT)  # and those in vain do no harm
        where = ("127.0.0.1", listener.getsockname()[1])
        with xio.create_connection(where, LIMIT, stack="udt") as client, listener.accept()[0] as server:
            client.sendall(b"x")
            assert server.recv(1) == b"x"


def test_closing_while_somebody_accepts() -> None:
    listener = xio.create_server(("", 0), stack="udt")
    failures: list[OSError] = []

    def accept() -> None:
        try:
            listener.accept()
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=accept)
    thread.start()
    listener.close()
    thread.join(LIMIT)
    assert [error.errno for error in failures] in ([errno.EBADF], [errno.EINVAL])


def test_where_nobody_listens(closed_port: int) -> None:
    where = ("127.0.0.1", closed_port)
    with xio.XioSocket(stack="udt") as sock:
        sock.settimeout(0.3)
        started = time.monotonic()
        with pytest.raises(TimeoutError, match="timed out"):
            sock.connect(where)
        assert time.monotonic() - started < 2
        assert sock.connect_ex(where) == errno.EALREADY
    with xio.XioSocket(stack="udt") as sock:
        sock.settimeout(LIMIT)
        with pytest.raises(ConnectError) as caught:
            sock.connect(where)
        assert caught.value.errno == errno.ETIMEDOUT
        with pytest.raises(OSError) as after:  # noqa: PT011 - errno tells
            sock.send(b"x")
        assert after.value.errno == errno.ENOTCONN
    with xio.XioSocket(stack="udt") as sock:
        sock.setblocking(False)
        assert sock.connect_ex(where) == errno.EINPROGRESS
        assert select.select([], [sock], [], LIMIT)[1] == [sock]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ETIMEDOUT
        assert sock.connect_ex(where) == errno.ETIMEDOUT
    with xio.XioSocket(stack="udt") as sock, pytest.raises(HostNotFoundError):
        sock.connect(("no-such-host.invalid", 1))


def test_ports(wait_until: Callable[..., None]) -> None:
    with xio.create_server(("", 0), stack="udt") as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            xio.create_server(("", port), stack="udt")
        assert caught.value.errno == errno.EADDRINUSE
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            xio.create_server(("127.0.0.1", 0), stack="udt")
        assert caught.value.errno == errno.EADDRNOTAVAIL
    again: list[Any] = []

    def is_free() -> bool:
        with contextlib.suppress(OSError):
            again.append(xio.create_server(("", port), stack="udt"))
        return bool(again)

    wait_until(is_free)
    with again[0] as second:
        assert second.getsockname() == (UNKNOWN[0], port)


def test_binding_before_connecting(closed_port: int) -> None:
    with xio.create_server(("", 0), stack="udt") as listener:
        listener.settimeout(LIMIT)
        where = ("127.0.0.1", listener.getsockname()[1])
        for port in (closed_port, 0):
            client = xio.create_connection(where, LIMIT, ("", port), stack="udt")
            with client, listener.accept()[0] as server:
                assert client.getsockname() == (UNKNOWN[0], port)
                client.sendall(b"x")
                assert server.recv(1) == b"x"
    with xio.XioSocket(stack="udt") as sock:
        sock.bind(("", 0))
        bound = sock.getsockname()
        sock.listen()
        assert sock.getsockname() == bound
        assert bound[1] > 0


def test_servers_of_the_standard_library() -> None:
    class Shout(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(self.rfile.readline().upper())

    with standard.ThreadingTCPServer(("", 0), Shout, stack="udt") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        where = ("127.0.0.1", server.server_address[1])
        try:
            with xio.create_connection(where, LIMIT, stack="udt") as client, client.makefile("rb") as file:
                client.sendall(b"hello\n")
                assert file.read() == b"HELLO\n"
        finally:
            server.shutdown()
            thread.join(LIMIT)


def test_arguments() -> None:
    for wrong, error in (
        ({"stack": "udp"}, ValueError),
        ({"stack": "mode_e"}, ValueError),
        ({"stack": "gridftp"}, ValueError),
        ({"stack": "udt", "fileno": 0}, ValueError),
        ({"stack": "udt", "family": socket.AF_INET6}, OSError),
        ({"stack": "udt", "type": socket.SOCK_DGRAM}, OSError),
        ({"stack": "udt", "gsi": xio.GSI()}, ValueError),
        ({"stack": "file", "family": socket.AF_INET}, OSError),
    ):
        with pytest.raises(error):
            xio.XioSocket(**wrong)  # type: ignore[arg-type]
    with xio.XioSocket(stack="udt") as sock:
        for address, kind in ((("host", "1"), TypeError), (("host", 65536), OverflowError)):
            with pytest.raises(kind):
                sock.connect(address)
    with xio.XioSocket(stack="file") as sock:
        with pytest.raises(TypeError):
            sock.connect(("host", 1))
        for call in (lambda: sock.bind("x"), lambda: sock.listen()):
            with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
                call()
            assert caught.value.errno == errno.EOPNOTSUPP


def test_pairs_of_sockets(kind: Kind, user: Credential) -> None:
    same = {"gsi": xio.GSI(credential=user, authorization="self")} if kind.is_secure else {}
    first, second = xio.socketpair(stack=kind.stack, **same)
    with first, second:
        assert first.gettimeout() is None
        first.sendall(b"x")
        assert second.recv(10) == b"x"


def test_classes_made_from_it() -> None:
    class Mine(xio.XioSocket):
        def shout(self) -> None:
            self.sendall(b"HELLO")

    class Wrong(xio.XioSocket):
        def __init__(self) -> None:
            super().__init__(stack="udt")

    first, second = xio.socketpair(stack="udt", kind=Mine)
    with first, second:
        assert isinstance(first, Mine)
        first.shout()
        assert exactly(second, 5) == b"HELLO"
    with pytest.raises(TypeError, match="__new__"):
        Wrong()


def test_a_peer_of_the_toolkit() -> None:
    """XIO's own handles and servers at the other end."""
    with xio.Server("udt", timeout=LIMIT, connection_timeout=LIMIT) as server:
        port = int(server.contact.rpartition(":")[2])
        with xio.create_connection(("127.0.0.1", port), LIMIT, stack="udt") as client:
            with server.accept() as handle:
                client.sendall(b"question")
                assert handle.read(8, 8) == b"question"
                handle.write(b"answer")
                assert exactly(client, 6) == b"answer"
            assert client.recv(1) == b""
    with xio.create_server(("", 0), stack="udt") as listener:
        listener.settimeout(LIMIT)
        contact = f"127.0.0.1:{listener.getsockname()[1]}"
        with xio.Handle("udt", contact, timeout=LIMIT) as handle, listener.accept()[0] as accepted:
            handle.write(b"question")
            accepted.settimeout(LIMIT)
            assert exactly(accepted, 8) == b"question"
            with pytest.raises(TimeoutError):
                handle.read(1, timeout=0.2)
            accepted.sendall(b"answer")
            assert handle.read(6, 6) == b"answer"


@pytest.fixture
def perf() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """The toolkit's own program, which needs to be told to use threads, and to print at once."""
    command = ["stdbuf", "-oL", "globus-xioperf", "-l", "65536", "-D", "udt"]
    environment = os.environ | {"GLOBUS_THREAD_MODEL": "pthread"}
    with contextlib.ExitStack() as ending:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            program = subprocess.Popen(
                [*command, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=-1
            )
            ending.enter_context(program)
            ending.callback(program.kill)
            return program

        yield start


@pytest.mark.skipif(shutil.which("globus-xioperf") is None, reason="there is no globus-xioperf")
def test_a_program_of_the_toolkit(perf: Callable[..., subprocess.Popen[bytes]]) -> None:
    with xio.create_server(("", 0), stack="udt") as listener:
        listener.settimeout(LIMIT)
        sender = perf("-c", f"127.0.0.1:{listener.getsockname()[1]}", "-S", "-n", "5M")
        server, _ = listener.accept()
        server.settimeout(LIMIT)
        with server, server.makefile("rb") as file:
            assert len(file.read()) == 5 << 20
        assert sender.wait(LIMIT) == 0
    receiver = perf("-s", "-R")
    assert receiver.stdout is not None
    port = next(int(line.rpartition(b":")[2]) for line in receiver.stdout if b"listening" in line)
    with xio.create_connection(("127.0.0.1", port), LIMIT, stack="udt") as client:
        client.sendall(bytes(5 << 20))
    output, _ = receiver.communicate(timeout=LIMIT)
    assert b"Bytes recv:   5.00 M" in output
    assert receiver.returncode == 0


def test_asyncio() -> None:
    async def talk() -> None:
        loop = asyncio.get_running_loop()
        with xio.create_server(("", 0), stack="udt") as listener, xio.XioSocket(stack="udt") as client:
            listener.setblocking(False)
            client.setblocking(False)
            connecting = asyncio.create_task(
                loop.sock_connect(client, ("127.0.0.1", listener.getsockname()[1]))
            )
            server, _ = await loop.sock_accept(listener)
            with server:
                server.setblocking(False)
                await connecting
                sending = asyncio.create_task(loop.sock_sendall(client, bytes(3_000_000)))
                count = 0
                while count < 3_000_000:
                    count += len(await loop.sock_recv(server, 1 << 16))
                await sending

    asyncio.run(asyncio.wait_for(talk(), LIMIT))


# ---- gsi on udt --------------------------------------------------------------------------------------------------------


def test_who_the_peer_is(host: Credential, user: Credential) -> None:
    kind = Kind(
        "udt,gsi",
        {"gsi": xio.GSI(credential=host)},
        {"gsi": xio.GSI(credential=user, delegation="full"), "server_hostname": "localhost"},
    )
    client, server = connected(kind)
    with client, server:
        assert isinstance(client, xio.XioSocket)
        assert isinstance(server, xio.XioSocket)
        server.do_handshake()
        assert client.peer is not None
        assert client.peer.subject == host.identity
        assert server.peer is not None
        assert server.peer.subject == user.identity
        assert server.peer.delegated is not None
        assert server.peer.delegated.identity == user.identity


def test_another_host(host: Credential, user: Credential) -> None:
    kind = Kind("udt,gsi", {"gsi": xio.GSI(credential=host)}, {})
    with (
        listen(kind) as listener,
        xio.XioSocket(
            stack="udt,gsi", gsi=xio.GSI(credential=user), server_hostname="elsewhere.example.org"
        ) as client,
    ):
        client.setblocking(False)
        assert client.connect_ex(("127.0.0.1", listener.getsockname()[1])) == errno.EINPROGRESS
        with listener.accept()[0]:
            client.settimeout(LIMIT)
            with pytest.raises(PeerNameError):
                client.do_handshake()


def test_refusing_a_peer(host: Credential, user: Credential) -> None:
    def refuse(_: xio.Peer) -> bool:
        raise RuntimeError("not today")

    kind = Kind(
        "udt,gsi",
        {"gsi": xio.GSI(credential=host, authorization=refuse)},
        {"gsi": xio.GSI(credential=user), "server_hostname": "localhost"},
    )
    with listen(kind) as listener, kind.new() as client:
        client.setblocking(False)
        assert client.connect_ex(("127.0.0.1", listener.getsockname()[1])) == errno.EINPROGRESS
        with listener.accept()[0] as server:
            server.settimeout(LIMIT)
            for use in (lambda: server.recv(1), lambda: server.send(b"x")):
                with pytest.raises(PeerRefusedError):
                    use()
            client.settimeout(LIMIT)
            assert client.recv(1) == b""


def test_gsi_through_pipes(host: Credential, user: Credential) -> None:
    first, second = os.pipe(), os.pipe()
    sides = []
    for reading, writing, options in (
        (first[0], second[1], {"gsi": xio.GSI(credential=user), "server_hostname": "localhost"}),
        (second[0], first[1], {"gsi": xio.GSI(credential=host), "server_side": True}),
    ):
        attributes = xio.Attributes()
        attributes.pipe.input_descriptor = reading
        attributes.pipe.output_descriptor = writing
        sides.append(xio.XioSocket(stack="pipe,gsi", attributes=attributes, **options))  # type: ignore[arg-type]
    with sides[0] as client, sides[1] as server:
        for side in sides:
            side.setblocking(False)
            assert side.connect_ex("") == errno.EINPROGRESS
        for side in sides:
            side.settimeout(LIMIT)
            side.do_handshake()
        assert client.peer is not None
        assert server.peer is not None
        assert (client.peer.subject, server.peer.subject) == (host.identity, user.identity)
        client.sendall(b"through pipes")
        assert exactly(server, 13) == b"through pipes"


# ---- what has no host --------------------------------------------------------------------------------------------------


def test_a_file(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    path, data = tmp_path / "data", os.urandom(5_000_000)
    with opened("file", path) as sock:
        assert (sock.family, sock.type) == (socket.AF_UNSPEC, socket.SOCK_STREAM)
        assert (sock.getsockname(), sock.getpeername()) == ("", path)
        sock.sendall(data)
    wait_until(lambda: path.read_bytes() == data)
    with opened("file", path) as sock, sock.makefile("rb") as file:
        assert file.read() == data
        assert sock.recv(1) == b""


def test_a_file_has_one_position(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with opened("file", path) as sock:
        assert sock.recv(2) == b"01"
        sock.sendall(b"AB")
        assert sock.recv(2) == b"45"
        assert sock.recv(2, socket.MSG_PEEK) == b"67"
        sock.sendall(b"C")
        assert exactly(sock, 100) == b"679"
    wait_until(lambda: path.read_bytes() == b"01AB4567C9")


def test_selecting_a_file(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with xio.XioSocket(stack="file") as sock, selectors.DefaultSelector() as selector:
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect(path)
        assert select.select([], [sock], [], LIMIT)[1] == [sock]
        selector.register(sock, selectors.EVENT_READ)
        data = bytearray()
        tries = 0
        while selector.select(LIMIT):
            tries += 1
            try:
                more = sock.recv(4)
            except BlockingIOError:
                continue
            data += more
            if not more:
                break
        assert data == b"0123456789"
        assert tries < 20  # it does not spin


def test_files_that_do_not_open(tmp_path: Path) -> None:
    for path, kind in ((tmp_path / "none" / "data", FileNotFoundError), (tmp_path, IsADirectoryError)):
        with pytest.raises(kind, match="could not open"):
            opened("file", path)
    with xio.XioSocket(stack="file") as sock:
        assert sock.connect_ex(tmp_path) == errno.EISDIR
        sock.connect(tmp_path / "data")  # another attempt
        sock.send(b"x")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x")
    with opened("file", path, flags=os.O_RDONLY) as sock:

        def write() -> None:
            while True:
                sock.send(b"x" * 1000)

        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            write()
        assert caught.value.errno == errno.EBADF
        assert sock.recv(1) == b"x"


@pytest.mark.parametrize("stack", ["popen", "popen,queue"])
def test_a_program(stack: str) -> None:
    data = os.urandom(5_000_000)
    with opened(stack, "cat", program=["/bin/cat", "-u"]) as sock:
        sender = threading.Thread(target=sock.sendall, args=(data,))
        sender.start()
        assert exactly(sock, len(data)) == data
        sender.join(LIMIT)
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        assert select.select([sock], [sock], [], 0.1)[:2] == ([], [sock])
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno tells
            sock.shutdown(socket.SHUT_WR)
        assert caught.value.errno == errno.EOPNOTSUPP


def test_two_threads_receive_from_a_program(wait_until: Callable[..., None]) -> None:
    with opened("popen", "sh", program=["/bin/sh", "-c", "read go; echo one; read go; echo two"]) as sock:
        came: list[bytes] = []
        threads = [threading.Thread(target=lambda: came.append(sock.recv(100))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for count in (1, 2):
            sock.sendall(b"go\n")
            wait_until(lambda count=count: len(came) == count)
        for thread in threads:
            thread.join(LIMIT)
            assert not thread.is_alive()
        assert b"".join(sorted(came)) == b"one\ntwo\n"


def test_a_program_that_ends() -> None:
    with opened("popen", "echo", program=["/bin/echo", "hello"]) as sock:
        assert exactly(sock, 100) == b"hello\n"
        assert sock.recv(1) == b""
    with pytest.raises(FileNotFoundError, match="could not open"):
        opened("popen", "none", program=["/no/such/program"])


def test_a_program_that_does_not_read() -> None:
    with opened("popen", "sleep", program=["/bin/sleep", "0.5"]) as sock:
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.sendall(bytes(10_000_000))
        sock.settimeout(LIMIT)
        with pytest.raises(ConnectionResetError):  # it ended with what it had not read
            sock.recv(1)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            sock.sendall(bytes(10_000_000))


def test_a_program_finishes_its_work(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    path, data = tmp_path / "copy", os.urandom(3_000_000)
    work = ["/bin/sh", "-c", f"cat > {path}.part; sleep 0.3; mv {path}.part {path}; echo done"]
    with opened("popen", "sh", program=work) as sock:
        sock.sendall(data)
    wait_until(path.exists)
    assert path.read_bytes() == data


def test_selecting_a_program() -> None:
    with opened("popen", "sh", program=["/bin/sh", "-c", "read line; echo $line; sleep 0.2"]) as sock:
        assert select.select([sock], [sock], [], 0.1)[:2] == ([], [sock])
        sock.sendall(b"hello\n")
        assert select.select([sock], [], [], LIMIT)[0] == [sock]
        assert sock.recv(100) == b"hello\n"
        assert select.select([sock], [], [], LIMIT)[0] == [sock]
        assert sock.recv(100) == b""


PIPE = """
from globus_hl import xio
with xio.XioSocket(stack="pipe") as sock:
    sock.settimeout(20)
    sock.connect("")
    while data := sock.recv(65536):
        sock.sendall(data.upper())
"""


def test_a_pipe_in_a_child() -> None:
    child = subprocess.Popen([sys.executable, "-W", "error", "-c", PIPE], stdin=-1, stdout=-1, stderr=-1)
    output, errors = child.communicate(b"abc" * 1_000_000, timeout=LIMIT)
    assert (child.returncode, errors) == (0, b"")
    assert output == b"ABC" * 1_000_000


# ---- the end -----------------------------------------------------------------------------------------------------------


def test_nothing_is_left(
    kind: Kind, tmp_path: Path, wait_until: Callable[..., None], closed_port: int
) -> None:
    def come_and_go() -> None:
        client, server = connected(kind)
        client.sendall(b"x" * 100_000)
        server.close()
        client.close()
        opened("file", tmp_path / "data").close()
        opened("popen", "cat", program=["/bin/cat"]).close()
        with xio.XioSocket(stack="udt") as sock:  # closed while it connects
            sock.setblocking(False)
            assert sock.connect_ex(("127.0.0.1", closed_port)) == errno.EINPROGRESS
        with listen(kind) as listener, kind.new() as client:  # nobody takes it
            client.setblocking(False)
            assert client.connect_ex(("127.0.0.1", listener.getsockname()[1])) == errno.EINPROGRESS
            assert select.select([listener], [], [], LIMIT)[0] == [listener]

    connected_once = connected(kind)  # what the process has once
    for sock in connected_once:
        sock.close()
    opened("popen", "cat", program=["/bin/cat"]).close()
    with leaving_nothing(wait_until):
        for _ in range(3):
            come_and_go()


def test_closing_while_it_connects(wait_until: Callable[..., None], closed_port: int) -> None:
    def come_and_go() -> None:
        with xio.XioSocket(stack="udt") as sock:
            sock.setblocking(False)
            assert sock.connect_ex(("127.0.0.1", closed_port)) == errno.EINPROGRESS

    for end in xio.socketpair(stack="udt"):  # UDT keeps a descriptor from now on
        end.close()
    with leaving_nothing(wait_until):
        for _ in range(20):
            come_and_go()


def test_forgotten(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    opened("file", tmp_path / "data").close()
    with leaving_nothing(wait_until):
        for make in (
            lambda: opened("file", tmp_path / "data"),
            lambda: xio.create_server(("", 0), stack="udt"),
        ):
            sock = make()
            with pytest.warns(ResourceWarning, match="unclosed"):
                del sock
                gc.collect()
