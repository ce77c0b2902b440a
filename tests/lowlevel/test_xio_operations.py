"""globus_lowlevel.xio: what a driver may ask and do with its operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import (
    GET,
    NAME,
    SET,
    Attr,
    Pair,
    State,
    Through,
    Wait,
    driver_of,
    loopback_attr,
    stack_of,
    tcp_stack,
)  # fmt: skip

from globus_lowlevel import xio, xio_drivers

active = activating(xio.GLOBUS_XIO_MODULE)
through = driver_of(Through)


@pytest.fixture
def pair(through: Through) -> Iterator[Pair]:
    pair = Pair(tcp_stack(through.driver), tcp_stack())
    yield pair
    through.hooks.clear()
    pair.end()


# ---- questions ---------------------------------------------------------------------------------------------


def test_what_an_operation_tells(through: Through, pair: Pair) -> None:
    told: list[Any] = []

    def ask(op: Any, buffers: list[Any], state: State) -> None:
        told.append(
            (
                xio.globus_xio_driver_operation_is_blocking(op),
                xio.globus_xio_operation_get_wait_for(op),
                xio.globus_xio_operation_is_canceled(op),
                xio.globus_xio_operation_get_user_driver(op) is through.driver,
                xio.globus_xio_operation_get_transport_user_driver(op) is not through.driver,
                xio.globus_xio_operation_get_driver_specific(op) is state,
                [bytes(buffer) for buffer in buffers],
            )
        )

    through.hooks["write"] = ask
    xio.globus_xio_writev(pair.client, [b"ab", b"c"], 3, None)
    written = Wait()
    xio.globus_xio_register_write(pair.client, b"defg", 2, None, written, None)
    assert written.get()[1] is None
    assert told[0][:4] == (True, 3, False, True)
    assert told[1][:3] == (False, 2, False)
    assert [each[4:6] for each in told] == [(True, True)] * 2
    assert [each[6] for each in told] == [[b"ab", b"c"], [b"defg"]]


def test_handles_to_the_drivers_below(through: Through) -> None:
    """They live until the handle is closed."""
    handles: list[Any] = []

    def ask(op: Any, *_: Any) -> None:
        handles.append(xio.globus_xio_operation_get_driver_handle(op))
        handles.append(xio.globus_xio_operation_get_driver_self_handle(op))

    through.hooks["write"] = ask
    tcp = xio.globus_xio_driver_load("tcp")
    pair = Pair(stack_of(tcp, through.driver), tcp_stack())
    xio.globus_xio_write(pair.client, b"x", 1, None)
    below, mine = handles
    contact = xio.globus_xio_driver_handle_cntl(
        below, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_REMOTE_NUMERIC_CONTACT
    )
    assert contact.rpartition(":")[2] == pair.contact.rpartition(":")[2]
    xio.globus_xio_driver_handle_cntl(mine, through.driver, SET, 3)
    assert xio.globus_xio_driver_handle_cntl(mine, through.driver, GET) == 3
    through.hooks["handle_cntl"] = handles.append  # whoever knows the command among those below answers
    query = (xio.GLOBUS_XIO_QUERY, xio.GLOBUS_XIO_GET_REMOTE_NUMERIC_CONTACT)
    assert xio.globus_xio_driver_handle_cntl(below, *query) == contact
    assert handles == [below, mine]
    xio.globus_xio_close(pair.client, None)
    for handle in (below, mine):
        with pytest.raises(ValueError, match="closed"):
            xio.globus_xio_driver_handle_cntl(handle, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_HANDLE)
    pair.end()


def test_the_stack_below_is_copied(through: Through) -> None:
    """With a copy of it the driver makes connections of its own."""
    stacks: list[Any] = []

    def copy(op: Any, *_: Any) -> None:
        stacks.append(xio.globus_xio_operation_copy_stack(op))

    through.hooks.update(open=copy, accept=copy, server_init=copy)
    pair = Pair(tcp_stack(through.driver), tcp_stack(through.driver))
    through.hooks.clear()
    assert len(stacks) >= 3
    for stack in stacks:
        xio.globus_xio_stack_destroy(stack) if stack is not stacks[-1] else None
    pair.end()
    inner = Pair(stacks.pop(), tcp_stack())
    xio.globus_xio_write(inner.client, b"below", 5, None)
    room = bytearray(5)
    xio.globus_xio_read(inner.peer, room, 5, None)
    assert room == b"below"
    inner.end()
    stacks.clear()


def test_attributes_of_an_operation(through: Through) -> None:
    """A driver sets those of the drivers below, for this one open."""
    tcp = xio.globus_xio_driver_load("tcp")

    def set_below(op: Any, *_: Any) -> None:
        xio.globus_xio_driver_attr_cntl(op, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_NODELAY, True)

    through.hooks["open"] = set_below
    pair = Pair(stack_of(tcp, through.driver), tcp_stack())
    assert xio.globus_xio_handle_cntl(pair.client, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_NODELAY) is True
    pair.end()


def test_its_own_attributes(through: Through) -> None:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, through.driver, SET, 5)
    xio.globus_xio_attr_cntl(attr, through.driver, NAME, "five")
    pair = Pair(tcp_stack(through.driver), tcp_stack(), attr)
    assert xio.globus_xio_handle_cntl(pair.client, through.driver, GET) == 5
    closing: list[Any] = []
    through.hooks["close"] = lambda op, state, attr: closing.append(attr)
    xio.globus_xio_close(pair.client, attr)
    assert closing == [Attr(5, "five")]
    pair.end()
    xio.globus_xio_attr_destroy(attr)
    assert [each for each in through.ended if isinstance(each, Attr)].count(Attr(5, "five")) == 3


def test_data_descriptors(through: Through, pair: Pair) -> None:
    """The user's comes to the driver; a driver makes its own where there is none; and asks the offset."""
    seen: list[Any] = []

    def ask(op: Any, *_: Any) -> None:
        force = len(seen) > 1
        seen.append(xio.globus_xio_operation_get_data_descriptor(op, force))
        seen.append(xio.globus_xio_driver_data_descriptor_cntl(op, None, xio.GLOBUS_XIO_DD_GET_OFFSET))

    through.hooks["write"] = ask
    xio.globus_xio_write(pair.client, b"x", 1, None)
    assert seen[0] is None
    descriptor = xio.globus_xio_data_descriptor_init(pair.client)
    xio.globus_xio_data_descriptor_cntl(descriptor, through.driver, SET, 9)
    xio.globus_xio_data_descriptor_cntl(descriptor, None, xio.GLOBUS_XIO_DD_SET_OFFSET, 77)
    xio.globus_xio_write(pair.client, b"x", 1, descriptor)
    assert seen[2:] == [Attr(9), 77]
    xio.globus_xio_write(pair.client, b"x", 1, None)
    assert seen[4] == Attr()
    xio.globus_xio_data_descriptor_destroy(descriptor)


