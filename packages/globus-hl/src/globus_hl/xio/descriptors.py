"""The system's socket below a stack on tcp, for what XIO has no words for."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .handle import AsyncHandle, Handle
    from .server import AsyncServer, Server

__all__ = ["ask_socket", "half_close", "stop_listening"]

T = TypeVar("T")


@contextlib.contextmanager
def _lent(descriptor: int) -> Iterator[socket.socket]:
    """A socket object for a descriptor that stays the library's."""
    lent = socket.socket(fileno=descriptor)
    try:
        yield lent
    finally:
        lent.detach()


def ask_socket(
    owner: Handle | AsyncHandle | Server | AsyncServer, question: Callable[[socket.socket], T]
) -> T | None:
    """What `question` finds out about the socket; None where there is no tcp, or no answer any more."""
    if "tcp" not in owner.stack:
        return None
    with contextlib.suppress(OSError), _lent(owner.tcp.descriptor) as lent:
        return question(lent)
    return None


def half_close(handle: Handle | AsyncHandle) -> bool:
    """Tell the peer that nothing more will be written: it reads the end of the data, and may still write.

    Whatever was written before leaves before, if its writes are over.

    Returns:
        False: the stack is not on tcp, and has no such thing; nothing happened.
    """
    if "tcp" not in handle.stack:
        return False
    with contextlib.suppress(OSError), _lent(handle.tcp.descriptor) as lent:  # the peer has gone: it knows
        lent.shutdown(socket.SHUT_WR)
    return True


def stop_listening(server: Server | AsyncServer) -> None:
    """Have the system refuse connections from now on, before the library has got round to closing the server."""
    if "tcp" in server.stack and not server.closed:
        with contextlib.suppress(OSError), _lent(server.tcp.descriptor) as lent:
            lent.shutdown(socket.SHUT_RDWR)
