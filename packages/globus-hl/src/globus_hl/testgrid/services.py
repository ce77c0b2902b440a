"""The servers of a grid, started on demand."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from . import environment
from .errors import TestGridError
from .gass import GASSServer, start_gass
from .gram import Gatekeeper, start_gatekeeper
from .gridftp import GridFTPServer, Security, account, embed_gridftp, start_gridftp
from .myproxy import MyProxyServer, start_myproxy
from .server import Launcher, Server
from .striped import StripedGridFTPServer, start_striped_gridftp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .myproxy import Option
    from .pki import CertificateAuthority, Identity
    from .processes import Watchdog
    from .proxy import User

S = TypeVar("S", bound=Server)


class Services:
    """The part of a `Grid` that starts its servers.

    Of each kind there is one that starts when it is first asked for (and anew when it has ended), such as
    `gridftp`; methods such as `start_gridftp` start more, with options. All of them end with the grid.
    """

    directory: Path
    ca: CertificateAuthority
    host: Identity
    user: User
    trust_directory: Path
    gridmap: Path

    def __init__(self, timeout: float) -> None:
        self._watchdog: Watchdog | None = None
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._default: dict[str, Server] = {}
        self._embedded: list[GridFTPServer] = []

    # ---- GridFTP -----------------------------------------------------------------------------------------

    @property
    def gridftp(self) -> GridFTPServer:
        """A GridFTP server with GSI."""
        return self._the("gridftp", self.start_gridftp)

    @property
    def gridftp_pair(self) -> tuple[GridFTPServer, GridFTPServer]:
        """Two GridFTP servers with GSI, for third-party transfers; the first one is `gridftp`."""
        return self.gridftp, self._the("second gridftp", self.start_gridftp)

    def start_gridftp(
        self,
        security: Security = "gsi",
        *,
        embedded: bool = False,
        root: str | os.PathLike[str] | None = None,
        host: Identity | None = None,
        options: Sequence[str] = (),
    ) -> GridFTPServer:
        """Start one more GridFTP server.

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
            host: what it shows to clients, unless it is embedded; None: the grid's host.
            options: more options of ``globus-gridftp-server``, such as ``["-encrypt-data"]``.

        Raises:
            TestGridError: it did not start; the message has its output and its log.
            MissingProgramError: ``globus-gridftp-server`` is not installed.
        """
        launcher = self._launcher("gridftp", host)
        served = self._served(root, launcher)
        if embedded:
            return self._embed_gridftp(launcher, served, security, options)
        return start_gridftp(launcher, served, security, options)

    def _embed_gridftp(
        self, launcher: Launcher, root: Path, security: Security, options: Sequence[str]
    ) -> GridFTPServer:
        if os.environ.get("X509_CERT_DIR") != str(self.trust_directory):
            raise TestGridError(
                "a GridFTP server in this process needs the grid in its environment",
                hint="use the grid as a context manager, or its environment()",
            )
        server = embed_gridftp(launcher, root, security, options)
        self._embedded.append(server)
        return server

    def start_striped_gridftp(
        self, nodes: int = 2, *, root: str | os.PathLike[str] | None = None, options: Sequence[str] = ()
    ) -> StripedGridFTPServer:
        """Start a striped GridFTP server with GSI: a front end, and data nodes that see the same files.

        Args:
            nodes: number of data nodes. The stock server that sends to more than two crashes now and then.
            root: existing directory to serve; None: a new one in the grid's directory.
            options: more options of each ``globus-gridftp-server``.

        Raises:
            TestGridError: one of them did not start; the message has its output and its log.
            MissingProgramError: ``globus-gridftp-server`` is not installed.
        """
        if nodes < 1:
            raise ValueError(f"nodes={nodes}: a striped server needs one at least")
        launchers = [self._launcher("striped"), *(self._launcher("node") for _ in range(nodes))]
        return start_striped_gridftp(launchers, self._served(root, launchers[0]), options)

    @staticmethod
    def _served(root: str | os.PathLike[str] | None, launcher: Launcher) -> Path:
        if root is None:
            root = launcher.directory / "data" / launcher.name
            root.mkdir()
        return Path(root).resolve(strict=True)

    # ---- MyProxy -----------------------------------------------------------------------------------------

    @property
    def myproxy(self) -> MyProxyServer:
        """A MyProxy server that is a repository."""
        return self._the("myproxy", self.start_myproxy)

    def use_myproxy(self, *, ca: bool) -> MyProxyServer:
        """Let `myproxy` be a server with these options, if it is not up yet; see `start_myproxy`."""
        return self._the("myproxy", lambda: self.start_myproxy(ca=ca))

    def start_myproxy(
        self,
        *,
        ca: bool = False,
        host: Identity | None = None,
        options: Mapping[str, Option | None] | None = None,
    ) -> MyProxyServer:
        """Start one more MyProxy server.

        It is a repository that allows all to everybody whom the grid trusts, and nothing to others but to log on
        with a passphrase.

        Args:
            ca: it also issues certificates, in the name of the grid's own authority, to everybody who shows one of
                that authority: the account that runs the grid gets one for the subject of the grid's user; see
                `MyProxyServer.issue` for others.
            host: what it shows to clients; None: the grid's host.
            options: what else stands in its ``myproxy-server.config``, or in place of what this module writes
                there; see `MyProxyServer.configure`, by which it can be changed later.

        Raises:
            TestGridError: it did not start; the message has its output.
            MissingProgramError: ``myproxy-server`` is not installed.
        """
        server = start_myproxy(
            self._launcher("myproxy", host), self.trust_directory, self.ca if ca else None, options or {}
        )
        if ca:
            server.issue(self.user.subject, account())
        return server

    # ---- GRAM --------------------------------------------------------------------------------------------

    @property
    def gram(self) -> Gatekeeper:
        """A GRAM gatekeeper: ``globusrun -r`` takes its `contact`."""
        return self._the("gram", self.start_gatekeeper)

    def start_gatekeeper(
        self, *, host: Identity | None = None, options: Mapping[str, str] | None = None
    ) -> Gatekeeper:
        """Start one more GRAM gatekeeper, whose jobs are processes of this machine.

        When it stops, its job managers and the jobs that still run end too.

        Args:
            host: what it shows to clients; None: the grid's host.
            options: more options of ``globus-job-manager``, or others in place of what this module writes, such as
                ``{"-log-levels": "FATAL|ERROR|WARN|INFO"}``.

        Raises:
            TestGridError: it did not start; the message has its output.
            MissingProgramError: the gatekeeper or the job manager is not installed.
        """
        return start_gatekeeper(self._launcher("gram", host), host or self.host, options or {})

    # ---- GASS --------------------------------------------------------------------------------------------

    @property
    def gass(self) -> GASSServer:
        """A GASS server with GSI."""
        return self._the("gass", self.start_gass)

    def start_gass(self, *, secure: bool = True, options: Sequence[str] = ()) -> GASSServer:
        """Start one more GASS server, which serves the files of this machine to the grid's user.

        Args:
            secure: over HTTPS, to nobody but the user. Else over HTTP, to everybody on the network.
            options: more options of ``globus-gass-server``.

        Raises:
            TestGridError: it did not start; the message has its output.
            MissingProgramError: ``globus-gass-server`` is not installed.
        """
        return start_gass(self._launcher("gass", as_user=True), options, secure=secure)

    # ---- how they are started ----------------------------------------------------------------------------

    def _the(self, name: str, start: Callable[[], S]) -> S:
        """The server of a name, which always stands for the same kind of server."""
        with self._lock:
            server = self._default.get(name)
            if server is None or not server.running:
                server = self._default[name] = start()
            return cast("S", server)

    def _launcher(self, kind: str, host: Identity | None = None, *, as_user: bool = False) -> Launcher:
        """For a server with the host's credential, or the user's; never with both: the host's would win."""
        if self._watchdog is None:
            raise TestGridError("the grid is not up", hint="use it as a context manager, or call start()")
        if as_user:
            credential = {"X509_USER_PROXY": str(self.user.proxy)}
        else:
            shown = host or self.host
            credential = {"X509_USER_CERT": str(shown.cert), "X509_USER_KEY": str(shown.key)}
        env = self._program_env() | credential
        return Launcher(self._watchdog, f"{kind}-{next(self._numbers)}", env, self._timeout)

    def _forget_servers(self) -> None:
        self._default.clear()
        while self._embedded:
            self._embedded.pop().stop()

    def _services_env(self) -> dict[str, str]:
        """The variables by which clients find the servers that are up."""
        server = self._default.get("myproxy")
        return server.env if isinstance(server, MyProxyServer) and server.running else {}

    def _program_env(self) -> dict[str, str]:
        """The whole environment of a server, but for its credential."""
        return {
            **environment.inherited(),
            **self._common_env(),
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
