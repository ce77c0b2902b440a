"""How a control command becomes a property."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, Self, TypeVar, overload

from globus_lowlevel import GlobusError, xio, xio_drivers

from ..drivers import Driver
from ..errors import StackError
from ..faults import innermost

__all__ = ["ANY_DRIVER", "Kind", "Option", "Options", "Target", "command", "refusal"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

PREFIX = "GLOBUS_XIO_"
ANY_DRIVER: Final = "any driver"
"""In place of a driver: whichever answers first, from the top of the stack down (``GLOBUS_XIO_QUERY``)."""
PLACES = {
    "attr": "Attributes",
    "handle": "an open handle",
    "server": "a server",
    "dd": "a data descriptor",
}


class Target(Protocol):
    """What takes commands."""

    place: ClassVar[str]
    """One of `PLACES`."""

    def control(self, driver: Driver | Literal["any driver"] | None, number: int, *arguments: Any) -> Any:
        """Give a command to a driver, to `ANY_DRIVER`, or to the framework (None)."""

    def keep(self, key: str, value: object) -> None:
        """Keep what C refers to."""

    def kept(self, key: str) -> Any:
        """What was kept, or None."""


class Kind(Generic[T]):
    """What an option is in Python, and in C.

    Args:
        name: of the type, for messages and documentation.
        to_c: makes the arguments of the command; raises TypeError or ValueError.
        from_c: makes the value of what the command returns.
    """

    def __init__(self, name: str, to_c: Callable[[Any], tuple[Any, ...]], from_c: Callable[[Any], T]) -> None:
        self.name = name
        self.to_c = to_c
        self.from_c = from_c


class Options:
    """The commands of one driver, for one object that takes them."""

    driver: ClassVar[str | None]
    """Its name; None: the framework."""
    constants: ClassVar[ModuleType] = xio_drivers
    """Module of the low level that has its commands."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def _control(self, name: str, *arguments: Any, constants: ModuleType | None = None) -> Any:
        driver = None if self.driver is None else Driver(self.driver)
        try:
            return self._target.control(
                driver, int(getattr(constants or self.constants, PREFIX + name)), *arguments
            )
        except GlobusError as error:
            raise refusal(self.driver or "XIO", name, error) from error

    @classmethod
    def commands(cls) -> dict[str, tuple[str, ...]]:
        """The C commands, without ``GLOBUS_XIO_``, and where each may be given."""
        found: dict[str, tuple[str, ...]] = {}
        for member in (member for kind in cls.__mro__ for member in vars(kind).values()):
            found |= getattr(member, "c_commands", {})
        return found

    def parse(self, text: str) -> None:
        """Set options from text, as the driver reads it: ``"nodelay=true;sndbuf=65536"``.

        On Attributes, an open handle (GLOBUS_XIO_SET_STRING_OPTIONS).

        Raises:
            StackError: the driver takes no such option, or none at all.
        """
        self._control("SET_STRING_OPTIONS", text, constants=xio)

    def text(self) -> str:
        """The options as text, where the driver tells them.

        On Attributes, an open handle (GLOBUS_XIO_GET_STRING_OPTIONS).
        """
        text: str = self._control("GET_STRING_OPTIONS", constants=xio)
        return text

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_"))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._target!r}>"


def refusal(driver: str, name: str, error: GlobusError) -> StackError:
    """The error for a command that the driver does not take."""
    return StackError(f"{driver}: {name} is refused: {innermost(error)}")


class Option(Generic[T]):
    """A command that sets a value, one that gets it, or both.

    Args:
        kind: of the value.
        name: of the command, without ``GLOBUS_XIO_``; ``*`` stands for both SET and GET. One without either sets.
        doc: for people.
        on: where it may be given, of `PLACES`.
        set_on: where it may be set, if that is not everywhere.
        keep: whether C refers to the value, which then has to live as long as what it was set on; reading gives it back.
        ask: whether C may be asked for what was not set; if not, that is None.
    """

    def __init__(
        self,
        kind: Kind[T],
        name: str,
        doc: str,
        *,
        on: str = "attr",
        set_on: str | None = None,
        keep: bool = False,
        ask: bool = True,
    ) -> None:
        both = "*" in name
        self.getter = name.replace("*", "GET") if both or "_GET_" in name or name.startswith("GET_") else None
        self.setter = name.replace("*", "SET") if both or self.getter is None else None
        self.kind = kind
        self.on = tuple(on.split())
        self.set_on = self.on if set_on is None else tuple(set_on.split())
        self.keep = keep
        self.ask = ask
        self.__doc__ = f"{doc}\n\n{kind.name}; {self._access()}."

    def _access(self) -> str:
        reads = ", ".join(PLACES[place] for place in self.on)
        sets = ", ".join(PLACES[place] for place in self.set_on)
        if self.getter is None:
            return f"write only, on {sets} ({PREFIX}{self.setter})"
        if self.setter is None:
            return f"read only, on {reads} ({PREFIX}{self.getter})"
        where = f"on {reads}" if reads == sets else f"read on {reads}, set on {sets}"
        return f"{where} ({PREFIX}{self.setter}, {PREFIX}{self.getter})"

    @property
    def c_commands(self) -> dict[str, tuple[str, ...]]:
        """See `Options.commands`."""
        named = ((self.getter, self.on), (self.setter, self.set_on))
        return {name: places for name, places in named if name is not None}

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, options: None, owner: type) -> Self: ...
    @overload
    def __get__(self, options: Options, owner: type) -> T: ...
    def __get__(self, options: Options | None, owner: type) -> T | Self:
        if options is None:
            return self
        if self.getter is None:
            raise AttributeError(f"{self._label(options)} can be set, but the driver does not tell it")
        self._check(options, self.on, "read")
        if self.keep and (value := options._target.kept(self._label(options))) is not None:  # noqa: SLF001
            kept: T = value
            return kept
        if not self.ask:
            return self.kind.from_c(None)
        return self.kind.from_c(options._control(self.getter))  # noqa: SLF001

    def __set__(self, options: Options, value: T) -> None:
        if self.setter is None:
            raise AttributeError(f"{self._label(options)} can only be read")
        self._check(options, self.set_on, "set")
        try:
            arguments = self.kind.to_c(value)
        except TypeError as error:
            raise TypeError(f"{self._label(options)} is {self.kind.name}: {error}") from None
        except ValueError as error:
            raise ValueError(f"{self._label(options)} is {self.kind.name}: {error}") from None
        options._control(self.setter, *arguments)  # noqa: SLF001
        options._target.keep(self._label(options), value)  # noqa: SLF001

    def _label(self, options: Options) -> str:
        return f"{options.driver or 'framework'}.{self.name}"

    def _check(self, options: Options, places: Sequence[str], verb: str) -> None:
        if options._target.place not in places:  # noqa: SLF001
            where = " or ".join(PLACES[place] for place in places)
            raise AttributeError(f"{self._label(options)} is {verb} on {where}")


def command(name: str, on: str = "handle") -> Callable[[F], F]:
    """Marks a method of `Options` as that of a command with several arguments, or with none."""

    def mark(method: F) -> F:
        method.c_commands = {name: tuple(on.split())}  # type: ignore[attr-defined]
        method.__doc__ = (
            f"{method.__doc__}\n\nOn {', '.join(PLACES[p] for p in on.split())} ({PREFIX}{name})."
        )
        return method

    return mark
