"""Decides what each C type and each parameter is to Python. What nothing decides stops the build."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from clang import cindex
from clang.cindex import CursorKind, TypeKind

from annotations import Annotations
from headers import ALIASES, Function, Headers, Parameter, callback_parameters

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
SCALARS = {"BOOL", "INTEGER", "FLOAT", "CHAR", "ENUM", "STATUS", "MAJOR"}
USER_DATA = re.compile(r"(user|callback|cb)?_?(arg|args|data|specific|datum)$|^(user_arg|callback_arg|arg)$")


class Unknown(Exception):
    """A type or parameter that the vocabulary does not know."""


@dataclass
class CType:
    """A C type, as gl_type of the support library."""

    name: str
    kind: str
    c: str  # how C spells it
    size: str = "0"
    signed: bool = False
    owner: str = ""  # the module whose headers declare it
    enumerators: list[tuple[str, int]] = field(default_factory=list)
    flags: bool = False
    plain: bool = False
    within: str = ""  # of a struct without a name: "outer, member"
    fields: list[tuple[str, Slot]] = field(default_factory=list)
    signature: Signature | None = None
    custom: str = ""

    @property
    def symbol(self) -> str:
        return "gl_t_" + re.sub(r"\W", "_", self.name.replace("*", "p"))


@dataclass
class Slot:
    name: str
    type: CType
    role: str
    flags: list[str] = field(default_factory=list)
    partner: int = -1
    extent: str = "0"
    c: str = ""  # the C type of the parameter
    when: str = ""  # of a union's member: the C expression that says whether it is set
    maker: str = ""  # of a handle: the function that must have made it
    fallback: str = ""  # of a struct's function pointer: what stands there for None
    python: str = ""  # the annotation, where the C type does not tell it


@dataclass
class Signature:
    name: str
    result: Slot
    slots: list[Slot]
    refuse: int = 0
    flags: list[str] = field(default_factory=list)
    again: str = ""  # of a callback: the C expression that says whether C will call it once more
    before: str = ""  # ... that runs before it
    after: str = ""  # ... that runs after it
    failed: str = ""  # ... that runs when it raised


#: Makes the slot of the parameter that is being decided: its type, role if no annotation says another, and flags.
MakeSlot = Callable[..., Slot]

VOID = CType("void", "VOID", "void")
STRING = CType("char *", "STRING", "char *", "sizeof(char *)")
STRINGS = CType("char **", "STRINGS", "char **", "sizeof(char **)")
DATA = CType("object", "DATA", "void *", "sizeof(void *)")
POINTER = CType("void *", "POINTER", "void *", "sizeof(void *)")
RESULT = CType("globus_result_t", "RESULT", "globus_result_t", "sizeof(uint32_t)")
ERROR = CType("error", "ERROR", "globus_object_t *", "sizeof(void *)")
STATUS = CType("status", "STATUS", "int", "sizeof(int)", signed=True)
MAJOR = CType("major status", "MAJOR", "OM_uint32", "sizeof(uint32_t)")


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


class Classifier:
    def __init__(self, headers: Headers, notes: Annotations, owners: dict[str, str]):
        self.headers = headers
        self.notes = notes
        self.owners = owners
        self.types: dict[str, CType] = {}
        self.constructing: set[str] = set()

    # ---- types -----------------------------------------------------------------------------------------------

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

    # ---- callbacks -----------------------------------------------------------------------------------------------

    def callback(self, type_: cindex.Type, prototype: cindex.Type) -> CType:
        name = strip(type_)
        spelled = name if type_.kind in ALIASES else "void *"
        if type_.kind not in ALIASES:
            name = "callback " + prototype.get_canonical().spelling
        if name in self.types:
            return self.types[name]
        found = self.remember(CType(name, "CALLBACK", spelled, "sizeof(void *)", owner=self.owner_of(type_)))
        parameters = callback_parameters(type_.get_declaration(), prototype)
        slots = [self.callback_slot(name, p, i, parameters) for i, p in enumerate(parameters)]
        self.pair_lengths(name, slots)
        words = self.notes.callback_words(name)
        refuse = next((int(w.split("=")[1]) for w in words if w.startswith("REFUSE=")), 0)
        result = self.value_slot("result", prototype.get_result())
        if "STATUS" in self.notes.result_words(name):
            result.type = STATUS
        if "DATA" in self.notes.result_words(name):
            result.type = DATA
        if "HOLDS" in self.notes.result_words(name):
            result.flags = [*result.flags, "HOLDS"]
        if counts := next(
            (w.split("=")[1] for w in self.notes.result_words(name) if w.startswith("LENGTH=")), None
        ):
            result.role, result.partner = "LENGTH", next(i for i, s in enumerate(slots) if s.name == counts)
        again, before, after, failed = (
            given(key, words) or "" for key in ("AGAIN", "BEFORE", "AFTER", "FAILED")
        )
        found.signature = Signature(
            name, result, slots, refuse, again=again, before=before, after=after, failed=failed
        )
        return found

    def named_callback(self, name: str) -> CType:
        """The callback type `name`, where C declares no parameters."""
        for cursor in self.headers.unit.cursor.get_children():
            if cursor.kind == CursorKind.TYPEDEF_DECL and cursor.spelling == name:
                function = cursor.underlying_typedef_type
                return self.callback(cursor.type, pointer(function) or function)
        raise Unknown(f"TYPE={name} names no type")

    def value_slot(self, name: str, type_: cindex.Type) -> Slot:
        target = pointer(type_) if strip(type_) not in self.notes.customs else None
        if (
            target is not None
            and target.get_canonical().kind == TypeKind.RECORD
            and strip(target) != "globus_object_t"
        ):
            return Slot(name, self.type(target), "IN", ["NULLABLE"])
        return Slot(name, self.type(type_), "IN", ["NULLABLE"])

    def callback_slot(self, callback: str, parameter: Parameter, index: int, all_: list[Parameter]) -> Slot:
        words = self.notes.parameter_words(callback, parameter.name, index)
        slot = self.parameter(callback, parameter, index, words, all_, in_callback=True)
        slot.flags = slot.flags if "REQUIRED" in words else [*slot.flags, "NULLABLE"]
        slot.c = parameter.type.spelling
        return slot

    # ---- parameters --------------------------------------------------------------------------------------------------

    def signature(self, function: Function) -> Signature:
        slots = []
        for index, parameter in enumerate(function.parameters):
            words = self.notes.parameter_words(function.name, parameter.name, index, strip(parameter.type))
            try:
                slot = self.parameter(function.name, parameter, index, words, function.parameters)
            except Unknown as reason:
                raise Unknown(f"{function.name}(), parameter {parameter.name}: {reason}") from None
            slot.c = parameter.type.spelling
            slot.maker = given("MADE_BY", words) or ""
            slots.append(slot)
        self.pair_lengths(function.name, slots)
        pair_arguments(slots)
        flags = [w for w in self.notes.function_words(function.name) if w == "PREACTIVE"]
        return Signature(function.name, self.result(function), slots, flags=flags)

    def result(self, function: Function) -> Slot:
        words = self.notes.result_words(function.name)
        flags = [
            w for w in words if w in ("OWNED", "FREE", "OPENSSL_FREE", "NULLABLE", "TERMINATED", "CHECKED")
        ]
        if "STATUS" in words:
            return Slot("result", STATUS, "IN", flags)
        if "MAJOR" in words:
            return Slot("result", MAJOR, "IN", flags)
        if "DATA" in words:
            return Slot("result", DATA, "IN", flags, python=given("AS", words) or "")
        if "VALUE" in words:
            flags.append("OWNED")
        if "NONE" in words:
            return Slot("result", VOID, "IN")
        try:
            slot = self.value_slot("result", function.result)
        except Unknown as reason:
            raise Unknown(f"{function.name}(), result: {reason}") from None
        absent = [] if "CHECKED" in flags else slot.flags
        return Slot("result", slot.type, "IN", [*absent, *flags])

    def parameter(
        self, function: str, parameter: Parameter, index: int, words: list[str], all_: list[Parameter],
        *, in_callback: bool = False,
    ) -> Slot:  # fmt: skip
        name, type_ = parameter.name, parameter.type
        flags = [w for w in words if w in FLAGS]
        if self.destroys(function, type_) and "CONSUMES" not in flags:
            flags.append("CONSUMES")
        extent = next((w.split("=")[1] for w in words if w.startswith("EXTENT=")), "0")
        role = next((w for w in reversed(words) if w in ROLES), "")

        def slot(ctype: CType, default: str, *more: str) -> Slot:
            more = tuple(f for f in more if not (f == "NULLABLE" and "REQUIRED" in words))
            return Slot(
                name, ctype, role or default, [*flags, *more], extent=extent, python=given("AS", words) or ""
            )

        canonical = type_.get_canonical()
        if role == "CALL_ARG":
            return slot(DATA, "CALL_ARG", "NULLABLE")
        if is_va_list(type_):
            return Slot(name, POINTER, "VARIABLE" if in_callback else "NOTHING")
        if "ERROR" in words or (
            in_callback and strip(pointer(type_) or type_) == "globus_object_t" and "HANDLE" not in words
        ):
            return slot(self.remember(ERROR), "IN", "NULLABLE")
        if "STRINGS" in words:
            return slot(STRINGS, "IN", "NULLABLE")
        if custom := next((w.split("=")[1] for w in words if w.startswith("CUSTOM=")), None):
            target = None if "WHOLE" in words else pointer(type_)
            return slot(self.custom_value(custom, target or type_), "OUT" if target else "IN")
        if canonical.kind == TypeKind.POINTER and canonical.get_pointee().kind == TypeKind.VOID:
            return self.void_parameter(parameter, index, words, all_, in_callback, slot)
        if canonical.kind == TypeKind.POINTER and canonical.get_pointee().kind in (
            TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO,
        ):  # fmt: skip
            real = next((w.split("=")[1] for w in words if w.startswith("TYPE=")), None)
            ctype = self.named_callback(real) if real else self.type(type_)
            told = words if role_of_lifetime(words) else self.notes.callback_words(ctype.name)
            lifetime = next((w for w in reversed(told) if w in LIFETIMES), "ONCE")
            flags[:] = [f for f in flags if f not in LIFETIMES]
            return slot(ctype, "IN" if in_callback else "CALL", *([lifetime] if lifetime != "ONCE" else []))
        target = pointer(type_) if strip(type_) not in self.notes.customs else None
        if target is None:
            through = self.through_typedef(type_)
            if through is not None:
                target = through
        if target is None:
            return self.by_value(function, type_, words, slot)
        return self.by_pointer(function, name, type_, target, words, slot, in_callback)

    def destroys(self, function: str, type_: cindex.Type) -> bool:
        """Whether `function` is what a handle's own annotation names as its end."""
        names = [strip(layer) for layer in [*layers(type_), *layers(pointer(type_) or type_)]]
        handle = next((self.notes.handles[n] for n in names if n in self.notes.handles), None)
        return handle is not None and re.match(rf"{function}\b", handle.destroy) is not None

    def through_typedef(self, type_: cindex.Type) -> cindex.Type | None:
        """A typedef of a pointer to a complete struct is a pointer to that struct, unless it is a type of its own."""
        if any(
            strip(layer) in self.notes.handles or strip(layer) in self.notes.customs
            for layer in layers(type_)
        ):
            return None
        bottom = layers(type_)[-1]
        if bottom.kind != TypeKind.POINTER:
            return None
        target = bottom.get_pointee()
        complete = target.get_canonical().kind == TypeKind.RECORD and target.get_canonical().get_size() >= 0
        return target if complete else None

    def by_value(self, function: str, type_: cindex.Type, words: list[str], slot: MakeSlot) -> Slot:
        ctype = self.type(type_)
        if ctype.kind == "CHAR" and "NUMBER" in words:
            ctype = self.remember(CType("signed char", "INTEGER", "signed char", "1", signed=True))
        if ctype.kind == "BOX":
            return slot(ctype, "BY_VALUE")
        if ctype.kind == "INTEGER" and "STATUS" in words:
            ctype = STATUS
        nullable = (
            ["NULLABLE"] if ctype.name in self.notes.nullable and not self.destroys(function, type_) else []
        )
        return slot(ctype, "IN", *nullable)

    def void_parameter(
        self, parameter: Parameter, index: int, words: list[str], all_: list[Parameter], in_callback: bool, slot: MakeSlot
    ) -> Slot:  # fmt: skip
        given = next((w.split("=")[1] for w in words if w.startswith("TYPE=")), None)
        if given:
            return slot(self.named(given), "IN", "NULLABLE")
        if "GIVEN" in words:
            return slot(DATA, "IN", "NULLABLE")
        if "DATA" in words:
            return slot(DATA, "IN", "NULLABLE", "KEEPS")
        if "POINTER" in words:
            return slot(POINTER, "IN", "NULLABLE")
        if "READ" in words or "WRITE" in words:
            return slot(POINTER, "READ")
        if "NOTHING" in words:
            return slot(POINTER, "NOTHING")
        looks_like_data = USER_DATA.search(parameter.name) or index == len(all_) - 1
        if looks_like_data and (in_callback or any(self.is_callback(p.type) for p in all_)):
            return slot(DATA, "CALL_ARG", "NULLABLE")
        if in_callback:
            return slot(POINTER, "IN", "NULLABLE")
        raise Unknown("a void * needs one of the words DATA, POINTER, READ, WRITE, CALL_ARG, NOTHING")

    def is_callback(self, type_: cindex.Type) -> bool:
        canonical = type_.get_canonical()
        return canonical.kind == TypeKind.POINTER and canonical.get_pointee().kind in (
            TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO,
        )  # fmt: skip

    def by_pointer(
        self, function: str, name: str, type_: cindex.Type, target: cindex.Type, words: list[str], slot: MakeSlot,
        in_callback: bool,
    ) -> Slot:  # fmt: skip
        const = target.is_const_qualified()
        inner = target.get_canonical()
        if strip(target) == "globus_byte_t" or "BYTES" in words:
            writes = re.search(r"_(read|readv|recv|receive)", function) and not const
            return slot(self.type(target), "WRITE" if writes and not in_callback else "READ")
        if strip(target) == "globus_byte_t *" or "BYTES_OUT" in words:
            return slot(POINTER, "BYTES_OUT", *([] if "BORROWED" in words else ["FREE"]))
        if "iovec" in strip(target):
            return slot(self.type(target), "IOVEC")
        if inner.kind in (TypeKind.CHAR_S, TypeKind.CHAR_U):
            if "CHARS_OUT" in words:
                return slot(self.type(target), "CHARS_OUT")
            if "DEFERRED" in words:
                return slot(self.type(target), "DEFERRED")
            return slot(STRING, "IN")
        if "ARRAY_OUT" in words:
            return slot(
                self.type(pointer(target) or target), "ARRAY_OUT", *([] if "BORROWED" in words else ["FREE"])
            )
        if {"ARRAY", "OUT_ARRAY", "INOUT_ARRAY"} & set(words):
            inline = ["INLINE"] if target.get_canonical().kind == TypeKind.RECORD else []
            return slot(self.array_element(target), "ARRAY", *inline)
        if inner.kind == TypeKind.POINTER and inner.get_pointee().kind in (TypeKind.CHAR_S, TypeKind.CHAR_U):
            borrowed = "BORROWED" in words or inner.get_pointee().is_const_qualified()
            return slot(STRING, "OUT", *([] if borrowed else ["FREE"]))
        ctype = self.type(target)
        if ctype.kind in ("BOX", "HANDLE") and is_address_of(ctype, target):
            return self.object_parameter(function, name, ctype, words, slot)
        if ctype.kind == "HANDLE" and self.destroys(function, type_):
            return slot(ctype, "IN_POINTER")
        if ctype.kind == "HANDLE":
            return slot(ctype, "OUT", *([] if borrows(function, words) else ["OWNED"]))
        if ctype.kind == "BOX":  # T ** of a struct
            return slot(ctype, "OUT", *([] if borrows(function, words) else ["OWNED"]))
        given = next((w.split("=")[1] for w in words if w.startswith("TYPE=")), None)
        if given:
            return slot(self.named(given), "OUT")
        if ctype.kind in ("POINTER", "VOID"):
            if not {"DATA", "GIVEN", "POINTER"} & set(words) and not in_callback:
                raise Unknown("a void ** needs one of the words DATA, POINTER")
            return slot(DATA if {"DATA", "GIVEN"} & set(words) else POINTER, "OUT")
        if ctype.kind == "CALLBACK":
            return slot(ctype, "OUT")
        # None is an empty buffer: C does not always expect NULL
        nullable = ["NULLABLE"] if ctype.kind == "CUSTOM" and ctype.custom != "gss_buffer" else []
        if in_callback:
            return slot(ctype, "IN_POINTER", *nullable)
        if const or (pointer(type_) is None and type_.is_const_qualified()):
            return slot(ctype, "IN_POINTER", *nullable)
        absent = ["NULLABLE"] if ctype.custom in ("oid", "evp_md") else []
        return slot(ctype, "OUT", *absent, *([] if "BORROWED" in words else ["OWNED"]))

    def array_element(self, target: cindex.Type) -> CType:
        inner = pointer(target)
        characters = (TypeKind.CHAR_S, TypeKind.CHAR_U)
        is_pointer = target.get_canonical().kind == TypeKind.POINTER
        if is_pointer and inner is not None and inner.get_canonical().kind in characters:
            return STRING
        return self.type(target)

    def object_parameter(
        self, function: str, name: str, ctype: CType, words: list[str], slot: MakeSlot
    ) -> Slot:
        nullable = ["NULLABLE"] if ctype.name in self.notes.nullable else []
        makes = "OUT" in words or (
            re.search(r"(_init|_copy|_create|_clone)$", function) and self.is_first_out(function, name, words)
        )
        if makes and "IN" not in words:
            return slot(ctype, "OUT", "BY_ADDRESS", "OWNED")
        return slot(ctype, "IN", *nullable)

    def is_first_out(self, function: str, name: str, words: list[str]) -> bool:
        declared = self.headers.functions.get(function)
        if declared is None or not declared.parameters:
            return False
        first = declared.parameters[0]
        return first.name == name and not (pointer(first.type) or first.type).is_const_qualified()

    # ---- lengths -------------------------------------------------------------------------------------------------------

    def pair_lengths(self, function: str, slots: list[Slot]) -> None:
        """The integer that follows a buffer, array or vector is its length."""
        for index, slot in enumerate(slots):
            words = self.notes.parameter_words(function, slot.name, index)
            given = next((w.split("=")[1] for w in words if w.startswith("LENGTH=")), None)
            if slot.role == "CHARS_OUT" and given:
                slot.partner = next(i for i, s in enumerate(slots) if s.name == given)
            if given == "NONE" or slot.role not in COUNTED:
                continue
            if slot.role == "DEFERRED" and slot.type.kind != "POINTER" and given is None:
                continue
            if "TERMINATED" in slot.flags and given is None:
                continue
            if given is not None:
                partner = next(i for i, s in enumerate(slots) if s.name == given)
            else:
                partner = next(
                    (i for i in range(index + 1, len(slots)) if slots[i].type.kind == "INTEGER"), -1
                )
                if partner != index + 1:
                    raise Unknown(
                        f"{function}(), parameter {slot.name}: no length follows; use LENGTH=name or LENGTH=NONE"
                    )
            slot.partner = partner
            length = slots[partner]
            if length.role in ("OUT", "INOUT"):
                length.flags = [*length.flags, "BY_ADDRESS"]
            reported = length.role in ("OUT", "INOUT") and slot.role in ("READ", "WRITE")
            length.role = "LENGTH_OUT" if reported else "LENGTH"
            length.partner = index


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


