"""globus_lowlevel.xio: options of drivers as text, entries of lists of drivers, errors of drivers."""

from __future__ import annotations

import gc
import socket
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import (
    GET,
    LIMIT,
    NAME,
    SET,
    Pair,
    Through,
    driver_of,
    loopback_attr,
    stack_of,
    tcp_stack,
)

from globus_lowlevel import GlobusError, xio, xio_drivers

active = activating(xio.GLOBUS_XIO_MODULE)
through = driver_of(Through)


def option(key: str, command: int, parse: Any) -> Any:
    return xio.globus_xio_string_cntl_table_t(key=key, cmd=command, parse_func=parse)


# ---- tables of options -------------------------------------------------------------------------------------


def test_options_of_attributes(through: Through) -> None:
    """The functions that read text are those of the library, or one of the program."""
    read: list[Any] = []

    def parse(attr: Any, key: str, text: str, command: int, control: Any) -> None:
        read.append((key, text))
        xio.globus_xio_string_cntl_bouncer(control, attr, command, int(text, 16))

    table = [
        option("value", SET, xio.globus_xio_string_cntl_int),
        option("name", NAME, xio.globus_xio_string_cntl_string),
        option("hex", SET, parse),
    ]
    xio.globus_xio_driver_string_cntl_set_table(through.driver, table)
    del table
    gc.collect()
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, "value=12;name=twelve")
    assert xio.globus_xio_attr_cntl(attr, through.driver, GET) == 12
    xio.globus_xio_attr_cntl(attr, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, "hex=ff")
    assert xio.globus_xio_attr_cntl(attr, through.driver, GET) == 255
    assert read == [("hex", "ff")]
    xio.globus_xio_attr_destroy(attr)
    assert through.ended[-1].name == "twelve"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (None, TypeError),
        ("1", TypeError),
        (1.0, TypeError),
        (2**31, OverflowError),
        (SET + 2**32, OverflowError),
    ],
)
def test_what_is_no_command(through: Through, command: Any, error: type[Exception]) -> None:
    """C has it as an int: neither a control function in Python nor a driver gets another one."""
    seen: list[Any] = []
    with pytest.raises(error):
        xio.globus_xio_string_cntl_bouncer(lambda *given: seen.append(given), None, command, 1)
    with pytest.raises(error):
        xio.globus_xio_attr_cntl(xio.globus_xio_attr_init(), through.driver, command, 1)
    assert seen == []


def test_a_driver_sets_options_of_those_below(through: Through) -> None:
    upper = Through("upper")
    xio.globus_xio_driver_string_cntl_set_table(
        through.driver, [option("value", SET, xio.globus_xio_string_cntl_int)]
    )

    def set_below(op: Any, *_: Any) -> None:
        xio.globus_xio_driver_attr_cntl(op, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, "value=21")

    upper.hooks["open"] = set_below
    pair = Pair(tcp_stack(through.driver, upper.driver), tcp_stack())
    assert xio.globus_xio_handle_cntl(pair.client, through.driver, GET) == 21
    pair.end()


def test_a_list_of_drivers_has_options(through: Through) -> None:
    """The text of a whole stack: `tcp:port=...` and the like."""
    drivers = xio.globus_xio_driver_list_from_string("tcp:nodelay=true;sndbuf=20000,queue", None)
    stack, attr = xio.globus_xio_stack_init(None), xio.globus_xio_attr_init()
    xio.globus_xio_driver_list_to_stack_attr(drivers, stack, attr)
    pair = Pair(stack, tcp_stack(), attr)
    xio.globus_xio_write(pair.client, b"x", 1, None)
    assert xio.globus_xio_read(pair.peer, bytearray(1), 1, None) == 1
    pair.end()


def test_options_of_handles(through: Through) -> None:
    """C keeps their table, and has no use for it: the text comes to the driver."""
    texts: list[str] = []
    xio.globus_xio_driver_handle_string_cntl_set_table(
        through.driver, [option("value", SET, xio.globus_xio_string_cntl_int)]
    )
    pair = Pair(tcp_stack(through.driver), tcp_stack())

    def command(state: Any, number: int, arguments: Any) -> None:
        texts.append(arguments.string())

    through.command = command  # type: ignore[method-assign]
    xio.globus_xio_handle_cntl(pair.client, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, "value=1")
    assert texts == ["value=1"]
    pair.end()


