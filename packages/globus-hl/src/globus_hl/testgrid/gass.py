"""The stock GASS server: files of this machine over HTTP, secured by GSI or not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .server import Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .processes import Process
    from .server import Launcher

READY = r"(https?)://[^\s:]+:(\d+)"
# Read, write, shutdown by a client, output to the server's own (URL/dev/stdout), "~" for home directories
ALL_FEATURES = ("-r", "-w", "-c", "-o", "-e", "-t")


class GASSServer(Server):
    """A running GASS server; made by `Grid.start_gass`.

    It runs as the grid's user, and serves nobody else: every file that the account may read and write, by absolute
    path. It listens on all interfaces, having no option for one.

    Attributes:
        scheme: ``https``, or ``http`` where it has no security.
        root: a directory of its own, which `url` names.
        log: file with its output, also with what clients write to ``/dev/stdout`` and ``/dev/stderr``.
    """

    def __init__(self, process: Process, root: Path) -> None:
        self.scheme, port = process.groups
        super().__init__(process, int(port), process.output)
        self.root = root

    @property
    def base_url(self) -> str:
        """The URL that stands for ``/``, with no slash at its end: ``gass.base_url + "/etc/hosts"``."""
        return f"{self.scheme}://{self.contact}"

    @property
    def url(self) -> str:
        """The URL of `root`, with no slash at its end: ``grid.gass.url + "/a.dat"``."""
        return f"{self.base_url}{quote(str(self.root))}"


def start_gass(launcher: Launcher, options: Sequence[str], *, secure: bool) -> GASSServer:
    """Start a server; see `Grid.start_gass`."""
    root = launcher.directory / "data" / launcher.name
    root.mkdir()
    arguments = [*ALL_FEATURES, *([] if secure else ["-i"]), *options]
    return GASSServer(launcher.launch("globus-gass-server", arguments, READY), root)
