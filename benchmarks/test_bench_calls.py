"""What a low-level call costs by the kind of its arguments, and a callback, against ctypes and cffi doing the same.

Each peer declares the prototypes and checks the result, as one would; what is measured is one call, in a loop.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cffi
import pytest

from globus_hl.testgrid import Grid
from globus_lowlevel import common, ftp_client, ftp_control

REPEAT = 20_000
DECLARATIONS = """
    typedef unsigned int result;
    int globus_i_am_only_thread(void);
    int globus_callback_space_is_single(int space);
    long write(int fd, const char *buffer, size_t length);
    long read(int fd, char *buffer, size_t length);
    typedef struct { int mode; int size; } parallelism;
    result globus_ftp_client_operationattr_init(void **attr);
    result globus_ftp_client_operationattr_destroy(void **attr);
    result globus_ftp_client_operationattr_get_append(void **attr, int *append);
    result globus_ftp_client_operationattr_set_parallelism(void **attr, parallelism *value);
    result globus_ftp_client_restart_marker_init(void *marker);
    result globus_ftp_client_restart_marker_from_string(void *marker, const char *text);
    typedef void (*callback)(void *arg);
    typedef struct { long seconds; long microseconds; } reltime;
    result globus_callback_space_register_oneshot(int *handle, const reltime *delay, callback function, void *arg, int);
    result globus_callback_unregister(int handle, callback function, void *arg, int *active);
