"""Writes what a module is built from: annotated headers for SWIG, and the data of the run time as C."""

from __future__ import annotations

import json
import re
from pathlib import Path

from clang import cindex

from annotations import Annotations
from clang_types import is_va_list
from classify import Classifier
from constants import Constant
from document import Documenter
from headers import Function, Headers, declare, named
from model import DATA, MAJOR, POINTER, STATUS, STRING, STRINGS, VOID, CType, Signature, Slot
from python_types import inputs, safe

BANNER = "/* Generated from {source} and the installed headers: do not edit. */\n"
WORDS = {
    "IN": "IN", "BY_VALUE": "IN", "IN_POINTER": "IN", "READ": "IN", "WRITE": "IN", "IOVEC": "IN", "ARRAY": "IN",
    "CALL": "IN", "CALL_ARG": "IN", "INOUT": "INOUT", "OUT": "OUT", "BYTES_OUT": "OUT", "DEFERRED": "OUT",
    "CHARS_OUT": "OUT", "OUT_ARRAY": "OUT", "INOUT_ARRAY": "INOUT", "ARRAY_OUT": "OUT", "LENGTH": "HIDDEN",
    "LENGTH_OUT": "OUT", "NOTHING": "HIDDEN", "SILENT": "HIDDEN",
}  # fmt: skip


def c_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=True).replace("\\u007f", "\\177")


class Aliases:
    """One typedef for each C type of a parameter: SWIG sees unknown names only, so one set of typemaps serves all."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def of(self, type_: cindex.Type) -> str:
        canonical = type_.get_canonical()
        spelling = type_.spelling
        if canonical.kind.name in ("CONSTANTARRAY", "INCOMPLETEARRAY", "VARIABLEARRAY"):
            spelling = f"{canonical.element_type.spelling} *"
        spelling = re.sub(
            r"\bconst$", "", re.sub(r"\*\s*(const|restrict|__restrict)\s*$", "*", spelling)
        ).strip()
        if not spelling.endswith("*") and "(*" not in spelling:
            spelling = re.sub(r"^(const|volatile|register)\s+", "", spelling)
        return self.names.setdefault(spelling, f"gl_c{len(self.names)}")

    def text(self) -> str:
        return "".join(f"typedef {named(spelling, name)};\n" for spelling, name in self.names.items())


def slot_text(slot: Slot) -> str:
    role = {"SILENT": "OUT", "LENGTH_OUT": "LENGTH", "INOUT_ARRAY": "ARRAY"}.get(slot.role, slot.role)
    flags = " | ".join(f"GL_{f}" for f in dict.fromkeys(slot.flags)) or "0"
    maker = c_string(slot.maker) if slot.maker else "NULL"
    return (
        f"{{{c_string(slot.name)}, &{slot.type.symbol}, GL_{role}, {flags}, "
        f"{slot.partner}, {slot.extent}, {maker}}}"
    )


def slots_text(name: str, slots: list[Slot]) -> str:
    if not slots:
        return ""
    body = ",\n    ".join(slot_text(s) for s in slots)
    return f"static const gl_slot {name}[] = {{\n    {body}}};\n"


def signature_text(signature: Signature, symbol: str, storage: str, module: str) -> str:
    slots = f"{symbol}_slots"
    flags = " | ".join(f"GL_{f}" for f in signature.flags) or "0"
    hooks = {hook: getattr(signature, hook) for hook in HOOKS}
    names = ", ".join(f"{symbol}_{hook}" if text else "NULL" for hook, text in hooks.items())
    return (
        slots_text(slots, signature.slots)
        + "".join(
            hook_text(signature, hook, text, f"{symbol}_{hook}") for hook, text in hooks.items() if text
        )
        + f"{storage} gl_function {symbol} = {{{c_string(signature.name)}, {module}, {slot_text(signature.result)}, "
        + f"{slots if signature.slots else 'NULL'}, {len(signature.slots)}, {flags}, {signature.refuse}, {names}}};\n"
    )


HOOKS = {
    "again": "static bool {0}(void **arguments)\n{{\n    (void)arguments;\n{1}    return {2};\n}}\n",
    "before": "static void {0}(void **arguments)\n{{\n    (void)arguments;\n{1}    {2};\n}}\n",
    "after": "static void {0}(void **arguments)\n{{\n    (void)arguments;\n{1}    {2};\n}}\n",
    "failed": "static void {0}(void **arguments, uint32_t failure)\n"
    "{{\n    (void)arguments, (void)failure;\n{1}    {2};\n}}\n",
    "settle": "static uint32_t {0}(PyObject *values, PyObject *registered, uint32_t failure)\n"
    "{{\n    (void)values, (void)registered, (void)failure;\n{1}    return {2};\n}}\n",
}
"""An expression need not use all that it is given."""


def hook_text(signature: Signature, hook: str, expression: str, symbol: str) -> str:
    """A C expression of a callback's parameters, as a function of their addresses."""
    used = [(i, s) for i, s in enumerate(signature.slots) if re.search(rf"\b{s.name}\b", expression)]
    locals_ = "".join(f"    {s.c} {s.name} = *({s.c} *)arguments[{i}];\n" for i, s in used)
    return HOOKS[hook].format(symbol, locals_, expression)


