"""globus_lowlevel.xio_drivers: control commands, what they reach and what they refuse, lists of drivers."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.xio_peers import LIMIT, Wait

import globus_lowlevel
from globus_lowlevel import GlobusError, common, ftp_control, gssapi, xio, xio_drivers


@pytest.fixture(scope="module", autouse=True)
def active(grid: Any) -> Iterator[None]:
    modules = (xio.GLOBUS_XIO_MODULE, gssapi.GLOBUS_GSI_GSSAPI_MODULE)
    for module in modules:
        common.globus_module_activate(module)
    yield
    for module in modules:
        common.globus_module_deactivate(module)


def load(name: str) -> Any:
    return xio.globus_xio_driver_load(name)


def stack_of(driver: Any) -> Any:
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, driver)
    return stack


def read_all(handle: Any) -> bytes:
    """What comes until the end, which is an error."""
    found, room = b"", bytearray(1000)
    with pytest.raises(GlobusError) as raised:
        while True:
            found += room[: xio.globus_xio_read(handle, room, 1, None)]
    assert raised.value.type_name == "GLOBUS_XIO_ERROR_EOF"
    return found


# ---- programs and pipes: two drivers that do not say their name ---------------------------------------------


@pytest.fixture
def popen() -> Any:
    return load("popen")


def test_a_program_is_run(popen: Any) -> None:
    attr, code = xio.globus_xio_attr_init(), "import os; print(sorted(os.environ), end='')"
    xio.globus_xio_attr_cntl(
        attr, popen, xio_drivers.GLOBUS_XIO_POPEN_SET_PROGRAM, [sys.executable, "-ISc", code]
    )
    xio.globus_xio_attr_cntl(attr, popen, xio_drivers.GLOBUS_XIO_POPEN_SET_CHILD_ENV, ["ONE=1", "TWO=2"])
    handle = xio.globus_xio_handle_create(stack_of(popen))
    xio.globus_xio_open(handle, None, attr)
    assert b"'ONE', 'TWO'" in read_all(handle)
    xio.globus_xio_close(handle, None)


@pytest.mark.parametrize(
    ("program", "error"),
    [([], GlobusError), (None, TypeError), (255, TypeError), ("/bin/true", TypeError), ([1], TypeError)],
)
def test_what_is_no_program(popen: Any, program: Any, error: type[Exception]) -> None:
    attr = xio.globus_xio_attr_init()
    with pytest.raises(error):
        xio.globus_xio_attr_cntl(attr, popen, xio_drivers.GLOBUS_XIO_POPEN_SET_PROGRAM, program)


def test_a_pipe(nothing_left: None) -> None:
    pipe, attr = load("pipe"), xio.globus_xio_attr_init()
    reading, writing = os.pipe()
    xio.globus_xio_attr_cntl(attr, pipe, xio_drivers.GLOBUS_XIO_PIPE_SET_IN_HANDLE, reading)
    xio.globus_xio_attr_cntl(attr, pipe, xio_drivers.GLOBUS_XIO_PIPE_SET_OUT_HANDLE, writing)
    handle = xio.globus_xio_handle_create(stack_of(pipe))
    xio.globus_xio_open(handle, None, attr)
    xio.globus_xio_write(handle, b"through", 7, None)
    room = bytearray(7)
    xio.globus_xio_read(handle, room, 7, None)
    assert room == b"through"
    xio.globus_xio_close(handle, None)


# ---- what a driver answers where nothing was set -------------------------------------------------------------


@pytest.mark.parametrize("name", ["ERET", "ESTO"])
def test_an_algorithm_that_was_not_set(name: str) -> None:
    gridftp, attr = load("gridftp"), xio.globus_xio_attr_init()
    set_it, get_it = (getattr(xio_drivers, f"GLOBUS_XIO_GRIDFTP_{verb}_{name}") for verb in ("SET", "GET"))
    assert xio.globus_xio_attr_cntl(attr, gridftp, get_it) is None
    before = xio.globus_xio_attr_copy(attr)
    xio.globus_xio_attr_cntl(attr, gridftp, set_it, 'P="0"')
    assert xio.globus_xio_attr_cntl(attr, gridftp, get_it) == 'P="0"'
    assert xio.globus_xio_attr_cntl(xio.globus_xio_attr_copy(attr), gridftp, get_it) == 'P="0"'
    assert xio.globus_xio_attr_cntl(before, gridftp, get_it) is None


def test_data_channel_authentication() -> None:
    gridftp, attr = load("gridftp"), xio.globus_xio_attr_init()
    mode = ftp_control.globus_ftp_control_dcau_mode_t
    none, subject = int(mode.GLOBUS_FTP_CONTROL_DCAU_NONE), int(mode.GLOBUS_FTP_CONTROL_DCAU_SUBJECT)
    set_it, get_it = xio_drivers.GLOBUS_XIO_GRIDFTP_SET_DCAU, xio_drivers.GLOBUS_XIO_GRIDFTP_GET_DCAU
    xio.globus_xio_attr_cntl(attr, gridftp, set_it, none, "unused")
    assert xio.globus_xio_attr_cntl(attr, gridftp, get_it) == (none, None)
    xio.globus_xio_attr_cntl(attr, gridftp, set_it, subject, "/CN=peer")
    assert xio.globus_xio_attr_cntl(attr, gridftp, get_it) == (subject, "/CN=peer")


# ---- what a command reaches ------------------------------------------------------------------------------------


def test_a_handle_that_is_not_open() -> None:
    tcp = load("tcp")
    server = xio.globus_xio_server_create(None, stack_of(tcp))
    contact = xio.globus_xio_server_get_contact_string(server)
    handle = xio.globus_xio_handle_create(stack_of(tcp))

    def ask(about: Any) -> Any:
        return xio.globus_xio_handle_cntl(about, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_REMOTE_NUMERIC_CONTACT)

    with pytest.raises(ValueError, match="not open"):
        ask(handle)
    with pytest.raises(ValueError, match="not open"):
        xio.globus_xio_handle_cntl(handle, xio.GLOBUS_XIO_QUERY, xio.GLOBUS_XIO_GET_LOCAL_CONTACT)
    xio.globus_xio_handle_cntl(handle, None, xio.GLOBUS_XIO_ATTR_SET_TIMEOUT_ALL, lambda *_: True, 5, None)
    xio.globus_xio_open(handle, contact, None)
    accepted = xio.globus_xio_server_accept(server)
    assert ask(accepted) is not None  # before it is opened, too: it is connected
    assert ask(handle) is not None
    xio.globus_xio_server_close(server)
    refused = xio.globus_xio_handle_create(stack_of(tcp))
    with pytest.raises(GlobusError):
        xio.globus_xio_open(refused, contact, None)
    with pytest.raises(ValueError, match="not open"):
        ask(refused)


def test_open_when_the_callback_says_so() -> None:
    tcp = load("tcp")
    server = xio.globus_xio_server_create(None, stack_of(tcp))
    handle = xio.globus_xio_handle_create(stack_of(tcp))
    answers: list[Any] = []

    def opened(given: Any, error: Any, argument: Any) -> None:
        answers.append(
            error or xio.globus_xio_handle_cntl(given, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_NODELAY)
        )

    contact = xio.globus_xio_server_get_contact_string(server)
    xio.globus_xio_register_open(handle, contact, None, opened, None)
    accepted = xio.globus_xio_server_accept(server)
    xio.globus_xio_open(accepted, None, None)
    xio.globus_xio_write(accepted, b"x", 1, None)
    xio.globus_xio_read(handle, bytearray(1), 1, None)  # the callback of the opening came before
    assert answers in ([False], [True])
    xio.globus_xio_server_close(server)


def test_every_driver_is_not_each_driver() -> None:
    """GLOBUS_XIO_QUERY asks the drivers of a handle; None is the framework itself."""
    attr = xio.globus_xio_attr_init()
    commands = (xio.GLOBUS_XIO_ATTR_CLOSE_NO_CANCEL, xio.GLOBUS_XIO_GET_LOCAL_CONTACT)
    for command in commands:
        with pytest.raises(ValueError, match="has no control command"):
            xio.globus_xio_attr_cntl(attr, xio.GLOBUS_XIO_QUERY, command)
    xio.globus_xio_attr_cntl(attr, None, xio.GLOBUS_XIO_ATTR_CLOSE_NO_CANCEL, True)
    file = load("file")
    handle = xio.globus_xio_handle_create(stack_of(file))
    xio.globus_xio_open(handle, "/dev/null", None)
    with pytest.raises(ValueError, match="has no control command"):
        xio.globus_xio_handle_cntl(handle, None, xio.GLOBUS_XIO_GET_LOCAL_CONTACT)
    with pytest.raises(ValueError, match="has no control command"):
        xio.globus_xio_handle_cntl(
            handle, xio.GLOBUS_XIO_QUERY, xio.GLOBUS_XIO_ATTR_SET_TIMEOUT_ALL, None, 1, None
        )
    with pytest.raises(TypeError):
        xio.globus_xio_handle_cntl(
            handle, None, xio.GLOBUS_XIO_ATTR_SET_TIMEOUT_ALL, lambda *_: True, None, None
        )


def test_a_driver_without_attributes() -> None:
    driver, attr = xio.globus_xio_driver_init("plain", None), xio.globus_xio_attr_init()
    with pytest.raises(ValueError, match="no functions"):
        xio.globus_xio_attr_cntl(attr, driver, 256, 1)
    with pytest.raises(TypeError, match="attr_copy_func"):
        xio.globus_xio_driver_set_attr(driver, object, None, None, None)
    seen: list[int] = []

    def control(attr: Any, command: int, arguments: Any) -> None:
        seen.append(command)

    xio.globus_xio_driver_set_attr(driver, object, lambda a: a, control, lambda a: None)
    xio.globus_xio_attr_cntl(attr, driver, 256, 1)
    assert seen == [256]
    with pytest.raises(ValueError, match="in use"):
        xio.globus_xio_driver_destroy(driver)
    xio.globus_xio_attr_destroy(attr)
    xio.globus_xio_driver_destroy(driver)


def strings_at(address: int) -> list[str]:
    """A char ** that ends with NULL."""
    strings = ctypes.cast(address, ctypes.POINTER(ctypes.c_char_p))
    return [text.decode() for text in itertools.takewhile(lambda text: text is not None, strings)]


@pytest.mark.parametrize(("text", "found"), [(":a:b", ["a", "b"]), (",one", ["one"]), (";", []), ("", [])])
def test_a_list_of_strings(text: str, found: list[str]) -> None:
    """The first character separates the others."""
    seen: list[list[str]] = []

    def control(attr: Any, command: int, arguments: Any) -> None:
        seen.append(strings_at(arguments.pointer()))

    xio.globus_xio_string_cntl_string_list(None, "key", text, 3, control)
    assert seen == [found]


# ---- lists of drivers, and what holds a driver -----------------------------------------------------------------


def test_a_list_makes_a_stack(nothing_left: None) -> None:
    drivers = xio.globus_xio_driver_list_from_string("tcp,rate:rate=1000000", None)
    assert len(drivers) == 2
    assert xio.globus_xio_driver_list_find_driver(drivers, "rate").driver_name == "rate"
    assert xio.globus_xio_driver_list_find_driver(drivers, "none") is None
    stack, attr = xio.globus_xio_stack_init(None), xio.globus_xio_attr_init()
    xio.globus_xio_driver_list_to_stack_attr(drivers, stack, attr)
    server = xio.globus_xio_server_create(attr, stack)
    with pytest.raises(ValueError, match="in use"):
        xio.globus_xio_driver_list_destroy(drivers, True)
    xio.globus_xio_server_close(server)
    xio.globus_xio_stack_destroy(stack)
    xio.globus_xio_driver_list_destroy(drivers, True)
    assert drivers.closed
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_driver_list_destroy(drivers, True)


def test_a_list_of_other_things() -> None:
    other, stack = common.globus_list_insert(None, "datum"), xio.globus_xio_stack_init(None)
    for call in (
        lambda: xio.globus_xio_driver_list_destroy(other, False),
        lambda: xio.globus_xio_driver_list_find_driver(other, "tcp"),
        lambda: xio.globus_xio_driver_list_to_stack_attr(other, stack, None),
        lambda: xio.globus_xio_driver_list_destroy(
            common.globus_list_copy(xio.globus_xio_driver_list_from_string("tcp", None)), True
        ),
    ):
        with pytest.raises(ValueError, match="must come from"):
            call()
    drivers = xio.globus_xio_driver_list_from_string("tcp", None)
    with pytest.raises(ValueError, match="belongs to the library"):
        common.globus_list_replace_first(drivers, "datum")


def test_a_safe_table_keeps_its_drivers() -> None:
    table = xio.globus_xio_driver_safe_table_from_string("tcp,file")
    for _ in range(2):
        drivers = xio.globus_xio_driver_list_from_string("file", table)
        xio.globus_xio_driver_list_destroy(drivers, True)
    with pytest.raises(GlobusError, match="whitelist"):
        xio.globus_xio_driver_list_from_string("udp", table)


def test_a_driver_that_a_stack_has_is_not_unloaded() -> None:
    file = load("file")
    stack = stack_of(file)
    handle = xio.globus_xio_handle_create(stack)
    xio.globus_xio_stack_destroy(stack)
    with pytest.raises(ValueError, match="in use"):
        xio.globus_xio_driver_unload(file)
    xio.globus_xio_open(handle, "/dev/null", None)
    xio.globus_xio_close(handle, None)
    globus_lowlevel.reap()
    xio.globus_xio_driver_unload(file)
    assert file.closed


# ---- gsi that compares the peer with the host, of a contact that has none --------------------------------------

HOST = xio_drivers.GLOBUS_XIO_GSI_HOST_AUTHORIZATION
SELF = xio_drivers.GLOBUS_XIO_GSI_SELF_AUTHORIZATION


class Gsi:
    """A stack of TCP and gsi, and a server at it."""

    def __init__(self, server_mode: Any = SELF) -> None:
        self.tcp, self.gsi = load("tcp"), load("gsi")
        self.stack = stack_of(self.tcp)
        xio.globus_xio_stack_push_driver(self.stack, self.gsi)
        self.server = xio.globus_xio_server_create(self.attr(server_mode), self.stack)
        self.contact = xio.globus_xio_server_get_contact_string(self.server)

    def attr(self, mode: Any) -> Any:
        attr = xio.globus_xio_attr_init()
        xio.globus_xio_attr_cntl(attr, self.gsi, xio_drivers.GLOBUS_XIO_GSI_SET_AUTHORIZATION_MODE, mode)
        return attr

    def connect(self) -> socket.socket:
        return socket.create_connection(("localhost", int(self.contact.rpartition(":")[2])))

    def accept(self) -> Any:
        """What the server has accepted: its peer is gone at once."""
        with self.connect():
            return xio.globus_xio_server_accept(self.server)

    def over(self, connection: socket.socket, mode: Any) -> Any:
        """With this attribute a handle is opened over the connection, whatever the contact is."""
        attr = self.attr(mode)
        number = connection.fileno()
        xio.globus_xio_attr_cntl(attr, self.tcp, xio_drivers.GLOBUS_XIO_TCP_SET_HANDLE, number)
        return attr


@pytest.fixture
def gsi() -> Iterator[Gsi]:
    made = Gsi()
    yield made
    xio.globus_xio_server_close(made.server)


@pytest.fixture
def comparing() -> Iterator[Gsi]:
    """One whose server has the mode."""
    made = Gsi(HOST)
    yield made
    xio.globus_xio_server_close(made.server)


def refuses_contact(handle: Any, contact: Any, attr: Any) -> None:
    with pytest.raises(ValueError, match=r"open\(\): .*write host:port"):
        xio.globus_xio_open(handle, contact, attr)
    with pytest.raises(ValueError, match=r"register_open\(\): .*write host:port"):
        xio.globus_xio_register_open(handle, contact, attr, lambda *_: None, None)


@pytest.mark.parametrize("contact", [None, "", "localhost", "file:/x", "file:///x"])
def test_a_contact_without_the_host_to_compare(gsi: Gsi, contact: str | None) -> None:
    with gsi.connect() as connection:
        attr = gsi.over(connection, HOST)
        refuses_contact(xio.globus_xio_handle_create(gsi.stack), contact, attr)
        copy = xio.globus_xio_stack_copy(gsi.stack)
        refuses_contact(xio.globus_xio_handle_create(copy), contact, xio.globus_xio_attr_copy(attr))


def test_a_mode_as_text(gsi: Gsi) -> None:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, gsi.gsi, xio.GLOBUS_XIO_SET_STRING_OPTIONS, "auth=host")
    refuses_contact(xio.globus_xio_handle_create(gsi.stack), None, attr)


def test_a_mode_of_a_list_of_drivers() -> None:
    drivers = xio.globus_xio_driver_list_from_string("tcp,gsi:auth=host", None)
    stack, attr = xio.globus_xio_stack_init(None), xio.globus_xio_attr_init()
    xio.globus_xio_driver_list_to_stack_attr(drivers, stack, attr)
    refuses_contact(xio.globus_xio_handle_create(stack), None, attr)


def test_a_host_that_is_compared(gsi: Gsi) -> None:
    """Whom the name does not fit, for that reason."""
    serving = threading.Thread(target=serve_one, args=(gsi,))
    serving.start()
    handle = xio.globus_xio_handle_create(gsi.stack)
    with gsi.connect() as connection, pytest.raises(GlobusError, match="expected name"):
        xio.globus_xio_open(handle, gsi.contact, gsi.over(connection, HOST))
    serving.join(LIMIT)
    assert not serving.is_alive()


def serve_one(gsi: Gsi) -> None:
    with contextlib.suppress(GlobusError):
        xio.globus_xio_open(xio.globus_xio_server_accept(gsi.server), None, None)


def test_a_stack_that_does_not_compare(gsi: Gsi) -> None:
    """The mode is of another driver; or of nobody."""
    handle = xio.globus_xio_handle_create(stack_of(load("file")))
    xio.globus_xio_open(handle, os.devnull, gsi.attr(HOST))
    with pytest.raises(GlobusError, match="end of file"):
        xio.globus_xio_open(gsi.accept(), None, xio.globus_xio_attr_init())


@pytest.mark.parametrize("with_attr", [False, True])
def test_what_a_comparing_server_accepts(comparing: Gsi, with_attr: bool) -> None:
    """The options of the server count where it is opened with none for the driver."""
    attr = xio.globus_xio_attr_init() if with_attr else None
    refuses_contact(comparing.accept(), None, attr)
    with pytest.raises(GlobusError, match="end of file"):
        xio.globus_xio_open(comparing.accept(), comparing.contact, attr)
    with pytest.raises(GlobusError, match="end of file"):
        xio.globus_xio_open(comparing.accept(), None, comparing.attr(SELF))


@pytest.mark.parametrize("mode", [SELF, HOST])
def test_what_is_accepted_later(mode: Any) -> None:
    gsi, came = Gsi(mode), Wait()
    xio.globus_xio_server_register_accept(gsi.server, came, None)
    with gsi.connect():
        _, handle, error, _ = came.get()
    assert error is None
    refuses_contact(handle, None, gsi.attr(HOST))
    if mode == HOST:
        refuses_contact(handle, None, None)
    with pytest.raises(GlobusError, match="end of file"):
        xio.globus_xio_open(handle, None, gsi.attr(SELF))
    xio.globus_xio_server_close(gsi.server)
