"""globus_lowlevel.ftp_control as a client of the real server: commands, GSI, settings."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from pathlib import Path
from typing import Any, Self

import pytest
from globus_lowlevel.ftp_control import GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK, GLOBUS_FTP_CONTROL_TYPE_IMAGE
from tests.lowlevel.conftest import eventually
from tests.lowlevel.ftp_control.data_peers import data_handle, fetch
from tests.lowlevel.ftp_control.peers import (
    LIMIT,
    Client,
    Reply,
    ask,
    auth_info,
    command,
    credential,
    force_close,
)

from globus_lowlevel import GlobusError, ftp_control

# ---- commands ----------------------------------------------------------------------------------------------


def test_banner_and_anonymous_login(server: Any) -> None:
    client = Client(server.port)
    assert client.banner[0] == 220
    assert "GridFTP" in client.banner[1]
    code, text = client.login(auth_info("anonymous", "me@"))
    assert (code, text[:3]) == (230, "230")
    client.quit()


def test_refused_login(server: Any) -> None:
    client = Client(server.port)
    assert client.login(auth_info("nobody-at-all", "wrong"))[0] == 530
    client.quit()


def test_features_and_negative_replies(client: Client) -> None:
    code, text = command(client.handle, "FEAT")
    assert code == 211
    assert {"PARALLEL", "ERET", "ESTO", "MLST"} <= set(re.findall(r"\b[A-Z]{4,}\b", text))
    code, text = command(client.handle, "SIZE /no/such/file")
    assert code == 550 or code == 500
    assert text.startswith(str(code))


class Script:
    """A server that says what it is told to say, and notes what it hears."""

    def __init__(self, *replies: str) -> None:
        self.replies, self.heard = replies, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rw", newline="") as stream:
            connection.settimeout(LIMIT)
            for reply in self.replies:
                stream.write(reply)
                stream.flush()
                self.heard.append(stream.readline())

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(LIMIT)
        self.listener.close()


def test_command_text_is_no_format() -> None:
    """The C function is printf-like; what Python gives is sent as it is."""
    with Script("220 hello\r\n", "221-first\r\n221 last\r\n") as script:
        client = Client(script.port)
        assert command(client.handle, "%s%n%d")[1] == "221-first\r\n221 last\r\n\0"
        force_close(client.handle)
    assert script.heard[0] == "%s%n%d\r\n"
    ftp_control.globus_ftp_control_handle_destroy(client.handle)


def test_preliminary_replies_come_to_the_same_callback(server: Any, client: Client) -> None:
    (Path(server.root) / "sum.dat").write_bytes(bytes(5))
    reply = Reply()
    ftp_control.globus_ftp_control_send_command(
        client.handle, f"CKSM MD5 0 -1 {server.root}/sum.dat\r\n", reply, None
    )
    assert reply.wait()[0] == 213
    assert reply.codes[-1] == 213


def test_response_copy(client: Client) -> None:
    copies: list[Any] = []
    done = threading.Event()

    def keep(argument: Any, handle: Any, error: Any, response: Any) -> None:
        copies.append(ftp_control.globus_ftp_control_response_copy(response))
        copies.append(response)
        done.set()

    ftp_control.globus_ftp_control_send_command(client.handle, "NOOP\r\n", keep, None)
    assert done.wait(LIMIT)
    copy, original = copies
    assert copy.code == 200
    assert copy.response_class == ftp_control.GLOBUS_FTP_POSITIVE_COMPLETION_REPLY
    assert bytes(copy.response_buffer).startswith(b"200")
    with pytest.raises(ValueError, match=r"ended|closed|callback"):
        _ = original.code
    ftp_control.globus_ftp_control_response_destroy(copy)


def test_one_command_at_a_time(client: Client) -> None:
    reply = Reply()
    ftp_control.globus_ftp_control_send_command(client.handle, "NOOP\r\n", reply, None)
    try:
        ftp_control.globus_ftp_control_send_command(client.handle, "NOOP\r\n", reply, None)
    except GlobusError as error:
        assert "pending" in str(error) or "progress" in str(error)  # noqa: PT017 - it may also have been in time
    reply.wait()


def test_connection_info(server: Any, client: Client) -> None:
    local_host, local_port, host, port = ftp_control.globus_ftp_control_client_get_connection_info(
        client.handle
    )
    assert (host, port) == ((127, 0, 0, 1), server.port)
    assert local_host == (127, 0, 0, 1)
    local, remote = ftp_control.globus_ftp_control_client_get_connection_info_ex(client.handle)
    assert ftp_control.globus_ftp_control_host_port_get_host(remote) == "127.0.0.1"
    assert ftp_control.globus_ftp_control_host_port_get_port(remote) == server.port
    assert ftp_control.globus_ftp_control_host_port_get_port(local) == local_port


def test_connect_where_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        handle = ftp_control.globus_ftp_control_handle_init()
        with pytest.raises(GlobusError):
            ask(ftp_control.globus_ftp_control_connect, handle, "127.0.0.1", free.getsockname()[1])

    def destroyed() -> bool:
        with contextlib.suppress(GlobusError):  # the library is still on its way out of the callback
            ftp_control.globus_ftp_control_handle_destroy(handle)
            return True
        return False

    assert eventually(destroyed)


def test_force_close_ends_what_is_pending(client: Client) -> None:
    handle = ftp_control.globus_ftp_control_handle_init()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reply = Reply()
        ftp_control.globus_ftp_control_connect(handle, "127.0.0.1", silent.getsockname()[1], reply, None)
        force_close(handle)
        with pytest.raises(GlobusError):
            reply.wait()
    ftp_control.globus_ftp_control_handle_destroy(handle)


def test_a_forgotten_connection_is_closed(server: Any) -> None:
    client = Client(server.port)
    client.login(auth_info("anonymous", "me@"))
    del client  # balanced() waits until it is gone


def test_destroy_while_connected(client: Client) -> None:
    with pytest.raises(GlobusError):
        ftp_control.globus_ftp_control_handle_destroy(client.handle)
    client("NOOP")  # it goes on


# ---- GSI ---------------------------------------------------------------------------------------------------


def test_gsi_login(grid: Any) -> None:
    client = Client(grid.gridftp.port)
    info = auth_info(":globus-mapping:", "user@", credential())
    assert client.login(info, secure=True)[0] == 230
    assert client("PWD").startswith("257")
    client.quit()


def test_gsi_login_with_a_wrong_subject(grid: Any) -> None:
    client = Client(grid.gridftp.port)
    info = auth_info(":globus-mapping:", "user@", credential(), "/CN=somebody else")
    with pytest.raises(GlobusError, match=r"(?i)name|subject|authori"):
        client.login(info, secure=True)
    force_close(client.handle)
    ftp_control.globus_ftp_control_handle_destroy(client.handle)


def test_protected_data_channel(grid: Any) -> None:
    client = Client(grid.gridftp.port)
    own = credential()
    assert client.login(auth_info(":globus-mapping:", "user@", own), secure=True)[0] == 230
    data = os.urandom(100_000)
    (Path(grid.gridftp.root) / "secret.dat").write_bytes(data)
    client("PBSZ 1048576")
    client("PROT P")
    client("DCAU A")
    dcau = ftp_control.globus_ftp_control_dcau_t()
    dcau.mode = ftp_control.GLOBUS_FTP_CONTROL_DCAU_SELF
    ftp_control.globus_ftp_control_local_dcau(client.handle, dcau, own)
    ftp_control.globus_ftp_control_local_pbsz(client.handle, 1 << 20)
    ftp_control.globus_ftp_control_local_prot(
        client.handle, ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_PRIVATE
    )
    assert ftp_control.globus_ftp_control_get_pbsz(client.handle) == 1 << 20
    assert (
        ftp_control.globus_ftp_control_get_prot(client.handle)
        == ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_PRIVATE
    )
    assert fetch(client, f"{grid.gridftp.root}/secret.dat") == data
    client.quit()


# ---- settings ----------------------------------------------------------------------------------------------


def test_settings_of_a_handle() -> None:
    handle = data_handle(3)
    assert ftp_control.globus_ftp_control_get_mode(handle) == GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
    assert ftp_control.globus_ftp_control_get_type(handle) == GLOBUS_FTP_CONTROL_TYPE_IMAGE
    assert ftp_control.globus_ftp_control_get_parallelism(handle).fixed.size == 3
    ftp_control.globus_ftp_control_local_stru(handle, ftp_control.GLOBUS_FTP_CONTROL_STRUCTURE_FILE)
    ftp_control.globus_ftp_control_ipv6_allow(handle, False)
    ftp_control.globus_ftp_control_data_set_interface(handle, "127.0.0.1")
    buffers = ftp_control.globus_ftp_control_tcpbuffer_t()
    buffers.mode = ftp_control.GLOBUS_FTP_CONTROL_TCPBUFFER_FIXED
    buffers.fixed.size = 65536
    ftp_control.globus_ftp_control_local_tcp_buffer(handle, buffers)
    dcau = ftp_control.globus_ftp_control_dcau_t()
    dcau.mode = ftp_control.GLOBUS_FTP_CONTROL_DCAU_SUBJECT
    dcau.subject.subject = "/CN=somebody"
    ftp_control.globus_ftp_control_local_dcau(handle, dcau, None)
    del dcau
    got = ftp_control.globus_ftp_control_get_dcau(handle)
    assert (got.mode, got.subject.subject) == (ftp_control.GLOBUS_FTP_CONTROL_DCAU_SUBJECT, "/CN=somebody")


def test_members_of_unions_that_are_not_set() -> None:
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    parallelism.base.size = 7
    assert parallelism.fixed.size == 7


def test_auth_info() -> None:
    one, same = auth_info("me", "secret"), auth_info("me", "secret")
    assert (one.user, one.password, one.account) == ("me", "secret", None)
    assert ftp_control.globus_ftp_control_auth_info_compare(one, same) == 0
    assert ftp_control.globus_ftp_control_auth_info_compare(one, auth_info("me", "other")) != 0


def test_host_port() -> None:
    address = ftp_control.globus_ftp_control_host_port_init("127.0.0.1", 2811)
    copy = ftp_control.globus_ftp_control_host_port_copy(address)
    ftp_control.globus_ftp_control_host_port_destroy(address)
    assert ftp_control.globus_ftp_control_host_port_get_host(copy) == "127.0.0.1"
    assert ftp_control.globus_ftp_control_host_port_get_port(copy) == 2811
    with pytest.raises(GlobusError):
        ftp_control.globus_ftp_control_host_port_init("no.such.host.invalid", 1)
