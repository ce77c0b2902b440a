"""globus_lowlevel.scheduler_event_generator: events of jobs, made and handled in Python, and by a real module."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common
from globus_lowlevel import scheduler_event_generator as seg

LIMIT = 30.0
EVENTS: list[tuple[Any, ...]] = []
FAULTS: list[tuple[Any, ...]] = []
FAIL = threading.Event()


def on_event(argument: Any, event: Any) -> BaseException | None:
    if FAIL.is_set():
        raise ValueError("not this event")
    copy = seg.globus_scheduler_event_copy(event)  # what C lends is gone afterwards
    EVENTS.append((argument, event, copy))
    return None


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(seg.GLOBUS_SCHEDULER_EVENT_GENERATOR_MODULE)
    seg.globus_scheduler_event_generator_set_event_handler(on_event, "argument")
    seg.globus_scheduler_event_generator_set_fault_handler(lambda *args: FAULTS.append(args), 5)
    yield
    common.globus_module_deactivate(seg.GLOBUS_SCHEDULER_EVENT_GENERATOR_MODULE)


@pytest.fixture(autouse=True)
def fresh() -> None:
    EVENTS.clear()
    FAULTS.clear()


def test_events_reach_the_handler() -> None:
    seg.globus_scheduler_event_pending(100, "job 1")
    seg.globus_scheduler_event_active(101, "job 1")
    seg.globus_scheduler_event_done(102, "job 1", 3)
    seg.globus_scheduler_event_failed(103, "job 2", 74)
    seg.globus_scheduler_event("001;104;job 3;%s;\n")
    kinds = [copy.event_type for _, _, copy in EVENTS]
    assert kinds == [
        seg.GLOBUS_SCHEDULER_EVENT_PENDING, seg.GLOBUS_SCHEDULER_EVENT_ACTIVE, seg.GLOBUS_SCHEDULER_EVENT_DONE,
        seg.GLOBUS_SCHEDULER_EVENT_FAILED, seg.GLOBUS_SCHEDULER_EVENT_RAW,
    ]  # fmt: skip
    done, failed, raw = (copy for _, _, copy in EVENTS[2:])
    assert (done.timestamp, done.job_id, done.exit_code) == (102, "job 1", 3)
    assert (failed.job_id, failed.failure_code, failed.raw_event) == ("job 2", 74, None)
    assert raw.raw_event == "001;104;job 3;%s;\n"
    assert all(argument == "argument" for argument, _, _ in EVENTS)


def test_an_event_is_lent_for_the_callback() -> None:
    seg.globus_scheduler_event_pending(1, "x")
    _, lent, copy = EVENTS[0]
    with pytest.raises(ValueError, match="closed"):
        _ = lent.job_id
    assert copy.job_id == "x"
    seg.globus_scheduler_event_destroy(copy)
    assert copy.closed


def test_events_come_from_many_threads() -> None:
    def module(number: int) -> None:
        for step in range(100):
            seg.globus_scheduler_event_pending(step, f"job {number}")

    threads = [threading.Thread(target=module, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(EVENTS) == 800
    assert {copy.job_id for _, _, copy in EVENTS} == {f"job {n}" for n in range(8)}


def test_a_handler_that_raises_is_reported(unraisable: list[BaseException]) -> None:
    FAIL.set()
    try:
        seg.globus_scheduler_event_pending(1, "x")
    finally:
        FAIL.clear()
    assert isinstance(unraisable[0], ValueError)


def test_faults_reach_their_handler() -> None:
    error = seg.GLOBUS_SEG_ERROR_LOADING_MODULE("name", "why not")
    seg.globus_scheduler_event_generator_fault(error)
    argument, seen = FAULTS[0]
    assert argument == 5
    assert "why not" in str(seen)


def test_handlers_are_set_once() -> None:
    for call in (
        seg.globus_scheduler_event_generator_set_event_handler,
        seg.globus_scheduler_event_generator_set_fault_handler,
    ):
        with pytest.raises(GlobusError) as failure:
            call(lambda *_: None, None)
        assert failure.value.code == seg.GLOBUS_SEG_ERROR_TYPE_ALREADY_SET


def test_the_timestamp_only_grows() -> None:
    seg.globus_scheduler_event_generator_set_timestamp(1000)
    assert seg.globus_scheduler_event_generator_get_timestamp() == 1000
    with pytest.raises(GlobusError):
        seg.globus_scheduler_event_generator_set_timestamp(999)


def test_an_event_is_a_struct() -> None:
    event = seg.globus_scheduler_event_t(event_type=seg.GLOBUS_SCHEDULER_EVENT_RAW, raw_event="text")
    copy = seg.globus_scheduler_event_copy(event)
    event.raw_event = "changed"
    assert (copy.raw_event, copy.job_id) == ("text", None)


def test_errors_have_their_type() -> None:
    assert seg.GLOBUS_SEG_ERROR_NULL().code == seg.GLOBUS_SEG_ERROR_TYPE_NULL
    assert seg.GLOBUS_SEG_ERROR_ALREADY_SET().code == seg.GLOBUS_SEG_ERROR_TYPE_ALREADY_SET
    assert seg.GLOBUS_SEG_ERROR_OUT_OF_MEMORY().code == seg.GLOBUS_SEG_ERROR_TYPE_OUT_OF_MEMORY
    assert "m: e" in str(seg.GLOBUS_SEG_ERROR_INVALID_MODULE("m", "e"))
    assert "fmt%" in str(seg.GLOBUS_SEG_ERROR_INVALID_FORMAT("fmt%"))


PROGRAM = """
import os, threading, time
from globus_lowlevel import GlobusError, common, scheduler_event_generator as seg

seen, arrived = [], threading.Event()

def on_event(argument, event):
    seen.append((event.event_type, event.job_id, event.exit_code))
    if len(seen) == 2:
        arrived.set()

common.globus_module_activate(seg.GLOBUS_SCHEDULER_EVENT_GENERATOR_MODULE)
seg.globus_scheduler_event_generator_set_event_handler(on_event, None)
for _ in range(2):
    try:
        seg.globus_scheduler_event_generator_load_module("not_installed")
    except GlobusError as error:
        assert error.code == seg.GLOBUS_SEG_ERROR_TYPE_INVALID_MODULE, error
seg.globus_scheduler_event_generator_set_timestamp(int(time.time()) - 100)
seg.globus_scheduler_event_generator_load_module("job_manager")
try:
    seg.globus_scheduler_event_generator_load_module("job_manager")
except GlobusError as error:
    assert error.code == seg.GLOBUS_SEG_ERROR_TYPE_ALREADY_SET, error
assert arrived.wait(20), seen
assert seen == [(seg.GLOBUS_SCHEDULER_EVENT_ACTIVE, "job-1", 0), (seg.GLOBUS_SCHEDULER_EVENT_DONE, "job-1", 7)], seen
print("two events", flush=True)
os._exit(0)
"""


def test_a_module_of_the_toolkits_reads_a_schedulers_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    log = tmp_path / time.strftime("%Y%m%d", time.gmtime(now))
    log.write_text(f"001;{now};job-1;2;0\n001;{now};job-1;8;7\n")
    monkeypatch.setenv("JOB_MANAGER_SEG_SCHEDULER", "fork")
    monkeypatch.setenv("JOB_MANAGER_SEG_LOG_PATH", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.stdout == "two events\n", done.stderr
