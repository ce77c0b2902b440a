"""The measurements of ``pyglobus xio perf``, and what both ends say to each other.

The client sends a line of JSON, the `Plan`. Then data goes one way in blocks of one size, whose first byte tells
whether another one follows (``latency``: to and fro, a block a time). At the end the receiver sends a line of JSON, what
it got; so nothing depends on a connection that can be closed in one direction.
"""

from __future__ import annotations

import contextlib
import json
import math
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from globus_hl.errors import ClosedError, GridError
from globus_hl.xio.errors import CanceledError

if TYPE_CHECKING:
    from globus_hl.xio import Handle, Server

__all__ = ["Plan", "ProtocolError", "Result", "measure", "serve_all"]

MORE, LAST = b"+", b"."
LINE = 4096  # bytes of a line, at most
MOST = 1 << 28  # bytes of a block, at most


class ProtocolError(GridError, ValueError):
    """The other end is no ``pyglobus xio perf``."""


@dataclass(frozen=True)
class Plan:
    """A test.

    Attributes:
        test: ``latency``, ``send`` or ``receive``, as the client sees it.
        block: size of each write.
        seconds: how long data is sent.
        size: how many bytes, in place of that.
        round_trips: how many, of the latency.
    """

    test: str
    block: int
    seconds: float
    size: int | None
    round_trips: int


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes:
        test: of the plan.
        facts: for programs; seconds and bytes.
    """

    test: str
    facts: dict[str, Any]


# ---- the client ------------------------------------------------------------------------------------------------------


def measure(plan: Plan, connect: Callable[[], Handle], streams: int) -> Result:
    """Run a test over so many connections at once.

    Args:
        connect: makes a handle, which is not open.

    Raises:
        GridError: of the connections.
    """
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        handles = [stack.enter_context(connect()) for _ in range(streams)]
        connecting = (time.monotonic() - began) / streams
        peer = handles[0].peer
        common = {"test": plan.test, "connect": connecting, "subject": None if peer is None else peer.subject}
        for handle in handles:
            _write_line(handle, asdict(plan))
        if plan.test == "latency":
            return Result("latency", common | _latency(handles[0], plan))
        move = _send if plan.test == "send" else _receive
        found = _at_once([lambda handle=handle: move(handle, plan) for handle in handles])  # type: ignore[misc]
        return Result(plan.test, common | _sum(found) | {"block": plan.block, "streams": streams})


def _latency(handle: Handle, plan: Plan) -> dict[str, Any]:
    block, times = bytearray(MORE * plan.block), []
    for number in range(plan.round_trips):
        if number == plan.round_trips - 1:
            block[:1] = LAST
        began = time.perf_counter()
        handle.write(block)
        handle.readinto(block, plan.block)
        times.append(time.perf_counter() - began)
    times.sort()
    return {
        "round_trips": len(times),
        "minimum": times[0],
        "median": statistics.median(times),
        "mean": statistics.fmean(times),
        "p99": times[min(len(times) - 1, math.ceil(0.99 * len(times)) - 1)],
        "maximum": times[-1],
    }


def _at_once(calls: list[Callable[[], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Call each in a thread of its own, the last one in this; the first error counts."""
    found: list[dict[str, Any]] = []
    errors: list[BaseException] = []

    def run(call: Callable[[], dict[str, Any]]) -> None:
        try:
            found.append(call())
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,), daemon=True) for call in calls[1:]]
    for thread in threads:
        thread.start()
    run(calls[0])
    if errors:  # the handles are closed by the caller, which ends the others
        raise errors[0]
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found


def _sum(found: list[dict[str, Any]]) -> dict[str, Any]:
    size, seconds = sum(one["bytes"] for one in found), max(one["seconds"] for one in found)
    return {"bytes": size, "seconds": seconds, "rate": size / seconds if seconds else 0.0}


# ---- both ends -------------------------------------------------------------------------------------------------------


