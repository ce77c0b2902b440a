"""A client of GASS in callbacks, for tests of both ends."""

from __future__ import annotations

import http.client
import queue
import threading
from typing import Any

from globus_lowlevel import GlobusError, gass_transfer

LIMIT = 5.0
PENDING = gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_PENDING
DONE = gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_DONE
UNKNOWN = int(gass_transfer.GLOBUS_GASS_TRANSFER_LENGTH_UNKNOWN)


def ask(url: str) -> tuple[int, str, bytes]:
    """What the standard library's client of HTTP gets: status, reason, content (of refusals C tells a wrong length)."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=LIMIT)
    try:
        connection.request("GET", "/" + path)
        response = connection.getresponse()
        return response.status, response.reason, response.read() if response.status == 200 else b""
    finally:
        connection.close()


class Answer:
    """A callback that is waited for."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def __call__(self, *arguments: Any) -> None:
        self._calls.put(arguments)

    def wait(self) -> tuple[Any, ...]:
        return self._calls.get(timeout=LIMIT)


class Refused(Exception):
    """A request that is not served.

    Attributes:
        status: of the request.
        reason, message: of the server.
        urls: where it says that the file is.
    """

    def __init__(self, request: int) -> None:
        self.status = gass_transfer.globus_gass_transfer_request_get_status(request)
        self.reason = self.message = None
        self.urls: list[str | None] = []
        if self.status == gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_DENIED:
            self.reason = gass_transfer.globus_gass_transfer_request_get_denial_reason(request)
            self.message = gass_transfer.globus_gass_transfer_request_get_denial_message(request)
        elif self.status == gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_REFERRED:
            referral = gass_transfer.globus_gass_transfer_request_get_referral(request)
            count = gass_transfer.globus_gass_transfer_referral_get_count(referral)
            self.urls = [
                gass_transfer.globus_gass_transfer_referral_get_url(referral, i) for i in range(count)
            ]
            gass_transfer.globus_gass_transfer_referral_destroy(referral)
        super().__init__(self.status, self.reason, self.message)


def receive(request: int, block: int = 10_000) -> bytes:
    """All that the other end sends."""
    content, ended, buffer = bytearray(), threading.Event(), bytearray(block)

    def on_bytes(_: Any, request: int, got: Any, length: int, last: bool) -> None:
        assert got is buffer
        content.extend(buffer[:length])
        if last:
            ended.set()
        else:
            gass_transfer.globus_gass_transfer_receive_bytes(request, buffer, 1, on_bytes, None)

    gass_transfer.globus_gass_transfer_receive_bytes(request, buffer, 1, on_bytes, None)
    assert ended.wait(LIMIT)
    return bytes(content)


def send(request: int, content: bytes) -> None:
    """In two parts; no more once the other end wants no more."""
    half = len(content) // 2
    for part, last in ((content[:half], False), (content[half:], True)):
        sent = Answer()
        try:
            gass_transfer.globus_gass_transfer_send_bytes(request, part, last, sent, "sent")
        except GlobusError:
            return
        argument, _, buffer, *_ = sent.wait()
        assert argument == "sent"
        assert buffer is part


def checked(request: int, wanted: Any = PENDING) -> int:
    """The request, if it is as far as that."""
    if gass_transfer.globus_gass_transfer_request_get_status(request) == wanted:
        return request
    refused = Refused(request)
    gass_transfer.globus_gass_transfer_request_destroy(request)
    raise refused


def get(url: str, attr: Any = None) -> bytes:
    """A file."""
    request = checked(gass_transfer.globus_gass_transfer_get(attr, url))
    content = receive(request)
    gass_transfer.globus_gass_transfer_request_destroy(checked(request, DONE))
    return content


def put(
    url: str, content: bytes, attr: Any = None, *, append: bool = False, length: int | None = None
) -> None:
    """Stores a file, or appends to one."""
    begin = gass_transfer.globus_gass_transfer_append if append else gass_transfer.globus_gass_transfer_put
    request = checked(begin(attr, url, len(content) if length is None else length))
    send(request, content)
    gass_transfer.globus_gass_transfer_request_destroy(checked(request, DONE))
