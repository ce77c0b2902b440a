"""globus_lowlevel.xio: exceptions in every function of a driver, before and after it let its operation go.

Each is told to sys.unraisablehook, and fails what it was for where that can still fail; nothing hangs, aborts or is left.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from tests.lowlevel.conftest import activating, eventually
from tests.lowlevel.xio_broken import breaks, told
from tests.lowlevel.xio_peers import (
    ASK,
    GET,
    SET,
    Attr,
    Pair,
    State,
    Through,
    Wait,
    driver_of,
    loopback_attr,
    tcp_stack,
)
from tests.lowlevel.xio_sockets import Sockets

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE, xio.GLOBUS_XIO_SYSTEM_MODULE)
through = driver_of(Through)
sockets = driver_of(Sockets)


# ---- a transform driver ------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
@pytest.mark.parametrize("place", ["open", "opened"])
def test_open(through: Through, unraisable: list[BaseException], place: str, later: bool) -> None:
    """What those below have opened is closed."""
    server = xio.globus_xio_server_create(loopback_attr(), tcp_stack())
    contact = xio.globus_xio_server_get_contact_string(server)
    stack = tcp_stack(through.driver)
    through.hooks[place] = breaks(place)
    handle, done = xio.globus_xio_handle_create(stack), Wait()
    if later:
        try:
            xio.globus_xio_register_open(handle, contact, None, done, None)
        except GlobusError as error:
            done(handle, error, None)
        error = done.get()[1]
    else:
        with pytest.raises(GlobusError) as raised:
            xio.globus_xio_open(handle, contact, None)
        error = raised.value
    assert place in str(error)
    assert told(unraisable) == [place]
    through.hooks.clear()
    if place == "opened":
        peer = xio.globus_xio_server_accept(server)
        xio.globus_xio_open(peer, None, None)
        with pytest.raises(GlobusError) as raised:
            xio.globus_xio_read(peer, bytearray(1), 1, None)
        assert xio.globus_xio_error_is_eof(raised.value)
        xio.globus_xio_close(peer, None)
    handle = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(handle, contact, None)
    xio.globus_xio_close(handle, None)
    xio.globus_xio_server_close(server)


@pytest.mark.parametrize(
    "place", ["open passed", "open finished", "close passed", "read passed", "write passed"]
)
def test_after_it_was_passed_on(through: Through, unraisable: list[BaseException], place: str) -> None:
    """The operation goes on without those that raise."""
    through.hooks[place] = breaks(place)
    pair = Pair(tcp_stack(through.driver), tcp_stack())
    data = os.urandom(50_000)
    for source, sink in ((pair.client, pair.peer), (pair.peer, pair.client)):
        room, written = bytearray(len(data)), Wait()
        xio.globus_xio_register_write(source, data, len(data), None, written, None)
        assert xio.globus_xio_read(sink, room, len(data), None) == len(data)
        assert room == data
        assert written.get()[1] is None
    pair.end()
    assert set(told(unraisable)) == {place}


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
@pytest.mark.parametrize("place", ["read", "was_read", "write", "written"])
def test_data(through: Through, unraisable: list[BaseException], place: str, later: bool) -> None:
    pair, done = Pair(tcp_stack(through.driver), tcp_stack()), Wait()
    xio.globus_xio_write(pair.peer, b"ab", 2, None)
    through.hooks[place] = breaks(place)
    is_read = "read" in place
    if later:
        call = xio.globus_xio_register_read if is_read else xio.globus_xio_register_write
        try:
            call(pair.client, bytearray(1), 1, None, done, None)
        except GlobusError as error:
            done(pair.client, error)
        error = done.get()[1]
    else:
        with pytest.raises(GlobusError) as raised:
            if is_read:
                xio.globus_xio_read(pair.client, bytearray(1), 1, None)
            else:
                xio.globus_xio_write(pair.client, b"x", 1, None)
        error = raised.value
    assert place in str(error)
    assert told(unraisable) == [place]
    through.hooks.clear()
    assert xio.globus_xio_read(pair.client, bytearray(1), 1, None) == 1
    assert xio.globus_xio_write(pair.client, b"x", 1, None) == 1
    pair.end()


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
@pytest.mark.parametrize("place", ["read", "write"])
def test_data_asked_for_again(
    through: Through, unraisable: list[BaseException], place: str, later: bool
) -> None:
    """A part has moved, and C asks for the rest: what fails then fails the whole."""
    pair, done = Pair(tcp_stack(through.driver), tcp_stack()), Wait()
    xio.globus_xio_write(pair.peer, b"ab", 2, None)
    asked = []

    def a_part(op: Any, buffers: list[Any], state: State) -> bool:
        if asked:
            breaks(place)()
        asked.append(op)
        first = [memoryview(buffers[0])[:1]]
        if place == "read":
            xio.globus_xio_driver_pass_read(op, first, 1, through.was_read, state)
        else:
            xio.globus_xio_driver_pass_write(op, first, 1, through.written, state)
        return True

    through.hooks[place] = a_part
    if later:
        call = xio.globus_xio_register_read if place == "read" else xio.globus_xio_register_write
        call(pair.client, bytearray(2), 2, None, done, None)
        error = done.get()[1]
    else:
        call = xio.globus_xio_read if place == "read" else xio.globus_xio_write
        with pytest.raises(GlobusError) as raised:
            call(pair.client, bytearray(2), 2, None)
        error = raised.value
    assert place in str(error)
    assert told(unraisable) == [place]
    through.hooks.clear()
    assert xio.globus_xio_read(pair.client, bytearray(1), 1, None) == 1 or place == "write"
    pair.end()


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
@pytest.mark.parametrize("place", ["close", "closed"])
def test_close(through: Through, unraisable: list[BaseException], place: str, later: bool) -> None:
    """The handle is closed all the same."""
    pair, done = Pair(tcp_stack(through.driver), tcp_stack()), Wait()
    through.hooks[place] = breaks(place)
    if later:
        xio.globus_xio_register_close(pair.client, None, done, None)
        error = done.get()[1]
    else:
        with pytest.raises(GlobusError) as raised:
            xio.globus_xio_close(pair.client, None)
        error = raised.value
    assert place in str(error)
    assert told(unraisable) == [place]
    assert pair.client.closed
    pair.end()


def test_push(through: Through, unraisable: list[BaseException]) -> None:
    through.hooks["push"] = breaks("push")
    with pytest.raises(GlobusError, match="push"):
        tcp_stack(through.driver)
    assert told(unraisable) == ["push"]


# ---- attributes and commands -------------------------------------------------------------------------------


def test_attributes(through: Through, unraisable: list[BaseException]) -> None:
    through.hooks["attr_init"] = breaks("attr_init")
    with pytest.raises(GlobusError, match="attr_init"):
        xio.globus_xio_attr_cntl(xio.globus_xio_attr_init(), through.driver, SET, 1)
    through.hooks.clear()
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, through.driver, SET, 1)
    through.hooks["attr_cntl"] = breaks("attr_cntl")
    with pytest.raises(GlobusError, match="attr_cntl"):
        xio.globus_xio_attr_cntl(attr, through.driver, GET)
    through.hooks["attr_copy"] = breaks("attr_copy")
    with pytest.raises(GlobusError, match="attr_copy"):
        xio.globus_xio_attr_copy(attr)
    through.hooks["attr_destroy"] = breaks("attr_destroy")
    xio.globus_xio_attr_destroy(attr)
    assert told(unraisable) == ["attr_init", "attr_cntl", "attr_copy", "attr_destroy"]


def test_commands(through: Through, unraisable: list[BaseException]) -> None:
    server = xio.globus_xio_server_create(loopback_attr(), tcp_stack(through.driver))
    through.hooks.update(
        handle_cntl=breaks("handle_cntl"), server_cntl=breaks("server_cntl"), link_cntl=breaks("link_cntl")
    )
    with pytest.raises(GlobusError, match="server_cntl"):
        xio.globus_xio_server_cntl(server, through.driver, ASK)
    client, done = xio.globus_xio_handle_create(tcp_stack()), Wait()
    contact = xio.globus_xio_server_get_contact_string(server)
    xio.globus_xio_register_open(client, contact, None, done, None)
    handle = xio.globus_xio_server_accept(server)
    assert done.get()[1] is None
    with pytest.raises(GlobusError, match="link_cntl"):
        xio.globus_xio_handle_cntl(handle, through.driver, ASK)
    xio.globus_xio_open(handle, None, None)
    with pytest.raises(GlobusError, match="handle_cntl"):
        xio.globus_xio_handle_cntl(handle, through.driver, ASK)
    for each in (handle, client):
        xio.globus_xio_close(each, None)
    xio.globus_xio_server_close(server)
    assert told(unraisable) == ["server_cntl", "link_cntl", "handle_cntl"]


def test_nothing_is_left_of_attributes(through: Through, unraisable: list[BaseException]) -> None:
    """As many are destroyed as were made, whatever fails."""
    made: list[str] = []
    through.hooks.update(attr_init=lambda: made.append("init"), attr_copy=lambda attr: made.append("copy"))
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, through.driver, SET, 1)
    through.hooks["open"] = breaks("open")
    handle = xio.globus_xio_handle_create(tcp_stack(through.driver))
    with pytest.raises(GlobusError, match="open"):
        xio.globus_xio_open(handle, "127.0.0.1:1", attr)
    assert told(unraisable) == ["open"]
    xio.globus_xio_attr_destroy(attr)
    assert eventually(lambda: sum(isinstance(each, Attr) for each in through.ended) == len(made))
