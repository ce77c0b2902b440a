"""The commands of the driver gsi."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from globus_lowlevel import gssapi
from globus_lowlevel import xio_drivers as c

from ...security import Credential, Flag, Name
from .kinds import BOOL, PATH, SIZE, TEXTS, choice, flags
from .option import Kind, Option, Options, command

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AuthorizationMode", "Delegation", "GSIOptions", "Protection", "ProxyMode"]


class Protection(enum.IntEnum):
    """What happens to the data, once the ends know each other."""

    NONE = c.GLOBUS_XIO_GSI_PROTECTION_LEVEL_NONE
    """It is sent in the clear."""
    INTEGRITY = c.GLOBUS_XIO_GSI_PROTECTION_LEVEL_INTEGRITY
    """Changes are found. With today's ciphers it is encrypted, too."""
    PRIVACY = c.GLOBUS_XIO_GSI_PROTECTION_LEVEL_PRIVACY
    """Changes are found, and nobody else can read it."""


class Delegation(enum.IntEnum):
    """Whether the accepting end gets a proxy of the connecting one's credential."""

    NONE = c.GLOBUS_XIO_GSI_DELEGATION_MODE_NONE
    LIMITED = c.GLOBUS_XIO_GSI_DELEGATION_MODE_LIMITED
    """One with which no job can be started."""
    FULL = c.GLOBUS_XIO_GSI_DELEGATION_MODE_FULL


class AuthorizationMode(enum.IntEnum):
    """Who the peer has to be."""

    NONE = c.GLOBUS_XIO_GSI_NO_AUTHORIZATION
    """Anybody whom a trusted authority vouches for."""
    SELF = c.GLOBUS_XIO_GSI_SELF_AUTHORIZATION
    """Somebody with our own identity."""
    IDENTITY = c.GLOBUS_XIO_GSI_IDENTITY_AUTHORIZATION
    """The one that `GSIOptions.target_name` names."""
    HOST = c.GLOBUS_XIO_GSI_HOST_AUTHORIZATION
    """The host that we connect to."""


class ProxyMode(enum.IntEnum):
    """Which proxies of the peer are taken."""

    FULL = c.GLOBUS_XIO_GSI_PROXY_MODE_FULL
    """No limited ones."""
    LIMITED = c.GLOBUS_XIO_GSI_PROXY_MODE_LIMITED
    """Limited ones as well."""
    MANY = c.GLOBUS_XIO_GSI_PROXY_MODE_MANY
    """As the toolkit's servers do: limited ones, if they are not below a limited one."""


def _credential_to_c(value: Any) -> tuple[Any]:
    if not isinstance(value, Credential):
        raise TypeError(f"not {value!r}")
    return (value.handle,)


def _credential(handle: Any) -> Credential | None:
    return None if handle is None else Credential.from_handle(handle)


def _name_to_c(value: Any) -> tuple[Any]:
    return ((value if isinstance(value, Name) else Name(value)).handle,)


def _name(handle: Any) -> Name | None:
    if handle is None:
        return None
    text, kind = gssapi.gss_display_name(handle)
    if kind == gssapi.GSS_C_NT_ANONYMOUS or text == b"<anonymous>":
        return None
    return Name(text.decode("utf-8", "surrogateescape"))


CREDENTIAL: Kind[Credential | None] = Kind("a Credential, or None", _credential_to_c, _credential)
NAME: Kind[Name | str | None] = Kind("a Name, or its text", _name_to_c, _name)
CONTEXT: Kind[Any] = Kind("the low level's gss_ctx_id_t", lambda value: (value,), lambda value: value)


