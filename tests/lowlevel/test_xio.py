"""globus_lowlevel.xio: stacks, handles, servers, blocking and registered operations, control commands."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating, eventually

import globus_lowlevel
from globus_lowlevel import GlobusError, xio, xio_drivers

LIMIT = 20.0


class Callback:
    """Records the arguments of its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.called = threading.Event()

    def __call__(self, *arguments: Any) -> None:
        self.calls.append(arguments)
        self.called.set()

    def wait(self) -> tuple[Any, ...]:
        assert self.called.wait(LIMIT), "the callback did not come"
        return self.calls[0]


active = activating(xio.GLOBUS_XIO_MODULE)


@pytest.fixture
def tcp() -> Any:
    return xio.globus_xio_driver_load("tcp")


@pytest.fixture
def stack(tcp: Any) -> Any:
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, tcp)
    return stack


@pytest.fixture
def server(tcp: Any, stack: Any) -> Iterator[Any]:
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    server = xio.globus_xio_server_create(attr, stack)
    yield server
    xio.globus_xio_server_close(server)


@pytest.fixture
def pair(server: Any, stack: Any) -> Iterator[tuple[Any, Any]]:
    """Two connected handles: (client, server side)."""
    accepted = Callback()
    xio.globus_xio_server_register_accept(server, accepted, None)
    client = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(client, xio.globus_xio_server_get_contact_string(server), None)
    _, peer, error, _ = accepted.wait()
    assert error is None
    xio.globus_xio_open(peer, None, None)
    yield client, peer
    for handle in (client, peer):
        if not handle.closed:
            xio.globus_xio_close(handle, None)


def test_blocking_write_and_read(pair: tuple[Any, Any]) -> None:
    client, peer = pair
    assert xio.globus_xio_write(client, b"hello world", 11, None) == 11
    buffer = bytearray(32)
    assert xio.globus_xio_read(peer, buffer, 11, None) == 11
    assert buffer[:11] == b"hello world"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: memoryview(b"x" + b)[1:]])
def test_any_bytes_like_object_is_written(pair: tuple[Any, Any], kind: Any) -> None:
    client, peer = pair
    assert xio.globus_xio_write(client, kind(b"abc"), 3, None) == 3
    buffer = bytearray(3)
    xio.globus_xio_read(peer, buffer, 3, None)
    assert buffer == b"abc"


def test_text_is_no_buffer(pair: tuple[Any, Any]) -> None:
    with pytest.raises(TypeError, match="'buffer' must be a bytes-like object"):
        xio.globus_xio_write(pair[0], "text", 4, None)
    with pytest.raises((TypeError, BufferError)):
        xio.globus_xio_read(pair[0], b"read-only", 1, None)


def test_registered_read_gives_back_the_very_buffer(pair: tuple[Any, Any]) -> None:
    client, peer = pair
    buffer, read, marker = bytearray(16), Callback(), object()
    xio.globus_xio_register_read(peer, buffer, 5, None, read, marker)
    with pytest.raises(BufferError):
        buffer.extend(b"grow")
    xio.globus_xio_write(client, b"12345", 5, None)
    handle, error, given, length, count, _, argument = read.wait()
    assert (handle, error, length, count) == (peer, None, 16, 5)
    assert given is buffer
    assert argument is marker
    assert buffer[:5] == b"12345"


def test_vectors(pair: tuple[Any, Any]) -> None:
    client, peer = pair
    assert xio.globus_xio_writev(client, [b"one", bytearray(b"two"), b"", b"three"], 11, None) == 11
    first, second = bytearray(4), bytearray(7)
    assert xio.globus_xio_readv(peer, [first, second], 11, None) == 11
    assert first + second == b"onetwothree"
    written, read = Callback(), Callback()
    xio.globus_xio_register_readv(peer, [first, second], 11, None, read, "r")
    xio.globus_xio_register_writev(client, [b"three", b"twoone"], 11, None, written, "w")
    assert written.wait()[4] == 11
    _, error, vector, elements, count, _, _ = read.wait()
    assert error is None
    assert (elements, count) == (2, 11)
    assert vector[0] is first
    assert vector[1] is second
    assert first + second == b"threetwoone"


