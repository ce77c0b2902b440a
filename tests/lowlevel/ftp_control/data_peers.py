"""Data channels for the tests of globus_lowlevel.ftp_control: against the server, and among ourselves."""

from __future__ import annotations

import re
import threading
from typing import Any

from globus_lowlevel.ftp_control import (
    GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK,
    GLOBUS_FTP_CONTROL_MODE_STREAM,
    GLOBUS_FTP_CONTROL_TYPE_IMAGE,
)
from tests.lowlevel.ftp_control.peers import LIMIT, Call, Client, Reply

from globus_lowlevel import GlobusError, ftp_control


def parallelism(size: int) -> Any:
    value = ftp_control.globus_ftp_control_parallelism_t()
    value.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    value.fixed.size = size
    return value


def passive(client: Client) -> Any:
    """The server listens: its address."""
    numbers = [int(n) for n in re.findall(r"\d+", client("PASV").partition("(")[2])]
    host = ".".join(map(str, numbers[:4]))
    return ftp_control.globus_ftp_control_host_port_init(host, numbers[4] * 256 + numbers[5])


def active_address(client: Client) -> str:
    """We listen: our address in the words of the protocol."""
    address = ftp_control.globus_ftp_control_host_port_init("127.0.0.1", 0)
    ftp_control.globus_ftp_control_local_pasv(client.handle, address)
    host = ftp_control.globus_ftp_control_host_port_get_host(address).replace(".", ",")
    port = ftp_control.globus_ftp_control_host_port_get_port(address)
    assert port, "local_pasv() stores the port in the address"
    return f"{host},{port // 256},{port % 256}"


def prepare(client: Client, mode: Any, streams: int = 1) -> None:
    client("TYPE I")
    ftp_control.globus_ftp_control_local_type(client.handle, GLOBUS_FTP_CONTROL_TYPE_IMAGE, 0)
    if mode == GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK:
        client("MODE E")
        client(f"OPTS RETR Parallelism={streams},{streams},{streams};")
    ftp_control.globus_ftp_control_local_mode(client.handle, mode)
    ftp_control.globus_ftp_control_local_parallelism(client.handle, parallelism(streams))


class Reader:
    """Reads a data channel to its end."""

    def __init__(self, handle: Any, *, blocks: int = 4, size: int = 65536) -> None:
        self.handle, self.parts, self.error = handle, {}, None
        self.lock, self.left, self.done = threading.Lock(), blocks, threading.Event()
        self.buffers = [bytearray(size) for _ in range(blocks)]

    def start(self, *_: Any) -> None:
        for buffer in self.buffers:
            ftp_control.globus_ftp_control_data_read(self.handle, buffer, self, "argument")

    def __call__(
        self, argument: Any, handle: Any, error: Any, buffer: Any, length: int, offset: int, eof: bool
    ) -> None:
        assert argument == "argument"
        assert any(buffer is own for own in self.buffers)
        with self.lock:
            self.error = self.error or error
            if length:
                self.parts[offset] = bytes(buffer[:length])
            if not eof and not error:
                try:
                    ftp_control.globus_ftp_control_data_read(self.handle, buffer, self, "argument")
                except GlobusError as closed:
                    self.error = closed
                else:
                    return
            self.left -= 1
            if not self.left:
                self.done.set()

    def wait(self) -> bytes:
        assert self.done.wait(LIMIT), "the data did not come to an end"
        if self.error:
            raise self.error
        return b"".join(self.parts[offset] for offset in sorted(self.parts))


def fetch(
    client: Client,
    path: str,
    *,
    mode: Any = GLOBUS_FTP_CONTROL_MODE_STREAM,
    streams: int = 1,
    ordered: bool = False,
) -> bytes:
    prepare(client, mode, streams)
    if mode == GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK:  # who sends connects
        client(f"PORT {active_address(client)}")
    else:
        ftp_control.globus_ftp_control_local_port(client.handle, passive(client))
    if ordered:
        ftp_control.globus_ftp_control_set_force_order(client.handle, True, 0)
    reader, connected, reply = Reader(client.handle), Call(), Reply()
    ftp_control.globus_ftp_control_data_connect_read(client.handle, connected, None)
    ftp_control.globus_ftp_control_send_command(client.handle, f"RETR {path}\r\n", reply, None)
    connected.wait()
    reader.start()
    data = reader.wait()
    assert reply.wait()[0] == 226
    return data


