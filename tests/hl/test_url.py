"""GridFTPURL against the toolkit's own parser, ``globus_url_parse()``, and on its own."""

from __future__ import annotations

import copy
import ctypes
import os
import pickle
import re
import string
from dataclasses import FrozenInstanceError
from typing import NamedTuple

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from globus_hl.errors import GridError
from globus_hl.gridftp.url import DEFAULT_PORTS, GridFTPURL, InvalidURLError

REMOTE = sorted(DEFAULT_PORTS)


class ParsedByGlobus(NamedTuple):
    user: bytes | None
    password: bytes | None
    host: bytes | None
    port: int
    path: bytes | None


class _GlobusURL(ctypes.Structure):
    """``globus_url_t`` of globus_url.h."""

    _fields_ = [
        ("scheme", ctypes.c_char_p),
        ("scheme_type", ctypes.c_int),
        *((name, ctypes.c_char_p) for name in ("user", "password", "host")),
        ("port", ctypes.c_ushort),
        *((name, ctypes.c_char_p) for name in ("path", "dn", "attributes", "scope", "filter", "specific")),
    ]


_globus_common = ctypes.CDLL("libglobus_common.so.0")


def parsed_by_globus(url: str) -> ParsedByGlobus | int:
    """The parts the C library reads, or its (negative) error."""
    parsed = _GlobusURL()
    error = _globus_common.globus_url_parse(url.encode("ascii"), ctypes.byref(parsed))
    if error:
        return error
    try:
        return ParsedByGlobus(*(getattr(parsed, field) for field in ParsedByGlobus._fields))
    finally:
        _globus_common.globus_url_destroy(ctypes.byref(parsed))


def raw(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")


def parsed_or_fault(url: str) -> GridFTPURL | str:
    """What our parser makes of the text: its parts, or the reason for which it is refused."""
    try:
        return GridFTPURL.parse(url)
    except InvalidURLError as error:
        return error.fault


# Reasons for which we refuse what the C parser misreads: it takes what it knows and drops the rest unseen.
STRICTER = (
    "port is not a number",
    "IPv6 address",
    "more than one ':'",
    "more than one '@'",
    "must be escaped",
    "has a character",
)

# Whatever a file can be called: any bytes but NUL and line breaks, which FTP cannot carry.
names = st.binary(max_size=20).map(lambda b: re.sub(rb"[\0\r\n]", b"_", b).decode("utf-8", "surrogateescape"))
paths = st.tuples(st.sampled_from(["/", "~", "/~", "//", "~/", "~bob/", "/a%41/"]), names).map("".join)
logins = names.filter(bool)
hosts = st.one_of(
    st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9.-]{0,20}[a-zA-Z0-9])?", fullmatch=True),
    st.ip_addresses().map(str),
)
ports = st.integers(min_value=1, max_value=65535)
remote_urls = st.builds(
    lambda scheme, host, path, port, login: GridFTPURL(scheme, host, path, port, *login),
    st.sampled_from(REMOTE),
    hosts,
    paths,
    ports | st.just(0),
    st.tuples() | st.tuples(logins) | st.tuples(logins, logins),
)
file_urls = names.map(lambda name: GridFTPURL("file", "", "/" + name))


@given(remote_urls | file_urls)
def test_text_of_a_url_parses_to_the_same_url(url: GridFTPURL) -> None:
    assert GridFTPURL.parse(url.to_string(password=True)) == url


@given(remote_urls)
@example(GridFTPURL("gsiftp", "host", "/~"))
@example(GridFTPURL("gsiftp", "host", "~"))
@example(GridFTPURL("gsiftp", "host", "/100%/%41 [x]?*#;type=i"))
def test_globus_reads_our_text_as_we_mean_it(url: GridFTPURL) -> None:
    port = 0 if url.port == DEFAULT_PORTS[url.scheme] else url.port
    wanted = ParsedByGlobus(raw(url.user), raw(url.password), raw(url.host), port, raw(url.path))
    assert parsed_by_globus(url.to_string(password=True)) == wanted


@given(file_urls)
def test_globus_reads_our_file_urls_as_we_mean_them(url: GridFTPURL) -> None:
    assert parsed_by_globus(str(url)) == ParsedByGlobus(None, None, None, 0, raw(url.path))


URL_TEXT = st.text(alphabet="~%/@:[]?#;=&.-_ \taA0129f", max_size=25)


