"""globus_lowlevel.xio: an operation is finished once, by the right function, and then is not touched again."""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import LIMIT, Pair, Through, Wait, driver_of, stack_of, tcp_stack
from tests.lowlevel.xio_sockets import Sockets

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE, xio.GLOBUS_XIO_SYSTEM_MODULE)
through = driver_of(Through)


@pytest.fixture
def pair(through: Through) -> Iterator[Pair]:
    pair = Pair(tcp_stack(through.driver), tcp_stack())
    yield pair
    through.hooks.clear()
    pair.end()


# ---- end of data -------------------------------------------------------------------------------------------


def an_end() -> GlobusError:
    """The error that ends data: of another handle, as one that has ended may not ask its drivers again."""
    handle = xio.globus_xio_handle_create(stack_of(xio.globus_xio_driver_load("file")))
    xio.globus_xio_open(handle, os.devnull, None)
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_read(handle, bytearray(1), 1, None)
    xio.globus_xio_close(handle, None)
    return raised.value


def test_the_end_is_remembered(through: Through, pair: Pair) -> None:
    """While reads are under way: the driver is not asked for the next one."""
    held: queue.SimpleQueue[Any] = queue.SimpleQueue()
    told: list[bool] = []

    def hold(op: Any, buffers: Any, state: Any) -> bool:
        told.append(xio.globus_xio_driver_eof_received(op))
        held.put(op)
        return True

    end = an_end()
    through.hooks["read"] = hold
    one, two = Wait(), Wait()
    xio.globus_xio_register_read(pair.client, bytearray(1), 1, None, one, None)
    first = held.get(timeout=LIMIT)  # perhaps of another thread
    xio.globus_xio_driver_set_eof_received(first)
    xio.globus_xio_register_read(pair.client, bytearray(1), 1, None, two, None)
    xio.globus_xio_driver_finished_read(first, end, 0)
    assert [xio.globus_xio_error_is_eof(each.get()[1]) for each in (one, two)] == [True, True]
    assert told == [False]
    del first


# ---- once, and by the right function -----------------------------------------------------------------------


@pytest.mark.parametrize("again", ["finish", "pass", "ask"])
def test_it_is_over_when_it_is_over(through: Through, pair: Pair, again: str) -> None:
    messages: list[str] = []

    def once_more(op: Any, *_: Any) -> None:
        with pytest.raises(ValueError, match=r"passed on|finished|closed") as raised:
            if again == "finish":
                xio.globus_xio_driver_finished_write(op, None, 1)
            elif again == "pass":
                xio.globus_xio_driver_pass_write(op, [b"x"], 1, print, None)
            else:
                xio.globus_xio_operation_get_wait_for(op)
        messages.append(str(raised.value))

    through.hooks["write passed"] = once_more
    assert xio.globus_xio_write(pair.client, b"x", 1, None) == 1
    assert len(messages) == 1


def test_the_wrong_function(through: Through, pair: Pair) -> None:
    def wrong(op: Any, *_: Any) -> None:
        for finish in (
            lambda: xio.globus_xio_driver_finished_read(op, None, 0),
            lambda: xio.globus_xio_driver_finished_open({}, op, None),
            lambda: xio.globus_xio_driver_finished_close(op, ValueError("no")),
            lambda: xio.globus_xio_driver_finished_accept(op, {}, None),
            lambda: xio.globus_xio_driver_pass_open(op, xio.globus_xio_contact_parse("x:1"), print, None),
            lambda: xio.globus_xio_driver_pass_close(op, print, None),
            lambda: xio.globus_xio_driver_pass_accept(op, print, None),
            lambda: xio.globus_xio_driver_pass_server_init(op, xio.globus_xio_contact_parse("x:1"), {}),
            lambda: xio.globus_xio_driver_set_eof_received(op),
        ):
            with pytest.raises(ValueError, match="another kind"):
                finish()

    through.hooks["write"] = wrong
    assert xio.globus_xio_write(pair.client, b"x", 1, None) == 1


