"""globus_lowlevel.xio: exceptions in the functions of a driver for servers, and in those of a transport driver."""

from __future__ import annotations

from typing import Any

import pytest
from tests.lowlevel.conftest import activating, eventually
from tests.lowlevel.xio_broken import breaks, told
from tests.lowlevel.xio_peers import (
    Hooked,
    Pair,
    Through,
    Wait,
    driver_of,
    loopback_attr,
    stack_of,
    tcp_stack,
)
from tests.lowlevel.xio_sockets import Sockets

from globus_lowlevel import GlobusError, xio

active = activating(xio.GLOBUS_XIO_MODULE, xio.GLOBUS_XIO_SYSTEM_MODULE)
through = driver_of(Through)
sockets = driver_of(Sockets)


# ---- servers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["pre_init", "server_init"])
def test_a_server_that_cannot_be_made(through: Through, unraisable: list[BaseException], place: str) -> None:
    through.hooks[place] = breaks(place)
    stack = tcp_stack(through.driver)
    with pytest.raises(GlobusError, match=place):
        xio.globus_xio_server_create(loopback_attr(), stack)
    assert told(unraisable) == [place]
    through.hooks.clear()
    xio.globus_xio_server_close(xio.globus_xio_server_create(loopback_attr(), stack))


@pytest.mark.parametrize("later", [False, True], ids=["blocking", "registered"])
@pytest.mark.parametrize("place", ["accept", "accepted"])
@pytest.mark.parametrize("transport", [False, True], ids=["transform", "transport"])
def test_accept(
    unraisable: list[BaseException], request: Any, transport: bool, place: str, later: bool
) -> None:
    """The server goes on to accept."""
    driver: Hooked = request.getfixturevalue("sockets" if transport else "through")
    stack = stack_of(driver.driver) if transport else tcp_stack(driver.driver)
    server = xio.globus_xio_server_create(loopback_attr(), stack)
    contact = xio.globus_xio_server_get_contact_string(server)
    client, opened, done = xio.globus_xio_handle_create(tcp_stack()), Wait(), Wait()
    driver.hooks[place] = breaks(place)
    if place == "accepted":
        xio.globus_xio_register_open(client, contact, None, opened, None)
    if later:
        xio.globus_xio_server_register_accept(server, done, None)
        error = done.get()[2]
    else:
        with pytest.raises(GlobusError) as raised:
            xio.globus_xio_server_accept(server)
        error = raised.value
    assert place in str(error)
    assert told(unraisable) == [place]
    driver.hooks.clear()
    second = xio.globus_xio_handle_create(tcp_stack())
    xio.globus_xio_register_open(second, contact, None, opened, None)
    handle = xio.globus_xio_server_accept(server)
    xio.globus_xio_open(handle, None, None)
    for each in (handle, second):
        xio.globus_xio_close(each, None)
    xio.globus_xio_server_close(server)


@pytest.mark.parametrize("place", ["server_init passed", "accept passed", "server_destroy", "link_destroy"])
def test_a_server_goes_on(through: Through, unraisable: list[BaseException], place: str) -> None:
    through.hooks[place] = breaks(place)
    pair = Pair(tcp_stack(), tcp_stack(through.driver))
    xio.globus_xio_write(pair.client, b"x", 1, None)
    assert xio.globus_xio_read(pair.peer, bytearray(1), 1, None) == 1
    pair.end()
    assert eventually(lambda: len(unraisable) > 0)
    assert told(unraisable) == [place]


# ---- a transport driver: what the functions of the system call ---------------------------------------------


@pytest.mark.parametrize("place", ["read", "was_read", "write", "written", "close"])
def test_the_last_driver(sockets: Sockets, unraisable: list[BaseException], place: str) -> None:
    stack = stack_of(sockets.driver)
    pair = Pair(stack, stack)
    xio.globus_xio_write(pair.peer, b"x", 1, None)
    sockets.hooks[place] = breaks(place)
    with pytest.raises(GlobusError, match=place):
        if "read" in place:
            xio.globus_xio_read(pair.client, bytearray(1), 1, None)
        elif "writ" in place:
            xio.globus_xio_write(pair.client, b"x", 1, None)
        else:
            xio.globus_xio_close(pair.client, None)
    assert told(unraisable) == [place]
    sockets.hooks.clear()
    pair.end()


@pytest.mark.parametrize("place", ["open", "connected"])
def test_the_last_driver_opens(sockets: Sockets, unraisable: list[BaseException], place: str) -> None:
    server = xio.globus_xio_server_create(loopback_attr(), tcp_stack())
    handle = xio.globus_xio_handle_create(stack_of(sockets.driver))
    sockets.hooks[place] = breaks(place)
    with pytest.raises(GlobusError, match=place):
        xio.globus_xio_open(handle, xio.globus_xio_server_get_contact_string(server), None)
    assert told(unraisable) == [place]
    xio.globus_xio_server_close(server)
