"""What the site says: which account a peer gets, by the site's callouts or its grid-mapfile."""

from __future__ import annotations

from globus_lowlevel import GlobusError, gss_assist

from .._runtime.library import activate
from .causes import reason
from .context import SecurityContext
from .errors import NotMappedError

__all__ = ["authorize"]


def authorize(context: SecurityContext, service: str = "host", account: str | None = None) -> str:
    """The account for the peer of a context (``globus_gss_assist_map_and_authorize``).

    The authorization and mapping callouts of ``GSI_AUTHZ_CONF`` or ``/etc/grid-security/gsi-authz.conf`` decide, if there
    are any; else the grid-mapfile that ``GRIDMAP`` names. It may take as long as a callout takes.

    Args:
        context: an established one.
        service: what the callouts are told that is asked for.
        account: the one that the peer wants; None: its default.

    Raises:
        NotMappedError: the peer gets no account, or not that one; `subject` is who it is.
        ContextStateError: the context is not established.
    """
    peer = context.peer
    if peer is None:
        raise NotMappedError("an anonymous peer has no account")
    activate(gss_assist, "GLOBUS_GSI_GSS_ASSIST_MODULE")
    try:
        found: str = gss_assist.globus_gss_assist_map_and_authorize(context.handle, service, account)
    except GlobusError as error:
        wanted = "an account" if account is None else f"the account {account}"
        raise NotMappedError(f"{peer} does not get {wanted}: {reason(error)}", subject=peer.text) from error
    return found
