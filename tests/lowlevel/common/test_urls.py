"""URLs: their parts, the ways to write them, and what is none."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError, common

PARTS = ("scheme", "user", "password", "host", "port", "url_path")


def parts(url: Any, *names: str) -> tuple[object, ...]:
    return tuple(getattr(url, name) for name in names or PARTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://host.example", ("http", None, None, "host.example", 0, None)),
        ("https://host.example:8443/", ("https", None, None, "host.example", 8443, "/")),
        ("gsiftp://host.example/a/b", ("gsiftp", None, None, "host.example", 0, "/a/b")),
        ("ftp://user@host.example/a", ("ftp", "user", None, "host.example", 0, "/a")),
        ("ftp://user:secret@host.example:2121/a", ("ftp", "user", "secret", "host.example", 2121, "/a")),
        ("http://host.example/a%20b", ("http", None, None, "host.example", 0, "/a b")),
        ("file:/etc/hosts", ("file", None, None, None, 0, "/etc/hosts")),
        ("file:///etc/hosts", ("file", None, None, None, 0, "/etc/hosts")),
        ("x-nexus://host.example:5", ("x-nexus", None, None, "host.example", 5, None)),
        ("http://[::1]:80/a", ("http", None, None, "::1", 80, "/a")),
    ],
)
def test_parts(text: str, expected: tuple[object, ...]) -> None:
    assert parts(common.globus_url_parse(text)) == expected


def test_a_directory_of_ldap() -> None:
    url = common.globus_url_parse("ldap://host.example:389/o=Globus?name,mail?sub?(cn=*)")
    assert parts(url, "dn", "attributes", "scope", "filter") == ("o=Globus", "name,mail", "sub", "(cn=*)")


def test_what_is_of_its_schemes_own() -> None:
    assert common.globus_url_parse("x-gass-cache://aa/bb").url_specific_part == "aa/bb"


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("ftp://h", "FTP"), ("gsiftp://h", "GSIFTP"), ("sshftp://h", "SSHFTP"), ("http://h", "HTTP"),
        ("https://h", "HTTPS"), ("ldap://h", "LDAP"), ("file:/a", "FILE"), ("x-nexus://h", "X_NEXUS"),
        ("x-gass-cache://a", "X_GASS_CACHE"), ("zzz://h", "UNKNOWN"),
    ],
)  # fmt: skip
def test_schemes(text: str, scheme: str) -> None:
    wanted = getattr(common, f"GLOBUS_URL_SCHEME_{scheme}")
    if scheme == "UNKNOWN":
        with pytest.raises(GlobusError) as caught:
            common.globus_url_get_scheme(text)
        assert caught.value.code == common.GLOBUS_URL_ERROR_BAD_SCHEME
    else:
        assert common.globus_url_get_scheme(text) is wanted


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "BAD_SCHEME"), ("nonsense", "BAD_SCHEME"), ("http://:80/", "BAD_PORT"),
        ("http://h:port/", "BAD_PORT"), ("ftp://:secret@h/", "BAD_USER"),
    ],
)  # fmt: skip
def test_what_is_no_url(text: str, error: str) -> None:
    for parse in (common.globus_url_parse, common.globus_url_parse_rfc1738, common.globus_url_parse_loose):
        with pytest.raises(GlobusError) as caught:
            parse(text)
        assert caught.value.code == getattr(common, f"GLOBUS_URL_ERROR_{error}")


def test_the_loose_the_usual_and_the_strict_way() -> None:
    texts = {"http://h/a%20b", "http://h/a b", "http://h/a<b"}
    strict = {text for text in texts if accepts(common.globus_url_parse_rfc1738, text)}
    usual = {text for text in texts if accepts(common.globus_url_parse, text)}
    loose = {text for text in texts if accepts(common.globus_url_parse_loose, text)}
    assert strict <= usual <= loose
    assert "http://h/a%20b" in strict


def accepts(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except GlobusError:
        return False
    return True


def test_copies_are_their_own() -> None:
    url = common.globus_url_parse("ftp://user:secret@host.example:2121/a")
    copy = common.globus_url_copy(url)
    common.globus_url_destroy(url)
    assert parts(copy) == ("ftp", "user", "secret", "host.example", 2121, "/a")
    with pytest.raises(ValueError, match="closed"):
        common.globus_url_copy(url)


@given(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])))
def test_what_is_encoded_is_decoded(text: str) -> None:
    encoded = common.globus_url_string_hex_encode(text, "%/?#&=+ ")
    assert encoded is not None
    assert not set(encoded) & set("/?#&=+ ")
    assert common.globus_url_string_hex_decode(encoded) == text


@given(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])))
def test_what_python_encodes_is_decoded(text: str) -> None:
    assert common.globus_url_string_hex_decode(quote(text)) == text


@given(
    host=st.from_regex(r"[a-z][a-z0-9]{0,20}(\.[a-z][a-z0-9]{0,9}){0,3}", fullmatch=True),
    port=st.integers(1, 65535),
    path=st.lists(
        st.text(
            st.characters(min_codepoint=33, exclude_categories=["Cs"], exclude_characters="/"), min_size=1
        )
    ),
)
@example(host="a", port=1, path=["~", "b"])
def test_a_url_that_is_put_together_comes_apart(host: str, port: int, path: list[str]) -> None:
    url = common.globus_url_parse(f"gsiftp://{host}:{port}/" + "/".join(quote(name) for name in path))
    root = "" if path and path[0].startswith("~") else "/"  # a home directory
    assert parts(url, "host", "port", "url_path") == (host, port, root + "/".join(path))


def test_half_a_code_is_text() -> None:
    assert common.globus_url_string_hex_decode("a%2") == "a%2"
    assert common.globus_url_string_hex_decode("a%zz") == "a%zz"
