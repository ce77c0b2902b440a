"""A striped GridFTP server: one control channel, and several data nodes that each carry a part of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gridftp import GridFTPServer, start_gridftp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .server import Launcher


class StripedGridFTPServer(GridFTPServer):
    """A running front end with its data nodes; made by `Grid.start_striped_gridftp`.

    It answers ``SPAS`` with an address for each node, and uses them all when it receives. (Sending to one address it
    uses one.) It speaks to the nodes over GSI, as the grid's host.

    Attributes:
        nodes: the data nodes.
    """

    def __init__(self, front: GridFTPServer, nodes: Iterable[GridFTPServer]) -> None:
        super().__init__(front.process, front.port, front.root, front.security, (None, None), front.log)
        self.nodes = tuple(nodes)

    @property
    def running(self) -> bool:
        """Whether front end and data nodes are up."""
        return super().running and all(node.running for node in self.nodes)

    def stop(self) -> None:
        """End front end and data nodes. Idempotent."""
        super().stop()
        for node in self.nodes:
            node.stop()

    def kill(self) -> None:
        """End front end and data nodes with SIGKILL. Idempotent."""
        super().kill()
        for node in self.nodes:
            node.kill()

    def pause(self) -> None:
        """Let front end and data nodes stand still."""
        super().pause()
        for node in self.nodes:
            node.pause()

    def resume(self) -> None:
        """Let them go on."""
        super().resume()
        for node in self.nodes:
            node.resume()


def start_striped_gridftp(
    launchers: Sequence[Launcher], root: Path, options: Sequence[str]
) -> StripedGridFTPServer:
    """Start a striped server; see `Grid.start_striped_gridftp`.

    Args:
        launchers: the first one is for the front end, and one for each node.
        root: existing directory, an absolute path without symbolic links.
        options: more options of each server.
    """
    node_options = ["-data-node", "-ipc-interface", "127.0.0.1", *options]
    nodes: list[GridFTPServer] = []
    try:
        for launcher in launchers[1:]:
            nodes.append(start_gridftp(launcher, root, "gsi", node_options))  # noqa: PERF401 - some must end if one fails
        # By name, as that is what the host's certificate is checked against
        contacts = ",".join(node.contact for node in nodes)
        front = start_gridftp(launchers[0], root, "gsi", ["-remote-nodes", contacts, *options])
    except BaseException:
        for node in nodes:
            node.stop()
        raise
    return StripedGridFTPServer(front, nodes)
