"""Distinguished names as text in the form of RFC 2253: ``CN=Test User,O=Grid``."""

from __future__ import annotations

from . import der
from .name_hash import string_value

__all__ = ["rfc2253"]

_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}


def rfc2253(name: bytes) -> str:
    """A name (DER) as RFC 2253 writes it, the last part first.

    Raises:
        ValueError: it is no name.
    """
    parts = der.children(der.parse(name, der.SEQUENCE))
    return ",".join(
        "+".join(_attribute(attribute) for attribute in der.children(part)) for part in reversed(parts)
    )


def _attribute(attribute: der.Element) -> str:
    kind, value = der.children(attribute)
    identifier = der.oid(kind)
    text = string_value(value)
    if text is None or identifier not in _ATTRIBUTES:
        return f"{_ATTRIBUTES.get(identifier, identifier)}=#{value.encoded.hex().upper()}"
    return f"{_ATTRIBUTES[identifier]}={_escape(text)}"


def _escape(text: str) -> str:
    escaped = "".join(f"\\{c}" if c in ',+"\\<>;' else c for c in text)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    if text.endswith(" ") and len(text) > 1:
        escaped = escaped[:-1] + "\\ "
    return escaped
