"""32 threads at once, on real transfers: callbacks arrive while other threads call in, copy, cancel and destroy.

The fewest rounds in which they meet, for the ordinary run; `./dev sanitize thread` watches the same for data races.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from tests.lowlevel.gsi.peers import connect, credential
from traffic import LIMIT, Answer, EchoServer, Store, at_once

import globus_lowlevel
from globus_lowlevel import (
    GlobusError,
    common,
    ftp_client,
    ftp_control,
    gass_cache,
    gram_protocol,
    gsi_openssl_error,
    gssapi,
    rsl,
    xio,
    xio_drivers,
)

pytestmark = pytest.mark.usefixtures("nothing_left", "short_turns")

MODULES = (
    xio.GLOBUS_XIO_MODULE,
    gssapi.GLOBUS_GSI_GSSAPI_MODULE,
    ftp_client.GLOBUS_FTP_CLIENT_MODULE,
)


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    for module in MODULES:
        common.globus_module_activate(module)
    yield
    for module in reversed(MODULES):
        common.globus_module_deactivate(module)


@pytest.fixture
def short_turns() -> Iterator[None]:
    """Threads take turns a hundred times as often as they would."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="module")
def server(grid: Any) -> Iterator[Any]:
    with grid.start_gridftp(security="anonymous") as server:
        yield server


# ---- what the threads do ---------------------------------------------------------------------------------------


def abort(begun: queue.SimpleQueue[Any], how_many: int) -> None:
    """Aborts transfers that other threads have begun."""
    for _ in range(how_many):
        with contextlib.suppress(GlobusError):  # it has ended meanwhile
            ftp_client.globus_ftp_client_abort(begun.get(timeout=LIMIT))


def talk(echo: EchoServer, rounds: int) -> None:
    """Sends and gets back, by calls that wait."""
    handle = echo.connect()
    for size in range(1, 1 + rounds * 100, 100):
        sent, got = os.urandom(size), bytearray(size)
        xio.globus_xio_write(handle, sent, size, None)
        assert xio.globus_xio_read(handle, got, size, None) == size
        assert got == sent
    xio.globus_xio_close(handle, None)


def cancel(echo: EchoServer, rounds: int) -> None:
    """Reads what never comes, and cancels that; lets go of handles without closing them."""
    for _ in range(rounds):
        handle, read = echo.connect(), Answer()
        xio.globus_xio_register_read(handle, bytearray(8), 8, None, read, None)
        xio.globus_xio_handle_cancel_operations(handle, xio.GLOBUS_XIO_CANCEL_READ)
        assert xio.globus_xio_error_is_canceled(read.wait()[1])
        del handle
        gc.collect()


def shake_hands(user: Any, host: Any, rounds: int) -> None:
    """With credentials that all threads share."""
    for number in range(rounds):
        done = connect(user, host, flags=gssapi.GSS_C_MUTUAL_FLAG | gssapi.GSS_C_CONF_FLAG)
        secret = b"%d" % number
        sealed = gssapi.gss_wrap(done.initiator, True, 0, secret)[1]
        assert gssapi.gss_unwrap(done.acceptor, sealed)[0] == secret


def copy_attributes(attr: Any, rounds: int) -> None:
    """Copies what others transfer with, changes and destroys the copies."""
    for port in range(1024, 1024 + rounds):
        copy = ftp_client.globus_ftp_client_operationattr_copy(attr)
        ftp_client.globus_ftp_client_operationattr_set_type(copy, ftp_control.GLOBUS_FTP_CONTROL_TYPE_ASCII)
        parallelism = ftp_client.globus_ftp_client_operationattr_get_parallelism(copy)
        assert parallelism.mode == ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_NONE
        ftp_client.globus_ftp_client_operationattr_destroy(copy)
        tcp, xattr = xio.globus_xio_driver_load("tcp"), xio.globus_xio_attr_init()
        xio.globus_xio_attr_cntl(xattr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_PORT, port)
        other = xio.globus_xio_attr_copy(xattr)
        assert xio.globus_xio_attr_cntl(other, tcp, xio_drivers.GLOBUS_XIO_TCP_GET_PORT) == port


def keep_time(rounds: int) -> None:
    """Callbacks of timers, some of which are taken back."""
    for number in range(rounds):
        fired, gone, ticks = Answer(), Answer(), Answer()
        space = common.GLOBUS_CALLBACK_GLOBAL_SPACE
        common.globus_callback_space_register_oneshot(0.0, fired, number, space)
        never = common.globus_callback_space_register_oneshot(3600.0, fired, "never", space)
        clock = common.globus_callback_space_register_periodic(0.0, 0.001, ticks, number, space)
        assert fired.wait() == (number,)
        ticks.wait(), ticks.wait()
        for timer in (never, clock):
            with contextlib.suppress(GlobusError):  # its callback is running: it will be the last
                common.globus_callback_unregister(timer, gone, None)
            gone.wait()