def _send(handle: Handle, plan: Plan) -> dict[str, Any]:
    """Send, and return what the receiver says about it."""
    block = bytearray(MORE * plan.block)
    began, sent = time.monotonic(), 0
    last = False
    while not last:
        sent += plan.block
        last = time.monotonic() - began >= plan.seconds if plan.size is None else sent >= plan.size
        if last:
            block[:1] = LAST
        handle.write(block)
    return _read_line(handle)


def _receive(handle: Handle, plan: Plan) -> dict[str, Any]:
    """Receive, and tell the sender about it."""
    block = bytearray(plan.block)
    received, began = 0, time.monotonic()
    while True:
        if handle.readinto(block, plan.block) < plan.block:
            raise ProtocolError("the data ended in the middle of a test")
        received += plan.block
        if block[:1] == LAST:
            break
    found = {"bytes": received, "seconds": time.monotonic() - began}
    _write_line(handle, found)
    return found


def _write_line(handle: Handle, value: dict[str, Any]) -> None:
    handle.write(json.dumps(value).encode() + b"\n")


def _read_line(handle: Handle) -> dict[str, Any]:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = handle.read(1)  # what follows is the test's
        line += byte
        if not byte or len(line) > LINE:
            raise ProtocolError("the other end does not speak as pyglobus xio perf does")
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise ProtocolError("the other end does not speak as pyglobus xio perf does") from None
    return found


# ---- the server ------------------------------------------------------------------------------------------------------


def serve_all(
    server: Server,
    timeout: float | None,
    served: Callable[[Result], object],
    failed: Callable[[Exception], object],
) -> None:
    """Serve clients, each in a thread, until interrupted; then let go of those who are there.

    Args:
        timeout: of each read and write.
        served: called with each result.
        failed: called with what ended a connection.
    """
    connections: set[Handle] = set()

    def serve(connection: Handle) -> None:
        try:
            with connection:
                result = _serve(connection)
        except (ClosedError, CanceledError):
            return
        except (GridError, OSError) as error:
            failed(error)
        else:
            served(result)
        finally:
            connections.discard(connection)

    threads: list[threading.Thread] = []
    try:
        while True:
            connection = server.accept()
            connections.add(connection)
            threads = [thread for thread in threads if thread.is_alive()]
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            threads[-1].start()
    finally:
        for connection in list(connections):
            connection.cancel()
        for thread in threads:
            thread.join(1.0)


def _serve(handle: Handle) -> Result:
    plan = _plan(_read_line(handle))
    if plan.test == "latency":
        return Result("latency", {"test": "latency"} | _echo(handle, plan))
    found = (_receive if plan.test == "send" else _send)(handle, plan)
    return Result(plan.test, {"test": plan.test} | _sum([found]) | {"block": plan.block, "streams": 1})


def _plan(given: dict[str, Any]) -> Plan:
    try:
        plan = Plan(
            str(given["test"]),
            int(given["block"]),
            float(given["seconds"]),
            None if given["size"] is None else int(given["size"]),
            int(given["round_trips"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"the client asks for what is no test: {error!r}") from error
    if plan.test not in ("latency", "send", "receive") or not 0 < plan.block <= MOST:
        raise ProtocolError(f"the client asks for what is no test: {plan}")
    return plan


def _echo(handle: Handle, plan: Plan) -> dict[str, Any]:
    block, times = bytearray(plan.block), []
    last = False
    while not last:
        began = time.perf_counter()
        if handle.readinto(block, plan.block) < plan.block:
            raise ProtocolError("the data ended in the middle of a test")
        times.append(time.perf_counter() - began)
        last = block[:1] == LAST
        handle.write(block)
    times.sort()
    return {
        "round_trips": len(times),
        "minimum": times[0],
        "median": statistics.median(times),
        "p99": times[min(len(times) - 1, math.ceil(0.99 * len(times)) - 1)],
        "maximum": times[-1],
        "connect": 0.0,
    }
