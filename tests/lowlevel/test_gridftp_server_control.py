"""globus_lowlevel.gridftp_server_control: an FTP server's control channel in Python, for a real client."""

from __future__ import annotations

import contextlib
import ftplib
import gc
import io
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import GlobusError
from globus_lowlevel import gridftp_server_control as gsc

LIMIT = 30.0
SUCCESS = gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_SUCCESS
FAILED = gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_ACTION_FAILED


active = activating(gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_MODULE)


class Data:
    """A data connection: the listener, or the address to connect to."""

    def __init__(self, address: Any = None) -> None:
        self.address = address
        self.listener = None if address else socket.create_server(("127.0.0.1", 0))
        self.contact = f"127.0.0.1:{self.listener.getsockname()[1]}" if self.listener else ""

    def open(self) -> socket.socket:
        if self.listener is None:
            return socket.create_connection(self.address, LIMIT)
        self.listener.settimeout(LIMIT)
        return self.listener.accept()[0]

    def close(self) -> None:
        if self.listener:
            self.listener.close()


class Site:
    """Files in memory, behind a control channel."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.notes: list[tuple[Any, ...]] = []
        self.log: list[str] = []
        self.done = threading.Event()
        self.destroyed: list[Any] = []
        self.attr = self.attributes()
        self.server = gsc.globus_gridftp_server_control_init()
        gsc.globus_gridftp_server_control_add_feature(self.server, "PYTHON")
        both = gsc.GLOBUS_GSC_COMMAND_POST_AUTH
        gsc.globus_gsc_959_command_add(self.server, "XPNG", self.ping, both, 1, 5, "XPNG <words>", "pong")
        gsc.globus_gsc_959_command_add(self.server, "XRSE", self.fail, both, 1, 1, None, None)
        gsc.globus_gsc_959_command_add(self.server, "XLST", lambda *_: None, both, 1, 1, None, None)

    def attributes(self) -> Any:
        attr = gsc.globus_gridftp_server_control_attr_init()
        gsc.globus_gridftp_server_control_attr_set_security(attr, gsc.GLOBUS_GRIDFTP_SERVER_LIBRARY_NONE)
        gsc.globus_gridftp_server_control_attr_set_banner(attr, "Python here")
        gsc.globus_gridftp_server_control_attr_set_message(attr, "Welcome")
        gsc.globus_gridftp_server_control_attr_set_auth(attr, self.authenticate, None)
        gsc.globus_gridftp_server_control_attr_set_resource(attr, self.resource, None)
        gsc.globus_gridftp_server_control_attr_set_list(attr, self.list, None)
        gsc.globus_gridftp_server_control_attr_add_send(attr, None, self.send, None)
        gsc.globus_gridftp_server_control_attr_add_recv(attr, None, self.receive, None)
        gsc.globus_gridftp_server_control_attr_data_functions(
            attr, self.active, None, self.passive, None, self.destroy, None
        )
        everything = gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_LOG_ALL
        gsc.globus_gridftp_server_control_attr_set_log(attr, self.note, everything, None)
        gsc.globus_gridftp_server_control_attr_set_idle_time(attr, 60, 60)
        gsc.globus_gridftp_server_control_attr_set_epsv_ip(attr, False)
        gsc.globus_gridftp_server_control_attr_set_ipv6(attr, False)
        return attr

    def serve(self, attr: Any = None) -> ftplib.FTP:
        """A client that is connected."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = ftplib.FTP()
            connected = threading.Thread(
                target=client.connect, args=("127.0.0.1", listener.getsockname()[1], LIMIT), daemon=True
            )
            connected.start()
            listener.settimeout(LIMIT)
            self.connection = listener.accept()[0]
            gsc.globus_gridftp_server_control_start(
                self.server, attr or self.attr, self.connection.fileno(), self.finish, None
            )
            connected.join(LIMIT)
        return client

    def finish(self, *_: Any) -> None:
        self.connection.close()  # the server has left it open
        self.done.set()

    def note(self, server: Any, command: str, kind: int, argument: Any) -> None:
        self.log.append(command)

    def authenticate(
        self, op: Any, kind: Any, context: Any, subject: Any, user: str, word: str, _: Any
    ) -> None:
        self.notes.append((kind, context, user, word))
        if word == "wrong":
            gsc.globus_gridftp_server_control_finished_auth(op, None, FAILED, "Login incorrect")
        else:
            gsc.globus_gridftp_server_control_finished_auth(op, user, SUCCESS, None)
            with pytest.raises(ValueError, match="closed"):
                gsc.globus_gridftp_server_control_finished_auth(op, user, SUCCESS, None)

    def resource(self, op: Any, path: str, mask: Any, _: Any) -> None:
        name = path.rpartition("/")[2]
        if path == "/raise":
            raise RuntimeError("resource")
        if path != "/" and name not in self.files:
            missing = gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_RESPONSE_PATH_INVALID
            gsc.globus_gridftp_server_control_finished_resource(op, None, 0, None, missing, "No such file")
            return
        gsc.globus_gridftp_server_control_finished_resource(op, [self.stat(name)], 0, [0], SUCCESS, None)

    def stat(self, name: str) -> Any:
        mode = 0o100644 if name in self.files else 0o040755
        return gsc.globus_gridftp_server_control_stat_t(
            name=name or "/", mode=mode, nlink=1, size=len(self.files.get(name, b"")), mtime=1_000_000_000
        )

    def passive(self, op: Any, protocol: Any, maximum: int, path: Any, _: Any) -> None:
        data = Data()
        both = gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_DATA_DIR_BI
        gsc.globus_gridftp_server_control_finished_passive_connect(
            op, data, both, [data.contact], SUCCESS, None
        )

    def active(self, op: Any, protocol: Any, contacts: list[str], count: int, _: Any) -> None:
        assert count == len(contacts) == 1
        host, _, port = contacts[0].rpartition(":")
        send = gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_DATA_DIR_SEND
        data = Data((host, int(port)))
        gsc.globus_gridftp_server_control_finished_active_connect(op, data, send, SUCCESS, None)

    def destroy(self, data: Data, _: Any) -> None:
        self.destroyed.append(weakref.ref(data))
        data.close()

    def send(self, op: Any, data: Data, path: str, module: Any, options: Any, ranges: Any, _: Any) -> None:
        if path == "/raise":
            raise RuntimeError("send")
        self.transfer(op, data, self.files[path.strip("/")])

    def list(self, op: Any, data: Data, path: str, facts: str, depth: int, options: int, _: Any) -> None:
        stats = [self.stat(name) for name in sorted(self.files)]
        lines = gsc.globus_gridftp_server_control_list_buffer_alloc(facts, 0, path, stats)
        gsc.globus_gridftp_server_control_list_buffer_free(lines)
        self.transfer(op, data, lines)

    def transfer(self, op: Any, data: Data, content: bytes) -> None:
        self.notes.append((
            gsc.globus_gridftp_server_control_get_mode(op),
            gsc.globus_gridftp_server_control_get_type(op),
            gsc.globus_gridftp_server_control_get_parallelism(op),
            gsc.globus_gridftp_server_control_get_cmd_string(op).strip(),
        ))  # fmt: skip
        gsc.globus_gridftp_server_control_begin_transfer(op)
        with pytest.raises(GlobusError, match="begun before"):
            gsc.globus_gridftp_server_control_begin_transfer(op)
        with data.open() as connection:
            connection.sendall(content)
        gsc.globus_gridftp_server_control_finished_transfer(op, SUCCESS, None)

    def receive(self, op: Any, data: Data, path: str, module: Any, options: Any, ranges: Any, _: Any) -> None:
        gsc.globus_gridftp_server_control_begin_transfer(op)
        with data.open() as connection, connection.makefile("rb") as file:
            self.files[path.strip("/")] = file.read()
        self.notes.append(("allocated", gsc.globus_gridftp_server_control_get_allocated(op)))
        gsc.globus_gridftp_server_control_finished_transfer(op, SUCCESS, None)

    def ping(self, op: Any, command: str, words: list[str], count: int, argument: str) -> None:
        assert count == len(words)
        reply = gsc.globus_gsc_string_to_959(200, f"{argument} {' '.join(words[1:])}", None)
        gsc.globus_gsc_959_finished_command(op, reply)

    def fail(self, op: Any, command: str, words: list[str], count: int, argument: Any) -> None:
        raise RuntimeError("command")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    if not site.server.closed:
        if not site.done.is_set():
            with contextlib.suppress(GlobusError):  # it has just ended, as its client has
                gsc.globus_gridftp_server_control_stop(site.server)
        assert site.done.wait(LIMIT)


