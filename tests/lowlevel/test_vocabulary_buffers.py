"""Against the toy library: bytes in and out, vectors of buffers, arrays."""

from __future__ import annotations

import mmap
import sys
import threading
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError

pytestmark = pytest.mark.usefixtures("balanced")

Steady = Callable[..., None]
INT_MAX = 2**31 - 1


# ---- bytes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"abc",
        bytearray(b"abc"),
        memoryview(b"xabcx")[1:4],
        array("b", b"abc"),
        memoryview(array("H", [25185, 99])),
    ],
)
def test_bytes_in(toy: Any, data: Any) -> None:
    assert toy.toy_sum(data) == toy.toy_sum_int(data) == toy.toy_sum_short(data) == sum(b"abc")


def test_bytes_are_not_copied(toy: Any) -> None:
    data = bytearray(1000)
    whole, size = toy.toy_where(data)
    assert size == 1000
    assert toy.toy_where(memoryview(data)[100:]) == (whole + 100, 900)
    assert toy.toy_where(data)[0] == whole


def test_what_is_no_buffer(toy: Any) -> None:
    for wrong in ("text", None, 5, [1], Path("x")):
        with pytest.raises(TypeError, match="'data' must be a bytes-like object"):
            toy.toy_sum(wrong)
    with pytest.raises(BufferError):
        toy.toy_sum(memoryview(b"abcdef")[::2])


def test_no_buffer_where_c_allows_it(toy: Any) -> None:
    assert toy.toy_sum_or_null(None) == -1
    assert toy.toy_sum_or_null(b"\1\2") == 3


def test_lengths_that_do_not_fit(toy: Any) -> None:
    with mmap.mmap(-1, 5 << 30) as huge:  # no page of it is touched
        assert toy.toy_sum(huge) == 0
        assert toy.toy_where(huge)[1] == 5 << 30
        with memoryview(huge) as view, view[: INT_MAX + 1] as too_long, view[:INT_MAX] as long:
            assert toy.toy_sum_int(long) == 0
            with pytest.raises(OverflowError, match="toy_sum_int"):
                toy.toy_sum_int(too_long)
        with pytest.raises(OverflowError):
            toy.toy_sum_int(huge)
    assert toy.toy_sum_short(bytes(65535)) == 0
    with pytest.raises(OverflowError, match="65535"):
        toy.toy_sum_short(bytes(65536))


def test_writable_buffers_are_filled_in_place(toy: Any) -> None:
    data = bytearray(10)
    assert toy.toy_read(memoryview(data)[2:5], ord("x"), 0) == 3
    assert data == b"\0\0xxx\0\0\0\0\0"
    numbers = array("i", [0, 0])
    toy.toy_read(numbers, 1, 0)
    assert numbers[0] == 0x01010101
    with mmap.mmap(-1, 4096) as pages:
        toy.toy_read(pages, 7, 0)
        assert pages[4095] == 7


def test_buffers_that_cannot_be_written(toy: Any) -> None:
    for wrong in (b"abc", memoryview(b"abc")):
        with pytest.raises((BufferError, TypeError)):
            toy.toy_read(wrong, 0, 0)
    for wrong in ("abc", None, 5):
        with pytest.raises(TypeError, match="a writable buffer"):
            toy.toy_read(wrong, 0, 0)


def test_a_buffer_cannot_be_resized_during_the_call(toy: Any) -> None:
    data, seen = bytearray(16), []
    ready = threading.Event()

    def read() -> None:
        ready.set()
        toy.toy_read(data, ord("Z"), 300)

    reader = threading.Thread(target=read)
    reader.start()
    ready.wait()
    while reader.is_alive():
        try:
            data.extend(b"x" * 100_000)
            del data[16:]
        except BufferError as error:
            seen.append(error)
            break
    reader.join()
    assert seen, "the buffer could be resized while C wrote into it"
    assert data == b"Z" * 16
    data.extend(b"free again")


