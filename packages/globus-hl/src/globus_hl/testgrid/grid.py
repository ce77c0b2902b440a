"""A whole grid on loopback."""

from __future__ import annotations

import itertools
import os
import threading
import warnings
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from . import environment
from .errors import TestGridError
from .gridftp import GridFTPServer, Security, account, embed_server, start_server
from .pki import CertificateAuthority, Identity, local_names
from .processes import Watchdog
from .proxy import make_proxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType


@dataclass(frozen=True)
class User(Identity):
    """A user with a proxy.

    Attributes:
        proxy: file with an RFC 3820 proxy, mode 0600.
    """

    proxy: Path

    @property
    def credential(self) -> str:
        """What ``gridftp.Client(credential=...)`` takes: the path of the proxy file."""
        return str(self.proxy)


class Grid:
    """A throw-away grid on loopback, for tests and first steps: CA, host, users, GridFTP servers on demand.

    All of it is in one private temporary directory. Directory and servers go when the grid is closed, and
    also when the process that made it dies, in whatever manner. Works as root and as an ordinary user; any
    number of grids can be up at once.

    As a context manager it also gives this process the environment (`env`) by which the toolkit's libraries
    and programs find the grid, and restores the old one at its end; grids may be nested. `start` and
    `close` leave the environment alone.

    Args:
        trust: other grids, or authorities, that this grid trusts besides its own.
        timeout: seconds that the grid, and each server, may take to start.

    Attributes:
        directory: the temporary directory.
        ca: the authority.
        host: identity of all servers, ``CN=localhost``.
        user: the first user, ``CN=Test User``; servers map it to the account that runs the grid.
        trust_directory: what ``X509_CERT_DIR`` names.
        gridmap: what ``GRIDMAP`` names.

    Raises:
        TestGridError: the grid could not be put together.

    Example:
        >>> with Grid() as grid:
        ...     url = grid.gridftp.url + "/hosts"
        ...     subprocess.run(["globus-url-copy", "file:///etc/hosts", url], check=True)
    """

    directory: Path
    ca: CertificateAuthority
    host: Identity
    user: User
    trust_directory: Path
    gridmap: Path

    def __init__(self, *, trust: Iterable[Grid | CertificateAuthority] = (), timeout: float = 30.0) -> None:
        self._watchdog: Watchdog | None = None
        self._gridftp: GridFTPServer | None = None
        self._embedded: list[GridFTPServer] = []
        self._trust = list(trust)
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._entered = ExitStack()

    # ---- life --------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Make directory, authority, host and user; servers start when they are asked for. Idempotent."""
        if self._watchdog is not None:
            return self
        account()  # a reason not to begin, if there is none
        self._watchdog = Watchdog(self._timeout)
        try:
            self._furnish(self._watchdog.directory)
        except BaseException:
            self.close()
            raise
        return self

    def _furnish(self, directory: Path) -> None:
        self.directory = directory
        self.trust_directory = directory / "certificates"
        self.gridmap = directory / "etc" / "grid-mapfile"
        for name in ("certificates", "data", "etc", "home", "log"):
            (directory / name).mkdir()
        self.ca = CertificateAuthority(directory)
        for other in (self, *self._trust):
            authority = other.ca if isinstance(other, Grid) else other
            authority.install(self.trust_directory)
        self.host = self.ca.issue_host("localhost", local_names())
        self.map(self.host.subject)
        self.user = self.add_user("Test User")

    def close(self) -> None:
        """Stop all servers and remove the directory. Idempotent."""
        watchdog, self._watchdog, self._gridftp = self._watchdog, None, None
        if watchdog is not None:
            try:
                while self._embedded:
                    self._embedded.pop().stop()
            finally:
                watchdog.close()

    def __enter__(self) -> Self:
        self.start()
        self._entered.enter_context(self.environment())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        finally:
            self._entered.close()

    def __del__(self) -> None:
        if getattr(self, "_watchdog", None) is not None:
            try:
                warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
            finally:  # also where warnings are errors
                self.close()

    def __repr__(self) -> str:
        return "<Grid, not up>" if self._watchdog is None else f"<Grid {self._watchdog.directory}>"

    # ---- people ------------------------------------------------------------------------------------------

    def add_user(self, name: str, *, mapped: bool = True) -> User:
        """Issue a certificate for one more user, and make a proxy.

        Args:
            name: the common name, such as ``"Other User"``; unique among the users.
            mapped: whether the grid-mapfile names the user.

        Raises:
            ValueError: there is such a user, or the name has a character outside of printable ASCII.
        """
        identity = self.ca.issue_user(name)
        proxy = make_proxy(identity, identity.cert.with_name("proxy.pem"))
        if mapped:
            self.map(identity.subject)
        return User(identity.subject, identity.cert, identity.key, proxy)

    def map(self, subject: str, to: str | None = None) -> None:
        """Add a line to the grid-mapfile; it counts from the next login on.

        Args:
            subject: distinguished name of the end entity, without what a proxy adds to it.
            to: the account; None: the one that runs the grid, and the only one possible unless that is root.
        """
        with self.gridmap.open("a") as file:
            file.write(f'"{subject}" {to or account()}\n')

    # ---- environment -------------------------------------------------------------------------------------

    @property
    def env(self) -> dict[str, str]:
        """The variables that the toolkit's programs need to be clients of this grid, as `user`.

        Example:
            >>> subprocess.run(["grid-proxy-info"], env=os.environ | grid.env)
        """
        return self._common_env() | {"X509_USER_PROXY": str(self.user.proxy)}

    def environment(self) -> AbstractContextManager[None]:
        """A context manager that gives this process the variables of `env`, and restores the old ones.

        It also unsets what would mislead a client (`environment.FOREIGN`). Enter and leave it while no
        transfer
        runs: C code that reads the environment in another thread at that moment may crash.
        """
        return environment.environment(dict.fromkeys(environment.FOREIGN) | self.env)

    def _server_env(self) -> dict[str, str]:
        """The whole environment of a server: the host's credential, and no user's."""
        return {
            **environment.inherited(),
            **self._common_env(),
            "X509_USER_CERT": str(self.host.cert),
            "X509_USER_KEY": str(self.host.key),
            "HOME": str(self.directory / "home"),
            "USER": account(),
            "LOGNAME": account(),
            "LC_ALL": "C.UTF-8",
        }

    def _common_env(self) -> dict[str, str]:
        return {
            "X509_CERT_DIR": str(self.trust_directory),
            "GRIDMAP": str(self.gridmap),
            "GSI_AUTHZ_CONF": str(self.directory / "etc" / "gsi-authz.conf"),  # not there: no call-outs
            "GLOBUS_GSSAPI_NAME_COMPATIBILITY": "STRICT_RFC2818",
            "GLOBUS_HOSTNAME": "localhost",
        }

    # ---- servers -----------------------------------------------------------------------------------------

    @property
    def gridftp(self) -> GridFTPServer:
        """A GridFTP server with GSI; started when it is first asked for, and anew when it has ended."""
        with self._lock:
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
        """Start one more GridFTP server. It ends with the grid, if it is not stopped before.

        Args:
            security: who may log in.
                ``"gsi"``: whom the grid-mapfile names.
                ``"nomap"``: everybody whom the grid trusts.
                ``"anonymous"``: besides, anybody, over plain FTP.
                ``"password"``: besides, the server's `user` with its `password`, over plain FTP.
            embedded: in this process, not in one of its own. There can be one such server in a process, for
                any security but ``"password"``. It runs in the environment of this process: the grid has to
                be entered, not just started.
            root: existing directory to serve; None: a new one in the grid's directory.
            options: more options of ``globus-gridftp-server``, such as ``["-encrypt-data"]``.

        Raises:
            TestGridError: it did not start; the message has its output and its log.
            MissingProgramError: ``globus-gridftp-server`` is not installed.
        """
        if self._watchdog is None:
            raise TestGridError("the grid is not up", hint="use it as a context manager, or call start()")
        name = f"gridftp-{next(self._numbers)}"
        if root is None:
            root = self.directory / "data" / name
            root.mkdir()
        served = Path(root).resolve(strict=True)
        if embedded:
            return self._embed_gridftp(name, served, security, options)
        return start_server(
            self._watchdog, name, self._server_env(), served, security, options, self._timeout
        )

    def _embed_gridftp(
        self, name: str, root: Path, security: Security, options: Sequence[str]
    ) -> GridFTPServer:
        if os.environ.get("X509_CERT_DIR") != str(self.trust_directory):
            raise TestGridError(
                "a GridFTP server in this process needs the grid in its environment",
                hint="use the grid as a context manager, or its environment()",
            )
        server = embed_server(self.directory, name, root, security, options, self._timeout)
        self._embedded.append(server)
        return server
