"""globus_lowlevel.xio: a transform driver written in Python, on top of tcp."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

import globus_lowlevel
from globus_lowlevel import GlobusError, xio, xio_drivers

LIMIT = 20.0
SET_KEY, GET_KEY, COUNT, SET_NAME, ANY = 1, 2, 3, 4, 5


class Attr:
    def __init__(self, key: int = 0x20, name: str | None = None) -> None:
        self.key, self.name = key, name


class State:
    """Of an open handle."""

    def __init__(self, key: int) -> None:
        self.key, self.count = key, 0


def flip(data: Any, key: int) -> bytes:
    return bytes(byte ^ key for byte in bytes(data))


class Xor:
    """Each byte xor a key, on the wire; the key is an attribute."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.seen: list[Any] = []
        self.login: Any = None
        self.driver = xio.globus_xio_driver_init("xor", self)
        xio.globus_xio_driver_set_attr(
            self.driver, self.attr_init, self.attr_copy, self.attr_cntl, self.attr_destroy
        )
        xio.globus_xio_driver_set_transform(
            self.driver, self.open, self.close, self.read, self.write, self.handle_cntl, self.push
        )

    def fail(self, where: str) -> None:
        if where in self.broken:
            raise ArithmeticError(where)

    def push(self, driver: Any, stack: Any) -> None:
        xio.globus_xio_stack_push_driver(stack, driver)

    # attributes

    def attr_init(self) -> Attr:
        return Attr()

    def attr_copy(self, attr: Attr) -> Attr:
        return Attr(attr.key, attr.name)

    def attr_destroy(self, attr: Attr) -> None:
        self.seen.append(("destroyed", attr.key))

    def attr_cntl(self, attr: Attr, command: int, arguments: Any) -> None:
        if command == SET_KEY:
            attr.key = arguments.integer()
        elif command == GET_KEY:
            arguments.answer(attr.key)
        elif command == SET_NAME:
            attr.name = arguments.string()
            self.seen.append(attr.name)
        elif command == ANY:
            self.seen += [arguments.offset(), arguments.real(), arguments.pointer(), arguments.object()]
            self.seen.append(arguments)
        else:
            raise ValueError(f"xor has no command {command}")

    # operations

    def open(self, contact: Any, link: Any, attr: Attr | None, operation: Any) -> None:
        self.fail("open")
        self.login = xio.globus_xio_operation_attr_cntl(operation, xio.GLOBUS_XIO_ATTR_GET_CREDENTIAL)
        state = State(attr.key if attr else 0x20)
        xio.globus_xio_driver_pass_open(operation, contact, self.opened, state)

    def opened(self, operation: Any, error: Any, state: State) -> None:
        xio.globus_xio_driver_finished_open(None if error else state, operation, error)

    def close(self, state: State, attr: Any, operation: Any) -> None:
        xio.globus_xio_driver_pass_close(operation, self.closed, state)

    def closed(self, operation: Any, error: Any, state: State) -> None:
        xio.globus_xio_driver_finished_close(operation, error)

    def read(self, state: State, buffers: list[memoryview], count: int, operation: Any) -> None:
        self.fail("read")
        assert count == len(buffers)
        wanted = xio.globus_xio_operation_get_wait_for(operation)

        def done(operation: Any, error: Any, length: int, argument: Any) -> None:
            left = length
            for buffer in buffers:
                part = min(left, len(buffer))
                buffer[:part] = flip(buffer[:part], state.key)
                left -= part
            state.count += length
            xio.globus_xio_driver_finished_read(operation, error, length)

        xio.globus_xio_driver_pass_read(operation, buffers, wanted, done, None)

    def write(self, state: State, buffers: list[Any], count: int, operation: Any) -> None:
        self.fail("write")
        data = flip(b"".join(bytes(buffer) for buffer in buffers), state.key)

        def done(operation: Any, error: Any, length: int, argument: Any) -> None:
            xio.globus_xio_driver_finished_write(operation, error, length)

        xio.globus_xio_driver_pass_write(operation, [data], len(data), done, None)

    def handle_cntl(self, state: State, command: int, arguments: Any) -> None:
        self.fail("handle_cntl")
        if command != COUNT:
            raise ValueError(f"xor has no command {command}")
        arguments.object().append(state.count)
        arguments.answer(state.count)


