"""What C types, parameters and results are in Python's terms: the annotations of stubs and docstrings.

The run time decides what happens (support/argument.c, output.c, closure.c, field.c); this says the same as types. Names
that are not Python's own come from globus_lowlevel.typing.
"""

from __future__ import annotations

import keyword
import re

from annotations import Annotations
from headers import Function
from model import CType, Signature, Slot

OUTPUTS = {
    "OUT", "LENGTH_OUT", "INOUT", "BYTES_OUT", "DEFERRED", "CHARS_OUT", "OUT_ARRAY", "INOUT_ARRAY", "ARRAY_OUT",
}  # fmt: skip
HIDDEN = {"LENGTH", "NOTHING", "SILENT"}
ANSWERS = {"OUT", "BYTES_OUT", "CHARS_OUT"}  # outputs of a callback: what the callable returns

# Types with conversions of their own (support/gl_custom.h): what goes in, what comes out.
CUSTOM = {
    "reltime": ("float", "float"),
    "abstime": ("float", "float"),
    "calendar": ("float", "int"),
    "struct_time": ("Sequence[int]", "time.struct_time"),
    "sigset": ("Iterable[int]", "set[int]"),
    "sockaddr": ("SocketAddress", "SocketAddress"),
    "sockaddr_pointer": ("None", "SocketAddress | None"),
    "file": ("IO[Any]", "IO[Any] | None"),
    "gss_buffer": ("Buffer | None", "bytes"),
    "extensions": ("dict[str, str]", "dict[str, str]"),
    "http_headers": ("None", "dict[str, str]"),
    "oid": ("Identifier", "OID"),
    "oid_set": ("Sequence[Identifier]", "list[OID]"),
    "buffer_set": ("Sequence[Buffer]", "list[bytes]"),
    "bindings": ("ChannelBindings", "bytes | None"),
    "option_value": ("Buffer | Sequence[Identifier] | Sequence[CObject] | None", "bytes"),
    "x509": ("Certificate", "bytes"),
    "x509_req": ("Certificate", "bytes"),
    "x509_name": ("Name", "bytes"),
    "x509_extension": ("Buffer", "bytes"),
    "proxy_cert_info": ("Buffer", "bytes"),
    "evp_pkey": ("PrivateKey", "bytes"),
    "x509_stack": ("Buffer | Sequence[Certificate]", "list[bytes]"),
    "x509_extension_stack": ("Sequence[Buffer]", "list[bytes]"),
    "asn1_object_stack": ("Never", "list[OID | None]"),
    "policy_stack": ("Never", "list[bytes]"),
    "evp_md": ("Digest", "str"),
    "bio": ("Buffer", "bytes"),
    "asn1_time": ("float | Text", "int"),
    "asn1_object": ("Identifier", "OID"),
    "nid": ("Identifier | int", "OID"),
    "net_attrs": ("Sequence[tuple[Text, Text, Text]] | None", "list[tuple[str, str, str]]"),
    "conf_values": ("Sequence[tuple[str | None, str | None]] | None", "list[tuple[str | None, str | None]]"),
    "gfs_value": ("Text | int | None", "str | int | None"),
}


def safe(name: str) -> str:
    """The C name of a parameter as a Python one."""
    name = re.sub(r"\W", "_", name)
    return f"{name}_" if keyword.iskeyword(name) else name


def optional(text: str) -> str:
    return text if text == "Any" or text.endswith("None") else f"{text} | None"


