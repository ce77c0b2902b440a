"""Calls that succeed leave nothing behind, however often: no object, no descriptor, no memory of C or of Python."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import alive, eventually
from tests.lowlevel.gsi.peers import connect, credential
from traffic import Answer, EchoServer, Store

from globus_lowlevel import (
    GlobusError,
    common,
    ftp_client,
    ftp_control,
    gass_cache,
    gass_copy,
    gass_transfer,
    gram_protocol,
    gsi_credential,
    gssapi,
    io,
    net_manager,
    rsl,
    xio,
    xio_drivers,
)

MODULES = (
    rsl.GLOBUS_RSL_MODULE,
    gass_copy.GLOBUS_GASS_COPY_MODULE,
    gass_cache.GLOBUS_GASS_CACHE_MODULE,
    gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE,
    gsi_credential.GLOBUS_GSI_CREDENTIAL_MODULE,
    net_manager.GLOBUS_NET_MANAGER_MODULE,
)


@pytest.fixture(scope="module", autouse=True)
def active(grid: Any) -> Iterator[None]:
    for module in MODULES:
        common.globus_module_activate(module)
    yield
    for module in reversed(MODULES):
        common.globus_module_deactivate(module)


# ---- what is measured ------------------------------------------------------------------------------------------


class Mallinfo(ctypes.Structure):
    """struct mallinfo2"""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd")),
        *((name, ctypes.c_size_t) for name in ("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")),
    )


def heap() -> int:
    """Bytes that malloc() has given out."""
    function = ctypes.CDLL(None).mallinfo2
    function.restype = Mallinfo
    info = function()
    return int(info.uordblks + info.hblkhd)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def blocks() -> int:
    alive()  # what is garbage is destroyed
    gc.collect()  # and the interpreter lets go of what it keeps for new objects
    return sys.getallocatedblocks()


ROUNDS = 5


def growth(call: Callable[[], object], times: int) -> tuple[int, int]:
    """How many objects of Python, and bytes of C, so many calls leave."""
    python, memory = blocks(), heap()
    for _ in range(times):
        call()
    return blocks() - python, heap() - memory


def check(call: Callable[[], object], times: int, of_c: int = 0) -> None:
    """Makes the call many times, in rounds, until one of them leaves nothing.

    Caches, tables and pools of threads grow now and then; what leaks does so in every round.

    Args:
        of_c: bytes that C itself is known to lose each time.
    """
    for _ in range(times):
        call()
    before, files = alive(), descriptors()
    for _ in range(ROUNDS):
        objects, memory = growth(call, times)
        if objects < times / 2 and memory < times * (of_c + 16):
            break
    else:
        raise AssertionError(f"{times} calls leave {objects} objects of Python, {memory} bytes of C")
    assert eventually(lambda: alive() == before), f"alive before: {before}, after: {alive()}"
    assert eventually(lambda: descriptors() <= files), f"{descriptors() - files} more descriptors"


# ---- calls -----------------------------------------------------------------------------------------------------


def results() -> None:
    try:
        common.globus_libc_contact_string_to_ints("no contact")
    except GlobusError as error:
        str(error)


def errors() -> None:
    inner = common.globus_error_construct_errno_error(common.GLOBUS_COMMON_MODULE, None, 2)
    outer = common.globus_error_construct_string(common.GLOBUS_COMMON_MODULE, inner, "outer")
    common.globus_error_print_chain(outer)
    taken = common.globus_error_put(outer)
    common.globus_error_get(taken)


def strings() -> None:
    common.globus_libc_join(["a" * 100, "b" * 100])
    common.globus_url_string_hex_encode("/" * 100, "/")
    common.globus_tilde_expand(1, False, "~/file")
    common.globus_libc_strdup("x" * 200)


def lists() -> None:
    head = None
    for number in range(10):
        head = common.globus_list_cons(number, head)
    common.globus_list_sort(head, lambda low, high, _: low < high, None)
    common.globus_list_from_string("a,b,c", ord(","), None)
    common.globus_args_scan(
        ["p", "-f", "x"],
        [common.globus_args_option_descriptor_t(id_number=1, names=["-f"], arity=1)],
        "p", None, "u\n", "l\n",
    )  # fmt: skip


def structs() -> None:
    url = common.globus_url_parse("ftp://user:secret@host:21/path")
    common.globus_url_copy(url)
    common.globus_uuid_create()
    common.globus_libc_getaddrinfo("127.0.0.1", "80", None)
    xio.globus_xio_contact_parse("gsiftp://user@host:2811/path")
    ftp_control.globus_ftp_control_parallelism_t().mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED


def containers() -> None:
    table = common.globus_hashtable_init(7, lambda key, limit: hash(key) % limit, lambda a, b: a == b)
    for number in range(10):
        common.globus_hashtable_insert(table, f"{number}", number)
    queue = common.globus_priority_q_init(lambda a, b: a - b)
    common.globus_priority_q_enqueue(queue, "datum", 1)
    fifo = common.globus_fifo_init()
    common.globus_fifo_enqueue(fifo, object())
    handles = common.globus_handle_table_init(None)
    common.globus_handle_table_insert(handles, "thing", 1)
    ranges = common.globus_range_list_init()
    common.globus_range_list_insert(ranges, 0, 10)


def callbacks() -> None:
    fired, gone = Answer(), Answer()
    common.globus_callback_register_oneshot(None, fired, None)
    fired.wait()
    timer = common.globus_callback_register_oneshot(3600.0, fired, None)
    common.globus_callback_unregister(timer, gone, None)
    gone.wait()


def xio_attributes() -> None:
    tcp, attr = xio.globus_xio_driver_load("tcp"), xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    xio.globus_xio_attr_cntl(xio.globus_xio_attr_copy(attr), tcp, xio_drivers.GLOBUS_XIO_TCP_GET_INTERFACE)
    stack = xio.globus_xio_stack_init(None)
    xio.globus_xio_stack_push_driver(stack, tcp)
    xio.globus_xio_stack_destroy(stack)
    xio.globus_xio_driver_unload(tcp)


def io_attributes() -> None:
    attr = io.globus_io_tcpattr_init()
    io.globus_io_attr_set_tcp_nodelay(attr, True)
    io.globus_io_attr_get_tcp_nodelay(attr)


def ftp_attributes() -> None:
    attr = ftp_client.globus_ftp_client_operationattr_init()
    ftp_client.globus_ftp_client_operationattr_set_storage_module(attr, "module", "arguments")
    ftp_client.globus_ftp_client_operationattr_copy(attr)
    ftp_client.globus_ftp_client_handleattr_init()
    marker = ftp_client.globus_ftp_client_restart_marker_init()
    ftp_client.globus_ftp_client_restart_marker_from_string(marker, "0-99,200-299")
    ftp_client.globus_ftp_client_restart_marker_to_string(marker)


def gass_attributes() -> None:
    attr = gass_transfer.globus_gass_transfer_requestattr_init("https")
    gass_transfer.globus_gass_transfer_requestattr_set_block_size(attr, 1000)
    gass_copy.globus_gass_copy_attr_init()


def job_descriptions() -> None:
    parsed = rsl.globus_rsl_parse("&(executable=/bin/true)(arguments=a b c)(count=2)")
    rsl.globus_rsl_unparse(rsl.globus_rsl_copy_recursive(parsed))


CALLS = [
    results, errors, strings, lists, structs, containers, xio_attributes, io_attributes, ftp_attributes, gass_attributes,
    job_descriptions,
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_calls(call: Callable[[], None]) -> None:
    check(call, 300)


def test_handles_of_clients() -> None:
    """C itself loses 112 bytes with each FTP client's handle, of which a handle of GASS copy has two."""
    check(lambda: ftp_client.globus_ftp_client_handle_init(None), 300, 112)
    check(lambda: gass_copy.globus_gass_copy_handle_init(None), 300, 224)


