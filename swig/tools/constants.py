"""Finds out what the object-like macros of the headers are: numbers, strings, addresses, aliases of functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clang import cindex
from clang.cindex import CursorKind, TypeKind

from clang_types import strip
from headers import Headers

INTEGERS = {
    TypeKind.BOOL, TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.UCHAR, TypeKind.SHORT, TypeKind.USHORT, TypeKind.INT,
    TypeKind.UINT, TypeKind.LONG, TypeKind.ULONG, TypeKind.LONGLONG, TypeKind.ULONGLONG, TypeKind.ENUM,
}  # fmt: skip


@dataclass
class Constant:
    name: str
    kind: str  # integer, float, string, module, address, null, alias, variable
    type: cindex.Type | None = None
    value: str = ""


def is_candidate(tokens: list[str]) -> bool:
    """Not a piece of code: no statement, declaration or assignment."""
    code = {
        "{",
        "}",
        ";",
        "=",
        "do",
        "static",
        "extern",
        "return",
        "if",
        "typedef",
        "#",
        "##",
        "__func__",
        "__FILE__",
    }
    return bool(tokens) and not code & set(tokens)


def find(headers: Headers) -> list[Constant]:
    macros = [m for m in headers.macros if is_candidate(m.tokens)]
    aliases = [
        Constant(m.name, "alias", value=m.tokens[0])
        for m in macros
        if len(m.tokens) == 1 and m.tokens[0] in headers.functions
    ]
    named = {a.name for a in aliases}
    rest = [m.name for m in macros if m.name not in named]
    probe = headers.source + "".join(f"__auto_type gl_probe_{name} = ({name});\n" for name in rest)
    unit = headers.parse(probe)
    offset = headers.source.count("\n")
    bad = {d.location.line - offset - 1 for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error}
    for diagnostic in unit.diagnostics:
        for child in diagnostic.children:
            bad.add(child.location.line - offset - 1)
    types = {
        c.spelling.removeprefix("gl_probe_"): c.type
        for c in unit.cursor.get_children()
        if c.kind == CursorKind.VAR_DECL and c.spelling.startswith("gl_probe_")
    }
    found = []
    for index, name in enumerate(rest):
        not_constant_only = index in bad
        type_ = types.get(name)
        if type_ is None or (not_constant_only and not is_address(type_)):
            continue
        if constant := describe(name, type_):
            if constant.kind == "address" and is_null(name, {m.name: m.tokens for m in macros}):
                constant.kind = "null"
            if constant.kind != "address" or not is_untyped(type_):
                found.append(constant)
    return aliases + found + [Constant(v.spelling, "variable", v.type) for v in headers.variables]


def is_address(type_: cindex.Type) -> bool:
    """Addresses of exported variables are no constant initialisers, so the probe complains of them."""
    return bool(type_.get_canonical().kind == TypeKind.POINTER)


def is_untyped(type_: cindex.Type) -> bool:
    return bool(type_.get_canonical().get_pointee().kind == TypeKind.VOID)


def is_null(name: str, macros: dict[str, list[str]]) -> bool:
    """Whether a pointer's macro is a cast of 0, or another such macro."""
    tokens = macros.get(name, [])
    return bool({"0", "NULL"} & set(tokens)) or any(is_null(t, macros) for t in tokens if t != name)


def describe(name: str, type_: cindex.Type) -> Constant | None:
    canonical = type_.get_canonical()
    if canonical.kind in INTEGERS:
        return Constant(name, "integer", type_)
    if canonical.kind in (TypeKind.FLOAT, TypeKind.DOUBLE):
        return Constant(name, "float", type_)
    if canonical.kind != TypeKind.POINTER:
        return None
    target = canonical.get_pointee()
    if target.kind == TypeKind.CHAR_S:
        return Constant(name, "string", type_)
    if re.search(r"globus_module_descriptor_(t|s)", strip(target)):
        return Constant(name, "module", type_)
    if target.kind in (TypeKind.RECORD, TypeKind.VOID):
        return Constant(name, "address", type_)
    return None
