"""A descriptor for select, poll and epoll, that is ready when somebody says so."""

from __future__ import annotations

import contextlib
import socket
import threading

from .twins import FEW, high_twin

__all__ = ["Notifier"]


class Notifier:
    """A descriptor whose readiness is set, for what has none of its own.

    It is one end of a pair of sockets. There is a byte to read in it while `readable` is true; while `writable` is false,
    it is so full that nothing more can be written to it. Nobody but this class reads or writes it.
    """

    def __init__(self, *, readable: bool, writable: bool) -> None:
        outside, inside = socket.socketpair()
        self._inside = _elsewhere(inside)
        self._outside = outside if outside.fileno() < FEW else _elsewhere(outside)
        for end in (self._outside, self._inside):
            end.setblocking(False)
        self._outside.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as small as the system lets
        self._lock = threading.RLock()  # the collector may find the socket, and close it, in the middle
        self._readable, self._writable = False, True
        self.set(readable=readable, writable=writable)

    def fileno(self) -> int:
        """The descriptor."""
        return self._outside.fileno()

    def set(self, *, readable: bool | None = None, writable: bool | None = None) -> None:
        """Change what it is ready for; None: that stays."""
        with self._lock, contextlib.suppress(OSError):  # closed meanwhile: nobody looks any more
            if readable is not None and readable != self._readable:
                self._readable = readable
                if readable:
                    self._inside.send(b"!")
                else:
                    self._outside.recv(16)
            if writable is not None and writable != self._writable:
                self._writable = writable
                self._drain() if writable else self._fill()

    def _fill(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._outside.send(b"!" * 4096)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._inside.recv(65536):
                pass

    def close(self) -> None:
        """Give the descriptor back."""
        with self._lock:
            self._outside.close()
            self._inside.close()


def _elsewhere(end: socket.socket) -> socket.socket:
    """The same, with a high number, if the system lets."""
    number = high_twin(end.fileno())
    if number is None:
        return end
    end.close()
    return socket.socket(fileno=number)
