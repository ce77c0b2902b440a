"""Operations of the C library's FTP client: commands, and transfers through a ring of buffers.

The library allows one operation at a time on a handle. Each class here is one such operation, begun on a
handle that nobody else uses; see :class:`.connection.Connection`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from globus_lowlevel import GlobusError, ftp_client

from .._runtime.completion import Operation
from .._runtime.library import call_soon
from .ends import Block, Sink, Source
from .replies import Reply

__all__ = ["Command", "Download", "StuckTransfer", "Transfer", "Upload"]

BEGIN_SECONDS = 0.5
"""How long the library has to begin an operation."""
REFUSED_SECONDS = 0.5
"""How long a transfer that the server has refused may take to end on this side."""
DRAIN_SECONDS = 0.5
"""How long the blocks that are on their way have, when a transfer is to be aborted."""
SETTLE_SECONDS = 0.05
"""How long the library has after the last of them, for what it does once its callback has returned."""
SILENT_SECONDS = 10.0
"""How long a server that takes no more data may take to say why."""

T = TypeVar("T")
CompleteCallback = Callable[[Any, Any, GlobusError | None], None]
Start = Callable[[CompleteCallback, Any], Any]


class StuckTransfer(Exception):
    """The server has ended a transfer, and the library does not, for want of a block or of a reply."""


class Command(Operation[T]):
    """An operation that is begun and then reports success or failure.

    Args:
        handle: the ``globus_ftp_client_handle_t``.
        start: called with completion callback and its argument; makes the C call and returns what that
            returns.
        value: makes the result from what `start` returned, once the operation has succeeded.
        limits: keyword arguments of :class:`Operation`.

    Attributes:
        refusal: the last thing that the server said against it, before it was aborted from here.
        cached: how many connections it takes that the library has already.
    """

    opens = True
    refusal: Reply | None = None
    cached = 1

    def __init__(self, handle: Any, start: Start, value: Callable[[Any], T], **limits: Any) -> None:
        super().__init__(**limits)
        self.handle = handle
        self._start = start
        self._value = value
        self._started: Any = None
        self._answered: set[str | None] = set()  # by URL

    def begin(self) -> None:
        self._started = self._start(self._complete, None)

    def _complete(self, _arg: object, _handle: object, error: GlobusError | None) -> None:
        self.finish(error)

    def collect(self, error: BaseException | None) -> T:
        if error is not None:
            raise error
        return self._value(self._started)

    def heard(self, url: str | None, reply: Reply) -> None:
        """The server said something. Called on a thread of the library, before the library acts upon it."""
        self.touch()
        self._answered.add(url)
        if self._cancelled:
            call_soon(self._send_abort)
        elif reply.code >= 400:  # what it says of the abort is no news
            self.refusal = reply

    def _send_abort(self) -> None:
        # On a connection that it has already, the library begins with a callback of its own, and an abort frees what that
        # is about to use. After an answer, it has been called.
        quiet = time.monotonic() - self._activity
        if len(self._answered) < self.cached and quiet < BEGIN_SECONDS:
            call_soon(self._send_abort, BEGIN_SECONDS - quiet)
        else:
            super()._send_abort()

    def abort(self) -> None:
        # Refused only if the operation is ending by itself at this moment; its callback comes in any case.
        with contextlib.suppress(GlobusError):
            ftp_client.globus_ftp_client_abort(self.handle)


class Transfer(Command[int]):
    """A command with a data channel. The result is the number of bytes moved.

    The library calls back for each buffer that was registered, on its threads, several at once when there are
    several data connections.

    Attributes:
        on_bytes: called with each number of bytes moved, under a lock; true when `on_look` is due.
        on_look: called in the waiter's thread, soon after.
        under_way: whether the server has agreed to it; what it says against it before may be about a mere option.
    """

    def __init__(self, handle: Any, start: Start, **limits: Any) -> None:
        super().__init__(handle, start, lambda _: 0, **limits)
        self.bytes_done = 0
        self.on_bytes: Callable[[int], bool] | None = None
        self.on_look: Callable[[], None] | None = None
        self._look_due = False
        self.under_way = False
        self._in_flight = 0
        self._ending = False  # the last block has moved
        self._count_lock = threading.Lock()
        # Held from taking the next piece to registering it: in stream mode the order of registration is the
        # order of the bytes.
        self._order_lock = threading.Lock()

    def collect(self, error: BaseException | None) -> int:
        super().collect(error)
        self._drop_ends()
        return self.bytes_done

    def _drop_ends(self) -> None:
        """Drop the user's buffers, which the library has given back: its thread may still be on its way out of here."""

    @property
    def clean(self) -> bool:
        """Whether the library has given back every buffer. If not, the handle could use one in its next transfer."""
        return self._in_flight == 0

    def look(self) -> None:
        if self._look_due and self.on_look is not None:
            self._look_due = False
            self.on_look()

    def _moved(self, count: int) -> None:
        self.touch()
        with self._count_lock:
            self.bytes_done += count
            due = self.on_bytes is not None and self.on_bytes(count) and not self._look_due
            self._look_due = self._look_due or due
        if due:
            self.wake()

    def _register(self, register: Callable[..., None], buffer: Any, *arguments: Any) -> None:
        """Hand a buffer to the library; raises GlobusError if it wants no more."""
        with self._count_lock:
            self._in_flight += 1
        try:
            register(self.handle, *arguments, self._on_data, buffer)
        except GlobusError:
            with self._count_lock:
                self._in_flight -= 1
            raise

    def _on_data(
        self,
        buffer: Any,
        _handle: object,
        error: GlobusError | None,
        _data: object,
        length: int,
        offset: int,
        eof: bool,
    ) -> None:
        with self._count_lock:
            self._in_flight -= 1
            self._ending = self._ending or eof
        try:
            self._done_with(buffer, length if error is None else 0, offset)
            if self._cancelled:
                self._drained()
            elif error is None and not eof:
                self._go_on_with(buffer)
        except BaseException as failure:  # noqa: BLE001 - raised in the waiter
            self.fail(failure)

    def _send_abort(self) -> None:
        # Not while blocks move, or while the transfer is about to end: the library's abort is lost or ends the process
        # if it meets a block that comes back.
        if self._in_flight or self._ending:
            call_soon(super()._send_abort, DRAIN_SECONDS)
        else:
            super()._send_abort()

    def _drained(self) -> None:
        """A block came back that is not to be followed by others."""
        if not self._in_flight and not self._ending:
            call_soon(super()._send_abort, SETTLE_SECONDS)

    def heard(self, url: str | None, reply: Reply) -> None:
        super().heard(url, reply)
        if reply.code < 200:
            self.under_way = True
        elif self.under_way and self.refusal is reply:
            # The library may wait for ever: for a block with the end-of-file mark, while it takes no more blocks; or for
            # a block that it lost when it tore down the data connections.
            call_soon(self._end_stuck, REFUSED_SECONDS)

    def _end_stuck(self) -> None:
        if not self.done():
            self.fail(StuckTransfer("the server ended the transfer, and did not say why"))

    def _done_with(self, buffer: Any, length: int, offset: int) -> None:
        """`length` bytes of the buffer have moved."""
        raise NotImplementedError

    def _go_on_with(self, buffer: Any) -> bool:
        """Use the buffer for what comes next; False if there is nothing."""
        raise NotImplementedError