@pytest.fixture
def client(site: Site) -> Iterator[ftplib.FTP]:
    client = site.serve()
    client.login("me", "secret")
    yield client
    client.close()


def test_a_client_logs_in_and_asks(site: Site, client: ftplib.FTP) -> None:
    assert site.notes[0] == (gsc.GLOBUS_GRIDFTP_SERVER_LIBRARY_NONE, None, "me", "secret")
    assert gsc.globus_gridftp_server_control_authenticated(site.server)
    assert "PYTHON" in client.sendcmd("FEAT")
    assert client.sendcmd("XPNG a b") == "200 pong a b"
    assert client.pwd() == gsc.globus_gridftp_server_control_get_cwd(site.server) == "/"
    gsc.globus_gridftp_server_control_set_cwd(site.server, "/elsewhere")
    assert client.pwd() == "/elsewhere"
    assert "USER me\r\n" in site.log
    gsc.globus_gsc_959_command_remove(site.server, "XPNG")
    with pytest.raises(ftplib.error_perm):
        client.sendcmd("XPNG")


def test_files_go_both_ways(site: Site, client: ftplib.FTP) -> None:
    content = bytes(range(256)) * 1000
    client.storbinary("STOR /new", io.BytesIO(content))
    assert site.files["new"] == content
    back = io.BytesIO()
    client.retrbinary("RETR /new", back.write)
    assert back.getvalue() == content
    assert site.notes[-1] == ("S", "I", 1, "RETR /new")
    client.set_pasv(False)
    again = io.BytesIO()
    client.retrbinary("RETR /new", again.write)
    assert again.getvalue() == content


