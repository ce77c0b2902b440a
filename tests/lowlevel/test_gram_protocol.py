"""globus_lowlevel.gram_protocol: what messages say, and two ends of the protocol in one process."""

from __future__ import annotations

import ctypes
import mmap
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lowlevel.conftest import eventually

from globus_lowlevel import GlobusError, common, gram_protocol, gssapi

LIMIT = 30.0
ACTIVE = gram_protocol.GLOBUS_GRAM_PROTOCOL_JOB_STATE_ACTIVE
DONE = gram_protocol.GLOBUS_GRAM_PROTOCOL_JOB_STATE_DONE


@pytest.fixture(scope="module", autouse=True)
def active(grid: Any) -> Iterator[None]:
    common.globus_module_activate(gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE)
    yield
    common.globus_module_deactivate(gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE)


# ---- messages --------------------------------------------------------------------------------------------------

RSL = '&(executable="/bin/echo")(arguments="a ""quoted"" word" \\)'


@pytest.mark.parametrize("callback", [None, "https://localhost:1/"])
def test_a_job_request(callback: str | None) -> None:
    packed = gram_protocol.globus_gram_protocol_pack_job_request(0xFFFFF, callback, RSL)
    assert packed.startswith(b"protocol-version: 2\r\n")
    assert gram_protocol.globus_gram_protocol_unpack_job_request(packed) == (0xFFFFF, callback, RSL)


def test_replies_and_updates() -> None:
    contact = "https://localhost:4/1/2/"
    packed = gram_protocol.globus_gram_protocol_pack_job_request_reply(0, contact)
    assert gram_protocol.globus_gram_protocol_unpack_job_request_reply(packed) == (0, contact)
    failed = gram_protocol.globus_gram_protocol_pack_job_request_reply(7, None)
    assert gram_protocol.globus_gram_protocol_unpack_job_request_reply(failed) == (7, None)
    status = gram_protocol.globus_gram_protocol_pack_status_reply(ACTIVE, 0, 17)
    assert gram_protocol.globus_gram_protocol_unpack_status_reply(status) == (ACTIVE, 0, 17)
    update = gram_protocol.globus_gram_protocol_pack_status_update_message(contact, DONE, 0)
    assert gram_protocol.globus_gram_protocol_unpack_status_update_message(update) == (contact, DONE, 0)
    request = gram_protocol.globus_gram_protocol_pack_status_request("cancel")
    assert gram_protocol.globus_gram_protocol_unpack_status_request(request) == "cancel"
    assert b"version" in gram_protocol.globus_gram_protocol_pack_version_request()


def test_frames() -> None:
    request = gram_protocol.globus_gram_protocol_frame_request("https://localhost:2119/jobmanager", b"hello")
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /jobmanager HTTP/1.1\r\nHost: localhost\r\n")
    assert b"Content-Length: 5" in head and body == b"hello"
    assert gram_protocol.globus_gram_protocol_frame_reply(200, b"").startswith(b"HTTP/1.1 200 OK\r\n")
    assert gram_protocol.globus_gram_protocol_frame_reply(404, b"").startswith(b"HTTP/1.1 404 ")
    with pytest.raises(GlobusError):
        gram_protocol.globus_gram_protocol_frame_request("no url", b"")


LARGEST, SMALLEST = 2**31 - 1, -(2**31)


@pytest.mark.parametrize("number", [LARGEST, SMALLEST])
def test_a_message_has_room_for_any_number(number: int) -> None:
    packed = gram_protocol.globus_gram_protocol_pack_job_request(number, None, '""')
    assert gram_protocol.globus_gram_protocol_unpack_job_request(packed) == (number, None, '""')
    packed = gram_protocol.globus_gram_protocol_pack_job_request_reply(number, "https://a:1/")
    assert gram_protocol.globus_gram_protocol_unpack_job_request_reply(packed) == (number, "https://a:1/")
    packed = gram_protocol.globus_gram_protocol_pack_status_reply(number, number, number)
    assert gram_protocol.globus_gram_protocol_unpack_status_reply(packed) == (number, number, number)
    packed = gram_protocol.globus_gram_protocol_pack_status_update_message("https://a:1/", number, number)
    assert gram_protocol.globus_gram_protocol_unpack_status_update_message(packed) == (
        "https://a:1/",
        number,
        number,
    )


