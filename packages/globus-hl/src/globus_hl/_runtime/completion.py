"""Results that arrive later, on a thread of the library."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from ..errors import OperationTimeoutError
from .library import about_to_block, call_soon, check_descriptors

__all__ = ["Completion", "Operation"]

T = TypeVar("T")


class Completion(Generic[T]):
    """A result or an exception that some thread will supply, once.

    Awaiting it, in a coroutine that one of :mod:`.drivers` runs, gives the result or raises the exception.
    """

    end = math.inf
    """When waiting for it must be over, in ``time.monotonic()``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled = False
        self._result: T
        self._error: BaseException | None = None
        self._waker: Callable[[], object] | None = None

    # -- the side that supplies ------------------------------------------------------------------------

    def set_result(self, result: T) -> bool:
        """Supply the result; False when it was settled before, in which case nothing changes."""
        return self._settle(result=result)

    def set_error(self, error: BaseException) -> bool:
        """Supply an exception; False when it was settled before."""
        return self._settle(error=error)

    def _settle(self, result: Any = None, error: BaseException | None = None) -> bool:
        with self._lock:
            if self._settled:
                return False
            self._result, self._error, self._settled = result, error, True
        self.wake()
        return True

    def wake(self) -> None:
        """Make the waiter look again. Any thread may call it."""
        waker = self._waker
        if waker is not None:
            waker()

    # -- the side that waits ----------------------------------------------------------------------------

    def done(self) -> bool:
        """Whether `result` returns or raises at once."""
        return self._settled

    def result(self) -> T:
        """The result; raises the exception that was supplied in its place."""
        if not self._settled:
            raise RuntimeError("the result is not there yet")
        if self._error is not None:
            raise self._error
        return self._result

    def attach(self, waker: Callable[[], object]) -> None:
        """Let `waker` be called, in any thread, whenever there is something to look at."""
        self._waker = waker

    def detach(self) -> None:
        """The waiter has gone."""
        self._waker = None

    def __await__(self) -> Generator[Completion[T], None, T]:
        if not self._settled:
            yield self
        return self.result()

    async def wait_until(self, end: float) -> None:
        """Wait until it is settled, but no longer than until `end`, in ``time.monotonic()``."""
        self.end = end
        with contextlib.suppress(OperationTimeoutError):
            await self

    # -- what drivers call -------------------------------------------------------------------------------

    def launch(self, *, inline: bool) -> None:
        """Start what is to be waited for; `inline`: the calling thread may be used for it."""

    def look(self) -> None:
        """The waiter is awake: hand over what came in the meantime. Runs in the waiter's thread."""

    def expiry(self) -> float:
        """When `timed_out` is due, unless something happens before."""
        return self.end

    def timed_out(self) -> BaseException:
        """The exception for a wait that took too long."""
        return OperationTimeoutError("the wait took too long")

    def cancel(self, *, inline: bool) -> None:
        """Nobody wants the result any more."""

    def finished(self) -> bool:
        """Whether nothing is under way any more: after `cancel`, the waiter gives this some time to come true."""
        return True


