"""globus_lowlevel.ftp_control as a server of real clients, and the commands that it reads."""

from __future__ import annotations

import errno
import gc
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import eventually
from tests.lowlevel.ftp_control.peers import LIMIT, MIB, Call, Client, ask, auth_info, command, credential

import globus_lowlevel
from globus_lowlevel import GlobusError, ftp_control

USER_AND_PASSWORD = (
    ftp_control.GLOBUS_FTP_CONTROL_AUTH_REQ_USER | ftp_control.GLOBUS_FTP_CONTROL_AUTH_REQ_PASS
)

# ---- commands, as a server reads them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "member", "values"),
    [
        ("RETR /a file", "retr", {"string_arg": "/a file"}),
        ("TYPE I", "type", {"type": "GLOBUS_FTP_CONTROL_TYPE_IMAGE"}),
        ("MODE E", "mode", {"mode": "GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK"}),
        ("ALLO 12345", "allo", {"size": 12345}),
    ],
)
def test_command_init(text: str, member: str, values: dict[str, Any]) -> None:
    command = ftp_control.globus_ftp_control_command_init(f"{text}\r\n", auth_info("me", "secret"))
    assert command.code.name == f"GLOBUS_FTP_CONTROL_COMMAND_{member.upper()}"
    assert getattr(command, member).raw_command.strip() == text
    for name, value in values.items():
        found = getattr(getattr(command, member), name)
        assert getattr(found, "name", found) == value
    with pytest.raises(AttributeError, match="not the member that is set"):
        _ = command.spor
    copy = ftp_control.globus_ftp_control_command_copy(command)
    ftp_control.globus_ftp_control_command_destroy(command)
    assert getattr(copy, member).raw_command.strip() == text
    ftp_control.globus_ftp_control_command_destroy(copy)


def test_command_with_addresses() -> None:
    command = ftp_control.globus_ftp_control_command_init(
        "SPOR 127,0,0,1,1,2 127,0,0,1,1,3\r\n", auth_info("me", "secret")
    )
    ports = [ftp_control.globus_ftp_control_host_port_get_port(a) for a in command.spor.host_port]
    assert ports == [258, 259]
    del command


# ---- servers -----------------------------------------------------------------------------------------------


class FileServer:
    """A server for one connection that knows one file."""

    def __init__(self, content: bytes, requirements: int) -> None:
        self.content, self.requirements = content, requirements
        self.user, self.subject, self.heard, self.error = None, None, [], None
        self.closed, self.lock = threading.Event(), threading.Lock()
        self.listener = ftp_control.globus_ftp_control_server_handle_init()
        self.handle = ftp_control.globus_ftp_control_handle_init()
        self.stopped = Call()
        self.port = ftp_control.globus_ftp_control_server_listen(
            self.listener, 0, self.on_connection, "listening"
        )

    def on_connection(self, argument: Any, listener: Any, error: Any) -> None:
        if error is None:
            assert argument == "listening"
            ftp_control.globus_ftp_control_server_accept(self.listener, self.handle, self.on_accepted, None)

    def on_accepted(self, _: Any, handle: Any, error: Any) -> None:
        assert error is None
        self.reply("220 one file, one connection", self.authenticate)

    def reply(self, text: str, then: Callable[[], None] | None = None) -> None:
        def sent(_: Any, handle: Any, error: Any) -> None:
            self.error = self.error or error
            if then:
                then()

        ftp_control.globus_ftp_control_send_response(self.handle, f"{text}\r\n", sent, None)

    def authenticate(self) -> None:
        ftp_control.globus_ftp_control_server_authenticate(
            self.handle, self.requirements, self.on_authenticated, None
        )

    def on_authenticated(self, _: Any, handle: Any, error: Any, info: Any) -> None:
        self.error = error
        if error is not None:
            return
        self.user, self.subject = info.user, info.auth_gssapi_subject
        if self.requirements & ftp_control.GLOBUS_FTP_CONTROL_AUTH_REQ_PASS:
            self.reply("230 welcome", self.read)
        else:
            self.read()  # name and password are commands like others

    def read(self) -> None:
        ftp_control.globus_ftp_control_read_commands(self.handle, self.on_command, "reading")

    def on_command(self, argument: Any, handle: Any, error: Any, command: Any) -> None:
        if error is not None:
            self.hang_up()
            return
        assert argument == "reading"
        verb = command.code.name.rpartition("_")[2]
        self.heard.append(getattr(command, verb.lower()).raw_command.strip())
        if verb == "QUIT":
            self.reply("221 bye", self.hang_up)
        elif verb == "USER":
            self.user = command.user.string_arg
            self.reply("331 go on")
        elif verb == "PASS":
            self.reply("230 welcome")
        elif verb == "PASV":
            address = ftp_control.globus_ftp_control_host_port_init("127.0.0.1", 0)
            ftp_control.globus_ftp_control_local_pasv(self.handle, address)
            port = ftp_control.globus_ftp_control_host_port_get_port(address)
            self.reply(f"227 ready (127,0,0,1,{port // 256},{port % 256})")
        elif verb == "RETR" and command.retr.string_arg.endswith("file"):
            self.reply("150 here it comes")
            ftp_control.globus_ftp_control_data_connect_write(self.handle, self.on_data_connection, None)
        elif verb == "RETR":
            self.reply("550 only 'file' is here")
        elif verb == "TYPE":
            ftp_control.globus_ftp_control_local_type(self.handle, command.type.type, 8)
            self.reply("200 as you like")
        elif verb in ("MODE", "NOOP"):
            self.reply("200 as you like")
        else:
            self.reply("500 what?")

    def hang_up(self) -> None:
        try:
            ftp_control.globus_ftp_control_force_close(self.handle, lambda *_: self.closed.set(), None)
        except GlobusError:  # the client was faster
            self.closed.set()

    def on_data_connection(self, _: Any, handle: Any, stripe: int, reused: bool, error: Any) -> None:
        assert error is None
        ftp_control.globus_ftp_control_data_write(handle, self.content, 0, True, self.on_written, None)

    def on_written(self, _: Any, handle: Any, error: Any, *rest: Any) -> None:
        self.reply("226 done" if error is None else "426 lost")

    def close(self) -> None:
        assert self.closed.wait(LIMIT)
        ftp_control.globus_ftp_control_server_stop(self.listener, self.stopped, None)
        assert self.stopped.called.wait(LIMIT)
        ftp_control.globus_ftp_control_server_handle_destroy(self.listener)
        ftp_control.globus_ftp_control_handle_destroy(self.handle)
        vars(self).clear()


