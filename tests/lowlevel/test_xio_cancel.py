"""globus_lowlevel.xio: drivers whose operations are cancelled or time out, that read ahead, that share a connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating
from tests.lowlevel.xio_peers import LIMIT, Pair, State, Through, Wait, tcp_stack

from globus_lowlevel import xio

active = activating(xio.GLOBUS_XIO_MODULE)

PERIOD = 0.1  # seconds without progress


class Holding(Through):
    """Reads stay with the driver until they are cancelled, each under its own name."""

    def __init__(self) -> None:
        super().__init__("holding")
        self.held: dict[Any, Any] = {}
        self.cancelled = Wait()
        self.enables = True
        self.already: list[bool] = []

    def read(self, state: State, buffers: list[memoryview], count: int, op: Any) -> None:
        self.held[len(buffers[0])] = op
        if self.enables:
            self.already.append(xio.globus_xio_operation_enable_cancel(op, self.cancel, "argument"))

    def cancel(self, op: Any, argument: Any, reason: Any) -> None:
        name = next(name for name, held in self.held.items() if held is op)
        self.cancelled(name, argument, reason, xio.globus_xio_operation_is_canceled(op))
        self.at("cancel", op)
        del self.held[name]
        xio.globus_xio_driver_finished_read(op, InterruptedError("cancelled by the driver"), 0)


@pytest.fixture
def holding(active: None, nothing_left: None) -> Iterator[Holding]:
    driver = Holding()
    yield driver
    driver.hooks.clear()
    driver.held.clear()


@pytest.fixture
def pair(holding: Holding) -> Iterator[Pair]:
    pair = Pair(tcp_stack(holding.driver), tcp_stack())
    yield pair
    pair.end()


def read(handle: Any, length: int) -> Wait:
    done = Wait()
    xio.globus_xio_register_read(handle, bytearray(length), length, None, done, None)
    return done


def cancel(handle: Any) -> None:
    xio.globus_xio_handle_cancel_operations(handle, xio.GLOBUS_XIO_CANCEL_READ)


# ---- cancelled ---------------------------------------------------------------------------------------------


def test_the_driver_is_told(holding: Holding, pair: Pair) -> None:
    done = read(pair.client, 5)
    cancel(pair.client)
    assert holding.cancelled.get() == (5, "argument", xio.GLOBUS_XIO_ERROR_CANCELED, True)
    assert "cancelled by the driver" in str(done.get()[1])
    assert holding.already == [False]


def test_it_was_cancelled_before(holding: Holding, pair: Pair) -> None:
    holding.enables = False
    done = read(pair.client, 5)
    cancel(pair.client)
    op = holding.held.pop(5)
    assert xio.globus_xio_operation_is_canceled(op)
    assert xio.globus_xio_operation_enable_cancel(op, print, None) is True
    xio.globus_xio_driver_finished_read(op, InterruptedError("too late"), 0)
    assert "too late" in str(done.get()[1])


def test_it_cannot_be_cancelled_any_more(holding: Holding, pair: Pair) -> None:
    done = read(pair.client, 5)
    op = holding.held[5]
    xio.globus_xio_operation_disable_cancel(op)
    cancel(pair.client)
    xio.globus_xio_driver_finished_read(op, InterruptedError("by itself"), 0)
    assert "by itself" in str(done.get()[1])
    assert holding.cancelled.calls.empty()


def test_inside_it_cannot_be_disabled(holding: Holding, pair: Pair, unraisable: list[BaseException]) -> None:
    """C would wait for itself."""
    for change in (
        xio.globus_xio_operation_disable_cancel,
        lambda op: xio.globus_xio_operation_enable_cancel(op, print, None),
    ):
        holding.hooks["cancel"] = change
        done = read(pair.client, 5)
        cancel(pair.client)
        assert [str(error).split(" in a")[1] for error in unraisable] == [
            " function that cancels an operation would wait for itself"
        ]
        unraisable.clear()
        xio.globus_xio_driver_finished_read(holding.held.pop(5), InterruptedError("later"), 0)
        assert "later" in str(done.get()[1])


def test_closing_cancels(holding: Holding, pair: Pair) -> None:
    done = read(pair.client, 5)
    xio.globus_xio_close(pair.client, None)
    assert "cancelled by the driver" in str(done.get()[1])


# ---- timed out ---------------------------------------------------------------------------------------------


def timing(handle: Any) -> Wait:
    """The handle's reads time out."""
    asked = Wait()

    def decide(handle: Any, operation: Any, argument: Any) -> bool:
        asked(operation, argument)
        return True

    xio.globus_xio_handle_cntl(handle, None, xio.GLOBUS_XIO_ATTR_SET_TIMEOUT_READ, decide, PERIOD, "mine")
    return asked


def test_it_times_out(holding: Holding, pair: Pair) -> None:
    asked = timing(pair.client)
    done = read(pair.client, 5)
    assert asked.get() == (xio.GLOBUS_XIO_OPERATION_TYPE_READ, "mine")
    assert holding.cancelled.get() == (5, "argument", xio.GLOBUS_XIO_ERROR_TIMEOUT, True)
    assert done.get()[1] is not None


@pytest.mark.parametrize("by", ["block", "refresh"])
def test_the_driver_holds_the_clock(holding: Holding, pair: Pair, by: str) -> None:
    """While others time out many times."""
    asked = timing(pair.client)
    done = read(pair.client, 5)
    op, over = holding.held[5], threading.Event()
    if by == "block":
        xio.globus_xio_operation_block_timeout(op)

    def refresh() -> None:
        while not over.wait(PERIOD / 20):
            xio.globus_xio_operation_refresh_timeout(op)

    thread = threading.Thread(target=refresh) if by == "refresh" else None
    if thread:
        thread.start()
    other = Pair(tcp_stack(holding.driver), tcp_stack())
    timing(other.client)
    for length in range(6, 12):
        assert read(other.client, length).get()[1] is not None
        assert holding.cancelled.get()[0] == length
    other.end()
    assert asked.calls.empty()
    over.set()
    if thread:
        thread.join(LIMIT)
    else:
        xio.globus_xio_operation_unblock_timeout(op)
    assert holding.cancelled.get()[0] == 5
    assert done.get()[1] is not None
