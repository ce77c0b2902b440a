"""Objects that strike back: they do something, raise or lie when the binding looks at them, or when C calls them."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any


class Oops(Exception):
    """What callbacks and conversions raise here."""


class Saboteur:
    """Any value, which does something when it is looked at."""

    def __init__(self, value: Any, deed: Callable[[], Any]) -> None:
        self.value, self.deed = value, deed

    def answer(self) -> Any:
        self.deed()
        return self.value

    def __index__(self) -> int:
        return int(self.answer())

    def __float__(self) -> float:
        return float(self.answer())

    def __bool__(self) -> bool:
        return bool(self.answer())

    def __fspath__(self) -> Any:
        return self.answer()

    def __len__(self) -> int:
        return len(self.answer())

    def __getitem__(self, index: int) -> Any:
        return self.answer()[index]

    def __hash__(self) -> int:
        return hash(self.answer())

    def __eq__(self, other: object) -> bool:
        return bool(self.answer() == other)


class Liar(list[Any]):
    """A sequence that is not as long as it says."""

    def __init__(self, claimed: int, *items: Any) -> None:
        super().__init__(items)
        self.claimed = claimed

    def __len__(self) -> int:
        return self.claimed


def raise_oops(*_: Any) -> Any:
    raise Oops("no")


def raise_exit(*_: Any) -> Any:
    raise SystemExit(7)


def accept(*_: Any) -> None:
    """A callback that wants nothing."""


def answer_nonsense(*_: Any) -> Any:
    return object()


def answer_much(*_: Any) -> Any:
    return 2**70


def answer_zero(*_: Any) -> Any:
    return 0


def wrong_count(only: Any) -> None:
    """A callback that takes another number of arguments than it gets."""


def keep_arguments(*arguments: Any) -> None:
    KEPT[:] = arguments


KEPT: list[Any] = []
CALLBACKS = [
    accept,
    accept,
    raise_oops,
    raise_exit,
    answer_nonsense,
    answer_much,
    answer_zero,
    wrong_count,
    keep_arguments,
    int,
]


MAP_NORESERVE = 0x4000  # in mmap since Python 3.12


def huge() -> mmap.mmap:
    """More than 4 GiB of zeros that take no memory as long as they are only read."""
    return mmap.mmap(-1, 2**32 + 4097, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)


def show(value: Any) -> str:
    if isinstance(value, Saboteur):
        return f"Saboteur({show(value.value)})"
    if isinstance(value, Liar):
        return f"Liar({value.claimed})"
    try:
        text = repr(value[:40] if isinstance(value, (str, bytes, bytearray, list)) else value)
    except Exception as error:
        text = f"{type(value)}: {error}"
    return text if len(text) < 160 else f"{text[:160]}..."