def test_listings_are_made_of_stats(site: Site, client: ftplib.FTP) -> None:
    site.files.update(a=b"1", b=b"22")
    assert client.nlst("/") == ["a", "b"]
    facts = {name.strip("/"): fact for name, fact in client.mlsd("/")}
    assert facts["b"]["size"] == "2"
    assert client.size("/b") == 2
    with pytest.raises(ftplib.error_perm, match="No such file"):
        client.size("/missing")


def test_callbacks_that_raise_refuse(site: Site, client: ftplib.FTP, unraisable: list[BaseException]) -> None:
    site.files["raise"] = b""
    for command in ("XRSE", "SIZE /raise"):
        with pytest.raises((ftplib.error_perm, ftplib.error_temp)):
            client.sendcmd(command)
    with pytest.raises((ftplib.error_perm, ftplib.error_temp)):
        client.retrbinary("RETR /raise", print)
    assert [str(error) for error in unraisable] == ["command", "resource", "send"]
    assert client.sendcmd("NOOP").startswith("200")


def test_an_operation_that_is_forgotten_is_refused(site: Site, client: ftplib.FTP) -> None:
    with pytest.raises(ftplib.error_perm, match="forgot"):
        client.sendcmd("XLST")


def test_a_login_is_refused(site: Site) -> None:
    client = site.serve()
    with pytest.raises(ftplib.error_perm, match="Login incorrect"):
        client.login("me", "wrong")
    client.close()


