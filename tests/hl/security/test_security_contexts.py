"""Security contexts: handshakes by tokens alone, what is obtained and what is refused, messages, delegation."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from globus_hl import errors, security
from globus_hl.security import (
    PROTECTION,
    ChannelBindings,
    Credential,
    Flag,
    Name,
    SecurityContext,
    create_proxy,
)
from globus_hl.security import errors as faults
from globus_lowlevel import gssapi

Pair = tuple[SecurityContext, SecurityContext]
DAY = dt.timedelta(days=1)


def pieces(data: bytes, size: int | None) -> Iterator[bytes]:
    step = size or max(1, len(data))
    for start in range(0, len(data), step):
        yield data[start : start + step]


def establish(initiator: SecurityContext, acceptor: SecurityContext, size: int | None = None) -> Pair:
    """Tokens in pieces of `size`, until both are established."""
    token = initiator.step()
    for _ in range(10):
        answer = b"".join(acceptor.step(piece) for piece in pieces(token, size))
        if initiator.established and acceptor.established:
            return initiator, acceptor
        token = b"".join(initiator.step(piece) for piece in pieces(answer, size))
        if initiator.established and acceptor.established:
            return initiator, acceptor
    raise AssertionError(f"{initiator}, {acceptor}")


@pytest.fixture
def host(authority: Any, trusted: Any) -> Credential:
    return authority.user("localhost", names=("localhost",))


@pytest.fixture
def pair(proxy: Credential, host: Credential) -> Pair:
    return establish(
        SecurityContext.initiate("localhost", credential=proxy), SecurityContext.accept(credential=host)
    )


# ---- becoming established --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 1, 1000])
@pytest.mark.parametrize("flags", [PROTECTION, PROTECTION | Flag.DELEGATION], ids=["plain", "delegating"])
def test_tokens_in_pieces(proxy: Credential, host: Credential, size: int | None, flags: Flag) -> None:
    initiator, acceptor = establish(
        SecurityContext.initiate("localhost", credential=proxy, flags=flags),
        SecurityContext.accept(credential=host, flags=flags),
        size,
    )
    assert initiator.peer == host.name and acceptor.peer == proxy.name
    assert acceptor.unwrap(initiator.wrap(b"to the acceptor")) == b"to the acceptor"
    assert initiator.unwrap(acceptor.wrap(b"to the initiator")) == b"to the initiator"
    assert (acceptor.delegated is not None) == bool(flags & Flag.DELEGATION)


@pytest.mark.parametrize("version", ["TLS1_2_VERSION", "TLS1_3_VERSION"])
def test_versions_of_tls(version: str, proxy: Credential, host: Credential, tmp_path: Path) -> None:
    """The library reads the limit once, when it is activated: in a process of its own."""
    program = """
import sys
from globus_hl.security import *
proxy, host = (Credential.load(path) for path in sys.argv[1:])
flags = PROTECTION | Flag.DELEGATION
one, two = SecurityContext.initiate("localhost", credential=proxy, flags=flags), SecurityContext.accept(credential=host)
token = one.step()
while token:
    token = two.step(token)
    token = one.step(token) if token else b""
message = bytes(range(256)) * 300
for sender, receiver in ((one, two), (two, one)):
    assert receiver.unwrap(sender.wrap(message), confidential=True) == message
    assert receiver.unwrap(sender.wrap(message, confidential=False)) == message
    receiver.verify_mic(message, sender.get_mic(message))
    for size in (100, 1000, 16384, 20000, 50000):
        assert size - 400 < len(sender.wrap(bytes(sender.size_limit(size)))) <= size
