"""Errors, time-outs and progress: what needs no server."""

from __future__ import annotations

import copy
import errno
import inspect
import math
import pickle
import time
from itertools import pairwise

import pytest

from globus_hl import errors, progress
from globus_hl.errors import GridError
from globus_hl.timeouts import Deadline, Timeout

ALL_ERRORS = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.NotFoundError, FileNotFoundError),
        (errors.PermissionDeniedError, PermissionError),
        (errors.ExistsError, FileExistsError),
        (errors.IsDirectoryError, IsADirectoryError),
        (errors.NotDirectoryError, NotADirectoryError),
        (errors.OperationTimeoutError, TimeoutError),
        (errors.ConnectError, ConnectionError),
        (errors.ConnectRefusedError, ConnectionRefusedError),
        (errors.ConnectionLostError, ConnectionResetError),
        (errors.DataChannelError, ConnectionError),
        (errors.AuthenticationError, PermissionError),
        (errors.LoginRefusedError, PermissionError),
        (errors.UnsupportedError, NotImplementedError),
        (errors.ClosedError, ValueError),
        (errors.NoSpaceError, OSError),
    ],
)
def test_an_error_is_also_what_python_users_expect(
    kind: type[GridError], builtin: type[BaseException]
) -> None:
    with pytest.raises(builtin) as caught:
        raise kind("it failed")
    assert isinstance(caught.value, GridError)


def test_all_lists_every_class() -> None:
    defined = {n for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, Exception)}
    assert defined == set(errors.__all__)


@pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_keeps_everything_through_pickle_and_copy(kind: type[GridError]) -> None:
    error = kind("could not get it", url="gsiftp://h/a", reply_code=550, reply="no", hint="do this", errno=5)
    error.__cause__ = ValueError("because")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is kind
        assert (other.message, other.url, other.reply_code) == ("could not get it", "gsiftp://h/a", 550)
        assert (other.reply, other.hint, other.errno) == ("no", "do this", 5)
        assert str(other) == str(error)
        assert repr(other.__cause__) == "ValueError('because')"


def test_the_text_is_one_line_that_says_what_where_and_what_to_do() -> None:
    error = errors.NoSpaceError("could not put it: No space left on device", url="gsiftp://h/a")
    text = str(error)
    assert text.startswith("gsiftp://h/a: could not put it: No space left on device; free some space")
    assert "\n" not in text


def test_a_url_that_the_message_names_is_not_repeated() -> None:
    assert str(GridError("gsiftp://h/a is odd", url="gsiftp://h/a")) == "gsiftp://h/a is odd"


def test_os_errors_have_errno_strerror_and_filename() -> None:
    error = errors.NotFoundError("could not get it", url="gsiftp://h/a")
    assert (error.errno, error.strerror, error.filename) == (errno.ENOENT, "could not get it", "gsiftp://h/a")


# ---- time-outs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, -1, math.nan])
@pytest.mark.parametrize("name", ["connect", "stall", "total"])
def test_a_limit_must_be_positive(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Timeout(**{name: value})


@pytest.mark.parametrize("value", ["5", True])
def test_a_limit_must_be_a_number(value: object) -> None:
    with pytest.raises(TypeError, match="total"):
        Timeout(total=value)  # type: ignore[arg-type]


def test_a_number_replaces_the_total_only() -> None:
    assert Timeout(connect=1, stall=2, total=3).merge(9) == Timeout(connect=1, stall=2, total=9)
    assert Timeout(connect=1).merge(None) == Timeout(connect=1)
    assert Timeout(connect=1).merge(Timeout(stall=7)) == Timeout(stall=7)


def test_a_deadline_limits_each_step_by_what_is_left() -> None:
    deadline = Deadline(Timeout(connect=10, stall=20, total=5))
    end, stall = deadline.limits()
    assert end == pytest.approx(time.monotonic() + 5, abs=1)
    assert stall == 20
    assert deadline.limits(connecting=True) == (end, math.inf)
    end, _ = Deadline(Timeout(connect=1, total=50)).limits(connecting=True)
    assert end == pytest.approx(time.monotonic() + 1, abs=0.5)


def test_no_limits_are_infinite() -> None:
    assert Deadline(Timeout(None, None, None)).limits(connecting=True) == (math.inf, math.inf)


# ---- progress ------------------------------------------------------------------------------------


def test_a_meter_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    meter = progress.Meter("a", "b", 1000)
    started = meter.started()
    assert (started.bytes_done, started.bytes_total, started.elapsed) == (0, 1000, 0.0)
    assert not meter.add(100)  # too soon for another event
    clock[0] += 1.0
    assert meter.add(100)
    event = meter.advanced()
    assert (event.bytes_done, event.elapsed, event.rate) == (200, 1.0, 200.0)
    assert event.time_left == pytest.approx(4.0)
    assert event.fraction == pytest.approx(0.2)
    assert not meter.add(0)
    clock[0] += 1.0
    meter.add(800)
    finished = meter.finished()
    assert (finished.bytes_done, finished.elapsed, finished.average_rate) == (1000, 2.0, 500.0)


def test_the_rate_follows_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    meter = progress.Meter("a", "b")
    meter.started()
    rates = []
    for count in [100] * 10 + [0] * 20:
        clock[0] += 1.0
        meter.add(count)
        rates.append(meter.advanced().rate)
    assert rates[9] == pytest.approx(100)
    assert all(later < earlier for earlier, later in pairwise(rates[9:]))
    assert rates[-1] < 1


def test_an_unknown_total_has_no_fraction_and_no_time_left() -> None:
    meter = progress.Meter("a", "b")
    meter.started()
    event = meter.advanced()
    assert event.fraction is None
    assert event.time_left is None


def test_an_empty_file_is_complete_from_the_start() -> None:
    assert progress.Meter("a", "b", 0).started().fraction == 1.0


def test_failure_has_the_error() -> None:
    error = OSError("x")
    assert progress.Meter("a", "b").failed(error).error is error