def url_copy(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["globus-url-copy", *arguments], capture_output=True, text=True, timeout=60, check=False, env=env
    )


def test_server_for_the_real_client(tmp_path: Path) -> None:
    content = os.urandom(MIB)
    server = FileServer(content, USER_AND_PASSWORD)
    done = url_copy(f"ftp://127.0.0.1:{server.port}/file", f"file://{tmp_path}/copy")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy").read_bytes() == content
    assert (server.user, server.error) == ("anonymous", None)
    assert any(line.startswith("RETR") for line in server.heard)
    server.close()


def test_refusal_reaches_the_real_client(tmp_path: Path) -> None:
    server = FileServer(b"", USER_AND_PASSWORD)
    done = url_copy(f"ftp://127.0.0.1:{server.port}/other", f"file://{tmp_path}/copy")
    assert done.returncode != 0
    assert "only 'file' is here" in done.stderr
    server.close()


def test_server_with_gsi(grid: Any, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    server = FileServer(content, USER_AND_PASSWORD | ftp_control.GLOBUS_FTP_CONTROL_AUTH_REQ_GSSAPI)
    client = Client(server.port)
    info = auth_info("me", "password", credential(), grid.user.subject)
    assert client.login(info, secure=True)[0] == 230
    assert (server.user, server.subject) == ("me", grid.user.subject)
    assert command(client.handle, "NOOP")[0] == 200
    code, _ = ask(ftp_control.globus_ftp_control_quit, client.handle)
    assert code == 221
    ftp_control.globus_ftp_control_handle_destroy(client.handle)
    client.handle = None
    server.close()


def test_a_listener_that_nobody_called() -> None:
    listener, stopped = ftp_control.globus_ftp_control_server_handle_init(), Call()
    port = ftp_control.globus_ftp_control_server_listen(listener, 0, lambda *_: None, None)
    assert port
    with pytest.raises(GlobusError):
        ftp_control.globus_ftp_control_server_handle_destroy(listener)
    ftp_control.globus_ftp_control_server_stop(listener, stopped, None)
    assert stopped.called.wait(LIMIT)
    with pytest.raises(GlobusError):
        ftp_control.globus_ftp_control_server_stop(listener, stopped, None)
    ftp_control.globus_ftp_control_server_handle_destroy(listener)


def test_a_forgotten_listener_is_closed() -> None:
    listener = ftp_control.globus_ftp_control_server_handle_init()
    port = ftp_control.globus_ftp_control_server_listen(listener, 0, lambda *_: None, None)
    del listener

    def is_closed() -> bool:
        gc.collect()
        globus_lowlevel.reap()
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED

    assert eventually(is_closed)
