"""What the documentation of a function says of its parameters and results."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any


def split(text: str, separator: str) -> list[str]:
    """Splits where no bracket is open."""
    parts, depth, current = [], 0, ""
    for character in text:
        depth += {"[": 1, "]": -1, "(": 1, ")": -1}.get(character, 0)
        if character == separator and not depth:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [part for part in [*parts, current.strip()] if part]


# Words of annotations that are no types of C (globus_lowlevel.typing).
WORDS = {
    "int", "bool", "float", "str", "bytes", "Text", "Buffer", "Any", "None", "BaseException", "GlobusError", "Callable",
    "Sequence", "list", "tuple", "set", "dict", "Iterable", "OID", "Identifier", "object",
}  # fmt: skip
LOOSE = {
    "Certificate",
    "Name",
    "PrivateKey",
    "ChannelBindings",
    "Digest",
    "IO",
    "SocketAddress",
    "Never",
    "Identifier",
    "OID",
}


def qualified(module: str, option: str) -> str:
    """The name of a C type with its module before it, "Callable" for the type of a callback, another word as it is."""
    owner, _, name = option.rpartition(".")
    if (
        not re.fullmatch(r"\w+", name)
        or not re.fullmatch(r"\w*", owner)
        or owner in ("time", "os")
        or name in WORDS | LOOSE
    ):
        return option
    known = getattr(importlib.import_module(f"globus_lowlevel.{owner or module}"), name, None)
    return "Callable" if known is Callable else f"{owner or module}.{name}"


class Function:
    """A C function, as the first line of its documentation describes it."""

    def __init__(self, module: str, name: str, call: Callable[..., Any]) -> None:
        self.module, self.name, self.call = module, name, call
        documentation = call.__doc__ or ""
        first = " ".join(documentation.strip().partition("\n\n")[0].split())
        self.parameters: list[tuple[str, list[str]]] = []
        for word in split(first[first.index("(") + 1 : first.rindex(") ->")], ","):
            parameter, _, type_ = word.partition(":")
            if parameter == "/" or parameter.startswith("*"):
                continue
            self.parameters.append((parameter, [self.qualified(option) for option in split(type_, "|")]))
        self.variadic = "*arguments" in first
        self.returns = first[first.rindex(") ->") + 4 :].strip()
        self.closes = [
            i
            for i, (parameter, _) in enumerate(self.parameters)
            if re.search(
                rf"^    {parameter}: (?:[^\n]|\n        )*Closed by this call\.", documentation, re.MULTILINE
            )
        ]

    def qualified(self, option: str) -> str:
        """Names of types get the module they are in."""
        return qualified(self.module, option)

    def gives(self) -> list[str]:
        """The types of its results."""
        results = (
            self.returns.removeprefix("tuple[").removesuffix("]")
            if self.returns.startswith("tuple[")
            else self.returns
        )
        return [self.qualified(option) for result in split(results, ",") for option in split(result, "|")]


def functions_of(module: str) -> list[Function]:
    namespace = vars(importlib.import_module(f"globus_lowlevel.{module}"))
    builtin = type(len)
    return [
        Function(module, name, value)
        for name, value in sorted(namespace.items())
        if type(value) is builtin and not name.startswith("_") and ") ->" in (value.__doc__ or "")
    ]
