"""Thousands of connections come and go, and a process has no more than before."""

from __future__ import annotations

import errno
import gc
import os
import resource
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from globus_hl import xio

from .leftovers import leaving_nothing
from .pairs import Kind, connected, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable


LONG = [pytest.mark.fuzz, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("stack", "count"),
    [
        ("tcp", 500),
        ("tcp,gsi", 30),
        pytest.param("tcp", 10_000, marks=LONG),
        pytest.param("tcp,gsi", 1000, marks=LONG),
    ],
)
def test_connecting_and_closing(
    stack: str, count: int, request: pytest.FixtureRequest, wait_until: Callable[..., None]
) -> None:
    kind = kind_of(stack, request)

    def once(word: bytes) -> None:
        client, server = connected(kind)
        client.sendall(word)
        assert server.recv(1) == word[:1]
        client.close()
        server.close()

    for _ in range(10):  # what is made once and for all
        once(b"x")
    with leaving_nothing(wait_until):
        for number in range(count):
            once(b"x" * (1 + number % 100))


@pytest.mark.own_process
def test_more_descriptors_than_the_library_takes() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1100:
        pytest.skip("this system lets no process have that many descriptors")
    with xio.Server("tcp", "localhost"):  # the library has a pipe of its own from now on
        pass
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1100), hard))
    taken = [os.dup(0)]
    try:
        while taken[-1] < 1023:
            taken.append(os.dup(0))
        first, second = xio.socketpair(stack="tcp,queue")
        with first, second:
            with pytest.raises(OSError, match="below 1024") as caught:
                first.send(b"x")
            assert caught.value.errno == errno.EMFILE
        first, second = xio.socketpair()  # on tcp alone nobody selects
        with first, second:
            first.sendall(b"x")
            assert second.recv(1) == b"x"
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("stack", ["tcp,queue", "tcp,gsi"])
def test_forgotten_sockets_that_the_collector_finds_in_a_callback(
    stack: str, request: pytest.FixtureRequest
) -> None:
    """It runs in whatever thread makes objects, such as one of the library that is in the middle of a read."""
    kind = kind_of(stack, request) if "gsi" in stack else Kind(stack, {}, {})

    def flood(sock: socket.socket) -> None:
        with pytest.raises(OSError):  # noqa: PT011 - the peer is gone
            while True:
                sock.sendall(bytes(3000))

    thresholds = gc.get_threshold()
    for _ in range(20):
        client, server = connected(kind)
        server.settimeout(20)
        client.fileno()  # somebody watches
        thread = threading.Thread(target=flood, args=(server,))
        thread.start()
        client.recv(10)
        cycle: list[object] = [client]
        cycle.append(cycle)
        gc.disable()
        del client, cycle
        try:
            gc.set_threshold(1)
            gc.enable()
            time.sleep(0.01)  # other threads make objects, this one does not
        finally:
            gc.set_threshold(*thresholds)
        gc.collect()
        thread.join(20)
        assert not thread.is_alive()
        server.close()
