"""The fault proxy: each fault as plain sockets see it, FTP's data channels, and what our client makes of it."""

from __future__ import annotations

import contextlib
import ftplib
import io
import re
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from globus_hl import errors, gridftp
from globus_hl.testgrid import Grid, GridFTPServer, TestGridError
from globus_hl.testgrid.faults import BlackHole, Cut, FaultProxy, Garbage, Reset, SlowDrip, StalledHandshake
from globus_hl.testgrid.ftp_faults import FTPFaultProxy
from globus_hl.timeouts import Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.hl.conftest import Stock

    from globus_hl.testgrid.faults import Fault

    Wait = Callable[[Callable[[], object]], None]

WORDS = bytes(range(256)) * 8
SOON = 0.3  # seconds in which what is not stopped has come; too short a time hides nothing but a fault that fails
MB = 1 << 20


# ---- plain connections -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=[connection], daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=accept)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@contextlib.contextmanager
def through(port: int, fault: Fault | None) -> Iterator[tuple[socket.socket, FaultProxy]]:
    with FaultProxy(port, fault) as proxy, socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        yield client, proxy


def receive(client: socket.socket, size: int) -> bytes:
    """That many bytes, or fewer if the end comes first."""
    data = b""
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return data


def silent(client: socket.socket) -> bool:
    """Whether nothing comes, not even an end."""
    client.settimeout(SOON)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(10)
    return False


def test_without_a_fault_it_is_not_there(echo: int) -> None:
    with through(echo, None) as (client, proxy):
        client.sendall(WORDS)
        client.shutdown(socket.SHUT_WR)
        assert receive(client, 2 * len(WORDS)) == WORDS
        assert proxy.accepted == 1


def test_black_hole(echo: int) -> None:
    with through(echo, BlackHole(after=1000)) as (client, proxy):
        client.sendall(WORDS)
        assert receive(client, 1000) == WORDS[:1000]
        assert silent(client)
        proxy.thaw()
        assert receive(client, len(WORDS) - 1000) == WORDS[1000:]


def test_a_black_hole_takes_what_comes_back_too(echo: int) -> None:
    with through(echo, BlackHole(after=1000, direction="up")) as (client, proxy):
        client.sendall(WORDS)
        assert silent(client)
        proxy.thaw()
        assert receive(client, len(WORDS)) == WORDS


def test_nothing_is_read_in_a_black_hole(echo: int) -> None:
    with through(echo, BlackHole(direction="up")) as (client, _):
        client.settimeout(SOON)
        with pytest.raises(TimeoutError):
            client.sendall(bytes(64 * MB))


def test_cut_and_reset(echo: int) -> None:
    with through(echo, Cut(after=7)) as (client, _):
        client.sendall(WORDS)
        assert receive(client, 100) == WORDS[:7]
    with through(echo, Reset(after=7)) as (client, _), pytest.raises(ConnectionResetError):
        client.sendall(WORDS)
        assert receive(client, 8) != WORDS[:8]


def test_at_once(echo: int) -> None:
    with through(echo, Cut()) as (client, _):
        assert receive(client, 1) == b""
    with pytest.raises(ConnectionResetError), through(echo, Reset()) as (client, _):
        client.recv(1)  # if connect has not noticed


def test_slow_drip(echo: int) -> None:
    with through(echo, SlowDrip(size=10, interval=0.02)) as (client, _):
        start = time.monotonic()
        client.sendall(WORDS[:100])
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000) in (WORDS[:10], WORDS[:20])
        assert receive(client, 1000) in (WORDS[10:100], WORDS[20:100])
        assert time.monotonic() - start >= 9 * 0.02


def test_garbage(echo: int) -> None:
    got = []
    for seed in (1, 1, 2):
        with through(echo, Garbage(after=5, seed=seed)) as (client, _):
            client.sendall(WORDS[:100])
            got.append(receive(client, 100))
    assert [len(data) for data in got] == [100] * 3
    assert got[0] == got[1] != got[2]
    assert got[0][:5] == WORDS[:5]
    assert WORDS[:100] not in got


