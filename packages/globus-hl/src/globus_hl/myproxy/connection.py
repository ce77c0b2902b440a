"""One connection to a MyProxy server: TCP by XIO, the handshake and the messages by GSI."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from globus_lowlevel import GlobusError, xio

from .._runtime.library import activate
from ..errors import ConnectionLostError, GridError, OperationTimeoutError
from ..security import PROTECTION, Credential, Flag, Name, SecurityContext
from ..security.errors import CredentialNotFoundError, PeerNameError, SecurityError
from ..security.records import TokenBuffer
from ..timeouts import Deadline
from ..xio.faults import connection_fault
from ..xio.operations import Close, Open, Read, Write
from .messages import Incoming

__all__ = ["Connection", "Server", "Wire"]

T = TypeVar("T")

DEFAULT_PORT = 7512
READ_SIZE = 1 << 16


@dataclass(frozen=True)
class Server:
    """Where a server is, who it has to be, and who we are.

    Attributes:
        credential: None: nobody; then only a passphrase proves anything.
        subject: distinguished name that it must have; None: that of its host.
    """

    host: str
    port: int
    credential: Credential | None
    subject: str | None

    @classmethod
    def named(
        cls,
        host: str | None,
        port: int | None,
        credential: Credential | str | os.PathLike[str] | None,
        subject: str | None,
    ) -> Self:
        """From what a user says, and from the environment where the user says nothing.

        Raises:
            ValueError: neither names a server, or the port is none.
            SecurityError: the credential cannot be used.
        """
        named = host or os.environ.get("MYPROXY_SERVER")
        if not named:
            raise ValueError("no MyProxy server: pass host=, or set MYPROXY_SERVER")
        number = int(os.environ.get("MYPROXY_SERVER_PORT") or DEFAULT_PORT) if port is None else port
        if not 0 < number < 1 << 16:
            raise ValueError(f"port must be from 1 to 65535, not {number}")
        if credential is not None and not isinstance(credential, Credential):
            credential = Credential.load(credential)
        if credential is None:
            credential = _proxy_at_hand()
        return cls(named, number, credential, subject or os.environ.get("MYPROXY_SERVER_DN") or None)

    @property
    def url(self) -> str:
        """``myproxy://host:port``."""
        return f"myproxy://{self._contact}"

    @property
    def _contact(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def names(self) -> tuple[Name, ...]:
        """Who it may be: one of these."""
        if self.subject is not None:
            return (Name(self.subject),)
        return Name.host(self.host), Name.host(self.host, "myproxy")


def _proxy_at_hand() -> Credential | None:
    """The proxy that the toolkit finds, unless it has expired: then its owner is here to get a new one."""
    try:
        found = Credential.find(kinds=("proxy",))
    except CredentialNotFoundError:
        return None
    return None if found.is_expired else found


class Wire:
    """A TCP connection, as an async context manager.

    Args:
        doing: completes "could not ..." in errors.
        deadline: limits everything that is done with it.
    """

    def __init__(self, server: Server, doing: str, deadline: Deadline) -> None:
        self.server = server
        self._doing = doing
        self._deadline = deadline
        self._handle: Any = None
        self._broken = False
        self._connecting = True

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _connect(self) -> None:
        activate(xio, "GLOBUS_XIO_MODULE")
        stack = xio.globus_xio_stack_init(None)
        xio.globus_xio_stack_push_driver(stack, xio.globus_xio_driver_load("tcp"))
        handle = xio.globus_xio_handle_create(stack)
        contact = self.server.url.partition("://")[2]
        try:
            await Open(handle, contact, may_block=True, **self._limits())
        except GlobusError as error:
            raise connection_fault(error, f"could not connect to {contact}", self.server.url) from error
        self._handle = handle

    async def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        # If the other end has gone, or does not answer, nothing of ours is left nevertheless.
        with contextlib.suppress(GlobusError, GridError):
            await Close(handle, end=Deadline.after(2.0).end)

    async def read(self) -> bytes:
        """What comes next, at least one byte.

        Raises:
            ConnectionLostError: the server has closed the connection.
            OperationTimeoutError: a limit was passed.
        """
        buffer = bytearray(READ_SIZE)
        count = await self._run(Read(self._handle, buffer, **self._limits()))
        if count == 0:
            raise ConnectionLostError(
                f"could not {self._doing}: the server closed the connection", url=self.server.url
            )
        return bytes(memoryview(buffer)[:count])

    async def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            ConnectionLostError: the server has closed the connection.
            OperationTimeoutError: a limit was passed.
        """
        if data:
            await self._run(Write(self._handle, data, **self._limits()))

    async def _run(self, operation: Read | Write) -> int:
        try:
            return await operation
        except GlobusError as error:
            raise connection_fault(error, f"could not {self._doing}", self.server.url) from error

    def _limits(self) -> dict[str, Any]:
        end, stall = self._deadline.limits(connecting=self._connecting)
        connecting = self._connecting

        def timed_out(stalled: bool) -> GridError:
            limit = self._deadline.describe(connecting=connecting, stalled=stalled)
            return OperationTimeoutError(f"could not {self._doing}: {limit}", url=self.server.url)

        return {"end": end, "stall": stall, "describe": timed_out}


class Connection(Wire):
    """A connection whose ends know each other, for the messages of one request."""

    _context: SecurityContext

    def __init__(self, server: Server, doing: str, deadline: Deadline) -> None:
        super().__init__(server, doing, deadline)
        self._records = TokenBuffer()
        self._incoming = Incoming()

    async def __aenter__(self) -> Self:
        first, *others = self.server.names
        try:
            await self._establish(first)
        except PeerNameError:
            if not others:
                raise
            await self._close()
            await self._establish(others[0])
        self._connecting = False
        return self

    async def _establish(self, name: Name) -> None:
        await self._connect()
        credential = self.server.credential
        flags = PROTECTION if credential is not None else PROTECTION | Flag.ANONYMOUS
        context = SecurityContext.initiate(name, credential=credential, flags=flags)
        try:
            await self.write(context.step())
            while not context.established:
                await self.write(context.step(await self.read()))
        except SecurityError as error:
            error.url = self.server.url
            await self._close()
            raise
        except BaseException:
            await self._close()
            raise
        self._context = context

    async def send(self, message: bytes) -> None:
        """Send a message, encrypted."""
        await self.write(self._context.wrap(message))

    async def receive(self, take: Callable[[Incoming], T | None]) -> T:
        """The next message.

        Args:
            take: a method of :class:`.messages.Incoming`.

        Raises:
            MyProxyProtocolError: what comes is none.
            ConnectionLostError: the server has closed the connection before.
        """
        while (message := take(self._incoming)) is None:
            records = self._records.take(await self.read())
            if records:
                self._incoming.feed(self._context.unwrap(records, confidential=True))
        return message
