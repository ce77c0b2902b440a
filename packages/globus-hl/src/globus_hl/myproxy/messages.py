"""Messages of the MyProxy protocol, version 2 (GFD-E.54): lines of text that end with a NUL, and certificates in DER.

The protocol has no frames: where a message ends follows from what it is. :class:`Incoming` finds the ends.
"""

from __future__ import annotations

import binascii
import enum
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import MyProxyProtocolError

__all__ = ["Command", "Incoming", "Reply", "ReplyKind", "Request"]

VERSION = "MYPROXYv2"
MAX_MESSAGE = 16 << 20  # trust roots of a whole federation are some MiB


class Command(enum.IntEnum):
    """What a client asks for: ``myproxy_proto_request_type_t``."""

    GET = 0
    PUT = 1
    INFO = 2
    DESTROY = 3
    CHANGE_PASSPHRASE = 4
    STORE = 5
    RETRIEVE = 6
    GET_TRUST_ROOTS = 7


class ReplyKind(enum.IntEnum):
    """``myproxy_proto_response_type_t``."""

    OK = 0
    ERROR = 1
    AUTHORIZATION = 2


@dataclass(frozen=True)
class Request:
    """The first message of a client.

    Args:
        command: what is wanted.
        username: of the account in the repository, which need not be that of an operating system.
        passphrase: empty for none: the server may then ask for another proof.
        lifetime: seconds that a delegated credential may be valid; 0 for as long as possible.
        extras: more lines, by their names in the protocol; None for a line that is left out.

    Raises:
        ValueError: a value has a line break or a NUL, which would end it early.
    """

    command: Command
    username: str = ""
    passphrase: str = field(default="", repr=False)
    lifetime: int = 0
    extras: dict[str, str | None] = field(default_factory=dict, repr=False)

    def encode(self) -> bytes:
        """The message as it is sent."""
        lines = {
            "VERSION": VERSION,
            "COMMAND": str(self.command.value),
            "USERNAME": self.username,
            "PASSPHRASE": self.passphrase,
            "LIFETIME": str(self.lifetime),
            **{name: value for name, value in self.extras.items() if value is not None},
        }
        for name, value in lines.items():
            if any(end in value for end in "\n\r\0"):
                raise ValueError(f"{name.lower()} must not contain a line break or a NUL character")
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        return text.encode("utf-8", "surrogateescape") + b"\0"


@dataclass(frozen=True)
class Reply:
    """A message of a server.

    Attributes:
        kind: whether it is content.
        lines: names and values in the order they came; names may occur more than once.
    """

    kind: ReplyKind
    lines: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: bytes) -> Reply:
        """Read a message, without the NUL at its end. Lines that mean nothing to us are kept.

        Raises:
            MyProxyProtocolError: it is none, or one of another version.
        """
        decoded = text.decode("utf-8", "surrogateescape")
        lines = tuple((name, value) for name, is_line, value in _split(decoded) if is_line)
        values = dict(lines)
        if values.get("VERSION") != VERSION:
            raise MyProxyProtocolError(f"the server speaks no {VERSION}: {decoded[:40]!r}")
        response = values.get("RESPONSE", "")
        if response not in ("0", "1", "2"):
            raise MyProxyProtocolError(f"the server gave an answer of an unknown kind: {response[:40]!r}")
        return cls(ReplyKind(int(response)), lines)

    def get(self, name: str) -> str | None:
        """The first value of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[str]:
        """All values of that name."""
        return (value for known, value in self.lines if known == name)

    @property
    def error(self) -> str:
        """What the server says against the request; several lines are joined."""
        said = " ".join(part.strip() for part in self.all("ERROR") if part.strip())
        return said or "the server does not say why"

    def files(self) -> dict[str, bytes]:
        """The files that it carries: trust roots.

        Raises:
            MyProxyProtocolError: a file is announced and missing, or no base64.
        """
        names = [name for name in (self.get("TRUSTED_CERTS") or "").split(",") if name]
        found = {}
        for name in names:
            content = self.get(f"FILEDATA_{name}")
            if content is None:
                raise MyProxyProtocolError(
                    f"the server announces the file {name[:80]!r}, and does not send it"
                )
            try:
                found[name] = binascii.a2b_base64(content)
            except binascii.Error as error:
                raise MyProxyProtocolError(f"the file {name[:80]!r} came damaged: {error}") from error
        return found


def _split(text: str) -> Iterator[tuple[str, str, str]]:
    return (line.partition("=") for line in text.split("\n"))


class Incoming:
    """The bytes that came from a server, taken off message by message.

    Each `take_...` gives None until its message is complete: then feed more.
    """

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            MyProxyProtocolError: more than any message has.
        """
        self._data += data
        if len(self._data) > MAX_MESSAGE:
            raise MyProxyProtocolError(f"the server sends more than {MAX_MESSAGE >> 20} MiB for one message")

    def begins_with_text(self) -> bool:
        """Whether what comes next is a text message, or the first bytes of one."""
        return self._data.startswith(b"VERSION"[: len(self._data)])

    def take_reply(self) -> Reply | None:
        """A text message."""
        if self._data and not self.begins_with_text():
            raise MyProxyProtocolError(f"not an answer of a MyProxy server: {bytes(self._data[:40])!r}")
        end = self._data.find(0)
        return None if end < 0 else Reply.parse(self._take(end, 1))

    def take_der(self) -> bytes | None:
        """One DER value: a certificate request."""
        length = self._der_length(0)
        return None if length is None else self._take(length)

    def take_chain(self) -> list[bytes] | None:
        """A byte that counts certificates, and as many of them, in DER: the new one first."""
        if not self._data:
            return None
        ends = [1]
        for _ in range(self._data[0]):
            length = self._der_length(ends[-1])
            if length is None:
                return None
            ends.append(ends[-1] + length)
        chain = [bytes(self._data[start:end]) for start, end in itertools.pairwise(ends)]
        self._take(ends[-1])
        return chain

    def take_pem(self) -> bytes | None:
        """All that comes before the next text message: a certificate with its key, in PEM."""
        end = self._data.find(b"VERSION=")
        return None if end < 0 else self._take(end).rstrip(b"\0")

    def _take(self, count: int, skip: int = 0) -> bytes:
        taken = bytes(self._data[:count])
        del self._data[: count + skip]
        return taken

    def _der_length(self, start: int) -> int | None:
        """How long the DER value at `start` is, its header included; None if not all of it has come."""
        header = self._data[start : start + 2]
        if len(header) < 2:
            return None
        if header[0] != 0x30:
            raise MyProxyProtocolError("the server sent something else where a certificate should come")
        size = header[1]
        extra = size & 0x7F if size & 0x80 else 0
        if extra > 4 or size == 0x80:
            raise MyProxyProtocolError("the server sent a certificate of impossible length")
        if extra:
            digits = self._data[start + 2 : start + 2 + extra]
            if len(digits) < extra:
                return None
            size = int.from_bytes(digits)
        whole = 2 + extra + size
        if whole > MAX_MESSAGE:
            raise MyProxyProtocolError("the server sent a certificate of impossible length")
        return whole if start + whole <= len(self._data) else None
