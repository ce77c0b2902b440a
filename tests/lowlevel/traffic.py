"""Work for many threads: files put to a GridFTP server and got back, an XIO server that echoes by callbacks."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from globus_lowlevel import GlobusError, ftp_client, xio, xio_drivers

LIMIT = 240.0  # seconds, after which threads that do not end are in each other's way; under a sanitizer all is slow


def at_once(*works: Callable[[], None]) -> None:
    """Runs each in a thread of its own, all beginning together; raises what one of them raises."""
    failures: list[BaseException] = []
    begin = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        begin.wait()
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - raised below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT if not failures else 10.0)
    if failures:
        raise failures[0]
    stuck = sum(thread.is_alive() for thread in threads)
    if stuck:
        faulthandler.dump_traceback()
    assert not stuck, f"{stuck} threads do not end"


class Answer:
    """A callback that a thread waits for."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def __call__(self, *arguments: Any) -> None:
        self._calls.put(arguments)

    def wait(self) -> tuple[Any, ...]:
        """The arguments of the next call."""
        return self._calls.get(timeout=LIMIT)


class Store:
    """A file that goes to the server and comes back, over and over, with one handle, which others may abort.

    Attributes:
        begun: gets the handle whenever a transfer has begun, to abort it.
        aborted: how many transfers were aborted.
    """

    def __init__(self, server: Any, attr: Any, name: str, size: int) -> None:
        self.url, self.path = f"{server.ftp_url}/{name}", Path(server.root) / name
        self.attr, self.data = attr, os.urandom(size)
        self.begun: Callable[[Any], None] | None = None
        self.aborted = 0
        handleattr = ftp_client.globus_ftp_client_handleattr_init()
        ftp_client.globus_ftp_client_handleattr_set_cache_all(handleattr, True)
        self.handle = ftp_client.globus_ftp_client_handle_init(handleattr)

    def run(self, rounds: int) -> None:
        """Transfers, and the end of the handle."""
        self.transfer(rounds)
        self.end()

    def end(self) -> None:
        ftp_client.globus_ftp_client_handle_destroy(self.handle)

    def transfer(self, rounds: int) -> None:
        """To the server and back."""
        for _ in range(rounds):
            while not self._completes(self._put):
                self.aborted += 1
            assert self.path.read_bytes() == self.data
            while not self._completes(self._get):
                self.aborted += 1

    def _completes(self, transfer: Callable[[Answer], None]) -> bool:
        """Whether it has not been aborted; the only reason to fail, whichever layer then says so.

        But for one: C may begin a transfer while it still closes the data connection of the one before, and then refuses.
        """
        done = Answer()
        transfer(done)
        if self.begun:
            self.begun(self.handle)
        error = done.wait()[2]
        is_early = isinstance(error, GlobusError) and "not in the proper state CLOSING" in str(error)
        if error is not None and not is_early and (not self.begun or not isinstance(error, GlobusError)):
            raise error
        return error is None

    def _register(self, function: Callable[..., None], *arguments: Any) -> None:
        """A block that is refused was aborted already, or comes after the end."""
        with contextlib.suppress(GlobusError):
            function(self.handle, *arguments, None)

    def _put(self, done: Answer) -> None:
        ftp_client.globus_ftp_client_put(self.handle, self.url, self.attr, None, done, None)
        half = len(self.data) // 2
        for offset, part in ((0, self.data[:half]), (half, self.data[half:])):
            last = offset == half
            write = ftp_client.globus_ftp_client_register_write
            self._register(write, part, offset, last, lambda *_: None)

    def _get(self, done: Answer) -> None:
        parts: dict[int, bytes] = {}

        def on_data(
            _: Any, handle: Any, error: Any, buffer: Any, length: int, offset: int, eof: bool
        ) -> None:
            if error is None and length:
                parts[offset] = bytes(buffer[:length])
            if error is None and not eof:
                self._register(ftp_client.globus_ftp_client_register_read, buffer, on_data)

        def on_done(*arguments: Any) -> None:
            got = b"".join(parts[offset] for offset in sorted(parts))
            done(*arguments[:2], arguments[2] or (None if got == self.data else ValueError("other bytes")))

        ftp_client.globus_ftp_client_get(self.handle, self.url, self.attr, None, on_done, None)
        for _ in range(3):
            self._register(ftp_client.globus_ftp_client_register_read, bytearray(16384), on_data)


class EchoServer:
    """Gives back what its clients send. All of it happens in callbacks; inside a `with`."""

    def __init__(self) -> None:
        tcp = xio.globus_xio_driver_load("tcp")
        self.stack = xio.globus_xio_stack_init(None)
        xio.globus_xio_stack_push_driver(self.stack, tcp)
        attr = xio.globus_xio_attr_init()
        xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
        self._server = xio.globus_xio_server_create(attr, self.stack)
        self.contact = xio.globus_xio_server_get_contact_string(self._server)
        self._clients = 0
        self._closed = Answer()
        self._accept()

    def _accept(self) -> None:
        xio.globus_xio_server_register_accept(self._server, self._on_accept, None)

    def _on_accept(self, server: Any, handle: Any, error: Any, _: Any) -> None:
        if error is not None:  # the server is being closed
            self._closed(None)
            return
        self._clients += 1
        xio.globus_xio_register_open(handle, None, None, self._on_open, None)
        self._accept()

    def _on_open(self, handle: Any, error: Any, _: Any) -> None:
        assert error is None
        self._read(handle, bytearray(4096))

    def _read(self, handle: Any, buffer: bytearray) -> None:
        xio.globus_xio_register_read(handle, buffer, 1, None, self._on_read, buffer)

    def _on_read(self, handle: Any, error: Any, buffer: Any, length: int, count: int, *_: Any) -> None:
        if error is None:
            back = memoryview(buffer)[:count]
            xio.globus_xio_register_write(handle, back, count, None, self._on_write, buffer)
        else:  # the end, or the client has gone
            xio.globus_xio_register_close(handle, None, self._closed, None)

    def _on_write(self, handle: Any, error: Any, *arguments: Any) -> None:
        self._read(handle, arguments[-1])

    def connect(self) -> Any:
        """A new client's handle."""
        handle = xio.globus_xio_handle_create(self.stack)
        xio.globus_xio_open(handle, self.contact, None)
        return handle

    def wait_for_end(self) -> None:
        """Waits until a client that has gone is forgotten."""
        self._closed.wait()
        self._clients -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Waits until all clients have gone."""
        xio.globus_xio_server_close(self._server)
        for _ in range(self._clients + 1):
            self._closed.wait()
