"""globus_lowlevel.gass_transfer: a client of real GASS servers, and a server for a real HTTP client."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gass_peers import PENDING, UNKNOWN, Answer, Refused, ask, checked, get, put, receive, send
from hypothesis import given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError, common, gass_transfer

pytestmark = pytest.mark.usefixtures("nothing_left")

DENIED = gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_DENIED
CONTENTS = [b"", b"x", os.urandom(300_001)]


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(gass_transfer.GLOBUS_GASS_TRANSFER_MODULE)
    yield
    common.globus_module_deactivate(gass_transfer.GLOBUS_GASS_TRANSFER_MODULE)


@pytest.fixture(scope="module", params=["http", "https"])
def server(request: pytest.FixtureRequest, grid: Any) -> Iterator[Any]:
    with grid.start_gass(secure=request.param == "https") as server:
        yield server


# ---- files of a server -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", CONTENTS, ids=len)
def test_get(server: Any, content: bytes) -> None:
    (server.root / "get").write_bytes(content)
    assert get(server.url + "/get") == content


@pytest.mark.parametrize("content", CONTENTS[1:], ids=len)
def test_put_and_append(server: Any, content: bytes) -> None:
    put(server.url + "/put", content)
    assert (server.root / "put").read_bytes() == content
    put(server.url + "/put", b"more", append=True)
    assert (server.root / "put").read_bytes() == content + b"more"


def test_a_length_need_not_be_known(server: Any) -> None:
    put(server.url + "/put", b"content", length=UNKNOWN)
    assert (server.root / "put").read_bytes() == b"content"


def test_a_request_that_tells_when_it_is_ready(server: Any) -> None:
    (server.root / "get").write_bytes(b"content")
    ready = Answer()
    made = gass_transfer.globus_gass_transfer_register_get(None, server.url + "/get", ready, "argument")
    assert ready.wait() == ("argument", made)
    thing = object()
    gass_transfer.globus_gass_transfer_request_set_user_pointer(made, thing)
    assert gass_transfer.globus_gass_transfer_request_get_user_pointer(made) is thing
    assert gass_transfer.globus_gass_transfer_request_get_status(made) == PENDING
    assert gass_transfer.globus_gass_transfer_request_get_url(made) == server.url + "/get"
    assert gass_transfer.globus_gass_transfer_request_get_length(made) in (7, UNKNOWN)
    kind = gass_transfer.globus_gass_transfer_request_get_type(made)
    assert kind is gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_TYPE_GET
    assert receive(made) == b"content"
    gass_transfer.globus_gass_transfer_request_destroy(made)
    with pytest.raises(GlobusError):  # the library's own share is not the program's
        gass_transfer.globus_gass_transfer_request_destroy(made)


def test_numbers_that_are_given_out_again_are_of_new_requests(server: Any) -> None:
    (server.root / "get").write_bytes(b"content")
    for _ in range(20):
        request = checked(gass_transfer.globus_gass_transfer_get(None, server.url + "/get"))
        assert gass_transfer.globus_gass_transfer_request_get_user_pointer(request) is None
        gass_transfer.globus_gass_transfer_request_set_user_pointer(request, object())
        receive(request)
        gass_transfer.globus_gass_transfer_request_destroy(request)
        with pytest.raises(GlobusError):
            gass_transfer.globus_gass_transfer_request_destroy(request)


def test_puts_that_tell_when_they_are_ready(server: Any) -> None:
    for register, expected in (
        (gass_transfer.globus_gass_transfer_register_put, b"content"),
        (gass_transfer.globus_gass_transfer_register_append, b"contentcontent"),
    ):
        ready = Answer()
        request = register(None, server.url + "/put", 7, ready, None)
        ready.wait()
        send(checked(request), b"content")
        gass_transfer.globus_gass_transfer_request_destroy(request)
        assert (server.root / "put").read_bytes() == expected


def test_a_file_that_is_not_there(server: Any) -> None:
    with pytest.raises(Refused) as caught:
        get(server.url + "/missing")
    assert caught.value.status is DENIED
    assert caught.value.reason == 404
    assert caught.value.message


def test_a_place_where_nothing_can_be_stored(server: Any) -> None:
    with pytest.raises(Refused) as caught:
        put(server.url + "/no such directory/file", b"content")
    assert caught.value.status is not PENDING


def test_a_request_is_given_up(server: Any) -> None:
    (server.root / "long").write_bytes(bytes(4_000_000))
    request, failed = checked(gass_transfer.globus_gass_transfer_get(None, server.url + "/long")), Answer()
    gass_transfer.globus_gass_transfer_fail(request, failed, "given up")
    assert failed.wait() == ("given up", request)
    failure = gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_FAILED
    assert gass_transfer.globus_gass_transfer_request_get_status(request) is failure
    gass_transfer.globus_gass_transfer_request_destroy(request)
    assert len(get(server.url + "/long")) == 4_000_000


def test_a_server_of_another_name_is_refused(server: Any, grid: Any) -> None:
    """Over HTTPS: a GASS server has the credential of its user."""
    (server.root / "get").write_bytes(b"content")
    attr = gass_transfer.globus_gass_transfer_requestattr_init("https")
    by_subject = gass_transfer.GLOBUS_GASS_TRANSFER_AUTHORIZE_SUBJECT
    set_authorization = gass_transfer.globus_gass_transfer_secure_requestattr_set_authorization
    get_authorization = gass_transfer.globus_gass_transfer_secure_requestattr_get_authorization
    set_authorization(attr, by_subject, grid.user.subject)
    assert get_authorization(attr) == (by_subject, grid.user.subject)
    if server.scheme == "https":
        assert get(server.url + "/get", attr) == b"content"
        set_authorization(attr, by_subject, "/O=Grid/CN=somebody else")
        with pytest.raises(Refused):
            get(server.url + "/get", attr)


def test_nobody_listens(nobody: str) -> None:
    with pytest.raises(Refused):
        get(f"http://{nobody}/file")


@pytest.mark.parametrize("url", ["nonsense", "http://", "zzz://host/file", "http://h:port/"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(GlobusError):
        gass_transfer.globus_gass_transfer_get(None, url)


def test_the_module_can_be_used_again_after_its_deactivation(server: Any) -> None:
    (server.root / "get").write_bytes(b"content")
    common.globus_module_deactivate(gass_transfer.GLOBUS_GASS_TRANSFER_MODULE)
    common.globus_module_activate(gass_transfer.GLOBUS_GASS_TRANSFER_MODULE)
    assert get(server.url + "/get") == b"content"


def test_what_is_no_request() -> None:
    for call in (
        gass_transfer.globus_gass_transfer_request_destroy,
        lambda request: gass_transfer.globus_gass_transfer_authorize(request, 5),
        lambda request: gass_transfer.globus_gass_transfer_send_bytes(request, b"x", True, Answer(), None),
        lambda request: gass_transfer.globus_gass_transfer_receive_bytes(
            request, bytearray(1), 0, Answer(), None
        ),
    ):
        with pytest.raises((GlobusError, ValueError)):
            call(987654)


# ---- attributes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("block_size", 12345),
        ("file_mode", gass_transfer.GLOBUS_GASS_TRANSFER_FILE_MODE_TEXT),
        ("connection_reuse", True),
        ("socket_sndbuf", 65536),
        ("socket_rcvbuf", 32768),
        ("socket_nodelay", True),
        ("proxy_url", "http://proxy.example:3128/"),
    ],
)
def test_attributes_of_requests(scheme: str, name: str, value: object) -> None:
    attr = gass_transfer.globus_gass_transfer_requestattr_init(scheme)
    getattr(gass_transfer, f"globus_gass_transfer_requestattr_set_{name}")(attr, value)
    assert getattr(gass_transfer, f"globus_gass_transfer_requestattr_get_{name}")(attr) == value
    gass_transfer.globus_gass_transfer_requestattr_destroy(attr)
    with pytest.raises(ValueError, match="closed"):
        getattr(gass_transfer, f"globus_gass_transfer_requestattr_get_{name}")(attr)


def test_attributes_of_listeners() -> None:
    attr = gass_transfer.globus_gass_transfer_listenerattr_init("http")
    gass_transfer.globus_gass_transfer_listenerattr_set_backlog(attr, 7)
    gass_transfer.globus_gass_transfer_listenerattr_set_port(attr, 4321)
    assert gass_transfer.globus_gass_transfer_listenerattr_get_backlog(attr) == 7
    assert gass_transfer.globus_gass_transfer_listenerattr_get_port(attr) == 4321


def test_attributes_of_a_scheme_that_there_is_not() -> None:
    for init in (
        gass_transfer.globus_gass_transfer_requestattr_init,
        gass_transfer.globus_gass_transfer_listenerattr_init,
    ):
        with pytest.raises(GlobusError):
            init("zzz")


def test_a_proxy(server: Any, nobody: str) -> None:
    """The request goes to the proxy, which is a server that has the file: for HTTP it is asked for the whole URL."""
    attr = gass_transfer.globus_gass_transfer_requestattr_init("http")
    gass_transfer.globus_gass_transfer_requestattr_set_proxy_url(attr, f"http://{nobody}/")
    with pytest.raises(Refused):
        get("http://host.invalid/file", attr)


# ---- a server in Python ----------------------------------------------------------------------------------------


class Listener:
    """Serves one request after the other by a function, while in a `with`."""

    def __init__(self, serve: Callable[[int], None]) -> None:
        self._serve, self._closed = serve, Answer()
        self._ends = False

    def __enter__(self) -> str:
        self.listener = gass_transfer.globus_gass_transfer_create_listener(None, "http")
        self._listen()
        base = gass_transfer.globus_gass_transfer_listener_get_base_url(self.listener)
        return base.replace(base.split("/")[2].rpartition(":")[0], "127.0.0.1")

    def _listen(self) -> None:
        gass_transfer.globus_gass_transfer_register_listen(self.listener, self._on_client, "listening")

    def _on_client(self, argument: object, listener: int) -> None:
        assert (argument, listener) == ("listening", self.listener)
        if self._ends:  # no client: the listener is being closed
            return
        gass_transfer.globus_gass_transfer_register_accept(None, listener, self._on_request, "accepting")

    def _on_request(self, argument: object, request: int) -> None:
        if gass_transfer.globus_gass_transfer_request_get_status(request) == (
            gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_STARTING
        ):
            threading.Thread(target=self._serve, args=(request,)).start()

    def __exit__(self, *_: object) -> None:
        self._ends = True
        gass_transfer.globus_gass_transfer_close_listener(self.listener, self._closed, "closing")
        assert self._closed.wait()[0] == "closing"


def test_a_server_answers_the_standard_librarys_client() -> None:
    urls, content = [], os.urandom(100_000)

    def serve(request: int) -> None:
        urls.append(gass_transfer.globus_gass_transfer_request_get_url(request))
        gass_transfer.globus_gass_transfer_authorize(request, len(content))
        send(request, content)
        gass_transfer.globus_gass_transfer_request_destroy(request)

    with Listener(serve) as url:
        assert ask(url + "/some/file")[2] == content
    assert len(urls) == 1
    assert urls[0].endswith("/some/file")


def test_a_server_answers_its_own_client() -> None:
    stored: list[bytes] = []

    def serve(request: int) -> None:
        kind = gass_transfer.globus_gass_transfer_request_get_type(request)
        if kind is gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_TYPE_GET:
            gass_transfer.globus_gass_transfer_authorize(request, len(stored[-1]))
            send(request, stored[-1])
        else:
            gass_transfer.globus_gass_transfer_authorize(request, 0)
            stored.append(receive(request))
        gass_transfer.globus_gass_transfer_request_destroy(request)

    with Listener(serve) as url:
        put(url + "/file", b"what is stored")
    with Listener(serve) as url:
        assert get(url + "/file") == b"what is stored"
    assert stored == [b"what is stored"]


def test_a_server_denies() -> None:
    def serve(request: int) -> None:
        gass_transfer.globus_gass_transfer_deny(request, 403, "not for you")
        gass_transfer.globus_gass_transfer_request_destroy(request)

    with Listener(serve) as url:
        assert ask(url + "/file")[:2] == (403, "not for you")


def test_a_server_refers_to_another() -> None:
    def serve(request: int) -> None:
        gass_transfer.globus_gass_transfer_refer(
            request, ["http://first.example/f", "http://second.example/f"]
        )
        gass_transfer.globus_gass_transfer_request_destroy(request)

    with Listener(serve) as url, pytest.raises(Refused) as caught:
        get(url + "/file")
    assert caught.value.status is gass_transfer.GLOBUS_GASS_TRANSFER_REQUEST_REFERRED
    assert caught.value.urls[0] == "http://first.example/f"


def test_a_listener_carries_an_object() -> None:
    listener, thing = gass_transfer.globus_gass_transfer_create_listener(None, "http"), object()
    gass_transfer.globus_gass_transfer_listener_set_user_pointer(listener, thing)
    assert gass_transfer.globus_gass_transfer_listener_get_user_pointer(listener) is thing
    closed = Answer()
    gass_transfer.globus_gass_transfer_close_listener(listener, closed, None)
    closed.wait()


# ---- text ------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(st.characters(max_codepoint=127, exclude_characters="\r\n"))))
def test_line_ends(texts: list[str]) -> None:
    """Of text in ASCII: C drops the eighth bit of all else."""
    lines = [text.encode() for text in texts]
    unix, network = b"\n".join(lines), b"\r\n".join(lines)
    assert gass_transfer.globus_gass_transfer_lf_to_crlf(unix) == network
    assert gass_transfer.globus_gass_transfer_crlf_to_lf(network) == unix
