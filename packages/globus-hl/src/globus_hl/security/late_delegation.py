"""Delegation over an established context, at any time and in either direction.

On the wire it is what ``gss_init_delegation`` and ``gss_accept_delegation`` exchange, in messages of the context: the
letter D; a request; the new certificate and the chain of its issuer, a message each, because the library stops reading at
the end of one. The library's own functions are not used: they take the first piece that comes for the whole, and crash
when a peer leaves the end of the chain out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import der
from .certificate import Certificate, certificates
from .credential import Credential
from .delegation import DelegationRequest, Lifetime, sign_request
from .errors import ContextStateError, DelegationError, SecurityError
from .records import TokenBuffer

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Giving", "LateDelegation", "Receiving"]

_HELLO = b"D"
_LONGEST = 1 << 20  # bytes of a request, or of a chain: more than any has


class LateDelegation:
    """An exchange of tokens, made by `SecurityContext.delegate` and `receive_delegation`.

    As with a context, pass what the peer sent to `step`, in whatever pieces, and send what it returns, until it is
    `complete`; the one who delegates begins. Meanwhile no other messages go over the context.

    Attributes:
        complete: whether the exchange is over.
        credential: what was received; None at the end that delegates.
    """

    def __init__(self, wrap: Callable[[bytes], bytes], unwrap: Callable[[bytes], bytes]) -> None:
        self.complete = False
        self.credential: Credential | None = None
        self._wrap, self._unwrap = wrap, unwrap
        self._records = TokenBuffer()
        self._message = b""
        self._lock = threading.Lock()

    def step(self, data: Buffer = b"") -> bytes:
        """Take what the peer sent, and give what it should be sent; b"": nothing, yet or any more.

        Raises:
            DelegationError: the peer broke the rules of the exchange.
            SecurityError: the message is forged, the credential cannot be delegated, or the chain is none.
            ContextStateError: it is over.
        """
        with self._lock:
            if self.complete:
                raise ContextStateError("this delegation is over")
            try:
                records = self._records.take(memoryview(data).cast("B"))
                if records:
                    self._message += self._unwrap(records)
                if len(self._message) > _LONGEST:
                    raise DelegationError("the peer sends more than a delegation is long")
                answer = self._advance()
            except SecurityError:
                self.complete = True
                raise
            return b"".join(self._wrap(message) for message in answer)

    def _advance(self) -> list[bytes]:
        """The next messages; none if the peer's is not whole yet, or was the last one."""
        raise NotImplementedError

    def _whole(self) -> list[bytes]:
        """The DER values of the message, those that are whole."""
        found, rest = [], self._message
        while rest and (length := der.length(rest)) is not None and length <= len(rest):
            found.append(rest[:length])
            rest = rest[length:]
        if self._message and self._message[0] != der.SEQUENCE:
            raise DelegationError("the peer sent something else than a delegation")
        return found


class Giving(LateDelegation):
    """The end that delegates."""

    def __init__(
        self,
        wrap: Callable[[bytes], bytes],
        unwrap: Callable[[bytes], bytes],
        issuer: Credential,
        limited: bool,
        lifetime: Lifetime,
    ) -> None:
        super().__init__(wrap, unwrap)
        self._issuer, self._limited, self._lifetime = issuer, limited, lifetime
        self._begun = False

    def _advance(self) -> list[bytes]:
        if not self._begun:
            self._begun = True
            return [_HELLO]
        requests = self._whole()
        if not requests:
            return []
        answer = sign_request(self._issuer, requests[0], limited=self._limited, lifetime=self._lifetime)
        self.complete = True
        return [certificate.der for certificate in certificates(answer)]


class Receiving(LateDelegation):
    """The end that gets the credential."""

    def __init__(
        self,
        wrap: Callable[[bytes], bytes],
        unwrap: Callable[[bytes], bytes],
        bits: int | None,
        curve: str | None,
    ) -> None:
        super().__init__(wrap, unwrap)
        self._bits, self._curve = bits, curve
        self._request: DelegationRequest | None = None

    def _advance(self) -> list[bytes]:
        if self._request is None:
            return self._answer_hello()
        chain = [Certificate(encoded) for encoded in self._whole()]
        if chain and not chain[-1].type.is_proxy:  # as far as the end entity: that is the end
            self.credential = self._request.assemble(chain)
            self.complete = True
        return []

    def _answer_hello(self) -> list[bytes]:
        if not self._message:
            return []
        if self._message != _HELLO:
            raise DelegationError("the peer sent something else than a delegation")
        self._message = b""
        self._request = DelegationRequest(bits=self._bits, curve=self._curve)
        return [self._request.der]