@pytest.mark.parametrize("code", [1000, -100, LARGEST, SMALLEST])
@pytest.mark.parametrize("body", [b"", b"text"])
def test_a_code_has_three_digits(code: int, body: bytes) -> None:
    for call in (
        lambda: gram_protocol.globus_gram_protocol_frame_reply(code, body),
        lambda: gram_protocol.globus_gram_protocol_reply(1, code, body),
    ):
        with pytest.raises(ValueError, match="room"):
            call()
    assert gram_protocol.globus_gram_protocol_frame_reply(999, body).startswith(b"HTTP/1.1 999 ")


WITHOUT_HOST = ["https:///path", "https://:1/", "file:///x", "https://"]


@pytest.mark.parametrize("contact", WITHOUT_HOST)
def test_a_contact_without_a_host(contact: str) -> None:
    for call in (
        lambda: gram_protocol.globus_gram_protocol_frame_request(contact, b""),
        lambda: gram_protocol.globus_gram_protocol_post(contact, None, b"", None, None),
        lambda: gram_protocol.globus_gram_protocol_post_delegation(
            contact, None, b"", None, None, None, 0, 0, None, None
        ),
        lambda: gram_protocol.globus_gram_protocol_callback_disallow(contact),
    ):
        with pytest.raises(GlobusError) as raised:
            call()
        assert raised.value.code == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_INVALID_JOB_CONTACT


def test_extensions_are_dicts() -> None:
    extensions = {"attr-one": "1", "attr-two": 'with "quotes" and \\'}
    packed = gram_protocol.globus_gram_protocol_pack_status_reply_with_extensions(DONE, 0, 0, extensions)
    read = gram_protocol.globus_gram_protocol_unpack_status_reply_with_extensions(packed)
    assert read | extensions == read
    assert read["status"] == str(int(DONE))
    assert gram_protocol.globus_gram_protocol_unpack_message(packed) == read
    packed = gram_protocol.globus_gram_protocol_pack_job_request_reply_with_extensions(
        0, "https://a:1/", extensions
    )
    status, contact, read = gram_protocol.globus_gram_protocol_unpack_job_request_reply_with_extensions(
        packed
    )
    assert (status, contact) == (0, "https://a:1/") and read["attr-one"] == "1"
    packed = gram_protocol.globus_gram_protocol_pack_status_update_message_with_extensions(
        "https://a:1/", DONE, 0, extensions
    )
    read = gram_protocol.globus_gram_protocol_unpack_status_update_message_with_extensions(packed)
    assert read["job-manager-url"] == "https://a:1/" and read["attr-two"] == extensions["attr-two"]
    gram_protocol.globus_gram_protocol_hash_destroy(read)
    for wrong in ({"a": 1}, {1: "a"}, "text", [("a", "b")]):
        with pytest.raises(TypeError):
            gram_protocol.globus_gram_protocol_pack_status_reply_with_extensions(DONE, 0, 0, wrong)  # type: ignore[arg-type]


def test_an_extension_of_its_own() -> None:
    extension = gram_protocol.globus_gram_protocol_create_extension("exit-code", "100% %s")
    assert (extension.attribute, extension.value) == ("exit-code", "100% %s")


@pytest.mark.parametrize("unpack", ["job_request", "job_request_reply", "status_request", "status_reply"])
@pytest.mark.parametrize("data", [b"", b"rubbish", b"protocol-version: 9\r\n", b"\xff" * 300])
def test_what_is_no_message_raises(unpack: str, data: bytes) -> None:
    with pytest.raises(GlobusError) as raised:
        getattr(gram_protocol, f"globus_gram_protocol_unpack_{unpack}")(data)
    assert raised.value.module == "gram_protocol"


def test_the_attributes_of_any_message() -> None:
    message = b'a: 1\r\nb: "two \\"words\\""\r\nc-d: x y\r\n'
    expected = {"a": "1", "b": 'two "words"', "c-d": "x y"}
    assert gram_protocol.globus_gram_protocol_unpack_message(message) == expected
    assert gram_protocol.globus_gram_protocol_unpack_message(b"") == {}
    with pytest.raises(GlobusError, match="expected information"):
        gram_protocol.globus_gram_protocol_unpack_message(b'a: "two ""\r\n')


