"""globus_lowlevel.xio: contact strings, copies of stacks, options as text, data descriptors, servers that are closed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import GlobusError, xio, xio_drivers

active = activating(xio.GLOBUS_XIO_MODULE)


@pytest.fixture(autouse=True)
def balanced(active: None, nothing_left: None) -> None:
    """Each test leaves nothing of the binding alive."""


@pytest.fixture
def tcp(balanced: None) -> Any:
    return xio.globus_xio_driver_load("tcp")


def stack_of(*drivers: Any) -> Any:
    stack = xio.globus_xio_stack_init(None)
    for driver in drivers:
        xio.globus_xio_stack_push_driver(stack, driver)
    return stack


# ---- contacts ---------------------------------------------------------------------------------------------------------


def test_a_contact_is_copied_and_written() -> None:
    contact = xio.globus_xio_contact_parse("ftp://user:secret@host.example:2811/a%20file")
    copy = xio.globus_xio_contact_copy(contact)
    xio.globus_xio_contact_destroy(contact)
    assert (copy.host, copy.port, copy.user, copy.resource) == ("host.example", "2811", "user", "a file")
    assert xio.globus_xio_contact_info_to_string(copy).startswith("ftp://")
    assert xio.globus_xio_contact_info_to_url(copy).startswith("ftp://")
    encoded = xio.globus_xio_contact_info_to_encoded_string(copy, None)
    assert xio.globus_xio_contact_parse(encoded).resource == "a file"


def test_characters_to_encode_are_chosen() -> None:
    contact = xio.globus_xio_contact_parse("ftp://host/abc")
    chosen = xio.globus_xio_contact_parse("ftp://host/b")
    written = xio.globus_xio_contact_info_to_encoded_string(contact, chosen)
    assert "%62" in written.lower()


# ---- stacks and handles ----------------------------------------------------------------------------------------------


def test_a_copy_of_a_stack_is_another_one(tcp: Any) -> None:
    first = stack_of(tcp)
    second = xio.globus_xio_stack_copy(first)
    xio.globus_xio_stack_push_driver(second, xio.globus_xio_driver_load("queue"))
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    for stack in (first, second):
        server = xio.globus_xio_server_create(attr, stack)
        xio.globus_xio_server_close(server)


def test_a_handle_is_made_for_a_url(tmp_path: Path, recorder: Any) -> None:
    (tmp_path / "file").write_bytes(b"content")
    url = f"file:///{tmp_path}/file"  # the path begins after the slash that ends the host
    handle = xio.globus_xio_handle_create_from_url("file", None, url)
    opened = recorder()
    xio.globus_xio_register_open(handle, url, None, opened, "argument")
    assert opened.wait() == (handle, None, "argument")
    buffer = bytearray(7)
    assert xio.globus_xio_read(handle, buffer, 7, None) == 7
    assert buffer == b"content"
    xio.globus_xio_close(handle, None)
    with pytest.raises(GlobusError):
        xio.globus_xio_handle_create_from_url("nosuchscheme", None, "nosuchscheme://x")


@pytest.mark.parametrize("options", ["", ",", "tcp", "gsi:auth=host,tcp", "tcp,gsi,", "nodelay"])
def test_options_of_a_url_may_be_none(options: str) -> None:
    """C reads those of an item without a colon at NULL."""
    attr = xio.globus_xio_attr_init()
    handle = xio.globus_xio_handle_create_from_url("tcps", attr, options)
    with pytest.raises(GlobusError, match="missing host"):
        xio.globus_xio_open(handle, "/none", attr)


def test_a_data_descriptor_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    handle = xio.globus_xio_handle_create(stack_of(xio.globus_xio_driver_load("file")))
    xio.globus_xio_open(handle, str(tmp_path / "file"), None)
    descriptor = xio.globus_xio_data_descriptor_init(handle)
    xio.globus_xio_data_descriptor_cntl(descriptor, None, xio.GLOBUS_XIO_DD_SET_OFFSET, 6)
    assert xio.globus_xio_data_descriptor_cntl(descriptor, None, xio.GLOBUS_XIO_DD_GET_OFFSET) == 6
    xio.globus_xio_data_descriptor_destroy(descriptor)
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_data_descriptor_cntl(descriptor, None, xio.GLOBUS_XIO_DD_GET_OFFSET)
    xio.globus_xio_close(handle, None)


# ---- servers -----------------------------------------------------------------------------------------------------------


def test_an_accept_is_canceled_and_a_server_closed(tcp: Any, recorder: Any) -> None:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    server = xio.globus_xio_server_create(attr, stack_of(tcp))
    accepted, closed = recorder(), recorder()
    xio.globus_xio_server_register_accept(server, accepted, None)
    xio.globus_xio_server_cancel_accept(server)
    error = accepted.wait()[2]
    assert xio.globus_xio_error_is_canceled(error)
    xio.globus_xio_server_register_close(server, closed, "bye")
    assert closed.wait()[-1] == "bye"
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_server_get_contact_string(server)


# ---- options as text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("convert", "words", "read", "expected"),
    [
        (xio.globus_xio_string_cntl_bool, "true", ("integer",), [1]),
        (xio.globus_xio_string_cntl_int, "42", ("integer",), [42]),
        (xio.globus_xio_string_cntl_float, "1.5", ("real",), [1.5]),
        (xio.globus_xio_string_cntl_string, "text", ("string",), ["text"]),
        (xio.globus_xio_string_cntl_int_int, "3,4", ("integer", "integer"), [3, 4]),
        (xio.globus_xio_string_cntl_formated_int, "2K", ("integer",), [2048]),
        (xio.globus_xio_string_cntl_formated_off, "1M", ("offset",), [1 << 20]),
    ],
)
def test_text_becomes_arguments(convert: Any, words: str, read: tuple[str, ...], expected: list[Any]) -> None:
    got: list[Any] = []

    def control(attr: Any, command: int, arguments: Any) -> None:
        got.append(attr)
        got.append(command)
        got.extend(getattr(arguments, kind)() for kind in read)

    convert("attr", "key", words, 7, control)
    assert got == ["attr", 7, *expected]


def test_text_becomes_a_list(balanced: None) -> None:
    """Of which the control function gets the address."""
    seen: list[Any] = []
    xio.globus_xio_string_cntl_string_list(
        "attr", "key", "one#two", 7, lambda attr, command, arguments: seen.append(arguments.pointer())
    )
    assert seen
    assert seen[0]


def test_a_pair_of_numbers_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYGLOBUS_PAIR", "40000,50000")
    assert xio.globus_xio_get_env_pair("PYGLOBUS_PAIR") == (True, 40000, 50000)
    monkeypatch.setenv("PYGLOBUS_PAIR", "no numbers")
    assert xio.globus_xio_get_env_pair("PYGLOBUS_PAIR")[0] is False
    del os.environ["PYGLOBUS_PAIR"]
    assert xio.globus_xio_get_env_pair("PYGLOBUS_PAIR")[0] is False