def fail(echo: EchoServer, url: str, nobody: str, rounds: int) -> None:
    """Errors, with their objects and their text."""
    handle = ftp_client.globus_ftp_client_handle_init(None)
    for _ in range(rounds):
        with pytest.raises(GlobusError, match="Connection refused"):
            xio.globus_xio_open(xio.globus_xio_handle_create(echo.stack), nobody, None)
        done = Answer()
        size = ftp_client.globus_ftp_client_size(handle, f"{url}/missing", None, done, None)
        assert "No such file" in str(done.wait()[2])
        assert size.done
    ftp_client.globus_ftp_client_handle_destroy(handle)


# ---- tests -------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(LIMIT)
def test_32_threads_at_once(grid: Any, server: Any, nobody: str) -> None:
    attr = ftp_client.globus_ftp_client_operationattr_init()
    stores = [Store(server, attr, f"threads {number}", 40_000 + number) for number in range(8)]
    begun: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for store in stores[:3]:
        store.begun = begun.put
    user, host = credential(grid.user), credential(grid.host)
    with EchoServer() as echo:
        at_once(
            *(partial(store.run, 8) for store in stores),
            partial(abort, begun, 20),
            *[partial(talk, echo, 100)] * 8,
            *[partial(cancel, echo, 20)] * 3,
            *[partial(shake_hands, user, host, 10)] * 3,
            *[partial(copy_attributes, attr, 300)] * 4,
            *[partial(keep_time, 50)] * 3,
            *[partial(fail, echo, server.ftp_url, nobody, 10)] * 2,
        )


def test_of_many_that_destroy_a_handle_one_succeeds() -> None:
    refused: list[ValueError] = []

    def destroy(handle: Any) -> None:
        try:
            ftp_client.globus_ftp_client_handle_destroy(handle)
        except ValueError as error:
            refused.append(error)

    for _ in range(20):
        handle = ftp_client.globus_ftp_client_handle_init(None)
        at_once(*[partial(destroy, handle)] * 8)
        assert handle.closed
    assert len(refused) == 20 * 7


@pytest.mark.usefixtures("grid")  # whose credentials one of the modules wants
def test_modules_come_and_go_while_others_are_at_work() -> None:
    def come_and_go(module: Any) -> None:
        for _ in range(20):
            common.globus_module_activate(module)
            common.globus_module_deactivate(module)

    modules = (
        gass_cache.GLOBUS_GASS_CACHE_MODULE,
        gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE,
        gsi_openssl_error.GLOBUS_GSI_OPENSSL_ERROR_MODULE,
        rsl.GLOBUS_RSL_MODULE,
    )
    with EchoServer() as echo:
        at_once(*(partial(come_and_go, module) for module in modules), *[partial(talk, echo, 20)] * 4)


FIRST = """
import threading
from globus_lowlevel import common, gass_transfer, rsl, xio
begin = threading.Barrier(8)
def come_and_go(module):
    begin.wait()
    for _ in range(5):
        common.globus_module_activate(module)
        common.globus_module_deactivate(module)
modules = [common.GLOBUS_COMMON_MODULE, xio.GLOBUS_XIO_MODULE, rsl.GLOBUS_RSL_MODULE, common.GLOBUS_ERROR_MODULE]
threads = [threading.Thread(target=come_and_go, args=(module,)) for module in modules * 2]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done")
"""


def test_modules_come_and_go_in_several_threads_from_the_first_one_on() -> None:
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", FIRST],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_container_that_all_threads_use() -> None:
    fifo, table = common.globus_fifo_init(), common.globus_handle_table_init(None)
    mutex, changed = common.globus_mutex_init(), common.globus_cond_init(None)
    received: list[int] = []

    def give() -> None:
        for number in range(50):
            handle = common.globus_handle_table_insert(table, number, 1)
            common.globus_mutex_lock(mutex)
            common.globus_fifo_enqueue(fifo, handle)
            common.globus_cond_signal(changed)
            common.globus_mutex_unlock(mutex)

    def take() -> None:
        for _ in range(50):
            common.globus_mutex_lock(mutex)
            while common.globus_fifo_empty(fifo):
                common.globus_cond_wait(changed, mutex)
            handle = common.globus_fifo_dequeue(fifo)
            common.globus_mutex_unlock(mutex)
            received.append(common.globus_handle_table_lookup(table, handle))
            common.globus_handle_table_decrement_reference(table, handle)

    at_once(*[give] * 8, *[take] * 8)
    assert sorted(received) == sorted(list(range(50)) * 8)
    for destroy, thing in (
        (common.globus_fifo_destroy, fifo),
        (common.globus_handle_table_destroy, table),
        (common.globus_cond_destroy, changed),
        (common.globus_mutex_destroy, mutex),
    ):
        destroy(thing)


def test_what_is_collected_in_many_threads_is_destroyed_once() -> None:
    """Cycles of handles and their callbacks, which only the collector finds, in whichever thread it runs."""

    def make_and_forget() -> None:
        for _ in range(40):
            handle = ftp_client.globus_ftp_client_handle_init(None)
            ftp_client.globus_ftp_client_handle_set_user_pointer(handle, handle)
            gc.collect(0)

    at_once(*[make_and_forget] * 8)
    gc.collect()
    globus_lowlevel.reap()
    assert threading.active_count() >= 1
