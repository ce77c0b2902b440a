"""The stock GridFTP server, as a child process."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args
from urllib.parse import quote

from .errors import TestGridError
from .processes import Process, Watchdog
from .programs import find_program

Security = Literal["gsi", "anonymous", "password", "nomap"]
READY = r"Server listening at \S+:(\d+)"
LOG_SHOWN = 4000


class GridFTPServer:
    """A running ``globus-gridftp-server`` on loopback; made by `Grid.start_gridftp`.

    Clients reach nothing but what is below `root`: other paths are refused by the server.

    Attributes:
        security: who may log in, and how; see `Grid.start_gridftp`.
        port: TCP port of the control channel on 127.0.0.1.
        root: the directory that is served, and the home directory of the sessions.
        user, password: for the FTP login of a server with security ``"password"``, else None.
        log: file with the server's log; `transfer_log`: one line for each transfer, in NetLogger's format.
    """

    def __init__(self, process: Process, security: Security, root: Path, login: tuple[str, str] | None) -> None:
        self._process = process
        self.security = security
        self.port = int(process.groups[0])
        self.root = root
        self.user, self.password = login or (None, None)
        self.log = process.output.with_suffix(".log")
        self.transfer_log = process.output.with_suffix(".transfers")

    @property
    def contact(self) -> str:
        """``localhost:PORT``."""
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        """URL of `root` over GSI, without a slash at the end: ``grid.gridftp.url + "/a.dat"``."""
        return f"gsiftp://{self.contact}{quote(str(self.root))}"

    @property
    def ftp_url(self) -> str:
        """URL of `root` over plain FTP, with user and password where the server wants them.

        Raises:
            TestGridError: the server serves GSI only.
        """
        if self.security not in ("anonymous", "password"):
            raise TestGridError(
                f"the GridFTP server on {self.contact} has no plain FTP: "
                "start one with grid.start_gridftp(security='anonymous') or 'password'"
            )
        login = f"{self.user}:{self.password}@" if self.password else ""
        return f"ftp://{login}{self.contact}{quote(str(self.root))}"

    @property
    def pid(self) -> int:
        """Process id of the daemon, and the process group of all its sessions."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the daemon is alive."""
        return self._process.running

    def stop(self) -> None:
        """End the daemon and every session. Idempotent."""
        self._process.stop()

    def kill(self) -> None:
        """End the daemon and every session as a crash of the machine would: no one says good-bye."""
        self._process.stop(grace=0)

    def __enter__(self) -> GridFTPServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<GridFTPServer {self.security} {self.contact} root={str(self.root)!r}>"


def start_server(
    watchdog: Watchdog,
    name: str,
    env: Mapping[str, str],
    root: Path,
    security: Security = "gsi",
    options: Sequence[str] = (),
    timeout: float = 30.0,
) -> GridFTPServer:
    """Start a server; see `Grid.start_gridftp`, which hands over what the grid knows.

    Args:
        watchdog: process that the server becomes a child of.
        name: unique in the grid; names the server's files below ``log`` and ``etc``.
        env: the server's whole environment, with host credential, trust directory and grid-mapfile.
    """
    if security not in get_args(Security):
        raise ValueError(f"security={security!r}: one of {', '.join(map(repr, get_args(Security)))} is expected")
    program = find_program("globus-gridftp-server")
    etc, output = watchdog.directory / "etc", watchdog.directory / "log" / f"{name}.out"
    config, config_directory = etc / f"{name}.conf", etc / f"{name}.conf.d"
    config.touch()  # given by name and empty, or the server reads /etc/gridftp.conf
    config_directory.mkdir()
    login = (account(), secrets.token_hex(4)) if security == "password" else None
    argv = [
        program,
        *("-daemon", "-port", "0", "-c", str(config), "-C", str(config_directory)),
        *("-control-interface", "127.0.0.1", "-data-interface", "127.0.0.1"),
        *("-log-level", "ERROR,WARN,INFO", "-log-module", "stdio:buffer=0"),
        *("-logfile", str(output.with_suffix(".log")), "-log-transfer", str(output.with_suffix(".transfers"))),
        *("-home-dir", str(root), "-restrict-paths", f"RW{root}"),
        *_login_options(security, login, etc / f"{name}.passwd"),
        *options,
    ]
    try:
        process = watchdog.start(name, argv, env, output, READY, timeout)
    except TestGridError as error:
        log = output.with_suffix(".log")
        if log.exists():
            error.add_note(f"its log:\n{log.read_text(errors='replace')[-LOG_SHOWN:]}")
        raise
    return GridFTPServer(process, security, root, login)


def _login_options(security: Security, login: tuple[str, str] | None, password_file: Path) -> list[str]:
    """Who may log in. Root is refused by the server unless it is told that a grid-mapfile may name it."""
    allow_root = ["-allow-root"] if os.geteuid() == 0 else []
    if security == "anonymous":
        return ["-allow-anonymous", *(["-anonymous-user", "root"] if allow_root else []), *allow_root]
    if security == "nomap":
        return ["-auth-level", "4", *allow_root]  # 4: any trusted identity, and the process stays the user it is
    if login is not None:
        password_file.touch(mode=0o600)
        password_file.write_text(f"{login[0]}:{_des_crypt(login[1])}:{os.geteuid()}:{os.getegid()}::/:/bin/sh\n")
        return ["-password-file", str(password_file), *allow_root]
    return allow_root


def _des_crypt(password: str) -> str:
    """The traditional hash of a password's first eight characters: the only one that the server knows."""
    for library in ("libcrypt.so.1", "libcrypt.so.2"):
        try:
            crypt = ctypes.CDLL(library).crypt
        except OSError:
            continue
        crypt.argtypes, crypt.restype = (ctypes.c_char_p, ctypes.c_char_p), ctypes.c_char_p
        hashed = crypt(password.encode(), b"gr")
        if hashed and len(hashed) == 13:
            return str(hashed.decode())
    raise TestGridError("no libcrypt with the traditional DES hash: install it with 'apt-get install libcrypt1'")


def account() -> str:
    """Name of the account that this process runs as, and that users of the grid are mapped to.

    Raises:
        TestGridError: the user id has no name, as in some containers; the server could map nobody.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise TestGridError(
            f"user id {os.geteuid()} has no account: a GridFTP server needs one, in /etc/passwd or another name service"
        ) from None