def test_a_fault_that_waits_for_a_word(echo: int) -> None:
    with through(echo, Cut(when=rb"^QUIT\r\n")) as (client, _):
        for part in (b"a QUIT\r\nQ", b"UI", b"T\r\nmore"):
            client.sendall(part)
            client.sendall(b"")
        assert receive(client, 100) == b"a QUIT\r\nQUIT\r\n"


def test_faults_by_hand(echo: int) -> None:
    with through(echo, None) as (client, proxy):
        client.sendall(b"a")
        assert receive(client, 1) == b"a"
        proxy.freeze()
        client.sendall(b"a")
        assert silent(client)
        proxy.thaw()
        assert receive(client, 1) == b"a"
        proxy.cut()
        assert receive(client, 1) == b""
    with through(echo, None) as (client, proxy):
        client.sendall(b"a")
        assert receive(client, 1) == b"a"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_the_fault_may_change_between_connections(echo: int) -> None:
    with FaultProxy(echo, Cut()) as proxy:
        for fault, expected in ((Cut(), b""), (None, b"a")):
            proxy.fault = fault
            with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
                client.sendall(b"a")
                assert receive(client, 1) == expected


def test_a_server_that_is_down(echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with through(port, None) as (client, _):
        assert receive(client, 1) == b""


def test_the_end_of_the_proxy_ends_connections(echo: int, wait_until: Wait) -> None:
    with through(echo, BlackHole()) as (client, proxy):
        assert "BlackHole" in repr(proxy)
        wait_until(lambda: proxy.accepted)
        proxy.close()
        proxy.close()
        assert receive(client, 1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", proxy.port), 10)


def test_connections_that_come_while_the_proxy_ends_do_not_hang(echo: int) -> None:
    for _ in range(30):
        with through(echo, BlackHole()) as (client, proxy):
            proxy.close()
            with contextlib.suppress(ConnectionResetError):
                assert receive(client, 1) == b""


def test_a_stalled_tls_handshake(grid: Grid) -> None:
    context = ssl.create_default_context(cafile=str(grid.ca.cert))
    with FaultProxy(grid.myproxy, StalledHandshake()) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), 1) as plain, pytest.raises(TimeoutError):
            context.wrap_socket(plain, server_hostname="localhost")
        proxy.fault = None
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()


# ---- FTP ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(anonymous_server: GridFTPServer) -> GridFTPServer:
    (anonymous_server.root / "large").write_bytes(WORDS * 2048)  # 4 MiB
    return anonymous_server


@contextlib.contextmanager
def ftp(proxy: FaultProxy) -> Iterator[ftplib.FTP]:
    client = ftplib.FTP(timeout=10)
    client.connect("127.0.0.1", proxy.port)
    try:
        client.login()
        client.voidcmd("TYPE I")
        yield client
    finally:
        client.close()


@pytest.mark.parametrize("passive", [True, False], ids=["PASV", "PORT"])
def test_data_channels_go_through_the_proxy(server: GridFTPServer, passive: bool) -> None:
    with FTPFaultProxy(server) as proxy, ftp(proxy) as client:
        client.set_pasv(passive)
        for number in (1, 2):
            got = io.BytesIO()
            client.retrbinary(f"RETR {server.root}/large", got.write)
            assert got.getvalue() == (server.root / "large").read_bytes()
            assert proxy.data_channels == number
        client.storbinary(f"STOR {server.root}/stored", io.BytesIO(WORDS))
        assert (server.root / "stored").read_bytes() == WORDS
        assert proxy.data_channels == 3


