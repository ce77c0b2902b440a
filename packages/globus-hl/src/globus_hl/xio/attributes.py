"""Attributes: what a connection, a listener or an operation is to be like."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from globus_lowlevel import xio

from .._runtime.library import activate
from .drivers import Driver
from .options import OptionSpaces
from .options.option import ANY_DRIVER

__all__ = ["Attributes", "Controlled", "DataDescriptor"]


class Controlled(OptionSpaces):
    """What takes control commands, with a property for each driver."""

    place: ClassVar[str]

    def __init__(self) -> None:
        self._kept: dict[str, object] = {}

    def control(self, driver: Driver | Literal["any driver"] | None, number: int, *arguments: Any) -> Any:
        """Give a command of the low level: driver (None: the framework), number, arguments as in C."""
        raise NotImplementedError

    def keep(self, key: str, value: object) -> None:
        """Keep what C refers to, and remember that it was set."""
        self._kept[key] = value

    def kept(self, key: str) -> Any:
        """What was set, or None."""
        return self._kept.get(key)


def driver_handle(driver: Driver | Literal["any driver"] | None) -> Any:
    """What the low level takes as a driver."""
    if driver is None:
        return None
    return xio.GLOBUS_XIO_QUERY if driver == ANY_DRIVER else driver.handle


class Attributes(Controlled):
    """Options of connections that are still to be made, and of listeners.

    Each driver has a property, which has its options::

        attributes = Attributes()
        attributes.tcp.nodelay = True
        attributes.file.mode = 0o600

    They hold for drivers that are in the stack; others are ignored. What is opened with them has a copy: changes
    afterwards do not reach it. Not for several threads at once.
    """

    place = "attr"

    def __init__(self) -> None:
        super().__init__()
        activate(xio, "GLOBUS_XIO_MODULE")
        self.handle: Any = xio.globus_xio_attr_init()
        """The low level's ``globus_xio_attr_t``."""

    def control(self, driver: Driver | Literal["any driver"] | None, number: int, *arguments: Any) -> Any:
        return xio.globus_xio_attr_cntl(self.handle, driver_handle(driver), number, *arguments)

    def copy(self) -> Self:
        """The same options, to be changed independently."""
        other = type(self).__new__(type(self))
        other._kept = dict(self._kept)  # noqa: SLF001 - of the same class
        other.handle = xio.globus_xio_attr_copy(self.handle)
        return other

    __copy__ = copy

    def __repr__(self) -> str:
        return f"<Attributes: {', '.join(self._kept) or 'defaults'}>"


class DataDescriptor(Controlled):
    """Options of one read or write, and what it tells about what came: ``handle.descriptor()`` makes one.

    ::

        descriptor = handle.descriptor()
        data = handle.read(65536, descriptor=descriptor)
        print(descriptor.udp.contact)           # who sent it

    It is good for one operation.
    """

    place = "dd"

    def __init__(self, handle: Any) -> None:
        super().__init__()
        self.handle: Any = xio.globus_xio_data_descriptor_init(handle)
        """The low level's ``globus_xio_data_descriptor_t``."""

    def control(self, driver: Driver | Literal["any driver"] | None, number: int, *arguments: Any) -> Any:
        return xio.globus_xio_data_descriptor_cntl(self.handle, driver_handle(driver), number, *arguments)

    def __repr__(self) -> str:
        return f"<DataDescriptor: {', '.join(self._kept) or 'defaults'}>"
