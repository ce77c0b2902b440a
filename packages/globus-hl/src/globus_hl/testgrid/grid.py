"""A whole grid on loopback."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Self

from . import environment
from .errors import TestGridError
from .gridftp import account
from .keys import VALID, KeyKind, Validity
from .names import file_name, local_names
from .pki import CertificateAuthority, Policy
from .processes import Watchdog
from .proxy import User, make_proxy
from .services import Services

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType


class Grid(Services):
    """A throw-away grid on loopback, for tests and first steps: CA, host, users, GridFTP servers on demand.

    All of it is in one private directory. Directory and servers go when the grid is closed, and
    also when the process that made it dies, in whatever manner. Works as root and as an ordinary user; any
    number of grids can be up at once.

    As a context manager it also gives this process the environment (`env`) by which the toolkit's libraries
    and programs find the grid, and restores the old one at its end; grids may be nested. `start` and
    `close` leave the environment alone.

    Args:
        trust: other grids, or authorities, that this grid trusts besides its own.
        timeout: seconds that the grid, and each server, may take to start.
        directory: where it is, a new directory or an empty one; None: a temporary one.
        keep: whether the directory stays at the end.

    Attributes:
        directory: the directory.
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

    def __init__(
        self,
        *,
        trust: Iterable[Grid | CertificateAuthority] = (),
        timeout: float = 30.0,
        directory: str | os.PathLike[str] | None = None,
        keep: bool = False,
    ) -> None:
        super().__init__(timeout)
        self._place, self._keep = directory, keep
        self._trust = list(trust)
        self._entered = ExitStack()

    # ---- life --------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Make directory, authority, host and user; servers start when they are asked for. Idempotent."""
        if self._watchdog is not None:
            return self
        account()  # a reason not to begin, if there is none
        self._watchdog = Watchdog(self._timeout, self._place, keep=self._keep)
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

    def wait(self) -> None:
        """Wait as long as the grid is up: until a signal handler raises, or its watchdog is killed.

        Raises:
            TestGridError: the grid is not up, or its watchdog was killed.
        """
        if self._watchdog is None:
            raise TestGridError("the grid is not up", hint="call start()")
        self._watchdog.wait()
        raise TestGridError("the watchdog of the test grid was killed, and its servers with it")

    def close(self) -> None:
        """Stop all servers and remove the directory. Idempotent."""
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            try:
                self._forget_servers()
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

    def add_user(
        self,
        name: str,
        *,
        mapped: bool = True,
        ca: CertificateAuthority | None = None,
        key: KeyKind = "rsa2048",
        valid: Validity = VALID,
        passphrase: str | None = None,
    ) -> User:
        """Issue a certificate for one more user, and make a proxy.

        Args:
            name: the common name, such as ``"Other User"``; unique among the users of the authority.
            mapped: whether the grid-mapfile names the user.
            ca: the authority; None: the grid's own.
            key: kind of the user's key; the one of the proxy is RSA in any case.
            valid: from when to when the certificate is valid, such as `EXPIRED`; the proxy is so at most as long.
            passphrase: what the user's key is encrypted with; None: it is not. The proxy's never is.

        Raises:
            ValueError: there is such a user, or the name has a character outside of printable ASCII.
        """
        identity = (ca or self.ca).issue_user(name, key=key, valid=valid, passphrase=passphrase)
        proxy = make_proxy(identity, identity.cert.with_name("proxy.pem"))
        if mapped:
            self.map(identity.subject)
        return User(identity.subject, identity.cert, identity.key, passphrase, proxy=proxy)

    def add_authority(
        self,
        name: str,
        *,
        trusted: bool = True,
        policy: Policy = "own",
        valid: Validity = VALID,
        issuer: CertificateAuthority | None = None,
    ) -> CertificateAuthority:
        """Make one more authority.

        Args:
            name: its common name, unique in the grid.
            trusted: whether the grid trusts it.
            policy: its signing policy in the grid's trust directory: ``"own"``, ``"missing"`` or ``"violated"``.
            valid: from when to when its certificate is valid, such as `EXPIRED`.
            issuer: the authority that it is below; None: it is a root.

        Example:
            >>> late = grid.add_user("Late", ca=grid.add_authority("Late CA", valid=EXPIRED))
        """
        directory = self.directory / "authorities" / file_name(name)
        authority = CertificateAuthority(directory, name=name, policy=policy, valid=valid, issuer=issuer)
        if trusted:
            authority.install(self.trust_directory)
        return authority

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

        Those of `myproxy` are among them once it has been started.

        Example:
            >>> subprocess.run(["grid-proxy-info"], env=os.environ | grid.env)
        """
        return self._common_env() | {"X509_USER_PROXY": str(self.user.proxy)} | self._services_env()

    def environment(self) -> AbstractContextManager[None]:
        """A context manager that gives this process the variables of `env`, and restores the old ones.

        It also unsets what would mislead a client (`environment.FOREIGN`). Enter and leave it while no transfer
        runs: C code that reads the environment in another thread at that moment may crash.
        """
        return environment.environment(dict.fromkeys(environment.FOREIGN) | self.env)
