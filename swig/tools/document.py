"""Docstrings and stubs from the classified functions."""

from __future__ import annotations

import re

from classify import CType, Signature, Slot
from headers import Function

OUTPUTS = {
    "OUT",
    "LENGTH_OUT",
    "INOUT",
    "BYTES_OUT",
    "DEFERRED",
    "CHARS_OUT",
    "OUT_ARRAY",
    "INOUT_ARRAY",
    "ARRAY_OUT",
}
HIDDEN = {"LENGTH", "NOTHING", "SILENT"}
CUSTOM_TYPES = {
    "reltime": ("float", "float"), "abstime": ("float", "float"), "struct_time": ("Sequence[int]", "tuple[int, ...]"),
    "sigset": ("set[int] | Sequence[int]", "set[int]"), "sockaddr": ("tuple[Any, ...]", "tuple[Any, ...]"),
    "gss_buffer": ("Buffer | None", "bytes"), "extensions": ("dict[str, str]", "dict[str, str]"),
    "oid": ("OID | str", "OID"), "oid_set": ("Sequence[OID | str]", "list[OID]"), "buffer_set": ("Sequence[Buffer]", "list[bytes]"),
    "bindings": ("Buffer | Sequence[Any]", "bytes"),
    "option_value": ("Buffer | Sequence[OID | str | gss_cred_id_t] | None", "Any"), "x509": ("Buffer | Any", "bytes"), "x509_req": ("Buffer | Any", "bytes"),
    "x509_name": ("Buffer | Any", "bytes"), "x509_extension": ("Buffer", "bytes"), "proxy_cert_info": ("Buffer", "bytes"),
    "evp_pkey": ("Buffer | Any", "bytes"), "x509_stack": ("Buffer | Sequence[Buffer | Any]", "list[bytes]"),
    "x509_extension_stack": ("Sequence[Buffer]", "list[bytes]"), "asn1_object_stack": ("Any", "list[OID | None]"),
    "policy_stack": ("Any", "list[bytes]"), "evp_md": ("str | Any", "str"), "bio": ("Buffer", "bytes"),
    "net_attrs": ("Sequence[tuple[Text, Text, Text]] | None", "list[tuple[str, str, str]]"),
    "conf_values": ("Sequence[tuple[str | None, str | None]] | None", "list[tuple[str | None, str | None]]"), "asn1_time": ("float | str", "int"), "asn1_object": ("OID | str", "OID"), "nid": ("OID | str | int", "OID"),
}  # fmt: skip


def safe(name: str) -> str:
    import keyword

    name = re.sub(r"\W", "_", name)
    return f"{name}_" if keyword.iskeyword(name) else name


def python_type(slot: Slot, module: str, *, output: bool = False) -> str:
    absent = " | None" if "NULLABLE" in slot.flags else ""
    if slot.role in ("READ", "WRITE"):
        return "Any" if output else f"Buffer{absent}"
    if slot.role == "BYTES_OUT":
        return f"bytes{absent}"
    if slot.role == "IOVEC":
        return "Sequence[Buffer]"
    if slot.role == "DEFERRED":
        return "Deferred"
    if slot.role == "CHARS_OUT":
        return "str"
    if slot.role == "ARRAY_OUT":
        return f"list[{plain_type(slot.type, module, True)}]"
    if slot.role in ("ARRAY", "OUT_ARRAY", "INOUT_ARRAY"):
        inner = plain_type(slot.type, module, output)
        return f"tuple[{inner}, ...]" if output else f"Sequence[{inner}]"
    if slot.role == "CALL_ARG":
        return "Any"
    text = plain_type(slot.type, module, output)
    certain = (
        ("None", "Any")
        if slot.type.kind == "CUSTOM" and not output
        else ("None", "Any", "bool", "int", "float")
    )
    nullable = "NULLABLE" in slot.flags and not text.endswith("| None") and not text.startswith(certain)
    return f"{text} | None" if nullable else text


def plain_type(ctype: CType, module: str, output: bool) -> str:
    match ctype.kind:
        case "VOID":
            return "None"
        case "BOOL":
            return "bool"
        case "INTEGER" | "STATUS" | "MAJOR" | "POINTER":
            return "int"
        case "FLOAT":
            return "float"
        case "CHAR":
            return "str" if output else "str | bytes"
        case "ENUM":
            return qualified(ctype, module) if " " not in ctype.name else "int"
        case "STRING":
            return "str" if output else "Text"
        case "STRINGS":
            return "list[str]" if output else "Sequence[Text]"
        case "DATA":
            return "Any"
        case "RESULT" | "ERROR":
            return "BaseException | None"
        case "CALLBACK":
            return callable_type(ctype, module)
        case "CUSTOM":
            return CUSTOM_TYPES.get(ctype.custom, ("Any", "Any"))[output]
    return qualified(ctype, module)


def qualified(ctype: CType, module: str) -> str:
    return f"{ctype.owner}.{ctype.name}" if ctype.owner and ctype.owner != module else ctype.name