def test_a_driver_sets_what_the_next_one_gets(through: Through) -> None:
    upper = Through("upper")
    seen: list[Any] = []

    def tell(op: Any, *_: Any) -> None:
        xio.globus_xio_driver_data_descriptor_cntl(op, through.driver, SET, 4)
        xio.globus_xio_driver_data_descriptor_cntl(op, None, xio.GLOBUS_XIO_DD_SET_OFFSET, 5)

    def hear(op: Any, *_: Any) -> None:
        seen.append(xio.globus_xio_operation_get_data_descriptor(op, False))
        seen.append(xio.globus_xio_driver_data_descriptor_cntl(op, through.driver, GET))

    upper.hooks["write"], through.hooks["write"] = tell, hear
    pair = Pair(tcp_stack(through.driver, upper.driver), tcp_stack())
    xio.globus_xio_write(pair.client, b"x", 1, None)
    assert seen == [Attr(4), 4]
    pair.end()


def test_a_driver_without_attributes_has_no_descriptor(active: None, nothing_left: None) -> None:
    seen: list[Any] = []

    def open_(contact: Any, link: Any, attr: Any, op: Any) -> None:
        xio.globus_xio_driver_finished_open(State(), op, None)

    def write(state: Any, buffers: Any, count: int, op: Any) -> None:
        seen.append(xio.globus_xio_operation_get_data_descriptor(op, True))
        seen.append(xio.globus_xio_operation_get_driver_handle(op))
        xio.globus_xio_driver_finished_write(op, None, sum(len(buffer) for buffer in buffers))

    driver = xio.globus_xio_driver_init("plain", None)
    xio.globus_xio_driver_set_transport(
        driver,
        open_,
        lambda state, attr, op: xio.globus_xio_driver_finished_close(op, None),
        print,
        write,
        None,
    )
    handle = xio.globus_xio_handle_create(stack_of(driver))
    xio.globus_xio_open(handle, "any", None)
    assert xio.globus_xio_write(handle, b"abc", 3, None) == 3
    assert seen == [None, None]
    xio.globus_xio_close(handle, None)
    xio.globus_xio_driver_destroy(driver)


# ---- operations of servers ---------------------------------------------------------------------------------


def test_operations_of_a_server_have_no_handle(through: Through) -> None:
    """They know the last driver, and are refused where C would look for a handle."""
    refused: list[str] = []
    last: list[Any] = []

    def ask(op: Any, *_: Any) -> None:
        last.append(xio.globus_xio_operation_get_transport_user_driver(op))
        for question in (
            xio.globus_xio_operation_get_user_driver,
            xio.globus_xio_operation_get_driver_specific,
            xio.globus_xio_operation_get_driver_handle,
            xio.globus_xio_operation_get_driver_self_handle,
            xio.globus_xio_operation_get_wait_for,
            xio.globus_xio_driver_eof_received,
            xio.globus_xio_driver_operation_destroy,
        ):
            with pytest.raises(ValueError, match="another kind"):
                question(op)
            refused.append(question.__name__)

    through.hooks.update(pre_init=ask, server_init=ask, accept=ask)
    tcp = xio.globus_xio_driver_load("tcp")
    pair = Pair(tcp_stack(), stack_of(tcp, through.driver))
    pair.end()
    assert len(refused) == 21
    assert last == [tcp] * 3


def test_before_a_server_is_made(through: Through) -> None:
    """A driver sets attributes of those below; an exception ends it."""
    tcp, seen = xio.globus_xio_driver_load("tcp"), []

    def set_below(op: Any, attr: Any, contact: Any) -> None:
        seen.append((attr, contact))
        xio.globus_xio_driver_attr_cntl(op, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_PORT, 0)

    through.hooks["pre_init"] = set_below
    attr = loopback_attr()
    xio.globus_xio_attr_cntl(attr, through.driver, SET, 2)
    server = xio.globus_xio_server_create(attr, stack_of(tcp, through.driver))
    assert seen == [(Attr(2), None)]
    xio.globus_xio_server_close(server)
