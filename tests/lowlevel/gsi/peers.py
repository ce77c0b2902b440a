"""Two ends of a GSI connection in one process: credentials from files, handshakes whose tokens go from hand to hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from globus_hl.testgrid.pki import Identity
from globus_hl.testgrid.proxy import User
from globus_lowlevel import gssapi

DONE = gssapi.GSS_S_COMPLETE
NEEDED = gssapi.GSS_S_CONTINUE_NEEDED
ROUNDS = 20  # none takes as many


def credential(source: Identity | Path | bytes) -> gssapi.gss_cred_id_t:
    """That of a user's proxy, of a host, of a file, or of PEM text."""
    if isinstance(source, User):
        source = source.proxy
    elif isinstance(source, Identity):
        source = source.cert.read_bytes() + source.key.read_bytes()
    pem = source.read_bytes() if isinstance(source, Path) else source
    return gssapi.gss_import_cred(None, gssapi.GSS_IMPEXP_OPAQUE_FORM, pem, 0)[0]


def text(name: gssapi.gss_name_t | None) -> str:
    assert name is not None
    return gssapi.gss_display_name(name)[0].decode()


@dataclass
class Connection:
    """Both contexts after the handshake, and what the calls have answered."""

    initiator: gssapi.gss_ctx_id_t
    acceptor: gssapi.gss_ctx_id_t
    source: gssapi.gss_name_t | None
    flags: int
    accepted_flags: int
    delegated: gssapi.gss_cred_id_t | None
    tokens: int


def connect(
    initiator: Any, acceptor: Any, *, target: Any = None, flags: int = 0, accept_flags: int = 0
) -> Connection:
    """Shakes hands."""
    here = there = source = delegated = None
    token, tokens, accepted_flags, accepted = None, 0, 0, NEEDED
    for _ in range(ROUNDS):
        status, here, _, token, got, _ = gssapi.gss_init_sec_context(
            initiator, here, target, None, flags, 0, None, token
        )
        if token:
            tokens += 1
            accepted, there, name, _, token, accepted_flags, _, delegated = gssapi.gss_accept_sec_context(
                there, acceptor, token, None, accept_flags
            )
            tokens += bool(token)
            source = name or source  # it comes once, before the end
        if status == DONE and accepted == DONE:
            return Connection(here, there, source, got, accepted_flags, delegated, tokens)
    raise AssertionError("the handshake does not end")


def delegate(
    sender: gssapi.gss_ctx_id_t,
    receiver: gssapi.gss_ctx_id_t,
    given: Any = None,
    *,
    flags: int = 0,
    seconds: int = 0,
) -> tuple[gssapi.gss_cred_id_t, int]:
    """A credential that `sender` delegates over the established connection, and for how long."""
    token: bytes | None = None
    for _ in range(ROUNDS):
        sent, token = gssapi.gss_init_delegation(sender, given, None, None, None, token, flags, seconds)
        accepted, lifetime, delegated, _, token = gssapi.gss_accept_delegation(
            receiver, None, None, token, flags, seconds
        )
        if sent == DONE and accepted == DONE:
            assert delegated is not None
            return delegated, lifetime
    raise AssertionError("the delegation does not end")
