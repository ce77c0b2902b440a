"""PEM text (RFC 7468): which blocks a file has, and certificates and keys as such blocks."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

__all__ = ["Block", "blocks", "encode"]

_BLOCK = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]+)-----[ \t]*\r?\n(?P<body>.*?)-----END (?P=label)-----", re.DOTALL
)
_HEADERS = re.compile(rb"\A(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\s*\n?")
_CERTIFICATES = {"CERTIFICATE", "X509 CERTIFICATE"}


class Block(NamedTuple):
    """One block: its label, such as ``CERTIFICATE``, and all of its text."""

    label: str
    text: bytes
    headers: bytes
    body: bytes

    @property
    def is_certificate(self) -> bool:
        return self.label in _CERTIFICATES

    @property
    def is_private_key(self) -> bool:
        return self.label.endswith("PRIVATE KEY")

    @property
    def is_encrypted(self) -> bool:
        """Whether a private key needs a passphrase."""
        return self.label.startswith("ENCRYPTED") or b"ENCRYPTED" in self.headers

    @property
    def der(self) -> bytes:
        """What the block encodes.

        Raises:
            ValueError: it is not base64.
        """
        try:
            return base64.b64decode(b"".join(self.body.split()), validate=True)
        except binascii.Error as error:
            raise ValueError(f"a {self.label} block is damaged: {error}") from None


def blocks(data: bytes) -> list[Block]:
    """The PEM blocks of `data`, in their order; text around them does not matter."""
    found = []
    for match in _BLOCK.finditer(data):
        body = match["body"]
        headers = _HEADERS.match(body)
        start = headers.end() if headers else 0
        found.append(Block(match["label"].decode(), match[0] + b"\n", body[:start], body[start:]))
    return found


def encode(label: str, der: bytes) -> bytes:
    """A PEM block of that label."""
    text = base64.b64encode(der)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return b"\n".join((f"-----BEGIN {label}-----".encode(), *lines, f"-----END {label}-----".encode(), b""))
