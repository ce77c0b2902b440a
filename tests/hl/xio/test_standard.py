"""Modules of the standard library run over a stack of drivers: their own clients and servers, with and without GSI."""

from __future__ import annotations

import contextlib
import ftplib
import http.client
import http.server
import logging
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import xmlrpc.client
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.security.errors import PeerNameError
from globus_hl.xio import standard

from .conftest import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from globus_hl.security import Credential
    from globus_hl.testgrid import Grid, GridFTPServer

BODY = bytes(range(256)) * 2000


class Ends:
    """The options of both ends of one kind of connection."""

    def __init__(self, server: dict[str, Any], client: dict[str, Any]) -> None:
        self.server, self.client = server, client

    @property
    def is_secure(self) -> bool:
        return "gsi" in self.client


@pytest.fixture(params=["tcp", "tcp,gsi"])
def ends(request: pytest.FixtureRequest) -> Ends:
    stack = request.param
    if stack == "tcp":
        return Ends({"stack": stack}, {"stack": stack})
    host, user = request.getfixturevalue("host"), request.getfixturevalue("user")
    return Ends(
        {"stack": stack, "gsi": xio.GSI(credential=host)}, {"stack": stack, "gsi": xio.GSI(credential=user)}
    )


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[int]:
    """Serve in a thread; the port."""
    thread = threading.Thread(target=server.serve_forever)
    with server:
        thread.start()
        try:
            yield server.server_address[1]  # type: ignore[misc]
        finally:
            server.shutdown()
            thread.join(LIMIT)
    assert not thread.is_alive()


# ---- socketserver ----------------------------------------------------------------------------------------------------


class Lines(socketserver.StreamRequestHandler):
    """Sends lines back, and who sent them."""

    def handle(self) -> None:
        for line in self.rfile:
            peer = self.request.peer
            self.wfile.write((peer.subject.encode() + b" " if peer else b"") + line)


@pytest.mark.parametrize("kind", [standard.TCPServer, standard.ThreadingTCPServer])
def test_a_server_of_lines(kind: type[standard.StackServer], ends: Ends, grid: Grid) -> None:
    who = f"{grid.user.subject} ".encode() if ends.is_secure else b""
    with running(kind(("localhost", 0), Lines, **ends.server)) as port:
        for _ in range(3):
            with (
                xio.create_connection(("localhost", port), LIMIT, **ends.client) as client,
                client.makefile("rwb") as file,
            ):
                for line in (b"one\n", b"two\n"):
                    file.write(line)
                    file.flush()
                    assert file.readline() == who + line


def test_with_threads_nobody_waits_for_anybody(ends: Ends) -> None:
    server = standard.ThreadingTCPServer(("localhost", 0), Lines, **ends.server)
    with contextlib.ExitStack() as closing:
        port = closing.enter_context(running(server))
        for _ in range(3):  # with gsi, these never shake hands
            closing.enter_context(socket.create_connection(("localhost", port)))
        clients = [
            closing.enter_context(xio.create_connection(("localhost", port), LIMIT, **ends.client))
            for _ in range(8)
        ]
        for client in reversed(clients):
            client.sendall(b"line\n")
            assert client.recv(100).endswith(b"line\n")


def test_who_does_not_come_about_is_logged(
    host: Credential,
    user: Credential,
    caplog: pytest.LogCaptureFixture,
    wait_until: Callable[..., None],
) -> None:
    def nobody(peer: xio.Peer) -> bool:
        raise LookupError("no map")

    rule = xio.GSI(credential=host, authorization=nobody)
    caplog.set_level(logging.WARNING, "globus_hl.xio")
    server = standard.ThreadingTCPServer(
        ("localhost", 0), Lines, stack="tcp,gsi", gsi=rule, handshake_timeout=0.4
    )
    with running(server) as port:
        silent = socket.create_connection(("localhost", port), LIMIT)
        gsi = xio.GSI(credential=user)
        with xio.create_connection(("localhost", port), LIMIT, stack="tcp,gsi", gsi=gsi) as refused:
            assert refused.recv(1) == b""
        with silent:
            began = time.monotonic()
            assert silent.recv(1) == b""
            assert time.monotonic() - began < 0.9
        wait_until(lambda: len(caplog.records) == 2)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "the authorization callback raised LookupError" in said


