"""Security contexts: two ends that know each other, and messages between them that nobody else can read or change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from globus_lowlevel import GlobusError, gssapi

from .._runtime.closing import Closing
from .bindings import ChannelBindings
from .causes import handshake_fault
from .credential import Credential
from .delegation import Lifetime
from .errors import (
    AnonymousPeerError,
    ChannelBindingError,
    ContextStateError,
    OwnCredentialExpiredError,
    ProtectionNotObtainedError,
    SecurityError,
)
from .flags import PROTECTION, Flag
from .inquiry import Inquiry
from .late_delegation import Giving, LateDelegation, Receiving
from .library import start
from .messages import transfer_fault
from .names import Name
from .records import TokenBuffer

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["SecurityContext"]

_OBTAINABLE = PROTECTION | Flag.DELEGATION


class SecurityContext(Inquiry, Closing):
    """One end of a context (RFC 2743), driven by tokens: there is no socket in it, and no call that waits for the peer.

    Both ends pass what the other one sent to `step`, and send what it returns, until both are `established`. Tokens may
    come in pieces. From then on `wrap` and `unwrap` protect messages. Those follow the last token at once, so in a
    stream something has to tell where each one ends, such as its length before it::

        context = SecurityContext.initiate("www.example.org", credential=credential)
        send(context.step())
        while not context.established:
            send(context.step(receive()))
        send(context.wrap(b"hello"))

    It works in any event loop and in any thread: one thread at a time establishes it, then any may use it. Different
    contexts do not disturb each other.

    What was asked for and is not obtained ends the handshake with an error, unless `strict` is false. The peer's
    certificate is checked with the authorities of ``X509_CERT_DIR``.
    """

    def __init__(
        self,
        *,
        initiator: bool,
        target: Name | None,
        credential: Credential | None,
        flags: Flag,
        bindings: ChannelBindings | None,
        strict: bool,
    ) -> None:
        """Use `initiate` or `accept`."""
        start()
        super().__init__(initiator, flags, credential)
        self.target = target
        self._bindings = bindings
        self._strict = strict
        self._incoming = TokenBuffer()
        self._lock = threading.RLock()
        self._begun = False
        if credential is not None and credential.is_expired:
            raise OwnCredentialExpiredError(
                f"the credential of {credential.subject} expired at {credential.not_after:%Y-%m-%d %H:%M:%S} UTC",
                subject=credential.subject,
                path=credential.path,
            )

    @classmethod
    def initiate(
        cls,
        target: Name | str | None,
        *,
        credential: Credential | None = None,
        flags: Flag = PROTECTION,
        channel_bindings: ChannelBindings | bytes | None = None,
        strict: bool = True,
    ) -> Self:
        """The end that begins.

        Args:
            target: who the other end has to be: a `Name`; a host name; a distinguished name (``/O=Grid/...``);
                ``"self"``, somebody with our own identity; or None, anybody whom an authority vouches for.
            credential: who we are; None: `Credential.find()`, or nobody if `flags` has `Flag.ANONYMOUS`.
            flags: what is asked for, by default `PROTECTION`: add `Flag.DELEGATION` to delegate.
            channel_bindings: what the channel is known by; both ends of this package must be given the same.
            strict: whether flags that are not obtained are an error.

        Raises:
            ValueError: flags contradict each other, or the target is no name.
            OwnCredentialExpiredError, CredentialNotFoundError: as they say.
        """
        if flags & Flag.ANONYMOUS and (flags & Flag.DELEGATION or credential is not None):
            raise ValueError("an anonymous initiator has no credential, and nothing to delegate")
        if flags & Flag.PLAIN_TLS and flags & Flag.DELEGATION:
            raise ValueError("a TLS program knows no delegation")
        if flags & Flag.LIMITED_DELEGATION:
            flags |= Flag.DELEGATION
        if flags & Flag.DELEGATION and target is None:
            raise ValueError("delegation needs a target: nobody delegates to just anybody")
        if credential is None and not flags & Flag.ANONYMOUS:
            credential = Credential.find(kinds=("proxy", "user"))
        return cls(
            initiator=True,
            target=_target(target, credential),
            credential=credential,
            flags=flags,
            bindings=_bindings(channel_bindings),
            strict=strict,
        )

    @classmethod
    def accept(
        cls,
        *,
        credential: Credential | None = None,
        flags: Flag = PROTECTION,
        channel_bindings: ChannelBindings | bytes | None = None,
        strict: bool = True,
    ) -> Self:
        """The end that is spoken to.

        Args:
            credential: who we are; None: `Credential.find()`, with the host's one first.
            flags: what is asked for: without `Flag.MUTUAL` initiators may be anonymous; with `Flag.DELEGATION` they have
                to delegate; `Flag.REFUSE_LIMITED` refuses limited proxies.
            channel_bindings, strict: as of `initiate`.

        Raises:
            OwnCredentialExpiredError, CredentialNotFoundError: as they say.
        """
        if credential is None:
            credential = Credential.find(kinds=("host", "proxy", "user"))
        return cls(
            initiator=False,
            target=None,
            credential=credential,
            flags=flags,
            bindings=_bindings(channel_bindings),
            strict=strict,
        )

    @classmethod
    def restore(cls, token: Buffer) -> Self:
        """A context that another process exported.

        Raises:
            UnsupportedError: the library cannot, as with `export`.
            MessageError: it is no exported context.
        """
        start()
        try:
            handle = gssapi.gss_import_sec_context(token)
            *_, initiated, _open = gssapi.gss_inquire_context(handle)
        except GlobusError as error:
            raise transfer_fault(error, "import") from error
        context = cls(
            initiator=bool(initiated),
            target=None,
            credential=None,
            flags=Flag(0),
            bindings=None,
            strict=False,
        )
        context._handle, context._library_done, context._established = handle, True, True
        return context

    # ---- becoming established --------------------------------------------------------------------------------------

    def step(self, data: Buffer = b"") -> bytes:
        """Take what the peer sent, and give what it should be sent.

        Args:
            data: any bytes-like object: a token, a piece of one, or several. The initiator's first call takes none.

        Returns:
            What to send; b"": nothing, until more has come, or for good if `established` is true.

        Raises:
            PeerNameError: the peer is somebody else.
            VerificationError: the peer's certificate is not trusted; the subclass tells why.
            LimitedProxyError: the peer has a limited proxy, and `Flag.REFUSE_LIMITED` was asked for.
            ProtectionNotObtainedError, AnonymousPeerError, ChannelBindingError: as they say.
            HandshakeError: anything else that the peer did or said. With all of them `token`, if it is not empty, is
                what the peer should be sent; the context has failed for good.
            ContextStateError: the context is established, has failed, or was closed.
        """
        with self._lock:
            if self.established or self._failure is not None or self._closed:
                raise ContextStateError(f"no more tokens: the context {self._state}")
            try:
                return self._step(memoryview(data).cast("B"))
            except SecurityError as error:
                self._fail(error)
                raise

    def _step(self, data: memoryview) -> bytes:
        records = self._incoming.take(data)
        if not records and not (self.initiator and not self._begun):
            return b""
        self._begun = True
        if self._library_done:
            return self._compare_bindings(records)
        token = self._call_library(records)
        if not self._library_done:
            return token
        self._check()
        if self._bindings is None:
            self._established = True
            return token
        return token if self.initiator else token + self._wrap(self._bindings.proof(False))

    def _call_library(self, records: bytes) -> bytes:
        try:
            if self.initiator:
                return self._initiate(records)
            return self._accept(records)
        except GlobusError as error:
            who = f" with {self.target}" if self.target is not None else ""
            raise handshake_fault(error, f"could not establish a security context{who}") from error

    def _initiate(self, records: bytes) -> bytes:
        major, self._handle, _mechanism, token, self._returned, _lifetime = gssapi.gss_init_sec_context(
            None if self._credential is None else self._credential.handle,
            self._handle,
            None if self.target is None else self.target.handle,
            None,
            int(self.flags_requested),
            0,
            None,
            records,
        )
        self._library_done = major == gssapi.GSS_S_COMPLETE
        return bytes(token)

    def _accept(self, records: bytes) -> bytes:
        # The library takes anonymous initiators in any case. With their flag it would be anonymous itself.
        wanted = self.flags_requested & ~Flag.ANONYMOUS
        assert self._credential is not None  # noqa: S101 - accept() has found one
        major, self._handle, _source, _mechanism, token, self._returned, _lifetime, delegated = (
            gssapi.gss_accept_sec_context(self._handle, self._credential.handle, records, None, int(wanted))
        )
        if delegated is not None:
            self.delegated = Credential.from_handle(delegated)
        self._library_done = major == gssapi.GSS_S_COMPLETE
        return bytes(token)

    def _check(self) -> None:
        missing = self.flags_requested & _OBTAINABLE & ~self.flags_obtained
        if not missing or not self._strict:
            return
        if missing & Flag.MUTUAL:
            raise AnonymousPeerError("the peer shows no certificate", missing=int(missing))
        names = ", ".join(flag.name.lower() for flag in Flag if flag & missing and flag.name)
        raise ProtectionNotObtainedError(f"the context is without {names}", missing=int(missing))

    def _compare_bindings(self, records: bytes) -> bytes:
        bindings = self._bindings
        assert bindings is not None  # noqa: S101 - without them the context is established by now
        try:
            shown = self._unwrap(records)
        except SecurityError as error:
            raise ChannelBindingError("the peer shows no channel bindings") from error
        if not shown:
            return b""  # what TLS has to say after a handshake
        if not bindings.is_proof(shown, not self.initiator):
            raise ChannelBindingError("the peer is bound to another channel, or to none")
        self._established = True
        return self._wrap(bindings.proof(True)) if self.initiator else b""

    # ---- delegation, at any time -----------------------------------------------------------------------------------

    def delegate(
        self, credential: Credential | None = None, *, limited: bool = False, lifetime: Lifetime = None
    ) -> LateDelegation:
        """Delegate to the peer, whichever end this is; the peer calls `receive_delegation`.

        Args:
            credential: what is delegated; None: that of the context.
            limited: as a limited proxy.
            lifetime: seconds, or timedelta; None: as long as the credential.

        Returns:
            An exchange of tokens: pass what comes to its `step`, and send what that returns.

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        issuer = credential or self._credential
        if issuer is None:
            raise ValueError("an anonymous end has nothing to delegate: pass credential=")
        return Giving(self.wrap, self.unwrap, issuer, limited, lifetime)

    def receive_delegation(self, *, bits: int | None = None, curve: str | None = None) -> LateDelegation:
        """Receive what the peer delegates: when the exchange is `complete`, its `credential` is there.

        Args:
            bits, curve: of its key, as of `DelegationRequest`.

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        return Receiving(self.wrap, self.unwrap, bits, curve)

    # ---- the end ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Forget the keys. Idempotent. Nothing is sent: whoever has the connection closes it."""
        with self._lock:
            self._closed, self._established = True, False
            handle, self._handle = self._handle, None
            if handle is not None:
                gssapi.gss_delete_sec_context(handle)

    def __repr__(self) -> str:
        role = "initiator" if self.initiator else "acceptor"
        return f"<SecurityContext, {role}, {self._state}>"


def _target(target: Name | str | None, credential: Credential | None) -> Name | None:
    if target is None or isinstance(target, Name):
        return target
    if target == "self":
        if credential is None:
            raise ValueError("target 'self' needs a credential")
        return credential.name
    return Name(target) if target.startswith("/") else Name.host(target)


def _bindings(given: ChannelBindings | bytes | None) -> ChannelBindings | None:
    return given if given is None or isinstance(given, ChannelBindings) else ChannelBindings(bytes(given))