def callable_type(ctype: CType, module: str) -> str:
    signature = ctype.signature
    if signature is None:
        return "Callable[..., Any]"
    answers = ("OUT", "BYTES_OUT", "CHARS_OUT")
    hidden = [s for s in signature.slots if s.role == "LENGTH" and "BY_ADDRESS" in s.flags]
    arguments = [
        python_type(s, module, output=True)
        for s in signature.slots
        if s.role not in answers and s not in hidden
    ]
    outputs = [s for s in signature.slots if s.role in answers]
    result = "Any" if outputs else python_type(signature.result, module)
    return f"Callable[[{', '.join(arguments)}], {result}]"


def inputs(signature: Signature) -> list[Slot]:
    return [
        s
        for s in signature.slots
        if s.role not in HIDDEN and (s.role in ("INOUT", "INOUT_ARRAY") or s.role not in OUTPUTS)
    ]


def returned(signature: Signature, module: str) -> str:
    outputs = [python_type(s, module, output=True) for s in signature.slots if s.role in OUTPUTS]
    kind = signature.result.type.kind
    silent = kind in ("VOID", "STATUS") or (
        kind in ("RESULT", "MAJOR") and "OWNED" not in signature.result.flags
    )
    if not silent:
        outputs.insert(0, python_type(signature.result, module, output=True))
    if not outputs:
        return "None"
    return outputs[0] if len(outputs) == 1 else f"tuple[{', '.join(outputs)}]"


def python_signature(signature: Signature, module: str) -> str:
    arguments = ", ".join(f"{safe(s.name)}: {python_type(s, module)}" for s in inputs(signature))
    return f"{signature.name}({arguments}) -> {returned(signature, module)}"


def stub_signature(notes, function: Function, signature: Signature) -> str:
    text = python_signature(signature, notes.module)
    if any(w.startswith("CONTROL=") for w in notes.function_words(function.name)):
        return re.sub(r"\) -> .*", ", *arguments: Any) -> Any", text)
    return text


def docstring(function: Function, signature: Signature, module: str) -> str:
    outputs = [s.name for s in signature.slots if s.role in OUTPUTS]
    parts = [python_signature(signature, module), function.comment, f"C: {function.prototype}"]
    if outputs:
        parts.append(f"Outputs, returned: {', '.join(outputs)}.")
    if signature.result.type.kind in ("RESULT", "STATUS", "MAJOR") or "CHECKED" in signature.result.flags:
        parts.append("Raises GlobusError where C returns a failure.")
    for slot in signature.slots:
        if "CONSUMES" in slot.flags:
            parts.append(f"{slot.name} is closed by this call.")
        if slot.role == "CALL":
            life = "lasting: kept until replaced or its handle is destroyed" if "LASTING" in slot.flags else (
                "called only during this call" if "DURING" in slot.flags else "called exactly once")  # fmt: skip
            parts.append(f"{slot.name} is {life}.")
    return "\n\n".join(p for p in parts if p)


def stub(notes, functions, classifier, constants) -> str:
    module = notes.module
    lines = [
        "# Generated with the module: do not edit.", "import enum", "from collections.abc import Buffer, Callable, Sequence" if False else
        "from collections.abc import Callable, Sequence", "from os import PathLike", "from typing import Any, TypeAlias", "",
        "from typing_extensions import Buffer", "", "from . import CObject, Deferred",
    ]  # fmt: skip
    owners = sorted({t.owner for t in classifier.types.values() if t.owner and t.owner != module})
    if owners:
        lines.append(f"from . import {', '.join(owners)}")
    lines += ["", "Text: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]", ""]
    for ctype in classifier.types.values():
        if ctype.owner not in ("", module):
            continue
        if ctype.kind == "ENUM" and " " not in ctype.name:
            lines.append(f"class {ctype.name}(enum.{'IntFlag' if ctype.flags else 'IntEnum'}):")
            lines += [f"    {n} = {v}" for n, v in ctype.enumerators] or ["    ..."]
            lines += [f"{n} = {ctype.name}.{n}" for n, _ in ctype.enumerators] + [""]
        elif ctype.kind in ("BOX", "HANDLE"):
            lines.append(f"class {ctype.name}(CObject):")
            lines += [f"    {n}: Any" for n, _ in ctype.fields] or ["    ..."]
            lines.append("")
    lines += (
        ["OID: TypeAlias = Any", "gss_OID: TypeAlias = Any"]
        if any(t.custom == "oid" for t in classifier.types.values())
        else []
    )
    kinds = {"integer": "int", "float": "float", "string": "str", "module": "Any", "address": "Any"}
    lines += [f"{c.name}: {kinds[c.kind]}" for c in constants if c.kind in kinds]
    lines += [
        f"{c.name}: {plain_type(classifier.type(c.type), module, True)}"
        for c in constants
        if c.kind == "variable"
    ]
    lines += [
        f"def {stub_signature(notes, f, s)}: ..." for f, s in functions if f.header not in notes.commands
    ]
    lines += [f"{c.name} = {c.value}" for c in constants if c.kind == "alias"]
    return "\n".join(lines) + "\n"