def test_a_data_descriptor_is_for_one_handle(pair: tuple[Any, Any]) -> None:
    """C would take it for an operation of the other one."""
    first, second = pair
    descriptor, buffer, done = xio.globus_xio_data_descriptor_init(second), bytearray(4), Callback()
    for call in (
        lambda: xio.globus_xio_write(first, b"some", 4, descriptor),
        lambda: xio.globus_xio_writev(first, [b"some"], 4, descriptor),
        lambda: xio.globus_xio_read(first, buffer, 4, descriptor),
        lambda: xio.globus_xio_readv(first, [buffer], 4, descriptor),
        lambda: xio.globus_xio_register_write(first, b"some", 4, descriptor, done, None),
        lambda: xio.globus_xio_register_writev(first, [b"some"], 4, descriptor, done, None),
        lambda: xio.globus_xio_register_read(first, buffer, 4, descriptor, done, None),
        lambda: xio.globus_xio_register_readv(first, [buffer], 4, descriptor, done, None),
    ):
        with pytest.raises(ValueError, match="another handle"):
            call()


def test_a_data_descriptor_is_for_one_operation_at_a_time(pair: tuple[Any, Any]) -> None:
    first, second = pair
    descriptor, buffer, done = xio.globus_xio_data_descriptor_init(first), bytearray(4), Callback()
    xio.globus_xio_register_read(first, buffer, 4, descriptor, done, None)
    for call in (
        lambda: xio.globus_xio_write(first, b"some", 4, descriptor),
        lambda: xio.globus_xio_register_write(first, b"some", 4, descriptor, done, None),
        lambda: xio.globus_xio_data_descriptor_destroy(descriptor),
    ):
        with pytest.raises(ValueError, match="in use"):
            call()
    xio.globus_xio_write(second, b"some", 4, None)
    done.wait()
    assert buffer == b"some"

    def again() -> bool:
        try:
            xio.globus_xio_write(first, b"more", 4, descriptor)
        except ValueError as error:
            if "in use" not in str(error):
                raise
            return False
        return True

    assert eventually(again)
    assert xio.globus_xio_read(second, buffer, 4, None) == 4
    assert buffer == b"more"
    xio.globus_xio_data_descriptor_destroy(descriptor)


def test_end_of_file_is_an_error_with_its_name(pair: tuple[Any, Any]) -> None:
    client, peer = pair
    xio.globus_xio_close(client, None)
    with pytest.raises(GlobusError) as caught:
        xio.globus_xio_read(peer, bytearray(1), 1, None)
    assert caught.value.type_name == "GLOBUS_XIO_ERROR_EOF"
    assert caught.value.module == "globus_xio"
    assert caught.value.chain[0].file
    assert xio.globus_xio_error_is_eof(caught.value)
    assert not xio.globus_xio_error_is_canceled(caught.value)


def test_connection_refused_carries_errno(stack: Any, server: Any, nobody: str) -> None:
    contact = xio.globus_xio_server_get_contact_string(server)
    handle = xio.globus_xio_handle_create(stack)
    with pytest.raises(GlobusError) as caught:
        xio.globus_xio_open(handle, nobody, None)
    assert caught.value.errno == 111
    assert contact


def test_cancel_ends_a_pending_read(pair: tuple[Any, Any]) -> None:
    read = Callback()
    xio.globus_xio_register_read(pair[1], bytearray(8), 8, None, read, None)
    xio.globus_xio_handle_cancel_operations(pair[1], xio.GLOBUS_XIO_CANCEL_READ)
    error = read.wait()[1]
    assert xio.globus_xio_error_is_canceled(error)


def test_close_while_another_thread_reads(pair: tuple[Any, Any]) -> None:
    failures: list[GlobusError] = []
    reading = threading.Event()

    def read() -> None:
        reading.set()
        try:
            xio.globus_xio_read(pair[1], bytearray(8), 8, None)
        except GlobusError as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait(LIMIT)
    xio.globus_xio_close(pair[0], None)  # the peer sees the end of the stream
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert len(failures) == 1


def test_registered_close_and_use_afterwards(pair: tuple[Any, Any]) -> None:
    closed = Callback()
    client = pair[0]
    xio.globus_xio_register_close(client, None, closed, "bye")
    assert closed.wait()[1:] == (None, "bye")
    assert client.closed
    with pytest.raises(ValueError, match="closed"):
        xio.globus_xio_write(client, b"x", 1, None)