class TypeWriter:
    def __init__(self, classifier: Classifier, notes: Annotations):
        self.classifier, self.notes = classifier, notes

    def text(self) -> str:
        types = list(self.classifier.types.values()) + self.extra()
        forward = "".join(f"static gl_type {t.symbol};\n" for t in types)
        body = "".join(self.one(t) for t in types)
        table = ",\n    ".join(f"&{t.symbol}" for t in types)
        aliases = "".join(f"    {{{c_string(a)}, &{t.symbol}}},\n" for a, t in self.classifier.aliases())
        return (
            f"{forward}\n{body}\nstatic gl_type *gl_types[] = {{\n    {table},\n    NULL}};\n"
            f"static const gl_alias gl_aliases[] = {{\n{aliases}    {{NULL, NULL}}}};\n"
        )

    def extra(self) -> list[CType]:
        return [
            VOID,
            STRING,
            STRINGS,
            DATA,
            POINTER,
            STATUS,
            *([MAJOR] if MAJOR.name not in self.classifier.types else []),
        ]

    def mine(self, ctype: CType) -> bool:
        return ctype.owner in ("", self.notes.module)

    def one(self, ctype: CType) -> str:
        before, fields = "", [
            f".name = {c_string(ctype.name)}", f".kind = GL_{ctype.kind}", f".size = {ctype.size}",
        ]  # fmt: skip
        if ctype.owner:
            fields.append(f".module = {c_string(ctype.owner)}")
        if ctype.signed:
            fields.append(".is_signed = true")
        if ctype.flags:
            fields.append(".is_flags = true")
        if ctype.enumerators:
            rows = "".join(f"    {{{c_string(n)}, {v}LL}},\n" for n, v in ctype.enumerators)
            before += f"static const gl_enumerator {ctype.symbol}_values[] = {{\n{rows}    {{NULL, 0}}}};\n"
            fields.append(f".enumerators = {ctype.symbol}_values")
        if ctype.kind == "CUSTOM":
            fields += [f".to_python = gl_{ctype.custom}_to_python", f".from_python = gl_{ctype.custom}_from_python",
                       f".release = gl_{ctype.custom}_release"]  # fmt: skip
        if ctype.signature:
            before += signature_text(ctype.signature, f"{ctype.symbol}_call", "static const", "NULL")
            fields.append(f".signature = &{ctype.symbol}_call")
        if ctype.kind in ("BOX", "HANDLE") and self.mine(ctype):
            more, members = self.object_parts(ctype)
            before += more
            fields += members
        return f"{before}static gl_type {ctype.symbol} = {{{', '.join(fields)}}};\n"

    def object_parts(self, ctype: CType) -> tuple[str, list[str]]:
        before, members = "", []
        handle = self.notes.handles.get(ctype.name)
        if ctype.fields and ctype.kind == "BOX":
            before += self.fields_text(ctype)
            members.append(f".fields = {ctype.symbol}_fields")
        if handle and handle.destroy and handle.destroy != "nothing":
            anytime = ctype.name in self.notes.anytime
            before += destroy_text(ctype, handle.destroy, anytime=anytime)
            members.append(f".destroy = {ctype.symbol}_destroy")
            if not anytime:
                members.append(".ends_with_module = true")
        if (ctype.plain and not handle) or ctype.name in self.notes.makeable:
            members.append(".is_plain = true")
        if ctype.name in self.notes.malloced:
            members.append(".is_malloced = true")
        if ctype.name in self.notes.slots:
            before = f"extern const PyType_Slot {self.notes.slots[ctype.name]}[];\n{before}"
            members.append(f".slots = {self.notes.slots[ctype.name]}")
        if check := self.notes.checks.get(ctype.name):
            before = f"int {check}(gl_object *object, const gl_function *function);\n{before}"
            members.append(f".check = {check}")
        return before, members

    def fields_text(self, ctype: CType) -> str:
        before, rows = "", ""
        for i, (name, slot) in enumerate(ctype.fields):
            symbol, present = f"{ctype.symbol}_field{i}", "NULL"
            before += f"static const gl_slot {symbol} = {slot_text(slot)};\n"
            if slot.when not in ("", "true"):
                present = f"{symbol}_present"
                before += present_text(ctype, slot.when, present)
            offset = f"offsetof({ctype.c}, {name})"
            if ctype.within:
                offset = f"offsetof({ctype.within}.{name}) - offsetof({ctype.within})"
            fallback = f"(void *)({slot.fallback})" if slot.fallback else "NULL"
            rows += f"    {{{c_string(safe(name))}, {offset}, {slot.extent}, &{symbol}, {fallback}, {present}}},\n"
        table = f"{rows}    {{NULL, 0, 0, NULL, NULL, NULL}}"
        return f"{before}static const gl_field {ctype.symbol}_fields[] = {{\n{table}}};\n"


