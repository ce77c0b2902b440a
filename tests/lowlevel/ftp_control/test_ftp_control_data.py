"""globus_lowlevel.ftp_control: data channels, stripes and layouts."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from globus_lowlevel.ftp_control import GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK, GLOBUS_FTP_CONTROL_MODE_STREAM
from tests.lowlevel.ftp_control.data_peers import Reader, Stripes, data_handle, fetch, passive, prepare, store
from tests.lowlevel.ftp_control.peers import LIMIT, MIB, Call, Client, Reply, layouts

from globus_lowlevel import GlobusError, ftp_control


@pytest.mark.parametrize(
    ("mode", "streams"),
    [
        (GLOBUS_FTP_CONTROL_MODE_STREAM, 1),
        (GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK, 1),
        (GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK, 4),
    ],
)
def test_data(server: Any, client: Client, mode: Any, streams: int) -> None:
    data = os.urandom(2 * MIB + 17)
    store(client, f"{server.root}/up.dat", data, mode=mode, streams=streams)
    assert (Path(server.root) / "up.dat").read_bytes() == data
    assert fetch(client, f"{server.root}/up.dat", mode=mode, streams=streams) == data


def test_read_all(server: Any, client: Client) -> None:
    data = os.urandom(300_000)
    (Path(server.root) / "all.dat").write_bytes(data)
    prepare(client, GLOBUS_FTP_CONTROL_MODE_STREAM)
    ftp_control.globus_ftp_control_local_port(client.handle, passive(client))
    buffer, done, lengths, reply = bytearray(MIB), threading.Event(), [], Reply()
    connected = Call()

    def on_data(_: Any, handle: Any, error: Any, given: Any, length: int, offset: int, eof: bool) -> None:
        lengths.append(length)
        if error or eof:
            done.set()

    ftp_control.globus_ftp_control_data_connect_read(client.handle, connected, None)
    ftp_control.globus_ftp_control_send_command(client.handle, f"RETR {server.root}/all.dat\r\n", reply, None)
    connected.wait()
    ftp_control.globus_ftp_control_data_read_all(client.handle, buffer, on_data, None)
    assert done.wait(LIMIT)
    assert reply.wait()[0] == 226
    assert bytes(buffer[: len(data)]) == data


def test_ordered_reads(server: Any, client: Client) -> None:
    data = os.urandom(MIB)
    (Path(server.root) / "order.dat").write_bytes(data)
    mode = GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
    assert fetch(client, f"{server.root}/order.dat", mode=mode, streams=3, ordered=True) == data


def test_a_missing_file_ends_the_data_channel(server: Any, client: Client) -> None:
    prepare(client, GLOBUS_FTP_CONTROL_MODE_STREAM)
    ftp_control.globus_ftp_control_local_port(client.handle, passive(client))
    reply, closed = Reply(), Call()
    ftp_control.globus_ftp_control_data_connect_read(client.handle, None, None)
    reader = Reader(client.handle, blocks=2)
    reader.start()
    ftp_control.globus_ftp_control_send_command(
        client.handle, f"RETR {server.root}/no-such-file\r\n", reply, None
    )
    assert reply.wait()[0] >= 500
    ftp_control.globus_ftp_control_data_force_close(client.handle, closed, None)
    with pytest.raises(GlobusError):
        reader.wait()
    assert closed.called.wait(LIMIT)


@pytest.fixture
def stripes() -> Iterator[Stripes]:
    stripes = Stripes(2)
    yield stripes
    stripes.close()
    vars(stripes).clear()


DATA = bytes(range(256)) * 4


def whole(parts: list[dict[int, bytes]]) -> bytes:
    every = {offset: piece for part in parts for offset, piece in part.items()}
    return b"".join(every[offset] for offset in sorted(every))


def test_spor_and_what_is_known_of_it(stripes: Stripes) -> None:
    ports = [ftp_control.globus_ftp_control_host_port_get_port(a) for a in stripes.addresses]
    known = ftp_control.globus_ftp_control_get_spor(stripes.sender)
    assert [ftp_control.globus_ftp_control_host_port_get_port(a) for a in known] == ports
    assert ftp_control.globus_ftp_control_get_stripe_count(stripes.sender) == 2
    assert ftp_control.globus_ftp_control_get_stripe_count(stripes.receivers[0]) == 1
    stripes.connect()
    hosts = ftp_control.globus_ftp_control_data_get_remote_hosts(stripes.sender)
    assert {ftp_control.globus_ftp_control_host_port_get_port(a) for a in hosts} >= set(ports)
    assert ftp_control.globus_ftp_control_data_get_total_data_channels(stripes.sender, 0) == 1
    assert ftp_control.globus_ftp_control_data_query_channels(stripes.sender, 1) >= 0
    assert all(size > 0 for size in ftp_control.globus_ftp_control_data_get_socket_buf(stripes.sender))
    assert re.fullmatch(
        r"\d+(,\d+)*", ftp_control.globus_ftp_control_data_get_retransmit_count(stripes.sender)
    )
    stripes.write(DATA)
    assert whole(stripes.parts()) == DATA


def test_layout_of_blocks(stripes: Stripes) -> None:
    """The library itself would end each stripe after its first block, and never call back."""
    layout = ftp_control.globus_ftp_control_layout_t()
    layout.mode = ftp_control.GLOBUS_FTP_CONTROL_STRIPING_BLOCKED_ROUND_ROBIN
    layout.round_robin.block_size = 100
    ftp_control.globus_ftp_control_local_layout(stripes.sender, layout, 0)
    stripes.connect()
    _, _, error, buffer, length, offset, eof = stripes.write(DATA)
    assert (error, buffer, length, offset, eof) == (None, DATA, len(DATA), 0, True)
    first, second = stripes.parts()
    assert whole([first, second]) == DATA
    assert set(first) == set(range(0, 1024, 200))
    assert set(second) == set(range(100, 1024, 200))


@pytest.mark.parametrize("by_struct", [True, False])
def test_layout_of_partitions(stripes: Stripes, by_struct: bool) -> None:
    layout = ftp_control.globus_ftp_control_layout_t()
    layout.mode = ftp_control.GLOBUS_FTP_CONTROL_STRIPING_PARTITIONED
    layout.partitioned.size = len(DATA)
    size = ftp_control.globus_ftp_control_layout_partitioned_user_arg_create(len(DATA))
    if by_struct:
        ftp_control.globus_ftp_control_local_layout(stripes.sender, layout, len(DATA))
    else:
        ftp_control.globus_X_ftp_control_local_layout(stripes.sender, "StripedLayout=Partitioned;", size)
    ftp_control.globus_ftp_control_layout_partitioned_user_arg_destroy(size)
    stripes.connect()
    stripes.write(DATA)
    first, second = stripes.parts()
    assert (whole([first]), whole([second])) == (DATA[:512], DATA[512:])


def test_layout_in_python(stripes: Stripes) -> None:
    calls = []

    def enqueue(
        handle: Any,
        info: Any,
        buffer: Any,
        length: int,
        offset: int,
        eof: bool,
        count: int,
        text: str,
        argument: Any,
    ) -> None:
        assert len(buffer) == length
        calls.append((length, offset, eof, count, text, argument))
        half = length // 2
        ftp_control.globus_X_ftp_control_data_write_stripe(handle, buffer[:half], offset, eof, 1, info)
        ftp_control.globus_X_ftp_control_data_write_stripe(handle, buffer[half:], offset + half, eof, 0, info)

    layouts["Mine"] = enqueue
    ftp_control.globus_X_ftp_control_local_layout(stripes.sender, "StripedLayout=Mine;", "mine")
    stripes.connect()
    stripes.write(DATA)
    first, second = stripes.parts()
    assert (whole([second]), whole([first])) == (DATA[:512], DATA[512:])
    assert calls == [(1024, 0, True, 2, "StripedLayout=Mine;", "mine")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_layout_that_raises_fails_the_write(stripes: Stripes) -> None:
    """The library ignores what a layout answers."""

    def enqueue(*_: Any) -> None:
        raise LookupError("no stripe for this")

    layouts["Mine"] = enqueue
    ftp_control.globus_X_ftp_control_local_layout(stripes.sender, "StripedLayout=Mine;", None)
    stripes.connect()
    with pytest.raises(GlobusError, match="no stripe for this"):
        stripes.write(DATA)


def test_a_layout_writes_only_what_it_was_given(stripes: Stripes) -> None:
    errors = []

    def enqueue(
        handle: Any,
        info: Any,
        buffer: Any,
        length: int,
        offset: int,
        eof: bool,
        count: int,
        text: str,
        argument: Any,
    ) -> None:
        for wrong in [(bytes(100), 0, info), (buffer, 2, info), (buffer, -1, info)]:
            with pytest.raises(GlobusError) as error:
                ftp_control.globus_X_ftp_control_data_write_stripe(
                    handle, wrong[0], offset, eof, wrong[1], wrong[2]
                )
            errors.append(str(error.value))
        ftp_control.globus_ftp_control_layout_blocked(
            handle, info, buffer, offset, eof, count, "StripedLayout=Blocked;BlockSize=300;"
        )

    layouts["Mine"] = enqueue
    ftp_control.globus_X_ftp_control_local_layout(stripes.sender, "StripedLayout=Mine;", None)
    stripes.connect()
    stripes.write(DATA)
    assert whole(stripes.parts()) == DATA
    assert len(errors) == 3


@pytest.mark.parametrize(
    "text", ["", "StripedLayout=;", "StripedLayout=Unknown;", "StripedLayout=Blocked;", "nonsense"]
)
def test_layouts_that_are_none(text: str) -> None:
    handle = data_handle()
    with pytest.raises(GlobusError):
        ftp_control.globus_X_ftp_control_local_layout(handle, text, None)
    with pytest.raises(GlobusError):
        ftp_control.globus_ftp_control_layout_blocked_verify(text)


def test_write_to_one_stripe(stripes: Stripes) -> None:
    stripes.connect()
    written = Call()
    ftp_control.globus_ftp_control_data_write_stripe(stripes.sender, b"second", 0, False, 1, written, None)
    written.wait()
    with pytest.raises(GlobusError, match="no such stripe"):
        ftp_control.globus_ftp_control_data_write_stripe(stripes.sender, b"x", 0, False, 2, written, None)
    assert stripes.write(b"", eof=True)[2] is None
    first, second = stripes.parts()
    assert (first, second) == ({}, {0: b"second"})


def test_what_the_library_does_not_implement(stripes: Stripes) -> None:
    with pytest.raises(GlobusError, match="not implemented"):
        ftp_control.globus_ftp_control_local_spas(stripes.receivers[0], stripes.addresses)
    stripes.connect()
    with pytest.raises(GlobusError, match="not yet implemented"):
        ftp_control.globus_ftp_control_data_add_channels(stripes.sender, 1, 0)
    with pytest.raises(GlobusError):
        ftp_control.globus_ftp_control_data_remove_channels(stripes.sender, 1, 0)
    stripes.write(DATA)
    assert whole(stripes.parts()) == DATA


def test_end_of_data_by_hand() -> None:
    stripes = Stripes(1)
    ftp_control.globus_ftp_control_local_send_eof(stripes.sender, False)
    stripes.connect()
    stripes.write(DATA)
    sent = Call()
    with pytest.raises(GlobusError, match="a number for each stripe"):
        ftp_control.globus_ftp_control_data_send_eof(stripes.sender, [], True, sent, None)
    assert ftp_control.globus_ftp_control_data_send_eof(stripes.sender, [0], True, sent, None) == (0,)
    sent.wait()
    with pytest.raises(GlobusError, match="called before"):
        ftp_control.globus_ftp_control_data_send_eof(stripes.sender, [0], True, sent, None)
    assert whole(stripes.parts()) == DATA
    stripes.close()