def test_attributes_of_every_kind_of_argument(tcp: Any) -> None:
    attr = xio.globus_xio_attr_init()
    control = xio.globus_xio_attr_cntl
    control(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_LISTEN_RANGE, 40000, 50000)
    assert control(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_LISTEN_RANGE) == (40000, 50000)
    control(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_NODELAY, True)
    assert control(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_NODELAY) is True
    control(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    assert control(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_INTERFACE) == "127.0.0.1"
    copy = xio.globus_xio_attr_copy(attr)
    assert control(copy, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_LISTEN_RANGE) == (40000, 50000)


def test_control_commands_check_their_arguments(tcp: Any) -> None:
    attr = xio.globus_xio_attr_init()
    with pytest.raises(TypeError, match="takes 1 arguments after the command"):
        xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_PORT)
    with pytest.raises(TypeError):
        xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_PORT, "http")
    with pytest.raises(OverflowError):
        xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_PORT, 1 << 40)
    with pytest.raises(ValueError, match="has no control command"):
        xio.globus_xio_attr_cntl(attr, tcp, 9999)
    with pytest.raises(TypeError):
        xio.globus_xio_attr_cntl(None, tcp, 1)


def test_handle_commands(pair: tuple[Any, Any], tcp: Any) -> None:
    client, peer = pair
    remote = xio.globus_xio_handle_cntl(client, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_REMOTE_NUMERIC_CONTACT)
    local = xio.globus_xio_handle_cntl(peer, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_LOCAL_NUMERIC_CONTACT)
    assert remote == local
    assert (
        xio.globus_xio_handle_cntl(client, xio.GLOBUS_XIO_QUERY, xio.GLOBUS_XIO_GET_REMOTE_NUMERIC_CONTACT)
        == remote
    )


def test_timeout_callback_ends_the_operation(pair: tuple[Any, Any]) -> None:
    asked = Callback()

    def on_timeout(handle: Any, kind: Any, argument: Any) -> bool:
        asked(handle, kind, argument)
        return True

    xio.globus_xio_handle_cntl(pair[1], None, xio.GLOBUS_XIO_ATTR_SET_TIMEOUT_READ, on_timeout, 0.2, "late")
    with pytest.raises(GlobusError) as caught:
        xio.globus_xio_read(pair[1], bytearray(1), 1, None)
    assert xio.globus_xio_error_match(caught.value, xio.GLOBUS_XIO_ERROR_TIMEOUT)
    assert caught.value.chain[-1].type_name == "GLOBUS_XIO_ERROR_TIMEOUT"
    assert asked.calls[0][0] is pair[1]
    assert asked.calls[0][2] == "late"


def test_a_timeout_callback_that_raises_lets_the_operation_time_out(
    pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported = Callback()
    monkeypatch.setattr("sys.unraisablehook", lambda raised: reported(raised.exc_value))

    def on_timeout(*_: Any) -> bool:
        raise LookupError("nobody knows")

    xio.globus_xio_handle_cntl(pair[1], None, xio.GLOBUS_XIO_ATTR_SET_TIMEOUT_READ, on_timeout, 0.2, None)
    with pytest.raises(GlobusError) as caught:
        xio.globus_xio_read(pair[1], bytearray(1), 1, None)
    assert xio.globus_xio_error_match(caught.value, xio.GLOBUS_XIO_ERROR_TIMEOUT)
    assert caught.value.chain[-1].type_name == "GLOBUS_XIO_ERROR_TIMEOUT"
    assert isinstance(reported.wait()[0], LookupError)


def test_file_driver_round_trip(tmp_path: Any) -> None:
    driver = xio.globus_xio_driver_load("file")
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, driver)
    attr = xio.globus_xio_attr_init()
    flags = xio_drivers.GLOBUS_XIO_FILE_CREAT | xio_drivers.GLOBUS_XIO_FILE_RDWR
    xio.globus_xio_attr_cntl(attr, driver, xio_drivers.GLOBUS_XIO_FILE_SET_FLAGS, int(flags))
    name = os.fsencode(tmp_path) + b"/caf\xe9"  # a name that is no UTF-8
    handle = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(handle, os.fsdecode(name), attr)
    xio.globus_xio_write(handle, b"0123456789", 10, None)
    whence = xio_drivers.GLOBUS_XIO_FILE_SEEK_SET
    assert xio.globus_xio_handle_cntl(handle, driver, xio_drivers.GLOBUS_XIO_FILE_SEEK, 4, int(whence)) == 4
    buffer = bytearray(3)
    xio.globus_xio_read(handle, buffer, 3, None)
    xio.globus_xio_close(handle, None)
    assert buffer == b"456"
    with open(name, "rb") as file:
        assert file.read() == b"0123456789"