class Namer:
    """Annotations as they are written in one module: types of others are qualified."""

    def __init__(self, module: str):
        self.module = module

    def named(self, ctype: CType) -> str:
        other = ctype.owner and ctype.owner != self.module
        return f"{ctype.owner}.{ctype.name}" if other else ctype.name

    # ---- values ------------------------------------------------------------------------------------------------

    def into(self, ctype: CType) -> str:
        """What a value of this type is made from."""
        match ctype.kind:
            case "CHAR":
                return "str | bytes"
            case "STRING":
                return "Text"
            case "STRINGS":
                return "Sequence[Text]"
            case "RESULT" | "ERROR":
                return "BaseException | None"
            case "POINTER":
                return "int | None"
            case "ENUM" if " " not in ctype.name:
                return f"{self.named(ctype)} | int"  # its number does as well
            case "CUSTOM":
                return CUSTOM.get(ctype.custom, ("Any", "Any"))[0]
        if ctype.name == "globus_object_t":
            return f"{self.named(ctype)} | GlobusError"
        return self.both_ways(ctype)

    def out_of(self, ctype: CType) -> str:
        """What a value of this type becomes."""
        match ctype.kind:
            case "CHAR" | "STRING":
                return "str"
            case "STRINGS":
                return "list[str]"
            case "RESULT" | "ERROR":
                return "GlobusError | None"
            case "POINTER":
                return "int | None"
            case "CALLBACK":
                return f"{self.both_ways(ctype)} | int | None"  # a function of C is its address
            case "CUSTOM":
                return CUSTOM.get(ctype.custom, ("Any", "Any"))[1]
        return self.both_ways(ctype)

    def both_ways(self, ctype: CType) -> str:
        match ctype.kind:
            case "VOID":
                return "None"
            case "BOOL":
                return "bool"
            case "INTEGER" | "STATUS" | "MAJOR":
                return "int"
            case "FLOAT":
                return "float"
            case "ENUM":
                return "int" if " " in ctype.name else self.named(ctype)
            case "DATA":
                return "Any"
            case "CALLBACK":
                return self.named(ctype) if is_named_callback(ctype) else self.callable(ctype)
        return self.named(ctype)

    # ---- parameters and results --------------------------------------------------------------------------------

    def argument(self, slot: Slot) -> str:
        if slot.python:
            return slot.python
        absent = "NULLABLE" in slot.flags
        match slot.role:
            case "READ" | "WRITE":
                text = "Buffer"
            case "IOVEC":
                return "Sequence[Buffer]"
            case "ARRAY" | "INOUT_ARRAY":
                text = f"Sequence[{self.into(slot.type)}]"
            case "CALL_ARG":
                return "Any"
            case _:
                text = self.into(slot.type)
                scalar = slot.type.kind in (
                    "BOOL",
                    "INTEGER",
                    "FLOAT",
                    "CHAR",
                    "ENUM",
                    "STATUS",
                    "MAJOR",
                    "RESULT",
                )
                absent = absent and not scalar
        return optional(text) if absent else text

    def output(self, slot: Slot) -> str:
        if slot.python:
            return slot.python
        match slot.role:
            case "BYTES_OUT":
                text = "bytes"
            case "DEFERRED":
                return f"Deferred[{self.deferred(slot)}]"
            case "CHARS_OUT":
                text = "str"
            case "LENGTH_OUT":
                return "int"
            case "ARRAY_OUT":
                return f"list[{self.out_of(slot.type)}]"
            case "OUT_ARRAY" | "INOUT_ARRAY":
                return f"tuple[{self.out_of(slot.type)}, ...]"
            case _:
                text = self.out_of(slot.type)
        absent = "NULLABLE" in slot.flags and slot.type.kind in ("STRING", "HANDLE", "BOX", "CUSTOM")
        return optional(text) if absent and slot.type.custom not in ("reltime", "abstime") else text

    def deferred(self, slot: Slot) -> str:
        if slot.extent != "0":
            return "str"
        return "bytes | None" if slot.partner >= 0 else self.out_of(slot.type)

    def returned(self, signature: Signature) -> str:
        outputs = [self.output(s) for s in signature.slots if s.role in OUTPUTS]
        if returns_value(signature):
            outputs.insert(0, self.output(signature.result))
        return together(outputs)

    # ---- callbacks ------------------------------------------------------------------------------------------------

    def callable(self, ctype: CType) -> str:
        """A callback type, every argument in C order."""
        signature = ctype.signature
        if signature is None:
            return "Callable[..., Any]"
        arguments = ", ".join(self.received(s, signature) for s in callback_arguments(signature))
        return f"Callable[[{arguments}], {self.answered(signature)}]"

    def received(self, slot: Slot, signature: Signature) -> str:
        """What the callable gets. The object that the callback is about is always there."""
        if slot.role in ("READ", "WRITE"):
            return "Any"  # the very buffer that was registered, or bytes
        if slot.role == "IOVEC":
            return "list[Any]"
        if slot.role == "NOTHING":
            return "None"
        if slot.role == "VARIABLE":
            return "Arguments"
        if slot.role == "ARRAY":
            return "list[str]" if slot.type.kind == "STRING" else "int"
        if slot.role == "CALL_ARG" or "GIVEN" in slot.flags:
            return "Any"
        text = self.out_of(slot.type)
        if slot.type.kind in ("HANDLE", "BOX"):
            objects = [
                s for s in signature.slots if s.type.kind in ("HANDLE", "BOX") and s.role not in ANSWERS
            ]
            certain = slot is objects[0] or "NULLABLE" not in slot.flags
            return text if certain else optional(text)
        return optional(text) if slot.type.kind == "STRING" else text

    def answered(self, signature: Signature) -> str:
        outputs = [
            "Buffer" if s.role == "BYTES_OUT" else "Text" if s.role == "CHARS_OUT" else self.argument(s)
            for s in signature.slots
            if s.role in ANSWERS
        ]
        kind = signature.result.type.kind
        if kind == "STATUS":
            return f"{together(outputs)} | int" if outputs else "int | None"
        if kind == "RESULT" and not outputs:
            return "BaseException | None"
        if kind not in ("VOID", "RESULT") and signature.result.role == "IN":
            outputs.insert(0, self.argument(signature.result))
        return together(outputs) if outputs else "object"  # what it returns is dropped

    # ---- fields -----------------------------------------------------------------------------------------------------

    def field(self, slot: Slot) -> str:
        if slot.role == "READ":
            return "bytes"
        if slot.role == "ARRAY":
            return f"tuple[{self.out_of(slot.type)}, ...]"
        text = self.out_of(slot.type)
        if slot.extent != "0":
            return text if slot.type.kind == "CHAR" else f"tuple[{text}, ...]"
        absent = slot.role != "BY_VALUE" and slot.type.kind in ("STRING", "STRINGS", "HANDLE", "BOX")
        return optional(text) if absent else text

    def field_input(self, slot: Slot, *, malloced: bool = False) -> str | None:
        """What may be stored in the field, or None where it can only be read."""
        if slot.role == "READ":
            return "Buffer | None" if malloced else None
        if slot.role == "ARRAY" or (slot.extent != "0" and slot.type.kind != "CHAR"):
            return f"Sequence[{self.into(slot.type)}]"
        if slot.extent != "0":
            return "Text"
        absent = slot.role != "BY_VALUE" and slot.type.kind in ("STRING", "HANDLE", "BOX", "CALLBACK")
        return optional(self.into(slot.type)) if absent else self.into(slot.type)


