"""Commands that are coroutines."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

from .program import leave

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["run_command"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_command(work: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run``; a signal cancels `work`, and is raised when that has let go of everything.

    Raised at once, as elsewhere in a command, it would come up in whatever the event loop is doing, and be lost or
    reported there.

    Raises:
        KeyboardInterrupt, Terminated: SIGINT or SIGTERM came.
    """
    came: list[int] = []

    async def until_signal() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)

        def cancel(number: int) -> None:
            came.append(number)
            task.cancel()

        for number in SIGNALS:
            loop.add_signal_handler(number, cancel, number)
        try:
            await task
        except asyncio.CancelledError:
            if not came:
                raise

    handlers = [signal.getsignal(number) for number in SIGNALS]
    try:
        asyncio.run(until_signal())
    finally:
        for number, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(number, handler)
    if came:
        leave(came[0])
