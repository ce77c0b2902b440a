"""GSI on a stack: who we are, who the peer has to be, what happens to the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from globus_lowlevel import gssapi, xio

from ..errors import GridError
from ..security import Certificate, Credential, Flag, Name, SecurityContext
from .errors import PeerRefusedError, StackError
from .options.gsi import AuthorizationMode, Delegation, Protection, ProxyMode

if TYPE_CHECKING:
    import os

    from .attributes import Attributes

__all__ = ["GSI", "AuthorizationMode", "Delegation", "Peer", "Protection", "ProxyMode"]


class ConnectionContext(SecurityContext):
    """The security context of a connection. It belongs to the driver: closing it leaves it alone, and it is over when the
    connection is closed."""

    @classmethod
    def of(
        cls, handle: Any, *, initiator: bool, flags: Flag, credential: Credential | None
    ) -> ConnectionContext:
        """Of a ``gss_ctx_id_t`` that the driver has established."""
        context = cls(
            initiator=initiator, target=None, credential=credential, flags=flags, bindings=None, strict=False
        )
        context._handle, context._library_done, context._established = handle, True, True
        context._returned = gssapi.gss_inquire_context(handle)[4]
        return context

    def close(self) -> None:
        self._closed, self._established, self._handle = True, False, None


class Peer:
    """The other end of a connection with GSI, which has proved who it is.

    Attributes:
        name: who it is; None: anonymous.
        delegated: the credential that it delegated, or None.
        context: the security context, until the connection is closed.
        address: ``address:port``, or "" if the stack tells none.
    """

    def __init__(
        self, name: Name | None, delegated: Credential | None, context: SecurityContext, address: str
    ) -> None:
        self.name = name
        self.delegated = delegated
        self.context = context
        self.address = address

    @property
    def subject(self) -> str | None:
        """Its distinguished name as the toolkit writes it, without what proxies add; None: anonymous."""
        return None if self.name is None else self.name.text

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The certificates that it showed, its own first."""
        return self.context.peer_chain

    def __repr__(self) -> str:
        return f"<Peer {self.subject or 'anonymous'}{self.address and ' at ' + self.address}>"


Authorization: TypeAlias = str | Name | Callable[[Peer], bool]


