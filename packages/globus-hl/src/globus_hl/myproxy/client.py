"""Clients for MyProxy servers: one core, a blocking face and an asynchronous one."""

from __future__ import annotations

import os

from .._runtime.closing import AsyncClosing, Closing
from .._runtime.faces import awaited, blocking
from ..errors import ClosedError
from ..security import Credential
from ..timeouts import Timeout
from .connection import Server
from .repository import Repository

__all__ = ["AsyncMyProxyClient", "MyProxyClient"]

DEFAULT_TIMEOUT = Timeout(connect=30.0, stall=60.0, total=None)


class _Client:
    """What both faces share.

    Args:
        host: name of the server; default: ``MYPROXY_SERVER``.
        port: its port; default: ``MYPROXY_SERVER_PORT``, or 7512.
        credential: who we are: a `Credential` or the path of a proxy file. Default: the proxy that `Credential.find`
            finds, or nobody if there is none or it has expired: who logs on with a passphrase needs none.
        server_subject: distinguished name that the server must have in place of its host's; default:
            ``MYPROXY_SERVER_DN``.
        timeout: limits for each call that does not bring its own: seconds, or a :class:`~globus_hl.timeouts.Timeout`.
            Default: 30 seconds to connect, 60 without progress.

    Raises:
        ValueError: neither `host` nor ``MYPROXY_SERVER`` names a server.
        SecurityError: the credential cannot be used.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        credential: Credential | str | os.PathLike[str] | None = None,
        server_subject: str | None = None,
        timeout: Timeout | float | None = None,
    ) -> None:
        server = Server.named(host, port, credential, server_subject)
        self._core = Repository(server, DEFAULT_TIMEOUT.merge(timeout))
        self._closed = False

    def _open_core(self) -> Repository:
        if self._closed:
            raise ClosedError("the client is closed")
        return self._core

    @property
    def url(self) -> str:
        """``myproxy://host:port`` of the server."""
        return self._core.server.url

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._closed else self.url}>"


class MyProxyClient(_Client, Closing):
    __doc__ = f"""A client for a MyProxy server, for blocking code.

    ::

        with MyProxyClient("myproxy.example.org") as client:
            proxy = client.logon("alice", getpass.getpass())
            with gridftp.Client(credential=proxy) as files: ...

    Threads may share a client: each call has a connection of its own. Ctrl-C ends a call that waits.
    {(_Client.__doc__ or "").partition("share.")[2]}"""

    init = blocking(Repository.init)
    store = blocking(Repository.store)
    logon = blocking(Repository.logon)
    retrieve = blocking(Repository.retrieve)
    info = blocking(Repository.info)
    change_passphrase = blocking(Repository.change_passphrase)
    destroy = blocking(Repository.destroy)
    trust_roots = blocking(Repository.trust_roots)
    bootstrap = blocking(Repository.bootstrap)

    def close(self) -> None:
        """No more calls. Idempotent; there is nothing to wait for, as calls end their connections themselves."""
        self._closed = True


class AsyncMyProxyClient(_Client, AsyncClosing):
    __doc__ = f"""A client for a MyProxy server, for asyncio.

    ::

        async with AsyncMyProxyClient("myproxy.example.org") as client:
            proxies = await asyncio.gather(*(client.logon(user, phrase) for user, phrase in users))

    The methods are those of :class:`MyProxyClient`, awaited. Cancelling a task aborts its call.
    {(_Client.__doc__ or "").partition("share.")[2]}"""

    init = awaited(Repository.init)
    store = awaited(Repository.store)
    logon = awaited(Repository.logon)
    retrieve = awaited(Repository.retrieve)
    info = awaited(Repository.info)
    change_passphrase = awaited(Repository.change_passphrase)
    destroy = awaited(Repository.destroy)
    trust_roots = awaited(Repository.trust_roots)
    bootstrap = awaited(Repository.bootstrap)

    async def close(self) -> None:
        """No more calls. Idempotent."""
        self._closed = True