def pair_arguments(slots: list[Slot]) -> None:
    """Of several callbacks, each with an argument of its own, that follows it."""
    arguments = [i for i, s in enumerate(slots) if s.role == "CALL_ARG"]
    for index in arguments if len(arguments) > 1 else []:
        slots[index].partner = max(i for i in range(index) if slots[i].role == "CALL")


def given(key: str, words: list[str]) -> str | None:
    """The last `value` of the words key=value."""
    return next((w.split("=", 1)[1] for w in reversed(words) if w.startswith(f"{key}=")), None)


def is_va_list(type_: cindex.Type) -> bool:
    return strip(type_) == "va_list" or "__va_list_tag" in type_.get_canonical().spelling.split("(")[0]


def role_of_lifetime(words: list[str]) -> bool:
    return bool(LIFETIMES & set(words))


def borrows(function: str, words: list[str]) -> bool:
    if "BORROWED" in words:
        return True
    return "OWNED" not in words and bool(
        re.search(r"_(get|lookup|query|peek|find|first|search)_?", function, re.IGNORECASE)
    )


def is_address_of(ctype: CType, target: cindex.Type) -> bool:
    """Whether `target *` is how C passes this object: a box's address, or a pointer that is the handle itself."""
    if ctype.kind == "BOX":
        return pointer(target) is None
    return ctype.c.endswith("*") and pointer(target) is None


def looks_like_flags(members: list[tuple[str, int]]) -> bool:
    """Distinct single bits, and more than two of them, are or-ed together."""
    bits = [v for _, v in members if v and v & (v - 1) == 0 and v > 0]
    return len(bits) >= 3 and len(set(bits)) == len([v for _, v in members if v]) and max(bits, default=0) > 4
