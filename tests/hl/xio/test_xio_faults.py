"""Networks that fail: every call ends when it has to, and nothing is left of a thousand broken connections.

The clients of each kind talk to an echo through the fault proxy, many at once, and the fault comes at any byte: in the
handshake, in the data, or not at all.
"""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from globus_hl import xio
from globus_hl.errors import GridError
from globus_hl.testgrid.faults import BlackHole, FaultProxy, Reset, SlowDrip, StalledHandshake

from .leftovers import leaving_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from globus_hl.security import Credential
    from globus_hl.testgrid import Grid
    from globus_hl.testgrid.faults import Fault

ROOT = Path(__file__).parents[3]
DEADLINE = 0.5
SLACK = 0.5
AT_ONCE = 4  # of each kind on each stack
FEW, MANY = 64, 1024  # of each fault, over all kinds and both stacks
SIZES = [1, 1000, 30_000, 3_000_000]
EXPECTED = (OSError, GridError, asyncio.IncompleteReadError)

FAULTS: dict[str, tuple[Callable[[random.Random], Fault], type[Exception]]] = {
    "black hole": (lambda source: BlackHole(after=source.randrange(6000)), TimeoutError),
    "drip": (lambda source: SlowDrip(after=source.randrange(6000)), TimeoutError),
    "reset": (lambda source: Reset(after=source.randrange(6000)), ConnectionError),
    "stalled handshake": (lambda _source: StalledHandshake(), TimeoutError),
}
"""And what at least some of the clients have to see."""
UNSEEN = {
    ("stalled handshake", "tcp"),  # there is none
    ("drip", "tcp", "socket"),  # each drop comes in time
}


@pytest.fixture(scope="module")
def ports(grid: Grid) -> Iterator[dict[str, int]]:
    command = [sys.executable, "-m", "tests.hl.xio.echoing", str(grid.host.cert), str(grid.host.key)]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        plain, secure = process.stdout.readline().split()
        yield {"tcp": int(plain), "tcp,gsi": int(secure)}
        process.stdin.close()
        assert process.wait(20) == 0