@pytest.fixture
def last_page() -> Iterator[memoryview]:
    """Memory behind which there is none: who reads one byte more ends the process."""
    with mmap.mmap(-1, 2 * mmap.PAGESIZE) as pages, memoryview(pages)[: mmap.PAGESIZE] as page:
        behind = ctypes.addressof(ctypes.c_char.from_buffer(pages)) + mmap.PAGESIZE
        c = ctypes.CDLL(None)
        assert c.mprotect(ctypes.c_void_p(behind), ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
        yield page


UNPACK = [name for name in dir(gram_protocol) if name.startswith("globus_gram_protocol_unpack_")]


@pytest.mark.parametrize(
    "message", [b'a: "', b'a: "\\', b"a: ", b"a:", b"a", b"protocol-version: 2\r\n" + b"x" * 24]
)
@pytest.mark.parametrize("unpack", UNPACK)
def test_a_message_ends_with_its_last_byte(last_page: memoryview, unpack: str, message: bytes) -> None:
    last_page[-len(message) :] = message
    try:
        with last_page[-len(message) :] as memory:
            unpacked = getattr(gram_protocol, unpack)(memory)
    except GlobusError:
        return
    assert unpacked in ("x" * 24, {"a": ""}, {"a": "\\"}, {"protocol-version": "2"}, {})


@pytest.mark.parametrize("unpack", UNPACK)
def test_an_attribute_that_is_repeated(unpack: str, steady: Callable[[Callable[[], Any]], None]) -> None:
    """The first one counts, as in C; the others leave nothing."""
    attributes = {
        "protocol-version": "2", "status": "1", "failure-code": "3", "job-failure-code": "0", "rsl": "x",
        "job-manager-url": "https://a:1/", "job-state-mask": "5", "callback-url": "https://b:1/",
    }  # fmt: skip
    first = "".join(f"{name}: {value}\r\n" for name, value in attributes.items())
    if unpack.endswith("_status_request"):
        first = 'protocol-version: 2\r\n"cancel"\r\n'
    again = first + "".join(f'{name}: "other"\r\n' for name in attributes)
    call = getattr(gram_protocol, unpack)
    assert call(again.encode()) == call(first.encode())
    steady(lambda: call(again.encode()))


values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
names = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
RESERVED = {"protocol-version", "status", "failure-code", "job-failure-code"}


@given(st.dictionaries(names.filter(lambda n: n not in RESERVED), values, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_extension_comes_back(extensions: dict[str, str]) -> None:
    packed = gram_protocol.globus_gram_protocol_pack_status_reply_with_extensions(DONE, 0, 0, extensions)
    read = gram_protocol.globus_gram_protocol_unpack_status_reply_with_extensions(packed)
    assert {name: read[name] for name in extensions} == extensions


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_unpacked_or_refused(data: bytes) -> None:
    for kind in (
        "job_request",
        "job_request_reply",
        "status_request",
        "status_reply",
        "status_update_message",
    ):
        try:
            getattr(gram_protocol, f"globus_gram_protocol_unpack_{kind}")(data)
        except GlobusError:
            continue


def test_errors_have_words() -> None:
    assert "authenticat" in gram_protocol.globus_gram_protocol_error_string(7)
    assert gram_protocol.globus_gram_protocol_error_string(-1) == "Invalid error code"
    assert gram_protocol.globus_gram_protocol_error_string(10000) == "Invalid error code"
    gram_protocol.globus_gram_protocol_error_7_hack_replace_message("because I say so")
    assert gram_protocol.globus_gram_protocol_error_string(7) == "because I say so"
    others: list[str | None] = []
    thread = threading.Thread(
        target=lambda: others.append(gram_protocol.globus_gram_protocol_error_string(7))
    )
    thread.start()
    thread.join()
    assert others != ["because I say so"]
    gram_protocol.globus_gram_protocol_error_10_hack_replace_message("ten")
    assert gram_protocol.globus_gram_protocol_error_string(10) == "ten"


# ---- two ends ---------------------------------------------------------------------------------------------------------


class Answer:
    """The callback of a post."""

    def __init__(self) -> None:
        self.come = threading.Event()
        self.arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.come.set()

    def wait(self) -> tuple[Any, ...]:
        assert self.come.wait(LIMIT), "no answer"
        return self.arguments


@pytest.fixture
def echo() -> Iterator[tuple[str, list[Any]]]:
    """A server that answers with what it gets, and notes it."""
    seen: list[Any] = []

    def on_request(argument: Any, handle: int, message: bytes, size: int, error: int, uri: str) -> None:
        context = gram_protocol.globus_gram_protocol_get_sec_context(handle)
        seen.append(
            (argument, message, size, error, uri, gram_protocol.globus_gram_protocol_authorize_self(context))
        )
        gram_protocol.globus_gram_protocol_reply(handle, 200, b"echo:" + message)

    url = gram_protocol.globus_gram_protocol_allow_attach(on_request, "mine")
    yield url, seen
    gram_protocol.globus_gram_protocol_callback_disallow(url)


def test_post_and_reply(echo: tuple[str, list[Any]], nothing_left: None) -> None:
    url, seen = echo
    answer = Answer()
    handle = gram_protocol.globus_gram_protocol_post(f"{url}path", None, b"hello", answer, "arg")
    argument, answered, message, size, error, _ = answer.wait()
    assert (argument, answered, message, size, error) == ("arg", handle, b"echo:hello", 10, 0)
    assert seen == [("mine", b"hello", 5, 0, "/path", True)]


def test_two_servers_have_callbacks_of_their_own(echo: tuple[str, list[Any]]) -> None:
    """Each until it is disallowed, whatever became of the other."""
    url, seen = echo

    def other(argument: Any, handle: int, *_: Any) -> None:
        gram_protocol.globus_gram_protocol_reply(handle, 200, b"other")

    second = gram_protocol.globus_gram_protocol_allow_attach(other, None)
    for target, expected in ((url, b"echo:1"), (second, b"other")):
        answer = Answer()
        gram_protocol.globus_gram_protocol_post(target, None, b"1", answer, None)
        assert answer.wait()[2] == expected
    gram_protocol.globus_gram_protocol_callback_disallow(second)
    answer = Answer()
    gram_protocol.globus_gram_protocol_post(url, None, b"2", answer, None)
    assert answer.wait()[2] == b"echo:2"
    assert [s[1] for s in seen] == [b"1", b"2"]


def test_many_posts_at_once(echo: tuple[str, list[Any]]) -> None:
    answers = [Answer() for _ in range(16)]
    for number, answer in enumerate(answers):
        gram_protocol.globus_gram_protocol_post(echo[0], None, str(number).encode(), answer, number)
    assert [a.wait()[2] for a in answers] == [f"echo:{n}".encode() for n in range(16)]


def test_an_attribute_of_ones_own(echo: tuple[str, list[Any]]) -> None:
    attr = gram_protocol.globus_gram_protocol_setup_attr()
    answer = Answer()
    gram_protocol.globus_gram_protocol_post(echo[0], attr, b"x", answer, None)
    assert answer.wait()[2] == b"echo:x"


def test_nobody_there() -> None:
    answer = Answer()
    gram_protocol.globus_gram_protocol_post("https://localhost:1/", None, b"x", answer, None)
    assert answer.wait()[4] == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_CONNECTION_FAILED


FLAGS = gssapi.GSS_C_GLOBUS_LIMITED_DELEG_PROXY_FLAG | gssapi.GSS_C_GLOBUS_SSL_COMPATIBLE


def test_a_credential_is_delegated() -> None:
    """As to a job manager whose credential is renewed."""
    delegated: list[Any] = []
    done = threading.Event()

    def on_delegation(argument: Any, handle: int, credential: Any, error: int) -> None:
        delegated.append((argument, error, credential))
        gram_protocol.globus_gram_protocol_reply(handle, 200, b"thanks")
        done.set()

    def on_request(argument: Any, handle: int, message: bytes, *_: Any) -> None:
        gram_protocol.globus_gram_protocol_accept_delegation(
            handle, None, None, FLAGS, 0, on_delegation, message
        )

    url = gram_protocol.globus_gram_protocol_allow_attach(on_request, None)
    answer = Answer()
    gram_protocol.globus_gram_protocol_post_delegation(
        url, None, b"renew", None, None, None, FLAGS, 0, answer, None
    )
    assert answer.wait()[2:5] == (b"thanks", 6, 0)
    assert done.wait(LIMIT)
    gram_protocol.globus_gram_protocol_callback_disallow(url)
    ((argument, error, credential),) = delegated
    assert (argument, error) == (b"renew", 0)
    name, lifetime, *_ = gssapi.gss_inquire_cred(credential)
    assert lifetime > 0
    assert "Test User" in str(gssapi.gss_display_name(name)[0])


def test_disallowing_what_was_never_allowed_raises() -> None:
    with pytest.raises(GlobusError):
        gram_protocol.globus_gram_protocol_callback_disallow("https://localhost:1/")
    with pytest.raises(GlobusError):
        gram_protocol.globus_gram_protocol_reply(4711, 200, b"")


# ---- the end of a listener --------------------------------------------------------------------------------------------


class Listener:
    """A listener whose request is answered by `on_request(listener, handle)`; what that raises is kept."""

    def __init__(self, on_request: Callable[[Listener, int], None]) -> None:
        self.on_request = on_request
        self.raised: list[Exception] = []
        self.returned = threading.Event()
        self.url = gram_protocol.globus_gram_protocol_allow_attach(self, None)

    def __call__(self, argument: Any, handle: int, *_: Any) -> None:
        try:
            self.on_request(self, handle)
        except (GlobusError, RuntimeError, AssertionError) as error:
            self.raised.append(error)
        finally:
            self.returned.set()

    def reply(self, handle: int) -> None:
        gram_protocol.globus_gram_protocol_reply(handle, 200, b"answer")

    def disallow(self) -> None:
        gram_protocol.globus_gram_protocol_callback_disallow(self.url)

    def is_asked(self) -> None:
        answer = Answer()
        gram_protocol.globus_gram_protocol_post(self.url, None, b"question", answer, None)
        assert answer.wait()[2] == b"answer"
        assert self.returned.wait(LIMIT), "the callback did not return"


def test_a_callback_does_not_wait_for_its_own_answer(nothing_left: None) -> None:
    def end_too_early(listener: Listener, handle: int) -> None:
        with pytest.raises(RuntimeError, match="reply first"):
            listener.disallow()
        listener.reply(handle)
        listener.disallow()

    listener = Listener(end_too_early)
    listener.is_asked()
    assert listener.raised == []
    with pytest.raises(GlobusError):  # it has ended
        listener.disallow()


def test_another_thread_has_answered(nothing_left: None) -> None:
    def end(listener: Listener, handle: int) -> None:
        replier = threading.Thread(target=listener.reply, args=(handle,))
        replier.start()
        replier.join(LIMIT)
        listener.disallow()

    listener = Listener(end)
    listener.is_asked()
    assert listener.raised == []


def test_a_callback_ends_another_listener(nothing_left: None) -> None:
    def end_other(listener: Listener, handle: int) -> None:
        other.disallow()
        listener.reply(handle)

    other, listener = Listener(Listener.reply), Listener(end_other)
    listener.is_asked()
    listener.disallow()
    assert listener.raised == []


def test_an_answer_that_comes_later(nothing_left: None) -> None:
    """The end waits for it, and another thread that asks for the end, too, is told that there is nothing to end."""
    asked: list[int] = []
    listener = Listener(lambda listener, handle: asked.append(handle))
    answer = Answer()
    gram_protocol.globus_gram_protocol_post(listener.url, None, b"question", answer, None)
    assert listener.returned.wait(LIMIT)
    ended: list[str] = []

    def end() -> None:
        try:
            listener.disallow()
            ended.append("done")
        except GlobusError:
            ended.append("not found")

    threads = [threading.Thread(target=end) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: ended == ["not found"])
    listener.reply(asked[0])
    for thread in threads:
        thread.join(LIMIT)
    assert ended == ["not found", "done"]
    assert answer.wait()[2] == b"answer"


def test_a_delegation_does_not_wait_for_its_own_answer(nothing_left: None) -> None:
    refused = threading.Event()

    def on_delegation(argument: Any, handle: int, credential: Any, error: int) -> None:
        try:
            listener.disallow()
        except RuntimeError:
            refused.set()
        listener.reply(handle)

    def accept(listener: Listener, handle: int) -> None:
        gram_protocol.globus_gram_protocol_accept_delegation(
            handle, None, None, FLAGS, 0, on_delegation, None
        )

    listener = Listener(accept)
    answer = Answer()
    gram_protocol.globus_gram_protocol_post_delegation(
        listener.url, None, b"renew", None, None, None, FLAGS, 0, answer, None
    )
    assert answer.wait()[2] == b"answer"
    assert refused.is_set() and listener.raised == []
    listener.disallow()


# ---- the end of the module, which waits for its callbacks -------------------------------------------------------------


def refuses_to_end() -> None:
    for deactivate in (
        lambda: common.globus_module_deactivate(gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE),
        common.globus_module_deactivate_all,
    ):
        with pytest.raises(RuntimeError, match="in another thread"):
            deactivate()


def ends_one_more() -> None:
    common.globus_module_activate(gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE)
    common.globus_module_deactivate(gram_protocol.GLOBUS_GRAM_PROTOCOL_MODULE)


def test_a_callback_does_not_end_its_own_module(nothing_left: None) -> None:
    def end_too_early(listener: Listener, handle: int) -> None:
        refuses_to_end()
        common.globus_module_activate(gssapi.GLOBUS_GSI_GSSAPI_MODULE)
        common.globus_module_deactivate(gssapi.GLOBUS_GSI_GSSAPI_MODULE)
        listener.reply(handle)
        ends_one_more()

    listener = Listener(end_too_early)
    listener.is_asked()
    assert listener.raised == []
    listener.disallow()


def test_the_callback_of_an_answer_does_not_end_the_module(echo: tuple[str, list[Any]]) -> None:
    """The module waits for each request that was sent until its callback has returned."""
    raised: list[BaseException] = []
    done = threading.Event()

    def on_answer(*_: Any) -> None:
        try:
            refuses_to_end()
        except (AssertionError, pytest.fail.Exception) as error:
            raised.append(error)
        done.set()

    gram_protocol.globus_gram_protocol_post(echo[0], None, b"x", on_answer, None)
    assert done.wait(LIMIT) and raised == []
    ends_one_more()


# ---- a callback that raises -------------------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """What callbacks have raised."""
    raised: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: raised.append(told.exc_value))
    return raised


def fail(*_: Any) -> None:
    raise LookupError("no such job")


def post(url: str) -> tuple[Any, ...]:
    answer = Answer()
    gram_protocol.globus_gram_protocol_post(url, None, b"question", answer, None)
    return answer.wait()


def test_the_peer_of_a_callback_that_raises_is_told(told: list[Any], nothing_left: None) -> None:
    url = gram_protocol.globus_gram_protocol_allow_attach(fail, None)
    for _ in range(2):
        assert post(url)[3:5] == (0, gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_GATEKEEPER_MISCONFIGURED)
    gram_protocol.globus_gram_protocol_callback_disallow(url)
    assert [str(error) for error in told] == ["no such job"] * 2
    told.clear()


def test_what_is_answered_stays_so(told: list[Any], nothing_left: None) -> None:
    def answer(argument: Any, handle: int, *_: Any) -> None:
        gram_protocol.globus_gram_protocol_reply(handle, 200, b"answer")
        fail()

    url = gram_protocol.globus_gram_protocol_allow_attach(answer, None)
    assert post(url)[2:5] == (b"answer", 6, 0)
    gram_protocol.globus_gram_protocol_callback_disallow(url)
    assert eventually(lambda: len(told) == 1)
    told.clear()


@pytest.mark.parametrize("raises_in", ["request", "delegation"])
def test_a_delegation_that_raises(told: list[Any], raises_in: str, nothing_left: None) -> None:
    """The callback of the request has left the answer to that of the delegation."""

    def on_delegation(argument: Any, handle: int, *_: Any) -> None:
        if raises_in == "delegation":
            fail()
        gram_protocol.globus_gram_protocol_reply(handle, 200, b"thanks")

    def on_request(argument: Any, handle: int, *_: Any) -> None:
        gram_protocol.globus_gram_protocol_accept_delegation(
            handle, None, None, FLAGS, 0, on_delegation, None
        )
        if raises_in == "request":
            fail()

    url = gram_protocol.globus_gram_protocol_allow_attach(on_request, None)
    answer = Answer()
    gram_protocol.globus_gram_protocol_post_delegation(
        url, None, b"renew", None, None, None, FLAGS, 0, answer, None
    )
    error = gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_GATEKEEPER_MISCONFIGURED
    assert answer.wait()[3:5] == ((6, 0) if raises_in == "request" else (0, error))
    gram_protocol.globus_gram_protocol_callback_disallow(url)
    assert eventually(lambda: len(told) == 1)
    told.clear()


SPELLINGS = {
    "without path": lambda port: f"https://localhost:{port}",
    "another path": lambda port: f"https://localhost:{port}/some/where",
    "another host": lambda port: f"https://elsewhere:{port}/",
    "another scheme": lambda port: f"x-nexus://elsewhere:{port}/",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_listener_is_known_by_its_port(spelling: Callable[[str], str], nothing_left: None) -> None:
    listener = Listener(Listener.reply)
    port = listener.url.rpartition(":")[2].rstrip("/")
    gram_protocol.globus_gram_protocol_callback_disallow(spelling(port))
    with pytest.raises(GlobusError):
        listener.disallow()