def test_bytes_out(toy: Any, steady: Steady) -> None:
    assert toy.toy_make_bytes(3) == b"bbb"
    assert toy.toy_make_bytes(0) == b""
    assert len(toy.toy_make_bytes(1_000_000)) == 1_000_000
    with pytest.raises(GlobusError):
        toy.toy_make_bytes(-1)
    steady(lambda: toy.toy_make_bytes(1000))


def test_a_negative_length_of_c_is_no_length(toy: Any) -> None:
    assert toy.toy_make_bytes_int(16) == b"b" * 16
    assert toy.toy_make_bytes_int(-1) == b""


# ---- vectors of buffers --------------------------------------------------------------------------------


def test_vectors(toy: Any) -> None:
    assert toy.toy_writev([b"ab", bytearray(b"c"), memoryview(b"xdx")[1:2]]) == sum(b"abcd")
    assert toy.toy_writev([]) == 0
    parts = [bytearray(2), bytearray(0), bytearray(3)]
    assert toy.toy_readv(parts, ord("A")) == 5
    assert [bytes(part) for part in parts] == [b"AA", b"", b"CCC"]
    assert toy.toy_writev([b"x"] * 10_000) == ord("x") * 10_000
    for part in parts:
        part.append(0)  # released


def test_what_is_no_vector(toy: Any) -> None:
    for wrong in (b"abc", "abc", None, 5, bytearray(b"abc"), [b"a", "b"], [None]):
        with pytest.raises(TypeError):
            toy.toy_writev(wrong)
    with pytest.raises((BufferError, TypeError)):
        toy.toy_readv([bytearray(1), b"read-only"], 0)


# ---- arrays --------------------------------------------------------------------------------------------


def test_arrays(toy: Any) -> None:
    assert toy.toy_total([1, -2, 3]) == toy.toy_total(array("i", [1, -2, 3])) == 2
    assert toy.toy_total(()) == 0
    assert toy.toy_total(range(1000)) == 499_500
    assert toy.toy_total_terminated([5, 6]) == 11
    assert toy.toy_total_of_four([1, 2, 3, 4]) == 10
    assert toy.toy_colors([toy.TOY_RED, 2]) == 3


def test_what_is_no_array(toy: Any) -> None:
    for wrong in (None, "12", b"12", 5, {1: 2}, [1, None], [1.5], ["1"]):
        with pytest.raises(TypeError):
            toy.toy_total(wrong)
    with pytest.raises(OverflowError):
        toy.toy_total([2**31])
    with pytest.raises(ValueError, match="3 is not a value"):
        toy.toy_colors([1, 3])
    for wrong_count in ([], [1, 2, 3], [1, 2, 3, 4, 5]):
        with pytest.raises(ValueError, match="takes 4 values"):
            toy.toy_total_of_four(wrong_count)


class Endless:
    """A sequence that claims to be as long as can be."""

    def __init__(self, item: Any):
        self.item = item

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: int) -> Any:
        return self.item


def test_sequences_of_absurd_length(toy: Any) -> None:
    errors = (MemoryError, OverflowError, TypeError, ValueError)
    for function in (toy.toy_total, toy.toy_total_terminated, toy.toy_total_of_four):
        with pytest.raises(errors):
            function(Endless(1))
    for function in (toy.toy_writev, toy.toy_join, toy.toy_join_counted):
        with pytest.raises(errors):
            function(Endless("x" if function is not toy.toy_writev else b"x"))
    for length in (2**61, 2**62, 2**63 - 1):
        with pytest.raises(errors):
            toy.toy_total(range(length))


def test_a_sequence_that_changes_its_length(toy: Any) -> None:
    class Shrinking(list[int]):
        def __getitem__(self, index: Any) -> Any:
            raise IndexError("gone")

    with pytest.raises(IndexError):
        toy.toy_total(Shrinking([1, 2, 3]))


def test_arrays_that_c_fills(toy: Any) -> None:
    assert toy.toy_squares(4) == (0, 1, 4, 9)
    assert toy.toy_squares(0) == ()
    assert len(toy.toy_squares(100)) == 16  # it says more than there is room for
    assert toy.toy_squares(-1) == ()
