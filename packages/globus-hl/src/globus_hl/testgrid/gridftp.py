"""The stock GridFTP server, in a process of its own."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote

from .errors import TestGridError
from .server import Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .server import Launcher, Running

Security = Literal["gsi", "nomap", "anonymous", "password"]
Login = tuple[str, str] | tuple[None, None]  # user and password
READY = r"Server listening at \S+:(\d+)"
# What -auth-level adds up, where it is given
IDENTIFY, AUTHORIZE, STAY_THE_USER, NO_GRIDMAP = 1, 2, 4, 8


class GridFTPServer(Server):
    """A running GridFTP server on loopback; made by `Grid.start_gridftp`.

    Clients reach nothing but what is below `root`: the server refuses other paths.

    Attributes:
        security: who may log in; see `Grid.start_gridftp`.
        root: the directory that is served; also the sessions' home directory (``/~/``).
        user, password: for a login over plain FTP where security is ``"password"``, else None.
        transfer_log: file with a line for each transfer, in NetLogger's format.
    """

    def __init__(
        self,
        process: Running,
        port: int,
        root: Path,
        security: Security,
        login: Login,
        log: Path,
    ) -> None:
        super().__init__(process, port, log)
        self.root = root
        self.security = security
        self.user: str | None = login[0]
        self.password: str | None = login[1]
        self.transfer_log = log.with_suffix(".transfers")

    @property
    def url(self) -> str:
        """URL of `root` over GSI, with no slash at its end: ``grid.gridftp.url + "/a.dat"``."""
        return f"gsiftp://{self.contact}{quote(str(self.root))}"

    @property
    def ftp_url(self) -> str:
        """URL of `root` over plain FTP, with user and password where the server wants them.

        Raises:
            TestGridError: the server has GSI only.
        """
        if self.security not in ("anonymous", "password"):
            raise TestGridError(
                f"the GridFTP server on {self.contact} does not speak plain FTP",
                hint="start one that does: grid.start_gridftp('anonymous') or grid.start_gridftp('password')",
            )
        login = f"{self.user}:{self.password}@" if self.password else ""
        return f"ftp://{login}{self.contact}{quote(str(self.root))}"

    def __repr__(self) -> str:
        return f"<GridFTPServer {self.security} {self.contact} root={str(self.root)!r}>"


def start_gridftp(
    launcher: Launcher, root: Path, security: Security, options: Sequence[str]
) -> GridFTPServer:
    """Start a server as a process; see `Grid.start_gridftp`.

    Args:
        launcher: starts it, with host credential, trust directory and grid-mapfile in its environment.
        root: existing directory, an absolute path without symbolic links.
        security: who may log in.
        options: more options of the server.
    """
    login = new_login(security)
    own = ["-daemon", *server_options(launcher, root, security, login)]
    process = launcher.launch("globus-gridftp-server", [*own, *options], READY)
    port, log = int(process.groups[0]), launcher.output.with_suffix(".log")
    return GridFTPServer(process, port, root, security, login, log)


def embed_gridftp(
    launcher: Launcher, root: Path, security: Security, options: Sequence[str]
) -> GridFTPServer:
    """Start a server in this process; the arguments are those of `start_gridftp`."""
    if security == "password":
        raise TestGridError(
            "a GridFTP server inside this process cannot have password log-ins",
            hint="the library crashes at the second one; use embedded=False",
        )
    from .embedded import EmbeddedServer

    login = new_login(security)
    own = [*server_options(launcher, root, security, login, STAY_THE_USER), "-connections-max", "1000"]
    process = EmbeddedServer([*own, *options], launcher.directory / "host", launcher.timeout)
    return GridFTPServer(process, process.port, root, security, login, launcher.output.with_suffix(".log"))


def new_login(security: Security) -> Login:
    """User and password for the servers that ask for them."""
    if security not in get_args(Security):
        raise ValueError(f"security={security!r} is none of {', '.join(map(repr, get_args(Security)))}")
    return (account(), secrets.token_hex(4)) if security == "password" else (None, None)


def server_options(
    launcher: Launcher, root: Path, security: Security, login: Login, auth_level: int = 0
) -> list[str]:
    """The options that say who may log in, and that keep the server on loopback and in the grid's directory.

    Raises:
        ValueError: the server cannot be restricted to such a root.
    """
    if special := set(str(root)) & set(",*?["):
        raise ValueError(f"root={str(root)!r}: a GridFTP server takes {' '.join(special)} for a pattern")
    config, log = launcher.config("conf"), launcher.output.with_suffix(".log")
    config.touch()  # empty, but named, as the server would otherwise read /etc/gridftp.conf
    config.with_suffix(".conf.d").mkdir()
    return [
        *("-c", str(config), "-C", str(config.with_suffix(".conf.d"))),
        *("-port", "0", "-control-interface", "127.0.0.1", "-data-interface", "127.0.0.1"),
        *("-logfile", str(log), "-log-level", "ERROR,WARN,INFO", "-log-module", "stdio:buffer=0"),
        *("-log-transfer", str(log.with_suffix(".transfers"))),
        *("-home-dir", str(root), "-restrict-paths", f"RW{root}"),
        *_login_options(security, login, config.with_suffix(".passwd"), auth_level),
    ]


def _login_options(security: Security, login: Login, password_file: Path, auth_level: int) -> list[str]:
    """Who may log in; as whom is no question: as the account that runs the grid."""
    user, password = login
    options = []
    if os.geteuid() == 0:
        options += ["-allow-root"]
    if security == "nomap":
        auth_level |= STAY_THE_USER | NO_GRIDMAP
    if auth_level:
        options += ["-auth-level", str(IDENTIFY | AUTHORIZE | auth_level)]
    if security == "anonymous":
        options += ["-allow-anonymous"]
        if os.geteuid() == 0:
            options += ["-anonymous-user", account()]
    if user and password:
        entry = f"{user}:{_des_crypt(password)}:{os.geteuid()}:{os.getegid()}::/:/bin/sh\n"
        password_file.touch(mode=0o600)
        password_file.write_text(entry)
        options += ["-password-file", str(password_file)]
    return options


def account() -> str:
    """Name of the account that runs the grid, and that its users are mapped to.

    Raises:
        TestGridError: it has none, as in some containers; then no server could map anybody.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise TestGridError(
            f"user id {os.geteuid()} has no account, and a GridFTP server maps its users to accounts",
            hint="add one to /etc/passwd, or run as a user that has one",
        ) from None


def _des_crypt(password: str) -> str:
    """The traditional hash of a password's first eight characters, the only kind that the server knows."""
    for library in ("libcrypt.so.1", "libcrypt.so.2"):
        try:
            crypt = ctypes.CDLL(library).crypt
        except OSError:
            continue
        crypt.argtypes, crypt.restype = (ctypes.c_char_p, ctypes.c_char_p), ctypes.c_char_p
        hashed: bytes | None = crypt(password.encode(), b"gr")
        if hashed and len(hashed) == 13:
            return hashed.decode()
    raise TestGridError(
        "there is no libcrypt with the traditional (DES) password hash",
        hint="install it with 'apt-get install libcrypt1'",
    )
