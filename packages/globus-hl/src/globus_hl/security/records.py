"""TLS records (RFC 8446, section 5.1): tokens and messages of GSI are made of them."""

from __future__ import annotations

from .errors import HandshakeError, MessageError

__all__ = ["SIGNED_OVERHEAD", "TokenBuffer", "check_message", "record_limit"]

_HEADER = 5
_LARGEST = 16384 + 2048  # of TLS 1.2; TLS 1.3 allows less
_TYPES = range(20, 25)
_FULL = 16384
# What a record adds to its contents: TLS 1.3, and the most that a cipher of TLS 1.2 adds (CBC with SHA-384)
_OVERHEAD_13, _OVERHEAD = 5 + 1 + 16, 5 + 16 + 48 + 16
# Of a signed message: headers of 5 and 12 bytes, and the longest code, SHA-384's
SIGNED_OVERHEAD = 5 + 12 + 48
SIGNED = 26  # not TLS: the library's own form of a message in clear text with its MIC


def _end(data: bytes | bytearray | memoryview, start: int) -> int | None:
    """Where the record that starts there ends, or None if its header is not complete.

    Raises:
        ValueError: it is no record.
    """
    if len(data) - start < _HEADER:
        if len(data) > start and data[start] not in _TYPES:
            raise ValueError("not a TLS record")
        return None
    length = data[start + 3] << 8 | data[start + 4]
    if data[start] not in _TYPES or data[start + 1] != 3 or length > _LARGEST:
        raise ValueError("not a TLS record")
    return start + _HEADER + length


class TokenBuffer:
    """Collects what comes from the peer, in whatever pieces, until there are whole records."""

    def __init__(self) -> None:
        self._data = bytearray()

    def take(self, data: bytes | bytearray | memoryview) -> bytes:
        """The records that are complete now; the rest waits for more.

        Raises:
            HandshakeError: this is no token.
        """
        self._data += data
        done = 0
        try:
            while (
                done < len(self._data)
                and (end := _end(self._data, done)) is not None
                and end <= len(self._data)
            ):
                done = end
        except ValueError:
            raise HandshakeError("what the peer sent is no token of GSI") from None
        records = bytes(self._data[:done])
        del self._data[:done]
        return records

    def __len__(self) -> int:
        return len(self._data)


def check_message(token: bytes | bytearray | memoryview) -> None:
    """The library waits for the rest of a message that is cut short: here a message is whole, or none.

    Raises:
        MessageError: it is none.
    """
    size = len(token)
    if size > _HEADER and (
        token[0] == SIGNED or (token[0] == 23 and size == _HEADER + (token[3] << 8 | token[4]))
    ):
        return  # nearly always: one record
    position = 0
    try:
        while position < len(token):
            end = _end(token, position)
            if end is None or end > len(token):
                raise ValueError("cut short")
            position = end
    except ValueError as error:
        raise MessageError(f"this is no message of the context: {error}") from None
    if not position:
        raise MessageError("this is no message of the context: it is empty")


def record_limit(size: int, protocol: str) -> int:
    """How many bytes fit into records of `size` bytes together, with that version of TLS."""
    overhead = _OVERHEAD_13 if protocol == "TLSv1.3" else _OVERHEAD
    whole, rest = divmod(size, _FULL + overhead)
    return whole * _FULL + max(0, rest - overhead)
