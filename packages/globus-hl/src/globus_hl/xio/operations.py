"""Operations on a handle of XIO, as completions: open, read, write, close; and accepting.

XIO allows several reads and writes on a handle at once; who wants an order awaits one before beginning the next.
"""

from __future__ import annotations

import contextlib
from typing import Any

from globus_lowlevel import GlobusError, xio

from .._runtime.completion import Operation
from .._runtime.library import call_soon
from ..errors import ClosedError
from .ending import before_the_end, ends
from .faults import is_end_of_file

__all__ = ["Accept", "Close", "CloseServer", "Open", "Read", "ReadVector", "Write", "WriteVector"]


class _HandleOperation(Operation[int]):
    """An operation of one handle. The result is a number of bytes.

    Args:
        handle: the ``globus_xio_handle_t``.
        limits: keyword arguments of :class:`Operation`.
    """

    _cancel_mask: int

    def __init__(self, handle: Any, **limits: Any) -> None:
        super().__init__(**limits)
        self.handle = handle
        self._count = 0

    def abort(self) -> None:
        # Refused only if the operation is ending by itself at this moment; its callback comes in any case.
        with before_the_end(self.handle) as open_still, contextlib.suppress(GlobusError, ValueError):
            if open_still:  # closing ends it, too
                xio.globus_xio_handle_cancel_operations(self.handle, self._cancel_mask)

    def collect(self, error: BaseException | None) -> int:
        if error is not None:
            raise error
        return self._count

    def _done(self, _handle: object, error: BaseException | None, _arg: object) -> None:
        self.finish(error)

    def _moved(
        self,
        _handle: object,
        error: BaseException | None,
        _buffer: object,
        _length: int,
        count: int,
        _descriptor: object,
        _arg: object,
    ) -> None:
        self._count = count
        self.touch()
        self.finish(error)


class Open(_HandleOperation):
    """Connect, or open: ``globus_xio_register_open``. A handle whose opening failed is closed by XIO itself.

    Args:
        contact: where to: ``host:port``, a path or a URL, as the drivers of the stack want it; None: it was accepted.
        attributes: a ``globus_xio_attr_t``, or None.
    """

    opens = True
    _cancel_mask = xio.GLOBUS_XIO_CANCEL_OPEN

    def __init__(self, handle: Any, contact: str | None, attributes: Any = None, **limits: Any) -> None:
        super().__init__(handle, **limits)
        self._contact = contact
        self._attributes = attributes

    def begin(self) -> None:
        xio.globus_xio_register_open(self.handle, self._contact, self._attributes, self._done, None)


class Read(_HandleOperation):
    """Read into a buffer: ``globus_xio_register_read``.

    The end of the data is an error of the type ``GLOBUS_XIO_ERROR_EOF``; `count` tells how much came before it.

    Args:
        buffer: a writable one; locked until the operation is over.
        minimum: bytes to wait for.
    """

    _cancel_mask = xio.GLOBUS_XIO_CANCEL_READ

    settle = 0.0
    """Seconds until the end of the data is told. A read that follows one that ended so, while the library still tells it,
    may end at once, or end the process (an assertion in ``globus_xio_pass.c``): who reads on after a seek sets this."""

    def __init__(
        self, handle: Any, buffer: Any, minimum: int = 1, descriptor: Any = None, **limits: Any
    ) -> None:
        super().__init__(handle, **limits)
        self._buffer = buffer
        self._minimum = minimum
        self._descriptor = descriptor

    @property
    def count(self) -> int:
        """Bytes that were read, whatever the outcome."""
        return self._count

    def _moved(self, handle: object, error: BaseException | None, *rest: Any) -> None:
        if self.settle and isinstance(error, GlobusError) and is_end_of_file(error):
            call_soon(lambda: super(Read, self)._moved(handle, error, *rest), self.settle)
        else:
            super()._moved(handle, error, *rest)

    def begin(self) -> None:
        xio.globus_xio_register_read(
            self.handle, self._buffer, self._minimum, self._descriptor, self._moved, None
        )