active = activating(xio.GLOBUS_XIO_MODULE)


@pytest.fixture(scope="module")
def xor() -> Xor:
    return Xor()


@pytest.fixture
def driver(xor: Xor) -> Xor:
    xor.broken.clear()
    xor.seen.clear()
    return xor


class Peer:
    """A plain tcp server's side of a connection, and the client's handle with the driver."""

    def __init__(self, driver: Xor, key: int | None = None) -> None:
        tcp = xio.globus_xio_driver_load("tcp")
        plain, coded = xio.globus_xio_stack_init(None), xio.globus_xio_stack_init(None)
        for stack in (plain, coded):
            xio.globus_xio_stack_push_driver(stack, tcp)
        xio.globus_xio_stack_push_driver(coded, driver.driver)
        attr = xio.globus_xio_attr_init()
        xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
        self.server = xio.globus_xio_server_create(attr, plain)
        accepted = threading.Event()

        def on_accept(server: Any, handle: Any, error: Any, argument: Any) -> None:
            self.handle = handle
            accepted.set()

        xio.globus_xio_server_register_accept(self.server, on_accept, None)
        self.client, self.coded = xio.globus_xio_handle_create(coded), coded
        mine = None
        if key is not None:
            mine = xio.globus_xio_attr_init()
            xio.globus_xio_attr_cntl(mine, driver.driver, SET_KEY, key)
        try:
            xio.globus_xio_open(self.client, xio.globus_xio_server_get_contact_string(self.server), mine)
        except GlobusError:
            xio.globus_xio_server_close(self.server)
            raise
        assert accepted.wait(LIMIT)
        xio.globus_xio_open(self.handle, None, None)

    def end(self) -> None:
        for handle in (self.client, self.handle):
            xio.globus_xio_close(handle, None)
        xio.globus_xio_server_close(self.server)


@pytest.fixture
def peer(driver: Xor) -> Iterator[Peer]:
    peer = Peer(driver, 0x55)
    yield peer
    driver.broken.clear()
    peer.end()


def test_what_is_written_is_coded(driver: Xor, peer: Peer) -> None:
    assert xio.globus_xio_write(peer.client, b"plain text", 10, None) == 10
    room = bytearray(10)
    assert xio.globus_xio_read(peer.handle, room, 10, None) == 10
    assert bytes(room) == flip(b"plain text", 0x55)


def test_what_is_read_is_decoded(driver: Xor, peer: Peer) -> None:
    data = os.urandom(300_000)
    xio.globus_xio_register_write(peer.handle, flip(data, 0x55), len(data), None, lambda *_: None, None)
    room = bytearray(len(data))
    assert xio.globus_xio_read(peer.client, room, len(data), None) == len(data)
    assert room == data


def test_several_buffers(driver: Xor, peer: Peer) -> None:
    xio.globus_xio_writev(peer.client, [b"one", b"two", b"three"], 11, None)
    room = bytearray(11)
    xio.globus_xio_read(peer.handle, room, 11, None)
    xio.globus_xio_write(peer.handle, bytes(room), 11, None)
    parts = [bytearray(4), bytearray(7)]
    assert xio.globus_xio_readv(peer.client, parts, 11, None) == 11
    assert parts == [b"onet", b"wothree"]


def test_its_own_commands(driver: Xor, peer: Peer) -> None:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, driver.driver, SET_KEY, 7)
    assert xio.globus_xio_attr_cntl(attr, driver.driver, GET_KEY) == 7
    assert xio.globus_xio_attr_cntl(xio.globus_xio_attr_copy(attr), driver.driver, GET_KEY) == 7
    thing = object()
    xio.globus_xio_attr_cntl(attr, driver.driver, ANY, 1 << 40, 0.5, None, thing)
    *values, arguments = driver.seen
    assert values[-4:] == [1 << 40, 0.5, None, thing]
    with pytest.raises(ValueError, match="has returned"):
        arguments.integer()
    found: list[int] = []
    assert xio.globus_xio_handle_cntl(peer.client, driver.driver, COUNT, found) == 0
    assert found == [0]


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (SET_KEY, ("7",), "an int"),
        (SET_KEY, (), "missing"),
        (SET_NAME, (1,), "a str"),
        (99, (), "command 99"),
    ],
)
def test_a_command_with_wrong_arguments(
    driver: Xor, unraisable: list[BaseException], command: int, arguments: tuple[Any, ...], message: str
) -> None:
    attr = xio.globus_xio_attr_init()
    with pytest.raises(GlobusError):
        xio.globus_xio_attr_cntl(attr, driver.driver, command, *arguments)
    assert len(unraisable) == 1
    assert message in str(unraisable[0])


