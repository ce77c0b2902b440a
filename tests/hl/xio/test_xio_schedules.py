"""Whatever two programs do with their sockets, in any order: XioSocket does what the sockets of the system do.

Each schedule runs over a pair of the system's sockets and over a pair of ours, one step after the other, and what becomes
of the steps is compared: data, numbers, classes of errors and their errno. A model of the connection says which steps
would wait forever (they are left out), and what the system itself leaves open:

* how many bytes one call returns: the first answer has to be the beginning of what is due, and the rest is read after it
* when who has sent to somebody who has gone finds that out, and whether who goes with data unread resets the connection
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .pairs import Kind, connected, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT = 0.02
PATIENCE = 5.0  # seconds for a schedule, which takes a fraction of one
MUCH = 40_000  # bytes under way in one direction: no buffer is full
LOOSE = "either way"
MAY_BE = (BrokenPipeError, ConnectionResetError, BlockingIOError, TimeoutError)
"""What those find who do not know yet that the other one has gone, or know it."""
SYSTEM = Kind(None, {}, {})

PEEK, DONTWAIT, WAITALL = socket.MSG_PEEK, socket.MSG_DONTWAIT, socket.MSG_WAITALL


# ---- what can be done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Something that one end does."""

    end: int


@dataclass(frozen=True)
class Send(Step):
    form: str
    size: int
    flags: int = 0

    @property
    def data(self) -> bytes:
        return (bytes(range(251)) * (self.size // 251 + 1))[: self.size]


@dataclass(frozen=True)
class Receive(Step):
    form: str
    size: int
    flags: int = 0


@dataclass(frozen=True)
class SetTimeout(Step):
    value: float | None


@dataclass(frozen=True)
class Shutdown(Step):
    how: int


@dataclass(frozen=True)
class Close(Step):
    reading: bool = False
    """Whether a file reads what is left, after the socket itself was closed."""


def sendmsg(sock: socket.socket, data: bytes, flags: int) -> int:
    middle = len(data) // 3
    return sock.sendmsg([data[:middle], bytearray(), memoryview(data)[middle:]], [], flags)


def send_by_file(sock: socket.socket, data: bytes, _flags: int) -> int:
    with sock.makefile("wb") as file:
        return file.write(data)


SENDING: dict[str, Callable[[socket.socket, bytes, int], Any]] = {
    "send": lambda sock, data, flags: sock.send(data, flags),
    "sendall": lambda sock, data, flags: sock.sendall(bytearray(data), flags),
    "sendmsg": sendmsg,
    "file": send_by_file,
}


def into(receive: Callable[[bytearray], int], size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: receive(buffer)])


def recvmsg_into(sock: socket.socket, size: int, flags: int) -> bytes:
    buffers = [bytearray(size // 2), bytearray(size - size // 2)]
    count, ancillary, _flags, _address = sock.recvmsg_into(buffers, 0, flags)
    assert not ancillary
    return b"".join(buffers)[:count]


def receive_by_file(sock: socket.socket, size: int, _flags: int) -> bytes | None:
    with sock.makefile("rb", buffering=0) as file:
        data: bytes | None = file.read(size)
        return data


RECEIVING: dict[str, Callable[[socket.socket, int, int], bytes | None]] = {
    "recv": lambda sock, size, flags: sock.recv(size, flags),
    "recv_into": lambda sock, size, flags: into(lambda buffer: sock.recv_into(buffer, size, flags), size),
    "recvfrom": lambda sock, size, flags: sock.recvfrom(size, flags)[0],
    "recvfrom_into": lambda sock, size, flags: into(
        lambda room: sock.recvfrom_into(room, size, flags)[0], size
    ),
    "recvmsg": lambda sock, size, flags: sock.recvmsg(size, 0, flags)[0],
    "recvmsg_into": recvmsg_into,
    "file": receive_by_file,
}

ends = st.integers(0, 1)
sizes = st.integers(1, 20) | st.sampled_from([0, 512, 5_000, 30_000])
flags = st.sampled_from([0, 0, 0, PEEK, DONTWAIT, WAITALL, PEEK | DONTWAIT])
steps = st.one_of(
    st.builds(Send, ends, st.sampled_from(sorted(SENDING)), sizes, st.sampled_from([0, 0, DONTWAIT])),
    st.builds(Receive, ends, st.sampled_from(sorted(RECEIVING)), sizes, flags),
    st.builds(Receive, ends, st.sampled_from(sorted(RECEIVING)), sizes, flags),
    st.builds(SetTimeout, ends, st.sampled_from([None, 0, SHORT])),
    st.builds(Shutdown, ends, st.sampled_from([socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR])),
    st.builds(Close, ends, st.booleans()),
)


# ---- doing it --------------------------------------------------------------------------------------------------------


class Side:
    """One end, and what is known about it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.due = bytearray()  # what it has yet to receive
        self.reads = self.writes = self.is_open = True
        self.loose = False  # what it finds out from now on is a matter of time


class Run:
    """One schedule over one pair.

    Args:
        selecting: whether the ends wait with ``select`` for what has to be there.
    """

    def __init__(self, kind: Kind, *, selecting: bool) -> None:
        self.selecting = selecting
        self.hung = False
        self.sides = [Side(sock) for sock in connected(kind)]
        for side in self.sides:
            side.sock.settimeout(None)

    def do(self, step: Step) -> Any:
        """Do it, and return what became of it."""
        side, peer = self.sides[step.end], self.sides[1 - step.end]
        try:
            match step:
                case SetTimeout():
                    return side.sock.settimeout(step.value)
                case Send():
                    return self.send(step, side, peer)
                case Receive():
                    return self.receive(step, side, peer)
                case Shutdown():
                    return self.shutdown(step, side, peer)
                case Close():
                    return self.close(step, side, peer)
        except OSError as error:
            if side.loose and (isinstance(error, MAY_BE) or error.errno == errno.ENOTCONN):
                return LOOSE
            return type(error), error.errno
        raise AssertionError(step)

    def settle(self, side: Side, peer: Side) -> None:
        """Wait until what is due has come, or the end if that is next."""
        if not side.is_open or not side.reads or side.loose or not (side.due or not peer.writes):
            return
        if self.selecting:
            assert select.select([side.sock], [], [], PATIENCE)[0] == [side.sock]
        patience = side.sock.gettimeout()
        side.sock.settimeout(PATIENCE)
        end = time.monotonic() + PATIENCE
        while side.sock.recv(len(side.due) or 1, PEEK) != side.due:
            assert time.monotonic() < end, "what was sent did not come"
            time.sleep(0.0005)
        side.sock.settimeout(patience)

    def send(self, step: Send, side: Side, peer: Side) -> Any:
        if len(peer.due) + len(step.data) > MUCH:
            return "too much"
        if side.is_open and side.writes and not (peer.is_open and peer.reads) and step.data:
            side.loose = side.loose or not (peer.reads or peer.writes)
            peer.loose = True  # it has closed its ears, and somebody talks
        sent = SENDING[step.form](side.sock, step.data, step.flags)
        if not peer.loose:
            peer.due += step.data
        return LOOSE if side.loose and side.is_open else sent

    def receive(self, step: Receive, side: Side, peer: Side) -> Any:
        if step.size == 0 and step.form not in ("recv", "recv_into", "file"):
            return "the system waits for nothing"
        self.settle(side, peer)
        flags = 0 if step.form == "file" else step.flags
        ended = not (side.is_open and side.reads and peer.writes)
        waits = side.is_open and side.sock.gettimeout() is None and not flags & DONTWAIT
        enough = step.size if flags & WAITALL else min(step.size, 1)
        if waits and not ended and not side.loose and len(side.due) < enough:
            return "would wait forever"
        if side.loose and waits and side.is_open and side.reads and peer.is_open:
            return "might wait forever"
        found = RECEIVING[step.form](side.sock, step.size, step.flags)
        if side.loose and side.is_open:
            return LOOSE
        if found is None:
            return None
        expected = bytes(side.due[: step.size])
        assert expected.startswith(found) and bool(found) == bool(expected)
        if waits and flags & WAITALL:
            assert found == expected
        if flags & PEEK:
            return expected
        while found != expected:  # the rest
            with patient(side.sock):
                more = side.sock.recv(len(expected) - len(found))
            assert more and expected[len(found) :].startswith(more)
            found += more
        del side.due[: len(expected)]
        return expected

    def shutdown(self, step: Shutdown, side: Side, peer: Side) -> Any:
        self.settle(side, peer)
        side.sock.shutdown(step.how)
        if step.how in (socket.SHUT_RD, socket.SHUT_RDWR):
            side.reads = False
        if step.how in (socket.SHUT_WR, socket.SHUT_RDWR):
            side.writes = False
            self.tell_end(side, peer)
        return LOOSE if side.loose else None

    def tell_end(self, side: Side, peer: Side) -> None:
        """`side` writes no more: what does `peer` find out about it?"""
        if not peer.reads or (not side.reads and (side.due or side.loose)):
            peer.loose = True

    def close(self, step: Close, side: Side, peer: Side) -> Any:
        self.settle(side, peer)
        rest: Any = None
        if step.reading and side.is_open and not side.loose and (side.due or not peer.writes):
            with patient(side.sock):
                file = side.sock.makefile("rb")
                side.sock.close()
                rest = file.read(len(side.due) or 1)
                file.close()
            assert rest == side.due
            side.due.clear()
        side.sock.close()
        if side.is_open:
            side.is_open = side.reads = side.writes = False
            self.tell_end(side, peer)
        return rest

    def end(self) -> None:
        """Both ends get what is due to them."""
        for side, peer in (self.sides, self.sides[::-1]):
            if side.is_open and side.writes:
                with contextlib.suppress(OSError):  # both directions have ended already
                    side.sock.shutdown(socket.SHUT_WR)
            side.writes = False
            if peer.is_open and peer.reads and not peer.loose:
                peer.sock.settimeout(PATIENCE)
                while more := peer.sock.recv(65536):
                    assert peer.due.startswith(more)
                    del peer.due[: len(more)]
                assert not peer.due

    def break_up(self) -> None:
        """Somebody waits forever: end it, so that hypothesis can find out what is the matter."""
        self.hung = True
        for side in self.sides:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(side.sock, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._watch = threading.Timer(PATIENCE, self.break_up)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        self._watch.join()
        for side in self.sides:
            side.sock.close()


@contextlib.contextmanager
def patient(sock: socket.socket) -> Any:
    before = sock.gettimeout()
    sock.settimeout(PATIENCE)
    yield
    if sock.fileno() != -1:
        sock.settimeout(before)


def outcomes(kind: Kind, schedule: list[Step], *, selecting: bool) -> list[Any]:
    with Run(kind, selecting=selecting) as run:
        found = [run.do(step) for step in schedule]
        run.end()
        assert not run.hung, found
        return found


@pytest.fixture(params=["tcp", "tcp,gsi"], scope="module")
def kind(request: pytest.FixtureRequest) -> Kind:
    return kind_of(request.param, request)


@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(schedule=st.lists(steps, max_size=12), selecting=st.booleans())
@example(  # what has come stays
    schedule=[Send(0, "send", 5), Shutdown(1, socket.SHUT_RD), Receive(1, "recv", 9), Receive(1, "recv", 9)],
    selecting=False,
)
@example(  # nothing cannot be sent, either
    schedule=[Shutdown(0, socket.SHUT_WR), Send(0, "sendall", 0), Send(0, "sendmsg", 0)], selecting=False
)
@example(  # both directions have ended
    schedule=[Close(0), Shutdown(1, socket.SHUT_WR), Shutdown(1, socket.SHUT_WR), SetTimeout(0, SHORT)],
    selecting=False,
)
def test_any_schedule(kind: Kind, schedule: list[Step], selecting: bool) -> None:
    assert outcomes(kind, schedule, selecting=selecting) == outcomes(SYSTEM, schedule, selecting=selecting)
