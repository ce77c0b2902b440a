"""Sockets whose data goes through a stack of drivers."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from globus_lowlevel import xio

from .._runtime.drivers import Background
from .._runtime.library import SELECTABLE, activate
from ..errors import GridError
from .attributes import Attributes
from .direct import Direct
from .links import LayeredLink, end_of, remaining, timed_out, would_block
from .notifier import Notifier
from .socket_channel import SocketChannel
from .socket_data import DataSocket
from .stack import Stack, transport_of
from .twins import FEW, high_twin, low_twin

if TYPE_CHECKING:
    from ..security import SecurityContext
    from .gsi import GSI, Peer
    from .handle import Handle
    from .stack import StackLike

__all__ = ["XioSocket", "seconds"]

HANDSHAKE = 60.0
_SYSTEM = socket.socket  # whose methods are the system's calls


class XioSocket(DataSocket):
    """A stream socket, as ``socket.socket`` is one, whose data goes through a stack of drivers.

    ::

        with XioSocket(stack="tcp,gsi", gsi=GSI(credential=proxy)) as sock:
            sock.settimeout(10)
            sock.connect(("www.example.org", 7000))
            sock.sendall(b"PING\\0")
            print(sock.peer.subject, sock.recv(4096))

    Everything that a stream socket has, it has, with the same values, errors and time-outs; see the page *XIO* of the
    manual for how, and for the few differences. Threads may share it as they may share a socket of the system. On another
    transport than tcp (udt, file, popen, pipe) it is a `TransportSocket`.

    With gsi, `connect` shakes hands; an accepted socket does so when it is first read or written, or `do_handshake` is
    called, so that no client holds up ``accept()``. Where ``gettimeout()`` is 0 the handshake goes on in the background,
    and reading and writing raise ``BlockingIOError`` until it is over; `fileno` is ready then.

    Args:
        family, type, proto, fileno: as of ``socket.socket``.
        stack: a `Stack`, or what makes one; default: ``"tcp"``.
        gsi: what security it is to have, as of `Handle`; also that of what it accepts.
        attributes: options of the drivers (those of tcp are the socket's: ``setsockopt``).
        server_side: whether a socket made from `fileno` is the end that accepts.
        server_hostname: the host that a server's certificate is to be for; default: the one connected to.
        handshake_timeout: seconds that opening the stack may take, whatever ``settimeout`` says.

    Raises:
        StackError, DriverNotFoundError: as they say.
        ValueError: the transport has no streams, or `gsi` is given for a stack without gsi.
        OSError: as of ``socket.socket``; tcp has no datagrams.
    """

    __slots__ = (
        "_attaching",
        "_attributes",
        "_channel",
        "_connecting",
        "_failure",
        "_gone",
        "_gsi",
        "_handshake",
        "_handshake_timeout",
        "_hostname",
        "_linking",
        "_notifier",
        "_opening",
        "_parting",
        "_server_side",
        "_stack",
        "_target",
    )

    def __new__(cls, *_: Any, stack: StackLike = "tcp", **__: Any) -> Self:
        """One of the class that stands on the stack's transport."""
        if stack != "tcp" and transport_of(stack) != "tcp":
            from .transport_sockets import on_transport

            return super().__new__(on_transport(cls))  # type: ignore[arg-type, no-any-return]
        return super().__new__(cls)

    def __init__(
        self,
        family: int = -1,
        type: int = -1,  # noqa: A002 - its name in the standard library
        proto: int = -1,
        fileno: int | None = None,
        *,
        stack: StackLike = "tcp",
        gsi: GSI | None = None,
        attributes: Attributes | None = None,
        server_side: bool = False,
        server_hostname: str | None = None,
        handshake_timeout: float = HANDSHAKE,
    ) -> None:
        found = Stack(stack)
        if gsi is not None and not found.is_secure:
            raise ValueError(f"the stack {found} has no gsi")
        self._make(family, type, proto, fileno, found)
        self._stack, self._gsi, self._attributes = found, gsi, attributes
        self._server_side, self._hostname, self._handshake_timeout = (
            server_side,
            server_hostname,
            handshake_timeout,
        )
        self._target: str | None = None
        self._timeout = super().gettimeout()
        self._channel: SocketChannel | None = None
        self._link: Direct | LayeredLink | None = None
        self._connecting: threading.Thread | None = None
        self._handshake: Background | None = None
        self._failure: Exception | None = None
        self._attaching = threading.Lock()  # one opens the stack
        # The way of the data, the descriptor that tells about it, and who closes the socket find each other.
        self._linking = threading.Lock()
        self._opening = False
        self._parting: Callable[[], None] | None = None  # for when an opening that nobody wants is over
        self._gone = False

    def _make(self, family: int, type_: int, proto: int, fileno: int | None, stack: Stack) -> None:
        """Make the socket of the system."""
        if stack.names[0] != "tcp":
            raise TypeError(f"a class made from XioSocket tells its __new__ the stack, too: {stack}")
        super().__init__(family, type_, proto, fileno)
        if isinstance(self.type, socket.SocketKind) and self.type != socket.SOCK_STREAM:
            if fileno is not None:
                super().detach()  # it stays its owner's
            else:
                super()._real_close()  # type: ignore[misc]
            raise OSError(errno.EPROTONOSUPPORT, os.strerror(errno.EPROTONOSUPPORT))
        self._notifier: Notifier | None = None

    def _like(self, descriptor: int, *, server_side: bool) -> Self:
        """Another socket of the same kind."""
        return type(self)(
            self.family,
            self.type,
            self.proto,
            descriptor,
            stack=self._stack,
            gsi=self._gsi,
            attributes=self._attributes,
            server_side=server_side,
            server_hostname=self._hostname,
            handshake_timeout=self._handshake_timeout,
        )

    # ---- what it is -----------------------------------------------------------------------------------------------

    @property
    def stack(self) -> Stack:
        """The drivers."""
        return self._stack

    @property
    def peer(self) -> Peer | None:
        """Who the other end is: with gsi, after the handshake; else None."""
        return None if self._channel is None else self._channel.peer

    @property
    def context(self) -> SecurityContext | None:
        """The security context: with gsi, after the handshake; else None."""
        return None if self.peer is None else self.peer.context

    def xio_handle(self) -> Handle:
        """The `Handle` of a socket with drivers above tcp, for their options. Leave reading, writing and closing to the
        socket.

        Raises:
            ValueError: the stack is tcp alone: ``setsockopt`` has its options.
        """
        from .handle import Handle

        self._ready()
        if self._channel is None:
            raise ValueError("there are no drivers above tcp: use setsockopt()")
        return Handle._of(self._channel, borrowed=True)  # noqa: SLF001

    # ---- time-outs ------------------------------------------------------------------------------------------------

    def settimeout(self, value: float | None) -> None:
        """See ``socket.settimeout``."""
        if self._gone or (self._channel is None and self._link is None):
            super().settimeout(value)
            self._timeout = super().gettimeout()
        else:  # the descriptor stays as XIO needs it: it does not block
            self._timeout = seconds(value)

    def gettimeout(self) -> float | None:
        """See ``socket.gettimeout``."""
        return self._timeout

    @property
    def timeout(self) -> float | None:
        """See ``socket.timeout``."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """See ``socket.setblocking``."""
        self.settimeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        """See ``socket.getblocking``."""
        return self._timeout != 0

    # ---- connecting -----------------------------------------------------------------------------------------------

    def connect(self, address: Any) -> None:
        """See ``socket.connect``. With gsi it shakes hands as well.

        Raises:
            OSError: as of ``socket.connect``.
            SecurityError: of the handshake, see :mod:`globus_hl.security.errors`.
            PeerRefusedError: the authorization callback did not want the peer.
        """
        end = end_of(self._timeout)
        try:
            super().connect(address)
        except BlockingIOError:
            self._goes_on(address)
            raise
        self._connected(address, end)

    def connect_ex(self, address: Any) -> int:
        """See ``socket.connect_ex``."""
        end = end_of(self._timeout)
        number = super().connect_ex(address)
        if number == errno.EINPROGRESS:
            self._goes_on(address)
        if number:
            return number
        try:
            self._connected(address, end)
        except TimeoutError:
            return errno.EAGAIN
        return 0

    def _aim(self, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host, port = address[:2]
            host = self._hostname or (bytes(host).decode() if isinstance(host, bytes | bytearray) else host)
            self._target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _goes_on(self, address: Any) -> None:
        """It connects in the background. Who selects is to do so with one descriptor until the end of the handshake and
        after, so that this is not the system's from now on, and a thread looks at that one."""
        self._aim(address)
        if len(self._stack) > 1:
            if self._notifier is None:
                self._notifier = Notifier(readable=False, writable=False)
            self._notifier.set(readable=False, writable=False)  # also when it failed before
            own = os.dup(super().fileno())
            self._connecting = threading.Thread(target=self._await_connection, args=(own,), daemon=True)
            self._connecting.start()

    def _await_connection(self, descriptor: int) -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        try:
            ready = poll.poll(1000 * self._handshake_timeout)
        finally:
            os.close(descriptor)
        if ready and not ready[0][1] & (select.POLLERR | select.POLLHUP):
            self._begin_handshake()
        else:
            with self._linking:
                if self._notifier is not None:
                    self._notifier.set(readable=True, writable=True)

    def _connected(self, address: Any, end: float | None) -> None:
        self._aim(address)
        if len(self._stack) == 1:
            self._open_directly()
        elif self._timeout != 0:
            self._open_stack(end)

    def accept(self) -> tuple[Self, Any]:
        """See ``socket.accept``. The handshake is still to come."""
        descriptor, address = self._accept()  # type: ignore[attr-defined]
        accepted = self._like(descriptor, server_side=True)
        if socket.getdefaulttimeout() is None and self._timeout:
            accepted.setblocking(True)
        return accepted, address

    def do_handshake(self) -> None:
        """Open the stack, and with gsi make sure of the peer, if that has not been done. It takes as long as
        ``settimeout`` and `handshake_timeout` let it.

        Raises:
            As `connect`; BlockingIOError: it goes on in the background (``gettimeout()`` is 0).
        """
        self._ready()

    # ---- opening the stack ----------------------------------------------------------------------------------------

    def _ready(self) -> Direct | LayeredLink:
        """The way of the data."""
        link = self._link
        if link is not None:
            return link
        if self._gone:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if len(self._stack) == 1:
            return self._open_directly()
        return self._stack_ready()

    def _stack_ready(self) -> Direct | LayeredLink:
        end = end_of(self._timeout)
        if self._connecting is not None and self._connecting.is_alive():
            if self._timeout == 0:
                raise would_block()
            self._connecting.join(self._timeout)
        if self._timeout == 0:
            self._open_in_background()
            if self._link is None:
                raise would_block()
            return self._link
        return self._open_stack(end)

    def _open_directly(self) -> Direct | LayeredLink:
        """tcp alone has nothing to open."""
        with self._linking:
            if self._link is None:
                super().getpeername()  # tells whether there is a connection
                activate(xio, "GLOBUS_XIO_MODULE")
                super().setblocking(False)
                self._link = Direct(super().fileno())
            return self._link

    def _begin(self) -> Background:
        """Begin to open the stack; called by the one who does."""
        with self._linking:
            if self._gone:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._handshake = Background(self._open(self._prepare()))
            self._opening = True
            return self._handshake

    def _prepare(self) -> SocketChannel:
        peer = super().getpeername()  # tells whether there is a connection
        if self._target is None:
            self._aim(peer)
        try:
            lent = self._lend()
        except OSError as error:
            self._failure = error
            if self._notifier is not None:
                self._notifier.set(readable=True, writable=True)
            raise
        attributes = Attributes() if self._attributes is None else self._attributes.copy()
        if self._stack.is_secure and self._server_side:
            attributes.gsi.server_mode = True
        super().setblocking(False)
        contact = self._target or f"{self._hostname or ''}:0"
        self._channel = SocketChannel(
            self._stack,
            contact,
            attributes,
            self._gsi,
            super().fileno(),
            lent,
            accepting=self._server_side,
        )
        return self._channel

    def _lend(self) -> int | None:
        """Another number of the descriptor, for XIO alone; None: it takes the socket's own.

        Of many connections with gsi alone, each has a high number, and XIO a low one until the end of the handshake.

        Raises:
            OSError: (EMFILE) XIO waits with select(), which takes low numbers only, and none is free.
        """
        number = super().fileno()
        if number >= SELECTABLE:
            return low_twin(number)
        high = high_twin(number) if number >= FEW and self._stack.names == ("tcp", "gsi") else None
        if high is None:
            return None
        super(_SYSTEM, self).__init__(self.family, self.type, self.proto, high)
        return number

    def _open_stack(self, end: float | None) -> Direct | LayeredLink:
        with self._attaching:
            if self._link is None:
                self._raise_failure()
                self._await(self._handshake or self._begin(), end)
                self._raise_failure()
            assert self._link is not None  # noqa: S101 - opened, and nothing failed
            return self._link

    def _await(self, running: Background, end: float | None) -> None:
        """Wait for the handshake, which goes on if the socket's own time is over before."""
        wake = threading.Event()
        running.attach(wake.set)
        while not running.done():
            if not wake.wait(remaining(end)):
                raise timed_out()

    def _open_in_background(self) -> None:
        with self._attaching:
            self._raise_failure()
            if self._handshake is None:
                self._begin()
            elif self._handshake.done():
                self._raise_failure()

    async def _open(self, channel: SocketChannel) -> None:
        link: LayeredLink | None = None
        try:
            await channel.open(timeout=self._handshake_timeout)
            link = channel.link()
        except Exception as error:  # noqa: BLE001 - goes to whoever uses the socket
            self._failure = error
            if channel.opened:
                with contextlib.suppress(GridError):
                    await channel.close()
            channel.take_back()
            self._hang_up()
        with self._linking:
            self._opening = False
            then = self._parting
            if then is None:
                self._link = link
                if self._notifier is not None and link is not None:
                    link.tell_to(self._notifier)
                elif self._notifier is not None:
                    self._notifier.set(readable=True, writable=True)
        if then is not None and link is not None:
            link.close(then)
        elif then is not None:
            then()

    def _hang_up(self) -> None:
        """Opening failed: the peer is to see it."""
        with contextlib.suppress(OSError):
            super().shutdown(socket.SHUT_RDWR)

    def _raise_failure(self) -> None:
        if self._failure is None:
            return
        if isinstance(self._failure, GridError):
            raise self._failure
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN)) from self._failure

    # ---- for select -----------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """A descriptor for select and its like. On tcp it is the socket's own; with drivers above that, one that is
        readable when there is something to `recv`, and writable when there is room to `send`."""
        if self._gone:
            return -1
        if len(self._stack) == 1 or (self._notifier is None and not self._is_connected()):
            return super().fileno()
        with self._linking:
            if self._gone:  # meanwhile
                return -1
            notifier = self._notifier
            if notifier is None:
                notifier = self._notifier = Notifier(readable=False, writable=False)
                link = self._link
                if link is not None and not isinstance(link, Direct):
                    link.tell_to(notifier)
        if self._link is None:
            self._begin_handshake()
        return notifier.fileno()

    def _begin_handshake(self) -> None:
        # not connected yet, or not any more; what else happens, the next call tells
        with contextlib.suppress(OSError):
            self._open_in_background()

    def _is_connected(self) -> bool:
        if self._channel is not None:
            return True
        try:
            super().getpeername()
        except OSError:
            return False
        return True

    # ---- the end --------------------------------------------------------------------------------------------------

    def shutdown(self, how: int, /) -> None:
        """See ``socket.shutdown``. What was sent before leaves before."""
        link = self._link
        if link is None:
            super().shutdown(how)
            return
        super().getpeername()  # tells whether there is a connection still
        system = super().shutdown
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            link.shut_read()
        if how in (socket.SHUT_WR, socket.SHUT_RDWR):
            if isinstance(link, Direct):
                system(how)
            else:
                link.shut_write(lambda: _quietly(system, how))
        else:
            system(how)

    def _real_close(self, _ss: Any = _SYSTEM) -> None:
        """Called when nothing uses it any more, files of `makefile` included."""
        self._part(os.close)

    def _part(self, then: Callable[[int], None]) -> int:
        """Let go of the system's socket; -1: that has been done.

        Args:
            then: gets its descriptor, when the library does not use it any more.
        """
        with self._linking:
            if self._gone:
                return -1
            self._gone = True
            link, self._link = self._link, None
            notifier, self._notifier = self._notifier, None
            if self._connecting is not None:  # it is not to wait any longer
                with contextlib.suppress(OSError):
                    _SYSTEM.shutdown(self, socket.SHUT_RDWR)
            descriptor = super().detach()
            opening = self._opening
            if opening:
                self._parting = lambda: then(descriptor)
        if notifier is not None:
            notifier.close()
        channel = self._channel
        if channel is not None:
            channel.closed = True
            channel.cancel("open")
            if channel.peer is not None:
                channel.peer.context.close()
        if link is not None:
            link.close(lambda: then(descriptor))
        elif not opening:
            then(descriptor)
        return descriptor

    def detach(self) -> int:
        """See ``socket.detach``: the system's descriptor, at which the drivers above tcp are gone."""
        gone = threading.Event()
        linked = self._link is not None
        descriptor = self._part(lambda _: gone.set())
        if descriptor >= 0:
            gone.wait(HANDSHAKE)
            if linked and self._timeout is None:
                os.set_blocking(descriptor, True)
        return descriptor

    def dup(self) -> Self:
        """See ``socket.dup``. On tcp alone: what drivers above it know is not copied.

        Raises:
            OSError: (EOPNOTSUPP) there are drivers above tcp.
        """
        if len(self._stack) > 1 and self._is_connected():
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        descriptor = os.dup(super().fileno())
        twin = self._like(descriptor, server_side=self._server_side)
        twin.settimeout(self._timeout)
        return twin

    def __del__(self) -> None:
        link = getattr(self, "_link", None)
        if link is None or self._gone:
            super().__del__()  # type: ignore[misc]
            return
        try:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
        finally:  # the library lets go of the descriptor before its number is given to another
            descriptor = super().detach()
            link.close(lambda: os.close(descriptor))

    def _addresses(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        return super().getsockname, super().getpeername

    def __repr__(self) -> str:
        kind = type(self)
        state = " [closed]" if self._closed else ""  # type: ignore[attr-defined]
        names = "".join(
            f", {name}={address}"
            for name, call in zip(("laddr", "raddr"), self._addresses(), strict=True)
            if (address := _address(call))
        )
        return (
            f"<{kind.__module__}.{kind.__qualname__}{state} fd={super().fileno()}, family={self.family}, "
            f"type={self.type}, proto={self.proto}{names}, stack={str(self._stack)!r}>"
        )


def _address(call: Callable[[], Any]) -> str:
    try:
        address = call()
    except OSError:
        return ""
    return str(address) if address else ""


def _quietly(call: Any, how: int) -> None:
    with contextlib.suppress(OSError):
        call(how)


def seconds(value: float | None) -> float | None:
    """What ``settimeout`` is given."""
    if value is None:
        return None
    if isinstance(value, str | bytes):
        raise TypeError(f"must be real number, not {type(value).__name__}")
    found = float(value)
    if found != found:
        raise ValueError("Invalid value NaN (not a number)")
    if found < 0:
        raise ValueError("Timeout value out of range")
    return found
