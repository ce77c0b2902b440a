"""Points in time and spans of it: seconds in Python, `globus_abstime_t` and `globus_reltime_t` in C."""

from __future__ import annotations

import ctypes
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError, common

MICROSECOND = 1e-6
# Whole microseconds, as far as a double tells them apart.
spans = st.integers(0, 10**14).map(lambda microseconds: microseconds / 10**6)
points = st.integers(0, 4 * 10**15).map(lambda microseconds: microseconds / 10**6)


@given(st.integers(0, 10**6), st.integers(0, 999_999))
def test_a_span_is_set_and_read(seconds: int, microseconds: int) -> None:
    span = common.GlobusTimeReltimeSet(seconds, microseconds)
    assert span == pytest.approx(seconds + microseconds / 10**6, abs=MICROSECOND / 10)
    assert common.GlobusTimeReltimeGet(span) == (seconds, microseconds)
    assert common.GlobusTimeReltimeToUSec(span) == seconds * 10**6 + microseconds
    assert common.GlobusTimeReltimeToMilliSec(span) == seconds * 1000 + microseconds // 1000


def test_more_microseconds_than_a_second_has_are_carried() -> None:
    assert common.GlobusTimeReltimeSet(3, 2_500_000) == 5.5


@given(spans)
def test_a_span_is_copied(span: float) -> None:
    assert common.GlobusTimeReltimeCopy(span) == pytest.approx(span, abs=MICROSECOND)


@given(spans, spans)
def test_the_difference_of_spans_has_no_sign(one: float, other: float) -> None:
    difference = common.GlobusTimeReltimeDiff(one, other)
    assert difference == pytest.approx(abs(one - other), abs=2 * MICROSECOND)
    assert difference == common.GlobusTimeReltimeDiff(other, one)


@given(st.integers(0, 10**4), st.integers(0, 999_999), st.integers(1, 1000))
def test_a_span_is_multiplied(seconds: int, microseconds: int, factor: int) -> None:
    product = common.GlobusTimeReltimeMultiply(seconds + microseconds / 10**6, factor)
    assert product == pytest.approx((seconds + microseconds / 10**6) * factor, abs=factor * MICROSECOND)


def test_a_span_is_divided_each_part_for_itself() -> None:
    """The macro divides the seconds and the microseconds, and drops the rest of the seconds."""
    assert common.GlobusTimeReltimeDivide(4.5, 2) == 2.25
    assert common.GlobusTimeReltimeDivide(4.5, 3) == pytest.approx(1 + 0.5 / 3, abs=MICROSECOND)
    with pytest.raises(GlobusError):
        common.GlobusTimeReltimeDivide(4.5, 0)


def test_now_and_a_while_from_now() -> None:
    before, now, after = time.time(), common.GlobusTimeAbstimeGetCurrent(), time.time()
    assert before - MICROSECOND <= now <= after + MICROSECOND
    later = common.GlobusTimeAbstimeSet(60, 500_000)
    assert after + 60.5 - MICROSECOND <= later <= time.time() + 60.5 + MICROSECOND
    assert before <= common.globus_libc_wallclock() + MICROSECOND


@given(points, spans)
def test_a_point_in_time_goes_forth_and_back(point: float, span: float) -> None:
    later = common.GlobusTimeAbstimeInc(point, span)
    assert later == pytest.approx(point + span, abs=4 * MICROSECOND)
    assert common.GlobusTimeAbstimeDec(later, span) == pytest.approx(point, abs=8 * MICROSECOND)
    assert common.GlobusTimeAbstimeDiff(later, point) == pytest.approx(span, abs=8 * MICROSECOND)


@given(points)
def test_a_point_in_time_is_copied_and_read(point: float) -> None:
    assert common.GlobusTimeAbstimeCopy(point) == pytest.approx(point, abs=MICROSECOND)
    seconds, microseconds = common.GlobusTimeAbstimeGet(point)
    assert seconds + microseconds / 10**6 == pytest.approx(point, abs=2 * MICROSECOND)


@given(points, points)
def test_comparisons(one: float, other: float) -> None:
    expected = (one > other) - (one < other)
    assert common.globus_abstime_cmp(one, other) == expected
    assert common.globus_reltime_cmp(one, other) == expected


def test_infinity() -> None:
    assert common.globus_time_abstime_is_infinity(math.inf)
    assert common.globus_time_reltime_is_infinity(math.inf)
    assert not common.globus_time_abstime_is_infinity(time.time())
    assert not common.globus_time_reltime_is_infinity(1e9)
    assert common.globus_abstime_cmp(math.inf, 1e9) == 1
    assert common.globus_abstime_cmp(math.inf, math.inf) == 0
    assert common.globus_reltime_cmp(1.0, math.inf) == -1


def test_the_past_has_expired() -> None:
    assert common.globus_time_has_expired(0.0)
    assert common.globus_time_has_expired(time.time() - 1)
    assert not common.globus_time_has_expired(time.time() + 60)
    assert not common.globus_time_has_expired(math.inf)


@pytest.mark.parametrize("wrong", [math.nan, -math.inf, 1e300])
def test_a_time_that_c_cannot_hold(wrong: float) -> None:
    with pytest.raises(OverflowError):
        common.globus_time_has_expired(wrong)


def test_printing(capfd: pytest.CaptureFixture[str]) -> None:
    common.GlobusTimeAbstimePrintf(1.5)
    common.GlobusTimeReltimePrintf(2.25)
    ctypes.CDLL(None).fflush(None)  # C's own buffer
    words = capfd.readouterr().out.replace("-->", " ").split()
    assert [word for word in words if word.isdigit()] == ["1", "500000000", "2", "250000"]


# ---- calendars -------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**33))
def test_calendars(seconds: int) -> None:
    assert common.globus_libc_gmtime_r(seconds)[:6] == time.gmtime(seconds)[:6]
    assert common.globus_libc_localtime_r(seconds)[:6] == time.localtime(seconds)[:6]
    assert common.globus_libc_ctime_r(seconds).strip() == time.ctime(seconds)


@given(st.integers(0, 2**32))
def test_dates_are_parsed(seconds: int) -> None:
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    rest, calendar = common.globus_strptime(text + ", and more", "%Y-%m-%d %H:%M:%S")
    assert rest == ", and more"
    assert calendar[:6] == time.gmtime(seconds)[:6]


@pytest.mark.parametrize("form", ["%b %d %Y", "%B %d %Y", "%e/%m/%y", "%D", "%T", "%R", "%I:%M:%S %p"])
def test_dates_in_every_form_that_c_prints(form: str) -> None:
    wanted = time.struct_time((2001, 11, 23, 13, 46, 57, 4, 327, 0))
    rest, calendar = common.globus_strptime(time.strftime(form, wanted), form)
    assert rest == ""
    assert time.strftime(form, calendar) == time.strftime(form, wanted)


@pytest.mark.parametrize(("text", "form"), [("never", "%Y"), ("2001-13-01", "%Y-%m-%d"), ("", "%H")])
def test_what_is_no_date(text: str, form: str) -> None:
    assert common.globus_strptime(text, form)[0] is None