@dataclass(frozen=True, kw_only=True)
class GSI:
    """What security a connection is to have. What is not said is as strict as can be.

    ::

        xio.Handle("tcp,gsi", "host:port", gsi=xio.GSI(credential=proxy, delegation="limited"))

    Args:
        credential: who we are; None: whoever the library finds.
        protection: of the data: ``"privacy"``, ``"integrity"`` or ``"none"``.
        delegation: whether the accepting end gets a proxy of ours: ``"none"``, ``"limited"`` or ``"full"``.
        authorization: who the peer has to be. ``"host"``: the host that we connect to; ``"self"``: somebody with our own
            identity; a `Name` or a distinguished name (``"/O=Grid/..."``); ``"none"``: anybody whom a trusted authority
            vouches for; or a callable that gets the `Peer` and returns True. Anything else that it returns or raises
            refuses the peer: nothing is read from it or written to it. It runs in the thread that opens the handle; of an
            `XioSocket`, in one of the library. Default: ``"host"`` when connecting, ``"none"``
            when accepting.
        anonymous: when connecting, show no certificate.
        accept_anonymous: when accepting, take peers without a certificate.
        proxies: which proxies of the peer are taken; None: the driver's default, all of them.
        tls: be a TLS program to the peer, without anything that is GSI's own; without delegation.
        allow_missing_signing_policy: whether authorities without a signing policy are trusted.
        application_protocols: what is spoken inside (ALPN).
        credentials_directory: of a server with several names.

    Raises:
        ValueError: these contradict each other.
    """

    credential: Credential | None = None
    protection: Protection | str = Protection.PRIVACY
    delegation: Delegation | str = Delegation.NONE
    authorization: Authorization | None = None
    anonymous: bool = False
    accept_anonymous: bool = False
    proxies: ProxyMode | str | None = None
    tls: bool = False
    allow_missing_signing_policy: bool = False
    application_protocols: Sequence[str] = ()
    credentials_directory: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        _set = object.__setattr__
        _set(self, "protection", _member(Protection, self.protection))
        _set(self, "delegation", _member(Delegation, self.delegation))
        if self.proxies is not None:
            _set(self, "proxies", _member(ProxyMode, self.proxies))
        authorization = self.authorization
        if isinstance(authorization, str) and authorization not in ("none", "self", "host"):
            _set(self, "authorization", Name(authorization))
        elif not (authorization is None or callable(authorization) or isinstance(authorization, str | Name)):
            raise TypeError(f"authorization is a word, a name or a callable, not {authorization!r}")
        if self.credential is not None and not isinstance(self.credential, Credential):
            raise TypeError(f"credential is a Credential, not {self.credential!r}")
        if self.delegation and (self.tls or self.anonymous):
            raise ValueError("there is no delegation to a TLS program, and none of an anonymous end")
        if self.delegation and (authorization == "none" or callable(authorization)):
            raise ValueError(
                "delegation needs to know to whom before: authorization 'host', 'self' or a name"
            )
        if self.anonymous and self.credential is not None:
            raise ValueError("an anonymous end has no credential")

    @property
    def callback(self) -> Callable[[Peer], bool] | None:
        """The callable that decides, if one does."""
        found = self.authorization
        return found if callable(found) and not isinstance(found, str | Name) else None

    def apply(self, attributes: Attributes, *, accepting: bool, only_unset: bool = False) -> None:
        """Set the options of the driver.

        Args:
            only_unset: leave alone what was set on the attributes.
        """
        options = attributes.gsi

        def put(name: str, value: Any) -> None:
            if not only_unset or attributes.kept(f"gsi.{name}") is None:
                setattr(options, name, value)

        mode, target = self._authorization(accepting)
        put("protection", self.protection)
        put("delegation", self.delegation)
        if target is not None:
            put("target_name", target)
        if self.allow_missing_signing_policy:
            put("allow_missing_signing_policy", True)
        if self.proxies is not None:
            put("proxy_mode", self.proxies)
        if self.credential is not None:
            put("credential", self.credential)
        if self.application_protocols:
            put("application_protocols", list(self.application_protocols))
        if self.credentials_directory is not None:
            put("credentials_directory", self.credentials_directory)
        if self.tls:
            put("ssl_compatible", True)
        if self.anonymous and not accepting:
            options.be_anonymous()
        put("authorization", mode)

    def _authorization(self, accepting: bool) -> tuple[AuthorizationMode, Name | None]:
        given = self.authorization
        if given is None:
            return (AuthorizationMode.NONE if accepting else AuthorizationMode.HOST), None
        if isinstance(given, Name):
            return AuthorizationMode.IDENTITY, given
        if isinstance(given, str):
            return AuthorizationMode[given.upper()], None
        return AuthorizationMode.NONE, None

    def admit(self, peer: Peer, *, accepting: bool) -> None:
        """Decide about a peer that has proved who it is.

        Raises:
            PeerRefusedError: it is not wanted; what the callback raised is the cause.
        """
        if peer.name is None and accepting and not self.accept_anonymous:
            raise PeerRefusedError("the peer shows no certificate", url=peer.address or None)
        if self.callback is None:
            return
        try:
            answer = self.callback(peer)
        except Exception as error:
            raise _refused(peer, f"the authorization callback raised {type(error).__name__}") from error
        if answer is not True:
            raise _refused(peer, "it is not authorized")


def _refused(peer: Peer, why: str) -> GridError:
    fault = PeerRefusedError(
        f"{peer.subject or 'an anonymous peer'} is refused: {why}", url=peer.address or None
    )
    fault.subject = peer.subject
    return fault


def _member(kind: Any, value: Any) -> Any:
    if isinstance(value, str):
        try:
            return kind[value.upper()]
        except KeyError:
            names = ", ".join(repr(member.name.lower()) for member in kind)
            raise ValueError(f"{value!r} is none of {names}") from None
    return kind(value)


def refuse_contact_without_host(contact: str | None, attributes: Attributes) -> None:
    """The driver would look into a string that is not there.

    Raises:
        StackError: the host is to be who the peer is, and `contact` names none.
    """
    if attributes.gsi.authorization is not AuthorizationMode.HOST:
        return
    if contact is None or xio.globus_xio_contact_parse(contact).host is None:
        raise StackError(
            f"authorization 'host' needs a host, and {contact!r} names none: write host:port, "
            "or say with GSI(authorization=...) who the peer has to be"
        )


def name_host(host: str | None, contact: str | None, attributes: Attributes) -> None:
    """Whom the driver would ask for the address of the other end does not know it, and says that it does: let the host be
    a name that the peer has to have.

    Args:
        host: what it is called; default: what `contact` calls it.
    """
    if attributes.gsi.authorization is AuthorizationMode.HOST:
        attributes.gsi.target_name = Name.host(host or xio.globus_xio_contact_parse(contact or "").host or "")
        attributes.gsi.authorization = AuthorizationMode.IDENTITY


def refuse_host_of_clients(attributes: Attributes) -> None:
    """Who accepts does not know the peer's host by name, and the driver would look into a string that is not there."""
    if attributes.gsi.authorization is AuthorizationMode.HOST:
        raise StackError("authorization 'host' is for who connects: who accepts names identities")
