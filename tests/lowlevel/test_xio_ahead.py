"""globus_lowlevel.xio: drivers that read ahead with operations of their own, and that share a connection."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import Pair, State, Through, Wait, tcp_stack

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE)


# ---- operations that a driver makes ------------------------------------------------------------------------


class Ahead(Through):
    """Reads from below before anybody asks, always with the same operation."""

    def opened(self, op: Any, error: Any, state: State) -> None:
        if error is None:
            state.extra.update(ready=[], waiting=[], lock=threading.Lock(), ended=threading.Event())
            state.extra["op"] = xio.globus_xio_driver_operation_create(state.below)
            self.fetch(state.extra["op"], state)
        super().opened(op, error, state)

    def fetch(self, op: Any, state: State) -> None:
        buffer = bytearray(4)
        xio.globus_xio_driver_pass_read(op, [buffer], 1, lambda *came: self.came(buffer, *came), state)

    def came(self, buffer: bytearray, op: Any, error: Any, length: int, state: State) -> None:
        with state.extra["lock"]:
            if error is None:
                state.extra["ready"].append(bytes(buffer[:length]))
                state.extra["op"] = op
                self.fetch(op, state)
            else:
                state.extra["error"] = error
                xio.globus_xio_driver_operation_destroy(op)
        self.serve(state)
        if error is not None:
            state.extra["ended"].set()

    def read(self, state: State, buffers: list[memoryview], count: int, op: Any) -> None:
        with state.extra["lock"]:
            state.extra["waiting"].append((op, buffers[0]))
        self.serve(state)

    def serve(self, state: State) -> None:
        with state.extra["lock"]:
            if not state.extra["waiting"] or not (state.extra["ready"] or "error" in state.extra):
                return
            op, room = state.extra["waiting"].pop(0)
            data = state.extra["ready"].pop(0) if state.extra["ready"] else b""
        room[: len(data)] = data
        xio.globus_xio_driver_finished_read(op, None if data else state.extra["error"], len(data))

    def close(self, state: State, attr: Any, op: Any) -> None:
        xio.globus_xio_driver_operation_cancel(state.below, state.extra["op"])
        super().close(state, attr, op)


def test_a_driver_reads_ahead(active: None, nothing_left: None) -> None:
    """XIO closes those below when its operation has come back."""
    driver = Ahead("ahead")
    pair = Pair(tcp_stack(driver.driver), tcp_stack())
    assert xio.globus_xio_write(pair.peer, b"onetwothree!", 12, None) == 12
    room = bytearray(12)
    assert xio.globus_xio_read(pair.client, room, 12, None) == 12
    assert room == b"onetwothree!"
    done = Wait()
    xio.globus_xio_register_read(pair.client, bytearray(1), 1, None, done, None)
    xio.globus_xio_write(pair.peer, b"z", 1, None)
    assert done.get()[1] is None
    ended: list[Any] = []
    driver.hooks["closed"] = lambda op, error, state: ended.append(state.extra["error"])
    xio.globus_xio_close(pair.client, None)
    assert xio.globus_xio_error_is_canceled(ended[0])
    pair.end()


def test_an_operation_that_was_made_for_nothing(active: None, nothing_left: None) -> None:
    driver, made = Through(), []

    def make(op: Any, *_: Any) -> None:
        below = xio.globus_xio_operation_get_driver_handle(op)
        made.append(xio.globus_xio_driver_operation_create(below))
        xio.globus_xio_driver_operation_destroy(made[0])

    driver.hooks["write"] = make
    pair = Pair(tcp_stack(driver.driver), tcp_stack())
    xio.globus_xio_write(pair.client, b"x", 1, None)
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_driver_operation_destroy(made[0])
    pair.end()


# ---- one connection for several handles --------------------------------------------------------------------


class Sharing(Through):
    """The first handle connects; those after it write through it."""

    first: Any = None

    def open(self, contact: Any, link: Any, attr: Any, op: Any) -> None:
        if self.first is None:
            self.first = xio.globus_xio_operation_get_driver_handle(op)
            with pytest.raises(ValueError, match="not open"):
                xio.globus_xio_driver_merge_handle(op, self.first)
            super().open(contact, link, attr, op)
            return
        xio.globus_xio_driver_merge_handle(op, self.first)
        state = State()
        state.extra["shared"] = True
        xio.globus_xio_driver_finished_open(state, op, None)

    def close(self, state: State, attr: Any, op: Any) -> None:
        if "shared" in state.extra:
            xio.globus_xio_driver_finished_close(op, None)
        else:
            super().close(state, attr, op)


def test_handles_share_what_is_below(
    active: None, nothing_left: None, unraisable: list[BaseException]
) -> None:
    driver, above = Sharing("sharing"), Through("above")
    stack = tcp_stack(driver.driver)
    pair = Pair(stack, tcp_stack())
    second = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(second, pair.contact, None)
    for handle, data in ((pair.client, b"one"), (second, b"two"), (pair.client, b"3")):
        xio.globus_xio_write(handle, data, len(data), None)
    room = bytearray(7)
    assert xio.globus_xio_read(pair.peer, room, 7, None) == 7
    assert room == b"onetwo3"
    xio.globus_xio_close(second, None)
    assert xio.globus_xio_write(pair.client, b"!", 1, None) == 1
    assert unraisable == []
    other = xio.globus_xio_handle_create(tcp_stack(driver.driver, above.driver))
    with pytest.raises(GlobusError):  # a stack of another height
        xio.globus_xio_open(other, pair.contact, None)
    assert len(unraisable) == 2  # of the driver, and of the one above it
    pair.end()
