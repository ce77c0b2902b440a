"""The runtime: completions, the three ways to wait for them, deadlines, cancellation, the library's threads."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from globus_hl._runtime import library
from globus_hl._runtime.completion import Completion, Operation
from globus_hl._runtime.drivers import Background, run_async, run_blocking
from globus_hl._runtime.library import activate, call_soon
from globus_hl.errors import OperationTimeoutError
from globus_hl.timeouts import GRACE
from globus_lowlevel import common


class Timer(Operation[str]):
    """A real operation of the library: a one-shot callback that comes after a while, or at once when aborted."""

    def __init__(self, seconds: float, *, ignores_abort: bool = False, **limits: Any) -> None:
        super().__init__(**limits)
        self.seconds = seconds
        self.ignores_abort = ignores_abort
        self.begun_in: int | None = None
        self.aborts = 0
        self.ended_in: int | None = None
        self._over = False

    def begin(self) -> None:
        self.begun_in = threading.get_ident()
        call_soon(lambda: self._end(None), self.seconds)

    def abort(self) -> None:
        self.aborts += 1
        if not self.ignores_abort:
            call_soon(lambda: self._end(InterruptedError("aborted")))

    def _end(self, error: BaseException | None) -> None:
        if not self._over:
            self._over = True
            self.ended_in = threading.get_ident()
            self.finish(error)

    def collect(self, error: BaseException | None) -> str:
        if error is not None:
            raise error
        return "done"


async def awaiting(completion: Completion[Any]) -> Any:
    return await completion


def blocking(completion: Completion[Any]) -> Any:
    return run_blocking(awaiting(completion))


def in_asyncio(completion: Completion[Any]) -> Any:
    return asyncio.run(run_async(awaiting(completion)))


both_faces = pytest.mark.parametrize("wait", [blocking, in_asyncio])
Wait = Callable[[Completion[Any]], Any]


def elapsed_since(start: float) -> float:
    return time.monotonic() - start


# ---- completions ------------------------------------------------------------------------------------


def test_a_completion_is_settled_once() -> None:
    completion: Completion[int] = Completion()
    assert not completion.done()
    with pytest.raises(RuntimeError, match="not there yet"):
        completion.result()
    assert completion.set_result(1)
    assert not completion.set_result(2)
    assert not completion.set_error(OSError())
    assert completion.done()
    assert completion.result() == 1


@both_faces
def test_a_completion_that_is_settled_needs_no_waiting(wait: Wait) -> None:
    completion: Completion[int] = Completion()
    completion.set_result(5)
    assert wait(completion) == 5


@both_faces
def test_the_result_comes_from_a_thread_of_the_library(wait: Wait) -> None:
    timer = Timer(0.01)
    assert wait(timer) == "done"
    assert timer.ended_in not in (None, threading.get_ident())
    assert timer.aborts == 0


@both_faces
def test_an_error_is_raised_in_the_waiter(wait: Wait) -> None:
    class Failing(Timer):
        def collect(self, error: BaseException | None) -> str:
            raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        wait(Failing(0))


def test_a_blocking_caller_begins_in_its_own_thread_unless_that_may_block() -> None:
    quick, slow = Timer(0), Timer(0, may_block=True)
    blocking(quick)
    blocking(slow)
    assert quick.begun_in == threading.get_ident()
    assert slow.begun_in != threading.get_ident()


def test_an_event_loop_never_begins_an_operation_itself() -> None:
    timer = Timer(0)
    in_asyncio(timer)
    assert timer.begun_in != threading.get_ident()


@both_faces
def test_a_failure_to_begin_is_the_result(wait: Wait) -> None:
    class Refusing(Timer):
        def begin(self) -> None:
            raise PermissionError("no")

    timer = Refusing(0)
    with pytest.raises(PermissionError):
        wait(timer)
    assert timer.finished()
    assert timer not in Operation._outstanding


@both_faces
def test_a_callback_that_comes_before_begin_returns(wait: Wait) -> None:
    class Immediate(Timer):
        def begin(self) -> None:
            self.finish(None)
            assert not self.done(), "what begin stores must be there first"

    assert wait(Immediate(0)) == "done"


# ---- deadlines -----------------------------------------------------------------------------------------


@both_faces
def test_the_end_of_an_operation_holds_and_it_is_aborted(wait: Wait) -> None:
    start = time.monotonic()
    timer = Timer(60, end=start + 0.2)
    with pytest.raises(OperationTimeoutError):
        wait(timer)
    assert 0.2 <= elapsed_since(start) < 0.2 + GRACE
    assert timer.aborts == 1
    assert timer.finished()


@both_faces
def test_a_deadline_holds_even_if_the_library_does_not_answer_the_abort(wait: Wait) -> None:
    start = time.monotonic()
    timer = Timer(GRACE + 1.0, ignores_abort=True, end=start + 0.1)
    with pytest.raises(OperationTimeoutError):
        wait(timer)
    assert elapsed_since(start) < 0.1 + GRACE + 0.5
    assert not timer.finished()
    assert timer in Operation._outstanding, "C may still call: it must stay alive"
    over = threading.Event()
    assert timer.when_over(over.set)
    assert over.wait(10)
    assert timer not in Operation._outstanding


@both_faces
def test_progress_puts_a_stall_off(wait: Wait) -> None:
    timer = Timer(1.0, stall=0.4)
    for moment in (0.3, 0.6, 0.9):
        call_soon(timer.touch, moment)
    assert wait(timer) == "done"


@both_faces
def test_no_progress_is_a_stall(wait: Wait) -> None:
    told: list[bool] = []

    def describe(stalled: bool) -> BaseException:
        told.append(stalled)
        return TimeoutError("stalled")

    start = time.monotonic()
    with pytest.raises(TimeoutError, match="stalled"):
        wait(Timer(60, stall=0.2, end=start + 50, describe=describe))
    assert told == [True]
    assert elapsed_since(start) < 5


@both_faces
def test_an_operation_that_ends_well_just_in_time_is_no_time_out(wait: Wait) -> None:
    class EndsWhenAborted(Timer):
        def abort(self) -> None:
            call_soon(lambda: self._end(None))

    assert wait(EndsWhenAborted(60, end=time.monotonic() + 0.1)) == "done"


# ---- cancellation --------------------------------------------------------------------------------------


@both_faces
def test_a_failure_on_this_side_aborts_and_wins_over_the_librarys_error(wait: Wait) -> None:
    timer = Timer(60)
    call_soon(lambda: timer.fail(OSError(28, "disk full")), 0.05)
    with pytest.raises(OSError, match="disk full"):
        wait(timer)
    assert timer.aborts == 1


def test_an_operation_cancelled_while_it_begins_is_aborted_when_it_has_begun() -> None:
    class SlowToBegin(Timer):
        def begin(self) -> None:
            beginning.set()
            assert may_go_on.wait(10)
            super().begin()

    beginning, may_go_on = threading.Event(), threading.Event()
    timer = SlowToBegin(60, may_block=True)
    timer.launch(inline=True)
    assert beginning.wait(10)
    timer.cancel(inline=True)
    assert timer.aborts == 0
    over = threading.Event()
    timer.when_over(over.set)
    may_go_on.set()
    assert over.wait(10)
    assert timer.aborts == 1


def test_an_operation_cancelled_before_it_begins_never_begins() -> None:
    timer = Timer(0)
    timer.cancel(inline=True)
    timer.launch(inline=True)
    assert timer.finished()
    assert timer.begun_in is None


def test_ctrl_c_aborts_a_blocking_wait_and_goes_to_the_caller() -> None:
    timer = Timer(60)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            blocking(timer)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert elapsed_since(start) < 5
    assert timer.aborts == 1
    assert timer.finished()


def test_cancelling_a_task_aborts_and_waits_for_the_end() -> None:
    timer = Timer(60)

    async def main() -> None:
        task = asyncio.create_task(run_async(awaiting(timer)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert timer.aborts == 1
        assert timer.finished()

    asyncio.run(main())


def test_asyncio_timeout_works() -> None:
    timer = Timer(60)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await run_async(awaiting(timer))

    asyncio.run(main())
    assert timer.aborts == 1


@both_faces
def test_the_coroutine_sees_the_interruption_and_may_still_wait(wait: Wait) -> None:
    tidied: list[str] = []

    async def work() -> None:
        try:
            await Timer(60, end=time.monotonic() + 0.1)
        finally:
            tidied.append(await Timer(0.05))

    run = run_blocking if wait is blocking else lambda w: asyncio.run(run_async(w))
    with pytest.raises(OperationTimeoutError):
        run(work())
    assert tidied == ["done"]


def test_a_look_runs_in_the_waiting_thread_and_its_exception_aborts() -> None:
    class Looking(Timer):
        looks = 0

        def look(self) -> None:
            assert threading.get_ident() == caller
            self.looks += 1
            if self.looks == 3:
                raise ZeroDivisionError

    caller = threading.get_ident()
    timer = Looking(60)
    for moment in (0.05, 0.1, 0.15):
        call_soon(timer.wake, moment)
    with pytest.raises(ZeroDivisionError):
        blocking(timer)
    assert timer.aborts == 1


# ---- asyncio -----------------------------------------------------------------------------------------------


def test_many_at_once_in_one_loop() -> None:
    async def main() -> list[str]:
        return await asyncio.gather(*(run_async(awaiting(Timer(0.01 * (i % 7)))) for i in range(100)))

    assert asyncio.run(main()) == ["done"] * 100


def test_several_loops_at_once() -> None:
    results: list[str] = []

    def one_loop() -> None:
        results.append(in_asyncio(Timer(0.1)))

    threads = [threading.Thread(target=one_loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == ["done"] * 4


def test_a_result_for_a_loop_that_was_closed_is_dropped() -> None:
    timer = Timer(0.3, ignores_abort=True)
    loop = asyncio.new_event_loop()

    async def main() -> None:
        task = loop.create_task(run_async(awaiting(timer)))
        await asyncio.sleep(0.05)
        abandoned.append(task)

    abandoned: list[asyncio.Task[str]] = []
    loop.run_until_complete(main())
    loop.close()
    over = threading.Event()
    if timer.when_over(over.set):
        assert over.wait(10)
    assert timer.result() == "done"
    abandoned[0]._log_destroy_pending = False  # it is the point of this test that nobody waits for it
    abandoned.clear()
    gc.collect()


# ---- in the background ----------------------------------------------------------------------------------------


def test_background_work_needs_no_waiter() -> None:
    steps: list[str] = []

    async def work() -> None:
        for step in range(3):
            await Timer(0.01)
            steps.append(f"done {step}")

    background = Background(work())
    blocking(background)
    assert steps == ["done 0", "done 1", "done 2"]


def test_background_work_keeps_its_deadlines() -> None:
    caught: list[BaseException] = []

    async def work() -> None:
        try:
            await Timer(60, end=time.monotonic() + 0.2)
        except TimeoutError as error:
            caught.append(error)

    start = time.monotonic()
    blocking(Background(work()))
    assert len(caught) == 1
    assert elapsed_since(start) < 0.2 + GRACE


def test_an_unexpected_error_in_the_background_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))

    async def work() -> None:
        await Timer(0.01)
        raise ZeroDivisionError

    blocking(Background(work()))
    deadline = time.monotonic() + 5
    while not reported and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reported == [ZeroDivisionError]


# ---- the library in the process -------------------------------------------------------------------------------


def test_call_soon_uses_a_thread_of_the_library_and_keeps_nothing() -> None:
    ran = threading.Event()
    threads: list[int] = []
    before = set(library._scheduled)

    def call() -> None:
        threads.append(threading.get_ident())
        ran.set()

    call_soon(call)
    assert ran.wait(10)
    assert threads[0] != threading.get_ident()
    deadline = time.monotonic() + 5
    while library._scheduled - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not library._scheduled - before


def test_call_soon_waits_as_long_as_it_is_told() -> None:
    ran = threading.Event()
    start = time.monotonic()
    call_soon(ran.set, 0.3)
    assert ran.wait(10)
    assert 0.25 < elapsed_since(start) < 5


def test_activation_from_many_threads_happens_once() -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            activate(common, "GLOBUS_COMMON_MODULE")
        except BaseException as error:  # noqa: BLE001 - for the assertion
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not errors


def run_python(code: str, timeout: float = 30, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, as a user's script."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **kwargs,
    )


def test_an_interpreter_ends_with_operations_under_way() -> None:
    start = time.monotonic()
    done = run_python(
        """
        import threading, time
        from globus_hl._runtime.library import call_soon

        call_soon(lambda: None, 3600)
        ran = threading.Event()
        call_soon(ran.set)
        assert ran.wait(10)
        call_soon(lambda: time.sleep(0.2))
        print("end")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
    assert elapsed_since(start) < 15