@pytest.mark.parametrize("kind", [standard.TCPServer, standard.ThreadingTCPServer])
@pytest.mark.parametrize("state", ["idle", "hanging", "handshake"])
def test_it_stops_within_a_second(kind: type[standard.StackServer], ends: Ends, state: str) -> None:
    server = kind(("localhost", 0), Lines, **ends.server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with contextlib.ExitStack() as closing:
        port = server.server_address[1]
        if state == "hanging":
            client = closing.enter_context(xio.create_connection(("localhost", port), LIMIT, **ends.client))
            client.sendall(b"a line\n")
            assert client.recv(100)
        elif state == "handshake":
            closing.enter_context(socket.create_connection(("localhost", port)))
        began = time.monotonic()
        server.shutdown()
        server.server_close()
        assert time.monotonic() - began < 1.3  # a second, and what starting threads takes on a busy machine
        thread.join(LIMIT)
        assert not thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("localhost", port))


STOPPING = """
import signal, socketserver, sys
from globus_hl.xio import standard

class Hang(socketserver.BaseRequestHandler):
    def handle(self):
        print("serving", flush=True)
        while self.request.recv(100):
            pass
        print("cut", flush=True)

with getattr(standard, sys.argv[1])(("localhost", 0), Hang) as server:
    signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
    try:
        print(server.server_address[1], flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
print("over", flush=True)
"""


