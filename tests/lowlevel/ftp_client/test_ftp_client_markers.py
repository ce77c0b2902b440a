"""globus_lowlevel.ftp_client: restart markers, which say what of a file has arrived."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.ftp_client.peers import Completion, extended, fetch, receive

from globus_lowlevel import GlobusError, ftp_client


@pytest.fixture
def marker(balanced: None) -> Any:
    return ftp_client.globus_ftp_client_restart_marker_init()


@pytest.mark.parametrize(("words", "total"), [("0-99,200-299", 198), ("5-6", 1), ("4711", 4711)])
def test_a_marker_is_text(marker: Any, words: str, total: int) -> None:
    ftp_client.globus_ftp_client_restart_marker_from_string(marker, words)
    assert ftp_client.globus_ftp_client_restart_marker_to_string(marker) == words
    assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) == total


@pytest.mark.parametrize("wrong", ["1-", "7-3", "0-99;", "a-b", "0-99,", "-5"])
def test_what_is_no_marker(marker: Any, wrong: str) -> None:
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_restart_marker_from_string(marker, wrong)
    assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) >= 0


def test_ranges_are_joined(marker: Any) -> None:
    insert = ftp_client.globus_ftp_client_restart_marker_insert_range
    for start, end in ((100, 200), (300, 400), (0, 50)):
        insert(marker, start, end)
    assert ftp_client.globus_ftp_client_restart_marker_to_string(marker) == "0-50,100-200,300-400"
    assert ftp_client.globus_ftp_client_restart_marker_get_first_block(marker) == (0, 50)
    insert(marker, 50, 100)
    insert(marker, 150, 350)
    assert ftp_client.globus_ftp_client_restart_marker_to_string(marker) == "0-400"
    assert ftp_client.globus_ftp_client_restart_marker_get_first_block(marker) == (0, 400)
    assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) == 400


def test_offsets_of_streams(marker: Any) -> None:
    ftp_client.globus_ftp_client_restart_marker_set_offset(marker, 4000)
    assert ftp_client.globus_ftp_client_restart_marker_to_string(marker) == "4000"
    assert ftp_client.globus_ftp_client_restart_marker_get_first_block(marker) == (0, 4000)
    ftp_client.globus_ftp_client_restart_marker_set_ascii_offset(marker, 4000, 4100)
    assert (marker.stream.offset, marker.stream.ascii_offset) == (4000, 4100)
    assert (
        ftp_client.globus_ftp_client_restart_marker_to_string(marker) == "4100"
    )  # what is said to the server


def test_a_copy_is_another_marker(marker: Any) -> None:
    ftp_client.globus_ftp_client_restart_marker_insert_range(marker, 0, 10)
    copy = ftp_client.globus_ftp_client_restart_marker_copy(marker)
    ftp_client.globus_ftp_client_restart_marker_insert_range(marker, 20, 30)
    assert ftp_client.globus_ftp_client_restart_marker_to_string(copy) == "0-10"
    ftp_client.globus_ftp_client_restart_marker_destroy(marker)
    assert ftp_client.globus_ftp_client_restart_marker_get_total(copy) == 10
    with pytest.raises(ValueError, match="closed"):
        ftp_client.globus_ftp_client_restart_marker_get_total(marker)


def test_an_empty_marker(marker: Any) -> None:
    assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) == 0
    assert ftp_client.globus_ftp_client_restart_marker_get_first_block(marker) == (0, 0)
    copy = ftp_client.globus_ftp_client_restart_marker_copy(marker)
    assert copy.type == ftp_client.GLOBUS_FTP_CLIENT_RESTART_NONE


def test_a_handle_knows_what_has_arrived(root: Path, url: Any, handle: Any, attr: Any) -> None:
    """And an interrupted get goes on from there."""
    data = os.urandom(2 << 20)
    (root / "cut.dat").write_bytes(data)
    completion, parts = Completion(), {}

    def on_data(_: Any, handle: Any, error: Any, buffer: Any, length: int, offset: int, eof: bool) -> None:
        if not error and length:
            parts[offset] = bytes(buffer[:length])

    ftp_client.globus_ftp_client_get(handle, url("cut.dat"), extended(attr), None, completion, None)
    first = Completion()
    ftp_client.globus_ftp_client_register_read(
        handle, bytearray(300_000), lambda *a: (on_data(*a), first(None, None, a[2])), None
    )
    assert first.wait() is None
    marker = ftp_client.globus_ftp_client_handle_get_restart_marker(handle)
    ftp_client.globus_ftp_client_abort(handle)
    completion.wait()
    assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) == sum(map(len, parts.values()))
    get = ftp_client.globus_ftp_client_get
    rest = receive(get, handle, url("cut.dat"), attr, marker)
    ((start, part),) = parts.items()
    assert data == data[:start] + part + data[start + len(part) :]
    assert rest == data[:start] + data[start + len(part) :]
    assert fetch(handle, url("cut.dat"), attr) == data
