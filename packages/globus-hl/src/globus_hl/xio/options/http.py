"""The commands of the driver http."""

from __future__ import annotations

import enum
from typing import NamedTuple

from globus_lowlevel import xio_drivers

from .kinds import INT, TEXT, choice
from .option import Option, Options, command

__all__ = ["HTTPOptions", "HTTPRequest", "HTTPResponse", "HTTPVersion"]


class HTTPVersion(enum.IntEnum):
    """Version of the protocol."""

    UNSET = xio_drivers.GLOBUS_XIO_HTTP_VERSION_UNSET
    HTTP_1_0 = xio_drivers.GLOBUS_XIO_HTTP_VERSION_1_0
    HTTP_1_1 = xio_drivers.GLOBUS_XIO_HTTP_VERSION_1_1


class HTTPRequest(NamedTuple):
    """What a client asked for."""

    method: str
    uri: str
    version: HTTPVersion
    headers: dict[str, str]


class HTTPResponse(NamedTuple):
    """What a server answered."""

    status: int
    reason: str
    version: HTTPVersion
    headers: dict[str, str]


class HTTPOptions(Options):
    """Commands of the driver http. What is read and written are the bodies; the first read of a server tells the request,
    that of a client the response, in its data descriptor."""

    driver = "http"

    request_method = Option(TEXT, "HTTP_ATTR_SET_REQUEST_METHOD", "``GET`` (default), ``PUT``, ...")
    request_version = Option(
        choice(HTTPVersion), "HTTP_ATTR_SET_REQUEST_HTTP_VERSION", "Version of the request. Default: 1.1."
    )
    response_status = Option(
        INT, "HTTP_HANDLE_SET_RESPONSE_STATUS_CODE", "Such as 404. Default: 200.", on="handle"
    )
    response_reason = Option(TEXT, "HTTP_HANDLE_SET_RESPONSE_REASON_PHRASE", "Such as ``OK``.", on="handle")
    response_version = Option(
        choice(HTTPVersion), "HTTP_HANDLE_SET_RESPONSE_HTTP_VERSION", "Version of the response.", on="handle"
    )

    @command("HTTP_ATTR_SET_REQUEST_HEADER", "attr")
    def request_header(self, name: str, value: str) -> None:
        """Add a header to the request."""
        self._control("HTTP_ATTR_SET_REQUEST_HEADER", name, value)

    @command("HTTP_ATTR_DELAY_WRITE_HEADER", "attr")
    def delay_header(self) -> None:
        """Send the request with the first write, not when connecting."""
        self._control("HTTP_ATTR_DELAY_WRITE_HEADER")

    @command("HTTP_HANDLE_SET_REQUEST_HEADER")
    def open_request_header(self, name: str, value: str) -> None:
        """Add a header to a request that waits for its first write (`delay_header`)."""
        self._control("HTTP_HANDLE_SET_REQUEST_HEADER", name, value)

    @command("HTTP_HANDLE_SET_RESPONSE_HEADER")
    def response_header(self, name: str, value: str) -> None:
        """Add a header to the response."""
        self._control("HTTP_HANDLE_SET_RESPONSE_HEADER", name, value)

    @command("HTTP_HANDLE_SET_END_OF_ENTITY")
    def end_body(self) -> None:
        """The body has been written."""
        self._control("HTTP_HANDLE_SET_END_OF_ENTITY")

    @command("HTTP_GET_REQUEST", "dd")
    def request(self) -> HTTPRequest:
        """The request, after the first read of a server."""
        method, uri, version, headers = self._control("HTTP_GET_REQUEST")
        return HTTPRequest(method, uri, HTTPVersion(version), headers)

    @command("HTTP_GET_RESPONSE", "dd")
    def response(self) -> HTTPResponse:
        """The response, after the first read of a client."""
        status, reason, version, headers = self._control("HTTP_GET_RESPONSE")
        return HTTPResponse(status, reason, HTTPVersion(version), headers)