@pytest.mark.parametrize("kind", ["TCPServer", "ThreadingTCPServer"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("busy", [False, True])
def test_signals_stop_it_within_a_second(kind: str, number: signal.Signals, busy: bool) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", STOPPING, kind], stdout=subprocess.PIPE, text=True
    )
    with process, contextlib.ExitStack() as closing:
        closing.callback(process.kill)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        if busy:
            closing.enter_context(socket.create_connection(("localhost", port)))
            assert process.stdout.readline() == "serving\n"
        began = time.monotonic()
        process.send_signal(number)
        said = process.stdout.read()
        assert process.wait(LIMIT) == 0
        assert time.monotonic() - began < 2  # a second, and the interpreter's end
    assert said.endswith("over\n")
    assert ("interrupted" in said) == (number == signal.SIGINT)


def test_shutting_down_before_serving() -> None:
    with standard.TCPServer(("localhost", 0), Lines) as server:
        server.shutdown()
        server.serve_forever()  # ends at once
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with socket.create_connection(server.server_address, LIMIT) as client:  # type: ignore[arg-type]
            client.sendall(b"line\n")
            assert client.recv(100) == b"line\n"
        server.shutdown()
        thread.join(LIMIT)
        assert not thread.is_alive()


def test_what_cannot_be_served() -> None:
    class Forking(standard.StackServer, socketserver.ForkingMixIn, socketserver.TCPServer):
        pass

    with pytest.raises(TypeError, match="ThreadingMixIn"):
        Forking(("localhost", 0), Lines)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(xio.errors.DriverNotFoundError):
        standard.TCPServer(("localhost", 0), Lines, stack="tcp,nothing")
    with pytest.raises(OSError, match=r"not known|Temporary failure"):
        standard.TCPServer(("no such host.invalid", 0), Lines)
    assert len(os.listdir("/proc/self/fd")) == before


# ---- HTTP ------------------------------------------------------------------------------------------------------------


class Web(http.server.BaseHTTPRequestHandler):
    """Sends BODY, or back what is posted."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(BODY if self.path == "/body" else self.path.encode())

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Peer", getattr(getattr(self.request, "peer", None), "subject", None) or "nobody")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_http_connections(ends: Ends, grid: Grid) -> None:
    with (
        running(standard.ThreadingHTTPServer(("localhost", 0), Web, **ends.server)) as port,
        contextlib.closing(standard.HTTPConnection("localhost", port, LIMIT, **ends.client)) as connection,
    ):
        for method, path, body, answer in (
            ("GET", "/body", None, BODY),
            ("POST", "/", BODY * 4, BODY * 4),
            ("GET", "/x", None, b"/x"),
        ):
            connection.request(method, path, body)
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, answer)
            assert response.headers["X-Peer"] == (grid.user.subject if ends.is_secure else "nobody")


def test_urllib(ends: Ends) -> None:
    with running(standard.HTTPServer(("localhost", 0), Web, **ends.server)) as port:
        opener = urllib.request.build_opener(
            standard.HTTPHandler(**ends.client), urllib.request.ProxyHandler({})
        )
        for scheme in ("http", "https", "httpg"):
            url = f"{scheme}://localhost:{port}"
            if scheme != "http" and not ends.is_secure:
                with pytest.raises(ValueError, match="has no gsi"):
                    opener.open(f"{url}/body")
                continue
            with opener.open(f"{url}/body", timeout=LIMIT) as response:
                assert response.read() == BODY
            with opener.open(url, b"posted", timeout=LIMIT) as response:
                assert response.read() == b"posted"


def test_urllib_tells_who_the_server_is_not(host: Credential, user: Credential) -> None:
    with running(
        standard.HTTPServer(("localhost", 0), Web, stack="tcp,gsi", gsi=xio.GSI(credential=host))
    ) as port:
        rule = xio.GSI(credential=user, authorization="/O=Grid/CN=Somebody Else")
        opener = urllib.request.build_opener(standard.HTTPHandler(stack="tcp,gsi", gsi=rule))
        with pytest.raises(urllib.error.URLError) as caught:
            opener.open(f"https://localhost:{port}/", timeout=LIMIT)
        assert isinstance(caught.value.reason, PeerNameError)


def test_xmlrpc(ends: Ends) -> None:
    server = standard.SimpleXMLRPCServer(("localhost", 0), logRequests=False, allow_none=True, **ends.server)
    server.register_function(pow)
    server.register_introspection_functions()
    with running(server) as port:
        transport = standard.Transport(use_builtin_types=True, **ends.client)
        with xmlrpc.client.ServerProxy(f"http://localhost:{port}", transport) as proxy:
            assert proxy.pow(2, 100 - 90) == 1024
            assert "pow" in proxy.system.listMethods()  # type: ignore[operator]
            with pytest.raises(xmlrpc.client.Fault, match="not supported"):
                proxy.nothing()


# ---- plain TLS -------------------------------------------------------------------------------------------------------


@pytest.fixture
def tls_port(host: Credential, request: pytest.FixtureRequest) -> Iterator[int]:
    """Of an HTTPS server that wants a certificate."""
    gsi = xio.GSI(credential=host, tls=True)
    with running(standard.ThreadingHTTPServer(("localhost", 0), Web, stack="tcp,gsi", gsi=gsi)) as port:
        yield port


def test_curl(tls_port: int, grid: Grid, tmp_path: Path) -> None:
    assert shutil.which("curl"), "curl is one of the system packages"
    options = {
        "--noproxy": "*",
        "--max-time": "20",
        "--dump-header": tmp_path / "head",
        "--cert": grid.user.cert,
        "--key": grid.user.key,
        "--cacert": grid.ca.cert,
    }
    words = [str(word) for option in options.items() for word in option]
    done = subprocess.run(
        ["curl", "--silent", "--show-error", *words, f"https://localhost:{tls_port}/body"],
        capture_output=True,
        timeout=LIMIT + 5,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == BODY
    assert f"X-Peer: {grid.user.subject}" in (tmp_path / "head").read_text()


def test_pythons_ssl(tls_port: int, grid: Grid) -> None:
    context = ssl.create_default_context(cafile=grid.ca.cert)
    context.load_cert_chain(grid.user.cert, grid.user.key)
    connection = http.client.HTTPSConnection("localhost", tls_port, timeout=LIMIT, context=context)
    with contextlib.closing(connection):
        connection.request("POST", "/", BODY)
        response = connection.getresponse()
        assert response.read() == BODY
        assert response.headers["X-Peer"] == grid.user.subject


def test_our_client_of_pythons_ssl_server(host: Credential, user: Credential, grid: Grid) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(grid.host.cert, grid.host.key)
    context.load_verify_locations(grid.ca.cert)
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("localhost", 0), Web)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    certificate = xio.GSI(credential=user.__class__.from_files(grid.user.cert, grid.user.key), tls=True)
    with (
        running(server) as port,
        contextlib.closing(
            standard.HTTPConnection("localhost", port, LIMIT, stack="tcp,gsi", gsi=certificate)
        ) as connection,
    ):
        connection.request("GET", "/body")
        assert connection.getresponse().read() == BODY


# ---- other modules ---------------------------------------------------------------------------------------------------


def test_ftplib(anonymous_server: GridFTPServer) -> None:
    """The real server is one of plain FTP, and the module over tcp is to do what the module does."""
    (anonymous_server.root / "ftplib").write_bytes(BODY)
    port = urllib.parse.urlsplit(anonymous_server.ftp_url).port
    copy = standard.over_stack("ftplib", stack="tcp")
    answers = []
    for module in (ftplib, copy):
        ftp = module.FTP(timeout=LIMIT)
        with ftp:
            ftp.connect("localhost", port)
            ftp.login()
            assert isinstance(ftp.sock, xio.XioSocket) == (module is copy)
            for passive in (True, False):
                ftp.set_pasv(passive)
                received = bytearray()
                ftp.retrbinary(f"RETR {anonymous_server.root}/ftplib", received.extend)
                answers.append((bytes(received), ftp.nlst(f"{anonymous_server.root}/ftplib")))
            with pytest.raises(module.error_perm):
                ftp.size(f"{anonymous_server.root}/nothing")
    assert answers[:2] == answers[2:]
    assert {data for data, _ in answers} == {BODY}


class Mail(socketserver.StreamRequestHandler):
    """As much of a mail server as a client needs to be content."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            self.wfile.write(
                b"221 bye\r\n" if line.lower() == b"quit\r\n" else b"250 " + line.strip() + b"\r\n"
            )


