"""Against the toy library: strings in both directions, lists of strings, printf-like functions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("balanced")

Steady = Callable[..., None]


# ---- strings -------------------------------------------------------------------------------------------


@given(st.binary(max_size=200).filter(lambda data: b"\0" not in data))
def test_any_bytes_round_trip(toy: Any, data: bytes) -> None:
    text = toy.toy_copy(data)
    assert type(text) is str
    assert os.fsencode(text) == data
    assert toy.toy_copy(text) == text
    assert toy.toy_copy_to(text) == text


@given(
    st.text(max_size=100).filter(
        lambda text: "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
    )
)
def test_any_text_round_trips(toy: Any, text: str) -> None:
    assert toy.toy_copy(text) == text


def test_paths_are_strings(toy: Any) -> None:
    class BytesPath:
        def __fspath__(self) -> bytes:
            return b"/tmp/caf\xe9"

    assert toy.toy_copy(PurePosixPath("/a/b")) == "/a/b"
    assert os.fsencode(toy.toy_copy(BytesPath())) == b"/tmp/caf\xe9"


def test_a_path_that_fails_says_why(toy: Any) -> None:
    class Broken:
        def __fspath__(self) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        toy.toy_copy(Broken())


@pytest.mark.parametrize("text", ["a\0b", b"a\0b", "\0", Path("x\0")])
def test_an_embedded_nul_is_refused(toy: Any, text: Any) -> None:
    with pytest.raises(ValueError, match="null byte"):
        toy.toy_copy(text)


def test_what_is_no_string(toy: Any) -> None:
    for wrong in (None, 1, 1.5, [], bytearray(b"x"), memoryview(b"x"), object()):
        with pytest.raises(TypeError, match=r"toy_copy\(\) argument 'text' must be a string"):
            toy.toy_copy(wrong)
    with pytest.raises(UnicodeEncodeError):
        toy.toy_copy("\ud800")


def test_null_only_where_c_allows_it(toy: Any) -> None:
    assert toy.toy_is_null(None) is True
    assert toy.toy_is_null("") is False


def test_constants_are_not_freed(toy: Any, steady: Steady) -> None:
    def call() -> None:
        assert toy.toy_constant() == toy.toy_constant_to() == "constant"

    steady(call)


def test_strings_that_c_allocates_are_freed(toy: Any, steady: Steady) -> None:
    text = "x" * 1000

    def call() -> None:
        assert toy.toy_copy(text) == toy.toy_copy_to(text) == text
        toy.toy_outputs(1)

    steady(call)


def test_the_argument_is_released(toy: Any) -> None:
    text = "".join(["not ", "interned"])
    before = sys.getrefcount(text)
    for _ in range(100):
        toy.toy_copy(text)
    assert sys.getrefcount(text) == before


def test_a_long_string(toy: Any) -> None:
    assert toy.toy_length("é" * 10_000_000) == 20_000_000


def test_characters_without_an_end(toy: Any) -> None:
    assert toy.toy_fill_text("short") == "short"
    assert toy.toy_fill_text("exactly sixteen!") == "exactly sixteen!"
    assert toy.toy_fill_text("more than sixteen bytes") == "more than sixtee"


def test_printf_like_functions_take_the_finished_string(toy: Any) -> None:
    assert toy.toy_format("100% %s %n") == (10, "100% %s %n")
    assert toy.toy_format_list("%s%s%s%n") == (8, "%s%s%s%n")


# ---- lists of strings ----------------------------------------------------------------------------------


def test_string_lists(toy: Any, steady: Steady) -> None:
    words = ["a", b"caf\xe9", Path("/x"), ""]
    assert toy.toy_join(words) == toy.toy_join_counted(words) == "a caf\udce9 /x "
    assert toy.toy_join(()) == toy.toy_join_counted([]) == ""
    assert toy.toy_split("one two  caf\udce9") == ["one", "two", "caf\udce9"]
    assert toy.toy_split("") == []
    many = [f"word{i}" for i in range(500)]
    assert toy.toy_split(toy.toy_join(many)) == toy.toy_split(toy.toy_join_counted(many)) == many
    steady(lambda: toy.toy_split(toy.toy_join(many)), calls=100)


@pytest.mark.parametrize("function", ["toy_join", "toy_join_counted"])
def test_what_is_no_string_list(toy: Any, function: str) -> None:
    for wrong in (None, "abc", b"abc", 5, {"a": 1}, iter(["a"]), [1], ["a", None], [["a"]]):
        with pytest.raises(TypeError):
            getattr(toy, function)(wrong)
    with pytest.raises(ValueError, match="null byte"):
        getattr(toy, function)(["a", "b\0"])
