"""globus_lowlevel.io: TCP and GSI over loopback, files, callbacks, cancelling and closing, attributes, errors."""

from __future__ import annotations

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import globus_lowlevel
from globus_lowlevel import GlobusError, common, gssapi, io, xio

LIMIT = 30.0
AUTHENTICATION = io.globus_io_secure_authentication_mode_t
AUTHORIZATION = io.globus_io_secure_authorization_mode_t
CHANNEL = io.globus_io_secure_channel_mode_t
PROTECTION = io.globus_io_secure_protection_mode_t
DELEGATION = io.globus_io_secure_delegation_mode_t
PROXY = io.globus_io_secure_proxy_mode_t


@pytest.fixture(scope="module", autouse=True)
def active(grid: Any) -> Iterator[None]:
    common.globus_module_activate(io.GLOBUS_IO_MODULE)
    yield
    common.globus_module_deactivate(io.GLOBUS_IO_MODULE)


class Call:
    """A callback that is waited for."""

    def __init__(self) -> None:
        self.come, self.arguments = threading.Event(), ()

    def __call__(self, *arguments: Any) -> None:
        self.arguments = arguments  # type: ignore[assignment]
        self.come.set()

    def wait(self) -> Any:
        assert self.come.wait(LIMIT), "the callback did not come"
        return self.arguments

    def check(self) -> Any:
        """The arguments of a callback that reports no error."""
        arguments = self.wait()
        if arguments[2]:
            raise arguments[2]
        return arguments


Pair = tuple[Any, Any]


def connect(client_attr: Any = None, server_attr: Any = None) -> Pair:
    """Both ends of a connection: the client's, the server's."""
    port, listener = io.globus_io_tcp_create_listener(0, 5, server_attr)
    listening, accepted, connected = Call(), Call(), Call()
    io.globus_io_tcp_register_listen(listener, listening, None)
    client = io.globus_io_tcp_register_connect("localhost", port, client_attr, connected, None)
    listening.check()
    server = io.globus_io_tcp_register_accept(listener, server_attr, accepted, None)
    try:
        for call in (accepted, connected):
            call.check()
    finally:
        io.globus_io_close(listener)
    return client, server


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = connect()
    yield pair
    for handle in pair:
        if not handle.closed:
            io.globus_io_close(handle)


# ---- TCP --------------------------------------------------------------------------


def test_blocking_both_ways(nothing_left: None) -> None:
    port, listener = io.globus_io_tcp_create_listener(0, 5, None)
    assert port > 0
    accepted: list[Any] = []

    def serve() -> None:
        io.globus_io_tcp_listen(listener)
        accepted.append(io.globus_io_tcp_accept(listener, None))

    thread = threading.Thread(target=serve)
    thread.start()
    client = io.globus_io_tcp_connect("localhost", port, None)
    thread.join(LIMIT)
    (server,) = accepted
    assert io.globus_io_write(client, b"hello") == 5
    buffer = bytearray(10)
    assert io.globus_io_read(server, buffer, 5) == 5
    assert bytes(buffer[:5]) == b"hello"
    assert io.globus_io_writev(server, [b"he", bytearray(b"llo"), b""]) == 5
    assert io.globus_io_read(client, buffer, 5) == 5
    assert io.globus_io_send(client, b"urgent", 0) == 6
    assert io.globus_io_read(server, buffer, 6) == 6
    assert io.globus_io_try_write(client, b"x") == 1
    assert io.globus_io_try_send(client, b"y", 0) == 1
    assert io.globus_io_read(server, buffer, 2) == 2
    assert io.globus_io_try_read(server, buffer) == 0
    assert io.globus_io_get_handle_type(client) == io.GLOBUS_IO_HANDLE_TYPE_TCP_CONNECTED
    for handle in (client, server, listener):
        io.globus_io_close(handle)
        assert handle.closed
    with pytest.raises(ValueError, match="closed"):
        io.globus_io_write(client, b"x")


def test_with_callbacks(pair: Pair, nothing_left: None) -> None:
    client, server = pair
    buffer, data = bytearray(100), os.urandom(50)
    read, written = Call(), Call()
    io.globus_io_register_read(server, buffer, 50, read, "read")
    io.globus_io_register_write(client, data, written, "write")
    argument, handle, error, seen, count = read.check()
    assert (argument, handle, error, count) == ("read", server, None, 50)
    assert seen is buffer and bytes(buffer[:50]) == data
    assert written.check()[3] is data
    parts = [b"abc", b"def"]
    read, written = Call(), Call()
    io.globus_io_register_read(client, buffer, 6, read, None)
    io.globus_io_register_writev(server, parts, written, None)
    *_, vector, count, nbytes = written.check()
    assert (list(vector), count, nbytes) == (parts, 2, 6)
    assert read.check()[4] == 6
    sent = Call()
    io.globus_io_register_send(client, b"z", 0, sent, None)
    assert sent.check()[4] == 1