def test_any_module_that_uses_sockets(ends: Ends) -> None:
    smtplib = standard.over_stack("smtplib", **ends.client)
    with (
        running(standard.ThreadingTCPServer(("localhost", 0), Mail, **ends.server)) as port,
        smtplib.SMTP("localhost", port, timeout=LIMIT) as mail,
    ):
        assert mail.noop() == (250, b"noop")
        assert isinstance(mail.sock, xio.XioSocket)


def test_modules_that_cannot_be_put_on_a_stack() -> None:
    with pytest.raises(ValueError, match="does not use the module socket"):
        standard.over_stack("json")
    with pytest.raises(ModuleNotFoundError):
        standard.over_stack("no_such_module")


def test_the_module_socket(ends: Ends) -> None:
    module = standard.SocketModule(**(ends.server | ends.client))
    assert module.AF_INET6 is socket.AF_INET6
    assert {"socket", "getaddrinfo", "create_server"} <= set(dir(module))
    first, second = module.socketpair()
    with first, second:
        assert isinstance(first, module.socket)
        second.settimeout(LIMIT)
        if not ends.is_secure:
            first.sendall(b"x")
            assert second.recv(1) == b"x"
            with module.fromfd(first.fileno(), first.family, first.type) as twin:
                twin.sendall(b"y")
                assert second.recv(1) == b"y"


def test_servers_leave_nothing(ends: Ends, wait_until: Callable[..., None]) -> None:
    def serve_some() -> None:
        with running(standard.ThreadingTCPServer(("localhost", 0), Lines, **ends.server)) as port:
            for _ in range(5):
                with xio.create_connection(("localhost", port), LIMIT, **ends.client) as client:
                    client.sendall(b"x\n")
                    assert client.recv(100)

    serve_some()
    before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    serve_some()
    wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before and threading.active_count() <= threads)
