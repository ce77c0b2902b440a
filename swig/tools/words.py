"""The words of annotations; lib/annotations.swg documents them."""

from __future__ import annotations

import re

FLAGS = {
    "NULLABLE", "CONSUMES", "OWNED", "FREE", "OPENSSL_FREE", "KEEPS", "LASTING", "DURING", "WRITABLE", "TERMINATED",
    "EXTERNAL", "RELEASES", "SHARED", "FOREVER", "BY_ADDRESS", "VIEW", "GIVEN", "HOLDS", "FRAGILE", "LENT",
}  # fmt: skip
LIFETIMES = {"LASTING", "DURING", "ONCE"}
COUNTED = {
    "READ",
    "WRITE",
    "BYTES_OUT",
    "IOVEC",
    "ARRAY",
    "INOUT_ARRAY",
    "OUT_ARRAY",
    "ARRAY_OUT",
    "DEFERRED",
}
ROLES = {
    "IN", "BY_VALUE", "IN_POINTER", "OUT", "INOUT", "DEFERRED", "READ", "WRITE", "LENGTH", "BYTES_OUT", "IOVEC", "ARRAY",
    "CALL", "CALL_ARG", "NOTHING", "OUT_ARRAY", "INOUT_ARRAY", "ARRAY_OUT", "CHARS_OUT", "SILENT",
}  # fmt: skip


def given(key: str, words: list[str]) -> str | None:
    """The last `value` of the words key=value."""
    return next((w.split("=", 1)[1] for w in reversed(words) if w.startswith(f"{key}=")), None)


def role_of_lifetime(words: list[str]) -> bool:
    return bool(LIFETIMES & set(words))


def borrows(function: str, words: list[str]) -> bool:
    if "BORROWED" in words:
        return True
    return "OWNED" not in words and bool(
        re.search(r"_(get|lookup|query|peek|find|first|search)_?", function, re.IGNORECASE)
    )
