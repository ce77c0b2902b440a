"""globus_lowlevel.gssapi: credentials delegated in the handshake or afterwards, and chains that end too early."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lowlevel.gsi.peers import NEEDED, Connection, connect, credential, delegate, text

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError, gsi_credential, gsi_proxy_core, gssapi

MUTUAL = gssapi.GSS_C_MUTUAL_FLAG


@pytest.fixture
def connection(grid: Grid) -> Connection:
    return connect(credential(grid.user), credential(grid.host), flags=MUTUAL)


def certificates(pem: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----\n"
    return [piece[piece.index(b"-----BEGIN CERTIFICATE") :] + end for piece in pem.split(end)[:-1]]


def without_end_entity(proxy: Path) -> bytes:
    pem = proxy.read_bytes()
    return pem.replace(certificates(pem)[-1], b"")


@pytest.mark.parametrize("kind", ["GSS_C_GLOBUS_DELEGATE_LIMITED_PROXY_FLAG", None])
def test_a_handshake_delegates(grid: Grid, kind: str | None) -> None:
    flags = MUTUAL | gssapi.GSS_C_DELEG_FLAG | (getattr(gssapi, kind) if kind else 0)
    target = gssapi.gss_import_name(grid.host.subject.encode(), None)
    done = connect(credential(grid.user), credential(grid.host), target=target, flags=flags)
    assert done.accepted_flags & gssapi.GSS_C_DELEG_FLAG
    assert done.delegated is not None
    name, lifetime, usage, _ = gssapi.gss_inquire_cred(done.delegated)
    assert text(name) == grid.user.subject
    assert 0 < lifetime <= 12 * 3600
    assert usage == gssapi.GSS_C_BOTH
    again = connect(done.delegated, credential(grid.host), flags=MUTUAL)
    assert text(again.source) == grid.user.subject
    if kind:
        with pytest.raises(GlobusError, match=r"(?i)limited"):
            connect(
                done.delegated, credential(grid.host), flags=MUTUAL,
                accept_flags=gssapi.GSS_C_GLOBUS_DONT_ACCEPT_LIMITED_PROXY_FLAG,
            )  # fmt: skip


@pytest.mark.parametrize("flags", [0, gssapi.GSS_C_GLOBUS_SSL_COMPATIBLE])
def test_a_connection_delegates_in_either_direction(grid: Grid, connection: Connection, flags: int) -> None:
    delegated, lifetime = delegate(connection.initiator, connection.acceptor, flags=flags)
    assert 0 < lifetime <= 12 * 3600
    assert text(gssapi.gss_inquire_cred(delegated)[0]) == grid.user.subject
    other = grid.add_user(f"Delegating {flags}")
    given, _ = delegate(connection.acceptor, connection.initiator, credential(other), flags=flags)
    assert text(gssapi.gss_inquire_cred(given)[0]) == other.subject
    assert text(connect(given, credential(grid.host), flags=MUTUAL).source) == other.subject
    # the connection is as good as before
    token = gssapi.gss_wrap(connection.initiator, 1, 0, b"still here")[1]
    assert gssapi.gss_unwrap(connection.acceptor, token)[0] == b"still here"


def test_a_delegated_credential_lives_as_long_as_is_said(connection: Connection) -> None:
    delegated, lifetime = delegate(connection.initiator, connection.acceptor, seconds=600)
    assert 0 < lifetime <= 600
    assert gssapi.gss_inquire_cred(delegated)[1] == pytest.approx(lifetime, abs=5)


def test_what_is_no_delegation_is_refused(connection: Connection) -> None:
    wrapped = gssapi.gss_wrap(connection.initiator, 1, 0, b"no greeting")[1]
    with pytest.raises(GlobusError, match="expecting"):
        gssapi.gss_accept_delegation(connection.acceptor, None, None, wrapped, 0, 0)
    compatible = gssapi.GSS_C_GLOBUS_SSL_COMPATIBLE
    for flags, token in ((0, b""), (0, b"not encrypted"), (compatible, b""), (compatible, b"X")):
        with pytest.raises(GlobusError):
            gssapi.gss_accept_delegation(connection.acceptor, None, None, token, flags, 0)


@pytest.mark.parametrize("flags", [0, gssapi.GSS_C_GLOBUS_SSL_COMPATIBLE])
def test_a_peer_that_leaves_out_the_end_entity_delegates_nothing(
    grid: Grid, connection: Connection, flags: int
) -> None:
    """Where C would follow a null pointer: the peer signs the request, but sends proxies only."""
    sender, receiver = connection.initiator, connection.acceptor
    sent, token = gssapi.gss_init_delegation(sender, None, None, None, None, None, flags, 0)
    assert sent == NEEDED
    accepted, *_, request = gssapi.gss_accept_delegation(receiver, None, None, token, flags, 0)
    assert accepted == NEEDED
    if not flags:
        request = gssapi.gss_unwrap(sender, request)[0]
    issuer = gsi_credential.globus_gsi_cred_handle_init(None)
    gsi_credential.globus_gsi_cred_read_proxy(issuer, grid.user.proxy)
    proxy = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    gsi_proxy_core.globus_gsi_proxy_inquire_req(proxy, request)
    signed = gsi_proxy_core.globus_gsi_proxy_sign_req(proxy, issuer)
    answer = signed + gsi_credential.globus_gsi_cred_get_cert(issuer)
    if not flags:
        answer = gssapi.gss_wrap(sender, 1, 0, answer)[1]
    with pytest.raises(GlobusError, match="before the certificate of the end entity"):
        gssapi.gss_accept_delegation(receiver, None, None, answer, flags, 0)


def test_a_file_without_the_end_entity_is_refused(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headless = tmp_path / "proxy"
    headless.touch(mode=0o600)
    headless.write_bytes(without_end_entity(grid.user.proxy))
    monkeypatch.setenv("X509_USER_PROXY", str(headless))
    refusal = "before the certificate of the end entity"
    with pytest.raises(GlobusError, match=refusal):
        credential(headless)
    with pytest.raises(GlobusError, match=refusal):
        gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_INITIATE)
    with pytest.raises(GlobusError, match=refusal):
        gssapi.gss_inquire_cred(None)
    with pytest.raises(GlobusError, match=refusal):
        gssapi.gss_init_sec_context(None, None, None, None, 0, 0, None, None)
    token = gssapi.gss_init_sec_context(credential(grid.user), None, None, None, 0, 0, None, None)[3]
    with pytest.raises(GlobusError, match=refusal):
        gssapi.gss_accept_sec_context(None, None, token, None, 0)
