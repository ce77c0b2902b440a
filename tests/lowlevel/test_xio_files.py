"""globus_lowlevel.xio: a transport driver written in Python over files of the system, by XIO's own functions for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import Hooked, State, Wait, stack_of

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE, xio.GLOBUS_XIO_SYSTEM_MODULE)


class Files(Hooked):
    """Where data are is told by the user's data descriptors."""

    def __init__(self) -> None:
        super().__init__("files")
        xio.globus_xio_driver_set_transport(
            self.driver, self.open, self.close, self.read, self.write, self.handle_cntl
        )

    def open(self, contact: Any, link: Any, attr: Any, op: Any) -> None:
        descriptor = xio.globus_xio_system_file_open(contact.resource, os.O_RDWR | os.O_CREAT, 0o600)
        state = State(None, None, descriptor, xio.globus_xio_system_file_init(descriptor))
        xio.globus_xio_driver_finished_open(state, op, None)

    def close(self, state: State, attr: Any, op: Any) -> None:
        xio.globus_xio_system_file_destroy(state.system)
        xio.globus_xio_system_file_close(state.descriptor)
        xio.globus_xio_driver_finished_close(op, None)

    def place(self, op: Any) -> int:
        return int(xio.globus_xio_driver_data_descriptor_cntl(op, None, xio.GLOBUS_XIO_DD_GET_OFFSET))

    def read(self, state: State, buffers: list[memoryview], count: int, op: Any) -> None:
        def came(error: Any, length: int, argument: Any) -> None:
            self.at("came")
            xio.globus_xio_driver_finished_read(op, error, length)

        wanted = xio.globus_xio_operation_get_wait_for(op)
        xio.globus_xio_system_file_register_read(
            op, state.system, max(self.place(op), 0), buffers, wanted, came, None
        )

    def write(self, state: State, buffers: list[Any], count: int, op: Any) -> None:
        def went(error: Any, length: int, argument: Any) -> None:
            self.at("went")
            xio.globus_xio_driver_finished_write(op, error, length)

        wanted = xio.globus_xio_operation_get_wait_for(op)
        xio.globus_xio_system_file_register_write(
            op, state.system, max(self.place(op), 0), buffers, wanted, went, None
        )


@pytest.fixture
def files(active: None, nothing_left: None) -> Iterator[Files]:
    driver = Files()
    yield driver
    driver.hooks.clear()


@pytest.fixture
def handle(files: Files, tmp_path: Path) -> Iterator[Any]:
    handle = xio.globus_xio_handle_create(stack_of(files.driver))
    xio.globus_xio_open(handle, str(tmp_path / "file"), None)
    yield handle
    xio.globus_xio_close(handle, None)


def descriptor_at(handle: Any, offset: int) -> Any:
    descriptor = xio.globus_xio_data_descriptor_init(handle)
    xio.globus_xio_data_descriptor_cntl(descriptor, None, xio.GLOBUS_XIO_DD_SET_OFFSET, offset)
    return descriptor


def test_data_are_written_and_read_anywhere(handle: Any, tmp_path: Path) -> None:
    data = os.urandom(200_000)
    done = Wait()
    for start in (100_000, 0):
        part = data[start : start + 100_000]
        xio.globus_xio_register_write(handle, part, len(part), descriptor_at(handle, start), done, None)
        assert done.get()[1] is None
    assert (tmp_path / "file").read_bytes() == data
    parts = [bytearray(10), bytearray(90)]
    assert xio.globus_xio_readv(handle, parts, 100, descriptor_at(handle, 150_000)) == 100
    assert parts[0] + parts[1] == data[150_000:150_100]


def test_the_end(handle: Any) -> None:
    xio.globus_xio_write(handle, b"short", 5, None)
    room = bytearray(9)
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_read(handle, room, 9, None)
    assert xio.globus_xio_error_is_eof(raised.value)
    assert room.startswith(b"short")


@pytest.mark.parametrize("place", ["came", "went"])
def test_exceptions(files: Files, handle: Any, unraisable: list[BaseException], place: str) -> None:
    def broken() -> None:
        raise ArithmeticError(place)

    xio.globus_xio_write(handle, b"data", 4, None)
    files.hooks[place] = broken
    with pytest.raises(GlobusError, match=place):
        if place == "came":
            xio.globus_xio_read(handle, bytearray(4), 4, None)
        else:
            xio.globus_xio_write(handle, b"data", 4, None)
    assert [str(error) for error in unraisable] == [place]


def test_a_file_that_cannot_be_opened(files: Files, tmp_path: Path, unraisable: list[BaseException]) -> None:
    handle = xio.globus_xio_handle_create(stack_of(files.driver))
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_open(handle, str(tmp_path / "no" / "file"), None)
    assert raised.value.errno == 2
    assert len(unraisable) == 1
