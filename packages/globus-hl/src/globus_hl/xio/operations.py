"""Operations on a handle of XIO, as completions: open, read, write, close.

XIO allows several reads and writes on a handle at once; who wants an order awaits one before beginning the next.
"""

from __future__ import annotations

import contextlib
from typing import Any

from globus_lowlevel import GlobusError, xio

from .._runtime.completion import Operation

__all__ = ["Close", "Open", "Read", "Write"]


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
        with contextlib.suppress(GlobusError, ValueError):
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
        contact: where to: ``host:port``, a path or a URL, as the drivers of the stack want it.
        attributes: a ``globus_xio_attr_t``, or None.
    """

    _cancel_mask = xio.GLOBUS_XIO_CANCEL_OPEN

    def __init__(self, handle: Any, contact: str, attributes: Any = None, **limits: Any) -> None:
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

    def __init__(self, handle: Any, buffer: Any, minimum: int = 1, **limits: Any) -> None:
        super().__init__(handle, **limits)
        self._buffer = buffer
        self._minimum = minimum

    @property
    def count(self) -> int:
        """Bytes that were read, whatever the outcome."""
        return self._count

    def begin(self) -> None:
        xio.globus_xio_register_read(self.handle, self._buffer, self._minimum, None, self._moved, None)


class Write(_HandleOperation):
    """Write all of a buffer: ``globus_xio_register_write``.

    Args:
        data: any bytes-like object; locked until the operation is over.
    """

    _cancel_mask = xio.GLOBUS_XIO_CANCEL_WRITE

    def __init__(self, handle: Any, data: Any, **limits: Any) -> None:
        super().__init__(handle, **limits)
        self._data = data

    def begin(self) -> None:
        xio.globus_xio_register_write(
            self.handle, self._data, memoryview(self._data).nbytes, None, self._moved, None
        )


class Close(_HandleOperation):
    """Close and destroy the handle: ``globus_xio_register_close``. It waits for operations that are under way."""

    _cancel_mask = xio.GLOBUS_XIO_CANCEL_CLOSE

    def begin(self) -> None:
        xio.globus_xio_register_close(self.handle, None, self._done, None)
