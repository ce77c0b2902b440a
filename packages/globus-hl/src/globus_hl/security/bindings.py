"""Channel bindings: proof that both ends of a context are the ends of the same channel (RFC 2744, section 3.11).

GSI's tokens have no place for them, and its library ignores them. So two contexts of this package that were given
bindings show them to each other, protected by the context, before it counts as established: the acceptor first, then the
initiator.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass

__all__ = ["ChannelBindings"]

_LABEL = b"GSI channel bindings 1\0"


@dataclass(frozen=True)
class ChannelBindings:
    """What identifies a channel: addresses of its ends, or what the channel itself says, for example a TLS exporter.

    Args:
        application_data: anything that is the same at both ends of the channel, and nowhere else.
        initiator_address, acceptor_address: the ends' addresses, in any form that both know.
        initiator_address_type, acceptor_address_type: numbers for those forms (RFC 2744, appendix A).
    """

    application_data: bytes = b""
    initiator_address: bytes = b""
    acceptor_address: bytes = b""
    initiator_address_type: int = 0
    acceptor_address_type: int = 0

    def proof(self, initiator: bool) -> bytes:
        """What one end shows the other."""
        parts = [
            struct.pack(">QQ", number, len(text)) + text
            for number, text in (
                (self.initiator_address_type, self.initiator_address),
                (self.acceptor_address_type, self.acceptor_address),
                (0, self.application_data),
            )
        ]
        role = b"initiator" if initiator else b"acceptor"
        return _LABEL + hashlib.sha256(role + b"".join(parts)).digest()

    def is_proof(self, shown: bytes, initiator: bool) -> bool:
        """Whether `shown` is the proof of that end."""
        return hmac.compare_digest(shown, self.proof(initiator))
