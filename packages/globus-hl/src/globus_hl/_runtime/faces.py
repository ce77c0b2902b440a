"""The two faces of a core: a coroutine method of it as a blocking method of one client, an awaited one of another."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from .drivers import run_async, run_blocking

__all__ = ["awaited", "blocking"]

P = ParamSpec("P")
R = TypeVar("R")


class Face(Protocol):
    """A client: its methods are those of its core."""

    def _open_core(self) -> Any:
        """The core; an error if the client refuses calls before they reach it."""


def blocking(
    method_of_core: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Face, P], R]:
    """The blocking face of a method of the core."""

    @functools.wraps(method_of_core)
    def method(self: Face, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return run_blocking(method_of_core(self._open_core(), *args, **kwargs))

    return method


def awaited(
    method_of_core: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Face, P], Coroutine[Any, Any, R]]:
    """The asynchronous face of a method of the core."""

    @functools.wraps(method_of_core)
    async def method(self: Face, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await run_async(method_of_core(self._open_core(), *args, **kwargs))

    return method