class Machine:
    """How long this machine lets who is to wake up wait: on a busy one that is added to what a call may take."""

    def __init__(self) -> None:
        self._delays: collections.deque[tuple[float, float]] = collections.deque(maxlen=1000)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.is_set():
            due = time.monotonic() + 0.02
            self._over.wait(0.02)
            self._delays.append((time.monotonic(), time.monotonic() - due))

    def slowest(self, since: float) -> float:
        """The longest delay since then, in seconds."""
        return max((delay for when, delay in list(self._delays) if when >= since), default=0.0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


class Clients:
    """What all clients of a test have in common, and what became of them."""

    def __init__(
        self,
        proxy: FaultProxy,
        fault: Callable[[random.Random], Fault] | None,
        stack: str,
        gsi: xio.GSI,
        machine: Machine,
    ) -> None:
        self.proxy, self.fault, self.machine = proxy, fault, machine
        self.options: dict[str, Any] = {"stack": stack} | ({"gsi": gsi} if "gsi" in stack else {})
        self.source = random.Random(1)  # noqa: S311 - it has to be repeatable, not secret
        self.late: list[str] = []
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.kinds: set[type[BaseException]] = set()

    def begin(self) -> bytes:
        """Choose what happens to the next connection, and what it is to carry."""
        if self.fault is not None:
            self.proxy.fault = self.fault(self.source)
        return bytes(self.source.choice(SIZES))

    @contextlib.contextmanager
    def timed(self, what: str, limit: float = DEADLINE) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            if took > limit + SLACK + self.machine.slowest(began):
                self.late.append(f"{what} took {took:.2f} s")

    def note(self, error: BaseException | None) -> None:
        self.outcomes["done" if error is None else type(error).__name__] += 1
        self.kinds.add(type(error))

    def saw(self, kind: type[BaseException]) -> bool:
        """Whether an error of this kind happened to one of them."""
        return any(issubclass(found, kind) for found in self.kinds)


# ---- the kinds of clients --------------------------------------------------------------------------------------------


def by_socket(clients: Clients) -> None:
    data = clients.begin()
    options = dict(clients.options)
    if "gsi" in options:
        options["server_hostname"] = "localhost"
    sock = xio.XioSocket(**options)
    sock.settimeout(DEADLINE)
    try:
        with clients.timed("connect"):
            sock.connect(("127.0.0.1", clients.proxy.port))
        with clients.timed("send"):
            sent = sock.send(data)
        with clients.timed("sendall"):
            sock.sendall(data[sent:])
        left, end = len(data), time.monotonic() + DEADLINE
        while left and time.monotonic() < end:  # drops come in time, one by one
            with clients.timed("recv"):
                got = len(sock.recv(1 << 16))
            if not got:
                raise ConnectionAbortedError("the end came early")
            left -= got
    finally:
        with clients.timed("close", 0):
            sock.close()


def by_handle(clients: Clients) -> None:
    data = clients.begin()
    handle = xio.Handle(contact=f"localhost:{clients.proxy.port}", **clients.options)
    try:
        with clients.timed("open"):
            handle.open(timeout=DEADLINE)
        with clients.timed("write"):
            handle.write(data, timeout=DEADLINE)
        with clients.timed("read"):
            got = handle.read(len(data), len(data), timeout=DEADLINE)
        if len(got) < len(data):
            raise ConnectionAbortedError("the end came early")
    finally:
        with clients.timed("close"):
            handle.close(timeout=DEADLINE)


async def by_async_handle(clients: Clients) -> None:
    data = clients.begin()
    handle = xio.AsyncHandle(contact=f"localhost:{clients.proxy.port}", **clients.options)
    try:
        with clients.timed("open"):
            await handle.open(timeout=DEADLINE)
        with clients.timed("write"):
            await handle.write(data, timeout=DEADLINE)
        with clients.timed("read"):
            got = await handle.read(len(data), len(data), timeout=DEADLINE)
        if len(got) < len(data):
            raise ConnectionAbortedError("the end came early")
    finally:
        with clients.timed("close"):
            await handle.close(timeout=DEADLINE)


async def by_streams(clients: Clients) -> None:
    data = clients.begin()
    with clients.timed("open_connection"):
        reader, writer = await xio.open_connection(
            "localhost", clients.proxy.port, timeout=DEADLINE, **clients.options
        )
    try:
        with clients.timed("drain"):
            async with asyncio.timeout(DEADLINE):
                writer.write(data)
                await writer.drain()
        with clients.timed("readexactly"):
            async with asyncio.timeout(DEADLINE):
                await reader.readexactly(len(data))
    finally:
        with clients.timed("abort", 0):
            writer.transport.abort()
            with contextlib.suppress(*EXPECTED):
                await writer.wait_closed()


KINDS = {"socket": by_socket, "handle": by_handle, "async handle": by_async_handle, "streams": by_streams}


def run(kind: Any, clients: Clients, count: int) -> None:
    """Let so many clients of a kind live, a bounded number at once."""
    if asyncio.iscoroutinefunction(kind):
        asyncio.run(run_async(kind, clients, count))
        return

    def once(_: int) -> None:
        try:
            kind(clients)
        except EXPECTED as error:
            clients.note(error)
        else:
            clients.note(None)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(once, range(count)):
            pass


async def run_async(kind: Any, clients: Clients, count: int) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def once() -> None:
        async with turns:
            try:
                await kind(clients)
            except EXPECTED as error:
                clients.note(error)
            else:
                clients.note(None)

    await asyncio.gather(*(once() for _ in range(count)))


# ---- the faults ------------------------------------------------------------------------------------------------------

ALL = [(stack, name) for stack in ("tcp", "tcp,gsi") for name in KINDS]


def run_all(
    proxies: dict[str, FaultProxy], make: Callable[[random.Random], Fault] | None, gsi: xio.GSI, count: int
) -> list[Clients]:
    """Let so many clients live, of all kinds on both stacks."""
    with Machine() as machine, concurrent.futures.ThreadPoolExecutor(len(ALL)) as pool:
        groups = [Clients(proxies[stack], make, stack, gsi, machine) for stack, _ in ALL]
        share = [count // len(ALL)] * len(ALL)
        for _ in pool.map(run, (KINDS[name] for _, name in ALL), groups, share):
            pass
    return groups


@contextlib.contextmanager
def proxies_before(ports: dict[str, int]) -> Iterator[dict[str, FaultProxy]]:
    with contextlib.ExitStack() as closing:
        yield {stack: closing.enter_context(FaultProxy(port)) for stack, port in ports.items()}


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.fuzz, pytest.mark.timeout(600)])]
)
@pytest.mark.parametrize("fault", FAULTS)
def test_calls_end_in_time_and_nothing_is_left(
    fault: str, count: int, ports: dict[str, int], user: Credential, wait_until: Callable[..., None]
) -> None:
    make, what_they_see = FAULTS[fault]
    gsi = xio.GSI(credential=user)
    with proxies_before(ports) as proxies:  # without faults, for what is made once and for all
        run_all(proxies, None, gsi, FEW)
    with leaving_nothing(wait_until):
        for _ in range(0, count, FEW):
            with proxies_before(ports) as proxies:  # which hold what is broken as long as they are there
                groups = run_all(proxies, make, gsi, FEW)
            for (stack, name), clients in zip(ALL, groups, strict=True):
                assert not clients.late, f"{name} on {stack}"
                if (fault, stack) not in UNSEEN and (fault, stack, name) not in UNSEEN:
                    assert clients.saw(what_they_see), f"{name} on {stack}: {clients.outcomes}"
