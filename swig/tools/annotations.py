"""Reads the annotations of a SWIG interface file: what the C types do not say.

Each is a call of a SWIG macro of lib/annotations.swg that SWIG expands to nothing. lib/annotations.swg documents them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

DIRECTIVE = re.compile(r"^%(\w+)\((.*?)\)\s*(?://.*)?$", re.MULTILINE)
INCLUDE = re.compile(r'^%include\s+[<"]([\w./]+)[">]', re.MULTILINE)


@dataclass
class Handle:
    type: str
    destroy: str
    by_address: bool


@dataclass
class Callback:
    type: str
    words: list[str]


@dataclass
class Annotations:
    module: str
    headers: list[str] = field(default_factory=list)
    prelude: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    adapters: list[str] = field(default_factory=list)
    needs: str | None = None
    handles: dict[str, Handle] = field(default_factory=dict)
    customs: dict[str, str] = field(default_factory=dict)
    callbacks: list[Callback] = field(default_factory=list)
    nullable: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)
    anytime: set[str] = field(default_factory=set)
    makeable: set[str] = field(default_factory=set)
    malloced: set[str] = field(default_factory=set)
    failure: str | None = None
    variables: set[str] = field(default_factory=set)
    slots: dict[str, str] = field(default_factory=dict)
    checks: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    parameters: list[tuple[str, str, list[str]]] = field(default_factory=list)
    fields: list[tuple[str, str, list[str]]] = field(default_factory=list)
    results: list[tuple[str, list[str]]] = field(default_factory=list)
    functions: list[tuple[str, list[str]]] = field(default_factory=list)

    def parameter_words(self, function: str, name: str, position: int, type_: str = "") -> list[str]:
        """The words of a parameter; later annotations are stronger."""
        return collect(
            given
            for pattern, parameter, given in self.parameters
            if fnmatchcase(function, pattern)
            and (fnmatchcase(name, parameter) or parameter in (f"#{position}", type_))
        )

    def field_words(self, type_: str, name: str) -> list[str]:
        """The words of a struct's member; later annotations are stronger. {NAME} stands for the member's name."""
        words: list[str] = []
        for pattern, member, given in self.fields:
            if fnmatchcase(type_, pattern) and fnmatchcase(name, member):
                words = [*words, *(w.replace("{NAME}", name.upper()) for w in given)]
        return words

    def result_words(self, function: str) -> list[str]:
        return collect(given for pattern, given in self.results if fnmatchcase(function, pattern))

    def function_words(self, function: str) -> list[str]:
        return collect(given for pattern, given in self.functions if fnmatchcase(function, pattern))

    def descriptor(self, function: str) -> str | None:
        """The module that must be active for a function."""
        named = [w.removeprefix("NEEDS=") for w in self.function_words(function) if w.startswith("NEEDS=")]
        return named[-1] if named else self.needs

    def known_faults(self, function: str) -> list[str]:
        return [text for pattern, text in self.faults if fnmatchcase(function, pattern)]

    def callback_words(self, name: str) -> list[str]:
        return [w for c in self.callbacks if fnmatchcase(name, c.type) for w in c.words]


def collect(annotations: Iterable[list[str]]) -> list[str]:
    """All words in order; !WORD takes an earlier one back."""
    words: list[str] = []
    for given in annotations:
        taken = {w[1:] for w in given if w.startswith("!")}
        words = [w for w in words if w not in taken] + [w for w in given if not w.startswith("!")]
    return words


def split(text: str) -> list[str]:
    """Splits at top-level commas."""
    parts, depth, current = [], 0, ""
    for character in text:
        depth += character in "([{"
        depth -= character in ")]}"
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()] if current.strip() or parts else []


def read(interface: Path, vocabulary: Path) -> Annotations:
    """Reads `interface`, and the vocabulary's lib/types.swg for what holds in all modules."""
    text = interface.read_text()
    annotations = Annotations(interface.stem)
    for name in INCLUDE.findall(text):
        if name.endswith(".h"):
            annotations.headers.append(Path(name).name)
    apply(annotations, (vocabulary / "lib" / "types.swg").read_text())
    apply(annotations, text)
    return annotations


def apply(annotations: Annotations, text: str) -> None:
    for name, arguments in DIRECTIVE.findall(re.sub(r"\\\n", " ", text)):
        words = split(arguments)
        match name:
            case "needs" | "failure":
                setattr(annotations, name, words[0])
            case "prelude" | "commands" | "adapters":
                getattr(annotations, name).extend(w.strip('"') for w in words)
            case "handle" | "handle_by_address":
                destroy = ", ".join(words[1:])
                annotations.handles[words[0]] = Handle(words[0], destroy, name == "handle_by_address")
            case "custom":
                annotations.customs[words[0]] = words[1]
            case "callback_type":
                annotations.callbacks.append(Callback(words[0], words[1:]))
            case "nullable" | "opaque" | "flags" | "anytime" | "makeable" | "malloced" | "variables":
                getattr(annotations, name).update(words)
            case "slots" | "checks":
                getattr(annotations, name)[words[0]] = words[1]
            case "owner":
                annotations.owners.update(dict.fromkeys(words[1:], words[0]))
            case "skip":
                annotations.skipped[words[0]] = words[1].strip('"')
            case "fault":
                said = " ".join(", ".join(words[1:]).strip('"').split())
                annotations.faults.append((words[0], said))
            case "param":
                annotations.parameters.append((words[0], words[1], words[2:]))
            case "field":
                annotations.fields.append((words[0], words[1], words[2:]))
            case "returns":
                annotations.results.append((words[0], words[1:]))
            case "function":
                annotations.functions.append((words[0], words[1:]))