@given(st.sampled_from(["gsiftp://", "ftp://", "gsiftp:", "sshftp://h", "ftp://h:1", "ftp://h/"]), URL_TEXT)
@example("gsiftp://", "h/~/a")
@example("gsiftp://", "h/%7E/a")
def test_we_read_what_globus_reads(prefix: str, rest: str) -> None:
    """Where both accept a text they agree; what only the C parser lets pass is refused with a reason."""
    text = prefix + rest
    theirs = parsed_by_globus(text)
    ours = parsed_or_fault(text)
    if isinstance(ours, str):
        assert isinstance(theirs, int) or any(reason in ours for reason in STRICTER)
        return
    if isinstance(theirs, int):  # characters that must be escaped, as '#': we escape them for the user
        assert set(text) - set(string.ascii_letters + string.digits + "$-_.+!*'(),;/?:@=&~% ")
        return
    assert (raw(ours.user), raw(ours.password), raw(ours.host)) == (*theirs[:2], theirs.host.lower())
    assert (ours.port, raw(ours.path)) == (theirs.port or DEFAULT_PORTS[ours.scheme], theirs.path or b"/")


@given(st.text())
def test_any_text_is_parsed_or_refused_with_a_reason(text: str) -> None:
    url = parsed_or_fault(text)
    assert url if isinstance(url, str) else str(url).isascii()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("gsiftp://h", "/"),
        ("gsiftp://h/", "/"),
        ("gsiftp://h/data/a", "/data/a"),
        ("gsiftp://h//data/a", "//data/a"),
        ("gsiftp://h/~", "~"),
        ("gsiftp://h/~/a", "~/a"),
        ("gsiftp://h/~bob/a", "~bob/a"),
        ("gsiftp://h/%7E/a", "/~/a"),
        ("gsiftp://h/a%20b%25c", "/a b%c"),
        ("gsiftp://h/a b", "/a b"),
        ("gsiftp://h/caf%C3%A9", "/café"),
        ("gsiftp://h/café", "/café"),
        ("gsiftp://h/caf%E9", "/caf\udce9"),
        ("gsiftp://h/a;type=i?b#c", "/a;type=i?b#c"),
        ("gsiftp://h/a%2Fb", "/a/b"),
        ("file:/a", "/a"),
        ("file:///a", "/a"),
        ("file:////a", "/a"),
        ("file://localhost/a", "/a"),
        ("file:///~/a", "/~/a"),
    ],
)
def test_path(text: str, path: str) -> None:
    assert GridFTPURL.parse(text).path == path


def test_parts() -> None:
    url = GridFTPURL.parse("GSIFTP://bob%40lab:p%3Aw%2Fd@Grid.Example.ORG:5000/a")
    assert (url.scheme, url.host, url.port) == ("gsiftp", "grid.example.org", 5000)
    assert (url.user, url.password) == ("bob@lab", "p:w/d")
    assert GridFTPURL.parse("ftp://h/").port == 21


@pytest.mark.parametrize(
    "text", ["gsiftp://[::1]/a", "gsiftp://[2001:db8::1:2]:5000/a", "ftp://u@[::ffff:1.2.3.4]/"]
)
def test_ipv6(text: str) -> None:
    url = GridFTPURL.parse(text)
    assert "[" not in url.host
    assert str(url) == text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no scheme"),
        ("/data/a", "no scheme"),
        ("data/a:b", "no scheme"),
        ("http://h/a", "'http' is not one of"),
        ("gsiftp:/h/a", "write gsiftp://host/path"),
        ("gsiftp:h", "write gsiftp://host/path"),
        ("gsiftp:///a", "names no host"),
        ("gsiftp://:2811/a", "names no host"),
        ("gsiftp://h:/a", "the port"),
        ("gsiftp://h:port/a", "the port"),
        ("gsiftp://h:0/a", "the port"),
        ("gsiftp://h:65536/a", "the port"),
        ("gsiftp://h:" + "9" * 5000 + "/a", "the port"),
        ("gsiftp://h:²/a", "the port"),
        ("gsiftp://::1/a", "in brackets"),
        ("gsiftp://[::1/a", "no closing"),
        ("gsiftp://[h]/a", "not an IPv6 address"),
        ("gsiftp://[1:2]/a", "not an IPv6 address"),
        ("gsiftp://[fe80::1%25eth0]/a", "not an IPv6 address"),
        ("gsiftp://[::1]x/a", "not a port"),
        ("gsiftp://my_host/a", "'my_host' has a character"),
        ("gsiftp://h st/a", "has a character"),
        ("gsiftp://h/%zz", "write %25"),
        ("gsiftp://h/100%", "write %25"),
        ("gsiftp://@h/a", "is empty"),
        ("gsiftp://u:@h/a", "is empty"),
        ("gsiftp://u@v@h/a", "write %40"),
        ("gsiftp://h/a%0D%0ADELE%20b", "line break"),
        ("gsiftp://h/a\nb", "line break"),
        ("gsiftp://h/a%00b", "NUL"),
        ("gsiftp://u%0A@h/a", "line break"),
        ("gsiftp://h/\ud800", "surrogate"),
        ("file:", "no absolute path"),
        ("file:a", "no absolute path"),
        ("file://a", "no absolute path"),
        ("file:///a%00b", "NUL"),
    ],
)
def test_faults_are_named(text: str, fault: str) -> None:
    with pytest.raises(InvalidURLError) as caught:
        GridFTPURL.parse(text)
    assert fault in caught.value.fault
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, GridError)
    assert repr(text) in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        ("gsiftp", "h", "a"),
        ("gsiftp", "h", "/a\r\nDELE b"),
        ("gsiftp", "", "/a"),
        ("gsiftp", "h", "/a", 70000),
        ("gsiftp", "h", "/a", -1),
        ("gsiftp", "h", "/a", 0, None, "secret"),
        ("gsiftp", "h", "/\ud800"),
        ("http", "h", "/a"),
        ("file", "", "a"),
        ("file", "", "/a", 22),
        ("file", "", "/a", 0, "bob"),
    ],
)
def test_no_unusable_url_can_be_made(fields: tuple) -> None:
    with pytest.raises(InvalidURLError):
        GridFTPURL(*fields)