class ReadVector(Read):
    """Read into several buffers, one after the other: ``globus_xio_register_readv``."""

    def begin(self) -> None:
        xio.globus_xio_register_readv(
            self.handle, self._buffer, self._minimum, self._descriptor, self._moved, None
        )


class Write(_HandleOperation):
    """Write all of a buffer: ``globus_xio_register_write``.

    Args:
        data: any bytes-like object; locked until the operation is over.
        minimum: bytes to wait for; default: all.
    """

    _cancel_mask = xio.GLOBUS_XIO_CANCEL_WRITE

    def __init__(
        self, handle: Any, data: Any, minimum: int | None = None, descriptor: Any = None, **limits: Any
    ) -> None:
        super().__init__(handle, **limits)
        self._data = data
        self._minimum = self._length(data) if minimum is None else minimum
        self._descriptor = descriptor

    @property
    def count(self) -> int:
        """Bytes that were written, as far as the drivers tell, whatever the outcome."""
        return self._count

    @staticmethod
    def _length(data: Any) -> int:
        return memoryview(data).nbytes

    def begin(self) -> None:
        xio.globus_xio_register_write(
            self.handle, self._data, self._minimum, self._descriptor, self._moved, None
        )


class WriteVector(Write):
    """Write several buffers, one after the other, without joining them: ``globus_xio_register_writev``."""

    @staticmethod
    def _length(data: Any) -> int:
        return sum(memoryview(part).nbytes for part in data)

    def begin(self) -> None:
        xio.globus_xio_register_writev(
            self.handle, self._data, self._minimum, self._descriptor, self._moved, None
        )


class Close(_HandleOperation):
    """Close and destroy the handle: ``globus_xio_register_close``. It waits for operations that are under way."""

    _cancel_mask = xio.GLOBUS_XIO_CANCEL_CLOSE

    def begin(self) -> None:
        ends(self.handle)
        xio.globus_xio_register_close(self.handle, None, self._done, None)

    def abort(self) -> None:
        with contextlib.suppress(GlobusError, ValueError):
            xio.globus_xio_handle_cancel_operations(self.handle, self._cancel_mask)


class Accept(Operation[Any]):
    """Wait for a connection: ``globus_xio_server_register_accept``. The result is a handle that is still to be opened.

    Args:
        server: the ``globus_xio_server_t``.
    """

    opens = True

    def __init__(self, server: Any, **limits: Any) -> None:
        super().__init__(**limits)
        self.server = server
        self._accepted: Any = None

    def begin(self) -> None:
        with before_the_end(self.server) as open_still:
            if not open_still:
                raise ClosedError("the server is closed")
            xio.globus_xio_server_register_accept(self.server, self._done, None)

    def abort(self) -> None:
        with before_the_end(self.server) as open_still, contextlib.suppress(GlobusError, ValueError):
            if open_still:  # closing ends it, too
                xio.globus_xio_server_cancel_accept(self.server)

    def collect(self, error: BaseException | None) -> Any:
        if error is not None:
            raise error
        return self._accepted

    def _done(self, _server: object, handle: Any, error: BaseException | None, _arg: object) -> None:
        self._accepted = handle
        self.finish(error)


class CloseServer(Operation[None]):
    """Stop listening, and end a call that accepts: ``globus_xio_server_register_close``. Nothing ends it early.

    Args:
        server: the ``globus_xio_server_t``.
    """

    def __init__(self, server: Any, **limits: Any) -> None:
        super().__init__(**limits)
        self.server = server

    def begin(self) -> None:
        ends(self.server)
        with contextlib.suppress(GlobusError):  # nobody accepts
            xio.globus_xio_server_cancel_accept(self.server)
        xio.globus_xio_server_register_close(self.server, self._done, None)

    def abort(self) -> None:
        """It goes on in the library."""

    def collect(self, error: BaseException | None) -> None:
        if error is not None:
            raise error

    def _done(self, _server: object, _arg: object) -> None:
        self.finish()