def test_it_may_be_finished_later(through: Through, pair: Pair) -> None:
    """By any thread; the operation is kept meanwhile."""
    kept: list[Any] = []
    through.hooks["read"] = lambda op, buffers, state: kept.append((op, buffers)) or True
    room, done = bytearray(4), Wait()
    xio.globus_xio_register_read(pair.client, room, 4, None, done, None)
    op, buffers = kept.pop()
    buffers[0][:] = b"late"
    thread = threading.Thread(target=xio.globus_xio_driver_finished_read, args=(op, None, 4))
    thread.start()
    thread.join(LIMIT)
    assert done.get()[1] is None
    assert room == b"late"
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_operation_is_canceled(op)


# ---- where there is nobody -----------------------------------------------------------------------------------


def test_those_below_are_not_open(active: None, nothing_left: None) -> None:
    """C would abort."""
    messages: list[str] = []

    def refused(function: Any, *arguments: Any) -> None:
        with pytest.raises(ValueError, match=r"not open|no driver below") as raised:
            function(*arguments)
        messages.append(str(raised.value))

    def early(op: Any, *_: Any) -> None:
        below = xio.globus_xio_operation_get_driver_handle(op)
        refused(xio.globus_xio_driver_operation_create, below)
        refused(xio.globus_xio_driver_handle_cntl, below, driver.driver, 1)
        refused(xio.globus_xio_driver_pass_close, op, print, None)
        refused(xio.globus_xio_driver_pass_read, op, [bytearray(1)], 1, print, None)

    def after_failure(op: Any, error: Any, state: Any) -> None:
        if error:
            refused(xio.globus_xio_driver_pass_close, op, print, None)

    driver = Through()
    driver.hooks.update(open=early, opened=after_failure)
    pair = Pair(tcp_stack(driver.driver), tcp_stack())
    pair.end()
    handle = xio.globus_xio_handle_create(tcp_stack(driver.driver))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(GlobusError):
            xio.globus_xio_open(handle, "127.0.0.1:{}".format(*unused.getsockname()[1:]), None)
    assert len(messages) == 9
    driver.hooks.clear()


def test_a_driver_that_opens_nothing(
    active: None, nothing_left: None, unraisable: list[BaseException]
) -> None:
    """And goes on as if those below were there."""
    driver = xio.globus_xio_driver_init("idle", None)

    def data(state: Any, buffers: Any, count: int, op: Any) -> None:
        xio.globus_xio_driver_pass_read(op, buffers, 1, print, None)

    xio.globus_xio_driver_set_transform(
        driver, lambda contact, link, attr, op: xio.globus_xio_driver_finished_open({}, op, None),
        lambda state, attr, op: xio.globus_xio_driver_finished_close(op, None), data, None, None, None,
    )  # fmt: skip
    handle = xio.globus_xio_handle_create(tcp_stack(driver))
    xio.globus_xio_open(handle, "127.0.0.1:1", None)
    with pytest.raises(GlobusError, match="below are not open"):
        xio.globus_xio_read(handle, bytearray(1), 1, None)
    xio.globus_xio_close(handle, None)
    assert len(unraisable) == 1
    xio.globus_xio_driver_destroy(driver)


@pytest.mark.parametrize("place", ["open", "read", "write", "close", "accept"])
def test_the_last_driver_passes_nothing_on(active: None, nothing_left: None, place: str) -> None:
    last = Sockets()
    messages: list[str] = []

    def pass_on(op: Any, *_: Any) -> None:
        functions: dict[str, Any] = {
            "open": lambda: xio.globus_xio_driver_pass_open(
                op, xio.globus_xio_contact_parse("x:1"), print, None
            ),
            "read": lambda: xio.globus_xio_driver_pass_read(op, [bytearray(1)], 1, print, None),
            "write": lambda: xio.globus_xio_driver_pass_write(op, [b"x"], 1, print, None),
            "close": lambda: xio.globus_xio_driver_pass_close(op, print, None),
            "accept": lambda: xio.globus_xio_driver_pass_accept(op, print, None),
        }
        with pytest.raises(ValueError, match="no driver below"):
            functions[place]()
        messages.append(place)

    last.hooks[place] = pass_on
    stack = stack_of(last.driver)
    pair = Pair(stack, stack)
    xio.globus_xio_write(pair.client, b"x", 1, None)
    assert xio.globus_xio_read(pair.peer, bytearray(1), 1, None) == 1
    pair.end()
    assert set(messages) == {place}
    last.hooks.clear()