def test_arguments_that_c_passes(driver: Xor) -> None:
    """The toolkit reads text, and calls the control function as C does."""
    attr = Attr()
    xio.globus_xio_string_cntl_int(attr, "key", "12", SET_KEY, driver.attr_cntl)
    assert attr.key == 12
    xio.globus_xio_string_cntl_string(attr, "name", "blue", SET_NAME, driver.attr_cntl)
    assert attr.name == "blue"
    xio.globus_xio_string_cntl_bouncer(driver.attr_cntl, attr, SET_KEY, 13)
    assert attr.key == 13


@pytest.mark.parametrize("where", ["read", "write", "handle_cntl"])
def test_an_exception_fails_the_operation(
    driver: Xor, peer: Peer, unraisable: list[BaseException], where: str
) -> None:
    driver.broken.add(where)
    with pytest.raises(GlobusError):
        if where == "read":
            xio.globus_xio_read(peer.client, bytearray(1), 1, None)
        elif where == "write":
            xio.globus_xio_write(peer.client, b"x", 1, None)
        else:
            xio.globus_xio_handle_cntl(peer.client, driver.driver, COUNT, [])
    assert [str(error) for error in unraisable] == [where]


def test_an_exception_fails_the_open(driver: Xor, unraisable: list[BaseException]) -> None:
    driver.broken.add("open")
    with pytest.raises(GlobusError):
        Peer(driver)
    assert [str(error) for error in unraisable] == ["open"]


def test_errors_from_below_pass_through(driver: Xor, nobody: str) -> None:
    tcp = xio.globus_xio_driver_load("tcp")
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, tcp)
    xio.globus_xio_stack_push_driver(stack, driver.driver)
    handle = xio.globus_xio_handle_create(stack)
    with pytest.raises(GlobusError, match="refused"):
        xio.globus_xio_open(handle, nobody, None)


def test_the_end_of_the_stream(driver: Xor) -> None:
    peer = Peer(driver)
    xio.globus_xio_close(peer.handle, None)
    with pytest.raises(GlobusError, match="end of file"):
        xio.globus_xio_read(peer.client, bytearray(1), 1, None)
    xio.globus_xio_close(peer.client, None)
    xio.globus_xio_server_close(peer.server)


def test_who_logs_in(driver: Xor, peer: Peer) -> None:
    """An open that waits passes the credential alone on."""
    assert driver.login == (None, None, None, None)
    attr, opened = xio.globus_xio_attr_init(), threading.Event()
    who = (None, "/CN=peer", "alice", "secret")
    xio.globus_xio_attr_cntl(attr, None, xio.GLOBUS_XIO_ATTR_SET_CREDENTIAL, *who)
    handle = xio.globus_xio_handle_create(peer.coded)
    contact = xio.globus_xio_server_get_contact_string(peer.server)
    xio.globus_xio_register_open(handle, contact, attr, lambda *_: opened.set(), None)
    assert opened.wait(LIMIT)
    assert driver.login == who
    xio.globus_xio_close(handle, None)


def test_user_data(driver: Xor) -> None:
    assert xio.globus_xio_driver_get_user_data(driver.driver) is driver


def test_nothing_is_left(driver: Xor) -> None:
    def count() -> dict[str, int]:
        gc.collect()
        globus_lowlevel.reap()
        states = sum(isinstance(thing, Attr | State) for thing in gc.get_objects())
        live = {name: number for name, number in globus_lowlevel.live().items() if name != "called"}
        return {**live, "states": states}

    def work() -> None:
        peer = Peer(driver, 3)
        xio.globus_xio_write(peer.client, b"x", 1, None)
        peer.end()

    work()
    before = count()
    for _ in range(5):
        work()
    assert count() == before