def test_the_environment_of_the_process_is_not_written() -> None:
    done = run_python(
        """
        import os
        before = dict(os.environ)
        from globus_hl._runtime.library import call_soon
        call_soon(lambda: None)
        assert dict(os.environ) == before
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_package_loads_nothing_heavy() -> None:
    done = run_python(
        """
        import sys
        import globus_hl
        heavy = {"asyncio", "globus_lowlevel", "cryptography", "click", "rich"} & set(sys.modules)
        assert not heavy, heavy
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_descriptors_that_the_library_cannot_wait_for() -> None:
    """It waits with select(), which ends the process for those from 1024 on."""
    done = run_python("""
        import os, resource
        from globus_hl import gridftp, xio
        from globus_hl.testgrid import Grid

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        with (
            Grid() as grid,
            xio.Server("tcp", "localhost") as server,
            gridftp.Client(credential=grid.user.credential) as client,
        ):
            where = grid.gridftp.url + "/"
            uses = {
                "open": lambda: xio.Handle("tcp", f"localhost:{server.port}").open(),
                "accept": lambda: server.accept(timeout=5),
                "list": lambda: client.list(where),
            }
            full = [os.dup(0) for _ in range(1100)]
            for name, use in uses.items():
                try:
                    use()
                except OSError as error:
                    print(name, error.errno)
            for descriptor in full:
                os.close(descriptor)
            print(list(client.list(where)))
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{name} {errno.EMFILE}" for name in ("open", "accept", "list")] + [
        "[]"
    ]