class Download(Transfer):
    """A transfer from the server into a :class:`.ends.Sink`."""

    def __init__(self, handle: Any, start: Start, sink: Sink, **limits: Any) -> None:
        super().__init__(handle, start, **limits)
        self._sink = sink

    def begin(self) -> None:
        super().begin()
        for buffer in self._sink.buffers():
            self._go_on_with(buffer)

    def _done_with(self, buffer: Any, length: int, offset: int) -> None:
        if length:
            self._sink.write(buffer, length, offset)
        self._moved(length)

    def _go_on_with(self, buffer: Any) -> bool:
        with self._order_lock:
            following = None if self._cancelled else self._sink.next(buffer)
            if following is None:
                return False
            try:
                self._register(ftp_client.globus_ftp_client_register_read, following, following)
            except GlobusError:
                # The transfer is ending, for better or worse: the completion callback will tell.
                return False
        return True

    def _drop_ends(self) -> None:
        vars(self).pop("_sink", None)  # may be called twice


class Upload(Transfer):
    """A transfer from a :class:`.ends.Source` to the server.

    The last block goes alone, after all others have come back: the library aborts the process if extended block mode
    fails with the end-of-file mark on its way and a data connection still being made.
    """

    def __init__(self, handle: Any, start: Start, source: Source, **limits: Any) -> None:
        super().__init__(handle, start, **limits)
        self._source: Source | None = source
        self._last: tuple[Any, Block] | None = None
        self._refused: GlobusError | None = None

    def begin(self) -> None:
        super().begin()
        call_soon(self._send_first)  # the source may take its time, and the caller watches the clock

    def _send_first(self) -> None:
        source = self._source
        try:
            for buffer in source.buffers() if source else ():
                if not self._go_on_with(buffer):
                    break
        except BaseException as failure:  # noqa: BLE001 - raised in the waiter
            self.fail(failure)

    def _done_with(self, buffer: Any, length: int, offset: int) -> None:
        self._moved(length)

    def _go_on_with(self, buffer: Any) -> bool:
        with self._order_lock:
            source = None if self._last or self._cancelled else self._source
            block = source.read(buffer) if source else None
            if block is not None and block.eof:
                self._last = (buffer, block)
            if self._last is not None:
                if self._in_flight or self._cancelled:
                    return False
                (buffer, block), self._last = self._last, None
                self._ending = True
            if block is None:
                return False
            try:
                self._register(
                    ftp_client.globus_ftp_client_register_write, buffer, block.data, block.offset, block.eof
                )
            except GlobusError as error:
                # The server has closed the data connection. It is about to say why, if it has not already: an abort would
                # be ahead of that. Without the block with the end-of-file mark the library does not end by itself.
                self._refused = error
                call_soon(self._end_stuck, SILENT_SECONDS)
                return False
        return not block.eof

    def collect(self, error: BaseException | None) -> int:
        if error is None and self._refused is not None:
            raise self._refused
        return super().collect(error)

    def _drop_ends(self) -> None:
        self._source = None