class Operation(Completion[T]):
    """An asynchronous operation of a C library: something to begin, to abort, and a callback that says it is
    over.

    Subclasses implement `begin` and `abort`, and call `finish` from the library's completion callback, in any
    thread.

    Args:
        end: when it must be over (``time.monotonic()``), or infinity.
        stall: seconds that may pass without a call of `touch`, or infinity.
        describe: makes the error message for a time-out from ``stalled: bool``.
        may_block: `begin` may take long, for example to look up a host name; it is then never run inline.
    """

    opens = False
    """Whether the library opens descriptors for it."""

    _outstanding: set[Operation[Any]] = set()  # noqa: RUF012 - of the process: C still refers to each of these

    def __init__(
        self,
        *,
        end: float = math.inf,
        stall: float = math.inf,
        describe: Callable[[bool], BaseException] | None = None,
        may_block: bool = False,
    ) -> None:
        super().__init__()
        self.end = end
        self.stall = stall
        self.may_block = may_block
        self.describe = describe
        self._activity = time.monotonic()
        self._state = "new"  # -> "beginning" -> "running" -> "over"
        self._cancelled = False
        self._abort_sent = False
        self._aborting = False
        self._failure: BaseException | None = None
        self._expired: BaseException | None = None
        self._early: list[BaseException | None] = []
        self._after: Callable[[], object] | None = None

    # -- for subclasses -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the C operation. Raising means that it did not start and no callback will come."""
        raise NotImplementedError

    def abort(self) -> None:
        """Ask the library to end the operation early; its callback still comes. Must not raise."""
        raise NotImplementedError

    def collect(self, error: BaseException | None) -> T:
        """Make the result, or raise, once the library has called back. Runs in the library's thread."""
        raise NotImplementedError

    def finish(self, error: BaseException | None = None) -> None:
        """The library's completion callback came. `collect` runs when `begin` has returned, too."""
        with self._lock:
            if self._state == "beginning":
                self._early.append(error)
                return
            self._state = "over"
        self._outstanding.discard(self)
        try:
            if self._failure is not None:
                raise self._failure
            result = self.collect(error)
        except BaseException as failure:  # noqa: BLE001 - goes to whoever awaits
            self.set_error(self._expired or failure)  # that it was aborted is no news
        else:
            self.set_result(result)
        self._let_go()

    def _let_go(self) -> None:
        """Nobody is inside the library with it any more, unless it is being aborted at this moment."""
        with self._lock:
            after = None if self._aborting else self._after
        self.wake()  # also if it was settled before, by a time-out: the waiter wants to know that it is finished
        if after is not None:
            after()

    def when_over(self, call: Callable[[], object]) -> bool:
        """Let `call` be called when the library is done with the operation; False if it is already."""
        with self._lock:
            if self.finished():
                return False
            self._after = call
            return True

    def touch(self) -> None:
        """There was progress: the stall clock starts again."""
        self._activity = time.monotonic()

    def fail(self, error: BaseException) -> None:
        """Something outside the library failed: abort, and raise `error` in the waiter once it is over.

        The waiter grants the library no more time for that than for a time-out.
        """
        with self._lock:
            if self._failure is None:
                self._failure = error
        self.cancel(inline=True)
        self.wake()

    # -- what drivers call -----------------------------------------------------------------------------------

    def launch(self, *, inline: bool) -> None:
        self._activity = time.monotonic()
        if self.may_block:
            call_soon(self._begin_slowly)
        elif inline:
            self._begin()
        else:
            call_soon(self._begin)

    def _begin_slowly(self) -> None:
        about_to_block()
        self._begin()

    def _begin(self) -> None:
        """Begin, unless it was cancelled; the waiter may be in another thread, and the callback may come at once."""
        with self._lock:
            if self._state != "new":  # cancelled before it began
                return
            self._state = "beginning"
        self._outstanding.add(self)
        try:
            if self.opens:
                check_descriptors()
            self.begin()
        except Exception as failure:  # noqa: BLE001 - goes to whoever awaits
            self._early.append(failure)
        except BaseException as interruption:  # noqa: BLE001 - Ctrl-C: C may have begun or not
            self._failure, self._cancelled = interruption, True
        with self._lock:
            self._state = "running"
            cancelled = self._cancelled
        if self._early:
            self.finish(self._early[0])
        elif cancelled:
            self._send_abort()

    @property
    def failing(self) -> bool:
        """Whether `fail` was called."""
        return self._failure is not None

    def limit(self) -> float:
        """When it has taken too long, unless there is progress before."""
        return min(self.end, self._activity + self.stall)

    def expiry(self) -> float:
        return self.limit() if self._failure is None else -math.inf

    def timed_out(self) -> BaseException:
        if self._failure is not None:
            return self._failure
        stalled = self._activity + self.stall < self.end
        self._expired = super().timed_out() if self.describe is None else self.describe(stalled)
        return self._expired

    def cancel(self, *, inline: bool) -> None:
        with self._lock:
            self._cancelled = True
            if self._state == "new":
                self._state = "over"
            running = self._state == "running"
        if running and inline:
            self._send_abort()
        elif running:
            call_soon(self._send_abort)

    def _send_abort(self) -> None:
        with self._lock:
            if self._abort_sent or self._state != "running":
                return
            self._abort_sent = self._aborting = True
        try:
            self.abort()
        finally:
            with self._lock:
                self._aborting = False
                over = self._state == "over"
            if over:
                self._let_go()

    def finished(self) -> bool:
        return self._state == "over" and not self._aborting