def test_the_end_of_the_stream(pair: Pair) -> None:
    client, server = pair
    io.globus_io_write(client, b"last")
    io.globus_io_close(client)
    buffer, read = bytearray(10), Call()
    io.globus_io_register_read(server, buffer, 10, read, None)
    *_, error, _, count = read.wait()
    assert bytes(buffer[:count]) == b"last"
    assert "end-of-file" in str(error).lower() or "eof" in str(error).lower()
    with pytest.raises(GlobusError):
        io.globus_io_read(server, buffer, 1)


def test_is_it_the_end() -> None:
    eof = io.globus_io_error_construct_eof(io.GLOBUS_IO_MODULE, None, None)
    assert io.globus_io_eof(eof)
    assert not io.globus_io_eof(io.globus_io_error_construct_io_cancelled(io.GLOBUS_IO_MODULE, None, None))


def test_select(pair: Pair) -> None:
    client, server = pair
    readable, writable = Call(), Call()
    io.globus_io_register_select(server, readable, "r", writable, "w", None, None)
    assert writable.check()[:2] == ("w", server)
    assert not readable.come.is_set()
    io.globus_io_write(client, b"x")
    assert readable.check()[:2] == ("r", server)
    with pytest.raises(GlobusError, match="except callback"):
        io.globus_io_register_select(server, None, None, None, None, Call(), None)


def test_addresses(pair: Pair) -> None:
    client, server = pair
    host, port = io.globus_io_tcp_get_local_address(client)
    assert host == (127, 0, 0, 1)
    assert io.globus_io_tcp_get_remote_address(server) == (host, port)
    assert io.globus_io_tcp_get_local_address_ex(client) == (host, port)
    assert io.globus_io_tcp_get_remote_address_ex(server) == (host, port)
    rcvbuf, sndbuf = io.globus_io_handle_get_socket_buf(client)
    assert rcvbuf > 0 and sndbuf > 0


