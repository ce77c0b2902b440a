"""What one low-level call and one callback cost, against ctypes doing the same."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from globus_hl.testgrid import Grid
from globus_lowlevel import common, ftp_client, xio

REPEAT = 20_000


@pytest.fixture(scope="module", autouse=True)
def active() -> None:
    common.globus_module_activate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)


def repeat(function: Callable[[], Any], count: int) -> Callable[[], None]:
    def loop() -> None:
        for _ in range(count):
            function()

    return loop


def test_call_without_arguments(side_by_side: Any, smoke: bool) -> None:
    theirs = ctypes.CDLL("libglobus_common.so.0").globus_i_am_only_thread
    count = 100 if smoke else REPEAT
    ours = repeat(common.globus_i_am_only_thread, count)
    side_by_side(f"{count} calls without arguments", ours, repeat(theirs, count), peer="ctypes")


def test_call_with_a_handle_and_an_output(side_by_side: Any, smoke: bool) -> None:
    attr = ftp_client.globus_ftp_client_operationattr_init()
    library = ctypes.CDLL("libglobus_ftp_client.so.2")
    native = ctypes.c_void_p()
    library.globus_ftp_client_operationattr_init(ctypes.byref(native))

    def theirs() -> bool:
        out = ctypes.c_int()
        assert (
            library.globus_ftp_client_operationattr_get_append(ctypes.byref(native), ctypes.byref(out)) == 0
        )
        return bool(out.value)

    count = 100 if smoke else REPEAT
    ours = repeat(lambda: ftp_client.globus_ftp_client_operationattr_get_append(attr), count)
    side_by_side(f"{count} calls with a handle and an output", ours, repeat(theirs, count), peer="ctypes")
    library.globus_ftp_client_operationattr_destroy(ctypes.byref(native))


def test_call_with_a_string(side_by_side: Any, smoke: bool) -> None:
    attr = xio.globus_xio_attr_init()
    marker = ftp_client.globus_ftp_client_restart_marker_init()
    library = ctypes.CDLL("libglobus_ftp_client.so.2")
    native = ctypes.create_string_buffer(256)
    library.globus_ftp_client_restart_marker_init(native)

    def theirs() -> None:
        assert library.globus_ftp_client_restart_marker_from_string(native, b"4000") == 0

    count = 100 if smoke else REPEAT
    ours = repeat(lambda: ftp_client.globus_ftp_client_restart_marker_from_string(marker, "4000"), count)
    side_by_side(f"{count} calls with a handle and a string", ours, repeat(theirs, count), peer="ctypes")
    xio.globus_xio_attr_destroy(attr)


def test_callbacks_from_a_c_thread(side_by_side: Any, smoke: bool) -> None:
    """One-shot callbacks, each registered by the one before."""
    count = 100 if smoke else REPEAT
    library = ctypes.CDLL("libglobus_common.so.0")
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    register = library.globus_callback_space_register_oneshot
    register.argtypes = [ctypes.c_void_p, ctypes.c_void_p, prototype, ctypes.c_void_p, ctypes.c_int]

    def chain(start: Callable[[Callable[[Any], None]], Any]) -> Callable[[], None]:
        def run() -> None:
            done, left = threading.Event(), [count]

            def on_call(_: Any) -> None:
                left[0] -= 1
                if left[0]:
                    start(on_call)
                else:
                    done.set()

            start(on_call)
            assert done.wait(60)

        return run

    kept: dict[Any, Any] = {}

    def with_ctypes(on_call: Callable[[Any], None]) -> None:
        callback = kept.setdefault(on_call, prototype(on_call))
        register(None, None, callback, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE)

    def with_binding(on_call: Callable[[Any], None]) -> None:
        common.globus_callback_space_register_oneshot(0.0, on_call, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE)

    side_by_side(
        f"{count} callbacks from C threads", chain(with_binding), chain(with_ctypes), peer="ctypes", rounds=3
    )


@pytest.mark.parametrize("block", [64 << 10, 256 << 10, 1 << 20, 4 << 20], ids=lambda b: f"{b >> 10} KiB")
def test_block_callback(block: int, grid: Grid, size: int, side_by_side: Any, benchmark: Any) -> None:
    """The hot path: what Python costs for each block of a transfer, the registration of the next read included."""
    server = grid.start_gridftp(security="anonymous")
    path = Path(server.root) / "blocks.dat"
    path.write_bytes(bytes(size // 4))
    handle, attr = (
        ftp_client.globus_ftp_client_handle_init(None),
        ftp_client.globus_ftp_client_operationattr_init(),
    )
    buffers = [bytearray(block) for _ in range(4)]
    spent: list[float] = []
    copied = 0
    done = threading.Event()

    def on_data(_: Any, handle: Any, error: Any, buffer: Any, length: int, offset: int, eof: bool) -> None:
        nonlocal copied
        start = time.perf_counter()
        if not any(buffer is known for known in buffers):
            copied += length
        if not eof and error is None:
            ftp_client.globus_ftp_client_register_read(handle, buffer, on_data, None)
        spent.append(time.perf_counter() - start)

    def transfer() -> None:
        done.clear()
        url = f"{server.ftp_url}/blocks.dat"
        ftp_client.globus_ftp_client_get(handle, url, attr, None, lambda *_: done.set(), None)
        for buffer in buffers:
            ftp_client.globus_ftp_client_register_read(handle, buffer, on_data, None)
        assert done.wait(120)

    benchmark.pedantic(transfer)
    spent.sort()
    side_by_side.record(
        f"block callback, {block >> 10} KiB: median", spent[len(spent) // 2] * 1e6, None, "us"
    )
    side_by_side.record(
        f"block callback, {block >> 10} KiB: bytes copied", copied / len(spent), None, "bytes", target="0"
    )
    assert copied == 0
    ftp_client.globus_ftp_client_handle_destroy(handle)
    server.stop()
