"""Transform drivers in Python: what those of the package have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from globus_lowlevel import GlobusError, xio

__all__ = ["Transform", "trimmed"]


class Transform:
    """The functions of a driver that opens and closes what is below it. Subclasses read and write."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.handle = xio.globus_xio_driver_init(self.name, self)
        xio.globus_xio_driver_set_transform(
            self.handle, self.open, self.close, self.read, self.write, None, self.push
        )

    def push(self, driver: Any, stack: Any) -> None:
        xio.globus_xio_stack_push_driver(stack, driver)

    def connection(self, _attr: Any) -> Any:
        """What the other functions get of an open handle."""
        return self

    def open(self, contact: Any, _link: Any, attr: Any, operation: Any) -> None:
        connection = self.connection(attr)
        try:
            xio.globus_xio_driver_pass_open(operation, contact, self._opened, connection)
        except GlobusError as error:  # such as that it was canceled meanwhile
            self._opened(operation, error, connection)

    def _opened(self, operation: Any, error: Any, connection: Any) -> None:
        xio.globus_xio_driver_finished_open(None if error else connection, operation, error)

    def close(self, _connection: Any, _attr: Any, operation: Any) -> None:
        try:
            xio.globus_xio_driver_pass_close(operation, self._closed, None)
        except GlobusError as error:
            self._closed(operation, error, None)

    def _closed(self, operation: Any, error: Any, _: object) -> None:
        xio.globus_xio_driver_finished_close(operation, error)

    def read(self, connection: Any, buffers: list[memoryview], count: int, operation: Any) -> None:
        raise NotImplementedError

    def write(self, connection: Any, buffers: list[Any], count: int, operation: Any) -> None:
        raise NotImplementedError


def trimmed(buffers: list[Any], count: int) -> list[memoryview]:
    """The first bytes of them."""
    found = []
    for buffer in buffers:
        view = memoryview(buffer)[:count]
        if view.nbytes:
            found.append(view)
        count -= view.nbytes
    return found
