"""The same GridFTP server inside this process, as `globus_gridftp_server_embed.h` offers it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from globus_lowlevel import gridftp_server

from .._runtime.library import activate
from .environment import environment
from .errors import TestGridError
from .programs import find_program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

REFUSE_ALL = -1  # connections_max: more than no session is too many

_alone = threading.Lock()  # held by the running server: the library keeps the settings of one for the process
# Handles of servers that have ended: a thread of the library may still be on its way out of the callback that
# said so, and unlocks what is in the handle
_ended: list[object] = []


class EmbeddedServer:
    """A GridFTP server in this process.

    It finds its trust directory and its grid-mapfile in this process' environment. Its credential comes from
    `hosts`, by the name that the client asks for, so that the proxy in the environment stays the client's. (A
    client that asks for a subject, not for a host name, is shown the credential of the environment.)

    Args:
        options: command line of ``globus-gridftp-server``.
        hosts: directory with a directory for each host, with its certificate and key.

    Attributes:
        port: TCP port of the control channel.

    Raises:
        TestGridError: it did not start, or another one runs in this process.
    """

    def __init__(self, options: Sequence[str], hosts: Path, timeout: float) -> None:
        _check(options, timeout)
        if not _alone.acquire(blocking=False):
            raise TestGridError(
                "another GridFTP server is embedded in this process, which has room for one",
                hint="stop that one first, or start this one with embedded=False",
            )
        self._changed = threading.Condition()
        self._environment: AbstractContextManager[None] = environment({"X509_VHOST_CRED_DIR": str(hosts)})
        self.running = False
        try:
            self._start(options)
        except BaseException:
            _alone.release()
            raise

    def _start(self, options: Sequence[str]) -> None:
        activate(gridftp_server, "GLOBUS_GRIDFTP_SERVER_MODULE")
        self._handle = gridftp_server.globus_gridftp_server_embed_init(["globus-gridftp-server", *options])
        gridftp_server.globus_gridftp_server_embed_start(self._handle, self._on_event, None)
        contact = gridftp_server.globus_gridftp_server_embed_config_get_string(self._handle, "contact_string")
        self.port = int(contact.rpartition(":")[2])
        self._environment.__enter__()
        self.running = True

    @property
    def pid(self) -> int:
        """This process."""
        return os.getpid()

    def stop(self, grace: float = 1.0, timeout: float = 10.0) -> None:
        """Close the listener and every session, and wait until they are closed. Idempotent.

        Sessions are ended as if their clients had gone, before the library is told to stop: told so while one
        ends it may abort the process, by its assertion ``server_handle->ref > 0``.

        Raises:
            TestGridError: they are not closed after `timeout` seconds.
        """
        with self._changed:
            if not self.running:
                return
            self.running = False
        deadline = time.monotonic() + timeout
        gridftp_server.globus_gridftp_server_embed_config_set_int(self._handle, "connections_max", REFUSE_ALL)
        while (sessions := self._sessions()) and time.monotonic() < deadline:
            self._hang_up()
            time.sleep(0.005)  # no event follows the one after which the library still counts the session
        if not sessions:
            gridftp_server.globus_gridftp_server_embed_stop(self._handle)
        self._environment.__exit__(None, None, None)
        with self._changed:
            closed = self._changed.wait_for(
                lambda: not self._listens(), max(0.0, deadline - time.monotonic())
            )
        if not closed:
            raise TestGridError(
                f"the embedded GridFTP server on port {self.port} is not closed after {timeout:g} s, "
                f"with {sessions} sessions"
            )
        _ended.append(self._handle)
        _alone.release()

    def signal(self, number: int) -> None:
        """Refuse it: it would be for this whole process.

        Raises:
            TestGridError: always.
        """
        raise TestGridError("an embedded server cannot be paused", hint="start it with embedded=False")

    def _on_event(self, handle: object, error: object, event: object, argument: object) -> bool:
        """A connection came or went, or the listener is closed."""
        with self._changed:
            self._changed.notify_all()
        return True

    def _sessions(self) -> int:
        count: int = gridftp_server.globus_gridftp_server_embed_config_get_int(
            self._handle, "open_connections_count"
        )
        return count

    def _hang_up(self) -> None:
        """Shut down the server's ends of its control channels; they are among this process' descriptors."""
        for descriptor in os.listdir("/proc/self/fd"):
            try:
                copy = os.dup(int(descriptor))
            except OSError:  # closed since the directory was read
                continue
            try:
                channel = socket.socket(fileno=copy)
            except OSError:  # no socket
                os.close(copy)
                continue
            with channel, contextlib.suppress(OSError):  # the listener has no peer
                if channel.family == socket.AF_INET and channel.getsockname()[1] == self.port:
                    channel.getpeername()
                    channel.shutdown(socket.SHUT_RDWR)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
            return False


def _check(options: Sequence[str], timeout: float) -> None:
    """Have the stock program look at the options: the embedded server ends this process if one is wrong."""
    command = [find_program("globus-gridftp-server"), *options, "-version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise TestGridError(f"the embedded GridFTP server did not start: {done.stderr.strip()}")
