"""Other numbers for a descriptor: XIO waits with select(), which takes those below 1024 alone."""

from __future__ import annotations

import errno
import fcntl
import os

from .._runtime.library import SELECTABLE

__all__ = ["FEW", "high_twin", "low_twin"]

FEW = 256
"""Descriptors up to which nobody leaves the low numbers to others."""


def high_twin(descriptor: int) -> int | None:
    """The same, with a number too high for select(); None: the system does not let us."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, SELECTABLE)
    except OSError:
        return None


def low_twin(descriptor: int) -> int:
    """The same, with a number that is low enough.

    Raises:
        OSError: (EMFILE) none is free.
    """
    number = os.dup(descriptor)
    if number < SELECTABLE:
        return number
    os.close(number)
    raise OSError(errno.EMFILE, f"XIO waits for descriptors below {SELECTABLE} alone, and none is free")
