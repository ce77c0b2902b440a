"""Decides what each parameter and result is to Python. What nothing decides stops the build."""

from __future__ import annotations

import re
from collections.abc import Callable

from clang import cindex
from clang.cindex import CursorKind, TypeKind

from c_types import Types
from clang_types import is_va_list, layers, pointer, strip
from headers import ALIASES, Function, Parameter, callback_parameters
from model import DATA, ERROR, MAJOR, POINTER, STATUS, STRING, STRINGS, VOID, CType, Signature, Slot, Unknown
from words import COUNTED, FLAGS, LIFETIMES, ROLES, borrows, given, role_of_lifetime

USER_DATA = re.compile(r"(user|callback|cb)?_?(arg|args|data|specific|datum)$|^(user_arg|callback_arg|arg)$")

#: Makes the slot of the parameter that is being decided: its type, role if no annotation says another, and flags.
MakeSlot = Callable[..., Slot]


class Classifier(Types):
    """Callbacks, parameters and results."""

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
        again, before, after, failed, settle = (
            given(key, words) or "" for key in ("AGAIN", "BEFORE", "AFTER", "FAILED", "SETTLE")
        )
        found.signature = Signature(
            name, result, slots, refuse, again=again, before=before, after=after, failed=failed, settle=settle
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
            w
            for w in words
            if w in ("OWNED", "FREE", "OPENSSL_FREE", "NULLABLE", "TERMINATED", "CHECKED", "GIVEN")
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


def pair_arguments(slots: list[Slot]) -> None:
    """Of several callbacks, each with an argument of its own, that follows it."""
    arguments = [i for i, s in enumerate(slots) if s.role == "CALL_ARG"]
    for index in arguments if len(arguments) > 1 else []:
        slots[index].partner = max(i for i in range(index) if slots[i].role == "CALL")


def is_address_of(ctype: CType, target: cindex.Type) -> bool:
    """Whether `target *` is how C passes this object: a box's address, or a pointer that is the handle itself."""
    if ctype.kind == "BOX":
        return pointer(target) is None
    return ctype.c.endswith("*") and pointer(target) is None
