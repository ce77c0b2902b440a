"""The kinds of values that options have."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable
from typing import Any, TypeVar

from .option import Kind

__all__ = ["BOOL", "COUNT", "INT", "LINGER", "PATH", "RANGE", "SIZE", "TEXT", "TEXTS", "choice", "flags"]

E = TypeVar("E", bound=enum.IntEnum)
F = TypeVar("F", bound=enum.IntFlag)


def _bool(value: Any) -> tuple[bool]:
    if not isinstance(value, bool):
        raise TypeError(f"not {value!r}")
    return (value,)


def _int(value: Any) -> tuple[int]:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not {value!r}")
    return (value,)


def _count(value: Any) -> tuple[int]:
    (number,) = _int(value)
    if number < 0:
        raise ValueError(f"not {value!r}")
    return (number,)


def _text(value: Any) -> tuple[str]:
    if not isinstance(value, str):
        raise TypeError(f"not {value!r}")
    return (value,)


def _optional_text(value: Any) -> str | None:
    return None if value is None else _decoded(value)


def _decoded(value: Any) -> str:
    return os.fsdecode(value)


def _texts(value: Any) -> tuple[list[str]]:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise TypeError(f"not {value!r}")
    texts = [_text(item)[0] for item in value]
    return (texts,)


def _pair(value: Any) -> tuple[int, int]:
    try:
        low, high = value
    except (TypeError, ValueError):
        raise TypeError(f"not {value!r}") from None
    pair = _count(low)[0], _count(high)[0]
    if pair[0] > pair[1]:
        raise ValueError(f"not {value!r}")
    return pair


def _linger(value: Any) -> tuple[bool, int]:
    return (False, 0) if value is None else (True, _count(value)[0])


BOOL: Kind[bool] = Kind("a bool", _bool, bool)
INT: Kind[int] = Kind("an int", _int, int)
COUNT: Kind[int] = Kind("an int of at least 0", _count, int)
SIZE: Kind[int] = Kind("a number of bytes", _count, int)
TEXT: Kind[str | None] = Kind("a str; None if it is not set", _text, _optional_text)
PATH: Kind[str | None] = Kind("a path", lambda value: (os.fspath(value),), _optional_text)
TEXTS: Kind[list[str]] = Kind("a list of str", _texts, list)
RANGE: Kind[tuple[int, int]] = Kind("a pair of ints, the lower one first", _pair, tuple)
LINGER: Kind[int | None] = Kind(
    "a number of seconds; None: off", _linger, lambda pair: pair[1] if pair[0] else None
)


def choice(kind: type[E]) -> Kind[E]:
    """A value of an enumeration, or its name in lower case."""

    def to_c(value: Any) -> tuple[int]:
        if isinstance(value, str):
            try:
                return (int(kind[value.upper()]),)
            except KeyError:
                raise ValueError(f"not {value!r}") from None
        return (int(kind(value)),)

    names = ", ".join(repr(member.name.lower()) for member in kind)
    return Kind(f"a {kind.__name__} or its name ({names})", to_c, lambda value: kind(int(value)))


def flags(kind: type[F]) -> Kind[F]:
    """Flags of an enumeration."""
    return Kind(f"{kind.__name__} flags", lambda value: (int(kind(value)),), lambda value: kind(int(value)))
