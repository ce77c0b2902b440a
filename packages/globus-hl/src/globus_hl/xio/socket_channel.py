"""The channel of a socket with drivers above tcp, and the way that its data takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..timeouts import Timeout
from .blocks import BLOCK
from .channel import Channel
from .errors import StackError
from .options.gsi import Protection
from .secured import Secured
from .stacked import Stacked

if TYPE_CHECKING:
    from .attributes import Attributes
    from .gsi import GSI
    from .links import LayeredLink
    from .stack import Stack

__all__ = ["SocketChannel"]

HANDSHAKE = 1 << 14
"""Bytes of the driver's buffer where it only shakes hands."""


class SocketChannel(Channel):
    """It is opened by one of the library's threads.

    Args:
        stack, contact, attributes, gsi, accepting: as of `Channel`.
        descriptor: of the socket.
        lent: another number of it that is XIO's alone; the channel closes it.
    """

    def __init__(
        self,
        stack: Stack,
        contact: str,
        attributes: Attributes,
        gsi: GSI | None,
        descriptor: int,
        lent: int | None,
        *,
        accepting: bool,
    ) -> None:
        super().__init__(stack, contact, attributes, gsi, Timeout(None, None, None), accepting=accepting)
        attributes.tcp.descriptor = descriptor if lent is None else lent
        self.in_library = True
        self._descriptor, self._lent = descriptor, lent
        self._secured = False
        self._took_back = False

    def _stack_for(self, settings: Attributes) -> Any:
        if not self.stack.is_secure:
            return self.stack.handle
        self._secured = self.stack.names == ("tcp", "gsi") and settings.gsi.protection != Protection.NONE
        if settings.kept("gsi.buffer_size") is None:  # else half of what a link asks for
            settings.gsi.buffer_size = HANDSHAKE if self._secured else BLOCK
        if not self._secured:
            return self.stack.handle
        from .exact_driver import exact_stack

        return exact_stack()

    def link(self) -> LayeredLink:
        """The way of the data, when it is open."""
        if not self._secured:
            return Stacked(self.handle, self._lent)
        from .inspection import context_of

        assert self.settings is not None  # noqa: S101 - open() has made them
        confidential = self.settings.gsi.protection == Protection.PRIVACY
        self.take_back()
        return Secured(self.handle, context_of(self), self._descriptor, confidential=confidential)

    def take_back(self) -> None:
        """XIO does not use its number any more."""
        lent, self._lent = self._lent, None
        if lent is not None:
            os.close(lent)
            self._took_back = True

    def check_command(self, driver: str | None) -> None:
        if self._took_back and driver != "gsi":
            raise StackError(
                "the driver tcp has shaken hands and let go of the socket: use the options of the socket itself"
            )
