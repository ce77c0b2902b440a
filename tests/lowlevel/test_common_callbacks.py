"""Callbacks of the library's own queue, which may run before the call that registers them has returned."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from globus_lowlevel import common

from .conftest import LIMIT, activating

active = activating(common.GLOBUS_COMMON_MODULE)
pytestmark = pytest.mark.usefixtures("nothing_left")


class Garbage:
    """A cycle whose collection lets other threads run."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0.001)


@pytest.fixture
def slow_collections() -> Iterator[None]:
    """Each new object collects garbage. The library's threads get their turn in that, between any two steps of a call."""
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    yield
    gc.set_threshold(*threshold)
    gc.collect()


def once(callback: Callable[[Any], object]) -> Any:
    return common.globus_callback_space_register_oneshot(
        None, callback, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
    )


def again_and_again(callback: Callable[[Any], object]) -> Any:
    return common.globus_callback_space_register_periodic(
        None, 0.0005, callback, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
    )


@pytest.mark.parametrize("register", [once, again_and_again])
def test_a_callback_ends_while_it_is_active(register: Callable[[Callable[[Any], object]], Any]) -> None:
    """Unregistered at the moment at which it has called: nothing of it stays, and the next one is called."""
    for _ in range(300):
        ran = threading.Event()
        handle = register(lambda _, ran=ran: ran.set())
        assert ran.wait(LIMIT)
        common.globus_callback_unregister(handle, None, None)


@pytest.mark.usefixtures("slow_collections")
def test_a_oneshot_runs_while_it_is_being_registered() -> None:
    for _ in range(100):
        ran = threading.Event()
        Garbage()
        handle = once(lambda _, ran=ran: ran.set())
        assert ran.wait(LIMIT)
        common.globus_callback_unregister(handle, None, None)  # the handle is still good
