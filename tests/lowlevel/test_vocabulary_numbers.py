"""Against the toy library: results, numbers, enums, output parameters."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError

pytestmark = pytest.mark.usefixtures("balanced")

Steady = Callable[..., None]


# ---- results -------------------------------------------------------------------------------------------


def test_a_result_raises_with_its_chain(toy: Any) -> None:
    with pytest.raises(GlobusError) as caught:
        toy.toy_fail(3)
    error = caught.value
    assert [cause.message for cause in error.chain] == ["error 1", "error 2", "error 3"]
    assert [cause.type for cause in error.chain] == [
        toy.TOY_ERROR_OUTER,
        toy.TOY_ERROR_OUTER,
        toy.TOY_ERROR_INNER,
    ]
    assert (error.module, error.code, error.errno) == ("toy", toy.TOY_ERROR_OUTER, None)
    assert (error.chain[0].file, error.chain[0].function, error.chain[0].line) == ("toy.c", "toy_error", 42)
    assert str(error) == "toy: error 1; error 2; error 3"


def test_success_returns_none(toy: Any) -> None:
    assert toy.toy_fail(0) is None
    assert toy.toy_nothing() is None
    assert toy.toy_status(0) is None


def test_errno_of_the_chain(toy: Any) -> None:
    with pytest.raises(GlobusError, match="the system said no") as caught:
        toy.toy_fail_with_errno(errno.ECONNREFUSED)
    assert caught.value.errno == errno.ECONNREFUSED


def test_a_status_raises_with_its_code(toy: Any) -> None:
    with pytest.raises(GlobusError) as caught:
        toy.toy_status(-17)
    assert (caught.value.code, caught.value.module) == (-17, "toy")


def test_a_result_as_a_value_is_returned(toy: Any) -> None:
    assert toy.toy_result_of(0) is None
    error = toy.toy_result_of(2)
    assert isinstance(error, GlobusError)
    assert len(error.chain) == 2


def test_an_error_text_of_any_bytes(toy: Any) -> None:
    with pytest.raises(GlobusError) as caught:
        toy.toy_fail_with_text(b"caf\xe9 100%s %n")
    assert os.fsencode(caught.value.chain[0].message) == b"caf\xe9 100%s %n"


def test_an_exception_as_a_result(toy: Any) -> None:
    assert toy.toy_describe_result(None) == ""
    assert "any failure" in toy.toy_describe_result(ValueError("any failure"))
    with pytest.raises(GlobusError) as caught:
        toy.toy_fail(1)
    for _ in range(2):  # it can be given to C more than once
        assert "error 1" in toy.toy_describe_result(caught.value)
    for wrong in (7, "text", object()):
        with pytest.raises(TypeError, match="None for success or an exception"):
            toy.toy_describe_result(wrong)


def test_results_leak_nothing(toy: Any, steady: Steady) -> None:
    def call() -> None:
        with pytest.raises(GlobusError):
            toy.toy_fail(3)
        toy.toy_describe_result(ValueError("text" * 100))

    steady(call)


def test_failure_drops_the_outputs(toy: Any) -> None:
    with pytest.raises(GlobusError):
        toy.toy_output_and_fail()
    with pytest.raises(GlobusError):
        toy.toy_outputs(-1)


# ---- numbers -------------------------------------------------------------------------------------------

INTEGERS = {
    "int8": (-(2**7), 2**7 - 1), "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_keep_their_value_or_overflow(toy: Any, kind: str) -> None:
    low, high = INTEGERS[kind]
    function = getattr(toy, f"toy_{kind}")
    for value in (low, low + 1, 0, high - 1, high):
        assert function(value) == value
    for value in (low - 1, high + 1, 2**100, -(2**100)):
        with pytest.raises(OverflowError):
            function(value)
    for wrong in (1.0, "1", None, b"1", [1]):
        with pytest.raises(TypeError, match=f"toy_{kind}"):
            function(wrong)


def test_index_is_an_integer(toy: Any) -> None:
    class Seven:
        def __index__(self) -> int:
            return 7

    class Broken:
        def __index__(self) -> int:
            raise ZeroDivisionError

    assert toy.toy_int32(Seven()) == 7
    assert toy.toy_int32(True) == 1
    with pytest.raises(ZeroDivisionError):
        toy.toy_int32(Broken())


@given(st.floats(allow_nan=False))
def test_doubles(toy: Any, value: float) -> None:
    assert toy.toy_double(value) == value


def test_floats(toy: Any) -> None:
    assert toy.toy_float(0.5) == 0.5
    assert toy.toy_double(7) == 7.0
    assert str(toy.toy_double(float("nan"))) == "nan"
    for wrong in ("1.0", None, b""):
        with pytest.raises(TypeError):
            toy.toy_double(wrong)
    with pytest.raises(OverflowError):
        toy.toy_double(10**400)


def test_booleans(toy: Any) -> None:
    assert toy.toy_bool(True) is True
    assert toy.toy_bool(0) is False


@pytest.mark.parametrize("byte", range(1, 256))
def test_characters_round_trip(toy: Any, byte: int) -> None:
    text = toy.toy_char(bytes([byte]))
    assert os.fsencode(text) == bytes([byte])
    assert toy.toy_char(text) == text


def test_a_character_is_one_byte(toy: Any) -> None:
    for wrong in ("", "ab", "é", None, 65):
        with pytest.raises(TypeError, match="toy_char"):
            toy.toy_char(wrong)


def test_addresses(toy: Any) -> None:
    assert toy.toy_address(None) is None
    assert toy.toy_address(0) is None
    assert toy.toy_address(2**64 - 1) == 2**64 - 1
    for wrong in ("x", 1.5, b"bytes"):
        with pytest.raises(TypeError):
            toy.toy_address(wrong)
    with pytest.raises(OverflowError):
        toy.toy_address(2**64)


# ---- enums ---------------------------------------------------------------------------------------------


def test_enums(toy: Any) -> None:
    assert toy.toy_color(toy.TOY_GREEN) is toy.toy_color_t.TOY_GREEN
    assert toy.toy_color(10) is toy.TOY_BLUE
    assert toy.toy_level(-1) is toy.TOY_LOW
    for wrong in (0, 3, 11, -1):
        with pytest.raises(ValueError, match=f"{wrong} is not a value of toy_color_t"):
            toy.toy_color(wrong)
    for wrong in ("TOY_RED", None, 1.0):
        with pytest.raises(TypeError):
            toy.toy_color(wrong)
    for wrong in (2**40, 2**100):
        with pytest.raises(ValueError, match="not a value of toy_color_t"):
            toy.toy_color(wrong)


def test_a_value_without_a_name_comes_as_a_number(toy: Any) -> None:
    assert toy.toy_new_color() == 77


def test_flags(toy: Any) -> None:
    both = toy.TOY_READ | toy.TOY_APPEND
    assert toy.toy_mode(both) == both == 9
    assert isinstance(toy.toy_mode(both), toy.toy_mode_t)
    assert toy.toy_mode(0) == 0
    for wrong in (16, 17, -1):
        with pytest.raises(ValueError, match="not a value of toy_mode_t"):
            toy.toy_mode(wrong)


# ---- outputs -------------------------------------------------------------------------------------------


def test_outputs_are_a_tuple(toy: Any) -> None:
    assert toy.toy_outputs(3) == (3 << 33, 1.5, True, toy.TOY_GREEN, "seed 3")
    assert type(toy.toy_outputs(3)[2]) is bool


def test_the_return_value_comes_first(toy: Any) -> None:
    assert toy.toy_divide(17, 5) == (3, 2)


def test_in_out(toy: Any) -> None:
    assert toy.toy_advance(2**40, 2) == 2**40 + 2
    with pytest.raises(TypeError, match="position"):
        toy.toy_advance(None, 1)