def test_callbacks() -> None:
    check(callbacks, 200)


# ---- connections -----------------------------------------------------------------------------------------------


def test_xio() -> None:
    with EchoServer() as echo:

        def call() -> None:
            handle, buffer = echo.connect(), bytearray(100)
            xio.globus_xio_write(handle, bytes(100), 100, None)
            xio.globus_xio_read(handle, buffer, 100, None)
            xio.globus_xio_close(handle, None)
            echo.wait_for_end()

        check(call, 100)


def test_gssapi(grid: Any) -> None:
    user, host = credential(grid.user), credential(grid.host)

    def call() -> None:
        done = connect(user, host, flags=gssapi.GSS_C_MUTUAL_FLAG)
        gssapi.gss_unwrap(done.acceptor, gssapi.gss_wrap(done.initiator, True, 0, b"secret")[1])

    check(call, 25)


def test_credentials(grid: Any) -> None:
    def call() -> None:
        made = gsi_credential.globus_gsi_cred_handle_init(None)
        gsi_credential.globus_gsi_cred_read_proxy(made, str(grid.user.proxy))
        gsi_credential.globus_gsi_cred_get_subject_name(made)
        gsi_credential.globus_gsi_cred_get_cert(made)
        gsi_credential.globus_gsi_cred_get_key(made)

    check(call, 100)


def test_transfers(grid: Any) -> None:
    with grid.start_gridftp(security="anonymous") as server:
        attr = ftp_client.globus_ftp_client_operationattr_init()
        store = Store(server, attr, "leaks", 10_000)
        check(partial(store.transfer, 1), 50, 128)
        store.end()


def test_cache(tmp_path: Path) -> None:
    cache = gass_cache.globus_gass_cache_open(str(tmp_path))

    def call() -> None:
        stamp = int(gass_cache.GLOBUS_GASS_CACHE_TIMESTAMP_UNKNOWN)
        gass_cache.globus_gass_cache_add(cache, "http://host/file", "tag", True, stamp)
        gass_cache.globus_gass_cache_add_done(cache, "http://host/file", "tag", 1)
        gass_cache.globus_gass_cache_query(cache, "http://host/file", "tag", False)
        gass_cache.globus_gass_cache_cleanup_tag(cache, "http://host/file", "tag")

    check(call, 20)
    gass_cache.globus_gass_cache_close(cache)
