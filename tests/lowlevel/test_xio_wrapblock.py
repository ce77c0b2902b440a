"""globus_lowlevel.xio: a driver whose functions wait, which XIO calls in threads of its own where it must not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating, eventually
from tests.lowlevel.xio_peers import LIMIT, SET, Attr, Hooked, Wait, stack_of

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE)


class Blocking(Hooked):
    """Plain sockets of Python."""

    def __init__(self) -> None:
        super().__init__("blocking")
        self.listeners: list[socket.socket] = []
        self.seen: list[Any] = []
        xio.globus_xio_driver_set_server(
            self.driver, self.server_init, None, self.server_destroy, None, None, self.link_destroy
        )
        xio.globus_xio_wrapblock_init(self.driver, self.open, self.close, self.read, self.write, self.accept)

    def open(self, contact: Any, link: Any, attr: Any) -> socket.socket:
        self.at("open")
        self.seen.append(attr)
        if link:
            return link.pop()
        return socket.create_connection((contact.host, int(contact.port)), timeout=LIMIT)

    def close(self, connection: socket.socket, attr: Any) -> None:
        connection.close()
        self.seen.append(attr)
        self.at("close")

    def read(self, connection: socket.socket, buffers: list[memoryview], count: int) -> int:
        self.at("read")
        length = connection.recv_into(buffers[0])
        if not length:
            raise EOFError("the peer has gone")
        return length

    def write(self, connection: socket.socket, buffers: list[Any], count: int) -> int:
        self.at("write")
        return connection.sendmsg(buffers)

    def server_init(self, attr: Any, contact: Any, op: Any) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(LIMIT)
        here = xio.globus_xio_contact_parse(f"127.0.0.1:{listener.getsockname()[1]}")
        xio.globus_xio_driver_pass_server_init(op, here, listener)

    def accept(self, listener: socket.socket) -> list[socket.socket]:
        self.at("accept")
        connection = listener.accept()[0]
        connection.settimeout(LIMIT)
        return [connection]

    def server_destroy(self, listener: socket.socket) -> None:
        listener.close()

    def link_destroy(self, link: list[socket.socket]) -> None:
        self.seen.append("link destroyed")
        for connection in link:
            connection.close()


@pytest.fixture
def blocking(active: None, nothing_left: None) -> Iterator[Blocking]:
    driver = Blocking()
    yield driver
    driver.hooks.clear()


class Ends:
    """A connection: one end waits in its calls, the other one has callbacks."""

    def __init__(self, driver: Blocking, attr: Any = None) -> None:
        stack = stack_of(driver.driver)
        self.server = xio.globus_xio_server_create(None, stack)
        accepted, opened = Wait(), Wait()
        xio.globus_xio_server_register_accept(self.server, accepted, None)
        self.client = xio.globus_xio_handle_create(stack)
        xio.globus_xio_open(self.client, xio.globus_xio_server_get_contact_string(self.server), attr)
        self.peer = accepted.get()[1]
        xio.globus_xio_register_open(self.peer, None, attr, opened, None)
        assert opened.get()[1] is None

    def end(self) -> None:
        closed = Wait()
        xio.globus_xio_close(self.client, None)
        xio.globus_xio_register_close(self.peer, None, closed, None)
        assert closed.get()[1] is None
        xio.globus_xio_server_close(self.server)


def test_data_goes_both_ways(blocking: Blocking) -> None:
    ends, data = Ends(blocking), bytes(range(256)) * 500
    done, room = Wait(), bytearray(len(data))
    xio.globus_xio_register_read(ends.peer, room, len(data), None, done, None)
    assert xio.globus_xio_writev(ends.client, [data[:1000], data[1000:]], len(data), None) == len(data)
    assert done.get()[1:4:2] == (None, len(data))
    assert room == data
    xio.globus_xio_register_write(ends.peer, data, len(data), None, done, None)
    room = bytearray(len(data))
    assert xio.globus_xio_read(ends.client, room, len(data), None) == len(data)
    assert done.get()[1] is None
    assert room == data
    ends.end()


def test_attributes_and_links_come_and_go(blocking: Blocking) -> None:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, blocking.driver, SET, 6)
    ends = Ends(blocking, attr)
    assert blocking.seen.count(Attr(6)) == 2
    assert eventually(lambda: blocking.seen.count("link destroyed") == 1)  # after the callback of its open
    closed = Wait()
    xio.globus_xio_register_close(ends.client, attr, closed, None)
    assert closed.get()[1] is None
    xio.globus_xio_close(ends.peer, attr)
    assert blocking.seen.count(Attr(6)) == 4
    xio.globus_xio_server_close(ends.server)
    xio.globus_xio_attr_destroy(attr)
    assert eventually(lambda: len(blocking.ended) >= 5)  # the attribute's own, and the copies of four calls


def test_they_wait_in_other_threads(blocking: Blocking) -> None:
    """The callbacks of others go on meanwhile."""
    ends, done, many = Ends(blocking), Wait(), Wait()
    xio.globus_xio_register_read(ends.peer, bytearray(1), 1, None, done, None)
    threads: list[int] = []
    blocking.hooks["write"] = lambda: threads.append(threading.get_ident())
    for _ in range(8):
        xio.globus_xio_register_write(ends.peer, b"x", 1, None, many, None)
    for _ in range(8):
        assert many.get()[1] is None
    assert done.calls.empty()
    assert threading.get_ident() not in threads
    xio.globus_xio_write(ends.client, b"y", 1, None)
    assert done.get()[1] is None
    ends.end()


def test_the_end(blocking: Blocking, unraisable: list[BaseException]) -> None:
    ends, done = Ends(blocking), Wait()
    xio.globus_xio_close(ends.client, None)
    xio.globus_xio_register_read(ends.peer, bytearray(1), 1, None, done, None)
    assert "the peer has gone" in str(done.get()[1])
    assert [type(error) for error in unraisable] == [EOFError]
    xio.globus_xio_close(ends.peer, None)
    xio.globus_xio_server_close(ends.server)


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
@pytest.mark.parametrize("place", ["read", "write"])
def test_exceptions(blocking: Blocking, unraisable: list[BaseException], place: str, later: bool) -> None:
    ends, done = Ends(blocking), Wait()

    def broken() -> None:
        raise ArithmeticError(place)

    blocking.hooks[place] = broken
    if later:
        call = xio.globus_xio_register_read if place == "read" else xio.globus_xio_register_write
        call(ends.peer, bytearray(1), 1, None, done, None)
        error, length = done.get()[1], None
        assert "ArithmeticError" in repr(error) or place in str(error)
        assert length is None
    else:
        with pytest.raises(GlobusError, match=place):
            if place == "read":
                xio.globus_xio_read(ends.client, bytearray(1), 1, None)
            else:
                xio.globus_xio_write(ends.client, b"x", 1, None)
    assert [str(error) for error in unraisable] == [place]
    blocking.hooks.clear()
    ends.end()


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
def test_exceptions_at_both_ends(blocking: Blocking, unraisable: list[BaseException], later: bool) -> None:
    def broken() -> None:
        raise ArithmeticError("no")

    stack, done = stack_of(blocking.driver), Wait()
    server = xio.globus_xio_server_create(None, stack)
    contact = xio.globus_xio_server_get_contact_string(server)
    blocking.hooks.update(accept=broken, open=broken, close=broken)
    handle = xio.globus_xio_handle_create(stack)
    if later:
        xio.globus_xio_server_register_accept(server, done, None)
        assert "no" in str(done.get()[2])
        xio.globus_xio_register_open(handle, contact, None, done, None)
        assert "no" in str(done.get()[1])
    else:
        with pytest.raises(GlobusError, match="no"):
            xio.globus_xio_server_accept(server)
        with pytest.raises(GlobusError, match="no"):
            xio.globus_xio_open(handle, contact, None)
    del blocking.hooks["open"]
    handle = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(handle, contact, None)
    if later:
        xio.globus_xio_register_close(handle, None, done, None)
        assert "no" in str(done.get()[1])
    else:
        with pytest.raises(GlobusError, match="no"):
            xio.globus_xio_close(handle, None)
    assert [str(error) for error in unraisable] == ["no"] * 3
    xio.globus_xio_server_close(server)


def test_without_a_server(active: None) -> None:
    driver = xio.globus_xio_driver_init("client", None)
    xio.globus_xio_wrapblock_init(driver, print, print, print, print, None)
    server = xio.globus_xio_server_create(None, stack_of(driver))
    with pytest.raises(GlobusError, match="accepts no connections"):
        xio.globus_xio_server_accept(server)
    xio.globus_xio_server_close(server)
    with pytest.raises(TypeError, match="'read'"):
        xio.globus_xio_wrapblock_init(driver, print, print, None, print, None)
