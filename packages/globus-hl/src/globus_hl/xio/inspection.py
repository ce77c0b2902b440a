"""What an open channel with GSI tells about its two ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from globus_lowlevel import GlobusError, xio, xio_drivers

from ..security import Credential, Flag
from .drivers import Driver
from .gsi import ConnectionContext, Peer
from .options.gsi import NAME

if TYPE_CHECKING:
    from .channel import Channel

__all__ = ["context_of", "peer_of"]


def peer_of(channel: Channel) -> Peer:
    """The other end; GSI has made sure of it."""
    handle, gsi = channel.handle, Driver("gsi").handle
    settings = channel.settings
    assert settings is not None  # noqa: S101 - open() has made them

    def ask(number: int) -> object:
        return xio.globus_xio_handle_cntl(handle, gsi, int(number))

    name = NAME.from_c(ask(xio_drivers.GLOBUS_XIO_GSI_GET_PEER_NAME))
    delegated = ask(xio_drivers.GLOBUS_XIO_GSI_GET_DELEGATED_CRED)
    context = ConnectionContext.of(
        context_of(channel),
        initiator=not channel.accepting and not settings.kept("gsi.server_mode"),
        flags=Flag(settings.gsi.request_flags),
        credential=settings.kept("gsi.credential"),
    )
    context.delegated = None if delegated is None else Credential.from_handle(delegated)
    return Peer(name, context.delegated, context, _address(handle))  # type: ignore[arg-type]


def context_of(channel: Channel) -> Any:
    """Its ``gss_ctx_id_t``, which is over with the handle."""
    return xio.globus_xio_handle_cntl(
        channel.handle, Driver("gsi").handle, xio_drivers.GLOBUS_XIO_GSI_GET_CONTEXT
    )


def _address(handle: Any) -> str:
    with contextlib.suppress(GlobusError):
        contact: str | None = xio.globus_xio_handle_cntl(
            handle, xio.GLOBUS_XIO_QUERY, xio.GLOBUS_XIO_GET_REMOTE_NUMERIC_CONTACT
        )
        return contact or ""
    return ""
