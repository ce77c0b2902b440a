"""The stock MyProxy server: a repository of credentials, and an authority that issues them.

It runs as under inetd, a process for each connection: on its own it would become a daemon that writes its log to the
system's, while here the log is a file. The sessions are the same ones, and read the configuration anew.
"""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

from .errors import TestGridError
from .programs import find_program
from .server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .pki import CertificateAuthority
    from .processes import Process
    from .server import Launcher

SESSION_SECONDS = 120  # what the server gives a session when it is its own daemon

Option = str | list[str]

# All features are on, for everybody; a credential that is stored without a passphrase goes to whom it names.
OPTIONS: dict[str, Option] = {
    "accepted_credentials": "*",
    "authorized_retrievers": "*",
    "default_retrievers": "*",
    "authorized_renewers": "*",
    "default_renewers": "*",
    "authorized_key_retrievers": "*",
    "default_key_retrievers": "*",
    "trusted_retrievers": "*",
    "default_trusted_retrievers": "none",
    "allow_self_authorization": "true",
}


class MyProxyServer(Server):
    """A running MyProxy server on loopback; made by `Grid.start_myproxy`.

    Attributes:
        host: its name, ``localhost``.
        store: directory with the stored credentials.
        options: what stands in its ``myproxy-server.config``; `configure` changes it.
    """

    host = "localhost"

    def __init__(self, process: Process, site: Site, options: Mapping[str, Option]) -> None:
        super().__init__(process, int(process.groups[0]), process.output)
        self.store = site.store
        self.options = dict(options)
        self._site = site

    @property
    def env(self) -> dict[str, str]:
        """The variables by which the stock clients find it: ``MYPROXY_SERVER`` and ``MYPROXY_SERVER_PORT``."""
        return {"MYPROXY_SERVER": self.host, "MYPROXY_SERVER_PORT": str(self.port)}

    def configure(self, **options: Option | None) -> None:
        """Change options of ``myproxy-server.config``, for the connections that come from now on.

        Args:
            options: a value; or a list of values, for an option that may be given several times; or None: the
                option is not given.

        Raises:
            TestGridError: the server does not take them; the old ones stay.

        Example:
            >>> grid.myproxy.configure(authorized_retrievers="*/CN=Test User", max_proxy_lifetime="1")
        """
        changed = given(self.options | options)
        self._site.configure(changed)
        self.options = changed

    def issue(self, subject: str, username: str) -> None:
        """As an authority: say which subject a user gets, by a line in its ``certificate_mapfile``."""
        with self._site.mapfile.open("a") as file:
            file.write(f'"{subject}" {username}\n')


class Site:
    """The files of one server."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        self.store = launcher.directory / "data" / launcher.name
        self.store.mkdir(mode=0o700)  # the server insists on that
        self.config, self.mapfile = launcher.config("conf"), launcher.config("map")
        self.mapfile.touch()

    def command(self, config: Path) -> list[str]:
        """What serves one connection, and writes its log to standard error."""
        return [find_program("myproxy-server"), "-d", "-c", str(config), "-s", str(self.store)]

    def configure(self, options: Mapping[str, Option]) -> None:
        """Write the configuration, if the server takes it."""
        pairs = [
            (name, value)
            for name, values in options.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        new = self.config.with_suffix(".new")
        new.write_text("".join(f'{name} "{value}"\n' for name, value in pairs))
        self._check(new)
        new.replace(self.config)  # at once, as a session may be reading it

    def _check(self, config: Path) -> None:
        """Have the server read it, for a client that has gone."""
        ours, theirs = socket.socketpair()
        ours.close()
        with theirs:
            done = subprocess.run(
                self.command(config),
                env=dict(self.launcher.env),
                stdin=theirs.fileno(),
                capture_output=True,
                text=True,
                timeout=self.launcher.timeout,
                check=False,
            )
        if "Connection from" not in done.stderr or "unknown directive" in done.stderr:
            raise TestGridError(f"the MyProxy server does not take its configuration: {done.stderr.strip()}")


def start_myproxy(
    launcher: Launcher,
    trust_directory: Path,
    authority: CertificateAuthority | None,
    options: Mapping[str, Option | None],
) -> MyProxyServer:
    """Start a server; see `Grid.start_myproxy`."""
    site = Site(launcher)
    initial: dict[str, Option] = OPTIONS | {"cert_dir": str(trust_directory)}
    if authority is not None:
        initial |= _issuing(site, authority)
    initial = given({**initial, **options})
    site.configure(initial)
    process = launcher.launch_sessions(site.command(site.config), SESSION_SECONDS)
    return MyProxyServer(process, site, initial)


def given(options: Mapping[str, Option | None]) -> dict[str, Option]:
    """The options without those that are not to be given."""
    return {name: value for name, value in options.items() if value is not None}


def _issuing(site: Site, authority: CertificateAuthority) -> dict[str, Option]:
    """Options that make the server an authority, for whom its own authority knows."""
    serial, issued = site.launcher.config("serial"), site.launcher.directory / "ca" / "issued"
    serial.write_text("01\n")
    issued.mkdir(exist_ok=True)
    return {
        "default_trusted_retrievers": f"{authority.namespace}/CN=*",
        "certificate_issuer_cert": str(authority.cert),
        "certificate_issuer_key": str(authority.key),
        "certificate_issuer_hashalg": "sha256",
        "certificate_serialfile": str(serial),
        "certificate_out_dir": str(issued),
        "certificate_mapfile": str(site.mapfile),
    }