def store(
    client: Client, path: str, data: bytes, *, mode: Any = GLOBUS_FTP_CONTROL_MODE_STREAM, streams: int = 1
) -> None:
    prepare(client, mode, streams)
    ftp_control.globus_ftp_control_local_port(client.handle, passive(client))
    connected, reply, block = Call(), Reply(), 100_000
    ftp_control.globus_ftp_control_data_connect_write(client.handle, connected, None)
    ftp_control.globus_ftp_control_send_command(client.handle, f"STOR {path}\r\n", reply, None)
    connected.wait()
    writes = []
    for offset in range(0, max(len(data), 1), block):
        written = Call()
        piece = data[offset : offset + block]
        ftp_control.globus_ftp_control_data_write(
            client.handle, piece, offset, offset + block >= len(data), written, None
        )
        writes.append((written, piece))
    for written, piece in writes:
        _, _, error, buffer, length, _, _ = written.wait()
        assert (error, length) == (None, len(piece))
        assert buffer is piece
    assert reply.wait()[0] == 226


def data_handle(streams: int = 1) -> Any:
    handle = ftp_control.globus_ftp_control_handle_init()
    ftp_control.globus_ftp_control_local_mode(handle, GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK)
    ftp_control.globus_ftp_control_local_type(handle, GLOBUS_FTP_CONTROL_TYPE_IMAGE, 0)
    dcau = ftp_control.globus_ftp_control_dcau_t()
    dcau.mode = ftp_control.GLOBUS_FTP_CONTROL_DCAU_NONE
    ftp_control.globus_ftp_control_local_dcau(handle, dcau, None)
    ftp_control.globus_ftp_control_local_parallelism(handle, parallelism(streams))
    return handle


class Stripes:
    """One sender and several receivers."""

    def __init__(self, count: int, streams: int = 1) -> None:
        self.sender, self.receivers = data_handle(streams), [data_handle(streams) for _ in range(count)]
        self.addresses = [ftp_control.globus_ftp_control_host_port_init("127.0.0.1", 0) for _ in range(count)]
        for handle, address in zip(self.receivers, self.addresses, strict=True):
            ftp_control.globus_ftp_control_local_pasv(handle, address)
        ftp_control.globus_ftp_control_local_spor(self.sender, self.addresses)

    def connect(self) -> None:
        self.readers = [Reader(handle, size=1000) for handle in self.receivers]
        for handle in self.receivers:
            ftp_control.globus_ftp_control_data_connect_read(handle, None, None)
        stripes, connected = set(), threading.Event()

        def on_connected(_: Any, handle: Any, stripe: int, reused: bool, error: Any) -> None:
            assert error is None
            stripes.add(stripe)
            if len(stripes) == len(self.receivers):
                connected.set()

        ftp_control.globus_ftp_control_data_connect_write(self.sender, on_connected, None)
        assert connected.wait(LIMIT)
        for reader in self.readers:
            reader.start()

    def write(self, data: bytes, *, eof: bool = True) -> tuple[Any, ...]:
        written = Call()
        ftp_control.globus_ftp_control_data_write(self.sender, data, 0, eof, written, None)
        return written.wait()

    def parts(self) -> list[dict[int, bytes]]:
        for reader in self.readers:
            reader.wait()
        return [reader.parts for reader in self.readers]

    def close(self) -> None:
        for handle in [self.sender, *self.receivers]:
            closed = Call()
            try:
                ftp_control.globus_ftp_control_data_force_close(handle, closed, None)
            except GlobusError:  # it is closed
                continue
            assert closed.called.wait(LIMIT)
