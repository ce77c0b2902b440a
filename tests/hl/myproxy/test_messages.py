"""Messages of the MyProxy protocol: what is sent, and whatever may come back."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_hl.errors import GridError, NotFoundError
from globus_hl.myproxy import MyProxyProtocolError, NoSuchCredentialError, PassphraseRefusedError, TrustRoots
from globus_hl.myproxy.bootstrap import parse_fingerprint
from globus_hl.myproxy.errors import server_error
from globus_hl.myproxy.messages import Command, Incoming, Reply, ReplyKind, Request
from globus_hl.myproxy.stored import stored_credentials

OK = b"VERSION=MYPROXYv2\nRESPONSE=0\n"

words = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=()), max_size=40)


@given(username=words, passphrase=words, lifetime=st.integers(0, 2**31 - 1), name=st.none() | words)
def test_a_request_is_lines_that_end_with_a_nul(
    username: str, passphrase: str, lifetime: int, name: str | None
) -> None:
    try:
        sent = Request(Command.GET, username, passphrase, lifetime, {"CRED_NAME": name}).encode()
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return
    assert sent.endswith(b"\n\0")
    lines = sent[:-2].split(b"\n")
    assert lines[:2] == [b"VERSION=MYPROXYv2", b"COMMAND=0"]
    assert lines[2] == b"USERNAME=" + username.encode("utf-8", "surrogateescape")
    assert lines[3] == b"PASSPHRASE=" + passphrase.encode("utf-8", "surrogateescape")
    assert lines[4] == b"LIFETIME=%d" % lifetime
    assert len(lines) == (5 if name is None else 6)


@pytest.mark.parametrize("bad", ["a\nCOMMAND=3", "a\0", "a\rb"])
@pytest.mark.parametrize("where", ["username", "passphrase", "name"])
def test_nothing_can_be_smuggled_into_a_request(bad: str, where: str) -> None:
    given = {"username": "u", "passphrase": "p", "name": "n"} | {where: bad}
    request = Request(Command.PUT, given["username"], given["passphrase"], 1, {"CRED_NAME": given["name"]})
    with pytest.raises(ValueError, match="line break or a NUL") as caught:
        request.encode()
    assert bad not in str(caught.value)


def test_a_request_shows_no_secret() -> None:
    assert "geheim" not in repr(Request(Command.PUT, "u", "geheim", 1, {"NEW_PHRASE": "geheim"}))


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_whatever_comes_is_a_message_or_an_error(data: bytes, cuts: list[int]) -> None:
    for take in (Incoming.take_reply, Incoming.take_der, Incoming.take_chain, Incoming.take_pem):
        incoming, last = Incoming(), 0
        try:
            for cut in [*sorted(cuts), len(data)]:
                incoming.feed(data[last : max(cut, last)])
                last = max(cut, last)
                take(incoming)
        except MyProxyProtocolError:
            continue


@given(lines=st.lists(st.tuples(words, words), max_size=6))
def test_a_reply_in_pieces_is_the_same(lines: list[tuple[str, str]]) -> None:
    text = OK + "".join(f"{name}={value}\n" for name, value in lines).encode("utf-8", "replace")
    whole, pieces = Incoming(), Incoming()
    whole.feed(text + b"\0rest")
    for index in range(len(text)):
        assert pieces.take_reply() is None
        pieces.feed(text[index : index + 1])
    pieces.feed(b"\0rest")
    assert pieces.take_reply() == whole.take_reply()
    assert pieces.begins_with_text() == whole.begins_with_text()


def der(size: int) -> bytes:
    if size < 128:
        return bytes([0x30, size]) + b"x" * size
    return b"\x30\x82" + size.to_bytes(2) + b"x" * size


@given(sizes=st.lists(st.integers(0, 2000), max_size=5), cut=st.integers(0, 10000))
def test_a_chain_ends_where_its_certificates_end(sizes: list[int], cut: int) -> None:
    certificates = [der(size) for size in sizes]
    message = bytes([len(sizes)]) + b"".join(certificates)
    cut = min(cut, len(message))
    incoming = Incoming()
    incoming.feed(message[:cut])
    early = incoming.take_chain()
    assert early is None or cut == len(message)
    incoming.feed(message[cut:] + OK + b"\0")
    assert (early if early is not None else incoming.take_chain()) == certificates
    reply = incoming.take_reply()
    assert reply is not None
    assert reply.kind is ReplyKind.OK


def test_an_absurd_length_is_an_error_at_once() -> None:
    incoming = Incoming()
    incoming.feed(b"\x30\x84\xff\xff\xff\xff")
    with pytest.raises(MyProxyProtocolError, match="impossible length"):
        incoming.take_der()
    with pytest.raises(MyProxyProtocolError, match="16 MiB"):
        incoming.feed(b"VERSION=" + b"x" * (16 << 20))


@pytest.mark.parametrize(
    "text", [b"", b"VERSION=MYPROXYv1\nRESPONSE=0", b"VERSION=MYPROXYv2\n", OK + b"RESPONSE=9"]
)
def test_what_is_no_reply(text: bytes) -> None:
    with pytest.raises(MyProxyProtocolError):
        Reply.parse(text)


@given(st.binary(max_size=200))
def test_any_text_is_a_reply_or_an_error(text: bytes) -> None:
    for prefix in (b"", OK):
        try:
            reply = Reply.parse(prefix + text)
            reply.files()
            stored_credentials("u", reply)
        except MyProxyProtocolError:
            continue


def test_what_is_stored() -> None:
    text = (
        "CRED_START_TIME=100\nCRED_END_TIME=200\nCRED_OWNER=/CN=a\nCRED_NAME=\nADDL_CREDS=x,y\n"
        "CRED_x_START_TIME=1\nCRED_x_END_TIME=2\nCRED_x_OWNER=/CN=b\nCRED_x_DESC=of x\nCRED_x_LOCKMSG=no\n"
        "CRED_y_START_TIME=1\nCRED_y_END_TIME=2\nCRED_y_OWNER=/CN=b\nCRED_y_RENEWER=*\n"
    )
    first, x, y = stored_credentials("tom", Reply.parse(OK + text.encode()))
    assert (first.name, first.owner, first.not_after.timestamp(), first.time_left) == (
        None,
        "/CN=a",
        200,
        0.0,
    )
    assert (x.name, x.description, x.locked) == ("x", "of x", "no")
    assert (y.renewers, y.username) == ("*", "tom")


def test_trust_roots_stay_in_their_directory(tmp_path: object) -> None:
    for name in ("../evil.0", "/etc/passwd", ".hidden", "", "a/b", "a\0"):
        with pytest.raises(MyProxyProtocolError):
            TrustRoots({name: b""})


def test_files_in_a_reply() -> None:
    content = base64.b64encode(b"PEM").decode()
    reply = Reply.parse(
        OK + f"TRUSTED_CERTS=a.0,b.0\nFILEDATA_a.0={content}\nFILEDATA_b.0={content}\n".encode()
    )
    assert reply.files() == {"a.0": b"PEM", "b.0": b"PEM"}
    with pytest.raises(MyProxyProtocolError, match=r"c\.0"):
        Reply.parse(OK + b"TRUSTED_CERTS=c.0\n").files()


def test_words_of_servers_become_errors() -> None:
    error = server_error("log on as tom", "invalid credential passphrase", "myproxy://h:7512")
    assert isinstance(error, PassphraseRefusedError)
    assert isinstance(error, PermissionError)
    assert str(error).startswith(
        "myproxy://h:7512: could not log on as tom: invalid credential passphrase; check"
    )
    missing = server_error("x", 'No credentials exist for username "tom".', "myproxy://h:1")
    assert isinstance(missing, NoSuchCredentialError | NotFoundError)
    assert isinstance(server_error("x", "something new", "myproxy://h:1"), GridError)


def test_fingerprints() -> None:
    digits = "ab" * 32
    spellings = [digits, digits.upper(), ":".join(["AB"] * 32), f"SHA256:{digits}", f"sha256={digits}"]
    assert {parse_fingerprint(text) for text in spellings} == {bytes.fromhex(digits)}
    for bad in ("", "ab", "zz" * 32, digits + "00"):
        with pytest.raises(ValueError, match="fingerprint"):
            parse_fingerprint(bad)
