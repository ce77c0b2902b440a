"""Sockets on other transports than tcp: udt, files, programs, pipes."""

from __future__ import annotations

import errno
import functools
import os
import socket
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from globus_lowlevel import GlobusError

from ..errors import GridError
from ..timeouts import Timeout
from .arrivals import Arrivals, close_listener, only_port
from .attributes import Attributes
from .blocks import BLOCK
from .channel import Channel
from .faults import innermost
from .lasting_accept import port_of
from .links import closed, end_of
from .notifier import Notifier
from .server import Listener
from .sockets import XioSocket, seconds
from .stacked import Stacked

if TYPE_CHECKING:
    from .links import LayeredLink
    from .stack import Stack

__all__ = ["TransportSocket", "on_transport"]

NO_STREAMS = {
    "udp": "it moves datagrams",
    "mode_e": "it moves blocks, and in one direction",
    "gridftp": "closing in the wrong moment, GCT's driver waits for itself: globus_hl.gridftp has clients",
    "gridftp_multicast": "it only sends",
}
"""Transports on which there are no sockets, and why."""
ON_DEMAND = {"popen", "pipe"}
"""Transports that are not read before somebody asks: GCT's driver popen kills the program when a read has to be given up,
even if it has not done yet with what was written; and what is in a pipe may be for others."""
NOWHERE = ("0.0.0.0", 0)  # noqa: S104 - as the system says it of a socket that is not bound
_NO_LIMIT = Timeout(None, None, None)
_SYSTEM = socket.socket


class TransportChannel(Channel):
    """It is opened by one of the library's threads."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.in_library = True

    def _stack_for(self, settings: Attributes) -> Any:
        if (
            self.stack.is_secure and settings.kept("gsi.buffer_size") is None
        ):  # else half of what a link asks for
            settings.gsi.buffer_size = BLOCK
        return self.stack.handle

    def link(self) -> LayeredLink:
        """The way of the data, when it is open."""
        transport = self.stack.names[0]
        return Stacked(self.handle, on_demand=transport in ON_DEMAND, one_position=transport == "file")

    def take_back(self) -> None:
        """There is no descriptor."""


class SocketListener(Listener):
    """What it accepts is a socket's."""

    channel = TransportChannel


