"""Three ways to wait for the completions that a coroutine awaits: blocking, in asyncio, and in the background."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from ..timeouts import GRACE
from .completion import Completion
from .library import Call, call_soon

if TYPE_CHECKING:
    import asyncio

__all__ = ["Background", "run_async", "run_blocking"]

T = TypeVar("T")
Work = Coroutine[Completion[Any], None, T]


def _resume(work: Work[T], error: BaseException | None) -> Completion[Any]:
    """Run a coroutine to its next await, and return what it awaits."""
    return work.send(None) if error is None else work.throw(error)


def _supervise(awaited: Completion[Any], *, inline: bool) -> Iterator[float]:
    """Yield, again and again, how many seconds to wait at most for a wake-up; end when the wait is over."""
    while not awaited.done():
        awaited.look()
        expiry, now = awaited.expiry(), time.monotonic()
        if now >= expiry:
            error = awaited.timed_out()
            yield from _wind_down(awaited, inline=inline)
            awaited.set_error(error)
            return
        yield expiry - now


def _wind_down(awaited: Completion[Any], *, inline: bool) -> Iterator[float]:
    """Cancel, and give what is under way a moment to end."""
    end = time.monotonic() + GRACE
    awaited.cancel(inline=inline)
    while not awaited.finished() and (remaining := end - time.monotonic()) > 0:
        yield remaining


# ---- blocking ------------------------------------------------------------------------------------


def run_blocking(work: Work[T]) -> T:
    """Run a coroutine to its end in this thread. Python's signal handlers run meanwhile; Ctrl-C aborts."""
    error: BaseException | None = None
    while True:
        try:
            awaited = _resume(work, error)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            error = None  # no cycle of exception and frame
        try:
            _wait_blocking(awaited)
        except BaseException as interruption:  # noqa: BLE001 - the coroutine tidies up and raises it again
            error = interruption


def _wait_blocking(awaited: Completion[Any]) -> None:
    wake = threading.Event()
    awaited.attach(wake.set)
    try:
        awaited.launch(inline=True)
        _sleep_through(_supervise(awaited, inline=True), wake)
    except BaseException:
        _sleep_through(_wind_down(awaited, inline=True), wake)
        raise
    finally:
        awaited.detach()


def _sleep_through(waits: Iterator[float], wake: threading.Event) -> None:
    for seconds in waits:
        wake.wait(min(seconds, threading.TIMEOUT_MAX))
        wake.clear()


# ---- asyncio -------------------------------------------------------------------------------------


async def run_async(work: Work[T]) -> T:
    """Run a coroutine to its end in the running event loop. Cancelling the task aborts what it waits for."""
    error: BaseException | None = None
    while True:
        try:
            awaited = _resume(work, error)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            error = None
        try:
            await _wait_async(awaited)
        except BaseException as interruption:  # noqa: BLE001 - the coroutine tidies up and raises it again
            error = interruption


async def _wait_async(awaited: Completion[Any]) -> None:
    waker = _LoopWaker()
    awaited.attach(waker.set)
    try:
        awaited.launch(inline=False)
        for seconds in _supervise(awaited, inline=False):
            await waker.sleep(seconds)
    except GeneratorExit:  # the loop is gone, and nobody can wait
        awaited.cancel(inline=False)
        raise
    except BaseException:
        for seconds in _wind_down(awaited, inline=False):
            await waker.sleep(seconds)
        raise
    finally:
        awaited.detach()


class _LoopWaker:
    """Wakes one task of an event loop from any thread; that the loop was closed meanwhile does not matter."""

    def __init__(self) -> None:
        import asyncio  # who blocks does without it, and it is the slowest import of all

        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] | None = None
        self._awake = False

    def set(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._set)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def _set(self) -> None:
        self._awake = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def sleep(self, seconds: float) -> None:
        if not self._awake:
            timer = self._loop.call_later(seconds, self._set) if seconds < math.inf else None
            self._future = self._loop.create_future()
            try:
                await self._future
            finally:
                self._future = None
                if timer is not None:
                    timer.cancel()
        self._awake = False


# ---- in the background ---------------------------------------------------------------------------


class Background(Completion[None]):
    """A coroutine that runs on the library's threads, for work whose caller has left.

    It is a completion itself, so that somebody may wait for it after all. The work must limit each of its
    awaits, and handle the errors it expects: any other goes to ``sys.unraisablehook``.
    """

    def __init__(self, work: Work[None]) -> None:
        super().__init__()
        self._work = work
        self._stepping = threading.Lock()
        self._awaited: Completion[Any] | None = None
        self._waits: Iterator[float] = iter(())
        self._timer: Call | None = None
        call_soon(self._step)

    def _step(self) -> None:
        """Go on as far as possible. Called for each wake-up and at each time-out, by any thread."""
        with self._stepping:
            if self.done():
                return
            if self._timer is not None:
                self._timer.cancel()
            try:
                seconds = self._advance()
            except StopIteration:
                self.set_result(None)
                return
            except BaseException:
                self.set_result(None)
                raise
            if seconds < math.inf:
                self._timer = call_soon(self._step, seconds)

    def _advance(self) -> float:
        while True:
            if self._awaited is not None:
                for seconds in self._waits:
                    return seconds
                self._awaited.detach()
            self._awaited = _resume(self._work, None)
            self._awaited.attach(self._wake)
            self._awaited.launch(inline=True)
            self._waits = _supervise(self._awaited, inline=True)

    def _wake(self) -> None:
        call_soon(self._step)
