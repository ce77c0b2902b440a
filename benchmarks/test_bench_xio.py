"""`XioSocket` against ``socket.socket``, and with GSI against ``ssl``: throughput, latency, connections, what they cost.

The other end is of the same kind and in a process of its own, so that two threads of one interpreter, which wait for
each other, are not what is measured. Both kinds talk to the same process, in turn, block for block. The sockets have no
time-out, as sockets have none at first, unless the row says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.security import Credential

if TYPE_CHECKING:
    from globus_hl.testgrid import Grid

KIB, MIB = 1 << 10, 1 << 20
PAIRS = {"tcp": "socket", "tcp,gsi": "ssl"}
"""What we have, and what a user would take instead."""
PATIENCE = 30.0
"""Seconds after which the other end is taken for dead."""
AT_ONCE = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Small messages leave when they are sent, not when the last one has been confirmed: who talks back and forth sets it."""
HEADER = struct.Struct("!cII")
"""What the other end is to do: which, bytes of a block, blocks."""


class Kind:
    """How sockets of one kind are made.

    Args:
        name: one of ours or of theirs.
        files: paths of the proxy, the host's credential and the authority's certificate.
    """

    def __init__(self, name: str, files: list[str]) -> None:
        self.name = name
        self._stacked = name in PAIRS
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._gsi: dict[bool, xio.GSI | None] = {False: None, True: None}
        if name == "tcp,gsi":
            self._gsi = {end: xio.GSI(credential=Credential.load(files[end])) for end in (False, True)}
        elif name == "ssl":
            self._contexts = {end: _context(files, server=end) for end in (False, True)}

    def listen(self) -> socket.socket:
        options = {"stack": self.name, "gsi": self._gsi[True]} if self._stacked else {}
        return (xio if self._stacked else socket).create_server(("127.0.0.1", 0), backlog=128, **options)  # type: ignore[no-any-return]

    def accept(self, listener: socket.socket) -> socket.socket:
        """A connection, whose handshake is over."""
        accepted, _ = listener.accept()
        accepted.setsockopt(*AT_ONCE)
        if self._contexts:
            return self._contexts[True].wrap_socket(accepted, server_side=True)
        if isinstance(accepted, xio.XioSocket):
            accepted.do_handshake()
        return accepted

    def connect(self, port: int) -> socket.socket:
        address = ("127.0.0.1", port)
        sock: socket.socket
        if self._stacked:
            gsi = self._gsi[False]
            sock = xio.create_connection(address, stack=self.name, gsi=gsi, server_hostname="localhost")
        else:
            sock = socket.create_connection(address)
        sock.setsockopt(*AT_ONCE)
        if self._contexts:
            return self._contexts[False].wrap_socket(sock, server_hostname="localhost")
        return sock