"""


class Parallelism(ctypes.Structure):
    _fields_ = (("mode", ctypes.c_int), ("size", ctypes.c_int))


class Reltime(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("microseconds", ctypes.c_long))


CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Ctypes:
    """The calls with ctypes, prototypes declared."""

    def __init__(self) -> None:
        self.common, self.client = (
            ctypes.CDLL("libglobus_common.so.0"),
            ctypes.CDLL("libglobus_ftp_client.so.2"),
        )
        self.system = ctypes.CDLL(None)  # globus_libc_write and _read are macros of write and read
        self.system.write.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
        self.system.read.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
        register = self.common.globus_callback_space_register_oneshot
        register.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(Reltime),
            CALLBACK,
            ctypes.c_void_p,
            ctypes.c_int,
        ]
        self.attr = ctypes.c_void_p()
        self.client.globus_ftp_client_operationattr_init(ctypes.byref(self.attr))
        self.marker = ctypes.create_string_buffer(256)
        self.client.globus_ftp_client_restart_marker_init(self.marker)
        self.block = bytearray(65536)
        self.kept: dict[Any, Any] = {}

    def nothing(self) -> None:
        self.common.globus_i_am_only_thread()

    def number(self) -> None:
        self.common.globus_callback_space_is_single(0)

    def output(self) -> bool:
        out = ctypes.c_int()
        assert (
            self.client.globus_ftp_client_operationattr_get_append(ctypes.byref(self.attr), ctypes.byref(out))
            == 0
        )
        return bool(out.value)

    def string(self) -> None:
        assert self.client.globus_ftp_client_restart_marker_from_string(self.marker, b"4000") == 0

    def data(self) -> None:
        assert self.system.write(NULL, MESSAGE, len(MESSAGE)) == len(MESSAGE)

    def buffer(self) -> None:
        address = (ctypes.c_char * len(self.block)).from_buffer(self.block)
        assert self.system.read(NULL, address, len(self.block)) == 0

    def struct(self) -> None:
        value = Parallelism(mode=1, size=4)
        assert (
            self.client.globus_ftp_client_operationattr_set_parallelism(
                ctypes.byref(self.attr), ctypes.byref(value)
            )
            == 0
        )

    def register(self, function: Callable[[Any], None], seconds: int) -> int:
        handle = ctypes.c_int()
        callback = self.kept.setdefault(function, CALLBACK(function))
        delay = Reltime(seconds, 0)
        assert (
            self.common.globus_callback_space_register_oneshot(
                ctypes.byref(handle), ctypes.byref(delay), callback, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
            )
            == 0
        )
        return handle.value

    def callback(self) -> None:
        assert self.common.globus_callback_unregister(self.register(print, 1000), None, None, None) == 0


class Cffi:
    """The calls with cffi in ABI mode."""

    def __init__(self) -> None:
        self.ffi = cffi.FFI()
        self.ffi.cdef(DECLARATIONS)
        self.common, self.client = (
            self.ffi.dlopen("libglobus_common.so.0"),
            self.ffi.dlopen("libglobus_ftp_client.so.2"),
        )
        self.system = self.ffi.dlopen(None)
        self.attr = self.ffi.new("void **")
        self.client.globus_ftp_client_operationattr_init(self.attr)
        self.marker = self.ffi.new("char [256]")
        self.client.globus_ftp_client_restart_marker_init(self.marker)
        self.block = bytearray(65536)
        self.kept: dict[Any, Any] = {}

    def nothing(self) -> None:
        self.common.globus_i_am_only_thread()

    def number(self) -> None:
        self.common.globus_callback_space_is_single(0)

    def output(self) -> bool:
        out = self.ffi.new("int *")
        assert self.client.globus_ftp_client_operationattr_get_append(self.attr, out) == 0
        return bool(out[0])

    def string(self) -> None:
        assert self.client.globus_ftp_client_restart_marker_from_string(self.marker, b"4000") == 0

    def data(self) -> None:
        assert self.system.write(NULL, MESSAGE, len(MESSAGE)) == len(MESSAGE)

    def buffer(self) -> None:
        with self.ffi.from_buffer(self.block) as address:
            assert self.system.read(NULL, address, len(self.block)) == 0

    def struct(self) -> None:
        value = self.ffi.new("parallelism *", {"mode": 1, "size": 4})
        assert self.client.globus_ftp_client_operationattr_set_parallelism(self.attr, value) == 0

    def register(self, function: Callable[[Any], None], seconds: int) -> int:
        handle = self.ffi.new("int *")
        callback = self.kept.setdefault(function, self.ffi.callback("void(void *)", function))
        delay = self.ffi.new("reltime *", (seconds, 0))
        space = common.GLOBUS_CALLBACK_GLOBAL_SPACE
        assert (
            self.common.globus_callback_space_register_oneshot(handle, delay, callback, self.ffi.NULL, space)
            == 0
        )
        return int(handle[0])

    def callback(self) -> None:
        none = self.ffi.NULL
        assert self.common.globus_callback_unregister(self.register(print, 1000), none, none, none) == 0


class Ours:
    def __init__(self) -> None:
        self.attr = ftp_client.globus_ftp_client_operationattr_init()
        self.marker = ftp_client.globus_ftp_client_restart_marker_init()
        self.block = bytearray(65536)

    def nothing(self) -> None:
        common.globus_i_am_only_thread()

    def number(self) -> None:
        common.globus_callback_space_is_single(0)

    def output(self) -> bool:
        return ftp_client.globus_ftp_client_operationattr_get_append(self.attr)

    def string(self) -> None:
        ftp_client.globus_ftp_client_restart_marker_from_string(self.marker, "4000")

    def data(self) -> None:
        assert common.globus_libc_write(NULL, MESSAGE) == len(MESSAGE)

    def buffer(self) -> None:
        assert common.globus_libc_read(NULL, self.block) == 0

    def struct(self) -> None:
        value = ftp_control.globus_ftp_control_parallelism_t(
            mode=ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
        )
        value.fixed.size = 4
        ftp_client.globus_ftp_client_operationattr_set_parallelism(self.attr, value)

    def register(self, function: Callable[[Any], None], seconds: int) -> common.globus_callback_handle_t:
        return common.globus_callback_space_register_oneshot(
            seconds, function, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
        )

    def callback(self) -> None:
        common.globus_callback_unregister(self.register(print, 1000), None, None)


NULL = os.open(os.devnull, os.O_RDWR)
MESSAGE = b"x" * 64
PEERS = {"ctypes": Ctypes, "cffi": Cffi}
KINDS = {
    "nothing": "no argument",
    "number": "a number",
    "output": "a handle, with an output",
    "string": "a handle and a string",
    "data": "bytes that C reads",
    "buffer": "a buffer that C fills",
    "struct": "a handle and a struct, filled first",
    "callback": "a callback, registered and taken back",
}


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)
    yield
    common.globus_module_deactivate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)


@pytest.fixture(scope="module")
def peers(active: None) -> dict[str, Any]:
    return {"ours": Ours(), **{name: make() for name, make in PEERS.items()}}


def repeat(function: Callable[[], Any], count: int) -> Callable[[], None]:
    def loop() -> None:
        for _ in itertools.repeat(None, count):
            function()

    return loop


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("kind", KINDS)
def test_call(kind: str, peer: str, peers: dict[str, Any], side_by_side: Any, smoke: bool) -> None:
    count = 100 if smoke else REPEAT
    ours, theirs = getattr(peers["ours"], kind), getattr(peers[peer], kind)
    side_by_side(f"{count} calls: {KINDS[kind]}", repeat(ours, count), repeat(theirs, count), peer=peer)


@pytest.mark.parametrize("peer", PEERS)
def test_callbacks_from_a_c_thread(peer: str, peers: dict[str, Any], side_by_side: Any, smoke: bool) -> None:
    """One-shot callbacks, each registered by the one before: how many come in a second."""
    count = 100 if smoke else REPEAT
    rates: dict[str, list[float]] = {"ours": [], peer: []}

    def chain(side: str) -> Callable[[], None]:
        def run() -> None:
            done, left = threading.Event(), [count]

            def on_call(_: Any) -> None:
                left[0] -= 1
                if left[0]:
                    peers[side].register(on_call, 0)
                else:
                    done.set()

            start = time.perf_counter()
            peers[side].register(on_call, 0)
            assert done.wait(60)
            rates[side].append(count / (time.perf_counter() - start))

        return run

    side_by_side(f"{count} callbacks from C threads", chain("ours"), chain(peer), peer=peer, rounds=3)
    rate = f"callbacks a second ({peer}: {max(rates[peer]):.0f})"
    side_by_side.record(rate, max(rates["ours"]), None, "1/s")


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
