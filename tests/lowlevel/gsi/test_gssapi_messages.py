"""globus_lowlevel.gssapi: messages that are encrypted or signed, and what happens to those that somebody changes."""

from __future__ import annotations

import pytest
from tests.lowlevel.gsi.peers import Connection, connect, credential

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError, gssapi

MESSAGES = [b"x", b"hello \0 world", bytes(range(256)) * 400]  # one that takes several TLS records


@pytest.fixture
def connection(grid: Grid) -> Connection:
    return connect(credential(grid.user), credential(grid.host), flags=gssapi.GSS_C_MUTUAL_FLAG)


def flipped(token: bytes, position: int) -> bytes:
    changed = bytearray(token)
    changed[position] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_what_is_wrapped_is_unwrapped(connection: Connection, message: bytes) -> None:
    for sender, receiver in (
        (connection.initiator, connection.acceptor),
        (connection.acceptor, connection.initiator),
    ):
        confidential, token = gssapi.gss_wrap(sender, 1, gssapi.GSS_C_QOP_DEFAULT, message)
        assert confidential == gssapi.GSS_CONFIDENTIALITY
        assert len(message) < 2 or message not in token
        received, confidential, _ = gssapi.gss_unwrap(receiver, token)
        assert (received, confidential) == (message, gssapi.GSS_CONFIDENTIALITY)


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_a_message_can_be_signed_in_clear_text(connection: Connection, message: bytes) -> None:
    quality = gssapi.GSS_C_QOP_GLOBUS_GSSAPI_OPENSSL_BIG
    confidential, token = gssapi.gss_wrap(connection.initiator, 0, quality, message)
    assert confidential == gssapi.GSS_INTEGRITY_ONLY
    assert token.endswith(message)
    with pytest.raises(GlobusError):
        gssapi.gss_unwrap(connection.acceptor, flipped(token, -1))
    assert gssapi.gss_unwrap(connection.acceptor, token) == (message, gssapi.GSS_INTEGRITY_ONLY, quality)


def test_the_older_names_do_the_same(connection: Connection) -> None:
    _, token = gssapi.gss_seal(connection.initiator, 1, 0, b"sealed")
    assert gssapi.gss_unseal(connection.acceptor, token)[0] == b"sealed"
    token = gssapi.gss_sign(connection.initiator, 0, b"signed")
    assert gssapi.gss_verify(connection.acceptor, b"signed", token) == 0
    with pytest.raises(GlobusError):
        gssapi.gss_verify(connection.acceptor, b"Signed", token)


@pytest.mark.parametrize("position", [0, 1, 7, 20, -1])
def test_a_flipped_bit_is_found(connection: Connection, position: int) -> None:
    _, token = gssapi.gss_wrap(connection.initiator, 1, 0, b"pay 100 to Alice, and nothing to Bob")
    with pytest.raises(GlobusError):
        gssapi.gss_unwrap(connection.acceptor, flipped(token, position))


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_a_mic_is_verified(connection: Connection, message: bytes) -> None:
    token = gssapi.gss_get_mic(connection.initiator, gssapi.GSS_C_QOP_DEFAULT, message)
    assert gssapi.gss_verify_mic(connection.acceptor, message, token) == gssapi.GSS_C_QOP_DEFAULT
    back = gssapi.gss_get_mic(connection.acceptor, 0, message)
    gssapi.gss_verify_mic(connection.initiator, message, back)


def test_a_mic_of_anything_else_is_refused(connection: Connection) -> None:
    message = b"the message"
    token = gssapi.gss_get_mic(connection.initiator, 0, message)
    for said, signature in (
        (flipped(message, 4), token),
        (message + b"!", token),
        (message, flipped(token, -1)),
        (message, flipped(token, 0)),
        (message, token[:-1]),
        (message, b""),
    ):
        with pytest.raises(GlobusError):
            gssapi.gss_verify_mic(connection.acceptor, said, signature)


def test_a_mic_that_is_played_again_is_found(grid: Grid) -> None:
    flags = gssapi.GSS_C_MUTUAL_FLAG | gssapi.GSS_C_REPLAY_FLAG | gssapi.GSS_C_SEQUENCE_FLAG
    done = connect(credential(grid.user), credential(grid.host), flags=flags)
    tokens = [gssapi.gss_get_mic(done.initiator, 0, b"%d" % number) for number in range(3)]
    gssapi.gss_verify_mic(done.acceptor, b"0", tokens[0])
    with pytest.raises(GlobusError):
        gssapi.gss_verify_mic(done.acceptor, b"0", tokens[0])


def test_one_connection_does_not_read_another(grid: Grid, connection: Connection) -> None:
    other = connect(credential(grid.user), credential(grid.host), flags=gssapi.GSS_C_MUTUAL_FLAG)
    with pytest.raises(GlobusError):
        gssapi.gss_unwrap(other.acceptor, gssapi.gss_wrap(connection.initiator, 1, 0, b"secret")[1])
    other = connect(credential(grid.user), credential(grid.host), flags=gssapi.GSS_C_MUTUAL_FLAG)
    with pytest.raises(GlobusError):
        gssapi.gss_verify_mic(other.acceptor, b"text", gssapi.gss_get_mic(connection.initiator, 0, b"text"))


def test_how_long_a_message_may_be(connection: Connection) -> None:
    size = gssapi.gss_wrap_size_limit(connection.initiator, 1, 0, 10_000)
    assert 0 < size < 10_000
    assert len(gssapi.gss_wrap(connection.initiator, 1, 0, bytes(size))[1]) <= 10_000
