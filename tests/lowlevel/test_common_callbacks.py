"""Callbacks of the library's own queue, which may run before the call that registers them has returned."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from globus_lowlevel import common

from .conftest import LIMIT

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


@pytest.mark.usefixtures("slow_collections")
def test_a_oneshot_runs_while_it_is_being_registered() -> None:
    common.globus_module_activate(common.GLOBUS_COMMON_MODULE)
    for _ in range(100):
        ran = threading.Event()
        Garbage()
        handle = common.globus_callback_space_register_oneshot(
            None, lambda _, ran=ran: ran.set(), None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
        )
        assert ran.wait(LIMIT)
        common.globus_callback_unregister(handle, None, None)  # the handle is still good
    common.globus_module_deactivate(common.GLOBUS_COMMON_MODULE)
