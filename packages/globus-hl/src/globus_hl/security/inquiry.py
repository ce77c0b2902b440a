"""What a security context tells about itself and its two ends."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from globus_lowlevel import gssapi

from .certificate import Certificate
from .flags import Flag
from .messages import Messages
from .names import Name

if TYPE_CHECKING:
    from .credential import Credential

__all__ = ["Inquiry", "Status"]


class Status(NamedTuple):
    """What `SecurityContext.inquire` tells.

    Attributes:
        initiator, acceptor: who they are; None: anonymous.
        lifetime: seconds until the first of the two credentials expires.
        mechanism: dotted identifier of the mechanism.
        flags: what was obtained.
        protocol, cipher: of TLS, such as ``"TLSv1.3"`` and ``"TLS_AES_256_GCM_SHA384"``; "" where the library does not
            tell.
        locally_initiated: whether this end is the initiator.
    """

    initiator: Name | None
    acceptor: Name | None
    lifetime: float
    mechanism: str
    flags: Flag
    protocol: str
    cipher: str
    locally_initiated: bool


class Inquiry(Messages):
    """The properties of a context."""

    def __init__(self, initiator: bool, flags: Flag, credential: Credential | None) -> None:
        super().__init__()
        self.initiator = initiator
        self.flags_requested = flags
        self.delegated: Credential | None = None
        self._credential = credential
        self._library_done = False
        self._returned = 0

    @property
    def flags_obtained(self) -> Flag:
        """What the context has; of one that is not established yet, nothing.

        The library claims more than it knows (delegation and anonymity, always): this is what is so.
        """
        if not self._library_done:
            return Flag(0)
        flags = Flag.INTEGRITY | Flag.REPLAY | Flag.SEQUENCE
        flags |= Flag(self._returned) & (Flag.CONFIDENTIALITY | Flag.PEER_LIMITED)
        if self._peer_name() is not None:
            flags |= Flag.MUTUAL
        if self.initiator:
            flags |= self.flags_requested & (Flag.DELEGATION | Flag.LIMITED_DELEGATION | Flag.ANONYMOUS)
        elif self.delegated is not None:
            flags |= Flag.DELEGATION
        elif self._peer_name() is None:
            flags |= Flag.ANONYMOUS
        return flags | self.flags_requested & (Flag.REFUSE_LIMITED | Flag.PLAIN_TLS | Flag.MISSING_POLICY_OK)

    @property
    def peer(self) -> Name | None:
        """Who the other end is; None: anonymous.

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        return self._peer_name()

    @property
    def peer_chain(self) -> tuple[Certificate, ...]:
        """The certificates that the peer showed, its own first; none of an anonymous one.

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        found = gssapi.gss_inquire_sec_context_by_oid(self._handle, gssapi.gss_ext_x509_cert_chain_oid)
        return tuple(Certificate(der) for der in found)

    def _peer_name(self) -> Name | None:
        source, target = gssapi.gss_inquire_context(self._handle)[:2]
        return _name(target if self.initiator else source)

    def inquire(self) -> Status:
        """Everything at once (``gss_inquire_context``).

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        source, target, _lifetime, mechanism, *_ = gssapi.gss_inquire_context(self._handle)
        return Status(
            _name(source),
            _name(target),
            self.time_left,
            str(mechanism or gssapi.gss_mech_globus_gssapi_openssl),
            self.flags_obtained,
            self._tls(gssapi.gss_ext_tls_version_oid),
            self._tls(gssapi.gss_ext_tls_cipher_oid),
            self.initiator,
        )

    @property
    def time_left(self) -> float:
        """Seconds until the first certificate of the two ends expires, proxies included.

        (The library looks at those of the end entities only.)

        Raises:
            ContextStateError: the context is not established.
        """
        self._check_established()
        own = () if self._credential is None else self._credential.chain
        ends = [certificate.not_after for certificate in (*own, *self.peer_chain)]
        return max(0.0, (min(ends) - dt.datetime.now(dt.UTC)).total_seconds()) if ends else math.inf

    @property
    def handle(self) -> Any:
        """The low level's ``gss_ctx_id_t``, or None before the first step and after `close`."""
        return self._handle


def _name(handle: Any) -> Name | None:
    if handle is None:
        return None
    text, kind = gssapi.gss_display_name(handle)
    if kind == gssapi.GSS_C_NT_ANONYMOUS or text == b"<anonymous>":
        return None
    return Name(text.decode("utf-8", "surrogateescape"))