@pytest.mark.parametrize(
    "text", ["ftp://u:topsecret@h:x/a", "ftp://u:topsecret@h/%zz", "ftp://u:top/secret@h/a"]
)
def test_password_is_shown_to_nobody(text: str) -> None:
    with pytest.raises(InvalidURLError) as caught:
        GridFTPURL.parse(text)
    for shown in (str(caught.value), repr(caught.value), caught.value.url, str(caught.value.__context__)):
        assert "secret" not in shown
    url = GridFTPURL.parse("ftp://u:topsecret@h/a")
    assert "secret" not in f"{url} {url!r} {url / 'b'!r}"
    assert url.to_string(password=True) == "ftp://u:topsecret@h/a"


def test_relatives() -> None:
    url = GridFTPURL.parse("gsiftp://u@h:5000/data/sub/")
    assert url.names_directory
    assert url.name == "sub"
    assert str(url / "a b" / "c%41") == "gsiftp://u@h:5000/data/sub/a%20b/c%2541"
    assert url.join("x/y", "z").path == "/data/sub/x/y/z"
    assert url.parent.path == "/data"
    assert url.parent.parent.path == url.parent.parent.parent.path == "/"
    assert url.with_path("/").name == ""
    with pytest.raises(InvalidURLError, match="absolute"):
        url.join("/etc/passwd")


@pytest.mark.parametrize(
    ("path", "parent"), [("~", "~"), ("~/", "~"), ("~/a", "~"), ("//a", "/"), ("/a//b/", "/a")]
)
def test_parent(path: str, parent: str) -> None:
    assert GridFTPURL("gsiftp", "h", path).parent.path == parent


@given(remote_urls, names)
def test_what_is_joined_is_below(url: GridFTPURL, name: str) -> None:
    assume("/" not in name and name)
    child = url / name
    assert child.name == name
    assert child.parent.path == (url.path.rstrip("/") or "/")


def test_local_files(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    url = GridFTPURL.from_local("a b%")
    assert str(url) == f"file://{tmp_path}/a%20b%25"
    assert url.local_path == f"{tmp_path}/a b%"
    assert GridFTPURL.from_local(tmp_path).names_directory is False
    assert GridFTPURL.from_local("sub/").path == f"{tmp_path}/sub/"
    assert GridFTPURL.from_local("/").path == "/"
    assert os.fsencode(GridFTPURL.from_local(b"/caf\xe9").local_path) == b"/caf\xe9"
    assert not url.is_remote
    with pytest.raises(InvalidURLError, match="machine 'elsewhere'"):
        _ = GridFTPURL.parse("file://elsewhere/a").local_path
    with pytest.raises(InvalidURLError, match="no local file"):
        _ = GridFTPURL.parse("ftp://elsewhere/a").local_path


def test_is_a_value() -> None:
    url = GridFTPURL.parse("gsiftp://h:2811/a")
    assert url == GridFTPURL.parse("gsiftp://H/a") == copy.copy(url) == pickle.loads(pickle.dumps(url))
    assert len({url, GridFTPURL.parse(str(url))}) == 1
    assert GridFTPURL.parse(url) is url
    with pytest.raises(FrozenInstanceError):
        url.path = "/b"  # type: ignore[misc]
