"""globus_lowlevel.xio: files and sockets of the system, as the drivers of the library use them."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import GlobusError, common, xio

active = activating(xio.GLOBUS_XIO_MODULE, xio.GLOBUS_XIO_SYSTEM_MODULE)


@pytest.fixture(autouse=True)
def balanced(active: None, nothing_left: None) -> None:
    """Each test leaves nothing of the binding alive."""


@pytest.mark.own_process
def test_the_module_of_the_system_must_be_active(tmp_path: Path) -> None:
    """Where no driver has activated it, either: C would end the process."""
    common.globus_module_deactivate(xio.GLOBUS_XIO_SYSTEM_MODULE)
    for call in (
        lambda: xio.globus_xio_system_file_open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o640),
        lambda: xio.globus_xio_system_file_init(0),
        lambda: xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0),
    ):
        with pytest.raises(RuntimeError, match="GLOBUS_XIO_SYSTEM_MODULE"):
            call()
    driver = xio.globus_xio_driver_load("tcp")  # which activates it
    xio.globus_xio_system_socket_close(
        xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0)
    )
    xio.globus_xio_driver_unload(driver)
    common.globus_module_activate(xio.GLOBUS_XIO_SYSTEM_MODULE)


# ---- files -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(balanced: None, tmp_path: Path) -> Iterator[int]:
    descriptor = xio.globus_xio_system_file_open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o640)
    yield descriptor
    xio.globus_xio_system_file_close(descriptor)


def test_a_file_is_written_and_read(file: int, tmp_path: Path) -> None:
    handle = xio.globus_xio_system_file_init(file)
    assert xio.globus_xio_system_file_write(handle, 0, [b"one", bytearray(b"two")], 6) == 6
    assert (tmp_path / "file").read_bytes() == b"onetwo"
    assert xio.globus_xio_system_file_get_size(file) == 6
    first, second = bytearray(2), bytearray(3)
    assert xio.globus_xio_system_file_read(handle, 1, [first, second], 5) == 5
    assert first + second == b"netwo"
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_system_file_read(handle, 6, [bytearray(1)], 1)
    assert xio.globus_xio_error_is_eof(raised.value)
    xio.globus_xio_system_file_destroy(handle)
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_system_file_read(handle, 0, [bytearray(1)], 1)


def test_a_file_is_cut(file: int) -> None:
    os.write(file, b"0123456789")
    assert xio.globus_xio_system_file_get_position(file) == 10
    xio.globus_xio_system_file_truncate(file, 4)
    assert xio.globus_xio_system_file_get_size(file) == 4


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_system_file_open(tmp_path / "none", os.O_RDONLY, 0)
    assert raised.value.errno == 2


def test_standard_files_have_names() -> None:
    assert [xio.globus_xio_system_convert_stdio(name) for name in ("stdin", "stdout", "stderr")] == [0, 1, 2]


# ---- sockets -----------------------------------------------------------------------------------------------------------

LOOPBACK = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("127.0.0.1"))


@pytest.fixture
def listener(balanced: None) -> Iterator[int]:
    descriptor = xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0)
    xio.globus_xio_system_socket_bind(descriptor, LOOPBACK)
    xio.globus_xio_system_socket_listen(descriptor, 5)
    yield descriptor
    xio.globus_xio_system_socket_close(descriptor)


def address_of(descriptor: int, ask: Any) -> bytes:
    name = bytearray(16)
    assert ask(descriptor, name) == 16
    return bytes(name)


def test_sockets_are_connected(listener: int) -> None:
    here = address_of(listener, xio.globus_xio_system_socket_getsockname)
    client = xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0)
    xio.globus_xio_system_socket_connect(client, here)
    assert address_of(client, xio.globus_xio_system_socket_getpeername) == here
    with socket.socket(fileno=os.dup(listener)) as waiting:
        peer, _ = waiting.accept()
    handle = xio.globus_xio_system_socket_init(client, xio.GLOBUS_XIO_SYSTEM_TCP)
    assert xio.globus_xio_system_socket_write(handle, [b"he", b"llo"], 5, 0, None) == 5
    assert peer.recv(5, socket.MSG_WAITALL) == b"hello"
    peer.sendall(b"answer")
    buffer = bytearray(6)
    assert xio.globus_xio_system_socket_read(handle, [buffer], 6, 0, None) == 6
    assert buffer == b"answer"
    peer.close()
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_system_socket_read(handle, [buffer], 1, 0, None)
    assert xio.globus_xio_error_is_eof(raised.value)
    xio.globus_xio_system_socket_destroy(handle)
    xio.globus_xio_system_socket_close(client)


def test_options_of_sockets(listener: int) -> None:
    on, answer = struct.pack("i", 1), bytearray(4)
    xio.globus_xio_system_socket_setsockopt(listener, socket.SOL_SOCKET, socket.SO_KEEPALIVE, on)
    assert (
        xio.globus_xio_system_socket_getsockopt(listener, socket.SOL_SOCKET, socket.SO_KEEPALIVE, answer) == 4
    )
    assert answer == on


def test_nobody_listens(listener: int, nobody: str) -> None:
    gone = bytearray(address_of(listener, xio.globus_xio_system_socket_getsockname))
    gone[2:4] = struct.pack("!H", int(nobody.rpartition(":")[2]))
    client = xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0)
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_system_socket_connect(client, gone)
    assert raised.value.errno == 111
    xio.globus_xio_system_socket_close(client)
