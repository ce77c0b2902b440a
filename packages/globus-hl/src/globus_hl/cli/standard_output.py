"""Standard output that does not hold up the end of a command."""

from __future__ import annotations

import errno
import os
import select
import stat

from .program import at_interruption

__all__ = ["StandardOutput"]

PIPE = select.PIPE_BUF  # bytes for which there is room in a pipe that is ready: writing so many does not wait


class StandardOutput:
    """Standard output to be written in any thread, until the command is interrupted.

    A thread that waits for a slow reader of a pipe could otherwise not be got back.
    """

    def __init__(self) -> None:
        self._waits = not stat.S_ISREG(os.fstat(1).st_mode)
        self._stop_receiver, self._stop_sender = os.pipe()
        self._hook = at_interruption(self.stop)
        self._hook.__enter__()

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            BrokenPipeError: nobody reads it any more.
            InterruptedError: the command was interrupted.
            OSError: it cannot be written.
        """
        view = memoryview(data)
        while view:
            view = view[os.write(1, self._what_fits(view)) :]

    def _what_fits(self, view: memoryview) -> memoryview:
        if not self._waits:
            return view
        poll = select.poll()
        poll.register(1, select.POLLOUT)
        poll.register(self._stop_receiver, select.POLLIN)
        if self._stop_receiver in dict(poll.poll()):
            raise InterruptedError(errno.EINTR, "the command was interrupted")
        return view[:PIPE]

    def stop(self) -> None:
        """Let whoever waits in `write` go."""
        os.write(self._stop_sender, b"x")

    def close(self) -> None:
        """Standard output itself stays open."""
        self._hook.__exit__(None, None, None)
        os.close(self._stop_receiver)
        os.close(self._stop_sender)
