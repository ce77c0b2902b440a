"""globus_lowlevel.ftp_client: files that are got, put and sent from server to server, whole and in parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.ftp_client.peers import (
    Completion,
    extended,
    fetch,
    finish,
    receive,
    send,
    store,
)

from globus_lowlevel import GlobusError, ftp_client

DIGITS = b"0123456789" * 20


@pytest.fixture
def digits(root: Path) -> Path:
    path = root / "digits.dat"
    path.write_bytes(DIGITS)
    return path


@pytest.fixture(scope="package")
def other(grid: Any) -> Iterator[Any]:
    """Another server, for transfers between two."""
    with grid.start_gridftp(security="anonymous") as server:
        yield server


# ---- get -------------------------------------------------------------------------------------------------------


def test_get(root: Path, url: Any, handle: Any, attr: Any) -> None:
    data = os.urandom(1 << 20)
    (root / "get.dat").write_bytes(data)
    assert fetch(handle, url("get.dat"), attr) == data
    assert fetch(handle, url("get.dat"), None, reads=1) == data  # None: the defaults


def test_an_empty_file(root: Path, url: Any, handle: Any, attr: Any) -> None:
    (root / "empty.dat").touch()
    assert fetch(handle, url("empty.dat"), attr) == b""
    assert fetch(handle, url("empty.dat"), extended(attr)) == b""


@pytest.mark.parametrize("streams", [1, 4])
def test_get_in_extended_block_mode(root: Path, url: Any, handle: Any, attr: Any, streams: int) -> None:
    data = os.urandom(3 << 20)
    (root / "mode_e.dat").write_bytes(data)
    assert fetch(handle, url("mode_e.dat"), extended(attr, streams), reads=6) == data


@pytest.mark.parametrize("mode", ["stream", "extended"])
def test_partial_get(digits: Path, url: Any, handle: Any, attr: Any, mode: str) -> None:
    if mode == "extended":
        extended(attr, 2)
    get = ftp_client.globus_ftp_client_partial_get
    assert receive(get, handle, url(digits.name), attr, None, 10, 35) == DIGITS[10:35]
    assert receive(get, handle, url(digits.name), attr, None, 150, -1) == DIGITS[150:]


def test_extended_get(digits: Path, url: Any, handle: Any, attr: Any) -> None:
    """The server's algorithm P: a part."""
    get = ftp_client.globus_ftp_client_extended_get
    assert receive(get, handle, url(digits.name), extended(attr), None, "P 13 7") == DIGITS[13:20]
    with pytest.raises(GlobusError) as raised:
        receive(get, handle, url(digits.name), attr, None, "NOSUCH 1 2")
    assert ftp_client.globus_error_ftp_error_get_code(raised.value) >= 500


def test_everything_in_one_buffer(digits: Path, url: Any, handle: Any, attr: Any, recorder: Any) -> None:
    """read_all: one read for the whole file, its pieces told as they come."""
    pieces, whole, completion = recorder(), recorder(), Completion()
    ftp_client.globus_ftp_client_operationattr_set_read_all(attr, True, pieces, "pieces")
    buffer = bytearray(1000)
    ftp_client.globus_ftp_client_get(handle, url(digits.name), attr, None, completion, None)
    ftp_client.globus_ftp_client_register_read(handle, buffer, whole, "whole")
    completion.check()
    argument, given, error, got, length, _, eof = whole.wait()
    assert (argument, given, error, length, eof) == ("whole", handle, None, len(DIGITS), True)
    assert got is buffer
    assert buffer[:length] == DIGITS
    assert [call[0] for call in pieces.calls] == ["pieces"] * len(pieces.calls)
    completion = Completion()
    ftp_client.globus_ftp_client_partial_get(handle, url(digits.name), attr, None, 10, 30, completion, None)
    ftp_client.globus_ftp_client_register_read(handle, buffer, whole, "part")
    completion.check()
    assert buffer[:20] == DIGITS[10:30]


def test_a_transfer_goes_on_where_a_marker_says(digits: Path, url: Any, handle: Any, attr: Any) -> None:
    marker = ftp_client.globus_ftp_client_restart_marker_init()
    ftp_client.globus_ftp_client_restart_marker_set_offset(marker, 180)
    get = ftp_client.globus_ftp_client_get
    assert receive(get, handle, url(digits.name), attr, marker) == DIGITS[180:]
    ranges = ftp_client.globus_ftp_client_restart_marker_init()
    ftp_client.globus_ftp_client_restart_marker_from_string(ranges, "0-50,100-150")
    assert receive(get, handle, url(digits.name), extended(attr), ranges) == DIGITS[50:100] + DIGITS[150:]


# ---- put -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [1, 7])
@pytest.mark.parametrize("mode", ["stream", "extended"])
def test_put(root: Path, url: Any, handle: Any, attr: Any, mode: str, blocks: int) -> None:
    data = os.urandom(300_000)
    if mode == "extended":
        extended(attr, 3)
    send(ftp_client.globus_ftp_client_put, handle, url("put.dat"), attr, None, data=data, blocks=blocks)
    assert (root / "put.dat").read_bytes() == data


