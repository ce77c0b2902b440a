"""A whole grid on loopback."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from . import environment
from .errors import TestGridError
from .gridftp import GridFTPServer, Security, account, start_server
from .pki import CertificateAuthority, Identity, local_names
from .processes import Watchdog
from .proxy import make_proxy


@dataclass(frozen=True)
class User(Identity):
    """A user of the grid, with a proxy.

    Attributes:
        proxy: file with an RFC 3820 proxy, mode 0600.
    """

    proxy: Path

    @property
    def credential(self) -> str:
        """What ``gridftp.Client(credential=...)`` takes: the path of the proxy file."""
        return str(self.proxy)


class Grid:
    """A throw-away grid on loopback, for tests and first steps: CA, host, users, and GridFTP servers on demand.

    Everything is in one private temporary directory. The directory and all servers go when the grid is closed, and
    also when the process that made it dies, in whatever manner. Works as root and as an ordinary user; any number of
    grids can be up at once.

    As a context manager it also sets this process' environment (`env`) so that the toolkit's libraries and programs
    find the grid, and restores it at the end; grids may be nested. `start` and `close` leave the environment alone.

    Args:
        trust: other grids (or `CertificateAuthority` objects) whose authority this grid trusts too.
        timeout: seconds that the start of the grid, and of each of its servers, may take.

    Attributes:
        directory: the temporary directory.
        ca: the `CertificateAuthority`.
        host: `Identity` of all servers, ``CN=localhost``.
        user: the first `User`, ``CN=Test User``, with a proxy; mapped to the account that runs the grid.
        trust_directory: what ``X509_CERT_DIR`` names.
        gridmap: what ``GRIDMAP`` names.

    Raises:
        TestGridError: the grid could not be put together.

    Example:
        >>> with Grid() as grid:
        ...     subprocess.run(["globus-url-copy", "file:///etc/hosts", grid.gridftp.url + "/hosts"], check=True)
    """

    directory: Path
    ca: CertificateAuthority
    host: Identity
    user: User
    trust_directory: Path
    gridmap: Path

    def __init__(self, *, trust: Iterable[Grid | CertificateAuthority] = (), timeout: float = 30.0) -> None:
        self._trust = list(trust)
        self._timeout = timeout
        self._watchdog: Watchdog | None = None
        self._gridftp: GridFTPServer | None = None
        self._names: set[str] = set()
        self._entered = ExitStack()

    # -- life -----------------------------------------------------------------------------------------

    def start(self) -> Grid:
        """Make directory, authority, host and user. Servers start when they are asked for. Idempotent."""
        if self._watchdog is not None:
            return self
        mapped_to = account()
        self._watchdog = Watchdog(self._timeout)
        try:
            self._make_directory(self._watchdog.directory)
            self.ca = CertificateAuthority(self.directory / "ca")
            for other in [self, *self._trust]:
                (other.ca if isinstance(other, Grid) else other).install(self.trust_directory)
            self.host = self.ca.issue_host("localhost", local_names())
            self.map(self.host.subject, mapped_to)
            self.user = self.add_user("Test User")
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Stop all servers and remove the directory. Idempotent."""
        watchdog, self._watchdog = self._watchdog, None
        self._gridftp = None
        if watchdog is not None:
            watchdog.close()

    def __enter__(self) -> Grid:
        self.start()
        self._entered.enter_context(self.environment())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._entered.close()
        self.close()

    def __del__(self, warn: object = warnings.warn) -> None:
        if getattr(self, "_watchdog", None) is not None:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            self.close()

    def __repr__(self) -> str:
        return f"<Grid {self.directory}>" if self._watchdog is not None else "<Grid, not started>"

    # -- people ---------------------------------------------------------------------------------------

    def add_user(self, name: str, *, mapped: bool = True) -> User:
        """Issue a certificate for a new user, and make a proxy of it.

        Args:
            name: common name, such as ``"Other User"``.
            mapped: whether the grid-mapfile lets the user in.
        """
        identity = self.ca.issue_user(name)
        proxy = make_proxy(identity, identity.cert.with_name("proxy.pem"))
        if mapped:
            self.map(identity.subject)
        return User(identity.subject, identity.cert, identity.key, proxy)

    def map(self, subject: str, to: str | None = None) -> None:
        """Add a line to the grid-mapfile; running servers see it at the next login.

        Args:
            subject: distinguished name of the end entity, without the parts that a proxy adds.
            to: account; default: the one that runs the grid, the only one possible unless that is root.
        """
        with self.gridmap.open("a") as file:
            file.write(f'"{subject}" {to or account()}\n')

    # -- environment ----------------------------------------------------------------------------------

    @property
    def env(self) -> dict[str, str]:
        """The variables that the toolkit's programs need to be clients of this grid, as `user`."""
        return self._common_env() | {"X509_USER_PROXY": str(self.user.proxy)}

    @property
    def server_env(self) -> dict[str, str]:
        """The whole environment of the grid's servers: the host's credential, and no user's."""
        return (
            environment.inherited()
            | self._common_env()
            | {
                "X509_USER_CERT": str(self.host.cert),
                "X509_USER_KEY": str(self.host.key),
                "HOME": str(self.directory / "home"),
                "USER": account(),
                "LOGNAME": account(),
                "LC_ALL": "C.UTF-8",
            }
        )

    def environment(self) -> AbstractContextManager[None]:
        """A context manager that gives this process the variables of `env` and restores the old ones at its end.

        It unsets those that would mislead a client (`testgrid.environment.FOREIGN`). Enter and leave it while no
        transfer runs: C code that reads the environment in another thread at that moment may crash.
        """
        return environment.environment(self.env)

    def _common_env(self) -> dict[str, str]:
        return {
            "X509_CERT_DIR": str(self.trust_directory),
            "GRIDMAP": str(self.gridmap),
            "GSI_AUTHZ_CONF": str(self.directory / "etc" / "gsi-authz.conf"),  # is not there: no call-outs
            "GLOBUS_GSSAPI_NAME_COMPATIBILITY": "STRICT_RFC2818",
            "GLOBUS_HOSTNAME": "localhost",
        }

    # -- servers --------------------------------------------------------------------------------------

    @property
    def gridftp(self) -> GridFTPServer:
        """A GridFTP server with GSI and grid-mapfile; started when it is first asked for, and again after a stop."""
        if self._gridftp is None or not self._gridftp.running:
            self._gridftp = self.start_gridftp()
        return self._gridftp

    def start_gridftp(
        self,
        security: Security = "gsi",
        *,
        embedded: bool = False,
        root: str | os.PathLike[str] | None = None,
        options: Sequence[str] = (),
    ) -> GridFTPServer:
        """Start one more GridFTP server.

        Args:
            security: who may log in. ``"gsi"``: whom the grid-mapfile names; ``"nomap"``: every identity that the
                grid trusts, as the account that runs it; ``"anonymous"``: besides, anybody over plain FTP;
                ``"password"``: besides, `GridFTPServer.user` with `GridFTPServer.password` over plain FTP.
            embedded: run the server in this process in place of a child process.
            root: existing directory to serve; default: a new one below `directory`.
            options: more options of ``globus-gridftp-server``, such as ``["-encrypt-data"]``.

        Raises:
            TestGridError: it did not start; the message has its output and its log.
            MissingProgramError: ``globus-gridftp-server`` is not installed.
        """
        watchdog = self._up()
        if embedded:
            raise TestGridError("embedded servers need globus_lowlevel.gridftp_server")
        name = self._unique("gridftp")
        if root is None:
            root = self.directory / "data" / name
            root.mkdir()
        return start_server(
            watchdog, name, self.server_env, Path(root).resolve(), security, options, self._timeout
        )

    def _up(self) -> Watchdog:
        if self._watchdog is None:
            raise TestGridError("the grid is not up: use it as a context manager, or call start()")
        return self._watchdog

    def _unique(self, kind: str) -> str:
        name = f"{kind}-{len(self._names) + 1}"
        self._names.add(name)
        return name

    def _make_directory(self, directory: Path) -> None:
        self.directory = directory
        self.trust_directory = directory / "certificates"
        self.gridmap = directory / "etc" / "grid-mapfile"
        for path in ("certificates", "data", "etc", "home", "log"):
            (directory / path).mkdir()
