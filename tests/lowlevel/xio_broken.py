"""Exceptions in the functions of XIO drivers, for tests."""

from __future__ import annotations

from typing import Any


class Broken(Exception):
    pass


def breaks(place: str) -> Any:
    def hook(*arguments: Any) -> None:
        raise Broken(place)

    return hook


def told(unraisable: list[BaseException]) -> list[str]:
    """The places that broke; what was made of them is told by others, too."""
    places = [str(error) for error in unraisable if isinstance(error, Broken)]
    unraisable.clear()
    return places