def test_drivers_that_call_themselves_file_have_their_own_commands() -> None:
    popen, pipe = xio.globus_xio_driver_load("popen"), xio.globus_xio_driver_load("pipe")
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, popen, xio_drivers.GLOBUS_XIO_POPEN_SET_PROGRAM, ["/bin/echo", "hello"])
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, popen)
    handle = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(handle, "echo", attr)
    buffer = bytearray(6)
    assert xio.globus_xio_read(handle, buffer, 6, None) == 6
    assert buffer == b"hello\n"
    xio.globus_xio_close(handle, None)
    reading, writing = os.pipe()
    xio.globus_xio_attr_cntl(attr, pipe, xio_drivers.GLOBUS_XIO_PIPE_SET_IN_HANDLE, reading)
    os.close(writing)
    os.close(reading)


def test_who_waits_for_nothing_takes_what_is_there(pair: tuple[Any, Any]) -> None:
    client, peer = pair
    buffer = bytearray(8)
    assert xio.globus_xio_read(peer, buffer, 0, None) == 0
    assert xio.globus_xio_write(client, b"12345678", 0, None) == 8
    while not (count := xio.globus_xio_read(peer, buffer, 0, None)):
        pass
    assert buffer[:count] == b"12345678"[:count]


def test_contacts_parse_and_print() -> None:
    contact = xio.globus_xio_contact_parse("gsiftp://user@host.example:2811/path%20name")
    assert (contact.scheme, contact.host, contact.port, contact.user) == (
        "gsiftp",
        "host.example",
        "2811",
        "user",
    )
    assert contact.resource == "path name"
    assert "host.example:2811" in xio.globus_xio_contact_info_to_string(contact)


def test_unknown_driver() -> None:
    with pytest.raises(GlobusError, match="nosuchdriver"):
        xio.globus_xio_driver_load("nosuchdriver")


def test_handles_cannot_be_made_up() -> None:
    with pytest.raises(TypeError, match="cannot be made directly"):
        xio.globus_xio_handle_t()
    with pytest.raises(TypeError, match="must be globus_xio_handle_t"):
        xio.globus_xio_read(object(), bytearray(1), 1, None)


def test_everything_is_released(server: Any, stack: Any) -> None:
    def traffic() -> None:
        accepted, read = Callback(), Callback()
        xio.globus_xio_server_register_accept(server, accepted, None)
        client = xio.globus_xio_handle_create(stack)
        xio.globus_xio_open(client, xio.globus_xio_server_get_contact_string(server), None)
        peer = accepted.wait()[1]
        xio.globus_xio_open(peer, None, None)
        xio.globus_xio_register_read(peer, bytearray(8), 1, None, read, None)
        xio.globus_xio_write(client, b"x", 1, None)
        read.wait()
        xio.globus_xio_close(client, None)
        xio.globus_xio_close(peer, None)

    def count() -> dict[str, int]:
        gc.collect()
        globus_lowlevel.reap()
        live = dict(globus_lowlevel.live())
        live.pop("called")
        return live

    traffic()
    before = count()
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        traffic()
    assert count() == before
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_a_collected_handle_is_closed(pair: tuple[Any, Any], stack: Any, server: Any) -> None:
    accepted, ended = Callback(), Callback()
    xio.globus_xio_server_register_accept(server, accepted, None)
    client = xio.globus_xio_handle_create(stack)
    xio.globus_xio_open(client, xio.globus_xio_server_get_contact_string(server), None)
    peer = accepted.wait()[1]
    xio.globus_xio_open(peer, None, None)
    xio.globus_xio_register_read(peer, bytearray(1), 1, None, ended, None)
    del client
    gc.collect()
    assert xio.globus_xio_error_is_eof(ended.wait()[1])
    xio.globus_xio_close(peer, None)


@pytest.mark.parametrize(
    "where", ["in its callback", "after its callback", "after a call that waits", "unopened"]
)
def test_a_handle_that_did_not_open_is_closed(stack: Any, nobody: str, where: str) -> None:
    """Whatever else of it ends at the same time: the open that has failed, a data descriptor that is collected."""
    for _ in range(100):
        handle, over = xio.globus_xio_handle_create(stack), Callback()
        descriptor = xio.globus_xio_data_descriptor_init(handle)

        def failed(handle: Any, error: Any, over: Callback) -> None:
            if where == "in its callback":
                xio.globus_xio_close(handle, None)
            over(error)

        if where.endswith("its callback"):
            xio.globus_xio_register_open(handle, nobody, None, failed, over)
            assert over.wait()[0].errno == 111
        elif where == "after a call that waits":
            with pytest.raises(GlobusError):
                xio.globus_xio_open(handle, nobody, None)
        del descriptor
        if where != "in its callback":
            xio.globus_xio_close(handle, None)
        assert handle.closed
