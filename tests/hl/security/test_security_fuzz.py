"""Hostile input: whatever comes, an exception of ours comes out, each time, and nothing hangs or crashes."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from globus_hl.errors import GridError
from globus_hl.security import (
    Certificate,
    Credential,
    DelegationRequest,
    SecurityContext,
    certificates,
    create_proxy,
    rfc2253,
    sign_request,
)
from globus_hl.security import der as encoding

ROUNDS = 300
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def mutations(data: bytes, rounds: int, seed: int) -> Any:
    """Bytes changed, cut out, put in, repeated: the same ones in each run."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(rounds):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(len(changed)) if changed else 0
            kind = chance.randrange(4)
            if kind == 0 and changed:
                changed[position] ^= 1 << chance.randrange(8)
            elif kind == 1:
                del changed[position : position + chance.randint(1, 40)]
            elif kind == 2:
                changed[position:position] = chance.randbytes(chance.randint(1, 10))
            else:
                changed[position:position] = changed[position : position + chance.randint(1, 100)]
        yield bytes(changed)


@given(st.binary(max_size=400))
@SETTINGS
def test_bytes_of_any_kind(data: bytes) -> None:
    for read in (Credential.from_pem, Certificate, certificates):
        with pytest.raises(GridError):
            read(data)
    with contextlib.suppress(ValueError):
        rfc2253(data)
    with contextlib.suppress(ValueError):
        assert b"".join(element.encoded for element in encoding.elements(data)) == data


def test_spoilt_pem(proxy: Credential) -> None:
    text = proxy.to_pem()
    for spoilt in mutations(text, ROUNDS, 1):
        with contextlib.suppress(GridError):
            credential = Credential.from_pem(spoilt)
            for question in ("identity", "type", "time_left", "path_length", "policy", "is_limited", "key"):
                getattr(credential, question)


def test_spoilt_certificates(proxy: Credential) -> None:
    for spoilt in mutations(proxy.certificate.der, ROUNDS, 2):
        with contextlib.suppress(GridError, ValueError):
            found = Certificate(spoilt)
            _ = found.subject, found.type, found.not_after, found.key, found.proxy_info, found.host_names


def test_spoilt_requests_and_answers(proxy: Credential) -> None:
    request = DelegationRequest(curve="P-256")
    for spoilt in mutations(request.der, 60, 3):
        with contextlib.suppress(GridError):
            sign_request(proxy, spoilt)
    answer = sign_request(proxy, request.der)
    for spoilt in mutations(answer, 60, 4):
        with contextlib.suppress(GridError):
            DelegationRequest(curve="P-256").assemble(spoilt)


@pytest.mark.parametrize("victim", ["acceptor", "initiator"])
@pytest.mark.parametrize("turn", [0, 1])
def test_spoilt_tokens(proxy: Credential, user: Credential, trusted: Any, victim: str, turn: int) -> None:
    """No spoilt token leads to a context that is established without being told the truth."""
    for number in range(40):
        initiator = SecurityContext.initiate("self", credential=proxy)
        acceptor = SecurityContext.accept(credential=user)
        token, turns = initiator.step(), 0
        with contextlib.suppress(GridError):
            for _ in range(6):
                for name, context in (("acceptor", acceptor), ("initiator", initiator)):
                    if token and not context.established:
                        if name == victim and turns // 2 == turn:
                            token = next(mutations(token, 1, number))
                        token = context.step(token)
                    turns += 1
        for context in (initiator, acceptor):
            if context.established:
                assert context.peer == user.name
            context.close()


@given(st.lists(st.binary(max_size=60), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_tokens_of_any_kind(user: Credential, trusted: Any, tokens: list[bytes]) -> None:
    acceptor = SecurityContext.accept(credential=user)
    with contextlib.suppress(GridError):
        for token in tokens:
            assert acceptor.step(token) == b"" or token
    assert not acceptor.established
    acceptor.close()


@given(st.integers(0, 2**24), st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_records_that_lie_about_their_length(
    user: Credential, trusted: Any, length: int, rest: bytes
) -> None:
    acceptor = SecurityContext.accept(credential=user)
    with contextlib.suppress(GridError):
        acceptor.step(b"\x16\x03\x01" + (length & 0xFFFF).to_bytes(2) + rest)
    assert not acceptor.established
    acceptor.close()


@given(
    st.binary(max_size=200),
    st.lists(st.integers(0, 2**20), min_size=1, max_size=6).map(lambda n: ".".join(map(str, (1, 3, *n)))),
    st.none() | st.integers(0, 100),
    st.floats(60, 1e6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_policies_come_back_as_they_were(
    user: Credential, policy: bytes, language: str, path_length: int | None, lifetime: float
) -> None:
    proxy = create_proxy(
        user,
        curve="P-256",
        policy=policy,
        policy_language=language,
        path_length=path_length,
        lifetime=lifetime,
    )
    assert (proxy.policy, proxy.policy_language, proxy.path_length) == (policy, language, path_length)
    assert proxy.certificate.not_after <= user.not_after
    assert min(lifetime, user.time_left) - 5 < proxy.time_left < lifetime + 61
    again = Credential.from_pem(proxy.to_pem())
    assert (again.policy, again.policy_language, again.path_length) == (policy, language, path_length)
