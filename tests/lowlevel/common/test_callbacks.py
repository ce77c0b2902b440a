"""Callbacks of timers: once, again and again, taken back; the spaces that they run in; signals."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common

LIMIT = 20.0
GLOBAL = common.GLOBUS_CALLBACK_GLOBAL_SPACE


@pytest.fixture
def space() -> Iterator[int]:
    """One that runs nothing unless it is polled."""
    space = common.globus_callback_space_init(None)
    yield space
    common.globus_callback_space_destroy(space)


def threaded_space() -> int:
    attr = common.globus_callback_space_attr_init()
    common.globus_callback_space_attr_set_behavior(attr, common.GLOBUS_CALLBACK_SPACE_BEHAVIOR_THREADED)
    return common.globus_callback_space_init(attr)


# ---- oneshots --------------------------------------------------------------------------------------------------


def test_a_oneshot_comes_once(recorder: Any) -> None:
    fired = recorder()
    common.globus_callback_space_register_oneshot(None, fired, "argument", GLOBAL)
    assert fired.wait() == ("argument",)
    common.globus_callback_register_oneshot(0.0, fired, "other")
    while len(fired.calls) < 2:
        time.sleep(0.001)
    assert fired.calls == [("argument",), ("other",)]


def test_a_oneshot_waits_for_its_time(recorder: Any) -> None:
    fired, begin = recorder(), time.monotonic()
    common.globus_callback_register_oneshot(0.1, fired, None)
    fired.wait()
    assert time.monotonic() - begin >= 0.1


def test_a_oneshot_that_is_taken_back_does_not_come(recorder: Any) -> None:
    fired, gone = recorder(), recorder()
    handle = common.globus_callback_register_oneshot(3600.0, fired, None)
    assert common.globus_callback_unregister(handle, gone, "gone") is False  # it is not running
    assert gone.wait() == ("gone",)
    assert not fired.calls
    with pytest.raises((GlobusError, ValueError)):
        common.globus_callback_unregister(handle, None, None)


def test_a_oneshot_is_put_forward(recorder: Any) -> None:
    fired = recorder()
    handle = common.globus_callback_register_oneshot(3600.0, fired, "soon")
    common.globus_callback_adjust_oneshot(handle, 0.0)
    assert fired.wait() == ("soon",)


# ---- periodic callbacks ----------------------------------------------------------------------------------------


def test_a_periodic_callback_comes_until_it_is_taken_back(recorder: Any) -> None:
    ticks, three, gone = [], threading.Event(), recorder()

    def tick(argument: object) -> None:
        ticks.append(argument)
        if len(ticks) >= 3:
            three.set()

    handle = common.globus_callback_register_periodic(0.0, 0.005, tick, "tick")
    assert three.wait(LIMIT)
    common.globus_callback_unregister(handle, gone, None)
    gone.wait()
    count = len(ticks)
    assert set(ticks) == {"tick"}
    later = recorder()
    common.globus_callback_register_oneshot(0.03, later, None)
    later.wait()
    assert len(ticks) == count


def test_a_period_is_changed(recorder: Any) -> None:
    tick, gone = recorder(), recorder()
    handle = common.globus_callback_space_register_periodic(3600.0, 3600.0, tick, None, GLOBAL)
    common.globus_callback_adjust_period(handle, 0.005)
    tick.wait()
    common.globus_callback_unregister(handle, gone, None)
    gone.wait()


def test_a_periodic_callback_takes_itself_back(recorder: Any) -> None:
    gone, calls = recorder(), []
    registered = threading.Event()

    def tick(_: object) -> None:
        registered.wait(LIMIT)
        calls.append(common.globus_callback_unregister(handles.pop(), gone, None))

    handles = [common.globus_callback_register_periodic(0.0, 0.001, tick, None)]
    registered.set()
    gone.wait()
    assert calls == [True]  # it was running


# ---- inside a callback -----------------------------------------------------------------------------------------


def test_a_callback_knows_its_space_and_its_time(space: int) -> None:
    seen: list[tuple[object, ...]] = []

    def look(_: object) -> None:
        seen.append(
            (
                common.globus_callback_space_get(),
                common.globus_callback_get_timeout()[0],
                common.globus_callback_has_time_expired(),
                common.globus_callback_was_restarted(),
            )
        )

    common.globus_callback_space_register_oneshot(None, look, None, space)
    common.globus_callback_space_poll(time.time() + LIMIT, space)
    assert seen == [(space, False, False, False)]
    assert common.globus_callback_get_timeout() == (False, math.inf)
    with pytest.raises(GlobusError):
        common.globus_callback_space_get()


# ---- spaces ----------------------------------------------------------------------------------------------------


def test_a_space_runs_its_callbacks_when_it_is_polled(space: int) -> None:
    threads: list[int] = []
    for _ in range(3):
        common.globus_callback_space_register_oneshot(
            None, lambda _: threads.append(threading.get_ident()), None, space
        )
    assert not threads
    while len(threads) < 3:
        common.globus_callback_space_poll(0.0, space)
    assert set(threads) == {threading.get_ident()}


def test_a_space_of_threads_needs_no_poll(recorder: Any) -> None:
    space, fired = threaded_space(), recorder()
    common.globus_callback_space_register_oneshot(None, fired, None, space)
    fired.wait()
    assert fired.threads[0] != threading.get_ident()
    common.globus_callback_space_destroy(space)


def test_behaviours() -> None:
    attr = common.globus_callback_space_attr_init()
    for behaviour in (
        common.GLOBUS_CALLBACK_SPACE_BEHAVIOR_SINGLE,
        common.GLOBUS_CALLBACK_SPACE_BEHAVIOR_SERIALIZED,
        common.GLOBUS_CALLBACK_SPACE_BEHAVIOR_THREADED,
    ):
        common.globus_callback_space_attr_set_behavior(attr, behaviour)
        assert common.globus_callback_space_attr_get_behavior(attr) is behaviour
        space = common.globus_callback_space_init(attr)
        single = behaviour is common.GLOBUS_CALLBACK_SPACE_BEHAVIOR_SINGLE
        assert common.globus_callback_space_is_single(space) is single
        assert common.globus_callback_space_get_depth(space) == 0
        common.globus_callback_space_destroy(space)
    common.globus_callback_space_attr_destroy(attr)
    with pytest.raises(ValueError, match="closed"):
        common.globus_callback_space_attr_get_behavior(attr)


def test_references_to_a_space() -> None:
    space = common.globus_callback_space_init(None)
    common.globus_callback_space_reference(space)
    common.globus_callback_space_destroy(space)
    assert common.globus_callback_space_get_depth(space) == 0
    common.globus_callback_space_destroy(space)
    with pytest.raises(GlobusError):
        common.globus_callback_space_destroy(space)


@pytest.mark.parametrize("wrong", [12345, -7, 2**31 - 1])
def test_a_space_that_there_is_not(wrong: int, recorder: Any) -> None:
    for call in (
        lambda: common.globus_callback_space_register_oneshot(None, recorder(), None, wrong),
        lambda: common.globus_callback_space_register_periodic(None, 1.0, recorder(), None, wrong),
        lambda: common.globus_callback_space_register_signal_handler(12, True, recorder(), None, wrong),
        lambda: common.globus_callback_space_reference(wrong),
        lambda: common.globus_callback_space_destroy(wrong),
    ):
        with pytest.raises(GlobusError):
            call()
    common.globus_callback_space_poll(0.0, wrong)  # which has nothing to run


def test_polls_of_the_global_space_return() -> None:
    """Its callbacks run on threads of their own: nothing is left to do here."""
    for poll in (common.globus_poll, common.globus_poll_nonblocking, common.globus_callback_signal_poll):
        poll()
    common.globus_signal_poll()
    common.globus_callback_poll(0.0)
    common.globus_callback_space_poll(0.0, GLOBAL)


def test_a_blocking_poll_ends_when_it_is_woken() -> None:
    polling = threading.Thread(target=common.globus_poll_blocking, daemon=True)
    polling.start()
    while polling.is_alive():  # it may not have begun to wait
        common.globus_callback_signal_poll()
        polling.join(0.01)


# ---- signals ---------------------------------------------------------------------------------------------------


def test_signals(recorder: Any) -> None:
    caught, gone = recorder(), recorder()
    before = signal.getsignal(signal.SIGUSR2)
    common.globus_callback_space_register_signal_handler(signal.SIGUSR2, True, caught, "signal", GLOBAL)
    for count in (1, 2):
        os.kill(os.getpid(), signal.SIGUSR2)
        while len(caught.calls) < count:
            time.sleep(0.001)
    assert caught.calls == [("signal",)] * 2
    common.globus_callback_unregister_signal_handler(signal.SIGUSR2, gone, "gone")
    assert gone.wait() == ("gone",)
    assert signal.getsignal(signal.SIGUSR2) == before


def test_a_handler_for_one_signal(recorder: Any) -> None:
    caught = recorder()
    common.globus_callback_register_signal_handler(signal.SIGUSR2, False, caught, None)
    os.kill(os.getpid(), signal.SIGUSR2)
    caught.wait()
    with pytest.raises(GlobusError):
        common.globus_callback_unregister_signal_handler(signal.SIGUSR2, None, None)