def test_attributes_are_copied(site: Site) -> None:
    copy = gsc.globus_gridftp_server_control_attr_copy(site.attr)
    gsc.globus_gridftp_server_control_attr_destroy(site.attr)
    client = site.serve(copy)
    assert client.getwelcome() == "220 Python here"
    assert client.login("me", "secret").startswith("230")
    site.files["x"] = b"content"
    back = io.BytesIO()
    client.retrbinary("RETR /x", back.write)
    assert back.getvalue() == b"content"
    client.close()


def test_a_server_says_farewell(site: Site, client: ftplib.FTP) -> None:
    gsc.globus_gridftp_server_control_421_end(site.server, "421 Good night\r\n")
    assert site.done.wait(LIMIT)
    with pytest.raises((EOFError, OSError, ftplib.error_temp)):
        client.sendcmd("NOOP")


def test_a_server_is_stopped_then_destroyed(site: Site) -> None:
    client = site.serve()
    with pytest.raises(GlobusError, match="running"):
        gsc.globus_gridftp_server_control_destroy(site.server)
    gsc.globus_gridftp_server_control_stop(site.server)
    assert site.done.wait(LIMIT)
    gsc.globus_gridftp_server_control_destroy(site.server)
    assert site.server.closed
    client.close()


def test_data_connections_are_given_back(site: Site, client: ftplib.FTP) -> None:
    site.files["x"] = b"content"
    for _ in range(5):
        client.retrbinary("RETR /x", lambda _: None)
    client.quit()
    assert site.done.wait(LIMIT)
    gc.collect()
    assert len(site.destroyed) == 5
    assert [reference() for reference in site.destroyed] == [None] * 5


def test_what_c_would_follow_is_checked(site: Site) -> None:
    stop, end = gsc.globus_gridftp_server_control_stop, gsc.globus_gridftp_server_control_421_end
    for call in (lambda: stop(site.server), lambda: end(site.server, "421\r\n")):
        with pytest.raises(GlobusError, match="not running"):
            call()
    nameless = gsc.globus_gridftp_server_control_stat_t()
    with pytest.raises(GlobusError, match="no name"):
        gsc.globus_gridftp_server_control_list_buffer_alloc("LIST:", 0, "/", [nameless])
    with pytest.raises(GlobusError, match="letters of facts"):
        gsc.globus_gridftp_server_control_list_buffer_alloc("file", 0, "/", [])
    with pytest.raises(GlobusError):
        gsc.globus_gridftp_server_control_start(site.server, None, -1, print, None)
    with pytest.raises(TypeError):
        gsc.globus_gridftp_server_control_attr_set_auth(None, print, None)
    gsc.globus_gridftp_server_control_destroy(site.server)


def test_text_becomes_a_reply() -> None:
    assert gsc.globus_gsc_string_to_959(250, "one", None) == "250 one\r\n"
    assert gsc.globus_gsc_string_to_959(250, "one\ntwo", None) == "250-one\r\n250-two\r\n250 End.\r\n"
    assert gsc.globus_gsc_string_to_959(250, "one\ntwo", " ") == "250-one\r\n two\r\n250 End.\r\n"
    assert gsc.globus_gsc_string_to_959(250, None, None) == "250 .\r\n"


def test_errors_have_their_type() -> None:
    error = gsc.GlobusGridFTPServerControlErrorSyntax()
    assert error.code == gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_ERROR_SYNTAX
    assert gsc.GlobusGridFTPServerControlErrorPanic().code == gsc.GLOBUS_GRIDFTP_SERVER_CONTROL_ERROR_PANIC
    assert "resource" in str(gsc.GlobusGridFTPServerControlErrorSystem())
    assert "uthentication" in str(gsc.GlobusGridFTPServerControlErrorAuthentication())
