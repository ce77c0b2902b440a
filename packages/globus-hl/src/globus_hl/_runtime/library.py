"""The Globus libraries in this process: activation, and their own threads."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from types import ModuleType

from globus_lowlevel import common

__all__ = ["SELECTABLE", "Call", "about_to_block", "activate", "call_soon", "check_descriptors"]

SELECTABLE = 1024
"""The library waits with select(): a descriptor from this number on (FD_SETSIZE) ends the process."""
_SPARE = 32  # that one operation may need at most

_lock = threading.Lock()
_active: set[str] = set()
_scheduled: set[Call] = set()


def activate(module: ModuleType, descriptor: str) -> None:
    """Activate a module of the library, once in the life of the process.

    It is never deactivated: deactivation neither ends the threads of the library nor closes its drivers, and
    waits for operations that nobody wants any more.

    Args:
        module: a module of ``globus_lowlevel``.
        descriptor: name of its ``globus_module_descriptor_t``, such as ``"GLOBUS_FTP_CLIENT_MODULE"``.

    Raises:
        OSError: (EMFILE) too many descriptors are open.
    """
    if descriptor in _active:
        return
    with _lock:
        if descriptor not in _active:
            check_descriptors()
            common.globus_module_activate(getattr(module, descriptor))
            _active.add(descriptor)


def about_to_block() -> None:
    """Tell the library that its callback, in which we are, may take long: another thread takes over its work.

    The library has two threads for all callbacks of the process. What runs code of the user, or waits for a name
    service, in one of them says so.
    """
    common.globus_thread_blocking_space_will_block(common.GLOBUS_CALLBACK_GLOBAL_SPACE)


def check_descriptors() -> None:
    """Before the library opens a descriptor.

    Raises:
        OSError: (EMFILE) it would be one that the library cannot wait for.
    """
    if os.sysconf("SC_OPEN_MAX") <= SELECTABLE:
        return  # then the system refuses it
    free = os.eventfd(0)
    os.close(free)
    if free >= SELECTABLE - _SPARE:
        raise OSError(
            errno.EMFILE, f"the toolkit cannot use descriptors from {SELECTABLE} on: close some of {free}"
        )


def call_soon(function: Callable[[], object], delay: float = 0.0) -> Call:
    """Run `function` on a callback thread of the library, after `delay` seconds, unless it is canceled before."""
    activate(common, "GLOBUS_COMMON_MODULE")
    return Call(function, delay)


class Call:
    """A one-shot callback, and the library's handle for it, which has to be given back when it has run."""

    def __init__(self, function: Callable[[], object], delay: float) -> None:
        self._function: Callable[[], object] | None = function
        self._lock = threading.Lock()
        self._ran = False
        self._handle: common.globus_callback_handle_t | None = None
        _scheduled.add(self)
        handle = common.globus_callback_space_register_oneshot(
            delay, self._run, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
        )
        with self._lock:
            self._handle = handle
            ran = self._ran
        if ran:
            self._give_back(handle)

    def cancel(self) -> None:
        """Forget it, if it has not begun. Idempotent."""
        with self._lock:
            if self._function is None:  # it runs, has run, or was canceled
                return
            self._function, self._ran = None, True
            handle = self._handle
        if handle is not None:
            self._give_back(handle)

    def _run(self, _: object) -> None:
        with self._lock:
            function, self._function = self._function, None
        if function is None:
            return
        try:
            function()
        finally:
            with self._lock:
                self._ran = True
                handle = self._handle
            if handle is not None:
                self._give_back(handle)

    def _give_back(self, handle: common.globus_callback_handle_t) -> None:
        common.globus_callback_unregister(handle, None, None)
        _scheduled.discard(self)