def test_extended_and_striped_addresses_are_changed(server: GridFTPServer) -> None:
    with FTPFaultProxy(server) as proxy, ftp(proxy) as client:
        port = int(re.search(r"\(\|\|\|(\d+)\|\)", client.sendcmd("EPSV"))[1])  # type: ignore[index]
        with socket.create_connection(("127.0.0.1", port), 10):
            client.sendcmd(f"RETR {server.root}/large")
        assert proxy.data_channels == 1
    with FTPFaultProxy(server) as proxy, ftp(proxy) as client:
        client.voidcmd("MODE E")
        [address] = re.findall(r"^ (\d+,\d+,\d+,\d+,\d+,\d+)", client.sendcmd("SPAS"), re.MULTILINE)
        high, low = map(int, address.split(",")[4:])
        with socket.create_connection(("127.0.0.1", high * 256 + low), 10):
            client.sendcmd(f"STOR {server.root}/striped")
        assert proxy.data_channels == 1


@pytest.mark.parametrize("command", ["EPRT |1|127.0.0.1|{port}|", "SPOR 127,0,0,1,{high},{low}"])
def test_addresses_of_the_client_are_changed(server: GridFTPServer, command: str) -> None:
    with (
        FTPFaultProxy(server, data=Cut(after=100)) as proxy,
        ftp(proxy) as client,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        if command.startswith("SPOR"):
            client.voidcmd("MODE E")
        port = listener.getsockname()[1]
        client.voidcmd(command.format(port=port, high=port >> 8, low=port & 255))
        client.sendcmd(f"RETR {server.root}/large")
        listener.settimeout(10)
        connection, _ = listener.accept()
        with connection:
            assert len(receive(connection, 1000)) == 100
        assert proxy.data_channels == 1


def test_faults_of_data_channels_have_the_direction_of_the_data(server: GridFTPServer) -> None:
    for passive in (True, False):
        with FTPFaultProxy(server, data=Cut(after=1000, direction="up")) as proxy, ftp(proxy) as client:
            client.set_pasv(passive)
            got = io.BytesIO()
            client.retrbinary(f"RETR {server.root}/large", got.write)
            assert len(got.getvalue()) == 4 * MB
            with contextlib.suppress(ftplib.Error, OSError):  # whether it is told depends on who comes first
                client.storbinary(f"STOR {server.root}/cut", io.BytesIO(bytes(40 * MB)))
            assert (server.root / "cut").stat().st_size <= 1000


def test_gsi_goes_through_on_the_control_channel(
    stock: Stock, gridftp_server: GridFTPServer, tmp_path: Path
) -> None:
    (gridftp_server.root / "a").write_bytes(WORDS)
    with FTPFaultProxy(gridftp_server, data=Cut()) as proxy:
        stock.copy(proxy.through(f"{gridftp_server.url}/a"), (tmp_path / "a").as_uri())
        assert (proxy.accepted, proxy.data_channels) == (1, 0)  # nobody can read where the data goes
    assert (tmp_path / "a").read_bytes() == WORDS


# ---- our client --------------------------------------------------------------------------------------

LIMIT = 1.5  # seconds: a deadline of the client
SLACK = 8.0  # seconds that a busy machine may add


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """A deadline holds: it neither comes early nor much too late."""
    start = time.monotonic()
    with pytest.raises(errors.OperationTimeoutError):
        yield
    assert LIMIT * 0.9 <= time.monotonic() - start <= LIMIT + SLACK


@pytest.mark.parametrize(
    "data",
    [BlackHole(after=100_000), SlowDrip(after=100_000, size=10, interval=0.01)],
    ids=["black hole", "drip"],
)
def test_the_deadline_of_a_download_holds(server: GridFTPServer, tmp_path: Path, data: Fault) -> None:
    with FTPFaultProxy(server, data=data) as proxy, gridftp.Client() as client:
        with in_time():
            client.get(proxy.through(server.ftp_url) + "/large", tmp_path / "large", timeout=LIMIT)
        assert proxy.data_channels == 1
        assert list(tmp_path.iterdir()) == []
        proxy.data = None
        client.get(proxy.through(server.ftp_url) + "/large", tmp_path / "large", timeout=30)
        assert (tmp_path / "large").stat().st_size == 4 * MB


def test_a_stall_is_told_from_slowness(server: GridFTPServer, tmp_path: Path) -> None:
    slow = SlowDrip(after=4 * MB - 300, size=100, interval=0.5)
    with FTPFaultProxy(server, data=slow) as proxy, gridftp.Client() as client:
        url = proxy.through(server.ftp_url) + "/large"
        client.get(url, tmp_path / "slow", timeout=Timeout(stall=30))
        proxy.data = BlackHole(after=MB)
        with in_time():
            client.get(url, tmp_path / "stalled", timeout=Timeout(stall=LIMIT))
    assert [path.name for path in tmp_path.iterdir()] == ["slow"]


@pytest.mark.parametrize("when", [rb"^RETR ", rb"^PASV|^EPSV", rb"^USER "])
def test_a_control_channel_that_falls_silent(server: GridFTPServer, tmp_path: Path, when: bytes) -> None:
    fault = BlackHole(direction="up", when=when)
    with FTPFaultProxy(server, fault) as proxy, gridftp.Client() as client, in_time():
        client.get(proxy.through(server.ftp_url) + "/large", tmp_path / "large", timeout=LIMIT)


def test_a_handshake_that_never_ends(grid: Grid, gridftp_server: GridFTPServer, tmp_path: Path) -> None:
    with (
        FTPFaultProxy(gridftp_server, StalledHandshake()) as proxy,
        gridftp.Client(credential=grid.user.credential) as client,
        in_time(),
    ):
        client.get(proxy.through(gridftp_server.url) + "/large", tmp_path / "large", timeout=LIMIT)


@pytest.mark.parametrize("fault", [Cut(after=100_000), Reset(after=100_000)], ids=["cut", "reset"])
def test_a_lost_data_channel_is_an_error(server: GridFTPServer, tmp_path: Path, fault: Fault) -> None:
    with FTPFaultProxy(server, data=fault) as proxy, gridftp.Client(timeout=30) as client:
        with pytest.raises((errors.GridError, ConnectionError)):
            client.get(proxy.through(server.ftp_url) + "/large", tmp_path / "large")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fault",
    [*(kind(after=after) for kind in (Cut, Reset) for after in (0, 30, 700)), Garbage(after=30)],
    ids=lambda fault: f"{type(fault).__name__} {fault.after}",
)
def test_a_broken_control_channel_is_an_error(
    grid: Grid, gridftp_server: GridFTPServer, tmp_path: Path, fault: Fault
) -> None:
    with (
        FTPFaultProxy(gridftp_server, fault) as proxy,
        gridftp.Client(credential=grid.user.credential, timeout=2) as client,
        pytest.raises((errors.GridError, OSError)),
    ):
        client.get(proxy.through(gridftp_server.url) + "/large", tmp_path / "large")


def test_a_server_that_stands_still(grid: Grid, tmp_path: Path) -> None:
    with grid.start_gridftp() as server, gridftp.Client(credential=grid.user.credential) as client:
        (server.root / "large").write_bytes(bytes(MB))
        client.get(f"{server.url}/large", tmp_path / "before", timeout=30)
        server.pause()
        with in_time():
            client.get(f"{server.url}/large", tmp_path / "paused", timeout=LIMIT)
        server.resume()
        client.get(f"{server.url}/large", tmp_path / "after", timeout=30)
        server.pause()  # and it can be stopped so
    assert not server.running
    assert sorted(path.name for path in tmp_path.iterdir()) == ["after", "before"]


def test_an_embedded_server_cannot_be_paused(grid: Grid) -> None:
    with grid.start_gridftp(embedded=True) as server, pytest.raises(TestGridError, match="embedded=False"):
        server.pause()
