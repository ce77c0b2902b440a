"""``http.client``, ``http.server``, ``urllib.request`` and ``xmlrpc`` over a stack of drivers."""

from __future__ import annotations

import functools
import http.client
import http.server
import socket
import urllib.request
import xmlrpc.client
import xmlrpc.server
from typing import TYPE_CHECKING, Any

from ..connecting import create_connection
from ..sockets import HANDSHAKE
from ..stack import Stack
from .servers import StackServer

if TYPE_CHECKING:
    from ..attributes import Attributes
    from ..gsi import GSI
    from ..stack import StackLike

__all__ = [
    "HTTPConnection",
    "HTTPHandler",
    "HTTPServer",
    "SimpleXMLRPCServer",
    "ThreadingHTTPServer",
    "Transport",
]


class HTTPConnection(http.client.HTTPConnection):
    """``http.client.HTTPConnection`` over a stack.

    ::

        connection = HTTPConnection("www.example.org", 8443, stack="tcp,gsi", gsi=GSI(credential=proxy))
        connection.request("GET", "/")

    Args:
        host, port, timeout, source_address, blocksize: as of the standard library's.
        stack, gsi, attributes, handshake_timeout: as of `XioSocket`. ``GSI(tls=True)`` talks to servers of plain HTTPS.

    Raises:
        As `create_connection`, when it connects.
    """

    def __init__(
        self,
        host: str,
        port: int | None = None,
        timeout: float | None = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]  # noqa: SLF001
        source_address: tuple[str, int] | None = None,
        blocksize: int = 8192,
        *,
        stack: StackLike = "tcp",
        gsi: GSI | None = None,
        attributes: Attributes | None = None,
        handshake_timeout: float = HANDSHAKE,
    ) -> None:
        super().__init__(host, port, timeout, source_address, blocksize)
        # The standard library's own place for another way to connect.
        self._create_connection = functools.partial(
            create_connection,
            stack=stack,
            gsi=gsi,
            attributes=attributes,
            handshake_timeout=handshake_timeout,
        )


class HTTPHandler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens ``http:``, ``https:`` and ``httpg:`` (HTTP over GSI) with ``urllib.request``.

    ::

        opener = urllib.request.build_opener(HTTPHandler(stack="tcp,gsi", gsi=GSI(credential=proxy)))
        opener.open("httpg://www.example.org:8443/")

    It takes the place of the standard library's handlers of HTTP and HTTPS.

    Args:
        options: as of `HTTPConnection`.

    Raises:
        StackError, DriverNotFoundError: as of `Stack`.
    """

    def __init__(self, *, stack: StackLike = "tcp", **options: Any) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)
        self._stack = Stack(stack)
        self._options = options

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Called by the opener."""
        return self.do_open(HTTPConnection, req, stack=self._stack, **self._options)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Called by the opener.

        Raises:
            ValueError: the stack has no gsi, and what is meant to be secret would be sent in the clear.
        """
        if not self._stack.is_secure:
            raise ValueError(f"{req.full_url}: the stack {self._stack} has no gsi")
        return self.http_open(req)

    httpg_open = https_open
    httpg_request = urllib.request.HTTPHandler.http_request


class HTTPServer(StackServer, http.server.HTTPServer):
    """``http.server.HTTPServer``: one request after the other."""


class ThreadingHTTPServer(StackServer, http.server.ThreadingHTTPServer):
    """``http.server.ThreadingHTTPServer``: a thread for each connection."""


class Transport(xmlrpc.client.Transport):
    """How ``xmlrpc.client.ServerProxy`` talks to its server.

    ::

        server = xmlrpc.client.ServerProxy(
            "http://www.example.org:8443", Transport(stack="tcp,gsi", gsi=GSI(credential=proxy))
        )

    Args:
        use_datetime, use_builtin_types, headers: as of the standard library's.
        options: as of `HTTPConnection`.
    """

    def __init__(
        self,
        use_datetime: bool = False,
        use_builtin_types: bool = False,
        *,
        headers: Any = (),
        **options: Any,
    ) -> None:
        super().__init__(use_datetime, use_builtin_types, headers=headers)
        self._options = options

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """Called by the proxy."""
        known, kept = self._connection
        if kept is not None and known == host:
            return kept
        name, self._extra_headers, _ = self.get_host_info(host)
        connection = HTTPConnection(name, **self._options)
        self._connection = host, connection
        return connection


class SimpleXMLRPCServer(StackServer, xmlrpc.server.SimpleXMLRPCServer):
    """``xmlrpc.server.SimpleXMLRPCServer``."""
