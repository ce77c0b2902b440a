"""What can be wrong with a stack or with what is done on it, besides :mod:`globus_hl.errors`."""

from __future__ import annotations

import errno as _errno

from ..errors import AuthorizationError, GridError

__all__ = ["CanceledError", "DriverNotFoundError", "PeerRefusedError", "StackError"]


class DriverNotFoundError(GridError, LookupError):
    """The library finds no driver of that name; the hint says what to install."""

    default_errno = _errno.ENOENT


class StackError(GridError, ValueError):
    """Drivers that cannot stand on each other, or an option that a driver does not take."""

    default_errno = _errno.EINVAL


class CanceledError(GridError):
    """Another thread or task called `cancel`, or closed the handle."""

    default_errno = _errno.ECANCELED


class PeerRefusedError(AuthorizationError):
    """The peer proved who it is, and we do not want it: it is anonymous, or the authorization callback said no.

    Attributes:
        subject: its distinguished name, or None.
    """

    default_hint = ""
    subject: str | None = None
