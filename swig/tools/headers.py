"""Reads C headers with libclang: functions, callback types, structs, enums, macros and their comments."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from clang import cindex
from clang.cindex import CursorKind, TypeKind

ALIASES = (TypeKind.TYPEDEF, TypeKind.ELABORATED)
OURS, ADAPTER = "gl_", "gl_adapt_"


@dataclass
class Parameter:
    name: str
    type: cindex.Type


@dataclass
class Function:
    name: str
    result: cindex.Type
    parameters: list[Parameter]
    variadic: bool
    header: str
    comment: str
    prototype: str
    adapter: str = ""  # the function that is called in its place


@dataclass
class Macro:
    name: str
    tokens: list[str]
    header: str


@dataclass
class Headers:
    """What the headers `names` themselves declare, in their order."""

    names: list[str]
    include_directories: list[str]
    prelude: list[str] = field(default_factory=list)

    @cached_property
    def compiler_includes(self) -> str:
        """libclang brings no stddef.h of its own: the C compiler's serves."""
        return subprocess.run(
            ["cc", "-print-file-name=include"], check=True, capture_output=True, text=True
        ).stdout.strip()

    @property
    def source(self) -> str:
        return "".join(f'#include "{name}"\n' for name in [*self.prelude, *self.names])

    @property
    def arguments(self) -> list[str]:
        return [
            "-std=gnu11",
            "-D_GNU_SOURCE",
            "-ferror-limit=0",
            "-isystem",
            self.compiler_includes,
            *(f"-I{d}" for d in self.include_directories),
        ]

    def parse(self, text: str, *, macros: bool = False) -> cindex.TranslationUnit:
        options = cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD if macros else 0
        return cindex.Index.create().parse(
            "binding.c", args=self.arguments, unsaved_files=[("binding.c", text)], options=options
        )

    @cached_property
    def unit(self) -> cindex.TranslationUnit:
        unit = self.parse(self.source, macros=True)
        errors = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if errors:
            raise SystemExit("\n".join(f"{d.location.file}:{d.location.line}: {d.spelling}" for d in errors))
        return unit

    def own(self, cursor: cindex.Cursor) -> str | None:
        """The name of the header that declares `cursor`, if it is one of ours."""
        file = cursor.location.file
        if file is None:
            return None
        name = Path(file.name).name
        return name if name in self.names else None

    @cached_property
    def top_level(self) -> list[cindex.Cursor]:
        return [c for c in self.unit.cursor.get_children() if self.own(c)]

    @cached_property
    def functions(self) -> dict[str, Function]:
        found: dict[str, Function] = {}
        for cursor in self.top_level:
            if cursor.kind == CursorKind.FUNCTION_DECL and cursor.spelling not in found:
                found[cursor.spelling] = make_function(cursor, self.own(cursor) or "")
            elif cursor.kind == CursorKind.FUNCTION_DECL and cursor.raw_comment:
                found[cursor.spelling].comment = cursor.raw_comment
        return adapted(found)

    @cached_property
    def variables(self) -> list[cindex.Cursor]:
        """Variables that the library exports."""
        return [c for c in self.top_level if c.kind == CursorKind.VAR_DECL and not c.is_definition()]

    @cached_property
    def typedefs(self) -> dict[str, str]:
        """The name by which C users know a struct or enum: its typedef, by its tag."""
        found: dict[str, str] = {}
        for cursor in self.unit.cursor.get_children():
            if cursor.kind != CursorKind.TYPEDEF_DECL:
                continue
            canonical = cursor.underlying_typedef_type.get_canonical()
            if canonical.kind in (TypeKind.RECORD, TypeKind.ENUM):
                found.setdefault(re.sub(r"^(struct|union|enum) ", "", canonical.spelling), cursor.spelling)
        return found

    @cached_property
    def typedef_headers(self) -> dict[str, str]:
        """The name of the header that declares each typedef."""
        found: dict[str, str] = {}
        for cursor in self.unit.cursor.get_children():
            if cursor.kind == CursorKind.TYPEDEF_DECL and cursor.location.file:
                found.setdefault(cursor.spelling, Path(cursor.location.file.name).name)
        return found

    @cached_property
    def macros(self) -> list[Macro]:
        found = {}
        for cursor in self.unit.cursor.get_children():
            if cursor.kind != CursorKind.MACRO_DEFINITION or not self.own(cursor):
                continue
            tokens = [t.spelling for t in cursor.get_tokens()]
            function_like = len(tokens) > 1 and tokens[1] == "(" and is_adjacent(cursor)
            if not function_like:
                found[cursor.spelling] = Macro(cursor.spelling, tokens[1:], self.own(cursor) or "")
        return list(found.values())

    @cached_property
    def files(self) -> list[str]:
        return sorted({str(i.include) for i in self.unit.get_includes()})