def is_named_callback(ctype: CType) -> bool:
    return ctype.kind == "CALLBACK" and bool(ctype.owner) and " " not in ctype.name


def together(outputs: list[str]) -> str:
    if not outputs:
        return "None"
    return outputs[0] if len(outputs) == 1 else f"tuple[{', '.join(outputs)}]"


def returns_value(signature: Signature) -> bool:
    """Whether the C return value is a result in Python; else it only says whether the call failed."""
    kind = signature.result.type.kind
    return kind not in ("VOID", "STATUS") and (
        kind not in ("RESULT", "MAJOR") or "OWNED" in signature.result.flags
    )


def callback_arguments(signature: Signature) -> list[Slot]:
    """What a callable is called with: all but what it returns."""
    return [
        s
        for s in signature.slots
        if s.role not in ANSWERS and not (s.role == "LENGTH" and "BY_ADDRESS" in s.flags)
    ]


def inputs(signature: Signature) -> list[Slot]:
    return [
        s
        for s in signature.slots
        if s.role not in HIDDEN and (s.role in ("INOUT", "INOUT_ARRAY") or s.role not in OUTPUTS)
    ]


def is_control(notes: Annotations, function: Function) -> bool:
    """Whether it takes as many arguments as its command wants."""
    return any(w.startswith("CONTROL=") for w in notes.function_words(function.name))


def arguments_text(signature: Signature, namer: Namer | None, *, control: bool = False) -> str:
    """The parameters, by position only; with their types unless `namer` is None."""
    words = [f"{safe(s.name)}: {namer.argument(s)}" if namer else safe(s.name) for s in inputs(signature)]
    words += ["/"] if words else []
    words += ["*arguments: Any" if namer else "*arguments"] if control else []
    return ", ".join(words)


def signature_text(signature: Signature, namer: Namer, *, control: bool = False) -> str:
    result = "Any" if control else namer.returned(signature)
    return f"{signature.name}({arguments_text(signature, namer, control=control)}) -> {result}"
