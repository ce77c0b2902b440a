"""The stock gatekeeper, with the job manager whose jobs are processes of this machine ("fork").

The gatekeeper runs as under inetd: on its own it would listen on all interfaces, not on loopback alone. It starts a job
manager for each user, which makes itself a daemon and outlives its last job by a minute; jobs are daemons too. All of
them stay below the listener, and end with it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import TestGridError
from .programs import find_program
from .server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .pki import Identity
    from .processes import Process
    from .server import Launcher

Options = dict[str, str]


class Gatekeeper(Server):
    """A running GRAM gatekeeper on loopback; made by `Grid.start_gatekeeper`.

    Jobs run as the account that runs the grid, in a home directory of the gatekeeper's own.

    Attributes:
        site: its configuration files.
        subject: its distinguished name, which is the host's.
        home: what jobs see as ``HOME``.
        log: file with the gatekeeper's log.
        job_log: file with the log of the job managers.
    """

    def __init__(self, process: Process, site: Site, subject: str) -> None:
        super().__init__(process, int(process.groups[0]), site.log)
        self.site = site
        self.subject = subject
        self.home = site.home
        self.job_log = site.job_log

    @property
    def contact(self) -> str:
        """The resource manager contact of the default job manager: ``localhost:PORT:SUBJECT``."""
        return f"localhost:{self.port}:{self.subject}"

    def service(self, name: str) -> str:
        """The contact of a job manager by its name: ``jobmanager-fork`` is the only one, and the default."""
        return f"localhost:{self.port}/{name}:{self.subject}"


class Site:
    """The files of one gatekeeper."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        place = launcher.directory / "data" / launcher.name
        self.home, self.state, self.jobs = place / "home", place / "state", place / "jobs"
        self.cache = place / "cache"  # GASS makes it
        self.config, self.services = launcher.config("conf"), launcher.config("services")
        self.job_manager = launcher.config("jobmanager.conf")
        self.log = launcher.output.with_suffix(".log")
        self.job_log = launcher.output.with_suffix(".jobs.log")
        for directory in (place, self.home, self.state, self.jobs, self.services):
            directory.mkdir()

    def write(self, host: Identity, options: Mapping[str, str]) -> None:
        """Write the configuration of the gatekeeper and of its one service."""
        _write_options(self.config, self._gatekeeper_options(host))
        _write_options(self.job_manager, {**self._job_manager_options(host), **options})
        # Where it is root the gatekeeper takes HOME from the password file: that would be the home of a person.
        job_manager = [find_program("globus-job-manager"), "-conf", str(self.job_manager), "-type", "fork"]
        command = " ".join(map(_quote, ["/usr/bin/env", "env", f"HOME={self.home}", *job_manager]))
        (self.services / "jobmanager-fork").write_text(f"stderr_log,local_cred - {command}\n")
        (self.services / "jobmanager").symlink_to("jobmanager-fork")  # what a contact without a name means

    def _gatekeeper_options(self, host: Identity) -> Options:
        return {
            "-home": "/usr",
            "-gridmap": self.launcher.env["GRIDMAP"],
            "-grid_services": str(self.services),
            "-logfile": str(self.log),
            "-x509_cert_dir": self.launcher.env["X509_CERT_DIR"],
            "-x509_user_cert": str(host.cert),
            "-x509_user_key": str(host.key),
        }

    def _job_manager_options(self, host: Identity) -> Options:
        system = os.uname()
        return {
            "-home": "/usr",
            "-globus-gatekeeper-host": "localhost",
            "-globus-gatekeeper-subject": host.subject,
            "-globus-host-cputype": system.machine,
            "-globus-host-manufacturer": "pc",
            "-globus-host-osname": system.sysname,
            "-globus-host-osversion": system.release,
            "-globus-toolkit-version": "6.2",
            "-x509-cert-dir": self.launcher.env["X509_CERT_DIR"],
            "-state-file-dir": str(self.state),
            "-globus-job-dir": str(self._short(self.jobs)),
            "-cache-location": str(self.cache),
            "-log-pattern": str(self.job_log),
            "-log-levels": "FATAL|ERROR|WARN",
            "-service-tag": self.launcher.name,
        }

    def _short(self, path: Path) -> Path:
        """A path in the grid's directory in fewer letters: the job manager has a socket there, whose name has room for
        108. The directory is the watchdog's working directory."""
        inside = path.relative_to(self.launcher.directory)
        return Path(f"/proc/{self.launcher.watchdog.pid}/cwd") / inside


def start_gatekeeper(launcher: Launcher, host: Identity, options: Mapping[str, str]) -> Gatekeeper:
    """Start a gatekeeper; see `Grid.start_gatekeeper`."""
    site = Site(launcher)
    site.write(host, options)
    command = [find_program("globus-gatekeeper"), "-conf", str(site.config)]
    _check(launcher, command)
    process = launcher.launch_sessions(command)
    with site.job_manager.open("a") as file:  # it is not read before the first request
        file.write(f"-globus-gatekeeper-port {process.groups[0]}\n")
    return Gatekeeper(process, site, host.subject)


def _check(launcher: Launcher, command: Sequence[str]) -> None:
    """Have the gatekeeper look at its configuration and its credential."""
    done = subprocess.run(
        [*command, "-test"],
        env=launcher.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=launcher.timeout,
        check=False,
    )
    if done.returncode != 0:
        raise TestGridError(f"the gatekeeper does not take its configuration: {done.stdout}{done.stderr}")


def _write_options(path: Path, options: Mapping[str, str]) -> None:
    path.write_text("".join(f"{name} {_quote(value)}\n" for name, value in options.items()))


def _quote(word: str) -> str:
    """The word for the toolkit's tokenizer, which knows quotes but no escapes."""
    if '"' in word:
        raise ValueError(f"{word!r}: the configuration files of GRAM cannot have a quotation mark in a value")
    return f'"{word}"'
