"""The same GridFTP server inside this process, as `globus_gridftp_server_embed.h` offers it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
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

    from globus_lowlevel import GlobusError

_alone = threading.Lock()  # held by the running server: the library keeps the settings of one for the process
# Handles of servers that have ended: a thread of the library may still be on its way out of the callback that
# said so, and unlocks what is in the handle
_ended: list[object] = []


class EmbeddedServer:
    """A GridFTP server in this process.

    It finds its trust directory and its grid-mapfile in this process' environment. Its credential comes from
    `hosts`, by the name that the client asks for, so that the proxy in the environment stays the client's.

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

        Raises:
            TestGridError: they are not closed after `timeout` seconds.
        """
        with self._changed:
            if not self.running:
                return
            self.running = False
        gridftp_server.globus_gridftp_server_embed_stop(self._handle)
        self._environment.__exit__(None, None, None)
        with self._changed:
            over = self._changed.wait_for(self._is_over, timeout)
        if not over:
            raise TestGridError(
                f"the embedded GridFTP server on port {self.port} is not closed after {timeout:g} s, "
                f"with {self._open_sessions()} sessions"
            )
        _ended.append(self._handle)
        _alone.release()

    def _on_event(self, handle: object, error: GlobusError | None, event: int, argument: object) -> bool:
        """A connection came or went, or something stopped: the last session, or else the listener."""
        with self._changed:
            self._changed.notify_all()
        return True

    def _is_over(self) -> bool:
        return self._open_sessions() == 0 and not self._listens()

    def _open_sessions(self) -> int:
        count: int = gridftp_server.globus_gridftp_server_embed_config_get_int(
            self._handle, "open_connections_count"
        )
        return count

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
