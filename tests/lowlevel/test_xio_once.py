"""globus_lowlevel.xio: an operation is finished once, by the right function, and then is not touched again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import LIMIT, Pair, Through, Wait, tcp_stack

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE)


@pytest.fixture
def through(active: None, nothing_left: None) -> Iterator[Through]:
    driver = Through()
    yield driver
    driver.hooks.clear()


@pytest.fixture
def pair(through: Through) -> Iterator[Pair]:
    pair = Pair(tcp_stack(through.driver), tcp_stack())
    yield pair
    through.hooks.clear()
    pair.end()


# ---- end of data -------------------------------------------------------------------------------------------


def test_the_end_is_remembered(through: Through, pair: Pair) -> None:
    """While reads are under way: the next one is told."""
    first: list[Any] = []
    told: list[bool] = []

    def hold(op: Any, buffers: Any, state: Any) -> bool:
        told.append(xio.globus_xio_driver_eof_received(op))
        if told[-1]:
            xio.globus_xio_driver_finished_read(op, first[1], 0)
        else:
            first.append(op)
        return True

    through.hooks["read"] = hold
    xio.globus_xio_close(pair.peer, None)
    through.hooks.clear()
    with pytest.raises(GlobusError) as raised:
        xio.globus_xio_read(pair.client, bytearray(1), 1, None)
    through.hooks["read"] = hold
    one, two = Wait(), Wait()
    xio.globus_xio_register_read(pair.client, bytearray(1), 1, None, one, None)
    first.append(raised.value)
    xio.globus_xio_driver_set_eof_received(first[0])
    xio.globus_xio_register_read(pair.client, bytearray(1), 1, None, two, None)
    xio.globus_xio_driver_finished_read(first[0], first[1], 0)
    assert [xio.globus_xio_error_is_eof(each.get()[1]) for each in (one, two)] == [True, True]
    assert told[0] is False
    first.clear()


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
