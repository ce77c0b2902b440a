"""Delegation inside a handshake, from a peer that is none of the library's: what it may send instead of an answer."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.gsi.peers import DONE, ROUNDS, credential, text

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError, gsi_credential, gsi_proxy_core, gssapi

Answer = Callable[[bytes], bytes]


class Peer:
    """A TLS client that speaks by hand what GSI says over it: it asks to delegate, and answers the request."""

    def __init__(self, chain: Path | None) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if chain is not None:
            context.load_cert_chain(chain)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    def shake(self, token: bytes) -> bytes:
        self.incoming.write(token)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            assert self.outgoing.pending
        return self.outgoing.read()

    def say(self, words: bytes) -> bytes:
        self.tls.write(words)
        return self.outgoing.read()

    def hear(self, token: bytes) -> bytes:
        self.incoming.write(token)
        return self.tls.read(100_000)


def accept(peer: Peer, acceptor: Any, answer: Answer) -> tuple[str, Any]:
    """Who the peer is, and what it has delegated."""
    context, token, source = None, b"", None
    for _ in range(ROUNDS):
        words = peer.shake(token)
        if not words:
            break
        _, context, name, _, token, *_ = gssapi.gss_accept_sec_context(context, acceptor, words, None, 0)
        source = name or source
    *_, token, _, _, _ = gssapi.gss_accept_sec_context(context, acceptor, peer.say(b"D"), None, 0)
    heard = peer.hear(token)
    while len(heard) < 50:  # "0" in a record of its own, then the request
        heard += peer.hear(b"")
    words = peer.say(answer(heard[1:]))
    status, _, _, _, _, _, _, delegated = gssapi.gss_accept_sec_context(context, acceptor, words, None, 0)
    assert status == DONE
    return text(source), delegated


def signed(proxy: Path) -> Answer:
    """The certificate that the request asks for."""

    def answer(request: bytes) -> bytes:
        issuer = gsi_credential.globus_gsi_cred_handle_init(None)
        gsi_credential.globus_gsi_cred_read_proxy(issuer, proxy)
        handle = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
        gsi_proxy_core.globus_gsi_proxy_inquire_req(handle, request)
        return gsi_proxy_core.globus_gsi_proxy_sign_req(handle, issuer)

    return answer


def test_a_peer_delegates(grid: Grid) -> None:
    name, delegated = accept(Peer(grid.user.proxy), credential(grid.host), signed(grid.user.proxy))
    assert name == grid.user.subject
    assert text(gssapi.gss_inquire_cred(delegated)[0]) == grid.user.subject


def test_more_than_the_certificate_does_not_count(grid: Grid) -> None:
    """Its chain is that which the handshake has verified, whatever else the peer sends."""
    other = ssl.PEM_cert_to_DER_cert(grid.host.cert.read_text())
    answer = signed(grid.user.proxy)
    _, delegated = accept(
        Peer(grid.user.proxy), credential(grid.host), lambda request: answer(request) + other
    )
    assert text(gssapi.gss_inquire_cred(delegated)[0]) == grid.user.subject


@pytest.mark.parametrize(
    "answer", [b"0", b"0\x82\xff\xff" + b"x" * 100, None], ids=["nothing", "noise", "another"]
)
def test_what_is_no_answer_is_refused(grid: Grid, answer: bytes | None) -> None:
    words = answer or ssl.PEM_cert_to_DER_cert(grid.host.cert.read_text())
    with pytest.raises(GlobusError):
        accept(Peer(grid.user.proxy), credential(grid.host), lambda request: words)


def test_nobody_delegates_nothing(grid: Grid) -> None:
    with pytest.raises(GlobusError, match="cert is NULL"):
        accept(Peer(None), credential(grid.host), signed(grid.user.proxy))


def test_a_chain_without_its_end_entity_is_not_accepted(grid: Grid, tmp_path: Path) -> None:
    """So no credential can be delegated whose chain lacks it."""
    headless = tmp_path / "proxy"
    headless.touch(mode=0o600)
    headless.write_bytes(grid.user.proxy.read_bytes().replace(grid.user.cert.read_bytes(), b""))
    assert headless.read_bytes().count(b"BEGIN CERTIFICATE") == 1
    with pytest.raises(GlobusError, match="verify"):
        accept(Peer(headless), credential(grid.host), signed(grid.user.proxy))
