"""Standard input that does not hold up the end of a command."""

from __future__ import annotations

import errno
import io
import os
import select
from typing import TYPE_CHECKING

from globus_hl.errors import OperationTimeoutError

from .program import at_interruption

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from globus_hl.timeouts import Deadline

__all__ = ["StandardInput"]


class StandardInput(io.RawIOBase):
    """Standard input to be read in any thread, until a deadline or an interruption of the command.

    Without them a thread of the library that waits for somebody to type could not be got back. Python's own
    object for standard input would, besides, have the end of the interpreter wait for that thread.

    Args:
        deadline: when it must be over.
    """

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline
        self._stop_receiver, self._stop_sender = os.pipe()
        self._hook = at_interruption(self.stop)
        self._hook.__enter__()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Wait for data, and read what there is; 0 bytes are the end.

        Raises:
            OperationTimeoutError: the deadline passed.
            InterruptedError: the command was interrupted.
            OSError: standard input cannot be read.
        """
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self._stop_receiver, select.POLLIN)
        limit = self._deadline.remaining
        ready = dict(poll.poll(None if limit == float("inf") else max(0.0, limit * 1000)))
        if self._stop_receiver in ready:
            raise InterruptedError(errno.EINTR, "the command was interrupted")
        if not ready:
            reason = self._deadline.describe(connecting=False, stalled=False)
            raise OperationTimeoutError(f"no end of standard input: {reason}")
        return os.readv(0, [buffer])

    def stop(self) -> None:
        """Let whoever waits in `readinto` go."""
        os.write(self._stop_sender, b"x")

    def close(self) -> None:
        """Standard input itself stays open."""
        if not self.closed:
            self._hook.__exit__(None, None, None)
            os.close(self._stop_receiver)
            os.close(self._stop_sender)
        super().close()
