"""A driver between tcp and gsi that reads what gsi waits for, and no byte more.

By itself, gsi reads as much as there is. What came after the last message of the handshake would be in the driver then,
where nobody but the driver's own reading finds it; with this one it is still in the socket.
"""

from __future__ import annotations

import functools
from typing import Any

from globus_lowlevel import GlobusError, xio

from .drivers import Driver
from .transform import Transform, trimmed

__all__ = ["exact_stack"]


class Exact(Transform):
    """The functions of the driver."""

    name = "exact"

    def read(self, _connection: object, buffers: list[memoryview], _count: int, operation: Any) -> None:
        wanted = max(1, xio.globus_xio_operation_get_wait_for(operation))
        try:
            xio.globus_xio_driver_pass_read(operation, trimmed(buffers, wanted), wanted, self._read, None)
        except GlobusError as error:
            self._read(operation, error, 0, None)

    def _read(self, operation: Any, error: Any, length: int, _: object) -> None:
        xio.globus_xio_driver_finished_read(operation, error, length)

    def write(self, _connection: object, buffers: list[Any], _count: int, operation: Any) -> None:
        wanted = xio.globus_xio_operation_get_wait_for(operation)
        try:
            xio.globus_xio_driver_pass_write(operation, buffers, wanted, self._written, None)
        except GlobusError as error:
            self._written(operation, error, 0, None)

    def _written(self, operation: Any, error: Any, length: int, _: object) -> None:
        xio.globus_xio_driver_finished_write(operation, error, length)


@functools.cache
def exact_stack() -> Any:
    """The low level's stack of tcp and gsi with this driver in between."""
    stack = xio.globus_xio_stack_init(None)
    for driver in (Driver("tcp").handle, Exact().handle, Driver("gsi").handle):
        xio.globus_xio_stack_push_driver(stack, driver)
    return stack
