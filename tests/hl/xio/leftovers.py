"""What connections leave behind in this process: nothing."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from typing import TYPE_CHECKING

import pytest

import globus_lowlevel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def there() -> dict[str, int]:
    """Descriptors, threads, and objects of the low level."""
    gc.collect()
    globus_lowlevel.reap()
    live = {kind: count for kind, count in globus_lowlevel.live().items() if kind != "called"}
    return live | {"descriptors": len(os.listdir("/proc/self/fd")), "threads": threading.active_count()}


@contextlib.contextmanager
def leaving_nothing(wait_until: Callable[..., None]) -> Iterator[None]:
    before = there()
    more: dict[str, tuple[int, int]] = {}

    def nothing() -> bool:
        more.clear()
        more.update({kind: (before[kind], count) for kind, count in there().items() if count > before[kind]})
        return not more

    yield
    try:
        wait_until(nothing)
    except AssertionError:
        pytest.fail(f"left behind (before, now): {more}")
