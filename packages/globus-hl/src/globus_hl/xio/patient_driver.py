"""A driver on udt that can be told to stop waiting.

GCT's driver udt (``globus_xio_udt_ref.cpp``) waits inside calls of UDT, which nobody can end: a handle whose peer is
silent could not be closed. With a time-out UDT lets go from time to time, and this driver begins again, unless the
operation was canceled meanwhile. All of that driver's errors have the type of the end of the data; here they are told
apart.
"""

from __future__ import annotations

import errno
import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, common, xio

from .._runtime.library import call_soon
from .faults import is_end_of_file
from .transform import Transform

if TYPE_CHECKING:
    from .attributes import Attributes

__all__ = ["let_go_from_time_to_time", "patient_driver"]

PATIENCE = 0.1
"""Seconds that UDT waits at once: closing takes as long."""

_FILE = "globus_xio_udt_ref.cpp"
_LET_GO, _END = "Non-blocking call failure", "An end of file occurred"
_OPENING = {"connection time out": errno.ETIMEDOUT, "rejected": errno.ECONNREFUSED}


def let_go_from_time_to_time(attributes: Attributes) -> None:
    """Let UDT wait for `PATIENCE` at once, if nobody has said how long."""
    for name in ("receive_timeout", "send_timeout"):
        if attributes.kept(f"udt.{name}") is None:
            setattr(attributes.udt, name, int(1000 * PATIENCE))


class Patient(Transform):
    """The functions of the driver."""

    name = "patient"

    def _opened(self, operation: Any, error: Any, connection: Any) -> None:
        if error:
            text = _text(error)
            number = next((number for words, number in _OPENING.items() if words in text), None)
            error = error if number is None else _failure(number)
        super()._opened(operation, error, connection)

    def read(self, _connection: object, buffers: list[memoryview], _count: int, operation: Any) -> None:
        # UDT fills the first one alone; the library asks again for what is missing
        buffers = [buffer for buffer in buffers if memoryview(buffer).nbytes][:1]

        def done(operation: Any, error: Any, length: int, began: float) -> None:
            text = _text(error) if error else ""
            if not error or length:
                xio.globus_xio_driver_finished_read(operation, None, length)
            elif text.startswith(_LET_GO):
                _again(lambda: read(operation), began)
            elif not text and is_end_of_file(error):
                read(operation)  # it is the library's own, of a read that followed one of those
            elif text and text != _END:
                xio.globus_xio_driver_finished_read(operation, _failure(errno.ECONNRESET), 0)
            else:
                xio.globus_xio_driver_finished_read(operation, error, 0)

        def read(operation: Any) -> None:
            try:
                xio.globus_xio_driver_pass_read(operation, buffers, 1, done, time.monotonic())
            except GlobusError as error:  # such as that it was canceled meanwhile
                xio.globus_xio_driver_finished_read(operation, error, 0)

        if buffers:
            read(operation)
        else:
            xio.globus_xio_driver_finished_read(operation, None, 0)

    def write(self, _connection: object, buffers: list[Any], _count: int, operation: Any) -> None:
        buffers = [buffer for buffer in buffers if memoryview(buffer).nbytes][:1]

        def done(operation: Any, error: Any, length: int, began: float) -> None:
            if not error or length:
                xio.globus_xio_driver_finished_write(operation, None, length)
            elif not _text(error):
                xio.globus_xio_driver_finished_write(operation, error, 0)
            elif time.monotonic() - began > PATIENCE / 2:
                write(
                    operation
                )  # the error does not say that the time was over; if another, it comes at once
            else:
                xio.globus_xio_driver_finished_write(operation, _failure(errno.ECONNRESET), 0)

        def write(operation: Any) -> None:
            try:
                xio.globus_xio_driver_pass_write(operation, buffers, 1, done, time.monotonic())
            except GlobusError as error:
                xio.globus_xio_driver_finished_write(operation, error, 0)

        if buffers:
            write(operation)
        else:
            xio.globus_xio_driver_finished_write(operation, None, 0)


def _again(call: Callable[[], None], began: float) -> None:
    if time.monotonic() - began > PATIENCE / 2:
        call()
    else:  # somebody wants UDT not to wait at all
        call_soon(call, PATIENCE)


def _text(error: GlobusError) -> str:
    """What the driver udt says; "": it is another's error."""
    return next((cause.message for cause in error.chain if cause.file == _FILE), "")


def _failure(number: int) -> GlobusError:
    found: Any = common.globus_error_construct_errno_error(xio.GLOBUS_XIO_MODULE, None, number)
    error: Any = common.globus_error_put(found)
    assert isinstance(error, GlobusError)  # noqa: S101 - it was an error
    return error


@functools.cache
def patient_driver() -> Patient:
    """The one of this process."""
    return Patient()
