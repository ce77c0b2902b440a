"""What a socket receives and sends: the calls of ``socket.socket``, over the way of the data."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from .direct import Direct
from .links import end_of, remaining, writable

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .links import LayeredLink

__all__ = ["DataSocket"]

T = TypeVar("T")

_SYSTEM = socket.socket  # whose methods are the system's calls
_DONTWAIT = int(socket.MSG_DONTWAIT)  # a number: an operator of an enumeration takes as long as a system call
_WAIT_FLAGS = int(socket.MSG_DONTWAIT | socket.MSG_WAITALL | socket.MSG_NOSIGNAL)


class DataSocket(socket.socket):
    """A socket whose data goes where its `_link` leads; `XioSocket` finds the way."""

    __slots__ = ("_link", "_timeout")

    _link: Direct | LayeredLink | None
    _timeout: float | None

    def _ready(self) -> Direct | LayeredLink:
        """The way of the data; the subclass opens it."""
        raise NotImplementedError

    def _is_connected(self) -> bool:
        """Whether there is a peer, as the subclass knows."""
        raise NotImplementedError

    # ---- receiving ------------------------------------------------------------------------------------------------

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """See ``socket.recv``."""
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if not bufsize:
            return b""
        if flags:
            return self._recv_flags(bufsize, flags)
        return (self._link or self._ready()).recv(bufsize, self._timeout)

    def _recv_flags(self, bufsize: int, flags: int) -> bytes:
        link, timeout = self._ready(), self._patience(flags)
        whole = (
            bool(flags & socket.MSG_WAITALL) and timeout is None
        )  # else the system does not wait for all, either
        if isinstance(link, Direct) and not whole:
            return link.recv(bufsize, timeout, flags)
        if flags & ~(_WAIT_FLAGS | socket.MSG_PEEK):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        if not isinstance(link, Direct) and flags & socket.MSG_PEEK:
            return link.peek(bufsize, timeout)
        buffer = bytearray(bufsize)
        with memoryview(buffer) as view:
            return bytes(view[: self._fill(view, timeout, whole=whole)])

    def _fill(self, view: memoryview, timeout: float | None, *, whole: bool) -> int:
        link, end, count = self._ready(), end_of(timeout), 0
        while count < view.nbytes:
            try:
                got = link.recv_into(view[count:], timeout if timeout == 0 else remaining(end))
            except (BlockingIOError, TimeoutError):
                if count:
                    break
                raise
            count += got
            if not got or not whole:
                break
        return count

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        """See ``socket.recv_into``."""
        if not (nbytes or flags) and self._link is not None:
            return self._link.recv_into(buffer, self._timeout)
        with writable(buffer) as view:
            if nbytes < 0:
                raise ValueError("negative buffersize in recv_into")
            if nbytes > len(view):
                raise ValueError("buffer too small for requested bytes")
            with view[: nbytes or len(view)] as room:
                if not len(room):
                    return 0
                if not flags:
                    return self._ready().recv_into(room, self._timeout)
                data = self._recv_flags(len(room), flags)
                room[: len(data)] = data
                return len(data)

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """See ``socket.recvfrom``; a stream has no address."""
        if bufsize < 0:
            raise ValueError("negative buffersize in recvfrom")
        return self.recv(bufsize, flags), None

    def recvfrom_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """See ``socket.recvfrom_into``; a stream has no address."""
        return self.recv_into(buffer, nbytes, flags), None

    def recvmsg(
        self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[bytes, list[Any], int, Any]:
        """See ``socket.recvmsg``. Ancillary data comes on tcp alone."""
        if bufsize < 0:
            raise ValueError("negative buffer size in recvmsg()")
        found = self._with_ancillary(
            lambda: _SYSTEM.recvmsg(self, bufsize, ancbufsize, flags), ancbufsize, flags
        )
        return found or (self.recv(bufsize, flags), [], 0, None)

    def recvmsg_into(
        self, buffers: Iterable[Buffer], ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[int, list[Any], int, Any]:
        """See ``socket.recvmsg_into``. Ancillary data comes on tcp alone."""
        views = [writable(buffer) for buffer in buffers]
        found = self._with_ancillary(
            lambda: _SYSTEM.recvmsg_into(self, views, ancbufsize, flags), ancbufsize, flags
        )
        if found is not None:
            return found
        data = memoryview(self.recv(sum(view.nbytes for view in views), flags))
        count = data.nbytes
        for view in views:
            part = min(view.nbytes, data.nbytes)
            view[:part], data = data[:part], data[part:]
        return count, [], 0, None

    def _with_ancillary(self, call: Callable[[], T], ancbufsize: int, flags: int) -> T | None:
        """What the system receives, where the call asks for more than data, and the stack is tcp alone; else None."""
        if ancbufsize < 0:
            raise ValueError("invalid ancillary data buffer length")
        link = self._ready()
        if not isinstance(link, Direct) or not (ancbufsize or flags & ~_WAIT_FLAGS):
            return None
        return link.kernel(call, select.POLLIN, self._patience(flags))

    def _patience(self, flags: int) -> float | None:
        """Seconds to wait. With a time-out, the standard library waits before the system sees the flags."""
        return 0.0 if flags & _DONTWAIT and self._timeout is None else self._timeout

    # ---- sending --------------------------------------------------------------------------------------------------

    def send(self, data: Buffer, flags: int = 0, /) -> int:
        """See ``socket.send``."""
        if not flags:
            link = self._link or self._ready()
            return link.send(data, self._timeout) or self._send_nothing(link, 0)
        link, timeout = self._flagged(flags)
        if isinstance(link, Direct):
            return link.send(data, timeout, flags) or self._send_nothing(link, flags)
        return link.send(data, timeout)

    def sendall(self, data: Buffer, flags: int = 0, /) -> None:
        """See ``socket.sendall``."""
        if not flags:
            link = self._link or self._ready()
            sent = link.sendall(data, self._timeout)
        else:
            link, timeout = self._flagged(flags)
            sent = (
                link.sendall(data, timeout, flags)
                if isinstance(link, Direct)
                else link.sendall(data, timeout)
            )
        if not sent:
            self._send_nothing(link, flags)

    def _send_nothing(self, link: Direct | LayeredLink, flags: int) -> int:
        """The system says what there is to say of no data."""
        return _SYSTEM.send(self, b"", flags) if isinstance(link, Direct) else 0

    def _flagged(self, flags: int) -> tuple[Direct | LayeredLink, float | None]:
        """The way of the data that is sent with these flags, and its time-out."""
        link = self._ready()
        if flags & ~_WAIT_FLAGS and not isinstance(link, Direct):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return link, self._patience(flags)

    def sendto(self, data: Buffer, *arguments: Any) -> int:
        """See ``socket.sendto``; a stream sends to its peer."""
        if not 1 <= len(arguments) <= 2:
            raise TypeError(f"sendto() takes 2 or 3 arguments ({len(arguments) + 1} given)")
        if not self._is_connected():
            return _SYSTEM.sendto(self, data, *arguments)
        return self.send(data, arguments[0] if len(arguments) == 2 else 0)

    def sendmsg(
        self,
        buffers: Iterable[Buffer],
        ancdata: Iterable[Any] = (),
        flags: int = 0,
        address: Any = None,
        /,
    ) -> int:
        """See ``socket.sendmsg``. Ancillary data goes on tcp alone."""
        given, extra = [memoryview(buffer).cast("B") for buffer in buffers], list(ancdata)
        link = self._ready()
        plain = not extra and address is None and not flags & ~_WAIT_FLAGS
        if plain and (any(given) or not isinstance(link, Direct)):
            return link.sendv(given, self._patience(flags))
        if not isinstance(link, Direct):
            self._check_message(extra, address)
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        call = lambda: _SYSTEM.sendmsg(self, given, extra, flags, address)  # noqa: E731
        return link.kernel(call, select.POLLOUT, self._patience(flags))

    def _check_message(self, ancdata: list[Any], address: Any) -> None:
        """Raise what the system says of these arguments, whatever the socket."""
        closed = socket.socket(self.family or socket.AF_INET, self.type)
        closed.close()
        with contextlib.suppress(OSError):
            closed.sendmsg([], ancdata, 0, address)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """See ``socket.sendfile``. The data goes through the drivers."""
        return self._sendfile_use_send(file, offset, count)  # type: ignore[attr-defined, no-any-return]