class TransportSocket(XioSocket):
    """A socket on another transport than tcp: `XioSocket` makes one where the stack wants it.

    There is no socket of the system: `fileno` is a descriptor that is readable when there is something to `recv` or to
    `accept`, and writable when there is room to `send`.

    * ``udt``: addresses are host and port, IPv4 alone. The driver tells neither who connects nor from where: addresses
      that are not known are ``("0.0.0.0", 0)``. It listens on all interfaces.
    * ``file``, ``popen``, ``pipe``: the address is text, a path for ``file``, and ``family`` is ``AF_UNSPEC``. What
      `recv` reads and `send` writes of a file begins where the last of them ended. A program that still works when the
      socket is closed goes on, unless a `recv` had run out of time or `fileno` was called: GCT's driver kills it then.

    ``OSError`` with ``EOPNOTSUPP``: what the transport cannot do, such as closing one half of a connection (`shutdown`).
    """

    _contact: str | None = None
    _address: Any = None
    _bound: tuple[str, int] | None = None
    _listener: Listener | None = None
    _arrivals: Arrivals | None = None
    _accepted: Channel | None = None
    _selects = False
    _shut = False
    _channel: Any
    _link: Any

    def _make(self, family: int, type_: int, proto: int, fileno: int | None, stack: Stack) -> None:
        transport = stack.names[0]
        if transport in NO_STREAMS:
            raise ValueError(f"there are no sockets on {transport}: {NO_STREAMS[transport]}; use a Handle")
        if fileno is not None:
            raise ValueError(f"a descriptor cannot be a socket on {transport}")
        own = socket.AF_INET if transport == "udt" else socket.AF_UNSPEC
        if family not in (-1, own):
            raise _error(errno.EAFNOSUPPORT)
        if type_ != -1 and type_ & ~(socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) != socket.SOCK_STREAM:
            raise _error(errno.EPROTONOSUPPORT)
        self._notifier = Notifier(readable=False, writable=False)
        _SYSTEM.__init__(self, own, socket.SOCK_STREAM, max(proto, 0), self._notifier.fileno())

    # ---- what it is -----------------------------------------------------------------------------------------------

    @property
    def _transport(self) -> str:
        return self._stack.names[0]

    def _addresses(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        return self.getsockname, lambda: self._address  # it looks up no names

    def _is_connected(self) -> bool:
        return True  # there is no other socket to ask; who needs a connection finds that there is none

    def fileno(self) -> int:
        """A descriptor for select and its like; -1: closed. From now on the socket reads ahead."""
        self._selects = True
        if self._link is not None:
            self._link.read_ahead()
        return _SYSTEM.fileno(self)

    async def _open(self, channel: Any) -> None:
        await super()._open(channel)
        if self._selects and self._link is not None:
            self._link.read_ahead()

    def settimeout(self, value: float | None) -> None:
        """See ``socket.settimeout``."""
        self._timeout = seconds(value)

    def getsockname(self) -> Any:
        """See ``socket.getsockname``. On udt a connected socket knows no more than what it was bound to; of other
        transports: ""."""
        self._check_open()
        return (self._bound or NOWHERE) if self._transport == "udt" else ""

    def getpeername(self) -> Any:
        """See ``socket.getpeername``. Whom a listener has accepted is not known."""
        self._check_open()
        if self._accepted is not None:
            return NOWHERE
        if self._link is None:
            raise _error(errno.ENOTCONN)
        if self._transport == "udt":
            host, _, port = (self._contact or "").rpartition(":")
            return socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_STREAM)[0][4]
        return self._address

    def getsockopt(self, level: int, optname: int, buflen: int = 0, /) -> Any:
        """See ``socket.getsockopt``: ``SO_TYPE``, ``SO_ERROR``, ``SO_ACCEPTCONN``, and on udt ``TCP_NODELAY``."""
        self._check_open()
        if level == socket.SOL_SOCKET and optname == socket.SO_TYPE:
            value = int(socket.SOCK_STREAM)
        elif level == socket.SOL_SOCKET and optname == socket.SO_ACCEPTCONN:
            value = int(self._arrivals is not None)
        elif level == socket.SOL_SOCKET and optname == socket.SO_ERROR:
            value = (
                0 if self._failure is None else getattr(self._failure, "errno", None) or errno.ECONNABORTED
            )
        elif self._is_true(level, optname, 1):
            value = 1
        else:
            raise _error(errno.ENOPROTOOPT)
        return value.to_bytes(4, sys.byteorder)[:buflen] if buflen else value

    def setsockopt(self, level: int, optname: int, value: Any, optlen: Any = None, /) -> None:
        """See ``socket.setsockopt``: on udt, what holds anyway: ``TCP_NODELAY``."""
        self._check_open()
        if optlen is not None or not self._is_true(level, optname, value):
            raise _error(errno.ENOPROTOOPT)

    def _is_true(self, level: int, option: int, value: Any) -> bool:
        """Small writes are sent at once."""
        return (
            self._transport == "udt"
            and (level, option) == (socket.IPPROTO_TCP, socket.TCP_NODELAY)
            and bool(value)
        )

    def _check_open(self) -> None:
        if self._gone:
            raise closed()

    # ---- connecting -----------------------------------------------------------------------------------------------

    def connect(self, address: Any) -> None:
        """See ``socket.connect``: host and port; or the text that the transport opens, such as a path.

        Raises:
            As `XioSocket.connect`.
        """
        contact = self._aimed(address)
        end = end_of(self._timeout)
        self._check_open()
        if self._link is not None or self._arrivals is not None or self._accepted is not None:
            raise _error(errno.EISCONN)
        if self._handshake is not None:
            if self._failure is None:
                raise _error(errno.EALREADY)
            self._raise_pending()
        self._contact, self._address = contact, address
        if self._timeout == 0:
            self._open_in_background()
            if self._link is None:
                raise _error(errno.EINPROGRESS)
            return
        try:
            self._open_stack(end)
        except TimeoutError:  # it goes on, as the system's do
            if self._failure is not None:
                self._start_again()
            raise
        except Exception:
            self._start_again()
            raise

    def connect_ex(self, address: Any) -> int:
        """See ``socket.connect_ex``."""
        try:
            self.connect(address)
        except TimeoutError as error:
            return error.errno or errno.EAGAIN
        except OSError as error:
            if not error.errno:
                raise
            return error.errno
        return 0

    def _raise_pending(self) -> None:
        """Tell once what became of the last attempt."""
        try:
            self._raise_failure()
        finally:
            self._start_again()

    def _start_again(self) -> None:
        self._handshake = self._channel = self._failure = None
        if self._notifier is not None:
            self._notifier.set(readable=False, writable=False)

    def _aimed(self, address: Any) -> str:
        if self._transport != "udt":
            if isinstance(address, tuple):
                raise TypeError(f"a socket on {self._transport} connects to text, not to {address!r}")
            return os.fsdecode(address)
        if isinstance(address, str):
            return address
        host, port = address[:2]
        host = host.decode() if isinstance(host, bytes | bytearray) else host
        if not isinstance(host, str) or not isinstance(port, int):
            raise TypeError(f"an address is host and port, not {address!r}")
        if not 0 <= port <= 65535:
            raise OverflowError("connect(): port must be 0-65535.")
        return f"{host or '127.0.0.1'}:{port}"

    def _prepare(self) -> Any:
        if self._accepted is not None:
            self._channel = self._accepted
            return self._accepted
        attributes = Attributes() if self._attributes is None else self._attributes.copy()
        if self._listener is not None:  # it was bound to any port, and gets another one
            close_listener(self._listener)
            self._listener = self._bound = None
        elif self._bound is not None:
            attributes.udt.local_port = self._bound[1]
        if self._stack.is_secure and self._server_side:
            attributes.gsi.server_mode = True
        self._channel = TransportChannel(
            self._stack, self._contact, attributes, self._gsi, _NO_LIMIT, accepting=self._server_side
        )
        self._channel.hostname = self._hostname
        return self._channel

    def _ready(self) -> Any:
        if self._link is not None:
            return self._link
        self._check_open()
        if self._handshake is None:
            raise _error(errno.ENOTCONN)
        return self._stack_ready()

    def _hang_up(self) -> None:
        """There is nothing to hang up."""

    # ---- listening ------------------------------------------------------------------------------------------------

    def bind(self, address: Any, /) -> None:
        """See ``socket.bind``; on udt, and to all interfaces."""
        self._check_open()
        if self._transport != "udt":
            raise _error(errno.EOPNOTSUPP)
        host, port = address
        if not isinstance(port, int):
            raise TypeError(f"an address is host and port, not {address!r}")
        if not 0 <= port <= 65535:
            raise OverflowError("bind(): port must be 0-65535.")
        if host not in ("", NOWHERE[0]):
            raise OSError(errno.EADDRNOTAVAIL, "the driver udt listens on all interfaces: bind to ''")
        if self._bound is not None or self._handshake is not None:
            raise _error(errno.EINVAL)
        if port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:  # tells whether it is free
                trial.bind((NOWHERE[0], port))
        else:
            self._listener = self._new_listener(0)
            port = port_of(self._listener.contact)
        self._bound = (NOWHERE[0], port)

    def _new_listener(self, port: int) -> Listener:
        with only_port(port):
            try:
                return SocketListener(
                    self._stack, self._attributes or Attributes(), self._gsi, _NO_LIMIT, _NO_LIMIT
                )
            except GridError as error:
                if isinstance(error.__cause__, GlobusError) and "UDP socket" in innermost(error.__cause__):
                    raise _error(errno.EADDRINUSE) from error
                raise

    def listen(self, backlog: int = 128, /) -> None:
        """See ``socket.listen``; on udt."""
        self._check_open()
        if self._transport != "udt":
            raise _error(errno.EOPNOTSUPP)
        if self._handshake is not None:
            raise _error(errno.EINVAL)
        if self._arrivals is not None:
            return
        if self._bound is None:
            self.bind(NOWHERE)
        assert self._bound is not None  # noqa: S101 - it is now
        assert self._notifier is not None  # noqa: S101 - open
        listener, self._listener = self._listener or self._new_listener(self._bound[1]), None
        self._arrivals = Arrivals(listener, backlog, self._notifier)

    def accept(self) -> tuple[Self, Any]:
        """See ``socket.accept``. With gsi the handshake goes on in the background; the address is not known."""
        self._check_open()
        if self._arrivals is None:
            raise _error(errno.EINVAL)
        channel = self._arrivals.take(self._timeout)
        accepted = type(self)(
            stack=self._stack,
            gsi=self._gsi,
            attributes=self._attributes,
            server_side=True,
            handshake_timeout=self._handshake_timeout,
        )
        accepted._accepted = channel  # noqa: SLF001 - of this class
        accepted._open_in_background()  # noqa: SLF001 - of this class
        return accepted, NOWHERE

    # ---- the end --------------------------------------------------------------------------------------------------

    def shutdown(self, how: int, /) -> None:
        """See ``socket.shutdown``: reading, or both; no transport but tcp can end writing alone."""
        self._check_open()
        link = self._link
        if link is None:
            raise _error(errno.ENOTCONN)
        if how not in (socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR):
            raise _error(errno.EINVAL)
        if how == socket.SHUT_WR:
            raise _error(errno.EOPNOTSUPP)
        link.shut_read()
        with self._linking:
            closes = how == socket.SHUT_RDWR and not self._shut
            self._shut = self._shut or closes
        if closes:
            link.shut_write(_nothing)
            link.close(_nothing)

    def _real_close(self, _ss: Any = _SYSTEM) -> None:
        self._part(_nothing)  # the descriptor is the notifier's

    def _part(self, then: Callable[[int], None]) -> int:
        arrivals, self._arrivals = self._arrivals, None
        if arrivals is not None:
            arrivals.close()
        elif self._listener is not None:
            close_listener(self._listener)
        if self._shut:
            self._link = None
        return super()._part(then)

    def detach(self) -> int:
        """There is no socket of the system.

        Raises:
            OSError: (EOPNOTSUPP) the socket is open.
        """
        if self._gone:
            return -1
        raise _error(errno.EOPNOTSUPP)

    def dup(self) -> Self:
        """See `XioSocket.dup`.

        Raises:
            OSError: (EOPNOTSUPP) in any case.
        """
        self._check_open()
        raise _error(errno.EOPNOTSUPP)

    def __del__(self) -> None:
        if getattr(self, "_gone", True):
            return
        try:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
        finally:
            if not sys.is_finalizing():
                self._part(_nothing)
            elif self._notifier is not None:
                _SYSTEM.detach(self)  # the number is the notifier's
                self._notifier.close()


@functools.cache
def on_transport(kind: type[Any]) -> Any:
    """The same class, on another transport than tcp."""
    if issubclass(kind, TransportSocket):
        return kind
    if kind is XioSocket:
        return TransportSocket
    return type(
        kind.__name__, (kind, TransportSocket), {"__module__": kind.__module__, "__doc__": kind.__doc__}
    )


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _nothing(*_: object) -> None:
    """There is nothing to do after that."""