print(one.inquire().protocol, two.delegated.identity)
"""
    paths = [proxy.save(tmp_path / "proxy"), host.save(tmp_path / "host")]
    environment = {
        **os.environ,
        "GLOBUS_GSSAPI_MIN_TLS_PROTOCOL": version,
        "GLOBUS_GSSAPI_MAX_TLS_PROTOCOL": version,
    }
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    wanted = {"TLS1_2_VERSION": "TLSv1.2", "TLS1_3_VERSION": "TLSv1.3"}[version]
    assert done.stdout.split(maxsplit=1) == [wanted, proxy.identity + "\n"]


def test_inquire(pair: Pair, proxy: Credential, host: Credential) -> None:
    initiator, acceptor = pair
    for context in pair:
        status = context.inquire()
        assert (status.initiator, status.acceptor) == (proxy.name, host.name)
        assert status.flags == PROTECTION == context.flags_obtained
        assert status.mechanism.startswith("1.3.6.1.4.1.3536.1.1")
        assert abs(status.lifetime - proxy.time_left) < 5
        assert status.locally_initiated == (context is initiator)
    assert initiator.inquire().protocol == "TLSv1.3"
    assert acceptor.peer_chain[0] == proxy.certificate and proxy.certificate in acceptor.peer_chain
    assert initiator.peer_chain[0] == host.certificate


@pytest.mark.parametrize(
    "target",
    ["localhost", Name.host("localhost"), "subject", "name", None],
    ids=["host", "Name.host", "subject", "Name", "any"],
)
def test_targets(proxy: Credential, host: Credential, target: Any) -> None:
    target = (
        {"subject": host.subject, "name": host.name}.get(target, target)
        if isinstance(target, str)
        else target
    )
    initiator, _ = establish(
        SecurityContext.initiate(target, credential=proxy), SecurityContext.accept(credential=host)
    )
    assert initiator.peer == host.name


def test_target_self(user: Credential, proxy: Credential, host: Credential) -> None:
    establish(SecurityContext.initiate("self", credential=proxy), SecurityContext.accept(credential=user))
    with pytest.raises(faults.PeerNameError):
        establish(SecurityContext.initiate("self", credential=proxy), SecurityContext.accept(credential=host))


def test_the_default_credentials(
    no_search: Path, proxy: Credential, host: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(faults.CredentialNotFoundError):
        SecurityContext.initiate("localhost")
    proxy.save(os.environ["X509_USER_PROXY"])
    initiator, acceptor = establish(SecurityContext.initiate("self"), SecurityContext.accept())
    assert initiator.peer == acceptor.peer == proxy.name


# ---- what is refused -------------------------------------------------------------------------------------------------


def refused(initiator: SecurityContext, acceptor: SecurityContext, kind: type[Exception]) -> Any:
    with pytest.raises(kind) as caught:
        establish(initiator, acceptor)
    assert type(caught.value) is kind
    failed = initiator if initiator.handle is None else acceptor
    assert not failed.established and "failed" in repr(failed)
    with pytest.raises(faults.ContextStateError):
        failed.step(b"")
    with pytest.raises(faults.ContextStateError):
        failed.wrap(b"")
    return caught.value


@pytest.mark.parametrize("target", ["www.example.org", "/O=Grid/CN=Somebody Else"])
def test_another_peer_than_wanted(proxy: Credential, host: Credential, target: str) -> None:
    error = refused(
        SecurityContext.initiate(target, credential=proxy),
        SecurityContext.accept(credential=host),
        faults.PeerNameError,
    )
    assert isinstance(error, errors.ServerIdentityError) and target in str(error)
    assert error.subject == (host.subject if target.startswith("/") else None)


def case_unknown_authority(pki: Any, authority: Any, trust: Any) -> tuple[Credential, type[Exception]]:
    return pki.authority("Strange").user("localhost"), faults.UnknownCAError


def case_expired(pki: Any, authority: Any, trust: Any) -> tuple[Credential, type[Exception]]:
    old = pki.authority("Aged", begins=-2 * DAY, ends=-DAY)
    old.install(trust.directory)
    return old.user("localhost"), faults.CertificateExpiredError


def case_early(pki: Any, authority: Any, trust: Any) -> tuple[Credential, type[Exception]]:
    return authority.user("localhost", begins=DAY, ends=2 * DAY), faults.CertificateNotYetValidError


def case_revoked(pki: Any, authority: Any, trust: Any) -> tuple[Credential, type[Exception]]:
    issued = authority.issue("localhost")
    authority.write_crl(trust.directory, issued)
    return issued.credential, faults.CertificateRevokedError


def case_no_policy(pki: Any, authority: Any, trust: Any) -> tuple[Credential, type[Exception]]:
    other = pki.authority("Unsigned")
    other.install(trust.directory, policy=None)
    return other.user("localhost"), faults.SigningPolicyMissingError


def case_policy_violated(pki: Any, authority: Any, trust: Any) -> tuple[Credential, type[Exception]]:
    return authority.user("/O=Elsewhere/CN=localhost"), faults.SigningPolicyViolatedError


CASES = [case_unknown_authority, case_expired, case_early, case_revoked, case_no_policy, case_policy_violated]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__[5:])
def test_certificates_that_are_not_trusted(
    pki: Any,
    authority: Any,
    trusted: Any,
    user: Credential,
    case: Callable[..., tuple[Credential, type[Exception]]],
) -> None:
    bad, kind = case(pki, authority, trusted)
    initiator = SecurityContext.initiate(None, credential=user)
    error = refused(initiator, SecurityContext.accept(credential=bad), kind)
    assert error.token[:1] in (b"", b"\x15", b"\x17")  # an alert, in clear or encrypted


def test_the_peer_learns_why(pki: Any, proxy: Credential, trusted: Any) -> None:
    stranger = SecurityContext.accept(credential=pki.authority("Strange").user("localhost"))
    initiator = SecurityContext.initiate(None, credential=proxy)
    with pytest.raises(faults.UnknownCAError) as caught:
        initiator.step(stranger.step(initiator.step()))
    assert caught.value.token
    with pytest.raises(faults.HandshakeError, match="unknown ca"):
        stranger.step(caught.value.token)


def test_limited_proxies_where_refused(user: Credential, host: Credential) -> None:
    limited = create_proxy(user, limited=True)
    flags = PROTECTION | Flag.REFUSE_LIMITED
    refused(
        SecurityContext.initiate("localhost", credential=limited),
        SecurityContext.accept(credential=host, flags=flags),
        faults.LimitedProxyError,
    )
    _, acceptor = establish(
        SecurityContext.initiate("localhost", credential=limited), SecurityContext.accept(credential=host)
    )
    assert acceptor.flags_obtained & Flag.PEER_LIMITED


def test_an_expired_credential_of_our_own(authority: Any, trusted: Any) -> None:
    old = authority.user("Old", begins=-2 * DAY, ends=-DAY)
    for make in (
        lambda: SecurityContext.initiate(None, credential=old),
        lambda: SecurityContext.accept(credential=old),
    ):
        with pytest.raises(faults.OwnCredentialExpiredError) as caught:
            make()
        assert caught.value.subject == old.subject


def test_asked_for_and_not_obtained(proxy: Credential, host: Credential) -> None:
    error = refused(
        SecurityContext.initiate("localhost", credential=proxy),
        SecurityContext.accept(credential=host, flags=PROTECTION | Flag.DELEGATION),
        faults.ProtectionNotObtainedError,
    )
    assert error.missing == Flag.DELEGATION and isinstance(error, errors.ProtectionError)
    _, acceptor = establish(
        SecurityContext.initiate("localhost", credential=proxy),
        SecurityContext.accept(credential=host, flags=PROTECTION | Flag.DELEGATION, strict=False),
    )
    assert acceptor.delegated is None and not acceptor.flags_obtained & Flag.DELEGATION


def test_anonymous_initiators(host: Credential) -> None:
    flags = PROTECTION | Flag.ANONYMOUS
    refused(
        SecurityContext.initiate("localhost", flags=flags),
        SecurityContext.accept(credential=host),
        faults.AnonymousPeerError,
    )
    initiator, acceptor = establish(
        SecurityContext.initiate("localhost", flags=flags),
        SecurityContext.accept(credential=host, flags=PROTECTION & ~Flag.MUTUAL),
    )
    assert acceptor.peer is None and acceptor.flags_obtained & Flag.ANONYMOUS
    assert initiator.peer == host.name and not acceptor.flags_obtained & Flag.MUTUAL
    assert acceptor.unwrap(initiator.wrap(b"secret"), confidential=True) == b"secret"


@pytest.mark.parametrize(
    "arguments",
    [
        {"target": None, "flags": Flag.DELEGATION},
        {"target": "localhost", "flags": Flag.DELEGATION | Flag.ANONYMOUS},
        {"target": "localhost", "flags": Flag.DELEGATION | Flag.PLAIN_TLS},
        {"target": "no/host@at.all"},
        {"target": ""},
    ],
    ids=str,
)
def test_contradictions(user: Credential, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        anonymous = arguments.get("flags", Flag(0)) & Flag.ANONYMOUS
        SecurityContext.initiate(**arguments, credential=None if anonymous else user)


def test_plain_tls(proxy: Credential, host: Credential) -> None:
    flags = PROTECTION | Flag.PLAIN_TLS
    initiator, acceptor = establish(
        SecurityContext.initiate("localhost", credential=proxy, flags=flags),
        SecurityContext.accept(credential=host, flags=flags),
    )
    assert acceptor.unwrap(initiator.wrap(b"hello")) == b"hello"


# ---- channel bindings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 3])
def test_the_same_channel(proxy: Credential, host: Credential, size: int | None) -> None:
    bindings = ChannelBindings(b"exporter", b"127.0.0.1:1", b"127.0.0.1:2", 2, 2)
    initiator, acceptor = establish(
        SecurityContext.initiate("localhost", credential=proxy, channel_bindings=bindings),
        SecurityContext.accept(credential=host, channel_bindings=bindings),
        size,
    )
    assert acceptor.unwrap(initiator.wrap(b"hello")) == b"hello"


@pytest.mark.parametrize(
    "other",
    [
        b"other",
        ChannelBindings(b"channel", initiator_address=b"x"),
        ChannelBindings(b"", acceptor_address=b"channel"),
    ],
)
def test_another_channel(proxy: Credential, host: Credential, other: Any) -> None:
    refused(
        SecurityContext.initiate("localhost", credential=proxy, channel_bindings=b"channel"),
        SecurityContext.accept(credential=host, channel_bindings=other),
        faults.ChannelBindingError,
    )


def test_a_peer_that_knows_nothing_of_a_channel(proxy: Credential, host: Credential) -> None:
    initiator = SecurityContext.initiate("localhost", credential=proxy, channel_bindings=b"channel")
    acceptor = SecurityContext.accept(credential=host)
    token = initiator.step()
    while not acceptor.established:
        token = acceptor.step(token)
        token = initiator.step(token) if token else b""
    assert not initiator.established
    with pytest.raises(faults.ChannelBindingError):
        initiator.step(acceptor.wrap(b"no bindings"))


# ---- messages --------------------------------------------------------------------------------------------------------

KINDS = [bytes, bytearray, memoryview, lambda b: memoryview(b).cast("B")]


@pytest.mark.parametrize("kind", KINDS, ids=["bytes", "bytearray", "memoryview", "cast"])
@pytest.mark.parametrize("confidential", [True, False])
@pytest.mark.parametrize("size", [1, 1000, 16384, 16385, 1 << 20])
def test_messages(pair: Pair, kind: Any, confidential: bool, size: int) -> None:
    message = os.urandom(size)
    for sender, receiver in (pair, pair[::-1]):
        token = sender.wrap(kind(message), confidential=confidential)
        assert (message[:50] in token) == (not confidential and size > 0) or size < 16
        assert receiver.unwrap(kind(token), confidential=confidential) == message
        receiver.verify_mic(kind(message), kind(sender.get_mic(kind(message))))


def test_text_is_no_message(pair: Pair) -> None:
    for call in (pair[0].wrap, pair[0].unwrap, pair[0].get_mic):
        with pytest.raises(TypeError):
            call("text")  # type: ignore[arg-type]


def test_clear_text_where_a_secret_is_wanted(pair: Pair) -> None:
    with pytest.raises(faults.ProtectionNotObtainedError):
        pair[1].unwrap(pair[0].wrap(b"readable", confidential=False), confidential=True)


@pytest.mark.parametrize("confidential", [True, False])
def test_every_flipped_bit_is_found(proxy: Credential, host: Credential, confidential: bool) -> None:
    """In each byte of a message one bit. After one, nothing more can be read: each has a context of its own."""
    length = len(_fresh(proxy, host)[0].wrap(b"hello", confidential=confidential))
    for position in range(length):
        sender, receiver = _fresh(proxy, host)
        token = bytearray(sender.wrap(b"hello", confidential=confidential))
        token[position] ^= 1 << position % 8
        with pytest.raises(faults.MessageError):
            receiver.unwrap(token)


def _fresh(proxy: Credential, host: Credential) -> Pair:
    return establish(
        SecurityContext.initiate("localhost", credential=proxy), SecurityContext.accept(credential=host)
    )


def test_flipped_bits_of_codes(pair: Pair) -> None:
    sender, receiver = pair
    for position in range(len(sender.get_mic(b"hello"))):
        code = bytearray(sender.get_mic(b"hello"))
        code[position] ^= 1 << position % 8
        with pytest.raises(faults.MessageError):
            receiver.verify_mic(b"hello", code)
    with pytest.raises(faults.MessageError):
        receiver.verify_mic(b"hellO", sender.get_mic(b"hello"))


def test_repeated_and_swapped_messages(pair: Pair) -> None:
    sender, receiver = pair
    code = sender.get_mic(b"hello")
    receiver.verify_mic(b"hello", code)
    with pytest.raises(faults.MessageError):
        receiver.verify_mic(b"hello", code)
    first, second = sender.wrap(b"first"), sender.wrap(b"second")
    assert receiver.unwrap(first + second) == b"firstsecond"
    with pytest.raises(faults.MessageError):
        receiver.unwrap(first)


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: t[:3], lambda t: b"", lambda t: t + b"\x17", lambda t: b"GET /"]
)
def test_messages_that_are_none(pair: Pair, spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(faults.MessageError):
        pair[1].unwrap(spoil(pair[0].wrap(b"hello")))


@pytest.mark.parametrize("confidential", [True, False])
def test_size_limits(pair: Pair, confidential: bool) -> None:
    for size in (0, 1, 22, 23, 100, 1000, 16384, 16406, 16407, 20000, 100000):
        limit = pair[0].size_limit(size, confidential=confidential)
        assert 0 <= limit <= size
        if limit:
            assert len(pair[0].wrap(bytes(limit), confidential=confidential)) <= size
    assert pair[0].size_limit(16406) == 16384
    with pytest.raises(ValueError, match="size"):
        pair[0].size_limit(-1)


def test_export_is_unsupported_and_says_so(pair: Pair) -> None:
    with pytest.raises(errors.UnsupportedError, match="export"):
        pair[0].export()
    with pytest.raises(errors.UnsupportedError, match="import"):
        SecurityContext.restore(b"exported")
    assert pair[1].unwrap(pair[0].wrap(b"still there")) == b"still there"


# ---- delegation ------------------------------------------------------------------------------------------------------


def test_delegated_credentials(proxy: Credential, host: Credential, trusted: Any) -> None:
    for flags, limited in ((Flag.DELEGATION, False), (Flag.LIMITED_DELEGATION, True)):
        _, acceptor = establish(
            SecurityContext.initiate("localhost", credential=proxy, flags=PROTECTION | flags),
            SecurityContext.accept(credential=host),
        )
        delegated = acceptor.delegated
        assert delegated is not None and delegated.is_limited == limited
        assert security.verify(delegated, trusted) == proxy.name
        assert acceptor.flags_obtained & Flag.DELEGATION


@pytest.mark.parametrize("size", [None, 20])
@pytest.mark.parametrize("reverse", [False, True], ids=["initiator delegates", "acceptor delegates"])
def test_delegation_at_any_time(pair: Pair, trusted: Any, size: int | None, reverse: bool) -> None:
    giver, receiver = pair[::-1] if reverse else pair
    for limited in (False, True):
        giving, receiving = (
            giver.delegate(limited=limited, lifetime=600),
            receiver.receive_delegation(curve="P-256"),
        )
        token = giving.step()
        while not (giving.complete and receiving.complete):
            token = b"".join(receiving.step(piece) for piece in pieces(token, size))
            token = b"".join(giving.step(piece) for piece in pieces(token, size)) if token else b""
        assert receiving.credential is not None and giving.credential is None
        assert receiving.credential.is_limited == limited and receiving.credential.time_left <= 660
        assert security.verify(receiving.credential, trusted) == receiver.peer
        with pytest.raises(faults.ContextStateError):
            giving.step(b"")
    assert receiver.unwrap(giver.wrap(b"afterwards")) == b"afterwards"


def test_another_credential_is_delegated(pair: Pair, user: Credential, authority: Any) -> None:
    other = create_proxy(authority.user("Other"))
    giving, receiving = pair[0].delegate(other), pair[1].receive_delegation()
    receiving.step(giving.step(receiving.step(giving.step())))
    assert receiving.credential is not None and receiving.credential.identity == other.identity


@pytest.mark.parametrize("theirs", ["giving", "receiving"])
def test_delegation_with_the_library_at_the_other_end(pair: Pair, theirs: str) -> None:
    initiator, acceptor = pair
    if theirs == "receiving":
        giving, token, delegated = initiator.delegate(), b"", None
        while delegated is None:
            token = giving.step(token)
            _, _, delegated, _, token = gssapi.gss_accept_delegation(acceptor.handle, None, None, token, 0, 0)
        credential = Credential.from_handle(delegated)
    else:
        receiving, answer = acceptor.receive_delegation(), None
        while not receiving.complete:
            token = gssapi.gss_init_delegation(initiator.handle, None, None, None, None, answer, 0, 0)[1]
            answer = receiving.step(token)
        assert receiving.credential is not None
        credential = receiving.credential
    assert acceptor.peer is not None and credential.identity == acceptor.peer.text


def test_a_delegation_without_the_end_of_its_chain(pair: Pair, proxy: Credential) -> None:
    giving, receiving = pair[0].delegate(), pair[1].receive_delegation()
    request = pair[0].unwrap(receiving.step(giving.step()))
    signed = security.sign_request(proxy, request)
    assert receiving.step(pair[0].wrap(security.certificates(signed)[0].der)) == b""
    assert not receiving.complete and receiving.credential is None


def test_a_delegation_that_is_none(pair: Pair) -> None:
    receiving = pair[1].receive_delegation()
    with pytest.raises(faults.DelegationError):
        receiving.step(pair[0].wrap(b"no delegation"))
    with pytest.raises(faults.ContextStateError):
        receiving.step(b"")


# ---- life ------------------------------------------------------------------------------------------------------------


def test_closed_contexts(pair: Pair) -> None:
    with pair[0] as context:
        pass
    context.close()
    assert not context.established and "closed" in repr(context)
    for call in (
        lambda: context.step(b"x"),
        lambda: context.wrap(b""),
        context.inquire,
        lambda: context.peer,
    ):
        with pytest.raises(faults.ContextStateError, match="closed"):
            call()


def test_nothing_before_the_handshake(proxy: Credential, trusted: Any) -> None:
    context = SecurityContext.initiate("localhost", credential=proxy)
    for call in (
        lambda: context.wrap(b""),
        lambda: context.get_mic(b""),
        context.inquire,
        context.receive_delegation,
    ):
        with pytest.raises(faults.ContextStateError, match="not established"):
            call()
    assert context.flags_obtained == Flag(0)


# ---- many at once ----------------------------------------------------------------------------------------------------

AT_ONCE = 32


def exchange(number: int, proxies: list[Credential], host: Credential, ready: threading.Barrier) -> None:
    proxy = proxies[number % len(proxies)]
    ready.wait(20)
    for round_ in range(2):  # a delegation makes an RSA key, which takes its time
        flags = PROTECTION | Flag.DELEGATION if round_ == 1 and number % 8 == 0 else PROTECTION
        initiator, acceptor = establish(
            SecurityContext.initiate("localhost", credential=proxy, flags=flags),
            SecurityContext.accept(credential=host),
        )
        message = bytes([number]) * 5000
        assert acceptor.peer == proxy.name
        assert acceptor.unwrap(initiator.wrap(message)) == message
        acceptor.verify_mic(message, initiator.get_mic(message))


def test_32_handshakes_at_once_in_threads(authority: Any, host: Credential) -> None:
    proxies = [create_proxy(authority.user(f"User {n}")) for n in range(4)]
    ready = threading.Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda n: exchange(n, proxies, host, ready), range(AT_ONCE)))


def test_failures_at_once_in_threads(pki: Any, authority: Any, host: Credential, user: Credential) -> None:
    """Verification goes wrong in all threads, and each thread sees its own reason."""
    stranger = pki.authority("Strange").user("localhost")
    early = authority.user("localhost", begins=DAY, ends=2 * DAY)
    cases = [(stranger, faults.UnknownCAError), (early, faults.CertificateNotYetValidError), (host, None)]
    ready = threading.Barrier(24)

    def work(number: int) -> None:
        credential, kind = cases[number % 3]
        ready.wait(20)
        for _ in range(5):
            initiator = SecurityContext.initiate(None, credential=user)
            acceptor = SecurityContext.accept(credential=credential)
            if kind is None:
                establish(initiator, acceptor)
            else:
                refused(initiator, acceptor, kind)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(work, range(24)))


async def _send(writer: asyncio.StreamWriter, token: bytes) -> None:
    if token:
        writer.write(len(token).to_bytes(4) + token)
        await writer.drain()


async def _receive(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4)))


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: Credential) -> None:
    context = SecurityContext.accept(credential=host)
    while not context.established:
        await _send(writer, context.step(await _receive(reader)))
    await _send(writer, context.wrap(context.unwrap(await _receive(reader)).upper()))
    writer.close()
    await writer.wait_closed()


async def _ask(port: int, credential: Credential, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    context = SecurityContext.initiate("localhost", credential=credential)
    await _send(writer, context.step())
    while not context.established:
        await _send(writer, context.step(await _receive(reader)))
    await _send(writer, context.wrap(message))
    answer = context.unwrap(await _receive(reader))
    writer.close()
    await writer.wait_closed()
    return answer


def test_32_handshakes_at_once_in_asyncio(proxy: Credential, host: Credential) -> None:
    async def main() -> list[bytes]:
        server = await asyncio.start_server(lambda r, w: _serve(r, w, host), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            asked = (_ask(port, proxy, f"message {n}".encode()) for n in range(AT_ONCE))
            return await asyncio.wait_for(asyncio.gather(*asked), 40)

    assert asyncio.run(main()) == [f"MESSAGE {n}".encode() for n in range(AT_ONCE)]


# ---- TLS programs at the other end -----------------------------------------------------------------------------------


def _with_ssl(
    context: SecurityContext, tls: ssl.SSLObject, to_tls: ssl.MemoryBIO, from_tls: ssl.MemoryBIO
) -> None:
    token = context.step() if context.initiator else b""
    for _ in range(10):
        to_tls.write(token)
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        answer = from_tls.read()
        if context.established and done:
            return answer
        token = context.step(answer) if answer else b""
        if context.established and not token:
            return b""
    raise AssertionError(f"{context}, {tls}")


@pytest.mark.parametrize("role", ["initiator", "acceptor"])
def test_a_tls_program_at_the_other_end(
    proxy: Credential, host: Credential, authority: Any, tmp_path: Path, role: str
) -> None:
    """Python's `ssl` with the same certificates, and a proxy as the client's."""
    server = role == "initiator"
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    settings.check_hostname = False
    settings.load_cert_chain(Credential.from_pem((host if server else proxy).to_pem()).save(tmp_path / "pem"))
    settings.load_verify_locations(authority.issued.cert_path)
    settings.verify_mode = ssl.CERT_REQUIRED
    settings.verify_flags |= ssl.VERIFY_ALLOW_PROXY_CERTS
    to_tls, from_tls = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = settings.wrap_bio(to_tls, from_tls, server_side=server)
    flags = PROTECTION | Flag.PLAIN_TLS
    context = (
        SecurityContext.initiate("localhost", credential=proxy, flags=flags)
        if server
        else SecurityContext.accept(credential=host, flags=flags)
    )
    tickets = _with_ssl(context, tls, to_tls, from_tls)
    assert context.peer == (host if server else proxy).name
    to_tls.write(context.wrap(b"from GSI"))
    assert tls.read(100) == b"from GSI"
    tls.write(b"from TLS")
    assert context.unwrap(tickets + from_tls.read()) == b"from TLS"
