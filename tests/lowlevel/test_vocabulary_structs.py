"""Against the toy library: structs, unions, times, files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError

pytestmark = pytest.mark.usefixtures("balanced")

Steady = Callable[..., None]


# ---- structs -------------------------------------------------------------------------------------------


def test_structs(toy: Any) -> None:
    point = toy.toy_point_t(x=3, y=4)
    assert (point.x, point.y) == (3, 4.0)
    assert toy.toy_norm(point) == 5.0
    toy.toy_move(point, 2, 0.5)
    assert (point.x, point.y) == (5, 4.5)
    assert toy.toy_point_t().x == 0
    with pytest.raises(OverflowError):
        point.x = 2**31
    with pytest.raises(TypeError):
        point.y = "1"
    with pytest.raises(TypeError):
        del point.x
    with pytest.raises(AttributeError):
        point.z = 1
    with pytest.raises(AttributeError):
        toy.toy_point_t(z=1)
    with pytest.raises(TypeError, match="keyword"):
        toy.toy_point_t(1, 2)


def test_structs_inside_structs_share_their_memory(toy: Any) -> None:
    line = toy.toy_line_t()
    end = line.to
    end.x, end.y = 6, 8
    assert toy.toy_length_of(line) == 10.0
    assert line.to is end
    del line
    assert (end.x, end.y) == (6, 8.0)  # it keeps the whole alive
    toy.toy_move(end, 1, 1)
    assert end.x == 7


def test_every_kind_of_field(toy: Any, steady: Steady) -> None:
    def call() -> None:
        record = toy.toy_record_t(
            label="caf\udce9", values=[1, 2, 3, 4], color=toy.TOY_RED, text=b"text", flag=True
        )
        record.place = toy.toy_point_t(x=9)
        record.line.to.x = 5
        record.corners[2].y = 7.5
        record.words = ["first", "last"]
        assert toy.toy_record_describe(record) == "caf\udce9/1,2,3,4/1/text/9/5/7.5/1/2last"
        assert (record.label, record.values, record.color) == ("caf\udce9", (1, 2, 3, 4), toy.TOY_RED)
        assert (record.text, record.place.x, record.flag) == ("text", 9, True)
        assert record.words == ["first", "last"]
        record.text = None
        record.place = None
        record.words = None
        assert toy.toy_record_describe(record) == "caf\udce9/1,2,3,4/1/-/-1/5/7.5/1/0"
        assert record.place is None

    call()
    steady(call, calls=300)


def test_fields_that_do_not_fit(toy: Any) -> None:
    record = toy.toy_record_t()
    record.label = "fifteen letters"
    with pytest.raises(ValueError, match="15 bytes"):
        record.label = "sixteen letters!"
    assert record.label == "fifteen letters"
    for wrong in ([1, 2, 3], [1, 2, 3, 4, 5], ()):
        with pytest.raises(ValueError, match="takes 4 values"):
            record.values = wrong
    for wrong in ([1, 2, 3, None], 7, None, range(2**62)):
        with pytest.raises((TypeError, ValueError)):
            record.values = wrong
    with pytest.raises(ValueError, match="not a value"):
        record.color = 3
    with pytest.raises(TypeError):
        record.place = record
    for read_only in ("line", "corners"):
        with pytest.raises(AttributeError, match="read-only"):
            setattr(record, read_only, toy.toy_line_t())


def test_unions(toy: Any) -> None:
    value = toy.toy_value_t(real=1.5)
    assert value.real == 1.5
    value.number = 7
    assert value.number == 7
    record = toy.toy_record_t()
    record.value.number = 5
    assert record.value.number == 5


def test_structs_that_c_fills(toy: Any) -> None:
    record = toy.toy_record_init("made")
    assert (record.label, record.color) == ("made", toy.TOY_BLUE)
    with pytest.raises(GlobusError):
        toy.toy_record_init("a label that is too long")


def test_structs_of_the_library(toy: Any) -> None:
    origin = toy.toy_get_origin()
    assert origin.y == 0.5
    assert toy.toy_get_origin() is origin


def test_what_is_no_struct(toy: Any) -> None:
    for wrong in (None, toy.toy_line_t(), 5, "point", (1, 2)):
        with pytest.raises(TypeError):
            toy.toy_norm(wrong)
        with pytest.raises(TypeError):
            toy.toy_move(wrong, 1, 1)


def test_a_struct_cannot_pass_for_another(toy: Any) -> None:
    point = toy.toy_point_t()
    with pytest.raises(TypeError):
        point.__class__ = toy.toy_record_t
    with pytest.raises(TypeError):
        toy.toy_record_t.label.__get__(point)
    with pytest.raises(TypeError):
        object.__new__(toy.toy_record_t)
    with pytest.raises(TypeError):
        type("Derived", (toy.toy_point_t,), {})
    with pytest.raises((TypeError, AttributeError)):
        toy.toy_point_t._gl_type = None
    base = toy.toy_point_t.__mro__[1]
    with pytest.raises(TypeError):
        base()
    with pytest.raises(TypeError):
        type("Derived", (base,), {})()


# ---- times and files -----------------------------------------------------------------------------------


def test_times(toy: Any) -> None:
    assert toy.toy_double_time(1.25) == 2.5
    assert toy.toy_double_time(0.000001) == 0.000002
    assert toy.toy_double_time(0.3) == 0.6
    assert toy.toy_next_day(1_700_000_000.25) == 1_700_086_400.25
    assert toy.toy_next_year(1_700_000_000) == 1_731_622_400
    for wrong in (float("nan"), float("-inf"), 1e300):
        for function in (toy.toy_double_time, toy.toy_next_day, toy.toy_next_year):
            with pytest.raises(OverflowError):
                function(wrong)
    for wrong in ("1", b"1", []):
        with pytest.raises(TypeError):
            toy.toy_double_time(wrong)


def test_files(toy: Any, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        file.write("Python, ")
        toy.toy_print(file, "C, ")
        file.write("Python")
    assert (tmp_path / "out").read_text() == "Python, C, Python"
    for wrong in (None, 1, "path", file):
        with pytest.raises((TypeError, ValueError)):
            toy.toy_print(wrong, "text")
    with (tmp_path / "out").open() as file, pytest.raises(GlobusError):
        toy.toy_print(file, "not writable")


def test_a_file_leaves_no_descriptor_open(toy: Any, tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(50):
        with (tmp_path / "out").open("w") as file:
            toy.toy_print(file, "text")
    del file
    assert set(os.listdir("/proc/self/fd")) == before
