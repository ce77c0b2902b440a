"""globus_lowlevel.gssapi: names, credentials, sets and the texts of statuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.lowlevel.gsi.peers import credential, text

from globus_hl.testgrid import Grid
from globus_hl.testgrid.proxy import INHERIT_ALL
from globus_lowlevel import OID, GlobusError, gssapi

HOST_SERVICE = gssapi.GSS_C_NT_HOSTBASED_SERVICE


def named(name: str, kind: object = None) -> gssapi.gss_name_t:
    return gssapi.gss_import_name(name.encode(), kind)


# ---- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("/O=Grid/CN=Alice", "/O=Grid/CN=Alice", True),
        ("/O=Grid/CN=Alice", "/O=Grid/CN=Bob", False),
        ("/O=Grid/CN=Alice", "/O=Grid/CN=Alice/CN=Bob", False),
        ("/O=Grid/CN=host/a.example.org", "/O=Grid/CN=host/b.example.org", False),
    ],
)
def test_names_are_compared(left: str, right: str, same: bool) -> None:
    assert bool(gssapi.gss_compare_name(named(left), named(right))) is same
    name = named(left)
    assert gssapi.gss_compare_name(name, name)


def test_a_name_is_displayed_and_copied() -> None:
    name = named("/O=Grid/CN=Alice")
    assert text(name) == "/O=Grid/CN=Alice"
    copy = gssapi.gss_duplicate_name(name)
    gssapi.gss_release_name(name)
    assert text(copy) == "/O=Grid/CN=Alice"
    with pytest.raises(ValueError, match="is closed"):
        gssapi.gss_display_name(name)
    for call, words in (
        (gssapi.gss_canonicalize_name, (copy, gssapi.gss_mech_globus_gssapi_openssl)),
        (gssapi.gss_inquire_mechs_for_name, (copy,)),
    ):
        with pytest.raises(GlobusError):  # there is one mechanism, and C does without
            call(*words)


def test_an_exported_name_is_imported() -> None:
    token = gssapi.gss_export_name(named("/O=Grid/CN=Alice"))
    assert token[:2] == b"\x04\x01"  # RFC 2743
    assert text(gssapi.gss_import_name(token, gssapi.GSS_C_NT_EXPORT_NAME)) == "/O=Grid/CN=Alice"
    for broken in (b"", token[:-1], token + b"x", b"\x04\x02" + token[2:]):
        with pytest.raises(GlobusError, match="exported"):
            gssapi.gss_import_name(broken, gssapi.GSS_C_NT_EXPORT_NAME)


def test_a_certificate_is_a_name(grid: Grid) -> None:
    name = gssapi.gss_import_name(grid.host.certificate.public_bytes(Encoding.DER), gssapi.gss_nt_x509)
    assert text(name) == grid.host.subject
    assert gssapi.gss_compare_name(name, named("host@localhost", HOST_SERVICE))
    assert not gssapi.gss_compare_name(name, named("host@example.org", HOST_SERVICE))
    with pytest.raises(GlobusError, match="certificate"):
        gssapi.gss_import_name(b"none", gssapi.gss_nt_x509)


def test_names_that_are_none_are_refused() -> None:
    for content, kind in ((b"no slash", None), (b"host@", "1.2.3.4")):
        with pytest.raises(GlobusError):
            gssapi.gss_import_name(content, kind)


def test_the_mechanism_says_which_names_it_knows() -> None:
    kinds = gssapi.gss_inquire_names_for_mech(gssapi.gss_mech_globus_gssapi_openssl)
    assert HOST_SERVICE in kinds


# ---- credentials ----------------------------------------------------------------------------------------------------


def test_the_default_credential_is_acquired(grid: Grid) -> None:
    acquired, mechanisms, lifetime = gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_BOTH)
    assert 0 < lifetime <= 12 * 3600
    assert mechanisms
    name, remaining, usage, _ = gssapi.gss_inquire_cred(acquired)
    assert (text(name), usage) == (grid.user.subject, gssapi.GSS_C_BOTH)
    assert remaining == pytest.approx(lifetime, abs=5)
    assert text(gssapi.gss_inquire_cred(None)[0]) == grid.user.subject
    chosen = gssapi.gss_acquire_cred(None, 0, [gssapi.gss_mech_globus_gssapi_openssl], gssapi.GSS_C_INITIATE)
    assert chosen[1] == [gssapi.gss_mech_globus_gssapi_openssl]
    gssapi.gss_release_cred(acquired)
    with pytest.raises(ValueError, match="is closed"):
        gssapi.gss_inquire_cred(acquired)


def test_a_credential_of_another_mechanism_is_not_acquired(grid: Grid) -> None:
    with pytest.raises(GlobusError):
        gssapi.gss_acquire_cred(None, 0, ["1.2.840.113554.1.2.2"], gssapi.GSS_C_BOTH)  # Kerberos


def test_without_a_file_there_is_no_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("X509_USER_PROXY", "X509_USER_CERT", "X509_USER_KEY"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    with pytest.raises(GlobusError):
        gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_INITIATE)


@pytest.mark.parametrize("form", [gssapi.GSS_IMPEXP_OPAQUE_FORM, gssapi.GSS_IMPEXP_MECH_SPECIFIC])
def test_an_exported_credential_is_imported(grid: Grid, form: int) -> None:
    token = gssapi.gss_export_cred(credential(grid.user), None, form)
    try:
        assert (b"BEGIN CERTIFICATE" in token) is (form == gssapi.GSS_IMPEXP_OPAQUE_FORM)
        imported, lifetime = gssapi.gss_import_cred(None, form, token, 0)
        assert 0 < lifetime <= 12 * 3600
        assert text(gssapi.gss_inquire_cred(imported)[0]) == grid.user.subject
    finally:
        if form == gssapi.GSS_IMPEXP_MECH_SPECIFIC:  # X509_USER_PROXY=, and a file that is new
            Path(token.rstrip(b"\0").partition(b"=")[2].decode()).unlink()


def test_what_is_no_credential_is_not_imported(grid: Grid) -> None:
    for form, content in (
        (0, b""),
        (0, b"no PEM"),
        (0, grid.host.cert.read_bytes()),
        (1, b"X=/none"),
        (7, b"x"),
    ):
        with pytest.raises(GlobusError):
            gssapi.gss_import_cred(None, form, content, 0)


def test_a_credential_is_asked_by_identifier(grid: Grid) -> None:
    found = gssapi.gss_inquire_cred_by_oid(credential(grid.user), "1.3.6.1.5.5.7.1.14")
    assert [content for content in found if content] == [INHERIT_ALL]


def test_what_the_mechanism_does_not_do_it_says(grid: Grid) -> None:
    user = credential(grid.user)
    with pytest.raises(GlobusError):
        gssapi.gss_add_cred(user, None, gssapi.gss_mech_globus_gssapi_openssl, gssapi.GSS_C_BOTH, 0, 0)
    with pytest.raises(GlobusError):
        gssapi.gss_inquire_cred_by_mech(user, gssapi.gss_mech_globus_gssapi_openssl)


# ---- sets and statuses --------


def test_sets_of_identifiers() -> None:
    identifiers = gssapi.gss_create_empty_oid_set()
    assert identifiers == []
    identifiers = gssapi.gss_add_oid_set_member("1.2.3", identifiers)
    identifiers = gssapi.gss_add_oid_set_member(HOST_SERVICE, identifiers)
    assert identifiers == [OID("1.2.3"), HOST_SERVICE]
    assert gssapi.gss_test_oid_set_member("1.2.3", identifiers)
    assert not gssapi.gss_test_oid_set_member("1.2.4", identifiers)
    assert gssapi.gss_test_oid_set_member(gssapi.gss_indicate_mechs()[0], gssapi.gss_indicate_mechs())
    gssapi.gss_release_oid_set(identifiers)


def test_sets_of_buffers() -> None:
    buffers = gssapi.gss_create_empty_buffer_set()
    for content in (b"one", b"\0two", bytearray(b"three")):
        buffers = gssapi.gss_add_buffer_set_member(content, buffers)
    assert buffers == [b"one", b"\0two", b"three"]
    gssapi.gss_release_buffer_set(buffers)
    gssapi.gss_release_buffer(b"one")


def test_a_status_has_a_text() -> None:
    more, message = gssapi.gss_display_status(gssapi.GSS_S_NO_CRED, gssapi.GSS_C_GSS_CODE, None, 0)
    assert more == 0
    assert b"credential" in message.lower()
    other = gssapi.gss_display_status(gssapi.GSS_S_BAD_MECH, gssapi.GSS_C_GSS_CODE, None, 0)[1]
    assert other != message
