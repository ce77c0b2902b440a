"""globus_lowlevel.gssapi: handshakes between two contexts, who may enter, and what is known about a connection."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography import x509
from tests.lowlevel.gsi.peers import DONE, NEEDED, connect, credential, text

from globus_hl.testgrid import Grid
from globus_hl.testgrid.keys import EXPIRED
from globus_hl.testgrid.proxy import make_proxy
from globus_lowlevel import GlobusError, gssapi

pytestmark = pytest.mark.usefixtures("nothing_left")
MUTUAL = gssapi.GSS_C_MUTUAL_FLAG


def test_each_side_knows_the_other(grid: Grid) -> None:
    user, host = credential(grid.user), credential(grid.host)
    done = connect(user, host, flags=MUTUAL)
    assert text(done.source) == grid.user.subject
    for context, locally_initiated in ((done.initiator, 1), (done.acceptor, 0)):
        source, target, lifetime, mechanism, flags, local, is_open = gssapi.gss_inquire_context(context)
        assert (text(source), text(target)) == (grid.user.subject, grid.host.subject)
        assert 0 < lifetime <= 30 * 24 * 3600
        assert gssapi.gss_context_time(context) == pytest.approx(lifetime, abs=5)
        assert mechanism in (None, *gssapi.gss_indicate_mechs())
        assert flags & MUTUAL
        assert (local, is_open) == (locally_initiated, gssapi.GSS_CTX_FULLY_ESTABLISHED)


def test_a_handshake_asks_to_be_continued(grid: Grid) -> None:
    user, host = credential(grid.user), credential(grid.host)
    status, initiator, *_, token, _, _ = gssapi.gss_init_sec_context(user, None, None, None, 0, 0, None, None)
    assert status == NEEDED
    assert token[:2] == b"\x16\x03"  # a TLS handshake
    assert gssapi.gss_inquire_context(initiator)[-1] == gssapi.GSS_CTX_TOKEN_EXPECTED_FROM_PEER
    status, acceptor, _, _, answer, _, _, delegated = gssapi.gss_accept_sec_context(
        None, host, token, None, 0
    )
    assert status == NEEDED
    assert answer
    assert delegated is None
    with pytest.raises(GlobusError, match="not established"):
        gssapi.gss_wrap(initiator, 1, 0, b"too early")
    with pytest.raises(GlobusError, match="not established"):
        gssapi.gss_get_mic(acceptor, 0, b"too early")


@pytest.mark.parametrize(
    "flag", ["GSS_C_REPLAY_FLAG", "GSS_C_SEQUENCE_FLAG", "GSS_C_CONF_FLAG", "GSS_C_INTEG_FLAG"]
)
def test_flags_are_granted(grid: Grid, flag: str) -> None:
    value = getattr(gssapi, flag)
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL | value)
    assert done.flags & value
    assert done.accepted_flags & value


def test_an_anonymous_initiator_has_no_name(grid: Grid) -> None:
    done = connect(
        None, credential(grid.host), flags=gssapi.GSS_C_ANON_FLAG, accept_flags=gssapi.GSS_C_ANON_FLAG
    )
    assert text(done.source) == "<anonymous>"
    assert done.accepted_flags & gssapi.GSS_C_ANON_FLAG
    assert (
        gssapi.gss_unwrap(done.acceptor, gssapi.gss_wrap(done.initiator, 1, 0, b"who am I")[1])[0]
        == b"who am I"
    )
    anonymous = gssapi.gss_import_name(b"", gssapi.GSS_C_NT_ANONYMOUS)
    assert not gssapi.gss_compare_name(done.source, anonymous)  # RFC 2743: nobody is the same as nobody
    with pytest.raises(GlobusError, match="nothing to delegate"):
        gssapi.gss_init_delegation(done.initiator, None, None, None, None, None, 0, 0)


def test_a_limited_proxy_is_refused_where_that_is_wanted(grid: Grid, tmp_path: Path) -> None:
    limited, host = (
        credential(make_proxy(grid.user, tmp_path / "limited", limited=True)),
        credential(grid.host),
    )
    refuse = gssapi.GSS_C_GLOBUS_DONT_ACCEPT_LIMITED_PROXY_FLAG
    assert text(connect(limited, host, flags=MUTUAL).source) == grid.user.subject
    assert (
        text(connect(credential(grid.user), host, flags=MUTUAL, accept_flags=refuse).source)
        == grid.user.subject
    )
    with pytest.raises(GlobusError, match=r"(?i)limited"):
        connect(limited, host, flags=MUTUAL, accept_flags=refuse)


def test_a_target_is_compared(grid: Grid) -> None:
    user, host = credential(grid.user), credential(grid.host)
    for name, kind in (
        (b"host@localhost", gssapi.GSS_C_NT_HOSTBASED_SERVICE),
        (grid.host.subject.encode(), None),
    ):
        done = connect(user, host, target=gssapi.gss_import_name(name, kind), flags=MUTUAL)
        assert text(gssapi.gss_inquire_context(done.initiator)[1]) == grid.host.subject
    stranger = gssapi.gss_import_name(grid.user.subject.encode() + b" Not", None)
    with pytest.raises(GlobusError, match=r"CN=localhost.*do not match"):
        connect(user, host, target=stranger, flags=MUTUAL)


def test_who_is_not_trusted_does_not_get_in(grid: Grid, tmp_path: Path) -> None:
    host = credential(grid.host)
    faulty = {
        "untrusted": grid.add_authority("Untrusted CA of initiators", trusted=False),
        "expired authority": grid.add_authority("Expired CA of initiators", valid=EXPIRED),
        "other names": grid.add_authority("Lying CA of initiators", policy="violated"),
    }
    strangers = {why: grid.add_user(f"Initiator, {why}", ca=ca).proxy for why, ca in faulty.items()}
    authority = grid.add_authority("Revoking CA of initiators")
    revoked = grid.add_user("Initiator, revoked", ca=authority)
    assert text(connect(credential(revoked), host, flags=MUTUAL).source) == revoked.subject
    authority.revoke(revoked)
    strangers["revoked"] = revoked.proxy
    for why, proxy in strangers.items():
        with pytest.raises(GlobusError) as raised:
            connect(credential(proxy), host, flags=MUTUAL)
        assert raised.value.chain, why


def test_a_token_of_nobody_is_refused(grid: Grid) -> None:
    host = credential(grid.host)
    for token in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", bytes(70_000)):
        with pytest.raises(GlobusError):
            gssapi.gss_accept_sec_context(None, host, token, None, 0)
    with pytest.raises(GlobusError):
        gssapi.gss_init_sec_context(host, None, None, "1.2.3.4", 0, 0, None, None)


def test_a_connection_is_asked_by_identifier(grid: Grid) -> None:
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL)
    chain = gssapi.gss_inquire_sec_context_by_oid(done.acceptor, gssapi.gss_ext_x509_cert_chain_oid)
    subjects = [x509.load_der_x509_certificate(der).subject for der in chain]
    assert grid.user.certificate.subject in subjects
    version = gssapi.gss_inquire_sec_context_by_oid(done.initiator, gssapi.gss_ext_tls_version_oid)
    assert version[0].startswith(b"TLSv1.")
    assert gssapi.gss_inquire_sec_context_by_oid(done.initiator, gssapi.gss_ext_tls_cipher_oid)[0]
    assert gssapi.gss_inquire_sec_context_by_oid(done.acceptor, "0.4.0.5") == []


def test_protocol_and_server_name_are_negotiated(grid: Grid) -> None:
    user, host = credential(grid.user), credential(grid.host)
    here = gssapi.gss_set_sec_context_option(None, gssapi.GSS_ALPN, b"\x02h2\x08http/1.1")
    there = gssapi.gss_set_sec_context_option(None, gssapi.GSS_ALPN, b"\x08http/1.1")
    there = gssapi.gss_set_sec_context_option(there, gssapi.GSS_SNI_CREDENTIALS, [host])
    target = gssapi.gss_import_name(b"host@localhost", gssapi.GSS_C_NT_HOSTBASED_SERVICE)
    token, answer, status, accepted = None, None, NEEDED, NEEDED
    while (status, accepted) != (DONE, DONE):
        status, here, _, token, _, _ = gssapi.gss_init_sec_context(
            user, here, target, None, MUTUAL, 0, None, answer
        )
        if token:
            accepted, there, _, _, answer, *_ = gssapi.gss_accept_sec_context(there, host, token, None, 0)
    assert gssapi.gss_inquire_sec_context_by_oid(here, gssapi.gss_ext_alpn_oid) == [b"http/1.1"]
    assert gssapi.gss_inquire_sec_context_by_oid(there, gssapi.gss_ext_alpn_oid) == [b"http/1.1"]
    assert gssapi.gss_inquire_sec_context_by_oid(there, gssapi.gss_ext_server_name_oid) == [b"localhost\0"]


def test_options_are_checked() -> None:
    for option, value in (
        (gssapi.GSS_ALPN, b"\x09h2"),
        (gssapi.GSS_ALPN, b""),
        (gssapi.GSS_SNI_CREDENTIALS, b"bytes"),
        (gssapi.GSS_APPLICATION_WILL_HANDLE_EXTENSIONS, b"bytes"),
    ):
        with pytest.raises(GlobusError, match="takes"):
            gssapi.gss_set_sec_context_option(None, option, value)
    with pytest.raises(GlobusError):
        gssapi.gss_set_sec_context_option(None, "1.2.3.4", b"")
    context = gssapi.gss_set_sec_context_option(None, gssapi.GSS_DISALLOW_ENCRYPTION, None)
    assert context is not None
    extensions = [gssapi.gss_proxycertinfo_extension]
    assert (
        gssapi.gss_set_sec_context_option(None, gssapi.GSS_APPLICATION_WILL_HANDLE_EXTENSIONS, extensions)
        is not None
    )


def test_a_context_does_not_go_to_another_process(grid: Grid) -> None:
    """With the OpenSSL of today the mechanism exports none, and says so."""
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL)
    with pytest.raises(GlobusError, match="not available") as raised:
        gssapi.gss_export_sec_context(done.acceptor)
    assert raised.value.code == gssapi.GSS_S_UNAVAILABLE
    for token in (b"", b"no context", bytes(100)):
        with pytest.raises(GlobusError):
            gssapi.gss_import_sec_context(token)


def test_a_deleted_context_is_gone(grid: Grid) -> None:
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL)
    assert isinstance(gssapi.gss_delete_sec_context(done.initiator), bytes)
    for call in (gssapi.gss_delete_sec_context, gssapi.gss_context_time, gssapi.gss_inquire_context):
        with pytest.raises(ValueError, match="is closed"):
            call(done.initiator)
    with pytest.raises(GlobusError):
        gssapi.gss_process_context_token(done.acceptor, b"no such thing in this mechanism")


def test_threads_shake_hands_at_once(grid: Grid) -> None:
    user, host, seen = credential(grid.user), credential(grid.host), []

    def work() -> None:
        for number in range(3):
            done = connect(user, host, flags=MUTUAL)
            message = b"%d" % number
            seen.append(
                gssapi.gss_unwrap(done.acceptor, gssapi.gss_wrap(done.initiator, 1, 0, message)[1])[0]
            )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == sorted([b"0", b"1", b"2"] * 4)
