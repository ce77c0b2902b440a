"""Types as libclang has them: their spelling, and what is below their typedefs."""

from __future__ import annotations

import re

from clang import cindex
from clang.cindex import TypeKind

from headers import ALIASES


def strip(type_: cindex.Type) -> str:
    """The spelling without qualifiers: the name of a typedef or struct."""
    return re.sub(r"\b(const|volatile|struct|union|enum|register|restrict)\b", "", type_.spelling).strip()


def desugar(type_: cindex.Type) -> cindex.Type:
    """One typedef layer less."""
    if type_.kind == TypeKind.TYPEDEF:
        return type_.get_declaration().underlying_typedef_type
    if type_.kind == TypeKind.ELABORATED:
        return type_.get_named_type()
    return type_


def layers(type_: cindex.Type) -> list[cindex.Type]:
    found = [type_]
    if type_.kind == TypeKind.AUTO:  # what a macro expands to
        found.append(type_.get_canonical())
    while (inner := desugar(found[-1])) != found[-1] and found[-1].kind in ALIASES:
        found.append(inner)
    return found


def pointer(type_: cindex.Type) -> cindex.Type | None:
    """The type that `type_` points to, if its own spelling says so (not through a typedef)."""
    if type_.kind == TypeKind.POINTER:
        return type_.get_pointee()
    if type_.kind in (TypeKind.INCOMPLETEARRAY, TypeKind.CONSTANTARRAY, TypeKind.VARIABLEARRAY):
        return type_.element_type
    return None


def is_va_list(type_: cindex.Type) -> bool:
    return strip(type_) == "va_list" or "__va_list_tag" in type_.get_canonical().spelling.split("(")[0]
