"""Calls of XIO that wait, and signals: handlers run meanwhile, and one that raises ends the wait."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating, eventually

import globus_lowlevel
from globus_lowlevel import GlobusError, xio, xio_drivers

LIMIT = 20


class Interrupted(Exception):
    """What the handler raises."""


active = activating(xio.GLOBUS_XIO_MODULE)


@pytest.fixture(autouse=True)
def nothing_pinned() -> Iterator[None]:
    """C has let go of every buffer and callback."""
    before = globus_lowlevel.live()
    yield
    for kind in ("buffers", "callbacks"):
        assert eventually(lambda kind=kind: globus_lowlevel.live()[kind] == before[kind])


@pytest.fixture(scope="module")
def tcp() -> Any:
    return xio.globus_xio_driver_load("tcp")


@pytest.fixture
def stack(tcp: Any) -> Any:
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, tcp)
    yield stack
    xio.globus_xio_stack_destroy(stack)


@pytest.fixture
def ends(stack: Any) -> Iterator[tuple[Any, socket.socket]]:
    """Both ends of a connection: a handle and a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        handle = xio.globus_xio_handle_create(stack)
        xio.globus_xio_open(handle, f"127.0.0.1:{listener.getsockname()[1]}", None)
        peer, _ = listener.accept()
    with peer:
        yield handle, peer
        xio.globus_xio_close(handle, None)


@pytest.fixture
def on_signal() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Lets a function run in the handler of a signal, which comes a moment later."""
    before = signal.getsignal(signal.SIGUSR1)
    senders: list[threading.Thread] = []

    def install(action: Callable[[], object]) -> None:
        signal.signal(signal.SIGUSR1, lambda *_: action())
        sender = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
        senders.append(sender)
        sender.start()

    yield install
    for sender in senders:
        sender.join()
    signal.signal(signal.SIGUSR1, before)


def interrupt() -> None:
    raise Interrupted


def test_a_read_ends(ends: tuple[Any, socket.socket], on_signal: Callable[..., None]) -> None:
    handle, peer = ends
    buffer = bytearray(10)
    on_signal(interrupt)
    started = time.monotonic()
    with pytest.raises(Interrupted):
        xio.globus_xio_read(handle, buffer, 10, None)
    assert time.monotonic() - started < LIMIT
    buffer.append(0)  # C has let go of it
    peer.sendall(b"afterwards")
    assert xio.globus_xio_read(handle, buffer, 10, None) == 10
    assert buffer == b"afterwards\0"


def test_a_vector_read_ends(ends: tuple[Any, socket.socket], on_signal: Callable[..., None]) -> None:
    handle, _ = ends
    on_signal(interrupt)
    with pytest.raises(Interrupted):
        xio.globus_xio_readv(handle, [bytearray(5), bytearray(5)], 10, None)


def test_a_write_ends(ends: tuple[Any, socket.socket], on_signal: Callable[..., None]) -> None:
    handle, _ = ends
    on_signal(interrupt)
    with pytest.raises(Interrupted):
        xio.globus_xio_write(handle, bytes(64 << 20), 64 << 20, None)  # more than the kernel keeps


def test_accepting_ends(stack: Any, tcp: Any, on_signal: Callable[..., None]) -> None:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    server = xio.globus_xio_server_create(attr, stack)
    on_signal(interrupt)
    with pytest.raises(Interrupted):
        xio.globus_xio_server_accept(server)
    contact = xio.globus_xio_server_cntl(server, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_LOCAL_NUMERIC_CONTACT)
    host, _, port = contact.rpartition(":")
    with socket.create_connection((host, int(port))):
        xio.globus_xio_close(xio.globus_xio_server_accept(server), None)
    xio.globus_xio_server_close(server)
    xio.globus_xio_attr_destroy(attr)


def test_a_handler_that_does_not_raise_ends_nothing(
    ends: tuple[Any, socket.socket], on_signal: Callable[..., None]
) -> None:
    handle, peer = ends
    on_signal(lambda: peer.sendall(b"by signal!"))
    buffer = bytearray(10)
    assert xio.globus_xio_read(handle, buffer, 10, None) == 10
    assert buffer == b"by signal!"


def test_a_handler_may_wait_itself(
    ends: tuple[Any, socket.socket], stack: Any, on_signal: Callable[..., None]
) -> None:
    handle, peer = ends

    def connect_again() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            other = xio.globus_xio_handle_create(stack)
            xio.globus_xio_open(other, f"127.0.0.1:{listener.getsockname()[1]}", None)
            xio.globus_xio_close(other, None)
        peer.sendall(b"x")

    on_signal(connect_again)
    assert xio.globus_xio_read(handle, bytearray(1), 1, None) == 1


def test_other_threads_wait_on(ends: tuple[Any, socket.socket], on_signal: Callable[..., None]) -> None:
    handle, peer = ends
    result: list[int] = []
    waiting = threading.Thread(
        target=lambda: result.append(xio.globus_xio_read(handle, bytearray(2), 2, None))
    )
    waiting.start()
    heard = threading.Event()
    on_signal(heard.set)
    assert heard.wait(LIMIT)
    peer.sendall(b"ok")
    waiting.join(LIMIT)
    assert result == [2]


def test_an_error_of_c_is_still_one(ends: tuple[Any, socket.socket]) -> None:
    handle, peer = ends
    peer.close()
    with pytest.raises(GlobusError):
        xio.globus_xio_read(handle, bytearray(1), 1, None)
