"""Handles and servers that are being closed: XIO frees them, also under a call that another thread has begun.

A call that may meet the closing of its handle is made :func:`before_the_end` of it. Whoever closes one says so to
:func:`ends` first, which waits for such calls. They are short: they cancel, or ask for what a callback will tell.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterator
from typing import Any

__all__ = ["before_the_end", "ends"]

_lock = threading.RLock()
_ending: weakref.WeakSet[Any] = weakref.WeakSet()


@contextlib.contextmanager
def before_the_end(handle: Any) -> Iterator[bool]:
    """Whether `handle` is not being closed; then it is not closed inside the block, either."""
    with _lock:
        yield handle not in _ending


def ends(handle: Any) -> None:
    """`handle` is about to be closed."""
    with _lock:
        _ending.add(handle)