def present_text(ctype: CType, expression: str, symbol: str) -> str:
    """Whether a union's member is the one that is set; `self` is the outermost struct that has a name."""
    outer = ctype.within.split(",")[0] if ctype.within else ctype.c
    inside = f" - offsetof({ctype.within})" if ctype.within else ""
    self_ = f"const {outer} *self = (const {outer} *)(const void *)((const char *)object{inside});"
    return f"static bool {symbol}(const void *object)\n{{\n    {self_}\n    return {expression};\n}}\n"


def destroy_text(ctype: CType, expression: str, *, anytime: bool) -> str:
    """How an owned object is destroyed. A function of ours (gl_...) answers whether its memory may be freed."""
    pointer = f"{ctype.c} *address = pointer;" if ctype.kind == "BOX" else f"{ctype.c} value = pointer;"
    if ctype.kind == "BOX" and re.search(r"\bvalue\b", expression):
        pointer = f"{ctype.c} *address = pointer; {ctype.c} value = *address;"
    guard = "" if anytime else "if (gl_this_module.descriptor && !gl_this_module.active) return true;"
    minor = "OM_uint32 minor;" if "minor" in expression else ""
    end = (
        f"return {expression};"
        if expression.startswith("gl_")
        else f"(void)({expression});\n    return true;"
    )
    return f"static bool {ctype.symbol}_destroy(void *pointer)\n{{\n    {guard}\n    {pointer} {minor}\n    {end}\n}}\n"


