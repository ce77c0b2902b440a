"""The hash of a distinguished name by which the files of a trust directory are named: OpenSSL's ``X509_NAME_hash``."""

from __future__ import annotations

import hashlib

from . import der

__all__ = ["name_hash", "string_value"]

# How the characters of each kind of ASN.1 string are encoded.
_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # T61String, as everybody reads it
    0x16: "latin-1",  # IA5String
    0x1A: "latin-1",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
_UTF8_STRING = 0x0C
_BLANKS = " \t\n\v\f\r"


def name_hash(name: bytes) -> str:
    """The hash of a name (DER), in eight hexadecimal digits.

    It is that of the name's canonical form: UTF-8, small letters (ASCII only), each run of blanks a single one, none at
    the ends; and without the outermost header.

    Raises:
        ValueError: it is no name.
    """
    parts = der.children(der.parse(name, der.SEQUENCE))
    canonical = b"".join(der.encode(der.SET, _attributes(part)) for part in parts)
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _attributes(part: der.Element) -> bytes:
    return b"".join(sorted(_attribute(attribute) for attribute in der.children(part)))


def string_value(value: der.Element) -> str | None:
    """The text of a value of a name, or None if it is no string."""
    return value.contents.decode(_ENCODINGS[value.tag]) if value.tag in _ENCODINGS else None


def _attribute(attribute: der.Element) -> bytes:
    kind, value = der.children(attribute)
    text = string_value(value)
    if text is None:
        return attribute.encoded
    words = "".join(" " if c in _BLANKS else c for c in text).split(" ")
    small = " ".join(word for word in words if word).translate(_SMALL)
    return der.encode(der.SEQUENCE, kind.encoded + der.encode(_UTF8_STRING, small.encode()))


_SMALL = {ord(c): ord(c.lower()) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
