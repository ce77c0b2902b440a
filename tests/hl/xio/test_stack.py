"""Stacks and drivers."""

from __future__ import annotations

import pickle

import pytest

from globus_hl import xio
from globus_hl.xio.drivers import PACKAGES
from globus_hl.xio.errors import DriverNotFoundError, StackError


@pytest.mark.parametrize("name", [*xio.BUILT_IN, *PACKAGES])
def test_every_driver_is_loaded_once(name: str) -> None:
    assert xio.Driver(name) is xio.Driver(name)
    assert pickle.loads(pickle.dumps(xio.Driver(name))) is xio.Driver(name)


def test_a_missing_driver_is_said_to_be_missing() -> None:
    with pytest.raises(DriverNotFoundError, match="there is no XIO driver nope") as caught:
        xio.Driver("nope")
    assert isinstance(caught.value, LookupError)
    assert "tcp" in caught.value.hint


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACKAGES, "absent", "libglobus-xio-absent-driver")
    with pytest.raises(DriverNotFoundError, match="apt install libglobus-xio-absent-driver"):
        xio.Driver("absent")


@pytest.mark.parametrize("name", ["", "tcp,gsi", "../tcp", "a b"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a driver"):
        xio.Driver(name)


def test_the_ways_to_write_a_stack() -> None:
    stack = xio.Stack("tcp, gsi")
    assert stack.names == ("tcp", "gsi")
    assert stack == xio.Stack(["tcp", "gsi"]) == xio.Stack([xio.Driver("tcp"), "gsi"]) == xio.Stack(stack)
    assert hash(stack) == hash(xio.Stack("tcp,gsi"))
    assert str(stack) == "tcp,gsi"
    assert pickle.loads(pickle.dumps(stack)) == stack
    assert stack.is_secure and not xio.Stack("tcp").is_secure
    assert "gsi" in stack and len(stack) == 2 and next(iter(stack)) is xio.Driver("tcp")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a driver has no name"),
        ("tcp,,gsi", "a driver has no name"),
        ("gsi", "begins with what moves data"),
        ("tcp,udp", "cannot stand on tcp"),
    ],
)
def test_what_is_no_stack(text: str, why: str) -> None:
    with pytest.raises(StackError, match=why):
        xio.Stack(text)


def test_an_empty_list_is_no_stack() -> None:
    with pytest.raises(StackError, match="needs a driver"):
        xio.Stack([])


def test_options_in_the_text() -> None:
    stack = xio.Stack("tcp:sndbuf=70000;nodelay=true,gsi:protection=integrity,rate:10MB/s")
    assert str(stack) == "tcp:sndbuf=70000;nodelay=true,gsi:protection=integrity,rate:10MB/s"
    attributes = xio.Attributes()
    stack.apply(attributes)
    assert (attributes.tcp.send_buffer, attributes.tcp.nodelay) == (70000, True)
    assert attributes.gsi.protection is xio.Protection.INTEGRITY


@pytest.mark.parametrize(
    "text", ["tcp,rate:fast", "tcp,rate:0", "tcp,rate:speed=3", "tcp:no_such=1", "tcp,queue:x=1"]
)
def test_options_that_are_none(text: str) -> None:
    with pytest.raises(StackError):
        xio.Stack(text).apply(xio.Attributes())


def test_stacks_do_not_change() -> None:
    with pytest.raises(AttributeError):
        xio.Stack("tcp").options = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        xio.Driver("tcp").name = "udp"  # type: ignore[misc]