def test_sockets_of_python() -> None:
    """They stay Python's: C does not close what it did not open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()) as peer, listening.accept()[0] as accepted:
            handle = io.globus_io_tcp_posix_convert(accepted.fileno(), None)
            io.globus_io_write(handle, b"hello")
            assert peer.recv(10) == b"hello"
            io.globus_io_close(handle)
            accepted.sendall(b"still open")
            assert peer.recv(10) == b"still open"
        listener = io.globus_io_tcp_posix_convert_listener(listening.fileno(), None)
        with socket.create_connection(listening.getsockname()):
            io.globus_io_tcp_listen(listener)
            io.globus_io_close(io.globus_io_tcp_accept(listener, None))
        io.globus_io_close(listener)


def test_the_user_pointer(pair: Pair) -> None:
    client, _ = pair
    assert io.globus_io_handle_get_user_pointer(client) is None
    thing = object()
    io.globus_io_handle_set_user_pointer(client, thing)
    assert io.globus_io_handle_get_user_pointer(client) is thing


def test_the_handle_below(pair: Pair) -> None:
    client, server = pair
    below = io.globus_io_handle_get_xio_handle(client)
    assert isinstance(below, xio.globus_xio_handle_t)
    xio.globus_xio_write(below, b"below", 5, None)
    buffer = bytearray(5)
    io.globus_io_read(server, buffer, 5)
    assert buffer == b"below"
    assert isinstance(io.globus_io_compat_get_tcp_driver(), xio.globus_xio_driver_t)
    for get in (io.globus_io_compat_get_gsi_driver, io.globus_io_compat_get_file_driver):
        assert isinstance(get(), xio.globus_xio_driver_t)


# ---- cancelling and closing --------------------------------------------------------------------------


def test_cancelled_with_callbacks(pair: Pair, nothing_left: None) -> None:
    read, cancelled = Call(), Call()
    io.globus_io_register_read(pair[0], bytearray(10), 1, read, None)
    io.globus_io_register_cancel(pair[0], True, cancelled, "arg")
    assert "cancel" in str(read.wait()[2])
    assert cancelled.check()[0] == "arg"
    io.globus_io_write(pair[0], b"x")  # it lives on


@pytest.mark.parametrize("wait", [True, False])
def test_cancelled_without_callbacks(pair: Pair, wait: bool, nothing_left: None) -> None:
    """What was registered is forgotten, its buffer is free."""
    read, buffer = Call(), bytearray(10)
    io.globus_io_register_read(pair[0], buffer, 1, read, None)
    if wait:
        io.globus_io_cancel(pair[0], False)
    else:
        cancelled = Call()
        io.globus_io_register_cancel(pair[0], False, cancelled, None)
        cancelled.check()
    assert not read.come.is_set()
    buffer.extend(b"more")


def test_a_listener_is_cancelled() -> None:
    _, listener = io.globus_io_tcp_create_listener(0, 5, None)
    listening = Call()
    io.globus_io_tcp_register_listen(listener, listening, None)
    io.globus_io_cancel(listener, True)
    assert listening.wait()[2]
    io.globus_io_close(listener)


def test_closing_with_a_callback(nothing_left: None) -> None:
    client, server = connect()
    read, closed = Call(), Call()
    io.globus_io_register_read(client, bytearray(10), 1, read, None)
    io.globus_io_register_close(client, closed, "arg")
    assert closed.check()[:2] == ("arg", client)
    assert read.wait()[2]
    with pytest.raises(ValueError, match=r"closed|in use"):
        io.globus_io_write(client, b"x")
    io.globus_io_close(server)


def test_a_handle_that_a_thread_waits_in_is_not_closed(pair: Pair) -> None:
    buffers = globus_lowlevel.live()["buffers"]
    thread = threading.Thread(
        target=pytest.raises, args=(GlobusError, io.globus_io_read, pair[0], bytearray(1), 1)
    )
    thread.start()
    while globus_lowlevel.live()["buffers"] == buffers:  # locked, when the call is in C
        thread.join(0.001)
    with pytest.raises(ValueError, match="in use"):
        io.globus_io_close(pair[0])
    with pytest.raises(GlobusError, match="in use"):
        io.globus_io_register_close(pair[0], Call(), None)
    while thread.is_alive():  # C may not wait yet
        io.globus_io_cancel(pair[0], True)
        thread.join(0.05)


@pytest.mark.parametrize(
    "ask",
    [
        io.globus_io_tcp_get_local_address, io.globus_io_tcp_get_local_address_ex,
        io.globus_io_tcp_get_remote_address, io.globus_io_tcp_get_remote_address_ex,
        io.globus_io_tcp_get_security_context, io.globus_io_tcp_get_delegated_credential,
        io.globus_io_tcp_get_credential, io.globus_io_handle_get_socket_buf, io.globus_io_handle_get_xio_handle,
        lambda handle: io.globus_io_tcp_set_credential(handle, None),
        lambda handle: io.globus_io_init_delegation(handle, None, None, None, 0),
        lambda handle: io.globus_io_accept_delegation(handle, None, None, 0),
        lambda handle: io.globus_io_register_init_delegation(handle, None, None, None, 0, Call(), None),
        lambda handle: io.globus_io_register_accept_delegation(handle, None, None, 0, Call(), None),
    ],
)  # fmt: skip
def test_a_handle_that_is_being_opened_knows_nothing(ask: Callable[[Any], Any], nothing_left: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connected = Call()
        handle = io.globus_io_tcp_register_connect(
            "127.0.0.1", silent.getsockname()[1], secure(), connected, None
        )
        with pytest.raises(ValueError, match="not open yet"):
            ask(handle)
        io.globus_io_cancel(handle, True)
        assert isinstance(connected.wait()[2], GlobusError)


def test_nobody_listens(nothing_left: None) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(GlobusError):
            io.globus_io_tcp_connect("localhost", port, None)
        connected = Call()
        handle = io.globus_io_tcp_register_connect("localhost", port, None, connected, "arg")
        argument, _, error = connected.wait()
    assert argument == "arg" and isinstance(error, GlobusError)
    with pytest.raises((ValueError, GlobusError)):
        io.globus_io_write(handle, b"x")


def test_a_collected_handle_is_closed(pair: Pair) -> None:
    client, server = connect()
    del client
    read = Call()
    io.globus_io_register_read(server, bytearray(1), 1, read, None)
    gc.collect()
    globus_lowlevel.reap()
    assert read.wait()[2]
    io.globus_io_close(server)


@pytest.mark.own_process
def test_a_handle_ends_with_its_module() -> None:
    """C closes what is open; another activation does not bring it back."""
    handles = connect()
    listener = io.globus_io_tcp_create_listener(0, 5, None)[1]
    common.globus_module_deactivate(io.GLOBUS_IO_MODULE)
    common.globus_module_activate(io.GLOBUS_IO_MODULE)
    for handle in (*handles, listener):
        assert handle.closed
        with pytest.raises(ValueError, match="closed"):
            io.globus_io_close(handle)
    del handles, listener, handle
    gc.collect()
    globus_lowlevel.reap()
    for handle in connect():
        io.globus_io_close(handle)


@pytest.mark.parametrize(
    "call",
    [
        lambda h: io.globus_io_read(h, bytearray(4), 5),
        lambda h: io.globus_io_register_read(h, bytearray(4), 5, Call(), None),
        lambda h: io.globus_io_file_seek(h, 0, io.GLOBUS_IO_SEEK_SET),
        lambda h: io.globus_io_tcp_listen(h),
        lambda h: io.globus_io_tcp_accept(h, None),
    ],
)
def test_what_the_handle_cannot_do(pair: Pair, call: Callable[[Any], Any]) -> None:
    with pytest.raises(GlobusError):
        call(pair[0])


# ---- files --------------------------------------------------------------------------


def test_files(tmp_path: Path, nothing_left: None) -> None:
    path = tmp_path / "file"
    attr = io.globus_io_fileattr_init()
    io.globus_io_attr_set_file_type(attr, io.GLOBUS_IO_FILE_TYPE_BINARY)
    assert io.globus_io_attr_get_file_type(attr) == io.GLOBUS_IO_FILE_TYPE_BINARY
    flags = io.GLOBUS_IO_FILE_CREAT | io.GLOBUS_IO_FILE_RDWR | io.GLOBUS_IO_FILE_TRUNC
    handle = io.globus_io_file_open(path, flags, 0o600, attr)
    assert io.globus_io_get_handle_type(handle) == io.GLOBUS_IO_HANDLE_TYPE_FILE
    io.globus_io_write(handle, b"0123456789")
    io.globus_io_file_seek(handle, 4, io.GLOBUS_IO_SEEK_SET)
    buffer = bytearray(3)
    io.globus_io_read(handle, buffer, 3)
    assert buffer == b"456"
    io.globus_io_close(handle)
    assert path.read_bytes() == b"0123456789"
    assert path.stat().st_mode & 0o777 == 0o600
    io.globus_io_fileattr_destroy(attr)
    with path.open("rb") as file:
        handle = io.globus_io_file_posix_convert(os.dup(file.fileno()), None)
    assert io.globus_io_read(handle, buffer, 3) == 3
    io.globus_io_close(handle)
    with pytest.raises(GlobusError) as raised:
        io.globus_io_file_open(tmp_path / "none", io.GLOBUS_IO_FILE_RDONLY, 0, None)
    assert raised.value.errno == 2


# ---- attributes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tcp_restrict_port", False), ("socket_reuseaddr", True), ("socket_keepalive", True),
        ("socket_oobinline", True), ("socket_sndbuf", 20000), ("socket_rcvbuf", 20000), ("tcp_nodelay", True),
        ("tcp_interface", "127.0.0.1"), ("callback_space", common.GLOBUS_CALLBACK_GLOBAL_SPACE),
        ("secure_channel_mode", CHANNEL.GLOBUS_IO_SECURE_CHANNEL_MODE_SSL_WRAP),
        ("secure_protection_mode", PROTECTION.GLOBUS_IO_SECURE_PROTECTION_MODE_PRIVATE),
        ("secure_delegation_mode", DELEGATION.GLOBUS_IO_SECURE_DELEGATION_MODE_FULL_PROXY),
        ("secure_proxy_mode", PROXY.GLOBUS_IO_SECURE_PROXY_MODE_MANY),
    ],
)  # fmt: skip
def test_attributes(name: str, value: Any) -> None:
    attr = io.globus_io_tcpattr_init()
    getattr(io, f"globus_io_attr_set_{name}")(attr, value)
    assert getattr(io, f"globus_io_attr_get_{name}")(attr) == value
    file_attr = io.globus_io_fileattr_init()
    if name != "callback_space":
        with pytest.raises(GlobusError):
            getattr(io, f"globus_io_attr_get_{name}")(file_attr)
    with pytest.raises(GlobusError):
        io.globus_io_fileattr_destroy(attr)
    io.globus_io_tcpattr_destroy(attr)


def test_more_attributes(pair: Pair) -> None:
    attr = io.globus_io_tcpattr_init()
    io.globus_io_attr_set_socket_linger(attr, True, 7)
    assert io.globus_io_attr_get_socket_linger(attr) == (True, 7)
    io.globus_io_attr_set_tcp_allow_ipv6(attr, False)
    assert isinstance(io.globus_io_attr_get_xio_attr(attr), xio.globus_xio_attr_t)
    io.globus_io_attr_set_secure_extension_oids(attr, None)
    assert io.globus_io_attr_get_secure_extension_oids(attr) == []
    of_handle = io.globus_io_tcp_get_attr(pair[0])
    assert io.globus_io_attr_get_secure_authentication_mode(of_handle)[0] == 0
    netlogger = io.globus_netlogger_handle_init("host", "program", None)
    if netlogger is not None:
        io.globus_io_attr_netlogger_set_handle(attr, netlogger)
        io.globus_netlogger_write(netlogger, "event", "id", "level", "tag")
        io.globus_netlogger_handle_destroy(netlogger)


def test_a_stack_of_ones_own() -> None:
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, io.globus_io_compat_get_tcp_driver())
    attr = io.globus_io_tcpattr_init()
    io.globus_io_attr_set_stack(attr, stack)
    client, server = connect(attr, attr)
    assert io.globus_io_write(client, b"x") == 1
    for handle in (client, server):
        io.globus_io_close(handle)


# ---- GSI --------------------------------------------------------------------------


def secure(
    authorization: Any = AUTHORIZATION.GLOBUS_IO_SECURE_AUTHORIZATION_MODE_SELF, data: Any = None
) -> Any:
    attr = io.globus_io_tcpattr_init()
    io.globus_io_attr_set_secure_authentication_mode(
        attr, AUTHENTICATION.GLOBUS_IO_SECURE_AUTHENTICATION_MODE_GSSAPI, None
    )
    io.globus_io_attr_set_secure_authorization_mode(attr, authorization, data)
    io.globus_io_attr_set_secure_channel_mode(attr, CHANNEL.GLOBUS_IO_SECURE_CHANNEL_MODE_GSI_WRAP)
    return attr


def test_two_ends_of_one_user(nothing_left: None) -> None:
    client, server = connect(secure(), secure())
    io.globus_io_write(client, b"secret")
    buffer = bytearray(6)
    io.globus_io_read(server, buffer, 6)
    assert buffer == b"secret"
    context = io.globus_io_tcp_get_security_context(server)
    source, *_ = gssapi.gss_inquire_context(context)
    assert "Test User" in str(gssapi.gss_display_name(source)[0])
    del context, source, _
    for handle in (client, server):
        io.globus_io_close(handle)


def callback_data(callback: Any, argument: Any = None) -> Any:
    data = io.globus_io_secure_authorization_data_initialize()
    io.globus_io_secure_authorization_data_set_callback(data, callback, argument)
    return data


def test_a_callback_decides() -> None:
    asked: list[Any] = []

    def decide(argument: Any, handle: Any, error: Any, identity: str, context: Any) -> bool:
        asked.append((argument, error, identity, io.globus_io_tcp_get_remote_address(handle)[0]))
        return True

    mode = AUTHORIZATION.GLOBUS_IO_SECURE_AUTHORIZATION_MODE_CALLBACK
    data = callback_data(decide, "mine")
    assert io.globus_io_secure_authorization_data_get_callback(data) == (decide, "mine")
    attr = secure(mode, data)
    assert io.globus_io_attr_get_secure_authorization_mode(attr)[0] == mode
    again = io.globus_io_attr_get_secure_authorization_mode(attr)[1]
    assert io.globus_io_secure_authorization_data_get_callback(again) == (decide, "mine")
    io.globus_io_secure_authorization_data_destroy(data)
    for handle in connect(secure(), attr):
        io.globus_io_close(handle)
    ((argument, error, identity, host),) = asked
    assert (argument, error, host) == ("mine", None, (127, 0, 0, 1)) and "Test User" in identity


def raises(*_: Any) -> bool:
    raise RuntimeError("undecided")


@pytest.mark.parametrize("decide", [lambda *_: False, raises], ids=["no", "raises"])
def test_a_callback_refuses(decide: Any, unraisable: list[BaseException]) -> None:
    attr = secure(AUTHORIZATION.GLOBUS_IO_SECURE_AUTHORIZATION_MODE_CALLBACK, callback_data(decide))
    with pytest.raises(GlobusError, match=r"(?i)authoriz"):
        connect(secure(), attr)
    assert [str(e) for e in unraisable] == (["undecided"] if decide is raises else [])


def test_an_identity_is_expected() -> None:
    mode = AUTHORIZATION.GLOBUS_IO_SECURE_AUTHORIZATION_MODE_IDENTITY
    data = io.globus_io_secure_authorization_data_initialize()
    with pytest.raises(GlobusError, match="identity"):
        secure(mode, data)
    with pytest.raises(GlobusError, match="identity"):
        secure(mode, None)
    io.globus_io_secure_authorization_data_set_identity(data, "/CN=Nobody")
    io.globus_io_secure_authorization_data_set_identity(data, "/CN=Somebody Else")
    assert io.globus_io_secure_authorization_data_get_identity(data) == "/CN=Somebody Else"
    with pytest.raises(GlobusError):
        connect(secure(mode, data), secure())
    with pytest.raises(GlobusError, match="callback"):
        secure(AUTHORIZATION.GLOBUS_IO_SECURE_AUTHORIZATION_MODE_CALLBACK, data)


def test_delegation(grid: Any) -> None:
    client, server = connect(secure(), secure())
    accepted, made = Call(), Call()
    io.globus_io_register_accept_delegation(server, None, None, 0, accepted, "in")
    io.globus_io_register_init_delegation(client, None, None, None, 0, made, "out")
    argument, _, _, credential, lifetime = accepted.check()
    assert argument == "in" and lifetime > 0
    assert made.check()[0] == "out"
    assert "Test User" in str(gssapi.gss_display_name(gssapi.gss_inquire_cred(credential)[0])[0])
    results: list[Any] = []
    thread = threading.Thread(
        target=lambda: results.append(io.globus_io_accept_delegation(server, None, None, 0))
    )
    thread.start()
    io.globus_io_init_delegation(client, None, None, None, 0)
    thread.join(LIMIT)
    assert results[0][1] > 0
    for handle in (client, server):
        io.globus_io_close(handle)


def test_delegation_at_connecting() -> None:
    attr = secure()
    io.globus_io_attr_set_secure_delegation_mode(attr, DELEGATION.GLOBUS_IO_SECURE_DELEGATION_MODE_FULL_PROXY)
    client, server = connect(attr, secure())
    credential = io.globus_io_tcp_get_delegated_credential(server)
    assert credential is not None
    assert gssapi.gss_inquire_cred(credential)[1] > 0
    for handle in (client, server):
        io.globus_io_close(handle)


def test_clear_and_secure_do_not_meet() -> None:
    port, listener = io.globus_io_tcp_create_listener(0, 5, secure())
    with socket.create_connection(("127.0.0.1", port)) as peer:
        io.globus_io_tcp_listen(listener)
        accepted = Call()
        io.globus_io_tcp_register_accept(listener, None, accepted, None)
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        peer.shutdown(socket.SHUT_WR)
        assert isinstance(accepted.wait()[2], GlobusError)
    io.globus_io_close(listener)


# ---- errors --------------------------------------------------------------------------


def test_errors_as_objects(pair: Pair) -> None:
    cause = common.globus_error_construct_string(common.GLOBUS_COMMON_MODULE, None, "the cause")
    error = io.globus_io_error_construct_unauthorized_identity(
        io.GLOBUS_IO_MODULE, cause, pair[0], 1, 2, 3, "/CN=x"
    )
    assert io.globus_io_error_security_failed_get_handle(error) is pair[0]
    assert io.globus_io_error_security_failed_get_maj_stat(error) == 1
    io.globus_io_error_security_failed_set_min_stat(error, 9)
    assert io.globus_io_error_security_failed_get_min_stat(error) == 9
    assert io.globus_io_error_unauthorized_identity_get_identity(error) == "/CN=x"
    assert common.globus_error_get_cause(error) is not None
    io.globus_io_close(pair[0])
    assert io.globus_io_error_security_failed_get_handle(error) is None  # it is gone
    bad = io.globus_io_error_construct_bad_parameter(io.GLOBUS_IO_MODULE, None, "name", 3, "function")
    assert io.globus_io_error_bad_parameter_get_name(bad) == "name"
    assert io.globus_io_error_bad_parameter_get_position(bad) == 3
    assert io.globus_io_error_security_failed_get_handle(bad) is None