def test_append(root: Path, url: Any, handle: Any, attr: Any) -> None:
    (root / "log.dat").write_bytes(b"first ")
    ftp_client.globus_ftp_client_operationattr_set_append(attr, True)
    store(handle, url("log.dat"), attr, b"second")
    assert (root / "log.dat").read_bytes() == b"first second"


def test_room_is_asked_for(root: Path, url: Any, handle: Any, attr: Any) -> None:
    ftp_client.globus_ftp_client_operationattr_set_allocate(attr, 5)
    store(handle, url("room.dat"), attr, b"12345")
    assert (root / "room.dat").read_bytes() == b"12345"


def test_partial_put(digits: Path, url: Any, handle: Any, attr: Any) -> None:
    put = ftp_client.globus_ftp_client_partial_put
    send(put, handle, url(digits.name), extended(attr), None, 100, 105, data=b"abcde", offset=100)
    assert digits.read_bytes() == DIGITS[:100] + b"abcde" + DIGITS[105:]


def test_extended_put(digits: Path, url: Any, handle: Any, attr: Any) -> None:
    """The server's algorithm A: an adjusted offset."""
    put = ftp_client.globus_ftp_client_extended_put
    send(put, handle, url(digits.name), extended(attr), None, "A 50", data=b"abcde")
    assert digits.read_bytes() == DIGITS[:50] + b"abcde" + DIGITS[55:]


# ---- from server to server ---------------------------------------------------------------------------------------


def test_third_party_transfer(root: Path, url: Any, other: Any, handle: Any, attr: Any) -> None:
    data = os.urandom(1 << 20)
    (root / "from.dat").write_bytes(data)
    for target_attr in (attr, extended(ftp_client.globus_ftp_client_operationattr_copy(attr), 2)):
        target = Path(other.root) / "to.dat"
        target.unlink(missing_ok=True)
        finish(
            ftp_client.globus_ftp_client_third_party_transfer,
            handle, url("from.dat"), target_attr, f"{other.ftp_url}/to.dat", target_attr, None,
        )  # fmt: skip
        assert target.read_bytes() == data


def test_partial_third_party_transfer(digits: Path, url: Any, other: Any, handle: Any, attr: Any) -> None:
    (Path(other.root) / "part.dat").write_bytes(bytes(200))
    finish(
        ftp_client.globus_ftp_client_partial_third_party_transfer,
        handle, url(digits.name), extended(attr), f"{other.ftp_url}/part.dat", attr, None, 100, 120,
    )  # fmt: skip
    assert (Path(other.root) / "part.dat").read_bytes() == bytes(100) + DIGITS[100:120] + bytes(80)


def test_extended_third_party_transfer(digits: Path, url: Any, other: Any, handle: Any, attr: Any) -> None:
    (Path(other.root) / "moved.dat").write_bytes(bytes(100))
    finish(
        ftp_client.globus_ftp_client_extended_third_party_transfer,
        handle, url(digits.name), extended(attr), "P 20 30", f"{other.ftp_url}/moved.dat", attr, "A 0", None,
    )  # fmt: skip
    assert DIGITS[20:50] in (Path(other.root) / "moved.dat").read_bytes()


# ---- what goes wrong ---------------------------------------------------------------------------------------------


def test_a_missing_file(url: Any, handle: Any, attr: Any) -> None:
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url("missing"), attr, None, completion, "argument")
    ftp_client.globus_ftp_client_register_read(handle, bytearray(10), lambda *_: None, None)
    error = completion.wait()
    assert completion.argument == "argument"
    assert isinstance(error, GlobusError)
    assert error.type_name == "GLOBUS_FTP_CLIENT_ERROR_RESPONSE"
    assert ftp_client.globus_error_ftp_error_get_code(error) == 500
    assert "No such file" in str(error)


@pytest.mark.parametrize("source", ["nonsense", "http://localhost/file", "ftp://", ""])
def test_what_is_no_url_of_ours(handle: Any, attr: Any, source: str) -> None:
    for operation in (ftp_client.globus_ftp_client_get, ftp_client.globus_ftp_client_put):
        with pytest.raises(GlobusError) as caught:
            operation(handle, source, attr, None, lambda *_: None, None)
        assert caught.value.module == "globus_ftp_client"


def test_nobody_listens(handle: Any, attr: Any, nobody: str) -> None:
    with pytest.raises(GlobusError) as caught:
        fetch(handle, f"ftp://{nobody}/file", attr)
    assert caught.value.errno == 111


def test_data_without_a_transfer(digits: Path, url: Any, handle: Any, attr: Any) -> None:
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_register_read(handle, bytearray(10), lambda *_: None, None)
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_register_write(handle, b"x", 0, True, lambda *_: None, None)
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url(digits.name), attr, None, completion, None)
    with pytest.raises(GlobusError):  # it reads
        ftp_client.globus_ftp_client_register_write(handle, b"x", 0, True, lambda *_: None, None)
    ftp_client.globus_ftp_client_abort(handle)
    completion.wait()


def test_a_part_that_ends_before_it_begins(digits: Path, url: Any, handle: Any, attr: Any) -> None:
    get = ftp_client.globus_ftp_client_partial_get
    with pytest.raises(GlobusError):
        get(handle, url(digits.name), attr, None, 20, 10, lambda *_: None, None)