def adapted(functions: dict[str, Function]) -> dict[str, Function]:
    """gl_adapt_<name> takes the place of <name>; whatever else is ours is no function of the library.

    A control command is described by its own arguments only: the adapter gets three more before them.
    """
    found = {name: function for name, function in functions.items() if not name.startswith(OURS)}
    for symbol, adapter in functions.items():
        if symbol.startswith(ADAPTER):
            original = found[symbol.removeprefix(ADAPTER)]
            original.parameters, original.result, original.adapter = (
                adapter.parameters[3 if is_command(original.name) else 0 :],
                adapter.result,
                symbol,
            )
            original.variadic = adapter.variadic
    return found


def is_command(name: str) -> bool:
    """<targets>__<driver>__<command>, of the header that %commands names."""
    return name.count("__") == 2 and not name.startswith("_")


def is_adjacent(cursor: cindex.Cursor) -> bool:
    name, parenthesis = list(cursor.get_tokens())[:2]
    return bool(name.extent.end.offset == parenthesis.extent.start.offset)


def make_function(cursor: cindex.Cursor, header: str) -> Function:
    arguments = list(cursor.get_arguments())
    comments = [] if all(p.spelling for p in arguments) else commented_names(cursor)
    comments += [""] * (len(arguments) - len(comments))
    parameters = [
        Parameter(p.spelling or comments[i] or f"argument{i + 1}", p.type) for i, p in enumerate(arguments)
    ]
    variadic = cursor.type.kind == TypeKind.FUNCTIONPROTO and cursor.type.is_function_variadic()
    words = ", ".join(declare(p.type, p.name) for p in parameters) + (", ..." if variadic else "")
    prototype = f"{declare(cursor.result_type, cursor.spelling)}({words or 'void'})"
    return Function(
        cursor.spelling, cursor.result_type, parameters, variadic, header,
        cursor.raw_comment or "", prototype,
    )  # fmt: skip


def commented_names(cursor: cindex.Cursor) -> list[str]:
    """Names of parameters that only a comment behind each of them tells, as in gssapi.h."""
    text = Path(cursor.location.file.name).read_bytes()[cursor.extent.start.offset :]
    prototype = re.match(r"[^;]*;[^\n]*", text.decode(errors="replace"))
    comments = re.findall(r"/\*\s*(.*?)\s*\*/", prototype.group() if prototype else "", re.DOTALL)
    return [re.sub(r"\W+", "_", re.split(r" as | to be | returned ", c)[0]) for c in comments]


def declare(type_: cindex.Type, name: str) -> str:
    return named(type_.spelling, name)


def named(spelling: str, name: str) -> str:
    """The declaration of `name` as a `spelling`."""
    if "(*" in spelling:
        return re.sub(r"\((\*+)\)", rf"(\1{name})", spelling, count=1)
    if match := re.search(r"(\[[^\]]*\])+$", spelling):
        return f"{spelling[: match.start()].rstrip()} {name}{match.group()}"
    return f"{spelling}{name}" if spelling.endswith("*") else f"{spelling} {name}"


def callback_parameters(declaration: cindex.Cursor, prototype: cindex.Type) -> list[Parameter]:
    """Names and types of a function-pointer typedef's parameters, the types as the header spells them."""
    declared = [c for c in declaration.get_children() if c.kind == CursorKind.PARM_DECL]
    types = (
        list(prototype.argument_types()) if prototype.get_canonical().kind == TypeKind.FUNCTIONPROTO else []
    )
    if len(declared) == len(types):
        return [Parameter(c.spelling or f"argument{i + 1}", c.type) for i, c in enumerate(declared)]
    return [Parameter(f"argument{i + 1}", t) for i, t in enumerate(types)]