def shim(function: Function, signature: Signature) -> str:
    """A printf-like function takes a finished string; its va_list twin too."""
    names = [f"a{i}" for i in range(len(function.parameters))]
    va_list = next((i for i, p in enumerate(function.parameters) if is_va_list(p.type)), None)
    text = next(
        (i for i, p in enumerate(function.parameters) if re.search(r"(fmt|format)", p.name)),
        max(i for i, s in enumerate(signature.slots) if s.type.kind == "STRING"),
    )
    fixed = [
        declare(p.type, n)
        for i, (p, n) in enumerate(zip(function.parameters, names, strict=True))
        if i != va_list
    ]
    returns = function.result.spelling
    give = "" if returns == "void" else "return "
    if va_list is None:
        call = ", ".join('"%s"' if i == text else n for i, n in enumerate(names))
        shim_ = f"static {returns} gl_shim_{function.name}({', '.join(fixed)})"
        return f"{shim_}\n{{\n    {give}{function.name}({call}, {names[text]});\n}}\n"
    others = [f for i, f in enumerate(fixed) if i != text]
    inner = ", ".join([*others, f"const char *a{text}", "..."]) if others else f"const char *a{text}, ..."
    given = [n for i, n in enumerate(names) if i not in (va_list, text)]
    result = "" if returns == "void" else f"{returns} result = "
    call = ", ".join("list" if i == va_list else n for i, n in enumerate(names))
    back = "" if returns == "void" else "    return result;\n"
    return (
        f"static {returns} gl_va_{function.name}({inner})\n{{\n    va_list list;\n    va_start(list, a{text});\n"
        f"    {result}{function.name}({call});\n    va_end(list);\n{back}}}\n"
        f"static {returns} gl_shim_{function.name}({', '.join(fixed)})\n{{\n"
        f"    {give}gl_va_{function.name}({', '.join([*given, chr(34) + '%s' + chr(34), f'a{text}'])});\n}}\n"
    )


def control_target(notes: Annotations, function: Function) -> str | None:
    """What a control call acts on, if `function` is one."""
    return next(
        (w.split("=")[1] for w in notes.function_words(function.name) if w.startswith("CONTROL=")), None
    )


def native(notes: Annotations, function: Function, text: str) -> str:
    """A function with as many arguments as its command takes: a Python method of its own, without SWIG."""
    target = control_target(notes, function)
    with_driver = "true" if "driver" in function.parameters[1].type.spelling else "false"
    call = f'gl_control(&gl_f_{function.name}, "{target}", (void *){function.name}, {with_driver}, args)'
    if target == "callable":
        call = f"gl_bounce(&gl_f_{function.name}, args)"
    if target == "arguments":
        call = f"gl_enter(&gl_f_{function.name}) < 0 ? NULL : py_{function.name}(args)"
    return (
        f"static PyObject *gl_native_{function.name}(PyObject *self, PyObject *args)\n"
        f"{{\n    (void)self;\n    return {call};\n}}\n"
        f"static PyMethodDef gl_method_{function.name} = {{\n"
        f"    {c_string(function.name)}, gl_native_{function.name}, METH_VARARGS,\n"
        f"    {c_string(text)}}};\n"
    )


def by_hand_prototype(function: Function, signature: Signature) -> str:
    return f"PyObject *py_{function.name}({', '.join('PyObject *' for _ in inputs(signature)) or 'void'});\n"


def by_hand(function: Function, signature: Signature, text: str) -> str:
    """py_<name> takes and gives Python objects, with the GIL; they are in use meanwhile."""
    name = f"py_{function.name}"
    count = len(inputs(signature))
    arguments = ", ".join(f"arg{i + 1}" for i in range(count))
    guard = (
        f"%exception {name} {{\n  if (gl_enter(&gl_f_{function.name}) < 0) SWIG_fail;\n  gl_hand hand;\n"
        f"  gl_hand_begin(&hand, (PyObject *[]){{{arguments}}}, {count});\n  $action\n  gl_hand_end(&hand);\n}}\n"
    )
    return (guard if count else "") + (
        f'%rename({function.name}) {name};\n%feature("nothread", "1") {name};\n'
        f'%feature("docstring") {name} {c_string(text)};\n{by_hand_prototype(function, signature)}'
    )


def needs_shim(function: Function) -> bool:
    return function.variadic or any(is_va_list(p.type) for p in function.parameters)