@pytest.mark.parametrize("text", ["value=many", "nothing=1"])
def test_options_that_are_none(through: Through, unraisable: list[BaseException], text: str) -> None:
    def parse(attr: Any, key: str, value: str, command: int, control: Any) -> None:
        raise LookupError(value)

    xio.globus_xio_driver_string_cntl_set_table(through.driver, [option("value", SET, parse)])
    attr = xio.globus_xio_attr_init()
    with pytest.raises(GlobusError):
        xio.globus_xio_attr_cntl(attr, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, text)
    assert [str(error) for error in unraisable] == (["many"] if "many" in text else [])


def test_a_table_may_be_replaced(through: Through) -> None:
    attr = xio.globus_xio_attr_init()
    for key in ("one", "two", "three"):
        table = [option(key, SET, xio.globus_xio_string_cntl_int)]
        xio.globus_xio_driver_string_cntl_set_table(through.driver, table)
        table[0].key = "changed"  # the driver has a copy
        xio.globus_xio_attr_cntl(attr, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, f"{key}={len(key)}")
    assert xio.globus_xio_attr_cntl(attr, through.driver, GET) == 5
    xio.globus_xio_driver_string_cntl_set_table(through.driver, [])
    with pytest.raises(GlobusError):
        xio.globus_xio_attr_cntl(attr, through.driver, xio.GLOBUS_XIO_SET_STRING_OPTIONS, "three=1")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (None, TypeError),
        ("text", TypeError),
        ([1], TypeError),
        ([xio.globus_xio_string_cntl_table_t(cmd=1, parse_func=print)], ValueError),
        ([xio.globus_xio_string_cntl_table_t(key="key", cmd=1)], ValueError),
    ],
)
def test_what_is_no_table(through: Through, table: Any, problem: type[Exception]) -> None:
    for function in (
        xio.globus_xio_driver_string_cntl_set_table,
        xio.globus_xio_driver_handle_string_cntl_set_table,
    ):
        with pytest.raises(problem):
            function(through.driver, table)
        with pytest.raises(ValueError, match="globus_xio_driver_init"):
            function(xio.globus_xio_driver_load("tcp"), [])


# ---- entries of lists of drivers ---------------------------------------------------------------------------


def test_an_entry_of_a_list(through: Through) -> None:
    loaded = xio.globus_xio_driver_list_create_ent("tcp:port=1", None, True)
    assert (loaded.driver_name, loaded.opts, loaded.loaded) == ("tcp", "port=1", True)
    assert stack_of(loaded.driver)
    given = xio.globus_xio_driver_list_create_ent("through", through.driver, False)
    assert given.driver is through.driver
    assert (given.driver_name, given.opts, given.loaded) == ("through", None, False)
    with pytest.raises(GlobusError):
        xio.globus_xio_driver_list_create_ent("no such driver", None, True)


# ---- whose error -------------------------------------------------------------------------------------------


def test_errors_of_a_driver(through: Through) -> None:
    """Those of its own extension: a driver that Python made has none."""
    tcp, http = xio.globus_xio_driver_load("tcp"), xio.globus_xio_driver_load("http")
    server = xio.globus_xio_server_create(loopback_attr(), stack_of(tcp, http))
    _, _, port = xio.globus_xio_server_get_contact_string(server).rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=LIMIT) as plain:
        handle = xio.globus_xio_server_accept(server)
        plain.sendall(b"nonsense\r\n\r\n")
        plain.shutdown(socket.SHUT_WR)
        with pytest.raises(GlobusError) as raised:
            xio.globus_xio_open(handle, None, None)
            xio.globus_xio_read(handle, bytearray(1), 1, None)
    error, seen = raised.value, []

    def match(found: Any, module: Any, wanted: Any) -> bool:
        seen.append((found.type_name, module, wanted))
        return wanted == "nonsense"

    parse, other = xio_drivers.GLOBUS_XIO_HTTP_ERROR_PARSE, xio_drivers.GLOBUS_XIO_HTTP_ERROR_EOF
    for driver, kind, expected in ((http, parse, True), (http, other, False), (tcp, parse, False)):
        assert xio.globus_xio_driver_error_match(driver, error, kind) is expected
    assert not xio.globus_xio_driver_error_match(through.driver, error, parse)
    assert xio.globus_xio_driver_error_match_with_cb(http, error, match, "nonsense")
    assert not xio.globus_xio_driver_error_match_with_cb(http, error, match, "sense")
    assert not xio.globus_xio_driver_error_match_with_cb(through.driver, error, match, "nonsense")
    assert [wanted for _, _, wanted in seen] == ["nonsense", "sense"]
    xio.globus_xio_close(handle, None)
    xio.globus_xio_server_close(server)
