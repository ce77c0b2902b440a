"""The stub of a module, <module>.pyi: what type checkers, editors and the manual know of it."""

from __future__ import annotations

import re
import textwrap

from annotations import Annotations
from classify import Classifier
from constants import Constant
from document import Documenter
from headers import Function
from model import CType, Signature
from python_types import OUTPUTS, Namer, is_control, is_named_callback, safe, signature_text

HEADING = "# Generated with the module from {source}: do not edit."
#: Where the names that a stub may use come from.
SOURCES = {
    "collections.abc": ("Callable", "Iterable", "Sequence"),
    "typing": ("IO", "Any", "Final", "Never", "TypeAlias", "final"),
    "typing_extensions": ("Buffer",),
    "._errors": ("GlobusError",),
    ".typing": (
        "OID", "Arguments", "CObject", "Certificate", "ChannelBindings", "Deferred", "Digest", "Identifier", "Name",
        "PrivateKey", "SocketAddress", "Text",
    ),
}  # fmt: skip
CONSTANTS = {"integer": "int", "float": "float", "string": "str"}


class StubWriter:
    def __init__(self, notes: Annotations, classifier: Classifier, documenter: Documenter,
                 functions: list[tuple[Function, Signature]], constants: list[Constant]):  # fmt: skip
        self.notes, self.classifier, self.documenter = notes, classifier, documenter
        self.functions, self.constants = functions, constants
        self.namer = Namer(notes.module)

    def text(self) -> str:
        body = "\n".join([*self.types(), *self.constant_lines(), *self.function_lines()]) + "\n"
        return "\n".join(
            [HEADING.format(source=f"swig/{self.notes.module}.i"), *self.imports(body), "", body]
        )

    def imports(self, body: str) -> list[str]:
        used = set(re.findall(r"\w+", re.sub(r'"""[\s\S]*?"""', "", body)))
        lines = [f"import {name}" for name in ("enum", "time") if re.search(rf"\b{name}\.", body)]
        for source, names in SOURCES.items():
            wanted = [name for name in names if name in used]
            if wanted:
                lines.append(f"from {source} import {', '.join(wanted)}")
        others = {t.owner for t in self.classifier.types.values() if t.owner} - {self.notes.module}
        lines += [f"from . import {name}" for name in sorted(others) if re.search(rf"\b{name}\.", body)]
        return lines

    # ---- types ---------------------------------------------------------------------------------------------------

    def types(self) -> list[str]:
        lines: list[str] = []
        for ctype in self.classifier.types.values():
            if ctype.owner not in ("", self.notes.module):
                continue
            if ctype.kind == "ENUM":
                lines += self.enum(ctype)
            elif ctype.kind in ("BOX", "HANDLE"):
                lines += self.object(ctype)
            elif is_named_callback(ctype):
                lines.append(f"{ctype.name}: TypeAlias = {self.namer.callable(ctype)}")
        return lines + [f"{name}: TypeAlias = {self.namer.named(t)}" for name, t in self.classifier.aliases()]

    def enum(self, ctype: CType) -> list[str]:
        if " " in ctype.name:  # C gives it no name
            return [f"{name}: Final[int]" for name, _ in ctype.enumerators]
        if not ctype.enumerators:
            return []
        members = [f"    {name} = {value}" for name, value in ctype.enumerators]
        outside = [f"{name}: Final = {ctype.name}.{name}" for name, _ in ctype.enumerators]
        return [
            f"class {ctype.name}(enum.{'IntFlag' if ctype.flags else 'IntEnum'}):",
            *members,
            "",
            *outside,
            "",
        ]

    def object(self, ctype: CType) -> list[str]:
        handle = self.notes.handles.get(ctype.name)
        makeable = (ctype.plain and not handle) or ctype.name in self.notes.makeable
        lines = ["@final", f"class {ctype.name}(CObject):"]
        if origin := self.origin(ctype):
            lines.append(f'    """{origin}"""')
        if makeable:
            lines += self.constructor(ctype)
        for name, slot in ctype.fields:
            text = self.namer.field(slot)
            malloced = ctype.name in self.notes.malloced
            given = self.namer.field_input(slot, malloced=malloced) if makeable or ctype.within else None
            name = safe(name)
            lines += ["    @property", f"    def {name}(self) -> {text}: ..."]
            if given:
                lines += [f"    @{name}.setter", f"    def {name}(self, value: {given}, /) -> None: ..."]
        return [*lines, ""] if len(lines) > 2 else ["@final", f"{lines[1]} ...", ""]

    def origin(self, ctype: CType) -> str:
        """Where an object of this type comes from, and where it ends."""
        makers = [s.name for _, s in self.functions if makes(s, ctype)]
        enders = [
            s.name
            for _, s in self.functions
            if any(p.type is ctype and "CONSUMES" in p.flags for p in s.slots)
        ]
        made = f"Made by {', '.join(f'{name}()' for name in makers)}." if makers else ""
        ended = f"Destroyed by {', '.join(f'{name}()' for name in enders)}." if enders else ""
        return f"{made} {ended}".strip()

    def constructor(self, ctype: CType) -> list[str]:
        malloced = ctype.name in self.notes.malloced
        given = [
            (name, self.namer.field_input(slot, malloced=malloced))
            for name, slot in ctype.fields
            if slot.role != "BY_VALUE"
        ]
        words = "".join(f", {safe(name)}: {text} = ..." for name, text in given if text)
        return [f"    def __new__(cls{', *' + words if words else ''}) -> {ctype.name}: ..."]

    # ---- constants -------------------------------------------------------------------------------------------------

    def constant_lines(self) -> list[str]:
        lines = []
        for constant in self.constants:
            if constant.kind in CONSTANTS:
                lines.append(f"{constant.name}: Final[{CONSTANTS[constant.kind]}]")
            elif constant.kind == "null":
                out = self.namer.out_of(self.classifier.type(constant.type))
                lines.append(f"{constant.name}: Final[{out if out.startswith('list') else 'None'}]")
            elif constant.kind == "alias":
                continue  # of a function, behind all functions
            elif self.classifier.type(constant.type).kind in ("BOX", "HANDLE", "CUSTOM"):
                lines.append(
                    f"{constant.name}: Final[{self.namer.out_of(self.classifier.type(constant.type))}]"
                )
        return lines

    # ---- functions --------------------------------------------------------------------------------------------------

    def function_lines(self) -> list[str]:
        lines = []
        for function, signature in self.functions:
            if function.header in self.notes.commands:
                continue
            text = signature_text(signature, self.namer, control=is_control(self.notes, function))
            body = self.documenter.body(function, signature).partition("\n\n")[2].replace("\\", "\\\\")
            lines.append(f"def {text}:\n{textwrap.indent(quoted(body), '    ')}\n")
        lines += [f"{c.name} = {c.value}" for c in self.constants if c.kind == "alias"]
        return lines


def makes(signature: Signature, ctype: CType) -> bool:
    """Whether Python owns an object of this type after the call."""
    results = [s for s in [signature.result, *signature.slots] if s.type is ctype and "OWNED" in s.flags]
    return any(s is signature.result or (s.role in OUTPUTS and s.role != "INOUT") for s in results)


def quoted(text: str) -> str:
    """As a docstring."""
    text = text.replace('"""', "'''")
    return f'"""{text}\n"""' if "\n" in text or text.endswith('"') else f'"""{text}"""'