class GSIOptions(Options):
    """Commands of the driver gsi, one by one. `globus_hl.xio.GSI` sets what belongs together at once."""

    driver = "gsi"

    credential = Option(
        CREDENTIAL,
        "GSI_*_CREDENTIAL",
        "Who we are. None: whoever the library finds, which is a proxy, then a user's or the host's certificate.",
        on="attr handle",
        keep=True,
    )
    request_flags = Option(flags(Flag), "GSI_*_GSSAPI_REQ_FLAGS", "What the security context is asked for.")
    proxy_mode = Option(choice(ProxyMode), "GSI_*_PROXY_MODE", "Which proxies of the peer are taken.")
    authorization = Option(
        choice(AuthorizationMode), "GSI_*_AUTHORIZATION_MODE", "Who the peer has to be, for the driver."
    )
    delegation = Option(choice(Delegation), "GSI_*_DELEGATION_MODE", "Whether to delegate when connecting.")
    ssl_compatible = Option(
        BOOL,
        "GSI_SET_SSL_COMPATIBLE",
        "Whether the peer may be a TLS program that knows no GSI; without delegation.",
    )
    wrap_tokens = Option(
        BOOL, "GSI_*_WRAP_MODE", "Whether tokens have a header, as the old Globus IO wrote them."
    )
    buffer_size = Option(SIZE, "GSI_*_BUFFER_SIZE", "Of what is read at once. Default: 128 KiB.")
    protection = Option(choice(Protection), "GSI_*_PROTECTION_LEVEL", "What happens to the data.")
    target_name = Option(
        NAME, "GSI_*_TARGET_NAME", "Who the peer has to be, with `AuthorizationMode.IDENTITY`."
    )
    context = Option(
        CONTEXT, "GSI_GET_CONTEXT", "The context; closed with the handle. See `Handle.context`.", on="handle"
    )
    delegated_credential = Option(
        CREDENTIAL, "GSI_GET_DELEGATED_CRED", "What the peer delegated, or None.", on="handle"
    )
    peer_name = Option(NAME, "GSI_GET_PEER_NAME", "Who the peer is; None: anonymous.", on="handle")
    local_name = Option(NAME, "GSI_GET_LOCAL_NAME", "Who we are; None: anonymous.", on="handle")
    server_mode = Option(
        BOOL,
        "GSI_FORCE_SERVER_MODE",
        "Whether the connecting end is the one that accepts the security context.",
    )
    allow_missing_signing_policy = Option(
        BOOL,
        "GSI_*_ALLOW_MISSING_SIGNING_POLICY",
        "Whether authorities without a signing policy are trusted.",
    )
    credentials_directory = Option(
        PATH,
        "GSI_SET_CREDENTIALS_DIR",
        "Credentials for several host names of a server, which clients name (TLS: SNI).",
        on="attr handle",
    )
    application_protocols = Option(
        TEXTS,
        "GSI_SET_APPLICATION_PROTOCOLS",
        "What is spoken inside (TLS: ALPN), such as ``['h2']``.",
        on="attr handle",
    )

    @command("GSI_SET_ANON", "attr")
    def be_anonymous(self) -> None:
        """Show no certificate; without delegation."""
        self._control("GSI_SET_ANON")

    @command("GSI_INIT_DELEGATION")
    def delegate(self, credential: Credential | None = None, lifetime: int = 0) -> None:
        """Delegate to the peer, who calls `accept_delegation` at the same time. It waits, without a limit.

        Args:
            credential: None: the one of the connection.
            lifetime: seconds; 0: as long as the credential.
        """
        self._control("GSI_INIT_DELEGATION", self._own(credential), [], [], lifetime)

    @command("GSI_REGISTER_INIT_DELEGATION")
    def begin_delegate(
        self,
        done: Callable[[BaseException | None], object],
        credential: Credential | None = None,
        lifetime: int = 0,
    ) -> None:
        """As `delegate`, without waiting: `done` is called on a thread of the library, with an error or None."""

        def over(error: BaseException | None, _: object) -> None:
            done(error)

        handle = self._own(credential)
        self._control("GSI_REGISTER_INIT_DELEGATION", handle, [], [], lifetime, over, None)

    @command("GSI_ACCEPT_DELEGATION")
    def accept_delegation(self, lifetime: int = 0) -> Credential:
        """Get what the peer delegates with `delegate`. It waits, without a limit."""
        handle, _lifetime = self._control("GSI_ACCEPT_DELEGATION", [], [], lifetime)
        return Credential.from_handle(handle)

    @command("GSI_REGISTER_ACCEPT_DELEGATION")
    def begin_accept_delegation(
        self, done: Callable[[BaseException | None, Credential | None], object], lifetime: int = 0
    ) -> None:
        """As `accept_delegation`, without waiting: `done` gets an error or None, and the credential or None."""

        def over(error: BaseException | None, handle: Any, _lifetime: int, _: object) -> None:
            done(error, None if error is not None else Credential.from_handle(handle))

        self._control("GSI_REGISTER_ACCEPT_DELEGATION", [], [], lifetime, over, None)

    def _own(self, credential: Credential | None) -> Any:
        if credential is None:
            credential = self.credential
        if credential is None:
            raise ValueError("there is nothing to delegate: pass credential=")
        return credential.handle
