"""OID: what a gss_OID, an ASN1_OBJECT and OpenSSL's numeric identifiers are in Python."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without loading that module
if TYPE_CHECKING:
    from typing import Self


class OID:
    """An object identifier.

    `str()` is the dotted form. Two are equal if they name the same object; they can be dictionary keys. Where C wants
    an identifier, the dotted string does as well.

    Args:
        value: the dotted form, such as "1.2.840.113554.1.2.1.4".

    Raises:
        ValueError: `value` is no object identifier.

    Example:
        >>> OID("1.3.6.1.5.6.4").elements
        b'+\\x06\\x01\\x05\\x06\\x04'
    """

    __slots__ = ("elements",)

    #: The contents of the DER encoding, without tag and length: gss_OID_desc.elements.
    elements: bytes

    def __new__(cls, value: str | OID) -> Self:
        return cls._from_elements(value.elements if isinstance(value, OID) else _encode(value))

    @classmethod
    def _from_elements(cls, elements: bytes) -> Self:
        self = object.__new__(cls)
        object.__setattr__(self, "elements", bytes(elements))
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an OID does not change")

    def __str__(self) -> str:
        return _decode(self.elements)

    def __repr__(self) -> str:
        return f"OID({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return self.elements == other.elements if isinstance(other, OID) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.elements)

    def __reduce__(self) -> tuple[object, ...]:
        return OID._from_elements, (self.elements,)


def _encode(text: str) -> bytes:
    """X.690, section 8.19."""
    parts = text.split(".")
    if len(parts) < 2 or not all(p.isascii() and p.isdigit() for p in parts):
        raise ValueError(f"not an object identifier in dotted form: {text!r}")
    first, second, *rest = map(int, parts)
    if first > 2 or (first < 2 and second > 39):
        raise ValueError(f"no object identifier begins with {first}.{second}")
    return b"".join(map(_base128, [first * 40 + second, *rest]))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def _decode(elements: bytes) -> str:
    numbers, number = [], 0
    for byte in elements:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - first * 40, *numbers[1:]]))
