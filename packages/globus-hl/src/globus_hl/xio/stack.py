"""Stacks of drivers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from globus_lowlevel import GlobusError, xio

from .._runtime.library import activate
from .drivers import Driver
from .errors import StackError
from .faults import innermost

if TYPE_CHECKING:
    from .attributes import Attributes

__all__ = ["Stack", "StackLike", "transport_of"]

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?i?)B?(?:/s)?", re.IGNORECASE)
_FACTORS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class Stack:
    """Drivers, the transport first: what is written goes through the last one first. Immutable.

    Args:
        drivers: names or `Driver` objects; or text: names with commas between, each with options of its driver after a
            colon, ``name=value;name=value`` as the driver's documentation has them. ``rate:10MB/s`` is a shorter way of
            saying ``rate:rate=10000000``.

    Raises:
        StackError: it is empty, or begins with no transport, or has one further up; or an option's value is none.
        DriverNotFoundError: as it says.

    >>> Stack("tcp,gsi").names
    ('tcp', 'gsi')
    >>> Stack(["tcp", "gsi"]) == Stack("tcp, gsi")
    True
    """

    __slots__ = ("drivers", "handle", "options")

    drivers: tuple[Driver, ...]
    options: tuple[tuple[str, str], ...]
    """Options of the text: name of the driver, and what `Options.parse` takes."""
    handle: Any
    """The low level's ``globus_xio_stack_t``."""

    def __init__(self, drivers: StackLike) -> None:
        if isinstance(drivers, Stack):
            self._fill(drivers.drivers, drivers.options, drivers.handle)
            return
        names: Iterable[Driver | str]
        if isinstance(drivers, str):
            names, options = _parse(drivers)
        else:
            names, options = drivers, []
        found = tuple(item if isinstance(item, Driver) else Driver(item) for item in names)
        self._fill(found, tuple(options), _make(found))

    def _fill(self, drivers: tuple[Driver, ...], options: tuple[tuple[str, str], ...], handle: Any) -> None:
        for field, value in (("drivers", drivers), ("options", options), ("handle", handle)):
            object.__setattr__(self, field, value)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the drivers, the transport first."""
        return tuple(driver.name for driver in self.drivers)

    @property
    def is_secure(self) -> bool:
        """Whether GSI is in it."""
        return "gsi" in self

    def apply(self, attributes: Attributes) -> None:
        """Set the options that the text has.

        Raises:
            StackError: a driver does not take an option.
        """
        spaces = attributes.spaces()
        for name, text in self.options:
            if name not in spaces:
                raise StackError(f"the driver {name} has no options")
            if name == "rate":
                _apply_rate(attributes, text)
            else:
                getattr(attributes, name).parse(text)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[Driver]:
        return iter(self.drivers)

    def __len__(self) -> int:
        return len(self.drivers)

    def __setattr__(self, field: str, value: object) -> None:
        raise AttributeError("a Stack does not change")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stack):
            return NotImplemented
        return (self.names, self.options) == (other.names, other.options)

    def __hash__(self) -> int:
        return hash((self.names, self.options))

    def __str__(self) -> str:
        options = dict(self.options)
        return ",".join(f"{name}:{options[name]}" if name in options else name for name in self.names)

    def __repr__(self) -> str:
        return f"Stack({str(self)!r})"

    def __reduce__(self) -> tuple[type[Stack], tuple[str]]:
        return Stack, (str(self),)


StackLike: TypeAlias = "Stack | str | Iterable[Driver | str]"
"""What stands for a stack: one, its text, or its drivers."""


def transport_of(drivers: StackLike) -> str:
    """Name of a stack's first driver, without making it; what can be looked through once is taken to stand on tcp."""
    if isinstance(drivers, Stack):
        return drivers.names[0]
    if isinstance(drivers, str):
        return drivers.partition(",")[0].partition(":")[0].strip()
    if isinstance(drivers, Sequence) and drivers:
        return drivers[0] if isinstance(drivers[0], str) else drivers[0].name
    return "tcp"


def _parse(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    names, options = [], []
    for part in text.split(","):
        name, colon, given = (piece.strip() for piece in part.partition(":"))
        if not name:
            raise StackError(f"{text!r} is no stack: a driver has no name")
        names.append(name)
        if colon and given:
            options.append((name, given))
    return names, options


def _make(drivers: tuple[Driver, ...]) -> Any:
    if not drivers:
        raise StackError("a stack needs a driver")
    if not drivers[0].is_transport:
        raise StackError(f"a stack begins with what moves data, such as tcp, not with {drivers[0].name}")
    above = next((driver.name for driver in drivers[1:] if driver.is_transport), None)
    if above is not None:
        raise StackError(f"{above} moves data itself: it cannot stand on {drivers[0].name}")
    activate(xio, "GLOBUS_XIO_MODULE")
    handle = xio.globus_xio_stack_init(None)
    for driver in drivers:
        try:
            xio.globus_xio_stack_push_driver(handle, driver.handle)
        except GlobusError as error:
            raise StackError(f"{driver.name} does not fit there: {innermost(error)}") from error
        if driver.name == "udt":
            from .patient_driver import patient_driver

            xio.globus_xio_stack_push_driver(handle, patient_driver().handle)
    return handle


def _apply_rate(attributes: Attributes, text: str) -> None:
    """A rate alone, or the options of the driver, whose names are those of `RateOptions`."""
    for part in text.split(";"):
        name, equals, value = part.rpartition("=")
        name = name.strip() or "rate"
        if equals and name not in dir(attributes.rate):
            raise StackError(f"the driver rate has no option {name}")
        setattr(attributes.rate, name, _size(value.strip()))


def _size(text: str) -> int:
    found = _RATE.fullmatch(text)
    size = 0
    if found is not None:
        number, unit = found.groups()
        base = 1024 if unit.lower().endswith("i") else 1000
        size = int(float(number) * base ** _FACTORS[unit.lower().rstrip("i")])
    if size <= 0:
        raise StackError(f"{text!r} is no rate: write 10MB/s, 512KiB/s or a number of bytes a second")
    return size