class ModuleWriter:
    def __init__(
        self, directory: Path, headers: Headers, notes: Annotations, classifier: Classifier, documenter: Documenter,
        functions: list[tuple[Function, Signature]], constants: list[Constant],
    ):  # fmt: skip
        self.directory, self.headers, self.notes = directory, headers, notes
        self.classifier, self.documenter, self.functions, self.constants = (
            classifier,
            documenter,
            functions,
            constants,
        )
        self.aliases = Aliases()
        self.banner = BANNER.format(source=f"swig/{notes.module}.i")

    def write(self) -> None:
        annotated = {name: self.annotated_header(name) for name in self.notes.headers}
        constants = self.constants_text()  # may meet more types: before the type table
        module = self.notes.module
        shims = "".join(
            shim(f, s)
            for f, s in self.functions
            if needs_shim(f)
            and not control_target(self.notes, f)
            and "PYTHON" not in self.notes.function_words(f.name)
        )
        includes = '#include "gl.h"\n#include "gl_custom.h"\n#include <stdarg.h>\n' + self.headers.source
        externs = "".join(f"extern const gl_function gl_f_{f.name};\n" for f, _ in self.functions)
        externs += "".join(
            by_hand_prototype(f, s)
            for f, s in self.functions
            if "PYTHON" in self.notes.function_words(f.name)
        )
        self.put(
            "gl_types.h",
            f"{self.banner}#ifndef GL_TYPES_H\n#define GL_TYPES_H\n{includes}{externs}"
            "extern gl_module gl_this_module;\nint gl_module_constants(PyObject *module);\n#endif\n",
        )
        for name, text in annotated.items():
            self.put(f"headers/{name}", text)
        self.put("shims.h", f"{self.banner}{self.aliases.text()}\n{shims}")
        self.put(f"{module}_types.c", self.types_file(constants))

    def put(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    # ---- for SWIG ------------------------------------------------------------------------------------------------

    def annotated_header(self, name: str) -> str:
        parts = [self.banner]
        for function, signature in self.functions:
            if function.header == name and function.header not in self.notes.commands:
                parts.append(self.prototype(function, signature))
        return "\n".join(parts)

    def prototype(self, function: Function, signature: Signature) -> str:
        text = self.documenter.text(function, signature)
        if control_target(self.notes, function):
            return ""
        if "PYTHON" in self.notes.function_words(function.name):
            return by_hand(function, signature, text)
        words = []
        for parameter, slot in zip(function.parameters, signature.slots, strict=True):
            if needs_shim(function) and slot.role == "NOTHING" and is_va_list(parameter.type):
                continue
            words.append(f"{self.aliases.of(parameter.type)} {WORDS[slot.role]}")
        result = "void" if function.result.spelling == "void" else self.aliases.of(function.result)
        name = f"gl_shim_{function.name}" if needs_shim(function) else function.adapter or function.name
        rename = f"%rename({function.name}) {name};\n" if name != function.name else ""
        if "ATOMIC" in self.notes.function_words(function.name):
            rename += f'%feature("nothread", "1") {name};\n'
        return f'{rename}%feature("docstring") {name} {c_string(text)};\n{result} {name}({", ".join(words) or "void"});\n'

    # ---- for the run time --------------------------------------------------------------------------------------------

    def types_file(self, constants: str) -> str:
        module = self.notes.module
        needs = self.notes.needs
        types = TypeWriter(self.classifier, self.notes).text()
        functions = []
        for function, signature in self.functions:
            shown = signature
            if needs_shim(function) and not control_target(self.notes, function):
                kept = [
                    s
                    for s, p in zip(signature.slots, function.parameters, strict=True)
                    if not (s.role == "NOTHING" and is_va_list(p.type))
                ]
                shown = Signature(signature.name, signature.result, kept, signature.refuse, signature.flags)
            home = f"&{self.part(function)}"
            functions.append(signature_text(shown, f"gl_f_{function.name}", "const", home))
        return (
            f'{self.banner}#include "gl_types.h"\n\nextern gl_module gl_this_module;\n{types}\n'
            f"gl_module gl_this_module = {{.name = {c_string(module)}, .types = gl_types, .aliases = gl_aliases, "
            f".descriptor_name = {c_string(needs or '')}, .failure = {self.notes.failure or 'NULL'}}};\n"
            f"{self.parts_text()}\n"
            f"{''.join(functions)}\n{self.natives_text()}{self.commands_text()}{constants}"
        )

    def part(self, function: Function) -> str:
        """The module that a function belongs to, or the part of it that needs another descriptor."""
        needed = self.notes.descriptor(function.name)
        return "gl_this_module" if needed == self.notes.needs else f"gl_part_{needed}"

    def parts(self) -> dict[str, str]:
        """Parts of the module, and what they need."""
        names = {self.part(f): self.notes.descriptor(f.name) or "" for f, _ in self.functions}
        return {name: needed for name, needed in names.items() if name != "gl_this_module"}

    def parts_text(self) -> str:
        return "".join(
            f"static gl_module {name} = {{.name = {c_string(self.notes.module)}, .descriptor_name = {c_string(needed)}, "
            f".failure = {self.notes.failure or 'NULL'}}};\n"
            for name, needed in self.parts().items()
        )

    def natives_text(self) -> str:
        return "".join(
            native(self.notes, f, self.documenter.text(f, s))
            for f, s in self.functions
            if control_target(self.notes, f)
        )

    def commands_text(self) -> str:
        """The table of control commands: <targets>__<driver>__<command>."""
        rows = []
        for function, _ in self.functions:
            if function.header in self.notes.commands:
                targets, driver, command = function.name.split("__")
                adapter = f"(void *){function.adapter}" if function.adapter else "NULL"
                rows.append(
                    f"    {{{c_string(driver)}, {c_string(targets)}, {command}, &gl_f_{function.name}, {adapter}}},\n"
                )
        return (
            f"static const gl_command gl_commands[] = {{\n{''.join(rows)}    {{NULL, NULL, 0, NULL, NULL}}}};\n"
            if rows
            else ""
        )

    def constant_text(self, constant: Constant) -> str:
        """The statement that makes a constant an attribute of the module."""
        value = constant.name
        match constant.kind:
            case "integer":
                return self.adding("integer", value, f"(long long)({value})")
            case "float":
                return self.adding("float", value, f"(double)({value})")
            case "string":
                return self.adding("string", value, f"({value})")
            case "alias":
                return ""  # of a function: when they are all there
        assert constant.type is not None  # only an alias has none
        ctype = self.classifier.type(constant.type)
        if constant.kind == "variable":
            add = "object" if ctype.kind == "BOX" else "custom"
            return self.adding(add, value, f"&{ctype.symbol}", f"(void *)&{value}")
        if ctype.kind in ("BOX", "HANDLE"):
            return self.adding("object", value, f"&{ctype.symbol}", f"(void *)({value})")
        if ctype.kind != "CUSTOM":
            none = f"if (PyObject_SetAttrString(module, {c_string(value)}, Py_None) < 0) return -1;"
            return none if constant.kind == "null" else ""
        by_address = (constant.type.spelling.endswith("*") and not ctype.c.endswith("*")) or ctype.c.endswith(
            "_desc"
        )
        declared = f"const {ctype.c} *value" if by_address else f"{ctype.c} value"
        added = self.adding("custom", value, f"&{ctype.symbol}", "value" if by_address else "&value")
        return f"{{ {declared} = ({value}); {added} }}"

    def adding(self, what: str, name: str, *arguments: str) -> str:
        return f"if (gl_add_{what}(module, {c_string(name)}, {', '.join(arguments)}) < 0) return -1;"

    def constants_text(self) -> str:
        lines = []
        if self.notes.needs:
            lines.append(f"    gl_this_module.descriptor = (void *)({self.notes.needs});")
        for name, needed in self.parts().items():
            lines.append(f"    {name}.descriptor = (void *)({needed});\n    gl_module_part(&{name});")
        lines += [f"    {text}" for c in self.constants if (text := self.constant_text(c))]
        for function, _ in self.functions:
            if control_target(self.notes, function):
                lines.append(f"    if (gl_add_method(module, &gl_method_{function.name}) < 0) return -1;")
        if self.notes.commands:
            lines.append(
                '    if (gl_add_capsule(module, "_commands", gl_commands, "gl_command") < 0) return -1;'
            )
        body = "\n".join(lines)
        aliases = "\n".join(
            f"    if (gl_add_alias(module, {c_string(c.name)}, {c_string(c.value)}) < 0) return -1;"
            for c in self.constants if c.kind == "alias"
        )  # fmt: skip
        return f"int gl_module_constants(PyObject *module)\n{{\n    (void)module;\n{body}\n{aliases}\n    return 0;\n}}\n"
