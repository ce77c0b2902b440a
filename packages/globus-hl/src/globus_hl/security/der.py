"""The little of DER (ITU-T X.690) that it takes to read a certificate's fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Element", "children", "elements", "encode", "integer", "length", "oid", "parse", "time"]

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31


class Element(NamedTuple):
    """One encoded value: its tag (a single byte), its contents, and the whole of it."""

    tag: int
    contents: bytes
    encoded: bytes


def length(data: bytes) -> int | None:
    """How many bytes the value that begins there takes, or None if not even its header is there.

    Raises:
        ValueError: it is not DER.
    """
    if len(data) < 2:
        return None
    size, header = data[1], 2
    if size >= 0x80:
        count = size & 0x7F
        if not 0 < count <= 4:
            raise ValueError("DER length is not of this world")
        if len(data) < 2 + count:
            return None
        size, header = int.from_bytes(data[2 : 2 + count]), 2 + count
    return header + size


def elements(data: bytes) -> Iterator[Element]:
    """The values that follow each other in `data`.

    Raises:
        ValueError: it is not DER.
    """
    start = 0
    while start < len(data):
        header = data[start : start + 6]
        size = length(header)
        if size is None or start + size > len(data):
            raise ValueError("DER ends within a value")
        contents = start + 2 + (header[1] & 0x7F if header[1] >= 0x80 else 0)
        yield Element(data[start], data[contents : start + size], data[start : start + size])
        start += size


def parse(data: bytes, tag: int | None = None) -> Element:
    """The one value that `data` is, of that tag if one is given.

    Raises:
        ValueError: it is not DER, more than one value, or another one.
    """
    found = list(elements(data))
    if len(found) != 1 or (tag is not None and found[0].tag != tag):
        raise ValueError("not the DER value that belongs here")
    return found[0]


def children(element: Element) -> list[Element]:
    """The values inside a constructed value."""
    return list(elements(element.contents))


def integer(element: Element) -> int:
    """The number that an INTEGER is."""
    if element.tag != INTEGER or not element.contents:
        raise ValueError("not a DER INTEGER")
    return int.from_bytes(element.contents, signed=True)


def oid(element: Element) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    if element.tag != OID or not element.contents or element.contents[-1] & 0x80:
        raise ValueError("not a DER OBJECT IDENTIFIER")
    numbers, number = [], 0
    for byte in element.contents:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(n) for n in (first, numbers[0] - 40 * first, *numbers[1:]))


def time(element: Element) -> dt.datetime:
    """The moment that a UTCTime or GeneralizedTime of RFC 5280 (section 4.1.2.5) is."""
    forms = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}
    if element.tag not in forms:
        raise ValueError("not a DER time")
    moment = dt.datetime.strptime(element.contents.decode("ascii"), forms[element.tag]).replace(tzinfo=dt.UTC)
    if element.tag == UTC_TIME and moment.year >= 2050:
        moment = moment.replace(year=moment.year - 100)
    return moment


def encode(tag: int, contents: bytes) -> bytes:
    """A value in DER form."""
    count = len(contents)
    if count < 0x80:
        return bytes((tag, count)) + contents
    size = count.to_bytes((count.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + contents
