"""Decides what each C type is to Python."""

from __future__ import annotations

import re

from clang import cindex
from clang.cindex import CursorKind, TypeKind

from annotations import Annotations
from clang_types import layers, pointer, strip
from headers import ALIASES, Headers
from model import DATA, POINTER, RESULT, STRING, STRINGS, VOID, CType, Slot, Unknown
from words import given

SIGNED = {
    TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.SHORT, TypeKind.INT, TypeKind.LONG, TypeKind.LONGLONG, TypeKind.WCHAR,
}  # fmt: skip
UNSIGNED = {
    TypeKind.UCHAR,
    TypeKind.USHORT,
    TypeKind.UINT,
    TypeKind.ULONG,
    TypeKind.ULONGLONG,
    TypeKind.CHAR_U,
}
FLOATS = {TypeKind.FLOAT, TypeKind.DOUBLE}


class Types:
    """The types of the headers of a module, each met once."""

    def __init__(self, headers: Headers, notes: Annotations, owners: dict[str, str]):
        self.headers = headers
        self.notes = notes
        self.owners = owners
        self.types: dict[str, CType] = {}
        self.constructing: set[str] = set()

    def owner_of(self, type_: cindex.Type) -> str:
        name = strip(type_)
        if name in self.notes.owners:
            return self.notes.owners[name]
        file = type_.get_declaration().location.file
        header = file.name.rsplit("/", 1)[-1] if file else ""
        return self.owners.get(header, "")

    def is_wanted(self, name: str, type_: cindex.Type) -> bool:
        """Of the exported variables, those that users need: object identifiers, and what %variables names."""
        return self.notes.customs.get(strip(type_)) == "oid" or name in self.notes.variables

    def remember(self, found: CType) -> CType:
        return self.types.setdefault(found.name, found)

    def type(self, type_: cindex.Type) -> CType:
        """What a value of `type_` is."""
        for layer in layers(type_):
            name = strip(layer)
            for known in (name, self.headers.typedefs.get(name, name)):
                if known in self.types:
                    return self.types[known]
                if known in self.notes.customs:
                    return self.custom(known, layer)
                if known in self.notes.handles:
                    return self.handle(known, layer)
            if name == "globus_result_t":
                return self.remember(RESULT)
            if name == "globus_bool_t":
                return self.remember(CType(name, "BOOL", name, "sizeof(int)", signed=True))
        bottom = layers(type_)[-1]
        return self.plain_type(bottom if type_.kind == TypeKind.AUTO else type_, bottom)

    def custom(self, name: str, type_: cindex.Type) -> CType:
        spelled = f"struct {name}" if re.search(rf"struct {name}\b", type_.spelling) else name
        return self.remember(
            CType(name, "CUSTOM", spelled, f"sizeof({spelled})", custom=self.notes.customs[name])
        )

    def custom_value(self, custom: str, type_: cindex.Type) -> CType:
        """A value of `type_` that one annotation alone makes a custom one."""
        return self.remember(
            CType(f"{custom} value", "CUSTOM", type_.spelling, f"sizeof({type_.spelling})", custom=custom)
        )

    def handle(self, name: str, type_: cindex.Type) -> CType:
        handle = self.notes.handles[name]
        record = type_.get_canonical().kind == TypeKind.RECORD
        if record and type_.get_canonical().get_size() < 0:
            return self.remember(
                CType(name, "HANDLE", f"{type_.spelling} *", "sizeof(void *)", owner=self.owner_of(type_))
            )
        by_address = handle.by_address or record
        found = CType(
            name, "BOX" if by_address else "HANDLE", name, f"sizeof({name})" if by_address else "sizeof(void *)",
            owner=self.owner_of(type_),
        )  # fmt: skip
        self.remember(found)
        if by_address and type_.get_canonical().kind == TypeKind.RECORD and name not in self.notes.opaque:
            found.fields = self.fields(found, type_.get_canonical())
        return found

    def named(self, name: str) -> CType:
        """The handle type `name`, where C says void *."""
        if name not in self.notes.handles:
            raise Unknown(f"TYPE={name} names no handle")
        return self.remember(
            CType(name, "HANDLE", name, "sizeof(void *)", owner=self.notes.owners.get(name, ""))
        )

    def plain_type(self, type_: cindex.Type, bottom: cindex.Type) -> CType:
        name = strip(type_)
        kind = bottom.kind
        if kind == TypeKind.VOID:
            return VOID
        if kind == TypeKind.BOOL:
            return self.remember(CType(name, "BOOL", name, "1"))
        if kind in SIGNED | UNSIGNED:
            signed = kind in SIGNED
            is_char = kind in (TypeKind.CHAR_S, TypeKind.CHAR_U) and name == "char"
            return self.remember(
                CType(name, "CHAR" if is_char else "INTEGER", name, f"sizeof({name})", signed=signed)
            )
        if kind in FLOATS:
            return self.remember(CType(name, "FLOAT", name, f"sizeof({name})", signed=True))
        if kind == TypeKind.ENUM:
            return self.enum(type_, bottom)
        if kind == TypeKind.RECORD:
            return self.struct(type_, bottom)
        if kind == TypeKind.POINTER:
            return self.pointer_type(type_, bottom)
        raise Unknown(f"no vocabulary for the type {type_.spelling} ({kind.name})")

    def enum(self, type_: cindex.Type, bottom: cindex.Type) -> CType:
        declaration = bottom.get_declaration()
        anonymous = "unnamed" in strip(type_) or not strip(type_)
        spelled = self.headers.typedefs.get(strip(bottom), strip(type_))
        if spelled in self.types:
            return self.types[spelled]
        name = (
            spelled if not anonymous else f"enum of {declaration.location.file}:{declaration.location.line}"
        )
        members = [
            (c.spelling, c.enum_value)
            for c in declaration.get_children()
            if c.kind == CursorKind.ENUM_CONSTANT_DECL
        ]
        return self.remember(
            CType(
                name,
                "ENUM",
                type_.spelling if not anonymous else "int",
                "sizeof(int)",
                signed=any(v < 0 for _, v in members),
                owner=self.owner_of(type_),
                enumerators=members,
                flags=name in self.notes.flags or looks_like_flags(members),
            )
        )

    def struct(self, type_: cindex.Type, bottom: cindex.Type) -> CType:
        name = self.headers.typedefs.get(strip(bottom), strip(type_))
        if type_.get_canonical().get_size() < 0:
            return self.remember(
                CType(name, "HANDLE", f"{type_.spelling} *", "sizeof(void *)", owner=self.owner_of(type_))
            )
        spelled = re.sub(r"\b(const|volatile)\b", "", type_.spelling).strip()
        # It may be used under another name, which is another library's: the name that it goes by decides.
        owner = self.owners.get(self.headers.typedef_headers.get(name, ""), "") or self.owner_of(type_)
        found = CType(name, "BOX", spelled, f"sizeof({spelled})", owner=owner, plain=True)
        if "unnamed" in name or "anonymous" in name:
            found.name = name = f"anonymous_{type_.get_declaration().location.line}"
            found.c, found.size = "char", str(type_.get_canonical().get_size())
        if name in self.types:
            return self.types[name]
        self.remember(found)
        if name not in self.notes.opaque:
            found.fields = self.fields(found, bottom)
        return found

    def nameless(self, outer: CType, cursor: cindex.Cursor) -> CType:
        """A struct or union that is declared where it is used, as a member of `outer`."""
        within = f"{outer.within}.{cursor.spelling}" if outer.within else f"{outer.c}, {cursor.spelling}"
        size = str(cursor.type.get_canonical().get_size())
        found = CType(
            f"{outer.name}_{cursor.spelling}",
            "BOX",
            "char",
            size,
            owner=outer.owner,
            plain=True,
            within=within,
        )
        if found.name not in self.types:
            self.remember(found)
            found.fields = self.fields(found, cursor.type.get_canonical())
        return self.types[found.name]

    def pointer_type(self, type_: cindex.Type, bottom: cindex.Type) -> CType:
        target = bottom.get_pointee()
        canonical = target.get_canonical()
        name = strip(type_)
        if canonical.kind in (TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO):
            return self.callback(type_, target)
        if canonical.kind == TypeKind.VOID:
            return POINTER
        if strip(target) in self.notes.handles:
            return self.type(target)
        if canonical.kind in (TypeKind.CHAR_S, TypeKind.CHAR_U):
            return STRING
        if strip(target) == "globus_object_t":
            return (
                self.handle("globus_object_t", target)
                if "globus_object_t" not in self.types
                else self.types["globus_object_t"]
            )
        if canonical.kind == TypeKind.RECORD and type_.kind in ALIASES and canonical.get_size() < 0:
            return self.remember(CType(name, "HANDLE", name, "sizeof(void *)", owner=self.owner_of(type_)))
        if canonical.kind == TypeKind.RECORD:
            return self.type(target)
        if canonical.kind == TypeKind.POINTER and canonical.get_pointee().kind in (
            TypeKind.CHAR_S,
            TypeKind.CHAR_U,
        ):
            return STRINGS
        raise Unknown(f"no vocabulary for the pointer type {type_.spelling}")

    def fields(self, outer: CType, record: cindex.Type) -> list[tuple[str, Slot]]:
        found: list[tuple[str, Slot]] = []
        for cursor in record.get_fields():
            if cursor.is_bitfield() or not cursor.spelling or cursor.spelling.startswith("__"):
                continue
            words = self.notes.field_words(outer.name, cursor.spelling)
            if "HIDDEN" in words:
                continue
            try:
                slot = self.field(outer, cursor, words)
            except Unknown:
                continue  # a field that Python cannot read does not make the struct useless
            slot.when = given("WHEN", words) or ""
            slot.fallback = given("FALLBACK", words) or ""
            found.append((cursor.spelling, slot))
        names = [name for name, _ in found]
        for name, slot in found:
            counter = given("COUNT", self.notes.field_words(outer.name, name))
            slot.partner = names.index(counter) if counter else -1
        return found

    def field(self, outer: CType, cursor: cindex.Cursor, words: list[str]) -> Slot:
        name, type_, extent = cursor.spelling, cursor.type, "0"
        array = type_.get_canonical()
        if array.kind == TypeKind.CONSTANTARRAY:
            extent = str(array.element_count)
            type_ = next(a for a in layers(type_) if a.kind == TypeKind.CONSTANTARRAY).element_type
        if custom := given("CUSTOM", words):
            return Slot(name, self.custom_value(custom, type_), "IN", ["NULLABLE"], extent=extent)
        if "GIVEN" in words or "DATA" in words:
            return Slot(name, DATA, "IN", [w for w in words if w == "GIVEN"], extent=extent)
        if named := given("TYPE", words):
            return Slot(name, self.named(named), "IN", ["NULLABLE"], extent=extent)
        if "unnamed" in strip(type_) and type_.get_canonical().kind == TypeKind.RECORD:
            return Slot(name, self.nameless(outer, cursor), "BY_VALUE", extent=extent)
        target = pointer(type_) if strip(type_) not in self.notes.customs else None
        if target is not None and given("COUNT", words):
            return self.counted_field(name, target)
        if target is not None and "ARRAY" in words:
            return Slot(name, self.array_element(target), "ARRAY", [w for w in words if w == "TERMINATED"])
        if target is not None and target.get_canonical().kind not in (
            TypeKind.CHAR_S,
            TypeKind.FUNCTIONPROTO,
        ):
            return Slot(name, self.pointed_field(target), "IN", ["NULLABLE"], extent=extent)
        ctype = self.type(type_)
        return Slot(name, ctype, "BY_VALUE" if ctype.kind == "BOX" else "IN", ["NULLABLE"], extent=extent)

    def counted_field(self, name: str, target: cindex.Type) -> Slot:
        """A pointer to as many elements as another member counts."""
        if target.get_canonical().kind in (TypeKind.UCHAR, TypeKind.CHAR_S):
            return Slot(name, POINTER, "READ", ["NULLABLE"])
        inline = ["INLINE"] if target.get_canonical().kind == TypeKind.RECORD else []
        return Slot(name, self.array_element(target), "ARRAY", inline)

    def array_element(self, target: cindex.Type) -> CType:
        inner = pointer(target)
        characters = (TypeKind.CHAR_S, TypeKind.CHAR_U)
        is_pointer = target.get_canonical().kind == TypeKind.POINTER
        if is_pointer and inner is not None and inner.get_canonical().kind in characters:
            return STRING
        return self.type(target)

    def pointed_field(self, target: cindex.Type) -> CType:
        inner = target.get_canonical()
        if inner.kind == TypeKind.RECORD or strip(target) in self.notes.handles:
            ctype = self.type(target)
            return POINTER if ctype.kind == "CUSTOM" else ctype
        is_strings = inner.kind == TypeKind.POINTER and inner.get_pointee().kind == TypeKind.CHAR_S
        return STRINGS if is_strings else POINTER

    def aliases(self) -> list[tuple[str, CType]]:
        """The further names that the headers give to a struct or enum."""
        found = []
        for cursor in self.headers.top_level:
            if cursor.kind.name != "TYPEDEF_DECL" or cursor.spelling in self.types:
                continue
            tag = re.sub(
                r"^(struct|union|enum) ", "", cursor.underlying_typedef_type.get_canonical().spelling
            )
            ctype = self.types.get(self.headers.typedefs.get(tag, ""))
            if ctype and ctype.name != cursor.spelling and ctype.kind in ("BOX", "ENUM"):
                found.append((cursor.spelling, ctype))
        return found

    def callback(self, type_: cindex.Type, prototype: cindex.Type) -> CType:
        """What a callback type is, which takes to know its parameters."""
        raise NotImplementedError


def looks_like_flags(members: list[tuple[str, int]]) -> bool:
    """Distinct single bits, and more than two of them, are or-ed together."""
    bits = [v for _, v in members if v and v & (v - 1) == 0 and v > 0]
    return len(bits) >= 3 and len(set(bits)) == len([v for _, v in members if v]) and max(bits, default=0) > 4