def _context(files: list[str], *, server: bool) -> ssl.SSLContext:
    """Who shows a certificate and wants to see one, as the ends with GSI do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_cert_chain(files[server])
    context.load_verify_locations(files[2])
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_ALLOW_PROXY_CERTS
    return context


# ---- the other end, in a process of its own ----------------------------------------------------------------------------


def fill(sock: socket.socket, view: memoryview) -> int:
    """Receive until it is full; fewer bytes where they end."""
    count = 0
    while count < len(view) and (got := sock.recv_into(view[count:] if count else view)):
        count += got
    return count


def take_into(sock: socket.socket, block: int, blocks: int) -> None:
    buffer, left = bytearray(block), block * blocks
    while left and (count := sock.recv_into(buffer)):
        left -= count
    sock.sendall(b".")


def take(sock: socket.socket, block: int, blocks: int) -> None:
    left = block * blocks
    while left and (data := sock.recv(block)):
        left -= len(data)
    sock.sendall(b".")


def echo(sock: socket.socket, block: int, blocks: int) -> None:
    view = memoryview(bytearray(block))
    for _ in range(blocks):
        fill(sock, view)
        sock.sendall(view)


def stay(_sock: socket.socket, core: int, _blocks: int) -> None:
    os.sched_setaffinity(0, {core})  # of this thread


TASKS = {b"i": take_into, b"r": take, b"e": echo, b"s": stay}


def obey(sock: socket.socket) -> None:
    """Do what the peer says, until it goes."""
    header = bytearray(HEADER.size)
    with sock:
        while fill(sock, memoryview(header)) == HEADER.size:
            what, block, blocks = HEADER.unpack(header)
            TASKS[what](sock, block, blocks)


def serve(files: list[str]) -> None:
    """Print the ports at which each kind is served, and do so until the standard input ends."""

    def accept(kind: Kind, listener: socket.socket) -> None:
        while True:
            connection = kind.accept(listener)
            threading.Thread(target=obey, args=(connection,), daemon=True).start()

    def answer(kind: Kind, listener: socket.socket) -> None:
        while True:
            with kind.accept(listener) as connection:
                connection.sendall(connection.recv(1))

    ports: dict[str, list[int]] = {}
    for name in (*PAIRS, *PAIRS.values()):
        kind = Kind(name, files)
        for target in (accept, answer):
            listener = kind.listen()
            ports.setdefault(name, []).append(listener.getsockname()[1])
            threading.Thread(target=target, args=(kind, listener), daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    os._exit(0)  # threads wait for data that will not come


def status(name: str) -> int:
    """A number of this process."""
    found = re.search(rf"^{name}:\s+(\d+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def keep(name: str, count: int, files: list[str]) -> None:
    """Open `count` connections of this process to itself and print what they cost; then one more, and ask them all."""
    kind = Kind(name, files)
    listener = kind.listen()
    port = listener.getsockname()[1]

    def answer() -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is listener:
                        selector.register(kind.accept(listener), selectors.EVENT_READ)
                    else:
                        key.fileobj.sendall(key.fileobj.recv(1))  # type: ignore[union-attr]

    def ask(sock: socket.socket) -> float:
        start = time.perf_counter()
        sock.sendall(b"?")
        assert sock.recv(1) == b"?"
        return time.perf_counter() - start

    def costs() -> tuple[int, int, int]:
        return status("VmRSS"), len(os.listdir("/proc/self/fd")), status("Threads")

    threading.Thread(target=answer, daemon=True).start()
    first = [kind.connect(port) for _ in range(5)]  # with them comes what is there once
    for sock in first:
        ask(sock)
    before = costs()
    idle = [kind.connect(port) for _ in range(count)]
    ask(idle[-1])  # the last handshake is over at the other end
    memory, descriptors, threads = (after - earlier for after, earlier in zip(costs(), before, strict=True))
    start = time.perf_counter()
    last = kind.connect(port)
    ask(last)
    more = time.perf_counter() - start
    answers = [ask(sock) for sock in idle]
    print(
        json.dumps(
            {
                "memory": memory / count,
                "descriptors": descriptors / count,
                "threads": threads,
                "more": more,
                "answer": statistics.median(ask(last) for _ in range(51)),
                "slowest": max(answers),
            }
        ),
        flush=True,
    )
    os._exit(0)


# ---- this end ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(grid: Grid, scratch: Path) -> list[str]:
    host = Credential.from_files(grid.host.cert, grid.host.key).save(scratch / "xio-host.pem")
    return [str(grid.user.proxy), str(host), str(grid.ca.cert)]


@pytest.fixture(scope="module")
def ports(files: list[str]) -> Iterator[dict[str, list[int]]]:
    command = [sys.executable, __file__, "serve", *files]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


@pytest.fixture
def ends(files: list[str], ports: dict[str, list[int]], stack: str) -> Iterator[list[socket.socket]]:
    """A connection of ours and one of theirs."""
    made = [Kind(name, files).connect(ports[name][0]) for name in (stack, PAIRS[stack])]
    yield made
    for sock in made:
        sock.close()


@contextlib.contextmanager
def staying(ends: list[socket.socket], core: int) -> Iterator[None]:
    """This end stays on the first core, and the other on that one. Else the system moves them between cores as it
    happens, which takes longer than what is measured."""
    cores = sorted(os.sched_getaffinity(0))
    for sock in ends:
        sock.sendall(HEADER.pack(b"s", cores[core % len(cores)], 0))
    os.sched_setaffinity(0, {cores[0]})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture
def one_core(ends: list[socket.socket]) -> Iterator[None]:
    with staying(ends, 0):
        yield


@pytest.fixture
def two_cores(ends: list[socket.socket]) -> Iterator[None]:
    with staying(ends, 1):
        yield


def push(sock: socket.socket, what: bytes, data: bytes, blocks: int) -> Callable[[], None]:
    """Sends so many blocks, and waits until the other end has them."""

    def push() -> None:
        sock.sendall(HEADER.pack(what, len(data), blocks))
        for _ in range(blocks):
            sock.sendall(data)
        assert sock.recv(1) == b"."

    return push


@pytest.mark.parametrize(
    ("how", "size", "limit"),
    [
        *(("recv_into", size * KIB, None) for size in (4, 16, 64, 256, 1024, 4096)),
        ("recv", 64 * KIB, None),
        ("recv_into", 64 * KIB, PATIENCE),
    ],
    ids=lambda value: f"{value // KIB}KiB" if isinstance(value, int) else None,
)
@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("stack", PAIRS)
def test_throughput(
    side_by_side: Any, ends: Any, stack: str, how: str, size: int, limit: float | None, smoke: bool
) -> None:
    total = max(size, MIB if smoke else (4 if size < 16 * KIB else 32) * MIB)
    for sock in ends:
        sock.settimeout(limit)
    data, what = os.urandom(size), b"i" if how == "recv_into" else b"r"
    side_by_side(
        f"{total // MIB} MiB, {stack}, {size // KIB} KiB, {how}" + (", time-out" if limit else ""),
        *(push(sock, what, data, total // size) for sock in ends),
        peer=PAIRS[stack],
        rounds=31,
        target="ratio >= 0.9" if size >= 64 * KIB or stack != "tcp" else "",
    )


@pytest.mark.usefixtures("one_core")
@pytest.mark.parametrize("size", [1, KIB], ids=["1B", "1KiB"])
@pytest.mark.parametrize("stack", PAIRS)
def test_round_trips(side_by_side: Any, ends: Any, stack: str, size: int, smoke: bool) -> None:
    count, data = 10 if smoke else 500, os.urandom(size)

    def talk(sock: socket.socket) -> Callable[[], None]:
        view = memoryview(bytearray(size))

        def talk() -> None:
            sock.sendall(HEADER.pack(b"e", size, count))
            for _ in range(count):
                sock.sendall(data)
                fill(sock, view)
            assert view == data

        return talk

    side_by_side(
        f"{count} round trips, {stack}, {size} B", *map(talk, ends), peer=PAIRS[stack], rounds=31,
        target="ratio >= 0.5",
    )  # fmt: skip


@pytest.mark.parametrize("stack", PAIRS)
def test_connections(
    side_by_side: Any, files: list[str], ports: dict[str, list[int]], stack: str, smoke: bool
) -> None:
    """Connect, shake hands, ask, get an answer, close."""
    count = 3 if smoke else 20

    def connect(name: str) -> Callable[[], None]:
        kind = Kind(name, files)

        def connect() -> None:
            for _ in range(count):
                with kind.connect(ports[name][1]) as sock:
                    sock.sendall(b"?")
                    assert sock.recv(1) == b"?"

        return connect

    side_by_side(
        f"{count} connections, {stack}", connect(stack), connect(PAIRS[stack]), peer=PAIRS[stack], rounds=15
    )


@pytest.mark.parametrize("stack", PAIRS)
def test_idle_connections(
    side_by_side: Any, benchmark: Any, files: list[str], stack: str, smoke: bool
) -> None:
    """Both ends of each are in one new process, whose memory is nobody else's."""
    count = 20 if smoke else 1000

    def measure(name: str) -> dict[str, float]:
        command = [sys.executable, __file__, "keep", name, str(count), *files]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20 * PATIENCE)
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    ours, theirs = benchmark.pedantic(lambda: [measure(name) for name in (stack, PAIRS[stack])])
    for what, unit, of in (
        ("memory of both ends", "KiB", "memory"),
        ("descriptors of both ends", "", "descriptors"),
        ("threads more", "", "threads"),
        ("one more connects and answers", "s", "more"),
        ("an answer", "s", "answer"),
        ("slowest answer of all", "s", "slowest"),
    ):
        side_by_side.record(f"{count} idle, {stack}: {what}", ours[of], theirs[of], unit, peer=PAIRS[stack])
    assert ours["threads"] < 10
    assert ours["slowest"] < 5


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2:])
    else:
        keep(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
