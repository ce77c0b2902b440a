"""globus_lowlevel.xio: a transport driver written in Python, over sockets of the system, on real connections."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating, eventually
from tests.lowlevel.xio_peers import ASK, GET, LIMIT, SET, Pair, Through, Wait, driver_of, stack_of, tcp_stack
from tests.lowlevel.xio_sockets import Sockets

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE, xio.GLOBUS_XIO_SYSTEM_MODULE)
sockets = driver_of(Sockets)


@pytest.fixture
def pair(sockets: Sockets) -> Iterator[Pair]:
    stack = stack_of(sockets.driver)
    pair = Pair(stack, stack)
    yield pair
    pair.end()


def test_data_goes_both_ways(pair: Pair) -> None:
    data = os.urandom(300_000)
    written, room = Wait(), bytearray(len(data))
    for source, sink in ((pair.client, pair.peer), (pair.peer, pair.client)):
        xio.globus_xio_register_write(source, data, len(data), None, written, None)
        assert xio.globus_xio_read(sink, room, len(data), None) == len(data)
        assert room == data
        assert written.get()[1] is None


def test_vectors(pair: Pair) -> None:
    assert xio.globus_xio_writev(pair.client, [b"one", b"two", b"three"], 11, None) == 11
    parts = [bytearray(4), bytearray(7)]
    assert xio.globus_xio_readv(pair.peer, parts, 11, None) == 11
    assert parts == [b"onet", b"wothree"]


def test_it_speaks_with_any_other(sockets: Sockets) -> None:
    """The drivers of the toolkit, and the sockets of Python."""
    pair = Pair(stack_of(sockets.driver), tcp_stack())
    xio.globus_xio_write(pair.client, b"hello", 5, None)
    room = bytearray(5)
    xio.globus_xio_read(pair.peer, room, 5, None)
    assert room == b"hello"
    pair.end()
    server = xio.globus_xio_server_create(None, stack_of(sockets.driver))
    host, _, port = xio.globus_xio_server_get_contact_string(server).rpartition(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT) as plain:
        handle = xio.globus_xio_server_accept(server)
        xio.globus_xio_open(handle, None, None)
        plain.sendall(b"plain")
        assert xio.globus_xio_read(handle, room, 5, None) == 5
        assert room == b"plain"
        xio.globus_xio_close(handle, None)
        assert plain.recv(1) == b""
    xio.globus_xio_server_close(server)


def test_the_end_of_the_stream(pair: Pair) -> None:
    xio.globus_xio_write(pair.peer, b"end", 3, None)
    xio.globus_xio_close(pair.peer, None)
    room = bytearray(8)
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_read(pair.client, room, 8, None)
    assert xio.globus_xio_error_is_eof(raised.value)
    assert room.startswith(b"end")


def test_nobody_listens(sockets: Sockets) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        handle = xio.globus_xio_handle_create(stack_of(sockets.driver))
        with pytest.raises(GlobusError) as raised:
            xio.globus_xio_open(handle, f"127.0.0.1:{port}", None)
    assert raised.value.errno == 111


def test_a_read_is_cancelled(pair: Pair) -> None:
    """The functions of the system take care of it: the operation comes back with the error."""
    done = Wait()
    xio.globus_xio_register_read(pair.client, bytearray(1), 1, None, done, None)
    xio.globus_xio_handle_cancel_operations(pair.client, xio.GLOBUS_XIO_CANCEL_READ)
    assert xio.globus_xio_error_is_canceled(done.get()[1])
    xio.globus_xio_write(pair.peer, b"x", 1, None)
    assert xio.globus_xio_read(pair.client, bytearray(1), 1, None) == 1


def test_an_accept_is_cancelled(sockets: Sockets) -> None:
    server = xio.globus_xio_server_create(None, stack_of(sockets.driver))
    done = Wait()
    xio.globus_xio_server_register_accept(server, done, None)
    xio.globus_xio_server_cancel_accept(server)
    assert xio.globus_xio_error_is_canceled(done.get()[2])
    xio.globus_xio_server_close(server)


def test_a_blocking_accept_and_its_commands(sockets: Sockets) -> None:
    server = xio.globus_xio_server_create(None, stack_of(sockets.driver))
    contact = xio.globus_xio_server_get_contact_string(server)
    assert xio.globus_xio_server_cntl(server, sockets.driver, ASK) == ("server", ASK)
    client = xio.globus_xio_handle_create(stack_of(sockets.driver))
    opening = threading.Thread(target=xio.globus_xio_open, args=(client, contact, None))
    opening.start()
    handle = xio.globus_xio_server_accept(server)
    opening.join(LIMIT)
    assert xio.globus_xio_handle_cntl(handle, sockets.driver, GET) == ("link", GET)
    xio.globus_xio_open(handle, None, None)
    xio.globus_xio_handle_cntl(handle, sockets.driver, SET, 7)
    assert xio.globus_xio_handle_cntl(handle, sockets.driver, GET) == 7
    for each in (handle, client):
        xio.globus_xio_close(each, None)
    xio.globus_xio_server_close(server)
    assert eventually(lambda: sockets.ended == [{"descriptor": -1}])


def test_an_accepted_connection_is_refused(sockets: Sockets) -> None:
    """Closed without being opened: its link is destroyed."""
    server = xio.globus_xio_server_create(None, stack_of(sockets.driver))
    host, _, port = xio.globus_xio_server_get_contact_string(server).rpartition(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT) as plain:
        handle = xio.globus_xio_server_accept(server)
        xio.globus_xio_close(handle, None)
        assert plain.recv(1) == b""
    assert len(sockets.ended) == 1
    xio.globus_xio_server_close(server)


def test_it_carries_other_drivers(sockets: Sockets) -> None:
    above = Through()
    stack = stack_of(sockets.driver, above.driver)
    pair = Pair(stack, stack)
    xio.globus_xio_write(pair.client, b"through", 7, None)
    room = bytearray(7)
    xio.globus_xio_read(pair.peer, room, 7, None)
    assert room == b"through"
    pair.end()
    for state in ("server", "link"):
        assert eventually(lambda state=state: {state: above.driver} in above.ended)


def test_it_must_have_its_functions(active: None) -> None:
    driver = xio.globus_xio_driver_init("empty", None)
    with pytest.raises(TypeError, match="read_func"):
        xio.globus_xio_driver_set_transport(driver, print, print, None, print, None)
    with pytest.raises(GlobusError):
        stack_of(driver)
    xio.globus_xio_driver_destroy(driver)


@pytest.mark.parametrize("after", [False, True])
def test_without_functions_of_a_server_it_accepts_nothing(active: None, after: bool) -> None:
    driver = xio.globus_xio_driver_init("client", None)

    def functions() -> None:
        xio.globus_xio_driver_set_server(driver, None, None, None, None, None, None)

    if not after:
        functions()
    xio.globus_xio_driver_set_transport(driver, print, print, print, print, None)
    if after:
        functions()
    server = xio.globus_xio_server_create(None, stack_of(driver))
    with pytest.raises(GlobusError, match="accepts no connections"):
        xio.globus_xio_server_accept(server)
    with pytest.raises(ValueError, match="no functions"):
        xio.globus_xio_server_cntl(server, driver, ASK)
    xio.globus_xio_server_close(server)


def test_datagrams(sockets: Sockets) -> None:
    """The address that they come from is known when they have come; they go to one that is given."""
    seen, sources, there = Wait(), Wait(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there.settimeout(LIMIT)
    there.bind(("127.0.0.1", 0))

    def read(op: Any, buffers: list[memoryview], state: Any) -> None:
        def came(error: Any, length: int, argument: Any) -> None:
            (source,) = sources.get()
            seen(source.value, error)
            xio.globus_xio_system_socket_register_write(
                op, state.system, [buffers[0][:length]], length, 0, source.value, answered, None
            )

        def answered(error: Any, length: int, argument: Any) -> None:
            xio.globus_xio_driver_finished_read(op, error, length)

        sources(xio.globus_xio_system_socket_register_read(op, state.system, buffers, 1, 0, came, None))

    def open_(contact: Any, link: Any, attr: Any, op: Any) -> None:
        state = sockets.state(xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_DGRAM, 0))
        xio.globus_xio_system_socket_bind(state.descriptor, bytes((2, 0, 0, 0, 127, 0, 0, 1)) + bytes(8))
        xio.globus_xio_driver_finished_open(state, op, None)

    driver = xio.globus_xio_driver_init("datagrams", None)
    xio.globus_xio_driver_set_transport(
        driver, open_, sockets.close, lambda state, buffers, count, op: read(op, buffers, state),
        sockets.write, lambda state, command, arguments: arguments.answer(state.descriptor),
    )  # fmt: skip
    handle = xio.globus_xio_handle_create(stack_of(driver))
    xio.globus_xio_open(handle, "any", None)
    name = bytearray(16)
    xio.globus_xio_system_socket_getsockname(xio.globus_xio_handle_cntl(handle, driver, ASK), name)
    done, room = Wait(), bytearray(9)
    xio.globus_xio_register_read(handle, room, 1, None, done, None)
    there.sendto(b"datagram!", ("127.0.0.1", int.from_bytes(name[2:4], "big")))
    assert done.get()[1] is None
    assert seen.get() == (there.getsockname(), None)
    assert room == b"datagram!"
    assert there.recv(16) == b"datagram!"
    there.close()
    xio.globus_xio_close(handle, None)
    xio.globus_xio_driver_destroy(driver)
